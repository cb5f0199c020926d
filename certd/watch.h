/*
 * The peers that logged in with a certificate: by issuer and serial number,
 * so that a CRL that comes later finds those it revokes.
 */
#ifndef CERTD_WATCH_H
#define CERTD_WATCH_H

#include "certd/watched.h"

#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define WATCH_MAX	(1u << 20)

/* SHA-256 over key and name.  -1: no memory. */
int issuer_id(X509 *issuer, uint8_t id[ISSUER_ID_LEN]);

/* A certificate is watched no more, and why is the caller's to know. */
typedef void (*watch_fn)(void *arg, const uint8_t fp[CERT_FP_LEN]);

struct watches;

/* max: how many at a time. */
struct watches *watches_new(size_t max);
void watches_free(struct watches *);
/* Of one certificate or a chain, leaf first, anchor last; fp of the leaf. */
void watch_of(STACK_OF(X509) *chain, const uint8_t fp[CERT_FP_LEN],
    struct watched *);
/*
 * A login, in place of one with the same leaf.  The one longest ago gives
 * way when there is no room, which the log says.  -1: no memory.
 */
int watch_add(struct watches *, const struct watched *);
/* A login with another certd before.  Nobody gives way to it, and a later
 * one with the same leaf stays.  -1: no memory or no room. */
int watch_restore(struct watches *, const struct watched *);
/* The CRL, that issuer's, has an entry for one of its certificates. */
bool watch_in_crl(const struct watched *,
    const uint8_t issuer[ISSUER_ID_LEN], X509_CRL *);
/*
 * Calls fn for each whose chain has a certificate of that issuer for which
 * the CRL has an entry, and forgets it.
 */
void watch_sweep(struct watches *, const uint8_t issuer[ISSUER_ID_LEN],
    X509_CRL *, watch_fn, void *arg);
/* The same for one certificate of that issuer. */
void watch_revoked(struct watches *, const uint8_t issuer[ISSUER_ID_LEN],
    X509 *cert, watch_fn, void *arg);
/* Calls fn for each whose chain has expired, and forgets it. */
void watch_expired(struct watches *, time_t now, watch_fn, void *arg);
size_t watch_count(const struct watches *);

#endif
