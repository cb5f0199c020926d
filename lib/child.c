#include "lib/child.h"

#include "config.h"

#include "lib/log.h"
#include "lib/proto/proto.h"
#include "lib/proto/show.h"
#include "lib/proto/super.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct child {
	const struct child_ops *ops;
	const struct proc_desc *desc;
	struct event_base *base;
	struct edge *super;
	struct show_port *show;
	struct super_init init;
	bool inited;
	bool started;
	bool stopping;
	int status;
	void *data;
	/* a configuration on its way */
	struct conf *loading;
	struct super_conf frame;
	uint32_t nobjects;
	uint32_t lost;		/* log lines that found no room */
};

static void
relay_line(struct child *c, uint32_t topics, const char *line)
{
	struct buf b;

	buf_init(&b, SUPER_LOG_MAX);
	super_log_put(&b, topics, line);
	if (edge_send(c->super, SUPER_LOG, 0, -1, &b) == -1)
		c->lost++;
	buf_free(&b);
}

static void
relay(void *arg, uint32_t topics, const char *line)
{
	struct child *c = arg;
	char text[64];
	uint32_t lost;

	if (c->lost != 0) {
		snprintf(text, sizeof(text), "%u log lines lost", c->lost);
		lost = c->lost;
		relay_line(c, LOG_T_SYSTEM | LOG_T_WARNING, text);
		if (c->lost == lost)
			c->lost = 0;
	}
	relay_line(c, topics, line);
}

static void
leave(struct child *c, int status)
{
	c->status = status;
	event_base_loopbreak(c->base);
}

static void
on_super_down(void *arg, const char *why)
{
	struct child *c = arg;

	log_set_sink(NULL, NULL);
	if (!c->stopping) {
		log_error(LOG_T_SYSTEM, "%s: the supervisor is gone (%s)",
		    c->desc->name, why);
		if (c->started && c->ops->orphaned != NULL)
			c->ops->orphaned(c);
	}
	leave(c, c->stopping ? 0 : 1);
}

static int
on_init(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;

	if (c->inited) {
		*why = "sent twice";
		return -1;
	}
	if (super_init_get(&m->body, &c->init, why) == -1)
		return -1;
	log_set_mask(c->init.log_mask);
	c->inited = true;
	return 0;
}

static int
on_conf_begin(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;

	if (super_conf_get(&m->body, &c->frame, why) == -1)
		return -1;
	if (c->loading != NULL) {
		*why = "the configuration before it has no end";
		return -1;
	}
	if ((c->loading = conf_new()) == NULL) {
		*why = "out of memory";
		return -1;
	}
	c->nobjects = 0;
	return 0;
}

static int
on_conf_object(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;

	if (c->loading == NULL || c->nobjects == c->frame.objects) {
		*why = "not within a configuration";
		return -1;
	}
	c->nobjects++;
	return conf_unpack(c->loading, &m->body, why);
}

static int
on_conf_end(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;
	struct super_conf end;
	struct conf *conf;

	if (super_conf_get(&m->body, &end, why) == -1)
		return -1;
	if (c->loading == NULL || end.serial != c->frame.serial ||
	    end.objects != c->frame.objects || c->nobjects != end.objects) {
		*why = "does not fit the beginning";
		return -1;
	}
	if (conf_complete(c->loading, why) == -1)
		return -1;
	conf = c->loading;
	c->loading = NULL;
	if (c->ops->conf != NULL)
		c->ops->conf(c, conf);
	else
		conf_free(conf);
	return 0;
}

/* Requests */

static void
on_show(void *arg, struct show_req *r)
{
	struct child *c = arg;

	if (c->ops->show == NULL)
		show_end(r, "this process answers no questions");
	else
		c->ops->show(c, r);
}

static void
on_show_down(void *arg, const char *why)
{
	struct child *c = arg;

	log_debug(LOG_T_SYSTEM, "controld is gone: %s", why);
	show_port_free(c->show);
	c->show = NULL;
}

