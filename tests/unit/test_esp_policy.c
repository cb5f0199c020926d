/* Policies in order, against a list that is walked; what they let happen. */
#include "espd/core.h"
#include "espd/csum.h"
#include "espd/wire.h"
#include "esp_util.h"

#include <stdio.h>
#include <stdlib.h>

#define POLICIES	400
#define FLOWS		400

static struct gate *west, *east;
static uint8_t p[2000];
static size_t len;

static void
setup(void)
{
	west = gate_new("192.0.2.1", NULL);
	east = gate_new("192.0.2.2", NULL);
	len = make_udp(p, "10.1.0.1", "10.2.0.1", 7, 8, 300, 5);
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

struct entry {
	struct sel sel;
	struct policy_body body;
	uint64_t serial;
	bool there;
};

static void
random_addr(struct addr *a, uint64_t *x, int family)
{
	memset(a, 0, sizeof(*a));
	a->family = (uint8_t)family;
	a->b[0] = 10;
	for (size_t i = 1; i < addr_len(a); i++)
		a->b[i] = next_random(x) % 3 == 0 ? 1 : 0;
}

static void
random_prefix(struct prefix *f, uint64_t *x, int family)
{
	random_addr(&f->addr, x, family);
	f->bits = (uint8_t)(next_random(x) % 4 * 8);
	if (next_random(x) % 3 == 0)
		f->bits = addr_bits(&f->addr);
	prefix_mask(f);
}

static void
random_sel(struct sel *s, uint64_t *x)
{
	static const uint8_t protos[] = { 0, 0, 6, 17, 1 };
	int family = next_random(x) % 2 ? AF_INET : AF_INET6;

	memset(s, 0, sizeof(*s));
	random_prefix(&s->local, x, family);
	random_prefix(&s->remote, x, family);
	s->proto = protos[next_random(x) % 5];
	if (s->proto != 0 && next_random(x) % 2) {
		s->lport = (uint16_t)(next_random(x) % 4);
		s->lmask = next_random(x) % 2 ? 0xffff : 0xfffe;
		s->lport &= s->lmask;
	}
}

static bool
fits(const struct sel *s, const struct flow *f)
{
	struct addr l = { s->local.addr.family, { 0 } }, r = l;

	if ((f->version == 4) != (l.family == AF_INET))
		return false;
	memcpy(l.b, f->local, 16);
	memcpy(r.b, f->remote, 16);
	if (f->opaque && (s->lmask | s->rmask) != 0)
		return false;
	return prefix_has(&s->local, &l) && prefix_has(&s->remote, &r) &&
	    (s->proto == 0 || s->proto == f->proto) &&
	    ((f->lport ^ s->lport) & s->lmask) == 0 &&
	    ((f->rport ^ s->rport) & s->rmask) == 0;
}

static const struct entry *
walk(const struct entry *v, const struct flow *f)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < POLICIES; i++)
		if (v[i].there && fits(&v[i].sel, f) && (best == NULL ||
		    v[i].body.prio < best->body.prio || (v[i].body.prio ==
		    best->body.prio && v[i].serial < best->serial)))
			best = &v[i];
	return best;
}

static void
random_flow(struct flow *f, uint64_t *x)
{
	static const uint8_t protos[] = { 6, 17, 1, 50 };
	int family = next_random(x) % 2 ? AF_INET : AF_INET6;
	struct addr a;

	memset(f, 0, sizeof(*f));
	random_addr(&a, x, family);
	memcpy(f->local, a.b, 16);
	random_addr(&a, x, family);
	memcpy(f->remote, a.b, 16);
	f->version = family == AF_INET ? 4 : 6;
	f->proto = protos[next_random(x) % 4];
	f->opaque = next_random(x) % 8 == 0;
	if (!f->opaque && f->proto != 50)
		f->lport = (uint16_t)(next_random(x) % 4);
}

