/*
 * Events that come from the operator, the supervisor and keymgr.
 */
#include "ikepd/child.h"
#include "ikepd/core.h"
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/task.h"
#include "ikepd/tsel.h"

#include <stdlib.h>
#include <string.h>

/*
 * Ends an SA politely where there is somebody to tell.  One that a rekey is
 * making inherits the end of the old one.
 */
static void
end_sa(struct engine *e, struct ike_sa *sa)
{
	if (sa->state == SA_ESTABLISHED &&
	    !task_add_first(e, sa, TASK_IKE_DEL, 0))
		sa_destroy(e, sa);
	else if (sa_half_open(sa))
		sa_destroy(e, sa);
}

/* At once, whatever the peer says to that or does not. */
static void
cut_sa(struct engine *e, struct ike_sa *sa)
{
	child_remove_all(e, sa);
	session_end(e, sa);
	end_sa(e, sa);
}

static void
end_told(struct engine *e, struct ike_sa *sa, const char *reason)
{
	char ip[ADDR_STRLEN], id[256];

	log_warn(LOG_T_IPSEC, "%s IKE SA ended: peer=%s id=%s reason=%s",
	    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)),
	    report_peer(e, sa), report_id(sa_id_peer(sa), id, sizeof(id)),
	    reason);
	cut_sa(e, sa);
}

static void
end_revoked(struct engine *e, struct ike_sa *sa)
{
	end_told(e, sa, "revoked: the peer's certificate was revoked");
}

static void
end_expired(struct engine *e, struct ike_sa *sa)
{
	end_told(e, sa, "expired: the peer's certificate, or one of its "
	    "chain, has expired");
}

/* Ends each SA that is wanted.  SPIs are collected first, since the table
 * changes meanwhile. */
static unsigned
each_sa(struct engine *e, bool (*want)(const struct engine *,
    const struct ike_sa *, const void *), const void *arg,
    void (*end)(struct engine *, struct ike_sa *))
{
	size_t at = 0, n = 0, i, max = hash_count(&e->by_spi);
	uint64_t *spis = calloc(max + 1, sizeof(*spis));
	struct ike_sa *sa;

	if (spis == NULL) {
		log_error(LOG_T_IPSEC, "out of memory: IKE SAs that should "
		    "end go on");
		return 0;
	}
	while ((sa = hash_next(&e->by_spi, &at)) != NULL)
		if (sa->state != SA_CLOSED && want(e, sa, arg))
			spis[n++] = sa->k->spi_own;
	for (i = 0; i < n; i++) {
		sa = store_get(e, spis[i]);
		if (sa != NULL)
			end(e, sa);
	}
	free(spis);
	return (unsigned)n;
}

static bool
same_peer(const struct conf_peer *a, const struct conf_peer *b)
{
	return a->c->mode == b->c->mode && a->c->port == b->c->port &&
	    strcmp(a->c->dns, b->c->dns) == 0 && (a->c->dns[0] != '\0' ||
	    prefix_equal(&a->c->address, &b->c->address)) &&
	    addr_equal(&a->c->local, &b->c->local) &&
	    memcmp(&a->profile->offer, &b->profile->offer,
	    sizeof(a->profile->offer)) == 0;
}

/* Whoever is online by it could not be, or not so, with the new one. */
static bool
identity_changed(const struct engine *e, const struct ike_sa *sa,
    const struct confidx *old)
{
	const struct ike_identity *was, *is;

	if (sa->k->identity == 0)	/* not known yet */
		return false;
	was = confidx_identity(old, sa->k->identity);
	is = confidx_identity(e->conf, sa->k->identity);
	return was == NULL || is == NULL || was->peer != is->peer ||
	    was->certs != is->certs || was->cfg != is->cfg;
}

/* want(): the peer or identity of this SA is gone or means something else
 * now. */
static bool
means_other(const struct engine *e, const struct ike_sa *sa, const void *arg)
{
	const struct confidx *old = arg;
	struct conf_peer *was = confidx_peer(old, sa->k->peer);
	struct conf_peer *is = sa_conf(e, sa);
	char ip[ADDR_STRLEN];
	const char *what;

	if (was == NULL || is == NULL)
		what = "peer is gone from";
	else if (!same_peer(was, is))
		what = "peer is another in";
	else if (identity_changed(e, sa, old))
		what = "identity is gone from, or another in,";
	else
		return false;
	log_info(LOG_T_IPSEC, "%s IKE SA %016llx is to end: its %s the new "
	    "configuration", addr_fmt(&sa->k->path.remote.addr, ip,
	    sizeof(ip)), (unsigned long long)sa->k->spi_own, what);
	return true;
}

