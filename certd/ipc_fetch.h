/* The edge to fetchd, and the revocation checks that live from it. */
#ifndef CERTD_IPC_FETCH_H
#define CERTD_IPC_FETCH_H

#include "certd/revocation.h"

#include <event2/event.h>

struct ipc_fetch;

/* One a process.  NULL: no memory. */
struct ipc_fetch *ipc_fetch_new(struct event_base *);
struct revocation *ipc_fetch_revocation(struct ipc_fetch *);
/* Takes ownership of fd, the edge to fetchd that is new or new again. */
void ipc_fetch_up(struct ipc_fetch *, int fd);

#endif
