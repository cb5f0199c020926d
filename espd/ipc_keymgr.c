#include "espd/ipc_keymgr.h"

#include "espd/pmtu.h"
#include "espd/sa.h"
#include "lib/edge.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/proto/kmespd.h"
#include "lib/proto/proto.h"
#include "lib/timer.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MTU	1500	/* where the path is not known */

/* An SA that is there. */
struct held {
	uint32_t slot;
	uint32_t spi;
	struct addr dst;
	bool inbound;
	struct timer end;	/* its hard lifetime's */
	struct pmtu_sa pmtu;	/* of an outbound one */
};

struct ipc_keymgr {
	struct event_base *base;
	struct edge *edge;	/* NULL: keymgr is not there */
	struct esp *esp;
	struct board *board;
	struct hash held;	/* by destination and SPI */
	struct timers timers;
	void (*begin)(void *);
	void *arg;
	struct pmtu pmtu;
	uint32_t mtu_told;	/* the device's; 0: not to this keymgr */
	bool lost;		/* news were, and that is still to be told */
};

static uint64_t
key_of(const struct ipc_keymgr *k, const struct addr *dst, uint32_t spi)
{
	return hash_mix(addr_hash(dst, k->held.seed), spi);
}

static struct held *
held_get(const struct ipc_keymgr *k, const struct addr *dst, uint32_t spi)
{
	struct held *h = hash_get(&k->held, key_of(k, dst, spi));

	if (h == NULL || h->spi != spi || !addr_equal(&h->dst, dst))
		return NULL;
	return h;
}

/* SAs */

static int
sa_conf(const struct kmespd_sa *m, struct esp_live *live, struct esp_sa *sa,
    const char **why)
{
	*sa = (struct esp_sa){ .src = m->src, .dst = m->dst, .spi = m->spi,
		.reqid = m->reqid, .pair = m->pair, .inbound = m->inbound,
		.transport = m->transport, .encap = m->encap, .esn = m->esn,
		.local = m->l2tp, .window = m->window,
		.df = (enum esp_df)m->df,
		.mtu = m->mtu == 0 ? PATH_MTU : sa_mtu_bound(m->mtu),
		.hard_at = { m->hard_at }, .live = live,
		.limits = { .soft_bytes = m->limits.soft_bytes,
		    .hard_bytes = m->limits.hard_bytes,
		    .soft_packets = m->limits.soft_packets,
		    .hard_packets = m->limits.hard_packets },
		.encr_key = &m->encr_key,
		.integ_key = m->integ == 0 ? NULL : &m->integ_key };
	sa->encr = suite_by_id(SUITE_ENCR, m->encr, m->encr_bits);
	if (m->integ != 0)
		sa->integ = suite_by_id(SUITE_INTEG, m->integ, 0);
	*why = "unknown algorithm";
	return sa->encr == NULL || (m->integ != 0 && sa->integ == NULL) ?
	    -1 : 0;
}

static int
sa_make(struct ipc_keymgr *k, const struct kmespd_sa *m, uint32_t slot,
    const char **why)
{
	struct held *h = calloc(1, sizeof(*h));
	struct esp_sa sa;

	*why = "out of memory";
	if (h == NULL)
		return -1;
	h->slot = slot;
	h->spi = m->spi;
	h->dst = m->dst.addr;
	h->inbound = m->inbound;
	if (sa_conf(m, &k->board->b->slot[slot].live, &sa, why) == -1 ||
	    esp_sa_add(k->esp, &sa, (struct mono){ m->added }, why) == -1) {
		free(h);
		return -1;
	}
	if (hash_set(&k->held, key_of(k, &h->dst, h->spi), h) == -1 ||
	    timer_set(&k->timers, &h->end, sa.hard_at) == -1 ||
	    (!h->inbound && pmtu_add(&k->pmtu, &h->pmtu, &h->dst, h->spi,
	    sa.mtu) == -1)) {
		*why = "out of memory";
		timer_clear(&k->timers, &h->end);
		hash_del(&k->held, key_of(k, &h->dst, h->spi));
		(void)esp_sa_del(k->esp, &h->dst, h->spi);
		free(h);
		return -1;
	}
	board_show(k->board, slot, m->spi, m->reqid, m->added, &m->src.addr,
	    &m->dst.addr);
	return 0;
}

static int
keep(struct ipc_keymgr *k, uint32_t slot, const struct kmespd_sa *m)
{
	struct buf b;
	int rc = -1;

	buf_init(&b, KEPT_LEN);
	kmespd_sa_put(&b, m);
	if (buf_error(&b) == 0)
		rc = board_keep(k->board, slot, b.data, b.len);
	buf_free(&b);
	return rc;
}

