/* The edge to the workers: questions in, decisions out. */
#ifndef CERTD_IPC_IKE_H
#define CERTD_IPC_IKE_H

#include "certd/ident.h"

#include <event2/event.h>

#include <stdint.h>

struct ipc_ike;

/* One a process.  idents points to what holds the identities now. */
struct ipc_ike *ipc_ike_new(struct event_base *,
    struct idents *const *idents);
/* Takes ownership of fd, the edge to a worker that is new or new again. */
void ipc_ike_up(struct ipc_ike *, unsigned worker, int fd);

#endif
