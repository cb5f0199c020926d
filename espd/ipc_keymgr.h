/* The edge to keymgr: its steps are done, it is told what happens. */
#ifndef ESPD_IPC_KEYMGR_H
#define ESPD_IPC_KEYMGR_H

#include "espd/board.h"
#include "espd/esp.h"

#include <event2/event.h>

struct ipc_keymgr;

/* Both are borrowed.  begin is called when all policies are there, for each
 * keymgr once.  NULL: no memory. */
struct ipc_keymgr *ipc_keymgr_new(struct event_base *, struct esp *,
    struct board *, void (*begin)(void *), void *arg);
/* Takes the edge's descriptor over. */
void ipc_keymgr_up(struct ipc_keymgr *, int fd);
/* Makes the SAs anew that an earlier espd left; returns how many. */
size_t ipc_keymgr_restore(struct ipc_keymgr *);
/* The packet core has something to tell. */
void ipc_keymgr_news(struct ipc_keymgr *);
/* Packets to an address find no way longer than this. */
void ipc_keymgr_mtu(struct ipc_keymgr *, const struct addr *dst,
    uint32_t mtu);
/* Ends the SAs whose time is over. */
void ipc_keymgr_tick(struct ipc_keymgr *, struct mono now);

#endif
