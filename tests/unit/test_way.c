/* Which rules and routes lead into the device; the kernel is played here. */
#include "keymgr/way.h"

#include "keymgr/prio.h"
#include "keymgr/way_rtnl.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX	64

struct way_nl {
	struct way_rule rule[MAX];
	struct way_route route[MAX];
	size_t nrules, nroutes;
	bool no_source;		/* no address is ours */
	unsigned flushed;
};

static struct way_nl kernel;

struct way_nl *
way_nl_open(char *why)
{
	(void)why;
	return &kernel;
}

void
way_nl_close(struct way_nl *w)
{
	(void)w;
}

static bool
same_rule(const struct way_rule *a, const struct way_rule *b)
{
	return a->pref == b->pref && a->act == b->act &&
	    a->table == b->table && a->mark == b->mark &&
	    a->unbound == b->unbound && a->proto == b->proto &&
	    a->lport == b->lport && a->rport == b->rport &&
	    prefix_equal(&a->local, &b->local) &&
	    prefix_equal(&a->remote, &b->remote);
}

int
way_nl_rule(struct way_nl *w, const struct way_rule *r, bool add)
{
	size_t i;

	for (i = 0; i < w->nrules; i++) {
		if (!same_rule(&w->rule[i], r))
			continue;
		if (!add)
			w->rule[i] = w->rule[--w->nrules];
		return 0;
	}
	ck_assert_uint_lt(w->nrules, MAX);
	if (add)
		w->rule[w->nrules++] = *r;
	return 0;
}

int
way_nl_route(struct way_nl *w, const struct way_route *r, bool add)
{
	size_t i;

	if (add && w->no_source && r->src.family != AF_UNSPEC)
		return EINVAL;
	for (i = 0; i < w->nroutes; i++) {
		if (w->route[i].table != r->table ||
		    !prefix_equal(&w->route[i].remote, &r->remote))
			continue;
		w->route[i] = add ? *r : w->route[--w->nroutes];
		return 0;
	}
	ck_assert_uint_lt(w->nroutes, MAX);
	if (add)
		w->route[w->nroutes++] = *r;
	return 0;
}

void
way_nl_rules(struct way_nl *w, void (*fn)(void *, const struct way_rule *),
    void *arg)
{
	size_t i;

	for (i = 0; i < w->nrules; i++)
		fn(arg, &w->rule[i]);
}

void
way_nl_flush(struct way_nl *w, uint32_t table, uint8_t family)
{
	(void)table;
	(void)family;
	w->flushed++;
}

static struct way *
open_way(void)
{
	char why[BK_WHY_LEN];
	struct way *w = way_open(why);

	ck_assert_ptr_nonnull(w);
	return w;
}

static void
setup(void)
{
	memset(&kernel, 0, sizeof(kernel));
}

static struct selector
sel(const char *local, const char *remote)
{
	struct selector s = { 0 };

	ck_assert_int_eq(prefix_parse(&s.local, local, true), 0);
	ck_assert_int_eq(prefix_parse(&s.remote, remote, true), 0);
	return s;
}

static struct bk_body
body(unsigned nth, enum bk_action action)
{
	return (struct bk_body){ .prio = PRIO_FIRST + nth * PRIO_STEP,
		.action = action, .out = action, .reqid = BK_REQID_BASE + 1 };
}

static void
set(struct way *w, const char *local, const char *remote, unsigned nth,
    enum bk_action action)
{
	struct selector s = sel(local, remote);
	struct bk_body b = body(nth, action);

	ck_assert_int_eq(way_set(w, &s, &b), 0);
}

static void
del(struct way *w, const char *local, const char *remote)
{
	struct selector s = sel(local, remote);

	way_del(w, &s);
}

/* Those of policies. */
static size_t
rules(void)
{
	size_t i, n = 0;

	for (i = 0; i < kernel.nrules; i++)
		n += kernel.rule[i].pref >= WAY_FIRST &&
		    kernel.rule[i].pref < WAY_END;
	return n;
}

static const struct way_rule *
rule_from(const char *local, enum way_act act)
{
	struct prefix p;
	size_t i;

	ck_assert_int_eq(prefix_parse(&p, local, true), 0);
	for (i = 0; i < kernel.nrules; i++)
		if (kernel.rule[i].pref >= WAY_FIRST &&
		    kernel.rule[i].pref < WAY_END &&
		    kernel.rule[i].act == act &&
		    prefix_equal(&kernel.rule[i].local, &p))
			return &kernel.rule[i];
	return NULL;
}

START_TEST(our_own_packets_go_past)
{
	struct way *w = open_way();
	unsigned marks = 0, ends = 0;
	size_t i;

	for (i = 0; i < kernel.nrules; i++) {
		marks += kernel.rule[i].mark != 0 &&
		    kernel.rule[i].act == WAY_SKIP &&
		    kernel.rule[i].pref < WAY_FIRST;
		ends += kernel.rule[i].pref == WAY_END;
	}
	ck_assert_uint_eq(marks, 2);
	ck_assert_uint_eq(ends, 2);
	way_close(w);
}
END_TEST

