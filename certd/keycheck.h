/* Whether a public key is one that can be trusted to mean anything. */
#ifndef CERTD_KEYCHECK_H
#define CERTD_KEYCHECK_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>

#define KEY_BITS_MIN		2048	/* of RSA */
#define KEY_BITS_WEAK		1024	/* with allow_weak */
#define KEY_BITS_MAX		8192	/* beyond they only cost time */

/*
 * RSA of KEY_BITS_MIN to KEY_BITS_MAX bits with an exponent of 65537 or more
 * (allow_weak: KEY_BITS_WEAK and 3); ECDSA on P-256, P-384 or P-521, named,
 * the point on the curve; Ed25519 and Ed448, no point of small order.
 * False: why (size bytes) says what is wrong with it.
 */
bool key_check(const EVP_PKEY *, bool allow_weak, char *why, size_t size);
/* "RSA 2048 bits", "ECDSA P-256", "Ed25519".  Returns dst. */
const char *key_text(const EVP_PKEY *, char *dst, size_t size);

#endif
