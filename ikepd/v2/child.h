/* What child.c and rekey_child.c, rekey_ike.c share. */
#ifndef IKEPD_V2_CHILD_H
#define IKEPD_V2_CHILD_H

#include "ikepd/v2/v2.h"

/* Begins CREATE_CHILD_SA for a policy; old: the child to rekey or NULL. */
enum task_start child_begin(struct engine *, struct ike_sa *,
    const struct task *, uint32_t policy, struct child *old);
/* Our exchange came to nothing, or is through. */
void child_over(struct engine *, struct ike_sa *);
void rekey_ike_over(struct engine *, struct ike_sa *);
/* Our exchange was answered with TEMPORARY_FAILURE (RFC 7296 2.25). */
void child_temporary(struct engine *, struct ike_sa *);

/* Our rekey is through: which one goes (RFC 7296 2.8.1)? */
void rekey_child_done(struct engine *, struct ike_sa *, struct work *own);
/* The peer's rekey was answered. */
void rekey_child_answered(struct engine *, struct ike_sa *,
    struct work *theirs);
/* The peer does not know the child. */
void rekey_child_not_found(struct engine *, struct ike_sa *,
    struct work *own);

/*
 * The peer speaks of children on an SA of its rekey: it has taken them
 * there, whatever becomes of our own rekey.
 */
void rekey_ike_confirmed(struct engine *, struct ike_sa *);

#endif
