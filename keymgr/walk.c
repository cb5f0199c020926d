#include "keymgr/walk.h"

#include <sys/queue.h>

#include <limits.h>
#include <stdlib.h>

#define WALK_A_TURN	64

struct walk {
	STAILQ_ENTRY(walk) entry;
	walk_each each;
	walk_end end;
	void *arg;
	size_t n, at;
	uint32_t spis[];
};

struct walks {
	struct km *km;
	struct event *ev;
	STAILQ_HEAD(, walk) list;
};

static void
walk_finish(struct walks *ws)
{
	struct walk *w = STAILQ_FIRST(&ws->list);

	STAILQ_REMOVE_HEAD(&ws->list, entry);
	w->end(w->arg);
	free(w);
}

static void
walk_turn(evutil_socket_t fd, short what, void *arg)
{
	struct walks *ws = arg;
	struct walk *w = STAILQ_FIRST(&ws->list);
	struct timeval now = { 0, 0 };
	struct sad_child *c;
	size_t i;

	(void)fd;
	(void)what;
	for (i = 0; i < WALK_A_TURN && w->at < w->n; i++) {
		c = sad_get(&ws->km->sad, w->spis[w->at++]);
		if (c != NULL)
			w->each(w->arg, c);
	}
	if (w->at == w->n)
		walk_finish(ws);
	if (!STAILQ_EMPTY(&ws->list))
		evtimer_add(ws->ev, &now);
}

struct walks *
walks_new(struct event_base *base, struct km *km)
{
	struct walks *ws = calloc(1, sizeof(*ws));

	if (ws == NULL)
		return NULL;
	ws->km = km;
	STAILQ_INIT(&ws->list);
	ws->ev = evtimer_new(base, walk_turn, ws);
	if (ws->ev == NULL) {
		free(ws);
		return NULL;
	}
	return ws;
}

void
walks_free(struct walks *ws)
{
	if (ws == NULL)
		return;
	while (!STAILQ_EMPTY(&ws->list))
		walk_finish(ws);
	event_free(ws->ev);
	free(ws);
}

int
walk_start(struct walks *ws, unsigned worker, walk_each each, walk_end end,
    void *arg)
{
	const struct sad *sad = &ws->km->sad;
	size_t n = worker == WALK_ALL ? sad_count(sad) : sad->count[worker];
	struct timeval now = { 0, 0 };
	struct sad_child *c;
	struct walk *w;
	unsigned i;

	if ((w = calloc(1, sizeof(*w) + n * sizeof(w->spis[0]))) == NULL)
		return -1;
	w->each = each;
	w->end = end;
	w->arg = arg;
	for (i = 0; i < SPI_WORKERS; i++) {
		if (worker != WALK_ALL && worker != i)
			continue;
		LIST_FOREACH(c, &sad->worker[i], in_worker)
			w->spis[w->n++] = c->spi_in;
	}
	STAILQ_INSERT_TAIL(&ws->list, w, entry);
	evtimer_add(ws->ev, &now);
	return 0;
}
