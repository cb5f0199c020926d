/*
 * Addresses that peers gave us: what a compromised ikepd may not have, and
 * that what was made goes away.  The last test asks the real kernel, in a
 * network namespace of its own.
 */
#include "tests/unit/road_util.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_set)
{
	struct link_req r = good_vip(0, 1);

	ck_assert_msg(km_vip_set(&km, &r, why) == 0, "%s", why);
	ck_assert_uint_eq(net.n, 2);
	ck_assert(has(false, "192.168.77.5/32"));
	ck_assert(has(true, "10.5.8.0/24"));
	ck_assert(addr_equal(&net.obj[1].src, &r.addr4));
	ck_assert_int_eq(net.obj[1].gw.family, AF_INET);
	/* The same again, then another address and both families. */
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(net.n, 2);
	ck_assert_uint_eq(net.dels, 0);
	addr_parse(&r.addr4, "192.168.77.6");
	addr_parse(&r.addr6, "2001:db8::6");
	r.nnets = 0;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(net.n, 6);
	ck_assert(!has(false, "192.168.77.5/32"));
	ck_assert(!has(true, "10.5.8.0/24"));
	ck_assert(has(true, "0.0.0.0/1"));
	ck_assert(has(true, "128.0.0.0/1"));
	ck_assert(has(true, "::/1"));
	ck_assert(has(true, "8000::/1"));
	/* Another worker has no say in it. */
	link_del(&km.link, 1, 1);
	ck_assert_uint_eq(net.n, 6);
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(net.n, 0);
	link_del(&km.link, 0, 1);
}
END_TEST

/* One IKE SA follows another with the same addresses. */
START_TEST(test_shared)
{
	struct link_req r = good_vip(0, 1), s = good_vip(0, 2);

	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_int_eq(km_vip_set(&km, &s, why), 0);
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(net.n, 2);
	ck_assert_uint_eq(net.dels, 0);
	/* A route takes the source of the one that stays. */
	addr_parse(&r.addr4, "192.168.77.9");
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	link_del(&km.link, 0, 1);
	ck_assert(has(false, "192.168.77.5/32"));
	ck_assert(!has(false, "192.168.77.9/32"));
	ck_assert_uint_eq(net.n, 2);
	ck_assert(addr_equal(&net.obj[net.obj[0].route ? 0 : 1].src,
	    &s.addr4));
	link_del(&km.link, 0, 2);
	ck_assert_uint_eq(net.n, 0);
}
END_TEST

/* What the administrator has stays as it is. */
START_TEST(test_foreign)
{
	struct link_req r = good_vip(0, 1);

	net.obj[0].route = true;
	prefix_parse(&net.obj[0].dst, "10.5.8.0/24", true);
	prefix_parse(&net.obj[1].dst, "192.168.77.5/32", true);
	net.n = 2;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(net.n, 2);
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(net.n, 2);
	ck_assert_uint_eq(net.dels, 0);
}
END_TEST

static void
vip_refused(struct link_req r, const char *says)
{
	uint64_t before = km.n.refused;

	ck_assert_int_eq(km_vip_set(&km, &r, why), -1);
	ck_assert_msg(strstr(why, says) != NULL, "%s", why);
	ck_assert_uint_eq(km.n.refused, before + 1);
	ck_assert_uint_eq(net.adds, 0);
}

static void
vip_address(const char *text)
{
	struct link_req r = good_vip(0, 1);

	ck_assert_int_eq(addr_parse(&r.addr4, text), 0);
	vip_refused(r, "not an address that we can have");
}

START_TEST(test_guard)
{
	struct link_req r = good_vip(0, 1);

	r.identity = identity_of("b");
	vip_refused(r, "no mode-config");
	r.peer = id_of(&km, CONF_PEER, "b");	/* its own, which gives */
	vip_refused(r, "no mode-config");
	r.identity = 9999;
	vip_refused(r, "no mode-config");
	r = good_vip(0, 1);	/* one that asks, but another peer's */
	r.peer = id_of(&km, CONF_PEER, "b");
	addr_parse(&r.remote, "203.0.113.5");
	vip_refused(r, "no mode-config");
	r = good_vip(0, 1);
	addr_parse(&r.remote, "192.0.2.3");
	vip_refused(r, "is not of peer a");
	r = good_vip(0, 1);
	addr_parse(&r.local, "198.51.100.2");
	vip_refused(r, "local-address");
	r = good_vip(0, 1);
	r.addr4.family = AF_UNSPEC;
	vip_refused(r, "no address");
	vip_address("127.0.0.1");
	vip_address("0.0.0.0");
	vip_address("224.0.0.1");
	vip_address("255.255.255.255");
	vip_address("169.254.1.1");
	vip_address("2001:db8::1");	/* in the place of IPv4 */
	r = good_vip(0, 1);
	addr_parse(&r.addr6, "::1");
	vip_refused(r, "not an address");
	addr_parse(&r.addr6, "fe80::1");
	vip_refused(r, "not an address");
}
END_TEST

