/*
 * All that keymgr knows: its configuration, its records, the backend.  The
 * edges are elsewhere (keymgr/ipc_*); they call the functions here and are
 * called through struct km_out.
 */
#ifndef KEYMGR_KM_H
#define KEYMGR_KM_H

#include "keymgr/backend.h"
#include "keymgr/config.h"
#include "keymgr/guard.h"
#include "keymgr/lease.h"
#include "keymgr/link.h"
#include "keymgr/overlap.h"
#include "keymgr/reconcile.h"
#include "keymgr/sad.h"
#include "keymgr/spd.h"
#include "keymgr/spi.h"
#include "lib/timer.h"

/* A packet that waits for a tunnel. */
struct acquire {
	uint32_t policy, peer;
	struct tsel local, remote;
};

/* What the workers are told. */
struct km_out {
	void (*acquire)(void *, unsigned worker, const struct acquire *);
	void (*expire)(void *, unsigned worker, uint32_t spi_in, bool hard);
	void (*mapping)(void *, unsigned worker, const struct sad_child *,
	    const struct endpoint *remote);
	void *arg;
};

struct km_counters {
	uint64_t refused;	/* by guard */
	uint64_t installed, failed, expired, acquired, adopted;
};

struct km {
	struct backend bk;
	struct km_out out;
	unsigned workers;	/* how many ikepd there are */
	struct km_conf *conf;	/* NULL before the first */
	struct spi_tab spi;
	struct sad sad;
	uint64_t serial;	/* of the child that came last */
	struct spd *spd;
	struct overlap overlap;	/* SAs of children that are gone */
	struct timers timers;	/* of children */
	struct reconcile rec;
	struct leases leases;	/* of users */
	struct link link;	/* not set: no addresses */
	bool bypass;		/* neighbour discovery is let through */
	struct km_counters n;
};

/* The backend is open; its ownership moves here.  -1: no memory. */
int km_init(struct km *, const struct backend *, const struct km_out *,
    unsigned workers);
void km_free(struct km *);
/* What guard needs of it. */
struct guard km_guard(const struct km *);
/*
 * A new configuration: children it does not allow are removed and their
 * workers told, then static policies are changed where they differ.  Takes
 * ownership.  -1: no memory; the process cannot go on.
 */
int km_configure(struct km *, struct conf *);
/* Children whose soft lifetime is over; returns when to come back. */
struct mono km_tick(struct km *, struct mono now);
/*
 * A worker's peer gave us addresses.  -1 with the reason in why; what guard
 * refused is counted and logged here.
 */
int km_vip_set(struct km *, const struct link_req *,
    char why[GUARD_WHY_LEN]);
/* Removes children that speak with addresses their users have no more, and
 * tells their workers. */
void km_lease_sweep(struct km *);
/* Removes all of ours.  policies false: SAs only (fail closed). */
void km_remove_all(struct km *, bool policies);

#endif
