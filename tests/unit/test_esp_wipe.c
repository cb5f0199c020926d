/*
 * Nothing of an SA's keys is left in memory when it is gone: all that can be
 * written is searched for them.  What is searched for is kept turned round,
 * so that it is not found in here.
 */
#include "config.h"
#include "espd/spare.h"
#include "esp_util.h"

#include <openssl/evp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN	0x5a
#define LEN	12
#define LARGEST	(256u << 20)
/* Their own memory must not be read. */
#ifdef WITH_SANITIZERS
#define SANITIZED	true
#else
#define SANITIZED	false
#endif

static uint8_t wanted[LEN];

static unsigned
search(const uint8_t *p, const uint8_t *end)
{
	uint8_t first = wanted[0] ^ TURN;
	unsigned n = 0;
	size_t i;

	for (; p + LEN <= end && (p = memchr(p, first,
	    (size_t)(end - p))) != NULL && p + LEN <= end; p++) {
		for (i = 1; i < LEN && p[i] == (wanted[i] ^ TURN); i++)
			;
		n += i == LEN;
	}
	return n;
}

static unsigned
count(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	uintptr_t from, to;
	char line[512], mode[8];
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to,
		    mode) == 3 && mode[0] == 'r' && mode[1] == 'w' &&
		    to - from <= LARGEST && strstr(line, "[stack]") == NULL)
			n += search((const uint8_t *)from,
			    (const uint8_t *)to);
	fclose(f);
	return n;
}

static void
want(const uint8_t *p)
{
	for (int i = 0; i < LEN; i++)
		wanted[i] = p[i] ^ TURN;
}

/* The salt and the IV of the first packet behind it. */
static void
want_nonce(const struct secret *k)
{
	uint8_t nonce[LEN] = { 0 };

	memcpy(nonce, k->data + k->len - 4, 4);
	nonce[LEN - 1] = 1;
	want(nonce);
	secret_wipe(nonce, sizeof(nonce));
}

/* K2 of AES-XCBC: the key of whole blocks (RFC 3566 section 4). */
static void
want_k2(const struct secret *k)
{
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	uint8_t two[16], k2[16];
	int n;

	memset(two, 2, sizeof(two));
	ck_assert_int_eq(EVP_EncryptInit_ex(x, EVP_aes_128_ecb(), NULL,
	    k->data, NULL), 1);
	ck_assert_int_eq(EVP_EncryptUpdate(x, k2, &n, two, 16), 1);
	EVP_CIPHER_CTX_free(x);
	want(k2);
	secret_wipe(k2, sizeof(k2));
}

static void
want_key(const struct secret *k)
{
	want(k->data);
}

static const struct {
	const char *encr, *integ;
	void (*want)(const struct secret *);	/* of integ's key, if any */
	bool inbound;
} suites[] = {
	{ "aes-128-gcm", NULL, want_nonce, false },
	{ "chacha20poly1305", NULL, want_nonce, false },
	{ "aes-128-cbc", "aes-xcbc", want_k2, false },
	{ "aes-128-cbc", "aes-xcbc", want_k2, true },
	{ "null", "aes-cmac", want_key, false },
	{ "null", "sha256", want_key, false },
	{ "null", "sha256", want_key, true },
	{ "aes-256-gcm", NULL, want_key, true },
	{ "aes-256-cbc", "sha1", want_key, false },
};

static void
fill(struct secret *k, size_t len, uint8_t seed)
{
	ck_assert_int_eq(secret_alloc(k, len), 0);
	for (size_t i = 0; i < len; i++)
		k->data[i] = (uint8_t)(i * 37 + seed);
}

static void
add(struct gate *g, int i)
{
	struct secret ek = { 0 }, ik = { 0 };
	struct suite su = suite_named(suites[i].encr, suites[i].integ);
	struct esp_sa sa = { .src = g->outer, .dst = g->outer,
		.spi = 0x3000, .reqid = 1, .inbound = suites[i].inbound,
		.encap = true, .mtu = 1500, .window = 64, .encr = su.encr,
		.integ = su.integ, .encr_key = &ek, .integ_key = &ik,
		.hard_at = MONO_NEVER };
	const char *why = "";

	fill(&ek, su.encr->key_len, 11);
	fill(&ik, su.integ == NULL ? 0 : su.integ->key_len, 77);
	suites[i].want(su.integ == NULL ? &ek : &ik);
	ck_assert_msg(esp_sa_add(g->e, &sa, g->now, &why) == 0, "%s", why);
	secret_free(&ek);
	secret_free(&ik);
}

START_TEST(test_wiped)
{
	struct gate *g = gate_new("192.0.2.1", NULL);
	struct policy_body b = { .reqid = 1 };
	uint8_t p[200];
	size_t len = make_udp(p, "10.1.0.1", "10.2.0.1", 1, 2, 100, 3);

	gate_policy(g, "10.1.0.0/16", "10.2.0.0/16", &b);
	add(g, _i);
	gate_out(g, p, len);
	ck_assert_uint_gt(count(), 0);
	ck_assert_int_eq(esp_sa_del(g->e, &g->outer.addr, 0x3000), 0);
	ck_assert_uint_eq(esp_reclaim(g->e), 0);
	ck_assert_uint_eq(count(), 0);
	gate_free(g);
}
END_TEST

int
main(void)
{
	Suite *s;
	TCase *tc;
	SRunner *sr;
	int failed;

	if (SANITIZED)
		return 77;
	if (spare_init() == -1)
		return EXIT_FAILURE;
	s = suite_create("espd wipes");
	tc = tcase_create("wipe");
	tcase_add_loop_test(tc, test_wiped, 0,
	    sizeof(suites) / sizeof(suites[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
