/*
 * Building a message: the header, payloads with their chaining, and the SK
 * envelope.  Lengths and next-payload fields are patched as payloads end.
 *
 *	msg_begin(&w, &b, &hdr);
 *	msg_payload(&w, PL_SA);		then put the body into &b
 *	msg_payload(&w, PL_NONCE);	ends the SA payload
 *	msg_end(&w);
 *
 * With encryption, msg_sk_begin() stands where the SK payload begins; the
 * payloads after it are its content.  Then msg_sk_close() and msg_sk_end()
 * lay the message out as lib/suite/sk.h seals it, in place:
 *
 *	msg_sk_begin(&w, sk_iv_len(dir));
 *	msg_notify(&w, N_INITIAL_CONTACT, NULL, 0);
 *	n = msg_sk_close(&w);
 *	if (msg_sk_end(&w, sk_len(dir, n)) == -1)
 *		fail;
 *	sk_seal(dir, msg_bytes(&w), msg_sk_aad(&w), n, iv, &why);
 *
 * A writer holds no memory of its own.
 */
#ifndef IKEPD_WIRE_WRITER_H
#define IKEPD_WIRE_WRITER_H

#include "lib/buf.h"
#include "ikepd/wire/header.h"
#include "ikepd/wire/payload.h"

struct msg_writer {
	struct buf *b;
	size_t start;		/* offset of the IKE header in b */
	size_t next_off;	/* where the next payload's type goes */
	size_t payload;		/* offset of the open payload, 0: none */
	size_t sk;		/* offset of the SK or SKF payload, 0: none */
	size_t sk_head;		/* bytes of its header */
	size_t inner;		/* offset of its first inner payload */
};

/* Begins at the end of what b holds; hdr's next and length are ignored. */
void msg_begin(struct msg_writer *, struct buf *b, const struct ike_hdr *);
/* Opens a payload; its body is what is put into b until the next call. */
void msg_payload(struct msg_writer *, uint8_t type);
/* A payload in one go. */
void msg_add(struct msg_writer *, uint8_t type, const void *body, size_t);
/* A Notify without SPI; and one with. */
void msg_notify(struct msg_writer *, uint16_t type, const void *data, size_t);
void msg_notify_spi(struct msg_writer *, uint8_t proto, const void *spi,
    size_t spi_len, uint16_t type, const void *data, size_t);
/* Opens the SK payload with room for an IV of iv_len bytes. */
void msg_sk_begin(struct msg_writer *, size_t iv_len);
/*
 * Opens an SKF payload instead (RFC 7383 2.5); what is then put into the
 * buffer is the fragment's part of the content.  first: type of the first
 * payload of that content, written in fragment 1 only.
 */
void msg_skf_begin(struct msg_writer *, uint8_t first, uint16_t num,
    uint16_t total, size_t iv_len);
/* Ends the last inner payload; the number of bytes of all of them. */
size_t msg_sk_close(struct msg_writer *);
/*
 * Ends the message: total is the length of IV, inner payloads, padding and
 * ICV together; the bytes not yet written are zero.  -1: the buffer failed
 * or a length does not fit its field.
 */
int msg_sk_end(struct msg_writer *, size_t total);
/* Bytes up to and including the SK payload's generic header, with SKF the
 * fragment's numbers too. */
size_t msg_sk_aad(const struct msg_writer *);
/* The inner payloads, not sealed yet, and the type of the first. */
const uint8_t *msg_sk_inner(const struct msg_writer *, uint8_t *first);
/* Ends a message without SK.  0 or -1 as above. */
int msg_end(struct msg_writer *);
/* The message; valid until the buffer changes. */
uint8_t *msg_bytes(const struct msg_writer *);
size_t msg_len(const struct msg_writer *);

#endif
