/*
 * The inverse of tso: packets that belong together (TCP, and UDP if the TUN
 * takes that) go to the TUN as one super-packet.  Only what can be cut again
 * into the very same packets is put together; but ids where DF is set.
 */
#ifndef ESPD_GRO_H
#define ESPD_GRO_H

#include "espd/pkt.h"

struct gro;

/* emit gets len bytes, virtio header first.  NULL: no memory. */
struct gro *gro_new(bool udp, void (*emit)(void *arg, uint8_t *, size_t len),
    void *arg);
void gro_free(struct gro *);
/*
 * A packet on its way in.  true: it was taken.  false: the caller is to pass
 * it on at once; what must go before it has gone.
 */
bool gro_add(struct gro *, const struct pkt *, const struct flow *);
/* Emits all that is held back. */
void gro_flush(struct gro *);

#endif
