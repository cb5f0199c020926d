/*
 * When memory that packet threads may still be reading can be freed.  A
 * thread enters before it looks at anything shared and leaves after its last
 * look; the control thread first makes an object unreachable, then retires
 * it.  No packet thread ever waits.
 */
#ifndef ESPD_EPOCH_H
#define ESPD_EPOCH_H

#include <stdatomic.h>
#include <stdint.h>

#define EPOCH_THREADS	64

/* To be embedded in what can be retired. */
struct epoch_item {
	struct epoch_item *next;
	uint64_t at;
	void (*release)(struct epoch_item *);
};

struct epoch_slot {
	_Alignas(64) _Atomic uint64_t at;	/* 0: outside */
};

struct epoch {
	_Alignas(64) _Atomic uint64_t now;
	struct epoch_item *first, **last;	/* retired, oldest first */
	unsigned left;				/* of them */
	struct epoch_slot slot[EPOCH_THREADS];
};

void epoch_init(struct epoch *);
/* Releases all that is retired; no thread may be inside. */
void epoch_end(struct epoch *);

static inline void
epoch_enter(struct epoch *e, unsigned thread)
{
	atomic_store(&e->slot[thread].at, atomic_load(&e->now));
}

static inline void
epoch_leave(struct epoch *e, unsigned thread)
{
	atomic_store_explicit(&e->slot[thread].at, 0, memory_order_release);
}

/* Something was added: what was read before need not hold any more. */
void epoch_next(struct epoch *);
/*
 * For the control thread: release(item) will be called by a later
 * epoch_reclaim(), once no thread can hold what it is embedded in.
 */
void epoch_retire(struct epoch *, struct epoch_item *,
    void (*release)(struct epoch_item *));
/* Releases what can be released; how many items are left. */
unsigned epoch_reclaim(struct epoch *);

#endif
