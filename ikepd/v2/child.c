/*
 * CREATE_CHILD_SA for child SAs: new ones and rekeyed ones, both roles
 * (RFC 7296 1.3.1, 1.3.3, 2.8, 2.25).
 */
#include "ikepd/v2/child.h"
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/v2/nego.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

#include <stdlib.h>
#include <string.h>

#define NONCE_LEN	32
#define KE_RESTARTS	3

static struct task *
task_copy(const struct task *t)
{
	struct task *c = malloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = *t;
	c->next = NULL;
	return c;
}

static int
own_nonce(struct engine *e, struct secret *n)
{
	if (secret_alloc(n, NONCE_LEN) == -1)
		return -1;
	e->ops.random(e->ops.ctx, n->data, n->len);
	return 0;
}

/* The old child is free for the next attempt. */
static void
rekey_over(struct engine *e, const struct work *w)
{
	struct child *c = w->old_child == 0 ? NULL :
	    child_get(e, w->old_child);

	if (c == NULL)
		return;
	c->rekeying = false;
	/* The peer's own rekey of it stands. */
	if (w->rival_child != 0 && c->state == CHILD_LIVE)
		c->state = CHILD_REKEYED;
}

void
child_over(struct engine *e, struct ike_sa *sa)
{
	uint32_t old = sa->own == NULL ? 0 : sa->own->old_child;

	rekey_over(e, sa->own);
	work_end(e, &sa->own);
	/* The kernel asks once for it. */
	if (old != 0)
		rekey_again(e, sa, old);
	task_run(e, sa);
}

/* HDR, SK {[N(REKEY_SA)], [N(USE_TRANSPORT_MODE)], SA, Ni, [KEi], TSi,
 * TSr} --> */
static void
child_send(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct outmsg m;
	size_t len;

	if (!w->ok || sa->state != SA_ESTABLISHED) {
		if (!w->ok)
			report_child(e, sa, w->neg->policy, FAIL_INTERNAL,
			    "%s", w->why);
		child_over(e, sa);
		return;
	}
	out_begin(&m, sa, CREATE_CHILD_SA, false);
	if (w->old_child != 0) {
		uint32_t s = w->old_child;
		uint8_t spi[4] = { (uint8_t)(s >> 24), (uint8_t)(s >> 16),
			(uint8_t)(s >> 8), (uint8_t)s };

		msg_notify_spi(&m.w, PROTO_ESP, spi, sizeof(spi), N_REKEY_SA,
		    NULL, 0);
	}
	nego_put_sa(e, &m, w);
	msg_add(&m.w, PL_NONCE, w->ni.data, w->ni.len);
	if (w->group != NULL) {
		const uint8_t *pub = ke_public(w->ke, &len);

		msg_payload(&m.w, PL_KE);
		ke_put(&m.b, w->group->v2, pub, len);
	}
	nego_put_ts(&m, w);
	(void)out_request(e, sa, &m);
}

enum task_start
child_begin(struct engine *e, struct ike_sa *sa, const struct task *t,
    uint32_t policy, struct child *old)
{
	const struct ike_policy *p = confidx_policy(e->conf, policy);
	const struct ike_proposal *prop = p == NULL ? NULL :
	    confidx_proposal(e->conf, p->proposal);
	const char *why = "out of memory";
	struct work *w;

	if (prop == NULL)
		return TASK_NEEDLESS;
	w = work_new(e, sa, false, t->kind);
	if (w == NULL || (w->again = task_copy(t)) == NULL ||
	    own_nonce(e, &w->ni) == -1 ||
	    nego_begin(e, sa, w, p, t, old, &why) == -1) {
		report_child(e, sa, policy, FAIL_RESOURCES, "%s", why);
		work_end(e, &sa->own);
		return TASK_LATER;
	}
	if (old != NULL) {
		w->old_child = old->spi_in;
		old->rekeying = true;
	}
	w->ok = true;
	w->group = offer_ke_first(&prop->offer);
	if (w->group == NULL)
		child_send(e, sa, w);
	else if (work_ke(e, sa, w, false, child_send) == -1) {
		child_over(e, sa);
		return TASK_LATER;
	}
	return TASK_STARTED;
}

