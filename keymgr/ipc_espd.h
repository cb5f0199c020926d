/*
 * The edge to espd.  Steps go there in order, many in a message, and each is
 * answered; nobody waits for that but who asked.
 *
 * SAs that were to be added or moved when espd died are told to the next one,
 * which knows what the one before had done of it.  An espd that does not
 * answer, busy or not, is stuck, and somebody else must end it.
 */
#ifndef KEYMGR_IPC_ESPD_H
#define KEYMGR_IPC_ESPD_H

#include "keymgr/backend.h"
#include "lib/proto/kmespd.h"

/* Who asked for a step; all but token may be NULL. */
struct step_tag {
	void *job;
	struct bk_op *op;
	uint32_t token;
};

struct ipc_espd_user {
	/* A step was answered: error is 0 or an errno. */
	void (*answer)(void *, const struct step_tag *, int error,
	    uint32_t slot, const char *why);
	/* Whether a step is still to be done that an espd was told which is
	 * gone: it may have done it. */
	bool (*wanted)(void *, const struct step_tag *);
	/* An espd is there, and knows of no policies. */
	void (*up)(void *);
	/* What the device should take, for the SAs there are. */
	void (*mtu)(void *, uint32_t);
	const struct bk_events *events;
	void *arg;
};

struct ipc_espd;

/* The user is copied.  NULL: no memory. */
struct ipc_espd *ipc_espd_new(struct event_base *,
    const struct ipc_espd_user *);
/* What was not answered is answered with ECANCELED. */
void ipc_espd_free(struct ipc_espd *);
/* Takes the edge's descriptor over. */
void ipc_espd_up(struct ipc_espd *, int fd);
/* Policies are told to those that are there; SAs wait for the next. */
bool ipc_espd_there(const struct ipc_espd *);
/* To be followed by ipc_espd_go.  -1: no memory, or too many wait already;
 * there will be no answer. */
int ipc_espd_step(struct ipc_espd *, const struct kmespd_step *,
    const struct step_tag *);
void ipc_espd_go(struct ipc_espd *);
/* Waits until all was written. */
void ipc_espd_drain(struct ipc_espd *);
/* Once a second. */
void ipc_espd_tick(struct ipc_espd *);

#endif
