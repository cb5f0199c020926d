/*
 * Thousands of minutes of two gateways that do everything at random, on a
 * network that loses, repeats, delays and reorders.  When the faults stop,
 * both must agree on every SA, and at the end nothing may be left.
 *
 * SIM_RUNS: how many seeds (default: what fits into SIM_SECONDS, 16, and
 * RUNS_MIN however long it takes).
 * SIM_SEED: the first one.
 */
#include "tests/sim/sim.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MIN	2000

static void
random_conf(struct sim *s, struct sim_conf *c)
{
	sim_conf_default(c);
	if (sim_chance(s, 300)) {
		c->encr[0] = "aes-256";
		c->integ[0] = "sha256";
	}
	if (sim_chance(s, 200))
		c->group[1] = "ecp256";
	if (sim_chance(s, 300))
		c->pfs[0] = "x25519";
	if (sim_chance(s, 300)) {
		c->esp_encr[0] = "aes-256-cbc";
		c->esp_integ[0] = "sha256";
	}
	c->policies = 1 + sim_below(s, 3);
	c->transport = sim_chance(s, 150);
	if (c->transport)
		c->policies = 1;
	c->ike_life = sim_chance(s, 500) ? 86400 : 20 + sim_below(s, 300);
	c->dpd = 10 + sim_below(s, 40);
	c->no_contact = sim_chance(s, 300);
	c->passive = sim_chance(s, 300);
	c->encap = sim_chance(s, 200);
	if (sim_chance(s, 100))
		c->cookie_threshold = 0;
	if (sim_chance(s, 400)) {
		c->fragment_size = (uint16_t)(300 + sim_below(s, 1000));
		s->node[0].auth_pad = sim_below(s, 1900);
		s->node[1].auth_pad = sim_below(s, 1900);
	}
}

static void
random_faults(struct sim *s)
{
	unsigned i;

	s->net.loss = sim_chance(s, 700) ? sim_below(s, 250) : 0;
	s->net.dup = sim_chance(s, 500) ? sim_below(s, 200) : 0;
	s->net.delay_min = 1;
	s->net.delay_max = sim_chance(s, 300) ? 1500 : 1 + sim_below(s, 100);
	for (i = 0; i < SIM_NODES; i++) {
		struct sim_help *h = &s->node[i].help;

		h->delay_max = sim_chance(s, 500) ? sim_below(s, 400) : 0;
		h->ke_delay_max = sim_chance(s, 500) ? sim_below(s, 300) : 0;
		if (!sim_chance(s, 250))
			continue;
		h->auth_lost = sim_below(s, 100);
		h->auth_unavailable = sim_below(s, 200);
		h->child_fails = sim_below(s, 100);
		h->child_lost = sim_below(s, 50);
	}
}

static void
no_faults(struct sim *s)
{
	unsigned i;

	s->net = (struct sim_net){ .delay_min = 5, .delay_max = 20,
		.mtu = 1300 };
	for (i = 0; i < SIM_NODES; i++) {
		memset(&s->node[i].help, 0, sizeof(s->node[i].help));
		s->node[i].deaf = s->node[i].no_spi = false;
		s->node[i].idle_s = UINT32_MAX;
	}
}

static void
acquire(struct sim *s, unsigned node, unsigned policies)
{
	unsigned p = sim_below(s, policies);
	struct acquire a = { .policy = 30 + p, .peer = 20 };
	struct ts *l = &a.local, *r = &a.remote;

	l->proto = r->proto = 6;
	l->lo.family = r->lo.family = AF_INET;
	memcpy(l->lo.b, (uint8_t[]){ 10, (uint8_t)(node + 1), (uint8_t)p, 7 },
	    4);
	memcpy(r->lo.b, (uint8_t[]){ 10, (uint8_t)(2 - node), (uint8_t)p, 9 },
	    4);
	l->hi = l->lo;
	r->hi = r->lo;
	l->port_lo = l->port_hi = 40000;
	r->port_lo = r->port_hi = 80;
	engine_acquire(s->node[node].engine, &a);
}

static void
expire(struct sim *s, unsigned node, bool hard)
{
	struct sim_child *c = sim_child_at(s, node, sim_below(s, 4));

	if (c != NULL)
		engine_expire(s->node[node].engine, c->r.spi_in, hard);
}

/* Both ends of one child come to the same thought. */
static void
expire_both(struct sim *s)
{
	struct sim_child *c = sim_child_at(s, 0, sim_below(s, 3));
	uint32_t out;

	if (c == NULL)
		return;
	out = c->r.spi_out;
	engine_expire(s->node[0].engine, c->r.spi_in, false);
	sim_run_ms(s, sim_below(s, 30));
	engine_expire(s->node[1].engine, out, false);
}

