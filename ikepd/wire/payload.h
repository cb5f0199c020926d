/*
 * The chain of payloads of a message (RFC 7296 3.2), split into a table of
 * fixed size whose cursors borrow from the datagram.
 */
#ifndef IKEPD_WIRE_PAYLOAD_H
#define IKEPD_WIRE_PAYLOAD_H

#include "lib/buf.h"
#include "ikepd/wire/ike.h"

#define PAYLOAD_HDR_LEN		4
#define MSG_PAYLOADS_MAX	64

struct payload {
	uint8_t type;
	uint8_t first;		/* SK and SKF: type of the first inner payload */
	struct cur body;	/* without the generic header */
};

struct msg_payloads {
	unsigned n;
	unsigned skipped;	/* unknown, not critical payloads left out */
	struct payload pl[MSG_PAYLOADS_MAX];
};

/*
 * Walks the chain that begins with a payload of type first at c and ends
 * with c.  inner: the chain is the content of an SK payload, in which no
 * SK or SKF may stand.  An unknown payload is skipped, or, when critical,
 * refused with UNSUPPORTED_CRITICAL_PAYLOAD and its type (RFC 7296 2.5).
 * Refused as well: a length outside the message, trailing bytes, more of a
 * type than the type allows, more than MSG_PAYLOADS_MAX, anything behind an
 * SK or SKF payload.  0 or -1; *m is valid only on 0 and borrows from c.
 */
int payloads_parse(struct msg_payloads *m, uint8_t first, struct cur c,
    bool inner, struct wire_err *);
/*
 * Bytes of the message up to the body of an SK payload: what an AEAD takes
 * as additional data, and aadlen of sk_open().  msg is where the header was.
 */
size_t payload_sk_aad(const struct payload *sk, const void *msg);
/* First payload of a type, or NULL. */
const struct payload *payload_get(const struct msg_payloads *, uint8_t type);
/* The next of the same type behind p, or NULL. */
const struct payload *payload_next(const struct msg_payloads *,
    const struct payload *p);

#endif
