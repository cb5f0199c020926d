/*
 * ikepd: the negotiator, one of several workers.  It parses what outsiders
 * send, and for that reason holds nothing that would be worth stealing
 * beyond the sessions it negotiates itself.
 *
 * Talks to:
 *   sallyportd  configuration, sockets, log        lib/child.h
 *   keymgr      SPIs, child SAs, kernel events     ipc_keymgr.c
 *   certd       AUTH payloads                      ipc_certd.c
 *   sessiond    sessions, addresses of users       ipc_sessiond.c
 *   controld    questions                          show.c
 *   the network UDP 500 and 4500                   udp.c
 */
#include "ikepd/ikepd.h"

#include "lib/log.h"
#include "lib/proto/super.h"
#include "lib/pool.h"
#include "lib/suite/suite.h"
#include "ikepd/config.h"
#include "ikepd/ke_job.h"
#include "ikepd/udp.h"

#include <openssl/rand.h>

#include <stdlib.h>
#include <unistd.h>

/* Threads for slow key exchanges, and how many of them may wait. */
#define KE_THREADS	2
#define KE_QUEUE_MAX	1024
#define TIMER_MAX_S	30

static struct ikepd self;

static struct mono
op_now(void *ctx)
{
	(void)ctx;
	return mono_now();
}

static void
op_random(void *ctx, void *dst, size_t n)
{
	struct ikepd *i = ctx;

	/* Going on with predictable keys would be worse than a restart. */
	if (n > INT_MAX || RAND_bytes(dst, (int)n) != 1)
		child_fatal(i->child, "the random generator failed");
}

static void
op_send(void *ctx, const struct ike_path *path, const uint8_t *data,
    size_t len)
{
	struct ikepd *i = ctx;
	char to[ENDPOINT_STRLEN];

	if (udp_send(i->udp, &path->local, &path->remote, data, len) == -1)
		log_debug(LOG_T_IPSEC, "%s sending %zu bytes failed: %m",
		    endpoint_fmt(&path->remote, to, sizeof(to)), len);
}

static void
op_keepalive(void *ctx, const struct ike_path *path)
{
	struct ikepd *i = ctx;

	(void)udp_keepalive(i->udp, &path->local, &path->remote);
}

static int
op_source(void *ctx, const struct addr *remote, struct addr *local)
{
	struct ikepd *i = ctx;
	struct endpoint e = { .addr = *remote, .port = 500 };

	udp_source(i->udp, &e, local);
	return addr_is_any(local) ? -1 : 0;
}

static void
ke_thread(void *job)
{
	ke_job_run(job);
}

static void
ke_finished(void *job)
{
	engine_ke_done(self.engine, job);
	ikepd_rearm(&self);
}

static void
op_ke_run(void *ctx, struct ke_job *job)
{
	struct ikepd *i = ctx;

	if (ke_job_slow(job)) {
		if (pool_run(i->pool, ke_thread, ke_finished, job) == 0)
			return;
		/* Too many wait already: refused rather than computed here,
		 * where it would stop everything else. */
	} else
		ke_job_run(job);
	engine_ke_done(i->engine, job);
}

static void
op_auth(void *ctx, const struct auth_req *r)
{
	struct ikepd *i = ctx;

	ipc_certd_auth(i->certd, r);
}

static void
op_child_add(void *ctx, const struct child_req *r)
{
	struct ikepd *i = ctx;

	ipc_keymgr_child_add(i->keymgr, r);
}

static void
op_child_adopt(void *ctx, const struct child_req *r)
{
	struct ikepd *i = ctx;

	ipc_keymgr_child_adopt(i->keymgr, r);
}

static void
op_child_del(void *ctx, uint32_t spi_in)
{
	struct ikepd *i = ctx;

	ipc_keymgr_child_del(i->keymgr, spi_in);
}

