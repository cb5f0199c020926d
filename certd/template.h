/*
 * What the operator wants a certificate to be, before it is signed: the
 * words of /certificate add.
 */
#ifndef CERTD_TEMPLATE_H
#define CERTD_TEMPLATE_H

#include "certd/cert.h"

#define TEMPLATE_VALUE_MAX	256	/* with NUL */
#define TEMPLATE_DAYS_MAX	36500

enum template_word {
	TEMPLATE_COMMON_NAME,
	TEMPLATE_COUNTRY,
	TEMPLATE_STATE,
	TEMPLATE_LOCALITY,
	TEMPLATE_ORGANIZATION,
	TEMPLATE_UNIT,
	TEMPLATE_SUBJECT_ALT_NAME,	/* IP:a,DNS:b,email:c */
	TEMPLATE_KEY_USAGE,		/* tls-server,tls-client,... */
	TEMPLATE_KEY_SIZE,		/* 2048, prime256v1, ed25519, ... */
	TEMPLATE_DAYS_VALID,
	TEMPLATE_WORDS
};

struct template {
	char v[TEMPLATE_WORDS][TEMPLATE_VALUE_MAX];	/* "": not given */
};

const char *template_word(enum template_word);
/* Fills in defaults and checks.  -1: why (CERT_WHY_MAX bytes). */
int template_complete(struct template *, char *why);

/* Its key-usage is one that only a CA's certificate may have. */
bool template_is_ca(const struct template *);

/* A new key of the wanted kind; slow, touches nothing else.  NULL: failed. */
EVP_PKEY *template_key(const struct template *);
/*
 * A certificate for that key.  ca NULL: a CA that signs itself.  crl_url:
 * where its issuer's CRL will be, or NULL.  NULL: OpenSSL failed.
 */
X509 *template_issue(const struct template *, EVP_PKEY *key, X509 *ca,
    EVP_PKEY *ca_key, const char *crl_url, time_t now);
/*
 * The CA's next CRL: what is in old (NULL: nothing), and cert (NULL: no
 * more).  NULL: OpenSSL failed.
 */
X509_CRL *template_crl(X509 *ca, EVP_PKEY *ca_key, X509_CRL *old, X509 *cert,
    time_t now);

#define TEMPLATE_CRL_DAYS	30	/* until the next at the latest */

#endif
