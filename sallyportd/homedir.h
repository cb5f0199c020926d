/* Directories of processes that keep something. */
#ifndef SALLYPORTD_HOMEDIR_H
#define SALLYPORTD_HOMEDIR_H

#include "lib/proc.h"

#include <stddef.h>

/*
 * Makes STATE_DIR/NAME, readable for the process's user alone, and writes its
 * absolute name to path.  A failure is logged; the process then refuses to
 * start.
 */
void homedir_make(const char *state_dir, const struct proc_desc *,
    char *path, size_t size);

#endif
