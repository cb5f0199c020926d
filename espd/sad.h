/*
 * The security associations: inbound ones found by SPI, outbound ones by the
 * reqid of a policy (transport mode: and the destination), all of them by
 * destination and SPI for the control thread.
 */
#ifndef ESPD_SAD_H
#define ESPD_SAD_H

#include "espd/sa.h"
#include "lib/hash.h"

/* Where the packets of a policy go now. */
struct route {
	struct table_node node;
	struct epoch_item item;
	uint32_t reqid;
	struct addr dst;	/* transport mode; else AF_UNSPEC */
	uint16_t port;		/* of a local SA; else 0 */
	_Atomic(struct sa *) sa;	/* the newest */
};

struct sad {
	struct table in;	/* of sa */
	struct table out;	/* of route */
	struct hash all;
	struct epoch *epoch;
	uint64_t seed;
	uint64_t path_id;
};

void sad_init(struct sad *, struct epoch *, uint64_t seed);
/* Retires everything. */
void sad_free(struct sad *);
/* Takes the SA over.  -1: *why, and it is still the caller's. */
int sad_add(struct sad *, struct sa *, const char **why);
/* Retires the SA. */
void sad_del(struct sad *, struct sa *);
/* NULL: there is none. */
struct sa *sad_get(const struct sad *, const struct addr *dst, uint32_t spi);
/* -1: *why. */
int sad_move(struct sad *, struct sa *, const struct endpoint *src,
    const struct endpoint *dst, bool encap, const char **why);
/* Walks: *at starts at 0; NULL at the end. */
struct sa *sad_next(const struct sad *, size_t *at);

/* Within an epoch; NULL: none. */
struct sa *sad_in(const struct sad *, uint32_t spi);
struct route *sad_route(const struct sad *, uint32_t reqid,
    const struct addr *dst, uint16_t port);

#endif