static void
compare(const struct spd *s, const struct entry *v, uint64_t *x)
{
	for (int i = 0; i < FLOWS; i++) {
		struct flow f;
		const struct entry *want;
		const struct policy *got;

		random_flow(&f, x);
		want = walk(v, &f);
		got = spd_match(s, &f);
		ck_assert_int_eq(got == NULL, want == NULL);
		if (got != NULL)
			ck_assert_uint_eq(got->body.reqid, want->body.reqid);
	}
}

/* One random change; the list's and the table's notion stay the same. */
static void
change(struct spd *s, struct entry *v, uint64_t *x, uint64_t *serial)
{
	struct entry *e = &v[next_random(x) % POLICIES];
	const char *why;

	if (e->there && next_random(x) % 2) {
		ck_assert_int_eq(spd_del(s, &e->sel), 0);
		ck_assert_int_eq(spd_del(s, &e->sel), -1);
		e->there = false;
		return;
	}
	if (!e->there) {
		random_sel(&e->sel, x);
		if (spd_get(s, &e->sel) != NULL)
			return;
		e->serial = ++*serial;
	}
	e->body = (struct policy_body){ .prio = next_random(x) % 50,
		.reqid = next_random(x) };
	ck_assert_int_eq(spd_set(s, &e->sel, &e->body, &why), 0);
	e->there = true;
}

static void
count(void *arg, const struct policy *q)
{
	(void)q;
	++*(unsigned *)arg;
}

START_TEST(test_model)
{
	struct entry *v = calloc(POLICIES, sizeof(*v));
	uint64_t x = (uint64_t)_i + 1, serial = 0;
	unsigned n = 0, want = 0;
	struct epoch ep;
	struct spd s;

	epoch_init(&ep);
	ck_assert_int_eq(spd_init(&s, &ep, x), 0);
	for (int i = 0; i < 2000; i++) {
		change(&s, v, &x, &serial);
		if (i % 100 == 99)
			compare(&s, v, &x);
		epoch_reclaim(&ep);
	}
	for (int i = 0; i < POLICIES; i++)
		want += v[i].there;
	spd_each(&s, count, &n);
	ck_assert_uint_eq(n, want);
	spd_free(&s);
	epoch_end(&ep);
	free(v);
}
END_TEST

START_TEST(test_bad_selector)
{
	struct policy_body b = { 0 };
	struct sel s = { 0 };
	const char *why;

	ck_assert_int_eq(esp_policy_set(west->e, &s, &b, &why), -1);
	ck_assert_str_eq(why, "malformed selector");
	ck_assert_int_eq(esp_policy_del(west->e, &s), -1);
	s.local.addr = addr_of("10.0.0.0");
	s.remote.addr = addr_of("::");
	ck_assert_int_eq(esp_policy_set(west->e, &s, &b, &why), -1);
	s.remote.addr = addr_of("10.0.0.0");
	s.local.bits = 33;
	ck_assert_int_eq(esp_policy_set(west->e, &s, &b, &why), -1);
	s.local.bits = 8;
	s.lmask = 0xffff;
	ck_assert_int_eq(esp_policy_set(west->e, &s, &b, &why), -1);
	s.proto = 6;
	ck_assert_int_eq(esp_policy_set(west->e, &s, &b, &why), 0);
	ck_assert_int_eq(esp_policy_del(west->e, &s), 0);
}
END_TEST

/* The kernel's own messages to its link are no errors of anybody; what
 * leaves the link is. */
START_TEST(test_chatter)
{
	static const struct {
		const char *src, *dst;
		unsigned errors;
	} v[] = { { "10.1.0.1", "224.0.0.22", 0 },
		{ "10.1.0.1", "224.0.1.1", 1 },
		{ "fe80::1", "ff02::16", 1 }, { "::", "ff02::2", 1 },
		{ "2001:db8:1::1", "ff05::2", 2 } };
	uint8_t m[200];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		gate_out(west, m, make_udp(m, v[i].src, v[i].dst, 7, 8, 30,
		    1));
		ck_assert_uint_eq(gate_errors(west), v[i].errors);
	}
	ck_assert_uint_eq(gate_stat(west, "out-policy-blocked"), 2);
	ck_assert_uint_eq(west->sent.n, 0);
}
END_TEST

