/* Which rules and routes lead into the device; the kernel is played here. */
#include "keymgr/way.h"

#include "keymgr/prio.h"
#include "keymgr/way_rtnl.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX	64
#define MANY	10000

struct way_nl {
	struct way_rule rule[MAX];
	struct way_route route[MAX];
	size_t nrules, nroutes;
	bool no_source;		/* no address is ours */
	bool no_memory;
	int error;
	unsigned syncs, asked;	/* how often */
	bool forgets;		/* counts, and keeps nothing */
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
same_ports(const struct way_ports *a, const struct way_ports *b)
{
	return a->lo == b->lo && a->hi == b->hi;
}

static bool
same_rule(const struct way_rule *a, const struct way_rule *b)
{
	return a->pref == b->pref && a->act == b->act && a->to == b->to &&
	    a->mark == b->mark && a->from == b->from &&
	    a->unbound == b->unbound && a->proto == b->proto &&
	    same_ports(&a->sport, &b->sport) &&
	    same_ports(&a->dport, &b->dport) &&
	    prefix_equal(&a->src, &b->src) && prefix_equal(&a->dst, &b->dst);
}

int
way_nl_rule(struct way_nl *w, const struct way_rule *r, bool add)
{
	size_t i;

	w->asked++;
	if (w->forgets)
		return 0;
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

	w->asked++;
	if (w->forgets)
		return 0;
	if (add && (w->no_memory ||
	    (w->no_source && r->src.family != AF_UNSPEC))) {
		w->error = w->no_memory ? ENOMEM : EINVAL;
		return 0;
	}
	for (i = 0; i < w->nroutes; i++) {
		if (w->route[i].table != r->table ||
		    !prefix_equal(&w->route[i].dst, &r->dst))
			continue;
		w->route[i] = add ? *r : w->route[--w->nroutes];
		return 0;
	}
	ck_assert_uint_lt(w->nroutes, MAX);
	if (add)
		w->route[w->nroutes++] = *r;
	return 0;
}

int
way_nl_sync(struct way_nl *w)
{
	int e = w->error;

	w->syncs++;
	w->error = 0;
	return e;
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
way_nl_sift(struct way_nl *w, bool (*fn)(void *, const struct way_route *),
    void *arg)
{
	size_t i;

	for (i = 0; i < w->nroutes;) {
		if (fn(arg, &w->route[i]))
			w->route[i] = w->route[--w->nroutes];
		else
			i++;
	}
}

int
way_nl_watch_fd(const struct way_nl *w)
{
	(void)w;
	return -1;
}

unsigned
way_nl_news(struct way_nl *w)
{
	(void)w;
	return 0;
}

uint32_t
way_nl_path_mtu(struct way_nl *w, const struct addr *local,
    const struct addr *remote)
{
	(void)w;
	(void)local;
	(void)remote;
	return 1500;
}

void
way_nl_nowhere(struct way_nl *w, bool add)
{
	(void)w;
	(void)add;
}

int
way_nl_mtu(struct way_nl *w, uint32_t mtu)
{
	(void)w;
	(void)mtu;
	return 0;
}

static struct way *
open_way(void)
{
	char why[BK_WHY_LEN];
	struct way *w = way_open(false, why);

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
	ck_assert_int_eq(way_sync(w), 0);
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
		    prefix_equal(&kernel.rule[i].src, &p))
			return &kernel.rule[i];
	return NULL;
}

/* Routes of policies, and of what they share. */
static size_t
routes(enum way_kind kind)
{
	size_t i, n = 0;

	for (i = 0; i < kernel.nroutes; i++)
		n += kernel.route[i].kind == kind;
	return n;
}

static const struct way_rule *
rule_at(uint32_t pref, uint8_t family)
{
	size_t i;

	for (i = 0; i < kernel.nrules; i++)
		if (kernel.rule[i].pref == pref &&
		    kernel.rule[i].src.addr.family == family)
			return &kernel.rule[i];
	return NULL;
}

/* As long as there is a policy, and no longer. */
START_TEST(our_own_packets_go_past)
{
	struct way *w = open_way();

	ck_assert_uint_eq(kernel.nrules, 0);
	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	ck_assert_ptr_nonnull(rule_at(WAY_END, AF_INET));
	ck_assert_uint_ne(rule_at(WAY_MARK, AF_INET)->mark, 0);
	ck_assert_int_eq(rule_at(WAY_MARK, AF_INET)->act, WAY_SKIP);
	ck_assert_ptr_null(rule_at(WAY_MARK, AF_INET6));
	set(w, "fd01::/64", "fd02::/64", 4, BK_ENCRYPT);
	ck_assert_ptr_nonnull(rule_at(WAY_MARK, AF_INET6));
	del(w, "10.1.0.0/16", "10.2.0.0/16");
	ck_assert_ptr_null(rule_at(WAY_MARK, AF_INET));
	del(w, "fd01::/64", "fd02::/64");
	ck_assert_uint_eq(kernel.nrules, 0);
	ck_assert_uint_eq(kernel.nroutes, 0);
	way_close(w);
}
END_TEST

/* IPv6 chooses a source before it asks what is encrypted. */
START_TEST(a_source_comes_first)
{
	struct way *w = open_way();
	const struct way_rule *r;
	size_t i, halves = 0;

	set(w, "fd01::/64", "fd02::/64", 4, BK_ENCRYPT);
	set(w, "fd05::/64", "fd02::/64", 5, BK_ENCRYPT);
	r = rule_at(WAY_UNSOURCED, AF_INET6);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->to, WAY_UNSOURCED_TABLE);
	ck_assert_uint_eq(routes(WAY_FORBID), 1);
	ck_assert_uint_eq(routes(WAY_THROW), 2);
	for (i = 0; i < kernel.nrules; i++)
		halves += kernel.rule[i].pref == WAY_SOURCED &&
		    kernel.rule[i].src.bits == 1 &&
		    kernel.rule[i].to == WAY_POLICIES;
	ck_assert_uint_eq(halves, 2);
	ck_assert_ptr_nonnull(rule_at(WAY_POLICIES, AF_INET6));
	del(w, "fd01::/64", "fd02::/64");
	ck_assert_uint_eq(routes(WAY_FORBID), 1);
	del(w, "fd05::/64", "fd02::/64");
	ck_assert_uint_eq(kernel.nroutes, 0);
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

/*
 * Where there is no place for each, what encrypts goes before: what was
 * taken in espd lets out again, what was let go is gone.
 */
START_TEST(crowded_places)
{
	static const unsigned nth[] = { 3, 1900, 5000 };
	struct way *w = open_way();
	struct selector s = sel("10.1.0.0/16", "10.0.0.0/8");
	struct bk_body b;
	size_t i;

	for (i = 0; i < sizeof(nth) / sizeof(nth[0]); i++) {
		b = body(nth[i], BK_PASS);
		b.prio++;
		ck_assert_int_eq(way_set(w, &s, &b), 0);
		set(w, "10.1.0.0/16", "10.2.0.0/16", nth[i], BK_ENCRYPT);
		ck_assert_uint_lt(rule_from("10.1.0.0/16", WAY_TABLE)->pref,
		    rule_from("10.1.0.0/16", WAY_SKIP)->pref);
		ck_assert_uint_lt(rule_from("10.1.0.0/16", WAY_SKIP)->pref,
		    WAY_END);
		del(w, "10.1.0.0/16", "10.2.0.0/16");
	}
	way_close(w);
}
END_TEST

static size_t wides;

static void
count_wide(void *arg, const struct selector *sel)
{
	(void)arg;
	(void)sel;
	wides++;
}

static size_t
all_wide(const struct way *w)
{
	wides = 0;
	way_each_wide(w, count_wide, NULL);
	return wides;
}

/* Masks that are ranges are said as such. */
START_TEST(ports_are_ranges)
{
	struct way *w = open_way();
	struct selector s = sel("10.1.0.0/16", "10.2.0.0/16");
	struct bk_body b = body(0, BK_ENCRYPT);
	const struct way_rule *r;

	s.proto = 17;
	s.lport = 0x1000;
	s.lmask = 0xf000;
	s.rport = 53;
	s.rmask = UINT16_MAX;
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	/* A network's fragments have none. */
	r = rule_from("10.1.0.0/16", WAY_TABLE);
	ck_assert_uint_eq(r->sport.lo, 0);
	ck_assert_uint_eq(r->dport.hi, 0);
	ck_assert_uint_eq(all_wide(w), 1);
	way_del(w, &s);
	ck_assert_uint_eq(all_wide(w), 0);
	ck_assert_int_eq(prefix_parse(&s.local, "10.1.0.1/32", true), 0);
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	r = rule_from("10.1.0.1/32", WAY_TABLE);
	ck_assert_uint_eq(r->sport.lo, 0x1000);
	ck_assert_uint_eq(r->sport.hi, 0x1fff);
	ck_assert_uint_eq(r->dport.lo, 53);
	ck_assert_uint_eq(r->dport.hi, 53);
	ck_assert_uint_eq(all_wide(w), 0);
	b.action = b.out = BK_PASS;
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	ck_assert_uint_eq(rules(), 1);
	ck_assert_uint_eq(rule_from("10.1.0.1/32", WAY_SKIP)->sport.hi,
	    0x1fff);
	way_close(w);
}
END_TEST

/*
 * What a rule cannot say is left to espd: encrypting takes more in, which is
 * told; passing and dropping do without.
 */
START_TEST(rules_never_say_too_much)
{
	struct way *w = open_way();
	struct selector s = sel("10.1.0.0/16", "10.2.0.0/16"), wide, other;
	struct bk_body b = body(0, BK_PASS);

	s.proto = 1;
	s.lport = 8;
	s.lmask = UINT16_MAX;
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	ck_assert_uint_eq(rules(), 0);
	ck_assert_uint_eq(all_wide(w), 0);
	b.action = b.out = BK_ENCRYPT;
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	ck_assert_uint_eq(rules(), 1);
	ck_assert_uint_eq(rule_from("10.1.0.0/16", WAY_TABLE)->proto, 1);
	ck_assert(way_wide(&s, &wide));
	ck_assert_uint_eq(wide.lmask, 0);
	ck_assert(way_is_wide(w, &wide));
	/* Another type shares rule, route, and what is too much. */
	other = s;
	other.lport = 0;
	ck_assert_int_eq(way_set(w, &other, &b), 0);
	ck_assert_uint_eq(rules(), 1);
	ck_assert_uint_eq(kernel.nroutes, 1);
	ck_assert_uint_eq(all_wide(w), 1);
	way_del(w, &s);
	ck_assert_uint_eq(kernel.nroutes, 1);
	ck_assert(way_is_wide(w, &wide));
	/* A policy for all of it says itself what is to be done. */
	ck_assert_int_eq(way_set(w, &wide, &b), 0);
	ck_assert(!way_is_wide(w, &wide));
	way_del(w, &wide);
	ck_assert(way_is_wide(w, &wide));
	way_del(w, &other);
	ck_assert_uint_eq(all_wide(w), 0);
	ck_assert_uint_eq(kernel.nroutes, 0);
	way_close(w);
}
END_TEST

/* What a policy does may change; between there is no moment without. */
START_TEST(changes_leave_no_gap)
{
	static const enum bk_action actions[] = { BK_ENCRYPT, BK_BLOCK,
		BK_ENCRYPT, BK_PASS, BK_BLOCK, BK_PASS, BK_ENCRYPT };
	static const enum way_act acts[] = { [BK_ENCRYPT] = WAY_TABLE,
		[BK_BLOCK] = WAY_DROP, [BK_PASS] = WAY_SKIP };
	struct way *w = open_way();
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		set(w, "10.1.0.0/16", "10.2.0.0/16", (unsigned)i, actions[i]);
		ck_assert_uint_eq(rules(), 1);
		ck_assert_ptr_nonnull(rule_from("10.1.0.0/16",
		    acts[actions[i]]));
		ck_assert_uint_eq(kernel.nroutes,
		    actions[i] == BK_ENCRYPT);
	}
	/* The same again, elsewhere in the list. */
	set(w, "10.1.0.0/16", "10.2.0.0/16", 1, BK_ENCRYPT);
	ck_assert_uint_eq(rules(), 1);
	ck_assert_uint_eq(kernel.nroutes, 1);
	way_close(w);
}
END_TEST

