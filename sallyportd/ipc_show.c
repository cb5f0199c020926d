#include "sallyportd/ipc_show.h"

#include "lib/conf/schema.h"
#include "lib/log.h"
#include "lib/proto/show.h"
#include "sallyportd/ipc_children.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct show_port *port;	/* there is one controld at a time */

static void
config_field(void *arg, const char *name, const char *value)
{
	show_field(arg, name, "%s", value);
}

static void
show_config(struct gateway *gw, struct show_req *r)
{
	const char *path = show_arg(r, "menu");
	const struct conf_menu_desc *d;
	const struct conf_obj *o;
	unsigned number = 0;

	if (path == NULL || (d = conf_menu_by_path(path)) == NULL) {
		show_end(r, "no such menu");
		return;
	}
	CONF_FOREACH(gw->conf, d->menu, o) {
		show_field(r, "number", "%u", number++);
		conf_obj_fields(gw->conf, o,
		    CONF_PRINT_HIDE | CONF_PRINT_VERBOSE, config_field, r);
		if (d->menu == CONF_SETTINGS) {
			show_field(r, "data-plane-used", "%s",
			    gw->espd_threads == 0 ? "kernel" : "userspace");
			show_field(r, "data-plane-why", "%s", gw->plane_why);
		}
		if (o->reason != NULL)
			show_field(r, "reason", "%s", o->reason);
		show_row(r);
	}
	show_end(r, NULL);
}

static void
log_row(void *arg, const struct logline *l)
{
	struct show_req *r = arg;
	time_t t = (time_t)(l->time_us / 1000000);
	char when[32], topics[128];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	show_field(r, "time", "%s.%03d", when,
	    (int)(l->time_us / 1000 % 1000));
	show_field(r, "process", "%s", l->from);
	show_field(r, "topics", "%s",
	    log_topics_str(l->topics, topics, sizeof(topics)));
	show_field(r, "message", "%s", l->text);
	show_row(r);
}

static void
show_log(struct gateway *gw, struct show_req *r)
{
	const char *topics = show_arg(r, "topics");
	struct log_filter f;
	char bad[64], err[96];

	if (log_filter_parse(&f, topics != NULL ? topics : "", bad,
	    sizeof(bad)) == -1) {
		snprintf(err, sizeof(err), "unknown topic \"%s\"", bad);
		show_end(r, err);
		return;
	}
	logring_walk(logout_ring(gw->out), &f, log_row, r);
	show_end(r, NULL);
}

static void
show_log_clear(struct gateway *gw, struct show_req *r)
{
	logring_clear(logout_ring(gw->out));
	log_info(LOG_T_SYSTEM, "the log was cleared");
	show_end(r, NULL);
}

static void
show_processes(struct gateway *gw, struct show_req *r)
{
	struct kid_info k;
	size_t i;

	for (i = 0; i < kids_count(gw->kids); i++) {
		kids_info(gw->kids, i, &k);
		show_field(r, "name", "%s", k.name);
		show_field(r, "state", "%s", kid_state_str(k.state));
		if (k.pid != 0)
			show_field(r, "pid", "%d", (int)k.pid);
		show_field(r, "user", "%s",
		    k.desc->user != NULL ? k.desc->user : "root");
		show_field(r, "uptime", "%llus",
		    (unsigned long long)k.uptime);
		show_field(r, "restarts", "%u", k.restarts);
		show_field(r, "refused", "%llu",
		    (unsigned long long)k.refused);
		if (k.last_end[0] != '\0')
			show_field(r, "last-end", "%s", k.last_end);
		show_row(r);
	}
	show_end(r, NULL);
}

static void
show_reload(struct gateway *gw, struct show_req *r)
{
	char err[384];

	if (gateway_load(gw, true, err, sizeof(err)) == -1)
		show_end(r, err);
	else
		show_end(r, NULL);
}

static const struct {
	enum show_what what;
	void (*fn)(struct gateway *, struct show_req *);
} shows[] = {
	{ SHOW_CONFIG, show_config },
	{ SHOW_LOG, show_log },
	{ SHOW_LOG_CLEAR, show_log_clear },
	{ SHOW_PROCESSES, show_processes },
	{ SHOW_RELOAD, show_reload },
};

static void
on_show(void *arg, struct show_req *r)
{
	size_t i;

	for (i = 0; i < sizeof(shows) / sizeof(shows[0]); i++)
		if (shows[i].what == r->what) {
			shows[i].fn(arg, r);
			return;
		}
	show_end(r, "not a question for sallyportd");
}

static void
on_down(void *arg, const char *why)
{
	(void)arg;
	(void)why;
	ipc_show_close();
}

int
ipc_show_open(struct gateway *gw, int fd)
{
	ipc_show_close();
	port = show_port_new(gw->base, fd, on_show, on_down, gw);
	return port == NULL ? -1 : 0;
}

void
ipc_show_close(void)
{
	show_port_free(port);
	port = NULL;
}
