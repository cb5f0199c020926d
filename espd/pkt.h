/*
 * An IP packet, looked at once: where its upper layer is and what a policy
 * and a tunnel want to know of it.  Nothing is trusted and nothing copied.
 */
#ifndef ESPD_PKT_H
#define ESPD_PKT_H

#include "espd/flow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PKT_MAX		65535

#define TOS_ECN		0x03

struct pkt {
	uint8_t *p;
	size_t len;		/* as the IP header says; <= what was given */
	uint16_t l4;		/* offset of the upper layer */
	uint32_t id;		/* of a fragment's datagram */
	uint8_t version;	/* 4 or 6 */
	uint8_t proto;		/* of the upper layer */
	uint8_t tos;		/* DSCP and ECN */
	bool df;		/* must not be fragmented by us */
	bool frag;		/* a fragment */
	bool opaque;		/* a fragment without its upper layer header */
	bool ext;		/* IPv6: has extension headers */
};

/*
 * len bytes at p; bytes behind the packet's end (TFC padding) are allowed.
 * -1: not IP, lengths that do not fit, an IPv6 jumbogram, or more extension
 * headers than anybody sends.
 */
int pkt_parse(struct pkt *, uint8_t *p, size_t len);
/* What policies look at; inbound: the packet comes from the remote side. */
void pkt_flow(const struct pkt *, bool inbound, struct flow *);
/* Bytes of the TCP or UDP header, options included; 0: neither, truncated,
 * or a fragment. */
size_t pkt_l4_len(const struct pkt *);
/* Sets DSCP and ECN, with the header checksum. */
void pkt_set_tos(struct pkt *, uint8_t tos);

#endif
