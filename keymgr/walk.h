/*
 * Going through many children without holding up the loop: some in each
 * turn.  Walks are done one after the other, in the order they were started.
 */
#ifndef KEYMGR_WALK_H
#define KEYMGR_WALK_H

#include "keymgr/km.h"

#include <limits.h>

struct walks;

#define WALK_ALL	UINT_MAX	/* the children of all workers */

/* Called for each child that was there at the start and still is, then end
 * once. */
typedef void (*walk_each)(void *, struct sad_child *);
typedef void (*walk_end)(void *);

struct walks *walks_new(struct event_base *, struct km *);
/* Walks under way end at once. */
void walks_free(struct walks *);
/* -1: no memory; end is not called. */
int walk_start(struct walks *, unsigned worker, walk_each, walk_end,
    void *arg);

#endif
