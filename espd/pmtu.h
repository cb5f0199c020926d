/*
 * What the paths to peers take (RFC 1191, RFC 8201, RFC 4301 section 8.2):
 * as much as the device that leads there, until somebody on the way says
 * that it is less; then that, for ten minutes, for all SAs to that peer and
 * for those that come.  Also what the TUN device is to take at most, so that
 * most packets of this machine need no such lesson.
 */
#ifndef ESPD_PMTU_H
#define ESPD_PMTU_H

#include "espd/esp.h"
#include "lib/hash.h"

#include <sys/queue.h>

#define PMTU_AGE_S	600	/* RFC 8201 section 4: not below 5 minutes,
				 * 10 are recommended */
#define PMTU_SHAPES	64	/* pairs of MTUs outside and inside */

struct pmtu_peer;

/* An outbound SA, within what its owner has of it. */
struct pmtu_sa {
	LIST_ENTRY(pmtu_sa) next;
	struct pmtu_peer *peer;	/* NULL: not in */
	uint32_t spi;
	uint32_t base;		/* of the device that leads there */
	uint32_t inner;		/* that goes in with it */
	bool counted;		/* in a pmtu_shape */
};

/* So many SAs have this. */
struct pmtu_shape {
	uint32_t base, inner;
	unsigned n;
};

struct pmtu {
	struct esp *esp;
	struct hash peers;
	LIST_HEAD(, pmtu_peer) learned;
	struct pmtu_shape shape[PMTU_SHAPES];
	unsigned nshapes;
};

void pmtu_init(struct pmtu *, struct esp *, uint64_t seed);
/* The SA is in esp with base as its MTU.  -1: no memory, or a peer's address
 * has the hash of another's. */
int pmtu_add(struct pmtu *, struct pmtu_sa *, const struct addr *dst,
    uint32_t spi, uint32_t base);
/* One that is not in may be removed. */
void pmtu_del(struct pmtu *, struct pmtu_sa *);
/* One that is in leads elsewhere now. */
void pmtu_move(struct pmtu *, struct pmtu_sa *, const struct addr *dst);
/* The device that leads there takes something else now. */
void pmtu_base(struct pmtu *, struct pmtu_sa *, uint32_t base);
/* Somebody said so.  More than was thought is not believed. */
void pmtu_learn(struct pmtu *, const struct addr *dst, uint32_t mtu,
    struct mono now);
/* To be called now and then. */
void pmtu_tick(struct pmtu *, struct mono now);
/* What the TUN is to take at most: where the outer MTU is the largest there
 * is, what fits into every SA.  0: there is no SA. */
uint32_t pmtu_device(const struct pmtu *);

#endif
