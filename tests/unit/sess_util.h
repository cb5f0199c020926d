/* What the tests of sessions share: a negotiator that writes down. */
#ifndef TESTS_UNIT_SESS_UTIL_H
#define TESTS_UNIT_SESS_UTIL_H

#include "sessiond/session.h"

struct said {
	unsigned worker;
	uint32_t req;
	struct session_grant g;
};

struct killed {
	unsigned worker;
	uint64_t spi;
};

struct kept {
	struct addr addr;
	uint64_t user;
};

struct witness {
	struct said *grants;
	size_t ngrants;
	struct killed *kills;
	size_t nkills;
	struct kept *kept;	/* the journal */
	size_t nkept;
	long leased;		/* addresses that keymgr knows of */
};

extern const struct session_ops witness_ops;
void witness_free(struct witness *);

/* With a configuration, and nothing to wait for. */
struct sessions *sess_new(struct witness *, const char *script);
void sess_conf(struct sessions *, const char *script);
/* The number of the i-th identity. */
uint32_t sess_ident(const struct sessions *, unsigned i);
/* A peer "key-id:USER" that wants both kinds of address; the ID is in a
 * buffer that the next call overwrites. */
struct session_peer sess_peer(uint64_t spi, uint32_t identity,
    const char *user);
/* Every address in use in a pool is a session's, and the other way round. */
void sess_check(const struct sessions *);

#endif
