#include "keymgr/sel.h"
#include "lib/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct port {
	uint16_t port, mask;
};

/* As many as the worst range of ports needs, 1..65534. */
#define PORTS_MAX	30

bool
sel_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

static int
u16_cmp(uint16_t a, uint16_t b)
{
	return (a > b) - (a < b);
}

static int
prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int c = addr_cmp(&a->addr, &b->addr);

	return c != 0 ? c : u16_cmp(a->bits, b->bits);
}

int
sel_cmp(const struct selector *a, const struct selector *b)
{
	int c;

	if ((c = prefix_cmp(&a->local, &b->local)) != 0 ||
	    (c = prefix_cmp(&a->remote, &b->remote)) != 0 ||
	    (c = u16_cmp(a->proto, b->proto)) != 0 ||
	    (c = u16_cmp(a->lport, b->lport)) != 0 ||
	    (c = u16_cmp(a->lmask, b->lmask)) != 0 ||
	    (c = u16_cmp(a->rport, b->rport)) != 0)
		return c;
	return u16_cmp(a->rmask, b->rmask);
}

static bool
port_covers(uint16_t port, uint16_t mask, uint16_t inner, uint16_t inner_mask)
{
	return (inner_mask & mask) == mask && ((port ^ inner) & mask) == 0;
}

bool
sel_covers(const struct selector *o, const struct selector *i)
{
	return prefix_covers(&o->local, &i->local) &&
	    prefix_covers(&o->remote, &i->remote) &&
	    (o->proto == 0 || o->proto == i->proto) &&
	    port_covers(o->lport, o->lmask, i->lport, i->lmask) &&
	    port_covers(o->rport, o->rmask, i->rport, i->rmask);
}

uint64_t
sel_hash(const struct selector *s, uint64_t seed)
{
	uint64_t h;

	h = addr_hash(&s->local.addr, seed);
	h = hash_mix(h, addr_hash(&s->remote.addr, ~seed));
	h = hash_mix(h, (uint64_t)s->local.bits << 16 |
	    (uint64_t)s->remote.bits << 8 | s->proto);
	return hash_mix(h, (uint64_t)s->lport << 48 |
	    (uint64_t)s->lmask << 32 | (uint64_t)s->rport << 16 | s->rmask);
}

uint64_t
sel_hash_list(const struct selector *s, size_t n, uint64_t seed)
{
	uint64_t h = hash_mix(seed, n);
	size_t i;

	for (i = 0; i < n; i++)
		h = hash_mix(h, sel_hash(&s[i], seed));
	return h;
}

static const char *
port_fmt(uint8_t proto, uint16_t port, uint16_t mask, char *dst, size_t size)
{
	if (proto == 0 && mask == 0)
		dst[0] = '\0';
	else if (mask == 0)
		snprintf(dst, size, "[%u]", proto);
	else if (mask == 0xffff)
		snprintf(dst, size, "[%u/%u]", proto, port);
	else
		snprintf(dst, size, "[%u/%u&0x%04x]", proto, port, mask);
	return dst;
}

const char *
sel_fmt(const struct selector *s, char *dst, size_t size)
{
	char l[PREFIX_STRLEN], r[PREFIX_STRLEN], lp[20], rp[20];

	snprintf(dst, size, "%s%s <-> %s%s",
	    prefix_fmt(&s->local, l, sizeof(l)),
	    port_fmt(s->proto, s->lport, s->lmask, lp, sizeof(lp)),
	    prefix_fmt(&s->remote, r, sizeof(r)),
	    port_fmt(s->proto, s->rport, s->rmask, rp, sizeof(rp)));
	return dst;
}

const char *
tsel_fmt(const struct tsel *t, char *dst, size_t size)
{
	char lo[ADDR_STRLEN], hi[ADDR_STRLEN];

	snprintf(dst, size, "%s-%s[%u/%u-%u]",
	    addr_fmt(&t->lo, lo, sizeof(lo)),
	    addr_fmt(&t->hi, hi, sizeof(hi)), t->proto, t->port_lo,
	    t->port_hi);
	return dst;
}

bool
tsel_covers(const struct tsel *outer, const struct tsel *inner)
{
	return outer->lo.family == inner->lo.family &&
	    outer->hi.family == inner->hi.family &&
	    addr_cmp(&outer->lo, &inner->lo) <= 0 &&
	    addr_cmp(&inner->hi, &outer->hi) <= 0 &&
	    (outer->proto == 0 || outer->proto == inner->proto) &&
	    outer->port_lo <= inner->port_lo &&
	    inner->port_hi <= outer->port_hi;
}

void
tsel_from_prefix(struct tsel *t, const struct prefix *p, uint8_t proto,
    uint16_t port)
{
	memset(t, 0, sizeof(*t));
	t->proto = proto;
	t->port_lo = port;
	t->port_hi = port == 0 ? UINT16_MAX : port;
	prefix_range(p, &t->lo, &t->hi);
}

