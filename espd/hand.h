/*
 * Packets of the TUN that one packet thread hands to another: to the one
 * that has the packet's SA.  Bounded; nobody waits, and the order in which
 * one thread hands packets over is kept.
 */
#ifndef ESPD_HAND_H
#define ESPD_HAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HAND_SLOTS	128u	/* of a super-packet each; a power of two */

struct hand;

/* NULL: no memory. */
struct hand *hand_new(void);
void hand_free(struct hand *);
/* Any thread; copies.  false: there is no room. */
bool hand_put(struct hand *, const uint8_t *, size_t len);
/*
 * The thread it is for.  The oldest packet, which may be overwritten and
 * stays until hand_done(); NULL: none, or one that is not there as a whole.
 */
uint8_t *hand_get(struct hand *, size_t *len);
void hand_done(struct hand *);

/*
 * Whether the thread is to be woken after a hand_put(); it says that it is
 * awake before it looks.
 */
bool hand_wakes(struct hand *);
void hand_awake(struct hand *);

#endif
