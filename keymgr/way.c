#include "keymgr/way.h"

#include "keymgr/way_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum way_family
family_of(const struct selector *s)
{
	return s->local.addr.family == AF_INET6 ? WAY_V6 : WAY_V4;
}

/* Policies.  A rule that would say more than a policy that does not encrypt
 * is left out: then the kernel's policies and espd decide. */

/* Without policies in the kernel: what comes in clear. */
static int
forbid_clear(struct way *w, struct stands *s)
{
	enum way_act act = s->body.action == BK_PASS ? WAY_SKIP : WAY_DROP;
	int e;

	if (!w->alone || !way_exact(&s->sel) ||
	    (s->body.action == BK_ENCRYPT && s->body.optional))
		return 0;
	s->clear = way_rule_in(&s->sel, s->body.prio, act);
	if ((e = way_nl_rule(w->nl, &s->clear, true)) == 0)
		s->clears = true;
	return e;
}

static int
put_in(struct way *w, struct stands *s)
{
	enum way_act act = s->body.action == BK_PASS ? WAY_SKIP : WAY_DROP;
	int e;

	s->group = NULL;
	s->ruled = s->clears = false;
	if ((e = forbid_clear(w, s)) != 0)
		return e;
	if (s->body.action == BK_ENCRYPT) {
		s->group = group_join(w, s);
		return s->group == NULL ? ENOMEM : 0;
	}
	if (!way_exact(&s->sel))
		return 0;
	s->rule = way_rule_out(&s->sel, way_pref(s->body.prio, act), act);
	if ((e = way_nl_rule(w->nl, &s->rule, true)) == 0)
		s->ruled = true;
	return e;
}

static void
take_out(struct way *w, struct stands *s)
{
	if (s->ruled)
		(void)way_nl_rule(w->nl, &s->rule, false);
	if (s->clears)
		(void)way_nl_rule(w->nl, &s->clear, false);
	if (s->group != NULL)
		group_leave(w, s->group, s);
	s->group = NULL;
	s->ruled = s->clears = false;
}

static struct stands *
stands_get(const struct way *w, const struct selector *sel)
{
	struct stands *s = hash_get(&w->sels, sel_hash(sel, 2));

	return s != NULL && sel_cmp(&s->sel, sel) == 0 ? s : NULL;
}

/* Only what the policy does has changed, not where the packets go. */
static bool
same_way(const struct way *w, const struct stands *s, const struct bk_body *b)
{
	if (s->body.action != b->action ||
	    (w->alone && s->body.optional != b->optional))
		return false;
	return way_pref(b->prio, WAY_TABLE) ==
	    way_pref(s->body.prio, WAY_TABLE);
}

/* The new is there before the old goes; both may be the same rule. */
static int
change(struct way *w, struct stands *s, const struct bk_body *body)
{
	struct stands old = *s;
	int e;

	s->body = *body;
	if (same_way(w, &old, body))
		return 0;
	e = put_in(w, s);
	if (s->ruled && old.ruled && way_rule_equal(&s->rule, &old.rule))
		old.ruled = false;
	if (s->clears && old.clears && way_rule_equal(&s->clear, &old.clear))
		old.clears = false;
	take_out(w, &old);
	return e;
}

static void
count_wide(struct way *w, const struct selector *sel,
    const struct bk_body *was, const struct bk_body *is)
{
	struct selector wide;

	if (!way_wide(sel, &wide))
		return;
	if (is != NULL && is->action == BK_ENCRYPT)
		(void)way_count_up(&w->wides, &wide);
	if (was != NULL && was->action == BK_ENCRYPT)
		(void)way_count_down(&w->wides, &wide);
}

static void
stands_free(struct way *w, struct stands *s)
{
	take_out(w, s);
	count_wide(w, &s->sel, &s->body, NULL);
	if (--w->n[family_of(&s->sel)] == 0)
		frame_down(w, family_of(&s->sel));
	free(s);
}

static int
add(struct way *w, const struct selector *sel, const struct bk_body *body)
{
	struct stands *s;
	int e = 0;

	if (hash_get(&w->sels, sel_hash(sel, 2)) != NULL ||
	    (s = calloc(1, sizeof(*s))) == NULL)
		return ENOMEM;
	s->sel = *sel;
	s->body = *body;
	if (w->n[family_of(sel)]++ == 0)
		e = frame_up(w, family_of(sel));
	count_wide(w, sel, NULL, body);
	if (e == 0)
		e = put_in(w, s);
	if (e == 0 && hash_set(&w->sels, sel_hash(sel, 2), s) == -1)
		e = ENOMEM;
	if (e != 0)
		stands_free(w, s);
	return e;
}

int
way_set(struct way *w, const struct selector *sel, const struct bk_body *body)
{
	struct stands *s = stands_get(w, sel);

	if (s == NULL)
		return add(w, sel, body);
	count_wide(w, sel, &s->body, body);
	return change(w, s, body);
}

void
way_del(struct way *w, const struct selector *sel)
{
	struct stands *s = stands_get(w, sel);

	if (s == NULL)
		return;
	hash_del(&w->sels, sel_hash(sel, 2));
	stands_free(w, s);
}

