#include "lib/hash.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_empty)
{
	struct hash h;
	size_t at = 0;

	hash_init(&h, 1);
	ck_assert_ptr_null(hash_get(&h, 5));
	ck_assert_ptr_null(hash_del(&h, 5));
	ck_assert_ptr_null(hash_next(&h, &at));
	ck_assert_uint_eq(hash_count(&h), 0);
	hash_free(&h);
}
END_TEST

START_TEST(test_replace)
{
	struct hash h;
	int a, b;

	hash_init(&h, 1);
	ck_assert_int_eq(hash_set(&h, 0, &a), 0);
	ck_assert_int_eq(hash_set(&h, 0, &b), 0);
	ck_assert_uint_eq(hash_count(&h), 1);
	ck_assert_ptr_eq(hash_get(&h, 0), &b);
	ck_assert_ptr_eq(hash_del(&h, 0), &b);
	ck_assert_ptr_null(hash_get(&h, 0));
	hash_free(&h);
}
END_TEST

/* Against a plain array, with growth and shrinkage. */
START_TEST(test_many)
{
	static char mark[4096];
	static bool in[4096];
	struct hash h;
	size_t n = 0, bad = 0, i, at, seen;
	unsigned r = 1;

	hash_init(&h, 99);
	for (i = 0; i < 200000; i++) {
		size_t k;

		r = r * 1103515245 + 12345;
		k = r >> 16 & 4095;
		if (i % 60000 > 30000 ? (r & 7) == 0 : (r & 7) != 0) {
			bad += hash_set(&h, k << 32, &mark[k]) != 0;
			n += !in[k];
			in[k] = true;
		} else {
			bad += hash_del(&h, k << 32) !=
			    (in[k] ? &mark[k] : NULL);
			n -= in[k];
			in[k] = false;
		}
		bad += hash_count(&h) != n;
	}
	/* Each assertion is a system call. */
	ck_assert_uint_eq(bad, 0);
	for (i = 0; i < 4096; i++)
		ck_assert_ptr_eq(hash_get(&h, i << 32),
		    in[i] ? &mark[i] : NULL);
	for (at = 0, seen = 0; hash_next(&h, &at) != NULL; seen++)
		;
	ck_assert_uint_eq(seen, n);
	hash_free(&h);
}
END_TEST

START_TEST(test_shrink)
{
	struct hash h;
	char x;
	uint64_t i;

	hash_init(&h, 3);
	for (i = 0; i < 10000; i++)
		ck_assert_int_eq(hash_set(&h, i, &x), 0);
	for (i = 0; i < 9990; i++)
		ck_assert_ptr_eq(hash_del(&h, i), &x);
	ck_assert_uint_lt(h.cap, 200);
	for (; i < 10000; i++)
		ck_assert_ptr_eq(hash_get(&h, i), &x);
	hash_free(&h);
}
END_TEST

START_TEST(test_bytes)
{
	ck_assert(hash_bytes("abc", 3, 1) != hash_bytes("abd", 3, 1));
	ck_assert(hash_bytes("abc", 3, 1) != hash_bytes("abc", 3, 2));
	ck_assert(hash_bytes("abc\0", 4, 1) != hash_bytes("abc", 3, 1));
	ck_assert(hash_bytes("", 0, 1) == hash_bytes(NULL, 0, 1));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hash");
	TCase *t = tcase_create("hash");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_empty);
	tcase_add_test(t, test_replace);
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_shrink);
	tcase_add_test(t, test_bytes);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