static void
op_child_path(void *ctx, uint32_t spi_in, const struct endpoint *local,
    const struct endpoint *remote)
{
	struct ikepd *i = ctx;

	ipc_keymgr_child_path(i->keymgr, spi_in, local, remote);
}

static uint32_t
op_spi_get(void *ctx)
{
	struct ikepd *i = ctx;

	return ipc_keymgr_spi_get(i->keymgr);
}

static void
op_spi_put(void *ctx, uint32_t spi)
{
	struct ikepd *i = ctx;

	ipc_keymgr_spi_put(i->keymgr, spi);
}

static void
op_session_open(void *ctx, const struct session_req *r)
{
	struct ikepd *i = ctx;

	ipc_sessiond_open(i->sessiond, r);
}

static void
op_session_close(void *ctx, const struct session_req *r)
{
	struct ikepd *i = ctx;

	ipc_sessiond_close(i->sessiond, r);
}

static void
op_session_move(void *ctx, uint64_t from, uint64_t to,
    const struct endpoint *remote)
{
	struct ikepd *i = ctx;

	ipc_sessiond_move(i->sessiond, from, to, remote);
}

static void
op_watch(void *ctx, const struct blob *b)
{
	struct ikepd *i = ctx;

	ipc_certd_watch(i->certd, b);
}

static void
op_session_sync(void *ctx, const struct session_req *r)
{
	struct ikepd *i = ctx;

	ipc_sessiond_sync(i->sessiond, r);
}

static void
op_vip_up(void *ctx, const struct vip_req *r)
{
	struct ikepd *i = ctx;

	ipc_keymgr_vip_up(i->keymgr, r);
}

static void
op_vip_down(void *ctx, uint32_t vip)
{
	struct ikepd *i = ctx;

	ipc_keymgr_vip_down(i->keymgr, vip);
}

static void
op_peer_silent(void *ctx, uint32_t peer)
{
	struct ikepd *i = ctx;
	struct buf b;

	buf_init(&b, 4);
	buf_u32(&b, peer);
	(void)child_tell(i->child, SUPER_SILENT, &b);
	buf_free(&b);
}

static void
op_stat_get(void *ctx, uint32_t spi_in)
{
	struct ikepd *i = ctx;

	ipc_keymgr_stat_get(i->keymgr, spi_in);
}

static void
op_stopped(void *ctx)
{
	struct ikepd *i = ctx;

	child_stopped(i->child);
}

static const struct engine_ops ops = {
	.ctx = &self,
	.now = op_now,
	.random = op_random,
	.send = op_send,
	.keepalive = op_keepalive,
	.source = op_source,
	.ke_run = op_ke_run,
	.auth = op_auth,
	.child_add = op_child_add,
	.child_adopt = op_child_adopt,
	.child_del = op_child_del,
	.child_path = op_child_path,
	.spi_get = op_spi_get,
	.spi_put = op_spi_put,
	.session_open = op_session_open,
	.session_close = op_session_close,
	.session_move = op_session_move,
	.session_sync = op_session_sync,
	.watch = op_watch,
	.vip_up = op_vip_up,
	.vip_down = op_vip_down,
	.peer_silent = op_peer_silent,
	.stat_get = op_stat_get,
	.stopped = op_stopped,
};

static void
datagram(void *arg, const struct endpoint *local,
    const struct endpoint *remote, const uint8_t *data, size_t len)
{
	struct ikepd *i = arg;
	struct ike_path path = { .local = *local, .remote = *remote };

	path.natt = local->port == udp_port(i->udp, true);
	engine_recv(i->engine, &path, data, len);
	ikepd_rearm(i);
}

static void
timer_due(evutil_socket_t fd, short what, void *arg)
{
	struct ikepd *i = arg;

	(void)fd;
	(void)what;
	engine_timers(i->engine);
	ikepd_rearm(i);
}

