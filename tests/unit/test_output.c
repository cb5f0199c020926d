#include "sallyctl/json.h"
#include "sallyctl/rows.h"
#include "sallyctl/table.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static char *text;
static size_t text_len;
static FILE *out;
static struct rows rows;

static void
setup(void)
{
	out = open_memstream(&text, &text_len);
	ck_assert_ptr_nonnull(out);
}

static void
teardown(void)
{
	fclose(out);
	free(text);
	rows_free(&rows);
}

static const char *
written(void)
{
	fflush(out);
	return text;
}

/* A row as it comes from a process: names and values, NULL ends. */
static void
row_pack(struct buf *b, const char *const *kv)
{
	uint16_t n = 0;

	buf_init(b, SHOW_ROW_MAX);
	buf_u16(b, 0);
	for (; kv[2 * n] != NULL; n++) {
		buf_str(b, kv[2 * n]);
		buf_str(b, kv[2 * n + 1]);
	}
	buf_set_u16(b, 0, n);
}

static void
add(const char *const *kv)
{
	struct buf b;
	struct cur c;

	row_pack(&b, kv);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(rows_add(&rows, &c), 0);
	buf_free(&b);
}
#define ADD(...)	add((const char *const[]){ __VA_ARGS__, NULL, NULL })

static const struct flag_letter flags[] = {
	{ 'X', "disabled" }, { 'D', "dynamic" }, { 'A', "active" }, { '\0' },
};
static const struct command cmd = { .path = "x", .verb = "print",
    .flags = flags, .layout = LAYOUT_TABLE };

START_TEST(table)
{
	ADD("name", "one", "address", "10.0.0.0/8", "state", "up");
	ADD("flags", "XD", "name", "a longer one", "address", "", "empty", "",
	    "comment", "why", "state", "down");
	ADD("flags", "A", "name", "\xc3\xbc", "state", "up");
	table_print(out, &cmd, "name empty address state", &rows);
	ck_assert_str_eq(written(),
	    "Flags: X - disabled, D - dynamic, A - active\n"
	    "#      NAME          ADDRESS     STATE\n"
	    "0      one           10.0.0.0/8  up\n"
	    "   ;;; why\n"
	    "1  XD  a longer one              down\n"
	    "2  A   \xc3\xbc                         up\n");
}
END_TEST

START_TEST(numbers_are_the_configuration_s)
{
	ADD("number", "3", "name", "a");
	ADD("number", "12", "name", "b");
	table_print(out, &cmd, "name", &rows);
	ck_assert_str_eq(written(), "#   NAME\n3   a\n12  b\n");
}
END_TEST

