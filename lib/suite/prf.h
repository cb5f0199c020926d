/*
 * Keyed functions over several pieces of memory: PRFs, prf+, integrity
 * check values, and the plain hashes of NAT detection and IKEv1.
 */
#ifndef LIB_SUITE_PRF_H
#define LIB_SUITE_PRF_H

#include "lib/suite/suite.h"

/* A piece of the input; the pieces are concatenated. */
struct part {
	const void *p;
	size_t len;
};

#define PRF_MAX		64	/* longest out_len of a PRF or INTEG */
#define HASH_MAX	64

/*
 * prf(key, parts).  Keys of any length are taken as the PRF's RFC says (RFC
 * 2104; RFC 4434; RFC 4615).  Writes alg->out_len bytes.  -1: wrong kind of
 * row or OpenSSL failed.
 */
int prf(const struct alg *, const void *key, size_t keylen,
    const struct part *, size_t n, uint8_t *out);
/*
 * prf+(key, seed) of RFC 7296 section 2.13.  At most PRF_PLUS_SEED parts of
 * seed.  -1: as prf(), or more than 255 * out_len bytes asked for.
 */
#define PRF_PLUS_SEED	8
int prf_plus(const struct alg *, const void *key, size_t keylen,
    const struct part *seed, size_t n, void *out, size_t outlen);
/*
 * SKEYSEED = prf(Ni | Nr, g^ir) with the shortened nonces that section 2.14
 * prescribes for AES-XCBC and AES-CMAC.  Writes alg->out_len bytes.  -1: as
 * prf(), or a nonce outside the 16 to 256 bytes of section 2.10.
 */
int prf_skeyseed(const struct alg *, const void *ni, size_t nilen,
    const void *nr, size_t nrlen, const void *gir, size_t girlen,
    uint8_t *out);

/*
 * Integrity check value: alg (SUITE_INTEG), key of alg->key_len bytes; writes
 * alg->icv_len bytes.  -1: wrong kind of row or OpenSSL failed.
 */
int integ_icv(const struct alg *, const void *key, const struct part *,
    size_t n, uint8_t *icv);

enum hash_id { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

/* Output length in bytes. */
size_t hash_len(enum hash_id);
/* Writes hash_len() bytes.  -1: OpenSSL failed. */
int hash_parts(enum hash_id, const struct part *, size_t n, uint8_t *out);
/* The hash under an HMAC PRF, for IKEv1; -1 when it is not an HMAC. */
int hash_of_prf(const struct alg *, enum hash_id *);

#endif
