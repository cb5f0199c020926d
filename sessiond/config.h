/*
 * The configuration as this process uses it: identities with what their
 * users are given.  Pools outlive a reload that leaves their ranges alone;
 * of the others what is known about addresses is carried over.
 */
#ifndef SESSIOND_CONFIG_H
#define SESSIOND_CONFIG_H

#include "lib/conf/conf.h"
#include "lib/hash.h"
#include "sessiond/pool.h"

/* Of one pool of the configuration the addresses of both families. */
struct conf_pool {
	const struct conf_obj *obj;
	struct apool *half[2];	/* FAMILY_; NULL: has none */
	struct conf_pool *next;	/* to take from when this one is full */
};

#define FAMILY_4	0
#define FAMILY_6	1

struct mode {
	const struct conf_obj *obj;
	bool responder;
	struct addr fixed;	/* AF_UNSPEC: from the pools */
	struct conf_pool **pools;
	size_t npools;
	uint8_t prefix4;	/* 1..32 */
	const struct prefix *split;
	size_t nsplit;
	struct addr *dns;
	size_t ndns;
	const char *const *names;
	size_t nnames;
};

struct ident {
	uint32_t id;
	const char *peer;	/* its name */
	enum conf_only_one only_one;
	const struct mode *mode;	/* NULL: none */
};

struct config {
	struct conf *conf;
	struct conf_pool *pools;
	size_t npools;
	struct mode *modes;
	size_t nmodes;
	struct ident *idents;
	size_t nidents;
	struct hash by_id;	/* idents and modes, by number */
	struct hash fixed;	/* modes with one address, by it */
};

/*
 * Takes conf over, also when there is no memory (NULL).  old gives its pools
 * away and is good for nothing but config_free() afterwards.
 */
struct config *config_new(struct conf *, struct config *old, uint64_t seed);
void config_free(struct config *);	/* NULL is allowed */
/* NULL: no such identity, or not to be used. */
const struct ident *config_ident(const struct config *, uint32_t id);
/* The pool that an address belongs to; NULL: none. */
struct apool *config_pool_of(const struct config *, const struct addr *,
    const char **name);
/* False: the address is another mode-config's, by its pools or as the fixed
 * one.  One that nobody has (any more) is anybody's. */
bool config_mode_may(const struct config *, const struct mode *,
    const struct addr *);
/* FAMILY_ of an address. */
unsigned config_family(const struct addr *);
size_t config_known(const struct config *);	/* addresses, of all pools */

#endif
