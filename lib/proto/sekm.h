/*
 * The edge sessiond - keymgr: which address a user of which worker has, so
 * that keymgr lets nobody else speak with it.  Nothing is asked or answered.
 *
 * A lease is told before ikepd hears of it.  When the edge comes up all that
 * there are follow, then SEKM_KNOWN: what was known before of another
 * sessiond and was not named is nobody's.
 */
#ifndef LIB_PROTO_SEKM_H
#define LIB_PROTO_SEKM_H

#include "lib/addr.h"
#include "lib/buf.h"

enum sekm_type {
	SEKM_LEASE = 1,		/* struct sekm_lease: has it from now on, */
	SEKM_GONE,		/* the same: and no more */
	SEKM_KNOWN,		/* empty */
};

struct sekm_lease {
	uint8_t worker;
	uint32_t identity;	/* configuration id */
	struct addr addr;
};

/* As in the other edges. */
void sekm_lease_put(struct buf *, const struct sekm_lease *);
int sekm_lease_get(struct cur *, struct sekm_lease *, const char **why);

/* What may wait to be sent, bytes: a new keymgr is told of all at once. */
#define SEKM_QUEUE_MAX	(512u * 1024 * 1024)

#define SEKM_LEASE_MIN	10
#define SEKM_LEASE_MAX	22

#endif
