#include "esp_util.h"

#include "espd/csum.h"
#include "espd/wire.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *
keep(struct gate *g, struct keep *k, const uint8_t *p, size_t len)
{
	struct kept *v = &k->v[k->n++];

	ck_assert_uint_le(k->n, KEPT_MAX);
	ck_assert_uint_le(g->used + len + 2 * ESP_IN_ROOM, KEPT_BYTES);
	v->p = g->mem + g->used + ESP_IN_ROOM;
	v->len = len;
	g->used += len + 2 * ESP_IN_ROOM;
	memcpy(v->p, p, len);
	return v->p;
}

static void
on_send(void *arg, const struct esp_run *r)
{
	struct gate *g = arg;
	uint8_t *p;

	ck_assert_uint_gt(r->n, 0);
	ck_assert_uint_le(r->n, 64);
	ck_assert_uint_le(r->len, 65000);
	ck_assert_uint_eq((r->len + r->seg - 1) / r->seg, r->n);
	p = keep(g, &g->sent, r->data, r->len);
	g->sent.v[g->sent.n - 1].run = *r;
	g->sent.v[g->sent.n - 1].run.data = p;
}

static void
on_inject(void *arg, uint8_t *p, size_t len)
{
	struct gate *g = arg;

	ck_assert_uint_le(len, ESP_TUN_MAX);
	keep(g, &g->injected, p, len);
}

static bool
on_local(void *arg, const struct l2tppair *from, const uint8_t *p, size_t len)
{
	struct gate *g = arg;

	if (g->deaf)
		return false;
	g->from[g->local.n % KEPT_FROM] = *from;
	keep(g, &g->local, p, len);
	return true;
}

static void
on_pass(void *arg, uint8_t *p, size_t len)
{
	struct gate *g = arg;

	keep(g, &g->passed, p, len);
}

static void
on_stray(void *arg, const struct esp_dgram *d, const uint8_t *p, size_t len)
{
	struct gate *g = arg;

	ck_assert(p > d->data && p + len <= d->data + d->len);
	keep(g, &g->strays, p, len);
}

static void
on_wake(void *arg)
{
	struct gate *g = arg;

	g->wakes++;
}

struct gate *
gate_new(const char *outer, const struct esp_conf *conf)
{
	struct gate *g = calloc(1, sizeof(*g));
	struct esp_conf c = { .clamp_mss = true };
	void *arg[ESP_THREADS_MAX];
	const char *why = "";

	ck_assert_ptr_nonnull(g);
	ck_assert_int_eq(suite_init(&why), 0);
	if (conf != NULL)
		c = *conf;
	if (c.threads == 0)
		c.threads = 1;
	for (unsigned i = 0; i < c.threads; i++)
		arg[i] = g;
	c.arg = arg;
	c.io = (struct esp_io){ on_send, on_inject, on_local, on_pass,
		on_wake, on_stray };
	g->e = esp_new(&c, &why);
	ck_assert_msg(g->e != NULL, "%s", why);
	g->t = esp_thread(g->e, 0);
	g->outer.addr = addr_of(outer);
	g->outer.port = 4500;
	g->now.us = 1000000;
	return g;
}

void
gate_free(struct gate *g)
{
	esp_free(g->e);
	free(g);
}

void
gate_clear(struct gate *g)
{
	g->sent.n = g->injected.n = g->local.n = g->passed.n = 0;
	g->strays.n = 0;
	g->used = 0;
}

static void
fill_key(struct secret *s, size_t len, uint32_t spi)
{
	ck_assert_int_eq(secret_alloc(s, len), 0);
	for (size_t i = 0; i < len; i++)
		s->data[i] = (uint8_t)(spi + i * 7);
}

static void
add_sa(struct gate *g, bool inbound, const struct endpoint *src,
    const struct endpoint *dst, struct suite su, uint32_t spi,
    const struct esp_sa *tmpl)
{
	struct secret ek = { 0 }, ik = { 0 };
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 1, .df = ESP_DF_INHERIT, .hard_at = MONO_NEVER };
	const char *why = "";
	int rv;

	if (tmpl != NULL)
		sa = *tmpl;
	fill_key(&ek, su.encr->key_len, spi);
	if (su.integ != NULL)
		fill_key(&ik, su.integ->key_len, ~spi);
	sa.src = *src;
	sa.dst = *dst;
	if (!sa.encap)
		sa.src.port = sa.dst.port = 0;
	sa.spi = spi;
	sa.inbound = inbound;
	sa.encr = su.encr;
	sa.integ = su.integ;
	sa.encr_key = &ek;
	sa.integ_key = su.integ == NULL ? NULL : &ik;
	rv = esp_sa_add(g->e, &sa, g->now, &why);
	ck_assert_msg(rv == 0, "%s %s: %s", su.encr->log,
	    su.integ == NULL ? "" : su.integ->log, why);
	secret_free(&ek);
	secret_free(&ik);
}