enum task_start
v2_child_start(struct engine *e, struct ike_sa *sa, const struct task *t)
{
	const struct ike_policy *p = confidx_policy(e->conf, t->arg);
	bool has = t->packet ? child_serves(sa, t->arg, &t->local,
	    &t->remote) : child_of_policy(sa, t->arg) != NULL;

	/* What a template stands for, the peer alone knows, unless it has
	 * given us an address. */
	if (p == NULL || has || (p->template &&
	    p != session_template(e, sa, AF_INET) &&
	    p != session_template(e, sa, AF_INET6)))
		return TASK_NEEDLESS;
	return child_begin(e, sa, t, t->arg, NULL);
}

/* The peer has the child, we do not. */
static void
child_undo(struct engine *e, struct ike_sa *sa)
{
	sa->own->neg->spi_used = true;
	(void)task_list_add(&sa->tasks, TASK_CHILD_UNDO,
	    sa->own->neg->spi_in);
	child_over(e, sa);
}

static void
child_installed(struct engine *e, struct ike_sa *sa, struct work *w)
{
	if (!w->ok) {
		report_child(e, sa, w->neg->policy, FAIL_RESOURCES,
		    "not installed: %s", w->why);
		child_undo(e, sa);
		return;
	}
	nego_done(e, sa, w);
	if (w->old_child != 0)
		rekey_child_done(e, sa, w);
	child_over(e, sa);
}

static void
child_derived(struct engine *e, struct ike_sa *sa, struct work *w)
{
	if (w->ok && nego_gone(w)) {
		child_undo(e, sa);
		return;
	}
	if (w->ok && work_install(e, sa, w, child_installed) == 0)
		return;
	report_child(e, sa, w->neg->policy, FAIL_INTERNAL, "%s", w->why);
	child_undo(e, sa);
}

/* RFC 7296 1.3.1: the same again with the group the peer wants. */
static void
other_group(struct engine *e, struct ike_sa *sa, const struct notify_body *n)
{
	struct work *w = sa->own;
	const struct ike_policy *p = confidx_policy(e->conf, w->neg->policy);
	const struct ike_proposal *prop = p == NULL ? NULL :
	    confidx_proposal(e->conf, p->proposal);
	const struct alg *group = NULL;
	uint16_t id = 0;

	if (prop != NULL && notify_group(n, &id) == 0)
		group = offer_ke(&prop->offer, id);
	if (group == NULL || group == w->group ||
	    ++w->restarts > KE_RESTARTS) {
		report_child(e, sa, w->neg->policy, FAIL_NO_PROPOSAL,
		    "the peer asks for PFS group %u, which is not in our "
		    "proposal", id);
		child_over(e, sa);
		return;
	}
	ke_free(w->ke);
	w->ke = NULL;
	w->group = group;
	if (work_ke(e, sa, w, false, child_send) == -1)
		child_over(e, sa);
}

void
child_temporary(struct engine *e, struct ike_sa *sa)
{
	struct mono now = eng_now(e);
	struct task *t = sa->own->again;

	if (sa->temp_failures == 0)
		sa->temp_since = now;
	if (sa->temp_failures < UINT8_MAX)
		sa->temp_failures++;
	if (mono_cmp(mono_add(sa->temp_since, MONO_S(TEMP_FAILURE_MAX_S)),
	    now) < 0) {
		report_ike(e, sa, FAIL_REFUSED, "the peer answers with "
		    "TEMPORARY_FAILURE for %d s; our states differ",
		    TEMP_FAILURE_MAX_S);
		child_over(e, sa);
		(void)task_add_first(e, sa, TASK_IKE_DEL, 0);
		return;
	}
	sa->own->again = NULL;
	rekey_over(e, sa->own);
	work_end(e, &sa->own);
	if (t != NULL && sa->state == SA_ESTABLISHED)
		task_put_off(e, sa, t, 3 + (unsigned)(eng_random64(e) % 5));
	else
		free(t);
}

