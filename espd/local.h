/* Datagrams that come from the socket pair and not from the TUN. */
#ifndef ESPD_LOCAL_H
#define ESPD_LOCAL_H

#include "lib/l2tppair.h"

/*
 * Writes headers before len bytes at p, as the TUN has them: virtio, IP, UDP.
 * Returns the length of it all, which starts at *packet; 0: too long.
 */
size_t local_write(const struct l2tppair *, uint8_t *p, size_t len,
    uint8_t **packet);

#endif
