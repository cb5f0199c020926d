/*
 * Has a certificate been revoked?  By CRLs from files, CRLs and OCSP answers
 * fetched by fetchd, or OCSP answers the peer sent along (RFC 4806).
 */
#ifndef CERTD_REVOCATION_H
#define CERTD_REVOCATION_H

#include "certd/trust.h"
#include "certd/watched.h"

#include "lib/suite/prf.h"

#include <openssl/x509.h>

#include <event2/event.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct revocation;

#define REVOCATION_WHY	200

/* /certificate settings */
struct revocation_conf {
	bool crl_use, crl_download, ocsp_use, strict;
	bool allow_weak;	/* /ip ipsec settings */
	unsigned wait_ms;	/* how long a check may take */
};

struct revocation_ops {
	/*
	 * Begins to fetch: a CRL, or with a body an OCSP answer.
	 * revocation_fetched() follows, not from within.  -1: it cannot be.
	 */
	int (*fetch)(void *arg, uint32_t id, const char *url,
	    const uint8_t *body, size_t len);
	time_t (*now)(void *arg);
};

/* ops are kept by reference.  The default is everything on, not strict, 5 s.
 * NULL: no memory. */
struct revocation *revocation_new(struct event_base *,
    const struct revocation_ops *, void *arg);
/* Checks under way are not answered any more. */
void revocation_free(struct revocation *);
void revocation_set_conf(struct revocation *, const struct revocation_conf *);
/* The CRLs of files and of our own CAs, in place of those before; trust has
 * CAs that they may be of, and may be NULL.  Takes references.  Live sessions
 * of what they revoke are cut. */
void revocation_set_crls(struct revocation *, STACK_OF(X509_CRL) *,
    struct trust *);
/* Answers ops->fetch: data (borrowed), or reason why there is none. */
void revocation_fetched(struct revocation *, uint32_t id, const char *reason,
    const uint8_t *data, size_t len);
/* Nothing that is being fetched will come. */
void revocation_fetch_lost(struct revocation *, const char *reason);

/*
 * good: go on.  Otherwise why (valid during the call) is for the log: the
 * certificate is revoked, or nothing fresh says that it is not and the
 * setting is strict.
 */
typedef void (*revocation_cb)(void *arg, bool good, const char *why);

/*
 * Checks each certificate of a verified chain, leaf first, the trust anchor
 * last (which is not checked).  The chain is the caller's; references to
 * its certificates may be taken.  ocsp: OCSP responses of CERT payloads with
 * encoding 14, borrowed for the length of the call.  cb is called exactly
 * once, within this call or later from the loop.
 * fp: SHA-256 of the leaf; it is remembered, so that a revocation that is
 * learnt of later cuts the live sessions (revocation_on_revoked).
 * Returns 0, or -1 when there is no memory: cb is not called then.
 */
int revocation_check(struct revocation *, STACK_OF(X509) *chain,
    const uint8_t fp[32], const struct part *ocsp, size_t nocsp, time_t now,
    revocation_cb cb, void *arg);
/* Who is told that a certificate that was good before is revoked. */
void revocation_on_revoked(struct revocation *,
    void (*fn)(void *arg, const uint8_t fp[32]), void *arg);

/*
 * Who is told, with the strict setting, that a certificate that was good, or
 * one that stands above it below the anchor, has expired; within a minute.
 */
void revocation_on_expired(struct revocation *,
    void (*fn)(void *arg, const uint8_t fp[32]), void *arg);
/* Who is told of an intermediate CA that was not known. */
void revocation_on_issuer(struct revocation *, void (*fn)(void *arg, X509 *),
    void *arg);
/* Tells all that there are again. */
void revocation_tell_issuers(struct revocation *);
/*
 * An intermediate CA that a certd before was shown.  It is trusted for nothing
 * but to verify what is said about those it issued.  Those above
 * ISSUERS_MAX, and certificates that are no CA's, are passed over.
 */
void revocation_add_issuer(struct revocation *, X509 *);
/*
 * Somebody is online who logged in with another certd before: he is watched
 * as those that revocation_check() was asked about, and is cut at once when
 * a CRL that is here revokes him.
 */
void revocation_restore(struct revocation *, const struct watched *);
/* What the clock does every minute; for tests. */
void revocation_tick(struct revocation *);

#endif
