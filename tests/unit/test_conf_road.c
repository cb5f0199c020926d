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
	{ "/ip pool add name=a ranges=10.0.0.1,224.0.0.1-224.0.0.9\n",
	  "x:1:28: ranges: \"224.0.0.1-224.0.0.9\" has addresses that no host "
	  "can have, such as those for multicast, loopback or one link\n" },
	{ "/ip pool add name=a ranges=126.0.0.1-128.0.0.1\n",
	  "x:1:28: ranges: \"126.0.0.1-128.0.0.1\" has addresses that no host "
	  "can have, such as those for multicast, loopback or one link\n" },
	{ "/ip pool add name=a ranges=::/0\n",
	  "x:1:28: ranges: \"::/0\" has addresses that no host "
	  "can have, such as those for multicast, loopback or one link\n" },
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

/* What is given must be of use: requirements' two samples, put together. */
#define GIVEN								\
	"/ip pool add name=rw ranges=192.168.77.2-192.168.77.254\n"	\
	"/ip ipsec mode-config add name=m address-pool=rw\n"		\
	"/ip ipsec mode-config add name=a address=192.168.66.2\n"	\
	"/ip ipsec policy group add name=g\n"				\
	"/ip ipsec policy add template=yes group=g "			\
	"src-address=0.0.0.0/0 dst-address=192.168.77.0/24\n"		\
	"/ip ipsec peer add name=p exchange-mode=ike2 passive=yes\n"	\
	"/ip ipsec identity add peer=p secret=Xq3vvJ0pK7sLw2Zr9TbN "

static const struct {
	const char *script, *says;
} uses[] = {
	{ GIVEN "mode-config=m generate-policy=port-strict "
	  "policy-template-group=g\n", "" },
	{ GIVEN "generate-policy=port-strict policy-template-group=g "
	  "mode-config=a\n", "x:7:123: warning: mode-config: no template of "
	  "group \"g\" has 192.168.66.2 in its dst-address, so a user who is "
	  "given that address will have no policy\n" },
	{ GIVEN "generate-policy=port-strict policy-template-group=g "
	  "mode-config=a\n/ip ipsec policy add template=yes group=g "
	  "dst-address=192.168.66.2/32\n", "" },
	{ GIVEN "generate-policy=port-strict mode-config=a\n", "" },
	{ GIVEN "mode-config=m\n", "x:7:71: warning: mode-config: users will "
	  "have no policy: the peer has none, and generate-policy=port-strict "
	  "does not say that they are to be made\n" },
	{ GIVEN "mode-config=m\n/ip ipsec policy add peer=p tunnel=yes "
	  "src-address=10.0.0.0/8 dst-address=192.168.77.0/24\n", "" },
	{ GIVEN "mode-config=request-only\n", "" },
};

