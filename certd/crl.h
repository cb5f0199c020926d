/* What a CRL says about a certificate (RFC 5280 section 5).  Pure. */
#ifndef CERTD_CRL_H
#define CERTD_CRL_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define PKI_SKEW	300	/* seconds that clocks may differ */

/*
 * The CRL is one of this issuer: name, key usage, signature, and nothing
 * critical in it that we do not know.  allow_weak: SHA-1 may sign.  -1:
 * *why (static text).
 */
int crl_fits(X509_CRL *, X509 *issuer, bool allow_weak, const char **why);

enum crl_says { CRL_GOOD, CRL_REVOKED, CRL_NOTHING };
/* CRL_NOTHING: it is not about this certificate.  The CRL must be one of
 * its issuer. */
enum crl_says crl_lookup(X509_CRL *, X509 *cert);

/* thisUpdate is past, nextUpdate is not (with some skew).  *until: when
 * that ends. */
bool crl_fresh(const X509_CRL *, time_t now, time_t *until);

/* Up to max http URLs of the distribution points; each is to be freed. */
size_t crl_urls(X509 *cert, char **out, size_t max);

/* -1: malformed. */
int asn1_time(const ASN1_TIME *, time_t *);

#endif
