/*
 * keymgr: the one process that may change the kernel's SAs and policies.  It
 * reads nothing from the network and believes nobody.
 *
 * Talks to:
 *   sallyportd  configuration, log                 lib/child.h
 *   ikepd       child SAs, SPIs, kernel events     ipc_ikepd.c
 *   sessiond    which user has which address       ipc_sessiond.c
 *   controld    questions, flush                   ipc_show.c
 *   espd        SAs and policies, if it moves packets ipc_espd.c
 *   the kernel  XFRM over netlink                  backend_xfrm.c
 *               addresses and routes               link_rtnl.c
 */
#include "keymgr/backend_espd.h"
#include "keymgr/event.h"
#include "keymgr/ipc_ikepd.h"
#include "keymgr/ipc_sessiond.h"
#include "keymgr/ipc_show.h"
#include "keymgr/km.h"
#include "keymgr/lost.h"
#include "keymgr/walk.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/proto/super.h"
#include "lib/suite/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct keymgr {
	struct child *child;
	struct km km;
	struct walks *walks;
	struct ipc_ikepd *ikepd;
	struct ipc_sessiond *sessiond;
	struct event *tick;	/* soft lifetimes */
	struct event *wait;	/* for workers that adopt */
	int watch_fd;		/* addresses and routes that change */
	struct event *watch, *settle;
};

static struct keymgr self;

/* Soft lifetimes are in minutes; a second is fine enough. */
static void
tick(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval second = { 1, 0 };
	struct keymgr *k = arg;

	(void)fd;
	(void)what;
	(void)km_tick(&k->km, mono_now());
	evtimer_add(k->tick, &second);
}

static void
waited(evutil_socket_t fd, short what, void *arg)
{
	struct keymgr *k = arg;

	(void)fd;
	(void)what;
	reconcile_end(&k->km);
}

/* Changes come in swarms; the last of one says how it is. */
static void
changed(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval soon = { 0, 100000 };
	struct keymgr *k = arg;

	(void)what;
	if (link_rtnl_changed(fd) && !evtimer_pending(k->settle, NULL))
		evtimer_add(k->settle, &soon);
}

static void
settled(evutil_socket_t fd, short what, void *arg)
{
	struct keymgr *k = arg;

	(void)fd;
	(void)what;
	link_follow(&k->km.link);
}

_Static_assert(SUPER_DNS_MAX >= LINK_DNS && SUPER_NAMES_MAX >= LINK_NAMES,
    "all name servers fit");

static void
tell_dns(void *arg, unsigned worker, uint32_t vip, const struct link_req *r,
    bool own)
{
	struct super_dns d = { .worker = (uint16_t)worker, .vip = vip };
	struct keymgr *k = arg;
	struct buf b;
	size_t i;

	if (own)
		snprintf(d.iface, sizeof(d.iface), "%s", LINK_NAME);
	if (r != NULL) {
		d.ndns = (uint8_t)r->ndns;
		memcpy(d.dns, r->dns, r->ndns * sizeof(d.dns[0]));
		d.nnames = (uint8_t)r->nnames;
		for (i = 0; i < r->nnames; i++)
			snprintf(d.names[i], sizeof(d.names[i]), "%.*s",
			    DNSNAME_MAX, r->names[i]);
	}
	buf_init(&b, SUPER_DNS_LEN_MAX);
	super_dns_put(&b, &d);
	(void)child_tell(k->child, SUPER_DNS, &b);
	buf_free(&b);
}

static void
tell_known(void *arg)
{
	struct keymgr *k = arg;

	(void)child_tell(k->child, SUPER_DNS_KNOWN, NULL);
}

/* Events were lost: what the records say may be there no more. */
static void
lost(void *arg)
{
	struct keymgr *k = arg;

	if (lost_check(&k->km, k->walks) == -1)
		log_error(LOG_T_IPSEC, "out of memory after lost events");
}

static void
acquire(void *arg, uint32_t reqid, const struct selector *sel)
{
	struct keymgr *k = arg;

	event_acquire(&k->km, reqid, sel);
}

static void
expire(void *arg, uint32_t spi, const struct addr *dst, bool hard)
{
	struct keymgr *k = arg;

	event_expire(&k->km, spi, dst, hard);
}

static void
mapping(void *arg, uint32_t spi, const struct endpoint *remote)
{
	struct keymgr *k = arg;

	event_mapping(&k->km, spi, remote);
}

/* Only the supervisor can end it. */
static void
stuck(void *arg)
{
	struct keymgr *k = arg;

	(void)child_tell(k->child, SUPER_STUCK, NULL);
}

