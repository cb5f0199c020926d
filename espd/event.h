/*
 * What packet threads tell the control thread: a ring a thread, one writer
 * and one reader.  What does not fit is lost, and that is told too.
 */
#ifndef ESPD_EVENT_H
#define ESPD_EVENT_H

#include "espd/flow.h"
#include "lib/addr.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define EVENT_RING	256	/* power of two */

enum event_kind { EVENT_ACQUIRE, EVENT_SOFT, EVENT_HARD, EVENT_MAPPING };

struct event_msg {
	enum event_kind kind;
	uint32_t reqid;		/* ACQUIRE */
	struct flow flow;	/* ACQUIRE: of the packet that waits */
	uint32_t spi;
	struct addr dst;
	struct endpoint remote;	/* MAPPING */
};

struct event_ring {
	_Alignas(64) _Atomic uint32_t head;	/* next to be written */
	_Atomic uint64_t lost;
	_Alignas(64) _Atomic uint32_t tail;	/* next to be read */
	uint64_t lost_told;
	struct event_msg msg[EVENT_RING];
};

/* false: the ring is full, and the message is counted as lost. */
bool event_put(struct event_ring *, const struct event_msg *);
/* false: there is none. */
bool event_get(struct event_ring *, struct event_msg *);
/* Whether messages were lost since the last call. */
bool event_lost(struct event_ring *);

#endif
