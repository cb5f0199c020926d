#include "lib/log.h"

#include <check.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char line[4 * LOG_LINE_MAX];
static uint32_t topics;
static int lines;

static void
keep(void *arg, uint32_t t, const char *text)
{
	ck_assert_ptr_eq(arg, &lines);
	lines++;
	topics = t;
	memcpy(line, text, strlen(text) + 1);
}

/* A sink that itself has something to say. */
static void
chatty(void *arg, uint32_t t, const char *text)
{
	keep(arg, t, text);
	log_error(LOG_T_SYSTEM, "the sink fails");
}

static void
setup(void)
{
	log_set_sink(keep, &lines);
}

static const char *
line_at(struct log_limits *ls, const char *reason, int at_ms)
{
	line[0] = '\0';
	log_limited(log_limit_of(ls, reason), (struct mono){ at_ms * 1000 },
	    LOG_T_IPSEC | LOG_T_ERROR, "bad: %s", reason);
	return line;
}

/* Each reason has its own limit, and what was held back is counted. */
START_TEST(limit_by_reason)
{
	struct log_limits ls = { .burst = 2, .interval_ms = 1000 };
	char name[16];
	int i;

	ck_assert_str_eq(line_at(&ls, "a", 0), "bad: a");
	ck_assert_str_eq(line_at(&ls, "a", 1), "bad: a");
	for (i = 0; i < 41; i++)
		ck_assert_str_eq(line_at(&ls, "a", 2), "");
	ck_assert_str_eq(line_at(&ls, "b", 3), "bad: b");
	ck_assert_str_eq(line_at(&ls, "a", 1500),
	    "bad: a (41 more like it before)");
	ck_assert_str_eq(line_at(&ls, "a", 2500), "bad: a");
	/* As many reasons as somebody likes to make up. */
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		(void)line_at(&ls, name, 3000);
	}
	ck_assert_str_eq(line_at(&ls, name, 3000), "");
}
END_TEST

START_TEST(line_and_topics)
{
	char s[64];

	errno = ENOENT;
	log_error(LOG_T_IPSEC, "%s %d", "peer", 7);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(lines, 1);
	ck_assert_str_eq(line, "peer 7");
	ck_assert_uint_eq(topics, LOG_T_IPSEC | LOG_T_ERROR);
	ck_assert_str_eq(log_topics_str(topics, s, sizeof(s)), "ipsec,error");
	log_warn(LOG_T_SYSTEM, "w");
	ck_assert_str_eq(log_topics_str(topics, s, sizeof(s)),
	    "system,warning");
	ck_assert_str_eq(log_topics_str(topics, s, 4), "sys");
	ck_assert_str_eq(log_topics_str(0, s, sizeof(s)), "");
}
END_TEST

START_TEST(mask)
{
	log_debug(LOG_T_IPSEC, "no");
	log_msg(LOG_T_IPSEC | LOG_T_DEBUG | LOG_T_PACKET, "no");
	ck_assert_int_eq(lines, 0);
	ck_assert(!log_wanted(LOG_T_IPSEC | LOG_T_DEBUG));
	log_set_mask(~(uint32_t)LOG_T_PACKET);
	log_debug(LOG_T_IPSEC, "yes");
	log_msg(LOG_T_IPSEC | LOG_T_DEBUG | LOG_T_PACKET, "no");
	ck_assert_int_eq(lines, 1);
	log_set_mask(LOG_T_IPSEC | LOG_T_ERROR);
	log_error(LOG_T_SYSTEM, "no");
	log_error(LOG_T_IPSEC, "yes");
	ck_assert_int_eq(lines, 2);
}
END_TEST

START_TEST(names)
{
	static const char *const all[] = { "ipsec", "l2tp", "ppp", "radius",
		"firewall", "certificate", "system", "account", "error",
		"warning", "info", "debug", "packet" };
	char s[32];
	uint32_t bit;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bit = log_topic_by_name(all[i]);
		ck_assert_uint_ne(bit, 0);
		ck_assert_str_eq(log_topics_str(bit, s, sizeof(s)), all[i]);
	}
	ck_assert_uint_eq(log_topic_by_name("ipse"), 0);
	ck_assert_uint_eq(log_topic_by_name(""), 0);
}
END_TEST

static const struct {
	const char *in, *out;
} escapes[] = {
	{ "plain text 0-9 ~", "plain text 0-9 ~" },
	{ "two\nlines\r", "two\\x0alines\\x0d" },
	{ "\x1b[31mred\x7f", "\\x1b[31mred\\x7f" },
	{ "z\xc4\x81le", "z\xc4\x81le" },		/* U+0101 */
	{ "\xe2\x82\xac \xf0\x9f\x94\x91", "\xe2\x82\xac \xf0\x9f\x94\x91" },
	{ "\xc2\x9b""2J", "\\xc2\\x9b2J" },		/* C1 CSI */
	{ "\xe2\x80\xae""cod", "\\xe2\\x80\\xaecod" },	/* right to left */
	{ "\xc0\x80", "\\xc0\\x80" },			/* overlong */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },	/* too big */
	{ "\xff\xfe", "\\xff\\xfe" },
	{ "cut\xe2\x82", "cut\\xe2\\x82" },
	{ "\xc4", "\\xc4" },
};

