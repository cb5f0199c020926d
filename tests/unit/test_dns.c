/*
 * Name servers and domains that a peer gave us, on their way to the
 * machine's resolver: every place they pass checks them again.
 */
#include "sallyportd/dns_help.h"

#include "lib/proto/super.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const bad_names[] = {
	"", ".", "a..b", ".a", "-a", "a-", "a.-b", "~a", "a b", "a\nb", "a,b",
	"a/b", "a;b", "$(a)", "\xc3\xa4", "a\"", "a'b", "*.a", "a:b",
	"0123456789012345678901234567890123456789012345678901234567890123",
};

START_TEST(names)
{
	char longest[DNSNAME_MAX + 2];
	size_t i;

	ck_assert(dnsname_ok("corp.example"));
	ck_assert(dnsname_ok("corp.example."));
	ck_assert(dnsname_ok("_x-1.0"));
	for (i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++)
		ck_assert_msg(!dnsname_ok(bad_names[i]), "%s", bad_names[i]);
	for (i = 0; i < DNSNAME_MAX + 1; i++)
		longest[i] = i % 2 == 0 ? 'a' : '.';
	longest[DNSNAME_MAX + 1] = '\0';
	ck_assert(!dnsname_ok(longest));
	longest[DNSNAME_MAX] = '\0';
	ck_assert(dnsname_ok(longest));
}
END_TEST

static int
parse(const char *text, struct dns_set *d)
{
	char line[DNS_LINE_MAX];

	snprintf(line, sizeof(line), "%s", text);
	return dns_set_parse(line, d);
}

START_TEST(lines)
{
	static const char *const bad[] = {
		"", "-", "- 10.0.0.1", "- 10.0.0.1 ", "- 10.0.0.1 a b",
		"-  -", "- x -", "- 10.0.0.1, -", "- ,10.0.0.1 -",
		"e/0 10.0.0.1 -", "../e 10.0.0.1 -", "--all 10.0.0.1 -",
		"abcdefghijklmnop 10.0.0.1 -", "- 10.0.0.1 a,",
		"- 10.0.0.1 -a", "- 10.0.0.1%e0 -", "- fe80::1%e0 -",
		/* one more than there is room for */
		"- ::1,::2,::3,::4,::5,::6,::7,::8,::9 -",
	};
	struct dns_set d;
	size_t i;

	ck_assert_int_eq(parse("sallyport 10.1.0.1,fd01::1 a.b,c", &d), 0);
	ck_assert_str_eq(d.iface, "sallyport");
	ck_assert_uint_eq(d.nservers, 2);
	ck_assert_str_eq(d.server[1], "fd01::1");
	ck_assert_uint_eq(d.ndomains, 2);
	ck_assert_str_eq(d.domain[1], "c");
	ck_assert_int_eq(parse("- 10.1.0.1 -", &d), 0);
	ck_assert_str_eq(d.iface, "");
	ck_assert_uint_eq(d.ndomains, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse(bad[i], &d) == -1, "%s", bad[i]);
}
END_TEST

static struct super_dns
sample(void)
{
	struct super_dns d = { .worker = 1, .vip = 7, .iface = "sallyport",
		.ndns = SUPER_DNS_MAX, .nnames = SUPER_NAMES_MAX };
	unsigned i, j;

	for (i = 0; i < d.ndns; i++)
		ck_assert_int_eq(addr_parse(&d.dns[i], "fd01::1"), 0);
	for (i = 0; i < d.nnames; i++)
		for (j = 0; j < DNSNAME_MAX; j++)
			d.names[i][j] = j % 2 == 0 ? 'a' : '.';
	return d;
}

static int
get(const struct super_dns *in, struct super_dns *out, size_t cut, int more)
{
	const char *why;
	struct buf b;
	struct cur c;
	int rc;

	buf_init(&b, SUPER_DNS_LEN_MAX);
	super_dns_put(&b, in);
	if (more)
		buf_u8(&b, 0);
	ck_assert_int_eq(buf_error(&b), 0);
	cur_init(&c, b.data, cut < b.len ? cut : b.len);
	rc = super_dns_get(&c, out, &why);
	buf_free(&b);
	return rc;
}

START_TEST(messages)
{
	struct super_dns good = sample(), d, out;
	size_t i, len;

	ck_assert_int_eq(get(&good, &out, SIZE_MAX, 0), 0);
	ck_assert_int_eq(memcmp(&good, &out, sizeof(out)), 0);
	ck_assert_int_eq(get(&good, &out, SIZE_MAX, 1), -1);
	for (len = 0; len < 300; len++)
		ck_assert_int_eq(get(&good, &out, len, 0), -1);
	for (i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		d = good;
		snprintf(d.names[3], sizeof(d.names[3]), "%s", bad_names[i]);
		ck_assert_int_eq(get(&d, &out, SIZE_MAX, 0), -1);
	}
	d = good;
	d.dns[2].family = AF_UNSPEC;
	ck_assert_int_eq(get(&d, &out, SIZE_MAX, 0), -1);
	d = good;
	snprintf(d.iface, sizeof(d.iface), "a/b");
	ck_assert_int_eq(get(&d, &out, SIZE_MAX, 0), -1);
	d = (struct super_dns){ .worker = 3, .vip = 9 };
	ck_assert_int_eq(get(&d, &out, SIZE_MAX, 0), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dns");
	TCase *t = tcase_create("dns");
	SRunner *r;
	int failed;

	tcase_add_test(t, names);
	tcase_add_test(t, lines);
	tcase_add_test(t, messages);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
