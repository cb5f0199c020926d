/* What is not to come in does not, and is counted under its name. */
#include "espd/core.h"
#include "espd/decap.h"
#include "espd/wire.h"
#include "esp_util.h"

#include <stdlib.h>

static struct gate *west, *east;
static uint8_t inner[2000];
static size_t inner_len;
static const char *const encrs[][2] = { { "aes-128-gcm", NULL },
	{ "aes-128-cbc", "sha1" }, { "chacha20poly1305", NULL },
	{ "aes-256-ctr", "aes-xcbc" }, { "null", "sha256" },
	{ "camellia-256", "aes-cmac" }, { "aes-128-ccm", NULL } };
#define ENCRS	(int)(sizeof(encrs) / sizeof(encrs[0]))

static struct suite
nth(int i)
{
	return suite_named(encrs[i][0], encrs[i][1]);
}

static void
setup(void)
{
	west = gate_new("192.0.2.1", NULL);
	east = gate_new("192.0.2.2", NULL);
	inner_len = make_udp(inner, "10.1.0.1", "10.2.0.1", 7, 8, 300, 5);
}

static void
teardown(void)
{
	gate_free(west);
	gate_free(east);
}

/* The ESP packet of the inner one, in west's memory. */
static struct kept *
sealed(void)
{
	gate_clear(west);
	gate_out(west, inner, inner_len);
	ck_assert_uint_eq(west->sent.n, 1);
	return &west->sent.v[0];
}

/* Nothing came out, and name alone has been counted once more. */
static void
counted(const char *name, uint64_t before)
{
	ck_assert_uint_eq(east->injected.n, 0);
	ck_assert_uint_eq(gate_stat(east, name), before + 1);
	ck_assert_uint_eq(gate_errors(east), before + 1);
}

static void
refused(const uint8_t *p, size_t len, const char *name)
{
	uint64_t before = gate_stat(east, name);

	gate_in(east, west, p, len);
	ck_assert_uint_eq(east->injected.n, 0);
	ck_assert_msg(gate_stat(east, name) == before + 1, "%s, len %zu",
	    name, len);
}

/* Every byte but the SPI counts: one bit of each is turned. */
START_TEST(test_tampered)
{
	struct kept *k;
	struct esp_sa_state st;
	uint64_t n = 0;

	gate_pair(west, east, nth(_i));
	k = sealed();
	for (size_t i = 4; i < k->len; i++) {
		k->p[i] ^= (uint8_t)(1 << i % 8);
		/* A number to come is in the window, but not authentic. */
		refused(k->p, k->len, "in-state-protocol-errors");
		k->p[i] ^= (uint8_t)(1 << i % 8);
		n++;
	}
	ck_assert_uint_eq(gate_errors(east), n);
	esp_sa_get(east->e, &east->outer.addr, 0x1000, &st);
	ck_assert_uint_eq(st.errors_integ, n);
	ck_assert_uint_eq(st.packets, 0);
	gate_in(east, west, k->p, k->len);
	ck_assert_uint_eq(east->injected.n, 1);
}
END_TEST

START_TEST(test_replayed)
{
	struct esp_sa_state st;
	struct kept *k;

	gate_pair(west, east, nth(_i));
	k = sealed();
	gate_in(east, west, k->p, k->len);
	ck_assert_uint_eq(east->injected.n, 1);
	gate_clear(east);
	gate_in(east, west, k->p, k->len);
	counted("in-state-sequence-errors", 0);
	esp_sa_get(east->e, &east->outer.addr, 0x1000, &st);
	ck_assert_uint_eq(st.errors_replay, 1);
	ck_assert_uint_eq(st.packets, 1);
}
END_TEST

/* Every length from nothing to all but one byte. */
START_TEST(test_truncated)
{
	struct suite su = nth(_i);
	size_t rest = 8 + su.encr->iv_len + crypt_icv_len(su.encr, su.integ);
	struct kept *k;

	gate_pair(west, east, su);
	k = sealed();
	gate_in(east, west, k->p, 0);
	ck_assert_uint_eq(gate_errors(east), 0);
	for (size_t n = 1; n < k->len; n++)
		refused(k->p, n, n < rest + 2 ||
		    (n - rest) % su.encr->block != 0 ?
		    "in-header-errors" : "in-state-protocol-errors");
	ck_assert_uint_eq(gate_errors(east), k->len - 1);
}
END_TEST

/* What comes late does not set back what is kept of the newest. */
START_TEST(test_late)
{
	struct esp_sa_state st;
	static const unsigned order[] = { 2, 0, 1 };

	gate_pair(west, east, nth(0));
	gate_clear(west);
	for (int i = 0; i < 3; i++)
		gate_out(west, inner, inner_len);
	for (int i = 0; i < 3; i++) {
		struct kept *k = &west->sent.v[order[i]];

		gate_in(east, west, k->p, k->len);
		esp_sa_get(east->e, &east->outer.addr, 0x1000, &st);
		ck_assert_uint_eq(st.seq, 3);
	}
	ck_assert_uint_eq(east->injected.n, 3);
}
END_TEST

