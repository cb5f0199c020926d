#include "certd/watched.h"

#include <string.h>

void
watched_put(struct buf *b, const struct watched *w)
{
	const struct watched_cert *x;
	size_t i;

	if (w->n > WATCHED_CERTS_MAX) {
		b->failed = true;
		return;
	}
	buf_put(b, w->fp, sizeof(w->fp));
	buf_u64(b, (uint64_t)w->until);
	buf_u8(b, (uint8_t)w->n);
	for (i = 0; i < w->n; i++) {
		x = &w->certs[i];
		if (x->len > WATCHED_SERIAL_MAX) {
			b->failed = true;
			return;
		}
		buf_put(b, x->issuer, sizeof(x->issuer));
		buf_u8(b, x->len);
		buf_put(b, x->serial, x->len);
	}
	buf_str(b, w->ocsp);
	buf_str(b, w->crl);
}

int
watched_get(struct cur *c, struct watched *w, const char **why)
{
	struct watched_cert *x;
	uint64_t until;
	uint8_t n;

	memset(w, 0, sizeof(*w));
	*why = "malformed certificate to be watched";
	if (cur_copy(c, w->fp, sizeof(w->fp)) == -1 ||
	    cur_u64(c, &until) == -1 || until > INT64_MAX ||
	    cur_u8(c, &n) == -1 || n > WATCHED_CERTS_MAX)
		return -1;
	w->until = (int64_t)until;
	for (; w->n < n; w->n++) {
		x = &w->certs[w->n];
		if (cur_copy(c, x->issuer, sizeof(x->issuer)) == -1 ||
		    cur_u8(c, &x->len) == -1 || x->len > WATCHED_SERIAL_MAX ||
		    cur_copy(c, x->serial, x->len) == -1)
			return -1;
	}
	return cur_str(c, w->ocsp, sizeof(w->ocsp)) == -1 ||
	    cur_str(c, w->crl, sizeof(w->crl)) == -1 ? -1 : 0;
}
