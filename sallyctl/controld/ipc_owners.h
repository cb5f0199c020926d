/*
 * The edges to the processes that own what is asked for.
 */
#ifndef SALLYCTL_CONTROLD_IPC_OWNERS_H
#define SALLYCTL_CONTROLD_IPC_OWNERS_H

#include "lib/proc.h"
#include "lib/proto/show.h"

#include <event2/event.h>

struct owners;

/* Owners are told apart by bits of a 64-bit set. */
struct owners_ops {
	/* A row; body is at its beginning and must be read to its end. */
	int (*row)(void *arg, uint32_t id, struct cur *body,
	    const char **why);
	/* err "": done.  owner: its bit; name: for messages. */
	void (*end)(void *arg, uint32_t id, uint64_t owner, const char *name,
	    const char *err);
	/* It died: nothing more comes to any request. */
	void (*down)(void *arg, uint64_t owner, const char *name);
};

struct owners *owners_new(struct event_base *, const struct owners_ops *,
    void *arg);
/* Takes ownership of fd, the edge to a process that is new or new again. */
void owners_up(struct owners *, enum proc_id, unsigned worker, int fd);
/*
 * Asks every process of the set (PROC_BITs).  Returns who was asked; *missing
 * (may be NULL) names one that should have been and is not there.
 */
uint64_t owners_ask(struct owners *, uint32_t procs, uint32_t id,
    const struct show_req *, const char **missing);
/* The name of the first of a set. */
const char *owners_name(const struct owners *, uint64_t set);

#endif
