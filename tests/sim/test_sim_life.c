/*
 * What comes after the handshake: deleting, liveness, NAT, restarts, the end;
 * a comment for each message.
 */
#include "tests/sim/fixture.h"
#include "ikepd/core.h"

#include <stdlib.h>
#include <string.h>

START_TEST(test_hard_expire)
{
	bring_up();
	/* INFORMATIONAL { D(ESP) } --> <-- INFORMATIONAL { D(ESP) } */
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    true);
	sim_run(s, 1);
	check_up(0);
	ck_assert_uint_eq(s->sent, 6);
}
END_TEST

START_TEST(test_delete_both)
{
	bring_up();
	/* RFC 7296 1.4.1: INFORMATIONAL { D(ESP) } from both; the answers
	 * have no Delete payload */
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    true);
	engine_expire(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    true);
	sim_run(s, 1);
	check_up(0);
	ck_assert_uint_eq(s->sent, 8);
}
END_TEST

START_TEST(test_kill)
{
	struct ike_show a, b;

	bring_up();
	ck_assert(sim_ike(s, 0, &a));
	/* INFORMATIONAL { D(IKE) } --> <-- INFORMATIONAL {}, and as the peer
	 * is not passive on our side, it comes again */
	ck_assert_uint_eq(engine_kill(s->node[1].engine, NULL, 0), 1);
	sim_run_ms(s, 500);
	check_down();
	sim_run(s, 10);
	check_up(1);
	ck_assert(sim_ike(s, 0, &b));
	ck_assert_uint_ne(a.spi_own, b.spi_own);
	ck_assert_uint_eq(engine_kill(s->node[0].engine,
	    &s->node[0].addr, 0), 0);
	ck_assert_uint_eq(engine_kill(s->node[0].engine,
	    &s->node[1].addr, 0), 1);
	sim_run(s, 10);
	check_up(1);
}
END_TEST

START_TEST(test_kill_both)
{
	c.passive = true;
	sim_configure(s, &c);
	c.passive = false;
	bring_up();
	engine_kill(s->node[0].engine, NULL, 0);
	engine_kill(s->node[1].engine, NULL, 0);
	sim_run_ms(s, 500);
	check_down();
}
END_TEST

START_TEST(test_liveness)
{
	c.dpd = 30;
	bring_up();
	ck_assert_uint_eq(s->sent, 4);
	/* INFORMATIONAL {} --> <-- INFORMATIONAL {} after 30 s of silence */
	sim_run(s, 100);
	check_up(1);
	ck_assert_uint_ge(s->sent, 8);
	/* ESP that comes in is a sign of life as well. */
	s->node[0].idle_s = s->node[1].idle_s = 0;
	s->sent = 0;
	sim_run(s, 300);
	ck_assert_uint_le(s->sent, 2);
	/* The peer dies; what it had goes; it comes back. */
	s->node[0].idle_s = UINT32_MAX;
	s->node[1].deaf = true;
	ck_assert_uint_eq(s->node[0].silent, 0);
	sim_run(s, 80);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	ck_assert(sim_logged(s, "the peer counts as dead"));
	/* Its name may mean another address by now. */
	ck_assert_uint_ge(s->node[0].silent, 1);
	ck_assert_uint_ne(s->node[0].silent_peer, 0);
	sim_restart(s, 1);
	s->node[1].deaf = false;
	c.passive = true;
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	sim_run(s, 100);
	check_up(1);
}
END_TEST

/* RFC 7296 2.4: a peer that starts anew for a minute and a half is waited
 * for, unless it is liveness that asks. */
START_TEST(test_patience)
{
	c.dpd = 0;
	bring_up();
	s->node[1].deaf = true;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 95);
	ck_assert(!sim_logged(s, "the peer counts as dead"));
	s->node[1].deaf = false;
	sim_run(s, 40);
	check_up(1);
	ck_assert(!sim_logged(s, "the peer counts as dead"));
	s->node[1].deaf = true;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 140);
	ck_assert(sim_logged(s, "the peer counts as dead"));
}
END_TEST

/* The n-th datagram of the responder is lost, and its bytes are kept. */
static uint8_t kept[2][4096];
static size_t kept_len[2];
static unsigned seen_by_tap;

static enum sim_fate
lose_first_answers(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)sim;
	(void)path;
	if (from != 1)
		return SIM_PASS;
	if (seen_by_tap < 2 && *len <= sizeof(kept[0])) {
		memcpy(kept[seen_by_tap], data, *len);
		kept_len[seen_by_tap] = *len;
	}
	return seen_by_tap++ == 0 ? SIM_DROP : SIM_PASS;
}

START_TEST(test_response_cache)
{
	struct engine_stats st;

	seen_by_tap = 0;
	s->tap = lose_first_answers;
	/* IKE_SA_INIT --> (answer lost) IKE_SA_INIT --> <-- the same bytes */
	bring_up();
	check_up(1);
	ck_assert_uint_eq(kept_len[0], kept_len[1]);
	ck_assert_mem_eq(kept[0], kept[1], kept_len[0]);
	sim_stats(s, 1, &st);
	ck_assert_uint_eq(st.rx_retransmitted, 1);
	/* The same with an encrypted exchange */
	seen_by_tap = 0;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_eq(kept_len[0], kept_len[1]);
	ck_assert_mem_eq(kept[0], kept[1], kept_len[0]);
}
END_TEST