START_TEST(escaping)
{
	log_info(LOG_T_IPSEC, "%s", escapes[_i].in);
	ck_assert_str_eq(line, escapes[_i].out);
}
END_TEST

START_TEST(long_lines)
{
	char text[3 * LOG_LINE_MAX];
	size_t n;

	for (n = LOG_LINE_MAX - 3; n < LOG_LINE_MAX + 3; n++) {
		memset(text, 'a', n);
		text[n] = '\0';
		log_info(LOG_T_IPSEC, "%s", text);
		if (n < LOG_LINE_MAX) {
			ck_assert_str_eq(line, text);
			continue;
		}
		ck_assert_uint_eq(strlen(line), LOG_LINE_MAX - 1);
		ck_assert_str_eq(line + LOG_LINE_MAX - 4, "...");
	}
	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info(LOG_T_IPSEC, "%s", text);
	ck_assert_uint_lt(strlen(line), LOG_LINE_MAX);
	ck_assert_str_eq(line + strlen(line) - 7, "\\x0a...");
}
END_TEST

START_TEST(escape_into_little_room)
{
	char dst[8];

	for (size_t size = 1; size <= sizeof(dst); size++) {
		memset(dst, 'z', sizeof(dst));
		log_escape(dst, size, "\n\n\n", 3);
		ck_assert_uint_lt(strlen(dst), size);
	}
	ck_assert_str_eq(log_escape(dst, sizeof(dst), "a\0b", 3), "a\\x00b");
	ck_assert_str_eq(log_escape(dst, sizeof(dst), "1234567", 7),
	    "1234567");
	ck_assert_str_eq(log_escape(dst, sizeof(dst), "12345678", 8),
	    "1234...");
	ck_assert_str_eq(log_escape(dst, sizeof(dst), "", 0), "");
}
END_TEST

START_TEST(sink_that_logs)
{
	log_set_sink(chatty, &lines);
	log_info(LOG_T_IPSEC, "one");
	log_info(LOG_T_IPSEC, "two");
	ck_assert_int_eq(lines, 2);
	ck_assert_str_eq(line, "two");
}
END_TEST

static struct mono
ms(int64_t n)
{
	return (struct mono){ 1000000000 + n * 1000 };
}

START_TEST(flood)
{
	struct log_limit l = { .burst = 3, .interval_ms = 1000 };
	uint32_t held;

	for (int i = 0; i < 3; i++) {
		ck_assert(log_limit_pass_at(&l, ms(i), &held));
		ck_assert_uint_eq(held, 0);
	}
	for (int i = 3; i < 900; i++)
		ck_assert(!log_limit_pass_at(&l, ms(i), &held));
	/* one token a second since the bucket was last full */
	ck_assert(log_limit_pass_at(&l, ms(1001), &held));
	ck_assert_uint_eq(held, 897);
	ck_assert(!log_limit_pass_at(&l, ms(1002), &held));
	ck_assert(!log_limit_pass_at(&l, ms(1999), &held));
	ck_assert(log_limit_pass_at(&l, ms(2001), &held));
	ck_assert_uint_eq(held, 2);
	/* after a long quiet the whole burst is there, and no more */
	for (int i = 0; i < 3; i++)
		ck_assert(log_limit_pass_at(&l, ms(100000), &held));
	ck_assert(!log_limit_pass_at(&l, ms(100000), &held));
}
END_TEST

START_TEST(flood_rate)
{
	struct log_limit l = { .burst = 5, .interval_ms = 100 };
	uint32_t held, passed = 0;
	uint64_t sum = 0;

	/* 10 s at a line a millisecond: the burst, then ten a second */
	for (int i = 0; i < 10000; i++)
		if (log_limit_pass_at(&l, ms(i), &held)) {
			passed++;
			sum += held + 1;
		}
	ck_assert_uint_ge(passed, 5 + 99);
	ck_assert_uint_le(passed, 5 + 100);
	ck_assert_uint_eq(sum + l.held, 10000);
}
END_TEST

START_TEST(flood_real_clock)
{
	struct log_limit l = { .burst = 1, .interval_ms = 3600000 };
	uint32_t held;

	ck_assert(log_limit_pass(&l, &held));
	ck_assert(!log_limit_pass(&l, &held));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, line_and_topics);
	tcase_add_test(tc, mask);
	tcase_add_test(tc, names);
	tcase_add_loop_test(tc, escaping, 0,
	    sizeof(escapes) / sizeof(escapes[0]));
	tcase_add_test(tc, long_lines);
	tcase_add_test(tc, escape_into_little_room);
	tcase_add_test(tc, sink_that_logs);
	tcase_add_test(tc, flood);
	tcase_add_test(tc, limit_by_reason);
	tcase_add_test(tc, flood_rate);
	tcase_add_test(tc, flood_real_clock);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
