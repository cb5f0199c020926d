/* After events were lost: find out what they would have told. */
#ifndef KEYMGR_LOST_H
#define KEYMGR_LOST_H

#include "keymgr/walk.h"

/*
 * Looks for the SAs of every child and takes leave of those that are gone.
 * A packet that still waits makes the kernel ask again, and so does a moved
 * NAT mapping.  -1: no memory.
 */
int lost_check(struct km *, struct walks *);

#endif
