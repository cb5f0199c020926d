/* Questions to OCSP responders and their answers (RFC 6960).  Pure. */
#ifndef CERTD_OCSP_H
#define CERTD_OCSP_H

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A question about one certificate, with a nonce.  NULL: no memory. */
OCSP_REQUEST *ocsp_question(X509 *cert, X509 *issuer);

enum ocsp_says { OCSP_GOOD, OCSP_REVOKED, OCSP_NOTHING };
/*
 * What an answer says at now, and until when that holds.  It must be signed
 * by the issuer or by whom the issuer lets answer (EKU OCSPSigning).
 * q: the question, whose nonce must come back if any does; NULL for an
 * answer that was not asked for (RFC 4806).  OCSP_NOTHING: *why (static
 * text).
 */
enum ocsp_says ocsp_answer(const uint8_t *der, size_t len, OCSP_REQUEST *q,
    X509 *cert, X509 *issuer, time_t now, time_t *until, const char **why);

/* Up to max http URLs of responders; each is to be freed. */
size_t ocsp_urls(X509 *cert, char **out, size_t max);

#endif
