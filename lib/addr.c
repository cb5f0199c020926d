#include "lib/addr.h"

#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

size_t
addr_len(const struct addr *a)
{
	switch (a->family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

uint8_t
addr_bits(const struct addr *a)
{
	return (uint8_t)(addr_len(a) * 8);
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return addr_len(a) < addr_len(b) ? -1 : 1;
	return memcmp(a->b, b->b, addr_len(a));
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

bool
addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, addr_len(a)) == 0;
}

int
addr_from_bytes(struct addr *a, const uint8_t *p, size_t n)
{
	if (n != 4 && n != 16)
		return -1;
	memset(a, 0, sizeof(*a));
	a->family = n == 4 ? AF_INET : AF_INET6;
	memcpy(a->b, p, n);
	return 0;
}

int
addr_parse(struct addr *a, const char *s)
{
	uint8_t raw[16];

	if (inet_pton(AF_INET, s, raw) == 1)
		return addr_from_bytes(a, raw, 4);
	if (inet_pton(AF_INET6, s, raw) == 1)
		return addr_from_bytes(a, raw, 16);
	return -1;
}

const char *
addr_fmt(const struct addr *a, char *dst, size_t size)
{
	char s[ADDR_STRLEN] = "none";

	if (addr_len(a) != 0)
		inet_ntop(a->family, a->b, s, sizeof(s));
	snprintf(dst, size, "%s", s);
	return dst;
}

const char *
endpoint_fmt(const struct endpoint *e, char *dst, size_t size)
{
	char s[ADDR_STRLEN];

	addr_fmt(&e->addr, s, sizeof(s));
	snprintf(dst, size, e->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
	    s, e->port);
	return dst;
}

/* Decimal digits only, no sign, no space, at most max. */
static int
parse_bits(const char *s, uint8_t max, uint8_t *bits)
{
	unsigned v = 0;

	if (*s == '\0' || strlen(s) > 3)
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (unsigned)(*s - '0');
	}
	if (v > max)
		return -1;
	*bits = (uint8_t)v;
	return 0;
}

int
prefix_parse(struct prefix *p, const char *s, bool strict)
{
	struct prefix t;
	struct addr whole;
	char host[ADDR_STRLEN];
	const char *slash = strchr(s, '/');
	size_t n = slash != NULL ? (size_t)(slash - s) : strlen(s);

	if (n >= sizeof(host))
		return -1;
	memcpy(host, s, n);
	host[n] = '\0';
	if (addr_parse(&t.addr, host) == -1)
		return -1;
	t.bits = addr_bits(&t.addr);
	if (slash != NULL && parse_bits(slash + 1, t.bits, &t.bits) == -1)
		return -1;
	whole = t.addr;
	prefix_mask(&t);
	if (strict && !addr_equal(&whole, &t.addr))
		return -1;
	*p = t;
	return 0;
}

const char *
prefix_fmt(const struct prefix *p, char *dst, size_t size)
{
	char s[ADDR_STRLEN];

	snprintf(dst, size, "%s/%u", addr_fmt(&p->addr, s, sizeof(s)),
	    p->bits);
	return dst;
}

/* The bits of byte i that belong to the network part. */
static uint8_t
netmask_byte(uint8_t bits, size_t i)
{
	if (bits >= (i + 1) * 8)
		return 0xff;
	if (bits <= i * 8)
		return 0;
	return (uint8_t)(0xff << (8 - bits % 8));
}

void
prefix_mask(struct prefix *p)
{
	for (size_t i = 0; i < addr_len(&p->addr); i++)
		p->addr.b[i] &= netmask_byte(p->bits, i);
}

bool
prefix_has(const struct prefix *p, const struct addr *a)
{
	if (p->addr.family != a->family)
		return false;
	for (size_t i = 0; i < addr_len(a); i++)
		if ((p->addr.b[i] ^ a->b[i]) & netmask_byte(p->bits, i))
			return false;
	return true;
}

bool
prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->bits <= inner->bits && prefix_has(outer, &inner->addr);
}

bool
prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && addr_equal(&a->addr, &b->addr);
}

void
prefix_range(const struct prefix *p, struct addr *lo, struct addr *hi)
{
	struct prefix t = *p;

	prefix_mask(&t);
	*lo = *hi = t.addr;
	for (size_t i = 0; i < addr_len(hi); i++)
		hi->b[i] |= (uint8_t)~netmask_byte(p->bits, i);
}

/* The widest prefix that starts at lo and does not reach beyond hi. */
static void
widest_prefix(const struct addr *lo, const struct addr *hi, struct prefix *out,
    struct addr *last)
{
	struct prefix wider;
	struct addr first, end;

	out->addr = *lo;
	out->bits = addr_bits(lo);
	*last = *lo;
	while (out->bits > 0) {
		wider = *out;
		wider.bits--;
		prefix_range(&wider, &first, &end);
		if (!addr_equal(&first, lo) || addr_cmp(&end, hi) > 0)
			break;
		*out = wider;
		*last = end;
	}
}

