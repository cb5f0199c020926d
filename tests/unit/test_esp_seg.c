/* Super-packets cut and put together, fragments, sizes, congestion marks. */
#include "espd/csum.h"
#include "espd/pkt.h"
#include "espd/vnet.h"
#include "espd/wire.h"
#include "esp_util.h"

#include <stdlib.h>

static struct gate *west, *east;
static uint8_t tun[ESP_TUN_MAX];

#define PKT	(tun + ESP_VNET_LEN)
#define ACK	0x10
#define PSH	0x08
#define FIN	0x01
#define CWR	0x80

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

static uint32_t
next_random(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*x >> 33);
}

/* Makes the packet in tun a super-packet with its checksum left to do. */
static void
super(size_t len, uint16_t size, uint8_t type)
{
	size_t l4 = PKT[0] >> 4 == 4 ? 20 : 40;
	uint8_t proto = PKT[0] >> 4 == 4 ? PKT[9] : PKT[6];
	size_t hdr = l4 + (proto == IPPROTO_TCP ? 20 : 8);
	struct vnet v = { .flags = VNET_NEEDS_CSUM, .gso_type = type,
		.hdr_len = (uint16_t)hdr, .gso_size = size,
		.csum_start = (uint16_t)l4,
		.csum_offset = proto == IPPROTO_TCP ? 16 : 6 };

	memcpy(tun, &v, sizeof(v));
	csum_put_partial(PKT + l4 + v.csum_offset, csum_pseudo(PKT, proto,
	    len - l4));
}

static void
send_tun(size_t len)
{
	static uint8_t copy[ESP_TUN_MAX];

	memcpy(copy, tun, ESP_VNET_LEN + len);
	esp_out(west->t, copy, ESP_VNET_LEN + len, west->now);
	esp_out_flush(west->t);
}

static const struct {
	const char *src, *dst;
	uint8_t type;
} kinds[] = {
	{ "10.1.0.1", "10.2.0.1", VNET_GSO_TCP4 },
	{ "2001:db8:1::1", "2001:db8:2::1", VNET_GSO_TCP6 },
	{ "10.1.0.1", "10.2.0.1", VNET_GSO_UDP },
	{ "2001:db8:1::1", "2001:db8:2::1", VNET_GSO_UDP },
};
#define KINDS	(int)(sizeof(kinds) / sizeof(kinds[0]))

static size_t
make(int i, uint32_t seq, uint8_t flags, size_t n)
{
	if (kinds[i].type == VNET_GSO_UDP)
		return make_udp(PKT, kinds[i].src, kinds[i].dst, 5, 6, n,
		    (uint8_t)seq);
	return make_tcp(PKT, kinds[i].src, kinds[i].dst, 5, 6, seq, flags, n);
}

/* The super-packet comes out at the other end as it went in at this one. */
static void
whole(size_t len)
{
	const struct kept *k = &east->injected.v[0];

	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 1);
	ck_assert_uint_eq(k->len, ESP_VNET_LEN + len);
	ck_assert_mem_eq(k->p + ESP_VNET_LEN, PKT, len);
	ck_assert_mem_eq(k->p, tun, ESP_VNET_LEN);
	gate_clear(east);
}

START_TEST(test_super)
{
	uint64_t x = (uint64_t)_i + 7;
	uint16_t size;
	size_t n, len, most = kinds[_i].type == VNET_GSO_UDP ? 12800 : 65000;

	for (int i = 0; i < 150; i++) {
		size = (uint16_t)(200 + next_random(&x) % 1100);
		n = size + 1 + next_random(&x) % (most - size);
		len = make(_i, next_random(&x), ACK | PSH, n);
		super(len, size, kinds[_i].type);
		send_tun(len);
		whole(len);
	}
	ck_assert_uint_eq(gate_errors(west) + gate_errors(east), 0);
}
END_TEST

