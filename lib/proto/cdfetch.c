#include "lib/proto/cdfetch.h"

#include <string.h>

size_t
cdfetch_limit(enum cdfetch_kind kind)
{
	return kind == CDFETCH_OCSP ? CDFETCH_OCSP_MAX : CDFETCH_CRL_MAX;
}

void
cdfetch_put(struct buf *b, const struct cdfetch *f)
{
	buf_u8(b, (uint8_t)f->kind);
	buf_str(b, f->url);
	buf_u32(b, (uint32_t)f->len);
	buf_put(b, f->body, f->len);
}

int
cdfetch_get(struct cur *c, struct cdfetch *f, const char **why)
{
	uint8_t kind;
	uint32_t len;

	if (cur_u8(c, &kind) == -1 || kind == 0 || kind >= CDFETCH_KIND_MAX ||
	    cur_str(c, f->url, sizeof(f->url)) == -1 ||
	    cur_u32(c, &len) == -1 || len > CDFETCH_BODY_MAX ||
	    (len != 0) != (kind == CDFETCH_OCSP) ||
	    cur_ref(c, &f->body, len) == -1 || cur_end(c) == -1) {
		*why = "malformed question";
		return -1;
	}
	f->kind = (enum cdfetch_kind)kind;
	f->len = len;
	return 0;
}

void
cdfetch_result_put(struct buf *b, const struct cdfetch_result *r)
{
	buf_u8(b, (uint8_t)r->status);
	buf_str(b, r->reason);
	buf_u32(b, r->len);
}

int
cdfetch_result_get(struct cur *c, struct cdfetch_result *r,
    const char **why)
{
	uint8_t status;

	if (cur_u8(c, &status) == -1 || status >= CDFETCH_STATUS_MAX ||
	    cur_str(c, r->reason, sizeof(r->reason)) == -1 ||
	    cur_u32(c, &r->len) == -1 || r->len > CDFETCH_CRL_MAX ||
	    (status != CDFETCH_OK && r->len != 0) || cur_end(c) == -1) {
		*why = "malformed result";
		return -1;
	}
	r->status = (enum cdfetch_status)status;
	return 0;
}
