#include "sessiond/session.h"

#include "lib/ikeid.h"
#include "lib/log.h"
#include "sessiond/lease.h"
#include "sessiond/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KILL_WAIT	MONO_MS(2000)	/* for a session to end */

struct sessions {
	const struct session_ops *ops;
	void *arg;
	struct table table;
	struct config *config;
	struct requests waiting;	/* for another session's end */
	struct requests early;		/* for the workers */
	bool awaiting;
	uint32_t awaited;		/* workers, bits */
	uint32_t synced;
	struct mono until;
};

static void decide(struct sessions *, struct request *, struct mono);

static struct lease_env
env_of(struct sessions *ss)
{
	return (struct lease_env){ &ss->table, ss->config, ss->ops, ss->arg };
}

/* For the log */

static const char *
user_fmt(const uint8_t *body, size_t len, char *dst, size_t size)
{
	struct ikeid id;
	const char *why;
	struct cur c;

	cur_init(&c, body, len);
	if (ikeid_get_body(&id, &c, &why) == -1)
		snprintf(dst, size, "(%s)", why);
	else
		ikeid_fmt(&id, dst, size);
	return dst;
}

const char *
session_user_fmt(const struct session *s, char *dst, size_t size)
{
	return user_fmt(s->id, s->id_len, dst, size);
}

static void
log_session(const struct session *s, const char *what, const char *why)
{
	char user[200], remote[ENDPOINT_STRLEN], a[2][ADDR_STRLEN] = { "", "" };
	unsigned f;

	for (f = 0; f < 2; f++)
		if (s->addr[f].family != AF_UNSPEC)
			addr_fmt(&s->addr[f], a[f], sizeof(a[f]));
	log_info(LOG_T_IPSEC | LOG_T_ACCOUNT, "session %016llx of %s from %s "
	    "%s%s%s%s%s%s%s", (unsigned long long)s->spi,
	    session_user_fmt(s, user, sizeof(user)),
	    endpoint_fmt(&s->remote, remote, sizeof(remote)), what,
	    a[0][0] != '\0' || a[1][0] != '\0' ? ", with " : "", a[FAMILY_4],
	    a[0][0] != '\0' && a[1][0] != '\0' ? " and " : "", a[FAMILY_6],
	    why[0] != '\0' ? "; " : "", why);
}

/* Answers */

static void
answer(struct sessions *ss, const struct request *r,
    const struct session_grant *g)
{
	char user[200];

	if (g->status != SESSION_OK)
		log_info(LOG_T_IPSEC | LOG_T_ACCOUNT, "no session for %s: %s",
		    user_fmt(r->peer.id, r->peer.id_len, user, sizeof(user)),
		    g->reason);
	ss->ops->grant(ss->arg, r->worker, r->req, g);
}

static void
refuse(struct sessions *ss, struct request *r, enum session_status status,
    const char *reason)
{
	struct session_grant g = { .status = status };

	snprintf(g.reason, sizeof(g.reason), "%s", reason);
	answer(ss, r, &g);
	request_del(&ss->waiting, r);
	free(r);
}

/* The end of a session, and of somebody's waiting for it. */
static void
drop(struct sessions *ss, struct session *s, const char *why,
    struct mono now)
{
	struct lease_env e = env_of(ss);
	struct request *r = s->waits;

	log_session(s, "ends", why);
	lease_give(&e, s);
	table_del(&ss->table, s);
	if (r == NULL || --r->left > 0)
		return;
	request_del(&ss->waiting, r);
	decide(ss, r, now);
}

/* A request is given up: nobody waits for its sessions any more. */
static void
leave_waiting(struct sessions *ss, struct request *r)
{
	struct session *s;

	for (s = table_first(&ss->table, &r->peer); s != NULL;
	    s = table_next(s))
		if (s->waits == r)
			s->waits = NULL;
	r->left = 0;
}

void
session_kill(struct sessions *ss, struct session *s, const char *why)
{
	if (!s->killed)
		s->killed = ss->ops->kill(ss->arg, s, why) == 0;
}

/* The request waits for the session to end; a request that already does was
 * made by the same user, earlier. */
