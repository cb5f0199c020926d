/*
 * Whole lives of two ends between which messages are spoilt, at random, under
 * the seal.
 *
 * HOSTILE_SEED, HOSTILE_RUNS: for one run, or more of them.
 */
#include "tests/sim/fixture.h"
#include "tests/sim/inner.h"
#include "ikepd/core.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Where the payload at *at ends; false: there is none. */
static bool
step(const struct inner *in, size_t at, size_t *end)
{
	size_t len;

	if (at + 4 > in->n)
		return false;
	len = (size_t)in->b[at + 2] << 8 | in->b[at + 3];
	*end = at + len;
	return len >= 4 && *end <= in->n;
}

/* A payload, at random; *type: the field that tells its type. */
static bool
pick(struct sim *sim, struct inner *in, size_t *at, size_t *end,
    uint8_t **type)
{
	unsigned skip = sim_below(sim, 6);

	*at = 0;
	*type = &in->first;
	if (!step(in, *at, end))
		return false;
	while (skip-- > 0 && in->b[*at] != 0) {
		size_t next = *end, e;

		if (!step(in, next, &e))
			return true;
		*type = &in->b[*at];
		*at = next;
		*end = e;
	}
	return true;
}

static void
spoil_once(struct sim *sim, struct inner *in)
{
	uint8_t notify[8] = { in->first, 0, 0, 8, 0, 0, 0x20, 0 };
	size_t at, end;
	uint8_t *type;

	if (!pick(sim, in, &at, &end, &type) || sim_chance(sim, 300)) {
		/* An error nobody knows, or one they do, in front */
		notify[6] = (uint8_t)(sim_chance(sim, 500) ? 0x20 : 0);
		notify[7] = (uint8_t)sim_below(sim, 48);
		if (in->n + 8 > INNER_MAX)
			return;
		memmove(in->b + 8, in->b, in->n);
		memcpy(in->b, notify, 8);
		in->n += 8;
		in->first = 41;
		return;
	}
	switch (sim_below(sim, 5)) {
	case 0:		/* without it */
		*type = in->b[at];
		memmove(in->b + at, in->b + end, in->n - end);
		in->n -= end - at;
		break;
	case 1:		/* another type */
		*type = (uint8_t)(33 + sim_below(sim, 22));
		break;
	case 2:		/* one byte */
		if (end > at + 4)
			in->b[at + 4 + sim_below(sim,
			    (unsigned)(end - at - 4))] ^=
			    (uint8_t)(1u << sim_below(sim, 8));
		break;
	case 3:		/* one field */
		if (end > at + 4)
			in->b[at + 4 + sim_below(sim,
			    (unsigned)(end - at - 4))] =
			    (uint8_t)sim_random(sim);
		break;
	default:	/* its header */
		in->b[at + sim_below(sim, 4)] = (uint8_t)sim_random(sim);
		break;
	}
}

static bool
spoil_inner(struct sim *sim, const struct ike_hdr *h, struct inner *in)
{
	unsigned i;

	(void)h;
	for (i = 1 + sim_below(sim, 3); i > 0; i--)
		spoil_once(sim, in);
	return true;
}

static unsigned spoilt;

static enum sim_fate
spoil(struct sim *sim, unsigned from, struct ike_path *path, uint8_t *data,
    size_t *len)
{
	(void)path;
	if (!sim_chance(sim, 700) &&
	    under_seal(sim, from, data, len, spoil_inner))
		spoilt++;
	return SIM_PASS;
}

static void
act(void)
{
	unsigned node = sim_below(s, 2);
	struct engine *e = s->node[node].engine;
	struct sim_child *child = sim_child_at(s, node, sim_below(s, 3));

	switch (sim_below(s, 6)) {
	case 0:
		engine_start(e);
		break;
	case 1:
		if (sim_chance(s, 200))
			(void)engine_kill(e, NULL, 0);
		break;
	case 2:
		if (child != NULL)
			engine_expire(e, child->r.spi_in, true);
		break;
	default:
		if (child != NULL)
			engine_expire(e, child->r.spi_in, false);
		break;
	}
}

/* The first asks the second for an address. */
static void
road_configure(void)
{
	struct sim_conf other;
	struct cfg *pool = &s->node[1].pool;

	c.templates = true;
	other = c;
	c.cfg = CFG_ASKS;
	other.cfg = CFG_GIVES;
	other.passive = true;
	s->node[1].config = true;
	(void)addr_parse(&pool->addr4, "172.16.0.10");
	pool->prefix4 = 24;
	if (sim_chance(s, 500)) {
		(void)addr_parse(&pool->addr6, "2001:db8::10");
		pool->prefix6 = 64;
	}
	(void)prefix_parse(&pool->split[pool->nsplit++], "192.168.7.0/24",
	    true);
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &other));
}

/* What stands between the two may differ then, but neither end may crash,
 * keep a state it cannot leave, or outlive its end. */
static const char *
spoilt_run(uint64_t seed)
{
	struct engine_stats st;
	const char *why = NULL;
	unsigned i;

	s = sim_new(seed);
	sim_conf_default(&c);
	c.policies = 1 + sim_below(s, 3);
	c.transport = sim_chance(s, 200);
	c.ike_life = 60 + sim_below(s, 100);
	c.dpd = 20;
	if (sim_chance(s, 500))
		c.pfs[0] = "x25519";
	s->nat = sim_chance(s, 200);
	s->tap = spoil;
	if (sim_chance(s, 300)) {
		c.certs = true;
		for (i = 0; i < SIM_NODES; i++)
			sim_use_cert(s, i, 100 + sim_below(s, 3000), 256,
			    sim_below(s, 4));
	}
	if (sim_chance(s, 400))
		road_configure();
	else
		sim_configure(s, &c);
	engine_start(s->node[0].engine);
	for (i = 0; i < 20 && why == NULL; i++) {
		sim_run_ms(s, sim_below(s, 20000));
		act();
		why = sim_sound(s);
	}
	s->tap = NULL;
	for (i = 0; i < SIM_NODES; i++)
		engine_shutdown(s->node[i].engine);
	sim_run(s, 200);
	for (i = 0; i < SIM_NODES && why == NULL; i++) {
		sim_stats(s, i, &st);
		if (st.ike_now != 0 || st.children_now != 0 ||
		    st.half_open_now != 0 || sim_children(s, i) != 0 ||
		    sim_sessions(s, i) != 0 || s->node[i].vip_handle != 0 ||
		    !mono_is_never(engine_next(s->node[i].engine)))
			why = "something outlived the end";
	}
	sim_free(s);
	return why;
}

START_TEST(test_spoilt)
{
	const char *env = getenv("HOSTILE_SEED"), *runs =
	    getenv("HOSTILE_RUNS");
	uint64_t seed = env == NULL ? 1 : strtoull(env, NULL, 0), n, i;
	time_t end = time(NULL) + 4;
	const char *why;

	teardown();
	n = runs != NULL ? strtoull(runs, NULL, 0) : env != NULL ? 1 : 400;
	for (i = 0; i < n && (runs != NULL || time(NULL) < end); i++) {
		why = spoilt_run(seed + i);
		ck_assert_msg(why == NULL, "HOSTILE_SEED=%llu: %s",
		    (unsigned long long)(seed + i), why);
	}
	ck_assert_uint_gt(spoilt, env == NULL ? 100 : 0);
	setup();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_spoilt");
	TCase *t = tcase_create("peers");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_spoilt);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