START_TEST(test_wrong_spi)
{
	struct kept *k;

	gate_pair(west, east, nth(0));
	k = sealed();
	put32(k->p, 0x1001);
	refused(k->p, k->len, "in-no-states");
	put32(k->p, 0x2000);	/* its outbound one */
	refused(k->p, k->len, "in-no-states");
	put32(k->p, 0);
	refused(k->p, k->len, "in-no-states");
	ck_assert_uint_eq(gate_errors(east), 3);
}
END_TEST

START_TEST(test_keepalive)
{
	uint8_t p[1] = { 0xff };

	gate_pair(west, east, nth(0));
	gate_in(east, west, p, 1);
	ck_assert_uint_eq(gate_errors(east), 0);
	p[0] = 0xfe;
	refused(p, 1, "in-header-errors");
}
END_TEST

START_TEST(test_expired)
{
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 1, .hard_at = { 5000000 } };

	gate_pair(west, east, nth(0));
	gate_sa(west, east, nth(0), 0x3000, &sa);
	(void)sealed();
	east->now.us = 5000000;
	gate_carry(west, east);
	ck_assert_uint_eq(gate_stat(east, "in-state-expired"), 1);
	west->now.us = 5000000;
	gate_out(west, inner, inner_len);
	ck_assert_uint_eq(gate_stat(west, "out-state-expired"), 1);
}
END_TEST

/*
 * A peer that has the keys but not the manners: any payload, any trailer.
 * The body is payload, padding, pad length, next header as given.
 */
static void
craft(struct suite su, uint32_t seq, const uint8_t *body, size_t n)
{
	struct sa *s = sad_get(&west->e->sad, &east->outer.addr, 0x1000);
	uint8_t p[70000] = { 0 };
	size_t off = (size_t)8 + s->iv_len;

	put32(p, 0x1000);
	put32(p + 4, seq);
	memset(p + 8, 1, s->iv_len);
	memcpy(p + off, body, n);
	ck_assert_uint_eq(n % su.encr->block, 0);
	ck_assert_int_eq(crypt_seal(s->crypt, p, off + n, 0), 0);
	gate_in(east, west, p, off + n + s->icv_len);
}

/* Padding that is not 1, 2, 3, and more of it than there is. */
START_TEST(test_padding)
{
	struct suite su = nth(_i);
	uint8_t b[336 + 16] = { 0 };
	uint32_t seq = 1;
	uint64_t n = 0;

	gate_pair(west, east, su);
	memcpy(b, inner, inner_len);	/* 328 bytes */
	for (uint8_t i = 0; i < 6; i++)
		b[328 + i] = (uint8_t)(i + 1);
	b[334] = 6;
	b[335] = 4;
	craft(su, seq++, b, 336);
	ck_assert_uint_eq(east->injected.n, 1);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN, inner,
	    inner_len);
	gate_clear(east);
	for (int i = 0; i < 6; i++) {
		b[328 + i] ^= 0x10;
		craft(su, seq++, b, 336);
		b[328 + i] ^= 0x10;
		ck_assert_uint_eq(gate_stat(east,
		    "in-state-protocol-errors"), ++n);
	}
	for (int pad = 7; pad <= 255; pad++) {
		b[334] = (uint8_t)pad;
		craft(su, seq++, b, 336);
		ck_assert_uint_eq(gate_stat(east,
		    "in-state-protocol-errors"), ++n);
	}
	/* All of it padding, and one more than that. */
	memset(b, 0, sizeof(b));
	for (int i = 0; i < 14; i++)
		b[i] = (uint8_t)(i + 1);
	b[14] = 15;
	b[15] = 4;
	craft(su, seq++, b, 16);
	ck_assert_uint_eq(gate_stat(east, "in-state-protocol-errors"), ++n);
	b[14] = 14;
	craft(su, seq++, b, 16);
	ck_assert_uint_eq(gate_stat(east, "in-header-errors"), 1);
	/* Its first byte would be the last of the IV. */
	for (int i = 0; i < 14; i++)
		b[i] = (uint8_t)(i + 2);
	b[14] = 15;
	craft(su, seq++, b, 16);
	ck_assert_uint_eq(gate_stat(east, "in-state-protocol-errors"), ++n);
	ck_assert_uint_eq(gate_errors(east), n + 1);
	ck_assert_uint_eq(east->injected.n, 0);
}
END_TEST

