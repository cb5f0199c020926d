/* From the network to the TUN. */
#include "espd/esp.h"

#include "espd/core.h"
#include "espd/csum.h"
#include "espd/decap.h"
#include "espd/ecn.h"
#include "espd/mss.h"
#include "espd/wire.h"

#include <netinet/in.h>

#define NEXT_IPV4	4
#define NEXT_IPV6	41
#define NEXT_NONE	59
#define KEEPALIVE	0xff	/* RFC 3948 section 2.3 */
#define TTL		64
#define UDP_LEN		8

/* A packet on its way. */
struct in {
	struct esp_thread *t;
	const struct esp_dgram *dg;
	struct mono now;
	struct sa *sa;
	struct decap d;
	struct pkt pkt;
	struct flow flow;
	const struct found *found;
};

static void
drop(struct in *i, enum stat why)
{
	stat_add(&i->t->stats, why, 1);
}

static enum stat
find_sa(struct in *i, const uint8_t *p)
{
	uint32_t spi = get32(p);

	if (i->sa == NULL || i->sa->conf.spi != spi) {
		if (esp_thread_of(i->t->esp, spi) != i->t->id ||
		    (i->sa = sad_in(&i->t->esp->sad, spi)) == NULL)
			return STAT_IN_NO_STATES;
	}
	if (mono_cmp(i->now, i->sa->conf.hard_at) >= 0)
		return STAT_IN_STATE_EXPIRED;
	return STAT_NONE;
}

/* The first of several is where it should be: it was looked at. */
static bool
is_stray(const struct in *i, const uint8_t *p)
{
	const struct esp *e = i->t->esp;
	uint32_t spi = get32(p);

	if (p == i->dg->data || !i->dg->encap || e->conf.io.stray == NULL)
		return false;
	return spi == 0 || (esp_thread_of(e, spi) != i->t->id &&
	    sad_in(&e->sad, spi) != NULL);
}

/*
 * RFC 7296 section 2.23: the newest authentic packet says where the peer is.
 * That is told until the SA has moved, and at most once a second: who copies
 * packets and is faster than the peer moves it with each.  ESP comes in UDP
 * or without as the peer likes, whatever we do: then it says nothing.
 */
static void
check_mapping(struct in *i)
{
	const struct path *p = atomic_load(&i->sa->path);
	const struct endpoint *src = &i->dg->src;
	struct event_msg m = { .kind = EVENT_MAPPING,
		.spi = i->sa->conf.spi, .remote = *src };
	struct sa *s = i->sa;

	if (i->dg->encap && p->encap && !endpoint_equal(src, &p->src) &&
	    i->now.us >= s->map_next && core_tell(i->t, &m))
		s->map_next = i->now.us + TELL_US;
}

static enum stat
account(struct in *i)
{
	bool dead;
	unsigned told = sa_count(i->sa, 1, i->d.len, i->now, &dead);

	if (told != 0)
		core_tell_limits(i->t, i->sa, told);
	return dead ? STAT_IN_STATE_EXPIRED : STAT_NONE;
}

/* RFC 4301 section 5.2: what came out must be what the SA is for. */
static enum stat
check_policy(struct in *i)
{
	const struct policy_body *b;

	pkt_flow(&i->pkt, true, &i->flow);
	fragport_fill(&i->t->fragport, &i->pkt, true, &i->flow, i->now);
	i->found = core_find(i->t, &i->flow);
	if (i->found->policy == NULL)
		return STAT_IN_NO_POLICIES;
	b = &i->found->policy->body;
	if (b->action == POLICY_BLOCK)
		return STAT_IN_POLICY_BLOCKED;
	if (b->action != POLICY_ENCRYPT || b->reqid != i->sa->conf.reqid ||
	    b->transport != i->sa->conf.transport)
		return STAT_IN_TEMPLATE_MISMATCHES;
	fragport_note(&i->t->fragport, &i->pkt, true, &i->flow, i->now);
	return STAT_NONE;
}

/* Its answer will come through our tunnel. */
static void
clamp(struct in *i)
{
	const struct route *r = i->found->route;
	const struct sa *s = r == NULL ? NULL : atomic_load(&r->sa);

	if (i->t->esp->conf.clamp_mss && s != NULL)
		mss_clamp(&i->pkt, sa_inner_mtu(s, atomic_load(&s->path)));
}

static enum stat
tunnel(struct in *i)
{
	struct pkt *k = &i->pkt;
	enum stat why;
	int ecn;

	if (i->d.next != NEXT_IPV4 && i->d.next != NEXT_IPV6)
		return STAT_IN_STATE_MODE_ERRORS;
	if (pkt_parse(k, i->d.p, i->d.len) == -1 ||
	    k->version != (i->d.next == NEXT_IPV4 ? 4 : 6))
		return STAT_IN_HEADER_ERRORS;
	if ((why = check_policy(i)) != STAT_NONE)
		return why;
	if ((ecn = ecn_decap(k->tos, i->dg->tos)) == -1)
		return STAT_IN_ERRORS;
	pkt_set_tos(k, (uint8_t)((k->tos & ~TOS_ECN) | ecn));
	clamp(i);
	if (!gro_add(i->t->gro, k, &i->flow))
		core_inject(i->t, k->p, k->len);
	return STAT_NONE;
}