/* What came to us beyond the policies goes out again, but for fragments that
 * might be what a policy encrypts. */
START_TEST(test_beyond)
{
	struct policy_body b = { .prio = PRIO_BEYOND, .action = POLICY_PASS,
		.out = POLICY_PASS };
	uint8_t later[400];

	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->passed.n, 1);
	memcpy(later, p, len);
	later[7] = 100;
	later[5]++;
	csum_ipv4(later);
	gate_out(west, later, len);
	ck_assert_uint_eq(west->passed.n, 1);
	ck_assert_uint_eq(gate_stat(west, "out-policy-blocked"), 1);
	/* Who configured it means fragments, too. */
	b.prio--;
	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_out(west, later, len);
	ck_assert_uint_eq(west->passed.n, 2);
}
END_TEST

START_TEST(test_actions)
{
	struct policy_body b = { .prio = 5, .action = POLICY_BLOCK };

	gate_out(west, p, len);
	ck_assert_uint_eq(gate_stat(west, "out-policy-blocked"), 1);
	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_out(west, p, len);
	ck_assert_uint_eq(gate_stat(west, "out-policy-blocked"), 2);
	b.action = POLICY_PASS;
	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->passed.n, 1);
	ck_assert_mem_eq(west->passed.v[0].p, p, len);
	/* The narrower one is further back. */
	b.action = POLICY_BLOCK;
	b.prio = 6;
	gate_policy(west, "10.1.0.1/32", "10.2.0.1/32", &b);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->passed.n, 2);
	b.prio = 4;
	gate_policy(west, "10.1.0.1/32", "10.2.0.1/32", &b);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->passed.n, 2);
	ck_assert_uint_eq(west->sent.n + west->injected.n, 0);
}
END_TEST

START_TEST(test_acquire)
{
	struct policy_body b = { .reqid = 77 };

	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	for (int i = 0; i < 5; i++)
		gate_out(west, p, len);
	ck_assert_uint_eq(gate_stat(west, "out-no-states"), 5);
	ck_assert_uint_eq(west->wakes, 1);
	gate_events(west);
	ck_assert_uint_eq(west->acquires, 1);
	ck_assert_uint_eq(west->acquired_reqid, 77);
	ck_assert_uint_eq(west->acquired.proto, IPPROTO_UDP);
	ck_assert_uint_eq(west->acquired.lport, 7);
	ck_assert_uint_eq(west->acquired.rport, 8);
	ck_assert_uint_eq(west->acquired.rmask, 0xffff);
	ck_assert_uint_eq(west->acquired.local.bits, 32);
	ck_assert_uint_eq(west->acquired.remote.addr.b[1], 2);
	west->now.us += 1000000;
	gate_out(west, p, len);
	gate_events(west);
	ck_assert_uint_eq(west->acquires, 2);
	/* Meanwhile blocked or let through, without a question. */
	b.out = POLICY_BLOCK;
	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_out(west, p, len);
	ck_assert_uint_eq(gate_stat(west, "out-policy-blocked"), 1);
	b.out = POLICY_PASS;
	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->passed.n, 1);
	gate_events(west);
	ck_assert_uint_eq(west->acquires, 2);
	/* level=use asks and does not wait. */
	b.out = POLICY_ENCRYPT;
	b.optional = true;
	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_out(west, p, len);
	gate_events(west);
	ck_assert_uint_eq(west->passed.n, 2);
	ck_assert_uint_eq(west->acquires, 3);
	/* With an SA, encrypted. */
	gate_sa_out(west, east, suite_named("aes-128-gcm", NULL), 0x1000,
	    &(struct esp_sa){ .reqid = 77, .mtu = 1500, .encap = true,
	    .hard_at = MONO_NEVER });
	gate_out(west, p, len);
	ck_assert_uint_eq(west->sent.n, 1);
}
END_TEST

