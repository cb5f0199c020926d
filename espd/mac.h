/*
 * Keyed integrity functions for one SA and one thread: HMAC (RFC 2104, RFC
 * 4868), AES-XCBC (RFC 3566), AES-CMAC (RFC 4494).
 */
#ifndef ESPD_MAC_H
#define ESPD_MAC_H

#include "lib/suite/suite.h"

#define MAC_ICV_MAX	32

struct mac;

/* key: alg->key_len bytes of an INTEG row.  NULL: not usable, no memory. */
struct mac *mac_new(const struct alg *, const uint8_t *key);
/* Wipes. */
void mac_free(struct mac *);
/*
 * The ICV over len bytes at p and then tail_len bytes at tail (at most 16),
 * alg->icv_len bytes.  -1: OpenSSL failed.
 * OpenSSL copies the keyed digests of HMAC, in memory of spare.h; else nothing
 * is allocated.
 */
int mac_icv(struct mac *, const uint8_t *p, size_t len, const uint8_t *tail,
    size_t tail_len, uint8_t *icv);

#endif
