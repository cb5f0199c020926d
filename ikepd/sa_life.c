/*
 * The life of an IKE SA: one function changes its state, one ends it.
 */
#include "ikepd/core.h"
#include "ikepd/child.h"
#include "ikepd/exchange.h"
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/task.h"
#include "ikepd/work.h"

#include <stdlib.h>

struct conf_peer *
sa_conf(const struct engine *e, const struct ike_sa *sa)
{
	return e->conf == NULL ? NULL : confidx_peer(e->conf, sa->k->peer);
}

static void
due_update(struct engine *e, struct ike_sa *sa)
{
	struct mono at = MONO_NEVER;
	int i;

	for (i = 0; i < DUE_N; i++)
		if (mono_cmp(sa->due[i], at) < 0)
			at = sa->due[i];
	/* Out of memory: the SA would live for ever; end it at once. */
	if (timer_set(&e->timers, &sa->timer, at) == -1 &&
	    sa->state != SA_CLOSED)
		sa_destroy(e, sa);
}

void
sa_due(struct engine *e, struct ike_sa *sa, enum sa_due which,
    struct mono at)
{
	sa->due[which] = at;
	due_update(e, sa);
}

void
sa_due_in(struct engine *e, struct ike_sa *sa, enum sa_due which, unsigned s)
{
	sa_due(e, sa, which, mono_add(eng_now(e), MONO_S(s)));
}

void
sa_due_never(struct engine *e, struct ike_sa *sa, enum sa_due which)
{
	if (mono_is_never(sa->due[which]))
		return;
	sa->due[which] = MONO_NEVER;
	due_update(e, sa);
}

/* How long a state may last, seconds; 0: as long as it likes. */
static const uint8_t state_limit[SA_STATES] = {
	[SA_INIT_KE] = 150,
	[SA_INIT_REPLY] = HALF_OPEN_S,
	[SA_REKEY_NEW] = 180,
	[SA_REPLACED] = REPLACED_S,
	[SA_DELETING] = 60,
	[SA_CLOSED] = CLOSED_S,
};

void
sa_enter(struct engine *e, struct ike_sa *sa, enum sa_state s)
{
	char ip[ADDR_STRLEN];

	log_debug(LOG_T_IPSEC, "%s IKE SA %016llx: %s -> %s",
	    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)),
	    (unsigned long long)sa->k->spi_own, sa_state_name(sa->state),
	    sa_state_name(s));
	if (!sa->k->initiator && sa_half_open(sa) && s >= SA_REKEY_NEW &&
	    e->half_open > 0)
		e->half_open--;
	sa->state = s;
	if (s >= SA_REKEY_NEW)
		sa_due_never(e, sa, DUE_STATE);
	if (state_limit[s] != 0)
		sa_due_in(e, sa, DUE_STATE, state_limit[s]);
}

/* Everything but the envelope: what is left can only repeat itself. */
static void
sa_strip(struct engine *e, struct ike_sa *sa)
{
	struct ike_sa *rival = sa->own == NULL || sa->own->rival_sa == 0 ?
	    NULL : store_get(e, sa->own->rival_sa);

	/* The peer's rekey stands, ours is forgotten (RFC 7296 2.25.2). */
	if (rival != NULL) {
		session_pass_on(e, sa, rival);
		task_move_all(sa, rival);
	}
	work_end(e, &sa->own);
	work_end(e, &sa->theirs);
	child_remove_all(e, sa);
	session_end(e, sa);
	task_free_all(&sa->tasks);
	handshake_free(sa->hs);
	sa->hs = NULL;
	free(sa->req);
	sa->req = NULL;
	xchg_forget_fragments(e, sa);
	if (sa->k->id_peer_len > 0)
		store_del_id(e, sa);
	if (sa->peer_prev != NULL) {
		struct peer_run *pr = store_peer(e, sa->k->peer);

		*sa->peer_prev = sa->peer_next;
		if (sa->peer_next != NULL)
			sa->peer_next->peer_prev = sa->peer_prev;
		sa->peer_next = NULL;
		sa->peer_prev = NULL;
		if (pr != NULL)
			initiate_later(e, pr);
	}
	if (rival != NULL && !e->stopping)
		task_run(e, rival);
}

static void
clear_dues(struct engine *e, struct ike_sa *sa)
{
	int i;

	for (i = 0; i < DUE_N; i++)
		sa->due[i] = MONO_NEVER;
	timer_clear(&e->timers, &sa->timer);
}

void
sa_close(struct engine *e, struct ike_sa *sa)
{
	if (sa->state == SA_CLOSED)
		return;
	e->st.ike_deleted++;
	sa_enter(e, sa, SA_CLOSED);
	sa_strip(e, sa);
	clear_dues(e, sa);
	/* Refused peers may come faster than these go. */
	if (e->stopping || sa->resp == NULL || e->conf == NULL ||
	    e->closed >= e->conf->conf->set.half_open_max) {
		sa_destroy(e, sa);
		return;
	}
	sa->lingers = true;
	e->closed++;
	sa_due_in(e, sa, DUE_STATE, CLOSED_S);
}

void
sa_destroy(struct engine *e, struct ike_sa *sa)
{
	if (store_get(e, sa->k->spi_own) != sa)
		return;
	hash_del(&e->by_spi, sa->k->spi_own);
	store_del_init(e, sa);
	if (sa->lingers)
		e->closed--;
	sa->lingers = false;
	if (sa->state != SA_CLOSED)
		sa_enter(e, sa, SA_CLOSED);
	sa_strip(e, sa);
	clear_dues(e, sa);
	sa->peer_next = e->dead;
	e->dead = sa;
}

void
sa_arm(struct engine *e, struct ike_sa *sa)
{
	struct conf_peer *cp = sa_conf(e, sa);

	if (cp == NULL)
		return;
	if (cp->profile->lifetime_s > 0) {
		uint64_t life = cp->profile->lifetime_s;
		/* Soft at 80 % and up to 5 % less, so that both ends and
		 * many SAs do not begin at the same moment. */
		uint64_t soft = life * 1000 * 8 / 10 -
		    eng_random64(e) % (life * 1000 / 20 + 1);

		sa->soft_passed = false;
		sa_due(e, sa, DUE_LIFE, mono_add(eng_now(e), MONO_MS(soft)));
	}
	if (cp->profile->dpd_s > 0)
		sa_due_in(e, sa, DUE_DPD, cp->profile->dpd_s);
	if (sa->k->natt_self && e->conf->conf->set.keepalive_s > 0)
		sa_due_in(e, sa, DUE_KEEPALIVE,
		    e->conf->conf->set.keepalive_s);
}

void
sa_established(struct engine *e, struct ike_sa *sa)
{
	struct peer_run *pr = store_peer(e, sa->k->peer);
	char ip[ADDR_STRLEN], suite[96], own[256], peer[256];

	sa_enter(e, sa, SA_ESTABLISHED);
	sa->k->established_us = eng_now(e).us;
	handshake_free(sa->hs);
	sa->hs = NULL;
	if (sa->k->initiator)
		e->st.established_initiator++;
	else
		e->st.established_responder++;
	if (pr != NULL)
		pr->failures = 0;
	sa_arm(e, sa);
	log_info(LOG_T_IPSEC, "%s IKE SA established: %s === %s %s",
	    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)),
	    report_id(sa_id_own(sa), own, sizeof(own)),
	    report_id(sa_id_peer(sa), peer, sizeof(peer)),
	    sa_suite(sa, suite, sizeof(suite)));
}
