/* The edge to sessiond: which user has which address. */
#ifndef KEYMGR_IPC_SESSIOND_H
#define KEYMGR_IPC_SESSIOND_H

#include "keymgr/km.h"

#include <event2/event.h>

struct ipc_sessiond;

/* NULL: no memory. */
struct ipc_sessiond *ipc_sessiond_new(struct event_base *, struct km *);
void ipc_sessiond_free(struct ipc_sessiond *);	/* NULL is allowed */
/* Takes fd over. */
void ipc_sessiond_up(struct ipc_sessiond *, int fd);

#endif
