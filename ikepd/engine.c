#include "ikepd/engine.h"
#include "ikepd/child.h"
#include "ikepd/core.h"
#include "ikepd/exchange.h"
#include "ikepd/liveness.h"
#include "ikepd/report.h"
#include "ikepd/task.h"
#include "ikepd/work.h"
#include "ikepd/v2/v2.h"

#include <stdlib.h>
#include <string.h>

struct mono
eng_now(const struct engine *e)
{
	return e->ops.now(e->ops.ctx);
}

uint64_t
eng_random64(struct engine *e)
{
	uint64_t v;

	e->ops.random(e->ops.ctx, &v, sizeof(v));
	return v;
}

uint64_t
eng_spi(struct engine *e)
{
	const uint64_t mask = ((1ULL << ENGINE_WORKER_BITS) - 1) << 56;
	uint64_t spi;

	do {
		spi = eng_random64(e);
		spi = (spi & ~mask) | ((uint64_t)e->worker << 56 & mask);
	} while (spi == 0 || store_get(e, spi) != NULL);
	return spi;
}

/* After the first few, a line of each kind of malformed datagram. */
#define MALFORMED_MS	10000

struct engine *
engine_new(const struct engine_ops *ops, unsigned worker)
{
	const struct log_limit lim = { .burst = 10, .interval_ms = 1000 };
	/* Refused proposals take many lines. */
	const struct log_limit few = { .burst = 3, .interval_ms = 1000 };
	struct engine *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->ops = *ops;
	e->worker = worker;
	e->seed = eng_random64(e);
	hash_init(&e->by_spi, e->seed);
	hash_init(&e->by_init, e->seed);
	hash_init(&e->by_id, e->seed);
	hash_init(&e->peers, e->seed);
	hash_init(&e->children, e->seed);
	hash_init(&e->children_out, e->seed);
	hash_init(&e->pending, e->seed);
	timers_init(&e->timers);
	timers_init(&e->retries);
	e->lim_malformed.burst = few.burst;
	e->lim_malformed.interval_ms = MALFORMED_MS;
	e->lim_no_peer = e->lim_v1 = e->lim_spi = e->lim_version = lim;
	e->lim_open = e->lim_unproven = e->lim_fail = e->lim_ke = lim;
	e->lim_child = lim;
	e->lim_offer = few;
	return e;
}

static void
reap(struct engine *e)
{
	while (e->dead != NULL) {
		struct ike_sa *sa = e->dead;

		e->dead = sa->peer_next;
		task_free_all(&sa->tasks);
		sa_free(sa);
	}
	if (e->stopping && !e->stopped && hash_count(&e->by_spi) == 0) {
		e->stopped = true;
		e->ops.stopped(e->ops.ctx);
	}
}

void
eng_enter(struct engine *e)
{
	e->depth++;
}

void
eng_leave(struct engine *e)
{
	if (e->depth == 1)
		reap(e);
	e->depth--;
}

static void
no_spi(void *ctx, uint32_t spi)
{
	(void)ctx;
	(void)spi;
}

void
engine_free(struct engine *e)
{
	struct ike_sa *sa;
	struct peer_run *pr;
	struct pending *p;
	size_t at;

	if (e == NULL)
		return;
	e->stopping = e->stopped = true;
	/* Nobody hears of it: who is told may be gone already. */
	e->ops.child_del = e->ops.spi_put = no_spi;
	eng_enter(e);
	for (at = 0; (sa = hash_next(&e->by_spi, &at)) != NULL; at = 0)
		sa_destroy(e, sa);
	eng_leave(e);
	for (at = 0; (pr = hash_next(&e->peers, &at)) != NULL;) {
		timer_clear(&e->retries, &pr->retry);
		free(pr);
	}
	for (at = 0; (p = hash_next(&e->pending, &at)) != NULL;)
		free(p);
	hash_free(&e->by_spi);
	hash_free(&e->by_init);
	hash_free(&e->by_id);
	hash_free(&e->peers);
	hash_free(&e->children);
	hash_free(&e->children_out);
	hash_free(&e->pending);
	timers_free(&e->timers);
	timers_free(&e->retries);
	confidx_free(e->conf);
	cookie_wipe(&e->jar);
	secret_wipe(e, sizeof(*e));
	free(e);
}

/*
 * RFC 7296 2.21.4: for requests, and not too often.  An SA of that SPI may
 * be about to learn the peer's; then the request will be repeated.
 */
static void
unknown_spi(struct engine *e, const struct ike_path *path,
    const struct ike_hdr *h)
{
	uint64_t own = h->flags & IKE_FLAG_INITIATOR ? h->rspi : h->ispi;
	uint32_t held;

	e->st.rx_unknown_spi++;
	report_unknown_spi(e, path, h);
	if (!(h->flags & IKE_FLAG_RESPONSE) && h->exchange != IKE_SA_INIT &&
	    store_get(e, own) == NULL &&
	    log_limit_pass_at(&e->lim_open, eng_now(e), &held))
		out_stateless(e, path, h, N_INVALID_IKE_SPI, NULL, 0);
}

static struct ike_sa *
find_sa(struct engine *e, const struct ike_hdr *h)
{
	bool from_initiator = (h->flags & IKE_FLAG_INITIATOR) != 0;
	uint64_t own = from_initiator ? h->rspi : h->ispi;
	uint64_t peer = from_initiator ? h->ispi : h->rspi;
	struct ike_sa *sa = store_get(e, own);

	if (sa == NULL || sa->k->initiator == from_initiator)
		return NULL;
	/* Before the first answer the peer's SPI is not known. */
	if (sa->k->spi_peer != peer && !(sa->k->spi_peer == 0 &&
	    h->exchange == IKE_SA_INIT))
		return NULL;
	return sa;
}

