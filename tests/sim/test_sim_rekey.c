/*
 * Rekeying of children and IKE SAs, by one side and by both at once; a
 * comment for each message.
 */
#include "tests/sim/fixture.h"
#include "ikepd/core.h"
#include "ikepd/task.h"

#include <stdlib.h>
#include <string.h>

START_TEST(test_pfs_invalid_ke)
{
	struct sim_conf other;

	c.policies = 2;
	c.pfs[0] = "x25519";
	c.pfs[1] = "ecp256";
	other = c;
	other.passive = true;
	other.pfs[0] = "ecp256";
	other.pfs[1] = NULL;
	/* CREATE_CHILD_SA { SA, Ni, KEi(31), TSi, TSr } -->
	 * <-- CREATE_CHILD_SA { N(INVALID_KE_PAYLOAD, 19) }
	 * CREATE_CHILD_SA { SA, Ni, KEi(19), TSi, TSr } --> ... */
	bring_up_with(&other);
	check_up(2);
	ck_assert_uint_eq(s->sent, 8);
}
END_TEST

START_TEST(test_rekey_child)
{
	uint32_t spi;

	c.pfs[0] = "x25519";
	bring_up();
	spi = sim_child_at(s, 0, 0)->r.spi_in;
	/* CREATE_CHILD_SA { N(REKEY_SA), SA, Ni, KEi, TSi, TSr } -->
	 * <-- CREATE_CHILD_SA { SA, Nr, KEr, TSi, TSr }
	 * INFORMATIONAL { D(old) } --> <-- INFORMATIONAL { D(old) } */
	engine_expire(s->node[0].engine, spi, false);
	engine_expire(s->node[0].engine, spi, false);
	sim_run(s, 2);
	check_up(1);
	ck_assert_uint_eq(s->sent, 8);
	ck_assert_uint_ne(sim_child_at(s, 0, 0)->r.spi_in, spi);
	ck_assert_uint_eq(sim_child_at(s, 0, 0)->r.replaces, spi);
	ck_assert_uint_ne(sim_child_at(s, 1, 0)->r.replaces, 0);
	ck_assert_uint_eq(sim_child_at(s, 0, 0)->r.pfs_group, 31);
	/* The responder does the same. */
	spi = sim_child_at(s, 1, 0)->r.spi_in;
	engine_expire(s->node[1].engine, spi, false);
	sim_run(s, 2);
	check_up(1);
	ck_assert_uint_eq(sim_child_at(s, 1, 0)->r.replaces, spi);
}
END_TEST

/* A peer that wants no key exchange, and we leave it the choice. */
START_TEST(test_rekey_child_choice)
{
	struct sim_conf other = c;
	unsigned i;

	other.passive = true;
	c.pfs[0] = "x25519";
	c.pfs[1] = "none";
	bring_up_with(&other);
	/* CREATE_CHILD_SA { N(REKEY_SA), SA(31, NONE), Ni, KEi, ... } -->
	 * <-- CREATE_CHILD_SA { SA(NONE), Nr, TSi, TSr }, then the other way
	 * CREATE_CHILD_SA { N(REKEY_SA), SA, Ni, TSi, TSr } */
	for (i = 0; i < 2; i++) {
		uint32_t spi = sim_child_at(s, i, 0)->r.spi_in;

		engine_expire(s->node[i].engine, spi, false);
		sim_run(s, 2);
		check_up(1);
		ck_assert_uint_eq(sim_child_at(s, i, 0)->r.replaces, spi);
		ck_assert_uint_eq(sim_child_at(s, i, 0)->r.pfs_group, 0);
	}
}
END_TEST

START_TEST(test_rekey_child_collision)
{
	unsigned i;

	bring_up();
	/* Both send CREATE_CHILD_SA { N(REKEY_SA), ... } at once; the SA with
	 * the lowest nonce goes, RFC 7296 2.8.1 */
	for (i = 0; i < 10; i++) {
		engine_expire(s->node[0].engine,
		    sim_child_at(s, 0, 0)->r.spi_in, false);
		engine_expire(s->node[1].engine,
		    sim_child_at(s, 1, 0)->r.spi_in, false);
		sim_run(s, 10);
		check_up(1);
	}
	ck_assert_uint_eq(s->node[0].adds, 21);
}
END_TEST

