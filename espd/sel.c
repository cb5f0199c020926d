#include "espd/sel.h"

#include <string.h>

static void
mask_bits(uint8_t *out, uint8_t bits)
{
	memset(out, 0xff, bits / 8);
	if (bits % 8 != 0)
		out[bits / 8] = (uint8_t)(0xff00 >> bits % 8);
}

int
sel_flow(const struct sel *s, struct flow *key, struct flow *mask)
{
	const struct addr *l = &s->local.addr, *r = &s->remote.addr;

	if (l->family != r->family || addr_len(l) == 0 ||
	    s->local.bits > addr_bits(l) || s->remote.bits > addr_bits(r) ||
	    (s->proto == 0 && (s->lmask | s->rmask) != 0))
		return -1;
	memset(key, 0, sizeof(*key));
	memset(mask, 0, sizeof(*mask));
	mask_bits(mask->local, s->local.bits);
	mask_bits(mask->remote, s->remote.bits);
	mask->lport = s->lmask;
	mask->rport = s->rmask;
	mask->proto = s->proto == 0 ? 0 : 0xff;
	mask->version = 0xff;
	memcpy(key->local, l->b, addr_len(l));
	memcpy(key->remote, r->b, addr_len(r));
	key->lport = s->lport;
	key->rport = s->rport;
	key->proto = s->proto;
	key->version = l->family == AF_INET ? 4 : 6;
	*key = flow_mask(key, mask);
	return 0;
}

static void
host(struct prefix *p, const uint8_t *b, uint8_t version)
{
	memset(p, 0, sizeof(*p));
	p->addr.family = version == 4 ? AF_INET : AF_INET6;
	memcpy(p->addr.b, b, version == 4 ? 4 : 16);
	p->bits = addr_bits(&p->addr);
}

void
sel_exact(struct sel *s, const struct flow *f)
{
	memset(s, 0, sizeof(*s));
	host(&s->local, f->local, f->version);
	host(&s->remote, f->remote, f->version);
	s->proto = f->proto;
	s->lport = f->lport;
	s->rport = f->rport;
	switch (f->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!f->opaque)
			s->lmask = s->rmask = UINT16_MAX;
	}
}
