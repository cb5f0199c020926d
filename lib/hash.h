/*
 * A hash table that grows: 64-bit keys to pointers, open addressing with
 * linear probing.  Keys need not be well distributed; a seed that outsiders
 * do not know keeps them from choosing collisions.  The table owns neither
 * keys nor values.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_slot {
	uint64_t key;
	void *val;	/* NULL: empty */
};

struct hash {
	struct hash_slot *slots;
	size_t cap;	/* power of two, or 0 */
	size_t n;
	uint64_t seed;
};

/* An empty table; allocates nothing yet. */
void hash_init(struct hash *, uint64_t seed);
/* Releases the table; the values stay with their owners. */
void hash_free(struct hash *);
/*
 * Stores val (not NULL) under key, replacing what was there.  -1: no
 * memory, nothing changed.
 */
int hash_set(struct hash *, uint64_t key, void *val);
/* NULL: not there. */
void *hash_get(const struct hash *, uint64_t key);
/* Removes and returns the value, or NULL.  Shrinks the table in time. */
void *hash_del(struct hash *, uint64_t key);
size_t hash_count(const struct hash *);
/*
 * Walks the table: *at starts at 0; returns the next value, NULL at the
 * end.  The table must not change during the walk.
 */
void *hash_next(const struct hash *, size_t *at);

/* A mixing function for building keys; not a MAC. */
uint64_t hash_mix(uint64_t a, uint64_t b);
/* The same over n bytes. */
uint64_t hash_bytes(const void *, size_t n, uint64_t seed);

#endif
