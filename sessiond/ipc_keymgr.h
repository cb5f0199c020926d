/* The edge to keymgr, which lets nobody speak with another's address. */
#ifndef SESSIOND_IPC_KEYMGR_H
#define SESSIOND_IPC_KEYMGR_H

#include "sessiond/session.h"

#include <event2/event.h>

struct ipc_keymgr;

struct ipc_keymgr *ipc_keymgr_new(struct event_base *);
void ipc_keymgr_free(struct ipc_keymgr *);	/* NULL is allowed */
/* Takes fd over.  ss NULL: not started. */
void ipc_keymgr_up(struct ipc_keymgr *, int fd, const struct sessions *ss);
/* The session has the address of that family from now on, or no more.  It is
 * on its way before this returns. */
void ipc_keymgr_lease(struct ipc_keymgr *, const struct session *,
    unsigned family, bool on);
/* Everybody has said what there is. */
void ipc_keymgr_known(struct ipc_keymgr *);

#endif
