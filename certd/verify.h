/*
 * A peer's certificates: read from CERT payloads, checked up to a CA that we
 * trust (RFC 5280 section 6, RFC 4945).
 */
#ifndef CERTD_VERIFY_H
#define CERTD_VERIFY_H

#include "certd/trust.h"

#include "lib/suite/prf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define VERIFY_CERTS_MAX	16
#define VERIFY_DEPTH_MAX	8	/* intermediates */
#define VERIFY_WHY_MAX		200

/* Encodings of CERT payloads, RFC 7296 section 3.6 and others. */
#define CERTENC_X509		4	/* X.509 certificate, signature */
#define CERTENC_HASH_URL	12
#define CERTENC_HASH_URL_BUNDLE	13
#define CERTENC_OCSP		14	/* RFC 4806 */
#define CERTENC_RAW_KEY		15	/* RFC 7670 */

struct cert_payload {
	uint8_t encoding;
	struct part data;	/* borrowed */
};

/* What a peer showed. */
struct shown {
	X509 *leaf;		/* NULL: a raw key, or nothing */
	STACK_OF(X509) *others;	/* not NULL */
	EVP_PKEY *key;		/* of the leaf or raw; NULL: nothing */
	uint8_t fp[CERT_FP_LEN];
	struct part ocsp[VERIFY_CERTS_MAX];	/* borrowed from the payloads */
	size_t nocsp;
};

/*
 * Reads the payloads in their order; the first certificate is the peer's
 * own.  Encodings that nobody asked for are passed over.  No certificate at
 * all is no error.  -1: why (VERIFY_WHY_MAX bytes) says what is wrong;
 * shown_free() is to be called in any case.
 */
int shown_read(struct shown *, const struct cert_payload *, size_t n,
    char *why);
/* What a peer would show if it had sent that certificate of ours.  -1: no
 * memory. */
int shown_from_cert(struct shown *, const struct cert *);
void shown_free(struct shown *);

/*
 * The leaf may sign in IKE: its key is a sound one, now lies within its
 * validity, keyUsage and extendedKeyUsage allow it (RFC 4945 section
 * 5.1.3.2 and 5.1.3.12).  False: why.
 */
bool verify_leaf(const X509 *, bool allow_weak, time_t now, char *why);
/*
 * Builds the chain from the leaf to an anchor.  others: what the peer sent.
 * Returns the chain, leaf first, owned by the caller; or NULL and why.
 * Safe in threads.
 */
STACK_OF(X509) *verify_chain(const struct trust *, X509 *leaf,
    STACK_OF(X509) *others, time_t now, char *why);

/*
 * For a leaf that is taken for its own sake though no chain of it is good
 * (its CA has expired, or is here but not trusted): itself and who signed
 * it, so that a CRL of that CA still counts.  Only CAs of ours are
 * looked at: for some signatures anybody can make a key that fits them.  One
 * certificate when none is here.  NULL: no memory.
 */
STACK_OF(X509) *verify_pinned_chain(const struct trust *, X509 *leaf);
/* extendedKeyUsage is there and has, of what we accept, clientAuth alone. */
bool verify_is_client(X509 *leaf);

#endif
