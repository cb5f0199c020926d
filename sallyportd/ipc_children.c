#include "sallyportd/ipc_children.h"

#include "lib/child.h"
#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/proto.h"
#include "lib/proto/super.h"
#include "sallyportd/ipc_show.h"

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
#define STABLE_S	30	/* lived so long: the next wait is short again */

struct kid {
	struct kids *kids;
	const struct proc_desc *desc;
	unsigned worker;
	char name[LOGRING_FROM];
	enum kid_state state;
	pid_t pid;
	struct edge *edge;	/* may outlive the process by some lines */
	struct event *restart;
	unsigned backoff_ms;
	unsigned restarts;
	struct mono since;
	char last_end[64];
};

struct kids {
	struct gateway *gw;
	struct kid *kids;
	size_t n;
	struct event *stop_timer;
	size_t stop_phase;
	void (*done)(struct gateway *);
};

/* Who ends first: ikepd says goodbye through sockets and keymgr. */
static const struct stop_phase {
	uint32_t procs;
	unsigned ms;		/* at most */
} stop_phases[] = {
	{ PROC_BIT(PROC_IKEPD), 900 },
	{ PROC_BIT(PROC_KEYMGR), 600 },
	{ PROC_BIT(PROC_CERTD) | PROC_BIT(PROC_CONTROLD), 200 },
};
#define NPHASES	(sizeof(stop_phases) / sizeof(stop_phases[0]))

static void kid_start(struct kid *);
static void stop_advance(struct kids *);

static bool
kid_up(const struct kid *k)
{
	return k->state == KID_READY || k->state == KID_RUNNING;
}

static bool
kids_linked(const struct kid *a, const struct kid *b)
{
	return (a->desc->peers & PROC_BIT(b->desc->id)) != 0 ||
	    (b->desc->peers & PROC_BIT(a->desc->id)) != 0;
}

/* Handing over */

static void
send_buf(struct kid *k, uint16_t type, int fd, struct buf *b)
{
	if (edge_send(k->edge, type, 0, fd, b) == -1)
		log_error(LOG_T_SYSTEM, "%s takes no more messages", k->name);
	buf_free(b);
}

static void
send_peer(struct kid *k, enum proc_id proc, unsigned worker, int fd)
{
	struct super_peer p = { .proc = proc, .worker = (uint16_t)worker };
	struct buf b;

	buf_init(&b, SUPER_PEER_LEN);
	super_peer_put(&b, &p);
	send_buf(k, SUPER_PEER, fd, &b);
}

static void
kids_link(struct kid *a, struct kid *b)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1) {
		log_error(LOG_T_SYSTEM, "socket pair for %s and %s: %s",
		    a->name, b->name, strerror(errno));
		return;
	}
	send_peer(a, b->desc->id, b->worker, sv[0]);
	send_peer(b, a->desc->id, a->worker, sv[1]);
}

/* controld's edge to this process. */
static void
link_self(struct kid *k)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1 ||
	    ipc_show_open(k->kids->gw, sv[1]) == -1) {
		log_error(LOG_T_SYSTEM, "no edge to %s", k->name);
		return;
	}
	send_peer(k, PROC_SALLYPORTD, 0, sv[0]);
}

static void
send_conf(struct kid *k)
{
	struct gateway *gw = k->kids->gw;
	struct super_conf frame;
	const struct conf_obj *o;
	struct buf b;
	int menu;

	frame.serial = gw->serial;
	frame.objects = (uint32_t)conf_sends_count(gw->conf, k->desc->id);
	buf_init(&b, SUPER_CONF_LEN);
	super_conf_put(&b, &frame);
	send_buf(k, SUPER_CONF_BEGIN, -1, &b);
	for (menu = 0; menu < CONF_MENUS; menu++)
		CONF_FOREACH(gw->conf, (enum conf_menu)menu, o) {
			if (!conf_sends(o, k->desc->id))
				continue;
			buf_init(&b, CONF_OBJECT_MAX);
			conf_pack(&b, o, k->desc->id);
			send_buf(k, SUPER_CONF_OBJECT, -1, &b);
		}
	buf_init(&b, SUPER_CONF_LEN);
	super_conf_put(&b, &frame);
	send_buf(k, SUPER_CONF_END, -1, &b);
}

