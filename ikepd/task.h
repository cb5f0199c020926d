/*
 * What an IKE SA still has to do on its own account, one exchange at a
 * time: the window is one (RFC 7296 2.3).
 */
#ifndef IKEPD_TASK_H
#define IKEPD_TASK_H

#include "ikepd/core.h"

enum task_kind {
	TASK_HANDSHAKE,		/* IKE_SA_INIT and IKE_AUTH; never queued */
	TASK_CHILD_NEW,		/* arg: policy */
	TASK_CHILD_REKEY,	/* arg: spi_in */
	TASK_CHILD_DEL,		/* arg: spi_in */
	TASK_CHILD_UNDO,	/* arg: spi_in of one that never stood here */
	TASK_IKE_REKEY,
	TASK_IKE_DEL,		/* arg: notify to give instead of a Delete */
	TASK_LIVENESS,
	TASK_OLD_DEL,		/* the SA that this one stands in for goes */
	TASK_KINDS
};

struct task {
	struct task *next;
	enum task_kind kind;
	uint32_t arg;
	bool packet;		/* TASK_CHILD_NEW: local, remote are set */
	struct ts local, remote;	/* of the packet that waits */
};

enum task_start {
	TASK_STARTED,		/* an exchange is under way */
	TASK_NEEDLESS,		/* nothing to do any more */
	TASK_LATER,		/* try again after a while */
};

/*
 * Queues a task unless an equal one waits; runs it at once when nothing is
 * in hand.  false: no memory, or too many.
 */
bool task_add(struct engine *, struct ike_sa *, enum task_kind, uint32_t arg);
/* A new child for a policy; packet may be NULL. */
bool task_add_child(struct engine *, struct ike_sa *, uint32_t policy,
    const struct acquire *packet);
/* In front of all others. */
bool task_add_first(struct engine *, struct ike_sa *, enum task_kind,
    uint32_t arg);
/* The same for lists outside an IKE SA.  false: no memory. */
bool task_list_child(struct task **list, uint32_t policy,
    const struct acquire *packet);
/* Only queues. */
bool task_list_add(struct task **list, enum task_kind, uint32_t arg);
/* Starts what can be started. */
void task_run(struct engine *, struct ike_sa *);
/* The task goes back to the head of the queue, to be tried again in s. */
void task_put_off(struct engine *, struct ike_sa *, struct task *,
    unsigned s);
/* What is still to do on an IKE SA goes over to its successor; the caller
 * runs it there. */
void task_move_all(struct ike_sa *from, struct ike_sa *to);
void task_free_all(struct task **);

#endif
