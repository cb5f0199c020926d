#include "lib/timer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct mono
at(int64_t us)
{
	return (struct mono){ us };
}

START_TEST(test_order)
{
	static struct timer t[500];
	struct timers ts;
	struct timer *p;
	int64_t last = -1;
	unsigned i, r = 7, n = 0;

	timers_init(&ts);
	memset(t, 0, sizeof(t));
	ck_assert(mono_is_never(timers_next(&ts)));
	for (i = 0; i < 500; i++) {
		r = r * 1103515245 + 12345;
		ck_assert_int_eq(timer_set(&ts, &t[i], at(r >> 20)), 0);
	}
	/* Some are moved, some are taken out. */
	for (i = 0; i < 500; i += 3)
		ck_assert_int_eq(timer_set(&ts, &t[i], at(t[i].at.us / 2)),
		    0);
	for (i = 1; i < 500; i += 5)
		timer_clear(&ts, &t[i]);
	while ((p = timers_pop(&ts, at(1 << 30))) != NULL) {
		ck_assert_int_ge(p->at.us, last);
		ck_assert(!timer_armed(p));
		last = p->at.us;
		n++;
	}
	ck_assert_uint_eq(n, 400);
	ck_assert(mono_is_never(timers_next(&ts)));
	timers_free(&ts);
}
END_TEST

START_TEST(test_due)
{
	struct timer a = { 0 }, b = { 0 };
	struct timers ts;

	timers_init(&ts);
	timer_clear(&ts, &a);
	timer_set(&ts, &a, at(10));
	timer_set(&ts, &b, at(20));
	ck_assert_ptr_null(timers_pop(&ts, at(9)));
	ck_assert_ptr_eq(timers_pop(&ts, at(10)), &a);
	ck_assert_ptr_null(timers_pop(&ts, at(19)));
	timer_set(&ts, &b, MONO_NEVER);
	ck_assert(!timer_armed(&b));
	ck_assert_ptr_null(timers_pop(&ts, at(1000)));
	timer_set(&ts, &a, at(5));
	timer_set(&ts, &a, at(50));
	ck_assert_int_eq(timers_next(&ts).us, 50);
	timer_clear(&ts, &a);
	timers_free(&ts);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("timer");
	TCase *t = tcase_create("timer");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_order);
	tcase_add_test(t, test_due);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
