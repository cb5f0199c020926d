/*
 * Datagrams that the kernel gave to the wrong socket because it had joined
 * them to others: sent once more, alone, so that they are steered anew.
 */
#ifndef ESPD_STRAY_H
#define ESPD_STRAY_H

#include "espd/esp.h"

/*
 * Sends len bytes of UDP payload as they came, from another's address to one
 * of ours.  fd: a raw socket that takes whole IP packets, or -1.  -1: it is
 * lost.
 */
int stray_send(int fd, const struct esp_dgram *, const uint8_t *,
    size_t len);

#endif