/* The header that the network took off, made anew from the SA. */
static size_t
transport_header(const struct in *i, uint8_t *ip)
{
	const struct path *p = atomic_load(&i->sa->path);
	size_t len = i->d.len;

	if (p->src.addr.family == AF_INET) {
		memset(ip, 0, 20);
		ip[0] = 0x45;
		ip[1] = i->dg->tos;
		put16(ip + 2, (uint16_t)(20 + len));
		put16(ip + 6, 0x4000);
		ip[8] = TTL;
		ip[9] = i->d.next;
		memcpy(ip + 12, p->src.addr.b, 4);
		memcpy(ip + 16, p->dst.addr.b, 4);
		csum_ipv4(ip);
		return 20;
	}
	put32(ip, UINT32_C(6) << 28 | (uint32_t)i->dg->tos << 20);
	put16(ip + 4, (uint16_t)len);
	ip[6] = i->d.next;
	ip[7] = TTL;
	memcpy(ip + 8, p->src.addr.b, 16);
	memcpy(ip + 24, p->dst.addr.b, 16);
	return 40;
}

/* RFC 3948 section 3.1.2: a NAT changed addresses that the checksum knows;
 * the ICV stands in for it. */
static void
fix_checksum(struct pkt *k)
{
	size_t n = k->len - k->l4;
	uint8_t *h = k->p + k->l4, *sum;

	if (pkt_l4_len(k) == 0)
		return;
	sum = h + (k->proto == IPPROTO_TCP ? 16 : 6);
	if (k->proto == IPPROTO_UDP && (get16(sum) == 0 || get16(h + 4) > n))
		return;
	if (k->proto == IPPROTO_UDP)
		n = get16(h + 4);
	memset(sum, 0, 2);
	csum_put(sum, csum_add(csum_pseudo(k->p, k->proto, n), h, n));
	if (k->proto == IPPROTO_UDP && get16(sum) == 0)
		put16(sum, UINT16_MAX);
}

/* A datagram of UDP that the TUN does not get. */
static enum stat
local(struct in *i)
{
	const struct path *p = atomic_load(&i->sa->path);
	const struct pkt *k = &i->pkt;
	const uint8_t *h = k->p + k->l4;
	struct l2tppair to = { .reqid = i->sa->conf.reqid,
		.spi = i->sa->conf.spi, .remote = p->src,
		.local = p->dst.addr };
	size_t len;

	if (k->proto != IPPROTO_UDP || pkt_l4_len(k) == 0 ||
	    (len = get16(h + 4)) < UDP_LEN || len > k->len - k->l4)
		return STAT_IN_HEADER_ERRORS;
	to.peer_port = get16(h);
	to.our_port = get16(h + 2);
	return i->t->esp->conf.io.local(i->t->arg, &to, h + UDP_LEN,
	    len - UDP_LEN) ? STAT_NONE : STAT_IN_BUFFER_ERRORS;
}

static enum stat
transport(struct in *i)
{
	uint8_t *p = i->t->scratch + VNET_LEN;
	enum stat why;
	size_t n;

	n = transport_header(i, p);
	if (n + i->d.len > PKT_MAX)
		return STAT_IN_HEADER_ERRORS;
	memcpy(p + n, i->d.p, i->d.len);
	if (pkt_parse(&i->pkt, p, n + i->d.len) == -1)
		return STAT_IN_HEADER_ERRORS;
	if ((why = check_policy(i)) != STAT_NONE)
		return why;
	if (i->dg->encap)
		fix_checksum(&i->pkt);
	clamp(i);
	if (i->sa->conf.local)
		return local(i);
	core_inject(i->t, p, i->pkt.len);
	return STAT_NONE;
}

static enum stat
handle(struct in *i, uint8_t *p, size_t len)
{
	enum stat why;

	if (len == 1 && p[0] == KEEPALIVE && i->dg->encap)
		return STAT_NONE;
	if (len < CRYPT_HDR)
		return STAT_IN_HEADER_ERRORS;
	if (is_stray(i, p)) {
		i->t->esp->conf.io.stray(i->t->arg, i->dg, p, len);
		return STAT_NONE;
	}
	if ((why = find_sa(i, p)) != STAT_NONE ||
	    (why = decap_open(i->sa, p, len, &i->d)) != STAT_NONE)
		return why;
	if (i->d.newest)
		check_mapping(i);
	if ((why = account(i)) != STAT_NONE)
		return why;
	/* RFC 4303 section 2.6: a dummy packet. */
	if (i->d.next == NEXT_NONE)
		return STAT_NONE;
	return i->sa->conf.transport ? transport(i) : tunnel(i);
}

void
esp_in(struct esp_thread *t, const struct esp_dgram *dg, struct mono now)
{
	struct in i = { .t = t, .dg = dg, .now = now };
	size_t seg = dg->seg == 0 ? dg->len : dg->seg, n;
	enum stat why;

	epoch_enter(&t->esp->epoch, t->id);
	for (size_t at = 0; at < dg->len; at += n) {
		n = dg->len - at < seg ? dg->len - at : seg;
		if ((why = handle(&i, dg->data + at, n)) != STAT_NONE)
			drop(&i, why);
	}
	epoch_leave(&t->esp->epoch, t->id);
}

void
esp_in_flush(struct esp_thread *t)
{
	gro_flush(t->gro);
}
