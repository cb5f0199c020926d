/*
 * The peers that logged in with a certificate: by issuer and serial number,
 * so that a CRL that comes later finds those it revokes.  Bounded; the
 * oldest are forgotten.
 */
#ifndef CERTD_WATCH_H
#define CERTD_WATCH_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define WATCH_MAX	65536
#define WATCH_CERTS_MAX	8	/* of a chain */
#define ISSUER_ID_LEN	32

/* SHA-256 over key and name.  -1: no memory. */
int issuer_id(X509 *issuer, uint8_t id[ISSUER_ID_LEN]);

struct watches;

struct watches *watches_new(void);
void watches_free(struct watches *);
/* One certificate or a chain, leaf first, anchor last; fp of the leaf.  Again: nothing. */
int watch_add(struct watches *, STACK_OF(X509) *chain,
    const uint8_t fp[32]);
/*
 * Calls fn for each whose chain has a certificate of that issuer for which
 * the CRL has an entry, and forgets it.
 */
void watch_sweep(struct watches *, const uint8_t issuer[ISSUER_ID_LEN],
    X509_CRL *, void (*fn)(void *arg, const uint8_t fp[32]), void *arg);
/* The same for one certificate of that issuer. */
void watch_revoked(struct watches *, const uint8_t issuer[ISSUER_ID_LEN],
    X509 *cert, void (*fn)(void *arg, const uint8_t fp[32]), void *arg);
/* Calls fn for each whose chain has expired, and forgets it. */
void watch_expired(struct watches *, time_t now,
    void (*fn)(void *arg, const uint8_t fp[32]), void *arg);
size_t watch_count(const struct watches *);

#endif