START_TEST(test_nat)
{
	struct ike_show a, b;
	unsigned n;

	s->nat = true;
	bring_up();
	check_up(1);
	ck_assert(sim_ike(s, 0, &a) && sim_ike(s, 1, &b));
	ck_assert(a.natt_self && !a.natt_peer && a.path.natt);
	ck_assert(!b.natt_self && b.natt_peer && b.path.natt);
	ck_assert_uint_eq(a.path.local.port, 4500);
	ck_assert_uint_eq(a.path.remote.port, 4500);
	ck_assert_uint_eq(b.path.remote.port, s->nat_port + 1);
	ck_assert(sim_child_at(s, 0, 0)->r.encap);
	sim_run(s, 100);
	ck_assert_uint_eq(s->node[0].keepalives, 5);
	ck_assert_uint_eq(s->node[1].keepalives, 0);
	/* The NAT gives another port: the next message of ours moves us,
	 * RFC 7296 2.23 */
	s->nat_port = 50000;
	n = s->node[1].paths;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 5);
	check_up(1);
	ck_assert_uint_gt(s->node[1].paths, n);
	ck_assert(sim_ike(s, 1, &b));
	ck_assert_uint_eq(b.path.remote.port, 50001);
	/* ESP from another port does so too. */
	a.path.remote = b.path.remote;
	a.path.remote.port = 50009;
	engine_mapping(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    &a.path.remote);
	ck_assert(sim_ike(s, 1, &b));
	ck_assert_uint_eq(b.path.remote.port, 50009);
	ck_assert_uint_eq(sim_child_at(s, 1, 0)->r.remote.port, 50009);
}
END_TEST

/* The child that keymgr has not answered for. */
static struct sim_child *
coming(unsigned node)
{
	struct sim_child *at = s->node[node].child;

	for (; at < s->node[node].child + SIM_CHILDREN; at++)
		if (at->used && !at->installed)
			return at;
	return NULL;
}

/* The peer moves while a child's SAs are on their way to be installed. */
START_TEST(test_nat_meanwhile)
{
	struct endpoint to;
	struct ike_show b;
	struct sim_child *new = NULL;
	unsigned i;

	s->nat = true;
	bring_up();
	ck_assert(sim_ike(s, 1, &b));
	to = b.path.remote;
	to.port = 50009;
	s->node[1].help.delay_max = 2000;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	for (i = 0; i < 5000 && (new = coming(1)) == NULL; i++)
		sim_run_ms(s, 1);
	ck_assert_ptr_nonnull(new);
	engine_mapping(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    &to);
	ck_assert_uint_ne(new->r.remote.port, 50009);
	for (i = 0; i < 5000 && !new->installed; i++)
		sim_run_ms(s, 1);
	ck_assert_uint_eq(new->r.remote.port, 50009);
}
END_TEST

START_TEST(test_initial_contact)
{
	bring_up();
	/* The initiator starts anew: IKE_AUTH { ..., N(INITIAL_CONTACT) } */
	sim_restart(s, 0);
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	check_up(1);
	ck_assert(sim_logged(s, "INITIAL_CONTACT: the older IKE SA"));
}
END_TEST

/* Both ends begin at the same moment, each sure to be the first: nobody
 * keeps what the other end has thrown away. */
START_TEST(test_initial_contact_both)
{
	unsigned i;

	for (i = 0; i < 200; i++) {
		sim_free(s);
		s = sim_new(7000 + i);
		sim_configure(s, &c);
		engine_start(s->node[0].engine);
		sim_run_ms(s, i % 20);
		engine_start(s->node[1].engine);
		sim_run(s, 30);
		ck_assert_uint_ge(sim_ikes(s, 0, "established"), 1);
		ck_assert_uint_eq(sim_ikes(s, 0, "established"),
		    sim_ikes(s, 1, "established"));
		ck_assert_uint_ge(sim_children(s, 0), 1);
		ck_assert_uint_eq(sim_children(s, 0), sim_children(s, 1));
		check_right();
	}
}
END_TEST

START_TEST(test_no_initial_contact)
{
	c.no_contact = true;
	c.dpd = 20;
	bring_up();
	sim_restart(s, 0);
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_uint_eq(sim_ikes(s, 1, "established"), 2);
	/* The dead one is found out by liveness. */
	sim_run(s, 90);
	check_up(1);
}
END_TEST

/*
 * No NAT, but who moves the packets wants ESP in UDP: by the hash of the
 * source that is wrong on purpose the other end does the same.
 */
