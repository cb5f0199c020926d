/*
 * Questions to another process that wait for their answers.  Answers come
 * in the order of the questions, so finding one costs nothing; an answer
 * out of order is found too.
 */
#ifndef IKEPD_PENDING_H
#define IKEPD_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pending_item {
	uint32_t id;	/* of the message */
	uint32_t key;	/* what it was about */
	int kind;	/* the owner's */
};

struct pending {
	struct pending_item *items;	/* ring */
	size_t head, n, cap;
};

/* Appends.  -1: no memory. */
int pending_add(struct pending *, const struct pending_item *);
/* Takes out the item with this id; false: there is none. */
bool pending_take(struct pending *, uint32_t id, struct pending_item *);
/* Borrows the item with this id until the queue changes; NULL: none. */
const struct pending_item *pending_find(struct pending *, uint32_t id);
/* Takes out the oldest; false: empty. */
bool pending_pop(struct pending *, struct pending_item *);
/* Releases the memory; the queue is empty and usable. */
void pending_free(struct pending *);

#endif
