/*
 * The peer's login that an IKE SA carries: its certificate, its session at
 * sessiond, the addresses that it was given or that it gave.  It goes over
 * to the SA's successor when that is rekeyed.
 */
#ifndef IKEPD_SESSION_H
#define IKEPD_SESSION_H

#include "ikepd/core.h"

struct session {
	uint8_t fp[AUTH_FP_LEN];	/* zero: no certificate */
	uint8_t method;		/* of our AUTH */
	bool asked;		/* sessiond was told of it */
	bool open;		/* and has agreed */
	int64_t since_us;
	struct addr addr4, addr6;	/* the peer's, given by us */
	uint32_t vip;		/* 0: we were given nothing */
	struct cfg *cfg;	/* what we were given */
	uint16_t watch_len;
	uint8_t *watch;		/* as in struct auth_result; NULL: nothing */
};

/* Makes the SA's session when it has none.  -1: no memory. */
int session_login(struct engine *, struct ike_sa *,
    const struct auth_result *);
/* Asks sessiond; fills in what the SA knows. */
void session_ask(struct engine *, struct ike_sa *, struct session_req *);
/* What sessiond says to that. */
void session_answered(struct engine *, struct ike_sa *,
    const struct session_result *);
/* The peer has given us addresses.  -1: no memory. */
int session_given(struct engine *, struct ike_sa *, const struct cfg *);
/*
 * Routes through a tunnel name the address we were given as the source of
 * what they carry; the tunnel itself, and others beside it, begin at the
 * address that this one begins at.  Changes *a when it was given by a peer.
 */
void session_outer(const struct engine *, struct addr *a);
/* Children and session go over to the successor. */
void session_pass_on(struct engine *, struct ike_sa *from,
    struct ike_sa *to);
/* The peer has another address. */
void session_moved(struct engine *, const struct ike_sa *);
/* Names the addresses that we were given to a new keymgr. */
void session_vips(struct engine *);
/*
 * The template that a child with the address of this family, which the peer
 * gave us, is made from: the first of the identity's group that holds it.
 * NULL: there is no address, or no template.  All asks for a child that does
 * not stand yet; but is the policy of one that is being made.
 */
const struct ike_policy *session_template(const struct engine *,
    const struct ike_sa *, int family);
void session_children(struct engine *, struct ike_sa *, uint32_t but);
/* The SA ends, or its session alone. */
void session_end(struct engine *, struct ike_sa *);

/* Addresses that we gave the peer, as selectors; n is 0 without any. */
void session_assigned(const struct ike_sa *, struct ts_list *);
/* Those that the peer gave us. */
void session_own(const struct ike_sa *, struct ts_list *);

#endif
