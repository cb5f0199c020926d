/*
 * Finding things in a struct ike_conf at constant cost: by id, and a peer by
 * the most specific prefix that has its address.
 */
#ifndef IKEPD_CONFIDX_H
#define IKEPD_CONFIDX_H

#include "lib/hash.h"
#include "ikepd/ike_conf.h"

/* A peer with what belongs to it; next chains peers of one prefix. */
struct conf_peer {
	struct ike_peer *c;
	const struct ike_profile *profile;
	const struct ike_policy **policies;	/* its own, in list order */
	size_t npolicies;
	bool certs;		/* some identity of it uses certificates */
	bool asks;		/* some identity asks for an address, and makes
				 * policies for it */
	struct conf_peer *next;
};

struct confidx {
	struct ike_conf *conf;		/* owned */
	struct conf_peer *peers;
	size_t npeers;
	/* Templates sorted by group, then policies sorted by peer. */
	const struct ike_policy **policy_refs;
	size_t ntemplates;
	struct hash by_id;		/* all kinds, by kind and id */
	struct hash prefixes;		/* bits and address to conf_peer */
	uint32_t n4[33], n6[129];	/* peers per prefix length */
	uint64_t seed;
};

/* Takes conf over, also on failure.  NULL: no memory, or a peer without its
 * profile. */
struct confidx *confidx_new(struct ike_conf *conf, uint64_t seed);
void confidx_free(struct confidx *);

/* NULL: no such id. */
struct conf_peer *confidx_peer(const struct confidx *, uint32_t id);
const struct ike_policy *confidx_policy(const struct confidx *, uint32_t id);
const struct ike_proposal *confidx_proposal(const struct confidx *,
    uint32_t id);
const struct ike_identity *confidx_identity(const struct confidx *,
    uint32_t id);
/*
 * The template that a child begins with whose addresses the peer gives
 * (mode-config with responder=no).  NULL: this identity begins none.
 */
const struct ike_policy *confidx_asking(const struct confidx *,
    uint32_t identity);
/* The templates of a group in list order, *n of them. */
const struct ike_policy *const *confidx_templates(const struct confidx *,
    uint32_t group, size_t *n);
/*
 * The peer for a remote address: longest prefix first; within it one whose
 * local address is ours before one without.  mode < 0: any exchange mode.
 */
struct conf_peer *confidx_match(const struct confidx *,
    const struct addr *remote, const struct addr *local, int mode);
/* A peer configured by name has (another) address now. */
void confidx_resolved(struct confidx *, struct conf_peer *,
    const struct addr *);

#endif
