#include "sallyportd/resolve.h"

#include "lib/log.h"
#include "lib/mono.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AGAIN_S		300	/* names that are known are asked anew */
#define RETRY_MIN_S	15
#define RETRY_MAX_S	300
#define ANSWER_MAX	(256 * 1024)
#define HELPER_FD	3
#define HELPER_S	60	/* to live, at most */

struct name {
	struct name *next;
	struct addr addr;	/* AF_UNSPEC: not known */
	bool wanted;		/* in the configuration as it is */
	bool warned;
	char text[];
};

struct resolver {
	struct event_base *base;
	void (*changed)(void *arg);
	void *arg;
	struct conf *conf;
	struct name *names;
	pid_t pid;
	int fd;
	struct event *readable;
	struct event *timer;	/* the next helper is due */
	struct event *overdue;	/* this one takes too long */
	unsigned retry_s;
	struct mono asked;	/* when the last helper was started */
	bool restart;		/* names changed while the helper ran */
	char line[512];		/* the answer's line so far */
	size_t len;
	size_t total;
};

static bool
is_dns_name(const struct conf_obj *peer)
{
	char text[CONF_TEXT_MAX];
	struct prefix p;

	conf_fmt(peer, CONF_PEER_ADDRESS, 0, text, sizeof(text));
	return text[0] != '\0' && prefix_parse(&p, text, false) == -1;
}

static struct name *
name_find(struct resolver *r, const char *text)
{
	struct name *n;

	for (n = r->names; n != NULL; n = n->next)
		if (strcmp(n->text, text) == 0)
			return n;
	return NULL;
}

static struct name *
name_add(struct resolver *r, const char *text)
{
	struct name *n;
	size_t len = strlen(text) + 1;

	if ((n = calloc(1, sizeof(*n) + len)) == NULL)
		return NULL;
	memcpy(n->text, text, len);
	n->next = r->names;
	r->names = n;
	return n;
}

static void
names_drop_unwanted(struct resolver *r)
{
	struct name **pp = &r->names, *n;

	while ((n = *pp) != NULL) {
		if (n->wanted) {
			pp = &n->next;
			continue;
		}
		*pp = n->next;
		free(n);
	}
}

/* Puts what is known into the configuration's peers. */
static void
names_apply(struct resolver *r)
{
	struct conf_obj *o;
	struct name *n;

	CONF_FOREACH(r->conf, CONF_PEER, o)
		if (is_dns_name(o) && (n = name_find(r,
		    conf_str(o, CONF_PEER_ADDRESS))) != NULL)
			conf_set_resolved(o, &n->addr);
}

static void
schedule(struct resolver *r)
{
	struct timeval tv = { AGAIN_S, 0 };
	const struct name *n;
	bool open = false;

	if (r->names == NULL)
		return;
	for (n = r->names; n != NULL; n = n->next)
		open = open || n->addr.family == AF_UNSPEC;
	if (open) {
		tv.tv_sec = r->retry_s;
		if (r->retry_s < RETRY_MAX_S)
			r->retry_s *= 2;
	} else {
		r->retry_s = RETRY_MIN_S;
	}
	event_add(r->timer, &tv);
}

/* One line of the helper's: "name address", or "name" when not known. */
static void
answer(struct resolver *r, char *line)
{
	char *text = strchr(line, ' ');
	struct name *n;
	struct addr a;

	if (text != NULL)
		*text++ = '\0';
	if ((n = name_find(r, line)) == NULL)
		return;
	if (text == NULL || addr_parse(&a, text) == -1) {
		if (!n->warned)
			log_warn(LOG_T_IPSEC, "%s has no address in the DNS; "
			    "it is asked for again", n->text);
		n->warned = true;	/* the last known address stays */
		return;
	}
	n->warned = false;
	if (addr_equal(&n->addr, &a))
		return;
	n->addr = a;
	log_info(LOG_T_IPSEC, "%s is %s", n->text, text);
	names_apply(r);
	r->changed(r->arg);
}

static void
helper_close(struct resolver *r)
{
	if (r->readable != NULL)
		event_free(r->readable);
	r->readable = NULL;
	if (r->fd != -1)
		close(r->fd);
	r->fd = -1;
}

static void
take_bytes(struct resolver *r, const char *p, size_t n)
{
	for (; n > 0; n--, p++) {
		if (*p == '\n') {
			r->line[r->len] = '\0';
			r->len = 0;
			answer(r, r->line);
		} else if (r->len < sizeof(r->line) - 1) {
			r->line[r->len++] = *p;
		}
	}
}

/* False when there is nothing more. */
static bool
take_some(struct resolver *r)
{
	char buf[4096];
	ssize_t n;

	n = read(r->fd, buf, sizeof(buf));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0 || (r->total += (size_t)n) > ANSWER_MAX) {
		helper_close(r);
		if (r->pid != 0)
			kill(r->pid, SIGKILL);
		return false;
	}
	take_bytes(r, buf, (size_t)n);
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)take_some(arg);
}

