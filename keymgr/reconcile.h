/*
 * What an earlier keymgr left in the kernel: taken over when the worker
 * that owns it says so, removed when nobody does.
 */
#ifndef KEYMGR_RECONCILE_H
#define KEYMGR_RECONCILE_H

#include "keymgr/backend.h"
#include "lib/hash.h"

#include <stdbool.h>
#include <stdint.h>

struct km;

/* Workers that do not report within this time have nothing to adopt. */
#define RECONCILE_WAIT_S	10

struct found_sa {
	struct addr src, dst;
	uint32_t spi;
	uint32_t reqid;
	uint64_t add_time;	/* wall clock */
};

struct reconcile {
	struct hash sas;	/* SPI and destination -> found_sa */
	struct hash policies;	/* selector -> selector */
	uint64_t done;		/* bit per worker */
	bool over;
	bool no_memory;		/* while reading */
};

void reconcile_init(struct reconcile *, uint64_t seed);
void reconcile_free(struct reconcile *);
/* Reads the kernel.  -1: why (BK_WHY_LEN). */
int reconcile_read(struct km *, char *why);
/* An SA of ours that was found; NULL: not there, or already over. */
const struct found_sa *reconcile_sa(const struct reconcile *, uint32_t spi,
    const struct addr *dst);
/* A policy of ours with that selector was found.  arg: the reconcile. */
bool reconcile_policy(void *arg, const struct selector *);
/* A worker has adopted all it knows. */
void reconcile_done(struct km *, unsigned worker);
/* All have, or the time is over: what was not adopted goes. */
void reconcile_end(struct km *);
/* At the end of the process, before reconcile_end. */
void reconcile_drop_sas(struct km *);
void reconcile_drop_policies(struct km *);

#endif
