/*
 * What a policy looks at in a packet, as plain memory of 40 bytes: looked up
 * and compared as a whole, masked by words.
 */
#ifndef ESPD_FLOW_H
#define ESPD_FLOW_H

#include <stdint.h>
#include <string.h>

#define FLOW_WORDS	5

/*
 * Addresses in network order, IPv4 in the first four bytes, the rest zero.
 * Ports in host order; for ICMP and ICMPv6 lport is the type and rport the
 * code, in both directions.
 */
struct flow {
	union {
		struct {
			uint8_t local[16], remote[16];
			uint16_t lport, rport;
			uint8_t proto;
			uint8_t version;	/* 4 or 6 */
			/* A fragment but the first, or cut short: the
			 * ports are not known. */
			uint8_t opaque;
			uint8_t zero;
		};
		uint64_t w[FLOW_WORDS];
	};
};

static inline int
flow_equal(const struct flow *a, const struct flow *b)
{
	uint64_t d = 0;

	for (int i = 0; i < FLOW_WORDS; i++)
		d |= a->w[i] ^ b->w[i];
	return d == 0;
}

static inline struct flow
flow_mask(const struct flow *f, const struct flow *mask)
{
	struct flow out;

	for (int i = 0; i < FLOW_WORDS; i++)
		out.w[i] = f->w[i] & mask->w[i];
	return out;
}

/* A multiplication and a fold a word; the seed is not known outside. */
static inline uint64_t
flow_hash(const struct flow *f, uint64_t seed)
{
	uint64_t h = seed;

	for (int i = 0; i < FLOW_WORDS; i++) {
		h = (h ^ f->w[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

#endif
