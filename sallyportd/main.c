/*
 * sallyportd: reads the configuration, binds the sockets, starts the other
 * processes and keeps them running.  It talks to
 *
 *   every child	lib/proto/super.h	ipc_children.c
 *   controld		lib/proto/show.h	ipc_show.c
 *
 * and to nobody else; it never reads from a network socket.
 */
#include "sallyportd/certfiles.h"
#include "sallyportd/caps.h"
#include "sallyportd/dataplane.h"
#include "sallyportd/dns_help.h"
#include "sallyportd/gateway.h"
#include "sallyportd/ipc_children.h"
#include "sallyportd/ipc_dns.h"
#include "sallyportd/ipc_show.h"
#include "sallyportd/leases.h"
#include "sallyportd/nameservers.h"
#include "sallyportd/notify.h"
#include "sallyportd/options.h"
#include "sallyportd/resolve.h"
#include "sallyportd/rundir.h"

#include "lib/log.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ECHO_US	300000
#define LOOK_S	5	/* for other name servers */

struct sig {
	int nr;
	event_callback_fn fn;
	struct event *ev;
};

static int started_fd = -1;	/* tells the waiting parent of a daemon */

static void
print_finding(void *arg, const struct conf_diag *d)
{
	char line[LOG_LINE_MAX];

	(void)arg;
	fprintf(stderr, "%s\n", conf_diag_fmt(d, line, sizeof(line)));
}

static int
check_only(const struct options *opt)
{
	struct conf *conf;
	struct buf b;
	int rc = 0;

	conf = conf_load_file(opt->file, print_finding, NULL);
	if (conf == NULL)
		return 1;
	if (opt->print) {
		buf_init(&b, CONF_PRINT_MAX);
		if (conf_print(&b, conf, 0) == -1 ||
		    fwrite(b.data, 1, b.len, stdout) != b.len ||
		    fflush(stdout) != 0)
			rc = 1;
		buf_free(&b);
	}
	conf_free(conf);
	return rc;
}

/* Before anything is started: a missing user would only show as a process
 * that dies. */
static int
check_users(void)
{
	const char *user;
	int i, rc = 0;

	for (i = 0; i < PROC_MAX; i++) {
		user = proc_desc((enum proc_id)i)->user;
		if (user == NULL || getpwnam(user) != NULL)
			continue;
		log_error(LOG_T_SYSTEM, "user %s is missing; " PKGDATADIR
		    "/mkusers makes it, or: useradd --system --user-group "
		    "--no-create-home --shell /usr/sbin/nologin %s", user,
		    user);
		rc = -1;
	}
	return rc;
}

/* The parent waits until everything runs, so its exit status means that. */
static void
become_daemon(void)
{
	int p[2], n;
	char byte;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) == -1 || (pid = fork()) == -1) {
		log_error(LOG_T_SYSTEM, "%s", strerror(errno));
		exit(1);
	}
	if (pid != 0) {
		close(p[1]);
		do
			n = (int)read(p[0], &byte, 1);
		while (n == -1 && errno == EINTR);
		_exit(n == 1 ? 0 : 1);
	}
	close(p[0]);
	started_fd = p[1];
	setsid();
	if (chdir("/") == -1)
		exit(1);
}

static void
leave_terminal(struct gateway *gw)
{
	int fd, i;

	if (started_fd == -1)
		return;
	logout_where(gw->out, LOGOUT_SYSLOG);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 0; fd != -1 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	if (write(started_fd, "", 1) == -1)
		log_debug(LOG_T_SYSTEM, "nobody waits for the start");
	close(started_fd);
	started_fd = -1;
}

static void
on_running(struct gateway *gw)
{
	log_info(LOG_T_SYSTEM, "sallyportd runs, %u worker%s",
	    gw->opt->workers, gw->opt->workers == 1 ? "" : "s");
	notify("READY=1");
	leave_terminal(gw);
}

static void
on_resolved(void *arg)
{
	struct gateway *gw = arg;

	if (gw->kids != NULL && !gw->stopping)
		kids_deliver(gw->kids, false);
}

/* The machine's own name servers, which system-dns hands out. */
static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct gateway *gw = arg;

	(void)fd;
	(void)what;
	if (gw->stopping || !nameservers_changed())
		return;
	log_info(LOG_T_SYSTEM, "the machine's name servers have changed");
	nameservers_fill(gw->conf);
	kids_deliver(gw->kids, false);
}

static int
look_open(struct gateway *gw)
{
	static const struct timeval often = { LOOK_S, 0 };

	(void)nameservers_changed();
	gw->look = event_new(gw->base, -1, EV_PERSIST, on_look, gw);
	return gw->look == NULL ? -1 : event_add(gw->look, &often);
}

static void
on_certfiles(void *arg)
{
	struct gateway *gw = arg;

	if (gw->kids != NULL && !gw->stopping)
		kids_certfiles(gw->kids);
}

/* A second one means "at once", unless it is an echo of the first: service
 * managers tell the process and then its group. */
static void
on_end(evutil_socket_t nr, short what, void *arg)
{
	static struct mono first;
	struct gateway *gw = arg;

	(void)what;
	if (!gw->stopping)
		first = mono_now();
	else if (mono_sub(mono_now(), first).us < ECHO_US)
		return;
	log_info(LOG_T_SYSTEM, "%s: %s", strsignal((int)nr),
	    gw->stopping ? "stopping at once" : "stopping");
	notify("STOPPING=1");
	gateway_stop(gw, 0);
}

static void
on_hup(evutil_socket_t nr, short what, void *arg)
{
	struct gateway *gw = arg;
	char err[256];

	(void)nr;
	(void)what;
	if (!gw->stopping)
		(void)gateway_load(gw, true, err, sizeof(err));
}

