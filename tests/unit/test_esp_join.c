/*
 * What is put together: packets of a flow for the TUN, ESP packets for one
 * send.  Each case is two packets that would join but for one thing.
 */
#include "espd/csum.h"
#include "espd/pkt.h"
#include "espd/wire.h"
#include "esp_util.h"

#include <stdlib.h>

#define ACK	0x10
#define N	1000

static struct gate *west, *east;
static uint8_t first[1500], second[1500];

static void
setup(void)
{
	static const struct esp_conf conf = { .clamp_mss = true,
		.uso = true };

	west = gate_new("192.0.2.1", &conf);
	east = gate_new("192.0.2.2", &conf);
	gate_pair(west, east, suite_named("aes-128-gcm", NULL));
}

static void
teardown(void)
{
	gate_free(west);
	gate_free(east);
}

enum kind { TCP4, TCP6, UDP4, UDP6 };

static const char *const ends[][2] = {
	{ "10.1.0.1", "10.2.0.1" }, { "2001:db8:1::1", "2001:db8:2::1" },
};

static void
make(uint8_t *p, enum kind kind, uint32_t seq)
{
	const char *const *e = ends[kind == TCP6 || kind == UDP6];

	if (kind == TCP4 || kind == TCP6)
		make_tcp(p, e[0], e[1], 5, 6, seq, ACK, N);
	else
		make_udp(p, e[0], e[1], 5, 6, N, (uint8_t)seq);
}

/* The length and all checksums as they should be. */
static size_t
finish(uint8_t *p, bool zero_sum)
{
	struct pkt k;
	uint8_t *sum;
	size_t n;

	if (p[0] >> 4 == 4)
		csum_ipv4(p);
	ck_assert_int_eq(pkt_parse(&k, p, 1500), 0);
	n = k.len - k.l4;
	sum = p + k.l4 + (k.proto == IPPROTO_TCP ? 16 : 6);
	memset(sum, 0, 2);
	if (!zero_sum)
		csum_put(sum, csum_add(csum_pseudo(p, k.proto, n), p + k.l4,
		    n));
	return k.len;
}

/* Makes room for n bytes at off. */
static void
insert(uint8_t *p, size_t off, size_t n)
{
	size_t at = p[0] >> 4 == 4 ? 2 : 4;

	memmove(p + off + n, p + off, 1500 - off - n);
	memset(p + off, 0, n);
	put16(p + at, (uint16_t)(get16(p + at) + n));
}

static void tos(uint8_t *p) { p[1] ^= 4; }
static void ecn(uint8_t *p) { p[1] ^= 3; }
static void ttl(uint8_t *p) { p[8]--; }
static void may_cut(uint8_t *p) { p[6] = 0; }
static void id1(uint8_t *p) { p[5]++; }
static void id2(uint8_t *p) { p[5] += 2; }
static void v6_class(uint8_t *p) { p[0] ^= 1; }
static void v6_flow(uint8_t *p) { p[3] ^= 1; }
static void v6_hops(uint8_t *p) { p[7]--; }
static void ack(uint8_t *p) { p[31]++; }
static void reserved(uint8_t *p) { p[32] |= 1; }
static void window(uint8_t *p) { p[35]++; }
static void urgent(uint8_t *p) { p[39]++; }
static void option(uint8_t *p) { p[45]++; }
static void syn(uint8_t *p) { p[33] |= 2; }
static void ece(uint8_t *p) { p[33] |= 0x40; }
static void lies(uint8_t *p) { p[25]--; }

static void
ip_option(uint8_t *p)
{
	insert(p, 20, 4);
	p[0] = 0x46;
	memset(p + 20, 1, 4);
}

/* Timestamps. */
static void
options(uint8_t *p)
{
	insert(p, 40, 12);
	p[32] = 8 << 4;
	memcpy(p + 40, "\1\1\10\12\0\0\0\1\0\0\0\2", 12);
}

/* An empty destination options header. */
static void
extension(uint8_t *p)
{
	insert(p, 40, 8);
	p[40] = p[6];
	p[6] = IPPROTO_DSTOPTS;
	p[42] = 1;
	p[43] = 4;
}