int
way_sync(struct way *w)
{
	return way_nl_sync(w->nl);
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

/* What is taken in */

bool
way_has(const struct way *w, const struct selector *sel)
{
	return stands_get(w, sel) != NULL;
}

bool
way_wide(const struct selector *sel, struct selector *wide)
{
	way_key(sel, wide);
	return wide->lmask != sel->lmask || wide->rmask != sel->rmask;
}

bool
way_is_wide(const struct way *w, const struct selector *sel)
{
	return way_counts(&w->wides, sel) && stands_get(w, sel) == NULL;
}

void
way_each_wide(const struct way *w, void (*fn)(void *,
    const struct selector *), void *arg)
{
	const struct way_count *c;
	size_t at = 0;

	while ((c = hash_next(&w->wides, &at)) != NULL)
		if (stands_get(w, &c->sel) == NULL)
			fn(arg, &c->sel);
}

int
way_mtu(struct way *w, uint32_t mtu)
{
	const struct stands *s;
	size_t at = 0;
	int e = way_nl_mtu(w->nl, mtu);

	while (e == 0 && (s = hash_next(&w->sels, &at)) != NULL) {
		if (!s->body.transport || s->group == NULL ||
		    s->sel.remote.addr.family != AF_INET6)
			continue;
		group_whole(w, s);
		e = way_nl_sync(w->nl);
	}
	return e;
}

uint32_t
way_path_mtu(struct way *w, const struct addr *local,
    const struct addr *remote)
{
	return way_nl_path_mtu(w->nl, local, remote);
}

int
way_watch_fd(const struct way *w)
{
	return way_nl_watch_fd(w->nl);
}

unsigned
way_news(struct way *w)
{
	return way_nl_news(w->nl);
}

/* What is there still is none the worse for it. */
void
way_restore(struct way *w)
{
	const struct stands *s;
	size_t at = 0, f;

	for (f = 0; f < WAY_FAMILIES; f++)
		if (w->n[f] > 0)
			(void)frame_up(w, (enum way_family)f);
	frame_restore_unsourced(w);
	while ((s = hash_next(&w->sels, &at)) != NULL) {
		if (s->ruled)
			(void)way_nl_rule(w->nl, &s->rule, true);
		if (s->clears)
			(void)way_nl_rule(w->nl, &s->clear, true);
		if (s->group != NULL)
			(void)group_restore(w, s->group, s);
	}
	(void)way_nl_sync(w->nl);
}

/* What was left */

static void
on_left(void *arg, const struct way_rule *r)
{
	struct way *w = arg;
	struct left *l;

	if ((l = malloc(sizeof(*l))) == NULL)
		return;
	l->rule = *r;
	l->next = w->left;
	w->left = l;
}

static bool
of_frame(const struct way *w, const struct way_rule *r)
{
	struct way_rule own[FRAME_MAX];
	size_t i, n, f;

	for (f = 0; f < WAY_FAMILIES; f++) {
		n = w->n[f] == 0 ? 0 : frame_rules(w, f, own);
		for (i = 0; i < n; i++)
			if (way_rule_equal(&own[i], r))
				return true;
	}
	return false;
}

static bool
of_group(const struct way *w, const struct way_rule *r)
{
	const struct group *g;
	struct way_rule own;
	size_t at = 0;

	if (r->act != WAY_TABLE)
		return false;
	while ((g = hash_next(&w->groups, &at)) != NULL) {
		own = group_rule(g, r->unbound);
		if ((!r->unbound || g->unbound) && way_rule_equal(&own, r))
			return true;
	}
	return false;
}

static bool
of_policy(const struct way *w, const struct way_rule *r)
{
	const struct stands *s;
	size_t at = 0;

	while ((s = hash_next(&w->sels, &at)) != NULL)
		if ((s->ruled && way_rule_equal(&s->rule, r)) ||
		    (s->clears && way_rule_equal(&s->clear, r)))
			return true;
	return false;
}

static void
remove_left(struct way *w, const struct way_rule *r)
{
	if (of_frame(w, r) || of_group(w, r) || of_policy(w, r))
		return;
	(void)way_nl_rule(w->nl, r, false);
}

static bool
unwanted(void *arg, const struct way_route *r)
{
	const struct way *w = arg;
	const struct group *g;

	if (r->kind == WAY_THROW)
		return w->n[WAY_V6] == 0;
	if (r->table == WAY_UNSOURCED_TABLE)
		return !frame_has(w, &r->dst);
	g = hash_get(&w->tables, r->table & WAY_TABLE_MASK);
	return g == NULL || g->table != r->table ||
	    !group_has(w, g, &r->dst);
}

void
way_settled(struct way *w)
{
	struct left *l;

	if (w->left != NULL) {
		way_nl_sift(w->nl, unwanted, w);
		if (w->n[WAY_V6] == 0)
			way_nl_nowhere(w->nl, false);
	}
	while ((l = w->left) != NULL) {
		w->left = l->next;
		remove_left(w, &l->rule);
		free(l);
	}
	(void)way_nl_sync(w->nl);
}

struct way *
way_open(bool alone, char *why)
{
	struct way *w = calloc(1, sizeof(*w));

	if (w == NULL || (w->nl = way_nl_open(why)) == NULL) {
		free(w);
		return NULL;
	}
	w->alone = alone;
	hash_init(&w->sels, 0);
	hash_init(&w->groups, 0);
	hash_init(&w->tables, 0);
	hash_init(&w->routes, 3);
	hash_init(&w->unsourced, 4);
	hash_init(&w->wides, 5);
	way_nl_rules(w->nl, on_left, w);
	return w;
}

static void
empty(struct hash *h)
{
	size_t at = 0;
	void *v;

	while ((v = hash_next(h, &at)) != NULL)
		free(v);
	hash_free(h);
}

void
way_close(struct way *w)
{
	struct left *l;

	if (w == NULL)
		return;
	empty(&w->sels);
	empty(&w->groups);
	hash_free(&w->tables);
	empty(&w->routes);
	empty(&w->unsourced);
	empty(&w->wides);
	while ((l = w->left) != NULL) {
		w->left = l->next;
		free(l);
	}
	way_nl_close(w->nl);
	free(w);
}
