/* Packets from one gate to the other, as they were. */
#include "espd/core.h"
#include "espd/wire.h"
#include "esp_util.h"

#include <openssl/crypto.h>

#include <stdlib.h>

#define LONGEST	1500

static struct gate *west, *east;
static _Atomic unsigned long allocations;

static void
setup(void)
{
	west = gate_new("192.0.2.1", NULL);
	east = gate_new("192.0.2.2", NULL);
}

static void
teardown(void)
{
	gate_free(west);
	gate_free(east);
}

/* What went in at one side came out at the other, and nothing else. */
static void
same(const uint8_t *p, size_t len)
{
	const struct kept *k = &east->injected.v[0];

	ck_assert_uint_eq(east->injected.n, 1);
	ck_assert_uint_eq(k->len, ESP_VNET_LEN + len);
	ck_assert_mem_eq(k->p + ESP_VNET_LEN, p, len);
	ck_assert_uint_eq(k->p[0] | k->p[1], 0);
	gate_clear(east);
}

static void
through(const uint8_t *p, size_t len)
{
	gate_out(west, p, len);
	ck_assert_uint_eq(west->sent.n, 1);
	gate_carry(west, east);
	same(p, len);
}

static void
every_length(struct suite su, uint32_t spi, bool esn, const char *src,
    const char *dst)
{
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 9000,
		.reqid = 1, .hard_at = MONO_NEVER, .esn = esn };
	uint8_t p[LONGEST + 40];
	size_t len, head = strchr(src, ':') == NULL ? 20 : 40;

	gate_sa(west, east, su, spi, &sa);
	for (size_t n = 0; n <= LONGEST; n++) {
		len = make_ip(p, src, dst, 253, head + n);
		through(p, len);
	}
	ck_assert_int_eq(esp_sa_del(west->e, &east->outer.addr, spi), 0);
	ck_assert_int_eq(esp_sa_del(east->e, &east->outer.addr, spi), 0);
}

START_TEST(test_every_length)
{
	struct suite su = { 0 };
	struct policy_body b = { .reqid = 1 };
	uint32_t spi = 0x1000;
	unsigned n = 0;

	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_policy(east, "10.2.0.0/16", "10.1.0.0/16", &b);
	gate_policy(west, "2001:db8:1::/48", "2001:db8:2::/48", &b);
	gate_policy(east, "2001:db8:2::/48", "2001:db8:1::/48", &b);
	while (suite_walk(&su)) {
		if (n++ % 2 == 0)
			every_length(su, spi++, n % 4 == 1, "10.1.0.1",
			    "10.2.0.1");
		else
			every_length(su, spi++, n % 4 == 2, "2001:db8:1::1",
			    "2001:db8:2::1");
	}
	ck_assert_uint_eq(gate_errors(west) + gate_errors(east), 0);
}
END_TEST

static const struct {
	const char *west, *east, *src, *dst;
	bool encap;
} families[] = {
	{ "192.0.2.1", "192.0.2.2", "10.1.0.1", "10.2.0.1", true },
	{ "192.0.2.1", "192.0.2.2", "2001:db8:1::1", "2001:db8:2::1", true },
	{ "2001:db8::1", "2001:db8::2", "10.1.0.1", "10.2.0.1", true },
	{ "2001:db8::1", "2001:db8::2", "2001:db8:1::1", "2001:db8:2::1",
	    true },
	{ "192.0.2.1", "192.0.2.2", "10.1.0.1", "10.2.0.1", false },
	{ "2001:db8::1", "2001:db8::2", "2001:db8:1::1", "2001:db8:2::1",
	    false },
};