static void
send_sockets(struct kid *k)
{
	const struct sockets *ss = &k->kids->gw->socks;
	enum proc_id owner;
	const struct sock *s;
	struct super_socket m;
	struct buf b;
	size_t i;
	int fd;

	for (i = 0; i < ss->n; i++) {
		s = &ss->socks[i];
		owner = s->kind == CHILD_SOCK_CONTROL ? PROC_CONTROLD :
		    PROC_IKEPD;
		if (owner != k->desc->id || s->worker != k->worker ||
		    (fd = sock_dup(s)) == -1)
			continue;
		m.kind = s->kind;
		m.local = s->local;
		buf_init(&b, SUPER_SOCKET_MAX);
		super_socket_put(&b, &m);
		send_buf(k, SUPER_SOCKET, fd, &b);
	}
}

/* A process runs once those it works with are there; controld always. */
static bool
may_run(const struct kid *k)
{
	const struct kids *ks = k->kids;
	size_t i;

	if (k->desc->id == PROC_CONTROLD)
		return true;
	for (i = 0; i < ks->n; i++)
		if (ks->kids[i].desc->id != PROC_CONTROLD &&
		    kids_linked(k, &ks->kids[i]) && !kid_up(&ks->kids[i]))
			return false;
	return true;
}

static void
run_ready(struct kids *ks)
{
	struct kid *k;
	size_t i, running = 0;

	for (i = 0; i < ks->n; i++) {
		k = &ks->kids[i];
		if (k->state == KID_READY && may_run(k)) {
			k->state = KID_RUNNING;
			(void)edge_send(k->edge, SUPER_START, 0, -1, NULL);
		}
		running += k->state == KID_RUNNING;
	}
	if (running == ks->n && !ks->gw->running) {
		ks->gw->running = true;
		ks->gw->on_running(ks->gw);
	}
}

/*
 * certd was started anew, and its secrets are in the file alone.  What else
 * has changed there goes to the others, so that all have the same.
 */
static void
reread(struct kids *ks)
{
	uint64_t before = ks->gw->digest;
	char err[256];

	if (gateway_load(ks->gw, false, err, sizeof(err)) == -1)
		log_error(LOG_T_SYSTEM, "certd has no secrets until the "
		    "configuration loads");
	else if (ks->gw->digest != before)
		kids_deliver(ks, false);
}

static void
hand_over(struct kid *k)
{
	struct kids *ks = k->kids;
	size_t i;

	if (k->desc->id == PROC_CERTD && !ks->gw->has_secrets)
		reread(ks);
	k->state = KID_READY;
	send_conf(k);
	if (k->desc->id == PROC_CERTD)
		gateway_wipe(ks->gw);
	for (i = 0; i < ks->n; i++)
		if (&ks->kids[i] != k && kid_up(&ks->kids[i]) &&
		    kids_linked(k, &ks->kids[i]))
			kids_link(k, &ks->kids[i]);
	if (k->desc->id == PROC_CONTROLD)
		link_self(k);
	send_sockets(k);
	run_ready(ks);
}

void
kids_deliver(struct kids *ks, bool with_secrets)
{
	struct kid *k;
	size_t i;

	for (i = 0; i < ks->n; i++) {
		k = &ks->kids[i];
		if (!kid_up(k) ||
		    (k->desc->id == PROC_CERTD && !with_secrets))
			continue;
		send_conf(k);
		if (k->desc->id == PROC_CERTD)
			gateway_wipe(ks->gw);
	}
}

void
kids_log_mask(struct kids *ks, uint32_t mask)
{
	struct buf b;
	size_t i;

	for (i = 0; i < ks->n; i++) {
		if (ks->kids[i].edge == NULL)
			continue;
		buf_init(&b, 4);
		buf_u32(&b, mask);
		send_buf(&ks->kids[i], SUPER_LOG_MASK, -1, &b);
	}
}

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
		hand_over(k);
	return 0;
}