/* keymgr tells again what it had no answer to. */
static bool
is_kept(const struct ipc_keymgr *k, uint32_t slot, const struct kmespd_sa *m)
{
	const struct kept_sa *kept = &k->board->kept[slot];
	struct buf b;
	bool same;

	buf_init(&b, KEPT_LEN);
	kmespd_sa_put(&b, m);
	same = buf_error(&b) == 0 && secret_equal(b.data, b.len, kept->data,
	    kept->len);
	buf_free(&b);
	return same;
}

static int
sa_add(struct ipc_keymgr *k, const struct kmespd_sa *m, uint32_t *slot,
    const char **why)
{
	struct held *h = held_get(k, &m->dst.addr, m->spi);

	*why = "there is an SA of that SPI and destination";
	if (h != NULL) {
		*slot = h->slot;
		return is_kept(k, h->slot, m) ? 0 : EEXIST;
	}
	*why = "no room for another SA";
	if (board_take(k->board, slot) == -1)
		return ENOSPC;
	if (keep(k, *slot, m) == -1 || sa_make(k, m, *slot, why) == -1) {
		board_give(k->board, *slot);
		return EINVAL;
	}
	return 0;
}

static void
held_end(struct ipc_keymgr *k, struct held *h)
{
	timer_clear(&k->timers, &h->end);
	pmtu_del(&k->pmtu, &h->pmtu);
	(void)esp_sa_del(k->esp, &h->dst, h->spi);
	hash_del(&k->held, key_of(k, &h->dst, h->spi));
	board_end(k->board, h->slot);
	free(h);
}

static int
sa_del(struct ipc_keymgr *k, const struct addr *dst, uint32_t spi)
{
	struct held *h = held_get(k, dst, spi);

	if (h == NULL)
		return ESRCH;
	held_end(k, h);
	return 0;
}

/* Slots of SAs that no packet thread has in its hands any more. */
static void
reclaim(struct ipc_keymgr *k)
{
	if (esp_reclaim(k->esp) == 0)
		board_ended(k->board);
}

static int
move_kept(struct ipc_keymgr *k, const struct held *h,
    const struct kmespd_step *s)
{
	const struct kept_sa *kept = &k->board->kept[h->slot];
	struct kmespd_sa m;
	struct cur c;
	int rc;

	cur_init(&c, kept->data, kept->len);
	if (kmespd_sa_get(&c, &m) == -1)
		return -1;
	m.src = s->src;
	m.dst = s->dst;
	m.encap = s->sa.encap;
	rc = keep(k, h->slot, &m);
	if (rc == 0)
		board_show(k->board, h->slot, m.spi, m.reqid, m.added,
		    &m.src.addr, &m.dst.addr);
	kmespd_sa_free(&m);
	return rc;
}

/* The espd before had done it. */
static bool
is_moved(const struct ipc_keymgr *k, const struct held *h,
    const struct kmespd_step *s)
{
	struct esp_sa_state st;

	return h != NULL && esp_sa_get(k->esp, &h->dst, h->spi, &st) == 0 &&
	    endpoint_equal(&st.sa.src, &s->src) &&
	    endpoint_equal(&st.sa.dst, &s->dst);
}

static int
sa_move(struct ipc_keymgr *k, const struct kmespd_step *s, uint32_t *slot,
    const char **why)
{
	struct held *h = held_get(k, &s->sa.dst.addr, s->sa.spi);

	*why = "no such SA";
	if (h == NULL) {
		h = held_get(k, &s->dst.addr, s->sa.spi);
		if (!is_moved(k, h, s))
			return ESRCH;
		*slot = h->slot;
		return 0;
	}
	if (esp_sa_move(k->esp, &h->dst, h->spi, &s->src, &s->dst,
	    s->sa.encap, why) == -1)
		return EINVAL;
	hash_del(&k->held, key_of(k, &h->dst, h->spi));
	h->dst = s->dst.addr;
	pmtu_move(&k->pmtu, &h->pmtu, &h->dst);
	*slot = h->slot;
	*why = "out of memory";
	if (hash_set(&k->held, key_of(k, &h->dst, h->spi), h) == -1)
		return ENOMEM;
	return move_kept(k, h, s) == -1 ? ENOMEM : 0;
}

/* Of an inbound one it is no matter. */
static int
sa_mtu(struct ipc_keymgr *k, const struct kmespd_sa *m)
{
	struct held *h = held_get(k, &m->dst.addr, m->spi);

	if (h == NULL)
		return ESRCH;
	if (!h->inbound && m->mtu != 0)
		pmtu_base(&k->pmtu, &h->pmtu, sa_mtu_bound(m->mtu));
	return 0;
}