static void
act(struct sim *s, struct sim_conf *c)
{
	unsigned node = sim_below(s, 2);
	struct sim_node *n = &s->node[node];

	switch (sim_below(s, 20)) {
	case 0: case 1: case 2: case 3:
		acquire(s, node, c->policies);
		break;
	case 4: case 5: case 6: case 7:
		expire(s, node, false);
		break;
	case 8: case 9: case 10:
		expire_both(s);
		break;
	case 11:
		expire(s, node, true);
		break;
	case 12:
		engine_kill(n->engine, NULL, 0);
		break;
	case 13:
		n->deaf = !n->deaf;
		break;
	case 14:
		n->no_spi = !n->no_spi;
		break;
	case 15:
		n->idle_s = sim_below(s, 100);
		break;
	case 16:
		sim_keymgr_restart(s, node);
		break;
	case 17:
		sim_restart(s, node);
		engine_conf(n->engine, sim_conf(s, node, c));
		engine_start(n->engine);
		break;
	case 18:
		random_faults(s);
		break;
	default:
		engine_conf(n->engine, sim_conf(s, node, c));
		engine_start(n->engine);
		break;
	}
}

static const char *
settle(struct sim *s)
{
	const char *why = NULL;
	unsigned i;

	no_faults(s);
	sim_run(s, 300);
	/* A rekey may be under way at any moment; it must not last. */
	for (i = 0; i < 120; i++) {
		why = sim_agree(s);
		if (why == NULL)
			why = sim_sound(s);
		if (why == NULL)
			return NULL;
		sim_run(s, 1);
	}
	return why;
}

static const char *
stop(struct sim *s)
{
	unsigned i;

	for (i = 0; i < SIM_NODES; i++)
		engine_shutdown(s->node[i].engine);
	sim_run(s, 120);
	for (i = 0; i < SIM_NODES; i++) {
		struct engine_stats st;

		sim_stats(s, i, &st);
		if (s->node[i].stopped != 1)
			return "the end was not announced once";
		if (st.ike_now != 0 || st.children_now != 0 ||
		    st.half_open_now != 0 || sim_children(s, i) != 0)
			return "something outlived the end";
		if (!mono_is_never(engine_next(s->node[i].engine)))
			return "a timer outlived the end";
	}
	return NULL;
}

static unsigned made, rekeyed, ike_rekeyed;

static const char *
one_run(uint64_t seed)
{
	struct sim *s = sim_new(seed);
	struct sim_conf c;
	struct engine_stats st;
	const char *why = NULL;
	unsigned i, n;

	s->nat = sim_chance(s, 200);
	random_conf(s, &c);
	random_faults(s);
	engine_conf(s->node[0].engine, sim_conf(s, 0, &c));
	engine_conf(s->node[1].engine, sim_conf(s, 1, &c));
	engine_start(s->node[0].engine);
	engine_start(s->node[1].engine);
	n = 5 + sim_below(s, 25);
	for (i = 0; i < n && why == NULL; i++) {
		sim_run_ms(s, sim_chance(s, 300) ? sim_below(s, 60) :
		    sim_below(s, 30000));
		act(s, &c);
		why = sim_sound(s);
	}
	if (why == NULL)
		why = settle(s);
	if (why == NULL && !c.passive && sim_ikes(s, 0, "established") == 0)
		why = "a peer that is not passive is not up";
	sim_stats(s, 0, &st);
	made += (unsigned)st.children_made;
	rekeyed += (unsigned)st.children_rekeyed;
	ike_rekeyed += (unsigned)st.ike_rekeyed;
	if (why == NULL)
		why = stop(s);
	sim_free(s);
	return why;
}

static uint64_t
number(const char *name, uint64_t def)
{
	const char *v = getenv(name);

	return v == NULL ? def : strtoull(v, NULL, 0);
}

START_TEST(test_random)
{
	uint64_t seed = number("SIM_SEED", 1);
	uint64_t runs = number("SIM_RUNS", 0), i;
	int64_t end = mono_now().us +
	    (int64_t)number("SIM_SECONDS", 16) * 1000000;
	const char *why;

	for (i = 0; runs == 0 ? i < RUNS_MIN || mono_now().us < end :
	    i < runs; i++) {
		why = one_run(seed + i);
		ck_assert_msg(why == NULL, "SIM_RUNS=1 SIM_SEED=%llu: %s",
		    (unsigned long long)(seed + i), why);
	}
	printf("%llu runs, %u children, %u rekeyed, %u IKE SAs rekeyed\n",
	    (unsigned long long)i, made, rekeyed, ike_rekeyed);
	ck_assert_uint_gt(made, i);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_random");
	TCase *t = tcase_create("random");
	SRunner *r = srunner_create(suite);
	const char *why;
	int failed;

	if (suite_init(&why) == -1) {
		fprintf(stderr, "%s\n", why);
		return EXIT_FAILURE;
	}
	tcase_set_timeout(t, 0);
	tcase_add_test(t, test_random);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
