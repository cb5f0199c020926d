/*
 * The configuration as the engine wants it: plain typed structs, built by
 * ikepd from the objects sallyportd sends (ikepd/config.h), by the
 * simulation by hand.  No secret is in it.
 */
#ifndef IKEPD_IKE_CONF_H
#define IKEPD_IKE_CONF_H

#include "lib/addr.h"
#include "ikepd/proposal.h"
#include "ikepd/wire/ts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_NAME_MAX	64

struct ike_profile {
	uint32_t id;
	char name[CONF_NAME_MAX];
	struct offer offer;	/* what is proposed and accepted */
	uint32_t lifetime_s;		/* of the IKE SA; 0: none */
	uint32_t dpd_s;			/* dpd-interval; 0: disabled */
};

struct ike_proposal {
	uint32_t id;
	char name[CONF_NAME_MAX];
	struct offer offer;	/* KE rows: the PFS groups */
	uint32_t lifetime_s;
};

enum peer_mode { PEER_IKE2, PEER_MAIN, PEER_AGGRESSIVE, PEER_BASE };

struct ike_peer {
	uint32_t id;
	char name[CONF_NAME_MAX];
	struct prefix address;
	char dns[256];			/* configured by name; else "" */
	uint16_t port;			/* 500 */
	struct addr local;		/* AF_UNSPEC: any */
	enum peer_mode mode;		/* only PEER_IKE2 negotiates here */
	bool passive;
	bool initial_contact;
	uint32_t profile;		/* id */
};

/* RFC 7296 2.9: an answer is never wider than the request, so there is no
 * overriding. */
enum gen_policy { GEN_NO, GEN_STRICT };

/* mode-config of an identity */
enum cfg_role {
	CFG_NONE,
	CFG_GIVES,		/* responder=yes: we hand out addresses */
	CFG_ASKS,		/* responder=no: we ask the peer */
};

struct ike_identity {
	uint32_t id;
	uint32_t peer;
	bool certs;			/* auth-method=digital-signature */
	enum cfg_role cfg;
	enum gen_policy generate;
	uint32_t group;			/* policy group id */
};

struct ike_policy {
	uint32_t id;
	uint32_t peer;			/* 0 for a template */
	uint32_t proposal;
	uint32_t group;			/* template */
	bool template;
	bool transport;
	bool acquire_only;		/* level=use: never initiated */
	uint8_t nlocal, nremote;	/* 0..TS_MAX */
	struct ts *ts;			/* selectors in order, those of the
					 * local side first; owned */
};

struct ike_settings {
	uint16_t port_ike, port_natt;	/* ours: 500 and 4500 */
	uint32_t keepalive_s;		/* behind NAT; 0: none */
	bool encap;			/* ESP in UDP without NAT, too */
	/* Which peers are initiated to here: lib/worker.h */
	uint32_t worker, workers;
	uint32_t cookie_threshold;	/* half-open SAs that start cookies */
	uint32_t half_open_max;		/* no more responder SAs beyond */
	uint16_t fragment_size;		/* largest IP datagram of a message
					 * that can be cut; 0: no fragments */
};

struct ike_conf {
	struct ike_settings set;
	struct ike_profile *profiles;
	size_t nprofiles;
	struct ike_proposal *proposals;
	size_t nproposals;
	struct ike_peer *peers;
	size_t npeers;
	struct ike_identity *identities;
	size_t nidentities;
	struct ike_policy *policies;	/* in list order */
	size_t npolicies;
};

/* An empty configuration with default settings; NULL: no memory. */
struct ike_conf *ike_conf_new(void);
void ike_conf_free(struct ike_conf *);
/*
 * A policy's selectors.  There may be very many policies, and nearly all
 * have one on each side, so they take the room they need.  -1: no memory, and
 * the policy has none.
 */
int ike_policy_set_ts(struct ike_policy *, const struct ts_list *local,
    const struct ts_list *remote);
void ike_policy_local(const struct ike_policy *, struct ts_list *);
void ike_policy_remote(const struct ike_policy *, struct ts_list *);

#endif
