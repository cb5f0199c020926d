/*
 * The configuration as keymgr wants it: its own copy, against which every
 * request is checked, and from which the static policies are made.
 */
#ifndef KEYMGR_CONFIG_H
#define KEYMGR_CONFIG_H

#include "keymgr/sel.h"
#include "lib/conf/conf.h"
#include "lib/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pointers to objects, algorithms and names borrow from km_conf.conf. */
struct km_proposal {
	const struct conf_obj *obj;
	uint32_t id;
	const char *name;
	const struct alg *const *encr;
	const struct alg *const *integ;
	size_t nencr, ninteg;
	uint32_t lifetime_s;
	uint64_t lifebytes, lifepackets;	/* 0: none */
	uint32_t window;	/* replay window in packets, 0: off */
	enum conf_esn esn;
	bool usable;
};

struct km_peer {
	const struct conf_obj *obj;
	uint32_t id;
	const char *name;
	bool any;		/* a DNS name: every address may be its */
	struct prefix address;	/* unless any */
	struct addr local;	/* AF_UNSPEC: any */
	bool usable;
};

struct km_identity {
	uint32_t id;
	uint32_t peer;
	uint32_t group;
	bool generate;		/* policies from the templates of the group */
	const struct conf_obj *mode;	/* its mode-config, or NULL */
	bool asks;		/* may be given addresses: responder=no */
	bool gives;		/* addresses, and lets users speak with these
				 * alone */
	bool usable;
};

struct km_policy {
	const struct conf_obj *obj;
	uint32_t id;
	uint32_t index;		/* place in the list, from 0 */
	uint32_t prio;		/* of the kernel; dynamic ones: one less */
	bool template;
	bool transport;		/* means nothing in a template */
	enum conf_action action;
	enum conf_level level;
	enum conf_df df;
	uint32_t group;		/* of a template */
	const struct km_peer *peer;	/* NULL: none */
	const struct km_proposal *proposal;
	/* What it is about, as ranges; a template: what a child may ask. */
	struct tsel *local, *remote;
	size_t nlocal, nremote;
	/* The same as the kernel wants it; none of a template. */
	struct selector *sel;
	size_t nsel;
	/* It is to be acted upon; else why not. */
	bool usable;
	char why[120];
};

struct km_conf {
	struct conf *conf;	/* owned */
	struct km_proposal *proposals;
	struct km_peer *peers;
	struct km_identity *identities;
	struct km_policy *policies;	/* in list order */
	size_t nproposals, npeers, nidentities, npolicies;
	struct hash by_id;	/* kind << 32 | id */
};

/*
 * Takes ownership of conf.  old, which may be NULL, is what stands: where
 * the order allows it, policies keep their priorities.  NULL: no memory (conf
 * is freed).
 */
struct km_conf *km_conf_new(struct conf *, const struct km_conf *old);
void km_conf_free(struct km_conf *);	/* NULL is allowed */

/* NULL: there is none of that number. */
const struct km_policy *km_conf_policy(const struct km_conf *, uint32_t id);
const struct km_peer *km_conf_peer(const struct km_conf *, uint32_t id);
const struct km_identity *km_conf_identity(const struct km_conf *,
    uint32_t id);
/* The peer has one address, to which a packet can be sent. */
bool km_peer_known(const struct km_peer *);
/* Is this outer address within what the peer may have? */
bool km_peer_fits(const struct km_peer *, const struct addr *remote);

#endif
