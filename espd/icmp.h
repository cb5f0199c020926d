/*
 * "Packet too big", told to the inside (RFC 1191, RFC 8201): the path takes
 * less than what came and it may not be fragmented.
 */
#ifndef ESPD_ICMP_H
#define ESPD_ICMP_H

#include "espd/pkt.h"

#define ICMP_LEN_MAX	1280

/*
 * Builds the answer to a packet, as if its destination had sent it: an
 * address of ours would be refused as martian.  dst has ICMP_LEN_MAX bytes.
 * Its length; 0: such packets are not answered (RFC 1122 section 3.2.2, RFC
 * 4443 section 2.4).
 */
size_t icmp_too_big(const struct pkt *, size_t mtu, uint8_t *dst);

#endif
