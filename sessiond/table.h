/* The sessions, found by their name, their user and their addresses. */
#ifndef SESSIOND_TABLE_H
#define SESSIOND_TABLE_H

#include "lib/hash.h"
#include "sessiond/session.h"

struct table {
	struct hash by_spi[SESSION_WORKERS];
	struct hash by_user;	/* the first of the identity and ID */
	struct hash by_addr;
	uint64_t seed;		/* of users' numbers */
	size_t n;
};

void table_init(struct table *, uint64_t seed);
/* Frees the sessions too. */
void table_free(struct table *);
/* The number of an ID, never 0. */
uint64_t table_user(const struct table *, const uint8_t *id, size_t len);
/* A session without addresses.  NULL: no memory, or the name is taken. */
struct session *table_add(struct table *, unsigned worker,
    const struct session_peer *);
/* Its addresses must have been taken from it.  Frees the session. */
void table_del(struct table *, struct session *);
struct session *table_find(const struct table *, unsigned worker,
    uint64_t spi);
/* -1: no memory, or the new name is taken. */
int table_rename(struct table *, struct session *, uint64_t spi);
/* The sessions of a user: the first, and the one after. NULL: none. */
struct session *table_first(const struct table *, const struct session_peer *);
struct session *table_next(const struct session *);
bool table_is_user(const struct session *, const struct session_peer *);
/* Who holds an address.  An address whose place in the table is taken by
 * another's counts as held by that one. */
struct session *table_holder(const struct table *, const struct addr *);
/* The session holds the address.  -1: no memory, or somebody does. */
int table_hold(struct table *, struct session *, const struct addr *);
/* The session's address of a family (FAMILY_) is nobody's any more. */
void table_unhold(struct table *, struct session *, unsigned family);

#endif