START_TEST(test_families)
{
	struct esp_sa sa = { .encap = families[_i].encap, .window = 64,
		.mtu = 1500, .reqid = 1, .hard_at = MONO_NEVER };
	struct suite su = suite_named("aes-128-gcm", NULL);
	uint8_t p[1500];
	size_t len;
	int mtu;

	gate_free(west);
	gate_free(east);
	west = gate_new(families[_i].west, NULL);
	east = gate_new(families[_i].east, NULL);
	gate_pair(west, east, su);
	gate_sa(west, east, su, 0x3000, &sa);
	mtu = esp_sa_inner_mtu(west->e, &east->outer.addr, 0x3000);
	ck_assert_int_gt(mtu, 1380);
	len = make_ip(p, families[_i].src, families[_i].dst, 253,
	    (size_t)mtu);
	through(p, len);
	len = make_udp(p, families[_i].src, families[_i].dst, 1, 2, 100, 0);
	gate_out(west, p, len);
	ck_assert_int_eq(west->sent.v[0].run.encap, families[_i].encap);
	ck_assert(endpoint_equal(&west->sent.v[0].run.dst, &east->outer) ==
	    families[_i].encap);
	ck_assert_uint_eq(get32(west->sent.v[0].p), 0x3000);
	gate_carry(west, east);
	same(p, len);
	ck_assert_uint_eq(gate_errors(west) + gate_errors(east), 0);
}
END_TEST

/* RFC 7296 section 2.23: both must be taken at any time, whatever goes the
 * other way; only where it is agreed does UDP tell where the peer is. */
START_TEST(test_either)
{
	struct esp_sa sa = { .encap = _i, .window = 64, .mtu = 1500,
		.reqid = 1, .hard_at = MONO_NEVER };
	uint8_t p[200];
	size_t len;

	gate_pair(west, east, suite_named("aes-128-gcm", NULL));
	gate_sa(west, east, suite_named("aes-128-gcm", NULL), 0x3000, &sa);
	len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 100, 0);
	gate_out(west, p, len);
	west->sent.v[0].run.encap = !_i;
	gate_carry(west, east);
	same(p, len);
	gate_events(east);
	ck_assert_uint_eq(east->mappings, 0);
	ck_assert_uint_eq(gate_errors(west) + gate_errors(east), 0);
}
END_TEST

static void
transport_pair(bool encap)
{
	struct esp_sa sa = { .encap = encap, .window = 64, .mtu = 1500,
		.reqid = 9, .transport = true, .hard_at = MONO_NEVER };
	struct policy_body b = { .reqid = 9, .transport = true };

	gate_sa(west, east, suite_named("aes-256-cbc", "sha256"), 0x5000,
	    &sa);
	gate_policy(west, "192.0.2.1/32", "192.0.2.2/32", &b);
	gate_policy(east, "192.0.2.2/32", "192.0.2.1/32", &b);
}

/* TTL and id are the network's; all else comes out as it went in. */
START_TEST(test_transport)
{
	uint8_t p[1500];
	const struct kept *k;
	size_t len;

	transport_pair(_i);
	len = make_udp(p, "192.0.2.1", "192.0.2.2", 1701, 1701, 200, 3);
	gate_out(west, p, len);
	ck_assert_uint_lt(west->sent.v[0].len, len + 60);
	gate_carry(west, east);
	k = &east->injected.v[0];
	ck_assert_uint_eq(east->injected.n, 1);
	ck_assert_uint_eq(k->len, len + ESP_VNET_LEN);
	ck_assert_mem_eq(k->p + ESP_VNET_LEN + 12, p + 12, len - 12);
	ck_assert_uint_eq(gate_errors(west) + gate_errors(east), 0);
}
END_TEST