/* What the kernel refuses is heard of. */
START_TEST(refusals_are_told)
{
	struct way *w = open_way();
	struct selector s = sel("10.1.0.0/16", "10.2.0.0/16");
	struct bk_body b = body(0, BK_ENCRYPT);

	kernel.no_memory = true;
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	ck_assert_int_eq(way_sync(w), ENOMEM);
	way_close(w);
}
END_TEST

/* Whatever somebody took away. */
START_TEST(all_is_made_anew)
{
	struct way *w = open_way();
	struct way_nl before;
	size_t i;

	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	set(w, "192.0.2.1/32", "10.2.0.0/16", 4, BK_ENCRYPT);
	set(w, "10.1.0.0/16", "10.2.9.0/24", 2, BK_PASS);
	set(w, "fd01::/64", "fd02::/64", 4, BK_ENCRYPT);
	before = kernel;
	kernel.nrules = kernel.nroutes = 0;
	way_restore(w);
	ck_assert_uint_eq(kernel.nrules, before.nrules);
	ck_assert_uint_eq(kernel.nroutes, before.nroutes);
	for (i = 0; i < before.nrules; i++)
		(void)way_nl_rule(&kernel, &before.rule[i], false);
	ck_assert_uint_eq(kernel.nrules, 0);
	way_close(w);
}
END_TEST

