/* From the TUN to the network. */
#include "espd/esp.h"

#include "espd/core.h"
#include "espd/encap.h"
#include "espd/frag.h"
#include "espd/icmp.h"
#include "espd/local.h"
#include "espd/mss.h"
#include "espd/tso.h"

#define NEXT_IPV4	4
#define NEXT_IPV6	41
#define IP6_MTU_MIN	1280
#define ICMP_A_SECOND	100
#define ACQUIRE_US	1000000

/* A packet on its way. */
struct out {
	struct esp_thread *t;
	struct mono now;
	uint8_t *buf;
	size_t len;
	struct pkt pkt;
	struct tso tso;
	struct flow flow;
	struct sa *sa;
	struct run_to to;
	size_t mtu;		/* of inner packets */
	uint8_t next;
	size_t strip;		/* transport mode: bytes of IP header */
	uint64_t seq;		/* next to be used */
};

static enum stat
pass(struct out *o)
{
	const struct esp_io *io = &o->t->esp->conf.io;

	if (io->pass == NULL)
		return STAT_OUT_POLICY_ERRORS;
	for (unsigned i = 0; i < o->tso.n; i++) {
		tso_write(&o->tso, i, o->t->scratch);
		io->pass(o->t->arg, o->t->scratch, tso_len(&o->tso, i));
	}
	return STAT_NONE;
}

static enum stat
acquire(struct out *o, struct policy *p)
{
	struct event_msg m = { .kind = EVENT_ACQUIRE,
		.reqid = p->body.reqid, .flow = o->flow };
	int64_t last = atomic_load(&p->acquired);

	if ((last == INT64_MIN || o->now.us - last >= ACQUIRE_US) &&
	    atomic_compare_exchange_strong(&p->acquired, &last, o->now.us))
		(void)core_tell(o->t, &m);
	return STAT_OUT_NO_STATES;
}

/* No SA: level=use goes without, else it depends on what was configured. */
static enum stat
lacking(struct out *o, struct policy *p)
{
	if (p->body.out == POLICY_BLOCK)
		return STAT_OUT_POLICY_BLOCKED;
	if (p->body.out == POLICY_PASS)
		return pass(o);
	if (p->body.optional) {
		(void)acquire(o, p);
		return pass(o);
	}
	return acquire(o, p);
}

/* Transport mode takes whole packets of its own two ends (RFC 4303 section
 * 3.1.1), and only such as the socket can put a header before. */
static bool
transport_ok(struct out *o)
{
	const struct pkt *k = &o->pkt;
	const struct path *p = o->to.path;
	size_t n = k->version == 4 ? 4 : 16;

	return !k->frag && !k->ext && k->l4 == (n == 4 ? 20 : 40) &&
	    addr_len(&p->src.addr) == n &&
	    memcmp(o->flow.local, p->src.addr.b, n) == 0 &&
	    memcmp(o->flow.remote, p->dst.addr.b, n) == 0;
}

/* RFC 4301 section 8.1.  Without the bit nobody would tell what an IPv6 path
 * takes; of transport mode it is the packet's own header. */
static bool
outer_df(const struct out *o, const struct path *p)
{
	const struct esp_sa *c = &o->sa->conf;

	if (p->dst.addr.family == AF_INET6 || c->transport ||
	    c->df == ESP_DF_INHERIT)
		return o->pkt.df;
	return c->df == ESP_DF_SET;
}

/* RFC 4301 section 5.1.2: DSCP is copied or not, ECN is (RFC 6040). */
static enum stat
set_mode(struct out *o)
{
	struct sa *s = o->sa;

	o->to.path = atomic_load(&s->path);
	o->to.df = outer_df(o, o->to.path);
	o->to.tos = s->conf.no_dscp ? o->pkt.tos & TOS_ECN : o->pkt.tos;
	o->mtu = sa_inner_mtu(s, o->to.path);
	o->next = o->pkt.version == 4 ? NEXT_IPV4 : NEXT_IPV6;
	if (!s->conf.transport)
		return STAT_NONE;
	if (!transport_ok(o))
		return STAT_OUT_STATE_MODE_ERRORS;
	o->next = o->pkt.proto;
	o->strip = o->pkt.l4;
	return STAT_NONE;
}

