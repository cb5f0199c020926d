/*
 * Exchanges of two engines, one feature each; a comment for each message.
 */
#include "tests/sim/sim.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct sim *s;
static struct sim_conf c;

static void
setup(void)
{
	const char *why;

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
	s = sim_new(1);
	sim_conf_default(&c);
}

static void
teardown(void)
{
	sim_free(s);
}

/* Both ends stand with n children, and agree. */
static void
check_up(unsigned n)
{
	const char *why;
	struct ike_show row;

	ck_assert(sim_ike(s, 0, &row));
	ck_assert(sim_ike(s, 1, &row));
	ck_assert_uint_eq(sim_children(s, 0), n);
	ck_assert_uint_eq(sim_children(s, 1), n);
	why = sim_agree(s);
	ck_assert_msg(why == NULL, "%s", why);
	why = sim_sound(s);
	ck_assert_msg(why == NULL, "%s", why);
}

static void
bring_up(void)
{
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
}

START_TEST(test_tunnel)
{
	struct ike_show a, b;

	/* IKE_SA_INIT { SAi1, KEi, Ni, N(NATD_S), N(NATD_D) } -->
	 * <-- IKE_SA_INIT { SAr1, KEr, Nr, N(NATD_S), N(NATD_D) }
	 * IKE_AUTH { IDi, N(INITIAL_CONTACT), AUTH, SAi2, TSi, TSr } -->
	 * <-- IKE_AUTH { IDr, AUTH, SAr2, TSi, TSr } */
	bring_up();
	check_up(1);
	ck_assert_uint_eq(s->sent, 4);
	ck_assert(sim_ike(s, 0, &a) && sim_ike(s, 1, &b));
	ck_assert_uint_eq(a.spi_own, b.spi_peer);
	ck_assert_uint_eq(a.spi_own >> 56 & 31, 1);
	ck_assert_uint_eq(b.spi_own >> 56 & 31, 2);
	ck_assert_int_eq(a.side, SIDE_INITIATOR);
	ck_assert(!a.natt_self && !a.natt_peer && !a.path.natt);
	ck_assert_uint_eq(a.ph2_total, 1);
	ck_assert_uint_eq(a.id_peer.len, 4 + strlen("b.example"));
	ck_assert(!sim_child_at(s, 0, 0)->r.encap);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim");
	TCase *t = tcase_create("exchanges");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_tunnel);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
