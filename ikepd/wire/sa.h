/*
 * The Security Association payload: proposals, transforms and attributes
 * (RFC 7296 3.3), in a struct of fixed size without pointers.
 */
#ifndef IKEPD_WIRE_SA_H
#define IKEPD_WIRE_SA_H

#include "lib/buf.h"
#include "ikepd/wire/ike.h"

#define SA_PROPOSALS_MAX	32
#define SA_TRANSFORMS_MAX	128	/* of one proposal */
#define SA_TRANSFORMS_ALL	512	/* of one payload */
#define SA_SPI_MAX		8

#define ATTR_KEY_LENGTH		14
#define ATTR_AF			0x8000	/* type/value form */

struct sa_transform {
	uint8_t type;		/* TRANSFORM_ */
	bool unusable;		/* carries an attribute that is unknown, given
				 * twice or malformed: never acceptable
				 * (RFC 7296 3.3.6) */
	uint16_t id;
	uint16_t bits;		/* Key Length attribute, 0: none */
};

struct sa_proposal {
	uint8_t num;
	uint8_t proto;		/* PROTO_, others are possible */
	uint8_t spi_len;	/* IKE: 0 or 8, AH and ESP: 4; others: 0..8 */
	uint8_t ntransforms;
	uint16_t first;		/* index of its first transform */
	uint8_t spi[SA_SPI_MAX];
};

struct sa_payload {
	unsigned nproposals;
	unsigned ntransforms;
	struct sa_proposal p[SA_PROPOSALS_MAX];
	struct sa_transform t[SA_TRANSFORMS_ALL];
};

/*
 * Parses the body of an SA payload.  All lengths, counts and "last" fields
 * must agree, proposal numbers must rise by one.  Unknown protocols and
 * transform types are kept for the negotiation to pass over.
 */
int sa_parse(struct sa_payload *, struct cur, struct wire_err *);
/* The SPI as a number; 0 when there is none. */
uint64_t sa_spi(const struct sa_proposal *);

/*
 * Writing, into a buffer that stands at the place of the proposal.  An
 * sa_writer remembers what is patched later; it needs no cleanup.
 * sa_put_proposal ends the proposal before it.
 */
struct sa_writer {
	struct buf *b;
	size_t proposal;	/* offset, or SIZE_MAX: none yet */
	size_t transform;
	uint8_t ntransforms;
};

void sa_begin(struct sa_writer *, struct buf *);
void sa_put_proposal(struct sa_writer *, uint8_t num, uint8_t proto,
    const uint8_t *spi, size_t spi_len);
/* bits 0: no Key Length attribute */
void sa_put_transform(struct sa_writer *, uint8_t type, uint16_t id,
    uint16_t bits);
void sa_end(struct sa_writer *);

#endif
