#include "lib/edge.h"

#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EDGE_NAMELEN	64
#define DRAIN_WAIT_MS	2000	/* a peer that takes nothing for so long */

const char edge_closed[] = "closed";

struct edge {
	struct imsgbuf *ib;
	struct event *ev_read, *ev_write, *ev_flush;
	char name[EDGE_NAMELEN];
	enum edge_policy policy;
	const struct permit *permits;
	size_t npermits;
	edge_down down;
	void *arg;
	uint64_t refused;
	struct log_limit limit;
	bool reading;
	bool broken;	/* a write failed; down is yet to be called */
	bool dead;	/* down was called */
};

/* Tells the owner, once; the edge may be gone afterwards. */
static void
edge_fail(struct edge *e, const char *why)
{
	if (e->dead)
		return;
	e->dead = true;
	event_del(e->ev_read);
	event_del(e->ev_write);
	event_del(e->ev_flush);
	e->down(e->arg, why);
}

static const struct permit *
permit_find(const struct edge *e, uint16_t type)
{
	for (size_t i = 0; i < e->npermits; i++)
		if (e->permits[i].type == type)
			return &e->permits[i];
	return NULL;
}

/* The reason why the message may not even be looked into, or NULL. */
static const char *
permit_violated(const struct permit *p, const struct imsg *m)
{
	size_t len = cur_left(&m->body);

	if (p == NULL)
		return "this peer may not send this type";
	if (len < p->min)
		return "too short";
	if (len > p->max)
		return "too long";
	if (m->fd != -1 && (p->flags & (PERMIT_FD | PERMIT_FD_OPT)) == 0)
		return "uninvited file descriptor";
	if (m->fd == -1 && (p->flags & PERMIT_FD) != 0)
		return "its file descriptor is missing";
	return NULL;
}

/* The reason why the message was refused, or NULL. */
static const char *
edge_handle(struct edge *e, const struct permit *p, struct imsg *m)
{
	const char *why;

	if ((why = permit_violated(p, m)) != NULL)
		return why;
	if (p->fn(e->arg, m, &why) == -1)
		return why != NULL ? why : "malformed";
	if (cur_end(&m->body) == -1)
		return "trailing bytes";
	if (m->fd != -1)
		return "its file descriptor was not taken";
	return NULL;
}

/* False when the edge is gone. */
static bool
edge_refuse(struct edge *e, const struct permit *p, uint16_t type,
    const char *why)
{
	e->refused++;
	log_limited(&e->limit, mono_now(), LOG_T_SYSTEM | LOG_T_ERROR,
	    "message %s (%u) from %s refused: %s",
	    p != NULL ? p->name : "unknown", type, e->name, why);
	switch (e->policy) {
	case EDGE_EXIT:
		log_error(LOG_T_SYSTEM, "%s misbehaves, giving up", e->name);
		edge_drain(e);	/* the log line goes this way, too */
		exit(1);
	case EDGE_CLOSE:
		edge_fail(e, why);
		return false;
	case EDGE_REFUSE:
		break;
	}
	return true;
}

/* Handles what has been read. */
static void
edge_dispatch(struct edge *e)
{
	const struct permit *p;
	const char *why;
	struct imsg m;
	int r = 0;

	while (e->reading && (r = imsgbuf_next(e->ib, &m)) == 1) {
		p = permit_find(e, m.type);
		why = edge_handle(e, p, &m);
		imsg_done(e->ib, &m);
		if (why != NULL && !edge_refuse(e, p, m.type, why))
			return;
	}
	if (r == -1)
		edge_fail(e, "broken framing");
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct edge *e = arg;

	(void)fd;
	(void)what;
	if (imsgbuf_read(e->ib) == -1) {
		edge_fail(e, errno == 0 ? edge_closed : strerror(errno));
		return;
	}
	edge_dispatch(e);
}

int
edge_first(struct edge *e)
{
	return event_priority_set(e->ev_read, 0);
}

