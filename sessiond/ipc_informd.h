/* The edge to informd: what a client with an address may be told. */
#ifndef SESSIOND_IPC_INFORMD_H
#define SESSIOND_IPC_INFORMD_H

#include "lib/proto/sedhcp.h"
#include "sessiond/session.h"

#include <event2/event.h>

struct ipc_informd;

struct ipc_informd *ipc_informd_new(struct event_base *);
void ipc_informd_free(struct ipc_informd *);	/* NULL is allowed */
/* Takes fd over. */
void ipc_informd_up(struct ipc_informd *, int fd);
/* The sessions are there; before, nobody is online. */
void ipc_informd_start(struct ipc_informd *, const struct sessions *);
/* The answer about an address. */
void informd_answer(const struct sessions *, const struct addr *,
    struct sedhcp *);

#endif
