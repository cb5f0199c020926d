/* Certificates made on the spot, for the tests of certd. */
#ifndef TESTS_UNIT_CERT_UTIL_H
#define TESTS_UNIT_CERT_UTIL_H

#include "certd/store.h"

#include "lib/buf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <time.h>

/* 2026-01-01 00:00:00 UTC: what all tests take for now. */
#define NOW	1767225600

/*
 * "rsa", "rsa1024", "rsa4096", "rsa-e3", "pss", "p256", "p384", "p521",
 * "p224", "ed25519", "ed448"; which: another key for each number.  Kept
 * until keys_free(); borrowed.
 */
EVP_PKEY *key(const char *kind, unsigned which);
void keys_free(void);

struct spec {
	const char *cn;		/* NULL: no subject at all */
	EVP_PKEY *key;
	const X509 *issuer;	/* NULL: self-signed */
	EVP_PKEY *issuer_key;
	bool ca;
	const char *bc;		/* basicConstraints; NULL: as ca says; "" none */
	const char *san, *ku, *eku, *nc;	/* OpenSSL's words, or NULL */
	const char *md;		/* NULL: SHA256 where one is needed */
	int from, until;	/* days from NOW; both 0: -1 and 365 */
};

/* Owned by the caller. */
X509 *make(const struct spec *);

/* Files by name, for the store. */
void file_clear(void);
struct buf *file_new(const char *name);		/* replaces */
void file_put_cert(struct buf *, const X509 *);	/* PEM */
void file_put_key(struct buf *, EVP_PKEY *);	/* PEM, PKCS#8 */
void file_put_text(struct buf *, const char *);
/* Hands the store all files its configuration declares, as sallyportd does;
 * the result is store_files_end()'s. */
bool files_deliver(struct store *, const struct conf *);
/* Of a configuration that must load. */
struct conf *conf_of(const char *script);

#endif
