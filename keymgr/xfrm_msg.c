#include "keymgr/xfrm_msg.h"

#include <arpa/inet.h>
#include <netlink/attr.h>
#include <string.h>
#include <time.h>

#define MSG_SIZE	4096	/* the largest SA is below 1 kB */

/* In the headers since Linux 5.19; older kernels ignore it. */
#define ATTR_MTIMER_THRESH	32
/* At most one report of a changed NAT mapping in so many seconds. */
#define MTIMER_THRESH_S		5

#define WINDOW_SHORT	32	/* packets the old replay state can hold */
#define WINDOW_ESN	64	/* ESN cannot do without one */

static struct nl_msg *
msg_new(int type, int flags)
{
	struct nl_msg *m = nlmsg_alloc_size(MSG_SIZE);

	if (m == NULL)
		return NULL;
	if (nlmsg_put(m, 0, 0, type, 0, NLM_F_REQUEST | flags) == NULL) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

void
xfrm_msg_free(struct nl_msg *m)
{
	if (m == NULL)
		return;
	secret_wipe(nlmsg_hdr(m), nlmsg_get_max_size(m));
	nlmsg_free(m);
}

/* The message with a fixed part, or freed. */
static struct nl_msg *
msg_body(struct nl_msg *m, const void *body, size_t len)
{
	if (m == NULL || nlmsg_append(m, (void *)(uintptr_t)body, len,
	    NLMSG_ALIGNTO) == 0)
		return m;
	xfrm_msg_free(m);
	return NULL;
}

static struct nl_msg *
msg_done(struct nl_msg *m, bool ok)
{
	if (ok)
		return m;
	xfrm_msg_free(m);
	return NULL;
}

static void
put_addr(xfrm_address_t *dst, const struct addr *a)
{
	memcpy(dst, a->b, addr_len(a));
}

static void
no_limits(struct xfrm_lifetime_cfg *l)
{
	memset(l, 0, sizeof(*l));
	l->soft_byte_limit = l->hard_byte_limit = XFRM_INF;
	l->soft_packet_limit = l->hard_packet_limit = XFRM_INF;
}

static uint64_t
limit(uint64_t n)
{
	return n == 0 ? XFRM_INF : n;
}

static void
limits(struct xfrm_lifetime_cfg *l, const struct bk_limits *want)
{
	memset(l, 0, sizeof(*l));
	l->soft_byte_limit = limit(want->soft_bytes);
	l->hard_byte_limit = limit(want->hard_bytes);
	l->soft_packet_limit = limit(want->soft_packets);
	l->hard_packet_limit = limit(want->hard_packets);
}

static bool
put_aead(struct nl_msg *m, const struct bk_sa *sa)
{
	size_t n = sa->encr_key->len;
	struct xfrm_algo_aead *a;
	struct nlattr *na;

	na = nla_reserve(m, XFRMA_ALG_AEAD, (int)(sizeof(*a) + n));
	if (na == NULL)
		return false;
	a = nla_data(na);
	memset(a, 0, sizeof(*a));
	strncpy(a->alg_name, sa->encr->kernel, sizeof(a->alg_name) - 1);
	a->alg_key_len = (unsigned)n * 8;
	a->alg_icv_len = sa->encr->icv_len * 8u;
	memcpy(a->alg_key, sa->encr_key->data, n);
	return true;
}

static bool
put_crypt(struct nl_msg *m, const struct bk_sa *sa)
{
	size_t n = sa->encr_key->len;
	struct xfrm_algo *a;
	struct nlattr *na;

	na = nla_reserve(m, XFRMA_ALG_CRYPT, (int)(sizeof(*a) + n));
	if (na == NULL)
		return false;
	a = nla_data(na);
	memset(a, 0, sizeof(*a));
	strncpy(a->alg_name, sa->encr->kernel, sizeof(a->alg_name) - 1);
	a->alg_key_len = (unsigned)n * 8;
	if (n > 0)
		memcpy(a->alg_key, sa->encr_key->data, n);
	return true;
}

static bool
put_auth(struct nl_msg *m, const struct bk_sa *sa)
{
	size_t n = sa->integ_key->len;
	struct xfrm_algo_auth *a;
	struct nlattr *na;

	na = nla_reserve(m, XFRMA_ALG_AUTH_TRUNC, (int)(sizeof(*a) + n));
	if (na == NULL)
		return false;
	a = nla_data(na);
	memset(a, 0, sizeof(*a));
	strncpy(a->alg_name, sa->integ->kernel, sizeof(a->alg_name) - 1);
	a->alg_key_len = (unsigned)n * 8;
	a->alg_trunc_len = sa->integ->icv_len * 8u;
	memcpy(a->alg_key, sa->integ_key->data, n);
	return true;
}

static bool
put_algs(struct nl_msg *m, const struct bk_sa *sa)
{
	if (sa->encr->flags & ALG_AEAD)
		return put_aead(m, sa);
	return put_crypt(m, sa) && (sa->integ == NULL || put_auth(m, sa));
}

/* RFC 3948: source port first, as the packets of this SA carry them. */
static bool
put_encap(struct nl_msg *m, const struct endpoint *src,
    const struct endpoint *dst)
{
	struct xfrm_encap_tmpl e;

	memset(&e, 0, sizeof(e));
	e.encap_type = 2;	/* UDP_ENCAP_ESPINUDP */
	e.encap_sport = htons(src->port);
	e.encap_dport = htons(dst->port);
	return nla_put(m, XFRMA_ENCAP, sizeof(e), &e) == 0;
}

/* A window that the 32 bits of the old state hold needs no attribute. */
static uint32_t
long_window(const struct bk_sa *sa)
{
	if (sa->esn)
		return sa->window == 0 ? WINDOW_ESN : sa->window;
	return sa->inbound && sa->window > WINDOW_SHORT ? sa->window : 0;
}

static bool
put_replay(struct nl_msg *m, uint32_t window)
{
	struct xfrm_replay_state_esn *r;
	struct nlattr *na;
	uint32_t words = (window + 31) / 32;

	na = nla_reserve(m, XFRMA_REPLAY_ESN_VAL,
	    (int)(sizeof(*r) + words * sizeof(uint32_t)));
	if (na == NULL)
		return false;
	r = nla_data(na);
	memset(r, 0, sizeof(*r) + words * sizeof(uint32_t));
	r->bmp_len = words;
	r->replay_window = window;
	return true;
}

static void
sa_info(struct xfrm_usersa_info *u, const struct bk_sa *sa)
{
	memset(u, 0, sizeof(*u));
	put_addr(&u->saddr, &sa->src.addr);
	put_addr(&u->id.daddr, &sa->dst.addr);
	u->id.spi = htonl(sa->spi);
	u->id.proto = IPPROTO_ESP;
	u->family = sa->src.addr.family;
	u->mode = sa->transport ? XFRM_MODE_TRANSPORT : XFRM_MODE_TUNNEL;
	u->reqid = sa->reqid;
	/* Inner packets of either family in one tunnel. */
	if (!sa->transport)
		u->flags |= XFRM_STATE_AF_UNSPEC;
	if (sa->esn)
		u->flags |= XFRM_STATE_ESN;
	if (sa->df == BK_DF_CLEAR && !sa->transport)
		u->flags |= XFRM_STATE_NOPMTUDISC;
	if (sa->inbound && long_window(sa) == 0)
		u->replay_window = (uint8_t)sa->window;
	limits(&u->lft, &sa->limits);
	if (sa->hard_s != 0)
		u->lft.hard_add_expires_seconds = (uint64_t)sa->hard_s +
		    sa->aged_s;
}

static bool
put_age(struct nl_msg *m, uint32_t aged_s)
{
	struct xfrm_lifetime_cur l = {
		.add_time = (uint64_t)time(NULL) - aged_s };

	return nla_put(m, XFRMA_LTIME_VAL, sizeof(l), &l) == 0;
}

struct nl_msg *
xfrm_msg_sa_add(const struct bk_sa *sa)
{
	struct nl_msg *m = msg_new(XFRM_MSG_NEWSA,
	    NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	uint32_t window = long_window(sa);
	struct xfrm_usersa_info u;

	sa_info(&u, sa);
	m = msg_body(m, &u, sizeof(u));
	if (m == NULL)
		return NULL;
	return msg_done(m, put_algs(m, sa) &&
	    (!sa->encap || put_encap(m, &sa->src, &sa->dst)) &&
	    (!sa->encap || !sa->inbound || nla_put_u32(m,
	    ATTR_MTIMER_THRESH, MTIMER_THRESH_S) == 0) &&
	    (window == 0 || put_replay(m, window)) &&
	    (sa->aged_s == 0 || put_age(m, sa->aged_s)));
}

static struct nl_msg *
sa_id_msg(int type, int flags, const struct addr *dst, uint32_t spi)
{
	struct xfrm_usersa_id id;

	memset(&id, 0, sizeof(id));
	put_addr(&id.daddr, dst);
	id.spi = htonl(spi);
	id.family = dst->family;
	id.proto = IPPROTO_ESP;
	return msg_body(msg_new(type, flags), &id, sizeof(id));
}

struct nl_msg *
xfrm_msg_sa_del(const struct addr *dst, uint32_t spi)
{
	return sa_id_msg(XFRM_MSG_DELSA, NLM_F_ACK, dst, spi);
}

struct nl_msg *
xfrm_msg_sa_get(const struct addr *dst, uint32_t spi)
{
	return sa_id_msg(XFRM_MSG_GETSA, 0, dst, spi);
}

struct nl_msg *
xfrm_msg_sa_dump(void)
{
	return msg_new(XFRM_MSG_GETSA, NLM_F_DUMP);
}

struct nl_msg *
xfrm_msg_policy_dump(void)
{
	return msg_new(XFRM_MSG_GETPOLICY, NLM_F_DUMP);
}

static void
put_sel(struct xfrm_selector *x, const struct selector *s, int dir)
{
	bool out = dir == XFRM_POLICY_OUT;
	const struct prefix *src = out ? &s->local : &s->remote;
	const struct prefix *dst = out ? &s->remote : &s->local;
	/* Type and code are no ports; they do not turn round. */
	bool keep = out || sel_icmp(s->proto);

	memset(x, 0, sizeof(*x));
	put_addr(&x->saddr, &src->addr);
	put_addr(&x->daddr, &dst->addr);
	x->prefixlen_s = src->bits;
	x->prefixlen_d = dst->bits;
	x->family = src->addr.family;
	x->proto = s->proto;
	x->sport = htons(keep ? s->lport : s->rport);
	x->sport_mask = htons(keep ? s->lmask : s->rmask);
	x->dport = htons(keep ? s->rport : s->lport);
	x->dport_mask = htons(keep ? s->rmask : s->lmask);
}

/*
 * Inbound the reqid, which no other tunnel has, says enough: the outer
 * addresses stay open, so that they need not be changed when the peer moves.
 * Outbound an open source is filled in by routing; a template with an SA
 * missing is the trap: the kernel drops the packet, sends ACQUIRE, and keeps
 * quiet for net.core.xfrm_acq_expires seconds.
 */
static bool
put_tmpl(struct nl_msg *m, const struct selector *s, const struct bk_body *b,
    int dir)
{
	struct xfrm_user_tmpl t;

	memset(&t, 0, sizeof(t));
	t.id.proto = IPPROTO_ESP;
	t.reqid = b->reqid;
	t.mode = b->transport ? XFRM_MODE_TRANSPORT : XFRM_MODE_TUNNEL;
	t.optional = b->optional;
	t.aalgos = t.ealgos = t.calgos = ~0u;
	t.family = s->local.addr.family;
	if (dir == XFRM_POLICY_OUT && !b->transport) {
		t.family = b->remote.family;
		put_addr(&t.saddr, &b->local);
		put_addr(&t.id.daddr, &b->remote);
	}
	return nla_put(m, XFRMA_TMPL, sizeof(t), &t) == 0;
}

struct nl_msg *
xfrm_msg_policy_set(const struct selector *s, const struct bk_body *b,
    int dir, bool replace)
{
	int type = replace ? XFRM_MSG_UPDPOLICY : XFRM_MSG_NEWPOLICY;
	enum bk_action action = b->action;
	struct xfrm_userpolicy_info u;
	struct nl_msg *m;

	if (action == BK_ENCRYPT && dir == XFRM_POLICY_OUT)
		action = b->out;
	memset(&u, 0, sizeof(u));
	put_sel(&u.sel, s, dir);
	no_limits(&u.lft);
	u.lft.soft_byte_limit = XFRM_OUR_MARK;
	u.priority = b->prio;
	u.dir = (uint8_t)dir;
	u.action = action == BK_BLOCK ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
	/* UPDPOLICY replaces or makes; there is no moment without. */
	m = msg_body(msg_new(type, NLM_F_ACK), &u, sizeof(u));
	if (m == NULL || action != BK_ENCRYPT)
		return m;
	return msg_done(m, put_tmpl(m, s, b, dir));
}

struct nl_msg *
xfrm_msg_policy_del(const struct selector *s, int dir)
{
	struct xfrm_userpolicy_id id;

	memset(&id, 0, sizeof(id));
	put_sel(&id.sel, s, dir);
	id.dir = (uint8_t)dir;
	return msg_body(msg_new(XFRM_MSG_DELPOLICY, NLM_F_ACK), &id,
	    sizeof(id));
}

struct nl_msg *
xfrm_msg_marked(uint32_t mark, int dir, bool add)
{
	struct xfrm_userpolicy_info u = { .dir = (uint8_t)dir,
		.priority = 1, .action = XFRM_POLICY_ALLOW,
		.sel.family = AF_INET6 };
	struct xfrm_userpolicy_id id = { .dir = (uint8_t)dir,
		.sel.family = AF_INET6 };
	struct xfrm_mark m = { .v = mark, .m = UINT32_MAX };
	struct nl_msg *msg;

	no_limits(&u.lft);
	if (add)
		msg = msg_body(msg_new(XFRM_MSG_UPDPOLICY, NLM_F_ACK), &u,
		    sizeof(u));
	else
		msg = msg_body(msg_new(XFRM_MSG_DELPOLICY, NLM_F_ACK), &id,
		    sizeof(id));
	if (msg == NULL)
		return NULL;
	return msg_done(msg, nla_put(msg, XFRMA_MARK, sizeof(m), &m) == 0);
}

struct nl_msg *
xfrm_msg_hash_all(void)
{
	struct xfrmu_spdhthresh v4 = { .lbits = 0, .rbits = 32 };
	struct xfrmu_spdhthresh v6 = { .lbits = 0, .rbits = 128 };
	uint32_t flags = ~0u;
	struct nl_msg *m;

	m = msg_body(msg_new(XFRM_MSG_NEWSPDINFO, NLM_F_ACK), &flags,
	    sizeof(flags));
	if (m == NULL)
		return NULL;
	return msg_done(m,
	    nla_put(m, XFRMA_SPD_IPV4_HTHRESH, sizeof(v4), &v4) == 0 &&
	    nla_put(m, XFRMA_SPD_IPV6_HTHRESH, sizeof(v6), &v6) == 0);
}

/* What the kernel reports of an SA but does not take, or what changes. */
static bool
moved_skips(int type)
{
	return type == XFRMA_ENCAP || type == XFRMA_LASTUSED ||
	    type == XFRMA_ALG_AUTH;
}

/*
 * Keys, replay state and sequence numbers ride along in the attributes.  Of
 * the two forms in which the kernel reports the integrity algorithm only the
 * one with the length of its ICV is kept.
 */
static bool
copy_attrs(struct nl_msg *m, struct nlmsghdr *from)
{
	struct nlattr *na;
	int rem;

	nlmsg_for_each_attr(na, from, sizeof(struct xfrm_usersa_info), rem) {
		if (moved_skips(nla_type(na)))
			continue;
		if (nla_put(m, nla_type(na), nla_len(na), nla_data(na)) != 0)
			return false;
	}
	return true;
}

struct nl_msg *
xfrm_msg_sa_moved(struct nlmsghdr *from, int type,
    const struct endpoint *src, const struct endpoint *dst, uint32_t hard_s)
{
	struct xfrm_usersa_info u;
	struct nlattr *encap;
	struct nl_msg *m;

	if (!nlmsg_valid_hdr(from, sizeof(u)))
		return NULL;
	memcpy(&u, nlmsg_data(from), sizeof(u));
	memset(&u.saddr, 0, sizeof(u.saddr));
	memset(&u.id.daddr, 0, sizeof(u.id.daddr));
	put_addr(&u.saddr, &src->addr);
	put_addr(&u.id.daddr, &dst->addr);
	if (type == XFRM_MSG_NEWSA)
		u.lft.hard_add_expires_seconds = hard_s;
	encap = nlmsg_find_attr(from, sizeof(u), XFRMA_ENCAP);
	/* With the long state the old window must be 0. */
	if (nlmsg_find_attr(from, sizeof(u), XFRMA_REPLAY_ESN_VAL) != NULL)
		u.replay_window = 0;
	m = msg_body(msg_new(type, NLM_F_ACK), &u, sizeof(u));
	if (m == NULL)
		return NULL;
	return msg_done(m, copy_attrs(m, from) &&
	    (encap == NULL || put_encap(m, src, dst)));
}