void
edge_poll(struct edge *e)
{
	if (e != NULL && !e->broken && !e->dead && e->reading)
		on_read(-1, 0, e);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct edge *e = arg;

	(void)fd;
	(void)what;
	edge_flush(e);
	if (e->broken)
		edge_fail(e, "closed while writing");
}

struct edge *
edge_new(struct event_base *base, int fd, const char *name,
    enum edge_policy policy, const struct permit *permits, size_t n,
    edge_down down, void *arg, size_t queue_max)
{
	struct edge *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		close(fd);
		return NULL;
	}
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->policy = policy;
	e->permits = permits;
	e->npermits = n;
	e->down = down;
	e->arg = arg;
	e->limit.burst = 10;
	e->limit.interval_ms = 1000;
	e->reading = true;
	if ((e->ib = imsgbuf_new(fd, queue_max)) == NULL ||
	    (e->ev_read = event_new(base, fd, EV_READ | EV_PERSIST, on_read,
	    e)) == NULL ||
	    (e->ev_write = event_new(base, fd, EV_WRITE, on_write, e)) ==
	    NULL ||
	    (e->ev_flush = event_new(base, -1, 0, on_write, e)) == NULL ||
	    event_add(e->ev_read, NULL) == -1) {
		edge_free(e);
		return NULL;
	}
	return e;
}

void
edge_free(struct edge *e)
{
	if (e == NULL)
		return;
	if (e->ev_read != NULL)
		event_free(e->ev_read);
	if (e->ev_write != NULL)
		event_free(e->ev_write);
	if (e->ev_flush != NULL)
		event_free(e->ev_flush);
	imsgbuf_free(e->ib);
	free(e);
}

int
edge_send(struct edge *e, uint16_t type, uint32_t id, int fd,
    const struct buf *body)
{
	bool first;

	if (e == NULL || e->broken || e->dead ||
	    (body != NULL && buf_error(body) == -1)) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	first = imsgbuf_queued(e->ib) == 0;
	if (imsgbuf_send(e->ib, type, id, fd,
	    body != NULL ? body->data : NULL,
	    body != NULL ? body->len : 0) == -1)
		return -1;
	/* Runs behind the callbacks that are due already: one write for all. */
	if (first)
		event_active(e->ev_flush, EV_WRITE, 0);
	return 0;
}

void
edge_flush(struct edge *e)
{
	int r;

	if (e == NULL || e->broken || e->dead)
		return;
	r = imsgbuf_flush(e->ib);
	if (r == 1 && event_add(e->ev_write, NULL) == -1)
		r = -1;
	if (r == -1) {
		e->broken = true;
		event_active(e->ev_flush, EV_WRITE, 0);
	}
}

void
edge_drain(struct edge *e)
{
	struct pollfd pfd = { .events = POLLOUT };
	int r;

	if (e == NULL || e->broken || e->dead)
		return;
	pfd.fd = imsgbuf_fd(e->ib);
	while ((r = imsgbuf_flush(e->ib)) == 1) {
		do
			r = poll(&pfd, 1, DRAIN_WAIT_MS);
		while (r == -1 && errno == EINTR);
		if (r != 1)
			break;
	}
	edge_flush(e);	/* arms the write event when something is left */
}

size_t
edge_queued(const struct edge *e)
{
	return e == NULL ? 0 : imsgbuf_queued(e->ib);
}

uint64_t
edge_refused(const struct edge *e)
{
	return e->refused;
}

const char *
edge_name(const struct edge *e)
{
	return e->name;
}

void
edge_read_enable(struct edge *e, bool on)
{
	if (e == NULL || e->dead || e->reading == on)
		return;
	e->reading = on;
	if (!on) {
		event_del(e->ev_read);
		return;
	}
	event_add(e->ev_read, NULL);
	/* Messages may have been read already. */
	event_active(e->ev_read, EV_READ, 0);
}
