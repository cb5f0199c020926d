/*
 * When we begin: at load, on a packet, and again after a failure.
 */
#include "lib/worker.h"
#include "ikepd/core.h"
#include "ikepd/child.h"
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/task.h"
#include "ikepd/v2/v2.h"

#include <stdlib.h>

#define RETRY_FIRST_S	2
#define RETRY_MAX_S	60

/* True for a peer whose address is one address. */
static bool
reachable(const struct conf_peer *cp)
{
	const struct prefix *p = &cp->c->address;

	return cp->c->mode == PEER_IKE2 && p->addr.family != AF_UNSPEC &&
	    p->bits == addr_bits(&p->addr) && !addr_is_any(&p->addr);
}

static bool
initiable(const struct ike_policy *p)
{
	return !p->template && !p->acquire_only;
}

/* An SA that is up, else one that we are bringing up.  What the peer has
 * begun proves nothing yet. */
static struct ike_sa *
peer_sa(const struct peer_run *pr)
{
	struct ike_sa *sa, *coming = NULL;

	for (sa = pr->sas; sa != NULL; sa = sa->peer_next) {
		if (sa->state == SA_ESTABLISHED)
			return sa;
		if (sa_half_open(sa) && sa->k->initiator)
			coming = sa;
	}
	return coming;
}

static int
set_path(struct engine *e, struct ike_sa *sa, const struct ike_peer *p)
{
	struct ike_path *path = &sa->k->path;
	const struct ike_settings *set = &e->conf->conf->set;

	path->remote.addr = p->address.addr;
	path->remote.port = p->port;
	path->local.addr = p->local;
	/* RFC 7296 2.23: one may begin on 4500, with the marker. */
	path->natt = p->port == 4500 || p->port == set->port_natt;
	path->local.port = path->natt ? set->port_natt : set->port_ike;
	if (p->local.family != AF_UNSPEC)
		return 0;
	if (e->ops.source(e->ops.ctx, &path->remote.addr,
	    &path->local.addr) == -1)
		return -1;
	session_outer(e, &path->local.addr);
	return 0;
}

struct ike_sa *
initiate(struct engine *e, struct conf_peer *cp, struct task **tasks)
{
	struct peer_run *pr = store_peer(e, cp->c->id);
	struct ike_sa *sa = sa_new();
	char ip[ADDR_STRLEN];

	if (sa == NULL || pr == NULL)
		goto fail;
	sa->hs = calloc(1, sizeof(*sa->hs));
	sa->k->spi_own = eng_spi(e);
	sa->k->initiator = true;
	sa->k->peer = cp->c->id;
	sa->k->made_us = eng_now(e).us;
	sa->state = SA_INIT_KE;
	if (sa->hs == NULL)
		goto fail;
	if (set_path(e, sa, cp->c) == -1) {
		log_limited(&pr->lim_route, eng_now(e),
		    LOG_T_IPSEC | LOG_T_ERROR,
		    "%s phase1 negotiation failed: peer=%s "
		    "reason=no-route: no route to the peer",
		    addr_fmt(&cp->c->address.addr, ip, sizeof(ip)),
		    cp->c->name);
		goto fail;
	}
	if (store_add(e, sa) == -1)
		goto fail;
	sa->tasks = *tasks;
	*tasks = NULL;
	timer_clear(&e->retries, &pr->retry);
	e->st.init_started++;
	sa_enter(e, sa, SA_INIT_KE);
	v2_init_start(e, sa);
	return sa;
fail:
	sa_free(sa);
	task_free_all(tasks);
	if (pr != NULL)
		initiate_later(e, pr);
	return NULL;
}

void
initiate_later(struct engine *e, struct peer_run *pr)
{
	unsigned s = RETRY_FIRST_S, i;

	if (!pr->wanted || e->stopping || timer_armed(&pr->retry) ||
	    peer_sa(pr) != NULL)
		return;
	for (i = 0; i < pr->failures && s < RETRY_MAX_S; i++)
		s *= 2;
	if (s > RETRY_MAX_S)
		s = RETRY_MAX_S;
	pr->failures++;
	/* Up to a second more, lest two ends always meet halfway. */
	(void)timer_set(&e->retries, &pr->retry, mono_add(eng_now(e),
	    MONO_MS(s * 1000 + eng_random64(e) % 1000)));
}

static bool
being_replaced(const struct peer_run *pr, const struct ike_sa *old)
{
	const struct ike_sa *sa;

	for (sa = pr->sas; sa != NULL; sa = sa->peer_next)
		if (sa->old_sa == old->k->spi_own)
			return true;
	return false;
}

