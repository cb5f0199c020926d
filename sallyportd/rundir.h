/*
 * The run directory: one gateway at a time in each, with its pid file, its
 * control socket and the empty directory that the others are locked into.
 */
#ifndef SALLYPORTD_RUNDIR_H
#define SALLYPORTD_RUNDIR_H

#include <stddef.h>

/*
 * Makes the directory and the empty one below it, and locks it; the lock
 * lasts as long as the process and its forks.  empty gets the absolute name
 * of the empty one.  -1: logged.
 */
int rundir_open(const char *dir, char *empty, size_t size);
/* Writes our pid; refuses when another live process holds the file.  -1:
 * logged. */
int pidfile_write(const char *path);

#endif