void
gate_sa_out(struct gate *from, const struct gate *to, struct suite su,
    uint32_t spi, const struct esp_sa *sa)
{
	add_sa(from, false, &from->outer, &to->outer, su, spi, sa);
}

void
gate_sa_in(const struct gate *from, struct gate *to, struct suite su,
    uint32_t spi, const struct esp_sa *sa)
{
	add_sa(to, true, &from->outer, &to->outer, su, spi, sa);
}

void
gate_sa(struct gate *from, struct gate *to, struct suite su, uint32_t spi,
    const struct esp_sa *sa)
{
	gate_sa_out(from, to, su, spi, sa);
	gate_sa_in(from, to, su, spi, sa);
}

void
gate_policy(struct gate *g, const char *local, const char *remote,
    const struct policy_body *body)
{
	struct sel s = { 0 };
	const char *why = "";

	ck_assert_int_eq(prefix_parse(&s.local, local, true), 0);
	ck_assert_int_eq(prefix_parse(&s.remote, remote, true), 0);
	ck_assert_msg(esp_policy_set(g->e, &s, body, &why) == 0, "%s", why);
}

void
gate_pair(struct gate *west, struct gate *east, struct suite su)
{
	struct policy_body b = { .prio = 10, .reqid = 1 };

	gate_sa(west, east, su, 0x1000, NULL);
	gate_sa(east, west, su, 0x2000, NULL);
	gate_policy(west, "10.1.0.0/16", "10.2.0.0/16", &b);
	gate_policy(east, "10.2.0.0/16", "10.1.0.0/16", &b);
	gate_policy(west, "2001:db8:1::/48", "2001:db8:2::/48", &b);
	gate_policy(east, "2001:db8:2::/48", "2001:db8:1::/48", &b);
}

struct want {
	const char *name;	/* NULL: all */
	uint64_t sum;
};

static void
on_stat(void *arg, const char *name, uint64_t v)
{
	struct want *w = arg;

	if (w->name == NULL || strcmp(name, w->name) == 0)
		w->sum += v;
}

uint64_t
gate_stat(const struct gate *g, const char *name)
{
	struct want w = { .name = name };

	esp_stats(g->e, on_stat, &w);
	return w.sum;
}

uint64_t
gate_errors(const struct gate *g)
{
	return gate_stat(g, NULL);
}

static void
on_acquire(void *arg, uint32_t reqid, const struct sel *s)
{
	struct gate *g = arg;

	g->acquires++;
	g->acquired = *s;
	g->acquired_reqid = reqid;
}

static void
on_expire(void *arg, uint32_t spi, const struct addr *dst, bool hard)
{
	struct gate *g = arg;

	(void)dst;
	g->expired_spi = spi;
	if (hard)
		g->hards++;
	else
		g->softs++;
}

static void
on_mapping(void *arg, uint32_t spi, const struct endpoint *remote)
{
	struct gate *g = arg;

	(void)spi;
	g->mappings++;
	g->mapped = *remote;
}

static void
on_lost(void *arg)
{
	struct gate *g = arg;

	g->losts++;
}

void
gate_events(struct gate *g)
{
	struct esp_news n = { on_acquire, on_expire, on_mapping, on_lost, g };

	esp_events(g->e, &n);
}

void
gate_out(struct gate *g, const uint8_t *p, size_t len)
{
	static uint8_t buf[ESP_TUN_MAX];

	memset(buf, 0, ESP_VNET_LEN);
	memcpy(buf + ESP_VNET_LEN, p, len);
	esp_out(g->t, buf, ESP_VNET_LEN + len, g->now);
	esp_out_flush(g->t);
}

void
gate_in(struct gate *g, const struct gate *from, const uint8_t *p, size_t len)
{
	static uint8_t buf[70000];
	struct esp_dgram d = { .data = buf + ESP_IN_ROOM, .len = len,
		.src = from->outer, .encap = true };

	memcpy(d.data, p, len);
	esp_in(g->t, &d, g->now);
	esp_in_flush(g->t);
}