static void
tell_too_big(struct out *o, size_t mtu)
{
	struct esp_thread *t = o->t;
	uint8_t *p = t->scratch + VNET_LEN;
	int64_t second = o->now.us / 1000000;
	size_t n;

	if (second != t->icmp_second) {
		t->icmp_second = second;
		t->icmp_count = 0;
	}
	if (t->icmp_count++ >= ICMP_A_SECOND)
		return;
	if ((n = icmp_too_big(&o->pkt, mtu, p)) > 0)
		core_inject(t, p, n);
}

/*
 * The packet is larger than the tunnel takes.  true: it goes all the same,
 * in fragments: IPv6's least MTU must always go through (RFC 8200 section
 * 5); else only what may be fragmented.  Transport mode takes whole packets
 * alone: who learned to send less would send fragments.
 */
static bool
too_big(struct out *o)
{
	size_t mtu = o->mtu;
	bool whole = o->pkt.df;

	if (o->sa->conf.transport) {
		o->to.df = false;
		return true;
	}
	if (o->pkt.version == 6) {
		if (mtu < IP6_MTU_MIN)
			mtu = IP6_MTU_MIN;
		whole = tso_len(&o->tso, 0) > mtu;
	}
	if (whole)
		tell_too_big(o, mtu);
	else
		o->to.df = false;
	return !whole;
}

/* Fragments without ports would not fit a selector with ports at the other
 * end (RFC 4301 section 7.1): then the outer packet is fragmented. */
static bool
cut_inside(const struct out *o, const struct found *f)
{
	const struct sel *s = &f->policy->sel;

	return o->pkt.version == 4 && !o->sa->conf.transport &&
	    (s->lmask | s->rmask) == 0 && tso_len(&o->tso, 0) > o->mtu;
}

/* Numbers for n packets, counted against the SA's limits. */
static enum stat
reserve(struct out *o, uint64_t n, uint64_t bytes)
{
	struct sa *s = o->sa;
	uint64_t most = s->conf.esn ? UINT64_MAX / 2 : UINT32_MAX;
	unsigned told;
	bool dead;

	if (mono_cmp(o->now, s->conf.hard_at) >= 0)
		return STAT_OUT_STATE_EXPIRED;
	if (atomic_load(&s->live->seq) + n > most ||
	    (o->seq = atomic_fetch_add(&s->live->seq, n) + 1) + n - 1 > most) {
		core_tell_limits(o->t, s, sa_tell(s, TOLD_HARD, o->now));
		return STAT_OUT_STATE_SEQUENCE_ERRORS;
	}
	told = sa_count(s, n, bytes, o->now, &dead);
	if (told != 0)
		core_tell_limits(o->t, s, told);
	return dead ? STAT_OUT_STATE_EXPIRED : STAT_NONE;
}

static void
drop(struct out *o, enum stat why)
{
	stat_add(&o->t->stats, why, 1);
}

/* The packet at esp + encap_off() is sealed and joins the run. */
static void
seal(struct out *o, uint8_t *esp, size_t n)
{
	if (encap_seal(o->sa, o->sa->crypt, o->t->iv, o->seq++,
	    o->next, esp, n) == -1)
		drop(o, STAT_OUT_STATE_PROTOCOL_ERRORS);
	else
		run_add(&o->t->run, sa_packed(o->sa, n));
}

static uint8_t *
space(struct out *o, size_t n)
{
	uint8_t *esp = run_space(&o->t->run, &o->to, sa_packed(o->sa, n));

	if (esp == NULL)
		drop(o, STAT_OUT_BUNDLE_CHECK_ERRORS);
	return esp;
}

