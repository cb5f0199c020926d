#include "ikepd/work.h"
#include "ikepd/ke_job.h"
#include "ikepd/report.h"
#include "ikepd/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work *
work_new(struct engine *e, struct ike_sa *sa, bool theirs,
    enum task_kind kind)
{
	struct work **slot = theirs ? &sa->theirs : &sa->own;
	struct work *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	work_end(e, slot);
	w->kind = kind;
	w->theirs = theirs;
	*slot = w;
	return w;
}

void
work_end(struct engine *e, struct work **slot)
{
	struct work *w = *slot;
	struct ike_sa *new;
	struct child *c;

	if (w == NULL)
		return;
	*slot = NULL;
	if (w->job != NULL)
		atomic_store(&w->job->dead, true);
	if (w->auth_req != 0)
		free(hash_del(&e->pending, w->auth_req));
	if (w->session_req != 0)
		free(hash_del(&e->pending, w->session_req));
	if (w->child_wait != 0 &&
	    (c = child_get(e, w->child_wait)) != NULL)
		child_remove(e, c);
	if (w->new_sa != 0 && (new = store_get(e, w->new_sa)) != NULL)
		sa_destroy(e, new);
	ke_free(w->ke);
	secret_free(&w->pub);
	secret_free(&w->gir);
	secret_free(&w->ni);
	secret_free(&w->nr);
	secret_free(&w->rival_nonce);
	secret_free(&w->id_own);
	secret_free(&w->auth_own);
	secret_free(&w->certs_own);
	free(w->grant);
	free(w->ask);
	neg_free(e, w->neg);
	task_free_all(&w->again);
	inmsg_free(w->in);
	free(w);
}

static void
work_wait(struct engine *e, struct ike_sa *sa, struct work *w, work_fn resume)
{
	w->resume = resume;
	w->ok = false;
	w->why[0] = '\0';
	sa_due_in(e, sa, w->theirs ? DUE_THEIRS : DUE_OWN, WORK_S);
}

int
work_ke(struct engine *e, struct ike_sa *sa, struct work *w, bool derive,
    work_fn resume)
{
	struct ke_job *j = ke_job_new(sa->k->spi_own, w->theirs, w->group);

	if (j == NULL)
		return -1;
	if (derive && secret_set(&j->peer, w->pub.data, w->pub.len) == -1) {
		ke_job_free(j);
		return -1;
	}
	j->derive = derive;
	j->priv = w->ke;
	w->ke = NULL;
	j->serial = w->ke_serial = ++e->next_req;
	w->job = j;
	work_wait(e, sa, w, resume);
	e->ops.ke_run(e->ops.ctx, j);
	return 0;
}

void
engine_ke_done(struct engine *e, struct ke_job *j)
{
	struct ike_sa *sa = store_get(e, j->spi);
	struct work *w = sa == NULL ? NULL : j->theirs ? sa->theirs : sa->own;

	if (w == NULL || w->ke_serial == 0 || w->ke_serial != j->serial) {
		ke_job_free(j);
		return;
	}
	w->ke_serial = 0;
	w->job = NULL;
	sa_due_never(e, sa, w->theirs ? DUE_THEIRS : DUE_OWN);
	w->ok = j->ok;
	if (!j->ok)
		snprintf(w->why, sizeof(w->why), "%s", j->why);
	w->ke = j->priv;
	j->priv = NULL;
	secret_move(&w->gir, &j->gir);
	ke_job_free(j);
	eng_enter(e);
	w->resume(e, sa, w);
	eng_leave(e);
}

/* A number for a question; 0: no memory. */
static uint32_t
ask(struct engine *e, const struct ike_sa *sa, const struct work *w)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return 0;
	p->req = ++e->next_req;
	if (p->req == 0)
		p->req = ++e->next_req;
	p->spi = sa->k->spi_own;
	p->theirs = w->theirs;
	if (hash_set(&e->pending, p->req, p) == -1) {
		free(p);
		return 0;
	}
	return p->req;
}

/* Who asked; NULL: gone. */
static struct work *
asker(struct engine *e, uint32_t req, struct ike_sa **sa)
{
	struct pending *p = hash_del(&e->pending, req);
	struct work *w;

	if (p == NULL)
		return NULL;
	*sa = store_get(e, p->spi);
	w = *sa == NULL ? NULL : p->theirs ? (*sa)->theirs : (*sa)->own;
	free(p);
	return w;
}

int
work_auth(struct engine *e, struct ike_sa *sa, struct work *w,
    struct auth_req *req, work_fn resume)
{
	w->auth_req = req->req = ask(e, sa, w);
	if (req->req == 0)
		return -1;
	work_wait(e, sa, w, resume);
	e->ops.auth(e->ops.ctx, req);
	return 0;
}