/* A NAT has changed the source: the checksum is right for the new one. */
START_TEST(test_transport_nat)
{
	struct endpoint nat = { addr_of("198.51.100.9"), 1024 };
	struct policy_body b = { .reqid = 9, .transport = true };
	const char *why = "";
	uint8_t p[300], want[300];
	size_t len;

	transport_pair(true);
	ck_assert_int_eq(esp_sa_del(east->e, &east->outer.addr, 0x5000), 0);
	west->outer = nat;
	gate_sa_in(west, east, suite_named("aes-256-cbc", "sha256"), 0x5000,
	    &(struct esp_sa){ .encap = true, .window = 64, .reqid = 9,
	    .transport = true, .hard_at = MONO_NEVER });
	gate_policy(east, "192.0.2.2/32", "198.51.100.9/32", &b);
	len = make_tcp(p, "192.0.2.1", "192.0.2.2", 5, 6, 1000, 0x18, 100);
	make_tcp(want, "198.51.100.9", "192.0.2.2", 5, 6, 1000, 0x18, 100);
	gate_out(west, p, len);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 1);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN + 12,
	    want + 12, len - 12);
	/* In transport mode an SA cannot go elsewhere. */
	nat.addr = addr_of("198.51.100.10");
	ck_assert_int_eq(esp_sa_move(east->e, &east->outer.addr, 0x5000,
	    &nat, &east->outer, true, &why), -1);
	ck_assert_str_eq(why, "transport mode SA cannot move");
}
END_TEST

/* Without a checksum there is none to correct. */
START_TEST(test_transport_no_sum)
{
	uint8_t p[300];
	size_t len;

	transport_pair(true);
	len = make_udp(p, "192.0.2.1", "192.0.2.2", 5, 6, 100, 1);
	put16(p + 26, 0);
	gate_out(west, p, len);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 1);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN + 20, p + 20,
	    len - 20);
}
END_TEST

/* A policy wider than the SA's two ends, and one of another mode. */
START_TEST(test_transport_ends)
{
	static const char *const ends[][2] = {
		{ "192.0.2.1", "192.0.2.3" }, { "192.0.2.3", "192.0.2.2" } };
	struct policy_body b = { .reqid = 9, .transport = true };
	uint8_t p[300];
	size_t len;

	transport_pair(true);
	gate_policy(west, "192.0.2.3/32", "192.0.2.2/32", &b);
	gate_policy(west, "192.0.2.1/32", "192.0.2.3/32", &b);
	for (int i = 0; i < 2; i++) {
		len = make_udp(p, ends[i][0], ends[i][1], 5, 6, 100, 1);
		gate_out(west, p, len);
	}
	ck_assert_uint_eq(west->sent.n, 0);
	ck_assert_uint_eq(gate_stat(west, "out-state-mode-errors"), 1);
	ck_assert_uint_eq(gate_stat(west, "out-no-states"), 1);
	b = (struct policy_body){ .reqid = 1, .transport = false };
	gate_policy(west, "192.0.2.1/32", "192.0.2.2/32", &b);
	gate_sa_out(west, east, suite_named("aes-128-gcm", NULL), 0x6000,
	    &(struct esp_sa){ .encap = true, .mtu = 1500, .reqid = 1,
	    .transport = true, .hard_at = MONO_NEVER });
	len = make_udp(p, "192.0.2.1", "192.0.2.2", 5, 6, 100, 1);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->sent.n, 0);
}
END_TEST

START_TEST(test_transport_refused)
{
	uint8_t p[1500];
	size_t len;

	transport_pair(true);
	len = make_udp(p, "192.0.2.1", "192.0.2.2", 1, 2, 100, 3);
	p[6] = 0x20;
	gate_out(west, p, len);
	ck_assert_uint_eq(gate_stat(west, "out-state-mode-errors"), 1);
	ck_assert_uint_eq(west->sent.n, 0);
}
END_TEST

/* Who were told of an MTU would send fragments: what is too large for the
 * path is sent whole, to be fragmented on the way. */
START_TEST(test_transport_large)
{
	static uint8_t p[5000];
	size_t len;

	transport_pair(_i);
	len = make_udp(p, "192.0.2.1", "192.0.2.2", 7, 8, 4000, 3);
	p[6] |= 0x40;
	gate_out(west, p, len);
	ck_assert_uint_eq(west->injected.n, 0);
	ck_assert_uint_eq(west->sent.n, 1);
	ck_assert(!west->sent.v[0].run.df);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 1);
	ck_assert_uint_eq(east->injected.v[0].len, len + ESP_VNET_LEN);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN + 20, p + 20,
	    len - 20);
	ck_assert_uint_eq(gate_errors(west) + gate_errors(east), 0);
}
END_TEST

