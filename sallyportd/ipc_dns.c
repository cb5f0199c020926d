#include "sallyportd/ipc_dns.h"

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/proc.h"
#include "lib/proto/super.h"
#include "sallyportd/dns_help.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES_MAX	64	/* logins of ours with name servers */
#define END_MS		5000

struct entry {
	struct entry *next;
	bool stale;		/* of a keymgr that is gone */
	struct super_dns d;
};

struct dns {
	pid_t pid;		/* 0: ended */
	int fd;
	struct event *readable;
	struct entry *entries;
	unsigned n;
	char told[DNS_LINE_MAX];	/* the last line */
	char line[1024];	/* of the helper's, so far */
	size_t len;
};

/* Only what is safe between fork and exec, but for a line when it fails. */
static void
helper_exec(int fd, const char *run_dir)
{
	static const struct proc_desc desc = { .name = "sallyportd",
		.caps = UINT64_C(1) << CAP_KILL };
	const char *argv[] = { "sallyportd", DNS_ARG, run_dir, NULL };

	proc_early(&desc);
	if (fd == DNS_FD ? fcntl(fd, F_SETFD, 0) == -1 :
	    dup2(fd, DNS_FD) == -1)
		_exit(127);
	execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(127);
}

struct dns *
dns_start(const char *run_dir)
{
	struct dns *d = calloc(1, sizeof(*d));
	int sv[2];

	if (d == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    sv) == -1) {
		free(d);
		return NULL;
	}
	if ((d->pid = fork()) == 0)
		helper_exec(sv[1], run_dir);
	close(sv[1]);
	d->fd = sv[0];
	if (d->pid != -1 && fcntl(d->fd, F_SETFL, O_NONBLOCK) == 0)
		return d;
	log_error(LOG_T_SYSTEM, "cannot start the helper for name servers: "
	    "%s", strerror(errno));
	close(d->fd);
	free(d);
	return NULL;
}

static void
helper_said(const char *line)
{
	char text[sizeof(((struct dns *)0)->line)];

	log_escape(text, sizeof(text), line + 1, strlen(line + 1));
	if (line[0] == 'W')
		log_warn(LOG_T_IPSEC, "%s", text);
	else if (line[0] == 'I')
		log_info(LOG_T_IPSEC, "%s", text);
}

static void
helper_close(struct dns *d)
{
	if (d->readable != NULL)
		event_free(d->readable);
	d->readable = NULL;
	if (d->fd != -1)
		close(d->fd);
	d->fd = -1;
}

/* False when there is nothing more. */
static bool
take_some(struct dns *d)
{
	char buf[512];
	ssize_t i, n = read(d->fd, buf, sizeof(buf));

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		helper_close(d);
		return false;
	}
	for (i = 0; i < n; i++) {
		if (buf[i] != '\n') {
			if (d->len < sizeof(d->line) - 1)
				d->line[d->len++] = buf[i];
			continue;
		}
		d->line[d->len] = '\0';
		if (d->len > 0)
			helper_said(d->line);
		d->len = 0;
	}
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)take_some(arg);
}

int
dns_loop(struct dns *d, struct event_base *base)
{
	if (d == NULL)
		return 0;
	d->readable = event_new(base, d->fd, EV_READ | EV_PERSIST,
	    on_readable, d);
	return d->readable == NULL ? -1 : event_add(d->readable, NULL);
}

static void
entry_del(struct dns *d, struct entry **pp)
{
	struct entry *e = *pp;

	*pp = e->next;
	free(e);
	d->n--;
}

void
dns_end(struct dns *d)
{
	struct pollfd p;
	struct mono since = mono_now();

	if (d == NULL)
		return;
	if (d->fd != -1)
		(void)shutdown(d->fd, SHUT_WR);
	while (d->fd != -1 && d->pid != 0 &&
	    mono_sub(mono_now(), since).us < END_MS * 1000) {
		p = (struct pollfd){ .fd = d->fd, .events = POLLIN };
		if (poll(&p, 1, END_MS) == 1)
			while (take_some(d))
				;
	}
	helper_close(d);
	while (d->entries != NULL)
		entry_del(d, &d->entries);
	free(d);
}

/* What all want together */

static bool
listed(char list[][DNSNAME_MAX + 1], unsigned n, const char *s)
{
	while (n-- > 0)
		if (strcmp(list[n], s) == 0)
			return true;
	return false;
}

