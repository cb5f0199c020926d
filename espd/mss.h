/* TCP's maximum segment size, lowered to what a tunnel takes in one piece. */
#ifndef ESPD_MSS_H
#define ESPD_MSS_H

#include "espd/pkt.h"

/*
 * In a TCP SYN, an MSS option that would make packets longer than mtu is
 * lowered, with the checksum, which must be complete (RFC 9293 section
 * 3.7.1).  Everything else is left alone.
 */
void mss_clamp(const struct pkt *, size_t mtu);

#endif
