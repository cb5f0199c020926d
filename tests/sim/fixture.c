#include "tests/sim/fixture.h"

struct sim *s;
struct sim_conf c;

void
setup(void)
{
	const char *why;

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
	s = sim_new(1);
	sim_conf_default(&c);
}

void
teardown(void)
{
	sim_free(s);
}

void
check_right(void)
{
	const char *why = sim_agree(s);

	ck_assert_msg(why == NULL, "%s", why);
	why = sim_sound(s);
	ck_assert_msg(why == NULL, "%s", why);
}

void
check_up(unsigned n)
{
	struct ike_show row;

	ck_assert_msg(sim_ike(s, 0, &row), "%s", s->log);
	ck_assert(sim_ike(s, 1, &row));
	ck_assert_uint_eq(sim_children(s, 0), n);
	ck_assert_uint_eq(sim_children(s, 1), n);
	check_right();
}

void
check_ikes(void)
{
	struct ike_show row;
	const char *why;

	ck_assert_msg(sim_ike(s, 0, &row), "%s", s->log);
	ck_assert_msg(sim_ike(s, 1, &row), "%s", s->log);
	why = sim_sound(s);
	ck_assert_msg(why == NULL, "%s", why);
}

void
check_down(void)
{
	ck_assert_uint_eq(sim_ikes(s, 0, NULL), 0);
	ck_assert_uint_eq(sim_ikes(s, 1, NULL), 0);
	ck_assert_uint_eq(sim_children(s, 0) + sim_children(s, 1), 0);
}

void
bring_up(void)
{
	sim_configure(s, &c);
	engine_start(s->node[0].engine);
	sim_run(s, 5);
}

void
bring_up_with(const struct sim_conf *responder)
{
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, responder));
	engine_start(s->node[0].engine);
	sim_run(s, 5);
}