/* Each packet that was cut is good by itself. */
START_TEST(test_cut)
{
	static uint8_t want[2000];
	size_t len = make(_i, 1000, ACK | PSH | FIN | CWR, 2500), n, at = 0;
	struct esp_run *r = &west->sent.v[0].run;
	bool tcp = kinds[_i].type != VNET_GSO_UDP;
	const uint8_t *h;

	super(len, 1000, tcp ? kinds[_i].type | VNET_GSO_ECN :
	    kinds[_i].type);
	send_tun(len);
	ck_assert_uint_eq(west->sent.n, 1);
	ck_assert_uint_eq(r->n, 3);
	ck_assert_uint_gt(r->seg, 1000);
	for (unsigned i = 0; i < 3; i++) {
		n = r->len - at < r->seg ? r->len - at : r->seg;
		gate_in(east, west, r->data + at, n);
		at += n;
		ck_assert_uint_eq(east->injected.n, i + 1);
		memcpy(want, east->injected.v[i].p + ESP_VNET_LEN, 2000);
		struct pkt k;

		ck_assert_int_eq(pkt_parse(&k, want,
		    east->injected.v[i].len - ESP_VNET_LEN), 0);
		ck_assert_uint_eq(k.len - k.l4 - (tcp ? 20 : 8),
		    i < 2 ? 1000 : 500);
		ck_assert(csum_ok(csum_add(csum_pseudo(want, k.proto,
		    k.len - k.l4), want + k.l4, k.len - k.l4)));
		if (k.version == 4) {
			ck_assert(csum_ok(csum_add(0, want, 20)));
			ck_assert_uint_eq(get16(want + 4), 0x1234 + i);
		}
		h = want + k.l4;
		if (tcp) {
			ck_assert_uint_eq(get32(h + 4), 1000 + i * 1000);
			ck_assert_uint_eq(h[13] & (FIN | PSH), i == 2 ?
			    FIN | PSH : 0);
			ck_assert_uint_eq(h[13] & CWR, i == 0 ? CWR : 0);
		} else
			ck_assert_uint_eq(get16(h + 4), i < 2 ? 1008 : 508);
	}
}
END_TEST

/* A checksum left to do, without more. */
START_TEST(test_csum)
{
	size_t len = make(_i, 1000, ACK, 333);
	uint8_t want[500];

	memcpy(want, PKT, len);
	super(len, 0, VNET_GSO_NONE);
	send_tun(len);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.v[0].len, ESP_VNET_LEN + len);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN, want, len);
}
END_TEST

/* More packets than one send takes, and such as are tiny. */
START_TEST(test_many)
{
	size_t len = make(0, 1, ACK | PSH, 60000);

	super(len, 100, VNET_GSO_TCP4);
	send_tun(len);
	ck_assert_uint_eq(west->sent.n, (600 + 63) / 64);
	whole(len);
	super(len, 1, VNET_GSO_TCP4);
	send_tun(len);
	ck_assert_uint_eq(west->sent.n, (60000 + 63) / 64);
	gate_carry(west, east);
	ck_assert_uint_eq(gate_errors(east), 0);
}
END_TEST

START_TEST(test_vnet_bad)
{
	size_t len = make(0, 1, ACK, 1000);
	uint64_t n = 0;
	struct vnet v;

	super(len, 0, VNET_GSO_TCP4);		/* no size */
	send_tun(len);
	ck_assert_uint_eq(gate_stat(west, "out-errors"), ++n);
	super(len, 100, VNET_GSO_TCP6);
	send_tun(len);
	ck_assert_uint_eq(gate_stat(west, "out-errors"), ++n);
	super(len, 100, VNET_GSO_UDP);
	send_tun(len);
	ck_assert_uint_eq(gate_stat(west, "out-errors"), ++n);
	super(len, 100, VNET_GSO_UFO);
	send_tun(len);
	ck_assert_uint_eq(gate_stat(west, "out-errors"), ++n);
	super(len, 0, VNET_GSO_NONE);
	memcpy(&v, tun, sizeof(v));
	v.csum_offset = 1019;
	memcpy(tun, &v, sizeof(v));
	send_tun(len);
	ck_assert_uint_eq(gate_stat(west, "out-errors"), ++n);
	esp_out(west->t, tun, 9, west->now);
	esp_out(west->t, tun, 10, west->now);
	ck_assert_uint_eq(gate_stat(west, "out-errors"), n + 2);
	ck_assert_uint_eq(west->sent.n, 0);
}
END_TEST

/* A stream in single packets is put together; what breaks it is not. */
static void
packet(uint32_t seq, uint8_t flags, size_t n, void (*change)(uint8_t *))
{
	uint8_t p[1500];
	size_t len = make_tcp(p, "10.1.0.1", "10.2.0.1", 5, 6, seq, flags, n);

	if (change != NULL)
		change(p);
	gate_out(west, p, len);
}

