/* What sessiond tells informd of a client, and the messages of that. */
#include "sessiond/ipc_informd.h"
#include "tests/unit/sess_util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct sedhcp
sample(void)
{
	struct sedhcp s = { .there = true, .nroutes = 2, .ndns = 2 };

	ck_assert_int_eq(addr_parse(&s.addr, "192.168.77.5"), 0);
	ck_assert_int_eq(prefix_parse(&s.route[0], "10.5.8.0/24", true), 0);
	ck_assert_int_eq(prefix_parse(&s.route[1], "0.0.0.0/0", true), 0);
	ck_assert_int_eq(addr_parse(&s.dns[0], "10.5.8.1"), 0);
	ck_assert_int_eq(addr_parse(&s.dns[1], "10.5.8.2"), 0);
	strcpy(s.domain, "corp.example");
	return s;
}

static int
pass(const struct sedhcp *s, struct sedhcp *out)
{
	const char *why;
	struct buf b;
	struct cur c;
	int rc;

	buf_init(&b, SEDHCP_LEN_MAX);
	sedhcp_put(&b, s);
	ck_assert_int_eq(buf_error(&b), 0);
	cur_init(&c, b.data, b.len);
	rc = sedhcp_get(&c, out, &why);
	buf_free(&b);
	return rc;
}

START_TEST(test_messages)
{
	struct sedhcp s = sample(), t;
	struct addr a;
	const char *why;
	uint8_t *exact;
	struct buf b;
	struct cur c;
	unsigned i;
	size_t n;

	ck_assert_int_eq(pass(&s, &t), 0);
	ck_assert(t.there);
	ck_assert(addr_equal(&s.addr, &t.addr));
	ck_assert_uint_eq(t.nroutes, 2);
	ck_assert(prefix_equal(&s.route[0], &t.route[0]));
	ck_assert_uint_eq(t.ndns, 2);
	ck_assert(addr_equal(&s.dns[1], &t.dns[1]));
	ck_assert_str_eq(t.domain, "corp.example");
	/* As much as there may be fits. */
	for (i = 0; i < SEDHCP_ROUTES; i++)
		s.route[i] = s.route[0];
	for (i = 0; i < SEDHCP_DNS; i++)
		s.dns[i] = s.dns[0];
	memset(s.domain, 'a', SEDHCP_DOMAIN_LEN - 1);
	s.nroutes = SEDHCP_ROUTES;
	s.ndns = SEDHCP_DNS;
	ck_assert_int_eq(pass(&s, &t), 0);
	/* Another family, and all lengths. */
	s = sample();
	addr_parse(&s.dns[0], "2001:db8::1");
	ck_assert_int_eq(pass(&s, &t), -1);
	s = sample();
	prefix_parse(&s.route[0], "2001:db8::/32", true);
	ck_assert_int_eq(pass(&s, &t), -1);
	s = sample();
	addr_parse(&s.addr, "2001:db8::1");
	ck_assert_int_eq(pass(&s, &t), -1);
	s = sample();
	buf_init(&b, SEDHCP_LEN_MAX);
	sedhcp_put(&b, &s);
	buf_u8(&b, 0);
	for (n = 0; n <= b.len; n++) {
		exact = malloc(n == 0 ? 1 : n);
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, b.data, n);
		cur_init(&c, exact, n);
		ck_assert_int_eq(sedhcp_get(&c, &t, &why),
		    n == b.len - 1 ? 0 : -1);
		cur_init(&c, exact, n);
		ck_assert_int_eq(sedhcp_ask_get(&c, &a, &why), -1);
		free(exact);
	}
	buf_free(&b);
	buf_init(&b, SEDHCP_ASK_LEN);
	sedhcp_ask_put(&b, &s.addr);
	ck_assert_uint_eq(b.len, SEDHCP_ASK_LEN);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(sedhcp_ask_get(&c, &a, &why), 0);
	ck_assert(addr_equal(&a, &s.addr));
	buf_free(&b);
}
END_TEST

#define CONF								\
	"/ip pool add name=p ranges=192.168.77.5-192.168.77.9\n"	\
	"/ip ipsec mode-config add name=m address-pool=p "		\
	"split-include=10.5.8.0/24,2001:db8::/32,10.6.0.0/16 "		\
	"static-dns=2001:db8::53,10.5.8.1 system-dns=no "		\
	"split-dns=corp.example,lab.example\n"				\
	"/ip ipsec peer add name=a exchange-mode=ike2 passive=yes\n"	\
	"/ip ipsec identity add peer=a secret=Xq3vvJ0pK7sLw2Zr9TbN "	\
	"mode-config=m\n"

START_TEST(test_answer)
{
	struct witness w = { 0 };
	struct sessions *ss = sess_new(&w, CONF);
	struct session_peer p = sess_peer(1, sess_ident(ss, 0), "u");
	struct mono now = { .us = 1000000 };
	struct addr a;
	struct sedhcp s;

	addr_parse(&a, "192.168.77.5");
	informd_answer(NULL, &a, &s);
	ck_assert(!s.there);
	informd_answer(ss, &a, &s);
	ck_assert(!s.there);
	session_open(ss, 0, 1, &p, now);
	ck_assert_uint_eq(w.ngrants, 1);
	a = w.grants[0].g.addr[FAMILY_4];
	ck_assert_int_eq(a.family, AF_INET);
	informd_answer(ss, &a, &s);
	ck_assert(s.there);
	ck_assert(addr_equal(&s.addr, &a));
	ck_assert_uint_eq(s.nroutes, 2);
	ck_assert_uint_eq(s.route[1].bits, 16);
	ck_assert_uint_eq(s.ndns, 1);
	ck_assert_uint_eq(s.dns[0].b[0], 10);
	ck_assert_str_eq(s.domain, "corp.example");
	session_close(ss, 0, 1, now);
	informd_answer(ss, &a, &s);
	ck_assert(!s.there);
	ck_assert_uint_eq(s.nroutes, 0);
	sessions_free(ss);
	witness_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sedhcp");
	TCase *t = tcase_create("sedhcp");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_messages);
	tcase_add_test(t, test_answer);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
