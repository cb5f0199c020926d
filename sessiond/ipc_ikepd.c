#include "sessiond/ipc_ikepd.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/ikese.h"
#include "lib/proto/proto.h"
#include "lib/proto/super.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(SESSION_WORKERS == SUPER_WORKERS_MAX &&
    SESSION_ID_MAX == SE_ID_MAX && SESSION_FP_LEN == SE_FP_LEN,
    "the sessions' limits are those of the messages");

struct worker {
	struct ipc_ikepd *ikepd;
	unsigned number;
	struct edge *edge;
	bool synced;		/* it has said what it had */
};

struct ipc_ikepd {
	struct event_base *base;
	struct sessions *sessions;	/* NULL: not started */
	void (*changed)(void *arg);
	void *arg;
	struct worker workers[SESSION_WORKERS];
};

static struct session_peer
peer_of(const struct se_open *o)
{
	struct session_peer p = {
		.spi = o->ike_spi,
		.identity = o->identity,
		.contact = (o->flags & SE_CONTACT) != 0,
		.want = { [FAMILY_4] = (o->flags & SE_WANT4) != 0,
			[FAMILY_6] = (o->flags & SE_WANT6) != 0 },
		.addr = { [FAMILY_4] = o->addr4, [FAMILY_6] = o->addr6 },
		.age = o->age,
		.remote = o->remote,
		.id = o->id,
		.id_len = o->id_len,
	};

	memcpy(p.fp, o->fp, sizeof(p.fp));
	return p;
}

static int
on_open(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct session_peer p;
	struct se_open o;

	if (se_open_get(&m->body, &o, why) == -1)
		return -1;
	p = peer_of(&o);
	session_open(w->ikepd->sessions, w->number, m->id, &p, mono_now());
	w->ikepd->changed(w->ikepd->arg);
	return 0;
}

static int
on_sync(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct session_peer p;
	struct se_open o;

	if (se_open_get(&m->body, &o, why) == -1)
		return -1;
	/* Addresses are ours to give, not to be taken. */
	if (w->synced) {
		*why = "it had said that this was all";
		return -1;
	}
	p = peer_of(&o);
	session_sync(w->ikepd->sessions, w->number, &p, mono_now());
	return 0;
}

static int
on_sync_done(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;

	(void)m;
	(void)why;
	w->synced = true;
	session_sync_done(w->ikepd->sessions, w->number, mono_now());
	w->ikepd->changed(w->ikepd->arg);
	return 0;
}

static int
on_close(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct se_close c;

	if (se_close_get(&m->body, &c, why) == -1)
		return -1;
	session_close(w->ikepd->sessions, w->number, c.ike_spi, mono_now());
	w->ikepd->changed(w->ikepd->arg);
	return 0;
}

static int
on_move(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct se_move v;

	if (se_move_get(&m->body, &v, why) == -1)
		return -1;
	session_move(w->ikepd->sessions, w->number, v.old_spi, v.new_spi,
	    &v.remote);
	return 0;
}

static const struct permit worker_permits[] = {
	{ SE_OPEN, "open", SE_OPEN_MIN, SE_OPEN_MAX, 0, on_open },
	{ SE_CLOSE, "close", SE_CLOSE_LEN, SE_CLOSE_LEN, 0, on_close },
	{ SE_MOVE, "move", SE_MOVE_MIN, SE_MOVE_MAX, 0, on_move },
	{ SE_SYNC, "sync", SE_OPEN_MIN, SE_OPEN_MAX, 0, on_sync },
	{ SE_SYNC_DONE, "sync done", 0, 0, 0, on_sync_done },
};

static void
on_down(void *arg, const char *why)
{
	struct worker *w = arg;

	log_debug(LOG_T_SYSTEM, "ikepd %u is gone: %s", w->number, why);
	edge_free(w->edge);
	w->edge = NULL;
	if (w->ikepd->sessions == NULL)
		return;
	sessions_worker_gone(w->ikepd->sessions, w->number, mono_now());
	w->ikepd->changed(w->ikepd->arg);
}