static void
odd_ttl(uint8_t *p)
{
	p[8] = 63;
	csum_ipv4(p);
}

static void
odd_ip_csum(uint8_t *p)
{
	p[10] ^= 1;
}

static void
odd_csum(uint8_t *p)
{
	p[36] ^= 1;
}

static void
odd_ack(uint8_t *p)
{
	uint16_t old = get16(p + 30);

	put16(p + 30, (uint16_t)(old + 1));
	csum_fix(p + 36, old, (uint16_t)(old + 1));
}

static const struct {
	uint32_t seq;
	uint8_t flags;
	size_t n;
	void (*change)(uint8_t *);
	unsigned out;		/* packets out of three */
} breaks[] = {
	{ 2000, ACK, 1000, NULL, 1 },
	{ 2000, ACK | PSH, 1000, NULL, 2 },	/* the third is apart */
	{ 2000, ACK, 500, NULL, 2 },
	{ 2001, ACK, 1000, NULL, 3 },
	{ 2000, ACK | FIN, 1000, NULL, 3 },
	{ 2000, ACK | CWR, 1000, NULL, 3 },
	{ 2000, ACK, 0, NULL, 3 },
	{ 2000, ACK, 1001, NULL, 3 },
	{ 2000, ACK, 1000, odd_ttl, 3 },
	{ 2000, ACK, 1000, odd_csum, 3 },
	{ 2000, ACK, 1000, odd_ip_csum, 3 },
	{ 2000, ACK, 1000, odd_ack, 3 },
};

START_TEST(test_join)
{
	size_t sum = 0;

	packet(1000, ACK, 1000, NULL);
	packet(breaks[_i].seq, breaks[_i].flags, breaks[_i].n,
	    breaks[_i].change);
	packet(3000, ACK, 1000, NULL);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, breaks[_i].out);
	for (unsigned i = 0; i < east->injected.n; i++)
		sum += east->injected.v[i].len - ESP_VNET_LEN - 40;
	ck_assert_uint_eq(sum, 2000 + breaks[_i].n);
	/* In order. */
	for (unsigned i = 1; i < east->injected.n; i++)
		ck_assert_uint_gt(get32(east->injected.v[i].p +
		    ESP_VNET_LEN + 24), get32(east->injected.v[i - 1].p +
		    ESP_VNET_LEN + 24));
}
END_TEST

/* Several flows in turns: every byte of each comes, in order. */
START_TEST(test_flows)
{
	uint64_t x = (uint64_t)_i + 3;
	uint32_t next[12] = { 0 }, seen[12] = { 0 }, f, n;
	uint8_t p[1500];
	unsigned packets = 0;

	for (int i = 0; i < 4000; i++) {
		f = next_random(&x) % 12;
		n = next_random(&x) % 8 == 0 ? next_random(&x) % 1200 : 1200;
		gate_out(west, p, make_tcp(p, "10.1.0.1", "10.2.0.1",
		    (uint16_t)(100 + f), 80, next[f],
		    next_random(&x) % 8 ? ACK : ACK | PSH, n));
		next[f] += n;
		if (i % 50 == 49)
			gate_carry(west, east);
	}
	for (unsigned i = 0; i < east->injected.n; i++) {
		const struct kept *k = &east->injected.v[i];
		const uint8_t *h = k->p + ESP_VNET_LEN + 20;

		f = get16(h) - 100u;
		ck_assert_uint_eq(get32(h + 4), seen[f]);
		seen[f] += (uint32_t)(k->len - ESP_VNET_LEN - 40);
		packets++;
	}
	for (int i = 0; i < 12; i++)
		ck_assert_uint_eq(seen[i], next[i]);
	ck_assert_uint_lt(packets, 4000);
}
END_TEST

/* The device takes at most 64 datagrams of a kind at a time. */
START_TEST(test_tiny)
{
	unsigned sum = 0;
	struct vnet v;
	size_t n;

	n = make(2 + _i, 0, 0, 200 * 36);
	super(n, 36, VNET_GSO_UDP);
	send_tun(n);
	gate_carry(west, east);
	for (unsigned i = 0; i < east->injected.n; i++) {
		memcpy(&v, east->injected.v[i].p, sizeof(v));
		n = east->injected.v[i].len - ESP_VNET_LEN - 28 -
		    (_i ? 20 : 0);
		ck_assert_uint_le(n, 64 * 36);
		ck_assert(v.gso_size == 36 || n == 36);
		sum += (unsigned)n / 36;
	}
	ck_assert_uint_eq(sum, 200);
	ck_assert_uint_eq(east->injected.n, 4);
}
END_TEST

