#include "espd/epoch.h"

#include <string.h>

void
epoch_init(struct epoch *e)
{
	memset(e, 0, sizeof(*e));
	atomic_store(&e->now, 1);
	e->last = &e->first;
}

void
epoch_next(struct epoch *e)
{
	atomic_fetch_add(&e->now, 1);
}

static void
release_upto(struct epoch *e, uint64_t oldest)
{
	struct epoch_item *i;

	while ((i = e->first) != NULL && i->at <= oldest) {
		if ((e->first = i->next) == NULL)
			e->last = &e->first;
		e->left--;
		i->release(i);
	}
}

void
epoch_end(struct epoch *e)
{
	release_upto(e, UINT64_MAX);
}

/*
 * The item is unreachable already, so whoever enters from now on, and so
 * reads the number stored here or a later one, cannot find it.
 */
void
epoch_retire(struct epoch *e, struct epoch_item *i,
    void (*release)(struct epoch_item *))
{
	i->at = atomic_fetch_add(&e->now, 1) + 1;
	i->release = release;
	i->next = NULL;
	*e->last = i;
	e->last = &i->next;
	e->left++;
}

unsigned
epoch_reclaim(struct epoch *e)
{
	uint64_t oldest = UINT64_MAX, at;

	for (unsigned t = 0; t < EPOCH_THREADS; t++) {
		at = atomic_load(&e->slot[t].at);
		if (at != 0 && at < oldest)
			oldest = at;
	}
	release_upto(e, oldest);
	return e->left;
}