static struct sa *
inside(struct gate *g, const struct addr *dst, uint32_t spi)
{
	return sad_get(&g->e->sad, dst, spi);
}

/* The upper half carries over without a word on the wire. */
START_TEST(test_esn_carry)
{
	struct esp_sa sa = { .encap = true, .window = 4096, .mtu = 1500,
		.reqid = 1, .hard_at = MONO_NEVER, .esn = true };
	struct addr *dst = &east->outer.addr;
	struct suite su = suite_named(_i ? "aes-128-cbc" : "aes-128-gcm",
	    _i ? "sha1" : NULL);
	struct esp_sa_state st;
	uint8_t p[200];
	size_t len;

	gate_pair(west, east, su);
	gate_sa(west, east, su, 0x3000, &sa);
	atomic_store(&inside(west, dst, 0x3000)->live->seq, UINT32_MAX - 10);
	atomic_store(&inside(east, dst, 0x3000)->replay->top,
	    UINT32_MAX - 10);
	len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 100, 3);
	for (int i = 0; i < 20; i++)
		through(p, len);
	ck_assert_int_eq(esp_sa_get(east->e, dst, 0x3000, &st), 0);
	ck_assert_uint_eq(st.seq, UINT64_C(0x100000000) + 9);
	ck_assert_uint_eq(st.packets, 20);
	ck_assert_uint_eq(st.bytes, 20 * len);
	ck_assert_int_eq(esp_sa_get(west->e, dst, 0x3000, &st), 0);
	ck_assert_uint_eq(st.seq, UINT64_C(0x100000000) + 9);
	ck_assert_uint_eq(st.bytes, 20 * len);
}
END_TEST

/* Without ESN the numbers end, and that is told once. */
START_TEST(test_seq_end)
{
	struct addr *dst = &east->outer.addr;
	uint8_t p[200];
	size_t len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 100, 3);

	gate_pair(west, east, suite_named("aes-128-gcm", NULL));
	atomic_store(&inside(west, dst, 0x1000)->live->seq, UINT32_MAX - 1);
	gate_out(west, p, len);
	gate_out(west, p, len);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->sent.n, 1);
	ck_assert_uint_eq(gate_stat(west, "out-state-sequence-errors"), 2);
	gate_events(west);
	ck_assert_uint_eq(west->hards, 1);
	ck_assert_uint_eq(west->expired_spi, 0x1000);
}
END_TEST

/* The newest SA is used; without it, the one before; then none. */
START_TEST(test_rekey)
{
	struct suite su = suite_named("aes-128-gcm", NULL);
	struct addr *dst = &east->outer.addr;
	uint8_t p[200];
	size_t len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 100, 3);

	gate_pair(west, east, su);
	gate_sa(west, east, su, 0x1001, NULL);
	gate_sa(west, east, su, 0x1002, NULL);
	gate_out(west, p, len);
	ck_assert_uint_eq(get32(west->sent.v[0].p), 0x1002);
	esp_sa_del(west->e, dst, 0x1001);
	esp_sa_del(west->e, dst, 0x1002);
	gate_out(west, p, len);
	ck_assert_uint_eq(get32(west->sent.v[1].p), 0x1000);
	esp_sa_del(west->e, dst, 0x1000);
	ck_assert_int_eq(esp_sa_del(west->e, dst, 0x1000), -1);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->sent.n, 2);
	ck_assert_uint_eq(gate_stat(west, "out-no-states"), 1);
	ck_assert_uint_eq(esp_reclaim(west->e), 0);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 2);
}
END_TEST

