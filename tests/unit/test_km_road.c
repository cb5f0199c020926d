/*
 * Templates and generated policies: what a compromised ikepd may not do for
 * users who are given addresses.
 */
#include "tests/unit/road_util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void
is_refused(unsigned policy, const char *local, const char *remote,
    const char *says)
{
	struct child_req r;
	uint64_t before = km.n.refused;

	good_req(&km, &r, policy, local, remote);
	r.peer = id_of(&km, CONF_PEER, "a");
	r.identity = identity_of("a");
	addr_parse(&r.remote.addr, "192.0.2.2");
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	ck_assert_msg(strstr(why, says) != NULL, "%s", why);
	ck_assert_uint_eq(km.n.refused, before + 1);
	ck_assert_uint_eq(fake_sas(), 0);
	child_req_free(&r);
}

/* ikepd asks for what no template of the identity's group has. */
START_TEST(test_templates)
{
	struct child_req r;
	struct link_req v;

	is_refused(P_RW, "10.5.8.0/24", "192.168.66.2/32",
	    "outside the policy");
	is_refused(P_RW, "0.0.0.0/0", "192.168.77.5/32",
	    "outside the policy");
	is_refused(P_RW, "10.5.8.0/24", "192.168.76.0/23",
	    "outside the policy");
	is_refused(P_RW, "2001:db8::/32", "2001:db8::1/128",
	    "outside the policy");
	/* Those of another group, and the built-in one's. */
	is_refused(P_OTHER, "10.5.8.0/24", "192.168.77.5/32",
	    "not of the group");
	is_refused(0, "10.5.8.0/24", "192.168.77.5/32", "not of the group");
	/* An identity of somebody else, and one that generates nothing. */
	good_req(&km, &r, P_RW, "10.5.8.0/24", "192.168.77.5/32");
	r.identity = identity_of("b");
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "is not of peer"));
	r.peer = id_of(&km, CONF_PEER, "b");
	addr_parse(&r.remote.addr, "203.0.113.5");
	ck_assert_int_eq(add_child(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "generate-policy=no"));
	child_req_free(&r);
	ck_assert_uint_eq(fake_sas(), 0);
	/* An address of ours that the peer did not give us. */
	is_refused(P_RW, "10.5.8.7/32", "192.168.77.5/32",
	    "10.5.8.7 is not an address that was given to us");
	is_refused(P_RW, "10.5.8.0/24", "192.168.77.5/32",
	    "10.5.8.0 and more is not an address that was given to us");
	/* What is allowed. */
	v = good_vip(0, 1);
	addr_parse(&v.addr4, "10.5.8.7");
	ck_assert_int_eq(km_vip_set(&km, &v, why), 0);
	good_req(&km, &r, P_RW, "10.5.8.7/32", "192.168.77.5/32");
	r.identity = identity_of("a");
	ck_assert_msg(add_child(&km, &r, why) == 0, "%s", why);
	ck_assert_ptr_nonnull(fake_find("10.5.8.7/32", "192.168.77.5/32"));
	install_del(&km, 0, r.spi_in);
	ck_assert_ptr_null(fake_find("10.5.8.7/32", "192.168.77.5/32"));
	child_req_free(&r);
}
END_TEST

/* A user of peer "c" or "d" (198.18.0.9, 198.18.1.9), as the worker says. */
static int
user_add(struct child_req *r, unsigned worker, const char *peer,
    const char *remote)
{
	good_req(&km, r, P_RW, "10.5.8.0/24", remote);
	spi_give(&km.spi, worker, &r->spi_in, 1);
	r->worker = worker;
	r->peer = id_of(&km, CONF_PEER, peer);
	r->identity = identity_of(peer);
	addr_parse(&r->remote.addr, *peer == 'c' ? "198.18.0.9" :
	    "198.18.1.9");
	return add_child(&km, r, why);
}

