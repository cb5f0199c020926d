/* The control socket, from the operator's side: one question, its rows. */
#ifndef SALLYCTL_IPC_CTL_H
#define SALLYCTL_IPC_CTL_H

#include "lib/proto/ctl.h"

/*
 * Connects to the socket, asks, and calls row for each row of the answer
 * (the cursor is at the row's beginning).  0: answered; -1: err (size bytes)
 * has one line that says why not.
 */
int ctl_ask(const char *path, const struct show_req *,
    void (*row)(void *arg, struct cur *), void *arg, char *err, size_t size);

#endif
