/* The edge to sessiond: who is online, and what addresses they have. */
#include "ikepd/ikepd.h"

#include "lib/hash.h"
#include "lib/log.h"
#include "lib/proto/ikese.h"
#include "lib/proto/proto.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

/* SE_OPEN that has no answer yet. */
struct question {
	uint32_t req;
	uint64_t spi;
	struct question *next;	/* among the lost */
};

/* A session that ended while there was no sessiond: the next one hears of
 * it, so that each that has begun ends in its log. */
struct ended {
	STAILQ_ENTRY(ended) next;
	uint64_t spi;
	struct buf open;	/* SE_SYNC */
};

#define ENDED_MAX	4096

struct ipc_sessiond {
	struct ikepd *ikepd;
	struct edge *edge;
	struct hash by_req, by_spi;	/* struct question */
	struct question *lost;	/* to be answered SESSION_UNAVAILABLE */
	struct event *lost_ev;
	STAILQ_HEAD(, ended) ended;
	size_t nended;
};

static const enum session_status status_map[SE_STATUS_MAX] = {
	[SE_OK] = SESSION_OPEN,
	[SE_LIMIT] = SESSION_REFUSED,
	[SE_NO_IDENTITY] = SESSION_REFUSED,
	[SE_FULL] = SESSION_UNAVAILABLE,
};

_Static_assert(CFG_DNS_MAX == SE_DNS_MAX && CFG_SPLIT_MAX == SE_SPLIT_MAX &&
    CFG_NAMES_MAX == SE_NAMES_MAX && CFG_NAME_LEN == SE_NAME_LEN &&
    AUTH_FP_LEN == SE_FP_LEN && AUTH_ID_MAX <= SE_ID_MAX,
    "the engine has room for what sessiond says, and the other way");

/* Out of both tables; NULL: not there. */
static struct question *
question_take(struct ipc_sessiond *is, struct question *q)
{
	if (q == NULL)
		return NULL;
	(void)hash_del(&is->by_req, q->req);
	if (hash_get(&is->by_spi, q->spi) == q)
		(void)hash_del(&is->by_spi, q->spi);
	return q;
}

static void
lose(struct ipc_sessiond *is, struct question *q)
{
	q->next = is->lost;
	is->lost = q;
	event_active(is->lost_ev, EV_TIMEOUT, 0);
}

static void
cfg_of(struct cfg *c, const struct se_result *r)
{
	c->addr4 = r->addr4;
	c->addr6 = r->addr6;
	c->prefix4 = r->prefix4;
	c->prefix6 = r->prefix6;
	c->ndns = r->ndns;
	memcpy(c->dns, r->dns, sizeof(c->dns));
	c->nsplit = r->nsplit;
	memcpy(c->split, r->split, sizeof(c->split));
	c->nnames = r->nnames;
	memcpy(c->names, r->names, sizeof(c->names));
}

static int
result_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_sessiond *is = arg;
	struct session_result res;
	struct question *q;
	struct se_result r;

	if (se_result_get(&m->body, &r, why) == -1)
		return -1;
	q = question_take(is, hash_get(&is->by_req, m->id));
	/* The IKE SA may have ended while the answer was under way. */
	if (q == NULL)
		return 0;
	memset(&res, 0, sizeof(res));
	res.status = status_map[r.status];
	res.reason = r.reason;
	res.config = r.config;
	cfg_of(&res.cfg, &r);
	engine_session_done(is->ikepd->engine, q->req, &res);
	free(q);
	ikepd_rearm(is->ikepd);
	return 0;
}

static int
kill_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_sessiond *is = arg;
	struct se_kill k;

	if (se_kill_get(&m->body, &k, why) == -1)
		return -1;
	engine_session_kill(is->ikepd->engine, k.ike_spi, k.reason);
	ikepd_rearm(is->ikepd);
	return 0;
}

static const struct permit sessiond_permits[] = {
	{ SE_RESULT, "session", SE_RESULT_MIN, SE_RESULT_MAX, 0,
	    result_recv },
	{ SE_KILL, "kill", SE_KILL_MIN, SE_KILL_MAX, 0, kill_recv },
};

static void
sessiond_down(void *arg, const char *why)
{
	struct ipc_sessiond *is = arg;
	struct question *q;
	size_t at;

	log_warn(LOG_T_SYSTEM, "sessiond is gone: %s", why);
	edge_free(is->edge);
	is->edge = NULL;
	for (at = 0; (q = hash_next(&is->by_req, &at)) != NULL; at = 0)
		lose(is, question_take(is, q));
}

static void
lost_tell(evutil_socket_t fd, short what, void *arg)
{
	static const struct session_result res = {
		.status = SESSION_UNAVAILABLE,
		.reason = "sessiond is not there" };
	struct ipc_sessiond *is = arg;
	struct question *q;

	(void)fd;
	(void)what;
	while ((q = is->lost) != NULL) {
		is->lost = q->next;
		engine_session_done(is->ikepd->engine, q->req, &res);
		free(q);
	}
	ikepd_rearm(is->ikepd);
}

struct ipc_sessiond *
ipc_sessiond_new(struct ikepd *ikepd)
{
	struct ipc_sessiond *is = calloc(1, sizeof(*is));

	if (is == NULL)
		return NULL;
	is->ikepd = ikepd;
	hash_init(&is->by_req, 0);
	hash_init(&is->by_spi, 0);
	STAILQ_INIT(&is->ended);
	is->lost_ev = event_new(ikepd->base, -1, 0, lost_tell, is);
	if (is->lost_ev == NULL) {
		free(is);
		return NULL;
	}
	return is;
}

