/*
 * DHCPINFORM and the DHCPACK that answers it (RFC 2131 section 3.4), as
 * bytes.  No lease is ever spoken of.
 */
#ifndef INFORMD_DHCP_H
#define INFORMD_DHCP_H

#include "lib/addr.h"
#include "lib/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_CHADDR	16
#define DHCP_LEN_MAX	1472	/* of a message: an Ethernet's datagram */
#define DHCP_LEN_DEFAULT	548	/* unless the client takes more */
#define DHCP_ROUTES	64	/* told of in one message */
#define DHCP_DNS	8

/* What the client asks for. */
#define DHCP_WANT_DNS		0x01	/* 6 */
#define DHCP_WANT_DOMAIN	0x02	/* 15 */
#define DHCP_WANT_ROUTES	0x04	/* 121, RFC 3442 */
#define DHCP_WANT_MS_ROUTES	0x08	/* 249, the same of Microsoft's */
#define DHCP_WANT_ALL		0x0f

struct dhcp_inform {
	uint8_t htype, hlen;	/* hlen <= DHCP_CHADDR */
	uint32_t xid;
	uint16_t flags;
	struct addr ciaddr;	/* unicast */
	uint8_t chaddr[DHCP_CHADDR];
	uint16_t max;		/* length of the message it takes */
	unsigned want;		/* DHCP_WANT_ */
};

/* What a client is told.  All of it is IPv4, and borrowed. */
struct dhcp_told {
	struct addr server;	/* our own address */
	const struct prefix *route;
	size_t nroutes;		/* <= DHCP_ROUTES */
	const struct addr *dns;
	size_t ndns;		/* <= DHCP_DNS */
	const char *domain;	/* or empty */
};

/* -1 with *why (static) for what is not a DHCPINFORM of a client. */
int dhcp_inform_get(const uint8_t *, size_t len, struct dhcp_inform *,
    const char **why);
/*
 * Appends the answer.  An option that does not fit is left out as a whole:
 * half of the routes would mislead.
 */
void dhcp_ack_put(struct buf *, const struct dhcp_inform *,
    const struct dhcp_told *);

#endif