START_TEST(of_use)
{
	struct conf *c = load_ok(uses[_i].script);

	ck_assert_str_eq(diags, uses[_i].says);
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

/* The profile, proposal and group of the samples; pk: a secret. */
#define PSK	"secret=Xq3vvJ0pK7sLw2Zr9TbN "
#define SIGNED(name)	"auth-method=digital-signature certificate=" name " "

static const struct {
	const char *script, *says;
} samples[] = {
	/* A server for GRE, whose client has one address. */
	{ "/ip ipsec profile add dh-group=ecp256,modp2048 "
	  "enc-algorithm=aes-256,aes-192,aes-128 name=ike2\n"
	  "/ip ipsec proposal add auth-algorithms=null "
	  "enc-algorithms=aes-128-gcm pfs-group=none name=ike2-gre\n"
	  "/ip ipsec mode-config add name=ike2-gre address=192.168.99.2 "
	  "address-prefix-length=32 split-include=192.168.99.1/32 "
	  "system-dns=no\n"
	  "/ip ipsec policy group add name=ike2-gre\n"
	  "/ip ipsec policy add template=yes group=ike2-gre "
	  "src-address=192.168.99.1/32 dst-address=192.168.99.2/32 "
	  "proposal=ike2-gre\n"
	  "/ip ipsec peer add exchange-mode=ike2 name=ike2 passive=yes "
	  "profile=ike2\n"
	  "/ip ipsec identity add generate-policy=port-strict "
	  "mode-config=ike2-gre peer=ike2 policy-template-group=ike2-gre "
	  PSK "\n", "" },
	/* And that client, which finds its server by a name. */
	{ "/ip ipsec mode-config add name=ike2-gre responder=no\n"
	  "/ip ipsec policy group add name=ike2-gre\n"
	  "/ip ipsec policy add group=ike2-gre template=yes "
	  "src-address=192.168.99.2/32 dst-address=192.168.99.1/32\n"
	  "/ip ipsec peer add address=gw.example.net exchange-mode=ike2 "
	  "name=p\n"
	  "/ip ipsec identity add generate-policy=port-strict "
	  "mode-config=ike2-gre peer=p policy-template-group=ike2-gre "
	  PSK "\n", "" },
	/* Road warriors with certificates, one user apart, split nets.  The
	 * sample's template lacks that user's address. */
	{ "/certificate import file-name=server1.p12 name=server1\n"
	  "/certificate import file-name=rw1.pem name=rw-client1\n"
	  "/ip pool add name=ike2-pool ranges=192.168.77.2-192.168.77.254\n"
	  "/ip ipsec profile add name=ike2\n"
	  "/ip ipsec proposal add name=ike2 pfs-group=none\n"
	  "/ip ipsec mode-config add address-pool=ike2-pool "
	  "address-prefix-length=32 name=ike2-conf\n"
	  "/ip ipsec mode-config add name=usr_A address=192.168.66.2 "
	  "split-include=192.168.55.0/24 system-dns=no\n"
	  "/ip ipsec mode-config set [find name=ike2-conf] "
	  "split-include=10.5.8.0/24 system-dns=no static-dns=10.5.8.1\n"
	  "/ip ipsec policy group add name=ike2-policies\n"
	  "/ip ipsec policy add dst-address=192.168.77.0/24 "
	  "group=ike2-policies proposal=ike2 src-address=0.0.0.0/0 "
	  "template=yes\n"
	  "/ip ipsec peer add exchange-mode=ike2 name=ike2 passive=yes "
	  "profile=ike2\n"
	  "/ip ipsec identity add " SIGNED("server1")
	  "generate-policy=port-strict mode-config=ike2-conf peer=ike2 "
	  "policy-template-group=ike2-policies\n"
	  "/ip ipsec identity add " SIGNED("server1")
	  "generate-policy=port-strict match-by=certificate mode-config=usr_A "
	  "peer=ike2 policy-template-group=ike2-policies "
	  "remote-certificate=rw-client1\n",
	  "x:13:135: warning: mode-config: no template of group "
	  "\"ike2-policies\" has 192.168.66.2 in its dst-address, so a user "
	  "who is given that address will have no policy\n" },
	/* Our own client. */
	{ "/certificate import file-name=client.p12 name=rw-client1\n"
	  "/ip ipsec profile add name=ike2-rw\n"
	  "/ip ipsec proposal add name=ike2-rw pfs-group=none\n"
	  "/ip ipsec policy group add name=ike2-rw\n"
	  "/ip ipsec policy add group=ike2-rw proposal=ike2-rw template=yes "
	  "level=unique\n"
	  "/ip ipsec mode-config add name=ike2-rw responder=no\n"
	  "/ip ipsec peer add address=2.2.2.2/32 exchange-mode=ike2 "
	  "name=ike2-rw-client profile=ike2-rw\n"
	  "/ip ipsec identity add " SIGNED("rw-client1")
	  "generate-policy=port-strict mode-config=ike2-rw "
	  "peer=ike2-rw-client policy-template-group=ike2-rw\n", "" },
	/* A client that translates the sources of a LAN. */
	{ "/ip ipsec mode-config set [find name=request-only] "
	  "src-address-list=local-RW\n"
	  "/ip ipsec peer add address=2.2.2.2/32 exchange-mode=ike2 name=p\n"
	  "/ip ipsec identity add " PSK "generate-policy=port-override "
	  "mode-config=request-only peer=p\n",
	  "x:1:69: warning: src-address-list: is shown, but no source is "
	  "translated\n" },
	/* What is said of templates. */
	{ "/ip ipsec policy group add name=g\n"
	  "/ip ipsec policy add template=yes tunnel=yes action=discard\n"
	  "/ip ipsec peer add exchange-mode=ike2 name=p passive=yes\n"
	  "/ip ipsec identity add " PSK "generate-policy=port-strict "
	  "peer=p policy-template-group=g\n",
	  "x:4:68: warning: generate-policy: group \"g\" has no template, "
	  "so nothing will be allowed\n"
	  "x:2:42: warning: tunnel: has no effect in a template\n"
	  "x:2:53: warning: action: has no effect in a template\n" },
};

/* Loads, and what is printed loads and prints the same. */
START_TEST(sample)
{
	struct conf *c = load_ok(samples[_i].script), *again;
	struct buf a, b;

	ck_assert_str_eq(diags, samples[_i].says);
	buf_init(&a, CONF_PRINT_MAX);
	ck_assert_int_eq(conf_print(&a, c, 0), 0);
	buf_u8(&a, 0);
	again = load_ok((const char *)a.data);
	buf_init(&b, CONF_PRINT_MAX);
	ck_assert_int_eq(conf_print(&b, again, 0), 0);
	buf_u8(&b, 0);
	ck_assert_str_eq((const char *)a.data, (const char *)b.data);
	buf_free(&a);
	buf_free(&b);
	conf_free(again);
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
	tcase_add_loop_test(t, sample, 0,
	    (int)(sizeof(samples) / sizeof(samples[0])));
	tcase_add_test(t, asking);
	tcase_add_loop_test(t, of_use, 0, sizeof(uses) / sizeof(uses[0]));
	tcase_add_test(t, read_back);
	tcase_add_test(t, system_dns);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