/* The peer deletes the new child while we still compute its keys. */
START_TEST(test_rekey_deleted_early)
{
	struct sim_child *n;
	unsigned i, adds;

	c.pfs[0] = "x25519";
	bring_up();
	/* CREATE_CHILD_SA { N(REKEY_SA), SA, Ni, KEi, TSi, TSr } --> */
	adds = s->node[1].adds;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	for (i = 0; i < 100 && s->node[1].adds == adds; i++)
		sim_run_ms(s, 1);
	/* <-- CREATE_CHILD_SA { SA, Nr, KEr, TSi, TSr } */
	s->node[0].help.ke_delay_max = 10000;
	sim_run_ms(s, 12);
	n = sim_child_at(s, 1, 1);
	ck_assert_ptr_nonnull(n);
	/* <-- INFORMATIONAL { D(new) } INFORMATIONAL { } --> */
	adds = s->node[0].adds;
	engine_expire(s->node[1].engine, n->r.spi_in, true);
	sim_run_ms(s, 25);
	ck_assert_uint_eq(s->node[0].adds, adds);
	ck_assert_uint_eq(sim_children(s, 1), 1);
	s->node[0].help.ke_delay_max = 0;
	sim_run(s, 15);
	ck_assert(sim_logged(s, "has deleted the child SA before we could"));
	ck_assert_uint_eq(s->node[0].adds, adds);
	check_up(1);
	/* The next attempt comes through. */
	sim_run(s, 60);
	check_up(1);
	ck_assert_uint_eq(s->node[0].adds, adds + 1);
}
END_TEST

START_TEST(test_rekey_ike)
{
	struct ike_show before, after;
	struct sim_conf other;

	c.ike_life = 1000;
	other = c;
	other.passive = true;
	other.ike_life = 0;
	bring_up_with(&other);
	ck_assert(sim_ike(s, 1, &before));
	/* CREATE_CHILD_SA { SA(IKE, spi), Ni, KEi } -->
	 * <-- CREATE_CHILD_SA { SA(IKE, spi), Nr, KEr }
	 * INFORMATIONAL { D(IKE) } --> <-- INFORMATIONAL {} */
	sim_run(s, 900);
	check_up(1);
	ck_assert(sim_ike(s, 1, &after));
	ck_assert_uint_ne(before.spi_own, after.spi_own);
	ck_assert_uint_gt(after.uptime_s, 890);
	/* The child came along and can be rekeyed in the new SA. */
	engine_expire(s->node[1].engine, sim_child_at(s, 1, 0)->r.spi_in,
	    false);
	sim_run(s, 5);
	check_up(1);
	/* Hour after hour */
	sim_run(s, 36000);
	check_up(1);
}
END_TEST

/* Both lose patience within one round trip, now and then. */
START_TEST(test_rekey_ike_collision)
{
	struct engine_stats a, b;
	unsigned i;

	s->net.delay_min = s->net.delay_max = 4000;
	c.ike_life = 1000;
	c.dpd = 0;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 200);
	/* soft lifetimes differ by up to 50 s, the way takes 4 s */
	sim_run(s, 80000);
	for (i = 0; i < 100 && sim_agree(s) != NULL; i++)
		sim_run(s, 1);
	check_up(1);
	sim_stats(s, 0, &a);
	sim_stats(s, 1, &b);
	ck_assert_uint_ge(a.ike_rekeyed, 95);
	ck_assert_uint_ge(b.ike_rekeyed, 95);
	/* No other IKE SA had to be made. */
	ck_assert_uint_eq(a.established_initiator, 1);
	ck_assert_uint_eq(b.established_responder, 1);
}
END_TEST