/* Without policies in the kernel rules hold what comes in clear. */
START_TEST(alone_in_the_kernel)
{
	char why[BK_WHY_LEN];
	struct way *w = way_open(true, why);
	size_t i, inside = 0, held = 0;

	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	set(w, "10.1.0.0/16", "10.2.1.0/24", 2, BK_PASS);
	for (i = 0; i < kernel.nrules; i++) {
		inside += kernel.rule[i].pref == WAY_INSIDE &&
		    kernel.rule[i].from != WAY_ANYWHERE &&
		    kernel.rule[i].to == WAY_MARK;
		held += kernel.rule[i].pref >= WAY_CLEAR &&
		    kernel.rule[i].pref < WAY_MARK;
	}
	ck_assert_uint_eq(inside, 2);
	ck_assert_uint_eq(held, 2);
	ck_assert_int_eq(rule_from("10.1.0.0/16", WAY_TABLE)->act, WAY_TABLE);
	del(w, "10.1.0.0/16", "10.2.0.0/16");
	del(w, "10.1.0.0/16", "10.2.1.0/24");
	ck_assert_uint_eq(kernel.nrules, 0);
	way_close(w);
}
END_TEST

/* Each of many policies costs the kernel the same few requests. */
START_TEST(many_cost_no_more)
{
	struct way *w = open_way();
	struct selector s = sel("10.1.0.0/16", "172.16.0.0/32");
	struct bk_body b;
	unsigned i, first, frame;

	kernel.forgets = true;
	b = body(0, BK_ENCRYPT);
	ck_assert_int_eq(way_set(w, &s, &b), 0);
	frame = kernel.asked;
	for (i = 1; i < MANY; i++) {
		s.remote.addr.b[2] = (uint8_t)(i >> 8);
		s.remote.addr.b[3] = (uint8_t)i;
		b = body(i, BK_ENCRYPT);
		ck_assert_int_eq(way_set(w, &s, &b), 0);
	}
	ck_assert_uint_eq(kernel.asked - frame, MANY - 1);
	ck_assert_uint_eq(kernel.syncs, 0);
	first = kernel.asked;
	for (i = 0; i < MANY; i++) {
		s.remote.addr.b[2] = (uint8_t)(i >> 8);
		s.remote.addr.b[3] = (uint8_t)i;
		way_del(w, &s);
	}
	ck_assert_uint_eq(kernel.asked - first, MANY - 1 + frame);
	way_close(w);
}
END_TEST

