#include "lib/proto/ikekm.h"

#include <string.h>

#define KM_KEY_MAX	68	/* 64 bytes of HMAC-SHA2-512 key and a salt */

enum {
	KM_F_INITIATOR = 1 << 0,
	KM_F_TRANSPORT = 1 << 1,
	KM_F_ENCAP = 1 << 2,
	KM_F_ESN = 1 << 3,
	KM_F_ALL = (1 << 4) - 1,
};

void
km_child_free(struct km_child *c)
{
	secret_free(&c->encr_in);
	secret_free(&c->encr_out);
	secret_free(&c->integ_in);
	secret_free(&c->integ_out);
	memset(c, 0, sizeof(*c));
}

static void
secret_put(struct buf *b, const struct secret *s)
{
	buf_u8(b, (uint8_t)s->len);
	buf_put(b, s->data, s->len);
}

static int
secret_get(struct cur *c, struct secret *s)
{
	const uint8_t *p;
	uint8_t n;

	if (cur_u8(c, &n) == -1 || n > KM_KEY_MAX || cur_ref(c, &p, n) == -1)
		return -1;
	return n == 0 ? 0 : secret_set(s, p, n);
}

static void
ts_put(struct buf *b, const struct km_ts *ts)
{
	buf_u8(b, ts->proto);
	buf_u16(b, ts->port_lo);
	buf_u16(b, ts->port_hi);
	buf_addr(b, &ts->lo);
	buf_addr(b, &ts->hi);
}

static int
ts_get(struct cur *c, struct km_ts *ts)
{
	if (cur_u8(c, &ts->proto) == -1 || cur_u16(c, &ts->port_lo) == -1 ||
	    cur_u16(c, &ts->port_hi) == -1 || cur_addr(c, &ts->lo) == -1 ||
	    cur_addr(c, &ts->hi) == -1)
		return -1;
	if (ts->lo.family == AF_UNSPEC || ts->lo.family != ts->hi.family ||
	    addr_cmp(&ts->lo, &ts->hi) > 0)
		return -1;
	return 0;
}

static void
ts_list_put(struct buf *b, const struct km_ts *ts, uint8_t n)
{
	uint8_t i;

	buf_u8(b, n);
	for (i = 0; i < n && i < KM_TS_MAX; i++)
		ts_put(b, &ts[i]);
}

static int
ts_list_get(struct cur *c, struct km_ts *ts, uint8_t *n)
{
	uint8_t i;

	if (cur_u8(c, n) == -1 || *n == 0 || *n > KM_TS_MAX)
		return -1;
	for (i = 0; i < *n; i++)
		if (ts_get(c, &ts[i]) == -1)
			return -1;
	return 0;
}

void
km_child_put(struct buf *b, const struct km_child *c)
{
	uint8_t flags = 0;

	if (c->nlocal > KM_TS_MAX || c->nremote > KM_TS_MAX) {
		b->failed = true;
		return;
	}
	flags |= c->initiator ? KM_F_INITIATOR : 0;
	flags |= c->transport ? KM_F_TRANSPORT : 0;
	flags |= c->encap ? KM_F_ENCAP : 0;
	flags |= c->esn ? KM_F_ESN : 0;
	buf_u32(b, c->peer);
	buf_u32(b, c->policy);
	buf_u32(b, c->identity);
	buf_u64(b, c->ike_spi);
	buf_u32(b, c->replaces);
	buf_u8(b, flags);
	buf_endpoint(b, &c->local);
	buf_endpoint(b, &c->remote);
	buf_u32(b, c->spi_in);
	buf_u32(b, c->spi_out);
	buf_u16(b, c->encr);
	buf_u16(b, c->encr_bits);
	buf_u16(b, c->integ);
	buf_u16(b, c->pfs_group);
	secret_put(b, &c->encr_in);
	secret_put(b, &c->encr_out);
	secret_put(b, &c->integ_in);
	secret_put(b, &c->integ_out);
	ts_list_put(b, c->ts_local, c->nlocal);
	ts_list_put(b, c->ts_remote, c->nremote);
}