static bool
is_peer(const struct child *c, enum proc_id proc)
{
	if (c->desc->id == PROC_CONTROLD && proc == PROC_SALLYPORTD)
		return true;
	return (c->desc->peers & PROC_BIT(proc)) != 0;
}

static int
on_peer(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;
	struct super_peer p;
	int fd;

	if (super_peer_get(&m->body, &p, why) == -1)
		return -1;
	if (!is_peer(c, p.proc)) {
		*why = "not a peer of this process";
		return -1;
	}
	fd = imsg_fd(m);
	if (p.proc == PROC_CONTROLD) {
		show_port_free(c->show);
		c->show = show_port_new(c->base, fd, on_show, on_show_down, c);
		if (c->show == NULL)
			log_error(LOG_T_SYSTEM, "no memory for controld");
	} else if (c->ops->peer_up != NULL) {
		c->ops->peer_up(c, p.proc, p.worker, fd);
	} else {
		close(fd);
	}
	return 0;
}

static int
on_socket(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;
	struct super_socket s;
	int fd;

	if (super_socket_get(&m->body, &s, why) == -1)
		return -1;
	fd = imsg_fd(m);
	if (c->ops->socket != NULL)
		c->ops->socket(c, s.kind, &s.local, fd);
	else
		close(fd);
	return 0;
}

static int
on_file(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;
	uint32_t obj;
	int fd;

	(void)why;
	if (cur_u32(&m->body, &obj) == -1)
		return -1;
	fd = imsg_fd(m);
	if (c->ops->file != NULL)
		c->ops->file(c, obj, fd);
	else if (fd != -1)
		close(fd);
	return 0;
}

static int
on_files_end(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;

	(void)m;
	(void)why;
	if (c->ops->files_end != NULL)
		c->ops->files_end(c);
	return 0;
}

static int
on_start(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;

	(void)m;
	if (c->started) {
		*why = "sent twice";
		return -1;
	}
	c->started = true;
	if (c->ops->start != NULL)
		c->ops->start(c);
	return 0;
}

static int
on_log_mask(void *arg, struct imsg *m, const char **why)
{
	uint32_t mask;

	(void)arg;
	(void)why;
	if (cur_u32(&m->body, &mask) == -1)
		return -1;
	log_set_mask(mask);
	return 0;
}

static int
on_stop(void *arg, struct imsg *m, const char **why)
{
	struct child *c = arg;

	(void)m;
	(void)why;
	if (c->stopping)
		return 0;
	c->stopping = true;
	if (!c->started || c->ops->stop == NULL || c->ops->stop(c))
		child_stopped(c);
	return 0;
}

static const struct permit super_permits[] = {
	{ SUPER_INIT, "init", SUPER_INIT_MIN, SUPER_INIT_MAX, 0, on_init },
	{ SUPER_CONF_BEGIN, "conf-begin", SUPER_CONF_LEN, SUPER_CONF_LEN, 0,
	    on_conf_begin },
	{ SUPER_CONF_OBJECT, "conf-object", 1, IMSG_BODY_MAX, 0,
	    on_conf_object },
	{ SUPER_CONF_END, "conf-end", SUPER_CONF_LEN, SUPER_CONF_LEN, 0,
	    on_conf_end },
	{ SUPER_PEER, "peer", SUPER_PEER_LEN, SUPER_PEER_LEN, PERMIT_FD,
	    on_peer },
	{ SUPER_SOCKET, "socket", SUPER_SOCKET_MIN, SUPER_SOCKET_MAX,
	    PERMIT_FD, on_socket },
	{ SUPER_FILE, "file", SUPER_FILE_LEN, SUPER_FILE_LEN,
	    PERMIT_FD_OPT, on_file },
	{ SUPER_FILES_END, "files-end", 0, 0, 0, on_files_end },
	{ SUPER_START, "start", 0, 0, 0, on_start },
	{ SUPER_LOG_MASK, "log-mask", 4, 4, 0, on_log_mask },
	{ SUPER_STOP, "stop", 0, 0, 0, on_stop },
};

struct event_base *
child_base(struct child *c)
{
	return c->base;
}

unsigned
child_worker(const struct child *c)
{
	return c->init.worker;
}

