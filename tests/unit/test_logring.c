#include "sallyportd/logring.h"

#include "lib/log.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
	size_t n;
	char first[64], last[64];
	size_t bytes;
};

static const struct log_filter all;

static void
see(void *arg, const struct logline *l)
{
	struct seen *s = arg;

	ck_assert_uint_eq(strlen(l->text), l->len);
	if (s->n++ == 0)
		snprintf(s->first, sizeof(s->first), "%s", l->text);
	snprintf(s->last, sizeof(s->last), "%s", l->text);
}

static struct seen
walk(const struct logring *r, const struct log_filter *f)
{
	struct seen s = { 0 };

	logring_walk(r, f, see, &s);
	return s;
}

static void
fill(struct logring *r, int from, int to)
{
	char text[64];
	int i;

	for (i = from; i < to; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		logring_add(r, i, LOG_T_IPSEC | LOG_T_INFO, "ikepd", text);
	}
}

START_TEST(oldest_go_first_by_count)
{
	struct logring *r = logring_new(10, 1 << 20);
	struct seen s;

	ck_assert_ptr_nonnull(r);
	fill(r, 0, 10);
	ck_assert_uint_eq(logring_dropped(r), 0);
	fill(r, 10, 37);
	s = walk(r, &all);
	ck_assert_uint_eq(s.n, 10);
	ck_assert_uint_eq(logring_count(r), 10);
	ck_assert_str_eq(s.first, "line 27");
	ck_assert_str_eq(s.last, "line 36");
	ck_assert_uint_eq(logring_dropped(r), 27);
	logring_free(r);
}
END_TEST

START_TEST(oldest_go_first_by_bytes)
{
	const size_t max = 4096;
	struct logring *r = logring_new(100000, max);
	char big[1000];
	int i;

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	for (i = 0; i < 100; i++) {
		fill(r, i, i + 1);
		logring_add(r, i, LOG_T_INFO, "keymgr", big);
		ck_assert_uint_le(logring_bytes(r), max);
		ck_assert_uint_gt(logring_count(r), 0);
	}
	/* The big one pushed out as many small ones as it needed. */
	ck_assert_str_eq(walk(r, &all).last + 0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	logring_free(r);
}
END_TEST

START_TEST(a_line_beyond_the_bytes_is_dropped)
{
	struct logring *r = logring_new(10, 200);
	char big[400];

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	fill(r, 0, 1);
	logring_add(r, 1, LOG_T_INFO, "keymgr", big);
	ck_assert_uint_eq(logring_dropped(r), 1);
	ck_assert_uint_eq(walk(r, &all).n, 1);
	logring_free(r);
}
END_TEST

START_TEST(clear_empties)
{
	struct logring *r = logring_new(10, 1 << 20);

	fill(r, 0, 25);
	logring_clear(r);
	ck_assert_uint_eq(logring_count(r), 0);
	ck_assert_uint_eq(logring_bytes(r), 0);
	ck_assert_uint_eq(walk(r, &all).n, 0);
	fill(r, 5, 7);
	ck_assert_str_eq(walk(r, &all).first, "line 5");
	logring_free(r);
}
END_TEST

#define T_II	(LOG_T_IPSEC | LOG_T_INFO)
#define T_ID	(LOG_T_IPSEC | LOG_T_DEBUG)
#define T_IE	(LOG_T_IPSEC | LOG_T_ERROR)
#define T_SI	(LOG_T_SYSTEM | LOG_T_INFO)

static const struct filter_case {
	const char *text;
	bool ii, id, ie, si;
} filters[] = {
	{ "", true, true, true, true },
	{ "ipsec", true, true, true, false },
	{ "ipsec,!debug", true, false, true, false },
	{ "!debug", true, false, true, true },
	{ "ipsec,error", false, false, true, false },
	{ "!ipsec", false, false, false, true },
	{ "ipsec,!info,!debug", false, false, true, false },
	{ "ipsec,system", false, false, false, false },
};

START_TEST(topic_filters)
{
	const struct filter_case *c = &filters[_i];
	struct log_filter f;
	char bad[32];

	ck_assert_int_eq(log_filter_parse(&f, c->text, bad, sizeof(bad)), 0);
	ck_assert_int_eq(log_filter_pass(&f, T_II), c->ii);
	ck_assert_int_eq(log_filter_pass(&f, T_ID), c->id);
	ck_assert_int_eq(log_filter_pass(&f, T_IE), c->ie);
	ck_assert_int_eq(log_filter_pass(&f, T_SI), c->si);
}
END_TEST

START_TEST(unknown_topics_are_named)
{
	static const char *const texts[] = { "ipsec,foo", "!foo", "foo",
	    "debug,foo,info" };
	struct log_filter f;
	char bad[32];
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_eq(log_filter_parse(&f, texts[i], bad,
		    sizeof(bad)), -1);
		ck_assert_str_eq(bad, "foo");
	}
	ck_assert_int_eq(log_filter_parse(&f, "ipsec,,info", bad,
	    sizeof(bad)), -1);
	ck_assert_int_eq(log_filter_parse(&f, "!", bad, sizeof(bad)), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("logring");
	TCase *tc = tcase_create("logring");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, oldest_go_first_by_count);
	tcase_add_test(tc, oldest_go_first_by_bytes);
	tcase_add_test(tc, a_line_beyond_the_bytes_is_dropped);
	tcase_add_test(tc, clear_empties);
	tcase_add_loop_test(tc, topic_filters, 0,
	    (int)(sizeof(filters) / sizeof(filters[0])));
	tcase_add_test(tc, unknown_topics_are_named);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