struct ipc_ikepd *
ipc_ikepd_new(struct event_base *base)
{
	struct ipc_ikepd *i;

	if ((i = calloc(1, sizeof(*i))) != NULL)
		i->base = base;
	return i;
}

void
ipc_ikepd_start(struct ipc_ikepd *i, struct sessions *ss,
    void (*changed)(void *arg), void *arg)
{
	unsigned n;

	i->sessions = ss;
	i->changed = changed;
	i->arg = arg;
	for (n = 0; n < SESSION_WORKERS; n++)
		if (i->workers[n].edge != NULL)
			edge_read_enable(i->workers[n].edge, true);
}

void
ipc_ikepd_up(struct ipc_ikepd *i, unsigned worker, int fd)
{
	struct worker *w;
	char name[32];

	if (worker >= SESSION_WORKERS) {
		close(fd);
		return;
	}
	w = &i->workers[worker];
	w->ikepd = i;
	w->number = worker;
	if (w->edge != NULL)
		on_down(w, "replaced");
	w->synced = false;
	snprintf(name, sizeof(name), "ikepd %u", worker);
	w->edge = edge_new(i->base, fd, name, EDGE_REFUSE, worker_permits,
	    sizeof(worker_permits) / sizeof(worker_permits[0]), on_down, w,
	    SE_QUEUE_MAX);
	if (w->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for %s", name);
	else if (i->sessions == NULL)
		edge_read_enable(w->edge, false);
}

static void
mode_to(struct se_result *r, const struct mode *m)
{
	size_t i;

	r->config = true;
	if (r->addr4.family != AF_UNSPEC)
		r->prefix4 = m->prefix4;
	if (r->addr6.family != AF_UNSPEC)
		r->prefix6 = 128;
	for (i = 0; i < m->ndns && i < SE_DNS_MAX; i++)
		r->dns[r->ndns++] = m->dns[i];
	for (i = 0; i < m->nsplit && i < SE_SPLIT_MAX; i++)
		r->split[r->nsplit++] = m->split[i];
	for (i = 0; i < m->nnames && i < SE_NAMES_MAX; i++)
		snprintf(r->names[r->nnames++], SE_NAME_LEN, "%s",
		    m->names[i]);
}

static const enum se_status status_map[] = {
	[SESSION_OK] = SE_OK,
	[SESSION_LIMIT] = SE_LIMIT,
	[SESSION_NO_IDENTITY] = SE_NO_IDENTITY,
	[SESSION_FULL] = SE_FULL,
};

void
ipc_ikepd_grant(struct ipc_ikepd *i, unsigned worker, uint32_t req,
    const struct session_grant *g)
{
	struct se_result r;
	struct buf b;

	memset(&r, 0, sizeof(r));
	r.status = status_map[g->status];
	snprintf(r.reason, sizeof(r.reason), "%s", g->reason);
	r.addr4 = g->addr[FAMILY_4];
	r.addr6 = g->addr[FAMILY_6];
	if (g->mode != NULL)
		mode_to(&r, g->mode);
	buf_init(&b, SE_RESULT_MAX);
	se_result_put(&b, &r);
	if (buf_error(&b) == -1 || edge_send(i->workers[worker].edge,
	    SE_RESULT, req, -1, &b) == -1)
		log_warn(LOG_T_SYSTEM, "an answer to ikepd %u is lost",
		    worker);
	buf_free(&b);
}

int
ipc_ikepd_kill(struct ipc_ikepd *i, const struct session *s, const char *why)
{
	struct se_kill k = { .ike_spi = s->spi };
	struct buf b;
	int rc;

	snprintf(k.reason, sizeof(k.reason), "%s", why);
	buf_init(&b, SE_KILL_MAX);
	se_kill_put(&b, &k);
	rc = edge_send(i->workers[s->worker].edge, SE_KILL, 0, -1, &b);
	buf_free(&b);
	return rc;
}
