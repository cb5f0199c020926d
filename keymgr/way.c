#include "keymgr/way.h"

#include "keymgr/prio.h"
#include "keymgr/way_rtnl.h"
#include "lib/esptun.h"
#include "lib/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_BASE	0x53000000u
#define TABLE_MASK	0x00ffffffu
#define PRIO_SHIFT	6	/* priorities to preferences */

/* The encrypting selectors that differ in the remote prefix alone. */
struct group {
	struct selector key;	/* without remote; ports as in rules */
	uint64_t hash;
	uint32_t table;
	uint32_t pref;		/* of the lowest there ever was */
	bool unbound;		/* there is a rule for these, too */
	size_t n;
};

/* A policy. */
struct stands {
	struct selector sel;
	struct bk_body body;
	struct group *group;	/* NULL: has a rule of its own, or none */
	bool ruled;
	struct way_rule rule;
	struct addr src;	/* of the route */
};

/* A rule that an earlier keymgr left. */
struct left {
	struct way_rule rule;
	struct left *next;
};

struct way {
	struct way_nl *nl;
	bool framed;		/* frame() stands */
	struct hash sels;	/* of stands */
	struct hash groups;
	struct hash tables;	/* which are in use */
	struct left *left;
};

/* Policies in their order; far down the list several share a place. */
static uint32_t
pref_of(uint32_t prio)
{
	uint32_t n = prio < PRIO_FIRST - PRIO_STEP ? 0 :
	    (prio - (PRIO_FIRST - PRIO_STEP)) >> PRIO_SHIFT;

	return n >= WAY_END - 1 - WAY_FIRST ? WAY_END - 1 : WAY_FIRST + n;
}

/* As a rule can say it: whole ports, and none with ICMP's types. */
static void
key_of(const struct selector *s, struct selector *key)
{
	memset(key, 0, sizeof(*key));
	key->local = s->local;
	key->remote.addr.family = s->local.addr.family;
	key->proto = s->proto;
	if (sel_icmp(s->proto))
		return;
	key->lport = s->lmask == UINT16_MAX ? s->lport : 0;
	key->rport = s->rmask == UINT16_MAX ? s->rport : 0;
}

static bool
exact(const struct selector *s)
{
	if (s->lmask == 0 && s->rmask == 0)
		return true;
	return !sel_icmp(s->proto) &&
	    (s->lmask == 0 || (s->lmask == UINT16_MAX && s->lport != 0)) &&
	    (s->rmask == 0 || (s->rmask == UINT16_MAX && s->rport != 0));
}

static struct way_rule
rule_of(const struct selector *key, uint32_t pref, enum way_act act)
{
	return (struct way_rule){ .pref = pref, .act = act,
		.local = key->local, .remote = key->remote,
		.proto = key->proto, .lport = key->lport,
		.rport = key->rport };
}

/*
 * IPv6 has no rule for packets without a source: that for those of a host
 * finds them one, and sees whether it is the host's.
 */
static bool
finds_source(const struct selector *key)
{
	return key->local.addr.family == AF_INET6 &&
	    key->local.bits == addr_bits(&key->local.addr);
}

/* Groups */

static struct way_rule
group_rule(const struct group *g, bool unbound)
{
	struct way_rule r = rule_of(&g->key, g->pref, WAY_TABLE);

	r.table = g->table;
	r.unbound = unbound || finds_source(&g->key);
	return r;
}

static struct group *
group_get(const struct way *w, const struct selector *key)
{
	struct group *g = hash_get(&w->groups, sel_hash(key, 1));

	return g != NULL && sel_cmp(&g->key, key) == 0 ? g : NULL;
}

/* The number comes from the key, so that the next keymgr finds it again. */
static uint32_t
table_new(struct way *w, uint64_t hash, void *g)
{
	uint32_t t = (uint32_t)hash & TABLE_MASK;

	while (hash_get(&w->tables, t) != NULL)
		t = (t + 1) & TABLE_MASK;
	return hash_set(&w->tables, t, g) == -1 ? 0 : TABLE_BASE | t;
}

static void
group_free(struct way *w, struct group *g)
{
	struct way_rule r = group_rule(g, false);

	(void)way_nl_rule(w->nl, &r, false);
	r.unbound = true;
	if (g->unbound)
		(void)way_nl_rule(w->nl, &r, false);
	hash_del(&w->tables, g->table & TABLE_MASK);
	hash_del(&w->groups, g->hash);
	free(g);
}

