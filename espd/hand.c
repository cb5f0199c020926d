#include "espd/hand.h"

#include "espd/esp.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * A slot's turn says whose it is: equal to a position, it is free for who
 * takes that position; one more, it is full for who reads there.
 */
struct hand {
	_Alignas(64) _Atomic uint32_t tail;	/* next to be taken */
	_Alignas(64) uint32_t head;		/* next to be read */
	_Atomic bool told;
	_Atomic uint32_t turn[HAND_SLOTS];
	size_t len[HAND_SLOTS];
	/* Pages that no packet has reached take no memory. */
	uint8_t buf[HAND_SLOTS][ESP_TUN_MAX + 1];
};

struct hand *
hand_new(void)
{
	size_t size = (sizeof(struct hand) + 63) / 64 * 64;
	struct hand *h = aligned_alloc(64, size);

	if (h == NULL)
		return NULL;
	atomic_init(&h->tail, 0);
	atomic_init(&h->told, false);
	h->head = 0;
	for (uint32_t i = 0; i < HAND_SLOTS; i++)
		atomic_init(&h->turn[i], i);
	return h;
}

void
hand_free(struct hand *h)
{
	free(h);
}

bool
hand_put(struct hand *h, const uint8_t *p, size_t len)
{
	uint32_t at = atomic_load(&h->tail), i;
	int32_t ahead;

	if (len > sizeof(h->buf[0]))
		return false;
	for (;;) {
		i = at % HAND_SLOTS;
		ahead = (int32_t)(atomic_load(&h->turn[i]) - at);
		if (ahead < 0)
			return false;
		if (ahead == 0 && atomic_compare_exchange_weak(&h->tail, &at,
		    at + 1))
			break;
		if (ahead > 0)
			at = atomic_load(&h->tail);
	}
	memcpy(h->buf[i], p, len);
	h->len[i] = len;
	atomic_store(&h->turn[i], at + 1);
	return true;
}

uint8_t *
hand_get(struct hand *h, size_t *len)
{
	uint32_t i = h->head % HAND_SLOTS;

	if (atomic_load(&h->turn[i]) != h->head + 1)
		return NULL;
	*len = h->len[i];
	return h->buf[i];
}

void
hand_done(struct hand *h)
{
	uint32_t i = h->head % HAND_SLOTS;

	atomic_store(&h->turn[i], h->head + HAND_SLOTS);
	h->head++;
}

bool
hand_wakes(struct hand *h)
{
	return !atomic_exchange(&h->told, true);
}

void
hand_awake(struct hand *h)
{
	atomic_store(&h->told, false);
}