static void
on_chld(evutil_socket_t nr, short what, void *arg)
{
	struct gateway *gw = arg;
	int status;
	pid_t pid;

	(void)nr;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!kids_reaped(gw->kids, pid, status) &&
		    !dns_reaped(gw->dns, pid, status))
			(void)resolver_reaped(gw->resolver, pid, status);
}

static struct sig sigs[] = {
	{ SIGTERM, on_end, NULL },
	{ SIGINT, on_end, NULL },
	{ SIGHUP, on_hup, NULL },
	{ SIGCHLD, on_chld, NULL },
};
#define NSIGS	(sizeof(sigs) / sizeof(sigs[0]))

static int
signals_open(struct gateway *gw)
{
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < NSIGS; i++) {
		sigs[i].ev = evsignal_new(gw->base, sigs[i].nr, sigs[i].fn,
		    gw);
		if (sigs[i].ev == NULL || event_add(sigs[i].ev, NULL) == -1)
			return -1;
	}
	return 0;
}

static void
signals_close(void)
{
	size_t i;

	for (i = 0; i < NSIGS; i++)
		if (sigs[i].ev != NULL)
			event_free(sigs[i].ev);
}

static uint16_t
port_setting(const struct conf *conf, unsigned prop)
{
	return (uint16_t)conf_num(conf_single(conf, CONF_SETTINGS), prop);
}

/* All that needs a privilege or a path that is cut off later. */
static int
gateway_open(struct gateway *gw)
{
	const struct options *opt = gw->opt;

	if (rundir_open(opt->run_dir, gw->chroot_dir,
	    sizeof(gw->chroot_dir)) == -1)
		return -1;
	if (!opt->foreground)
		become_daemon();
	if (pidfile_write(opt->pid_file) == -1 ||
	    dataplane_choose(gw->conf, &gw->espd_threads,
	    &gw->plane_why) == -1 ||
	    sockets_open(&gw->socks, opt->workers, gw->espd_threads,
	    port_setting(gw->conf, CONF_SETTINGS_IKE_PORT),
	    port_setting(gw->conf, CONF_SETTINGS_NATT_PORT)) == -1 ||
	    sockets_control(&gw->socks, opt->control, opt->group) == -1)
		return -1;
	if (gateway_informs(gw->conf))
		sockets_dhcp(&gw->socks);
	if (gateway_asks(gw->conf))
		gw->dns = dns_start(opt->run_dir);
	if (dataplane_open(&gw->socks, gw->espd_threads,
	    &gw->espd_marks) == -1)
		return -1;
	leases_open(&gw->socks, opt->state_dir);
	notify_open();
	proc_confine(proc_desc(PROC_SALLYPORTD), NULL);
	return 0;
}

static int
gateway_run(struct gateway *gw)
{
	gw->base = event_base_new();
	if (gw->base == NULL || signals_open(gw) == -1 ||
	    dns_loop(gw->dns, gw->base) == -1 || look_open(gw) == -1 ||
	    (gw->kids = kids_new(gw)) == NULL ||
	    (gw->resolver = resolver_new(gw->base, on_resolved, gw)) == NULL ||
	    (gw->certfiles = certfiles_new(gw->base, gw->opt->file,
	    on_certfiles, gw)) == NULL) {
		log_error(LOG_T_SYSTEM, "out of memory");
		return 1;
	}
	resolver_conf(gw->resolver, gw->conf);
	certfiles_conf(gw->certfiles, gw->conf);
	if (kids_start(gw->kids) == -1)
		return 1;
	event_base_dispatch(gw->base);
	return gw->status;
}

static void
gateway_close(struct gateway *gw)
{
	if (gw->kids != NULL) {
		(void)unlink(gw->opt->control);
		(void)unlink(gw->opt->pid_file);
	}
	ipc_show_close();
	kids_free(gw->kids);
	dns_end(gw->dns);
	resolver_free(gw->resolver);
	certfiles_free(gw->certfiles);
	signals_close();
	if (gw->look != NULL)
		event_free(gw->look);
	if (gw->base != NULL)
		event_base_free(gw->base);
	if (gw->socks.socks != NULL)
		sockets_close(&gw->socks);
	conf_free(gw->conf);
	keep_drop(&gw->keep);
	logout_free(gw->out);
}

int
main(int argc, char **argv)
{
	struct gateway gw = {
		.keep = KEEP_NONE,
		.on_running = on_running,
	};
	struct options opt;
	char err[256];
	int rc = 1;

	if (argc == 2 && strcmp(argv[1], RESOLVE_ARG) == 0)
		return resolve_main();
	if (argc == 3 && strcmp(argv[1], DNS_ARG) == 0)
		return dns_main(argv[2]);
	options_parse(&opt, argc, argv);
	if (opt.check)
		return check_only(&opt);
	gw.opt = &opt;
	if (geteuid() != 0) {
		fprintf(stderr, "sallyportd: must be started by root\n");
		return 1;
	}
	umask(022);
	gw.out = logout_new(opt.foreground ? LOGOUT_STDERR :
	    LOGOUT_STDERR | LOGOUT_SYSLOG);
	if (gw.out == NULL)
		return 1;
	logout_attach(gw.out, "sallyportd");
	if (gateway_load(&gw, false, err, sizeof(err)) == -1 ||
	    check_users() == -1 || caps_check() == -1)
		goto out;
	gw.started = mono_now();
	if (gateway_open(&gw) == 0)
		rc = gateway_run(&gw);
	if (rc == 0)
		log_info(LOG_T_SYSTEM, "stopped");
out:
	gateway_close(&gw);
	return rc;
}
