/*
 * One packet through a cipher.  Contexts are cached per thread, so no SA
 * keeps one.
 */
#ifndef LIB_SUITE_CIPHER_H
#define LIB_SUITE_CIPHER_H

#include "lib/suite/suite.h"

#define CIPHER_KEY_MAX	36	/* longest key_len of an ENCR */
#define CIPHER_IV_MAX	16
#define CIPHER_ICV_MAX	16	/* of an AEAD */
#define CIPHER_LEN_MAX	65535	/* longest data, and longest aad */

/*
 * Encrypts len bytes, at least one, in place.  key: alg->key_len bytes, salt
 * included; iv: alg->iv_len bytes as they go into the packet.  An AEAD covers
 * aad too and writes alg->icv_len bytes to icv; for others both are unused.
 * -1: len not a multiple of the block size, longer than CIPHER_LEN_MAX, or
 * OpenSSL failed.
 */
int cipher_seal(const struct alg *, const uint8_t *key, const uint8_t *iv,
    const void *aad, size_t aadlen, uint8_t *data, size_t len, uint8_t *icv);
/*
 * The inverse.  -1 also when an AEAD's icv is wrong; then data holds zeros.
 */
int cipher_open(const struct alg *, const uint8_t *key, const uint8_t *iv,
    const void *aad, size_t aadlen, uint8_t *data, size_t len,
    const uint8_t *icv);

#endif