static struct group *
group_new(struct way *w, const struct selector *key, uint32_t pref)
{
	struct group *g = calloc(1, sizeof(*g));
	struct way_rule r;

	if (g == NULL)
		return NULL;
	g->key = *key;
	g->hash = sel_hash(key, 1);
	g->pref = pref;
	/* Two keys of one hash: the second has to do without. */
	if (hash_get(&w->groups, g->hash) != NULL ||
	    hash_set(&w->groups, g->hash, g) == -1) {
		free(g);
		return NULL;
	}
	g->table = table_new(w, g->hash, g);
	r = group_rule(g, false);
	if (g->table == 0 || way_nl_rule(w->nl, &r, true) != 0) {
		group_free(w, g);
		return NULL;
	}
	return g;
}

/* A policy comes before those of the group so far: the rule moves up. */
static void
group_raise(struct way *w, struct group *g, uint32_t pref)
{
	struct way_rule old = group_rule(g, false), new;

	if (pref >= g->pref)
		return;
	g->pref = pref;
	new = group_rule(g, false);
	(void)way_nl_rule(w->nl, &new, true);
	(void)way_nl_rule(w->nl, &old, false);
	if (!g->unbound)
		return;
	new.unbound = old.unbound = true;
	(void)way_nl_rule(w->nl, &new, true);
	(void)way_nl_rule(w->nl, &old, false);
}

/*
 * Of a host's own address packets that have no source yet are caught, too;
 * the route gives it to them.  An address that is not ours is no source.
 */
static int
route_add(struct way *w, struct stands *s)
{
	struct way_route r = { .table = s->group->table,
		.remote = s->sel.remote };
	struct way_rule rule;

	if (s->sel.local.bits == addr_bits(&s->sel.local.addr)) {
		r.src = s->sel.local.addr;
		if (way_nl_route(w->nl, &r, true) == 0) {
			s->src = r.src;
			rule = group_rule(s->group, true);
			if (!s->group->unbound && !finds_source(&s->group->key))
				s->group->unbound = way_nl_rule(w->nl, &rule,
				    true) == 0;
			return 0;
		}
		r.src = (struct addr){ 0 };
	}
	return way_nl_route(w->nl, &r, true);
}

static int
encrypt(struct way *w, struct stands *s)
{
	uint32_t pref = pref_of(s->body.prio);
	struct selector key;
	int e;

	key_of(&s->sel, &key);
	if ((s->group = group_get(w, &key)) == NULL)
		s->group = group_new(w, &key, pref);
	if (s->group == NULL)
		return ENOMEM;
	group_raise(w, s->group, pref);
	s->group->n++;
	e = route_add(w, s);
	if (e != 0 && --s->group->n == 0)
		group_free(w, s->group);
	return e;
}

/* Policies.  A rule that would say more than the policy is left out: then
 * espd decides. */

static int
put_in(struct way *w, struct stands *s)
{
	struct selector key;
	int e;

	s->group = NULL;
	s->ruled = false;
	if (s->body.action == BK_ENCRYPT)
		return encrypt(w, s);
	if (!exact(&s->sel))
		return 0;
	key_of(&s->sel, &key);
	key.remote = s->sel.remote;
	s->rule = rule_of(&key, pref_of(s->body.prio),
	    s->body.action == BK_PASS ? WAY_SKIP : WAY_DROP);
	if ((e = way_nl_rule(w->nl, &s->rule, true)) == 0)
		s->ruled = true;
	return e;
}

static void
take_out(struct way *w, struct stands *s)
{
	struct way_route r = { .remote = s->sel.remote };

	if (s->ruled)
		(void)way_nl_rule(w->nl, &s->rule, false);
	if (s->group == NULL)
		return;
	r.table = s->group->table;
	(void)way_nl_route(w->nl, &r, false);
	if (--s->group->n == 0)
		group_free(w, s->group);
	s->group = NULL;
}

static struct stands *
stands_get(const struct way *w, const struct selector *sel)
{
	struct stands *s = hash_get(&w->sels, sel_hash(sel, 2));

	return s != NULL && sel_cmp(&s->sel, sel) == 0 ? s : NULL;
}

/* Only what the policy does has changed, not where the packets go. */
static bool
same_way(const struct stands *s, const struct bk_body *b)
{
	if (s->body.action != b->action)
		return false;
	return s->group != NULL ? pref_of(b->prio) >= s->group->pref :
	    pref_of(b->prio) == pref_of(s->body.prio);
}

/* Our own packets first, and an end to skip to. */
static int
frame(struct way *w, bool add)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct way_rule end = { .pref = WAY_END, .act = WAY_NOTHING };
	struct way_rule own = { .pref = WAY_MARK, .act = WAY_SKIP,
		.mark = ESPTUN_MARK };
	size_t i;
	int e;

	for (i = 0; i < sizeof(families); i++) {
		end.local.addr.family = families[i];
		own.local.addr.family = families[i];
		/* IPv6 may be missing. */
		if (((e = way_nl_rule(w->nl, &end, add)) != 0 ||
		    (e = way_nl_rule(w->nl, &own, add)) != 0) &&
		    families[i] == AF_INET)
			return e;
	}
	w->framed = add;
	return 0;
}