static void
wait_for(struct sessions *ss, struct session *s, struct request *r,
    const char *why)
{
	struct request *older = s->waits;

	if (older != NULL) {
		leave_waiting(ss, older);
		refuse(ss, older, SESSION_LIMIT,
		    "a later login of the same user came before it was "
		    "answered");
	}
	s->waits = r;
	r->left++;
	session_kill(ss, s, why);
}

/* Tells those to end who stand in the request's way. */
static void
evict(struct sessions *ss, struct request *r, const struct ident *ident)
{
	static const char replaced[] =
	    "replaced by a new login of the same user";
	const struct mode *m = ident->mode;
	struct session *s;

	if (r->peer.contact || ident->only_one == CONF_ONLY_ONE_REPLACE) {
		for (s = table_first(&ss->table, &r->peer); s != NULL;
		    s = table_next(s))
			wait_for(ss, s, r, r->peer.contact ?
			    "INITIAL_CONTACT: the user knows of no session" :
			    replaced);
		return;
	}
	/* The user's one address is still with his last session. */
	if (m == NULL || !m->responder || m->fixed.family == AF_UNSPEC ||
	    !r->peer.want[config_family(&m->fixed)])
		return;
	s = table_holder(&ss->table, &m->fixed);
	if (s != NULL && table_is_user(s, &r->peer))
		wait_for(ss, s, r, replaced);
}

/* Opening */

static void
give(struct sessions *ss, struct session *s, const struct request *r,
    struct session_grant *g)
{
	struct lease_env e = env_of(ss);
	unsigned f;

	for (f = 0; f < 2; f++)
		if (r->peer.want[f] && lease_get(&e, s, g->mode, f,
		    &r->peer.addr[f], g->reason, sizeof(g->reason)) == 0)
			g->addr[f] = s->addr[f];
}

/* For the log: the user, or somebody with his certificate, is there. */
static void
note_other(const struct sessions *ss, const struct request *r, char *dst,
    size_t size)
{
	const struct session *s = table_first(&ss->table, &r->peer);
	char remote[ENDPOINT_STRLEN];

	dst[0] = '\0';
	if (s != NULL)
		snprintf(dst, size, "the user is online already, from %s",
		    endpoint_fmt(&s->remote, remote, sizeof(remote)));
}

static void
admit(struct sessions *ss, struct request *r, const struct ident *ident,
    struct mono now)
{
	struct session_grant g = { .status = SESSION_OK };
	char other[128], why[sizeof(g.reason) + sizeof(other) + 2];
	struct session *s;

	note_other(ss, r, other, sizeof(other));
	if ((s = table_add(&ss->table, r->worker, &r->peer)) == NULL) {
		refuse(ss, r, SESSION_FULL, "out of memory");
		return;
	}
	s->since = now;
	if (ident->mode != NULL && ident->mode->responder) {
		g.mode = ident->mode;
		give(ss, s, r, &g);
	}
	snprintf(why, sizeof(why), "%s%s%s", g.reason, g.reason[0] != '\0' &&
	    other[0] != '\0' ? "; " : "", other);
	log_session(s, "begins", why);
	answer(ss, r, &g);
	free(r);
}

/* Takes the request over. */
static void
decide(struct sessions *ss, struct request *r, struct mono now)
{
	const struct ident *ident;

	ident = ss->config == NULL ? NULL :
	    config_ident(ss->config, r->peer.identity);
	if (ident == NULL) {
		refuse(ss, r, SESSION_NO_IDENTITY,
		    "the identity is not configured any more");
		return;
	}
	if (ss->table.n >= SESSIONS_MAX) {
		refuse(ss, r, SESSION_FULL, "there are too many sessions");
		return;
	}
	if (ident->only_one == CONF_ONLY_ONE_YES && !r->peer.contact &&
	    table_first(&ss->table, &r->peer) != NULL) {
		refuse(ss, r, SESSION_LIMIT,
		    "the user is online already (only-one=yes)");
		return;
	}
	evict(ss, r, ident);
	if (r->left == 0) {
		admit(ss, r, ident, now);
		return;
	}
	r->until = mono_add(now, KILL_WAIT);
	if (request_add(&ss->waiting, r) == -1) {
		leave_waiting(ss, r);
		refuse(ss, r, SESSION_FULL, "too many logins wait");
	}
}

