#include "ikepd/tsel.h"

#include "ikepd/text.h"

#include <string.h>

#define PROTO_ICMP	1
#define PROTO_ICMP6	58

static void
ts_set_port(struct ts *t, uint8_t proto, int port)
{
	t->proto = proto;
	if (proto == 0 || port < 0) {
		t->port_lo = 0;
		t->port_hi = TSEL_PORT_MAX;
	} else {
		t->port_lo = t->port_hi = (uint16_t)port;
	}
}

void
ts_from_prefix(struct ts *t, const struct prefix *p, uint8_t proto, int port)
{
	memset(t, 0, sizeof(*t));
	prefix_range(p, &t->lo, &t->hi);
	ts_set_port(t, proto, port);
}

void
ts_from_addr(struct ts *t, const struct addr *a, uint8_t proto, int port)
{
	memset(t, 0, sizeof(*t));
	t->lo = t->hi = *a;
	ts_set_port(t, proto, port);
}

bool
ts_is_opaque(const struct ts *t)
{
	return t->port_lo == TSEL_PORT_MAX && t->port_hi == 0;
}

static bool
ts_any_port(const struct ts *t)
{
	return t->port_lo == 0 && t->port_hi == TSEL_PORT_MAX;
}

bool
ts_equal(const struct ts *a, const struct ts *b)
{
	return a->proto == b->proto && a->port_lo == b->port_lo &&
	    a->port_hi == b->port_hi && addr_equal(&a->lo, &b->lo) &&
	    addr_equal(&a->hi, &b->hi);
}

/* ANY includes OPAQUE; a range does not (RFC 7296 3.13.1). */
static bool
ports_intersect(const struct ts *a, const struct ts *b, struct ts *out)
{
	uint16_t lo, hi;

	if (ts_is_opaque(a) || ts_is_opaque(b)) {
		if (!(ts_is_opaque(a) || ts_any_port(a)) ||
		    !(ts_is_opaque(b) || ts_any_port(b)))
			return false;
		out->port_lo = TSEL_PORT_MAX;
		out->port_hi = 0;
		return true;
	}
	lo = a->port_lo > b->port_lo ? a->port_lo : b->port_lo;
	hi = a->port_hi < b->port_hi ? a->port_hi : b->port_hi;
	if (lo > hi)
		return false;
	out->port_lo = lo;
	out->port_hi = hi;
	return true;
}

bool
ts_intersect(const struct ts *a, const struct ts *b, struct ts *out)
{
	struct ts t = { 0 };

	if (a->lo.family != b->lo.family ||
	    (a->proto != b->proto && a->proto != 0 && b->proto != 0))
		return false;
	t.proto = a->proto != 0 ? a->proto : b->proto;
	t.lo = addr_cmp(&a->lo, &b->lo) > 0 ? a->lo : b->lo;
	t.hi = addr_cmp(&a->hi, &b->hi) < 0 ? a->hi : b->hi;
	if (addr_cmp(&t.lo, &t.hi) > 0 || !ports_intersect(a, b, &t))
		return false;
	*out = t;
	return true;
}

bool
ts_covers(const struct ts *outer, const struct ts *inner)
{
	struct ts t;

	return ts_intersect(outer, inner, &t) && ts_equal(&t, inner);
}

bool
ts_single(const struct ts *t, struct addr *a)
{
	if (!addr_equal(&t->lo, &t->hi))
		return false;
	*a = t->lo;
	return true;
}

static bool
list_covers(const struct ts_list *l, const struct ts *t)
{
	for (unsigned i = 0; i < l->n; i++)
		if (ts_covers(&l->ts[i], t))
			return true;
	return false;
}

void
tsel_set(struct ts_list *l, const struct ts *ts, unsigned n)
{
	l->n = n;
	l->ignored = 0;
	if (n > 0)
		memcpy(l->ts, ts, n * sizeof(*ts));
}

int
tsel_add(struct ts_list *l, const struct ts *t)
{
	if (list_covers(l, t))
		return 0;
	if (l->n >= TS_MAX)
		return -1;
	l->ts[l->n++] = *t;
	return 0;
}

void
tsel_put_first(struct ts_list *l, const struct ts *packet)
{
	struct ts t = *packet;

	if (!list_covers(l, &t) || (l->n > 0 && ts_equal(&l->ts[0], &t)))
		return;
	if (l->n < TS_MAX)
		l->n++;
	memmove(&l->ts[1], &l->ts[0], (l->n - 1) * sizeof(l->ts[0]));
	l->ts[0] = t;
}

bool
tsel_covers(const struct ts_list *outer, const struct ts_list *inner)
{
	for (unsigned i = 0; i < inner->n; i++)
		if (!list_covers(outer, &inner->ts[i]))
			return false;
	return true;
}

bool
tsel_equal(const struct ts_list *a, const struct ts_list *b)
{
	return tsel_covers(a, b) && tsel_covers(b, a);
}

/*
 * Adds a part of the result.  Parts that it covers go; the place of the
 * first of them is kept, so that what the peer named first stays first.
 */