static void
user_refused(unsigned worker, const char *peer, const char *remote)
{
	uint64_t before = km.n.refused;
	struct child_req r;

	ck_assert_int_eq(user_add(&r, worker, peer, remote), -1);
	ck_assert_msg(strstr(why, "is not an address that this user was "
	    "given") != NULL, "%s", why);
	ck_assert_uint_eq(km.n.refused, before + 1);
	child_req_free(&r);
}

/* Policies from a template come where the template is: before what is below
 * it, after what is above. */
START_TEST(test_place)
{
	const struct fake_policy *above, *below, *made;
	struct child_req r;
	struct addr a;

	fake_conf(&km, ROAD
	    "/ip ipsec policy add action=discard tunnel=yes "
	    "src-address=10.5.8.0/24 dst-address=0.0.0.0/0\n"
	    "/ip ipsec policy add action=none tunnel=yes place-before=1 "
	    "src-address=10.5.0.0/16 dst-address=192.168.0.0/16\n");
	addr_parse(&a, "192.168.77.5");
	leases_set(&km.leases, 0, identity_of("c"), &a);
	good_req(&km, &r, P_RW + 1, "10.5.8.0/24", "192.168.77.5/32");
	r.peer = id_of(&km, CONF_PEER, "c");
	r.identity = identity_of("c");
	addr_parse(&r.remote.addr, "198.18.0.9");
	ck_assert_msg(add_child(&km, &r, why) == 0, "%s", why);
	child_req_free(&r);
	above = fake_find("10.5.0.0/16", "192.168.0.0/16");
	made = fake_find("10.5.8.0/24", "192.168.77.5/32");
	below = fake_find("10.5.8.0/24", "0.0.0.0/0");
	ck_assert_ptr_nonnull(above);
	ck_assert_ptr_nonnull(made);
	ck_assert_ptr_nonnull(below);
	/* The kernel takes the lowest number first. */
	ck_assert_uint_lt(above->body.prio, made->body.prio);
	ck_assert_uint_lt(made->body.prio, below->body.prio);
}
END_TEST

/* What sessiond has said, but nobody has read yet. */
static unsigned polls;

static void
on_poll(void *arg)
{
	struct addr a;

	polls++;
	addr_parse(&a, "192.168.77.9");
	ck_assert_int_eq(leases_set(arg, 0, identity_of("c"), &a), 0);
}

/*
 * ikepd lies about users: it may speak with an address for the user alone
 * who was given it, at the worker where he is, and while his session lasts.
 */
START_TEST(test_leases)
{
	struct child_req r;
	struct addr a, b, first;

	addr_parse(&a, "192.168.77.5");
	addr_parse(&b, "192.168.77.6");
	user_refused(0, "c", "192.168.77.5/32");
	ck_assert_int_eq(leases_set(&km.leases, 0, identity_of("c"), &a), 0);
	ck_assert_int_eq(leases_set(&km.leases, 1, identity_of("d"), &b), 0);
	/* Another identity's, another worker's, more than one. */
	user_refused(0, "c", "192.168.77.6/32");
	user_refused(0, "d", "192.168.77.6/32");
	user_refused(1, "c", "192.168.77.6/32");
	user_refused(1, "c", "192.168.77.5/32");
	user_refused(0, "c", "192.168.77.4/30");
	user_refused(0, "c", "192.168.77.0/24");
	/* More than one, of which the first is its own. */
	addr_parse(&first, "192.168.77.4");
	leases_set(&km.leases, 0, identity_of("c"), &first);
	user_refused(0, "c", "192.168.77.4/30");
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_msg(user_add(&r, 0, "c", "192.168.77.5/32") == 0, "%s",
	    why);
	child_req_free(&r);
	km_lease_sweep(&km);
	ck_assert_uint_eq(fake_sas(), 2);
	/* Only who has it gives it back. */
	ck_assert(!leases_drop(&km.leases, 1, identity_of("c"), &a));
	ck_assert(!leases_drop(&km.leases, 0, identity_of("d"), &a));
	ck_assert(leases_drop(&km.leases, 0, identity_of("c"), &a));
	/* The session is over: nothing new, and what is there goes. */
	user_refused(0, "c", "192.168.77.5/32");
	ck_assert_uint_eq(fake_sas(), 2);
	memset(&told, 0, sizeof(told));
	km_lease_sweep(&km);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_ptr_null(fake_find("10.5.8.0/24", "192.168.77.5/32"));
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_uint_eq(told.spi, r.spi_in);
	/* It is the next one's, who alone may have it. */
	ck_assert_int_eq(leases_set(&km.leases, 1, identity_of("d"), &a), 0);
	user_refused(0, "c", "192.168.77.5/32");
	ck_assert_msg(user_add(&r, 1, "d", "192.168.77.5/32") == 0, "%s",
	    why);
	child_req_free(&r);
}
END_TEST