void
session_open(struct sessions *ss, unsigned worker, uint32_t req,
    const struct session_peer *p, struct mono now)
{
	struct request *r;

	/* A name that is in use again: its bearer is gone. */
	session_close(ss, worker, p->spi, now);
	if ((r = request_new(worker, req, p)) == NULL) {
		struct session_grant g = { .status = SESSION_FULL,
			.reason = "out of memory" };

		ss->ops->grant(ss->arg, worker, req, &g);
		return;
	}
	if (!ss->awaiting)
		decide(ss, r, now);
	else if (request_add(&ss->early, r) == -1)
		refuse(ss, r, SESSION_FULL, "too many logins wait");
}

void
session_close(struct sessions *ss, unsigned worker, uint64_t spi,
    struct mono now)
{
	struct session *s = table_find(&ss->table, worker, spi);
	struct request *r;

	if (s != NULL)
		drop(ss, s, "", now);
	if ((r = request_find(&ss->early, worker, spi)) != NULL) {
		request_del(&ss->early, r);
		free(r);
	}
	if ((r = request_find(&ss->waiting, worker, spi)) != NULL) {
		leave_waiting(ss, r);
		request_del(&ss->waiting, r);
		free(r);
	}
}

void
session_move(struct sessions *ss, unsigned worker, uint64_t from,
    uint64_t to, const struct endpoint *remote)
{
	struct session *s = table_find(&ss->table, worker, from);

	if (s == NULL)
		return;
	s->remote = *remote;
	if (table_rename(&ss->table, s, to) == -1) {
		session_kill(ss, s, "its new SPI names another session");
		return;
	}
	/* It was told under the old name, which it may not know any more. */
	if (s->killed && from != to) {
		s->killed = false;
		session_kill(ss, s, "it was to end while it was rekeyed");
	}
}

/* What workers have when this process is new */

void
session_sync(struct sessions *ss, unsigned worker,
    const struct session_peer *p, struct mono now)
{
	struct lease_env e = env_of(ss);
	const struct ident *ident;
	struct session *s;
	unsigned f;

	if (ss->config == NULL)
		return;
	ident = config_ident(ss->config, p->identity);
	session_close(ss, worker, p->spi, now);
	if (ss->table.n >= SESSIONS_MAX ||
	    (s = table_add(&ss->table, worker, p)) == NULL) {
		log_error(LOG_T_IPSEC, "no room for a session that is known "
		    "already");
		return;
	}
	s->since = mono_add(now, MONO_S(-(int64_t)p->age));
	for (f = 0; f < 2; f++) {
		if (p->addr[f].family == AF_UNSPEC)
			continue;
		if (ident == NULL || ident->mode == NULL ||
		    !ident->mode->responder || !config_mode_may(ss->config,
		    ident->mode, &p->addr[f]))
			session_kill(ss, s, "its address is not one that its "
			    "identity can have");
		else if (lease_keep(&e, s, &p->addr[f]) == -1)
			session_kill(ss, s, "somebody else has its address");
	}
}

static void
begin(struct sessions *ss, struct mono now)
{
	struct request *r;

	ss->awaiting = false;
	if (ss->ops->known != NULL)
		ss->ops->known(ss->arg);
	while ((r = ss->early.first) != NULL) {
		request_del(&ss->early, r);
		decide(ss, r, now);
	}
}

void
sessions_await(struct sessions *ss, unsigned workers, struct mono until)
{
	ss->awaited = workers >= 32 ? ~0u : (1u << workers) - 1;
	ss->synced = 0;
	ss->until = until;
	ss->awaiting = true;
}

void
session_sync_done(struct sessions *ss, unsigned worker, struct mono now)
{
	ss->synced |= 1u << worker;
	if (ss->awaiting && (ss->synced & ss->awaited) == ss->awaited)
		begin(ss, now);
}

static void
cancel_requests(struct requests *rs, struct sessions *ss, unsigned worker)
{
	struct request *r, *next;

	for (r = rs->first; r != NULL; r = next) {
		next = r->next;
		if (r->worker != worker)
			continue;
		leave_waiting(ss, r);
		request_del(rs, r);
		free(r);
	}
}

