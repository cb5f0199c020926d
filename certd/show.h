/* Answers to /certificate. */
#ifndef CERTD_SHOW_H
#define CERTD_SHOW_H

#include "certd/pki.h"

#include "lib/pool.h"

struct show_req;

struct cert_show {
	struct store *store;
	struct pki *pki;
	struct pool *pool;	/* keys are made in it; NULL: at once */
	/* NULL, or told of a leaf that was revoked by command. */
	void (*revoked)(void *arg, const uint8_t fp[32]);
};

/* Answers now, or when a key has been made. */
void cert_show(struct cert_show *, struct show_req *);

#endif