/* A thousand policies want an SA: what is lost is told as lost. */
START_TEST(test_lost)
{
	struct policy_body b = { .reqid = 77 };
	char net[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(net, sizeof(net), "10.2.%d.%d/32", i / 250, i % 250);
		gate_policy(west, "10.1.0.1/32", net, &b);
		*strchr(net, '/') = '\0';
		len = make_udp(p, "10.1.0.1", net, 7, 8, 10, 5);
		gate_out(west, p, len);
	}
	gate_events(west);
	ck_assert_uint_eq(west->acquires, 256);
	ck_assert_uint_eq(west->losts, 1);
	ck_assert_uint_eq(gate_stat(west, "acquire-errors"), 1000 - 256);
	gate_events(west);
	ck_assert_uint_eq(west->losts, 1);
}
END_TEST

static void
limited(struct esp_limits l, unsigned soft_at, unsigned hard_at)
{
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 1, .hard_at = MONO_NEVER, .limits = l };
	struct suite su = suite_named("aes-128-gcm", NULL);
	unsigned sent = 0;

	gate_pair(west, east, su);
	gate_sa_out(west, east, su, 0x3000, &sa);
	gate_sa_in(west, east, su, 0x3000, &sa);
	for (unsigned i = 1; i <= 20; i++) {
		gate_out(west, p, len);
		gate_carry(west, east);
		gate_events(west);
		gate_events(east);
		ck_assert_uint_eq(west->softs, soft_at != 0 && i >= soft_at);
		ck_assert_uint_eq(west->hards, i >= hard_at);
		ck_assert_uint_eq(east->softs, west->softs);
		ck_assert_uint_eq(east->hards, west->hards);
		sent = east->injected.n;
	}
	ck_assert_uint_eq(sent, hard_at);
	ck_assert_uint_eq(gate_stat(west, "out-state-expired"), 20 - hard_at);
	ck_assert_uint_eq(west->expired_spi, 0x3000);
}

START_TEST(test_limits)
{
	if (_i == 0)
		limited((struct esp_limits){ .soft_packets = 5,
		    .hard_packets = 10 }, 5, 10);
	else
		limited((struct esp_limits){ .soft_bytes = len * 3 - 10,
		    .hard_bytes = len * 7 }, 3, 7);
}
END_TEST

/* What the peer sends beyond a limit is not taken. */
START_TEST(test_limit_in)
{
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 1, .hard_at = MONO_NEVER,
		.limits = { .hard_packets = 4 } };
	struct suite su = suite_named("aes-128-gcm", NULL);

	gate_pair(west, east, su);
	gate_sa_out(west, east, su, 0x3000, NULL);
	gate_sa_in(west, east, su, 0x3000, &sa);
	for (int i = 0; i < 10; i++) {
		gate_out(west, p, len);
		gate_carry(west, east);
	}
	gate_events(east);
	ck_assert_uint_eq(east->hards, 1);
	ck_assert_uint_eq(east->injected.n, 4);
	ck_assert_uint_eq(gate_stat(east, "in-state-expired"), 6);
}
END_TEST

/* Ports are those of the two sides, in both directions. */
START_TEST(test_ports_in)
{
	struct policy_body b = { .prio = 1, .action = POLICY_BLOCK };
	struct sel s = { .proto = IPPROTO_UDP, .lport = 8, .lmask = 0xffff };
	const char *why;

	gate_pair(west, east, suite_named("aes-128-gcm", NULL));
	prefix_parse(&s.local, "10.2.0.0/16", true);
	prefix_parse(&s.remote, "10.1.0.0/16", true);
	ck_assert_int_eq(esp_policy_set(east->e, &s, &b, &why), 0);
	gate_out(west, p, len);		/* from 7 to 8 */
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 0);
	ck_assert_uint_eq(gate_stat(east, "in-policy-blocked"), 1);
	len = make_udp(p, "10.1.0.1", "10.2.0.1", 8, 7, 300, 5);
	gate_out(west, p, len);
	gate_carry(west, east);
	ck_assert_uint_eq(east->injected.n, 1);
}
END_TEST

