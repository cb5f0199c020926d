/* What lies under the seal of a message on its way, to be changed by a tap. */
#ifndef TESTS_SIM_INNER_H
#define TESTS_SIM_INNER_H

#include "tests/sim/sim.h"
#include "ikepd/wire/header.h"

#define INNER_MAX	8192

/* Payloads, the first of type first; there is room for some more. */
struct inner {
	uint8_t first;
	size_t n;
	uint8_t b[INNER_MAX + 512];
};

/* True: it has changed something. */
typedef bool (*inner_fn)(struct sim *, const struct ike_hdr *,
    struct inner *);

/*
 * Opens what from sends, with its own keys, and seals again what change made
 * of it; data has room for it.  True: the message was changed.
 */
bool under_seal(struct sim *, unsigned from, uint8_t *data, size_t *len,
    inner_fn change);

#endif
