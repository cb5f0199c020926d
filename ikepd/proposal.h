/*
 * Negotiation of algorithms (RFC 7296 2.7, 3.3; RFC 5282 8).  Decides, and
 * says why not; no state, no input or output.
 *
 * The rule of choice, ours to make as responder: the first proposal of the
 * peer that we can accept, and within it, for each kind of transform, the
 * one that stands first in our own list.
 */
#ifndef IKEPD_PROPOSAL_H
#define IKEPD_PROPOSAL_H

#include "lib/buf.h"
#include "lib/suite/suite.h"
#include "ikepd/wire/sa.h"

#define OFFER_ALGS_MAX	32	/* of one kind */
#define OFFER_KINDS	(SUITE_ESN + 1)

/*
 * What we would use, per kind in order of preference.  On the wire it is
 * one proposal for the AEADs and one for the other ciphers, the one with
 * the cipher we like best first (RFC 7296 3.3).  No KE row: no key exchange
 * (ESP without PFS); beside KE rows, ke_none leaves it to the peer.  Rows
 * with ALG_NONE are not kept.
 */
struct offer {
	uint8_t proto;			/* PROTO_IKE, PROTO_ESP, PROTO_AH */
	uint8_t n[OFFER_KINDS];
	const struct alg *alg[OFFER_KINDS][OFFER_ALGS_MAX];
	bool ke_none;
};

void offer_init(struct offer *, uint8_t proto);
/* Appends; a row that is there already is ignored.  -1: no room, or an
 * algorithm that IKEv2 does not have. */
int offer_add(struct offer *, const struct alg *);
/* For ESP and AH, after the algorithms: extended sequence numbers as well
 * as (or, without plain, instead of) 32-bit ones; preferred first. */
int offer_add_esn(struct offer *, bool extended, bool plain);
/* -1 with a static *why when no complete suite can be made of it. */
int offer_check(const struct offer *, const char **why);
bool offer_has(const struct offer *, const struct alg *);

/* Flags of a negotiation */
#define PROP_NO_KE	0x01	/* IKE_AUTH: the child has no key exchange; KE
				 * transforms are neither sent nor regarded
				 * (RFC 7296 1.2) */
#define PROP_REKEY_IKE	0x02	/* CREATE_CHILD_SA for an IKE SA: SPIs of 8
				 * bytes are in the proposals */

/* The outcome.  Pointers are into the algorithm table. */
struct prop_choice {
	uint8_t num;		/* of the proposal */
	uint8_t proto;
	uint64_t spi;		/* the peer's SPI in it, 0: none */
	const struct alg *encr;
	const struct alg *prf;		/* IKE only, else NULL */
	const struct alg *integ;	/* NULL with an AEAD */
	const struct alg *ke;		/* NULL: none */
	bool esn;
	bool integ_none;	/* the answer repeats INTEG NONE */
	bool ke_none;		/* the answer repeats KE NONE */
};

#define PROP_REJECTS_MAX	48

/* A pair that does not fit.  Numbers count from 1; 0: no such transform. */
struct prop_reject {
	uint8_t kind;
	uint8_t local_prop, local_trns;
	uint8_t peer_prop, peer_trns;
	uint16_t local_id, local_bits;
	uint16_t peer_id, peer_bits;
};

/* Why nothing fits.  Plain data of fixed size. */
struct prop_why {
	const char *reason;	/* static; NULL: nothing went wrong */
	unsigned n;
	unsigned dropped;	/* pairs beyond PROP_REJECTS_MAX */
	struct prop_reject rej[PROP_REJECTS_MAX];
	/* The nearest miss: the two proposals with most kinds in common. */
	uint8_t near_local, near_peer;	/* proposal numbers, 0: none */
	uint8_t near_kinds;	/* 1 << kind for each kind that differs; bit 0: the
				 * peer demands a kind we do not know */
};

/*
 * Responder: chooses from the peer's offer.  ke_group: the group of the KE
 * payload that came along, preferred before our own order because it saves
 * a round trip; 0: our order alone.  0, or -1 with *why filled
 * (NO_PROPOSAL_CHOSEN).
 */
int prop_select(struct prop_choice *, const struct offer *ours,
    const struct sa_payload *peer, unsigned flags, uint16_t ke_group,
    struct prop_why *why);
/*
 * Initiator: checks that the answer is one of the suites we offered, with
 * exactly one transform of each kind (RFC 7296 3.3.6).
 */
int prop_check_answer(struct prop_choice *, const struct offer *ours,
    const struct sa_payload *answer, unsigned flags, struct prop_why *why);
/*
 * The group the answer INVALID_KE_PAYLOAD must name, or 0 when a KE payload
 * of group ke_group (0: none came) suits the choice (RFC 7296 1.2, 1.3).
 */
uint16_t prop_ke_wanted(const struct prop_choice *, uint16_t ke_group);
/* The group for our KE payload: the first of our list; NULL: none. */
const struct alg *offer_ke_first(const struct offer *);
/* A group of our list by number, as INVALID_KE_PAYLOAD names it, or NULL. */
const struct alg *offer_ke(const struct offer *, uint16_t group);

/* The bodies of SA payloads, appended.  spi: spi_len bytes, 0, 4 or 8. */
void prop_put(struct buf *, const struct offer *, unsigned flags,
    const void *spi, size_t spi_len);
void prop_put_choice(struct buf *, const struct prop_choice *,
    const void *spi, size_t spi_len);

/*
 * For the log.  Each returns dst, cut with "..." when it does not fit.
 * prop_reject_fmt: "rejected enctype: DB(prop#1:trns#1):Peer(prop#1:trns#2)
 * = AES-CBC-256:3DES-CBC", left ours, right the peer's.
 */
#define PROP_LINE_MAX	512
const char *prop_reject_fmt(const struct prop_reject *, char *dst, size_t);
const char *offer_fmt(const struct offer *, unsigned flags, char *dst,
    size_t);
const char *sa_fmt(const struct sa_payload *, char *dst, size_t);
/* "AES-GCM-16-256/HMAC-SHA2-256/ECP-256"; choice in one word. */
const char *prop_choice_fmt(const struct prop_choice *, char *dst, size_t);
/* Reason, both sets and the nearest miss in one line. */
const char *prop_why_fmt(const struct prop_why *, const struct offer *ours,
    const struct sa_payload *peer, unsigned flags, char *dst, size_t);

#endif