void
sessions_worker_gone(struct sessions *ss, unsigned worker, struct mono now)
{
	struct session *s, *gone = NULL;
	size_t at = 0;

	cancel_requests(&ss->early, ss, worker);
	cancel_requests(&ss->waiting, ss, worker);
	while ((s = hash_next(&ss->table.by_spi[worker], &at)) != NULL) {
		s->gone_next = gone;
		gone = s;
	}
	while ((s = gone) != NULL) {
		gone = s->gone_next;
		drop(ss, s, "its negotiator is gone", now);
	}
	/* So there is nothing more it could say it has. */
	session_sync_done(ss, worker, now);
}

/* The sessions it waits for did not end: they are taken for ended. */
static void
overdue(struct sessions *ss, struct request *r, struct mono now)
{
	struct session *s, *next;

	request_del(&ss->waiting, r);
	for (s = table_first(&ss->table, &r->peer); s != NULL; s = next) {
		next = table_next(s);
		if (s->waits != r)
			continue;
		s->waits = NULL;
		drop(ss, s, "its negotiator does not answer", now);
	}
	r->left = 0;
	decide(ss, r, now);
}

struct mono
sessions_tick(struct sessions *ss, struct mono now)
{
	struct request *r;

	if (ss->awaiting && mono_cmp(now, ss->until) >= 0) {
		log_warn(LOG_T_SYSTEM, "not every negotiator has said what "
		    "sessions it has; going on");
		begin(ss, now);
	}
	while ((r = ss->waiting.first) != NULL &&
	    mono_cmp(now, r->until) >= 0)
		overdue(ss, r, now);
	if (ss->awaiting)
		return ss->until;
	return r != NULL ? r->until : MONO_NEVER;
}

/* The rest */

struct sessions *
sessions_new(const struct session_ops *ops, void *arg, uint64_t seed)
{
	struct sessions *ss;

	if ((ss = calloc(1, sizeof(*ss))) == NULL)
		return NULL;
	ss->ops = ops;
	ss->arg = arg;
	table_init(&ss->table, seed);
	requests_init(&ss->waiting, seed);
	requests_init(&ss->early, seed);
	return ss;
}

void
sessions_free(struct sessions *ss)
{
	if (ss == NULL)
		return;
	requests_free(&ss->waiting);
	requests_free(&ss->early);
	table_free(&ss->table);
	config_free(ss->config);
	free(ss);
}

static void
again(void *arg, struct session *s)
{
	lease_again(arg, s);
}

int
sessions_conf(struct sessions *ss, struct conf *conf, uint64_t random)
{
	struct config *c = config_new(conf, ss->config, random);
	struct lease_env e;

	config_free(ss->config);
	ss->config = c;
	if (c == NULL)
		return -1;
	e = env_of(ss);
	sessions_each(ss, again, &e);
	return 0;
}

const struct config *
sessions_config(const struct sessions *ss)
{
	return ss->config;
}

void
sessions_remember(struct sessions *ss, const struct addr *a, uint64_t user)
{
	const char *name;
	struct apool *p;

	if (ss->config != NULL &&
	    (p = config_pool_of(ss->config, a, &name)) != NULL)
		apool_remember(p, user, a);
}

void
sessions_loaded(struct sessions *ss)
{
	const struct config *c = ss->config;
	unsigned f;
	size_t i;

	for (i = 0; c != NULL && i < c->npools; i++)
		for (f = 0; f < 2; f++)
			if (c->pools[i].half[f] != NULL)
				apool_settle(c->pools[i].half[f]);
}

size_t
sessions_count(const struct sessions *ss)
{
	return ss->table.n;
}

struct session *
session_by_spi(const struct sessions *ss, unsigned worker, uint64_t spi)
{
	return table_find(&ss->table, worker, spi);
}

struct session *
session_by_addr(const struct sessions *ss, const struct addr *a)
{
	struct session *s = table_holder(&ss->table, a);

	return s != NULL && addr_equal(&s->addr[config_family(a)], a) ? s :
	    NULL;
}

void
sessions_each(const struct sessions *ss,
    void (*fn)(void *arg, struct session *), void *arg)
{
	struct session *s;
	unsigned w;
	size_t at;

	for (w = 0; w < SESSION_WORKERS; w++) {
		at = 0;
		while ((s = hash_next(&ss->table.by_spi[w], &at)) != NULL)
			fn(arg, s);
	}
}