static bool
same_selectors(const struct ike_policy *p, const struct ike_policy *q)
{
	struct ts_list a, b;

	ike_policy_local(p, &a);
	ike_policy_local(q, &b);
	if (!tsel_equal(&a, &b))
		return false;
	ike_policy_remote(p, &a);
	ike_policy_remote(q, &b);
	return tsel_equal(&a, &b);
}

/* A static policy has all of a child's selectors, a template covers them. */
static bool
still_selects(const struct ike_policy *was, const struct ike_policy *is,
    const struct child *c)
{
	struct ts_list mine, allowed;

	if (!is->template)
		return same_selectors(was, is);
	child_local(c, &mine);
	ike_policy_local(is, &allowed);
	if (!tsel_covers(&allowed, &mine))
		return false;
	child_remote(c, &mine);
	ike_policy_remote(is, &allowed);
	return tsel_covers(&allowed, &mine);
}

static bool
same_policy(const struct confidx *a, const struct confidx *b,
    const struct child *c)
{
	uint32_t id = c->policy;
	const struct ike_policy *p = confidx_policy(a, id);
	const struct ike_policy *q = confidx_policy(b, id);
	const struct ike_proposal *pp, *qp;

	if (p == NULL || q == NULL || p->template != q->template ||
	    p->transport != q->transport || p->peer != q->peer ||
	    p->group != q->group || !still_selects(p, q, c))
		return false;
	pp = confidx_proposal(a, p->proposal);
	qp = confidx_proposal(b, q->proposal);
	return pp != NULL && qp != NULL &&
	    memcmp(&pp->offer, &qp->offer, sizeof(pp->offer)) == 0;
}

/* After the old child of it has gone, a new one is made. */
static bool
is_wanted(struct engine *e, const struct ike_sa *sa, uint32_t policy)
{
	const struct ike_policy *p = confidx_policy(e->conf, policy);
	const struct peer_run *pr = store_peer(e, sa->k->peer);

	return p != NULL && !p->template && !p->acquire_only && pr != NULL &&
	    pr->wanted;
}

/* The IKE SA stays, but the policy of a child is no more, or another. */
static void
drop_children(struct engine *e, const struct confidx *old)
{
	size_t at = 0;
	struct child *c;

	while ((c = hash_next(&e->children, &at)) != NULL) {
		struct ike_sa *sa = store_get(e, c->ike_spi);

		if (sa != NULL && c->state == CHILD_LIVE &&
		    !same_policy(old, e->conf, c)) {
			(void)task_list_add(&sa->tasks, TASK_CHILD_DEL,
			    c->spi_in);
			if (is_wanted(e, sa, c->policy))
				(void)task_list_child(&sa->tasks, c->policy,
				    NULL);
		}
	}
}

/* A name that has no address just now keeps the one it had. */
static void
keep_resolved(struct confidx *to, const struct confidx *from)
{
	size_t i;

	for (i = 0; i < to->npeers; i++) {
		struct conf_peer *is = &to->peers[i];
		struct conf_peer *was = confidx_peer(from, is->c->id);

		if (is->c->dns[0] != '\0' && was != NULL &&
		    is->c->address.addr.family == AF_UNSPEC &&
		    was->c->address.addr.family != AF_UNSPEC &&
		    strcmp(is->c->dns, was->c->dns) == 0)
			confidx_resolved(to, is, &was->c->address.addr);
	}
}

static void
unwant_peers(struct engine *e)
{
	struct peer_run *pr;
	size_t at = 0;

	while ((pr = hash_next(&e->peers, &at)) != NULL) {
		struct conf_peer *cp = confidx_peer(e->conf, pr->id);

		if (cp != NULL && !cp->c->passive)
			continue;
		pr->wanted = false;
		timer_clear(&e->retries, &pr->retry);
	}
}

static void
run_all_tasks(struct engine *e)
{
	size_t at = 0, n = 0, i, max = hash_count(&e->by_spi);
	uint64_t *spis = calloc(max + 1, sizeof(*spis));
	struct ike_sa *sa;

	if (spis == NULL)
		return;
	while ((sa = hash_next(&e->by_spi, &at)) != NULL)
		if (sa->tasks != NULL)
			spis[n++] = sa->k->spi_own;
	for (i = 0; i < n; i++)
		if ((sa = store_get(e, spis[i])) != NULL)
			task_run(e, sa);
	free(spis);
}

void
engine_conf(struct engine *e, struct ike_conf *conf)
{
	struct confidx *x = confidx_new(conf, e->seed), *old = e->conf;

	if (x == NULL) {
		log_error(LOG_T_IPSEC, "the new configuration is not usable; "
		    "the old one stays");
		return;
	}
	eng_enter(e);
	e->conf = x;
	if (old != NULL) {
		keep_resolved(x, old);
		unwant_peers(e);
		(void)each_sa(e, means_other, old, cut_sa);
		drop_children(e, old);
		run_all_tasks(e);
		confidx_free(old);
	}
	eng_leave(e);
}

