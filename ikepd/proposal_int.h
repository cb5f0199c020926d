/* What the two halves of the proposal module share: our offer as it looks
 * on the wire. */
#ifndef IKEPD_PROPOSAL_INT_H
#define IKEPD_PROPOSAL_INT_H

#include "ikepd/proposal.h"

#define OFFER_PROPS_MAX	2	/* AEADs, other ciphers */

/* One of our proposals: transforms in the order in which they are sent. */
struct our_prop {
	uint8_t num;
	uint8_t n;
	const struct alg *t[OFFER_KINDS * OFFER_ALGS_MAX + 1];
};

/* Lays out the offer; the number of proposals, 0 when none is complete. */
unsigned offer_layout(const struct offer *, unsigned flags,
    struct our_prop out[OFFER_PROPS_MAX]);
/* A reject of the whole pair; without transforms. */
#define REJECT_PROTO	0
#define REJECT_SPI	0xff

#endif
