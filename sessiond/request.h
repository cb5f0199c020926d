/*
 * Requests for a session that cannot be answered yet: nothing is given out
 * before all workers have said what they have, and a login that replaces
 * another waits for that one's end.
 */
#ifndef SESSIOND_REQUEST_H
#define SESSIOND_REQUEST_H

#include "lib/hash.h"
#include "sessiond/session.h"

struct request {
	struct request *next, *prev;
	bool listed;
	unsigned worker;
	uint32_t req;
	unsigned left;		/* sessions it waits for; 0: for the start */
	struct mono until;
	struct session_peer peer;	/* its ID is the one below */
	uint8_t id[];
};

/* In the order of their coming, and so of their until. */
struct requests {
	struct request *first, *last;
	size_t n;
	struct hash by_spi[SESSION_WORKERS];
};

void requests_init(struct requests *, uint64_t seed);
void requests_free(struct requests *);
/* A copy, not in the list.  NULL: no memory. */
struct request *request_new(unsigned worker, uint32_t req,
    const struct session_peer *);
/* -1: the list is full, no memory, or one of the same SPI is in it. */
int request_add(struct requests *, struct request *);
/* Out of the list, if it is in it. */
void request_del(struct requests *, struct request *);
struct request *request_find(const struct requests *, unsigned worker,
    uint64_t spi);

#endif
