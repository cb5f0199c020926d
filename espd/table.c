#include "espd/table.h"

#include <stdlib.h>

#define SLOTS_MIN	8

struct table_node table_gone;

void
table_init(struct table *t, struct epoch *e, table_eq eq)
{
	atomic_init(&t->slots, NULL);
	t->epoch = e;
	t->eq = eq;
	t->n = t->used = 0;
}

static void
slots_release(struct epoch_item *i)
{
	/* The item is the first member. */
	free((struct table_slots *)(void *)i);
}

void
table_free(struct table *t)
{
	struct table_slots *s = atomic_load(&t->slots);

	atomic_store(&t->slots, NULL);
	t->n = t->used = 0;
	if (s != NULL)
		epoch_retire(t->epoch, &s->item, slots_release);
}

static void
slots_put(struct table_slots *s, struct table_node *n)
{
	size_t i = n->hash & s->mask;

	while (atomic_load(&s->slot[i]) != NULL)
		i = (i + 1) & s->mask;
	atomic_store(&s->slot[i], n);
}

/* A new array with the entries that are left, at most a third full. */
static int
rebuild(struct table *t)
{
	struct table_slots *old = atomic_load(&t->slots), *s;
	size_t cap = SLOTS_MIN, at = 0;
	struct table_node *n;

	while (cap < (t->n + 1) * 3)
		cap *= 2;
	s = calloc(1, sizeof(*s) + cap * sizeof(s->slot[0]));
	if (s == NULL)
		return -1;
	s->mask = cap - 1;
	while ((n = table_next(t, &at)) != NULL)
		slots_put(s, n);
	t->used = t->n;
	atomic_store(&t->slots, s);
	if (old != NULL)
		epoch_retire(t->epoch, &old->item, slots_release);
	return 0;
}

/* Where a node is; NULL: nowhere. */
static _Atomic(struct table_node *) *
slot_of(struct table *t, const struct table_node *n)
{
	struct table_slots *s = atomic_load(&t->slots);
	struct table_node *m;

	for (size_t i = n->hash & s->mask;; i = (i + 1) & s->mask) {
		if ((m = atomic_load(&s->slot[i])) == n)
			return &s->slot[i];
		if (m == NULL)
			return NULL;
	}
}

int
table_set(struct table *t, struct table_node *n, const void *key,
    struct table_node **old)
{
	struct table_slots *s;

	if ((*old = table_get(t, n->hash, key)) != NULL) {
		atomic_store(slot_of(t, *old), n);
		return 0;
	}
	s = atomic_load(&t->slots);
	if ((s == NULL || (t->used + 1) * 2 > s->mask) && rebuild(t) == -1)
		return -1;
	slots_put(atomic_load(&t->slots), n);
	t->n++;
	t->used++;
	return 0;
}

void
table_del(struct table *t, struct table_node *n)
{
	_Atomic(struct table_node *) *slot = slot_of(t, n);

	if (slot == NULL)
		return;
	atomic_store(slot, &table_gone);
	t->n--;
}

struct table_node *
table_next(const struct table *t, size_t *at)
{
	const struct table_slots *s = atomic_load(&t->slots);
	struct table_node *n;

	while (s != NULL && *at <= s->mask) {
		n = atomic_load(&s->slot[(*at)++]);
		if (n != NULL && n != &table_gone)
			return n;
	}
	return NULL;
}