START_TEST(an_empty_table_is_empty)
{
	table_print(out, &cmd, "name", &rows);
	detail_print(out, &cmd, &rows);
	single_print(out, &rows);
	ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(detail)
{
	ADD("flags", "A", "comment", "the office", "name", "office2",
	    "address", "192.0.2.2/32", "profile", "p1", "exchange-mode",
	    "ike2", "my-id", "user-fqdn:root@office", "note", "two words",
	    "nothing", "");
	ADD("name", "b");
	detail_print(out, &cmd, &rows);
	ck_assert_str_eq(written(),
	    "Flags: A - active\n"
	    " 0 A  ;;; the office\n"
	    "      name=office2 address=192.0.2.2/32 profile=p1 "
	    "exchange-mode=ike2\n"
	    "      my-id=user-fqdn:root@office note=\"two words\"\n"
	    " 1    name=b\n");
}
END_TEST

START_TEST(no_line_is_longer_than_80)
{
	const char *p, *end;
	char value[40];
	int i;

	for (i = 1; i < 40; i++) {
		memset(value, 'v', sizeof(value));
		value[i] = '\0';
		ADD("a", value, "bb", value, "ccc", value, "dddd", value,
		    "e", value);
	}
	detail_print(out, &cmd, &rows);
	for (p = written(); *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		ck_assert_ptr_nonnull(end);
		ck_assert_int_le(end - p, 80);
	}
}
END_TEST

START_TEST(single)
{
	ADD("in-errors", "0", "out-policy-blocked", "12");
	single_print(out, &rows);
	ck_assert_str_eq(written(),
	    "           in-errors: 0\n"
	    "  out-policy-blocked: 12\n");
}
END_TEST

START_TEST(lines_and_terse)
{
	ADD("time", "10:00", "message", "a b", "flags", "X");
	line_print(out, "time topics message", &rows.v[0]);
	terse_print(out, &rows);
	ck_assert_str_eq(written(), "10:00  a b\n"
	    "0 X time=10:00 message=\"a b\"\n");
}
END_TEST

START_TEST(a_terminal_is_not_driven)
{
	ADD("name", "x\x1b[2Jy\nz", "state", "\xff");
	table_print(out, &cmd, "name state", &rows);
	ck_assert_ptr_null(strchr(written(), 0x1b));
	ck_assert_ptr_null(strchr(text, '\xff'));
	ck_assert_ptr_nonnull(strstr(text, "x\\x1b[2Jy\\x0az"));
}
END_TEST

START_TEST(malformed_rows)
{
	static const char *const kv[] = { "name", "value", NULL };
	struct json j;
	struct buf b;
	struct cur c;
	size_t n;

	row_pack(&b, kv);
	json_begin(&j, out);
	for (n = 0; n < b.len; n++) {
		cur_init(&c, b.data, n);
		ck_assert_int_eq(rows_add(&rows, &c), -1);
		cur_init(&c, b.data, n);
		ck_assert_int_eq(json_row(&j, &c), -1);
	}
	json_end(&j);
	ck_assert_str_eq(written(), "[]\n");
	ck_assert_uint_eq(rows.n, 0);
	buf_free(&b);
}
END_TEST

/* JSON */

static const struct {
	const char *in;
	size_t len;
	const char *want;
} strings[] = {
	{ "", 0, "\"\"" },
	{ "plain", 5, "\"plain\"" },
	{ "a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"" },
	{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
	{ "\x01\x1f\x7f", 3, "\"\\u0001\\u001f\\u007f\"" },
	{ "a\0b", 3, "\"a\\u0000b\"" },
	{ "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 9,
	    "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ "\xff", 1, "\"\\ufffd\"" },
	{ "\xc3", 1, "\"\\ufffd\"" },
	{ "\xc0\x80", 2, "\"\\ufffd\\ufffd\"" },		/* overlong */
	{ "\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"" },	/* surrogate */
	{ "\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "\xe2\x82", 2, "\"\\ufffd\\ufffd\"" },
};

START_TEST(json_strings)
{
	json_string(out, strings[_i].in, strings[_i].len);
	ck_assert_str_eq(written(), strings[_i].want);
}
END_TEST

START_TEST(json_rows)
{
	static const char *const one[] = { "name", "a\"b", "n", "1", NULL };
	static const char *const two[] = { "name", "c", NULL };
	struct json j;
	struct buf b;
	struct cur c;

	json_begin(&j, out);
	row_pack(&b, one);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(json_row(&j, &c), 0);
	buf_free(&b);
	row_pack(&b, two);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(json_row(&j, &c), 0);
	buf_free(&b);
	json_end(&j);
	ck_assert_str_eq(written(), "[\n"
	    "  {\"name\": \"a\\\"b\", \"n\": \"1\"},\n"
	    "  {\"name\": \"c\"}\n"
	    "]\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("output");
	TCase *tc = tcase_create("output");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, table);
	tcase_add_test(tc, numbers_are_the_configuration_s);
	tcase_add_test(tc, an_empty_table_is_empty);
	tcase_add_test(tc, detail);
	tcase_add_test(tc, no_line_is_longer_than_80);
	tcase_add_test(tc, single);
	tcase_add_test(tc, lines_and_terse);
	tcase_add_test(tc, a_terminal_is_not_driven);
	tcase_add_test(tc, malformed_rows);
	tcase_add_loop_test(tc, json_strings, 0,
	    (int)(sizeof(strings) / sizeof(strings[0])));
	tcase_add_test(tc, json_rows);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