/* NAT: told once a second until it has moved, and by the newest packet
 * alone. */
START_TEST(test_mapping)
{
	const char *why = "";
	struct kept *k;
	uint8_t old[600];
	size_t n;

	gate_pair(west, east, suite_named("aes-128-gcm", NULL));
	gate_out(west, p, len);
	k = &west->sent.v[0];
	memcpy(old, k->p, n = k->len);
	gate_out(west, p, len);
	gate_in(east, west, west->sent.v[1].p, west->sent.v[1].len);
	west->outer.port = 1024;
	gate_in(east, west, old, n);
	gate_events(east);
	ck_assert_uint_eq(east->mappings, 0);
	ck_assert_uint_eq(east->injected.n, 2);
	for (int i = 0; i < 3; i++) {
		gate_clear(west);
		gate_out(west, p, len);
		gate_carry(west, east);
	}
	gate_events(east);
	ck_assert_uint_eq(east->mappings, 1);
	ck_assert(endpoint_equal(&east->mapped, &west->outer));
	ck_assert_uint_eq(east->injected.n, 5);
	/* Back, and there again: not at once, but told. */
	for (int i = 0; i < 4; i++) {
		west->outer.port = i == 0 ? 4500 : 1024;
		gate_clear(west);
		gate_out(west, p, len);
		gate_carry(west, east);
		gate_events(east);
		ck_assert_uint_eq(east->mappings, i < 3 ? 1 : 2);
		if (i == 2)
			east->now.us += 1000000;
	}
	/* Nobody has heard it, and then somebody. */
	for (int i = 0; i < 4; i++) {
		east->now.us += 500000;
		if (i == 2)
			ck_assert_int_eq(esp_sa_move(east->e,
			    &east->outer.addr, 0x1000, &west->outer,
			    &east->outer, true, &why), 0);
		gate_clear(west);
		gate_out(west, p, len);
		gate_carry(west, east);
		gate_events(east);
		ck_assert_uint_eq(east->mappings, i == 0 ? 2 : 3);
	}
}
END_TEST

/* Whom nobody could hear is told of again. */
START_TEST(test_mapping_lost)
{
	struct policy_body b = { .reqid = 77 };
	char net[32];

	gate_pair(west, east, suite_named("aes-128-gcm", NULL));
	for (int i = 0; i < 256; i++) {
		snprintf(net, sizeof(net), "10.9.0.%d/32", i);
		gate_policy(east, "10.2.0.1/32", net, &b);
		*strchr(net, '/') = '\0';
		len = make_udp(p, "10.2.0.1", net, 7, 8, 10, 5);
		gate_out(east, p, len);
	}
	len = make_udp(p, "10.1.0.1", "10.2.0.1", 7, 8, 300, 5);
	west->outer.port = 1024;
	gate_out(west, p, len);
	gate_carry(west, east);
	gate_events(east);
	ck_assert_uint_eq(east->acquires, 256);
	ck_assert_uint_eq(east->losts, 1);
	ck_assert_uint_eq(east->mappings, 0);
	gate_out(west, p, len);
	gate_carry(west, east);
	gate_events(east);
	ck_assert_uint_eq(east->mappings, 1);
}
END_TEST

/* A datagram of 3000 bytes in three fragments, the i-th in p; v6 too. */
static void
fragment(unsigned i, bool v6, uint32_t id)
{
	static uint8_t whole[4000];
	size_t at = v6 ? 40 : 20, n = i < 2 ? 1000 : 1008;

	make_udp(whole, v6 ? "2001:db8:1::1" : "10.1.0.1", v6 ?
	    "2001:db8:2::1" : "10.2.0.1", 7, 8, 3000, 5);
	memcpy(p, whole, at);
	if (v6) {
		p[40] = p[6];
		p[6] = IPPROTO_FRAGMENT;
		put16(p + 4, (uint16_t)(8 + n));
		put16(p + 42, (uint16_t)(i * 1000 | (i < 2)));
		put32(p + 44, id);
		at += 8;
	} else {
		put16(p + 2, (uint16_t)(20 + n));
		put16(p + 4, (uint16_t)id);
		put16(p + 6, (uint16_t)(i * 125 | (i < 2) << 13));
		csum_ipv4(p);
	}
	memcpy(p + at, whole + (v6 ? 40 : 20) + i * 1000, n);
	len = at + n;
}