size_t
ipc_keymgr_restore(struct ipc_keymgr *k)
{
	uint32_t i, top = atomic_load(&k->board->b->top);
	struct kmespd_sa m;
	const char *why;
	size_t n = 0;
	struct cur c;

	for (i = 0; i < top && i < ESP_SLOTS; i++) {
		if (k->board->kept[i].len == 0 ||
		    k->board->kept[i].len > KEPT_LEN)
			continue;
		cur_init(&c, k->board->kept[i].data, k->board->kept[i].len);
		if (kmespd_sa_get(&c, &m) == -1) {
			board_give(k->board, i);
			continue;
		}
		if (sa_make(k, &m, i, &why) == -1) {
			log_error(LOG_T_IPSEC, "SA 0x%08x of the espd before: "
			    "%s", m.spi, why);
			board_give(k->board, i);
		} else
			n++;
		kmespd_sa_free(&m);
	}
	return n;
}

/* Policies */

_Static_assert((int)KMESPD_DF_SET == (int)ESP_DF_SET &&
    (int)KMESPD_DF_INHERIT == (int)ESP_DF_INHERIT,
    "don't-fragment bits are the same numbers");
_Static_assert((int)KMESPD_ENCRYPT == (int)POLICY_ENCRYPT &&
    (int)KMESPD_BLOCK == (int)POLICY_BLOCK &&
    (int)KMESPD_PASS == (int)POLICY_PASS, "actions are the same numbers");

static struct sel
sel_of(const struct kmespd_sel *s)
{
	return (struct sel){ .local = s->local, .remote = s->remote,
		.proto = s->proto, .lport = s->lport, .lmask = s->lmask,
		.rport = s->rport, .rmask = s->rmask };
}

static int
policy_set(struct ipc_keymgr *k, const struct kmespd_policy *p,
    const char **why)
{
	struct policy_body b = { .prio = p->prio, .reqid = p->reqid,
		.action = (enum policy_action)p->action,
		.out = (enum policy_action)p->out, .transport = p->transport,
		.optional = p->optional };
	struct sel s = sel_of(&p->sel);

	return esp_policy_set(k->esp, &s, &b, why) == -1 ? EINVAL : 0;
}

static int
policy_del(struct ipc_keymgr *k, const struct kmespd_policy *p)
{
	struct sel s = sel_of(&p->sel);

	return esp_policy_del(k->esp, &s) == -1 ? ENOENT : 0;
}

/* Batches */

static int
step_do(struct ipc_keymgr *k, const struct kmespd_step *s, uint32_t *slot,
    const char **why)
{
	*slot = 0;
	*why = "not there";
	switch (s->kind) {
	case KMESPD_SA_ADD:
		return sa_add(k, &s->sa, slot, why);
	case KMESPD_SA_DEL:
		return sa_del(k, &s->sa.dst.addr, s->sa.spi);
	case KMESPD_SA_MOVE:
		return sa_move(k, s, slot, why);
	case KMESPD_POLICY_SET:
		return policy_set(k, &s->policy, why);
	case KMESPD_POLICY_DEL:
		return policy_del(k, &s->policy);
	case KMESPD_BEGIN:
		k->begin(k->arg);
		return 0;
	case KMESPD_SA_MTU:
		return sa_mtu(k, &s->sa);
	}
	return EINVAL;
}

/* While there is no SA the device keeps what it has. */
static void
tell_mtu(struct ipc_keymgr *k)
{
	uint32_t mtu = pmtu_device(&k->pmtu);
	struct buf b;

	if (mtu == 0 || mtu == k->mtu_told)
		return;
	buf_init(&b, KMESPD_MTU_LEN);
	buf_u32(&b, mtu);
	if (edge_send(k->edge, KMESPD_MTU, 0, -1, &b) == 0)
		k->mtu_told = mtu;
	buf_free(&b);
}

/* keymgr looks for what is gone. */
static void
tell_lost(struct ipc_keymgr *k)
{
	if (k->lost && edge_send(k->edge, KMESPD_LOST, 0, -1, NULL) == 0)
		k->lost = false;
}

static int
on_batch(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *k = arg;
	struct kmespd_result r = { 0 };
	struct kmespd_step s;
	const char *text;
	uint16_t n, i;
	struct buf b;
	int e;

	*why = "malformed batch";
	if (cur_u16(&m->body, &n) == -1 || n > KMESPD_STEPS)
		return -1;
	for (i = 0; i < n; i++) {
		if (kmespd_step_get(&m->body, &s, why) == -1)
			return -1;
		e = step_do(k, &s, &r.step[i].slot, &text);
		kmespd_sa_free(&s.sa);
		r.step[i].error = (uint16_t)e;
		if (e != 0 && r.why[0] == '\0')
			snprintf(r.why, sizeof(r.why), "%s", text);
		r.n++;
	}
	reclaim(k);
	buf_init(&b, KMESPD_RESULT_MAX);
	kmespd_result_put(&b, &r);
	(void)edge_send(k->edge, KMESPD_RESULT, m->id, -1, &b);
	buf_free(&b);
	tell_mtu(k);
	return 0;
}