int
range_to_prefixes(const struct addr *lo, const struct addr *hi,
    struct prefix *out, size_t max)
{
	struct addr at = *lo, last;
	size_t n = 0;

	for (;;) {
		if (n == max)
			return -1;
		widest_prefix(&at, hi, &out[n++], &last);
		if (addr_cmp(&last, hi) >= 0 || !addr_next(&last, &at))
			return (int)n;
	}
}

int
range_parse(struct addr *lo, struct addr *hi, const char *s)
{
	const char *dash = strchr(s, '-');
	char first[ADDR_STRLEN];
	struct prefix p;

	if (dash == NULL) {
		if (prefix_parse(&p, s, true) == -1)
			return -1;
		prefix_range(&p, lo, hi);
		return 0;
	}
	if ((size_t)(dash - s) >= sizeof(first))
		return -1;
	memcpy(first, s, (size_t)(dash - s));
	first[dash - s] = '\0';
	if (addr_parse(lo, first) == -1 || addr_parse(hi, dash + 1) == -1 ||
	    lo->family != hi->family || addr_cmp(lo, hi) > 0)
		return -1;
	return 0;
}

bool
addr_next(const struct addr *a, struct addr *next)
{
	size_t i = addr_len(a);

	*next = *a;
	while (i-- > 0)
		if (++next->b[i] != 0)
			return true;
	return false;
}

bool
addr_prev(const struct addr *a, struct addr *prev)
{
	size_t i = addr_len(a);

	*prev = *a;
	while (i-- > 0)
		if (prev->b[i]-- != 0)
			return true;
	return false;
}

int
endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr *sa,
    socklen_t len)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	const uint8_t *p;

	if (len >= sizeof(sin) && sa->sa_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		e->port = ntohs(sin.sin_port);
		return addr_from_bytes(&e->addr,
		    (const uint8_t *)&sin.sin_addr, 4);
	}
	if (len >= sizeof(sin6) && sa->sa_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		e->port = ntohs(sin6.sin6_port);
		p = sin6.sin6_addr.s6_addr;
		if (memcmp(p, mapped, sizeof(mapped)) == 0)
			return addr_from_bytes(&e->addr, p + 12, 4);
		return addr_from_bytes(&e->addr, p, 16);
	}
	return -1;
}

socklen_t
endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	memset(ss, 0, sizeof(*ss));
	if (e->addr.family == AF_INET) {
		sin.sin_port = htons(e->port);
		memcpy(&sin.sin_addr, e->addr.b, 4);
		memcpy(ss, &sin, sizeof(sin));
		return sizeof(sin);
	}
	if (e->addr.family == AF_INET6) {
		sin6.sin6_port = htons(e->port);
		memcpy(&sin6.sin6_addr, e->addr.b, 16);
		memcpy(ss, &sin6, sizeof(sin6));
		return sizeof(sin6);
	}
	return 0;
}

bool
endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

/* Every output bit depends on every input bit. */
static uint64_t
mix64(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

uint64_t
addr_hash(const struct addr *a, uint64_t seed)
{
	uint64_t half[2] = { 0, 0 };

	memcpy(half, a->b, addr_len(a));
	seed = mix64(seed ^ half[0] ^ a->family);
	return mix64(seed + (half[1] ^ UINT64_C(0x9e3779b97f4a7c15)));
}

void
buf_addr(struct buf *b, const struct addr *a)
{
	size_t n = addr_len(a);

	buf_u8(b, n == 4 ? 4 : n == 16 ? 6 : 0);
	buf_put(b, a->b, n);
}

int
cur_addr(struct cur *c, struct addr *a)
{
	struct cur t = *c;
	const uint8_t *p;
	uint8_t family;

	if (cur_u8(&t, &family) == -1)
		return -1;
	if (family == 0) {
		memset(a, 0, sizeof(*a));
	} else {
		size_t n = family == 4 ? 4 : 16;

		if ((family != 4 && family != 6) || cur_ref(&t, &p, n) == -1)
			return -1;
		addr_from_bytes(a, p, n);
	}
	*c = t;
	return 0;
}

void
buf_endpoint(struct buf *b, const struct endpoint *e)
{
	buf_addr(b, &e->addr);
	buf_u16(b, e->port);
}

int
cur_endpoint(struct cur *c, struct endpoint *e)
{
	struct cur t = *c;
	struct endpoint v;

	if (cur_addr(&t, &v.addr) == -1 || cur_u16(&t, &v.port) == -1)
		return -1;
	*e = v;
	*c = t;
	return 0;
}

void
buf_prefix(struct buf *b, const struct prefix *p)
{
	buf_addr(b, &p->addr);
	buf_u8(b, p->bits);
}

int
cur_prefix(struct cur *c, struct prefix *p)
{
	struct cur t = *c;
	struct prefix v, masked;

	if (cur_addr(&t, &v.addr) == -1 || cur_u8(&t, &v.bits) == -1 ||
	    v.bits > addr_bits(&v.addr))
		return -1;
	masked = v;
	prefix_mask(&masked);
	if (!prefix_equal(&masked, &v))
		return -1;
	*p = v;
	*c = t;
	return 0;
}