static bool
want_all(const struct engine *e, const struct ike_sa *sa, const void *arg)
{
	(void)e;
	(void)sa;
	(void)arg;
	return true;
}

static bool
want_remote(const struct engine *e, const struct ike_sa *sa,
    const void *arg)
{
	(void)e;
	return addr_equal(&sa->k->path.remote.addr, arg);
}

static bool
want_fp(const struct engine *e, const struct ike_sa *sa, const void *arg)
{
	(void)e;
	return sa->session != NULL &&
	    memcmp(sa->session->fp, arg, AUTH_FP_LEN) == 0;
}

static unsigned
end_with_cert(struct engine *e, const uint8_t fp[AUTH_FP_LEN],
    void (*end)(struct engine *, struct ike_sa *))
{
	static const uint8_t none[AUTH_FP_LEN];
	unsigned n;

	if (memcmp(fp, none, sizeof(none)) == 0)
		return 0;
	eng_enter(e);
	n = each_sa(e, want_fp, fp, end);
	eng_leave(e);
	return n;
}

unsigned
engine_revoked(struct engine *e, const uint8_t fp[AUTH_FP_LEN])
{
	return end_with_cert(e, fp, end_revoked);
}

unsigned
engine_expired(struct engine *e, const uint8_t fp[AUTH_FP_LEN])
{
	return end_with_cert(e, fp, end_expired);
}

static bool
want_spi(const struct engine *e, const struct ike_sa *sa, const void *arg)
{
	(void)e;
	return sa->k->spi_own == *(const uint64_t *)arg;
}

unsigned
engine_kill(struct engine *e, const struct addr *remote, uint64_t spi)
{
	unsigned n;

	eng_enter(e);
	if (spi != 0)
		n = each_sa(e, want_spi, &spi, end_sa);
	else if (remote != NULL && remote->family != AF_UNSPEC)
		n = each_sa(e, want_remote, remote, end_sa);
	else
		n = each_sa(e, want_all, NULL, end_sa);
	eng_leave(e);
	return n;
}

/* Closed ones have nothing left to say, and whoever let a request of ours
 * be repeated will not hear of the end either. */
static void
drop_silent(struct engine *e)
{
	struct ike_sa *sa;
	size_t at = 0;

	while ((sa = hash_next(&e->by_spi, &at)) != NULL)
		if (sa->state == SA_CLOSED ||
		    (sa->req != NULL && sa->tries > 1)) {
			sa_destroy(e, sa);
			at = 0;
		}
}

void
engine_shutdown(struct engine *e)
{
	struct peer_run *pr;
	size_t at = 0;

	eng_enter(e);
	e->stopping = true;
	while ((pr = hash_next(&e->peers, &at)) != NULL)
		timer_clear(&e->retries, &pr->retry);
	(void)each_sa(e, want_all, NULL, end_sa);
	drop_silent(e);
	eng_leave(e);
}

void
engine_expire(struct engine *e, uint32_t spi_in, bool hard)
{
	struct child *c = child_get(e, spi_in);
	struct ike_sa *sa = c == NULL ? NULL : store_get(e, c->ike_spi);

	if (sa == NULL)
		return;
	eng_enter(e);
	if (hard) {
		if (c->state == CHILD_LIVE || c->state == CHILD_REKEYED)
			(void)task_add_first(e, sa, TASK_CHILD_DEL, spi_in);
	} else if (c->state == CHILD_LIVE && !c->rekeying)
		(void)task_add(e, sa, TASK_CHILD_REKEY, spi_in);
	eng_leave(e);
}

void
engine_child_gone(struct engine *e, uint32_t spi_in)
{
	engine_expire(e, spi_in, true);
}

void
engine_mapping(struct engine *e, uint32_t spi_in,
    const struct endpoint *remote)
{
	struct child *c = child_get(e, spi_in), *o;
	struct ike_sa *sa = c == NULL ? NULL : store_get(e, c->ike_spi);

	/* RFC 7296 2.23: only towards a peer behind NAT, and not from
	 * behind one. */
	if (sa == NULL || !sa->k->natt_peer || sa->k->natt_self ||
	    endpoint_equal(&sa->k->path.remote, remote))
		return;
	eng_enter(e);
	sa->k->path.remote = *remote;
	for (o = sa->children; o != NULL; o = o->next)
		child_path(e, sa, o);
	session_moved(e, sa);
	eng_leave(e);
}

void
engine_resync(struct engine *e)
{
	struct child_req r;
	struct child *c;
	size_t at = 0;

	while ((c = hash_next(&e->children, &at)) != NULL) {
		if (c->state == CHILD_ADDING)
			continue;
		child_describe(e, c, &r);
		e->ops.child_adopt(e->ops.ctx, &r);
	}
	session_vips(e);
}
