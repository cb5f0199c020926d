#include "lib/mono.h"

#include <check.h>

#include <stdlib.h>

static struct mono
at(int64_t us)
{
	return (struct mono){ us };
}

START_TEST(clock_goes_forward)
{
	struct mono a = mono_now(), b;

	ck_assert_int_gt(a.us, 0);
	for (int i = 0; i < 1000; i++) {
		b = mono_now();
		ck_assert_int_ge(mono_cmp(b, a), 0);
		a = b;
	}
	ck_assert(!mono_is_never(a));
}
END_TEST

START_TEST(arithmetic)
{
	ck_assert_int_eq(MONO_MS(3).us, 3000);
	ck_assert_int_eq(MONO_S(-2).us, -2000000);
	ck_assert_int_eq(mono_add(at(5), MONO_MS(1)).us, 1005);
	ck_assert_int_eq(mono_add(at(5000), MONO_MS(-1)).us, 4000);
	ck_assert_int_eq(mono_sub(at(5), at(7)).us, -2);
	ck_assert_int_eq(mono_cmp(at(1), at(2)), -1);
	ck_assert_int_eq(mono_cmp(at(2), at(2)), 0);
	ck_assert_int_eq(mono_cmp(at(3), at(2)), 1);
	ck_assert_int_eq(mono_cmp(MONO_NEVER, at(INT64_MAX - 1)), 1);
}
END_TEST

START_TEST(never_and_overflow)
{
	ck_assert(mono_is_never(MONO_NEVER));
	ck_assert(mono_is_never(mono_add(MONO_NEVER, MONO_S(-1))));
	ck_assert(mono_is_never(mono_add(at(INT64_MAX - 5), MONO_S(1))));
	ck_assert(!mono_is_never(mono_add(at(INT64_MIN + 5), MONO_S(-1))));
	ck_assert_int_eq(mono_sub(MONO_NEVER, at(-1)).us, INT64_MAX);
	ck_assert_int_eq(mono_sub(at(INT64_MIN), at(1)).us, INT64_MIN);
}
END_TEST

START_TEST(seconds)
{
	ck_assert_uint_eq(mono_seconds(MONO_MS(999)), 0);
	ck_assert_uint_eq(mono_seconds(MONO_MS(1000)), 1);
	ck_assert_uint_eq(mono_seconds(MONO_MS(1999)), 1);
	ck_assert_uint_eq(mono_seconds(MONO_S(-5)), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mono");
	TCase *tc = tcase_create("mono");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, clock_goes_forward);
	tcase_add_test(tc, arithmetic);
	tcase_add_test(tc, never_and_overflow);
	tcase_add_test(tc, seconds);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
