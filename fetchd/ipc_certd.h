/* The edge to certd: what to fetch in, answers out. */
#ifndef FETCHD_IPC_CERTD_H
#define FETCHD_IPC_CERTD_H

#include "fetchd/fetch.h"

#include <event2/event.h>

struct ipc_certd;

/* One a process. */
struct ipc_certd *ipc_certd_new(struct event_base *);
struct fetcher *ipc_certd_fetcher(struct ipc_certd *);
/* Takes ownership of fd, the edge to certd that is new or new again. */
void ipc_certd_up(struct ipc_certd *, int fd);

#endif
