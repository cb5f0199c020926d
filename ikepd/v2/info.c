/*
 * INFORMATIONAL: delete, liveness, errors told (RFC 7296 1.4, 1.4.1, 2.4).
 */
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/v2/auth.h"
#include "ikepd/v2/child.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

#define DELETES_MAX	256

static enum task_start
begin(struct engine *e, struct ike_sa *sa, enum task_kind kind,
    struct outmsg *m)
{
	if (work_new(e, sa, false, kind) == NULL)
		return TASK_LATER;
	out_begin(m, sa, INFORMATIONAL, false);
	return TASK_STARTED;
}

/* HDR, SK {D(ESP, spi)} --> */
enum task_start
v2_delete_child_start(struct engine *e, struct ike_sa *sa,
    const struct task *t)
{
	struct child *c = child_get(e, t->arg);
	struct outmsg m;

	if (c == NULL || c->ike_spi != sa->k->spi_own ||
	    c->state == CHILD_ADDING)
		return TASK_NEEDLESS;
	if (begin(e, sa, TASK_CHILD_DEL, &m) != TASK_STARTED)
		return TASK_LATER;
	c->state = CHILD_DELETING;
	sa->own->old_child = c->spi_in;
	msg_payload(&m.w, PL_DELETE);
	delete_put_esp(&m.b, &c->spi_in, 1);
	(void)out_request(e, sa, &m);
	return TASK_STARTED;
}

/* The same for one that the peer has and we have not. */
enum task_start
v2_undo_child_start(struct engine *e, struct ike_sa *sa,
    const struct task *t)
{
	struct outmsg m;

	if (begin(e, sa, TASK_CHILD_UNDO, &m) != TASK_STARTED)
		return TASK_LATER;
	msg_payload(&m.w, PL_DELETE);
	delete_put_esp(&m.b, &t->arg, 1);
	(void)out_request(e, sa, &m);
	return TASK_STARTED;
}

/* HDR, SK {D(IKE)} -->, or a Notify that ends the SA without it */
enum task_start
v2_delete_ike_start(struct engine *e, struct ike_sa *sa,
    const struct task *t)
{
	struct outmsg m;

	if (begin(e, sa, TASK_IKE_DEL, &m) != TASK_STARTED)
		return TASK_LATER;
	sa_enter(e, sa, SA_DELETING);
	child_remove_all(e, sa);
	if (t->arg != 0)
		msg_notify(&m.w, (uint16_t)t->arg, NULL, 0);
	else {
		msg_payload(&m.w, PL_DELETE);
		delete_put_ike(&m.b);
	}
	(void)out_request(e, sa, &m);
	return TASK_STARTED;
}

/* HDR, SK {} --> */
enum task_start
v2_liveness_start(struct engine *e, struct ike_sa *sa, const struct task *t)
{
	struct outmsg m;

	(void)t;
	if (begin(e, sa, TASK_LIVENESS, &m) != TASK_STARTED)
		return TASK_LATER;
	(void)out_request(e, sa, &m);
	return TASK_STARTED;
}

/* One that replaced another has gone: unless a second one did too, the old
 * child may be rekeyed again. */
static void
remove_child(struct engine *e, const struct ike_sa *sa, struct child *gone)
{
	uint32_t replaced = gone->replaces;
	const struct child *c;
	struct child *old;

	child_remove(e, gone);
	old = replaced == 0 ? NULL : child_get(e, replaced);
	if (old == NULL || old->state != CHILD_REKEYED)
		return;
	for (c = sa->children; c != NULL; c = c->next)
		if (c->replaces == replaced)
			return;
	old->state = CHILD_LIVE;
}

/* <-- HDR, SK {[D(ESP, spi)]}; without D the peer was deleting it too */
void
v2_delete_child_response(struct engine *e, struct ike_sa *sa,
    struct inmsg *in)
{
	struct child *c = child_get(e, sa->own->old_child);

	(void)in;
	if (c != NULL)
		remove_child(e, sa, c);
	work_end(e, &sa->own);
	task_run(e, sa);
}

/* <-- HDR, SK {} */
void
v2_delete_ike_response(struct engine *e, struct ike_sa *sa,
    struct inmsg *in)
{
	(void)in;
	work_end(e, &sa->own);
	sa_close(e, sa);
}

