/*
 * Child SAs: the record kept for each, its place in the tables, and the
 * steps that make and end one.
 */
#ifndef IKEPD_CHILD_H
#define IKEPD_CHILD_H

#include "ikepd/core.h"

enum child_state {
	CHILD_ADDING,		/* keymgr was asked */
	CHILD_LIVE,
	CHILD_REKEYED,		/* its successor is installed */
	CHILD_DELETING,		/* our DELETE is queued or out */
};

/*
 * Plain data but for the links.  ts: nlocal selectors, then nremote.
 */
struct child {
	struct child *next, **prev;	/* of one IKE SA */
	uint64_t ike_spi;		/* our SPI of it */
	int64_t made_us;
	uint32_t spi_in, spi_out;
	uint32_t policy, identity;	/* configuration ids */
	uint32_t replaces;		/* inbound SPI, for adoption */
	uint8_t state;			/* enum child_state */
	bool initiator, transport, encap, esn, rekeying;
	bool peer_deleted, moved;	/* while keymgr was still asked */
	bool rekey_failed;		/* again at DUE_REKEY of its SA */
	uint16_t encr, encr_bits, integ, pfs_group;
	uint8_t nlocal, nremote;
	struct ts ts[];
};

/*
 * A child SA under negotiation, by either side.  spi_in was taken from the
 * pool and goes back unless used.
 */
struct child_neg {
	bool initiator;		/* of the exchange */
	bool transport;
	bool in_auth;		/* rides on IKE_AUTH: no KE, no own nonces */
	bool esn;
	bool spi_used;
	uint32_t policy, identity;
	uint32_t replaces;	/* inbound SPI of the child it rekeys, or 0 */
	uint32_t spi_in, spi_out;
	const struct alg *encr, *integ, *group;
	struct prop_choice choice;	/* responder: for the answer */
	struct ts_list local, remote;
};

struct child_neg *neg_new(struct engine *);
/* Gives an unused SPI back; NULL is allowed. */
void neg_free(struct engine *, struct child_neg *);

/* Its selectors as lists. */
void child_local(const struct child *, struct ts_list *);
void child_remote(const struct child *, struct ts_list *);
struct child *child_get(const struct engine *, uint32_t spi_in);
/* By the peer's inbound SPI, our outbound one. */
struct child *child_get_out(const struct engine *, const struct ike_sa *,
    uint32_t spi_out);
/*
 * Derives the keys and hands the pair to keymgr; the answer arrives as
 * child_added.  0, or -1 with a reason.
 */
int child_install(struct engine *, struct ike_sa *,
    struct child_neg *, const struct keymat_in *, const char **why);
/* Its peer is where its IKE SA now has it; one that keymgr has not answered
 * for is told of when it has. */
void child_path(struct engine *, const struct ike_sa *, struct child *);
/* Removes it from tables and kernel, and frees it. */
void child_remove(struct engine *, struct child *);
/* All children of an IKE SA. */
void child_remove_all(struct engine *, struct ike_sa *);
/* All children go over to another IKE SA (RFC 7296 2.18). */
void child_move_all(struct engine *, struct ike_sa *from, struct ike_sa *to);
/*
 * A rekey came to nothing: the child, while it lives, or with spi_in 0 the
 * IKE SA is rekeyed again before long.
 */
void rekey_again(struct engine *, struct ike_sa *, uint32_t spi_in);
/* DUE_REKEY of an SA. */
void rekey_due(struct engine *, struct ike_sa *);
/* The request that describes it, without keys; borrows from c. */
void child_describe(const struct engine *, const struct child *,
    struct child_req *);
/* A live child that serves this policy; NULL: none. */
struct child *child_of_policy(const struct ike_sa *, uint32_t policy);
/* One of them takes, or will take, packets like this. */
bool child_serves(const struct ike_sa *, uint32_t policy,
    const struct ts *local, const struct ts *remote);

#endif