static const struct permit keymgr_permits[] = {
	{ KMESPD_BATCH, "batch", 2, KMESPD_BATCH_MAX, 0, on_batch },
};

/* Its tunnels go on; the next keymgr finds them on the board. */
static void
on_down(void *arg, const char *why)
{
	struct ipc_keymgr *k = arg;

	log_debug(LOG_T_SYSTEM, "keymgr is gone: %s", why);
	edge_free(k->edge);
	k->edge = NULL;
}

struct ipc_keymgr *
ipc_keymgr_new(struct event_base *base, struct esp *esp, struct board *board,
    void (*begin)(void *), void *arg)
{
	struct ipc_keymgr *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->base = base;
	k->esp = esp;
	k->board = board;
	k->begin = begin;
	k->arg = arg;
	hash_init(&k->held, (uint64_t)(uintptr_t)k ^
	    (uint64_t)mono_now().us << 20);
	timers_init(&k->timers);
	pmtu_init(&k->pmtu, esp, k->held.seed);
	return k;
}

void
ipc_keymgr_up(struct ipc_keymgr *k, int fd)
{
	edge_free(k->edge);
	k->edge = edge_new(k->base, fd, "keymgr", EDGE_REFUSE,
	    keymgr_permits,
	    sizeof(keymgr_permits) / sizeof(keymgr_permits[0]), on_down, k,
	    EDGE_QUEUE_MAX);
	if (k->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for keymgr");
	k->mtu_told = 0;
	tell_mtu(k);
	tell_lost(k);
}

/*
 * Events.  One that does not reach keymgr comes again with packets; not that
 * an SA is gone, which keymgr then looks for itself.
 */
static void
tell(struct ipc_keymgr *k, uint16_t type, struct buf *b)
{
	if (edge_send(k->edge, type, 0, -1, b) == -1)
		k->lost = true;
	buf_free(b);
}

static void
news_acquire(void *arg, uint32_t reqid, const struct sel *s)
{
	struct kmespd_sel m = { .local = s->local, .remote = s->remote,
		.proto = s->proto, .lport = s->lport, .lmask = s->lmask,
		.rport = s->rport, .rmask = s->rmask };
	struct buf b;

	buf_init(&b, KMESPD_ACQUIRE_MAX);
	buf_u32(&b, reqid);
	kmespd_sel_put(&b, &m);
	tell(arg, KMESPD_ACQUIRE, &b);
}

static void
news_expire(void *arg, uint32_t spi, const struct addr *dst, bool hard)
{
	struct kmespd_expire e = { .spi = spi, .dst = *dst, .hard = hard };
	struct buf b;

	buf_init(&b, KMESPD_EXPIRE_MAX);
	kmespd_expire_put(&b, &e);
	tell(arg, KMESPD_EXPIRE, &b);
}

static void
news_mapping(void *arg, uint32_t spi, const struct endpoint *remote)
{
	struct buf b;

	buf_init(&b, KMESPD_MAPPING_MAX);
	buf_u32(&b, spi);
	buf_endpoint(&b, remote);
	tell(arg, KMESPD_MAPPING, &b);
}

static void
news_lost(void *arg)
{
	struct ipc_keymgr *k = arg;

	k->lost = true;
	tell_lost(k);
}

void
ipc_keymgr_news(struct ipc_keymgr *k)
{
	const struct esp_news news = { news_acquire, news_expire,
		news_mapping, news_lost, k };

	esp_events(k->esp, &news);
}

/* As the kernel does: what has expired is gone. */
void
ipc_keymgr_tick(struct ipc_keymgr *k, struct mono now)
{
	struct timer *t;
	struct held *h;

	while ((t = timers_pop(&k->timers, now)) != NULL) {
		h = (struct held *)((char *)t - offsetof(struct held, end));
		news_expire(k, h->spi, &h->dst, true);
		held_end(k, h);
	}
	pmtu_tick(&k->pmtu, now);
	tell_mtu(k);
	tell_lost(k);
	reclaim(k);
}

void
ipc_keymgr_mtu(struct ipc_keymgr *k, const struct addr *dst, uint32_t mtu)
{
	pmtu_learn(&k->pmtu, dst, mtu, mono_now());
}