/* <-- HDR, SK {} */
void
v2_liveness_response(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	struct notify_body n;

	if (v2_error(in, &n) == N_INVALID_SYNTAX) {
		report_ike(e, sa, FAIL_REFUSED, "the peer answers with "
		    "INVALID_SYNTAX");
		sa_destroy(e, sa);
		return;
	}
	work_end(e, &sa->own);
	task_run(e, sa);
}

struct deletes {
	bool ike;
	unsigned n;
	uint32_t spis[DELETES_MAX];	/* ours, of the pairs that went */
};

/*
 * RFC 7296 1.4.1: the other half of each pair is named in the answer,
 * unless we are deleting it ourselves.
 */
static void
delete_children(struct engine *e, struct ike_sa *sa,
    const struct delete_body *d, struct deletes *out)
{
	struct work *own = sa->own;
	struct child *c;
	unsigned i;

	for (i = 0; i < d->n; i++) {
		uint32_t spi = delete_spi(d, i);

		c = child_get_out(e, sa, spi);
		if (c == NULL) {
			if (work_makes_child(own) &&
			    own->ngone < WORK_GONE_MAX)
				own->gone[own->ngone++] = spi;
			continue;
		}
		if (c->state != CHILD_DELETING && out->n < DELETES_MAX)
			out->spis[out->n++] = c->spi_in;
		if (c->state == CHILD_ADDING)
			c->peer_deleted = true;
		else
			remove_child(e, sa, c);
	}
}

static int
read_deletes(struct engine *e, struct ike_sa *sa, const struct inmsg *in,
    struct deletes *out, struct wire_err *err)
{
	const struct payload *p;
	struct delete_body d;

	for (p = payload_get(&in->pl, PL_DELETE); p != NULL;
	    p = payload_next(&in->pl, p)) {
		if (delete_parse(&d, p->body, err) == -1)
			return -1;
		if (d.proto == PROTO_IKE)
			out->ike = true;
	}
	/* All children go with the IKE SA. */
	for (p = payload_get(&in->pl, PL_DELETE); p != NULL && !out->ike;
	    p = payload_next(&in->pl, p)) {
		if (delete_parse(&d, p->body, err) == -1)
			return -1;
		if (d.proto != PROTO_ESP)
			continue;
		rekey_ike_confirmed(e, sa);
		delete_children(e, sa, &d, out);
	}
	return 0;
}

/* RFC 7296 2.21.2, 2.21.3: these end the SA without a Delete payload. */
static bool
ends_sa(uint16_t err)
{
	return err == N_AUTHENTICATION_FAILED || err == N_INVALID_SYNTAX ||
	    err == N_UNSUPPORTED_CRITICAL_PAYLOAD;
}

/* HDR, SK {[N], [D], ...} --> */
void
v2_info_request(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	struct deletes del = { 0 };
	struct wire_err err = { 0 };
	struct notify_body n;
	struct outmsg m;
	uint16_t told = v2_error(in, &n);
	char ip[ADDR_STRLEN];

	if (read_deletes(e, sa, in, &del, &err) == -1) {
		v2_bad_request(e, sa, in, &err);
		return;
	}
	out_begin(&m, sa, INFORMATIONAL, true);
	if (del.n > 0) {
		msg_payload(&m.w, PL_DELETE);
		delete_put_esp(&m.b, del.spis, del.n);
	}
	if (out_response(e, sa, &m) == -1)
		return;
	if (ends_sa(told)) {
		if (told == N_AUTHENTICATION_FAILED)
			e->st.auth_failed++;
		if (told == N_AUTHENTICATION_FAILED)
			report_ike(e, sa, FAIL_AUTH, "authentication failed "
			    "(%s): the peer does not accept ours: %s",
			    auth_kind(sa->session == NULL ? 0 :
			    sa->session->method), ike_notify_name(told));
		else
			report_ike(e, sa, FAIL_REFUSED, "the peer says %s",
			    ike_notify_name(told));
	} else if (del.ike)
		log_info(LOG_T_IPSEC, "%s IKE SA deleted by the peer",
		    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)));
	else {
		task_run(e, sa);
		return;
	}
	sa_close(e, sa);
}