/* RFC 4303 sections 2.6 and 2.7: dummies go, TFC padding is cut off. */
START_TEST(test_dummy_tfc)
{
	uint8_t b[1024];
	struct esp_sa_state st;

	gate_pair(west, east, nth(0));
	memset(b, 0x5a, sizeof(b));
	b[1022] = 0;
	b[1023] = 59;
	craft(nth(0), 1, b, sizeof(b));
	ck_assert_uint_eq(gate_errors(east), 0);
	ck_assert_uint_eq(east->injected.n, 0);
	esp_sa_get(east->e, &east->outer.addr, 0x1000, &st);
	ck_assert_uint_eq(st.packets, 1);
	memcpy(b, inner, inner_len);
	b[1023] = 4;
	craft(nth(0), 2, b, sizeof(b));
	ck_assert_uint_eq(east->injected.n, 1);
	ck_assert_uint_eq(east->injected.v[0].len, ESP_VNET_LEN + inner_len);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN, inner,
	    inner_len);
}
END_TEST

static void
body(uint32_t seq, const uint8_t *p, size_t n, uint8_t next, const char *name)
{
	uint8_t b[2048];
	uint64_t before = gate_stat(east, name);

	memcpy(b, p, n);
	b[n] = 0;
	b[n + 1] = next;
	craft(nth(0), seq, b, n + 2);
	ck_assert_uint_eq(east->injected.n, 0);
	ck_assert_msg(gate_stat(east, name) == before + 1, "%s, next %u",
	    name, next);
}

START_TEST(test_inner)
{
	uint8_t p[2048];
	uint32_t seq = 1;
	size_t n;

	gate_pair(west, east, nth(0));
	/* The type is not what it is. */
	body(seq++, inner, inner_len, 6, "in-state-mode-errors");
	body(seq++, inner, inner_len, 50, "in-state-mode-errors");
	body(seq++, inner, inner_len, 41, "in-header-errors");
	/* Longer than what came; a header cut short; version 5. */
	body(seq++, inner, inner_len - 1, 4, "in-header-errors");
	body(seq++, inner, 19, 4, "in-header-errors");
	body(seq++, inner, 0, 4, "in-header-errors");
	memcpy(p, inner, inner_len);
	p[0] = 0x55;
	body(seq++, p, inner_len, 4, "in-header-errors");
	p[0] = 0x44;
	body(seq++, p, inner_len, 4, "in-header-errors");
	/* A chain of extension headers without end. */
	n = make_ip(p, "2001:db8:1::1", "2001:db8:2::1", 0, 1000);
	memset(p + 40, 0, n - 40);
	body(seq++, p, n, 41, "in-header-errors");
	/* From an address that the SA is not for. */
	n = make_udp(p, "10.1.0.1", "10.3.0.1", 7, 8, 100, 5);
	body(seq++, p, n, 4, "in-no-policies");
	ck_assert_uint_eq(gate_errors(east), seq - 1);
}
END_TEST

START_TEST(test_policies)
{
	struct policy_body b = { .prio = 1, .reqid = 2 };

	gate_pair(west, east, nth(0));
	gate_policy(east, "10.2.0.0/24", "10.1.0.0/24", &b);
	gate_in(east, west, sealed()->p, sealed()->len);
	counted("in-template-mismatches", 0);
	b.action = POLICY_BLOCK;
	gate_policy(east, "10.2.0.0/24", "10.1.0.0/24", &b);
	gate_in(east, west, sealed()->p, sealed()->len);
	ck_assert_uint_eq(gate_stat(east, "in-policy-blocked"), 1);
	b.action = POLICY_PASS;
	gate_policy(east, "10.2.0.0/24", "10.1.0.0/24", &b);
	gate_in(east, west, sealed()->p, sealed()->len);
	ck_assert_uint_eq(gate_stat(east, "in-template-mismatches"), 2);
	b = (struct policy_body){ .prio = 1, .reqid = 1, .transport = true };
	gate_policy(east, "10.2.0.0/24", "10.1.0.0/24", &b);
	gate_in(east, west, sealed()->p, sealed()->len);
	ck_assert_uint_eq(gate_stat(east, "in-template-mismatches"), 3);
	ck_assert_uint_eq(gate_errors(east), 4);
	ck_assert_uint_eq(east->injected.n, 0);
}
END_TEST

static uint32_t
next_random(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*x >> 33);
}