void
ikepd_rearm(struct ikepd *i)
{
	struct mono next = engine_next(i->engine);
	struct timeval tv;
	int64_t us;

	if (mono_is_never(next)) {
		event_del(i->timer);
		return;
	}
	us = mono_sub(next, mono_now()).us;
	if (us < 0)
		us = 0;
	/* libevent's clock stands still while the machine sleeps, ours does
	 * not: look again now and then. */
	if (us > TIMER_MAX_S * 1000000LL)
		us = TIMER_MAX_S * 1000000LL;
	tv.tv_sec = us / 1000000;
	tv.tv_usec = us % 1000000;
	event_add(i->timer, &tv);
}

void
ikepd_begin(struct ikepd *i)
{
	if (i->begun || !i->started || !ipc_keymgr_has_spis(i->keymgr))
		return;
	i->begun = true;
	engine_start(i->engine);
	ikepd_rearm(i);
}

static int
ikepd_init(struct child *c)
{
	struct event_base *base = child_base(c);
	const char *why;

	if (suite_init(&why) == -1) {
		log_error(LOG_T_SYSTEM, "OpenSSL: %s", why);
		return -1;
	}
	self.child = c;
	self.base = base;
	self.udp = udp_new(base, datagram, &self);
	self.pool = pool_new(base, KE_THREADS, KE_QUEUE_MAX);
	self.certd = ipc_certd_new(&self);
	self.keymgr = ipc_keymgr_new(&self);
	self.sessiond = ipc_sessiond_new(&self);
	self.timer = event_new(base, -1, 0, timer_due, &self);
	self.engine = engine_new(&ops, child_worker(c));
	child_set_data(c, &self);
	return self.udp == NULL || self.pool == NULL || self.certd == NULL ||
	    self.keymgr == NULL || self.sessiond == NULL || self.timer == NULL ||
	    self.engine == NULL ? -1 : 0;
}

static void
ikepd_conf(struct child *c, struct conf *conf)
{
	struct ike_conf *ic = ike_conf_build(conf, child_worker(c),
	    child_workers(c), child_espd_threads(c) != 0);

	if (ic == NULL) {
		log_error(LOG_T_SYSTEM, "no memory for the configuration");
		conf_free(conf);
		return;
	}
	conf_free(conf);
	engine_conf(self.engine, ic);
	if (self.begun)
		engine_start(self.engine);
	ikepd_rearm(&self);
}

static void
ikepd_peer_up(struct child *c, enum proc_id id, unsigned idx, int fd)
{
	(void)c;
	(void)idx;
	if (id == PROC_CERTD)
		ipc_certd_up(self.certd, fd);
	else if (id == PROC_KEYMGR)
		ipc_keymgr_up(self.keymgr, fd);
	else if (id == PROC_SESSIOND)
		ipc_sessiond_up(self.sessiond, fd);
	else
		close(fd);
}

static void
ikepd_socket(struct child *c, uint16_t kind, const struct endpoint *local,
    int fd)
{
	char text[ENDPOINT_STRLEN];

	(void)c;
	if (udp_add(self.udp, fd, local, kind == CHILD_SOCK_NATT) == -1)
		log_error(LOG_T_SYSTEM, "cannot take the socket of %s",
		    endpoint_fmt(local, text, sizeof(text)));
}

static void
ikepd_start(struct child *c)
{
	(void)c;
	self.started = true;
	ikepd_begin(&self);
}

static bool
ikepd_stop(struct child *c)
{
	(void)c;
	engine_shutdown(self.engine);
	ikepd_rearm(&self);
	return false;
}

int
main(int argc, char **argv)
{
	static const struct child_ops child = {
		.id = PROC_IKEPD,
		.init = ikepd_init,
		.conf = ikepd_conf,
		.peer_up = ikepd_peer_up,
		.socket = ikepd_socket,
		.start = ikepd_start,
		.show = ikepd_show,
		.stop = ikepd_stop,
	};

	return child_main(argc, argv, &child);
}
