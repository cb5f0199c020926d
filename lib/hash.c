#include "lib/hash.h"

#include <stdlib.h>
#include <string.h>

#define HASH_MIN	16

uint64_t
hash_mix(uint64_t a, uint64_t b)
{
	uint64_t x = a ^ (b * 0x9e3779b97f4a7c15ULL);

	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return x;
}

uint64_t
hash_bytes(const void *p, size_t n, uint64_t seed)
{
	const uint8_t *b = p;
	uint64_t h = hash_mix(seed, n);

	while (n > 0) {
		uint64_t w = 0;
		size_t m = n < sizeof(w) ? n : sizeof(w);

		memcpy(&w, b, m);
		h = hash_mix(w, h);
		b += m;
		n -= m;
	}
	return h;
}

void
hash_init(struct hash *h, uint64_t seed)
{
	memset(h, 0, sizeof(*h));
	h->seed = seed;
}

void
hash_free(struct hash *h)
{
	free(h->slots);
	hash_init(h, h->seed);
}

/* The slot that holds key, or the empty one where it belongs. */
static size_t
hash_find(const struct hash *h, uint64_t key)
{
	size_t i = hash_mix(key, h->seed) & (h->cap - 1);

	while (h->slots[i].val != NULL && h->slots[i].key != key)
		i = (i + 1) & (h->cap - 1);
	return i;
}

static int
hash_resize(struct hash *h, size_t cap)
{
	struct hash old = *h;
	size_t i;

	h->slots = calloc(cap, sizeof(*h->slots));
	if (h->slots == NULL) {
		h->slots = old.slots;
		return -1;
	}
	h->cap = cap;
	for (i = 0; i < old.cap; i++)
		if (old.slots[i].val != NULL)
			h->slots[hash_find(h, old.slots[i].key)] =
			    old.slots[i];
	free(old.slots);
	return 0;
}

int
hash_set(struct hash *h, uint64_t key, void *val)
{
	size_t i;

	/* One slot stays empty at any rate, so that a probe ends. */
	if (h->cap == 0 || h->n + 1 > h->cap / 4 * 3) {
		size_t cap = h->cap == 0 ? HASH_MIN : h->cap * 2;

		if (hash_resize(h, cap) == -1 &&
		    (h->cap == 0 || h->n + 1 >= h->cap))
			return -1;
	}
	i = hash_find(h, key);
	if (h->slots[i].val == NULL)
		h->n++;
	h->slots[i].key = key;
	h->slots[i].val = val;
	return 0;
}

void *
hash_get(const struct hash *h, uint64_t key)
{
	if (h->cap == 0)
		return NULL;
	return h->slots[hash_find(h, key)].val;
}

void *
hash_del(struct hash *h, uint64_t key)
{
	size_t i, j, mask;
	void *val;

	if (h->cap == 0)
		return NULL;
	mask = h->cap - 1;
	i = hash_find(h, key);
	val = h->slots[i].val;
	if (val == NULL)
		return NULL;
	/* Close the gap: move back what could not sit in its own place. */
	for (j = (i + 1) & mask; h->slots[j].val != NULL; j = (j + 1) & mask) {
		size_t home = hash_mix(h->slots[j].key, h->seed) & mask;

		if (((j - home) & mask) >= ((j - i) & mask)) {
			h->slots[i] = h->slots[j];
			i = j;
		}
	}
	h->slots[i].val = NULL;
	h->n--;
	if (h->cap > HASH_MIN && h->n < h->cap / 8)
		(void)hash_resize(h, h->cap / 2);
	return val;
}

size_t
hash_count(const struct hash *h)
{
	return h->n;
}

void *
hash_next(const struct hash *h, size_t *at)
{
	while (*at < h->cap) {
		void *val = h->slots[(*at)++].val;

		if (val != NULL)
			return val;
	}
	return NULL;
}
