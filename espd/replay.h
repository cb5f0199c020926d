/*
 * The anti-replay window of an inbound SA (RFC 4303 section 3.4.3): a ring
 * of bits that moves by whole words, as RFC 6479 has it, and the upper half
 * of extended sequence numbers (RFC 4303 appendix A).  One thread writes;
 * top may be read by others.
 */
#ifndef ESPD_REPLAY_H
#define ESPD_REPLAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_MAX	4096	/* packets */

struct replay {
	_Atomic uint64_t top;		/* highest authentic number */
	uint32_t window;		/* packets; 0: nothing is refused */
	uint32_t words;			/* of bits; power of two */
	bool esn;
	uint64_t bits[];
};

/* Bytes of one with a window of so many packets, at most REPLAY_MAX. */
size_t replay_size(uint32_t window);
/* In zeroed memory of that size. */
void replay_init(struct replay *, uint32_t window, bool esn);
/* Goes on after a number: it and all before count as seen. */
void replay_resume(struct replay *, uint64_t seq);
/*
 * The whole sequence number of a packet that carries lo, if it may be new;
 * 0: it is not, which is also so for a number 0 (section 3.3.3: the first is
 * 1).  Changes nothing: the packet is not yet authentic.
 */
uint64_t replay_check(const struct replay *, uint32_t lo);
/* The packet of replay_check() was authentic. */
void replay_accept(struct replay *, uint64_t seq);

#endif
