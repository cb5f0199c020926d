/*
 * The clients at the control socket: who they are, what they may ask, and
 * the one request that each may have under way.
 */
#ifndef SALLYCTL_CONTROLD_IPC_CLIENTS_H
#define SALLYCTL_CONTROLD_IPC_CLIENTS_H

#include "sallyctl/controld/ipc_owners.h"

struct clients;

/* For owners_new(), with the clients as argument. */
extern const struct owners_ops clients_owners_ops;

struct clients *clients_new(struct event_base *);
void clients_set_owners(struct clients *, struct owners *);
/* Takes ownership of the listening socket.  -1: no memory. */
int clients_listen(struct clients *, int fd);

#endif