/* Equal packets of several reads leave in one send. */
START_TEST(test_runs)
{
	static const size_t len[] = { 500, 500, 500, 100, 500, 510, 400 };
	static const unsigned want[] = { 4, 1, 2 };
	size_t n;

	for (int i = 0; i < 7; i++) {
		n = make_udp(PKT, "10.1.0.1", "10.2.0.1", 1, 2, len[i], 0);
		memset(tun, 0, ESP_VNET_LEN);
		esp_out(west->t, tun, ESP_VNET_LEN + n, west->now);
	}
	esp_out_flush(west->t);
	ck_assert_uint_eq(west->sent.n, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(west->sent.v[i].run.n, want[i]);
	esp_out_flush(west->t);
	ck_assert_uint_eq(west->sent.n, 3);
	gate_carry(west, east);
	ck_assert_uint_eq(gate_errors(east), 0);
}
END_TEST

static void
mtu(uint32_t outer)
{
	ck_assert_int_eq(esp_sa_mtu(west->e, &east->outer.addr, 0x1000,
	    outer), 0);
}

/* Too big and not to be fragmented: the inside is told. */
START_TEST(test_too_big4)
{
	int inner;
	const uint8_t *p;
	size_t len;

	mtu(1400);
	inner = esp_sa_inner_mtu(west->e, &east->outer.addr, 0x1000);
	/* 20 + 8 + 8 + 8 + 16 around, 4 to align, 2 of trailer. */
	ck_assert_int_eq(inner, (1400 - 60) / 4 * 4 - 2);
	len = make_tcp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 0, ACK,
	    (size_t)inner - 40 + 1);
	memset(tun, 0, ESP_VNET_LEN);
	send_tun(len);
	ck_assert_uint_eq(west->sent.n, 0);
	ck_assert_uint_eq(gate_stat(west, "out-bundle-check-errors"), 1);
	p = west->injected.v[0].p + ESP_VNET_LEN;
	len = west->injected.v[0].len - ESP_VNET_LEN;
	ck_assert_uint_eq(west->injected.n, 1);
	ck_assert_uint_eq(get16(p + 2), len);
	ck_assert_uint_eq(p[9], IPPROTO_ICMP);
	ck_assert_mem_eq(p + 12, PKT + 16, 4);
	ck_assert_mem_eq(p + 16, PKT + 12, 4);
	ck_assert_uint_eq(get16(p + 20), 3 << 8 | 4);
	ck_assert_uint_eq(get16(p + 26), (unsigned)inner);
	ck_assert_mem_eq(p + 28, PKT, len - 28);
	ck_assert(csum_ok(csum_add(0, p, 20)));
	ck_assert(csum_ok(csum_add(0, p + 20, len - 20)));
	/* What fits exactly goes. */
	len = make_tcp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 0, ACK,
	    (size_t)inner - 40);
	send_tun(len);
	ck_assert_uint_eq(west->sent.n, 1);
	ck_assert(west->sent.v[0].run.df);
	ck_assert_uint_le(west->sent.v[0].len, 1400 - 28);
	ck_assert_uint_gt(west->sent.v[0].len, 1400 - 28 - 4);
	/* A super-packet of too large segments. */
	len = make_tcp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 0, ACK, 10000);
	super(len, (uint16_t)(inner - 39), VNET_GSO_TCP4);
	send_tun(len);
	ck_assert_uint_eq(west->injected.n, 2);
	/* Not every packet is answered. */
	for (int i = 0; i < 300; i++)
		send_tun(len);
	ck_assert_uint_eq(west->injected.n, 100);
}
END_TEST

