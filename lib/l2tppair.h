/*
 * The socket pair between espd and who speaks L2TP: datagrams of UDP port
 * 1701 that came through transport mode SAs, and those that are to go there.
 * Each message is this header and then the payload of UDP.
 *
 * Clients behind one NAT have the same address, and may have the same port
 * within: the place that their ESP comes from tells them apart.  It stays the
 * same when SAs are replaced; when the NAT moves the client, the next datagram
 * from there says so by its SPI.
 */
#ifndef LIB_L2TPPAIR_H
#define LIB_L2TPPAIR_H

#include "lib/addr.h"

#define L2TPPAIR_HDR	48
#define L2TPPAIR_PORT	1701

struct l2tppair {
	uint32_t reqid;		/* of the policy that lets it pass */
	uint32_t spi;		/* of the SA it came by; to espd: any */
	struct endpoint remote;	/* where ESP comes from; port 0: bare ESP */
	struct addr local;	/* of the same family */
	uint16_t peer_port, our_port;	/* of UDP, within */
};

void l2tppair_put(uint8_t dst[L2TPPAIR_HDR], const struct l2tppair *);
/* -1: malformed. */
int l2tppair_get(const uint8_t src[L2TPPAIR_HDR], struct l2tppair *);

#endif
