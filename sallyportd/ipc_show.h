/*
 * What controld may ask of the supervisor: the configuration without its
 * secrets, the log, the processes, a reload.
 */
#ifndef SALLYPORTD_IPC_SHOW_H
#define SALLYPORTD_IPC_SHOW_H

#include "sallyportd/gateway.h"

/* Takes ownership of fd, the edge to a new controld.  -1: no memory. */
int ipc_show_open(struct gateway *, int fd);
void ipc_show_close(void);

#endif