START_TEST(test_too_big6)
{
	const uint8_t *p;
	size_t len;

	mtu(1400);
	memset(tun, 0, ESP_VNET_LEN);
	len = make_udp(PKT, "2001:db8:1::1", "2001:db8:2::1", 5, 6, 1400, 0);
	send_tun(len);
	ck_assert_uint_eq(west->sent.n, 0);
	p = west->injected.v[0].p + ESP_VNET_LEN;
	len = west->injected.v[0].len - ESP_VNET_LEN;
	ck_assert_uint_eq(len, 1280);
	ck_assert_uint_eq(p[6], IPPROTO_ICMPV6);
	ck_assert_mem_eq(p + 8, PKT + 24, 16);
	ck_assert_mem_eq(p + 24, PKT + 8, 16);
	ck_assert_uint_eq(get16(p + 40), 2 << 8);
	ck_assert_uint_eq(get32(p + 44), (1400 - 60) / 4 * 4 - 2);
	ck_assert(csum_ok(csum_add(csum_pseudo(p, IPPROTO_ICMPV6, len - 40),
	    p + 40, len - 40)));
	/* 1280 always go, in fragments if need be; and no less is told. */
	mtu(1200);
	len = make_udp(PKT, "2001:db8:1::1", "2001:db8:2::1", 5, 6, 1232, 0);
	ck_assert_uint_eq(len, 1280);
	send_tun(len);
	ck_assert_uint_eq(west->sent.n, 1);
	ck_assert(!west->sent.v[0].run.df);
	len = make_udp(PKT, "2001:db8:1::1", "2001:db8:2::1", 5, 6, 1233, 0);
	send_tun(len);
	ck_assert_uint_eq(west->injected.n, 2);
	p = west->injected.v[1].p + ESP_VNET_LEN;
	ck_assert_uint_eq(get32(p + 44), 1280);
	/* An error is not answered. */
	len = make_ip(PKT, "2001:db8:1::1", "2001:db8:2::1", IPPROTO_ICMPV6,
	    1400);
	PKT[40] = 1;
	send_tun(len);
	ck_assert_uint_eq(west->injected.n, 2);
}
END_TEST

/* Without DF it is cut inside, so that no fragment needs the network. */
START_TEST(test_fragments)
{
	static uint8_t all[4000];
	size_t len = make_udp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 3000, 9);
	size_t got = 0, off;

	mtu(1000);
	memset(tun, 0, ESP_VNET_LEN);
	send_tun(len);
	for (unsigned i = 0; i < west->sent.n; i++)
		ck_assert_uint_le(west->sent.v[i].run.seg, 1000 - 28);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 4);
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *p = east->injected.v[i].p + ESP_VNET_LEN;

		ck_assert(csum_ok(csum_add(0, p, 20)));
		off = (get16(p + 6) & 0x1fff) * 8u;
		ck_assert_uint_eq((get16(p + 6) & 0x2000) != 0, i < 3);
		memcpy(all + off, p + 20, get16(p + 2) - 20u);
		got += get16(p + 2) - 20u;
	}
	ck_assert_uint_eq(got, len - 20);
	ck_assert_mem_eq(all, PKT + 20, got);
	ck_assert_uint_eq(gate_errors(west) + gate_errors(east), 0);
}
END_TEST

/* What lies beyond the longest packet cannot be counted in a header. */
START_TEST(test_fragments_beyond)
{
	size_t len = make_udp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 3000, 9);

	mtu(1000);
	memset(tun, 0, ESP_VNET_LEN);
	for (uint16_t off = 0x1fff; off > 0x1fff - 3; off--) {
		put16(PKT + 6, off);
		csum_ipv4(PKT);
		send_tun(len);
	}
	ck_assert_uint_eq(west->sent.n, 0);
	ck_assert_uint_eq(gate_stat(west, "out-bundle-check-errors"), 3);
}
END_TEST

/* Nobody is told who is not one, nor in the name of such. */
static const struct {
	const char *src, *dst;
} crowds[] = {
	{ "10.1.0.1", "224.0.0.9" }, { "224.0.0.9", "10.2.0.1" },
	{ "10.1.0.1", "255.255.255.255" }, { "0.0.0.0", "10.2.0.1" },
	{ "2001:db8:1::1", "ff02::9" }, { "ff02::9", "2001:db8:2::1" },
	{ "::", "2001:db8:2::1" },
};

