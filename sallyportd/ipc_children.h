/*
 * The child processes: started, told what they need, watched, started anew
 * when they die, stopped in order.
 */
#ifndef SALLYPORTD_IPC_CHILDREN_H
#define SALLYPORTD_IPC_CHILDREN_H

#include "lib/proc.h"
#include "sallyportd/gateway.h"

#include <sys/types.h>

enum kid_state {
	KID_DOWN,	/* no process; waits to be started */
	KID_STARTING,	/* started, not confined yet */
	KID_READY,	/* confined, has its configuration */
	KID_RUNNING,
};

/* What is shown of a child. */
struct kid_info {
	const char *name;	/* "ikepd.1" */
	const struct proc_desc *desc;
	enum kid_state state;
	pid_t pid;		/* 0: none */
	uint64_t uptime;	/* seconds since it was started */
	unsigned restarts;
	uint64_t refused;	/* messages of its that were refused */
	const char *last_end;	/* why the one before ended; "" */
};

/* NULL: no memory. */
struct kids *kids_new(struct gateway *);
/* Kills what still runs. */
void kids_free(struct kids *);
/* Starts them all.  -1: logged. */
int kids_start(struct kids *);
/* A process has ended.  False: it is none of these. */
bool kids_reaped(struct kids *, pid_t, int status);
/*
 * Hands the gateway's configuration to all.  Unless it was loaded anew,
 * certd is left alone: nothing that it has can differ.
 */
void kids_deliver(struct kids *, bool reloaded);
/* Certificate files have changed: hands them to certd. */
void kids_certfiles(struct kids *);
/* How much is to be logged. */
void kids_log_mask(struct kids *, uint32_t mask);
/* Orderly end; done runs when none is left.  hurry: kill at once. */
void kids_stop(struct kids *, bool hurry, void (*done)(struct gateway *));
size_t kids_count(const struct kids *);
void kids_info(const struct kids *, size_t i, struct kid_info *);
const char *kid_state_str(enum kid_state);

#endif