static void
gather_one(struct dns_set *s, const struct super_dns *d)
{
	char a[ADDR_STRLEN];
	unsigned i, j;

	if (s->iface[0] == '\0')
		memcpy(s->iface, d->iface, sizeof(s->iface));
	for (i = 0; i < d->ndns; i++) {
		addr_fmt(&d->dns[i], a, sizeof(a));
		for (j = 0; j < s->nservers; j++)
			if (strcmp(s->server[j], a) == 0)
				break;
		if (j == s->nservers && j < DNS_SERVERS)
			memcpy(s->server[s->nservers++], a, sizeof(a));
	}
	for (i = 0; i < d->nnames; i++)
		if (s->ndomains < DNS_DOMAINS &&
		    !listed(s->domain, s->ndomains, d->names[i]))
			memcpy(s->domain[s->ndomains++], d->names[i],
			    sizeof(d->names[i]));
}

/* Servers without a domain are for all names, then all are. */
static void
gather(const struct dns *d, struct dns_set *s)
{
	const struct entry *e;
	bool all = false;

	memset(s, 0, sizeof(*s));
	for (e = d->entries; e != NULL; e = e->next) {
		gather_one(s, &e->d);
		all |= e->d.nnames == 0;
	}
	if (all)
		s->ndomains = 0;
}

static size_t
list_put(char *dst, size_t size, const char *item, unsigned n, size_t step)
{
	size_t len = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(dst + len, size - len, "%s%s",
		    i == 0 ? "" : ",", item + i * step);
	return n > 0 ? len : (size_t)snprintf(dst, size, "-");
}

static void
line_put(const struct dns *d, char *line, size_t size)
{
	static struct dns_set s;
	size_t len;

	gather(d, &s);
	if (s.nservers == 0) {
		snprintf(line, size, "clear\n");
		return;
	}
	len = (size_t)snprintf(line, size, "set %s ",
	    s.iface[0] == '\0' ? "-" : s.iface);
	len += list_put(line + len, size - len, s.server[0], s.nservers,
	    sizeof(s.server[0]));
	line[len++] = ' ';
	len += list_put(line + len, size - len, s.domain[0], s.ndomains,
	    sizeof(s.domain[0]));
	snprintf(line + len, size - len, "\n");
}

static void
update(struct dns *d)
{
	static char line[DNS_LINE_MAX];

	line_put(d, line, sizeof(line));
	if (strcmp(line, d->told) == 0 ||
	    (d->told[0] == '\0' && d->entries == NULL))
		return;
	memcpy(d->told, line, sizeof(line));
	if (d->fd == -1 || send(d->fd, line, strlen(line), MSG_NOSIGNAL) !=
	    (ssize_t)strlen(line))
		log_warn(LOG_T_IPSEC, "name servers cannot be set any more: "
		    "the helper is gone");
}

/* What keymgr says */

static struct entry **
entry_find(struct dns *d, const struct super_dns *m)
{
	struct entry **pp = &d->entries;

	while (*pp != NULL && ((*pp)->d.worker != m->worker ||
	    (*pp)->d.vip != m->vip))
		pp = &(*pp)->next;
	return pp;
}

static void
log_only(const struct super_dns *m)
{
	char a[ADDR_STRLEN];
	unsigned i;

	for (i = 0; i < m->ndns; i++)
		log_warn(LOG_T_IPSEC, "the peer's name server %s is for you "
		    "to use: this is set from the next start on",
		    addr_fmt(&m->dns[i], a, sizeof(a)));
}

int
dns_recv(struct dns *d, struct imsg *im, const char **why)
{
	struct entry **pp, *e;
	struct super_dns m;

	if (super_dns_get(&im->body, &m, why) == -1)
		return -1;
	if (d == NULL) {
		log_only(&m);
		return 0;
	}
	pp = entry_find(d, &m);
	if (m.ndns == 0) {
		if (*pp != NULL)
			entry_del(d, pp);
	} else {
		if (*pp == NULL && d->n < ENTRIES_MAX &&
		    (*pp = calloc(1, sizeof(**pp))) != NULL)
			d->n++;
		if ((e = *pp) != NULL) {
			e->d = m;
			e->stale = false;
		}
	}
	update(d);
	return 0;
}

void
dns_keymgr_gone(struct dns *d)
{
	struct entry *e;

	if (d == NULL)
		return;
	for (e = d->entries; e != NULL; e = e->next)
		e->stale = true;
}

void
dns_known(struct dns *d)
{
	struct entry **pp;

	if (d == NULL)
		return;
	for (pp = &d->entries; *pp != NULL;) {
		if ((*pp)->stale)
			entry_del(d, pp);
		else
			pp = &(*pp)->next;
	}
	update(d);
}

bool
dns_reaped(struct dns *d, pid_t pid, int status)
{
	if (d == NULL || d->pid != pid)
		return false;
	d->pid = 0;
	while (d->fd != -1 && take_some(d))
		;
	helper_close(d);
	log_error(LOG_T_SYSTEM, "the helper for name servers ended (%s %d); "
	    "they are set again from the next start on",
	    WIFSIGNALED(status) ? "signal" : "exit status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return true;
}
