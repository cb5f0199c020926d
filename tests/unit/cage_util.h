/* What a process does in its cage, and what it must not. */
#ifndef TESTS_UNIT_CAGE_UTIL_H
#define TESTS_UNIT_CAGE_UTIL_H

#include "config.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef WITH_SANITIZERS
#define KILLS	false	/* the filter answers EPERM */
#else
#define KILLS	true
#endif

#define REFUSED	77	/* exit status: the call failed with EPERM */

/* In the cage: the process ends where x does not hold. */
void need(bool ok, int line);
#define NEED(x)	need(x, __LINE__)
/* The same where a call was refused, with REFUSED. */
void refused_if(bool failed);

/* Runs fn in a cage of these sets, to its end. */
void assert_lives(uint32_t sets, void (*fn)(void));
void assert_denied(uint32_t sets, void (*fn)(void));

/* What each process does without proc_confine(), which does this, first. */
void warm_up(void);
/* A pair of sockets that everyday() speaks over. */
extern int loop_fds[2];
/* What every process does: crypto, memory, the loop, edges. */
void everyday(void);
/* What keymgr does, and no other process may. */
void netlink(void);
void open_file(void);

/* Stages for worker(), a thread that waits for 1, works and reaches 2;
 * *(bool *)arg: it tries to open a file instead. */
void reach(int n);
void wait_for(int n);
void *worker(void *arg);

#endif