START_TEST(test_too_big_crowd)
{
	bool v6 = strchr(crowds[_i].src, ':') != NULL;
	struct policy_body b = { .reqid = 1 };
	size_t len;

	gate_policy(west, v6 ? "::/0" : "0.0.0.0/0", v6 ? "::/0" :
	    "0.0.0.0/0", &b);
	mtu(1400);
	memset(tun, 0, ESP_VNET_LEN);
	len = make_udp(PKT, crowds[_i].src, crowds[_i].dst, 5, 6, 1400, 0);
	if (!v6) {
		PKT[6] = 0x40;
		csum_ipv4(PKT);
	}
	send_tun(len);
	ck_assert_uint_eq(gate_stat(west, "out-bundle-check-errors"), 1);
	ck_assert_uint_eq(west->injected.n, 0);
}
END_TEST

/* A selector with ports would not know the fragments: the whole packet goes,
 * and the network may cut it. */
START_TEST(test_fragments_ports)
{
	struct policy_body b = { .prio = 1, .reqid = 1 };
	struct sel s = { .proto = IPPROTO_UDP, .rport = 6, .rmask = 0xffff };
	const char *why;
	size_t len = make_udp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 3000, 9);

	prefix_parse(&s.local, "10.1.0.0/16", true);
	prefix_parse(&s.remote, "10.2.0.0/16", true);
	ck_assert_int_eq(esp_policy_set(west->e, &s, &b, &why), 0);
	mtu(1000);
	memset(tun, 0, ESP_VNET_LEN);
	send_tun(len);
	ck_assert_uint_eq(west->sent.n, 1);
	ck_assert_uint_eq(west->sent.v[0].run.n, 1);
	ck_assert(!west->sent.v[0].run.df);
	gate_carry(west, east);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN, PKT, len);
}
END_TEST

/* RFC 4301 section 8.1: cleared, set, or the inner packet's. */
START_TEST(test_df)
{
	static const struct {
		enum esp_df df;
		bool without, with;
	} rows[] = { { ESP_DF_CLEAR, false, false },
		{ ESP_DF_INHERIT, false, true }, { ESP_DF_SET, true, true } };
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 1, .hard_at = MONO_NEVER };
	size_t len = make_udp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 100, 9);

	sa.df = rows[_i].df;
	gate_sa(west, east, suite_named("aes-128-gcm", NULL), 0x3000, &sa);
	put16(PKT + 6, 0);
	csum_ipv4(PKT);
	gate_out(west, PKT, len);
	put16(PKT + 6, 0x4000);
	csum_ipv4(PKT);
	gate_out(west, PKT, len);
	ck_assert_uint_eq(west->sent.n, 2);
	ck_assert(west->sent.v[0].run.df == rows[_i].without);
	ck_assert(west->sent.v[1].run.df == rows[_i].with);
	/* What may be fragmented always can. */
	put16(PKT + 6, 0);
	csum_ipv4(PKT);
	len = make_udp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 1472, 9);
	gate_out(west, PKT, len);
	ck_assert_uint_eq(west->injected.n, 0);
	ck_assert_uint_gt(west->sent.n, 2);
	ck_assert(!west->sent.v[2].run.df);
}
END_TEST

/* RFC 4301 section 5.1.2: DSCP may be hidden, ECN may not. */
START_TEST(test_no_dscp)
{
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 1, .hard_at = MONO_NEVER, .no_dscp = true };
	struct pkt k;
	size_t len = make_udp(PKT, "10.1.0.1", "10.2.0.1", 5, 6, 100, 9);

	gate_sa(west, east, suite_named("aes-128-gcm", NULL), 0x3000, &sa);
	pkt_parse(&k, PKT, len);
	pkt_set_tos(&k, 0xb8 | 2);
	gate_out(west, PKT, len);
	ck_assert_uint_eq(west->sent.v[0].run.tos, 2);
	gate_carry(west, east);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN, PKT, len);
}
END_TEST

