#include "keymgr/xfrm_read.h"

#include "keymgr/xfrm_msg.h"

#include <arpa/inet.h>
#include <netlink/attr.h>
#include <string.h>

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
