/*
 * What espd and keymgr share of an SA: counters in memory that espd writes
 * and keymgr maps to read.  The memory outlives espd, so the sequence numbers
 * are kept there too: a new espd goes on with them.
 */
#ifndef LIB_ESPLIVE_H
#define LIB_ESPLIVE_H

#include "lib/addr.h"

#include <stdatomic.h>

struct esp_live {
	/* Outbound: last used; inbound: the highest that was authentic. */
	_Alignas(64) _Atomic uint64_t seq;
	_Atomic uint64_t bytes, packets;	/* of inner packets */
	_Atomic int64_t used;		/* microseconds; INT64_MAX: never */
	_Atomic uint64_t errors_replay, errors_integ;
};

/* One SA; its place has a number, by which both sides know it. */
struct esp_slot {
	struct esp_live live;
	_Atomic uint32_t spi;		/* 0: nobody's; set last */
	uint32_t reqid;
	int64_t added;			/* microseconds of struct mono */
	struct addr src, dst;		/* outer */
};

#define ESP_SLOTS	131072u
#define ESP_KEPT_SIZE	512	/* of an SA in the memory that espd alone has */
#define ESP_STATS	64
#define ESP_STAT_NAME	40

/* All of it, in a file of this size that never shrinks. */
struct esp_board {
	_Atomic uint32_t top;		/* no slot from here on was used */
	_Atomic uint32_t nstats;
	char name[ESP_STATS][ESP_STAT_NAME];
	_Atomic uint64_t value[ESP_STATS];
	struct esp_slot slot[ESP_SLOTS];
};

#endif
