/* Traffic selector sets: RFC 7296 2.9, 2.23.1, 3.13.1. */
#include "ikepd/tsel.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "10.0.0.0/24" with protocol and port range; hi -1: any. */
static struct ts
mk(const char *net, uint8_t proto, int lo, int hi)
{
	struct prefix p;
	struct ts t;

	ck_assert_int_eq(prefix_parse(&p, net, true), 0);
	ts_from_prefix(&t, &p, proto, lo);
	if (hi >= 0)
		t.port_hi = (uint16_t)hi;
	return t;
}

static struct ts
mk_range(const char *lo, const char *hi)
{
	struct ts t = { .port_hi = 0xffff };

	ck_assert_int_eq(addr_parse(&t.lo, lo), 0);
	ck_assert_int_eq(addr_parse(&t.hi, hi), 0);
	return t;
}

static struct ts
mk_opaque(const char *net, uint8_t proto)
{
	struct ts t = mk(net, proto, -1, -1);

	t.port_lo = 0xffff;
	t.port_hi = 0;
	return t;
}

static const char *
show(const struct ts_list *l)
{
	static char s[2048];

	return tsel_fmt(l, s, sizeof(s));
}

START_TEST(intersect)
{
	struct {
		struct ts a, b;
		const char *want;	/* NULL: nothing in common */
	} rows[] = {
		{ mk("10.0.0.0/8", 0, -1, -1), mk("10.1.0.0/16", 0, -1, -1),
		    "10.1.0.0/16" },
		{ mk("10.0.0.0/8", 0, -1, -1), mk("11.0.0.0/8", 0, -1, -1),
		    NULL },
		{ mk("0.0.0.0/0", 0, -1, -1), mk("::/0", 0, -1, -1), NULL },
		{ mk("10.0.0.0/8", 17, 53, -1), mk("10.1.0.0/16", 0, -1, -1),
		    "10.1.0.0/16[udp/53]" },
		{ mk("10.0.0.0/8", 17, 53, -1), mk("10.1.0.0/16", 6, -1, -1),
		    NULL },
		{ mk("10.0.0.0/8", 6, 80, 443), mk("10.0.0.0/8", 6, 100, 999),
		    "10.0.0.0/8[tcp/100-443]" },
		{ mk("10.0.0.0/8", 6, 80, 90), mk("10.0.0.0/8", 6, 91, 99),
		    NULL },
		{ mk_range("10.0.0.3", "10.0.0.9"),
		    mk_range("10.0.0.6", "10.0.0.20"), "10.0.0.6..10.0.0.9" },
		{ mk_opaque("10.0.0.0/8", 17), mk("10.0.0.0/8", 0, -1, -1),
		    "10.0.0.0/8[udp/opaque]" },
		{ mk_opaque("10.0.0.0/8", 17), mk_opaque("10.0.0.0/8", 17),
		    "10.0.0.0/8[udp/opaque]" },
		{ mk_opaque("10.0.0.0/8", 17), mk("10.0.0.0/8", 17, 1, 99),
		    NULL },
		{ mk("2001:db8::/32", 58, 128 << 8, -1),
		    mk("2001:db8:1::/48", 0, -1, -1),
		    "2001:db8:1::/48[icmpv6/128(0)]" },
	};
	char s[TS_STRLEN];
	struct ts t;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool hit = ts_intersect(&rows[i].a, &rows[i].b, &t);

		ck_assert_msg(hit == (rows[i].want != NULL), "row %zu", i);
		ck_assert(ts_intersect(&rows[i].b, &rows[i].a, &t) == hit);
		if (hit)
			ck_assert_str_eq(ts_fmt(&t, s, sizeof(s)),
			    rows[i].want);
	}
}
END_TEST

