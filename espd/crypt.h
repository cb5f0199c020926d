/*
 * The cipher and the integrity function of one SA for one thread, keyed
 * once.  A packet here is an ESP packet (RFC 4303 section 2): SPI, sequence
 * number, IV, payload data up to the next header; then, outside of len, the
 * ICV.
 */
#ifndef ESPD_CRYPT_H
#define ESPD_CRYPT_H

#include "lib/suite/suite.h"

#define CRYPT_HDR	8	/* SPI and sequence number */
#define CRYPT_ICV_MAX	32

struct crypt;

/* What to make one of.  Borrows all. */
struct crypt_conf {
	const struct alg *encr;
	const struct alg *integ;	/* NULL with an AEAD */
	const uint8_t *encr_key;	/* encr->key_len bytes, with salt */
	const uint8_t *integ_key;
	bool esn;
	bool seal;			/* outbound */
};

/* Whether the two go together and work here; false: *why, static text. */
bool crypt_usable(const struct alg *encr, const struct alg *integ,
    const char **why);
/* NULL: not usable, or no memory. */
struct crypt *crypt_new(const struct crypt_conf *);
/* Wipes. */
void crypt_free(struct crypt *);
/* Bytes of ICV of a pair. */
size_t crypt_icv_len(const struct alg *encr, const struct alg *integ);

/*
 * Encrypts a packet of len bytes in place and writes the ICV behind it; its
 * header and IV are set.  hi: upper half of the sequence number with ESN.
 * -1: OpenSSL failed; the packet must not be sent.
 */
int crypt_seal(struct crypt *, uint8_t *esp, size_t len, uint32_t hi);
/*
 * The inverse; the ICV is checked in constant time, and before anything is
 * decrypted unless an AEAD does both in one.  -1: not authentic; the content
 * is then of no use.  Neither allocates, but see mac_icv().
 */
int crypt_open(struct crypt *, uint8_t *esp, size_t len, uint32_t hi);

#endif
