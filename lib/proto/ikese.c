#include "lib/proto/ikese.h"

#include <string.h>

/* A missing address is one too; which: the family it may have. */
static int
addr_of(struct cur *c, struct addr *a, uint8_t family)
{
	if (cur_addr(c, a) == -1)
		return -1;
	return a->family == AF_UNSPEC || a->family == family ? 0 : -1;
}

void
se_open_put(struct buf *b, const struct se_open *o)
{
	if (o->id_len > SE_ID_MAX) {
		b->failed = true;
		return;
	}
	buf_u64(b, o->ike_spi);
	buf_u32(b, o->identity);
	buf_u8(b, o->flags);
	buf_u32(b, o->age);
	buf_endpoint(b, &o->remote);
	buf_addr(b, &o->addr4);
	buf_addr(b, &o->addr6);
	buf_put(b, o->fp, SE_FP_LEN);
	buf_u16(b, (uint16_t)o->id_len);
	buf_put(b, o->id, o->id_len);
}

int
se_open_get(struct cur *c, struct se_open *o, const char **why)
{
	uint16_t len;

	memset(o, 0, sizeof(*o));
	*why = "malformed session";
	if (cur_u64(c, &o->ike_spi) == -1 || o->ike_spi == 0 ||
	    cur_u32(c, &o->identity) == -1 || cur_u8(c, &o->flags) == -1 ||
	    (o->flags & ~SE_FLAGS) != 0 || cur_u32(c, &o->age) == -1 ||
	    cur_endpoint(c, &o->remote) == -1 ||
	    addr_of(c, &o->addr4, AF_INET) == -1 ||
	    addr_of(c, &o->addr6, AF_INET6) == -1 ||
	    cur_copy(c, o->fp, SE_FP_LEN) == -1 ||
	    cur_u16(c, &len) == -1 || len < 4 || len > SE_ID_MAX ||
	    cur_ref(c, &o->id, len) == -1 || cur_end(c) == -1)
		return -1;
	o->id_len = len;
	return 0;
}

void
se_close_put(struct buf *b, const struct se_close *s)
{
	buf_u64(b, s->ike_spi);
}

int
se_close_get(struct cur *c, struct se_close *s, const char **why)
{
	*why = "malformed end of a session";
	if (cur_u64(c, &s->ike_spi) == -1 || cur_end(c) == -1)
		return -1;
	return 0;
}

void
se_move_put(struct buf *b, const struct se_move *m)
{
	buf_u64(b, m->old_spi);
	buf_u64(b, m->new_spi);
	buf_endpoint(b, &m->remote);
}

int
se_move_get(struct cur *c, struct se_move *m, const char **why)
{
	*why = "malformed move of a session";
	if (cur_u64(c, &m->old_spi) == -1 || cur_u64(c, &m->new_spi) == -1 ||
	    m->new_spi == 0 || cur_endpoint(c, &m->remote) == -1 ||
	    cur_end(c) == -1)
		return -1;
	return 0;
}

void
se_result_put(struct buf *b, const struct se_result *r)
{
	unsigned i;

	if (r->ndns > SE_DNS_MAX || r->nsplit > SE_SPLIT_MAX ||
	    r->nnames > SE_NAMES_MAX) {
		b->failed = true;
		return;
	}
	buf_u8(b, (uint8_t)r->status);
	buf_str(b, r->reason);
	buf_u8(b, r->config);
	buf_addr(b, &r->addr4);
	buf_addr(b, &r->addr6);
	buf_u8(b, r->prefix4);
	buf_u8(b, r->prefix6);
	buf_u8(b, (uint8_t)r->ndns);
	for (i = 0; i < r->ndns; i++)
		buf_addr(b, &r->dns[i]);
	buf_u8(b, (uint8_t)r->nsplit);
	for (i = 0; i < r->nsplit; i++)
		buf_prefix(b, &r->split[i]);
	buf_u8(b, (uint8_t)r->nnames);
	for (i = 0; i < r->nnames; i++)
		buf_str(b, r->names[i]);
}

static int
result_lists_get(struct cur *c, struct se_result *r)
{
	uint8_t n;

	if (cur_u8(c, &n) == -1 || n > SE_DNS_MAX)
		return -1;
	for (r->ndns = 0; r->ndns < n; r->ndns++)
		if (cur_addr(c, &r->dns[r->ndns]) == -1 ||
		    r->dns[r->ndns].family == AF_UNSPEC)
			return -1;
	if (cur_u8(c, &n) == -1 || n > SE_SPLIT_MAX)
		return -1;
	for (r->nsplit = 0; r->nsplit < n; r->nsplit++)
		if (cur_prefix(c, &r->split[r->nsplit]) == -1 ||
		    r->split[r->nsplit].addr.family == AF_UNSPEC)
			return -1;
	if (cur_u8(c, &n) == -1 || n > SE_NAMES_MAX)
		return -1;
	for (r->nnames = 0; r->nnames < n; r->nnames++)
		if (cur_str(c, r->names[r->nnames], SE_NAME_LEN) == -1 ||
		    r->names[r->nnames][0] == '\0')
			return -1;
	return 0;
}

/* What the two lengths may be follows from whether there is an address. */
static bool
lengths_fit(const struct se_result *r)
{
	return r->prefix4 <= 32 && r->prefix6 <= 128 &&
	    (r->addr4.family == AF_UNSPEC) == (r->prefix4 == 0) &&
	    (r->addr6.family == AF_UNSPEC) == (r->prefix6 == 0);
}

int
se_result_get(struct cur *c, struct se_result *r, const char **why)
{
	uint8_t status, config;

	memset(r, 0, sizeof(*r));
	*why = "malformed answer about a session";
	if (cur_u8(c, &status) == -1 || status >= SE_STATUS_MAX ||
	    cur_str(c, r->reason, sizeof(r->reason)) == -1 ||
	    cur_u8(c, &config) == -1 || config > 1 ||
	    addr_of(c, &r->addr4, AF_INET) == -1 ||
	    addr_of(c, &r->addr6, AF_INET6) == -1 ||
	    cur_u8(c, &r->prefix4) == -1 || cur_u8(c, &r->prefix6) == -1 ||
	    !lengths_fit(r) || result_lists_get(c, r) == -1 ||
	    cur_end(c) == -1)
		return -1;
	r->status = (enum se_status)status;
	r->config = config == 1;
	return 0;
}

void
se_kill_put(struct buf *b, const struct se_kill *k)
{
	buf_u64(b, k->ike_spi);
	buf_str(b, k->reason);
}

int
se_kill_get(struct cur *c, struct se_kill *k, const char **why)
{
	*why = "malformed end of a session";
	if (cur_u64(c, &k->ike_spi) == -1 ||
	    cur_str(c, k->reason, sizeof(k->reason)) == -1 ||
	    cur_end(c) == -1)
		return -1;
	return 0;
}
