/* Configuration payloads, RFC 7296 3.15, RFC 8598. */
#ifndef IKEPD_V2_CP_H
#define IKEPD_V2_CP_H

#include "ikepd/v2/v2.h"

/* What a CFG_REQUEST asks for. */
struct cp_ask {
	bool want4, want6;	/* addresses, */
	struct addr addr4, addr6;	/* preferably these; else AF_UNSPEC */
	bool names;		/* INTERNAL_DNS_DOMAIN */
	bool split;		/* the split networks in Cisco's way, */
	bool split_names;	/* and the names */
	bool version;
};

/* Without a CFG_REQUEST nothing is asked for.  Attributes that are unknown
 * or of odd length are passed over. */
void cp_read_request(const struct inmsg *, struct cp_ask *);
/* CP(CFG_REPLY) with what there is of it. */
void cp_put_reply(struct outmsg *, const struct cp_ask *,
    const struct cfg *);

/* CP(CFG_REQUEST) of an initiator that wants an address. */
void cp_put_request(struct outmsg *);
/* The answer to it.  False: there is none. */
bool cp_read_reply(const struct inmsg *, struct cfg *);

#endif
