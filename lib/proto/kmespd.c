#include "lib/proto/kmespd.h"

#include <string.h>

enum {
	F_INBOUND = 1 << 0,
	F_TRANSPORT = 1 << 1,
	F_ENCAP = 1 << 2,
	F_ESN = 1 << 3,
	F_L2TP = 1 << 4,
	F_ALL = (1 << 5) - 1,
};

enum {
	P_TRANSPORT = 1 << 0,
	P_OPTIONAL = 1 << 1,
	P_ALL = (1 << 2) - 1,
};

void
kmespd_sa_free(struct kmespd_sa *sa)
{
	secret_free(&sa->encr_key);
	secret_free(&sa->integ_key);
}

static void
key_put(struct buf *b, const struct secret *s)
{
	buf_u8(b, (uint8_t)s->len);
	buf_put(b, s->data, s->len);
}

static int
key_get(struct cur *c, struct secret *s)
{
	const uint8_t *p;
	uint8_t n;

	if (cur_u8(c, &n) == -1 || n > KMESPD_KEY_MAX ||
	    cur_ref(c, &p, n) == -1)
		return -1;
	return n == 0 ? 0 : secret_set(s, p, n);
}

void
kmespd_sa_put(struct buf *b, const struct kmespd_sa *sa)
{
	uint8_t flags = 0;

	flags |= sa->inbound ? F_INBOUND : 0;
	flags |= sa->transport ? F_TRANSPORT : 0;
	flags |= sa->encap ? F_ENCAP : 0;
	flags |= sa->esn ? F_ESN : 0;
	flags |= sa->l2tp ? F_L2TP : 0;
	buf_endpoint(b, &sa->src);
	buf_endpoint(b, &sa->dst);
	buf_u32(b, sa->spi);
	buf_u32(b, sa->reqid);
	buf_u32(b, sa->pair);
	buf_u8(b, flags);
	buf_u8(b, (uint8_t)sa->df);
	buf_u32(b, sa->window);
	buf_u32(b, sa->mtu);
	buf_u64(b, (uint64_t)sa->added);
	buf_u64(b, (uint64_t)sa->hard_at);
	buf_u64(b, sa->limits.soft_bytes);
	buf_u64(b, sa->limits.hard_bytes);
	buf_u64(b, sa->limits.soft_packets);
	buf_u64(b, sa->limits.hard_packets);
	buf_u16(b, sa->encr);
	buf_u16(b, sa->encr_bits);
	buf_u16(b, sa->integ);
	key_put(b, &sa->encr_key);
	key_put(b, &sa->integ_key);
}

static int
limits_get(struct cur *c, struct kmespd_limits *l)
{
	if (cur_u64(c, &l->soft_bytes) == -1 ||
	    cur_u64(c, &l->hard_bytes) == -1 ||
	    cur_u64(c, &l->soft_packets) == -1)
		return -1;
	return cur_u64(c, &l->hard_packets);
}

static int
sa_fixed_get(struct cur *c, struct kmespd_sa *sa)
{
	uint64_t added, hard_at;
	uint8_t flags, df;

	if (cur_endpoint(c, &sa->src) == -1 ||
	    cur_endpoint(c, &sa->dst) == -1 || cur_u32(c, &sa->spi) == -1 ||
	    cur_u32(c, &sa->reqid) == -1 || cur_u32(c, &sa->pair) == -1 ||
	    cur_u8(c, &flags) == -1 || (flags & ~F_ALL) != 0 ||
	    cur_u8(c, &df) == -1 || df > KMESPD_DF_SET ||
	    cur_u32(c, &sa->window) == -1 ||
	    cur_u32(c, &sa->mtu) == -1 ||
	    cur_u64(c, &added) == -1 || cur_u64(c, &hard_at) == -1 ||
	    limits_get(c, &sa->limits) == -1 || cur_u16(c, &sa->encr) == -1 ||
	    cur_u16(c, &sa->encr_bits) == -1 ||
	    cur_u16(c, &sa->integ) == -1)
		return -1;
	sa->df = (enum kmespd_df)df;
	sa->added = (int64_t)added;
	sa->hard_at = (int64_t)hard_at;
	sa->inbound = (flags & F_INBOUND) != 0;
	sa->transport = (flags & F_TRANSPORT) != 0;
	sa->encap = (flags & F_ENCAP) != 0;
	sa->esn = (flags & F_ESN) != 0;
	sa->l2tp = (flags & F_L2TP) != 0;
	return 0;
}

int
kmespd_sa_get(struct cur *c, struct kmespd_sa *sa)
{
	memset(sa, 0, sizeof(*sa));
	if (sa_fixed_get(c, sa) == 0 && key_get(c, &sa->encr_key) == 0 &&
	    key_get(c, &sa->integ_key) == 0)
		return 0;
	kmespd_sa_free(sa);
	return -1;
}

void
kmespd_sel_put(struct buf *b, const struct kmespd_sel *s)
{
	buf_prefix(b, &s->local);
	buf_prefix(b, &s->remote);
	buf_u8(b, s->proto);
	buf_u16(b, s->lport);
	buf_u16(b, s->lmask);
	buf_u16(b, s->rport);
	buf_u16(b, s->rmask);
}

int
kmespd_sel_get(struct cur *c, struct kmespd_sel *s)
{
	memset(s, 0, sizeof(*s));
	if (cur_prefix(c, &s->local) == -1 ||
	    cur_prefix(c, &s->remote) == -1 ||
	    s->local.addr.family == AF_UNSPEC ||
	    s->local.addr.family != s->remote.addr.family ||
	    cur_u8(c, &s->proto) == -1 || cur_u16(c, &s->lport) == -1 ||
	    cur_u16(c, &s->lmask) == -1 || cur_u16(c, &s->rport) == -1)
		return -1;
	return cur_u16(c, &s->rmask);
}

