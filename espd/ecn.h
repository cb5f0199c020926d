/* Explicit congestion notification through a tunnel (RFC 6040). */
#ifndef ESPD_ECN_H
#define ESPD_ECN_H

#include <stdint.h>

/*
 * The inner ECN field of a decapsulated packet (section 4.2), from both DSCP
 * and ECN bytes; -1: the packet is to be dropped.
 */
int ecn_decap(uint8_t inner, uint8_t outer);

#endif
