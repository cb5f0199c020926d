/*
 * What the flows want of the kernel, and what stands there.  The kernel holds
 * each selector once: of the flows that claim it, the one with the lowest
 * priority number, the newest first, says what is done with its packets.
 */
#ifndef KEYMGR_CLAIMS_H
#define KEYMGR_CLAIMS_H

#include "keymgr/spd.h"

struct claims;

/* left: as spd_new() has it.  NULL: no memory. */
struct claims *claims_new(uint64_t seed,
    bool (*left)(void *, const struct selector *), void *arg);
void claims_free(struct claims *);

/* In the order of priorities: when the flow's changes, it is to be made anew.
 * -1: no memory. */
int claims_add(struct claims *, const struct selector *, struct flow *);
void claims_del(struct claims *, const struct selector *,
    const struct flow *);
/* What a flow that claims it says has changed. */
void claims_touch(struct claims *, const struct selector *);

/* Adds to the batch what must change in the kernel. */
void claims_sync(struct claims *, struct batch *);
/*
 * Takes over what was done of it.  What was not stays as it was until it is
 * touched again: a selector that the kernel will not take must not spoil
 * every batch from then on.
 */
void claims_commit(struct claims *, const struct batch *);
/* Adds the removal of all that stands. */
void claims_remove_all(struct claims *, struct batch *);
/* Whether it is there, or wanted. */
bool claims_stand(const struct claims *, const struct selector *);
size_t claims_count(const struct claims *);

#endif
