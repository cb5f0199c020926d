/*
 * Which ikepd worker a peer belongs to, before an SPI of ours says so.  The
 * kernel's steering of first messages (sallyportd/steer.h), keymgr for a
 * waiting packet and the worker itself at load must all give one answer, or
 * two workers would negotiate with one peer.
 */
#ifndef LIB_WORKER_H
#define LIB_WORKER_H

#include "lib/addr.h"

#define WORKER_MUL	2654435761u
#define WORKER_SHIFT	16

/* By the address a first message comes from.  workers: 1..32. */
unsigned worker_of_addr(const struct addr *, unsigned workers);
/*
 * By the peer's configured address where it is one single address; by the
 * peer's id where it is a network, or NULL for a DNS name.  workers may be
 * 0, which counts as 1.
 */
unsigned worker_of_peer(const struct prefix *, uint32_t id,
    unsigned workers);

#endif
