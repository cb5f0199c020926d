/*
 * AUTH (RFC 7296 section 2.15): the octets, assembled here from named parts,
 * and the MAC over them by a shared secret.  Nothing of certd signs or MACs a
 * string that somebody else put together.
 */
#ifndef CERTD_AUTH_H
#define CERTD_AUTH_H

#include "lib/buf.h"
#include "lib/secret.h"
#include "lib/suite/prf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTH_METHOD_PSK	2	/* Shared Key Message Integrity Code, 3.8 */

/* What both sides know after IKE_SA_INIT.  Everything is borrowed. */
struct auth_parts {
	const struct alg *prf;
	bool initiator;			/* our role */
	struct part msg_own, msg_peer;	/* IKE_SA_INIT, header and all */
	struct part nonce_own, nonce_peer;
	struct part sk_own, sk_peer;	/* SK_p of each side */
};

enum auth_side { AUTH_OWN, AUTH_PEER };

/*
 * The parts are what they are called: the messages are an IKE_SA_INIT
 * request of the initiator and a response of the responder, of one IKE SA,
 * each with the nonce that is given; the keys have the PRF's length.
 * -1: *why (static text) says what does not fit.
 */
int auth_parts_check(const struct auth_parts *, const char **why);

/*
 * The AUTH data of one side.  id: the body of its ID payload.  Writes
 * prf->out_len bytes; -1: OpenSSL failed.
 */
int auth_psk(const struct auth_parts *, enum auth_side, const struct part *id,
    const struct secret *psk, uint8_t out[PRF_MAX]);
/*
 * Appends what a signature is over: the side's own message, the other's
 * nonce, prf(SK_p, the side's ID).  -1: OpenSSL failed or out is full.
 */
int auth_octets(const struct auth_parts *, enum auth_side,
    const struct part *id, struct buf *out);
/* The peer's data verifies with this secret; takes constant time. */
bool auth_psk_ok(const struct auth_parts *, const struct part *id,
    const struct secret *psk, const struct part *auth);

#endif
