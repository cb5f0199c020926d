#include "sessiond/ipc_informd.h"

#include "lib/edge.h"
#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX	(256u * 1024)

struct ipc_informd {
	struct event_base *base;
	const struct sessions *sessions;	/* NULL: not started */
	struct edge *edge;
};

static void
answer_mode(struct sedhcp *a, const struct mode *m)
{
	size_t i;

	for (i = 0; i < m->nsplit && a->nroutes < SEDHCP_ROUTES; i++)
		if (m->split[i].addr.family == AF_INET)
			a->route[a->nroutes++] = m->split[i];
	for (i = 0; i < m->ndns && a->ndns < SEDHCP_DNS; i++)
		if (m->dns[i].family == AF_INET)
			a->dns[a->ndns++] = m->dns[i];
	if (m->nnames > 0)
		snprintf(a->domain, sizeof(a->domain), "%s", m->names[0]);
}

void
informd_answer(const struct sessions *ss, const struct addr *addr,
    struct sedhcp *a)
{
	const struct session *s;
	const struct ident *i;

	memset(a, 0, sizeof(*a));
	a->addr = *addr;
	if (ss == NULL || (s = session_by_addr(ss, addr)) == NULL ||
	    s->killed)
		return;
	i = config_ident(sessions_config(ss), s->identity);
	if (i == NULL || i->mode == NULL || !i->mode->responder)
		return;
	a->there = true;
	answer_mode(a, i->mode);
}

static int
on_ask(void *arg, struct imsg *m, const char **why)
{
	struct ipc_informd *i = arg;
	struct sedhcp a;
	struct addr addr;
	struct buf b;

	if (sedhcp_ask_get(&m->body, &addr, why) == -1)
		return -1;
	informd_answer(i->sessions, &addr, &a);
	buf_init(&b, SEDHCP_LEN_MAX);
	sedhcp_put(&b, &a);
	(void)edge_send(i->edge, SEDHCP_ANSWER, m->id, -1, &b);
	buf_free(&b);
	return 0;
}

static const struct permit informd_permits[] = {
	{ SEDHCP_ASK, "question", SEDHCP_ASK_LEN, SEDHCP_ASK_LEN, 0, on_ask },
};

static void
on_down(void *arg, const char *why)
{
	struct ipc_informd *i = arg;

	log_debug(LOG_T_SYSTEM, "informd is gone: %s", why);
	edge_free(i->edge);
	i->edge = NULL;
}

struct ipc_informd *
ipc_informd_new(struct event_base *base)
{
	struct ipc_informd *i = calloc(1, sizeof(*i));

	if (i != NULL)
		i->base = base;
	return i;
}

void
ipc_informd_free(struct ipc_informd *i)
{
	if (i == NULL)
		return;
	edge_free(i->edge);
	free(i);
}

void
ipc_informd_up(struct ipc_informd *i, int fd)
{
	edge_free(i->edge);
	i->edge = edge_new(i->base, fd, "informd", EDGE_REFUSE,
	    informd_permits,
	    sizeof(informd_permits) / sizeof(informd_permits[0]), on_down, i,
	    QUEUE_MAX);
	if (i->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for informd");
}

void
ipc_informd_start(struct ipc_informd *i, const struct sessions *ss)
{
	i->sessions = ss;
}
