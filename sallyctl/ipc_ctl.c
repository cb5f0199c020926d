#include "sallyctl/ipc_ctl.h"

#include "lib/edge.h"
#include "lib/proto/proto.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct asked {
	struct event_base *base;
	struct edge *edge;
	void (*row)(void *arg, struct cur *);
	void *arg;
	bool done;
	char *err;
	size_t size;
};

static int
ctl_connect(const char *path, char *err, size_t size)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		snprintf(err, size, "%s: too long for a socket's name", path);
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd != -1 &&
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	snprintf(err, size, "%s: %s%s", path, strerror(errno),
	    errno == ENOENT || errno == ECONNREFUSED ?
	    "; is sallyportd running?" : "");
	if (fd != -1)
		close(fd);
	return -1;
}

static int
on_row(void *arg, struct imsg *m, const char **why)
{
	struct asked *a = arg;

	(void)why;
	a->row(a->arg, &m->body);
	/* What the reader left is not an error here. */
	return cur_skip(&m->body, cur_left(&m->body));
}

static int
on_end(void *arg, struct imsg *m, const char **why)
{
	struct asked *a = arg;
	struct show_end e;

	if (show_end_get(&m->body, &e, why) == -1)
		return -1;
	snprintf(a->err, a->size, "%s", e.error);
	a->done = true;
	event_base_loopbreak(a->base);
	return 0;
}

static const struct permit ctl_permits[] = {
	{ CTL_ROW, "row", SHOW_ROW_MIN, SHOW_ROW_MAX, 0, on_row },
	{ CTL_END, "end", SHOW_END_MIN, SHOW_END_MAX, 0, on_end },
};

static void
on_down(void *arg, const char *why)
{
	struct asked *a = arg;

	snprintf(a->err, a->size, "controld has closed the connection (%s)",
	    why);
	a->done = true;
	event_base_loopbreak(a->base);
}

static int
ask(struct asked *a, const struct show_req *r)
{
	struct buf b;
	int rc;

	buf_init(&b, SHOW_REQ_MAX);
	show_req_put(&b, r);
	rc = edge_send(a->edge, CTL_REQ, 1, -1, &b);
	buf_free(&b);
	if (rc == -1) {
		snprintf(a->err, a->size, "the request is too long");
		return -1;
	}
	event_base_dispatch(a->base);
	if (!a->done)
		snprintf(a->err, a->size, "no answer");
	return a->err[0] == '\0' ? 0 : -1;
}

int
ctl_ask(const char *path, const struct show_req *r,
    void (*row)(void *arg, struct cur *), void *arg, char *err, size_t size)
{
	struct asked a = { .row = row, .arg = arg, .err = err, .size = size };
	int fd, rc = -1;

	if ((fd = ctl_connect(path, err, size)) == -1)
		return -1;
	snprintf(err, size, "out of memory");
	if ((a.base = event_base_new()) == NULL) {
		close(fd);
		return -1;
	}
	a.edge = edge_new(a.base, fd, "controld", EDGE_CLOSE, ctl_permits,
	    sizeof(ctl_permits) / sizeof(ctl_permits[0]), on_down, &a,
	    EDGE_QUEUE_MAX);
	if (a.edge != NULL) {
		err[0] = '\0';
		rc = ask(&a, r);
	}
	edge_free(a.edge);
	event_base_free(a.base);
	return rc;
}