static void
ended_pop(struct ipc_sessiond *is)
{
	struct ended *x = STAILQ_FIRST(&is->ended);

	STAILQ_REMOVE_HEAD(&is->ended, next);
	is->nended--;
	buf_free(&x->open);
	free(x);
}

void
ipc_sessiond_free(struct ipc_sessiond *is)
{
	struct question *q;
	size_t at;

	if (is == NULL)
		return;
	edge_free(is->edge);
	event_free(is->lost_ev);
	for (at = 0; (q = hash_next(&is->by_req, &at)) != NULL; at = 0)
		free(question_take(is, q));
	while ((q = is->lost) != NULL) {
		is->lost = q->next;
		free(q);
	}
	while (is->nended > 0)
		ended_pop(is);
	hash_free(&is->by_req);
	hash_free(&is->by_spi);
	free(is);
}

static void
open_put(struct buf *b, const struct session_req *r)
{
	struct se_open o = { .ike_spi = r->ike_spi, .identity = r->identity,
		.flags = (r->want4 ? SE_WANT4 : 0) |
		    (r->want6 ? SE_WANT6 : 0) |
		    (r->contact ? SE_CONTACT : 0),
		.age = r->age_s, .remote = r->remote, .addr4 = r->addr4,
		.addr6 = r->addr6, .id = r->id_peer.p,
		.id_len = r->id_peer.len };

	memcpy(o.fp, r->fp, sizeof(o.fp));
	buf_init(b, SE_OPEN_MAX);
	se_open_put(b, &o);
}

static int
open_send(struct ipc_sessiond *is, uint16_t type,
    const struct session_req *r)
{
	struct buf b;
	int ret = -1;

	open_put(&b, r);
	if (buf_error(&b) == 0)
		ret = edge_send(is->edge, type, r->req, -1, &b);
	buf_free(&b);
	return ret;
}

static void
close_send(struct ipc_sessiond *is, uint64_t spi)
{
	struct se_close c = { .ike_spi = spi };
	struct buf b;

	buf_init(&b, SE_CLOSE_LEN);
	se_close_put(&b, &c);
	(void)edge_send(is->edge, SE_CLOSE, 0, -1, &b);
	buf_free(&b);
}

static void
ended_push(struct ipc_sessiond *is, const struct session_req *r)
{
	const struct question *q;
	struct ended *x;

	/* One that sessiond was never asked for did not begin. */
	for (q = is->lost; q != NULL; q = q->next)
		if (q->spi == r->ike_spi)
			return;
	if ((x = calloc(1, sizeof(*x))) == NULL)
		return;
	x->spi = r->ike_spi;
	open_put(&x->open, r);
	STAILQ_INSERT_TAIL(&is->ended, x, next);
	if (++is->nended > ENDED_MAX)
		ended_pop(is);
}

static void
ended_send(struct ipc_sessiond *is)
{
	struct ended *x;

	while ((x = STAILQ_FIRST(&is->ended)) != NULL) {
		if (buf_error(&x->open) == 0) {
			(void)edge_send(is->edge, SE_SYNC, 0, -1, &x->open);
			close_send(is, x->spi);
		}
		ended_pop(is);
	}
}

void
ipc_sessiond_up(struct ipc_sessiond *is, int fd)
{
	if (is->edge != NULL)
		sessiond_down(is, "replaced");
	is->edge = edge_new(is->ikepd->base, fd, "sessiond", EDGE_REFUSE,
	    sessiond_permits,
	    sizeof(sessiond_permits) / sizeof(sessiond_permits[0]),
	    sessiond_down, is, SE_QUEUE_MAX);
	if (is->edge == NULL) {
		log_error(LOG_T_SYSTEM, "no memory for the edge to sessiond");
		return;
	}
	ended_send(is);
	engine_session_resync(is->ikepd->engine);
	(void)edge_send(is->edge, SE_SYNC_DONE, 0, -1, NULL);
}

void
ipc_sessiond_open(struct ipc_sessiond *is, const struct session_req *r)
{
	struct question *q = calloc(1, sizeof(*q));

	/* Without an answer the request ends in time all the same. */
	if (q == NULL)
		return;
	q->req = r->req;
	q->spi = r->ike_spi;
	if (is->edge != NULL && hash_set(&is->by_req, q->req, q) == 0) {
		if (hash_set(&is->by_spi, q->spi, q) == 0 &&
		    open_send(is, SE_OPEN, r) == 0)
			return;
		(void)question_take(is, q);
	}
	lose(is, q);
}

void
ipc_sessiond_close(struct ipc_sessiond *is, const struct session_req *r)
{
	struct question *q = question_take(is, hash_get(&is->by_spi,
	    r->ike_spi));

	free(q);
	if (is->edge != NULL)
		close_send(is, r->ike_spi);
	else if (q == NULL)
		ended_push(is, r);
}

void
ipc_sessiond_move(struct ipc_sessiond *is, uint64_t from, uint64_t to,
    const struct endpoint *remote)
{
	struct se_move m = { .old_spi = from, .new_spi = to,
		.remote = *remote };
	struct buf b;

	buf_init(&b, SE_MOVE_MAX);
	se_move_put(&b, &m);
	(void)edge_send(is->edge, SE_MOVE, 0, -1, &b);
	buf_free(&b);
}

void
ipc_sessiond_sync(struct ipc_sessiond *is, const struct session_req *r)
{
	if (open_send(is, SE_SYNC, r) == -1)
		log_error(LOG_T_SYSTEM, "sessiond takes no more messages; "
		    "it does not know of session %016llx",
		    (unsigned long long)r->ike_spi);
}
