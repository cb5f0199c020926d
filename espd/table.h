/*
 * A hash table that one thread changes while others look things up without
 * a lock: open addressing over atomic pointers; when it grows, a new array
 * replaces the old one, which is retired.  Entries embed a table_node first.
 */
#ifndef ESPD_TABLE_H
#define ESPD_TABLE_H

#include "espd/epoch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_node {
	uint64_t hash;		/* well mixed; does not change */
};

struct table_slots {
	struct epoch_item item;
	size_t mask;
	_Atomic(struct table_node *) slot[];
};

/* Whether a node has the key looked for. */
typedef bool (*table_eq)(const struct table_node *, const void *key);

struct table {
	_Atomic(struct table_slots *) slots;	/* NULL: empty */
	struct epoch *epoch;
	table_eq eq;
	size_t n, used;		/* entries; with those removed */
};

/* What stands where an entry was. */
extern struct table_node table_gone;

void table_init(struct table *, struct epoch *, table_eq);
/* Retires the array; the entries stay with their owner. */
void table_free(struct table *);
/*
 * Adds a node, or puts it in the place of the one with the same key, which
 * *old is set to (NULL: none).  At no time does a reader find neither.  -1:
 * no memory, nothing changed.
 */
int table_set(struct table *, struct table_node *, const void *key,
    struct table_node **old);
/* Removes this node, which must be in the table. */
void table_del(struct table *, struct table_node *);
/* Walks, for the control thread: *at starts at 0; NULL at the end. */
struct table_node *table_next(const struct table *, size_t *at);

/* NULL: not there.  For readers within an epoch, and the control thread. */
static inline struct table_node *
table_get(const struct table *t, uint64_t hash, const void *key)
{
	const struct table_slots *s = atomic_load(&t->slots);
	struct table_node *n;

	if (s == NULL)
		return NULL;
	for (size_t i = hash & s->mask;; i = (i + 1) & s->mask) {
		if ((n = atomic_load(&s->slot[i])) == NULL)
			return NULL;
		if (n->hash == hash && n != &table_gone && t->eq(n, key))
			return n;
	}
}

#endif
