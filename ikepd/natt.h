/* NAT detection, RFC 7296 2.23. */
#ifndef IKEPD_NATT_H
#define IKEPD_NATT_H

#include "lib/addr.h"
#include "lib/buf.h"

#define NATT_HASH_LEN	20

/* SHA-1(SPIi | SPIr | address | port).  -1: the hash failed. */
int natt_hash(uint8_t out[NATT_HASH_LEN], uint64_t ispi, uint64_t rspi,
    const struct endpoint *);
/*
 * Of the same endpoint, and never a right one: no datagram has port 0.  Who
 * wants ESP in UDP though there is no NAT sends it, so that the peer finds
 * one.  A Sallyport that gets it sees that it was said on purpose.
 */
int natt_hash_wrong(uint8_t out[NATT_HASH_LEN], uint64_t ispi, uint64_t rspi,
    const struct endpoint *);
/* Whether the data of a NAT_DETECTION notify is the hash of the endpoint. */
bool natt_match(const struct cur *data, uint64_t ispi, uint64_t rspi,
    const struct endpoint *);
/* ... of natt_hash_wrong(). */
bool natt_match_wrong(const struct cur *data, uint64_t ispi, uint64_t rspi,
    const struct endpoint *);

#endif
