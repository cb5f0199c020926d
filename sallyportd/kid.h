/*
 * The table of the children, as the files see it that keep it: starting and
 * watching (ipc_children.c), handing over (ipc_handover.c), the orderly end
 * (ipc_stop.c).
 */
#ifndef SALLYPORTD_KID_H
#define SALLYPORTD_KID_H

#include "lib/edge.h"
#include "sallyportd/ipc_children.h"

struct kid {
	struct kids *kids;
	const struct proc_desc *desc;
	unsigned worker;
	char name[LOGRING_FROM];
	enum kid_state state;
	pid_t pid;
	struct edge *edge;	/* may outlive the process by some lines */
	struct event *restart;
	struct event *grace;	/* its edge is gone; then it must be, too */
	unsigned backoff_ms;
	unsigned restarts;
	struct mono since;
	char last_end[64];
};

struct kids {
	struct gateway *gw;
	struct kid *kids;
	size_t n;
	struct event *stop_timer;
	size_t stop_phase;
	void (*done)(struct gateway *);
};

/* ipc_handover.c */
/* The first message, which says who the child is. */
void kid_send_init(struct kid *);
/* It is confined: all it needs, and what it is needed for. */
void kid_hand_over(struct kid *);

/* ipc_stop.c */
/* Goes on to the next phase as soon as one is finished. */
void kids_stop_advance(struct kids *);
int kids_stop_init(struct kids *);

#endif