static int
on_log(void *arg, struct imsg *m, const char **why)
{
	struct kid *k = arg;
	struct super_log l;

	if (super_log_get(&m->body, &l, why) == -1)
		return -1;
	if (log_rules_keep(&k->kids->gw->rules, l.topics))
		logout_line(k->kids->gw->out, k->name, l.topics, l.line);
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

static const struct permit kid_permits[] = {
	{ SUPER_READY, "ready", 0, 0, 0, on_ready },
	{ SUPER_LOG, "log", SUPER_LOG_MIN, SUPER_LOG_MAX, 0, on_log },
	{ SUPER_STOPPED, "stopped", 0, 0, 0, on_stopped },
};

static void
on_kid_down(void *arg, const char *why)
{
	struct kid *k = arg;

	(void)why;
	edge_free(k->edge);
	k->edge = NULL;
	/* It cannot be told anything any more. */
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
send_init(struct kid *k)
{
	struct gateway *gw = k->kids->gw;
	struct super_init init;
	struct buf b;

	memset(&init, 0, sizeof(init));
	init.worker = (uint16_t)k->worker;
	init.workers = (uint16_t)gw->opt->workers;
	init.log_mask = log_rules_mask(&gw->rules);
	snprintf(init.chroot_dir, sizeof(init.chroot_dir), "%s",
	    gw->chroot_dir);
	buf_init(&b, SUPER_INIT_MAX);
	super_init_put(&b, &init);
	send_buf(k, SUPER_INIT, -1, &b);
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
	send_init(k);
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
	end_str(status, k->last_end, sizeof(k->last_end));
	if (ks->gw->stopping) {
		stop_advance(ks);
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

/* Stop */

static size_t
phase_left(const struct kids *ks, size_t phase)
{
	size_t i, left = 0;

	for (i = 0; i < ks->n; i++)
		if ((stop_phases[phase].procs &
		    PROC_BIT(ks->kids[i].desc->id)) != 0)
			left += ks->kids[i].pid != 0;
	return left;
}

static void
phase_begin(struct kids *ks)
{
	const struct stop_phase *p = &stop_phases[ks->stop_phase];
	struct timeval tv = { 0, p->ms * 1000 };
	struct kid *k;
	size_t i;

	for (i = 0; i < ks->n; i++) {
		k = &ks->kids[i];
		if ((p->procs & PROC_BIT(k->desc->id)) == 0)
			continue;
		(void)edge_send(k->edge, SUPER_STOP, 0, -1, NULL);
	}
	event_add(ks->stop_timer, &tv);
}

static void
kill_procs(struct kids *ks, uint32_t procs)
{
	struct kid *k;
	size_t i;

	for (i = 0; i < ks->n; i++) {
		k = &ks->kids[i];
		if (k->pid == 0 || (procs & PROC_BIT(k->desc->id)) == 0)
			continue;
		log_warn(LOG_T_SYSTEM, "%s (pid %d) does not stop, killed",
		    k->name, (int)k->pid);
		kill(k->pid, SIGKILL);
	}
}

/* Goes on to the next phase as soon as one is finished. */
static void
stop_advance(struct kids *ks)
{
	size_t before = ks->stop_phase;

	while (ks->stop_phase < NPHASES && phase_left(ks, ks->stop_phase) == 0)
		ks->stop_phase++;
	if (ks->stop_phase == NPHASES) {
		event_del(ks->stop_timer);
		if (ks->done != NULL)
			ks->done(ks->gw);
		ks->done = NULL;
	} else if (ks->stop_phase != before) {
		phase_begin(ks);
	}
}

/* Who had his time is killed; the next phase begins when he is reaped. */
static void
on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	struct kids *ks = arg;

	(void)fd;
	(void)what;
	if (ks->stop_phase < NPHASES)
		kill_procs(ks, stop_phases[ks->stop_phase].procs);
}

void
kids_stop(struct kids *ks, bool hurry, void (*done)(struct gateway *))
{
	size_t i;

	ks->done = done;
	for (i = 0; i < ks->n; i++)
		event_del(ks->kids[i].restart);
	if (hurry) {
		kill_procs(ks, ~0u);
		return;
	}
	ks->stop_phase = 0;
	phase_begin(ks);
	stop_advance(ks);
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
	k->restart = evtimer_new(ks->gw->base, on_restart, k);
	if (k->restart == NULL)
		return -1;
	ks->n++;
	return 0;
}

struct kids *
kids_new(struct gateway *gw)
{
	static const enum proc_id single[] = {
		PROC_KEYMGR, PROC_CERTD, PROC_CONTROLD,
	};
	const size_t nsingle = sizeof(single) / sizeof(single[0]);
	struct kids *ks;
	unsigned i;

	if ((ks = calloc(1, sizeof(*ks))) == NULL)
		return NULL;
	ks->gw = gw;
	ks->kids = calloc(nsingle + gw->opt->workers, sizeof(*ks->kids));
	ks->stop_timer = evtimer_new(gw->base, on_stop_timer, ks);
	if (ks->kids == NULL || ks->stop_timer == NULL)
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
		event_free(k->restart);
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