void
gate_carry(struct gate *from, struct gate *to)
{
	for (unsigned i = 0; i < from->sent.n; i++) {
		struct kept *k = &from->sent.v[i];
		struct esp_dgram d = { .data = k->p, .len = k->len,
			.seg = k->run.seg, .src = from->outer,
			.encap = k->run.encap, .tos = k->run.tos };

		esp_in(to->t, &d, to->now);
	}
	esp_in_flush(to->t);
	from->sent.n = 0;
	from->used = 0;
}

struct suite
suite_named(const char *encr, const char *integ)
{
	struct suite s = { suite_by_name(SUITE_ENCR, ALG_PHASE2, encr),
		integ == NULL ? NULL :
		suite_by_name(SUITE_INTEG, ALG_PHASE2, integ) };

	ck_assert_ptr_nonnull(s.encr);
	return s;
}

bool
suite_walk(struct suite *s)
{
	if (s->encr == NULL)
		s->encr = suite_next(SUITE_ENCR, ALG_PHASE2, NULL);
	else if ((s->encr->flags & ALG_AEAD) != 0 ||
	    (s->integ = suite_next(SUITE_INTEG, ALG_PHASE2, s->integ)) ==
	    NULL)
		s->encr = suite_next(SUITE_ENCR, ALG_PHASE2, s->encr);
	else if (esp_unfit(s->encr, s->integ) == NULL)
		return true;
	else
		return suite_walk(s);
	if (s->encr == NULL)
		return false;
	s->integ = NULL;
	return esp_unfit(s->encr, s->integ) == NULL ? true : suite_walk(s);
}

struct addr
addr_of(const char *s)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, s), 0);
	return a;
}

static size_t
ip_header(uint8_t *p, const char *src, const char *dst, uint8_t proto,
    size_t payload)
{
	struct addr s = addr_of(src), d = addr_of(dst);

	if (s.family == AF_INET6) {
		memset(p, 0, 40);
		p[0] = 0x60;
		put16(p + 4, (uint16_t)payload);
		p[6] = proto;
		p[7] = 64;
		memcpy(p + 8, s.b, 16);
		memcpy(p + 24, d.b, 16);
		return 40;
	}
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, (uint16_t)(20 + payload));
	put16(p + 4, 0x1234);
	p[8] = 64;
	p[9] = proto;
	memcpy(p + 12, s.b, 4);
	memcpy(p + 16, d.b, 4);
	csum_ipv4(p);
	return 20;
}

static void
count_up(uint8_t *p, size_t n, uint8_t seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(seed + i * 13);
}

size_t
make_udp(uint8_t *p, const char *src, const char *dst, uint16_t sport,
    uint16_t dport, size_t payload, uint8_t seed)
{
	size_t n = ip_header(p, src, dst, IPPROTO_UDP, 8 + payload);

	put16(p + n, sport);
	put16(p + n + 2, dport);
	put16(p + n + 4, (uint16_t)(8 + payload));
	memset(p + n + 6, 0, 2);
	count_up(p + n + 8, payload, seed);
	csum_put(p + n + 6, csum_add(csum_pseudo(p, IPPROTO_UDP,
	    8 + payload), p + n, 8 + payload));
	return n + 8 + payload;
}

size_t
make_tcp(uint8_t *p, const char *src, const char *dst, uint16_t sport,
    uint16_t dport, uint32_t seq, uint8_t flags, size_t payload)
{
	size_t n = ip_header(p, src, dst, IPPROTO_TCP, 20 + payload);
	uint8_t *h = p + n;

	if (p[0] >> 4 == 4) {
		p[6] = 0x40;
		csum_ipv4(p);
	}
	memset(h, 0, 20);
	put16(h, sport);
	put16(h + 2, dport);
	put32(h + 4, seq);
	put32(h + 8, 7777);
	h[12] = 5 << 4;
	h[13] = flags;
	put16(h + 14, 500);
	count_up(h + 20, payload, (uint8_t)seq);
	csum_put(h + 16, csum_add(csum_pseudo(p, IPPROTO_TCP, 20 + payload),
	    h, 20 + payload));
	return n + 20 + payload;
}

size_t
make_ip(uint8_t *p, const char *src, const char *dst, uint8_t proto,
    size_t len)
{
	size_t n = ip_header(p, src, dst, proto, 0);

	ip_header(p, src, dst, proto, len - n);
	count_up(p + n, len - n, (uint8_t)len);
	return len;
}
