/*
 * What brings children about, and ends them: packets, the configuration and
 * its reloads, names of peers.
 */
#include "tests/sim/fixture.h"
#include "lib/worker.h"
#include "ikepd/core.h"
#include "ikepd/tsel.h"

#include <stdlib.h>
#include <string.h>

START_TEST(test_policies)
{
	c.policies = 20;
	/* The first child in IKE_AUTH, 19 by CREATE_CHILD_SA { SA, Ni, TSi,
	 * TSr } */
	bring_up();
	check_up(20);
	ck_assert_uint_eq(s->sent, 4 + 2 * 19);
}
END_TEST

static void
packet(struct acquire *a, uint8_t last)
{
	memset(a, 0, sizeof(*a));
	a->policy = 30;
	a->peer = 20;
	a->local.proto = a->remote.proto = 17;
	a->local.lo = (struct addr){ AF_INET, { 10, 1, 0, last } };
	a->remote.lo = (struct addr){ AF_INET, { 10, 2, 0, 9 } };
	a->local.hi = a->local.lo;
	a->remote.hi = a->remote.lo;
	a->local.port_lo = a->local.port_hi = 4000;
	a->remote.port_lo = a->remote.port_hi = 53;
}

START_TEST(test_acquire)
{
	struct acquire a;
	unsigned i;

	c.passive = true;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_down();
	/* Many packets, one IKE SA, one child */
	for (i = 0; i < 50; i++) {
		packet(&a, (uint8_t)i);
		engine_acquire(s->node[0].engine, &a);
	}
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_eq(s->sent, 4);
	/* RFC 7296 2.9: what the packet wanted lies within the answer */
	ck_assert(ts_covers(&sim_child_at(s, 0, 0)->local.ts[0],
	    &a.local) || sim_child_at(s, 0, 0)->local.n > 1);
	/* After the child has gone, the IKE SA serves again. */
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    true);
	sim_run(s, 1);
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 1);
	check_up(1);
	/* From the other end */
	engine_expire(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    true);
	sim_run(s, 1);
	packet(&a, 1);
	a.local.lo.b[1] = a.local.hi.b[1] = 2;
	a.remote.lo.b[1] = a.remote.hi.b[1] = 1;
	engine_acquire(s->node[1].engine, &a);
	sim_run(s, 1);
	check_up(1);
}
END_TEST

START_TEST(test_acquire_meanwhile)
{
	struct acquire a;

	/* A packet comes while IKE_AUTH is out, which brings up all the
	 * policy: it needs no child of its own. */
	s->net.delay_min = s->net.delay_max = 300;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run_ms(s, 700);
	ck_assert_uint_eq(sim_ikes(s, 0, "message-3-sent"), 1);
	packet(&a, 1);
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_eq(s->sent, 4);
}
END_TEST

START_TEST(test_first_selector)
{
	static const struct prefix all[2] = {
		{ .addr = { AF_INET, { 10, 1 } }, .bits = 16 },
		{ .addr = { AF_INET, { 10, 2 } }, .bits = 16 },
	};
	struct sim_conf other = c;
	struct ike_conf *k;
	struct acquire a;

	c.passive = other.passive = true;
	other.policies = 3;
	k = sim_conf(s, 0, &c);
	ts_from_prefix(&k->policies[0].ts[0], &all[0], 0, -1);
	ts_from_prefix(&k->policies[0].ts[1], &all[1], 0, -1);
	engine_conf(s->node[0].engine, k);
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	packet(&a, 1);
	a.local.lo.b[2] = a.local.hi.b[2] = 2;
	a.remote.lo.b[2] = a.remote.hi.b[2] = 2;
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 5);
	check_up(1);
	/* RFC 7296 2.9: of the policies that admit some of it, the one that
	 * admits the packet. */
	ck_assert(ts_covers(&sim_child_at(s, 0, 0)->local.ts[0], &a.local));
	ck_assert(ts_covers(&sim_child_at(s, 0, 0)->remote.ts[0],
	    &a.remote));
}
END_TEST

START_TEST(test_reload_policy)
{
	uint32_t spi;

	c.policies = 2;
	bring_up();
	check_up(2);
	spi = sim_child_at(s, 0, 0)->r.spi_in;
	/* The same policy with other algorithms: its children go, and come
	 * again with those. */
	c.esp_encr[0] = "aes-256-gcm";
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 10);
	check_up(2);
	ck_assert_uint_ne(sim_child_at(s, 0, 0)->r.spi_in, spi);
	ck_assert_uint_eq(sim_child_at(s, 0, 0)->r.encr_bits, 256);
	ck_assert_uint_eq(sim_child_at(s, 0, 1)->r.encr_bits, 256);
}
END_TEST