static void
child_refused(struct engine *e, struct ike_sa *sa, uint16_t err,
    const struct notify_body *n)
{
	struct work *w = sa->own;
	bool rekeys;

	switch (err) {
	case N_INVALID_KE_PAYLOAD:
		other_group(e, sa, n);
		return;
	case N_TEMPORARY_FAILURE:
		child_temporary(e, sa);
		return;
	case N_CHILD_SA_NOT_FOUND:
		if (w->old_child != 0) {
			rekey_child_not_found(e, sa, w);
			child_over(e, sa);
			return;
		}
		break;
	case N_INVALID_SYNTAX:
		/* RFC 7296 2.21.3: fatal on both sides. */
		report_ike(e, sa, FAIL_REFUSED, "the peer answers with "
		    "INVALID_SYNTAX");
		sa_destroy(e, sa);
		return;
	default:
		break;
	}
	nego_refused(e, sa, w, err);
	rekeys = w->old_child != 0;
	child_over(e, sa);
	/* RFC 7296 4: all that a minimal peer offers is to begin anew. */
	if (rekeys && err == N_NO_ADDITIONAL_SAS)
		initiate_instead(e, sa);
}

/* <-- HDR, SK {[N(USE_TRANSPORT_MODE)], SA, Nr, [KEr], TSi, TSr} */
void
v2_child_response(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	struct work *w = sa->own;
	struct notify_body n;
	uint16_t err = v2_error(in, &n);

	if (err != 0 && payload_get(&in->pl, PL_SA) == NULL) {
		child_refused(e, sa, err, &n);
		return;
	}
	sa->temp_failures = 0;
	if (v2_nonce(in, &w->nr) == -1 ||
	    nego_response(e, sa, w, in) == -1) {
		child_undo(e, sa);
		return;
	}
	w->ok = true;
	if (w->group == NULL)
		child_derived(e, sa, w);
	else if (work_ke(e, sa, w, true, child_derived) == -1)
		child_undo(e, sa);
}

/* ---- the peer's requests ---- */

static void
their_error(struct engine *e, struct ike_sa *sa, uint16_t err,
    const void *data, size_t len)
{
	work_end(e, &sa->theirs);
	if (out_error(e, sa, CREATE_CHILD_SA, err, data, len) == -1)
		return;
	if (err == N_INVALID_SYNTAX) {
		report_ike(e, sa, FAIL_SYNTAX, "CREATE_CHILD_SA request: "
		    "its payloads cannot be read");
		sa_close(e, sa);
	}
}

/* <-- HDR, SK {[N(USE_TRANSPORT_MODE)], SA, Nr, [KEr], TSi, TSr} */
static void
their_installed(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct outmsg m;
	size_t len;

	if (!w->ok) {
		report_child(e, sa, w->neg->policy, FAIL_RESOURCES,
		    "not installed: %s", w->why);
		their_error(e, sa, N_NO_ADDITIONAL_SAS, NULL, 0);
		return;
	}
	out_begin(&m, sa, CREATE_CHILD_SA, true);
	nego_put_answer_sa(&m, w);
	msg_add(&m.w, PL_NONCE, w->nr.data, w->nr.len);
	if (w->group != NULL) {
		const uint8_t *pub = ke_public(w->ke, &len);

		msg_payload(&m.w, PL_KE);
		ke_put(&m.b, w->group->v2, pub, len);
	}
	nego_put_ts(&m, w);
	if (out_response(e, sa, &m) == -1)
		return;
	nego_done(e, sa, w);
	if (w->old_child != 0)
		rekey_child_answered(e, sa, w);
	work_end(e, &sa->theirs);
	task_run(e, sa);
}

static void
their_derived(struct engine *e, struct ike_sa *sa, struct work *w)
{
	if (w->ok && work_install(e, sa, w, their_installed) == 0)
		return;
	report_child(e, sa, w->neg->policy, FAIL_INTERNAL, "%s", w->why);
	their_error(e, sa, N_NO_ADDITIONAL_SAS, NULL, 0);
}

/*
 * N(REKEY_SA) names our outbound SPI.  0, or the Notify to answer with
 * (RFC 7296 2.25.1); *old stays NULL when nothing is rekeyed.
 */
