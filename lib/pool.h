/*
 * Threads for work that would block the loop: Diffie-Hellman with the big
 * MODP groups takes milliseconds.  The threads hold nothing but the job in
 * hand.
 */
#ifndef LIB_POOL_H
#define LIB_POOL_H

#include <event2/event.h>

struct pool;

/* run: in a thread; touches only the job.  done: in the loop. */
typedef void (*pool_fn)(void *job);

/*
 * Starts n threads; to be called before confinement.  Jobs beyond
 * queue_max waiting ones are refused.  NULL: no memory or no threads.
 */
struct pool *pool_new(struct event_base *, unsigned n, unsigned queue_max);
/* Waits for the jobs in hand; jobs not begun are dropped without done. */
void pool_free(struct pool *);
/* 0, or -1 when the queue is full: done is not called then. */
int pool_run(struct pool *, pool_fn run, pool_fn done, void *job);

#endif