/* Name servers are told once they may be asked, and until the end. */

static struct {
	unsigned on, off, known;
	bool own;
	char name[LINK_NAME_LEN];
} heard;

static void
on_dns(void *arg, unsigned worker, uint32_t vip, const struct link_req *r,
    bool own)
{
	(void)arg;
	ck_assert_uint_eq(worker, 0);
	ck_assert_uint_eq(vip, 1);
	heard.own = own;
	if (r == NULL) {
		heard.off++;
		return;
	}
	heard.on++;
	snprintf(heard.name, sizeof(heard.name), "%s", r->names[0]);
}

static void
on_known(void *arg)
{
	(void)arg;
	heard.known++;
}

START_TEST(test_dns)
{
	struct link_req r = good_vip(0, 1), bad;

	memset(&heard, 0, sizeof(heard));
	home = 9;
	km.link.dns = on_dns;
	km.link.known = on_known;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(heard.on, 0);
	r.ndns = r.nnames = 1;
	addr_parse(&r.dns[0], "10.5.8.1");
	strcpy(r.names[0], "corp.example");
	bad = r;
	strcpy(bad.names[0], "corp example");
	ck_assert_int_eq(km_vip_set(&km, &bad, why), -1);
	bad = r;
	addr_parse(&bad.dns[0], "127.0.0.1");
	ck_assert_int_eq(km_vip_set(&km, &bad, why), -1);
	ck_assert_uint_eq(heard.on, 0);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(heard.on, 1);
	ck_assert(heard.own);
	ck_assert_str_eq(heard.name, "corp.example");
	r.ndns = r.nnames = 0;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(heard.off, 1);
	r.ndns = 1;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(heard.off, 2);
	link_sweep(&km.link);
	ck_assert_uint_eq(heard.known, 1);
	km.link.dns = NULL;
	km.link.known = NULL;
	home = 0;
}
END_TEST

/* The uplink changes; a route of ours is taken away by somebody. */
START_TEST(test_follow)
{
	struct link_req r = good_vip(0, 1);
	struct link_obj o = { .route = true };
	size_t i;

	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	prefix_parse(&o.dst, "10.5.8.0/24", true);
	i = net_find(&o);
	ck_assert_uint_eq(net.obj[i].ifindex, 3);
	link_follow(&km.link);
	ck_assert_uint_eq(net.adds, 2);
	uplink = 4;
	link_follow(&km.link);
	i = net_find(&o);
	ck_assert_uint_lt(i, net.n);
	ck_assert_uint_eq(net.obj[i].ifindex, 4);
	ck_assert_int_eq(fake_del(NULL, &o), 0);
	ck_assert(!has(true, "10.5.8.0/24"));
	link_follow(&km.link);
	ck_assert(has(true, "10.5.8.0/24"));
	/* An address of a net that we are in is worth a line, once. */
	addr_parse(&r.addr4, "192.168.77.66");
	r.vip = 2;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(withins, 1);
	link_del(&km.link, 0, 2);
	/* No way at all: what there is stays for the next. */
	no_way = true;
	link_follow(&km.link);
	ck_assert(has(true, "10.5.8.0/24"));
	no_way = false;
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(net.n, 0);
	uplink = 3;
}
END_TEST

START_TEST(test_limit)
{
	struct link_req r = good_vip(0, 1);
	unsigned i;

	for (i = 1; i <= LINK_VIPS; i++) {
		r.vip = i;
		ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	}
	r.vip = i;
	ck_assert_int_eq(km_vip_set(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "too many"));
	ck_assert_uint_eq(net.n, 2);
}
END_TEST

START_TEST(test_ends)
{
	struct link_req r = good_vip(0, 1), s = good_vip(1, 1);

	addr_parse(&s.addr4, "192.168.77.7");
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_int_eq(km_vip_set(&km, &s, why), 0);
	install_worker_gone(&km, 0);
	ck_assert(!has(false, "192.168.77.5/32"));
	ck_assert(has(false, "192.168.77.7/32"));
	/* The configuration stops asking. */
	fake_conf(&km, "/ip ipsec peer add name=a address=192.0.2.2/32 "
	    "exchange-mode=ike2\n/ip ipsec identity add peer=a secret=x\n");
	ck_assert_uint_eq(net.n, 0);
	fake_conf(&km, ROAD);
	r = good_vip(0, 1);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	km_remove_all(&km, true);
	ck_assert_uint_eq(net.n, 0);
	/* There is no way to the peer. */
	fake_conf(&km, "/ip ipsec mode-config add name=ask responder=no\n"
	    "/ip ipsec peer add name=a exchange-mode=ike2\n"
	    "/ip ipsec identity add peer=a secret=x mode-config=ask\n");
	r = good_vip(0, 1);
	addr_parse(&r.remote, "192.0.2.99");
	ck_assert_int_eq(km_vip_set(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "no way to 192.0.2.99"));
	ck_assert_uint_eq(net.n, 0);
}
END_TEST