static int
init_loop(struct keymgr *k)
{
	struct bk_events events = { .acquire = acquire, .expire = expire,
		.mapping = mapping, .lost = lost, .stuck = stuck, .arg = k };
	struct event_base *base = child_base(k->child);

	k->walks = walks_new(base, &k->km);
	k->ikepd = ipc_ikepd_new(base, &k->km, k->walks);
	k->tick = evtimer_new(base, tick, k);
	k->wait = evtimer_new(base, waited, k);
	k->settle = evtimer_new(base, settled, k);
	k->watch = event_new(base, k->watch_fd, EV_READ | EV_PERSIST, changed,
	    k);
	k->sessiond = ipc_sessiond_new(base, &k->km);
	if (k->walks == NULL || k->ikepd == NULL || k->sessiond == NULL ||
	    k->tick == NULL || k->wait == NULL || k->settle == NULL ||
	    k->watch == NULL || event_add(k->watch, NULL) == -1)
		return -1;
	k->km.link.dns = tell_dns;
	k->km.link.known = tell_known;
	k->km.link.dns_arg = k;
	ipc_ikepd_out(k->ikepd, &k->km.out);
	return k->km.bk.ops->listen(k->km.bk.ctx, base, &events);
}

static int
op_init(struct child *child)
{
	struct keymgr *k = &self;
	struct km_out none = { NULL };
	struct backend bk;
	const char *text;
	char why[BK_WHY_LEN];
	int rc;

	k->child = child;
	child_set_data(child, k);
	/* Reads the time zone's file, which even gmtime does once. */
	tzset();
	if (suite_init(&text) == -1) {
		log_error(LOG_T_SYSTEM, "%s", text);
		return -1;
	}
	rc = child_espd_threads(child) == 0 ? backend_xfrm_open(&bk, why) :
	    backend_espd_open(&bk, child_espd_marks(child), why);
	if (rc == -1) {
		log_error(LOG_T_SYSTEM, "%s", why);
		return -1;
	}
	if (child_espd_threads(child) == 0)
		backend_xfrm_sole(&bk);
	if (km_init(&k->km, &bk, &none, child_workers(child)) == -1) {
		log_error(LOG_T_SYSTEM, "out of memory");
		return -1;
	}
	if (link_rtnl_open(&k->km.link, why) == -1) {
		log_error(LOG_T_SYSTEM, "%s", why);
		return -1;
	}
	if ((k->watch_fd = link_rtnl_watch()) == -1) {
		log_error(LOG_T_SYSTEM, "netlink socket for changes: %s",
		    strerror(errno));
		return -1;
	}
	if (init_loop(k) == -1) {
		log_error(LOG_T_SYSTEM, "out of memory");
		return -1;
	}
	if (reconcile_read(&k->km, why) == -1) {
		log_error(LOG_T_SYSTEM, "%s", why);
		return -1;
	}
	if (bk.ops->no_esp(bk.ctx) != NULL)
		log_warn(LOG_T_IPSEC, "%s", bk.ops->no_esp(bk.ctx));
	return 0;
}

static void
op_conf(struct child *child, struct conf *conf)
{
	struct keymgr *k = child_data(child);

	if (km_configure(&k->km, conf) == -1)
		child_fatal(child, "out of memory for the configuration");
}

static void
op_peer_up(struct child *child, enum proc_id id, unsigned idx, int fd)
{
	struct keymgr *k = child_data(child);

	if (id == PROC_IKEPD && idx < SPI_WORKERS)
		ipc_ikepd_up(k->ikepd, idx, fd);
	else if (id == PROC_SESSIOND)
		ipc_sessiond_up(k->sessiond, fd);
	else if (id == PROC_ESPD && child_espd_threads(child) != 0)
		backend_espd_up(&k->km.bk, fd);
	else
		close(fd);
}

/* With it come the SAs that stand. */
static void
op_socket(struct child *child, uint16_t kind, const struct endpoint *local,
    int fd)
{
	struct keymgr *k = child_data(child);
	char why[BK_WHY_LEN];

	(void)local;
	if (kind != CHILD_FILE_ESP_READ || child_espd_threads(child) == 0) {
		close(fd);
		return;
	}
	if (backend_espd_board(&k->km.bk, fd) == -1)
		child_fatal(child, "the counters of espd cannot be mapped");
	if (reconcile_read(&k->km, why) == -1)
		child_fatal(child, why);
}

static void
op_start(struct child *child)
{
	static const struct timeval wait = { RECONCILE_WAIT_S, 0 };
	static const struct timeval second = { 1, 0 };
	struct keymgr *k = child_data(child);

	evtimer_add(k->wait, &wait);
	evtimer_add(k->tick, &second);
}

static void
op_show(struct child *child, struct show_req *req)
{
	struct keymgr *k = child_data(child);

	ipc_show(&k->km, k->walks, req);
}

static bool
op_stop(struct child *child)
{
	struct keymgr *k = child_data(child);

	km_remove_all(&k->km, true);
	return true;
}

/* Fail closed: without SAs and with policies nothing leaves in clear. */
static void
op_orphaned(struct child *child)
{
	struct keymgr *k = child_data(child);

	km_remove_all(&k->km, false);
}

static const struct child_ops ops = {
	.id = PROC_KEYMGR,
	.init = op_init,
	.conf = op_conf,
	.peer_up = op_peer_up,
	.socket = op_socket,
	.start = op_start,
	.show = op_show,
	.stop = op_stop,
	.orphaned = op_orphaned,
};

int
main(int argc, char **argv)
{
	return child_main(argc, argv, &ops);
}
