/*
 * The lease files of sessiond: opened here, since that process finds no file,
 * and kept open, so that each sessiond gets the same two.
 */
#ifndef SALLYPORTD_LEASES_H
#define SALLYPORTD_LEASES_H

#include "sallyportd/sockets.h"

/*
 * Makes the state directory when it is missing, and opens both files in it.
 * Without them the gateway runs, and its users' last addresses are
 * forgotten; that is logged.
 */
void leases_open(struct sockets *, const char *state_dir);

#endif