void
initiate_instead(struct engine *e, struct ike_sa *old)
{
	struct conf_peer *cp = sa_conf(e, old);
	struct peer_run *pr = store_peer(e, old->k->peer);
	struct task *tasks = NULL;
	struct ike_sa *sa;
	struct child *c;

	if (cp == NULL || pr == NULL || e->stopping || cp->c->passive ||
	    !reachable(cp) || old->state != SA_ESTABLISHED ||
	    being_replaced(pr, old))
		return;
	for (c = old->children; c != NULL; c = c->next) {
		const struct ike_policy *p = confidx_policy(e->conf,
		    c->policy);

		if (p != NULL && initiable(p) && c->state == CHILD_LIVE)
			(void)task_list_child(&tasks, p->id, NULL);
	}
	if (tasks == NULL && !cp->asks)
		return;
	if (!task_list_add(&tasks, TASK_OLD_DEL, 0)) {
		task_free_all(&tasks);
		return;
	}
	log_info(LOG_T_IPSEC, "peer %s does not rekey; a new IKE SA is "
	    "negotiated to take over", cp->c->name);
	sa = initiate(e, cp, &tasks);
	if (sa != NULL)
		sa->old_sa = old->k->spi_own;
}

/* Brings up a peer with a child for each of its policies. */
static void
bring_up(struct engine *e, struct peer_run *pr)
{
	struct conf_peer *cp = confidx_peer(e->conf, pr->id);
	const struct ike_policy *p;
	struct task *tasks = NULL;
	struct ike_sa *sa;
	size_t i;

	/* Without certd's word we would keep silent about signatures, and
	 * so would the peer. */
	if (cp == NULL || !reachable(cp) || (cp->certs && !e->trust_certs))
		return;
	sa = peer_sa(pr);
	for (i = 0; i < cp->npolicies; i++) {
		p = cp->policies[i];
		if (!initiable(p))
			continue;
		if (sa == NULL)
			(void)task_list_child(&tasks, p->id, NULL);
		else if (child_of_policy(sa, p->id) == NULL)
			(void)task_add_child(e, sa, p->id, NULL);
	}
	if (sa == NULL && (tasks != NULL || cp->asks))
		(void)initiate(e, cp, &tasks);
	else if (sa != NULL)
		session_children(e, sa, 0);
	task_free_all(&tasks);
}

void
initiate_due(struct engine *e)
{
	struct timer *t;

	while ((t = timers_pop(&e->retries, eng_now(e))) != NULL) {
		struct peer_run *pr = (struct peer_run *)((char *)t -
		    offsetof(struct peer_run, retry));

		if (pr->wanted && !e->stopping && e->conf != NULL)
			bring_up(e, pr);
	}
}

void
initiate_wanted(struct engine *e)
{
	struct peer_run *pr;
	size_t at = 0;

	if (e->conf == NULL || e->stopping)
		return;
	while ((pr = hash_next(&e->peers, &at)) != NULL)
		if (pr->wanted)
			bring_up(e, pr);
}

static bool
ours(const struct engine *e, const struct ike_peer *p)
{
	const struct ike_settings *set = &e->conf->conf->set;

	return worker_of_peer(p->dns[0] != '\0' ? NULL : &p->address, p->id,
	    set->workers) == (set->workers <= 1 ? 0 : set->worker);
}

void
engine_start(struct engine *e)
{
	size_t i;

	if (e->conf == NULL || e->stopping)
		return;
	eng_enter(e);
	for (i = 0; i < e->conf->npeers; i++) {
		struct conf_peer *cp = &e->conf->peers[i];
		struct peer_run *pr;

		if (cp->c->passive || cp->c->mode != PEER_IKE2 ||
		    !ours(e, cp->c))
			continue;
		pr = store_peer(e, cp->c->id);
		if (pr == NULL)
			continue;
		pr->wanted = true;
		bring_up(e, pr);
	}
	eng_leave(e);
}

void
engine_acquire(struct engine *e, const struct acquire *a)
{
	const struct ike_policy *p;
	struct conf_peer *cp;
	struct peer_run *pr;
	struct task *tasks = NULL;
	struct ike_sa *sa;

	if (e->conf == NULL || e->stopping)
		return;
	p = confidx_policy(e->conf, a->policy);
	cp = confidx_peer(e->conf, a->peer);
	pr = cp == NULL ? NULL : store_peer(e, cp->c->id);
	if (p == NULL || pr == NULL || !initiable(p))
		return;
	eng_enter(e);
	sa = peer_sa(pr);
	/* Behind a prefix are many; which one is meant nobody knows. */
	if (sa != NULL && !reachable(cp) && (pr->sas != sa ||
	    sa->peer_next != NULL))
		sa = NULL;
	if (sa != NULL)
		(void)task_add_child(e, sa, p->id, a);
	else if (!reachable(cp))
		log_info(LOG_T_IPSEC, "a packet waits for peer %s, which has "
		    "no single address to initiate to", cp->c->name);
	else if (task_list_child(&tasks, p->id, a))
		(void)initiate(e, cp, &tasks);
	eng_leave(e);
}
