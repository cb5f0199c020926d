/*
 * What the TUN gives is not finished: checksums are left to the device, and
 * TCP and UDP come as super-packets to be cut.  A plan says into how many
 * packets; each is then written where it will be encrypted.
 */
#ifndef ESPD_TSO_H
#define ESPD_TSO_H

#include "espd/pkt.h"
#include "espd/vnet.h"

#include <stdbool.h>

struct tso {
	const struct pkt *pkt;
	struct vnet v;
	size_t hdr;		/* bytes of headers that each packet has */
	size_t size;		/* payload of each packet but the last */
	unsigned n;
};

/* -1: the virtio header does not fit the packet. */
int tso_plan(struct tso *, const struct vnet *, const struct pkt *);
/* Length of the i-th packet. */
size_t tso_len(const struct tso *, unsigned i);
/* Writes the i-th packet of tso_len() bytes, with all checksums. */
void tso_write(const struct tso *, unsigned i, uint8_t *dst);

#endif