START_TEST(remote_prefixes_share_a_rule)
{
	struct way *w = open_way();

	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	set(w, "10.1.0.0/16", "10.3.0.0/16", 4, BK_ENCRYPT);
	set(w, "10.9.0.0/16", "10.3.0.0/16", 5, BK_ENCRYPT);
	ck_assert_uint_eq(rules(), 2);
	ck_assert_uint_eq(kernel.nroutes, 3);
	ck_assert_uint_eq(kernel.route[0].table, kernel.route[1].table);
	ck_assert_uint_ne(kernel.route[0].table, kernel.route[2].table);
	del(w, "10.1.0.0/16", "10.2.0.0/16");
	ck_assert_uint_eq(rules(), 2);
	del(w, "10.1.0.0/16", "10.3.0.0/16");
	ck_assert_uint_eq(rules(), 1);
	del(w, "10.9.0.0/16", "10.3.0.0/16");
	ck_assert_uint_eq(rules(), 0);
	ck_assert_uint_eq(kernel.nroutes, 0);
	way_close(w);
}
END_TEST

/* An earlier policy takes the group's rule up with it. */
START_TEST(order_is_kept)
{
	struct way *w = open_way();

	set(w, "10.1.0.0/16", "10.2.0.0/16", 7, BK_ENCRYPT);
	set(w, "10.1.0.0/16", "10.2.9.0/24", 3, BK_PASS);
	ck_assert_uint_lt(rule_from("10.1.0.0/16", WAY_SKIP)->pref,
	    rule_from("10.1.0.0/16", WAY_TABLE)->pref);
	set(w, "10.1.0.0/16", "10.2.9.1/32", 1, BK_ENCRYPT);
	ck_assert_uint_gt(rule_from("10.1.0.0/16", WAY_SKIP)->pref,
	    rule_from("10.1.0.0/16", WAY_TABLE)->pref);
	ck_assert_uint_eq(rules(), 2);
	set(w, "10.1.0.0/16", "10.2.9.0/24", 3, BK_BLOCK);
	ck_assert_ptr_null(rule_from("10.1.0.0/16", WAY_SKIP));
	ck_assert_ptr_nonnull(rule_from("10.1.0.0/16", WAY_DROP));
	way_close(w);
}
END_TEST

/* A host's own address: packets without a source get it. */
START_TEST(hosts_have_a_source)
{
	struct way *w = open_way();

	set(w, "192.0.2.1/32", "192.0.2.2/32", 0, BK_ENCRYPT);
	ck_assert_uint_eq(rules(), 2);
	ck_assert_uint_eq(kernel.route[0].src.family, AF_INET);
	del(w, "192.0.2.1/32", "192.0.2.2/32");
	ck_assert_uint_eq(rules(), 0);
	kernel.no_source = true;
	set(w, "192.0.2.1/32", "192.0.2.2/32", 0, BK_ENCRYPT);
	ck_assert_uint_eq(rules(), 1);
	ck_assert_uint_eq(kernel.route[0].src.family, AF_UNSPEC);
	way_close(w);
}
END_TEST

/* What a rule cannot say is left to espd: encrypting takes more in, passing
 * and dropping do without. */
START_TEST(rules_never_say_too_much)
{
	struct way *w = open_way();
	struct selector s = sel("10.1.0.0/16", "10.2.0.0/16");
	struct bk_body b = body(0, BK_PASS);

	s.proto = 17;
	s.lport = 0x1000;
	s.lmask = 0xf000;
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	ck_assert_uint_eq(rules(), 0);
	b.action = b.out = BK_ENCRYPT;
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	ck_assert_uint_eq(rules(), 1);
	ck_assert_uint_eq(rule_from("10.1.0.0/16", WAY_TABLE)->lport, 0);
	ck_assert_uint_eq(rule_from("10.1.0.0/16", WAY_TABLE)->proto, 17);
	way_close(w);
}
END_TEST

/* The next keymgr finds the same tables, and removes what nobody wants. */
START_TEST(the_next_one_takes_over)
{
	struct way *w = open_way();
	struct way_nl before;

	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	set(w, "10.5.0.0/16", "10.6.0.0/16", 4, BK_ENCRYPT);
	way_close(w);
	before = kernel;
	w = open_way();
	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	ck_assert_uint_eq(kernel.nrules, before.nrules);
	ck_assert_uint_eq(kernel.nroutes, before.nroutes);
	way_settled(w);
	ck_assert_uint_eq(rules(), 1);
	ck_assert_uint_eq(kernel.flushed, 1);
	ck_assert_ptr_nonnull(rule_from("10.1.0.0/16", WAY_TABLE));
	way_close(w);
}
END_TEST

/* An orderly end removes the policies, and a reload may. */
START_TEST(nothing_stays_without_policies)
{
	struct way *w = open_way();

	way_settled(w);
	ck_assert_uint_eq(kernel.nrules, 0);
	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	ck_assert_uint_eq(kernel.nrules, 5);
	ck_assert_ptr_nonnull(rule_from("10.1.0.0/16", WAY_TABLE));
	del(w, "10.1.0.0/16", "10.2.0.0/16");
	ck_assert_uint_eq(kernel.nrules, 0);
	ck_assert_uint_eq(kernel.nroutes, 0);
	way_close(w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("way");
	TCase *tc = tcase_create("way");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, our_own_packets_go_past);
	tcase_add_test(tc, remote_prefixes_share_a_rule);
	tcase_add_test(tc, order_is_kept);
	tcase_add_test(tc, hosts_have_a_source);
	tcase_add_test(tc, rules_never_say_too_much);
	tcase_add_test(tc, the_next_one_takes_over);
	tcase_add_test(tc, nothing_stays_without_policies);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
