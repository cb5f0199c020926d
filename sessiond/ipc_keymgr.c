#include "sessiond/ipc_keymgr.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/proto.h"
#include "lib/proto/sekm.h"

#include <stdlib.h>

struct ipc_keymgr {
	struct event_base *base;
	struct edge *edge;
	bool known;
};

struct ipc_keymgr *
ipc_keymgr_new(struct event_base *base)
{
	struct ipc_keymgr *k = calloc(1, sizeof(*k));

	if (k != NULL)
		k->base = base;
	return k;
}

void
ipc_keymgr_free(struct ipc_keymgr *k)
{
	if (k == NULL)
		return;
	edge_free(k->edge);
	free(k);
}

static void
on_down(void *arg, const char *why)
{
	struct ipc_keymgr *k = arg;

	log_debug(LOG_T_SYSTEM, "keymgr is gone: %s", why);
	edge_free(k->edge);
	k->edge = NULL;
}

static void
send_lease(struct ipc_keymgr *k, const struct session *s, unsigned family,
    bool on)
{
	struct sekm_lease l = { .worker = (uint8_t)s->worker,
		.identity = s->identity, .addr = s->addr[family] };
	struct buf b;

	if (k->edge == NULL || l.addr.family == AF_UNSPEC)
		return;
	buf_init(&b, SEKM_LEASE_MAX);
	sekm_lease_put(&b, &l);
	if (edge_send(k->edge, on ? SEKM_LEASE : SEKM_GONE, 0, -1, &b) == -1)
		log_error(LOG_T_SYSTEM, "keymgr takes no more messages");
	buf_free(&b);
}

static void
send_both(void *arg, struct session *s)
{
	send_lease(arg, s, FAMILY_4, true);
	send_lease(arg, s, FAMILY_6, true);
}

void
ipc_keymgr_up(struct ipc_keymgr *k, int fd, const struct sessions *ss)
{
	edge_free(k->edge);
	/* It says nothing. */
	k->edge = edge_new(k->base, fd, "keymgr", EDGE_REFUSE, NULL, 0,
	    on_down, k, SEKM_QUEUE_MAX);
	if (k->edge == NULL) {
		log_error(LOG_T_SYSTEM, "no memory for the edge to keymgr");
		return;
	}
	if (ss != NULL)
		sessions_each(ss, send_both, k);
	if (k->known)
		ipc_keymgr_known(k);
}

void
ipc_keymgr_lease(struct ipc_keymgr *k, const struct session *s,
    unsigned family, bool on)
{
	send_lease(k, s, family, on);
	edge_flush(k->edge);
}

void
ipc_keymgr_known(struct ipc_keymgr *k)
{
	k->known = true;
	if (k->edge != NULL)
		(void)edge_send(k->edge, SEKM_KNOWN, 0, -1, NULL);
}
