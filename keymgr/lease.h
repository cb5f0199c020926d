/*
 * Addresses that users have, as sessiond says.  Whoever speaks for a user
 * with such an address, in a policy made from a template, must be the worker
 * and the identity that it was given to.
 */
#ifndef KEYMGR_LEASE_H
#define KEYMGR_LEASE_H

#include "lib/addr.h"
#include "lib/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEASES_MAX	(8u * 1024 * 1024)

struct leases {
	struct hash by_addr;
	uint64_t seed;
	/* Takes in what sessiond has said and nobody has read yet. */
	void (*poll)(void *);
	void *arg;
};

void leases_init(struct leases *, uint64_t seed);
void leases_free(struct leases *);
/* In place of whoever had it.  -1: no memory, or too many. */
int leases_set(struct leases *, unsigned worker, uint32_t identity,
    const struct addr *);
/* False: somebody else has it, or nobody. */
bool leases_drop(struct leases *, unsigned worker, uint32_t identity,
    const struct addr *);
bool leases_has(const struct leases *, unsigned worker, uint32_t identity,
    const struct addr *);
/* sessiond is gone; those that its successor does not name go, then. */
void leases_doubt(struct leases *);
void leases_known(struct leases *);

#endif
