/*
 * Addresses of one family to be handed out, from ranges of any size, each
 * operation in constant time whatever the fill (a table that grows now and
 * then apart).
 *
 * An address that was never given comes before one that somebody had: so a
 * user finds his last address free for as long as possible.  When none is
 * left, or more than REMEMBER are remembered, it is the turn of the one
 * that was given back longest ago.  What is kept in memory is the addresses
 * in use and those remembered, never the size of a range.
 *
 * A user is a number (a hash of who he is), 0 nobody.
 */
#ifndef SESSIOND_POOL_H
#define SESSIOND_POOL_H

#include "lib/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct apool;

#define APOOL_REMEMBER	(128u * 1024)

/* Of each range so many addresses at most are used. */
#define APOOL_RANGE_BITS	48

struct apool_range {
	struct addr lo, hi;	/* of one family, lo <= hi */
};

/* Ranges must not overlap.  seed: random.  NULL: no memory. */
struct apool *apool_new(const struct apool_range *, size_t n, uint64_t seed);
void apool_free(struct apool *);		/* NULL is allowed */

bool apool_has(const struct apool *, const struct addr *);
/*
 * An address for the user: his last one, else as said above.  *known: it was
 * this user's before.  false: every address is in use, or no memory.
 */
bool apool_take(struct apool *, uint64_t user, struct addr *, bool *known);
/*
 * This very address, if nobody has it and it is not remembered for somebody
 * else, nor reserved.
 */
bool apool_want(struct apool *, uint64_t user, const struct addr *,
    bool *known);
/* This very address, unless somebody has it. */
bool apool_claim(struct apool *, uint64_t user, const struct addr *);
/* Given back; remembered for its user. */
void apool_give(struct apool *, const struct addr *);
/* Remembers the user of an address that is free, as if it had been given
 * back just now. */
void apool_remember(struct apool *, uint64_t user, const struct addr *);
/* Never (on), or again, to be taken from the pool. */
void apool_reserve(struct apool *, const struct addr *, bool on);
/* After many apool_remember: what they cost is spent here. */
void apool_settle(struct apool *);

uint64_t apool_size(const struct apool *);
size_t apool_used(const struct apool *);
size_t apool_known(const struct apool *);	/* used, remembered, reserved */
/* Every address that is known: the free ones, longest free first, then
 * those in use.  The pool must not be changed meanwhile. */
typedef void (*apool_fn)(void *arg, const struct addr *, uint64_t user,
    bool used);
void apool_each(const struct apool *, apool_fn, void *arg);

#endif