static void
clamp(struct out *o, uint8_t *p, size_t len)
{
	struct pkt k = o->pkt;

	k.p = p;
	k.len = len;
	if (o->t->esp->conf.clamp_mss)
		mss_clamp(&k, o->mtu);
}

static void
send_whole(struct out *o, unsigned i)
{
	size_t len = tso_len(&o->tso, i), off = encap_off(o->sa);
	uint8_t *esp = space(o, len - o->strip), *p;

	if (esp == NULL)
		return;
	p = o->strip == 0 ? esp + off : o->t->scratch;
	tso_write(&o->tso, i, p);
	if (o->tso.n == 1)
		clamp(o, p, len);
	if (o->strip != 0)
		memcpy(esp + off, p + o->strip, len - o->strip);
	seal(o, esp, len - o->strip);
}

static int
plan_pieces(struct out *o, unsigned i, struct pkt *k, struct frag *f)
{
	tso_write(&o->tso, i, o->t->scratch);
	if (pkt_parse(k, o->t->scratch, tso_len(&o->tso, i)) == -1)
		return -1;
	if (o->tso.n == 1)
		clamp(o, k->p, k->len);
	return frag_plan(f, k, o->mtu);
}

static enum stat
send_pieces(struct out *o, unsigned i)
{
	struct frag f;
	struct pkt k;
	uint8_t *esp;
	enum stat why;

	if (plan_pieces(o, i, &k, &f) == -1)
		return STAT_OUT_BUNDLE_CHECK_ERRORS;
	if ((why = reserve(o, f.n, k.len)) != STAT_NONE)
		return why;
	for (unsigned j = 0; j < f.n; j++) {
		if ((esp = space(o, frag_len(&f, j))) == NULL)
			continue;
		frag_write(&f, j, esp + encap_off(o->sa));
		seal(o, esp, frag_len(&f, j));
	}
	return STAT_NONE;
}

static enum stat
send_all(struct out *o, const struct found *f)
{
	unsigned n = o->tso.n;
	enum stat why = STAT_NONE;

	if (cut_inside(o, f)) {
		for (unsigned i = 0; i < n && why == STAT_NONE; i++)
			why = send_pieces(o, i);
		return why;
	}
	why = reserve(o, n, o->pkt.len + (n - 1) * o->tso.hdr);
	for (unsigned i = 0; i < n && why == STAT_NONE; i++)
		send_whole(o, i);
	return why;
}

/*
 * One thread sends on an SA: between two, packets would overtake each other
 * by more than a peer's replay window may hold (32 are usual).
 */
static enum stat
hand_over(struct out *o, unsigned owner)
{
	struct esp *e = o->t->esp;
	struct esp_thread *t = e->thread[owner];

	if (!hand_put(t->hand, o->buf, o->len))
		return STAT_OUT_ERRORS;
	if (hand_wakes(t->hand))
		e->conf.io.poke(t->arg);
	return STAT_NONE;
}

static enum stat
encrypt(struct out *o, const struct found *f)
{
	enum stat why;

	o->sa = f->route == NULL ? NULL : atomic_load(&f->route->sa);
	if (o->sa == NULL)
		return lacking(o, f->policy);
	if (o->sa->owner != o->t->id)
		return hand_over(o, o->sa->owner);
	if (o->sa->conf.transport != f->policy->body.transport)
		return STAT_OUT_STATE_MODE_ERRORS;
	if ((why = set_mode(o)) != STAT_NONE)
		return why;
	if (tso_len(&o->tso, 0) > o->mtu && !too_big(o))
		return STAT_OUT_BUNDLE_CHECK_ERRORS;
	return send_all(o, f);
}

