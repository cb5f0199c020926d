#include "lib/proto/sedhcp.h"

#include <string.h>

void
sedhcp_ask_put(struct buf *b, const struct addr *a)
{
	buf_addr(b, a);
}

int
sedhcp_ask_get(struct cur *c, struct addr *a, const char **why)
{
	*why = "malformed question";
	if (cur_addr(c, a) == -1 || a->family != AF_INET || cur_end(c) == -1)
		return -1;
	return 0;
}

void
sedhcp_put(struct buf *b, const struct sedhcp *s)
{
	unsigned i;

	if (s->nroutes > SEDHCP_ROUTES || s->ndns > SEDHCP_DNS) {
		b->failed = true;
		return;
	}
	buf_u8(b, s->there);
	buf_addr(b, &s->addr);
	buf_u8(b, (uint8_t)s->nroutes);
	for (i = 0; i < s->nroutes; i++)
		buf_prefix(b, &s->route[i]);
	buf_u8(b, (uint8_t)s->ndns);
	for (i = 0; i < s->ndns; i++)
		buf_addr(b, &s->dns[i]);
	buf_str(b, s->domain);
}

static int
lists_get(struct cur *c, struct sedhcp *s)
{
	uint8_t n;

	if (cur_u8(c, &n) == -1 || n > SEDHCP_ROUTES)
		return -1;
	for (; s->nroutes < n; s->nroutes++)
		if (cur_prefix(c, &s->route[s->nroutes]) == -1 ||
		    s->route[s->nroutes].addr.family != AF_INET)
			return -1;
	if (cur_u8(c, &n) == -1 || n > SEDHCP_DNS)
		return -1;
	for (; s->ndns < n; s->ndns++)
		if (cur_addr(c, &s->dns[s->ndns]) == -1 ||
		    s->dns[s->ndns].family != AF_INET)
			return -1;
	return 0;
}

int
sedhcp_get(struct cur *c, struct sedhcp *s, const char **why)
{
	uint8_t there;

	memset(s, 0, sizeof(*s));
	*why = "malformed answer";
	if (cur_u8(c, &there) == -1 || there > 1 ||
	    cur_addr(c, &s->addr) == -1 || s->addr.family != AF_INET ||
	    lists_get(c, s) == -1 ||
	    cur_str(c, s->domain, sizeof(s->domain)) == -1 ||
	    cur_end(c) == -1)
		return -1;
	s->there = there == 1;
	return 0;
}
