/* Fragmentation of IPv4 packets before they are encrypted (RFC 791). */
#ifndef ESPD_FRAG_H
#define ESPD_FRAG_H

#include "espd/pkt.h"

struct frag {
	const struct pkt *pkt;
	size_t piece;		/* payload of each but the last */
	unsigned n;
};

/* -1: IPv6, DF, an MTU that leaves no room, or a fragment that lies beyond
 * what a packet can be. */
int frag_plan(struct frag *, const struct pkt *, size_t mtu);
/* Length of the i-th fragment. */
size_t frag_len(const struct frag *, unsigned i);
/* Writes it: frag_len() bytes. */
void frag_write(const struct frag *, unsigned i, uint8_t *dst);

#endif