bool
tsel_is_host(const struct tsel *t, const struct addr *a)
{
	return addr_equal(&t->lo, a) && addr_equal(&t->hi, a);
}

static bool
ports_any(const struct tsel *t)
{
	return t->port_lo == 0 && t->port_hi == UINT16_MAX;
}

/* A range of ports as masked ports: the same as splitting into prefixes. */
static int
ports_split(const struct tsel *t, struct port *out)
{
	uint32_t lo = t->port_lo, hi = t->port_hi, size;
	int n = 0;

	while (lo <= hi && n < PORTS_MAX) {
		size = lo == 0 ? 0x10000 : lo & -lo;
		while (lo + size - 1 > hi)
			size >>= 1;
		out[n].port = (uint16_t)lo;
		out[n++].mask = (uint16_t)~(size - 1);
		lo += size;
	}
	return n;
}

/* The ICMP type and code both sides agree on; RFC 4301 4.4.1.1. */
static int
icmp_ports(const struct tsel *l, const struct tsel *r, struct selector *s)
{
	const struct tsel *t = ports_any(l) ? r : l;

	if (!ports_any(l) && !ports_any(r) &&
	    (l->port_lo != r->port_lo || l->port_hi != r->port_hi))
		return -1;
	if (ports_any(t))
		return 0;
	if (t->port_lo >> 8 != t->port_hi >> 8)
		return -1;
	s->lport = t->port_lo >> 8;
	s->lmask = 0xffff;
	if (t->port_lo == t->port_hi) {
		s->rport = t->port_lo & 0xff;
		s->rmask = 0xffff;
	} else if ((t->port_lo & 0xff) != 0 || (t->port_hi & 0xff) != 0xff)
		return -1;
	return 0;
}

static int
put(struct selector *out, int n, const struct selector *s)
{
	if (n == SEL_MAX)
		return -1;
	out[n] = *s;
	return n + 1;
}

static int
put_ports(struct selector *out, int n, struct selector *s,
    const struct tsel *l, const struct tsel *r)
{
	struct port lp[PORTS_MAX], rp[PORTS_MAX];
	int i, j, nl, nr;

	if (sel_icmp(s->proto))
		return icmp_ports(l, r, s) == -1 ? -1 : put(out, n, s);
	nl = ports_split(l, lp);
	nr = ports_split(r, rp);
	for (i = 0; i < nl; i++) {
		for (j = 0; j < nr && n != -1; j++) {
			s->lport = lp[i].port;
			s->lmask = lp[i].mask;
			s->rport = rp[j].port;
			s->rmask = rp[j].mask;
			n = put(out, n, s);
		}
	}
	return n;
}

static int
put_pair(struct selector *out, int n, const struct tsel *l,
    const struct tsel *r)
{
	struct prefix lp[SEL_MAX], rp[SEL_MAX];
	struct selector s;
	int i, j, nl, nr;

	memset(&s, 0, sizeof(s));
	s.proto = l->proto != 0 ? l->proto : r->proto;
	nl = range_to_prefixes(&l->lo, &l->hi, lp, SEL_MAX);
	nr = range_to_prefixes(&r->lo, &r->hi, rp, SEL_MAX);
	if (nl == -1 || nr == -1 || (size_t)nl * (size_t)nr > SEL_MAX)
		return -1;
	for (i = 0; i < nl; i++) {
		for (j = 0; j < nr && n != -1; j++) {
			s.local = lp[i];
			s.remote = rp[j];
			n = put_ports(out, n, &s, l, r);
		}
	}
	return n;
}

static int
sel_qsort(const void *a, const void *b)
{
	return sel_cmp(a, b);
}

static int
sort_unique(struct selector *s, int n)
{
	int i, k;

	if (n == 0)
		return 0;
	qsort(s, (size_t)n, sizeof(*s), sel_qsort);
	for (i = 1, k = 1; i < n; i++)
		if (sel_cmp(&s[i], &s[k - 1]) != 0)
			s[k++] = s[i];
	return k;
}

int
sel_product(const struct tsel *local, size_t nlocal,
    const struct tsel *remote, size_t nremote, struct selector *out,
    const char **why)
{
	const struct tsel *l, *r;
	int n = 0;

	for (l = local; l < local + nlocal; l++) {
		for (r = remote; r < remote + nremote; r++) {
			if (l->lo.family != r->lo.family)
				continue;
			if (l->proto != 0 && r->proto != 0 &&
			    l->proto != r->proto)
				continue;
			if (l->port_lo > l->port_hi ||
			    r->port_lo > r->port_hi) {
				*why = "opaque ports in a selector";
				return -1;
			}
			if ((n = put_pair(out, n, l, r)) == -1) {
				*why = "selectors too finely split for the "
				    "kernel";
				return -1;
			}
		}
	}
	if (n == 0) {
		*why = "no local selector fits a remote one";
		return -1;
	}
	return sort_unique(out, n);
}
