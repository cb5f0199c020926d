#include "informd/ipc_sessiond.h"

#include "lib/edge.h"
#include "lib/log.h"

#include <stdlib.h>

#define QUEUE_MAX	(64u * 1024)

struct ipc_sessiond {
	struct event_base *base;
	struct ipc_sessiond_ops ops;
	struct edge *edge;
};

static int
on_answer(void *arg, struct imsg *m, const char **why)
{
	struct ipc_sessiond *i = arg;
	struct sedhcp s;

	if (sedhcp_get(&m->body, &s, why) == -1)
		return -1;
	i->ops.answer(i->ops.arg, m->id, &s);
	return 0;
}

static const struct permit sessiond_permits[] = {
	{ SEDHCP_ANSWER, "answer", 1, SEDHCP_LEN_MAX, 0, on_answer },
};

static void
on_down(void *arg, const char *why)
{
	struct ipc_sessiond *i = arg;

	log_debug(LOG_T_SYSTEM, "sessiond is gone: %s", why);
	edge_free(i->edge);
	i->edge = NULL;
	i->ops.down(i->ops.arg);
}

struct ipc_sessiond *
ipc_sessiond_new(struct event_base *base, const struct ipc_sessiond_ops *ops)
{
	struct ipc_sessiond *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->base = base;
	i->ops = *ops;
	return i;
}

void
ipc_sessiond_up(struct ipc_sessiond *i, int fd)
{
	if (i->edge != NULL)
		on_down(i, "replaced");
	i->edge = edge_new(i->base, fd, "sessiond", EDGE_REFUSE,
	    sessiond_permits,
	    sizeof(sessiond_permits) / sizeof(sessiond_permits[0]), on_down,
	    i, QUEUE_MAX);
	if (i->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for sessiond");
}

int
ipc_sessiond_ask(struct ipc_sessiond *i, uint32_t id, const struct addr *a)
{
	struct buf b;
	int rc;

	buf_init(&b, SEDHCP_ASK_LEN);
	sedhcp_ask_put(&b, a);
	rc = edge_send(i->edge, SEDHCP_ASK, id, -1, &b);
	buf_free(&b);
	return rc;
}
