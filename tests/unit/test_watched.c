#include "certd/watched.h"

#include <check.h>

#include <string.h>

START_TEST(there_and_back)
{
	struct watched w = { .fp = { 1, 2 }, .until = 1800000000, .n = 2,
		.certs = { { .issuer = { 3 }, .serial = { 4, 5 }, .len = 2 },
		    { .issuer = { 6 }, .len = 0 } },
		.ocsp = "http://o/", .crl = "" }, g;
	const char *why;
	struct buf out;
	struct cur c;
	size_t i, one;

	buf_init(&out, 3 * WATCHED_LEN_MAX);
	watched_put(&out, &w);
	one = out.len;
	for (i = 0; i < one; i++) {
		cur_init(&c, out.data, i);
		ck_assert_int_eq(watched_get(&c, &g, &why), -1);
	}
	w.n = WATCHED_CERTS_MAX;
	for (i = 0; i < w.n; i++)
		w.certs[i].len = WATCHED_SERIAL_MAX;
	memset(w.ocsp, 'o', sizeof(w.ocsp) - 1);
	memset(w.crl, 'c', sizeof(w.crl) - 1);
	watched_put(&out, &w);
	ck_assert_uint_le(out.len, one + WATCHED_LEN_MAX);
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(watched_get(&c, &g, &why), 0);
	ck_assert_uint_eq(g.n, 2);
	ck_assert_int_eq(g.until, 1800000000);
	ck_assert_uint_eq(g.certs[0].issuer[0], 3);
	ck_assert_uint_eq(g.certs[0].len, 2);
	ck_assert_uint_eq(g.certs[0].serial[1], 5);
	ck_assert_uint_eq(g.certs[1].issuer[0], 6);
	ck_assert_str_eq(g.ocsp, "http://o/");
	ck_assert_str_eq(g.crl, "");
	ck_assert_int_eq(watched_get(&c, &g, &why), 0);
	ck_assert_uint_eq(cur_left(&c), 0);
	ck_assert_mem_eq(&g, &w, sizeof(w));
	/* too many certificates; too long a serial number; too late */
	out.data[40] = WATCHED_CERTS_MAX + 1;
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(watched_get(&c, &g, &why), -1);
	out.data[40] = 2;
	out.data[73] = WATCHED_SERIAL_MAX + 1;
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(watched_get(&c, &g, &why), -1);
	out.data[73] = 2;
	out.data[32] = 0x80;
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(watched_get(&c, &g, &why), -1);
	buf_reset(&out);
	w.n = WATCHED_CERTS_MAX + 1;
	watched_put(&out, &w);
	ck_assert_int_eq(buf_error(&out), -1);
	buf_free(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watched");
	TCase *tc = tcase_create("watched");
	SRunner *r;
	int failed;

	tcase_add_test(tc, there_and_back);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
