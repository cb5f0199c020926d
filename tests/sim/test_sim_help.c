/*
 * When certd, keymgr or the routes are not there for a while, or refuse.
 */
#include "tests/sim/fixture.h"
#include "ikepd/core.h"

#include <stdlib.h>
#include <string.h>

START_TEST(test_certd_away)
{
	s->node[1].help.auth_unavailable = 1000;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run_ms(s, 500);
	/* certd is back when IKE_AUTH is repeated */
	s->node[1].help.auth_unavailable = 0;
	sim_run(s, 5);
	check_up(1);
}
END_TEST

/* certd is replaced while we make our AUTH, or check the peer's: that is
 * nothing that the peer has to know. */
START_TEST(test_certd_returns)
{
	unsigned *away = _i == 0 ? &s->node[0].help.auth_unavailable :
	    &s->node[0].help.verify_unavailable;

	*away = 1000;
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 8);
	ck_assert(sim_logged(s, "IKE_AUTH waits"));
	*away = 0;
	sim_run(s, 2);
	check_up(1);
	ck_assert(!sim_logged(s, "failed"));
}
END_TEST

/* It is not the peer's fault either when that lasts: no notify says so, but
 * what the peer takes to stand must go. */
START_TEST(test_certd_stays_away)
{
	s->node[0].help.verify_unavailable = 1000;
	bring_up();
	sim_run(s, 25);
	ck_assert(sim_logged(s, "reason=certd-unavailable"));
	ck_assert(!sim_logged(s, "AUTHENTICATION_FAILED"));
	ck_assert(!sim_logged(s, "no-identity"));
	s->node[0].help.verify_unavailable = 0;
	sim_run(s, 120);
	check_up(1);
}
END_TEST

/* What we lack is told apart from who the peer is, here and there. */
START_TEST(test_no_own_key)
{
	s->node[1].help.no_key = true;
	bring_up();
	ck_assert(sim_logged(s, "reason=no-own-key"));
	ck_assert(sim_logged(s, "IKE_AUTH with TEMPORARY_FAILURE"));
	ck_assert(!sim_logged(s, "AUTHENTICATION_FAILED"));
	ck_assert(!sim_logged(s, "no-identity"));
	s->node[1].help.no_key = false;
	sim_run(s, 120);
	check_up(1);
}
END_TEST

/* The half-open IKE SA of whoever did not repeat its request is not said to
 * be the peer's omission. */
START_TEST(test_certd_never_back)
{
	s->node[1].help.auth_unavailable = 1000;
	bring_up();
	sim_run(s, 60);
	ck_assert(sim_logged(s, "IKE_AUTH could not be answered"));
	ck_assert(!sim_logged(s, "did not go on"));
}
END_TEST

/* A peer without a route is tried for ever, but not said so each time. */
START_TEST(test_no_route)
{
	const char *at = s->log;
	unsigned lines = 0;

	s->node[0].no_route = true;
	bring_up();
	sim_run(s, 3600);
	for (; (at = strstr(at, "reason=no-route")) != NULL; at++)
		lines++;
	ck_assert_uint_ge(lines, 2);
	ck_assert_uint_le(lines, 8);
	ck_assert(sim_logged(s, " more like it before)"));
	s->node[0].no_route = false;
	sim_run(s, 700);
	check_up(1);
}
END_TEST

START_TEST(test_certd_silent)
{
	struct engine_stats st;

	s->node[1].help.auth_lost = 1000;
	bring_up();
	sim_run(s, 60);
	ck_assert(sim_logged(s, "no answer from certd"));
	sim_stats(s, 1, &st);
	s->node[1].help.auth_lost = 0;
	sim_run(s, 120);
	check_up(1);
}
END_TEST

START_TEST(test_keymgr_refuses)
{
	unsigned who = (unsigned)_i;

	s->node[who].help.child_fails = 1000;
	/* Responder: <-- IKE_AUTH { IDr, AUTH, N(NO_ADDITIONAL_SAS) };
	 * initiator: INFORMATIONAL { D(ESP) } --> */
	bring_up();
	check_up(0);
	ck_assert(sim_logged(s, "not installed: refused by the test"));
}
END_TEST

START_TEST(test_no_spi)
{
	unsigned who = (unsigned)_i;

	s->node[who].no_spi = true;
	bring_up();
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
	ck_assert(sim_logged(s, "no SPI at hand"));
	s->node[who].no_spi = false;
	sim_run(s, 60);
	check_up(1);
}
END_TEST

START_TEST(test_resync)
{
	c.policies = 3;
	bring_up();
	sim_keymgr_restart(s, 0);
	ck_assert_uint_eq(s->node[0].adopts, 3);
	ck_assert_uint_eq(sim_children(s, 0), 3);
	check_right();
}
END_TEST

START_TEST(test_temporary_failure)
{
	struct engine_stats st;

	c.policies = 2;
	c.pfs[0] = "x25519";
	bring_up();
	check_up(2);
	/* keymgr is away while the peer rekeys: CREATE_CHILD_SA -->
	 * <-- CREATE_CHILD_SA { N(TEMPORARY_FAILURE) }, and later again */
	s->node[1].no_spi = true;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 30);
	check_up(2);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.children_rekeyed, 0);
	s->node[1].no_spi = false;
	sim_run(s, 10);
	check_up(2);
	sim_stats(s, 0, &st);
	ck_assert_uint_eq(st.children_rekeyed, 1);
	/* For minutes: the IKE SA is closed and made anew, 2.25 */
	s->node[1].no_spi = true;
	engine_expire(s->node[0].engine, sim_child_at(s, 0, 0)->r.spi_in,
	    false);
	sim_run(s, 220);
	ck_assert(sim_logged(s, "TEMPORARY_FAILURE for 180 s"));
	s->node[1].no_spi = false;
	sim_run(s, 60);
	check_up(2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_help");
	TCase *t = tcase_create("exchanges");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_certd_away);
	tcase_add_loop_test(t, test_certd_returns, 0, 2);
	tcase_add_test(t, test_certd_stays_away);
	tcase_add_test(t, test_no_own_key);
	tcase_add_test(t, test_certd_never_back);
	tcase_add_test(t, test_no_route);
	tcase_add_test(t, test_certd_silent);
	tcase_add_loop_test(t, test_keymgr_refuses, 0, 2);
	tcase_add_loop_test(t, test_no_spi, 0, 2);
	tcase_add_test(t, test_resync);
	tcase_add_test(t, test_temporary_failure);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