/* Which is the newest does not depend on the order in which they come, as
 * after a restart. */
START_TEST(test_age)
{
	static const uint32_t ages[] = { 3, 1, 5, 2, 4 };
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 1, .hard_at = MONO_NEVER };
	struct suite su = suite_named("aes-128-gcm", NULL);
	uint8_t p[200];
	size_t len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 100, 3);

	gate_pair(west, east, su);
	for (int i = 0; i < 5; i++) {
		west->now.us = 1000000 + ages[i];
		gate_sa_out(west, east, su, 0x3000 + ages[i], &sa);
	}
	for (uint32_t age = 5; age > 0; age--) {
		gate_clear(west);
		gate_out(west, p, len);
		ck_assert_uint_eq(get32(west->sent.v[0].p), 0x3000 + age);
		ck_assert_int_eq(esp_sa_del(west->e, &east->outer.addr,
		    0x3000 + age), 0);
	}
	gate_clear(west);
	gate_out(west, p, len);
	ck_assert_uint_eq(get32(west->sent.v[0].p), 0x1000);
}
END_TEST

/* An SA whose counters were kept goes on behind them, at both ends. */
START_TEST(test_goes_on)
{
	struct esp_live out = { .seq = 100 }, in = { .seq = 102 };
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 1, .hard_at = MONO_NEVER };
	struct suite su = suite_named("aes-128-gcm", NULL);
	uint8_t p[200];
	size_t len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 100, 3);

	gate_pair(west, east, su);
	west->now.us++;
	sa.live = &out;
	gate_sa_out(west, east, su, 0x3000, &sa);
	sa.live = &in;
	gate_sa_in(west, east, su, 0x3000, &sa);
	for (int i = 0; i < 4; i++) {
		gate_out(west, p, len);
		ck_assert_uint_eq(get32(west->sent.v[0].p), 0x3000);
		ck_assert_uint_eq(get32(west->sent.v[0].p + 4), 101 + i);
		gate_carry(west, east);
	}
	ck_assert_uint_eq(atomic_load(&out.seq), 104);
	ck_assert_uint_eq(atomic_load(&in.seq), 104);
	ck_assert_uint_eq(atomic_load(&in.packets), 2);
	ck_assert_uint_eq(east->injected.n, 2);
	ck_assert_uint_eq(gate_stat(east, "in-state-sequence-errors"), 2);
	ck_assert_int_eq(esp_sa_del(west->e, &east->outer.addr, 0x3000), 0);
	ck_assert_int_eq(esp_sa_del(east->e, &east->outer.addr, 0x3000), 0);
}
END_TEST

static int
iv_cmp(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* No IV comes twice, whatever makes it; a counter's is the number of the
 * packet (RFC 4106 section 3.1, RFC 3602 section 2.1). */
START_TEST(test_ivs)
{
	static uint8_t ivs[2000][16];
	struct suite su = { 0 };
	uint8_t p[200];
	size_t len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 10, 3);
	uint32_t spi = 0x1000;
	struct policy_body b = { .reqid = 1 };

	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	while (suite_walk(&su)) {
		if (su.encr->iv_len == 0 || (su.integ != NULL &&
		    su.integ->mode != ALG_M_CMAC))
			continue;
		west->now.us++;
		gate_sa_out(west, east, su, ++spi, NULL);
		memset(ivs, 0, sizeof(ivs));
		for (int i = 0; i < 2000; i++) {
			gate_clear(west);
			gate_out(west, p, len);
			memcpy(ivs[i], west->sent.v[0].p + 8,
			    su.encr->iv_len);
			if (su.encr->flags & ALG_COUNTER)
				ck_assert_uint_eq(get32(ivs[i] + 4), i + 1);
		}
		qsort(ivs, 2000, 16, iv_cmp);
		for (int i = 1; i < 2000; i++)
			ck_assert_int_ne(iv_cmp(ivs[i - 1], ivs[i]), 0);
	}
	ck_assert_uint_gt(spi, 0x1005);
}
END_TEST

