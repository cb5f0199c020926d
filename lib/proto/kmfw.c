#include "lib/proto/kmfw.h"

#include "lib/proto/super.h"

#include <string.h>

void
kmfw_given_put(struct buf *b, const struct kmfw_given *g)
{
	unsigned i;

	if (g->nnets > KMFW_NETS) {
		b->failed = true;
		return;
	}
	buf_u16(b, g->worker);
	buf_u32(b, g->vip);
	buf_u32(b, g->identity);
	buf_addr(b, &g->addr4);
	buf_addr(b, &g->addr6);
	buf_str(b, g->src_list);
	buf_str(b, g->conn_mark);
	buf_u8(b, g->nnets);
	for (i = 0; i < g->nnets; i++)
		buf_prefix(b, &g->net[i]);
}

static int
addresses_get(struct cur *c, struct kmfw_given *g)
{
	if (cur_addr(c, &g->addr4) == -1 || cur_addr(c, &g->addr6) == -1)
		return -1;
	if (g->addr4.family == AF_UNSPEC && g->addr6.family == AF_UNSPEC)
		return -1;
	return (g->addr4.family == AF_UNSPEC || g->addr4.family == AF_INET) &&
	    (g->addr6.family == AF_UNSPEC || g->addr6.family == AF_INET6) ?
	    0 : -1;
}

int
kmfw_given_get(struct cur *c, struct kmfw_given *g, const char **why)
{
	unsigned i;

	memset(g, 0, sizeof(*g));
	*why = "malformed address from a peer";
	if (cur_u16(c, &g->worker) == -1 || g->worker >= SUPER_WORKERS_MAX ||
	    cur_u32(c, &g->vip) == -1 || g->vip == 0 ||
	    cur_u32(c, &g->identity) == -1 || addresses_get(c, g) == -1 ||
	    cur_str(c, g->src_list, sizeof(g->src_list)) == -1 ||
	    cur_str(c, g->conn_mark, sizeof(g->conn_mark)) == -1 ||
	    cur_u8(c, &g->nnets) == -1 || g->nnets > KMFW_NETS)
		return -1;
	for (i = 0; i < g->nnets; i++)
		if (cur_prefix(c, &g->net[i]) == -1 ||
		    g->net[i].addr.family == AF_UNSPEC)
			return -1;
	return cur_end(c);
}