START_TEST(test_reload)
{
	struct sim_conf other;

	c.policies = 3;
	bring_up();
	check_up(3);
	/* The same again changes nothing. */
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_up(3);
	/* A policy less: INFORMATIONAL { D(ESP) } --> */
	other = c;
	other.policies = 2;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &other));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_up(2);
	/* Another address of the peer: INFORMATIONAL { D(IKE) } --> */
	other.peer_prefix = "10.9.9.9/32";
	other.passive = true;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &other));
	sim_run(s, 5);
	check_down();
}
END_TEST

START_TEST(test_template)
{
	struct sim_conf other;

	other = c;
	other.templates = other.passive = true;
	other.peer_prefix = "0.0.0.0/0";
	/* generate-policy: the template's bounds, the peer's selectors */
	bring_up_with(&other);
	check_up(1);
	ck_assert_uint_eq(sim_child_at(s, 1, 0)->r.policy, 30);
}
END_TEST

/* A template that is edited keeps what it still holds, and nothing else. */
START_TEST(test_template_edited)
{
	struct sim_conf other = c;
	uint32_t spi;

	other.templates = other.passive = true;
	other.peer_prefix = "0.0.0.0/0";
	bring_up_with(&other);
	spi = sim_child_at(s, 1, 0)->r.spi_in;
	other.any6 = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	sim_run(s, 1);
	check_up(1);
	ck_assert_uint_eq(sim_child_at(s, 1, 0)->r.spi_in, spi);
	other.template_net = "10.77.0.0/16";
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	sim_run(s, 1);
	ck_assert_uint_eq(sim_children(s, 1), 0);
	ck_assert_uint_eq(sim_children(s, 0), 0);
}
END_TEST

/* Gives the first end a peer known by name; NULL: it has no address. */
static void
name_peer(const struct addr *a)
{
	struct ike_conf *k = sim_conf(s, 0, &c);

	k->peers[0].address = (struct prefix){ .bits = 0 };
	if (a != NULL)
		k->peers[0].address = (struct prefix){ *a, addr_bits(a) };
	strcpy(k->peers[0].dns, "gw.example");
	engine_conf(s->node[0].engine, k);
	engine_start(s->node[0].engine);
}

START_TEST(test_dns_peer)
{
	struct acquire a;

	name_peer(NULL);
	c.passive = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	c.passive = false;
	packet(&a, 1);
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 5);
	ck_assert_uint_eq(s->sent, 0);
	ck_assert(sim_logged(s, "no single address"));
	/* The address comes later. */
	name_peer(&s->node[1].addr);
	sim_run(s, 5);
	check_up(1);
	/* It stays while the name cannot be looked up. */
	name_peer(NULL);
	sim_run(s, 5);
	check_up(1);
	(void)engine_kill(s->node[0].engine, NULL, 0);
	sim_run(s, 60);
	check_up(1);
}
END_TEST

START_TEST(test_dns_moves)
{
	struct addr first;

	/* Nobody is at the first address. */
	ck_assert_int_eq(addr_parse(&first, "192.0.2.77"), 0);
	c.passive = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	c.passive = false;
	name_peer(&first);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	name_peer(&s->node[1].addr);
	sim_run(s, 600);
	check_up(1);
}
END_TEST

START_TEST(test_other_worker)
{
	struct ike_conf *k = sim_conf(s, 0, &c);

	/* A peer with one address belongs where its first message goes. */
	k->set.workers = 3;
	k->set.worker = (worker_of_addr(&s->node[1].addr, 3) + 1) % 3;
	engine_conf(s->node[0].engine, k);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_uint_eq(s->sent, 0);
}
END_TEST

START_TEST(test_level_use)
{
	struct ike_conf *k = sim_conf(s, 0, &c);
	struct acquire a;

	/* level=use never asks for an SA. */
	k->policies[0].acquire_only = true;
	engine_conf(s->node[0].engine, k);
	engine_start(s->node[0].engine);
	packet(&a, 1);
	engine_acquire(s->node[0].engine, &a);
	sim_run(s, 5);
	ck_assert_uint_eq(s->sent, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_want");
	TCase *t = tcase_create("exchanges");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_policies);
	tcase_add_test(t, test_acquire);
	tcase_add_test(t, test_acquire_meanwhile);
	tcase_add_test(t, test_first_selector);
	tcase_add_test(t, test_reload_policy);
	tcase_add_test(t, test_reload);
	tcase_add_test(t, test_template);
	tcase_add_test(t, test_template_edited);
	tcase_add_test(t, test_dns_peer);
	tcase_add_test(t, test_dns_moves);
	tcase_add_test(t, test_other_worker);
	tcase_add_test(t, test_level_use);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
