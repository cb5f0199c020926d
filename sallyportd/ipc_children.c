#include "sallyportd/ipc_children.h"

#include "lib/log.h"
#include "lib/proto/proto.h"
#include "lib/proto/super.h"
#include "sallyportd/ipc_dns.h"
#include "sallyportd/kid.h"
#include "sallyportd/resolve.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKOFF_MIN_MS	100
#define BACKOFF_MAX_MS	30000
#define GRACE_S		1
#define STABLE_S	30	/* lived so long: the next wait is short */

/* What a child says */

static int
on_ready(void *arg, struct imsg *m, const char **why)
{
	struct kid *k = arg;

	(void)m;
	if (k->state != KID_STARTING) {
		*why = "not starting";
		return -1;
	}
	if (!k->kids->gw->stopping)
		kid_hand_over(k);
	return 0;
}

static int
on_log(void *arg, struct imsg *m, const char **why)
{
	struct kid *k = arg;
	char line[LOG_LINE_MAX + 1];
	struct super_log l;

	if (super_log_get(&m->body, &l, why) == -1)
		return -1;
	/* Escaped already, unless somebody else speaks for the process. */
	log_escape(line, sizeof(line), l.line, strlen(l.line));
	if (log_rules_keep(&k->kids->gw->rules, l.topics))
		logout_line(k->kids->gw->out, k->name, l.topics, line);
	return 0;
}

static int
on_stopped(void *arg, struct imsg *m, const char **why)
{
	struct kid *k = arg;

	(void)m;
	if (!k->kids->gw->stopping) {
		*why = "nobody asked it to stop";
		return -1;
	}
	return 0;
}

static int
on_silent(void *arg, struct imsg *m, const char **why)
{
	struct kid *k = arg;
	uint32_t peer;

	if (k->desc->id != PROC_IKEPD || cur_u32(&m->body, &peer) == -1) {
		*why = "not its business";
		return -1;
	}
	resolver_doubt(k->kids->gw->resolver, peer);
	return 0;
}

/* What only keymgr may say. */

static int
on_dns(void *arg, struct imsg *m, const char **why)
{
	struct kid *k = arg;

	if (k->desc->id != PROC_KEYMGR) {
		*why = "not its business";
		return -1;
	}
	return dns_recv(k->kids->gw->dns, m, why);
}

static int
on_dns_known(void *arg, struct imsg *m, const char **why)
{
	struct kid *k = arg;

	(void)m;
	if (k->desc->id != PROC_KEYMGR) {
		*why = "not its business";
		return -1;
	}
	dns_known(k->kids->gw->dns);
	return 0;
}

/* It is stopped, or worse; the next one goes on with its SAs. */
static int
on_stuck(void *arg, struct imsg *m, const char **why)
{
	struct kid *k = arg;
	struct kids *ks = k->kids;
	size_t i;

	(void)m;
	if (k->desc->id != PROC_KEYMGR) {
		*why = "not its business";
		return -1;
	}
	for (i = 0; i < ks->n; i++)
		if (ks->kids[i].desc->id == PROC_ESPD &&
		    ks->kids[i].state == KID_RUNNING && !ks->gw->stopping)
			kill(ks->kids[i].pid, SIGKILL);
	return 0;
}

static const struct permit kid_permits[] = {
	{ SUPER_READY, "ready", 0, 0, 0, on_ready },
	{ SUPER_LOG, "log", SUPER_LOG_MIN, SUPER_LOG_MAX, 0, on_log },
	{ SUPER_STOPPED, "stopped", 0, 0, 0, on_stopped },
	{ SUPER_SILENT, "silent peer", 4, 4, 0, on_silent },
	{ SUPER_DNS, "name servers", 1, SUPER_DNS_LEN_MAX, 0, on_dns },
	{ SUPER_DNS_KNOWN, "end of name servers", 0, 0, 0, on_dns_known },
	{ SUPER_STUCK, "espd does not answer", 0, 0, 0, on_stuck },
};

/* It cannot be told anything any more; mostly it is about to end. */
static void
on_kid_down(void *arg, const char *why)
{
	const struct timeval grace = { GRACE_S, 0 };
	struct kid *k = arg;

	(void)why;
	edge_free(k->edge);
	k->edge = NULL;
	if (k->pid != 0)
		event_add(k->grace, &grace);
}

static void
on_grace(evutil_socket_t fd, short what, void *arg)
{
	struct kid *k = arg;

	(void)fd;
	(void)what;
	if (k->pid != 0)
		kill(k->pid, SIGKILL);
}

/* Start */

static int
kid_edge(struct kid *k, int *child_fd)
{
	int sv[2];

	edge_free(k->edge);
	k->edge = NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return -1;
	k->edge = edge_new(k->kids->gw->base, sv[0], k->name, EDGE_REFUSE,
	    kid_permits, sizeof(kid_permits) / sizeof(kid_permits[0]),
	    on_kid_down, k, EDGE_QUEUE_MAX);
	if (k->edge == NULL) {
		close(sv[1]);
		return -1;
	}
	*child_fd = sv[1];
	return 0;
}

static void
restart_later(struct kid *k)
{
	struct timeval tv;
	bool stable = mono_seconds(mono_sub(mono_now(), k->since)) >= STABLE_S;

	if (k->backoff_ms == 0 || stable)
		k->backoff_ms = BACKOFF_MIN_MS;
	else if (k->backoff_ms < BACKOFF_MAX_MS)
		k->backoff_ms *= 2;
	tv.tv_sec = k->backoff_ms / 1000;
	tv.tv_usec = k->backoff_ms % 1000 * 1000;
	event_add(k->restart, &tv);
}

