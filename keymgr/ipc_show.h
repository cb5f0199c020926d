/* The operator's questions and the flush. */
#ifndef KEYMGR_IPC_SHOW_H
#define KEYMGR_IPC_SHOW_H

#include "keymgr/km.h"
#include "keymgr/walk.h"

struct show_req;

/* Answers one request, at once or in later turns of the loop. */
void ipc_show(struct km *, struct walks *, struct show_req *);

/* Addresses that peers gave us. */
void ipc_show_given(const struct km *, struct show_req *);

#endif
