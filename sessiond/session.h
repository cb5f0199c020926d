/*
 * Who is online, and what each was given.  No I/O and no clock in here: the
 * time comes in, and what is to be said goes out through struct
 * session_ops, so that any history can be played in a test.
 *
 * A lease is the address of a session: there is no lease without one.
 */
#ifndef SESSIOND_SESSION_H
#define SESSIOND_SESSION_H

#include "lib/addr.h"
#include "lib/mono.h"
#include "sessiond/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sessions;

#define SESSION_FP_LEN	32
#define SESSION_ID_MAX	516
#define SESSION_WORKERS	32
#define SESSIONS_MAX	(4u * 1024 * 1024)
#define SESSIONS_WAITING_MAX	(64u * 1024)	/* requests without answer */

/* What a negotiator says of a peer that has been authenticated. */
struct session_peer {
	uint64_t spi;		/* names the session within its worker */
	uint32_t identity;
	bool contact;		/* its other sessions are dead, it says */
	bool want[2];		/* FAMILY_: asks for an address */
	struct addr addr[2];	/* this one if possible; or the one it has */
	uint32_t age;		/* seconds since it was opened */
	struct endpoint remote;
	uint8_t fp[SESSION_FP_LEN];
	const uint8_t *id;	/* body of its ID payload, borrowed */
	size_t id_len;		/* up to SESSION_ID_MAX */
};

enum session_status {
	SESSION_OK,
	SESSION_LIMIT,		/* only-one=yes, and the user is online */
	SESSION_NO_IDENTITY,
	SESSION_FULL,
};

struct session_grant {
	enum session_status status;
	char reason[200];	/* why not, or why not all */
	const struct mode *mode;	/* NULL: nothing to be given */
	struct addr addr[2];	/* FAMILY_ */
};

/* May be read by everybody. */
struct session {
	uint64_t spi;
	unsigned worker;
	uint32_t identity;
	uint64_t user;		/* number of the ID */
	struct endpoint remote;
	struct addr addr[2];	/* FAMILY_; AF_UNSPEC: none */
	struct mono since;
	uint8_t fp[SESSION_FP_LEN];
	bool killed;		/* its worker was told */
	struct session *same_next, *same_prev;	/* of the user */
	struct session *gone_next;	/* while many are dropped */
	struct request *waits;	/* until this one is closed */
	uint16_t id_len;
	uint8_t id[];
};

struct session_ops {
	/* The answer to session_open(). */
	void (*grant)(void *arg, unsigned worker, uint32_t req,
	    const struct session_grant *);
	/* The worker is to end the session and to say so.  -1: it cannot be
	 * told now. */
	int (*kill)(void *arg, const struct session *, const char *why);
	/* A user has got an address that was not his last one. */
	void (*remember)(void *arg, const struct addr *, uint64_t user);
	/* The session has the address of a family, or no more; before grant.
	 * May be NULL, as the next. */
	void (*lease)(void *arg, const struct session *, unsigned family,
	    bool on);
	/* Whatever workers had from before has been said. */
	void (*known)(void *arg);
};

/* seed: what users' numbers are made with.  NULL: no memory. */
struct sessions *sessions_new(const struct session_ops *, void *arg,
    uint64_t seed);
void sessions_free(struct sessions *);
/* Takes a configuration over.  -1: no memory, and none is in force. */
int sessions_conf(struct sessions *, struct conf *, uint64_t random);
const struct config *sessions_config(const struct sessions *);
/* A user had this address last, says the lease file. */
void sessions_remember(struct sessions *, const struct addr *, uint64_t user);
/* That was all of it. */
void sessions_loaded(struct sessions *);
/*
 * No address is given before so many workers have said what they have, or
 * until a time.
 */
void sessions_await(struct sessions *, unsigned workers, struct mono until);

/* Of a worker.  open is answered, at once or later, by grant. */
void session_open(struct sessions *, unsigned worker, uint32_t req,
    const struct session_peer *, struct mono now);
void session_sync(struct sessions *, unsigned worker,
    const struct session_peer *, struct mono now);
void session_sync_done(struct sessions *, unsigned worker, struct mono now);
void session_close(struct sessions *, unsigned worker, uint64_t spi,
    struct mono now);
void session_move(struct sessions *, unsigned worker, uint64_t from,
    uint64_t to, const struct endpoint *remote);
/* The worker died, and its sessions with it. */
void sessions_worker_gone(struct sessions *, unsigned worker,
    struct mono now);

/* Of an operator. */
void session_kill(struct sessions *, struct session *, const char *why);
/* What waits too long.  Returns when it is to be called again. */
struct mono sessions_tick(struct sessions *, struct mono now);

size_t sessions_count(const struct sessions *);
/* "fqdn:laptop.example"; returns dst. */
const char *session_user_fmt(const struct session *, char *dst, size_t size);
/* NULL: none.  addr: of the peer, inside of the tunnel. */
struct session *session_by_spi(const struct sessions *, unsigned worker,
    uint64_t spi);
struct session *session_by_addr(const struct sessions *,
    const struct addr *);
/* All of them; fn may kill, and nothing else. */
void sessions_each(const struct sessions *,
    void (*fn)(void *arg, struct session *), void *arg);

#endif
