#include "lib/addr.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static struct addr
A(const char *s)
{
	struct addr a;

	ck_assert_msg(addr_parse(&a, s) == 0, "%s", s);
	return a;
}

static struct prefix
P(const char *s)
{
	struct prefix p;

	ck_assert_msg(prefix_parse(&p, s, true) == 0, "%s", s);
	return p;
}

static const char *const good[] = { "0.0.0.0", "192.0.2.1",
	"255.255.255.255", "::", "::1", "2001:db8::8:800:200c:417a",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
static const char *const bad[] = { "", " ", "1.2.3", "1.2.3.4.5",
	"1.2.3.256", "01.2.3.4", "1.2.3.4 ", ":", ":::", "1::2::3",
	"12345::", "fe80::1%lo", "1.2.3.4/32", "[::1]", "g::" };

START_TEST(text)
{
	char s[ADDR_STRLEN];
	struct addr a;

	for (int i = 0; i < N(good); i++) {
		a = A(good[i]);
		ck_assert_str_eq(addr_fmt(&a, s, sizeof(s)), good[i]);
	}
	for (int i = 0; i < N(bad); i++)
		ck_assert_msg(addr_parse(&a, bad[i]) == -1, "%s", bad[i]);
	memset(&a, 0, sizeof(a));
	ck_assert_str_eq(addr_fmt(&a, s, sizeof(s)), "none");
	a = A("192.0.2.1");
	ck_assert_str_eq(addr_fmt(&a, s, 4), "192");
}
END_TEST

START_TEST(lengths)
{
	struct addr none = { 0 }, v4 = A("1.2.3.4"), v6 = A("::2");
	struct addr a;

	ck_assert_uint_eq(addr_len(&none), 0);
	ck_assert_uint_eq(addr_len(&v4), 4);
	ck_assert_uint_eq(addr_len(&v6), 16);
	ck_assert_uint_eq(addr_bits(&none), 0);
	ck_assert_uint_eq(addr_bits(&v4), 32);
	ck_assert_uint_eq(addr_bits(&v6), 128);
	for (size_t n = 0; n < 20; n++)
		ck_assert_int_eq(addr_from_bytes(&a, (uint8_t[20]){ 0 }, n),
		    n == 4 || n == 16 ? 0 : -1);
	ck_assert(addr_is_any(&none));
	v4 = A("0.0.0.0");
	ck_assert(addr_is_any(&v4));
	v4 = A("0.0.0.1");
	ck_assert(!addr_is_any(&v4));
	v6 = A("::");
	ck_assert(addr_is_any(&v6));
	v6 = A("::1");
	ck_assert(!addr_is_any(&v6));
}
END_TEST

START_TEST(order)
{
	static const char *const sorted[] = { "0.0.0.0", "1.2.3.4",
		"10.0.0.0", "200.0.0.0", "::", "::1", "2001:db8::", "ff00::" };
	struct addr a, b;

	for (int i = 0; i < N(sorted); i++)
		for (int j = 0; j < N(sorted); j++) {
			a = A(sorted[i]);
			b = A(sorted[j]);
			ck_assert_int_eq((addr_cmp(&a, &b) > 0) -
			    (addr_cmp(&a, &b) < 0), (i > j) - (i < j));
			ck_assert_int_eq(addr_equal(&a, &b), i == j);
		}
}
END_TEST

static const struct {
	const char *text;
	int strict, loose;	/* results */
	const char *loosely;
} prefixes[] = {
	{ "10.0.0.0/8", 0, 0, "10.0.0.0/8" },
	{ "10.1.0.0/8", -1, 0, "10.0.0.0/8" },
	{ "10.1.2.3", 0, 0, "10.1.2.3/32" },
	{ "10.1.2.3/31", -1, 0, "10.1.2.2/31" },
	{ "0.0.0.0/0", 0, 0, "0.0.0.0/0" },
	{ "255.255.255.255/0", -1, 0, "0.0.0.0/0" },
	{ "::/0", 0, 0, "::/0" },
	{ "2001:db8::/32", 0, 0, "2001:db8::/32" },
	{ "2001:db8::1/64", -1, 0, "2001:db8::/64" },
	{ "2001:db8::1", 0, 0, "2001:db8::1/128" },
	{ "ffff::/1", -1, 0, "8000::/1" },
	{ "10.0.0.0/33", -1, -1, NULL },
	{ "::/129", -1, -1, NULL },
	{ "10.0.0.0/", -1, -1, NULL },
	{ "10.0.0.0/-1", -1, -1, NULL },
	{ "10.0.0.0/+8", -1, -1, NULL },
	{ "10.0.0.0/ 8", -1, -1, NULL },
	{ "10.0.0.0/8/8", -1, -1, NULL },
	{ "10.0.0.0/0008", -1, -1, NULL },
	{ "10.0.0.0/4294967304", -1, -1, NULL },
	{ "/8", -1, -1, NULL },
	{ "", -1, -1, NULL },
	{ "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8", -1, -1,
	    NULL },
};

START_TEST(prefix_text)
{
	char s[PREFIX_STRLEN];
	struct prefix p;

	ck_assert_int_eq(prefix_parse(&p, prefixes[_i].text, true),
	    prefixes[_i].strict);
	ck_assert_int_eq(prefix_parse(&p, prefixes[_i].text, false),
	    prefixes[_i].loose);
	if (prefixes[_i].loosely != NULL)
		ck_assert_str_eq(prefix_fmt(&p, s, sizeof(s)),
		    prefixes[_i].loosely);
}
END_TEST

START_TEST(membership)
{
	static const struct {
		const char *prefix, *addr;
		bool in;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.0/9", "10.128.0.0", false },
		{ "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "1.2.3.4", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "192.0.2.1/32", "192.0.2.1", true },
		{ "192.0.2.1/32", "192.0.2.0", false },
	};
	struct prefix p;
	struct addr a;

	for (int i = 0; i < N(cases); i++) {
		p = P(cases[i].prefix);
		a = A(cases[i].addr);
		ck_assert_msg(prefix_has(&p, &a) == cases[i].in, "%s %s",
		    cases[i].prefix, cases[i].addr);
	}
}
END_TEST

START_TEST(covering)
{
	struct prefix p8 = P("10.0.0.0/8"), p16 = P("10.1.0.0/16");
	struct prefix all = P("0.0.0.0/0"), all6 = P("::/0");

	ck_assert(prefix_covers(&p8, &p16));
	ck_assert(!prefix_covers(&p16, &p8));
	ck_assert(prefix_covers(&p8, &p8));
	ck_assert(prefix_covers(&all, &p8));
	ck_assert(!prefix_covers(&all6, &p8));
	ck_assert(prefix_equal(&p8, &p8));
	ck_assert(!prefix_equal(&p8, &p16));
	p16.addr = p8.addr;
	ck_assert(!prefix_equal(&p8, &p16));
}
END_TEST

START_TEST(prefix_ends)
{
	static const struct {
		const char *prefix, *lo, *hi;
	} cases[] = {
		{ "10.0.0.0/8", "10.0.0.0", "10.255.255.255" },
		{ "10.1.2.3/32", "10.1.2.3", "10.1.2.3" },
		{ "0.0.0.0/0", "0.0.0.0", "255.255.255.255" },
		{ "192.0.2.128/25", "192.0.2.128", "192.0.2.255" },
		{ "2001:db8::/125", "2001:db8::", "2001:db8::7" },
	};
	struct addr lo, hi, want;
	struct prefix p;

	for (int i = 0; i < N(cases); i++) {
		p = P(cases[i].prefix);
		prefix_range(&p, &lo, &hi);
		want = A(cases[i].lo);
		ck_assert(addr_equal(&lo, &want));
		want = A(cases[i].hi);
		ck_assert(addr_equal(&hi, &want));
	}
}
END_TEST

static const struct {
	const char *lo, *hi, *list;
} ranges[] = {
	{ "10.0.0.0", "10.0.0.255", "10.0.0.0/24 " },
	{ "10.0.0.1", "10.0.0.1", "10.0.0.1/32 " },
	{ "10.0.0.1", "10.0.0.6",
	    "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32 " },
	{ "0.0.0.0", "255.255.255.255", "0.0.0.0/0 " },
	{ "255.255.255.254", "255.255.255.255", "255.255.255.254/31 " },
	{ "10.0.0.0", "10.0.2.255", "10.0.0.0/23 10.0.2.0/24 " },
	{ "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0 " },
	{ "2001:db8::ffff", "2001:db8::1:0",
	    "2001:db8::ffff/128 2001:db8::1:0/128 " },
};

START_TEST(range_split)
{
	char list[512] = "", s[PREFIX_STRLEN];
	struct addr lo = A(ranges[_i].lo), hi = A(ranges[_i].hi);
	struct prefix out[8];
	int n = range_to_prefixes(&lo, &hi, out, 8);

	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		strcat(list, prefix_fmt(&out[i], s, sizeof(s)));
		strcat(list, " ");
	}
	ck_assert_str_eq(list, ranges[_i].list);
	ck_assert_int_eq(range_to_prefixes(&lo, &hi, out, (size_t)n), n);
	ck_assert_int_eq(range_to_prefixes(&lo, &hi, out, (size_t)n - 1), -1);
}
END_TEST

/* Every range below 64 is covered exactly, in order, without overlap. */
START_TEST(range_split_all)
{
	struct addr lo = A("192.0.2.0"), hi = lo, first, last, next;
	struct prefix out[64];
	int n;

	for (unsigned a = 0; a < 64; a++)
		for (unsigned b = a; b < 64; b++) {
			lo.b[3] = (uint8_t)a;
			hi.b[3] = (uint8_t)b;
			n = range_to_prefixes(&lo, &hi, out, 64);
			ck_assert_int_gt(n, 0);
			next = lo;
			for (int i = 0; i < n; i++) {
				prefix_range(&out[i], &first, &last);
				ck_assert(addr_equal(&first, &next));
				ck_assert(addr_next(&last, &next));
			}
			ck_assert(addr_equal(&last, &hi));
		}
}
END_TEST

START_TEST(worst_range)
{
	struct addr lo = A("::1");
	struct addr hi = A("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
	struct prefix out[254];

	ck_assert_int_eq(range_to_prefixes(&lo, &hi, out, 254), 254);
	ck_assert_int_eq(range_to_prefixes(&lo, &hi, out, 253), -1);
	ck_assert_int_eq(range_to_prefixes(&lo, &hi, out, 0), -1);
}
END_TEST

START_TEST(neighbours)
{
	static const struct {
		const char *a, *next;
		bool ok;
	} cases[] = {
		{ "10.0.0.255", "10.0.1.0", true },
		{ "255.255.255.255", "0.0.0.0", false },
		{ "::ffff:ffff", "::1:0:0", true },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::", false },
	};
	struct addr a, want, got;

	for (int i = 0; i < N(cases); i++) {
		a = A(cases[i].a);
		want = A(cases[i].next);
		ck_assert_int_eq(addr_next(&a, &got), cases[i].ok);
		ck_assert(addr_equal(&got, &want));
		ck_assert_int_eq(addr_prev(&want, &got), cases[i].ok);
		ck_assert(addr_equal(&got, &a));
	}
}
END_TEST

START_TEST(sockaddrs)
{
	char s[ENDPOINT_STRLEN];
	struct endpoint e = { A("192.0.2.1"), 500 }, back;
	struct sockaddr_storage ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&ss;
	socklen_t len = endpoint_to_sockaddr(&e, &ss);

	ck_assert_uint_eq(len, sizeof(struct sockaddr_in));
	ck_assert_int_eq(endpoint_from_sockaddr(&back,
	    (struct sockaddr *)&ss, len), 0);
	ck_assert(endpoint_equal(&e, &back));
	ck_assert_str_eq(endpoint_fmt(&e, s, sizeof(s)), "192.0.2.1:500");
	ck_assert_int_eq(endpoint_from_sockaddr(&back,
	    (struct sockaddr *)&ss, len - 1), -1);
	back.port = 4500;
	ck_assert(!endpoint_equal(&e, &back));

	e.addr = A("2001:db8::1");
	len = endpoint_to_sockaddr(&e, &ss);
	ck_assert_uint_eq(len, sizeof(struct sockaddr_in6));
	ck_assert_int_eq(endpoint_from_sockaddr(&back,
	    (struct sockaddr *)&ss, len), 0);
	ck_assert(endpoint_equal(&e, &back));
	ck_assert_str_eq(endpoint_fmt(&e, s, sizeof(s)), "[2001:db8::1]:500");

	e.addr = A("::ffff:192.0.2.9");
	len = endpoint_to_sockaddr(&e, &ss);
	ck_assert_int_eq(endpoint_from_sockaddr(&back,
	    (struct sockaddr *)&ss, len), 0);
	e.addr = A("192.0.2.9");
	ck_assert(addr_equal(&back.addr, &e.addr));

	sin6->sin6_family = AF_UNIX;
	ck_assert_int_eq(endpoint_from_sockaddr(&back,
	    (struct sockaddr *)&ss, sizeof(ss)), -1);
	memset(&e, 0, sizeof(e));
	ck_assert_uint_eq(endpoint_to_sockaddr(&e, &ss), 0);
}
END_TEST

START_TEST(hashing)
{
	struct addr a = A("10.0.0.0"), b = A("10.0.0.0"), none = { 0 };
	unsigned buckets[256] = { 0 };

	ck_assert(addr_hash(&a, 1) == addr_hash(&b, 1));
	ck_assert(addr_hash(&a, 1) != addr_hash(&a, 2));
	ck_assert(addr_hash(&none, 1) != addr_hash(&a, 1));
	/* neighbours spread: 65536 over 256 places */
	for (int i = 0; i < 65536; i++) {
		buckets[addr_hash(&a, 7) & 255]++;
		addr_next(&a, &a);
	}
	for (int i = 0; i < 256; i++) {
		ck_assert_uint_gt(buckets[i], 128);
		ck_assert_uint_lt(buckets[i], 512);
	}
}
END_TEST

START_TEST(between_processes)
{
	struct prefix p[3] = { { .bits = 0 }, P("10.0.0.0/8"),
		P("2001:db8::/32") }, pb;
	struct endpoint e, eb;
	struct addr ab;
	struct buf b;
	struct cur c;

	for (size_t i = 0; i < 3; i++) {
		e.addr = p[i].addr;
		e.port = 4500;
		buf_init(&b, 256);
		buf_addr(&b, &e.addr);
		buf_endpoint(&b, &e);
		buf_prefix(&b, &p[i]);
		ck_assert_int_eq(buf_error(&b), 0);
		ck_assert_uint_eq(b.len, 3 * (1 + addr_len(&e.addr)) + 3);
		cur_init(&c, b.data, b.len);
		ck_assert_int_eq(cur_addr(&c, &ab), 0);
		ck_assert(addr_equal(&ab, &e.addr));
		ck_assert_int_eq(cur_endpoint(&c, &eb), 0);
		ck_assert(endpoint_equal(&eb, &e));
		ck_assert_int_eq(cur_prefix(&c, &pb), 0);
		ck_assert(prefix_equal(&pb, &p[i]));
		ck_assert_int_eq(cur_end(&c), 0);
		/* one byte short: nothing moves */
		cur_init(&c, b.data + b.len - 2 - addr_len(&e.addr),
		    1 + addr_len(&e.addr));
		ck_assert_int_eq(cur_prefix(&c, &pb), -1);
		ck_assert_int_eq(cur_endpoint(&c, &eb), -1);
		ck_assert_uint_eq(cur_left(&c), 1 + addr_len(&e.addr));
		buf_free(&b);
	}
}
END_TEST

START_TEST(between_processes_rubbish)
{
	static const struct {
		uint8_t b[8];
		size_t n;
	} bad_prefix[] = {
		{ { 4, 10, 0, 0, 0, 33 }, 6 },
		{ { 4, 10, 0, 0, 1, 8 }, 6 },	/* host bits */
		{ { 0, 1 }, 2 },
		{ { 5, 0, 0, 0, 0, 0 }, 6 },
		{ { 6, 0, 0, 0, 0, 0 }, 6 },
		{ { 0 }, 0 },
	};
	struct prefix p;
	struct cur c;

	for (int i = 0; i < N(bad_prefix); i++) {
		cur_init(&c, bad_prefix[i].b, bad_prefix[i].n);
		ck_assert_int_eq(cur_prefix(&c, &p), -1);
		ck_assert_uint_eq(cur_left(&c), bad_prefix[i].n);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("addr");
	TCase *tc = tcase_create("addr");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, text);
	tcase_add_test(tc, lengths);
	tcase_add_test(tc, order);
	tcase_add_loop_test(tc, prefix_text, 0, N(prefixes));
	tcase_add_test(tc, membership);
	tcase_add_test(tc, covering);
	tcase_add_test(tc, prefix_ends);
	tcase_add_loop_test(tc, range_split, 0, N(ranges));
	tcase_add_test(tc, range_split_all);
	tcase_add_test(tc, worst_range);
	tcase_add_test(tc, neighbours);
	tcase_add_test(tc, sockaddrs);
	tcase_add_test(tc, hashing);
	tcase_add_test(tc, between_processes);
	tcase_add_test(tc, between_processes_rubbish);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