/* keymgr was restarted: what is claimed stays, the rest goes. */
START_TEST(test_left)
{
	struct link_req r = good_vip(0, 1), s = good_vip(0, 2);
	char text[BK_WHY_LEN];

	addr_parse(&s.addr4, "192.168.77.7");
	prefix_parse(&s.net[0], "10.6.0.0/16", true);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_int_eq(km_vip_set(&km, &s, why), 0);
	ck_assert_uint_eq(net.n, 4);
	km_free(&km);
	fake_km(&km, 2);
	link_init(&km.link, &fake_link, NULL);
	ck_assert_int_eq(link_read(&km.link, text), 0);
	fake_conf(&km, ROAD);
	r = good_vip(0, 5);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	reconcile_done(&km, 0);
	ck_assert_uint_eq(net.n, 4);
	reconcile_done(&km, 1);
	ck_assert_uint_eq(net.n, 2);
	ck_assert(has(false, "192.168.77.5/32"));
	ck_assert(has(true, "10.5.8.0/24"));
	link_del(&km.link, 0, 5);
	ck_assert_uint_eq(net.n, 0);
}
END_TEST

static unsigned
live_count(void)
{
	struct link l;
	size_t n;

	ck_assert_msg(link_rtnl_open(&l, why) == 0, "%s", why);
	ck_assert_msg(link_read(&l, why) == 0, "%s", why);
	n = l.nleft;
	link_free(&l);
	return (unsigned)n;
}

START_TEST(test_live)
{
	struct link_req r;
	struct link l;

	setup();
	r = good_vip(0, 1);
	if (unshare(CLONE_NEWNET) == -1 ||
	    system("ip tuntap add dev e0 mode tun && ip link set e0 up && "
	    "ip addr add 198.51.100.1/24 dev e0 && ip addr add "
	    "2001:db8:9::1/64 dev e0 nodad && ip route add default via "
	    "198.51.100.254 && ip route add 10.9.0.0/16 dev e0") != 0) {
		printf("no network namespace of its own: the kernel is not "
		    "asked\n");
		teardown();
		return;
	}
	ck_assert_msg(link_rtnl_open(&l, why) == 0, "%s", why);
	ck_assert_msg(link_read(&l, why) == 0, "%s", why);
	ck_assert_uint_eq(l.nleft, 0);
	addr_parse(&r.addr6, "2001:db8:77::5");
	prefix_parse(&r.net[1], "10.9.0.0/16", true);	/* is foreign */
	prefix_parse(&r.net[2], "::/0", true);
	r.nnets = 3;
	ck_assert_msg(link_set(&l, &r, why) == 0, "%s", why);
	ck_assert_uint_eq(live_count(), 5);
	ck_assert(l.ops->within(l.ctx, &(struct addr){ .family = AF_INET,
	    .b = { 198, 51, 100, 77 } }, &r.net[3]));
	ck_assert_uint_eq(r.net[3].bits, 24);
	ck_assert(!l.ops->within(l.ctx, &r.addr4, &r.net[3]));
	ck_assert_int_eq(system("ip route get 10.5.8.1 | grep -q "
	    "'via 198.51.100.254 dev e0 src 192.168.77.5' && ip -6 route get "
	    "2001:db8:5::1 | grep -q 'src 2001:db8:77::5'"), 0);
	ck_assert_msg(link_set(&l, &r, why) == 0, "%s", why);
	ck_assert_uint_eq(live_count(), 5);
	link_free(&l);		/* as a keymgr that dies */
	ck_assert_uint_eq(live_count(), 5);
	ck_assert_msg(link_rtnl_open(&l, why) == 0, "%s", why);
	ck_assert_msg(link_read(&l, why) == 0, "%s", why);
	r.addr6.family = AF_UNSPEC;
	ck_assert_msg(link_set(&l, &r, why) == 0, "%s", why);
	link_sweep(&l);
	ck_assert_uint_eq(live_count(), 2);
	link_del(&l, 0, 1);
	ck_assert_uint_eq(live_count(), 0);
	ck_assert_int_eq(system("ip route show 10.9.0.0/16 | grep -q e0 && "
	    "ip addr show e0 | grep -q 198.51.100.1/24"), 0);
	link_free(&l);
	teardown();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("link");
	TCase *t = tcase_create("fake"), *live = tcase_create("live");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_set);
	tcase_add_test(t, test_shared);
	tcase_add_test(t, test_foreign);
	tcase_add_test(t, test_guard);
	tcase_add_test(t, test_dns);
	tcase_add_test(t, test_follow);
	tcase_add_test(t, test_limit);
	tcase_add_test(t, test_ends);
	tcase_add_test(t, test_left);
	tcase_add_test(live, test_live);
	suite_add_tcase(s, t);
	suite_add_tcase(s, live);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
