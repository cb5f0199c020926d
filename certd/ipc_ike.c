#include "certd/ipc_ike.h"

#include "certd/login.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/ikecd.h"
#include "lib/proto/proto.h"
#include "lib/proto/super.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct worker {
	struct ipc_ike *ike;
	unsigned number;
	struct edge *edge;
};

struct ipc_ike {
	struct event_base *base;
	struct idents *const *idents;
	struct worker workers[SUPER_WORKERS_MAX];
};

static const enum cd_status status_map[] = {
	[LOGIN_OK] = CD_OK,
	[LOGIN_NO_IDENTITY] = CD_NO_IDENTITY,
	[LOGIN_BAD_AUTH] = CD_BAD_AUTH,
	[LOGIN_BAD_METHOD] = CD_BAD_METHOD,
	[LOGIN_BAD_ASKED_ID] = CD_BAD_ASKED_ID,
	[LOGIN_BAD_REQUEST] = CD_BAD_REQUEST,
};

static struct part
part_of(const struct cd_blob *b)
{
	return (struct part){ b->p, b->len };
}

/* -1: there is no such PRF. */
static int
login_from(const struct cd_auth *q, struct login *l)
{
	*l = (struct login){
		.verify = (q->what & CD_VERIFY) != 0,
		.make = (q->what & CD_MAKE) != 0,
		.peer = q->peer,
		.identity = q->identity,
		.local = q->local,
		.parts = {
			.prf = suite_by_id(SUITE_PRF, q->prf, 0),
			.initiator = q->initiator,
			.msg_own = part_of(&q->msg_own),
			.msg_peer = part_of(&q->msg_peer),
			.nonce_own = part_of(&q->nonce_own),
			.nonce_peer = part_of(&q->nonce_peer),
			.sk_own = part_of(&q->sk_own),
			.sk_peer = part_of(&q->sk_peer),
		},
		.id_peer = part_of(&q->id_peer),
		.id_asked = part_of(&q->id_asked),
		.method = q->method,
		.auth = part_of(&q->auth),
	};
	return l->parts.prf != NULL && suite_usable(l->parts.prf) ? 0 : -1;
}

static void
answer(struct worker *w, uint32_t id, const struct login *l,
    const struct login_answer *a)
{
	struct cd_result r = { .status = status_map[a->status],
	    .identity = a->identity };
	struct buf b, own;

	buf_init(&own, CD_ID_MAX);
	snprintf(r.reason, sizeof(r.reason), "%s", a->reason);
	if (a->status == LOGIN_OK && l->make) {
		ikeid_put_body(&own, &a->id_own);
		r.id_own = (struct cd_blob){ own.data, own.len };
		r.method = AUTH_METHOD_PSK;
		r.auth = (struct cd_blob){ a->auth, a->auth_len };
	}
	buf_init(&b, CD_RESULT_LEN_MAX);
	cd_result_put(&b, &r);
	if (edge_send(w->edge, IKECD_RESULT, id, -1, &b) == -1)
		log_warn(LOG_T_IPSEC, "an answer to %s is lost",
		    edge_name(w->edge));
	buf_free(&b);
	buf_free(&own);
}

/* Who asks is not left waiting for what could not be read. */
static void
refuse(struct worker *w, uint32_t id, const char *why)
{
	const struct login none = { 0 };
	struct login_answer a = { .status = LOGIN_BAD_REQUEST };

	snprintf(a.reason, sizeof(a.reason), "%s", why);
	answer(w, id, &none, &a);
}

static int
on_auth(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct login_answer a;
	struct cd_auth q;
	struct login l;

	if (cd_auth_get(&m->body, &q, why) == -1) {
		refuse(w, m->id, *why);
		return -1;
	}
	if (login_from(&q, &l) == -1) {
		*why = "unknown PRF";
		refuse(w, m->id, *why);
		return -1;
	}
	login_decide(*w->ike->idents, &l, &a);
	if (a.status == LOGIN_BAD_REQUEST)
		log_error(LOG_T_IPSEC, "%s asked amiss: %s",
		    edge_name(w->edge), a.reason);
	answer(w, m->id, &l, &a);
	secret_wipe(&a, sizeof(a));
	suite_forget();
	return 0;
}

static const struct permit worker_permits[] = {
	{ IKECD_AUTH, "auth", 1, CD_AUTH_LEN_MAX, 0, on_auth },
};

static void
on_down(void *arg, const char *why)
{
	struct worker *w = arg;

	log_debug(LOG_T_SYSTEM, "ikepd %u is gone: %s", w->number, why);
	edge_free(w->edge);
	w->edge = NULL;
}

struct ipc_ike *
ipc_ike_new(struct event_base *base, struct idents *const *idents)
{
	struct ipc_ike *ike;

	if ((ike = calloc(1, sizeof(*ike))) == NULL)
		return NULL;
	ike->base = base;
	ike->idents = idents;
	return ike;
}

void
ipc_ike_up(struct ipc_ike *ike, unsigned worker, int fd)
{
	struct worker *w = &ike->workers[worker];
	char name[32];

	snprintf(name, sizeof(name), "ikepd %u", worker);
	edge_free(w->edge);
	w->ike = ike;
	w->number = worker;
	w->edge = edge_new(ike->base, fd, name, EDGE_REFUSE, worker_permits,
	    sizeof(worker_permits) / sizeof(worker_permits[0]), on_down, w,
	    EDGE_QUEUE_MAX);
	if (w->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for %s", name);
}