static uint16_t
find_old(struct engine *e, struct ike_sa *sa, const struct inmsg *in,
    struct child **old, uint32_t *spi)
{
	struct notify_body n;

	*old = NULL;
	if (!v2_notify(in, N_REKEY_SA, &n))
		return 0;
	*spi = (uint32_t)notify_spi(&n, 4);
	*old = child_get_out(e, sa, *spi);
	/* The one we are about to learn of will be found a little later. */
	if (*old == NULL)
		return work_makes_child(sa->own) ? N_TEMPORARY_FAILURE :
		    N_CHILD_SA_NOT_FOUND;
	if ((*old)->state != CHILD_LIVE)
		return N_TEMPORARY_FAILURE;
	return 0;
}

static void
not_found(struct engine *e, struct ike_sa *sa, uint32_t spi)
{
	uint8_t s[4] = { (uint8_t)(spi >> 24), (uint8_t)(spi >> 16),
		(uint8_t)(spi >> 8), (uint8_t)spi };
	struct outmsg m;

	out_begin(&m, sa, CREATE_CHILD_SA, true);
	msg_notify_spi(&m.w, PROTO_ESP, s, sizeof(s), N_CHILD_SA_NOT_FOUND,
	    NULL, 0);
	(void)out_response(e, sa, &m);
}

static void
their_child(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	struct child *old;
	struct work *w;
	uint8_t data[2];
	uint32_t spi = 0;
	uint16_t err;
	size_t len;

	err = find_old(e, sa, in, &old, &spi);
	if (err == N_CHILD_SA_NOT_FOUND) {
		not_found(e, sa, spi);
		return;
	}
	if (err == 0 && sa->nchildren >= CHILDREN_MAX)
		err = N_NO_ADDITIONAL_SAS;
	w = err != 0 ? NULL : work_new(e, sa, true, TASK_CHILD_NEW);
	if (w == NULL || v2_nonce(in, &w->ni) == -1 ||
	    own_nonce(e, &w->nr) == -1) {
		their_error(e, sa, err != 0 ? err : w == NULL ?
		    N_TEMPORARY_FAILURE : N_INVALID_SYNTAX, NULL, 0);
		return;
	}
	w->identity = sa->k->identity;
	w->old_child = old == NULL ? 0 : old->spi_in;
	err = nego_request(e, sa, w, in, old, data, &len);
	if (err != 0) {
		their_error(e, sa, err, data, len);
		return;
	}
	w->ok = true;
	if (w->group == NULL)
		their_derived(e, sa, w);
	else if (work_ke(e, sa, w, true, their_derived) == -1)
		their_error(e, sa, N_TEMPORARY_FAILURE, NULL, 0);
}

/* RFC 7296 2.25: what runs on our side that this request would disturb. */
static bool
collides(const struct ike_sa *sa, bool rekeys_ike)
{
	/* It ends, if only after what the peer has yet to answer. */
	if (sa->state != SA_ESTABLISHED ||
	    (sa->tasks != NULL && sa->tasks->kind == TASK_IKE_DEL))
		return true;
	if (sa->own == NULL)
		return false;
	if (rekeys_ike)
		return sa->own->kind != TASK_IKE_REKEY &&
		    sa->own->kind != TASK_LIVENESS;
	return sa->own->kind == TASK_IKE_REKEY;
}

void
v2_create_request(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	struct wire_err err = { 0 };
	struct sa_payload offered;
	bool ike;

	if (sa_parse(&offered, payload_get(&in->pl, PL_SA)->body, &err) ==
	    -1) {
		v2_bad_request(e, sa, in, &err);
		return;
	}
	ike = offered.nproposals > 0 && offered.p[0].proto == PROTO_IKE;
	rekey_ike_confirmed(e, sa);
	if (collides(sa, ike))
		their_error(e, sa, N_TEMPORARY_FAILURE, NULL, 0);
	else if (ike)
		v2_rekey_ike_request(e, sa, in, &offered);
	else
		their_child(e, sa, in);
}