static void
narrow_add(struct ts_list *l, const struct ts *t)
{
	unsigned n = 0;
	bool placed = false;

	if (list_covers(l, t))
		return;
	for (unsigned i = 0; i < l->n; i++) {
		if (!ts_covers(t, &l->ts[i])) {
			l->ts[n++] = l->ts[i];
		} else if (!placed) {
			l->ts[n++] = *t;
			placed = true;
		}
	}
	if (!placed && n < TS_MAX)
		l->ts[n++] = *t;
	l->n = n;
}

enum tsel_result
tsel_narrow(struct ts_list *out, const struct ts_list *proposed,
    const struct ts_list *policy)
{
	struct ts t;

	out->n = out->ignored = 0;
	for (unsigned i = 0; i < proposed->n; i++)
		for (unsigned j = 0; j < policy->n; j++)
			if (ts_intersect(&proposed->ts[i], &policy->ts[j], &t))
				narrow_add(out, &t);
	if (out->n == 0)
		return TSEL_NONE;
	return proposed->ignored == 0 && tsel_covers(out, proposed) ?
	    TSEL_WHOLE : TSEL_NARROWED;
}

int
tsel_substitute(struct ts_list *l, const struct addr *a, struct addr *old)
{
	struct addr first, x;

	if (l->n == 0 || !ts_single(&l->ts[0], &first))
		return -1;
	for (unsigned i = 1; i < l->n; i++)
		if (!ts_single(&l->ts[i], &x) || !addr_equal(&x, &first))
			return -1;
	for (unsigned i = 0; i < l->n; i++)
		l->ts[i].lo = l->ts[i].hi = *a;
	if (old != NULL)
		*old = first;
	return 0;
}

int
ts_prefixes(const struct ts *t, struct prefix *out, size_t max)
{
	return range_to_prefixes(&t->lo, &t->hi, out, max);
}

int
ts_port_mask(const struct ts *t, uint16_t *port, uint16_t *mask)
{
	uint16_t diff = t->port_lo ^ t->port_hi;

	if (ts_is_opaque(t))
		return -1;
	/* lo is aligned to a power of two and hi is the end of that block */
	if ((diff & (diff + 1)) != 0 || (t->port_lo & diff) != 0)
		return -1;
	*port = t->port_lo;
	*mask = (uint16_t)~diff;
	return 0;
}

static void
text_proto(struct text *t, uint8_t proto)
{
	static const struct {
		uint8_t proto;
		const char *name;
	} names[] = {
		{ 1, "icmp" }, { 2, "igmp" }, { 4, "ipip" }, { 6, "tcp" },
		{ 17, "udp" }, { 47, "gre" }, { 50, "esp" }, { 51, "ah" },
		{ 58, "icmpv6" }, { 89, "ospf" }, { 115, "l2tp" },
		{ 132, "sctp" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].proto == proto) {
			text_add(t, "%s", names[i].name);
			return;
		}
	}
	text_add(t, "%u", proto);
}

/* ICMP has type and code in one number (RFC 7296 3.13.1). */
static void
text_ports(struct text *t, const struct ts *s)
{
	if (ts_is_opaque(s)) {
		text_add(t, "/opaque");
	} else if (s->proto == PROTO_ICMP || s->proto == PROTO_ICMP6) {
		text_add(t, "/%u(%u)", s->port_lo >> 8, s->port_lo & 0xff);
		if (s->port_lo != s->port_hi)
			text_add(t, "-%u(%u)", s->port_hi >> 8,
			    s->port_hi & 0xff);
	} else if (s->port_lo == s->port_hi) {
		text_add(t, "/%u", s->port_lo);
	} else {
		text_add(t, "/%u-%u", s->port_lo, s->port_hi);
	}
}

static void
text_ts(struct text *t, const struct ts *s)
{
	char a[PREFIX_STRLEN];
	struct prefix p;

	if (range_to_prefixes(&s->lo, &s->hi, &p, 1) == 1) {
		text_add(t, "%s", prefix_fmt(&p, a, sizeof(a)));
	} else {
		text_add(t, "%s..", addr_fmt(&s->lo, a, sizeof(a)));
		text_add(t, "%s", addr_fmt(&s->hi, a, sizeof(a)));
	}
	if (s->proto == 0 && ts_any_port(s))
		return;
	text_add(t, "[");
	text_proto(t, s->proto);
	if (!ts_any_port(s))
		text_ports(t, s);
	text_add(t, "]");
}

const char *
ts_fmt(const struct ts *s, char *dst, size_t size)
{
	struct text t;

	text_init(&t, dst, size);
	text_ts(&t, s);
	return dst;
}

const char *
tsel_fmt(const struct ts_list *l, char *dst, size_t size)
{
	struct text t;

	text_init(&t, dst, size);
	if (l->n == 0)
		text_add(&t, "-");
	for (unsigned i = 0; i < l->n; i++) {
		if (i > 0)
			text_add(&t, " ");
		text_ts(&t, &l->ts[i]);
	}
	return dst;
}