/* Puts one through, and says whether it came out. */
static bool
through(unsigned i, bool v6, uint32_t id)
{
	fragment(i, v6, id);
	gate_clear(east);
	gate_out(west, p, len);
	if (west->sent.n == 0)
		return false;
	gate_carry(west, east);
	if (east->injected.n == 0)
		return false;
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN, p, len);
	return true;
}

static void
ports_only(struct gate *g, const char *local, const char *remote,
    uint16_t lport)
{
	struct policy_body b = { .prio = 1, .reqid = 1 };
	struct sel s = { .proto = IPPROTO_UDP, .lport = lport,
		.lmask = 0xffff };
	const char *why;

	prefix_parse(&s.local, local, true);
	prefix_parse(&s.remote, remote, true);
	ck_assert_int_eq(esp_policy_set(g->e, &s, &b, &why), 0);
}

/* RFC 4301 section 7.3: later fragments go where the first one went, if it
 * came before them and not long ago. */
START_TEST(test_fragments_of_ports)
{
	bool v6 = _i;
	struct suite su = suite_named("aes-128-gcm", NULL);

	gate_sa(west, east, su, 0x1000, NULL);
	ports_only(west, "10.1.0.0/16", "10.2.0.0/16", 7);
	ports_only(east, "10.2.0.0/16", "10.1.0.0/16", 8);
	ports_only(west, "2001:db8:1::/48", "2001:db8:2::/48", 7);
	ports_only(east, "2001:db8:2::/48", "2001:db8:1::/48", 8);
	ck_assert(!through(1, v6, 1));
	ck_assert(through(0, v6, 1));
	ck_assert(through(1, v6, 1));
	ck_assert(through(2, v6, 1));
	ck_assert(!through(1, v6, 2));
	ck_assert(through(0, v6, 2));
	ck_assert(through(2, v6, 2));
	ck_assert(through(2, v6, 1));
	west->now.us += FRAGPORT_US;
	ck_assert(!through(2, v6, 1));
	ck_assert_uint_eq(gate_errors(east), 0);
	/* What west remembers is of no use in the other direction. */
	ck_assert(through(0, v6, 3));
	east->now.us += FRAGPORT_US;
	ck_assert(!through(1, v6, 3));
	ck_assert_uint_eq(gate_stat(east, "in-no-policies"), 1);
	/* A first fragment that is refused says nothing of the others. */
	fragment(0, v6, 4);
	put16(p + (v6 ? 48 : 20), 9);
	gate_out(west, p, len);
	ck_assert(!through(1, v6, 4));
}
END_TEST

/* Ports that a packet is too short for are not port 0. */
START_TEST(test_short_header)
{
	struct policy_body b = { .prio = 1, .action = POLICY_PASS };
	struct sel s = { .proto = IPPROTO_TCP, .lmask = 0xffff };
	const char *why;

	prefix_parse(&s.local, "10.1.0.0/16", true);
	prefix_parse(&s.remote, "10.2.0.0/16", true);
	ck_assert_int_eq(esp_policy_set(west->e, &s, &b, &why), 0);
	for (size_t n = 0; n < 4; n++) {
		len = make_ip(p, "10.1.0.1", "10.2.0.1", IPPROTO_TCP, 20 + n);
		gate_out(west, p, len);
		ck_assert_uint_eq(gate_stat(west, "out-policy-blocked"),
		    n + 1);
	}
	len = make_tcp(p, "10.1.0.1", "10.2.0.1", 0, 6, 0, 0x10, 0);
	gate_out(west, p, len);
	ck_assert_uint_eq(west->passed.n, 1);
}
END_TEST

