#include "lib/secret.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

START_TEST(set_and_free)
{
	struct secret s = { 0 };

	ck_assert_int_eq(secret_set(&s, "abc", 3), 0);
	ck_assert_uint_eq(s.len, 3);
	ck_assert_mem_eq(s.data, "abc", 3);
	ck_assert_int_eq(secret_set(&s, s.data + 1, 2), 0);
	ck_assert_uint_eq(s.len, 2);
	ck_assert_mem_eq(s.data, "bc", 2);
	ck_assert_int_eq(secret_set(&s, NULL, 0), 0);
	ck_assert_uint_eq(s.len, 0);
	secret_free(&s);
	ck_assert_ptr_null(s.data);
	secret_free(&s);
	secret_free(NULL);
}
END_TEST

START_TEST(alloc_is_zero)
{
	struct secret s = { 0 };

	ck_assert_int_eq(secret_alloc(&s, 32), 0);
	ck_assert_uint_eq(s.len, 32);
	for (size_t i = 0; i < s.len; i++)
		ck_assert_uint_eq(s.data[i], 0);
	secret_free(&s);
}
END_TEST

START_TEST(move)
{
	struct secret a = { 0 }, b = { 0 };
	const uint8_t *p;

	ck_assert_int_eq(secret_set(&a, "abc", 3), 0);
	ck_assert_int_eq(secret_set(&b, "old", 3), 0);
	p = a.data;
	secret_move(&b, &a);
	ck_assert_ptr_null(a.data);
	ck_assert_uint_eq(a.len, 0);
	ck_assert_ptr_eq(b.data, p);
	secret_move(&b, &b);
	ck_assert_mem_eq(b.data, "abc", 3);
	secret_free(&b);
}
END_TEST

START_TEST(compare)
{
	ck_assert(secret_equal("abc", 3, "abc", 3));
	ck_assert(!secret_equal("abc", 3, "abd", 3));
	ck_assert(!secret_equal("abc", 3, "abc", 2));
	ck_assert(secret_equal("", 0, "x", 0));
}
END_TEST

START_TEST(wipe)
{
	char text[] = "secret";

	secret_wipe(text, sizeof(text));
	ck_assert_mem_eq(text, "\0\0\0\0\0\0", sizeof(text));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secret");
	TCase *tc = tcase_create("secret");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, set_and_free);
	tcase_add_test(tc, alloc_is_zero);
	tcase_add_test(tc, move);
	tcase_add_test(tc, compare);
	tcase_add_test(tc, wipe);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
