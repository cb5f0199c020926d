/* The edge to sessiond: questions about clients. */
#ifndef INFORMD_IPC_SESSIOND_H
#define INFORMD_IPC_SESSIOND_H

#include "lib/proto/sedhcp.h"

#include <event2/event.h>

struct ipc_sessiond;

struct ipc_sessiond_ops {
	void (*answer)(void *arg, uint32_t id, const struct sedhcp *);
	void (*down)(void *arg);
	void *arg;
};

struct ipc_sessiond *ipc_sessiond_new(struct event_base *,
    const struct ipc_sessiond_ops *);
/* Takes fd over. */
void ipc_sessiond_up(struct ipc_sessiond *, int fd);
/* -1: sessiond is not there. */
int ipc_sessiond_ask(struct ipc_sessiond *, uint32_t id,
    const struct addr *);

#endif