/* A reload takes from the template what the user was given. */
START_TEST(test_template_narrows)
{
	struct child_req r;
	struct addr a;

	addr_parse(&a, "192.168.77.5");
	leases_set(&km.leases, 0, identity_of("c"), &a);
	ck_assert_msg(user_add(&r, 0, "c", "192.168.77.5/32") == 0, "%s",
	    why);
	child_req_free(&r);
	fake_conf(&km, ROAD);
	ck_assert_uint_eq(fake_sas(), 2);
	memset(&told, 0, sizeof(told));
	/* One that still holds it changes nothing for who is online. */
	fake_conf(&km, ROAD "/ip ipsec policy set [find group=rw] "
	    "dst-address=192.168.76.0/23 src-address=10.5.0.0/16\n");
	ck_assert_uint_eq(fake_sas(), 2);
	ck_assert_uint_eq(told.hards, 0);
	ck_assert_ptr_nonnull(fake_find("10.5.8.0/24", "192.168.77.5/32"));
	fake_conf(&km, ROAD "/ip ipsec policy set [find group=rw] "
	    "dst-address=192.168.77.128/25\n");
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_ptr_null(fake_find("10.5.8.0/24", "192.168.77.5/32"));
}
END_TEST

/* sessiond is faster than ikepd, always, but it may not have been read. */
START_TEST(test_leases_late)
{
	struct child_req r;

	km.leases.poll = on_poll;
	km.leases.arg = &km.leases;
	polls = 0;
	ck_assert_msg(user_add(&r, 0, "c", "192.168.77.9/32") == 0, "%s",
	    why);
	ck_assert_uint_eq(polls, 1);
	child_req_free(&r);
	user_refused(0, "c", "192.168.77.8/32");
	km.leases.poll = NULL;
}
END_TEST

/* sessiond dies: what it gave stays until its successor says otherwise. */
START_TEST(test_leases_doubt)
{
	struct child_req r;
	struct addr a, b;

	addr_parse(&a, "192.168.77.5");
	addr_parse(&b, "192.168.77.6");
	leases_set(&km.leases, 0, identity_of("c"), &a);
	leases_set(&km.leases, 0, identity_of("d"), &b);
	leases_doubt(&km.leases);
	ck_assert_msg(user_add(&r, 0, "c", "192.168.77.5/32") == 0, "%s",
	    why);
	child_req_free(&r);
	leases_set(&km.leases, 0, identity_of("c"), &a);
	leases_known(&km.leases);
	km_lease_sweep(&km);
	ck_assert_uint_eq(fake_sas(), 2);
	user_refused(0, "d", "192.168.77.6/32");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("km_road");
	TCase *t = tcase_create("fake");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_templates);
	tcase_add_test(t, test_place);
	tcase_add_test(t, test_leases);
	tcase_add_test(t, test_template_narrows);
	tcase_add_test(t, test_leases_late);
	tcase_add_test(t, test_leases_doubt);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
