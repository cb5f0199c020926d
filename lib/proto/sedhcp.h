/*
 * The edge informd - sessiond: what a client inside a tunnel may be told by
 * DHCP, asked by its address.
 */
#ifndef LIB_PROTO_SEDHCP_H
#define LIB_PROTO_SEDHCP_H

#include "lib/addr.h"
#include "lib/buf.h"

#include <stdbool.h>

enum sedhcp_type {
	SEDHCP_ASK = 1,		/* informd -> sessiond: an IPv4 address */
	SEDHCP_ANSWER,		/* sessiond -> informd: struct sedhcp; the
				 * message's id is that of the question */
};

#define SEDHCP_ROUTES	64
#define SEDHCP_DNS	8
#define SEDHCP_DOMAIN_LEN	256	/* with NUL */

struct sedhcp {
	bool there;		/* somebody has the address */
	struct addr addr;	/* that was asked for, IPv4 */
	unsigned nroutes;
	struct prefix route[SEDHCP_ROUTES];	/* split-include, IPv4 */
	unsigned ndns;
	struct addr dns[SEDHCP_DNS];	/* IPv4 */
	char domain[SEDHCP_DOMAIN_LEN];	/* or empty */
};

/* As in the other edges. */
void sedhcp_ask_put(struct buf *, const struct addr *);
int sedhcp_ask_get(struct cur *, struct addr *, const char **why);
void sedhcp_put(struct buf *, const struct sedhcp *);
int sedhcp_get(struct cur *, struct sedhcp *, const char **why);

#define SEDHCP_ASK_LEN	5
#define SEDHCP_LEN_MAX	1024

#endif
