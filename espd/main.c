/*
 * espd: moves the packets of tunnels between a TUN device and sockets, where
 * the kernel does not.  It has no capability and opens nothing.
 *
 * Talks to:
 *   sallyportd  start, sockets, log		lib/child.h
 *   keymgr      SAs and policies, events	ipc_keymgr.c
 *   the network ESP, also in UDP		lane.c, send.c
 */
#include "espd/board.h"
#include "espd/ipc_keymgr.h"
#include "espd/lane.h"
#include "espd/spare.h"

#include "lib/child.h"
#include "lib/esptun.h"
#include "lib/log.h"

#include <sys/eventfd.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct espd {
	struct child *child;
	struct esp *esp;
	unsigned threads;
	struct lane *lane[ESP_THREADS_MAX];
	unsigned ntun, nudp[LANE_FAMILIES], nraw[LANE_FAMILIES];
	int wake_fd;
	struct event *wake, *tick;
	int board_fd, keep_fd;
	struct board board;
	struct ipc_keymgr *keymgr;
	int keymgr_fd;		/* came before the memory did */
	unsigned nstats;
	bool uso;		/* the device takes UDP super-packets */
	bool started;
	bool running;		/* packets are moved */
	bool gone;		/* the device, and that was said */
};

static struct espd self = { .wake_fd = -1, .board_fd = -1, .keep_fd = -1,
	.keymgr_fd = -1 };

static void
wake(void *arg)
{
	uint64_t one = 1;

	(void)arg;
	/* Full: it will be read anyway. */
	if (write(self.wake_fd, &one, sizeof(one)) == -1)
		return;
}

/* It cannot be made anew: this takes what sallyportd had at its start. */
static void
tell_gone(struct espd *d)
{
	unsigned i;
	bool gone = false;

	for (i = 0; i < d->threads; i++)
		gone |= atomic_load(&d->lane[i]->gone);
	if (gone && !d->gone)
		log_error(LOG_T_SYSTEM, "the device " ESPTUN_NAME " was "
		    "removed: no packet passes the tunnels until sallyportd "
		    "is started anew");
	d->gone = gone;
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct espd *d = arg;
	struct lane_mtu *m;
	unsigned i;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) == -1)
		return;
	if (d->keymgr == NULL)
		return;
	ipc_keymgr_news(d->keymgr);
	tell_gone(d);
	for (i = 0; i < d->threads; i++) {
		m = &d->lane[i]->mtu;
		if (!atomic_load(&m->full))
			continue;
		ipc_keymgr_mtu(d->keymgr, &m->dst, m->mtu);
		atomic_store(&m->full, false);
	}
}

static void
on_stat(void *arg, const char *name, uint64_t value)
{
	struct espd *d = arg;

	board_stat(&d->board, d->nstats++, name, value);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct espd *d = arg;

	(void)fd;
	(void)what;
	if (d->keymgr == NULL)
		return;
	d->nstats = 0;
	esp_stats(d->esp, on_stat, d);
	ipc_keymgr_tick(d->keymgr, mono_now());
}

static int
make_lanes(struct espd *d)
{
	unsigned i;

	d->threads = child_espd_threads(d->child);
	if (d->threads == 0 || d->threads > ESP_THREADS_MAX)
		return -1;
	for (i = 0; i < d->threads; i++) {
		if ((d->lane[i] = lane_new()) == NULL)
			return -1;
		d->lane[i]->wake = wake;
	}
	return 0;
}

static int
make_core(struct espd *d, const char **why)
{
	void *arg[ESP_THREADS_MAX];
	struct esp_conf conf = { .threads = d->threads, .arg = arg,
		.clamp_mss = true, .uso = d->uso,
		.io = { .send = lane_send, .inject = lane_inject,
		    .pass = lane_pass, .poke = lane_poke, .wake = wake,
		    .stray = lane_stray } };
	unsigned i;

	if (d->lane[0]->pair != -1)
		conf.io.local = lane_local;
	for (i = 0; i < d->threads; i++)
		arg[i] = d->lane[i];
	if ((d->esp = esp_new(&conf, why)) == NULL)
		return -1;
	for (i = 0; i < d->threads; i++)
		d->lane[i]->esp = esp_thread(d->esp, i);
	return 0;
}

static int
op_init(struct child *child)
{
	static const struct timeval second = { 1, 0 };
	struct event_base *base = child_base(child);
	struct espd *d = &self;
	const char *why;

	d->child = child;
	child_set_data(child, d);
	if (suite_init(&why) == -1) {
		log_error(LOG_T_SYSTEM, "%s", why);
		return -1;
	}
	d->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (d->wake_fd == -1 || make_lanes(d) == -1 ||
	    (d->wake = event_new(base, d->wake_fd, EV_READ | EV_PERSIST,
	    on_wake, d)) == NULL || event_add(d->wake, NULL) == -1 ||
	    (d->tick = event_new(base, -1, EV_PERSIST, on_tick, d)) == NULL ||
	    event_add(d->tick, &second) == -1) {
		log_error(LOG_T_SYSTEM, "espd: out of memory");
		return -1;
	}
	return 0;
}

