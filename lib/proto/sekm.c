#include "lib/proto/sekm.h"

#include "lib/proto/super.h"

#include <string.h>

void
sekm_lease_put(struct buf *b, const struct sekm_lease *l)
{
	buf_u8(b, l->worker);
	buf_u32(b, l->identity);
	buf_addr(b, &l->addr);
}

int
sekm_lease_get(struct cur *c, struct sekm_lease *l, const char **why)
{
	memset(l, 0, sizeof(*l));
	*why = "malformed lease";
	if (cur_u8(c, &l->worker) == -1 || l->worker >= SUPER_WORKERS_MAX ||
	    cur_u32(c, &l->identity) == -1 || cur_addr(c, &l->addr) == -1 ||
	    l->addr.family == AF_UNSPEC)
		return -1;
	return cur_end(c);
}
