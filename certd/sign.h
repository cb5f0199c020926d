/*
 * Signatures in AUTH payloads: the classic methods 1 and 9 to 11 (RFC 7296
 * section 3.8, RFC 4754) and method 14 (RFC 7427, RFC 8420).  What is signed
 * is always auth_octets(), assembled by certd.
 */
#ifndef CERTD_SIGN_H
#define CERTD_SIGN_H

#include "lib/buf.h"
#include "lib/suite/prf.h"

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGN_RSA	1	/* RSA Digital Signature */
#define SIGN_ECDSA256	9
#define SIGN_ECDSA384	10
#define SIGN_ECDSA521	11
#define SIGN_DIGITAL	14

#define SIGN_MAX	2048	/* bytes of an AUTH payload's data */
#define SIGN_WHY_MAX	160

/* Bits of SIGNATURE_HASH_ALGORITHMS: 1 << number. */
#define SIGN_HASH(n)	(1u << (n))
#define SIGN_HASH_IDENTITY SIGN_HASH(5)

/* One way to sign; rows of a table. */
struct sign_row;

/* The method is one of those above. */
bool sign_is_method(uint8_t method);
/* What we can verify, for the notification. */
uint16_t sign_hashes(bool allow_weak);
/* "RSASSA-PSS with SHA2-256"; for the log. */
const char *sign_name(const struct sign_row *);
/* The row is RSASSA-PSS. */
bool sign_is_pss(const struct sign_row *);
uint8_t sign_method(const struct sign_row *);

/*
 * How to sign with that key for a peer that announced these hashes (0: it
 * knows classic methods only).  pss: the peer used RSASSA-PSS itself.
 * NULL: why (SIGN_WHY_MAX bytes) says why there is no way.
 */
const struct sign_row *sign_choose(const EVP_PKEY *key, uint16_t hashes,
    bool pss, char *why);
/* Appends the data of an AUTH payload.  Safe in threads.  -1: OpenSSL
 * failed. */
int sign_make(const struct sign_row *, EVP_PKEY *key, const struct part *octets,
    struct buf *out);
/* True when it takes long enough to be done off the loop. */
bool sign_is_slow(const EVP_PKEY *key);
/*
 * Verifies a peer's AUTH data.  *row is what it used, when that could be told
 * (else NULL).  allow_weak: SHA-1 in method 14.  Safe in threads.  -1: why
 * (SIGN_WHY_MAX bytes) says what is wrong.
 */
int sign_verify(uint8_t method, const struct part *auth, EVP_PKEY *key,
    const struct part *octets, bool allow_weak, const struct sign_row **row,
    char *why);

#endif