/* A SYN's MSS is what the tunnel takes, both ways; others are left alone. */
static uint16_t
mss_through(size_t opt_at, uint16_t mss, uint8_t flags, int version)
{
	bool v4 = version == 4;
	size_t l4 = v4 ? 20 : 40, n;
	uint8_t *h = PKT + l4;
	const uint8_t *q;

	make_tcp(PKT, v4 ? "10.1.0.1" : "2001:db8:1::1", v4 ? "10.2.0.1" :
	    "2001:db8:2::1", 5, 6, 0, flags, 8);
	h[12] = 7 << 4;
	memset(h + 20, 1, 8);
	h[20 + opt_at] = 2;
	h[21 + opt_at] = 4;
	put16(h + 22 + opt_at, mss);
	memset(h + 16, 0, 2);
	csum_put(h + 16, csum_add(csum_pseudo(PKT, IPPROTO_TCP, 28), h, 28));
	memset(tun, 0, ESP_VNET_LEN);
	gate_clear(east);
	send_tun(l4 + 28);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 1);
	q = east->injected.v[0].p + ESP_VNET_LEN;
	n = east->injected.v[0].len - ESP_VNET_LEN - l4;
	ck_assert(csum_ok(csum_add(csum_pseudo(q, IPPROTO_TCP, n), q + l4,
	    n)));
	return get16(q + l4 + 22 + opt_at);
}

START_TEST(test_mss)
{
	for (size_t at = 0; at <= 4; at++) {
		mtu(1400);
		ck_assert_uint_eq(mss_through(at, 1460, 2, 4), 1338 - 40);
		ck_assert_uint_eq(mss_through(at, 1460, 2 | ACK, 6),
		    1338 - 60);
		ck_assert_uint_eq(mss_through(at, 1000, 2, 4), 1000);
		ck_assert_uint_eq(mss_through(at, 1460, ACK, 4), 1460);
		/* East's own limit counts too. */
		mtu(9000);
		ck_assert_uint_eq(mss_through(at, 8000, 2, 4), 1438 - 40);
	}
}
END_TEST

/* RFC 6040 figure 4; DSCP stays what it was inside. */
START_TEST(test_ecn)
{
	static const int want[4][4] = { { 0, 0, 0, -1 }, { 1, 1, 1, 3 },
		{ 2, 1, 2, 3 }, { 3, 3, 3, 3 } };
	int version = _i ? 6 : 4;
	struct pkt k;
	size_t len;

	for (uint8_t in = 0; in < 4; in++) {
		for (uint8_t out = 0; out < 4; out++) {
			len = make_udp(PKT, _i ? kinds[1].src : kinds[0].src,
			    _i ? kinds[1].dst : kinds[0].dst, 5, 6, 100, 0);
			memset(tun, 0, ESP_VNET_LEN);
			pkt_parse(&k, PKT, len);
			pkt_set_tos(&k, (uint8_t)(0xb8 | in));
			gate_clear(east);
			send_tun(len);
			ck_assert_uint_eq(west->sent.v[0].run.tos, 0xb8 | in);
			west->sent.v[0].run.tos = (uint8_t)(0x20 | out);
			gate_carry(west, east);
			if (want[in][out] == -1) {
				ck_assert_uint_eq(east->injected.n, 0);
				continue;
			}
			ck_assert_uint_eq(east->injected.n, 1);
			pkt_parse(&k, east->injected.v[0].p + ESP_VNET_LEN,
			    len);
			ck_assert_int_eq(k.version, version);
			ck_assert_uint_eq(k.tos, 0xb8 | want[in][out]);
			ck_assert(_i || csum_ok(csum_add(0, k.p, 20)));
		}
	}
	ck_assert_uint_eq(gate_stat(east, "in-errors"), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd segments");
	TCase *tc = tcase_create("seg");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_super, 0, KINDS);
	tcase_add_loop_test(tc, test_cut, 0, KINDS);
	tcase_add_loop_test(tc, test_csum, 0, KINDS);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_vnet_bad);
	tcase_add_loop_test(tc, test_join, 0,
	    sizeof(breaks) / sizeof(breaks[0]));
	tcase_add_loop_test(tc, test_flows, 0, 3);
	tcase_add_loop_test(tc, test_tiny, 0, 2);
	tcase_add_test(tc, test_runs);
	tcase_add_test(tc, test_too_big4);
	tcase_add_test(tc, test_too_big6);
	tcase_add_test(tc, test_fragments);
	tcase_add_test(tc, test_fragments_beyond);
	tcase_add_loop_test(tc, test_too_big_crowd, 0,
	    sizeof(crowds) / sizeof(crowds[0]));
	tcase_add_test(tc, test_fragments_ports);
	tcase_add_loop_test(tc, test_df, 0, 3);
	tcase_add_test(tc, test_no_dscp);
	tcase_add_test(tc, test_mss);
	tcase_add_loop_test(tc, test_ecn, 0, 2);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