/* The next keymgr finds the same tables, and removes what nobody wants. */
START_TEST(the_next_one_takes_over)
{
	struct way *w = open_way();
	struct way_nl before;

	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	set(w, "10.1.0.0/16", "10.3.0.0/16", 3, BK_ENCRYPT);
	set(w, "10.5.0.0/16", "10.6.0.0/16", 4, BK_ENCRYPT);
	set(w, "fd05::/64", "fd06::/64", 4, BK_ENCRYPT);
	way_close(w);
	before = kernel;
	w = open_way();
	set(w, "10.1.0.0/16", "10.2.0.0/16", 3, BK_ENCRYPT);
	ck_assert_uint_eq(kernel.nrules, before.nrules);
	ck_assert_uint_eq(kernel.nroutes, before.nroutes);
	way_settled(w);
	ck_assert_uint_eq(rules(), 1);
	ck_assert_uint_eq(kernel.nroutes, 1);
	ck_assert_uint_eq(kernel.nrules, 3);
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
	ck_assert_uint_eq(kernel.nrules, 3);
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
	tcase_add_test(tc, a_source_comes_first);
	tcase_add_test(tc, crowded_places);
	tcase_add_test(tc, ports_are_ranges);
	tcase_add_test(tc, rules_never_say_too_much);
	tcase_add_test(tc, changes_leave_no_gap);
	tcase_add_test(tc, refusals_are_told);
	tcase_add_test(tc, all_is_made_anew);
	tcase_add_test(tc, alone_in_the_kernel);
	tcase_add_test(tc, many_cost_no_more);
	tcase_add_test(tc, the_next_one_takes_over);
	tcase_add_test(tc, nothing_stays_without_policies);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
