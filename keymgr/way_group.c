#include "keymgr/way_priv.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE_MTU	65535

struct way_rule
group_rule(const struct group *g, bool unbound)
{
	struct way_rule r = way_rule_out(&g->key, g->pref, WAY_TABLE);

	r.to = g->table;
	r.unbound = unbound;
	return r;
}

static void
group_key(const struct selector *s, struct selector *key)
{
	way_key(s, key);
	memset(&key->remote, 0, sizeof(key->remote));
	key->remote.addr.family = s->local.addr.family;
}

/* The number comes from the key, so that the next keymgr finds it again. */
static uint32_t
table_new(struct way *w, uint64_t hash, void *g)
{
	uint32_t t = (uint32_t)hash & WAY_TABLE_MASK;

	while (hash_get(&w->tables, t) != NULL)
		t = (t + 1) & WAY_TABLE_MASK;
	return hash_set(&w->tables, t, g) == -1 ? 0 : WAY_TABLES | t;
}

static int
group_rules(struct way *w, const struct group *g, bool add)
{
	struct way_rule r = group_rule(g, false);
	int e = way_nl_rule(w->nl, &r, add);

	r.unbound = true;
	if (g->unbound && e == 0)
		e = way_nl_rule(w->nl, &r, add);
	return e;
}

static void
group_free(struct way *w, struct group *g)
{
	if (g->table != 0) {
		(void)group_rules(w, g, false);
		hash_del(&w->tables, g->table & WAY_TABLE_MASK);
	}
	hash_del(&w->groups, g->hash);
	free(g);
}

static struct group *
group_new(struct way *w, const struct selector *key, uint32_t pref)
{
	struct group *g = calloc(1, sizeof(*g));

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
	if (g->table == 0) {
		group_free(w, g);
		return NULL;
	}
	return g;
}

static struct group *
group_get(const struct way *w, const struct selector *key)
{
	struct group *g = hash_get(&w->groups, sel_hash(key, 1));

	return g != NULL && sel_cmp(&g->key, key) == 0 ? g : NULL;
}

/* The new rule is there before the old one goes. */
void
group_raise(struct way *w, struct group *g, uint32_t pref)
{
	struct group old = *g;

	if (pref >= g->pref)
		return;
	g->pref = pref;
	(void)group_rules(w, g, true);
	(void)group_rules(w, &old, false);
}

/*
 * In transport mode the packet comes whole: fragments cannot be protected,
 * so it is fragmented behind ESP (RFC 4303 section 3.3.4).
 *
 * IPv4: of a host's own address packets that have no source yet are caught,
 * too; the route gives it to them.  An address that is not ours is no
 * source, as the kernel says at once.
 */
static int
route_put(struct way *w, struct group *g, const struct stands *s)
{
	struct way_route r = { .table = g->table, .dst = s->sel.remote,
		.mtu = s->body.transport ? WHOLE_MTU : 0 };
	struct way_rule rule = group_rule(g, true);
	int e;

	if (s->sel.local.addr.family != AF_INET ||
	    !way_is_host(&s->sel.local))
		return way_nl_route(w->nl, &r, true);
	if ((e = way_nl_sync(w->nl)) != 0)
		return e;
	r.src = s->sel.local.addr;
	e = way_nl_route(w->nl, &r, true);
	if (e == 0 && (e = way_nl_sync(w->nl)) == 0) {
		if (!g->unbound)
			g->unbound = way_nl_rule(w->nl, &rule, true) == 0;
		return 0;
	}
	r.src = (struct addr){ 0 };
	return way_nl_route(w->nl, &r, true);
}

static int
route_add(struct way *w, struct group *g, const struct stands *s)
{
	struct selector key;

	way_key(&s->sel, &key);
	return way_count_up(&w->routes, &key) ? route_put(w, g, s) : 0;
}

int
group_restore(struct way *w, struct group *g, const struct stands *s)
{
	int e = route_put(w, g, s);

	return e == 0 ? group_rules(w, g, true) : e;
}

struct group *
group_join(struct way *w, const struct stands *s)
{
	uint32_t pref = way_pref(s->body.prio, WAY_TABLE);
	struct selector key;
	struct group *g;
	bool new;
	int e;

	group_key(&s->sel, &key);
	new = (g = group_get(w, &key)) == NULL;
	if (new && (g = group_new(w, &key, pref)) == NULL)
		return NULL;
	g->n++;
	e = route_add(w, g, s);
	if (e == 0 && s->sel.remote.addr.family == AF_INET6)
		e = frame_unsourced(w, &s->sel, true);
	/* A rule without its routes would let packets go by. */
	if (e == 0 && new)
		e = group_rules(w, g, true);
	if (e != 0) {
		group_leave(w, g, s);
		return NULL;
	}
	group_raise(w, g, pref);
	return g;
}

void
group_leave(struct way *w, struct group *g, const struct stands *s)
{
	struct way_route r = { .table = g->table, .dst = s->sel.remote };
	struct selector key;

	way_key(&s->sel, &key);
	if (way_count_down(&w->routes, &key))
		(void)way_nl_route(w->nl, &r, false);
	if (s->sel.remote.addr.family == AF_INET6)
		(void)frame_unsourced(w, &s->sel, false);
	if (--g->n == 0)
		group_free(w, g);
}

void
group_whole(struct way *w, const struct stands *s)
{
	struct way_route r = { .kind = WAY_SOURCE, .table = s->group->table,
		.dst = s->sel.remote, .mtu = WHOLE_MTU };

	(void)way_nl_route(w->nl, &r, true);
}

bool
group_has(const struct way *w, const struct group *g,
    const struct prefix *remote)
{
	struct selector key = g->key;

	key.remote = *remote;
	return way_counts(&w->routes, &key);
}
