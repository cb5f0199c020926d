/*
 * What a file with certificates or keys holds: PEM with any number of
 * objects, DER of one, PKCS#12, PKCS#8.  Knows nothing of names and sets.
 */
#ifndef CERTD_CERTFILE_H
#define CERTD_CERTFILE_H

#include "certd/cert.h"

/* What was found so far, of several files.  Owned. */
struct cert_bag {
	STACK_OF(X509) *certs;
	STACK_OF(X509_CRL) *crls;
	EVP_PKEY *key;		/* private */
	EVP_PKEY *pub;		/* bare public */
};

/* -1: no memory. */
int cert_bag_init(struct cert_bag *);
void cert_bag_free(struct cert_bag *);
/*
 * Adds what the file holds.  -1: why (CERT_WHY_MAX bytes) says what is wrong,
 * without the path.
 */
int cert_bag_read(struct cert_bag *, const struct cert_file *, char *why);

#endif
