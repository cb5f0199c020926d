/* Stateless cookies and NAT detection: RFC 7296 2.6, 2.23. */
#include "ikepd/cookie.h"
#include "ikepd/natt.h"
#include "lib/suite/suite.h"

#include <openssl/evp.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t secret_a[COOKIE_SECRET_LEN] = { 1 };
static const uint8_t secret_b[COOKIE_SECRET_LEN] = { 2 };
static const uint8_t secret_c[COOKIE_SECRET_LEN] = { 3 };
static const uint8_t ni[32] = { 0x42 };
static struct addr peer4, peer6;

static void
setup(void)
{
	const char *why = "";

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
	addr_parse(&peer4, "192.0.2.7");
	addr_parse(&peer6, "2001:db8::7");
}

static bool
good(const struct cookie_jar *j, const uint8_t *c, size_t n)
{
	return cookie_check(j, 0x1122334455667788, &peer4, ni, sizeof(ni), c,
	    n);
}

START_TEST(rotation)
{
	struct cookie_jar j = { 0 };
	uint8_t a[COOKIE_LEN], b[COOKIE_LEN];

	ck_assert_int_eq(cookie_make(&j, 1, &peer4, ni, 32, a), -1);
	memset(a, 0, sizeof(a));
	ck_assert(!good(&j, a, sizeof(a)));	/* an empty jar admits none */
	cookie_rotate(&j, secret_a);
	ck_assert_int_eq(cookie_make(&j, 0x1122334455667788, &peer4, ni, 32,
	    a), 0);
	ck_assert(good(&j, a, sizeof(a)));
	cookie_rotate(&j, secret_b);
	ck_assert_int_eq(cookie_make(&j, 0x1122334455667788, &peer4, ni, 32,
	    b), 0);
	ck_assert_mem_ne(a, b, sizeof(a));
	ck_assert(good(&j, a, sizeof(a)) && good(&j, b, sizeof(b)));
	cookie_rotate(&j, secret_c);
	ck_assert(!good(&j, a, sizeof(a)) && good(&j, b, sizeof(b)));
	/* the version is a byte and comes round; old cookies do not */
	for (unsigned i = 0; i < 256; i++)
		cookie_rotate(&j, i % 2 == 0 ? secret_a : secret_c);
	ck_assert(!good(&j, b, sizeof(b)));
	cookie_wipe(&j);
	ck_assert_uint_eq(j.nsecrets, 0);
	ck_assert(!good(&j, b, sizeof(b)));
}
END_TEST

START_TEST(binding)
{
	struct cookie_jar j = { 0 };
	uint8_t c[COOKIE_LEN + 1] = { 0 };

	cookie_rotate(&j, secret_a);
	ck_assert_int_eq(cookie_make(&j, 0x1122334455667788, &peer4, ni, 32,
	    c), 0);
	ck_assert(good(&j, c, COOKIE_LEN));
	ck_assert(!cookie_check(&j, 0x1122334455667789, &peer4, ni, 32, c,
	    COOKIE_LEN));
	ck_assert(!cookie_check(&j, 0x1122334455667788, &peer6, ni, 32, c,
	    COOKIE_LEN));
	ck_assert(!cookie_check(&j, 0x1122334455667788, &peer4, ni, 31, c,
	    COOKIE_LEN));
	ck_assert(!good(&j, c, COOKIE_LEN - 1));
	ck_assert(!good(&j, c, COOKIE_LEN + 1));
	ck_assert(!good(&j, NULL, 0));
	for (size_t i = 0; i < COOKIE_LEN; i++) {
		c[i] ^= 1;
		ck_assert_msg(!good(&j, c, COOKIE_LEN), "byte %zu", i);
		c[i] ^= 1;
	}
}
END_TEST

START_TEST(nat_detection)
{
	static const uint8_t in4[] = {
		1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0,
		192, 0, 2, 7, 0x11, 0x94,
	};
	struct endpoint ep = { .addr = peer4, .port = 4500 };
	uint8_t want[64], got[NATT_HASH_LEN];
	uint64_t ispi = 0x0102030405060708;
	struct cur c;
	size_t n;

	ck_assert_int_eq(EVP_Q_digest(NULL, "SHA1", NULL, in4, sizeof(in4),
	    want, &n), 1);
	ck_assert_int_eq(natt_hash(got, ispi, 0, &ep), 0);
	ck_assert_mem_eq(got, want, NATT_HASH_LEN);
	cur_init(&c, want, NATT_HASH_LEN);
	ck_assert(natt_match(&c, ispi, 0, &ep));
	ck_assert(!natt_match(&c, ispi, 1, &ep));
	ep.port = 500;
	ck_assert(!natt_match(&c, ispi, 0, &ep));
	ep.port = 4500;
	ep.addr = peer6;
	ck_assert(!natt_match(&c, ispi, 0, &ep));
	ep.addr = peer4;
	cur_init(&c, want, NATT_HASH_LEN - 1);
	ck_assert(!natt_match(&c, ispi, 0, &ep));
	cur_init(&c, NULL, 0);
	ck_assert(!natt_match(&c, ispi, 0, &ep));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cookie");
	TCase *t = tcase_create("cookie");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, rotation);
	tcase_add_test(t, binding);
	tcase_add_test(t, nat_detection);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
