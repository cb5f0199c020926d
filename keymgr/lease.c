#include "keymgr/lease.h"

#include <stdlib.h>
#include <string.h>

struct lease {
	struct addr addr;
	unsigned worker;
	uint32_t identity;
	bool doubtful;
	struct lease *next;	/* while many are dropped */
};

void
leases_init(struct leases *l, uint64_t seed)
{
	memset(l, 0, sizeof(*l));
	l->seed = seed;
	hash_init(&l->by_addr, seed);
}

void
leases_free(struct leases *l)
{
	struct lease *x;
	size_t at = 0;

	while ((x = hash_next(&l->by_addr, &at)) != NULL)
		free(x);
	hash_free(&l->by_addr);
}

static struct lease *
find(const struct leases *l, const struct addr *a)
{
	struct lease *x = hash_get(&l->by_addr, addr_hash(a, l->seed));

	return x != NULL && addr_equal(&x->addr, a) ? x : NULL;
}

int
leases_set(struct leases *l, unsigned worker, uint32_t identity,
    const struct addr *a)
{
	struct lease *x = find(l, a);

	if (x == NULL) {
		if (hash_count(&l->by_addr) >= LEASES_MAX ||
		    hash_get(&l->by_addr, addr_hash(a, l->seed)) != NULL ||
		    (x = calloc(1, sizeof(*x))) == NULL)
			return -1;
		if (hash_set(&l->by_addr, addr_hash(a, l->seed), x) == -1) {
			free(x);
			return -1;
		}
		x->addr = *a;
	}
	x->worker = worker;
	x->identity = identity;
	x->doubtful = false;
	return 0;
}

static bool
is_of(const struct lease *x, unsigned worker, uint32_t identity)
{
	return x != NULL && x->worker == worker && x->identity == identity;
}

bool
leases_drop(struct leases *l, unsigned worker, uint32_t identity,
    const struct addr *a)
{
	struct lease *x = find(l, a);

	if (!is_of(x, worker, identity))
		return false;
	(void)hash_del(&l->by_addr, addr_hash(a, l->seed));
	free(x);
	return true;
}

bool
leases_has(const struct leases *l, unsigned worker, uint32_t identity,
    const struct addr *a)
{
	if (is_of(find(l, a), worker, identity))
		return true;
	if (l->poll == NULL)
		return false;
	l->poll(l->arg);
	return is_of(find(l, a), worker, identity);
}

void
leases_doubt(struct leases *l)
{
	struct lease *x;
	size_t at = 0;

	while ((x = hash_next(&l->by_addr, &at)) != NULL)
		x->doubtful = true;
}

void
leases_known(struct leases *l)
{
	struct lease *x, *gone = NULL;
	size_t at = 0;

	while ((x = hash_next(&l->by_addr, &at)) != NULL)
		if (x->doubtful) {
			x->next = gone;
			gone = x;
		}
	while ((x = gone) != NULL) {
		gone = x->next;
		(void)hash_del(&l->by_addr, addr_hash(&x->addr, l->seed));
		free(x);
	}
}
