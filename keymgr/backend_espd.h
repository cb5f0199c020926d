/*
 * The back end in user space: SAs and policies go to espd, in the kernel
 * there are policies that drop what did not come through it, and the way
 * into its device (keymgr/way.h).
 *
 * While espd is not there SAs wait for it for some seconds; policies are
 * remembered, and the next espd is told of them.  It has kept the SAs itself.
 */
#ifndef KEYMGR_BACKEND_ESPD_H
#define KEYMGR_BACKEND_ESPD_H

#include "keymgr/backend.h"

/*
 * To be opened before confinement.  marks: IPv6 packets that come out of the
 * device bear ESPTUN_IN_MARK.  -1: why.
 */
int backend_espd_open(struct backend *, bool marks, char *why);
/* The memory with the counters, before anything is asked about SAs.  Takes
 * the descriptor over.  -1: errno. */
int backend_espd_board(struct backend *, int fd);
/* espd is there; takes the edge's descriptor over. */
void backend_espd_up(struct backend *, int fd);

#endif
