/*
 * Protection of the Encrypted payload, SK{...} (RFC 7296 section 3.14, RFC
 * 5282, RFC 5930, RFC 7634) and SKF (RFC 7383).
 */
#ifndef LIB_SUITE_SK_H
#define LIB_SUITE_SK_H

#include "lib/suite/cipher.h"

#define SK_INTEG_MAX	64

/*
 * One direction of an IKE SA: plain data, about 120 bytes, may be copied and
 * written down.  ctr is the next IV of a counter-mode cipher; whoever
 * restores a written-down sender must move it beyond any value used.
 */
struct sk_dir {
	uint64_t ctr;
	uint16_t encr;		/* row of the table */
	uint16_t integ;		/* row of the table; of NONE for an AEAD */
	uint8_t ek[CIPHER_KEY_MAX];
	uint8_t ak[SK_INTEG_MAX];
};

/*
 * Keys a direction.  ek: encr->key_len bytes; ak: integ->key_len bytes, NULL
 * with an AEAD (then integ is NULL or NONE).  -1: the two do not go together.
 */
int sk_init(struct sk_dir *, const struct alg *encr, const struct alg *integ,
    const uint8_t *ek, const uint8_t *ak);
/* Wipes the keys. */
void sk_wipe(struct sk_dir *);

/* Bytes between the payload header and the first inner payload. */
size_t sk_iv_len(const struct sk_dir *);
/* IV, n bytes of inner payloads, padding, pad length and ICV together. */
size_t sk_len(const struct sk_dir *, size_t n);
/* The largest n with sk_len(n) <= room; 0 when not even that of 0 fits. */
size_t sk_room(const struct sk_dir *, size_t room);

/*
 * Seals a message in place.  msg holds, in this order: aadlen bytes that stay
 * in clear, up to and including the header of the SK payload (SKF: and the
 * two fragment numbers), with all lengths final; sk_iv_len() unset bytes; n
 * bytes of inner payloads; unset bytes up to aadlen + sk_len(n) altogether,
 * where the message ends.  iv: sk_iv_len() unpredictable bytes for a CBC
 * cipher; others count for themselves and iv may be NULL.  -1: *why, static
 * text; msg is then of no use.
 */
int sk_seal(struct sk_dir *, uint8_t *msg, size_t aadlen, size_t n,
    const uint8_t *iv, const char **why);
/*
 * Opens a message of len bytes in place, with its ICV checked before anything
 * else is looked at.  On success the inner payloads are the *n bytes at *in,
 * within msg.  -1: *why, static text; nothing of the content may be used, and
 * msg may have been overwritten.
 */
int sk_open(const struct sk_dir *, uint8_t *msg, size_t aadlen, size_t len,
    uint8_t **in, size_t *n, const char **why);

#endif
