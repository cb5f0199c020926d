/*
 * The inside of the engine, shared by the files of the core and nobody
 * else.
 */
#ifndef IKEPD_CORE_H
#define IKEPD_CORE_H

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/timer.h"
#include "ikepd/confidx.h"
#include "ikepd/cookie.h"
#include "ikepd/engine.h"
#include "ikepd/sa.h"
#include "ikepd/wire/header.h"
#include "ikepd/wire/payload.h"

#define DATAGRAM_MAX		65535

/* RFC 7296 2.1: when our requests are repeated. */
#define RETRANS_FIRST_MS	1000
#define RETRANS_NUM		9	/* each wait is 9/5 of the one before */
#define RETRANS_DEN		5
#define RETRANS_MAX_MS		30000
#define RETRANS_TRIES		9	/* sendings; 131 s in all (2.4) */
#define RETRANS_TRIES_PROBE	6	/* of liveness, IKE_AUTH; 41 s in all */
#define RETRANS_TRIES_INIT	5	/* of IKE_SA_INIT; 22 s in all */
#define RETRANS_TRIES_STOP	2	/* when we go; 3 s in all */

#define HALF_OPEN_S		30	/* a responder waits for IKE_AUTH */
#define WORK_S			20	/* certd, keymgr or DH must answer */
#define AGAIN_S			1	/* certd is asked again that is away */
#define AGAIN_TRIES		15
#define CACHE_S			180	/* repeated requests may come so long */
#define CLOSED_S		45	/* a closed SA repeats its last word */
#define REKEY_AGAIN_S		30	/* after a rekey came to nothing */
#define REPLACED_S		60	/* the peer should have deleted it */
#define TEMP_FAILURE_MAX_S	180	/* RFC 7296 2.25 */
#define COOKIE_ROTATE_S		60
#define COOKIE_SCARE_S		10	/* after a burst of useless values */
#define CHILDREN_MAX		1024	/* of one IKE SA */
#define TASKS_MAX		2048	/* waiting on one IKE SA */

/* What the engine knows of a configured peer at run time. */
struct peer_run {
	uint32_t id;
	unsigned failures;		/* attempts in a row without success */
	bool wanted;			/* not passive: keep it up */
	struct timer retry;		/* next attempt */
	struct ike_sa *sas;		/* all IKE SAs with this peer */
	struct log_limit lim_route;	/* there is no way to it */
};

/* Who waits for the answer to a request to certd or sessiond. */
struct pending {
	uint32_t req;
	uint64_t spi;			/* our SPI of the IKE SA */
	bool theirs;			/* the work of the peer's request */
};

#define GIVEN_MAX	32	/* addresses from peers to be remembered */

struct engine {
	struct engine_ops ops;
	unsigned worker;
	unsigned depth;			/* of calls into the engine */
	struct confidx *conf;		/* NULL before engine_conf() */
	uint64_t seed;
	struct hash by_spi;		/* our SPI: struct ike_sa */
	struct hash by_init;		/* IKE_SA_INIT requests: struct ike_sa */
	struct hash by_id;		/* remote identity: first ike_sa */
	struct hash peers;		/* id: struct peer_run */
	struct hash children;		/* spi_in: struct child */
	struct hash children_out;	/* SA and spi_out: struct child */
	struct hash pending;		/* req: struct pending */
	struct timers timers;		/* nodes of SAs */
	struct timers retries;		/* nodes of peer_runs */
	struct cookie_jar jar;
	struct mono jar_at;		/* next rotation */
	struct mono cookies_until;	/* asked for, whatever is half open */
	uint32_t next_req;
	uint32_t next_vip;
	struct {			/* the latest, newest at given_at - 1 */
		struct addr vip, outer;
	} given[GIVEN_MAX];
	unsigned given_at;
	uint16_t trust_hashes;		/* as in struct trust */
	bool trust_certs;
	uint16_t certreq_len;
	uint8_t certreq[AUTH_CERTREQ_MAX];
	uint32_t half_open;		/* as responder */
	uint32_t closed;		/* that linger to repeat themselves */
	size_t frag_held;		/* bytes of unfinished messages */
	bool stopping, stopped;
	struct ike_sa *dead;		/* freed when the event is over */
	struct engine_stats st;
	struct log_limits lim_malformed;	/* by what is wrong */
	struct log_limit lim_no_peer, lim_v1, lim_spi, lim_version, lim_open;
	struct log_limit lim_unproven, lim_fail, lim_offer, lim_ke;
	struct log_limit lim_child;
	uint8_t rx[DATAGRAM_MAX];	/* the datagram being worked on */
};

/* Brackets of every event: SAs that ended are freed at the outermost. */
void eng_enter(struct engine *);
void eng_leave(struct engine *);
struct mono eng_now(const struct engine *);
uint64_t eng_random64(struct engine *);
/* A fresh SPI of ours that carries the worker's number. */
uint64_t eng_spi(struct engine *);

/* Tables of IKE SAs (sa_store.c). */
int store_add(struct engine *, struct ike_sa *);
struct ike_sa *store_get(const struct engine *, uint64_t spi_own);
/* Notes the request so that its repeats find the SA. */
int store_add_init(struct engine *, struct ike_sa *, uint64_t key);
uint64_t store_init_key(const struct engine *, const struct ike_path *,
    uint64_t ispi, const struct cur *nonce);
struct ike_sa *store_get_init(const struct engine *, uint64_t key,
    uint64_t ispi, const struct ike_path *);
void store_del_init(struct engine *, struct ike_sa *);
/* Chains SAs of one remote identity; the ids must be set. */
void store_add_id(struct engine *, struct ike_sa *);
struct ike_sa *store_same_id(const struct engine *, const struct ike_sa *);
void store_del_id(struct engine *, struct ike_sa *);
struct peer_run *store_peer(struct engine *, uint32_t id);

/* State and end of an IKE SA (sa_life.c). */
void sa_enter(struct engine *, struct ike_sa *, enum sa_state);
void sa_due(struct engine *, struct ike_sa *, enum sa_due, struct mono);
void sa_due_in(struct engine *, struct ike_sa *, enum sa_due, unsigned s);
void sa_due_never(struct engine *, struct ike_sa *, enum sa_due);
/*
 * Takes the SA out of all tables, its children with it; the memory goes
 * when the event that is being handled is over.
 */
void sa_destroy(struct engine *, struct ike_sa *);
/* Its children go, it answers repeats of the last request a while. */
void sa_close(struct engine *, struct ike_sa *);
/* The handshake is through: lifetimes, liveness, keepalives begin. */
void sa_established(struct engine *, struct ike_sa *);
/* After rekey too: arms the timers of an established SA. */
void sa_arm(struct engine *, struct ike_sa *);
/* The conf objects behind it; NULL when a reload took them away. */
struct conf_peer *sa_conf(const struct engine *, const struct ike_sa *);

/* Initiation (initiate.c). */
/* Begins a handshake with a peer; tasks (may be NULL) go with it. */
struct ike_sa *initiate(struct engine *, struct conf_peer *,
    struct task **tasks);
/*
 * Negotiates another IKE SA with children for the same policies, and ends
 * this one when that stands: for a peer that will not rekey (RFC 7296 4).
 * Does nothing where we do not initiate, or one is coming already.
 */
void initiate_instead(struct engine *, struct ike_sa *);
/* A peer lost an SA or an attempt failed: tries again when wanted. */
void initiate_later(struct engine *, struct peer_run *);
/* Peers whose retry is due. */
void initiate_due(struct engine *);
/* Peers that should be up and are not, whatever they waited for. */
void initiate_wanted(struct engine *);

#endif