static const struct {
	enum kind kind;
	void (*both)(uint8_t *), (*one)(uint8_t *);
	bool joins;
} cases[] = {
	{ TCP4, NULL, NULL, true },
	{ TCP6, NULL, NULL, true },
	{ UDP4, NULL, id1, true },
	{ UDP6, NULL, NULL, true },
	{ TCP4, options, NULL, true },
	{ TCP4, NULL, id2, true },	/* with DF ids mean nothing */
	{ TCP4, may_cut, NULL, false },
	{ TCP4, may_cut, id1, true },
	{ TCP4, may_cut, id2, false },
	{ UDP4, NULL, NULL, false },
	{ TCP4, NULL, may_cut, false },
	{ TCP4, NULL, tos, false },
	{ TCP4, NULL, ecn, false },
	{ TCP4, NULL, ttl, false },
	{ TCP6, NULL, v6_class, false },
	{ TCP6, NULL, v6_flow, false },
	{ TCP6, NULL, v6_hops, false },
	{ TCP4, NULL, ack, false },
	{ TCP4, NULL, reserved, false },
	{ TCP4, NULL, window, false },
	{ TCP4, NULL, urgent, false },
	{ TCP4, NULL, syn, false },
	{ TCP4, NULL, ece, false },
	{ TCP4, syn, NULL, false },
	{ TCP4, ece, NULL, false },
	{ TCP4, options, option, false },
	{ TCP4, NULL, options, false },
	{ TCP4, ip_option, NULL, false },
	{ TCP6, extension, NULL, false },
	{ UDP6, extension, NULL, false },
	{ UDP6, NULL, v6_flow, false },
	{ UDP4, lies, id1, false },
};

START_TEST(test_cases)
{
	size_t a, b;

	make(first, cases[_i].kind, 1000);
	make(second, cases[_i].kind, 1000 + N);
	if (cases[_i].both != NULL) {
		cases[_i].both(first);
		cases[_i].both(second);
	}
	if (cases[_i].one != NULL)
		cases[_i].one(second);
	a = finish(first, false);
	b = finish(second, false);
	gate_out(west, first, a);
	gate_out(west, second, b);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, cases[_i].joins ? 1 : 2);
	if (cases[_i].joins)
		return;
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN, first, a);
	ck_assert_mem_eq(east->injected.v[1].p + ESP_VNET_LEN, second, b);
}
END_TEST

/* A datagram without a checksum would come out with one. */
START_TEST(test_no_sum)
{
	make(first, UDP4, 1);
	make(second, UDP4, 2);
	id1(second);
	gate_out(west, first, finish(first, true));
	gate_out(west, second, finish(second, true));
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 2);
	ck_assert_uint_eq(get16(east->injected.v[1].p + ESP_VNET_LEN + 26),
	    0);
}
END_TEST

/* No more than a packet can be. */
START_TEST(test_full)
{
	size_t sum = 0, head = _i ? 60 : 40;

	for (uint32_t i = 0; i < 140; i++) {
		make(first, _i ? TCP6 : TCP4, i * N);
		gate_out(west, first, finish(first, false));
	}
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 3);
	for (unsigned i = 0; i < 3; i++)
		sum += east->injected.v[i].len - ESP_VNET_LEN - head;
	ck_assert_uint_eq(sum, 140 * N);
}
END_TEST

/* ESP: one send has one place, one DSCP, and one word on fragments. */
static unsigned
sends(const char *dst, void (*change)(uint8_t *))
{
	uint8_t tun[ESP_VNET_LEN + 1500];

	make_udp(first, "10.1.0.1", "10.2.0.1", 1, 2, 100, 0);
	make_udp(second, "10.1.0.1", dst, 1, 2, 100, 0);
	if (change != NULL)
		change(second);
	gate_clear(west);
	for (int i = 0; i < 2; i++) {
		uint8_t *p = i == 0 ? first : second;
		size_t n = finish(p, false);

		memset(tun, 0, ESP_VNET_LEN);
		memcpy(tun + ESP_VNET_LEN, p, n);
		esp_out(west->t, tun, ESP_VNET_LEN + n, west->now);
	}
	esp_out_flush(west->t);
	return west->sent.n;
}

static void df(uint8_t *p) { p[6] = 0x40; }

START_TEST(test_sends)
{
	struct policy_body b = { .prio = 1, .reqid = 2 };
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 2, .hard_at = MONO_NEVER };

	ck_assert_uint_eq(sends("10.2.0.1", NULL), 1);
	ck_assert_uint_eq(sends("10.2.0.1", ttl), 1);
	ck_assert_uint_eq(sends("10.2.0.1", tos), 2);
	ck_assert_uint_eq(west->sent.v[0].run.tos ^
	    west->sent.v[1].run.tos, 4);
	ck_assert_uint_eq(sends("10.2.0.1", df), 2);
	ck_assert(!west->sent.v[0].run.df && west->sent.v[1].run.df);
	east->outer.addr = addr_of("192.0.2.99");
	gate_policy(west, "10.1.0.0/16", "10.2.9.0/24", &b);
	gate_sa_out(west, east, suite_named("aes-128-gcm", NULL), 0x3000,
	    &sa);
	ck_assert_uint_eq(sends("10.2.9.1", NULL), 2);
	ck_assert(endpoint_equal(&west->sent.v[1].run.dst, &east->outer));
	ck_assert(!endpoint_equal(&west->sent.v[0].run.dst, &east->outer));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd joins");
	TCase *tc = tcase_create("join");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_cases, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, test_no_sum);
	tcase_add_loop_test(tc, test_full, 0, 2);
	tcase_add_test(tc, test_sends);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
