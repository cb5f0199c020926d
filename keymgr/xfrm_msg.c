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

static int
get_addr(struct addr *a, const xfrm_address_t *x, uint16_t family)
{
	const uint8_t *b = (const uint8_t *)x;

	if (family == AF_INET)
		return addr_from_bytes(a, b, 4);
	if (family == AF_INET6)
		return addr_from_bytes(a, b, 16);
	return -1;
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

static int
get_sel(struct selector *s, const struct xfrm_selector *x, int dir)
{
	bool out = dir == XFRM_POLICY_OUT;
	struct prefix *src = out ? &s->local : &s->remote;
	struct prefix *dst = out ? &s->remote : &s->local;
	bool keep = out || sel_icmp(x->proto);

	memset(s, 0, sizeof(*s));
	if (get_addr(&src->addr, &x->saddr, x->family) == -1 ||
	    get_addr(&dst->addr, &x->daddr, x->family) == -1 ||
	    x->prefixlen_s > addr_bits(&src->addr) ||
	    x->prefixlen_d > addr_bits(&dst->addr))
		return -1;
	src->bits = x->prefixlen_s;
	dst->bits = x->prefixlen_d;
	s->proto = x->proto;
	s->lport = ntohs(keep ? x->sport : x->dport);
	s->lmask = ntohs(keep ? x->sport_mask : x->dport_mask);
	s->rport = ntohs(keep ? x->dport : x->sport);
	s->rmask = ntohs(keep ? x->dport_mask : x->sport_mask);
	return 0;
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

void
bk_sa_state_free(struct bk_sa_state *s)
{
	secret_free(&s->encr_key);
	secret_free(&s->integ_key);
}

static int
read_key(struct secret *s, const struct nlattr *na, size_t fixed,
    uint32_t bits)
{
	size_t n = bits / 8;

	if ((size_t)nla_len(na) < fixed + n)
		return -1;
	if (n == 0)
		return 0;
	return secret_set(s, (const uint8_t *)nla_data(na) + fixed, n);
}

static int
read_keys(struct bk_sa_state *s, struct nlattr *const *at)
{
	const struct xfrm_algo_aead *aead;
	const struct xfrm_algo_auth *auth;
	const struct xfrm_algo *crypt;

	if (at[XFRMA_ALG_AEAD] != NULL) {
		aead = nla_data(at[XFRMA_ALG_AEAD]);
		if (read_key(&s->encr_key, at[XFRMA_ALG_AEAD],
		    sizeof(*aead), aead->alg_key_len) == -1)
			return -1;
	}
	if (at[XFRMA_ALG_CRYPT] != NULL) {
		crypt = nla_data(at[XFRMA_ALG_CRYPT]);
		if (read_key(&s->encr_key, at[XFRMA_ALG_CRYPT],
		    sizeof(*crypt), crypt->alg_key_len) == -1)
			return -1;
	}
	if (at[XFRMA_ALG_AUTH_TRUNC] != NULL) {
		auth = nla_data(at[XFRMA_ALG_AUTH_TRUNC]);
		if (read_key(&s->integ_key, at[XFRMA_ALG_AUTH_TRUNC],
		    sizeof(*auth), auth->alg_key_len) == -1)
			return -1;
	}
	return 0;
}

static const struct nla_policy sa_attrs[XFRMA_MAX + 1] = {
	[XFRMA_ALG_AEAD] = { .minlen = sizeof(struct xfrm_algo_aead) },
	[XFRMA_ALG_CRYPT] = { .minlen = sizeof(struct xfrm_algo) },
	[XFRMA_ALG_AUTH_TRUNC] = { .minlen = sizeof(struct xfrm_algo_auth) },
	[XFRMA_LASTUSED] = { .minlen = sizeof(uint64_t) },
	[XFRMA_TMPL] = { .minlen = sizeof(struct xfrm_user_tmpl) },
};

int
xfrm_read_sa(struct nlmsghdr *h, struct bk_sa_state *s)
{
	struct nlattr *at[XFRMA_MAX + 1];
	struct xfrm_usersa_info u;

	memset(s, 0, sizeof(*s));
	if (h->nlmsg_type != XFRM_MSG_NEWSA ||
	    !nlmsg_valid_hdr(h, sizeof(u)) ||
	    nlmsg_parse(h, sizeof(u), at, XFRMA_MAX, sa_attrs) < 0)
		return -1;
	memcpy(&u, nlmsg_data(h), sizeof(u));
	if (get_addr(&s->src, &u.saddr, u.family) == -1 ||
	    get_addr(&s->dst, &u.id.daddr, u.family) == -1)
		return -1;
	s->spi = ntohl(u.id.spi);
	s->reqid = u.reqid;
	s->esp = u.id.proto == IPPROTO_ESP;
	s->bytes = u.curlft.bytes;
	s->packets = u.curlft.packets;
	s->add_time = u.curlft.add_time;
	s->use_time = u.curlft.use_time;
	s->errors_replay = u.stats.replay_window + u.stats.replay;
	s->errors_integ = u.stats.integrity_failed;
	s->offload = at[XFRMA_OFFLOAD_DEV] != NULL;
	if (at[XFRMA_LASTUSED] != NULL)
		s->last_used = nla_get_u64(at[XFRMA_LASTUSED]);
	if (read_keys(s, at) == -1) {
		bk_sa_state_free(s);
		return -1;
	}
	return 0;
}

int
xfrm_read_policy(struct nlmsghdr *h, struct selector *sel, bool *ours)
{
	struct xfrm_userpolicy_info u;

	if (h->nlmsg_type != XFRM_MSG_NEWPOLICY ||
	    !nlmsg_valid_hdr(h, sizeof(u)))
		return -1;
	memcpy(&u, nlmsg_data(h), sizeof(u));
	*ours = u.lft.soft_byte_limit == XFRM_OUR_MARK;
	/* Per-socket policies have other directions. */
	if (u.dir > XFRM_POLICY_FWD)
		return -1;
	return get_sel(sel, &u.sel, u.dir);
}

int
xfrm_read_acquire(struct nlmsghdr *h, uint32_t *reqid, struct selector *sel)
{
	struct nlattr *at[XFRMA_MAX + 1];
	struct xfrm_user_acquire u;
	struct xfrm_user_tmpl t;

	if (h->nlmsg_type != XFRM_MSG_ACQUIRE ||
	    !nlmsg_valid_hdr(h, sizeof(u)) ||
	    nlmsg_parse(h, sizeof(u), at, XFRMA_MAX, sa_attrs) < 0 ||
	    at[XFRMA_TMPL] == NULL)
		return -1;
	memcpy(&u, nlmsg_data(h), sizeof(u));
	memcpy(&t, nla_data(at[XFRMA_TMPL]), sizeof(t));
	*reqid = t.reqid;
	return get_sel(sel, &u.sel, XFRM_POLICY_OUT);
}

int
xfrm_read_expire(struct nlmsghdr *h, uint32_t *spi, struct addr *dst,
    bool *hard)
{
	struct xfrm_user_expire u;

	if (h->nlmsg_type != XFRM_MSG_EXPIRE ||
	    !nlmsg_valid_hdr(h, sizeof(u)))
		return -1;
	memcpy(&u, nlmsg_data(h), sizeof(u));
	*spi = ntohl(u.state.id.spi);
	*hard = u.hard != 0;
	return get_addr(dst, &u.state.id.daddr, u.state.family);
}

int
xfrm_read_mapping(struct nlmsghdr *h, uint32_t *spi, struct endpoint *remote)
{
	struct xfrm_user_mapping u;

	if (h->nlmsg_type != XFRM_MSG_MAPPING ||
	    !nlmsg_valid_hdr(h, sizeof(u)))
		return -1;
	memcpy(&u, nlmsg_data(h), sizeof(u));
	*spi = ntohl(u.id.spi);
	remote->port = ntohs(u.new_sport);
	return get_addr(&remote->addr, &u.new_saddr, u.id.family);
}

int
xfrm_read_ack(struct nlmsghdr *h, int *error, char *text, size_t size)
{
	size_t off = sizeof(struct nlmsgerr);
	struct nlmsgerr e;
	struct nlattr *na;

	if (h->nlmsg_type != NLMSG_ERROR || !nlmsg_valid_hdr(h, sizeof(e)))
		return -1;
	memcpy(&e, nlmsg_data(h), sizeof(e));
	*error = -e.error;
	text[0] = '\0';
	if ((h->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
		return 0;
	/* Unless capped, the request is repeated before the attributes. */
	if ((h->nlmsg_flags & NLM_F_CAPPED) == 0 &&
	    e.msg.nlmsg_len > sizeof(e.msg))
		off += e.msg.nlmsg_len - sizeof(e.msg);
	if ((size_t)nlmsg_datalen(h) < off)
		return 0;
	na = nlmsg_find_attr(h, (int)off, NLMSGERR_ATTR_MSG);
	if (na != NULL)
		nla_strlcpy(text, na, size);
	return 0;
}