static void
policy_put(struct buf *b, const struct kmespd_policy *p)
{
	kmespd_sel_put(b, &p->sel);
	buf_u32(b, p->prio);
	buf_u32(b, p->reqid);
	buf_u8(b, p->action);
	buf_u8(b, p->out);
	buf_u8(b, (uint8_t)((p->transport ? P_TRANSPORT : 0) |
	    (p->optional ? P_OPTIONAL : 0)));
}

static int
policy_get(struct cur *c, struct kmespd_policy *p)
{
	uint8_t flags;

	if (kmespd_sel_get(c, &p->sel) == -1 || cur_u32(c, &p->prio) == -1 ||
	    cur_u32(c, &p->reqid) == -1 || cur_u8(c, &p->action) == -1 ||
	    p->action > KMESPD_PASS || cur_u8(c, &p->out) == -1 ||
	    p->out > KMESPD_PASS || cur_u8(c, &flags) == -1 ||
	    (flags & ~P_ALL) != 0)
		return -1;
	p->transport = (flags & P_TRANSPORT) != 0;
	p->optional = (flags & P_OPTIONAL) != 0;
	return 0;
}

void
kmespd_step_put(struct buf *b, const struct kmespd_step *s)
{
	buf_u8(b, (uint8_t)s->kind);
	switch (s->kind) {
	case KMESPD_SA_ADD:
		kmespd_sa_put(b, &s->sa);
		break;
	case KMESPD_SA_MOVE:
		buf_endpoint(b, &s->src);
		buf_endpoint(b, &s->dst);
		buf_u8(b, s->sa.encap);
		/* FALLTHROUGH */
	case KMESPD_SA_DEL:
	case KMESPD_SA_MTU:
		buf_addr(b, &s->sa.dst.addr);
		buf_u32(b, s->sa.spi);
		if (s->kind == KMESPD_SA_MTU)
			buf_u32(b, s->sa.mtu);
		break;
	case KMESPD_POLICY_SET:
		policy_put(b, &s->policy);
		break;
	case KMESPD_POLICY_DEL:
		kmespd_sel_put(b, &s->policy.sel);
		break;
	case KMESPD_BEGIN:
		break;
	}
}

static int
move_get(struct cur *c, struct kmespd_step *s)
{
	uint8_t encap;

	if (cur_endpoint(c, &s->src) == -1 || cur_endpoint(c, &s->dst) == -1 ||
	    cur_u8(c, &encap) == -1 || encap > 1)
		return -1;
	s->sa.encap = encap == 1;
	return 0;
}

static int
name_get(struct cur *c, struct kmespd_sa *sa)
{
	if (cur_addr(c, &sa->dst.addr) == -1)
		return -1;
	return cur_u32(c, &sa->spi);
}

int
kmespd_step_get(struct cur *c, struct kmespd_step *s, const char **why)
{
	uint8_t kind;
	int rc = -1;

	memset(s, 0, sizeof(*s));
	*why = "malformed step";
	if (cur_u8(c, &kind) == -1)
		return -1;
	s->kind = (enum kmespd_kind)kind;
	switch (kind) {
	case KMESPD_SA_ADD:
		rc = kmespd_sa_get(c, &s->sa);
		break;
	case KMESPD_SA_DEL:
		rc = name_get(c, &s->sa);
		break;
	case KMESPD_SA_MTU:
		rc = name_get(c, &s->sa) == -1 ? -1 :
		    cur_u32(c, &s->sa.mtu);
		break;
	case KMESPD_SA_MOVE:
		rc = move_get(c, s) == -1 ? -1 : name_get(c, &s->sa);
		break;
	case KMESPD_POLICY_SET:
		rc = policy_get(c, &s->policy);
		break;
	case KMESPD_POLICY_DEL:
		rc = kmespd_sel_get(c, &s->policy.sel);
		break;
	case KMESPD_BEGIN:
		rc = 0;
		break;
	default:
		break;
	}
	return rc;
}

void
kmespd_result_put(struct buf *b, const struct kmespd_result *r)
{
	unsigned i;

	if (r->n > KMESPD_STEPS) {
		b->failed = true;
		return;
	}
	buf_u16(b, r->n);
	for (i = 0; i < r->n; i++) {
		buf_u16(b, r->step[i].error);
		buf_u32(b, r->step[i].slot);
	}
	buf_str(b, r->why);
}

int
kmespd_result_get(struct cur *c, struct kmespd_result *r, const char **why)
{
	unsigned i;

	memset(r, 0, sizeof(*r));
	*why = "malformed result";
	if (cur_u16(c, &r->n) == -1 || r->n > KMESPD_STEPS)
		return -1;
	for (i = 0; i < r->n; i++)
		if (cur_u16(c, &r->step[i].error) == -1 ||
		    cur_u32(c, &r->step[i].slot) == -1)
			return -1;
	if (cur_str(c, r->why, sizeof(r->why)) == -1)
		return -1;
	return cur_end(c);
}

void
kmespd_expire_put(struct buf *b, const struct kmespd_expire *e)
{
	buf_u32(b, e->spi);
	buf_addr(b, &e->dst);
	buf_u8(b, e->hard);
}

int
kmespd_expire_get(struct cur *c, struct kmespd_expire *e, const char **why)
{
	uint8_t hard;

	*why = "malformed expiry";
	if (cur_u32(c, &e->spi) == -1 || cur_addr(c, &e->dst) == -1 ||
	    cur_u8(c, &hard) == -1 || hard > 1)
		return -1;
	e->hard = hard == 1;
	return cur_end(c);
}
