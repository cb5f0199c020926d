/*
 * A named certificate: what the files that were imported under one name hold
 * together.  Immutable once made, so it may be read in threads; shared by
 * reference.
 */
#ifndef CERTD_CERT_H
#define CERTD_CERT_H

#include "lib/conf/conf.h"
#include "lib/secret.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERT_FP_LEN	32	/* SHA-256 */
#define CERT_HASH_LEN	20	/* SHA-1 of a SubjectPublicKeyInfo */
#define CERT_FILE_MAX	(1u << 20)
#define CERT_FILES_MAX	32	/* under one name */
#define CERT_OBJECTS_MAX 256	/* certificates under one name */
#define CERT_WHY_MAX	256

struct cert {
	char name[CONF_NAMELEN];
	X509 *leaf;		/* NULL: a bare key (RFC 7670) */
	STACK_OF(X509) *others;	/* the rest: intermediates, roots; not NULL */
	STACK_OF(X509_CRL) *crls;	/* beside them; not NULL */
	EVP_PKEY *key;		/* the private key, NULL: not here */
	EVP_PKEY *pub;		/* of the leaf or the bare key; not NULL */
	uint8_t fp[CERT_FP_LEN];	/* of the leaf, or of a bare key's
					 * SubjectPublicKeyInfo */
	bool trusted;		/* CA certificates in it are trust anchors */
	bool declared;		/* in the configuration; else by a command */
	unsigned expiry_told;	/* steps of expiry.c */
	_Atomic unsigned refs;
};

/* One file: PEM with any number of objects, DER of one, or PKCS#12. */
struct cert_file {
	const char *path;	/* for the reason */
	const uint8_t *data;
	size_t len;
	const struct secret *passphrase;	/* NULL: none */
};

/*
 * Reads the files of one name: certificates, a private or a public key.  The
 * certificate of the key is the leaf (the one that is valid longest); without
 * a key the first that issued none of the others.  A key without a
 * certificate is a bare one.
 * NULL: why (CERT_WHY_MAX bytes) names the file and what is wrong with it.
 * One reference is the caller's.
 */
struct cert *cert_load(const char *name, const struct cert_file *files,
    size_t n, bool trusted, char *why);
struct cert *cert_ref(struct cert *);
void cert_unref(struct cert **);	/* *NULL is allowed */

/* Fingerprint (SHA-256 of the DER); SHA-1 of the key info.  -1: no memory. */
int cert_fp(const X509 *, uint8_t fp[CERT_FP_LEN]);
int cert_spki_hash(const X509 *, uint8_t hash[CERT_HASH_LEN]);
/* basicConstraints say CA. */
bool cert_is_ca(X509 *);
bool cert_is_self_issued(X509 *);
/* "CN=x,O=y" for logs, cut to size.  Returns dst. */
const char *cert_subject(const X509 *, char *dst, size_t size);
const char *cert_name_text(const X509_NAME *, char *dst, size_t size);

#endif
