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
 *
 * Rules know ports, but no types of ICMP nor every mask: then they take in
 * more, and espd has to be told to let that out again (way_wide).
 */
#ifndef KEYMGR_WAY_H
#define KEYMGR_WAY_H

#include "keymgr/backend.h"

struct way;

/*
 * Brings the device up.  To be opened before confinement.  alone: the kernel
 * has no policies; then rules forbid, too, what comes in clear and is to be
 * forwarded, one a policy.  NULL: why.
 */
struct way *way_open(bool alone, char *why);
/* What was made stays in the kernel. */
void way_close(struct way *);
/*
 * 0, or an errno.  While it changes a policy, what the old one or the new
 * one encrypts is not let out.  Both take effect with way_sync() at the
 * latest.
 */
int way_set(struct way *, const struct selector *, const struct bk_body *);
void way_del(struct way *, const struct selector *);
/* 0, or an errno: something of what was asked for is not there. */
int way_sync(struct way *);
/* Everything that stands.  fn must not change it. */
void way_each(const struct way *, void (*fn)(void *,
    const struct selector *, const struct bk_body *), void *arg);
/* Removes what an earlier keymgr left and nobody has set since. */
void way_settled(struct way *);
/*
 * A descriptor that is readable when something may have happened outside, and
 * what has (bits).  After the first two way_restore() is due.  -1: nothing
 * will be noticed.
 */
#define WAY_ADDRESS	0x01	/* of this machine is new, or went */
#define WAY_ROBBED	0x02	/* somebody took away rules or routes */
#define WAY_MTU		0x04	/* some device has another one */
int way_watch_fd(const struct way *);
unsigned way_news(struct way *);
void way_restore(struct way *);
/*
 * What a data plane in user space left where there is none any more: its
 * routes forbid what the kernel is to encrypt now.  To be looked for before
 * confinement; NULL: there is nothing, or nothing to be done about it.
 */
struct way_left;
struct way_left *way_left_find(void);
/* Removes it, if asked to; takes it over. */
void way_left_end(struct way_left *, bool remove);

bool way_has(const struct way *, const struct selector *);

/* What the way takes in for an encrypting policy.  False: it is no more than
 * the policy's own. */
bool way_wide(const struct selector *, struct selector *wide);
/* Some policy that stands has this as what is taken in for it, and there is
 * none of this very selector. */
bool way_is_wide(const struct way *, const struct selector *);
/* All such. */
void way_each_wide(const struct way *, void (*fn)(void *,
    const struct selector *), void *arg);

/* The device's MTU.  0 or an errno. */
int way_mtu(struct way *, uint32_t mtu);
/* That of the device which our own packets to there leave by; 0: not known. */
uint32_t way_path_mtu(struct way *, const struct addr *local,
    const struct addr *remote);

#endif
