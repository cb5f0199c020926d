/*
 * How fast the packet core is, beside the bare cipher over the same bytes:
 * AES-GCM-16, 1400-byte segments, packet by packet and as super-packets of
 * 64 kB; small packets; and what an SA takes of memory.
 *
 * usage: esp_core [ROUNDS]
 * Prints, for each direction and way, ns a packet, Gbit/s of inner packets a
 * core, and the ratio to EVP alone.  Medians of five.
 */
#include "espd/esp.h"
#include "espd/csum.h"
#include "espd/spare.h"
#include "espd/vnet.h"
#include "espd/wire.h"

#include <openssl/evp.h>

#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HDRS		52
#define SEGS		48
#define REPEAT		5
#define RUNS_MAX	4
#define PAIRS		1000	/* of SAs, for their memory */

static uint8_t room[RUNS_MAX][70000];
static struct esp_run runs[RUNS_MAX];
static unsigned nruns;
static uint64_t injected;
static bool keep;
static size_t mss = 1348;	/* 1400 bytes with IP, TCP and timestamps */

static void
die(const char *what)
{
	fprintf(stderr, "esp_core: %s\n", what);
	exit(1);
}

static void
on_send(void *arg, const struct esp_run *r)
{
	(void)arg;
	if (!keep)
		return;
	if (nruns == RUNS_MAX)
		die("too many runs");
	memcpy(room[nruns] + ESP_IN_ROOM, r->data, r->len);
	runs[nruns] = *r;
	runs[nruns].data = room[nruns] + ESP_IN_ROOM;
	nruns++;
}

static void
on_inject(void *arg, uint8_t *p, size_t len)
{
	(void)arg;
	(void)p;
	injected += len;
}

static void
on_wake(void *arg)
{
	(void)arg;
}

/* Of the processor, which others use too. */
static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v)
{
	qsort(v, REPEAT, sizeof(*v), double_cmp);
	return v[REPEAT / 2];
}

static const struct alg *
gcm(void)
{
	return suite_by_name(SUITE_ENCR, ALG_PHASE2, "aes-128-gcm");
}

static int
add_sa(struct esp *e, uint32_t spi, bool inbound, uint32_t window,
    const char **why)
{
	uint8_t key[20] = { 1, 2, 3 };
	struct secret k = { key, sizeof(key) };
	struct esp_sa sa = { .spi = spi, .reqid = spi, .inbound = inbound,
		.encap = true, .window = window, .mtu = 1500, .encr = gcm(),
		.encr_key = &k, .hard_at = MONO_NEVER };

	addr_parse(&sa.src.addr, "192.0.2.1");
	addr_parse(&sa.dst.addr, "192.0.2.2");
	sa.src.port = sa.dst.port = 4500;
	return esp_sa_add(e, &sa, mono_now(), why);
}

static struct esp *
gate(bool inbound, uint32_t window)
{
	struct esp_conf conf = { .threads = 1, .clamp_mss = true,
		.io = { .send = on_send, .inject = on_inject,
		.wake = on_wake } };
	struct policy_body body = { .reqid = 0x1000 };
	const char *why = "";
	struct sel sel = { 0 };
	struct esp *e = esp_new(&conf, &why);

	prefix_parse(&sel.local, inbound ? "10.2.0.0/16" : "10.1.0.0/16",
	    true);
	prefix_parse(&sel.remote, inbound ? "10.1.0.0/16" : "10.2.0.0/16",
	    true);
	if (e == NULL || add_sa(e, 0x1000, inbound, window, &why) == -1 ||
	    esp_policy_set(e, &sel, &body, &why) == -1)
		die(why);
	return e;
}

/* A TCP packet as the TUN gives it; n segments of payload. */
static size_t
make_tcp(uint8_t *buf, unsigned n)
{
	struct vnet v = { .flags = VNET_NEEDS_CSUM, .hdr_len = HDRS,
		.gso_type = n > 1 ? VNET_GSO_TCP4 : VNET_GSO_NONE,
		.gso_size = (uint16_t)(n > 1 ? mss : 0), .csum_start = 20,
		.csum_offset = 16 };
	size_t len = HDRS + n * mss;
	uint8_t *p = buf + ESP_VNET_LEN;

	memset(buf, 0, ESP_VNET_LEN + len);
	memcpy(buf, &v, sizeof(v));
	p[0] = 0x45;
	put16(p + 2, (uint16_t)len);
	p[6] = 0x40;
	p[8] = 64;
	p[9] = IPPROTO_TCP;
	memcpy(p + 12, "\x0a\x01\x00\x01\x0a\x02\x00\x01", 8);
	csum_ipv4(p);
	put16(p + 20, 5001);
	put16(p + 22, 5002);
	p[32] = 8 << 4;
	p[33] = 0x10;
	csum_put_partial(p + 36, csum_pseudo(p, IPPROTO_TCP, len - 20));
	return ESP_VNET_LEN + len;
}

