#include "ikepd/pending.h"

#include <stdlib.h>
#include <string.h>

static struct pending_item *
item_at(struct pending *p, size_t i)
{
	return &p->items[(p->head + i) & (p->cap - 1)];
}

static int
pending_grow(struct pending *p)
{
	size_t i, cap = p->cap == 0 ? 16 : p->cap * 2;
	struct pending_item *items = calloc(cap, sizeof(*items));

	if (items == NULL)
		return -1;
	for (i = 0; i < p->n; i++)
		items[i] = *item_at(p, i);
	free(p->items);
	p->items = items;
	p->head = 0;
	p->cap = cap;
	return 0;
}

int
pending_add(struct pending *p, const struct pending_item *item)
{
	if (p->n == p->cap && pending_grow(p) == -1)
		return -1;
	*item_at(p, p->n++) = *item;
	return 0;
}

bool
pending_pop(struct pending *p, struct pending_item *item)
{
	if (p->n == 0)
		return false;
	*item = *item_at(p, 0);
	p->head = (p->head + 1) & (p->cap - 1);
	p->n--;
	return true;
}

const struct pending_item *
pending_find(struct pending *p, uint32_t id)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (item_at(p, i)->id == id)
			return item_at(p, i);
	return NULL;
}

bool
pending_take(struct pending *p, uint32_t id, struct pending_item *item)
{
	size_t i;

	for (i = 0; i < p->n && item_at(p, i)->id != id; i++)
		continue;
	if (i == p->n)
		return false;
	*item = *item_at(p, i);
	for (; i > 0; i--)
		*item_at(p, i) = *item_at(p, i - 1);
	p->head = (p->head + 1) & (p->cap - 1);
	p->n--;
	return true;
}

void
pending_free(struct pending *p)
{
	free(p->items);
	memset(p, 0, sizeof(*p));
}
