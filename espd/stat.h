/*
 * The packet path's error counters, under the names that /ip ipsec
 * statistics has for those of the kernel.  Each thread counts for itself.
 */
#ifndef ESPD_STAT_H
#define ESPD_STAT_H

#include <stdatomic.h>
#include <stdint.h>

enum stat {
	STAT_NONE,			/* no error: counted nowhere */
	STAT_IN_ERRORS,
	STAT_IN_BUFFER_ERRORS,		/* the device did not take it */
	STAT_IN_HEADER_ERRORS,		/* truncated, or a bad inner header */
	STAT_IN_NO_STATES,		/* no such SPI */
	STAT_IN_STATE_PROTOCOL_ERRORS,	/* ICV or padding wrong */
	STAT_IN_STATE_MODE_ERRORS,	/* not what the SA's mode carries */
	STAT_IN_STATE_SEQUENCE_ERRORS,	/* replayed, or left of the window */
	STAT_IN_STATE_EXPIRED,
	STAT_IN_STATE_MISMATCHES,	/* none: with or without UDP is as the
					 * peer likes (RFC 7296 2.23) */
	STAT_IN_STATE_INVALID,
	STAT_IN_TEMPLATE_MISMATCHES,	/* traffic of another policy's SA */
	STAT_IN_NO_POLICIES,
	STAT_IN_POLICY_BLOCKED,
	STAT_IN_POLICY_ERRORS,
	STAT_OUT_ERRORS,		/* malformed, or the socket is full */
	STAT_OUT_BUNDLE_ERRORS,
	STAT_OUT_BUNDLE_CHECK_ERRORS,	/* larger than the path takes */
	STAT_OUT_NO_STATES,		/* no SA yet */
	STAT_OUT_STATE_PROTOCOL_ERRORS,	/* the cipher failed */
	STAT_OUT_STATE_MODE_ERRORS,	/* cannot go in transport mode */
	STAT_OUT_STATE_SEQUENCE_ERRORS,	/* sequence numbers used up */
	STAT_OUT_STATE_EXPIRED,
	STAT_OUT_POLICY_BLOCKED,
	STAT_OUT_POLICY_DEAD,
	STAT_OUT_POLICY_ERRORS,		/* to be passed, but nobody to pass */
	STAT_ACQUIRE_ERRORS,		/* nobody could be told */
	STAT_COUNT,
};

struct stats {
	_Atomic uint64_t n[STAT_COUNT];
};

/* "in-errors" and so on; a valid number other than STAT_NONE. */
const char *stat_name(enum stat);

/* Adds to a counter that only the calling thread writes. */
static inline void
stat_add(struct stats *s, enum stat what, uint64_t n)
{
	uint64_t v = atomic_load_explicit(&s->n[what], memory_order_relaxed);

	atomic_store_explicit(&s->n[what], v + n, memory_order_relaxed);
}

#endif