/* MOBIKE: the SA goes on at another address, in UDP or not. */
START_TEST(test_move)
{
	struct endpoint to = { addr_of("2001:db8::99"), 0 };
	struct endpoint from = { addr_of("2001:db8::1"), 0 };
	const char *why = "";
	uint8_t p[200];
	size_t len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 100, 3);

	gate_pair(west, east, suite_named("aes-128-gcm", NULL));
	through(p, len);
	ck_assert_int_eq(esp_sa_move(west->e, &east->outer.addr, 0x1000,
	    &from, &to, false, &why), 0);
	ck_assert_int_eq(esp_sa_move(west->e, &east->outer.addr, 0x1000,
	    &from, &to, false, &why), -1);
	ck_assert_int_eq(esp_sa_move(east->e, &east->outer.addr, 0x1000,
	    &from, &to, false, &why), 0);
	gate_out(west, p, len);
	ck_assert(endpoint_equal(&west->sent.v[0].run.dst, &to));
	ck_assert_uint_eq(get32(west->sent.v[0].p + 4), 2);
	gate_carry(west, east);
	same(p, len);
	ck_assert_int_eq(esp_sa_del(west->e, &to.addr, 0x1000), 0);
}
END_TEST

static void *
count_malloc(size_t n, const char *file, int at)
{
	(void)file;
	(void)at;
	allocations++;
	return malloc(n);
}

static void *
count_realloc(void *p, size_t n, const char *file, int at)
{
	(void)file;
	(void)at;
	allocations++;
	return realloc(p, n);
}

static void
count_free(void *p, const char *file, int at)
{
	(void)file;
	(void)at;
	free(p);
}

/* OpenSSL does what allocating there might be; each packet goes through two
 * cores, and HMAC copies two states, which spare.h keeps at hand. */
START_TEST(test_no_allocation)
{
	struct suite su = { 0 };
	struct policy_body b = { .reqid = 1 };
	uint32_t spi = 0x1000;
	unsigned long before, most;
	uint8_t p[1500];
	size_t len;

	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_policy(east, "10.2.0.0/16", "10.1.0.0/16", &b);
	len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 1000, 3);
	while (suite_walk(&su)) {
		gate_sa(west, east, su, spi, NULL);
		before = allocations;
		for (int i = 0; i < 50; i++)
			through(p, len);
		most = su.integ != NULL && su.integ->mode == ALG_M_HMAC ?
		    50 * 2 * 2 : 0;
		ck_assert_msg(allocations - before <= most, "%s %s",
		    su.encr->log, su.integ == NULL ? "" : su.integ->log);
		spi++;
	}
	ck_assert_uint_gt(allocations, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd core");
	TCase *tc = tcase_create("core");
	SRunner *sr;
	int failed;

	if (CRYPTO_set_mem_functions(count_malloc, count_realloc,
	    count_free) != 1)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_every_length);
	tcase_add_loop_test(tc, test_either, 0, 2);
	tcase_add_loop_test(tc, test_families, 0,
	    sizeof(families) / sizeof(families[0]));
	tcase_add_loop_test(tc, test_transport, 0, 2);
	tcase_add_test(tc, test_transport_nat);
	tcase_add_test(tc, test_transport_no_sum);
	tcase_add_test(tc, test_transport_ends);
	tcase_add_test(tc, test_transport_refused);
	tcase_add_loop_test(tc, test_transport_large, 0, 2);
	tcase_add_loop_test(tc, test_esn_carry, 0, 2);
	tcase_add_test(tc, test_seq_end);
	tcase_add_test(tc, test_rekey);
	tcase_add_test(tc, test_age);
	tcase_add_test(tc, test_goes_on);
	tcase_add_test(tc, test_ivs);
	tcase_add_test(tc, test_move);
	tcase_add_test(tc, test_no_allocation);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