static enum stat
parse(struct out *o)
{
	struct vnet v;

	if (o->len < VNET_LEN)
		return STAT_OUT_ERRORS;
	memcpy(&v, o->buf, VNET_LEN);
	if (pkt_parse(&o->pkt, o->buf + VNET_LEN, o->len - VNET_LEN) == -1 ||
	    tso_plan(&o->tso, &v, &o->pkt) == -1)
		return STAT_OUT_ERRORS;
	pkt_flow(&o->pkt, false, &o->flow);
	fragport_fill(&o->t->fragport, &o->pkt, false, &o->flow, o->now);
	return STAT_NONE;
}

/* What the kernel says of itself on every device: IPv6 tells neighbours of
 * its groups.  A tunnel has no such neighbours, and nothing was lost. */
static bool
chatter(const struct flow *f)
{
	const uint8_t *to = f->remote;

	if (f->version == 4)
		return to[0] == 224 && to[1] == 0 && to[2] == 0;
	return to[0] == 0xff && (to[1] & 0x0f) <= 2;
}

/* A fragment whose ports nobody knows may belong to what is encrypted. */
static bool
doubtful(const struct out *o, const struct policy_body *b)
{
	return o->flow.opaque && b->action == POLICY_PASS &&
	    b->prio == PRIO_BEYOND;
}

/* What no policy speaks of is not ours to let out. */
static enum stat
handle(struct out *o)
{
	const struct found *f;
	enum stat why = parse(o);

	if (why != STAT_NONE)
		return why;
	f = core_find(o->t, &o->flow);
	if (f->policy == NULL && chatter(&o->flow))
		return STAT_NONE;
	if (f->policy == NULL || f->policy->body.action == POLICY_BLOCK ||
	    doubtful(o, &f->policy->body))
		return STAT_OUT_POLICY_BLOCKED;
	fragport_note(&o->t->fragport, &o->pkt, false, &o->flow, o->now);
	if (f->policy->body.action == POLICY_PASS)
		return pass(o);
	return encrypt(o, f);
}

void
esp_out(struct esp_thread *t, uint8_t *buf, size_t len, struct mono now)
{
	struct out o = { .t = t, .now = now, .buf = buf, .len = len };
	enum stat why;

	epoch_enter(&t->esp->epoch, t->id);
	if ((why = handle(&o)) != STAT_NONE)
		drop(&o, why);
	epoch_leave(&t->esp->epoch, t->id);
}

bool
esp_out_handed(struct esp_thread *t, struct mono now)
{
	uint8_t *p;
	size_t len;

	if (t->hand == NULL)
		return false;
	hand_awake(t->hand);
	for (unsigned i = 0; i < HAND_SLOTS; i++) {
		if ((p = hand_get(t->hand, &len)) == NULL)
			return false;
		esp_out(t, p, len, now);
		hand_done(t->hand);
	}
	return hand_get(t->hand, &len) != NULL && hand_wakes(t->hand);
}

/* By the SA of one peer of several that share an address and a policy. */
static enum stat
handle_local(struct out *o, const struct l2tppair *to)
{
	struct found f;
	enum stat why = parse(o);

	if (why != STAT_NONE)
		return why;
	f = *core_find(o->t, &o->flow);
	if (f.policy == NULL || f.policy->body.action != POLICY_ENCRYPT ||
	    f.policy->body.reqid != to->reqid)
		return STAT_OUT_POLICY_BLOCKED;
	f.route = sad_route(&o->t->esp->sad, to->reqid, &to->remote.addr,
	    to->remote.port);
	return encrypt(o, &f);
}

void
esp_out_local(struct esp_thread *t, const struct l2tppair *to, uint8_t *p,
    size_t len, struct mono now)
{
	struct out o = { .t = t, .now = now };
	enum stat why = STAT_OUT_ERRORS;

	epoch_enter(&t->esp->epoch, t->id);
	if ((o.len = local_write(to, p, len, &o.buf)) == 0 ||
	    (why = handle_local(&o, to)) != STAT_NONE)
		drop(&o, why);
	epoch_leave(&t->esp->epoch, t->id);
}

void
esp_out_flush(struct esp_thread *t)
{
	run_flush(&t->run);
}