static double
bench_out(unsigned segs, unsigned rounds)
{
	static uint8_t buf[ESP_TUN_MAX];
	struct esp *e = gate(false, 0);
	size_t len = make_tcp(buf, segs);
	double v[REPEAT], from;

	for (int r = 0; r < REPEAT; r++) {
		from = now_ns();
		for (unsigned i = 0; i < rounds / segs; i++) {
			esp_out(esp_thread(e, 0), buf, len, mono_now());
			esp_out_flush(esp_thread(e, 0));
		}
		v[r] = (now_ns() - from) / (rounds / segs * segs);
	}
	esp_free(e);
	return median(v);
}

/* Hands over what was sent, packet by packet or run by run. */
static void
receive(struct esp *in, bool single)
{
	for (unsigned i = 0; i < nruns; i++) {
		const struct esp_run *r = &runs[i];
		size_t n = single ? r->seg : r->len;

		for (size_t at = 0; at < r->len; at += n) {
			struct esp_dgram d = { .data = r->data + at,
				.len = r->len - at < n ? r->len - at : n,
				.seg = r->seg, .src = r->src, .encap = true };

			esp_in(esp_thread(in, 0), &d, mono_now());
			if (single)
				esp_in_flush(esp_thread(in, 0));
		}
	}
	esp_in_flush(esp_thread(in, 0));
}

/* What is opened is made anew each time; only the opening is timed. */
static double
bench_in(bool single, unsigned rounds)
{
	static uint8_t buf[ESP_TUN_MAX];
	struct esp *out = gate(false, 0), *in = gate(true, 4096);
	size_t len = make_tcp(buf, SEGS);
	double v[REPEAT], from, spent;

	keep = true;
	for (int r = 0; r < REPEAT; r++) {
		spent = 0;
		for (unsigned i = 0; i < rounds / SEGS; i++) {
			nruns = 0;
			esp_out(esp_thread(out, 0), buf, len, mono_now());
			esp_out_flush(esp_thread(out, 0));
			from = now_ns();
			receive(in, single);
			spent += now_ns() - from;
		}
		v[r] = spent / (rounds / SEGS * SEGS);
	}
	keep = false;
	if (injected < (uint64_t)(rounds / SEGS * SEGS) * REPEAT * mss)
		die("packets were lost");
	injected = 0;
	esp_free(out);
	esp_free(in);
	return median(v);
}

/* A packet through EVP: nonce, header, text, ICV. */
static double
bench_evp(bool seal, unsigned rounds)
{
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	uint8_t key[16] = { 1 }, iv[12] = { 0 }, icv[16] = { 0 };
	static uint8_t text[1500];
	double v[REPEAT], from;
	int n, len = (int)(HDRS + mss + 4);

	EVP_CipherInit_ex2(x, c, key, NULL, seal, NULL);
	for (int r = 0; r < REPEAT; r++) {
		from = now_ns();
		for (unsigned i = 0; i < rounds; i++) {
			put32(iv + 8, i);
			if (!seal)
				EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG,
				    16, icv);
			EVP_CipherInit_ex2(x, NULL, NULL, iv, seal, NULL);
			EVP_CipherUpdate(x, NULL, &n, key, 8);
			EVP_CipherUpdate(x, text, &n, text, len);
			EVP_CipherFinal_ex(x, text, &n);
			if (seal)
				EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG,
				    16, icv);
		}
		v[r] = (now_ns() - from) / rounds;
	}
	EVP_CIPHER_CTX_free(x);
	EVP_CIPHER_free(c);
	return median(v);
}

/* Bytes of an SA, both directions' mean, with one packet thread. */
static double
bench_memory(uint32_t window)
{
	struct esp *e = gate(true, window);
	size_t before = mallinfo2().uordblks;
	const char *why;

	for (uint32_t i = 1; i <= 2 * PAIRS; i++)
		if (add_sa(e, 0x1000 + i, i % 2, window, &why) == -1)
			die(why);
	before = mallinfo2().uordblks - before;
	esp_free(e);
	return (double)before / (2 * PAIRS);
}

static void
small(unsigned rounds)
{
	double out, in;

	mss = 12;		/* 64 bytes */
	out = bench_out(1, rounds);
	in = bench_in(true, rounds);
	printf("64-byte packets              out %.2f M/s, in %.2f M/s\n",
	    1e3 / out, 1e3 / in);
}

static void
line(const char *what, double ns, double evp)
{
	printf("%-28s %7.0f ns/packet %6.2f Gbit/s  %.2f of EVP\n", what, ns,
	    (double)(HDRS + mss) * 8 / ns, ns / evp);
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 200000;
	double seal, open;
	const char *why = "";

	if (spare_init() == -1 || suite_init(&why) == -1)
		die(why);
	if (rounds < SEGS)
		rounds = SEGS;
	seal = bench_evp(true, rounds);
	open = bench_evp(false, rounds);
	line("EVP alone, encrypt", seal, seal);
	line("out, single packets", bench_out(1, rounds), seal);
	line("out, 64 kB super-packets", bench_out(SEGS, rounds), seal);
	line("EVP alone, decrypt", open, open);
	line("in, single packets", bench_in(true, rounds), open);
	line("in, runs into super-packets", bench_in(false, rounds), open);
	small(rounds);
	printf("an SA takes %.0f bytes, %.0f with a window of 4096\n",
	    bench_memory(64), bench_memory(4096));
	return 0;
}
