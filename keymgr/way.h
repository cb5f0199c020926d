/*
 * The way into the TUN device of a data plane in user space: rules and
 * routes of our own, so that espd gets at least what the policies encrypt.
 * What exactly is to be done with a packet espd decides.
 *
 * Encrypting selectors that differ only in the remote prefix share one rule
 * and one table with a route for each prefix, so the kernel's cost does not
 * grow with their number.  Behind each route lies a second one that forbids:
 * when the device is gone nothing leaves in clear.  Our own packets, by
 * their mark, go past it all.
 */
#ifndef KEYMGR_WAY_H
#define KEYMGR_WAY_H

#include "keymgr/backend.h"

struct way;

/* Brings the device up.  What is there while no policy is, is two rules for
 * our own packets until way_settled(), and nothing then.  To be opened before confinement.  NULL: why. */
struct way *way_open(char *why);
/* What was made stays in the kernel. */
void way_close(struct way *);
/* 0, or an errno: nothing has changed. */
int way_set(struct way *, const struct selector *, const struct bk_body *);
void way_del(struct way *, const struct selector *);
/* Everything that stands.  fn must not change it. */
void way_each(const struct way *, void (*fn)(void *,
    const struct selector *, const struct bk_body *), void *arg);
/* Removes what an earlier keymgr left and nobody has set since. */
void way_settled(struct way *);
/*
 * What a data plane in user space left where there is none any more: its
 * routes forbid what the kernel is to encrypt now.  To be looked for before
 * confinement; NULL: there is nothing, or nothing to be done about it.
 */
struct way_left;
struct way_left *way_left_find(void);
/* Removes it, if asked to; takes it over. */
void way_left_end(struct way_left *, bool remove);

#endif