static void
newer_version(struct engine *e, const struct ike_path *path,
    const struct ike_hdr *h)
{
	char more[LOG_HELD_LEN];
	uint32_t held;

	if ((h->flags & IKE_FLAG_RESPONSE) ||
	    !log_limit_pass_at(&e->lim_version, eng_now(e), &held))
		return;
	log_info(LOG_T_IPSEC, "a datagram of IKE version %u was answered "
	    "with INVALID_MAJOR_VERSION%s", h->major, log_held(held, more));
	out_stateless(e, path, h, N_INVALID_MAJOR_VERSION, NULL, 0);
}

static void
recv_v2(struct engine *e, const struct ike_path *path,
    const struct ike_hdr *h, size_t len)
{
	struct ike_sa *sa;

	if (h->exchange == IKE_SA_INIT && !(h->flags & IKE_FLAG_RESPONSE) &&
	    h->rspi == 0) {
		v2_init_request(e, path, h, len);
		return;
	}
	sa = find_sa(e, h);
	if (sa == NULL)
		unknown_spi(e, path, h);
	else
		xchg_recv(e, sa, path, h, len);
}

void
engine_recv(struct engine *e, const struct ike_path *path,
    const uint8_t *data, size_t len)
{
	struct wire_err err = { 0 };
	struct ike_hdr h;

	e->st.rx_packets++;
	if (len > sizeof(e->rx))
		return;
	eng_enter(e);
	switch (ike_hdr_parse(&h, data, len, &err)) {
	case IKE_HDR_V1:
		report_v1(e, path, &h);
		break;
	case IKE_HDR_NEWER:
		newer_version(e, path, &h);
		break;
	case IKE_HDR_V2:
		memcpy(e->rx, data, len);
		recv_v2(e, path, &h, len);
		break;
	default:
		report_malformed(e, path, err.why);
		break;
	}
	eng_leave(e);
}

struct mono
engine_next(const struct engine *e)
{
	struct mono a = timers_next(&e->timers);
	struct mono b = timers_next(&e->retries);

	return mono_cmp(a, b) <= 0 ? a : b;
}

static void
state_over(struct engine *e, struct ike_sa *sa)
{
	switch (sa->state) {
	case SA_CLOSED:
	case SA_REPLACED:
	case SA_DELETING:
	case SA_REKEY_NEW:
		break;
	case SA_INIT_REPLY:
	case SA_INIT_DONE:
	case SA_AUTH_CHECK:
		if (sa->hs != NULL && sa->hs->put_off)
			report_ike(e, sa, FAIL_RESOURCES, "IKE_AUTH could not "
			    "be answered within %d s: see the lines before",
			    HALF_OPEN_S);
		else
			report_ike(e, sa, FAIL_NO_ANSWER, "the initiator did "
			    "not go on with IKE_AUTH within %d s",
			    HALF_OPEN_S);
		break;
	default:
		report_time_up(e, sa);
		break;
	}
	sa_destroy(e, sa);
}

/* The soft lifetime begins a rekey, the hard one ends the SA. */
static void
life_over(struct engine *e, struct ike_sa *sa)
{
	struct conf_peer *cp = sa_conf(e, sa);

	if (sa->state != SA_ESTABLISHED)
		return;
	if (sa->soft_passed || cp == NULL) {
		task_add_first(e, sa, TASK_IKE_DEL, 0);
		return;
	}
	sa->soft_passed = true;
	sa_due_in(e, sa, DUE_LIFE, cp->profile->lifetime_s / 5 + 1);
	task_add(e, sa, TASK_IKE_REKEY, 0);
}

static void
on_due(struct engine *e, struct ike_sa *sa, enum sa_due which)
{
	switch (which) {
	case DUE_RETRANSMIT:
		xchg_retransmit(e, sa);
		break;
	case DUE_STATE:
		state_over(e, sa);
		break;
	case DUE_OWN:
	case DUE_THEIRS:
		v2_work_late(e, sa, which == DUE_THEIRS);
		break;
	case DUE_LIFE:
		life_over(e, sa);
		break;
	case DUE_DPD:
		liveness_due(e, sa);
		break;
	case DUE_KEEPALIVE:
		liveness_keepalive(e, sa);
		break;
	case DUE_TASK:
		sa->task_paused = false;
		task_run(e, sa);
		break;
	case DUE_REKEY:
		rekey_due(e, sa);
		break;
	case DUE_CACHE:
		store_del_init(e, sa);
		free(sa->resp);
		sa->resp = NULL;
		break;
	case DUE_FRAGMENTS:
		xchg_forget_fragments(e, sa);
		break;
	default:
		break;
	}
}

static void
sa_timer(struct engine *e, struct ike_sa *sa)
{
	struct mono now = eng_now(e);
	int i;

	for (i = 0; i < DUE_N; i++) {
		if (mono_cmp(sa->due[i], now) > 0)
			continue;
		sa->due[i] = MONO_NEVER;
		on_due(e, sa, i);
		if (store_get(e, sa->k->spi_own) != sa)
			return;
	}
	/* Puts the node back for what is still to come. */
	sa_due(e, sa, DUE_TASK, sa->due[DUE_TASK]);
}

void
engine_timers(struct engine *e)
{
	struct timer *t;

	eng_enter(e);
	while ((t = timers_pop(&e->timers, eng_now(e))) != NULL)
		sa_timer(e, (struct ike_sa *)((char *)t -
		    offsetof(struct ike_sa, timer)));
	initiate_due(e);
	eng_leave(e);
}
