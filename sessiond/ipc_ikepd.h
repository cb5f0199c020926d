/* The edges to the workers of ikepd. */
#ifndef SESSIOND_IPC_IKEPD_H
#define SESSIOND_IPC_IKEPD_H

#include "sessiond/session.h"

#include <event2/event.h>

struct ipc_ikepd;

/* NULL: no memory. */
struct ipc_ikepd *ipc_ikepd_new(struct event_base *);
/* changed: something was told; timers may be due earlier, the lease file may
 * have something to write. */
void ipc_ikepd_start(struct ipc_ikepd *, struct sessions *,
    void (*changed)(void *arg), void *arg);
/* Takes fd over.  Nothing is read before the start. */
void ipc_ikepd_up(struct ipc_ikepd *, unsigned worker, int fd);
/* Members of struct session_ops; arg is the struct ipc_ikepd. */
void ipc_ikepd_grant(struct ipc_ikepd *, unsigned worker, uint32_t req,
    const struct session_grant *);
int ipc_ikepd_kill(struct ipc_ikepd *, const struct session *,
    const char *why);

#endif
