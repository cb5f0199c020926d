/*
 * How many packets each policy has let through its SAs.  The kernel does not
 * count for policies; it is the sum over their SAs, those that are gone
 * included.  An earlier keymgr's sums are not known.
 */
#ifndef KEYMGR_COUNT_H
#define KEYMGR_COUNT_H

#include "keymgr/km.h"

/* Adds what a child has carried since the last time. */
void count_child(struct km *, struct sad_child *);

#endif
