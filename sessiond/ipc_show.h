/* Answers the questions of controld. */
#ifndef SESSIOND_IPC_SHOW_H
#define SESSIOND_IPC_SHOW_H

#include "sessiond/session.h"

struct show_req;

void ipc_show(struct sessions *, struct show_req *);

#endif
