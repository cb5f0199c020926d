/*
 * Diffie-Hellman: MODP (RFC 2409, RFC 3526), ECP (RFC 5903), X25519 and X448
 * (RFC 8031), with the peer's value checked as RFC 6989 asks.
 */
#ifndef LIB_SUITE_KE_H
#define LIB_SUITE_KE_H

#include "lib/secret.h"
#include "lib/suite/suite.h"

struct ke_priv;

/*
 * A fresh key pair; NULL when the group is not usable or OpenSSL failed.
 * Rows with ALG_SLOW belong in a thread, as does their ke_derive(); one
 * object must not be used by two threads at once.
 */
struct ke_priv *ke_new(const struct alg *group);
/* Wipes. */
void ke_free(struct ke_priv *);
const struct alg *ke_group(const struct ke_priv *);
/*
 * The Key Exchange Data to send (group->pub_len bytes); lives as long as the
 * object.
 */
const uint8_t *ke_public(const struct ke_priv *, size_t *len);
/*
 * g^ir, group->out_len bytes, with leading zeros kept (RFC 7296 section
 * 2.14).  -1: *why, static text, says what is wrong with the peer's value, or
 * that OpenSSL failed; out is unchanged.
 */
int ke_derive(struct ke_priv *, const void *peer, size_t len,
    struct secret *out, const char **why);

#endif
