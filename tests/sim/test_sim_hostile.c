/*
 * Peers that hold the key but do not keep to the rules: what they send is
 * made with the engine's own tools, under the keys of an established SA.
 */
#include "tests/sim/sim.h"
#include "ikepd/core.h"
#include "ikepd/exchange.h"
#include "ikepd/wire/body.h"

#include <check.h>
#include <stdlib.h>

static struct sim *s;
static struct sim_conf c;

static void
setup(void)
{
	const char *why;

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
	s = sim_new(7);
	sim_conf_default(&c);
}

static void
teardown(void)
{
	sim_free(s);
}

static void
check_right(void)
{
	const char *why = sim_agree(s);

	ck_assert_msg(why == NULL, "%s", why);
	why = sim_sound(s);
	ck_assert_msg(why == NULL, "%s", why);
}

/* Only node 0 has lifetimes. */
static void
bring_up(void)
{
	struct sim_conf other = c;
	struct ike_show row;

	other.passive = true;
	other.ike_life = 0;
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
	ck_assert_msg(sim_ike(s, 0, &row), "%s", s->log);
}

/* The one IKE SA of a node, from inside. */
static struct ike_sa *
inside(unsigned node)
{
	struct ike_show row;
	struct ike_sa *sa;

	ck_assert(sim_ike(s, node, &row));
	sa = store_get(s->node[node].engine, row.spi_own);
	ck_assert_ptr_nonnull(sa);
	return sa;
}

static enum sim_fate
lose_requests(struct sim *sim, unsigned from, struct ike_path *path,
    uint8_t *data, size_t *len)
{
	(void)sim;
	(void)path;
	(void)data;
	(void)len;
	return from == 0 ? SIM_DROP : SIM_PASS;
}

static void
answer(struct outmsg *m)
{
	eng_enter(s->node[1].engine);
	ck_assert_int_eq(out_response(s->node[1].engine, inside(1), m), 0);
	eng_leave(s->node[1].engine);
}

/* An error Notify beside half an answer: each payload that a handler wants
 * may be missing then. */
START_TEST(test_rekey_answer_without_ke)
{
	static const uint8_t nonce[32] = { 1 };
	struct outmsg m;
	uint8_t spi[8] = { 1 };
	const struct offer *o;
	unsigned n;

	c.ike_life = 100;
	bring_up();
	s->tap = lose_requests;
	for (n = 0; inside(0)->req == NULL && n < 90; n++)
		sim_run(s, 1);
	ck_assert_int_eq(inside(0)->req_exchange, CREATE_CHILD_SA);
	o = &sa_conf(s->node[1].engine, inside(1))->profile->offer;
	out_begin(&m, inside(1), CREATE_CHILD_SA, true);
	if (_i & 1) {
		msg_payload(&m.w, PL_SA);
		prop_put(&m.b, o, PROP_REKEY_IKE, spi, sizeof(spi));
	}
	if (_i & 2)
		msg_add(&m.w, PL_NONCE, nonce, sizeof(nonce));
	msg_notify(&m.w, 8192, NULL, 0);
	answer(&m);
	s->tap = NULL;
	s->tap = NULL;
	sim_run(s, 100);
	check_right();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim hostile");
	TCase *t = tcase_create("peers");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_rekey_answer_without_ke, 0, 4);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
