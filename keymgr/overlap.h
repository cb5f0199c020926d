/*
 * Inbound SAs whose child was replaced and deleted.  The peer may have sent
 * on one before it came to delete its own, and our answer, or its, is not
 * slower than its packets: they are taken for a moment more, but no longer
 * than the one that replaced it stands, unless that is replaced, too.
 */
#ifndef KEYMGR_OVERLAP_H
#define KEYMGR_OVERLAP_H

#include "keymgr/batch.h"
#include "keymgr/sad.h"
#include "keymgr/spi.h"
#include "lib/hash.h"
#include "lib/mono.h"

#include <sys/queue.h>

TAILQ_HEAD(overlap_list, overlapping);

struct overlap {
	struct overlap_list list;	/* in the order in which they go */
	struct hash owners;	/* the last of each policy and peer */
	size_t n;
};

void overlap_init(struct overlap *, uint64_t seed);
void overlap_free(struct overlap *);
/* Keeps the SPI taken.  -1: no memory, or too many: it is to go now. */
int overlap_add(struct overlap *, struct spi_tab *,
    const struct sad_child *);
/* Adds the removal of those of the same policy and peer as one that ends
 * without a successor. */
void overlap_end(struct overlap *, struct spi_tab *, const struct sad_child *,
    struct batch *);
/* Adds the removal of those whose time is over; MONO_NEVER: of all. */
void overlap_sweep(struct overlap *, struct spi_tab *, struct mono now,
    struct batch *);

#endif