/* Nothing is left where no policy is. */
static void
unframe(struct way *w)
{
	if (w->framed && w->left == NULL && hash_count(&w->sels) == 0)
		(void)frame(w, false);
}

int
way_set(struct way *w, const struct selector *sel, const struct bk_body *body)
{
	struct stands *s = stands_get(w, sel);
	int e;

	if (s != NULL) {
		if (!same_way(s, body)) {
			take_out(w, s);
			s->body = *body;
			return put_in(w, s);
		}
		s->body = *body;
		return 0;
	}
	if (hash_get(&w->sels, sel_hash(sel, 2)) != NULL ||
	    (s = calloc(1, sizeof(*s))) == NULL)
		return ENOMEM;
	s->sel = *sel;
	s->body = *body;
	e = w->framed ? 0 : frame(w, true);
	if (e == 0 && (e = put_in(w, s)) == 0 &&
	    hash_set(&w->sels, sel_hash(sel, 2), s) == 0)
		return 0;
	if (e == 0)
		take_out(w, s);
	free(s);
	return e == 0 ? ENOMEM : e;
}

void
way_del(struct way *w, const struct selector *sel)
{
	struct stands *s = stands_get(w, sel);

	if (s == NULL)
		return;
	take_out(w, s);
	hash_del(&w->sels, sel_hash(sel, 2));
	free(s);
	unframe(w);
}

void
way_each(const struct way *w, void (*fn)(void *, const struct selector *,
    const struct bk_body *), void *arg)
{
	const struct stands *s;
	size_t at = 0;

	while ((s = hash_next(&w->sels, &at)) != NULL)
		fn(arg, &s->sel, &s->body);
}

/* What was left */

static void
on_left(void *arg, const struct way_rule *r)
{
	struct way *w = arg;
	struct left *l;

	if (r->pref < WAY_FIRST || r->pref >= WAY_END ||
	    (l = malloc(sizeof(*l))) == NULL)
		return;
	l->rule = *r;
	l->next = w->left;
	w->left = l;
}

static bool
rule_equal(const struct way_rule *a, const struct way_rule *b)
{
	return a->pref == b->pref && a->act == b->act &&
	    a->unbound == b->unbound &&
	    (a->act != WAY_TABLE || a->table == b->table) &&
	    (a->unbound || prefix_equal(&a->local, &b->local)) &&
	    prefix_equal(&a->remote, &b->remote) && a->proto == b->proto &&
	    a->lport == b->lport && a->rport == b->rport;
}

static bool
wanted(const struct way *w, const struct way_rule *r)
{
	const struct stands *s;
	const struct group *g;
	struct way_rule own;
	size_t at = 0;

	while ((s = hash_next(&w->sels, &at)) != NULL)
		if (s->ruled && rule_equal(&s->rule, r))
			return true;
	for (at = 0; (g = hash_next(&w->groups, &at)) != NULL;) {
		own = group_rule(g, r->unbound);
		if ((!r->unbound || g->unbound) && rule_equal(&own, r))
			return true;
	}
	return false;
}

void
way_settled(struct way *w)
{
	struct left *l;

	while ((l = w->left) != NULL) {
		w->left = l->next;
		if (!wanted(w, &l->rule)) {
			(void)way_nl_rule(w->nl, &l->rule, false);
			if (l->rule.act == WAY_TABLE && hash_get(&w->tables,
			    l->rule.table & TABLE_MASK) == NULL)
				way_nl_flush(w->nl, l->rule.table,
				    l->rule.local.addr.family);
		}
		free(l);
	}
	unframe(w);
}

struct way *
way_open(char *why)
{
	struct way *w = calloc(1, sizeof(*w));
	int e;

	if (w == NULL || (w->nl = way_nl_open(why)) == NULL) {
		free(w);
		return NULL;
	}
	hash_init(&w->sels, 0);
	hash_init(&w->groups, 0);
	hash_init(&w->tables, 0);
	way_nl_rules(w->nl, on_left, w);
	if ((e = frame(w, true)) != 0) {
		snprintf(why, BK_WHY_LEN, "routing rules: %s", strerror(e));
		way_close(w);
		return NULL;
	}
	return w;
}

void
way_close(struct way *w)
{
	struct left *l;
	size_t at;
	void *v;

	if (w == NULL)
		return;
	for (at = 0; (v = hash_next(&w->sels, &at)) != NULL;)
		free(v);
	for (at = 0; (v = hash_next(&w->groups, &at)) != NULL;)
		free(v);
	while ((l = w->left) != NULL) {
		w->left = l->next;
		free(l);
	}
	hash_free(&w->sels);
	hash_free(&w->groups);
	hash_free(&w->tables);
	way_nl_close(w->nl);
	free(w);
}
