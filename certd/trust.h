/*
 * What peers' certificates are checked against: the CAs we trust, and the
 * intermediate certificates we happen to have.  Immutable once it is built,
 * so threads may read it; shared by reference.
 */
#ifndef CERTD_TRUST_H
#define CERTD_TRUST_H

#include "certd/cert.h"

#include <stdbool.h>

struct trust {
	X509_STORE *xs;		/* the anchors */
	STACK_OF(X509) *anchors;
	STACK_OF(X509) *between;	/* CA certificates that are none */
	bool allow_weak;	/* settings allow-weak */
	_Atomic unsigned refs;
};

/* Empty; one reference is the caller's.  NULL: no memory. */
struct trust *trust_new(bool allow_weak);
/* While it is built: the CAs among what the files of a name hold. */
int trust_add(struct trust *, const struct cert *);
struct trust *trust_ref(struct trust *);
void trust_unref(struct trust **);	/* *NULL is allowed */

#endif