static void
op_peer_up(struct child *child, enum proc_id proc, unsigned idx, int fd)
{
	struct espd *d = child_data(child);

	(void)idx;
	if (proc != PROC_KEYMGR) {
		close(fd);
	} else if (d->keymgr != NULL) {
		ipc_keymgr_up(d->keymgr, fd);
	} else {
		if (d->keymgr_fd != -1)
			close(d->keymgr_fd);
		d->keymgr_fd = fd;
	}
}

static void
take_socket(struct espd *d, struct lane_sock *(*pick)(struct lane *, int),
    unsigned *count, const struct endpoint *local, int fd)
{
	int f = local->addr.family == AF_INET6 ? LANE_V6 : LANE_V4;

	struct lane_sock *s;

	if (count[f] == d->threads || d->started) {
		close(fd);
		return;
	}
	s = pick(d->lane[count[f]++], f);
	s->fd = fd;
	s->port = local->port;
}

static struct lane_sock *
pick_udp(struct lane *l, int family)
{
	return &l->udp[family];
}

static struct lane_sock *
pick_raw(struct lane *l, int family)
{
	return &l->raw[family];
}

static void
take_pass(struct espd *d, const struct endpoint *local, int fd)
{
	int f = local->addr.family == AF_INET6 ? LANE_V6 : LANE_V4;
	unsigned i;

	if (d->lane[0]->pass[f] != -1) {
		close(fd);
		return;
	}
	for (i = 0; i < d->threads; i++)
		d->lane[i]->pass[f] = fd;
}

/* All threads write to it, and the first reads. */
static void
take_pair(struct espd *d, int fd)
{
	unsigned i;

	if (d->lane[0]->pair != -1) {
		close(fd);
		return;
	}
	d->lane[0]->reads_pair = true;
	for (i = 0; i < d->threads; i++)
		d->lane[i]->pair = fd;
}

/* The n-th of a kind is the n-th thread's. */
static void
op_socket(struct child *child, uint16_t kind, const struct endpoint *local,
    int fd)
{
	struct espd *d = child_data(child);

	if (kind == CHILD_SOCK_ESP_UDP)
		take_socket(d, pick_udp, d->nudp, local, fd);
	else if (kind == CHILD_SOCK_ESP_RAW)
		take_socket(d, pick_raw, d->nraw, local, fd);
	else if (kind == CHILD_SOCK_ESP_TUN && d->ntun < d->threads &&
	    !d->started) {
		d->lane[d->ntun++]->tun = fd;
		d->uso = local->port == 1;
	} else if (kind == CHILD_SOCK_ESP_PASS && !d->started)
		take_pass(d, local, fd);
	else if (kind == CHILD_SOCK_ESP_L2TP && !d->started)
		take_pair(d, fd);
	else if (kind == CHILD_FILE_ESP_BOARD && d->board_fd == -1)
		d->board_fd = fd;
	else if (kind == CHILD_FILE_ESP_KEEP && d->keep_fd == -1)
		d->keep_fd = fd;
	else
		close(fd);
}

/*
 * What came while there was no espd waits in the device and the sockets.
 * Before the policies are there it would all be dropped.
 */
static void
begin(void *arg)
{
	struct espd *d = arg;
	unsigned i;

	if (d->running)
		return;
	for (i = 0; i < d->threads; i++)
		if (lane_start(d->lane[i]) == -1)
			child_fatal(d->child, "espd: no thread");
	d->running = true;
}

static void
op_start(struct child *child)
{
	struct espd *d = child_data(child);
	const char *why;
	size_t n;

	if (d->ntun != d->threads || d->board_fd == -1 || d->keep_fd == -1)
		child_fatal(child, "espd: not everything was handed over");
	if (board_map(&d->board, d->board_fd, d->keep_fd) == -1)
		child_fatal(child, "espd: the memory for SAs cannot be "
		    "mapped");
	if (make_core(d, &why) == -1)
		child_fatal(child, why);
	d->keymgr = ipc_keymgr_new(child_base(child), d->esp, &d->board,
	    begin, d);
	if (d->keymgr == NULL)
		child_fatal(child, "espd: out of memory");
	if ((n = ipc_keymgr_restore(d->keymgr)) > 0)
		log_info(LOG_T_IPSEC, "espd goes on with %zu SAs", n);
	if (d->keymgr_fd != -1)
		ipc_keymgr_up(d->keymgr, d->keymgr_fd);
	d->keymgr_fd = -1;
	d->started = true;
	on_tick(-1, 0, d);
}

int
main(int argc, char **argv)
{
	static const struct child_ops ops = {
		.id = PROC_ESPD,
		.init = op_init,
		.peer_up = op_peer_up,
		.socket = op_socket,
		.start = op_start,
	};

	if (spare_init() == -1) {
		fputs("espd: OpenSSL has memory already\n", stderr);
		return EXIT_FAILURE;
	}
	return child_main(argc, argv, &ops);
}