bool
work_again(struct engine *e, struct ike_sa *sa, struct work *w, work_fn again)
{
	if (w->asked >= AGAIN_TRIES)
		return false;
	if (w->asked++ == 0)
		log_info(LOG_T_IPSEC, "peer %s: IKE_AUTH waits: %s",
		    report_peer(e, sa), w->why);
	w->later = again;
	sa_due_in(e, sa, w->theirs ? DUE_THEIRS : DUE_OWN, AGAIN_S);
	return true;
}

bool
work_resume_later(struct engine *e, struct ike_sa *sa, struct work *w)
{
	work_fn again = w->later;

	w->later = NULL;
	if (again != NULL)
		again(e, sa, w);
	return again != NULL;
}

int
work_session(struct engine *e, struct ike_sa *sa, struct work *w,
    struct session_req *req, work_fn resume)
{
	w->session_req = req->req = ask(e, sa, w);
	if (req->req == 0)
		return -1;
	work_wait(e, sa, w, resume);
	session_ask(e, sa, req);
	return 0;
}

void
engine_auth_done(struct engine *e, uint32_t req, const struct auth_result *r)
{
	struct ike_sa *sa;
	struct work *w = asker(e, req, &sa);

	if (w == NULL || w->auth_req != req)
		return;
	w->auth_req = 0;
	sa_due_never(e, sa, w->theirs ? DUE_THEIRS : DUE_OWN);
	w->ok = r->status == AUTH_OK;
	w->auth = r;
	if (!w->ok)
		snprintf(w->why, sizeof(w->why), "%s", r->reason);
	eng_enter(e);
	w->resume(e, sa, w);
	eng_leave(e);
}

void
engine_session_done(struct engine *e, uint32_t req,
    const struct session_result *r)
{
	struct ike_sa *sa;
	struct work *w = asker(e, req, &sa);

	if (w == NULL || w->session_req != req)
		return;
	w->session_req = 0;
	sa_due_never(e, sa, w->theirs ? DUE_THEIRS : DUE_OWN);
	session_answered(e, sa, r);
	w->ok = r->status == SESSION_OPEN;
	w->session = r;
	if (!w->ok)
		snprintf(w->why, sizeof(w->why), "%s", r->reason);
	eng_enter(e);
	w->resume(e, sa, w);
	eng_leave(e);
}

int
work_install(struct engine *e, struct ike_sa *sa, struct work *w,
    work_fn resume)
{
	struct keymat_in in = {
		.ni = { w->ni.data, w->ni.len },
		.nr = { w->nr.data, w->nr.len },
		.gir = { w->gir.data, w->gir.len },
	};
	const char *why;

	if (child_install(e, sa, w->neg, &in, &why) == -1) {
		snprintf(w->why, sizeof(w->why), "%s", why);
		return -1;
	}
	w->child_wait = w->neg->spi_in;
	work_wait(e, sa, w, resume);
	return 0;
}

void
engine_child_done(struct engine *e, uint32_t spi_in, bool ok,
    const char *reason)
{
	struct child *c = child_get(e, spi_in);
	struct ike_sa *sa;
	struct work *w;

	if (c == NULL || c->state != CHILD_ADDING)
		return;
	sa = store_get(e, c->ike_spi);
	w = NULL;
	if (sa != NULL && sa->own != NULL && sa->own->child_wait == spi_in)
		w = sa->own;
	else if (sa != NULL && sa->theirs != NULL &&
	    sa->theirs->child_wait == spi_in)
		w = sa->theirs;
	if (ok && c->peer_deleted) {
		ok = false;
		reason = "the peer has deleted it already";
	}
	if (w == NULL || !ok)
		child_remove(e, c);
	else {
		c->state = CHILD_LIVE;
		e->st.children_made++;
		if (c->moved)
			child_path(e, sa, c);
	}
	if (w == NULL)
		return;
	w->child_wait = 0;
	sa_due_never(e, sa, w->theirs ? DUE_THEIRS : DUE_OWN);
	w->ok = ok;
	if (!ok)
		snprintf(w->why, sizeof(w->why), "%s",
		    reason == NULL ? "refused" : reason);
	eng_enter(e);
	w->resume(e, sa, w);
	eng_leave(e);
}

bool
work_makes_child(const struct work *own)
{
	return own != NULL && (own->kind == TASK_CHILD_NEW ||
	    own->kind == TASK_CHILD_REKEY || own->kind == TASK_HANDSHAKE);
}

int
nonce_cmp(const struct secret *a, const struct secret *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int c = memcmp(a->data, b->data, n);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

const struct secret *
work_low_nonce(const struct work *w)
{
	return nonce_cmp(&w->ni, &w->nr) <= 0 ? &w->ni : &w->nr;
}
