/* The edges to the ikepd workers. */
#ifndef KEYMGR_IPC_IKEPD_H
#define KEYMGR_IPC_IKEPD_H

#include "keymgr/km.h"
#include "keymgr/walk.h"

struct ipc_ikepd;

struct ipc_ikepd *ipc_ikepd_new(struct event_base *, struct km *,
    struct walks *);
void ipc_ikepd_free(struct ipc_ikepd *);
/* A worker's new edge; takes ownership of fd. */
void ipc_ikepd_up(struct ipc_ikepd *, unsigned worker, int fd);
/* Fills in what km tells workers. */
void ipc_ikepd_out(struct ipc_ikepd *, struct km_out *);

#endif
