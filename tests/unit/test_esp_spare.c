/* What integrity functions take for a packet, a thread has at hand. */
#include "espd/mac.h"
#include "espd/spare.h"

#include "lib/suite/suite.h"

#include <openssl/crypto.h>

#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ROUNDS	100

/* The linker puts these in the place of spare.c's and mac.c's own calls. */
void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

static unsigned long allocations;

void *
__wrap_malloc(size_t n)
{
	allocations++;
	return __real_malloc(n);
}

START_TEST(test_each_function)
{
	uint8_t key[64] = { 1 }, p[1500] = { 2 }, icv[MAC_ICV_MAX];
	const struct alg *a = NULL;
	struct mac *m;
	unsigned long before, made;
	unsigned hmacs = 0;
	int bad;

	while ((a = suite_next(SUITE_INTEG, ALG_PHASE2, a)) != NULL) {
		if ((m = mac_new(a, key)) == NULL)
			continue;
		bad = mac_icv(m, p, sizeof(p), p, 0, icv);
		before = allocations;
		for (int r = 0; r < ROUNDS; r++)
			bad |= mac_icv(m, p, sizeof(p), p, 0, icv);
		made = allocations - before;
		ck_assert_int_eq(bad, 0);
		ck_assert_msg(made == 0, "%lu: %s", made, a->log);
		hmacs += a->mode == ALG_M_HMAC;
		mac_free(m);
	}
	ck_assert_uint_ge(hmacs, 4);
}
END_TEST

/* What was written stays, whatever the size becomes. */
START_TEST(test_sizes)
{
	uint8_t *p = NULL;

	for (size_t n = 1; n <= 3000; n++) {
		ck_assert_ptr_nonnull(p = OPENSSL_realloc(p, n));
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		p[n - 1] = (uint8_t)n;
		ck_assert_uint_eq(p[0], 1);
		ck_assert_uint_eq(p[n / 2], (uint8_t)(n / 2 + 1));
	}
	OPENSSL_free(p);
	ck_assert_ptr_null(OPENSSL_malloc(0));
	OPENSSL_free(NULL);
}
END_TEST

/* A thread keeps some of what it gives back, not all. */
START_TEST(test_bounded)
{
	void *p[64];
	unsigned long before;

	for (int i = 0; i < 64; i++)
		p[i] = OPENSSL_malloc(100);
	for (int i = 0; i < 64; i++)
		OPENSSL_free(p[i]);
	before = allocations;
	for (int i = 0; i < 64; i++)
		p[i] = OPENSSL_malloc(100);
	ck_assert_uint_eq(allocations - before, 64 - 16);
	for (int i = 0; i < 64; i++)
		OPENSSL_free(p[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd spare memory");
	TCase *tc = tcase_create("spare");
	SRunner *sr;
	const char *why = "";
	int failed;

	if (spare_init() == -1 || suite_init(&why) == -1)
		return EXIT_FAILURE;
	tcase_add_test(tc, test_each_function);
	tcase_add_test(tc, test_sizes);
	tcase_add_test(tc, test_bounded);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
