/*
 * The Internet checksum (RFC 1071).  A running sum is in the byte order of
 * memory; only the last of the pieces added may have an odd length.
 */
#ifndef ESPD_CSUM_H
#define ESPD_CSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Goes on with sum over n bytes, at most 64 kB of them altogether. */
uint64_t csum_add(uint64_t sum, const uint8_t *, size_t n);
/* Goes on with a number that the packet would hold in two bytes. */
uint64_t csum_add16(uint64_t sum, uint16_t host);
/* Writes the complement of the sum to two bytes. */
void csum_put(uint8_t *, uint64_t sum);
/* Writes the sum itself, as a checksum still to be completed starts. */
void csum_put_partial(uint8_t *, uint64_t sum);
/* The pieces, checksum included, add up. */
bool csum_ok(uint64_t sum);
/* Corrects the checksum at p for two bytes that went from old to new. */
void csum_fix(uint8_t *p, uint16_t old, uint16_t new);
/* Anew over an IPv4 header. */
void csum_ipv4(uint8_t *ip);
/* The sum of the pseudo-header of an IPv4 or IPv6 packet; len: upper layer
 * header and payload (RFC 9293 section 3.1, RFC 8200 section 8.1). */
uint64_t csum_pseudo(const uint8_t *ip, uint8_t proto, size_t len);

#endif