/* Only what is safe between fork and exec. */
static void
helper_exec(int fd)
{
	static char name[] = "sallyportd", arg[] = RESOLVE_ARG;
	char *argv[] = { name, arg, NULL };

	if (fd == HELPER_FD ? fcntl(fd, F_SETFD, 0) == -1 :
	    dup2(fd, HELPER_FD) == -1)
		_exit(127);
	execv("/proc/self/exe", argv);
	_exit(127);
}

static int
helper_names(const struct resolver *r, int fd)
{
	const struct name *n;

	for (n = r->names; n != NULL; n = n->next)
		if (dprintf(fd, "%s\n", n->text) < 0)
			return -1;
	return shutdown(fd, SHUT_WR);
}

static void
helper_start(struct resolver *r)
{
	const struct timeval life = { HELPER_S, 0 };
	int sv[2];

	r->len = r->total = 0;
	r->asked = mono_now();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return;
	r->pid = fork();
	if (r->pid == 0)
		helper_exec(sv[1]);
	close(sv[1]);
	r->fd = sv[0];
	if (r->pid == -1) {
		r->pid = 0;
		helper_close(r);
		return;
	}
	/* Names beyond what the socket holds are an error, not a wait. */
	if (fcntl(r->fd, F_SETFL, O_NONBLOCK) == -1 ||
	    helper_names(r, r->fd) == -1 ||
	    (r->readable = event_new(r->base, r->fd, EV_READ | EV_PERSIST,
	    on_readable, r)) == NULL || event_add(r->readable, NULL) == -1) {
		log_warn(LOG_T_SYSTEM, "cannot ask for names: %s",
		    strerror(errno));
		helper_close(r);
		kill(r->pid, SIGKILL);
	}
	event_add(r->overdue, &life);
}

static void
on_overdue(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *r = arg;

	(void)fd;
	(void)what;
	if (r->pid != 0)
		kill(r->pid, SIGKILL);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *r = arg;

	(void)fd;
	(void)what;
	if (r->pid == 0 && r->names != NULL)
		helper_start(r);
}

struct resolver *
resolver_new(struct event_base *base, void (*changed)(void *arg), void *arg)
{
	struct resolver *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->base = base;
	r->changed = changed;
	r->arg = arg;
	r->fd = -1;
	r->retry_s = RETRY_MIN_S;
	r->timer = evtimer_new(base, on_timer, r);
	r->overdue = evtimer_new(base, on_overdue, r);
	if (r->timer == NULL || r->overdue == NULL) {
		resolver_free(r);
		return NULL;
	}
	return r;
}

void
resolver_free(struct resolver *r)
{
	struct name *n;

	if (r == NULL)
		return;
	if (r->pid != 0)
		kill(r->pid, SIGKILL);
	helper_close(r);
	if (r->timer != NULL)
		event_free(r->timer);
	if (r->overdue != NULL)
		event_free(r->overdue);
	while ((n = r->names) != NULL) {
		r->names = n->next;
		free(n);
	}
	free(r);
}

void
resolver_conf(struct resolver *r, struct conf *conf)
{
	struct timeval soon = { 0, 0 };
	struct conf_obj *o;
	struct name *n;
	const char *text;

	r->conf = conf;
	for (n = r->names; n != NULL; n = n->next)
		n->wanted = false;
	CONF_FOREACH(conf, CONF_PEER, o) {
		if (!conf_usable(conf, o) || !is_dns_name(o))
			continue;
		text = conf_str(o, CONF_PEER_ADDRESS);
		if ((n = name_find(r, text)) == NULL &&
		    (n = name_add(r, text)) == NULL)
			continue;
		n->wanted = true;
	}
	names_drop_unwanted(r);
	names_apply(r);
	r->retry_s = RETRY_MIN_S;
	if (r->names == NULL)
		return;
	if (r->pid != 0)
		r->restart = true;
	else
		event_add(r->timer, &soon);
}

void
resolver_doubt(struct resolver *r, uint32_t peer)
{
	const struct conf_obj *o = conf_by_id(r->conf, peer);
	struct timeval tv = { 0, 0 };
	int64_t age = (int64_t)mono_seconds(mono_sub(mono_now(), r->asked));

	if (r->pid != 0 || o == NULL || o->menu != CONF_PEER ||
	    !is_dns_name(o))
		return;
	/* However often that is said. */
	if (age < RETRY_MIN_S)
		tv.tv_sec = RETRY_MIN_S - age;
	event_add(r->timer, &tv);
}

bool
resolver_reaped(struct resolver *r, pid_t pid, int status)
{
	struct timeval soon = { 0, 0 };

	if (r->pid != pid)
		return false;
	r->pid = 0;
	event_del(r->overdue);
	/* What it wrote before its end is in the socket still. */
	while (r->fd != -1 && take_some(r))
		;
	helper_close(r);
	if (WIFSIGNALED(status))
		log_warn(LOG_T_SYSTEM, "the process that asks for names was "
		    "ended by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		log_warn(LOG_T_SYSTEM, "the process that asks for names "
		    "failed");
	if (r->restart) {
		r->restart = false;
		event_add(r->timer, &soon);
	} else {
		schedule(r);
	}
	return true;
}