static enum sim_fate
drop_requests_of_0(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)sim;
	(void)path;
	(void)len;
	return from == 0 && data[18] == CREATE_CHILD_SA &&
	    !(data[19] & IKE_FLAG_RESPONSE) ? SIM_DROP : SIM_PASS;
}

static void
rekey_ike(unsigned node)
{
	struct engine *e = s->node[node].engine;
	struct ike_show row;

	ck_assert(sim_ike(s, node, &row));
	eng_enter(e);
	ck_assert(task_add(e, store_get(e, row.spi_own), TASK_IKE_REKEY, 0));
	eng_leave(e);
}

/* What waits behind our rekey is done when only the peer's came through. */
START_TEST(test_rekey_ike_collision_tasks)
{
	uint32_t spi[2];

	bring_up();
	spi[0] = sim_child_at(s, 0, 0)->r.spi_in;
	spi[1] = sim_child_at(s, 1, 0)->r.spi_in;
	s->tap = drop_requests_of_0;
	/* CREATE_CHILD_SA { SA, Ni, KEi } --> (lost) */
	rekey_ike(0);
	engine_expire(s->node[0].engine, spi[0], true);
	/* <-- CREATE_CHILD_SA { SA, Ni, KEi }
	 * CREATE_CHILD_SA { SA, Nr, KEr } --> <-- INFORMATIONAL { D(IKE) } */
	rekey_ike(1);
	sim_run(s, 5);
	s->tap = NULL;
	sim_run(s, 5);
	check_right();
	ck_assert_uint_eq(sim_ikes(s, 0, "established"), 1);
	if (sim_children(s, 0) > 0) {
		ck_assert_uint_ne(sim_child_at(s, 0, 0)->r.spi_in, spi[0]);
		ck_assert_uint_ne(sim_child_at(s, 1, 0)->r.spi_in, spi[1]);
	}
}
END_TEST

/* Node 1 has this group alone from now on. */
static void
only_group(const char *name)
{
	struct offer *o =
	    &s->node[1].engine->conf->conf->profiles[0].offer;

	o->n[SUITE_KE] = 0;
	ck_assert_int_eq(offer_add(o, suite_by_name(SUITE_KE, ALG_PHASE1,
	    name)), 0);
}

START_TEST(test_rekey_ike_other_group)
{
	struct sim_conf other;
	struct ike_show row;

	c.group[1] = "ecp256";
	c.ike_life = 1000;
	other = c;
	other.passive = true;
	other.ike_life = 0;
	bring_up_with(&other);
	only_group("ecp256");
	/* CREATE_CHILD_SA { SA, Ni, KEi(31) } -->
	 * <-- CREATE_CHILD_SA { N(INVALID_KE_PAYLOAD, 19) }
	 * CREATE_CHILD_SA { SA, Ni, KEi(19) } --> ... */
	sim_run(s, 900);
	check_up(1);
	ck_assert(sim_ike(s, 0, &row));
	ck_assert_str_eq(row.suite, "aes-128-gcm/sha256/ecp256");
	ck_assert(sim_logged(s, "IKE SA rekeyed"));
}
END_TEST

START_TEST(test_rekey_ike_refused)
{
	struct sim_conf other;

	c.ike_life = 1000;
	other = c;
	other.passive = true;
	other.ike_life = 0;
	bring_up_with(&other);
	only_group("ecp384");
	/* <-- CREATE_CHILD_SA { N(NO_PROPOSAL_CHOSEN) }: the SA lives on to
	 * its hard end, then INFORMATIONAL { D(IKE) } --> */
	sim_run(s, 900);
	check_up(1);
	ck_assert(sim_logged(s, "IKE SA rekey failed: peer=peer1 reason="
	    "refused-by-peer: the peer answers with NO_PROPOSAL_CHOSEN"));
	sim_run(s, 150);
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 0);
}
END_TEST

