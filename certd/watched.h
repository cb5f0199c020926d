/*
 * What certd notes of a peer that logged in with a certificate, and has
 * ikepd keep for the next certd.
 */
#ifndef CERTD_WATCHED_H
#define CERTD_WATCHED_H

#include "certd/cert.h"
#include "lib/buf.h"

#include <stddef.h>
#include <stdint.h>

#define ISSUER_ID_LEN		32	/* SHA-256 of a CA's key and name */
#define WATCHED_SERIAL_MAX	24	/* 20 by RFC 5280 4.1.2.2 */
#define WATCHED_CERTS_MAX	8	/* certificates of a chain */
#define WATCHED_URL_MAX		256	/* with NUL */

/* A certificate by the names that a CRL has for it. */
struct watched_cert {
	uint8_t issuer[ISSUER_ID_LEN];
	uint8_t serial[WATCHED_SERIAL_MAX];
	uint8_t len;		/* of serial */
};

/*
 * By what certd finds that a peer's certificate, or one above it, is revoked
 * or has expired while the peer is online.  certd makes it at the login;
 * ikepd keeps its encoded form, which is nothing to it but bytes, and hands
 * it to a certd that is new.
 */
struct watched {
	uint8_t fp[CERT_FP_LEN];	/* of the leaf */
	int64_t until;		/* the first of the chain to expire, seconds
				 * since 1970; 0: none */
	size_t n;		/* the leaf first */
	struct watched_cert certs[WATCHED_CERTS_MAX];
	/* Where the leaf says to ask, "": nowhere, or it is too long. */
	char ocsp[WATCHED_URL_MAX], crl[WATCHED_URL_MAX];
};

#define WATCHED_LEN_MIN	(CERT_FP_LEN + 8 + 1 + 2 + 2)
#define WATCHED_LEN_MAX	(WATCHED_LEN_MIN + WATCHED_CERTS_MAX *		\
    (ISSUER_ID_LEN + 1 + WATCHED_SERIAL_MAX) + 2 * WATCHED_URL_MAX)

void watched_put(struct buf *, const struct watched *);
/* Leaves the cursor at the next one.  -1 and why. */
int watched_get(struct cur *, struct watched *, const char **why);

#endif
