#include "lib/timer.h"

#include <stdlib.h>
#include <string.h>

void
timers_init(struct timers *ts)
{
	memset(ts, 0, sizeof(*ts));
}

void
timers_free(struct timers *ts)
{
	free(ts->heap);
	timers_init(ts);
}

static void
heap_place(struct timers *ts, size_t i, struct timer *t)
{
	ts->heap[i] = t;
	t->pos = (uint32_t)(i + 1);
}

static void
heap_up(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	while (i > 0) {
		size_t up = (i - 1) / 2;

		if (mono_cmp(ts->heap[up]->at, t->at) <= 0)
			break;
		heap_place(ts, i, ts->heap[up]);
		i = up;
	}
	heap_place(ts, i, t);
}

static void
heap_down(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	for (;;) {
		size_t kid = 2 * i + 1;

		if (kid >= ts->n)
			break;
		if (kid + 1 < ts->n && mono_cmp(ts->heap[kid + 1]->at,
		    ts->heap[kid]->at) < 0)
			kid++;
		if (mono_cmp(t->at, ts->heap[kid]->at) <= 0)
			break;
		heap_place(ts, i, ts->heap[kid]);
		i = kid;
	}
	heap_place(ts, i, t);
}

bool
timer_armed(const struct timer *t)
{
	return t->pos != 0;
}

void
timer_clear(struct timers *ts, struct timer *t)
{
	size_t i;

	if (t->pos == 0)
		return;
	i = t->pos - 1;
	t->pos = 0;
	ts->n--;
	if (i == ts->n)
		return;
	heap_place(ts, i, ts->heap[ts->n]);
	heap_up(ts, i);
	heap_down(ts, i);
}

int
timer_set(struct timers *ts, struct timer *t, struct mono at)
{
	if (mono_is_never(at)) {
		timer_clear(ts, t);
		return 0;
	}
	if (t->pos == 0) {
		if (ts->n == ts->cap) {
			size_t cap = ts->cap == 0 ? 64 : ts->cap * 2;
			struct timer **heap = reallocarray(ts->heap, cap,
			    sizeof(*heap));

			if (heap == NULL)
				return -1;
			ts->heap = heap;
			ts->cap = cap;
		}
		heap_place(ts, ts->n++, t);
	}
	t->at = at;
	heap_up(ts, t->pos - 1);
	heap_down(ts, t->pos - 1);
	return 0;
}

struct mono
timers_next(const struct timers *ts)
{
	return ts->n == 0 ? MONO_NEVER : ts->heap[0]->at;
}

struct timer *
timers_pop(struct timers *ts, struct mono now)
{
	struct timer *t;

	if (ts->n == 0 || mono_cmp(ts->heap[0]->at, now) > 0)
		return NULL;
	t = ts->heap[0];
	timer_clear(ts, t);
	return t;
}