START_TEST(test_sa_refused)
{
	struct secret key = { 0 };
	struct esp_sa sa = { .src = west->outer, .dst = east->outer,
		.spi = 0x1000, .reqid = 1, .encap = true, .mtu = 1500,
		.encr = suite_named("aes-128-gcm", NULL).encr,
		.encr_key = &key, .hard_at = MONO_NEVER };
	const char *why = NULL;

	ck_assert_int_eq(secret_alloc(&key, 20), 0);
	ck_assert_int_eq(esp_sa_add(west->e, &sa, west->now, &why), 0);
	ck_assert_int_eq(esp_sa_add(west->e, &sa, west->now, &why), -1);
	ck_assert_str_eq(why, "SPI and destination in use");
	sa.spi = 255;
	ck_assert_int_eq(esp_sa_add(west->e, &sa, west->now, &why), -1);
	ck_assert_str_eq(why, "reserved SPI");
	sa.spi = 0x1001;
	sa.window = 4097;
	ck_assert_int_eq(esp_sa_add(west->e, &sa, west->now, &why), -1);
	sa.window = 0;
	key.len = 19;
	ck_assert_int_eq(esp_sa_add(west->e, &sa, west->now, &why), -1);
	ck_assert_str_eq(why, "key of wrong length");
	key.len = 20;
	sa.mtu = 500;
	ck_assert_int_eq(esp_sa_add(west->e, &sa, west->now, &why), -1);
	sa.mtu = 1500;
	sa.dst.addr = addr_of("2001:db8::1");
	ck_assert_int_eq(esp_sa_add(west->e, &sa, west->now, &why), -1);
	secret_free(&key);
}
END_TEST

/* Many tunnels: each packet takes its own SA. */
START_TEST(test_thousand)
{
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.hard_at = MONO_NEVER };
	struct suite su = suite_named("aes-128-gcm", NULL);
	char a[32], b[32];

	for (uint32_t i = 0; i < 1000; i++) {
		struct policy_body body = { .reqid = 100 + i };

		snprintf(a, sizeof(a), "10.2.%u.%u/32", i / 250, i % 250);
		sa.reqid = 100 + i;
		gate_sa(west, east, su, 0x10000 + i, &sa);
		gate_policy(west, "10.1.0.1/32", a, &body);
		gate_policy(east, a, "10.1.0.1/32", &body);
	}
	for (uint32_t i = 0; i < 1000; i += 3) {
		snprintf(b, sizeof(b), "10.2.%u.%u", i / 250, i % 250);
		len = make_udp(p, "10.1.0.1", b, 7, 8, 10, 5);
		gate_clear(west);
		gate_out(west, p, len);
		ck_assert_uint_eq(get32(west->sent.v[0].p), 0x10000 + i);
		gate_carry(west, east);
	}
	ck_assert_uint_eq(east->injected.n, 334);
	for (uint32_t i = 0; i < 1000; i++) {
		ck_assert_int_eq(esp_sa_del(west->e, &east->outer.addr,
		    0x10000 + i), 0);
		ck_assert_int_eq(esp_sa_del(east->e, &east->outer.addr,
		    0x10000 + i), 0);
	}
	ck_assert_uint_eq(esp_reclaim(west->e) + esp_reclaim(east->e), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd policies");
	TCase *tc = tcase_create("policy");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_model, 0, 5);
	tcase_add_test(tc, test_bad_selector);
	tcase_add_test(tc, test_chatter);
	tcase_add_test(tc, test_beyond);
	tcase_add_test(tc, test_actions);
	tcase_add_test(tc, test_acquire);
	tcase_add_test(tc, test_lost);
	tcase_add_loop_test(tc, test_limits, 0, 2);
	tcase_add_test(tc, test_limit_in);
	tcase_add_test(tc, test_ports_in);
	tcase_add_test(tc, test_mapping);
	tcase_add_test(tc, test_mapping_lost);
	tcase_add_loop_test(tc, test_fragments_of_ports, 0, 2);
	tcase_add_test(tc, test_short_header);
	tcase_add_test(tc, test_sa_refused);
	tcase_add_test(tc, test_thousand);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
