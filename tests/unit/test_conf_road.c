/* Pools, DNS servers and mode-config in the configuration. */
#include "lib/conf/conf.h"
#include "tests/unit/conf_util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define POOL	"/ip pool add name=rw ranges=192.0.2.2-192.0.2.254\n"
#define MC	"/ip ipsec mode-config add name=m "

static const struct {
	const char *script, *says;
} refusals[] = {
	{ "/ip pool add name=p\n", "x:1:10: a pool needs ranges=\n" },
	{ "/ip pool add name=p ranges=10.0.0.9-10.0.0.1\n",
	  "x:1:28: ranges: found \"10.0.0.9-10.0.0.1\", expected a range "
	  "such as 192.0.2.10-192.0.2.99, a prefix or an address\n" },
	{ "/ip pool add name=p ranges=10.0.0.1-2001:db8::1\n",
	  "x:1:28: ranges: found \"10.0.0.1-2001:db8::1\", expected a range "
	  "such as 192.0.2.10-192.0.2.99, a prefix or an address\n" },
	{ "/ip pool add name=p ranges=10.0.0.1/8\n",
	  "x:1:28: ranges: found \"10.0.0.1/8\", expected a range "
	  "such as 192.0.2.10-192.0.2.99, a prefix or an address\n" },
	{ POOL "/ip pool add name=q ranges=10.0.0.0/8,192.0.2.254\n",
	  "x:2:28: ranges: overlaps a range of pool \"rw\"\n" },
	{ "/ip pool add name=a ranges=10.0.0.0/8 next-pool=b\n"
	  "/ip pool add name=b ranges=11.0.0.0/8 next-pool=a\n",
	  "x:1:49: next-pool: the pools that follow come back to one of "
	  "them\n"
	  "x:2:49: next-pool: the pools that follow come back to one of "
	  "them\n" },
	{ "/ip dns set servers=10.0.0.1,ns.example\n",
	  "x:1:21: servers: found \"ns.example\", expected an IPv4 or IPv6 "
	  "address\n" },
	{ POOL MC "address-pool=wr\n",
	  "x:2:47: address-pool: found \"wr\", expected the name of an entry "
	  "in /ip pool; did you mean \"rw\"?\n" },
	{ MC "static-dns=10.0.0.1 system-dns=yes\n",
	  "x:1:65: system-dns: excludes static-dns: one of the two hands out "
	  "servers\n" },
	{ MC "address=224.0.0.1\n",
	  "x:1:42: address: is not an address that one host can have\n" },
	{ MC "address-prefix-length=0\n",
	  "x:1:56: address-prefix-length: found \"0\", expected a number "
	  "from 1 to 32\n" },
	{ MC "split-dns=a..b\n",
	  "x:1:44: split-dns: found \"a..b\", expected a domain such as "
	  "corp.example\n" },
	{ MC "static-dns=10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,"
	  "10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9\n",
	  "x:1:45: static-dns: found 9 addresses, expected not more than "
	  "8\n" },
	{ MC "responder=maybe\n",
	  "x:1:44: responder: found \"maybe\", expected yes or no\n" },
	{ "/ip ipsec identity add only-one=sometimes\n",
	  "x:1:33: only-one: found \"sometimes\", expected no, yes or "
	  "replace\n" },
};

START_TEST(refused)
{
	struct conf *c = load(refusals[_i].script);

	ck_assert_str_eq(diags, refusals[_i].says);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(asking)
{
	struct conf *c = load_ok(MC "responder=no split-dns=a.example\n");

	ck_assert_str_eq(diags, "x:1:57: warning: split-dns: has no effect "
	    "with responder=no\n");
	conf_free(c);
}
END_TEST

#define ROAD								\
	"/ip pool\n"							\
	"add name=rw ranges=10.64.0.0/10,192.0.2.9 next-pool=more\n"	\
	"add name=more range=192.0.2.10-192.0.2.19\n"			\
	"add name=six ranges=2001:db8:0:1::/64\n"			\
	"/ip dns set servers=192.0.2.53,2001:db8::53 "			\
	"allow-remote-requests=yes\n"					\
	"/ip ipsec mode-config add name=m address-pool=rw,six "		\
	"address-prefix-length=24 split-include=10.0.0.0/8,2001:db8::/32 "	\
	"split-dns=corp.example,lab.example.\n"				\
	"/ip ipsec mode-config add name=fix address=192.0.2.11 "	\
	"system-dns=no address-pool=none\n"				\
	"/ip ipsec peer add name=p exchange-mode=ike2 passive=yes\n"	\
	"/ip ipsec identity add peer=p secret=Xq3vvJ0pK7sLw2Zr9TbN "	\
	"mode-config=m only-one=replace\n"

START_TEST(read_back)
{
	struct conf *c = load_ok(ROAD), *again;
	const struct conf_obj *o;
	const char *const *s;
	struct buf b;
	size_t n;

	o = conf_by_name(c, CONF_MODE_CONFIG, "m");
	s = conf_strs(o, CONF_MODE_CONFIG_POOLS, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(s[1], "six");
	ck_assert(conf_bool(o, CONF_MODE_CONFIG_RESPONDER));
	ck_assert(!conf_bool(conf_by_name(c, CONF_MODE_CONFIG,
	    "request-only"), CONF_MODE_CONFIG_RESPONDER));
	o = conf_by_name(c, CONF_MODE_CONFIG, "fix");
	(void)conf_strs(o, CONF_MODE_CONFIG_POOLS, &n);
	ck_assert_uint_eq(n, 0);
	o = conf_first(c, CONF_IDENTITY);
	ck_assert_int_eq(conf_num(o, CONF_IDENTITY_ONLY_ONE),
	    CONF_ONLY_ONE_REPLACE);
	buf_init(&b, CONF_PRINT_MAX);
	ck_assert_int_eq(conf_print(&b, c, 0), 0);
	buf_u8(&b, 0);
	again = load_ok((const char *)b.data);
	ck_assert_msg(conf_equal(c, again), "%s", (const char *)b.data);
	buf_free(&b);
	conf_free(again);
	conf_free(c);
}
END_TEST

START_TEST(system_dns)
{
	struct conf *c = load_ok("/ip pool add name=a ranges=10.0.0.1\n");
	struct addr a[2];
	const char *const *s;
	size_t n;

	addr_parse(&a[0], "192.0.2.53");
	addr_parse(&a[1], "2001:db8::53");
	conf_set_dns(c, a, 2);
	s = conf_strs(conf_single(c, CONF_DNS), CONF_DNS_SERVERS, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(s[1], "2001:db8::53");
	conf_set_dns(c, a, 0);
	(void)conf_strs(conf_single(c, CONF_DNS), CONF_DNS_SERVERS, &n);
	ck_assert_uint_eq(n, 0);
	conf_free(c);
	c = load_ok("/ip dns set servers=10.0.0.1\n");
	conf_set_dns(c, a, 2);
	s = conf_strs(conf_single(c, CONF_DNS), CONF_DNS_SERVERS, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(s[0], "10.0.0.1");
	conf_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_road");
	TCase *t = tcase_create("road");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, refused, 0,
	    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(t, asking);
	tcase_add_test(t, read_back);
	tcase_add_test(t, system_dns);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