/* Whatever is done to packets, what comes out is what went in, once. */
START_TEST(test_random)
{
	uint64_t x = (uint64_t)_i + 1;
	unsigned good = 0, bad = 0;
	struct kept *k;
	uint32_t r;

	gate_pair(west, east, nth(_i));
	for (int i = 0; i < 2000; i++) {
		inner_len = make_udp(inner, "10.1.0.1", "10.2.0.1", 7, 8,
		    next_random(&x) % 1300, (uint8_t)i);
		k = sealed();
		r = next_random(&x);
		if (r % 4 == 0)
			k->p[next_random(&x) % k->len] ^=
			    (uint8_t)(1 + next_random(&x) % 255);
		else if (r % 4 == 1)
			k->len -= 1 + next_random(&x) % (k->len - 1);
		gate_in(east, west, k->p, k->len);
		if (r % 4 > 1) {
			good++;
			ck_assert_uint_eq(east->injected.n, 1);
			ck_assert_mem_eq(east->injected.v[0].p +
			    ESP_VNET_LEN, inner, inner_len);
			gate_clear(east);
			gate_in(east, west, k->p, k->len);
		}
		bad++;
		ck_assert_uint_eq(east->injected.n, 0);
		ck_assert_uint_eq(gate_errors(east), bad);
	}
	/* A changed number may be one that was there. */
	ck_assert_uint_ge(gate_stat(east, "in-state-sequence-errors"), good);
}
END_TEST

/* Every way a datagram is cut into segments, with rubbish between. */
START_TEST(test_run_of_rubbish)
{
	uint64_t x = 99;
	uint8_t p[4096];

	gate_pair(west, east, nth(0));
	for (int i = 0; i < 3000; i++) {
		size_t len = next_random(&x) % 2000;
		struct esp_dgram d = { .data = p + ESP_IN_ROOM, .len = len,
			.seg = (uint16_t)(next_random(&x) % 400),
			.src = west->outer, .encap = true };

		for (size_t j = 0; j < len; j++)
			d.data[j] = (uint8_t)next_random(&x);
		for (size_t j = 0; j + 4 < len && d.seg != 0; j += d.seg)
			put32(d.data + j, 0x1000);
		esp_in(east->t, &d, east->now);
		esp_in_flush(east->t);
	}
	ck_assert_uint_eq(east->injected.n, 0);
}
END_TEST

/*
 * What the kernel joined to a datagram of ours goes where it belongs: IKE,
 * and what is for an SA of the other thread.  A datagram that came alone, or
 * first, would only come again.
 */
START_TEST(test_stray)
{
	static const struct esp_conf two = { .threads = 2 };
	uint32_t mine = 0x1000, other = 0x1040;
	uint8_t b[3 * 64] = { 0 }, *p = b + ESP_IN_ROOM;
	struct esp_dgram d = { .data = p, .len = 2 * 64, .seg = 64,
		.src = west->outer, .dst = east->outer, .encap = true };

	gate_free(east);
	east = gate_new("192.0.2.2", &two);
	gate_sa_in(west, east, nth(0), mine, NULL);
	gate_sa_in(west, east, nth(0), other, NULL);
	ck_assert_uint_eq(esp_thread_of(east->e, mine), 0);
	ck_assert_uint_eq(esp_thread_of(east->e, other), 1);
	put32(p, mine);
	put32(p + 64, other);
	put32(p + 68, 0x11223344);
	esp_in(east->t, &d, east->now);
	ck_assert_uint_eq(east->strays.n, 1);
	ck_assert_uint_eq(east->strays.v[0].len, 64);
	ck_assert_uint_eq(get32(east->strays.v[0].p + 4), 0x11223344);
	put32(p + 64, 0);		/* not ESP; shorter than the first */
	d.len = 64 + 40;
	esp_in(east->t, &d, east->now);
	ck_assert_uint_eq(east->strays.n, 2);
	ck_assert_uint_eq(east->strays.v[1].len, 40);
	ck_assert_uint_eq(gate_stat(east, "in-no-states"), 0);
	put32(p + 64, other + 1);	/* nobody's, though of the other */
	esp_in(east->t, &d, east->now);
	ck_assert_uint_eq(gate_stat(east, "in-no-states"), 1);
	put32(p, other);
	d.len = 64;
	esp_in(east->t, &d, east->now);
	put32(p, 0);
	esp_in(east->t, &d, east->now);
	ck_assert_uint_eq(gate_stat(east, "in-no-states"), 3);
	ck_assert_uint_eq(east->strays.n, 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd drops");
	TCase *tc = tcase_create("drop");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_tampered, 0, ENCRS);
	tcase_add_loop_test(tc, test_replayed, 0, ENCRS);
	tcase_add_loop_test(tc, test_truncated, 0, ENCRS);
	tcase_add_test(tc, test_late);
	tcase_add_test(tc, test_wrong_spi);
	tcase_add_test(tc, test_keepalive);
	tcase_add_test(tc, test_expired);
	tcase_add_loop_test(tc, test_padding, 0, ENCRS);
	tcase_add_test(tc, test_dummy_tfc);
	tcase_add_test(tc, test_inner);
	tcase_add_test(tc, test_policies);
	tcase_add_loop_test(tc, test_random, 0, ENCRS);
	tcase_add_test(tc, test_run_of_rubbish);
	tcase_add_test(tc, test_stray);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