static int
child_fixed_get(struct cur *b, struct km_child *c)
{
	uint8_t flags;

	if (cur_u32(b, &c->peer) == -1 || cur_u32(b, &c->policy) == -1 ||
	    cur_u32(b, &c->identity) == -1 || cur_u64(b, &c->ike_spi) == -1 ||
	    cur_u32(b, &c->replaces) == -1 || cur_u8(b, &flags) == -1 ||
	    (flags & ~KM_F_ALL) != 0 || cur_endpoint(b, &c->local) == -1 ||
	    cur_endpoint(b, &c->remote) == -1 ||
	    cur_u32(b, &c->spi_in) == -1 || cur_u32(b, &c->spi_out) == -1 ||
	    cur_u16(b, &c->encr) == -1 || cur_u16(b, &c->encr_bits) == -1 ||
	    cur_u16(b, &c->integ) == -1 || cur_u16(b, &c->pfs_group) == -1)
		return -1;
	c->initiator = (flags & KM_F_INITIATOR) != 0;
	c->transport = (flags & KM_F_TRANSPORT) != 0;
	c->encap = (flags & KM_F_ENCAP) != 0;
	c->esn = (flags & KM_F_ESN) != 0;
	return 0;
}

int
km_child_get(struct cur *b, struct km_child *c, const char **why)
{
	memset(c, 0, sizeof(*c));
	if (child_fixed_get(b, c) == -1 ||
	    secret_get(b, &c->encr_in) == -1 ||
	    secret_get(b, &c->encr_out) == -1 ||
	    secret_get(b, &c->integ_in) == -1 ||
	    secret_get(b, &c->integ_out) == -1 ||
	    ts_list_get(b, c->ts_local, &c->nlocal) == -1 ||
	    ts_list_get(b, c->ts_remote, &c->nremote) == -1 ||
	    cur_end(b) == -1) {
		km_child_free(c);
		*why = "malformed child SA";
		return -1;
	}
	return 0;
}

void
km_result_put(struct buf *b, const struct km_result *r)
{
	buf_u8(b, r->ok);
	buf_u32(b, r->spi_in);
	buf_str(b, r->reason);
}

int
km_result_get(struct cur *c, struct km_result *r, const char **why)
{
	uint8_t ok;

	if (cur_u8(c, &ok) == -1 || ok > 1 || cur_u32(c, &r->spi_in) == -1 ||
	    cur_str(c, r->reason, sizeof(r->reason)) == -1 ||
	    cur_end(c) == -1) {
		*why = "malformed result";
		return -1;
	}
	r->ok = ok == 1;
	return 0;
}

void
km_acquire_put(struct buf *b, const struct km_acquire *a)
{
	buf_u32(b, a->policy);
	buf_u32(b, a->peer);
	ts_put(b, &a->local);
	ts_put(b, &a->remote);
}

int
km_acquire_get(struct cur *c, struct km_acquire *a, const char **why)
{
	if (cur_u32(c, &a->policy) == -1 || cur_u32(c, &a->peer) == -1 ||
	    ts_get(c, &a->local) == -1 || ts_get(c, &a->remote) == -1 ||
	    cur_end(c) == -1) {
		*why = "malformed acquire";
		return -1;
	}
	return 0;
}

void
km_path_put(struct buf *b, const struct km_path *p)
{
	buf_u32(b, p->spi_in);
	buf_endpoint(b, &p->local);
	buf_endpoint(b, &p->remote);
}

int
km_path_get(struct cur *c, struct km_path *p, const char **why)
{
	if (cur_u32(c, &p->spi_in) == -1 ||
	    cur_endpoint(c, &p->local) == -1 ||
	    cur_endpoint(c, &p->remote) == -1 || cur_end(c) == -1) {
		*why = "malformed path";
		return -1;
	}
	return 0;
}

void
km_stat_put(struct buf *b, const struct km_stat *s)
{
	buf_u32(b, s->spi_in);
	buf_u64(b, s->in_bytes);
	buf_u64(b, s->in_packets);
	buf_u64(b, s->out_bytes);
	buf_u64(b, s->out_packets);
	buf_u32(b, s->in_idle);
}

