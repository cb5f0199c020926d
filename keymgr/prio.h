/*
 * Kernel priorities from list order.  First match wins, top to bottom; in
 * the kernel the lower number wins.  Between two static policies there is
 * room for dynamic ones and for policies that a reload inserts.
 */
#ifndef KEYMGR_PRIO_H
#define KEYMGR_PRIO_H

#include "keymgr/config.h"

#define PRIO_FIRST	0x00100000u
#define PRIO_STEP	1024u

/*
 * Gives every policy a priority, rising with the list and at least 2 apart,
 * so that one less is free for its dynamic ones.  A priority that is there
 * already (not 0) is kept when the order allows it; a reload then touches
 * in the kernel only what it changed.
 */
void prio_assign(struct km_policy *, size_t n);

#endif
