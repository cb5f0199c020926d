#include "keymgr/ipc_sessiond.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/proto.h"
#include "lib/proto/sekm.h"

#include <stdlib.h>

#define GRACE_S	5	/* an honest worker has removed its children itself */

struct ipc_sessiond {
	struct event_base *base;
	struct km *km;
	struct edge *edge;
	struct event *sweep;
};

/* A child of a session that is over. */
static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_sessiond *s = arg;

	(void)fd;
	(void)what;
	km_lease_sweep(s->km);
}

static void
sweep_later(struct ipc_sessiond *s)
{
	static const struct timeval grace = { GRACE_S, 0 };

	if (!evtimer_pending(s->sweep, NULL))
		evtimer_add(s->sweep, &grace);
}

static int
on_lease(void *arg, struct imsg *m, const char **why)
{
	struct ipc_sessiond *s = arg;
	struct sekm_lease l;

	if (sekm_lease_get(&m->body, &l, why) == -1)
		return -1;
	if (leases_set(&s->km->leases, l.worker, l.identity, &l.addr) == -1)
		log_error(LOG_T_IPSEC, "no room for another user's address");
	return 0;
}

static int
on_gone(void *arg, struct imsg *m, const char **why)
{
	struct ipc_sessiond *s = arg;
	struct sekm_lease l;

	if (sekm_lease_get(&m->body, &l, why) == -1)
		return -1;
	if (leases_drop(&s->km->leases, l.worker, l.identity, &l.addr))
		sweep_later(s);
	return 0;
}

static int
on_known(void *arg, struct imsg *m, const char **why)
{
	struct ipc_sessiond *s = arg;

	(void)m;
	(void)why;
	leases_known(&s->km->leases);
	sweep_later(s);
	return 0;
}

static const struct permit permits[] = {
	{ SEKM_LEASE, "lease", SEKM_LEASE_MIN, SEKM_LEASE_MAX, 0, on_lease },
	{ SEKM_GONE, "end of a lease", SEKM_LEASE_MIN, SEKM_LEASE_MAX, 0,
	    on_gone },
	{ SEKM_KNOWN, "end of the leases", 0, 0, 0, on_known },
};

static void
on_down(void *arg, const char *why)
{
	struct ipc_sessiond *s = arg;

	log_debug(LOG_T_SYSTEM, "sessiond is gone: %s", why);
	edge_free(s->edge);
	s->edge = NULL;
	leases_doubt(&s->km->leases);
}

/* What sessiond said before ikepd heard of it is in the socket by now. */
static void
poll_now(void *arg)
{
	struct ipc_sessiond *s = arg;

	edge_poll(s->edge);
}

struct ipc_sessiond *
ipc_sessiond_new(struct event_base *base, struct km *km)
{
	struct ipc_sessiond *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->base = base;
	s->km = km;
	if ((s->sweep = evtimer_new(base, on_sweep, s)) == NULL) {
		free(s);
		return NULL;
	}
	km->leases.poll = poll_now;
	km->leases.arg = s;
	return s;
}

void
ipc_sessiond_free(struct ipc_sessiond *s)
{
	if (s == NULL)
		return;
	s->km->leases.poll = NULL;
	edge_free(s->edge);
	event_free(s->sweep);
	free(s);
}

void
ipc_sessiond_up(struct ipc_sessiond *s, int fd)
{
	if (s->edge != NULL)
		on_down(s, "replaced");
	s->edge = edge_new(s->base, fd, "sessiond", EDGE_REFUSE, permits,
	    sizeof(permits) / sizeof(permits[0]), on_down, s, EDGE_QUEUE_MAX);
	if (s->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for the edge to sessiond");
}
