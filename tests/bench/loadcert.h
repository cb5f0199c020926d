/*
 * Certificates of ikeload's clients: each client has one of its own, so that
 * a gateway that remembers certificates remembers none of these.  Tool code:
 * whatever fails ends the program.
 */
#ifndef TESTS_BENCH_LOADCERT_H
#define TESTS_BENCH_LOADCERT_H

#include "lib/buf.h"

#include <stddef.h>
#include <stdint.h>

#define LOADCERT_CA_HASH	20
#define LOADCERT_X509		4	/* encoding in CERT and CERTREQ */

/* The CA of both ends: PEM files.  The clients' key is of the same kind. */
void loadcert_init(const char *ca_cert, const char *ca_key);
/* What a CERTREQ payload names (RFC 7296 section 3.7). */
void loadcert_ca(uint8_t hash[LOADCERT_CA_HASH]);
/* Appends a new certificate, DER, with that name in subjectAltName. */
void loadcert_make(const char *name, struct buf *der);
/*
 * Appends the data of an AUTH payload of method 14 (RFC 7427): ECDSA or RSA
 * (PKCS#1 v1.5) with SHA2-256.
 */
void loadcert_sign(const struct buf *octets, struct buf *auth);
/* NULL, or what is wrong with the responder's certificate and AUTH data. */
const char *loadcert_verify(const uint8_t *der, size_t derlen,
    const uint8_t *auth, size_t len, const struct buf *octets);

#endif
