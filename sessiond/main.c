/*
 * sessiond: who is online, which addresses remote users have, how often a
 * user may log in.  It holds no secret and no privilege; it talks to
 *
 *   sallyportd		lib/proto/super.h	lib/child.c
 *   ikepd, each worker	lib/proto/ikese.h	ipc_ikepd.c
 *   keymgr		lib/proto/sekm.h	ipc_keymgr.c
 *   informd		lib/proto/sedhcp.h	ipc_informd.c
 *   controld		lib/proto/show.h	ipc_show.c
 *
 * and writes the two lease files that the supervisor has opened for it.
 */
#include "sessiond/ipc_ikepd.h"
#include "sessiond/ipc_informd.h"
#include "sessiond/ipc_keymgr.h"
#include "sessiond/ipc_show.h"
#include "sessiond/persist.h"

#include "lib/child.h"
#include "lib/log.h"
#include "lib/proto/show.h"

#include <sys/random.h>

#include <unistd.h>

#define SYNC_WAIT	MONO_S(5)
#define RETRY_S		60		/* to write the lease file */

struct sessiond {
	struct child *child;
	struct ipc_ikepd *ikepd;
	struct ipc_informd *informd;
	struct ipc_keymgr *keymgr;
	struct sessions *sessions;	/* NULL: not started */
	struct persist *persist;
	struct conf *conf;		/* until the start */
	int leases[2];
	struct event *timer;
	struct event *write;		/* what was noted, to the file */
	struct event *retry;		/* all of it, after an error */
	uint64_t random;
};

static struct sessiond self = { .leases = { -1, -1 } };

