/* The addresses of a session: taken, held, given back. */
#ifndef SESSIOND_LEASE_H
#define SESSIOND_LEASE_H

#include "sessiond/table.h"

struct lease_env {
	struct table *table;
	const struct config *config;
	const struct session_ops *ops;	/* remember, lease */
	void *arg;
};

/*
 * Gives the session an address of a family as its mode-config says.  wanted:
 * this one if possible, or AF_UNSPEC.  -1: reason says why not.
 */
int lease_get(const struct lease_env *, struct session *,
    const struct mode *, unsigned family, const struct addr *wanted,
    char *reason, size_t size);
/* The session has had this address all the time.  -1: somebody else has. */
int lease_keep(const struct lease_env *, struct session *,
    const struct addr *);
/* After a new configuration: what the session holds is in use in the pools
 * that have it now. */
void lease_again(const struct lease_env *, const struct session *);
void lease_give(const struct lease_env *, struct session *);

#endif
