/*
 * Packet threads at work while the control thread adds, moves and removes
 * what they use.  Worth most under a thread or an address sanitizer.
 */
#include "espd/csum.h"
#include "espd/esp.h"
#include "espd/wire.h"
#include "lib/esptun.h"

#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREADS		3
#define CHANGES		400
/* The i-th SA; each goes to the next thread. */
#define SPI(i)		((0x1000u + (i)) << ESPTUN_SPI_SHIFT)

struct worker {
	struct esp_thread *out, *in;
	pthread_t id;
	unsigned n;
	uint64_t sent, got;
};

static struct esp *west, *east;
static struct worker workers[THREADS];
static _Atomic bool stop;

/* What one thread's west sends goes to the same thread's east, if that is
 * where its SA's packets belong. */
static void
on_send(void *arg, const struct esp_run *r)
{
	struct worker *w = arg;
	static _Thread_local uint8_t buf[70000];
	struct esp_dgram d = { .data = buf + ESP_IN_ROOM, .len = r->len,
		.seg = r->seg, .src = r->src, .encap = true };

	w->sent += r->n;
	memcpy(d.data, r->data, r->len);
	if (esp_thread_of(east, get32(d.data)) == w->n)
		esp_in(w->in, &d, mono_now());
}

static void
on_inject(void *arg, uint8_t *p, size_t len)
{
	struct worker *w = arg;

	(void)p;
	(void)len;
	w->got++;
}

/* The threads look by themselves, for ever. */
static void
on_poke(void *arg)
{
	(void)arg;
}

static void
on_wake(void *arg)
{
	(void)arg;
}

static size_t
make(uint8_t *p, unsigned host)
{
	size_t len = 128;

	memset(p, 0, len);
	p[0] = 0x45;
	put16(p + 2, (uint16_t)len);
	p[8] = 64;
	p[9] = 253;
	put32(p + 12, 0x0a010001);
	put32(p + 16, 0x0a020000 + host);
	csum_ipv4(p);
	return len;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	uint8_t buf[ESP_VNET_LEN + 200];
	unsigned host = 0;

	while (!atomic_load(&stop)) {
		memset(buf, 0, sizeof(buf));
		size_t len = make(buf + ESP_VNET_LEN, host++ % 8);

		esp_out(w->out, buf, ESP_VNET_LEN + len, mono_now());
		(void)esp_out_handed(w->out, mono_now());
		if (host % 16 == 0) {
			esp_out_flush(w->out);
			esp_in_flush(w->in);
		}
	}
	esp_out_flush(w->out);
	esp_in_flush(w->in);
	return NULL;
}

static struct esp *
core(void)
{
	struct esp_conf conf = { .threads = THREADS, .io = {
		.send = on_send, .inject = on_inject, .poke = on_poke,
		.wake = on_wake } };
	void *arg[THREADS];
	const char *why = "";
	struct esp *e;

	for (int i = 0; i < THREADS; i++)
		arg[i] = &workers[i];
	conf.arg = arg;
	e = esp_new(&conf, &why);
	ck_assert_msg(e != NULL, "%s", why);
	return e;
}

static void
sa_of(struct esp_sa *sa, uint32_t spi, bool inbound)
{
	static uint8_t bytes[20] = { 1, 2, 3 };
	static struct secret key = { bytes, sizeof(bytes) };

	memset(sa, 0, sizeof(*sa));
	addr_parse(&sa->src.addr, "192.0.2.1");
	addr_parse(&sa->dst.addr, "192.0.2.2");
	sa->src.port = sa->dst.port = 4500;
	sa->spi = spi;
	sa->reqid = 1;
	sa->inbound = inbound;
	sa->encap = sa->esn = true;
	sa->window = 32;
	sa->mtu = 1500;
	sa->limits.soft_packets = 100;
	sa->encr = suite_by_name(SUITE_ENCR, ALG_PHASE2, "aes-128-gcm");
	sa->encr_key = &key;
	sa->hard_at = MONO_NEVER;
}

static void
policy(struct esp *e, const char *local, const char *remote, bool set)
{
	struct policy_body b = { .reqid = 1 };
	struct sel s = { 0 };
	const char *why;

	prefix_parse(&s.local, local, true);
	prefix_parse(&s.remote, remote, true);
	if (set)
		ck_assert_int_eq(esp_policy_set(e, &s, &b, &why), 0);
	else
		esp_policy_del(e, &s);
}

