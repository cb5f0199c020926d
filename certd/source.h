/*
 * What was fetched, or is being fetched, or could not be: CRLs by URL, OCSP
 * answers by certificate and URL.  A bounded cache with a memory for
 * failures.
 */
#ifndef CERTD_SOURCE_H
#define CERTD_SOURCE_H

#include "certd/ocsp.h"
#include "certd/watch.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define SOURCES_MAX	2048
#define SOURCE_WHY	160
#define SOURCE_URL_MAX	1023

/* A CRL, and whose it was found to be. */
struct crl {
	X509_CRL *x;
	bool known;		/* issuer is set */
	uint8_t issuer[ISSUER_ID_LEN];
};

struct source {
	uint8_t key[32];
	char *url;		/* "": the peer sent it */
	uint32_t fetching;	/* number of the question under way, or 0 */
	time_t retry;		/* after a failure, not before */
	time_t refresh;		/* CRL: a newer one may be there from then */
	char why[SOURCE_WHY];	/* of the last failure */
	X509 *cert, *issuer;	/* references; cert NULL: a CRL's */
	struct crl crl;
	size_t crl_len;
	OCSP_REQUEST *question;	/* of the one being fetched */
	enum ocsp_says says;
	time_t until;		/* of says */
	time_t used;		/* by a login, the last time */
};

struct sources;

struct sources *sources_new(void);
void sources_free(struct sources *);
/*
 * The source of a URL; for OCSP cert is the certificate that is asked about,
 * for a CRL NULL.  make: when it is not there it is made, at the expense of
 * an older one.  NULL: none.
 */
struct source *source_get(struct sources *, const char *url, X509 *cert,
    X509 *issuer, bool make);
struct source *source_by_fetch(struct sources *, uint32_t id);
/* Walks them; *at starts at 0. */
struct source *source_next(struct sources *, size_t *at);
/* Takes crl; len: of its encoding.  Others give way when there are too many
 * bytes. */
void source_set_crl(struct sources *, struct source *, X509_CRL *crl,
    size_t len);

#endif
