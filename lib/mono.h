/*
 * Monotonic time as a type of its own, so that it cannot be mixed with wall
 * clock time or with plain numbers.  Unit: microseconds since an arbitrary
 * start.  Clock steps (NTP, an operator) never move it.
 */
#ifndef LIB_MONO_H
#define LIB_MONO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mono {
	int64_t us;
};

/* A duration; unit: microseconds. */
struct mono_span {
	int64_t us;
};

#define MONO_NEVER	((struct mono){ INT64_MAX })
#define MONO_MS(n)	((struct mono_span){ (int64_t)(n) * 1000 })
#define MONO_S(n)	((struct mono_span){ (int64_t)(n) * 1000000 })

/* CLOCK_BOOTTIME: goes on while the machine sleeps. */
struct mono mono_now(void);
/* t + d; MONO_NEVER stays, and overflow becomes, MONO_NEVER. */
struct mono mono_add(struct mono t, struct mono_span d);
/* a - b */
struct mono_span mono_sub(struct mono a, struct mono b);
/* -1, 0, 1 as a is before, at, after b */
int mono_cmp(struct mono a, struct mono b);
bool mono_is_never(struct mono);
/* Whole seconds of a duration, rounded down; 0 for a negative one. */
uint64_t mono_seconds(struct mono_span);
/* Seconds as listings write them, "1w2d3h4m5s"; returns dst. */
#define MONO_STRLEN	40
const char *mono_seconds_fmt(uint64_t s, char *dst, size_t size);

#endif
