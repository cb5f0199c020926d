/* The messages between keymgr and espd. */
#include "lib/proto/kmespd.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct kmespd_step
sa_step(void)
{
	struct kmespd_step s = { .kind = KMESPD_SA_ADD };

	ck_assert_int_eq(addr_parse(&s.sa.src.addr, "192.0.2.1"), 0);
	ck_assert_int_eq(addr_parse(&s.sa.dst.addr, "198.51.100.1"), 0);
	s.sa.src.port = 4500;
	s.sa.dst.port = 61000;
	s.sa.spi = 0xc0ffee00;
	s.sa.reqid = 7;
	s.sa.pair = 0x2000;
	s.sa.inbound = s.sa.encap = s.sa.esn = true;
	s.sa.window = 4096;
	s.sa.added = -5;
	s.sa.hard_at = INT64_MAX;
	s.sa.encr = 12;
	s.sa.encr_bits = 256;
	s.sa.integ = 14;
	ck_assert_int_eq(secret_set(&s.sa.encr_key,
	    "0123456789abcdef0123456789abcdef", 32), 0);
	ck_assert_int_eq(secret_set(&s.sa.integ_key, "key", 3), 0);
	return s;
}

static struct kmespd_step
policy_step(void)
{
	struct kmespd_step s = { .kind = KMESPD_POLICY_SET };

	ck_assert_int_eq(prefix_parse(&s.policy.sel.local, "10.1.0.0/16",
	    true), 0);
	ck_assert_int_eq(prefix_parse(&s.policy.sel.remote, "10.2.0.0/16",
	    true), 0);
	s.policy.sel.proto = 17;
	s.policy.sel.rport = 1701;
	s.policy.sel.rmask = 0xffff;
	s.policy.prio = 5;
	s.policy.reqid = 7;
	s.policy.action = KMESPD_ENCRYPT;
	s.policy.out = KMESPD_BLOCK;
	s.policy.optional = true;
	return s;
}

static int
get(const struct buf *b, size_t len, struct kmespd_step *s)
{
	const char *why;
	struct cur c;

	cur_init(&c, b->data, len);
	if (kmespd_step_get(&c, s, &why) == -1)
		return -1;
	if (cur_end(&c) == 0)
		return 0;
	kmespd_sa_free(&s->sa);
	return -1;
}

START_TEST(the_beginning_is_a_step)
{
	struct kmespd_step s = { .kind = KMESPD_BEGIN }, r;
	struct buf b;

	buf_init(&b, KMESPD_STEP_MAX);
	kmespd_step_put(&b, &s);
	ck_assert_uint_eq(b.len, 1);
	ck_assert_int_eq(get(&b, b.len, &r), 0);
	ck_assert_int_eq(r.kind, KMESPD_BEGIN);
	b.data[0]++;
	ck_assert_int_eq(get(&b, b.len, &r), -1);
	buf_free(&b);
}
END_TEST

START_TEST(an_sa_comes_back)
{
	struct kmespd_step s = sa_step(), r;
	struct buf b;
	size_t n;

	buf_init(&b, KMESPD_STEP_MAX);
	kmespd_step_put(&b, &s);
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_int_eq(get(&b, b.len, &r), 0);
	ck_assert(endpoint_equal(&r.sa.src, &s.sa.src));
	ck_assert(endpoint_equal(&r.sa.dst, &s.sa.dst));
	ck_assert_uint_eq(r.sa.spi, s.sa.spi);
	ck_assert(r.sa.inbound && r.sa.encap && r.sa.esn && !r.sa.transport);
	ck_assert_uint_eq(r.sa.window, 4096);
	ck_assert(r.sa.added == -5 && r.sa.hard_at == INT64_MAX);
	ck_assert_uint_eq(r.sa.encr_bits, 256);
	ck_assert(secret_equal(r.sa.encr_key.data, r.sa.encr_key.len,
	    s.sa.encr_key.data, s.sa.encr_key.len));
	ck_assert_uint_eq(r.sa.integ_key.len, 3);
	kmespd_sa_free(&r.sa);
	/* Cut short anywhere it is refused, and nothing leaks. */
	for (n = 0; n < b.len; n++)
		ck_assert_int_eq(get(&b, n, &r), -1);
	kmespd_sa_free(&s.sa);
	buf_free(&b);
}
END_TEST

START_TEST(a_policy_comes_back)
{
	struct kmespd_step s = policy_step(), r;
	struct buf b;
	size_t n;

	buf_init(&b, KMESPD_STEP_MAX);
	kmespd_step_put(&b, &s);
	ck_assert_int_eq(get(&b, b.len, &r), 0);
	ck_assert(prefix_equal(&r.policy.sel.local, &s.policy.sel.local));
	ck_assert(prefix_equal(&r.policy.sel.remote, &s.policy.sel.remote));
	ck_assert_uint_eq(r.policy.sel.rport, 1701);
	ck_assert(r.policy.optional && !r.policy.transport);
	ck_assert_uint_eq(r.policy.out, KMESPD_BLOCK);
	for (n = 0; n < b.len; n++)
		ck_assert_int_eq(get(&b, n, &r), -1);
	/* An action that there is not */
	b.data[b.len - 2] = KMESPD_PASS + 1;
	ck_assert_int_eq(get(&b, b.len, &r), -1);
	buf_free(&b);
}
END_TEST

START_TEST(results_come_back)
{
	struct kmespd_result s = { .n = KMESPD_STEPS, .why = "reason" }, r;
	const char *why;
	struct buf b;
	struct cur c;

	s.step[3].error = 17;
	s.step[4].slot = 99;
	buf_init(&b, KMESPD_RESULT_MAX);
	kmespd_result_put(&b, &s);
	ck_assert_int_eq(buf_error(&b), 0);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(kmespd_result_get(&c, &r, &why), 0);
	ck_assert_uint_eq(r.n, KMESPD_STEPS);
	ck_assert_uint_eq(r.step[3].error, 17);
	ck_assert_uint_eq(r.step[4].slot, 99);
	ck_assert_str_eq(r.why, "reason");
	b.data[0] = 0xff;
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(kmespd_result_get(&c, &r, &why), -1);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kmespd");
	TCase *tc = tcase_create("kmespd");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, an_sa_comes_back);
	tcase_add_test(tc, the_beginning_is_a_step);
	tcase_add_test(tc, a_policy_comes_back);
	tcase_add_test(tc, results_come_back);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
