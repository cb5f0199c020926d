#include "espd/event.h"

bool
event_put(struct event_ring *r, const struct event_msg *m)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head - tail == EVENT_RING) {
		atomic_fetch_add(&r->lost, 1);
		return false;
	}
	r->msg[head % EVENT_RING] = *m;
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

bool
event_get(struct event_ring *r, struct event_msg *m)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	if (head == tail)
		return false;
	*m = r->msg[tail % EVENT_RING];
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}

bool
event_lost(struct event_ring *r)
{
	uint64_t lost = atomic_load(&r->lost);
	bool news = lost != r->lost_told;

	r->lost_told = lost;
	return news;
}