static void
rearm(void *arg)
{
	struct sessiond *d = arg;
	struct mono now = mono_now(), next;
	struct mono_span left;
	struct timeval tv;

	next = sessions_tick(d->sessions, now);
	if (mono_is_never(next)) {
		evtimer_del(d->timer);
		return;
	}
	left = mono_sub(next, now);
	if (left.us < 0)
		left.us = 0;
	tv.tv_sec = left.us / 1000000;
	tv.tv_usec = left.us % 1000000;
	evtimer_add(d->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	rearm(arg);
}

/* The lease file */

struct keep {
	struct persist *persist;
	size_t skip;		/* those free for longest */
};

static void
keep_one(void *arg, const struct addr *a, uint64_t user, bool used)
{
	struct keep *k = arg;

	(void)used;
	if (user == 0)
		return;
	if (k->skip > 0)
		k->skip--;
	else
		persist_note(k->persist, a, user);
}

static void
compact(struct sessiond *d, const struct config *c, size_t known)
{
	struct keep k = { .persist = d->persist };
	unsigned f;
	size_t i;

	if (known > PERSIST_MAX)
		k.skip = known - PERSIST_MAX;
	persist_begin(d->persist);
	for (i = 0; i < c->npools; i++)
		for (f = 0; f < 2; f++)
			if (c->pools[i].half[f] != NULL)
				apool_each(c->pools[i].half[f], keep_one, &k);
	persist_end(d->persist);
}

static void
retry_later(struct sessiond *d)
{
	static const struct timeval tv = { RETRY_S, 0 };

	if (persist_is_stuck(d->persist) &&
	    !evtimer_pending(d->retry, NULL))
		evtimer_add(d->retry, &tv);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct sessiond *d = arg;
	const struct config *c = sessions_config(d->sessions);

	(void)fd;
	(void)what;
	if (c != NULL)
		compact(d, c, config_known(c));
	retry_later(d);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct sessiond *d = arg;
	const struct config *c = sessions_config(d->sessions);
	size_t known;

	(void)fd;
	(void)what;
	persist_flush(d->persist);
	if (c == NULL)
		return;
	known = config_known(c);
	if (persist_is_long(d->persist, known))
		compact(d, c, known);
	retry_later(d);
}

static void
on_loaded(void *arg, const struct addr *a, uint64_t user)
{
	sessions_remember(arg, a, user);
}

/* What the sessions say */

static void
op_grant(void *arg, unsigned worker, uint32_t req,
    const struct session_grant *g)
{
	struct sessiond *d = arg;

	ipc_ikepd_grant(d->ikepd, worker, req, g);
}

static int
op_kill(void *arg, const struct session *s, const char *why)
{
	struct sessiond *d = arg;

	return ipc_ikepd_kill(d->ikepd, s, why);
}

static void
op_remember(void *arg, const struct addr *a, uint64_t user)
{
	struct sessiond *d = arg;

	persist_note(d->persist, a, user);
	event_active(d->write, EV_TIMEOUT, 0);
}

static void
op_lease(void *arg, const struct session *s, unsigned family, bool on)
{
	struct sessiond *d = arg;

	ipc_keymgr_lease(d->keymgr, s, family, on);
}

static void
op_known(void *arg)
{
	struct sessiond *d = arg;

	ipc_keymgr_known(d->keymgr);
}

static const struct session_ops session_ops = { .grant = op_grant,
	.kill = op_kill, .remember = op_remember, .lease = op_lease,
	.known = op_known };

/* The process */

static int
sessiond_init(struct child *c)
{
	struct sessiond *d = &self;

	d->child = c;
	child_set_data(c, d);
	d->timer = evtimer_new(child_base(c), on_timer, d);
	d->write = evtimer_new(child_base(c), on_write, d);
	d->retry = evtimer_new(child_base(c), on_retry, d);
	d->ikepd = ipc_ikepd_new(child_base(c));
	d->informd = ipc_informd_new(child_base(c));
	d->keymgr = ipc_keymgr_new(child_base(c));
	if (getrandom(&d->random, sizeof(d->random), 0) !=
	    sizeof(d->random)) {
		log_error(LOG_T_SYSTEM, "no random numbers");
		return -1;
	}
	return d->timer == NULL || d->write == NULL || d->retry == NULL ||
	    d->ikepd == NULL || d->informd == NULL ||
	    d->keymgr == NULL ? -1 : 0;
}

static void
sessiond_conf(struct child *c, struct conf *conf)
{
	struct sessiond *d = &self;

	if (d->sessions == NULL) {
		conf_free(d->conf);
		d->conf = conf;
	} else if (sessions_conf(d->sessions, conf, d->random) == -1) {
		child_fatal(c, "no memory for the configuration");
	}
}

static void
sessiond_peer_up(struct child *c, enum proc_id proc, unsigned idx, int fd)
{
	(void)c;
	if (proc == PROC_IKEPD)
		ipc_ikepd_up(self.ikepd, idx, fd);
	else if (proc == PROC_INFORMD)
		ipc_informd_up(self.informd, fd);
	else if (proc == PROC_KEYMGR)
		ipc_keymgr_up(self.keymgr, fd, self.sessions);
	else
		close(fd);
}

static void
sessiond_socket(struct child *c, uint16_t kind, const struct endpoint *local,
    int fd)
{
	unsigned i = kind - CHILD_FILE_LEASES;

	(void)c;
	(void)local;
	if (i > 1 || self.leases[i] != -1)
		close(fd);
	else
		self.leases[i] = fd;
}

static void
sessiond_start(struct child *c)
{
	struct sessiond *d = &self;

	d->persist = persist_new(d->leases[0], d->leases[1], d->random);
	if (d->persist == NULL)
		child_fatal(c, "out of memory");
	/* The file has the seed of the numbers in it; then the numbers. */
	persist_open(d->persist);
	d->sessions = sessions_new(&session_ops, d,
	    persist_seed(d->persist));
	if (d->sessions == NULL ||
	    sessions_conf(d->sessions, d->conf, d->random) == -1)
		child_fatal(c, "out of memory");
	d->conf = NULL;
	persist_load(d->persist, on_loaded, d->sessions);
	sessions_loaded(d->sessions);
	sessions_await(d->sessions, child_workers(c),
	    mono_add(mono_now(), SYNC_WAIT));
	ipc_ikepd_start(d->ikepd, d->sessions, rearm, d);
	ipc_informd_start(d->informd, d->sessions);
	rearm(d);
	retry_later(d);
}

static void
sessiond_show(struct child *c, struct show_req *req)
{
	(void)c;
	ipc_show(self.sessions, req);
}

static bool
sessiond_stop(struct child *c)
{
	(void)c;
	if (self.persist != NULL)
		persist_flush(self.persist);
	return true;
}

int
main(int argc, char **argv)
{
	static const struct child_ops ops = {
		.id = PROC_SESSIOND,
		.init = sessiond_init,
		.conf = sessiond_conf,
		.peer_up = sessiond_peer_up,
		.socket = sessiond_socket,
		.start = sessiond_start,
		.show = sessiond_show,
		.stop = sessiond_stop,
	};

	return child_main(argc, argv, &ops);
}
