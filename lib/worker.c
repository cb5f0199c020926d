#include "lib/worker.h"

#include <stddef.h>

unsigned
worker_of_addr(const struct addr *a, unsigned workers)
{
	size_t i, n = addr_len(a);
	uint32_t h = 0;

	for (i = 0; i + 4 <= n; i += 4)
		h ^= (uint32_t)a->b[i] << 24 | (uint32_t)a->b[i + 1] << 16 |
		    (uint32_t)a->b[i + 2] << 8 | a->b[i + 3];
	return (h * WORKER_MUL >> WORKER_SHIFT) % workers;
}

unsigned
worker_of_peer(const struct prefix *p, uint32_t id, unsigned workers)
{
	if (workers <= 1)
		return 0;
	if (p != NULL && p->addr.family != AF_UNSPEC &&
	    p->bits == addr_bits(&p->addr))
		return worker_of_addr(&p->addr, workers);
	return id % workers;
}