static void
kid_start(struct kid *k)
{
	int fd;

	k->since = mono_now();
	if (kid_edge(k, &fd) == -1) {
		log_error(LOG_T_SYSTEM, "cannot start %s: %s", k->name,
		    strerror(errno));
		restart_later(k);
		return;
	}
	k->pid = proc_spawn(k->desc, k->kids->gw->opt->libexec, k->worker, fd);
	if (k->pid == -1) {
		k->pid = 0;
		edge_free(k->edge);
		k->edge = NULL;
		restart_later(k);
		return;
	}
	k->state = KID_STARTING;
	kid_send_init(k);
}

static void
on_restart(evutil_socket_t fd, short what, void *arg)
{
	struct kid *k = arg;

	(void)fd;
	(void)what;
	if (k->kids->gw->stopping)
		return;
	k->restarts++;
	kid_start(k);
}

/* End */

static void
end_str(int status, char *dst, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(dst, size, "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		snprintf(dst, size, "exit status %d", WEXITSTATUS(status));
}

static struct kid *
kid_by_pid(struct kids *ks, pid_t pid)
{
	size_t i;

	for (i = 0; i < ks->n; i++)
		if (ks->kids[i].pid == pid)
			return &ks->kids[i];
	return NULL;
}

bool
kids_reaped(struct kids *ks, pid_t pid, int status)
{
	struct kid *k = kid_by_pid(ks, pid);

	if (k == NULL)
		return false;
	k->pid = 0;
	k->state = KID_DOWN;
	event_del(k->grace);
	end_str(status, k->last_end, sizeof(k->last_end));
	if (k->desc->id == PROC_KEYMGR)
		dns_keymgr_gone(ks->gw->dns);
	if (ks->gw->stopping) {
		kids_stop_advance(ks);
		return true;
	}
	if (!ks->gw->running) {
		log_error(LOG_T_SYSTEM, "%s does not start: %s", k->name,
		    k->last_end);
		gateway_stop(ks->gw, 1);
		return true;
	}
	restart_later(k);
	log_error(LOG_T_SYSTEM, "%s (pid %d) died: %s; it is started anew "
	    "in %u ms", k->name, (int)pid, k->last_end, k->backoff_ms);
	return true;
}

/* The table */

static int
kid_init(struct kids *ks, enum proc_id id, unsigned worker)
{
	struct kid *k = &ks->kids[ks->n];

	k->kids = ks;
	k->desc = proc_desc(id);
	k->worker = worker;
	k->since = mono_now();
	if (id == PROC_IKEPD && ks->gw->opt->workers > 1)
		snprintf(k->name, sizeof(k->name), "%s.%u", k->desc->name,
		    worker);
	else
		snprintf(k->name, sizeof(k->name), "%s", k->desc->name);
	ks->n++;
	k->restart = evtimer_new(ks->gw->base, on_restart, k);
	k->grace = evtimer_new(ks->gw->base, on_grace, k);
	return k->restart == NULL || k->grace == NULL ? -1 : 0;
}

struct kids *
kids_new(struct gateway *gw)
{
	static const enum proc_id single[] = {
		PROC_KEYMGR, PROC_FETCHD, PROC_CERTD, PROC_SESSIOND,
		PROC_INFORMD, PROC_CONTROLD, PROC_ESPD,
	};
	const size_t nsingle = sizeof(single) / sizeof(single[0]) -
	    (gw->espd_threads == 0);
	struct kids *ks;
	unsigned i;

	if ((ks = calloc(1, sizeof(*ks))) == NULL)
		return NULL;
	ks->gw = gw;
	ks->kids = calloc(nsingle + gw->opt->workers, sizeof(*ks->kids));
	if (ks->kids == NULL || kids_stop_init(ks) == -1)
		goto bad;
	for (i = 0; i < nsingle; i++)
		if (kid_init(ks, single[i], 0) == -1)
			goto bad;
	for (i = 0; i < gw->opt->workers; i++)
		if (kid_init(ks, PROC_IKEPD, i) == -1)
			goto bad;
	return ks;
bad:
	kids_free(ks);
	return NULL;
}

void
kids_free(struct kids *ks)
{
	struct kid *k;

	if (ks == NULL)
		return;
	while (ks->n > 0) {
		k = &ks->kids[--ks->n];
		if (k->pid != 0)
			kill(k->pid, SIGKILL);
		edge_free(k->edge);
		if (k->restart != NULL)
			event_free(k->restart);
		if (k->grace != NULL)
			event_free(k->grace);
	}
	if (ks->stop_timer != NULL)
		event_free(ks->stop_timer);
	free(ks->kids);
	free(ks);
}

int
kids_start(struct kids *ks)
{
	size_t i;

	for (i = 0; i < ks->n; i++) {
		kid_start(&ks->kids[i]);
		if (ks->kids[i].pid == 0)
			return -1;
	}
	return 0;
}

size_t
kids_count(const struct kids *ks)
{
	return ks->n;
}

void
kids_info(const struct kids *ks, size_t i, struct kid_info *info)
{
	const struct kid *k = &ks->kids[i];

	info->name = k->name;
	info->desc = k->desc;
	info->state = k->state;
	info->pid = k->pid;
	info->uptime = mono_seconds(mono_sub(mono_now(), k->since));
	info->restarts = k->restarts;
	info->refused = k->edge != NULL ? edge_refused(k->edge) : 0;
	info->last_end = k->last_end;
}

const char *
kid_state_str(enum kid_state state)
{
	static const char *const names[] = {
		[KID_DOWN] = "down",
		[KID_STARTING] = "starting",
		[KID_READY] = "waiting",
		[KID_RUNNING] = "running",
	};

	return names[state];
}
