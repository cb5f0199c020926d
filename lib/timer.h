/*
 * Timers: a binary heap over nodes that live inside their owners.  The
 * caller brings the clock.
 */
#ifndef LIB_TIMER_H
#define LIB_TIMER_H

#include "lib/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	struct mono at;
	uint32_t pos;	/* place in the heap + 1; 0: not armed */
};

struct timers {
	struct timer **heap;
	size_t n;
	size_t cap;
};

void timers_init(struct timers *);
/* The nodes stay with their owners, none may be armed any longer. */
void timers_free(struct timers *);
/*
 * Arms or moves t; MONO_NEVER disarms.  -1: no memory, t is not armed
 * (moving an armed timer never fails).
 */
int timer_set(struct timers *, struct timer *t, struct mono at);
void timer_clear(struct timers *, struct timer *t);
bool timer_armed(const struct timer *);
/* The earliest deadline; MONO_NEVER when none. */
struct mono timers_next(const struct timers *);
/* Disarms and returns one that is due at now, earliest first, or NULL. */
struct timer *timers_pop(struct timers *, struct mono now);

#endif