START_TEST(test_encap)
{
	struct sim_conf other = c;
	struct ike_show row;
	uint64_t spi;
	unsigned i;

	c.ike_life = other.ike_life = 1000;
	c.encap = _i != 1;
	other.encap = _i != 0;
	bring_up_with(&other);
	check_up(1);
	for (i = SIM_NODES; i-- > 0;) {
		ck_assert(sim_ike(s, i, &row));
		ck_assert(!row.natt_self && !row.natt_peer);
		ck_assert(row.path.natt);
		ck_assert_uint_eq(row.path.local.port, 4500);
		ck_assert_uint_eq(row.path.remote.port, 4500);
		ck_assert(sim_child_at(s, i, 0)->r.encap);
	}
	spi = row.spi_own;
	/* No mapping to keep open. */
	sim_run(s, 100);
	ck_assert_uint_eq(s->node[0].keepalives, 0);
	ck_assert_uint_eq(s->node[1].keepalives, 0);
	/* The successors know it, too. */
	sim_run(s, 900);
	ck_assert(sim_ike(s, 0, &row));
	ck_assert_uint_ne(row.spi_own, spi);
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 10);
	check_up(1);
	ck_assert(sim_child_at(s, 0, 0)->r.encap);
}
END_TEST

/* The NAT is found all the same. */
START_TEST(test_encap_nat)
{
	struct ike_show a, b;

	s->nat = true;
	c.encap = true;
	bring_up();
	check_up(1);
	ck_assert(sim_ike(s, 0, &a) && sim_ike(s, 1, &b));
	ck_assert(a.natt_self && !a.natt_peer && a.path.natt);
	ck_assert(!b.natt_self && b.natt_peer && b.path.natt);
	ck_assert(sim_child_at(s, 0, 0)->r.encap);
	sim_run(s, 100);
	ck_assert_uint_eq(s->node[0].keepalives, 5);
	ck_assert_uint_eq(s->node[1].keepalives, 0);
}
END_TEST

START_TEST(test_port_4500)
{
	struct ike_show row;

	/* RFC 7296 2.23: one may begin on port 4500. */
	c.port = 4500;
	bring_up();
	check_up(1);
	ck_assert(sim_ike(s, 0, &row));
	ck_assert(row.path.natt && row.path.local.port == 4500);
	ck_assert(sim_ike(s, 1, &row));
	ck_assert(row.path.natt && row.path.remote.port == 4500);
	ck_assert(!sim_child_at(s, 0, 0)->r.encap);
}
END_TEST

START_TEST(test_shutdown)
{
	c.policies = 2;
	bring_up();
	check_up(2);
	/* INFORMATIONAL { D(IKE) } --> <-- INFORMATIONAL {} */
	engine_shutdown(s->node[1].engine);
	ck_assert_uint_eq(s->node[1].stopped, 0);
	sim_run_ms(s, 100);
	ck_assert_uint_eq(s->node[1].stopped, 1);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	engine_shutdown(s->node[0].engine);
	ck_assert_uint_eq(s->node[0].stopped, 1);
}
END_TEST

/* A peer that is gone does not hold up the end. */
START_TEST(test_shutdown_alone)
{
	c.dpd = 10;
	bring_up();
	s->node[1].deaf = true;
	engine_shutdown(s->node[0].engine);
	sim_run(s, 4);
	ck_assert_uint_eq(s->node[0].stopped, 1);
	ck_assert_uint_eq(sim_children(s, 0), 0);
	sim_run(s, 20);
	engine_shutdown(s->node[1].engine);
	ck_assert_uint_eq(s->node[1].stopped, 1);
}
END_TEST

START_TEST(test_both_initiate)
{
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	engine_start(s->node[0].engine);
	engine_start(s->node[1].engine);
	sim_run(s, 30);
	check_right();
	ck_assert_uint_ge(sim_children(s, 0), 1);
}
END_TEST

START_TEST(test_ipv6)
{
	ck_assert_int_eq(addr_parse(&s->node[0].addr, "2001:db8::1"), 0);
	ck_assert_int_eq(addr_parse(&s->node[1].addr, "2001:db8::2"), 0);
	bring_up();
	check_up(1);
	ck_assert_int_eq(sim_child_at(s, 0, 0)->r.remote.addr.family,
	    AF_INET6);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_life");
	TCase *t = tcase_create("exchanges");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_hard_expire);
	tcase_add_test(t, test_delete_both);
	tcase_add_test(t, test_kill);
	tcase_add_test(t, test_kill_both);
	tcase_add_test(t, test_liveness);
	tcase_add_test(t, test_patience);
	tcase_add_test(t, test_response_cache);
	tcase_add_test(t, test_nat);
	tcase_add_test(t, test_nat_meanwhile);
	tcase_add_test(t, test_initial_contact);
	tcase_add_test(t, test_initial_contact_both);
	tcase_add_test(t, test_no_initial_contact);
	tcase_add_loop_test(t, test_encap, 0, 3);
	tcase_add_test(t, test_encap_nat);
	tcase_add_test(t, test_port_4500);
	tcase_add_test(t, test_shutdown);
	tcase_add_test(t, test_shutdown_alone);
	tcase_add_test(t, test_both_initiate);
	tcase_add_test(t, test_ipv6);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