/* Our keymgr refuses the new child, and later takes one. */
START_TEST(test_rekey_child_again)
{
	struct engine_stats st;
	uint32_t spi;

	bring_up();
	s->node[0].help.child_fails = 1000;
	spi = sim_child_at(s, 0, 0)->r.spi_in;
	/* The peer has one that we have not: INFORMATIONAL { D(ESP) } --> */
	engine_expire(s->node[0].engine, spi, false);
	sim_run(s, 25);
	check_up(1);
	ck_assert_uint_eq(sim_child_at(s, 0, 0)->r.spi_in, spi);
	s->node[0].help.child_fails = 0;
	/* The kernel does not ask again; we do. */
	sim_run(s, 30);
	check_up(1);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.children_rekeyed, 1);
	ck_assert_uint_ne(sim_child_at(s, 0, 0)->r.spi_in, spi);
	sim_run(s, 200);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.children_rekeyed, 1);
}
END_TEST

START_TEST(test_rekey_child_no_more)
{
	struct ike_show before, after;
	struct engine_stats st;

	c.policies = 3;
	bring_up();
	check_up(3);
	ck_assert(sim_ike(s, 0, &before));
	s->node[1].help.child_fails = 1000;
	/* <-- CREATE_CHILD_SA { N(NO_ADDITIONAL_SAS) }: IKE_SA_INIT -->, and
	 * the old SA stays while the new one has no children either. */
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run_ms(s, 30);
	s->node[1].help.child_fails = 0;
	sim_run(s, 5);
	check_up(3);
	ck_assert(sim_ike(s, 0, &after));
	ck_assert_uint_ne(before.spi_own, after.spi_own);
	ck_assert(sim_logged(s, "a new IKE SA is negotiated to take over"));
	ck_assert(!sim_logged(s, "INITIAL_CONTACT"));
	sim_run(s, 100);
	check_up(3);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.established_initiator, 2);
}
END_TEST

static unsigned gap;

/* Watches whether node 0 is ever without a child. */
static enum sim_fate
watch_gap(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)from;
	(void)path;
	(void)data;
	(void)len;
	if (sim_children(sim, 0) == 0)
		gap++;
	return SIM_PASS;
}

START_TEST(test_rekey_ike_instead)
{
	struct ike_show before, after;
	struct engine_stats st;
	struct sim_conf other;

	c.group[1] = "ecp256";
	c.ike_life = 1000;
	other = c;
	other.passive = true;
	other.ike_life = 0;
	bring_up_with(&other);
	ck_assert(sim_ike(s, 0, &before));
	/* <-- CREATE_CHILD_SA { N(NO_PROPOSAL_CHOSEN) }, since the group we
	 * ask with is the only one we have for it; a new SA comes first. */
	only_group("ecp384");
	sim_run(s, 810);
	check_up(1);
	ck_assert(sim_logged(s, "does not rekey"));
	gap = 0;
	s->tap = watch_gap;
	only_group("x25519");
	sim_run(s, 200);
	check_up(1);
	ck_assert(sim_ike(s, 0, &after));
	ck_assert_uint_ne(before.spi_own, after.spi_own);
	ck_assert_uint_eq(gap, 0);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.established_initiator + st.ike_rekeyed, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_rekey");
	TCase *t = tcase_create("exchanges");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_pfs_invalid_ke);
	tcase_add_test(t, test_rekey_child);
	tcase_add_test(t, test_rekey_child_choice);
	tcase_add_test(t, test_rekey_child_collision);
	tcase_add_test(t, test_rekey_deleted_early);
	tcase_add_test(t, test_rekey_ike);
	tcase_add_test(t, test_rekey_ike_collision);
	tcase_add_test(t, test_rekey_ike_collision_tasks);
	tcase_add_test(t, test_rekey_ike_other_group);
	tcase_add_test(t, test_rekey_ike_refused);
	tcase_add_test(t, test_rekey_child_again);
	tcase_add_test(t, test_rekey_child_no_more);
	tcase_add_test(t, test_rekey_ike_instead);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