int
km_stat_get(struct cur *c, struct km_stat *s, const char **why)
{
	if (cur_u32(c, &s->spi_in) == -1 || cur_u64(c, &s->in_bytes) == -1 ||
	    cur_u64(c, &s->in_packets) == -1 ||
	    cur_u64(c, &s->out_bytes) == -1 ||
	    cur_u64(c, &s->out_packets) == -1 ||
	    cur_u32(c, &s->in_idle) == -1 || cur_end(c) == -1) {
		*why = "malformed counters";
		return -1;
	}
	return 0;
}

void
km_vip_put(struct buf *b, const struct km_vip *v)
{
	unsigned i;

	if (v->nnets > KM_VIP_NETS || v->ndns > KM_VIP_DNS ||
	    v->nnames > KM_VIP_NAMES) {
		b->failed = true;
		return;
	}
	buf_u32(b, v->vip);
	buf_u32(b, v->peer);
	buf_u32(b, v->identity);
	buf_addr(b, &v->local);
	buf_addr(b, &v->remote);
	buf_addr(b, &v->addr4);
	buf_u8(b, v->prefix4);
	buf_addr(b, &v->addr6);
	buf_u8(b, v->prefix6);
	buf_u8(b, v->nnets);
	for (i = 0; i < v->nnets; i++)
		buf_prefix(b, &v->net[i]);
	buf_u8(b, v->ndns);
	for (i = 0; i < v->ndns; i++)
		buf_addr(b, &v->dns[i]);
	buf_u8(b, v->nnames);
	for (i = 0; i < v->nnames; i++)
		buf_str(b, v->names[i]);
}

/* An address of this family and the length that goes with it, or neither. */
static int
vip_addr_get(struct cur *c, int family, struct addr *a, uint8_t *bits)
{
	if (cur_addr(c, a) == -1 || cur_u8(c, bits) == -1)
		return -1;
	if (a->family == AF_UNSPEC)
		return *bits == 0 ? 0 : -1;
	return a->family == family && *bits >= 1 && *bits <= addr_bits(a) ?
	    0 : -1;
}

static int
vip_lists_get(struct cur *c, struct km_vip *v)
{
	unsigned i;

	if (cur_u8(c, &v->nnets) == -1 || v->nnets > KM_VIP_NETS)
		return -1;
	for (i = 0; i < v->nnets; i++)
		if (cur_prefix(c, &v->net[i]) == -1 ||
		    v->net[i].addr.family == AF_UNSPEC)
			return -1;
	if (cur_u8(c, &v->ndns) == -1 || v->ndns > KM_VIP_DNS)
		return -1;
	for (i = 0; i < v->ndns; i++)
		if (cur_addr(c, &v->dns[i]) == -1 ||
		    v->dns[i].family == AF_UNSPEC)
			return -1;
	if (cur_u8(c, &v->nnames) == -1 || v->nnames > KM_VIP_NAMES)
		return -1;
	for (i = 0; i < v->nnames; i++)
		if (cur_str(c, v->names[i], sizeof(v->names[i])) == -1)
			return -1;
	return 0;
}

int
km_vip_get(struct cur *c, struct km_vip *v, const char **why)
{
	memset(v, 0, sizeof(*v));
	if (cur_u32(c, &v->vip) == -1 || v->vip == 0 ||
	    cur_u32(c, &v->peer) == -1 || cur_u32(c, &v->identity) == -1 ||
	    cur_addr(c, &v->local) == -1 || cur_addr(c, &v->remote) == -1 ||
	    v->local.family == AF_UNSPEC ||
	    v->local.family != v->remote.family ||
	    vip_addr_get(c, AF_INET, &v->addr4, &v->prefix4) == -1 ||
	    vip_addr_get(c, AF_INET6, &v->addr6, &v->prefix6) == -1 ||
	    (v->prefix4 == 0 && v->prefix6 == 0) ||
	    vip_lists_get(c, v) == -1 || cur_end(c) == -1) {
		*why = "malformed addresses";
		return -1;
	}
	return 0;
}
