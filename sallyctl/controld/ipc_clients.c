#include "sallyctl/controld/ipc_clients.h"

#include "lib/log.h"
#include "lib/proto/ctl.h"
#include "lib/secret.h"
#include "sallyctl/controld/sums.h"

#include <sys/socket.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT_RESERVED	8	/* of CTL_CLIENTS_MAX: for root alone */
#define ANSWER_S	10	/* a process that takes longer is given up */
#define IDLE_S		60	/* a client that asks nothing */

struct client {
	struct clients *clients;
	struct client *next;
	struct edge *edge;
	struct event *timer;
	uid_t uid;
	pid_t pid;
	/* the request under way; waiting 0: none */
	uint32_t client_id;	/* the client's number for it */
	uint32_t id;		/* ours */
	const struct ctl_what *what;
	struct show_filter *filter;
	struct sums *sums;
	uint64_t waiting;	/* owners that have not answered */
	char error[1024];	/* the first */
};

struct clients {
	struct event_base *base;
	struct owners *owners;
	struct event *listener;
	struct client *list;
	unsigned n;
	uint32_t next_id;
};

static void
timer_set(struct client *c, unsigned seconds)
{
	struct timeval tv = { seconds, 0 };

	event_add(c->timer, &tv);
}

/* The first error is the one that is told. */
static void __attribute__((format(printf, 2, 3)))
note_error(struct client *c, const char *fmt, ...)
{
	va_list ap;

	if (c->error[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(c->error, sizeof(c->error), fmt, ap);
	va_end(ap);
}

/* Answers */

static void
send_sums(struct client *c)
{
	char text[32];
	struct buf b;
	size_t i;

	if (c->sums == NULL || c->sums->n == 0)
		return;
	buf_init(&b, SHOW_ROW_MAX);
	buf_u16(&b, (uint16_t)c->sums->n);
	for (i = 0; i < c->sums->n; i++) {
		snprintf(text, sizeof(text), "%llu",
		    (unsigned long long)c->sums->v[i].value);
		buf_str(&b, c->sums->v[i].name);
		buf_str(&b, text);
	}
	(void)edge_send(c->edge, CTL_ROW, c->client_id, -1, &b);
	buf_free(&b);
}

/* Drops what the request needed; its late rows find nobody. */
static void
request_clear(struct client *c)
{
	show_filter_free(c->filter);
	c->filter = NULL;
	free(c->sums);
	c->sums = NULL;
	c->waiting = 0;
	c->id = 0;
	c->error[0] = '\0';
}

static void
request_end(struct client *c)
{
	struct buf b;

	if (c->error[0] == '\0')
		send_sums(c);
	buf_init(&b, SHOW_END_MAX);
	show_end_put(&b, c->error);
	(void)edge_send(c->edge, CTL_END, c->client_id, -1, &b);
	buf_free(&b);
	request_clear(c);
	timer_set(c, IDLE_S);
}

static void
owner_done(struct client *c, uint64_t owner)
{
	if ((c->waiting & owner) == 0)
		return;
	c->waiting &= ~owner;
	if (c->waiting == 0)
		request_end(c);
}

static struct client *
client_by_id(struct clients *cs, uint32_t id)
{
	struct client *c;

	for (c = cs->list; c != NULL; c = c->next)
		if (c->waiting != 0 && c->id == id)
			return c;
	return NULL;
}

/* A row as a filter sees it. */
struct row {
	struct cur body;
	char value[SHOW_FIELD_LEN];
};

static const char *
row_get(void *arg, const char *name)
{
	struct row *r = arg;
	struct cur body = r->body;
	struct show_pair p;
	uint16_t n;

	if (show_row_begin(&body, &n) == -1)
		return NULL;
	while (show_row_next(&body, &n, &p) == 1) {
		if (strlen(name) != p.name_len ||
		    memcmp(name, p.name, p.name_len) != 0)
			continue;
		if (p.value_len >= sizeof(r->value))
			return NULL;
		memcpy(r->value, p.value, p.value_len);
		r->value[p.value_len] = '\0';
		return r->value;
	}
	return NULL;
}

static void
row_sum(struct client *c, struct cur body)
{
	struct show_pair p;
	uint16_t n;

	if (show_row_begin(&body, &n) == -1)
		return;
	while (show_row_next(&body, &n, &p) == 1)
		(void)sums_add(c->sums, p.name, p.name_len, p.value,
		    p.value_len);
}

static void
row_forward(struct client *c, const struct cur *body)
{
	struct row row = { .body = *body };
	struct buf b;

	if (c->filter != NULL && !show_filter_match(c->filter, row_get, &row))
		return;
	buf_init(&b, SHOW_ROW_MAX);
	buf_put(&b, body->p, cur_left(body));
	if (edge_send(c->edge, CTL_ROW, c->client_id, -1, &b) == -1)
		note_error(c, "the answer is longer than can be sent");
	buf_free(&b);
}

static int
row_check(struct cur *body, const char **why)
{
	struct show_pair p;
	uint16_t n;
	int rc;

	*why = "malformed row";
	if (show_row_begin(body, &n) == -1)
		return -1;
	while ((rc = show_row_next(body, &n, &p)) == 1)
		;
	return rc;
}

static int
on_row(void *arg, uint32_t id, struct cur *body, const char **why)
{
	struct cur start = *body;
	struct client *c;

	if (row_check(body, why) == -1)
		return -1;
	if ((c = client_by_id(arg, id)) == NULL)
		return 0;
	if (c->sums != NULL)
		row_sum(c, start);
	else
		row_forward(c, &start);
	return 0;
}

static void
on_end(void *arg, uint32_t id, uint64_t owner, const char *name,
    const char *err)
{
	struct client *c = client_by_id(arg, id);

	if (c == NULL)
		return;
	if (err[0] != '\0')
		note_error(c, "%s", err);
	(void)name;
	owner_done(c, owner);
}

static void
on_owner_down(void *arg, uint64_t owner, const char *name)
{
	struct clients *cs = arg;
	struct client *c;

	for (c = cs->list; c != NULL; c = c->next)
		if ((c->waiting & owner) != 0) {
			note_error(c, "%s died before it had answered",
			    name);
			owner_done(c, owner);
		}
}

const struct owners_ops clients_owners_ops = { on_row, on_end,
	on_owner_down };

/* Questions */

/* Why this client may not ask this; NULL when it may. */
static const char *
forbidden(const struct client *c, const struct show_req *r)
{
	if (c->what == NULL)
		return "unknown question";
	if ((c->what->flags & CTL_ACTION) != 0 && c->uid != 0)
		return "only root may do this";
	if ((r->flags & SHOW_SENSITIVE) != 0 && c->uid != 0)
		return "only root may see secrets";
	return NULL;
}

/* -1: error is set. */
static int
request_prepare(struct client *c, const struct show_req *r)
{
	const char *no;

	c->what = ctl_what(r->what);
	if ((no = forbidden(c, r)) != NULL) {
		note_error(c, "%s", no);
		return -1;
	}
	if ((c->what->flags & CTL_SUM) != 0 &&
	    (c->sums = calloc(1, sizeof(*c->sums))) == NULL) {
		note_error(c, "out of memory");
		return -1;
	}
	if (show_filter_check(r, c->error, sizeof(c->error)) == -1)
		return -1;
	/* An action's filter is compiled here, too: to refuse a bad one. */
	c->filter = show_filter_new(r->args, r->nargs, c->error,
	    sizeof(c->error));
	if (c->filter == NULL)
		return -1;
	if ((c->what->flags & CTL_ACTION) != 0) {
		show_filter_free(c->filter);
		c->filter = NULL;
		log_info(LOG_T_SYSTEM, "%s, asked by pid %d",
		    c->what->name, (int)c->pid);
	}
	return 0;
}

static int
on_req(void *arg, struct imsg *m, const char **why)
{
	struct client *c = arg;
	const char *missing = NULL;
	struct show_req r;

	memset(&r, 0, sizeof(r));
	if (show_req_get(&m->body, &r, why) == -1)
		return -1;
	if (c->waiting != 0) {
		*why = "two requests at a time";
		return -1;
	}
	c->client_id = m->id;
	if (request_prepare(c, &r) == 0) {
		c->id = ++c->clients->next_id;
		c->waiting = owners_ask(c->clients->owners, c->what->procs,
		    c->id, &r, &missing);
		if (missing != NULL)
			note_error(c, "%s is not running", missing);
		else if (c->waiting == 0)
			note_error(c, "the gateway is starting");
	}
	/* A passphrase may have been among them. */
	secret_wipe(&r, sizeof(r));
	if (c->waiting == 0)
		request_end(c);
	else
		timer_set(c, ANSWER_S);
	return 0;
}

static const struct permit client_permits[] = {
	{ CTL_REQ, "request", SHOW_REQ_MIN, SHOW_REQ_MAX, 0, on_req },
};

/* Coming and going */

static void
client_free(struct client *c)
{
	struct clients *cs = c->clients;
	struct client **pp;

	for (pp = &cs->list; *pp != c; pp = &(*pp)->next)
		;
	*pp = c->next;
	cs->n--;
	request_clear(c);
	edge_free(c->edge);
	if (c->timer != NULL)
		event_free(c->timer);
	free(c);
}

static void
on_client_down(void *arg, const char *why)
{
	struct client *c = arg;

	if (strcmp(why, "closed") != 0)
		log_warn(LOG_T_SYSTEM, "control client (pid %d, uid %u) cut "
		    "off: %s", (int)c->pid, (unsigned)c->uid, why);
	client_free(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;

	(void)fd;
	(void)what;
	if (c->waiting == 0) {
		client_free(c);
		return;
	}
	note_error(c, "%s does not answer",
	    owners_name(c->clients->owners, c->waiting));
	request_end(c);
}

static bool
admit(const struct clients *cs, const struct ucred *cred)
{
	if (cs->n >= CTL_CLIENTS_MAX)
		return false;
	return cred->uid == 0 || cs->n < CTL_CLIENTS_MAX - ROOT_RESERVED;
}

/*
 * The socket's mode let it connect: root, or a member of the group.  Which
 * of the two decides about actions and secrets.
 */
static void
client_new(struct clients *cs, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct client *c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 ||
	    !admit(cs, &cred) || (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->clients = cs;
	c->uid = cred.uid;
	c->pid = cred.pid;
	c->next = cs->list;
	cs->list = c;
	cs->n++;
	c->timer = evtimer_new(cs->base, on_timer, c);
	c->edge = edge_new(cs->base, fd, "control client", EDGE_CLOSE,
	    client_permits, sizeof(client_permits) /
	    sizeof(client_permits[0]), on_client_down, c, CTL_QUEUE_MAX);
	if (c->timer == NULL || c->edge == NULL)
		client_free(c);
	else
		timer_set(c, IDLE_S);
}

static void
on_listener(evutil_socket_t fd, short what, void *arg)
{
	int s;

	(void)what;
	s = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (s != -1)
		client_new(arg, s);
}

struct clients *
clients_new(struct event_base *base)
{
	struct clients *cs;

	if ((cs = calloc(1, sizeof(*cs))) != NULL)
		cs->base = base;
	return cs;
}

void
clients_set_owners(struct clients *cs, struct owners *owners)
{
	cs->owners = owners;
}

int
clients_listen(struct clients *cs, int fd)
{
	cs->listener = event_new(cs->base, fd, EV_READ | EV_PERSIST,
	    on_listener, cs);
	if (cs->listener == NULL)
		return -1;
	return event_add(cs->listener, NULL);
}