static void
ignore_acquire(void *arg, uint32_t reqid, const struct sel *s)
{
	(void)reqid;
	(void)s;
	++*(unsigned *)arg;
}

static void
ignore_expire(void *arg, uint32_t spi, const struct addr *dst, bool hard)
{
	(void)spi;
	(void)dst;
	(void)hard;
	++*(unsigned *)arg;
}

static void
ignore_mapping(void *arg, uint32_t spi, const struct endpoint *remote)
{
	(void)spi;
	(void)remote;
	++*(unsigned *)arg;
}

static void
ignore_lost(void *arg)
{
	++*(unsigned *)arg;
}

static void
look(void *arg, const struct esp_sa_state *st)
{
	*(uint64_t *)arg += st->packets;
}

static void
look_stat(void *arg, const char *name, uint64_t v)
{
	(void)name;
	*(uint64_t *)arg += v;
}

/* A rekey: the new SA in, then out, then the old one goes. */
static void
rekey(unsigned i)
{
	struct esp_sa sa;
	const char *why = "";

	sa_of(&sa, SPI(i), true);
	ck_assert_msg(esp_sa_add(east, &sa, mono_now(), &why) == 0, "%s",
	    why);
	sa_of(&sa, SPI(i), false);
	ck_assert_msg(esp_sa_add(west, &sa, mono_now(), &why) == 0, "%s",
	    why);
	if (i > 1) {
		ck_assert_int_eq(esp_sa_del(west, &sa.dst.addr, SPI(i - 1)), 0);
		ck_assert_int_eq(esp_sa_del(east, &sa.dst.addr, SPI(i - 2)), 0);
	}
}

static void
change(unsigned i)
{
	struct endpoint src = { .port = (uint16_t)(1 + i) }, dst;
	struct addr a;
	const char *why;
	unsigned events = 0;
	uint64_t sum = 0;
	struct esp_news news = { ignore_acquire, ignore_expire,
		ignore_mapping, ignore_lost, &events };

	addr_parse(&a, "192.0.2.2");
	addr_parse(&src.addr, "192.0.2.1");
	dst = (struct endpoint){ a, 4500 };
	rekey(i);
	esp_sa_move(west, &a, SPI(i), &src, &dst, true, &why);
	esp_sa_mtu(west, &a, SPI(i), 1000 + i);
	policy(west, "10.1.0.1/32", "10.2.0.3/32", i % 2);
	policy(east, "10.2.0.3/32", "10.1.0.1/32", i % 2);
	policy(west, "10.1.0.0/24", "10.2.0.5/32", i % 3 == 0);
	/* The same anew. */
	policy(west, "10.1.0.0/16", "10.2.0.0/16", true);
	esp_events(west, &news);
	esp_events(east, &news);
	esp_sa_each(east, look, &sum);
	esp_stats(west, look_stat, &sum);
	esp_reclaim(west);
	esp_reclaim(east);
}

static void
look_order(void *arg, const char *name, uint64_t v)
{
	if (strcmp(name, "in-state-sequence-errors") == 0)
		*(uint64_t *)arg = v;
}

START_TEST(test_threads)
{
	struct timespec pause = { 0, 100000 };
	const char *why;
	uint64_t got = 0;

	ck_assert_int_eq(suite_init(&why), 0);
	west = core();
	east = core();
	policy(west, "10.1.0.0/16", "10.2.0.0/16", true);
	policy(east, "10.2.0.0/16", "10.1.0.0/16", true);
	rekey(0);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ esp_thread(west, i),
			esp_thread(east, i), .n = i };
		ck_assert_int_eq(pthread_create(&workers[i].id, NULL, work,
		    &workers[i]), 0);
	}
	for (unsigned i = 1; i <= CHANGES; i++) {
		change(i);
		nanosleep(&pause, NULL);
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(workers[i].id, NULL), 0);
		got += workers[i].got;
	}
	ck_assert_uint_gt(got, CHANGES);
	/* Whoever takes packets from the device, they leave in order. */
	got = UINT64_MAX;
	esp_stats(east, look_order, &got);
	ck_assert_uint_eq(got, 0);
	ck_assert_uint_eq(esp_reclaim(west) + esp_reclaim(east), 0);
	esp_free(west);
	esp_free(east);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd threads");
	TCase *tc = tcase_create("threads");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_threads);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