START_TEST(formatting)
{
	struct ts_list l = { 0 };
	char s[TS_STRLEN], tiny[12];
	struct ts t;

	ck_assert_str_eq(show(&l), "-");
	t = mk("0.0.0.0/0", 0, -1, -1);
	tsel_add(&l, &t);
	t = mk("2001:db8::/64", 132, 9, -1);
	tsel_add(&l, &t);
	ck_assert_str_eq(show(&l), "0.0.0.0/0 2001:db8::/64[sctp/9]");
	ck_assert_str_eq(tsel_fmt(&l, tiny, sizeof(tiny)), "0.0.0.0/...");
	t = mk("10.0.0.1/32", 1, 8 << 8, (8 << 8) + 255);
	ck_assert_str_eq(ts_fmt(&t, s, sizeof(s)),
	    "10.0.0.1/32[icmp/8(0)-8(255)]");
	t = mk("10.0.0.1/32", 200, -1, -1);
	ck_assert_str_eq(ts_fmt(&t, s, sizeof(s)), "10.0.0.1/32[200]");
	t = mk_range("ffff:ffff:ffff:ffff:ffff:ffff:ffff:1",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0");
	t.proto = 6;
	t.port_lo = 10000;
	t.port_hi = 20000;
	ck_assert_str_eq(ts_fmt(&t, s, sizeof(s)),
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:1.."
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0[tcp/10000-20000]");
}
END_TEST

START_TEST(adding)
{
	struct ts_list l = { 0 };
	struct ts t;
	char net[32];

	t = mk("10.0.0.0/8", 0, -1, -1);
	ck_assert_int_eq(tsel_add(&l, &t), 0);
	t = mk("10.1.0.0/16", 17, -1, -1);
	ck_assert_int_eq(tsel_add(&l, &t), 0);
	ck_assert_uint_eq(l.n, 1);	/* covered already */
	for (unsigned i = 1; i < TS_MAX; i++) {
		snprintf(net, sizeof(net), "192.168.%u.0/24", i);
		t = mk(net, 0, -1, -1);
		ck_assert_int_eq(tsel_add(&l, &t), 0);
	}
	t = mk("172.16.0.0/12", 0, -1, -1);
	ck_assert_int_eq(tsel_add(&l, &t), -1);
	t = mk("10.9.9.9/32", 6, 80, -1);
	tsel_put_first(&l, &t);
	ck_assert_uint_eq(l.n, TS_MAX);
	ck_assert(ts_equal(&l.ts[0], &t));
	tsel_put_first(&l, &t);		/* it is there already */
	ck_assert(!ts_equal(&l.ts[1], &t));
	t = mk("172.16.0.1/32", 6, 80, -1);
	tsel_put_first(&l, &t);		/* not within the set */
	ck_assert(!ts_equal(&l.ts[0], &t));
}
END_TEST

START_TEST(covering)
{
	struct ts_list a = { 0 }, b = { 0 };
	struct ts t;

	t = mk("10.0.0.0/24", 0, -1, -1);
	tsel_add(&a, &t);
	t = mk("10.0.1.0/24", 0, -1, -1);
	tsel_add(&a, &t);
	tsel_add(&b, &t);
	ck_assert(tsel_covers(&a, &b));
	ck_assert(!tsel_covers(&b, &a));
	ck_assert(!tsel_equal(&a, &b));
	t = mk("10.0.0.0/24", 0, -1, -1);
	tsel_add(&b, &t);
	ck_assert(tsel_equal(&a, &b));	/* the order does not matter */
	t = mk("10.0.0.0/24", 17, -1, -1);
	b.ts[1] = t;
	ck_assert(!tsel_equal(&a, &b));
}
END_TEST

START_TEST(narrowing)
{
	struct ts_list prop = { 0 }, pol = { 0 }, out;
	struct ts t;

	/* RFC 7296 2.9: the packet, then the range; policy allows part */
	prop.n = 2;
	prop.ts[0] = mk("198.51.100.43/32", 6, 1025, -1);
	prop.ts[1] = mk("198.51.100.0/24", 0, -1, -1);
	t = mk("198.51.100.0/26", 0, -1, -1);
	tsel_add(&pol, &t);
	ck_assert_int_eq(tsel_narrow(&out, &prop, &pol), TSEL_NARROWED);
	ck_assert_str_eq(show(&out), "198.51.100.0/26");
	ck_assert(ts_covers(&out.ts[0], &prop.ts[0]));
	/* several parts; the packet's comes first whatever the policy's order */
	pol.n = 2;
	pol.ts[0] = mk("198.51.100.64/26", 0, -1, -1);
	pol.ts[1] = mk("198.51.100.0/26", 0, -1, -1);
	ck_assert_int_eq(tsel_narrow(&out, &prop, &pol), TSEL_NARROWED);
	ck_assert_str_eq(show(&out), "198.51.100.0/26 198.51.100.64/26");
	/* wider policy: all of it */
	pol.n = 1;
	pol.ts[0] = mk("0.0.0.0/0", 0, -1, -1);
	ck_assert_int_eq(tsel_narrow(&out, &prop, &pol), TSEL_WHOLE);
	ck_assert_str_eq(show(&out), "198.51.100.0/24");
	/* what was not understood was proposed all the same */
	prop.ignored = 1;
	ck_assert_int_eq(tsel_narrow(&out, &prop, &pol), TSEL_NARROWED);
	pol.ts[0] = mk("10.0.0.0/8", 0, -1, -1);
	ck_assert_int_eq(tsel_narrow(&out, &prop, &pol), TSEL_NONE);
	prop.n = 0;
	ck_assert_int_eq(tsel_narrow(&out, &prop, &pol), TSEL_NONE);
}
END_TEST

START_TEST(narrowing_full)
{
	struct ts_list prop = { 0 }, pol = { 0 }, out;
	char net[32];

	/* 256 parts do not fit; those the peer named first are kept */
	prop.n = pol.n = TS_MAX;
	for (unsigned i = 0; i < TS_MAX; i++) {
		prop.ts[i] = mk("10.0.0.0/8", 17, (int)(1000 + 10 * i),
		    (int)(1005 + 10 * i));
		snprintf(net, sizeof(net), "10.%u.0.0/16", TS_MAX - i);
		pol.ts[i] = mk(net, 17, -1, -1);
	}
	ck_assert_int_eq(tsel_narrow(&out, &prop, &pol), TSEL_NARROWED);
	ck_assert_uint_eq(out.n, TS_MAX);
	for (unsigned i = 0; i < TS_MAX; i++)
		ck_assert(ts_covers(&prop.ts[0], &out.ts[i]));
}
END_TEST

START_TEST(transport_nat)
{
	struct addr nat, old;
	struct ts_list l = { .n = 2 };

	addr_parse(&nat, "203.0.113.9");
	l.ts[0] = mk("10.0.0.5/32", 17, 1701, -1);
	l.ts[1] = mk("10.0.0.5/32", 6, -1, -1);
	ck_assert_int_eq(tsel_substitute(&l, &nat, &old), 0);
	ck_assert_str_eq(show(&l), "203.0.113.9/32[udp/1701] "
	    "203.0.113.9/32[tcp]");
	ck_assert_int_eq(tsel_substitute(&l, &old, NULL), 0);
	ck_assert_str_eq(show(&l), "10.0.0.5/32[udp/1701] 10.0.0.5/32[tcp]");
	/* "exactly one IP address", RFC 7296 2.23.1 */
	l.ts[1] = mk("10.0.0.6/32", 6, -1, -1);
	ck_assert_int_eq(tsel_substitute(&l, &nat, &old), -1);
	l.ts[1] = mk("10.0.0.4/31", 6, -1, -1);
	ck_assert_int_eq(tsel_substitute(&l, &nat, &old), -1);
	ck_assert_str_eq(show(&l), "10.0.0.5/32[udp/1701] 10.0.0.4/31[tcp]");
	l.n = 0;
	ck_assert_int_eq(tsel_substitute(&l, &nat, &old), -1);
}
END_TEST

START_TEST(kernel_forms)
{
	static const struct {
		uint16_t lo, hi;
		int port, mask;		/* -1: none */
	} rows[] = {
		{ 0, 0xffff, 0, 0 }, { 500, 500, 500, 0xffff },
		{ 0, 0, 0, 0xffff }, { 1024, 2047, 1024, 0xfc00 },
		{ 0x8000, 0xffff, 0x8000, 0x8000 }, { 1, 2, -1, -1 },
		{ 80, 443, -1, -1 }, { 2, 3, 2, 0xfffe },
		{ 3, 4, -1, -1 }, { 0xffff, 0, -1, -1 },
		{ 1, 0xffff, -1, -1 }, { 0, 0xfffe, -1, -1 },
	};
	struct ts t = mk_range("10.0.0.1", "10.0.0.6");
	struct prefix p[4];
	uint16_t port, mask;

	ck_assert_int_eq(ts_prefixes(&t, p, 4), 4);
	ck_assert_int_eq(ts_prefixes(&t, p, 3), -1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.port_lo = rows[i].lo;
		t.port_hi = rows[i].hi;
		ck_assert_msg(ts_port_mask(&t, &port, &mask) ==
		    (rows[i].port < 0 ? -1 : 0), "row %zu", i);
		if (rows[i].port < 0)
			continue;
		ck_assert_int_eq(port, rows[i].port);
		ck_assert_int_eq(mask, rows[i].mask);
	}
}
END_TEST

/* A small generator, so that a failure is found again by its seed. */
static uint32_t rnd_state;

static uint32_t
rnd(uint32_t n)
{
	rnd_state = rnd_state * 1664525 + 1013904223;
	return (rnd_state >> 8) % n;
}

/* Few distinct values, so that sets meet often. */
static void
random_ts(struct ts *t)
{
	static const uint8_t protos[] = { 0, 0, 6, 17, 1 };
	unsigned lo = rnd(16), hi = lo + rnd(16 - lo);
	uint8_t bytes[16] = { 0x20, 0x01 };
	size_t len = rnd(2) ? 4 : 16;

	memset(t, 0, sizeof(*t));
	bytes[len - 1] = (uint8_t)lo;
	addr_from_bytes(&t->lo, bytes, len);
	bytes[len - 1] = (uint8_t)hi;
	addr_from_bytes(&t->hi, bytes, len);
	t->proto = protos[rnd(5)];
	t->port_hi = 0xffff;
	if (t->proto == 0)
		return;
	switch (rnd(4)) {
	case 0:
		t->port_lo = (uint16_t)rnd(8);
		t->port_hi = (uint16_t)(t->port_lo + rnd(8));
		break;
	case 1:
		t->port_lo = 0xffff;
		t->port_hi = 0;
		break;
	}
}

static void
random_list(struct ts_list *l)
{
	l->n = rnd(TS_MAX + 1);
	l->ignored = 0;
	for (unsigned i = 0; i < l->n; i++)
		random_ts(&l->ts[i]);
}

/* Point membership, defined apart from the code under test. */
static bool
has_point(const struct ts_list *l, const struct ts *pt)
{
	for (unsigned i = 0; i < l->n; i++) {
		const struct ts *t = &l->ts[i];
		bool opaque = t->port_lo > t->port_hi;
		bool any = t->port_lo == 0 && t->port_hi == 0xffff;

		if (t->lo.family != pt->lo.family ||
		    memcmp(pt->lo.b, t->lo.b, 16) < 0 ||
		    memcmp(pt->lo.b, t->hi.b, 16) > 0 ||
		    (t->proto != 0 && t->proto != pt->proto))
			continue;
		if (pt->port_lo > pt->port_hi ? opaque || any :
		    !opaque && pt->port_lo >= t->port_lo &&
		    pt->port_lo <= t->port_hi)
			return true;
	}
	return false;
}

START_TEST(narrow_properties)
{
	struct ts_list prop, pol, out;
	struct ts pt, first;

	for (uint32_t seed = 1; seed <= 3000; seed++) {
		enum tsel_result rv;
		bool overflow;

		rnd_state = seed;
		random_list(&prop);
		random_list(&pol);
		rv = tsel_narrow(&out, &prop, &pol);
		ck_assert((rv == TSEL_NONE) == (out.n == 0));
		overflow = out.n == TS_MAX;
		ck_assert_msg(tsel_covers(&prop, &out), "seed %u", seed);
		ck_assert_msg(tsel_covers(&pol, &out), "seed %u", seed);
		if (rv == TSEL_WHOLE)
			ck_assert_msg(tsel_covers(&out, &prop), "seed %u",
			    seed);
		if (prop.n > 0 && pol.n > 0 && ts_intersect(&prop.ts[0],
		    &pol.ts[0], &first) && ts_equal(&first, &prop.ts[0]))
			ck_assert_msg(out.n > 0 &&
			    ts_covers(&out.ts[0], &first), "seed %u", seed);
		for (unsigned i = 0; i < 40; i++) {
			bool both;

			random_ts(&pt);
			pt.hi = pt.lo;
			if (pt.proto == 0)
				pt.proto = 6;
			if (pt.port_lo <= pt.port_hi)
				pt.port_hi = pt.port_lo;
			both = has_point(&prop, &pt) && has_point(&pol, &pt);
			if (!overflow)
				ck_assert_msg(has_point(&out, &pt) == both,
				    "seed %u", seed);
			else if (has_point(&out, &pt))
				ck_assert_msg(both, "seed %u", seed);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tsel");
	TCase *t = tcase_create("tsel");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, intersect);
	tcase_add_test(t, formatting);
	tcase_add_test(t, adding);
	tcase_add_test(t, covering);
	tcase_add_test(t, narrowing);
	tcase_add_test(t, narrowing_full);
	tcase_add_test(t, transport_nat);
	tcase_add_test(t, kernel_forms);
	tcase_add_test(t, narrow_properties);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