unsigned
child_workers(const struct child *c)
{
	return c->init.workers;
}

unsigned
child_espd_threads(const struct child *c)
{
	return c->init.espd_threads;
}

bool
child_espd_marks(const struct child *c)
{
	return c->init.espd_marks;
}

void *
child_data(struct child *c)
{
	return c->data;
}

void
child_set_data(struct child *c, void *data)
{
	c->data = data;
}

int
child_tell(struct child *c, uint16_t type, struct buf *body)
{
	return edge_send(c->super, type, 0, -1, body);
}

void
child_stopped(struct child *c)
{
	c->stopping = true;
	(void)edge_send(c->super, SUPER_STOPPED, 0, -1, NULL);
	leave(c, 0);
}

void
child_fatal(struct child *c, const char *why)
{
	log_error(LOG_T_SYSTEM, "%s", why);
	edge_drain(c->super);
	exit(1);
}

static bool
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int
child_open(struct child *c)
{
	if ((c->base = event_base_new()) == NULL ||
	    event_base_priority_init(c->base, 2) == -1)
		return -1;
	c->super = edge_new(c->base, PROC_SUPERVISOR_FD, "sallyportd",
	    EDGE_EXIT, super_permits,
	    sizeof(super_permits) / sizeof(super_permits[0]), on_super_down,
	    c, EDGE_QUEUE_MAX);
	/* Another process may ask by a configuration that is still in our
	 * socket: the supervisor gives it to all at once. */
	if (c->super == NULL || edge_first(c->super) == -1)
		return -1;
	log_set_sink(relay, c);
	/* The first message says who we are. */
	while (!c->inited) {
		if (event_base_loop(c->base, EVLOOP_ONCE) != 0 ||
		    c->status != 0)
			return -1;
	}
	return 0;
}

static void
child_close(struct child *c)
{
	edge_drain(c->super);
	log_set_sink(NULL, NULL);
	show_port_free(c->show);
	if (c->loading != NULL)
		conf_free(c->loading);
	edge_free(c->super);
	if (c->base != NULL)
		event_base_free(c->base);
}

/* The supervisor ends us, in order, whatever reaches the process group. */
static void
ignore_signals(void)
{
	static const int sigs[] = { SIGPIPE, SIGHUP, SIGINT, SIGTERM };
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		signal(sigs[i], SIG_IGN);
}

/*
 * Everything is said through the supervisor: not even the operator's log file
 * or terminal stays open.  A sanitizer's report needs it.
 */
static int
stderr_to_null(void)
{
#ifdef WITH_SANITIZERS
	return 0;
#else
	int fd, rc;

	if ((fd = open("/dev/null", O_WRONLY | O_CLOEXEC)) == -1)
		return -1;
	rc = dup2(fd, STDERR_FILENO);
	close(fd);
	return rc == -1 ? -1 : 0;
#endif
}

int
child_main(int argc, char **argv, const struct child_ops *ops)
{
	struct child c = { .ops = ops, .desc = proc_desc(ops->id) };

	if (!is_socket(PROC_SUPERVISOR_FD)) {
		fprintf(stderr, "%s is started by sallyportd(8)\n",
		    c.desc->name);
		return 2;
	}
	ignore_signals();
	proc_early(c.desc);
	if (child_open(&c) == -1) {
		child_close(&c);
		return 1;
	}
	/* No blank in it: it stands in /proc/PID/stat. */
	if (c.desc->id == PROC_IKEPD && c.init.workers > 1)
		proc_title(argc, argv, "%s.%u", c.desc->name, c.init.worker);
	else
		proc_title(argc, argv, "%s", c.desc->name);
	if (ops->init != NULL && ops->init(&c) == -1) {
		child_close(&c);
		return 1;
	}
	if (stderr_to_null() == -1)
		child_fatal(&c, "/dev/null cannot be opened");
	proc_confine(c.desc, c.init.chroot_dir);
	(void)edge_send(c.super, SUPER_READY, 0, -1, NULL);
	if (event_base_dispatch(c.base) == -1)
		c.status = 1;
	child_close(&c);
	return c.status;
}
