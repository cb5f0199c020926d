/*
 * The rules around those of the policies.
 *
 * IPv6 looks for a route first and for a source address then, along that
 * route: a packet could leave in clear although its source makes it one for
 * a tunnel.  So packets without a source to where tunnels lead find a route
 * that forbids; the kernel then picks a source all the same, and looks again
 * with that.
 */
#include "keymgr/way_priv.h"

#include "lib/esptun.h"

#include <string.h>

static const uint8_t families[WAY_FAMILIES] = { AF_INET, AF_INET6 };

static struct way_rule
bare(enum way_family f, uint32_t pref, enum way_act act, uint32_t to)
{
	return (struct way_rule){ .pref = pref, .act = act, .to = to,
		.src.addr.family = families[f],
		.dst.addr.family = families[f] };
}

/* In the order in which they are made: where to skip to first, what takes
 * packets last. */
size_t
frame_rules(const struct way *w, enum way_family f,
    struct way_rule out[FRAME_MAX])
{
	size_t n = 0;

	out[n++] = bare(f, WAY_END, WAY_NOTHING, 0);
	out[n] = bare(f, WAY_MARK, WAY_SKIP, WAY_END);
	out[n++].mark = ESPTUN_MARK;
	if (w->alone) {
		out[n] = bare(f, WAY_INSIDE, WAY_SKIP, WAY_MARK);
		out[n++].from = WAY_LOOPBACK;
		out[n] = bare(f, WAY_INSIDE, WAY_SKIP, WAY_MARK);
		out[n++].from = WAY_DEVICE;
	}
	if (f != WAY_V6)
		return n;
	out[n++] = bare(f, WAY_POLICIES, WAY_NOTHING, 0);
	/* Two halves of everything; a rule with a source wants one. */
	out[n] = bare(f, WAY_SOURCED, WAY_SKIP, WAY_POLICIES);
	out[n++].src.bits = 1;
	out[n] = bare(f, WAY_SOURCED, WAY_SKIP, WAY_POLICIES);
	out[n].src.addr.b[0] = 0x80;
	out[n++].src.bits = 1;
	out[n++] = bare(f, WAY_UNSOURCED, WAY_TABLE, WAY_UNSOURCED_TABLE);
	return n;
}

/* Destinations whose source depends on the link are none of ours. */
static int
throws(struct way *w, bool add)
{
	static const char *const local[] = { "fe80::/10", "ff00::/8" };
	struct way_route r = { .kind = WAY_THROW, .table = WAY_UNSOURCED_TABLE };
	size_t i;
	int e = 0;

	for (i = 0; i < sizeof(local) / sizeof(local[0]) && e == 0; i++)
		if (prefix_parse(&r.dst, local[i], true) == 0)
			e = way_nl_route(w->nl, &r, add);
	return e;
}

int
frame_up(struct way *w, enum way_family f)
{
	struct way_rule r[FRAME_MAX];
	size_t i, n = frame_rules(w, f, r);
	int e = 0;

	if (f == WAY_V6) {
		way_nl_nowhere(w->nl, true);
		e = throws(w, true);
	}
	for (i = 0; i < n && e == 0; i++)
		e = way_nl_rule(w->nl, &r[i], true);
	return e;
}

void
frame_down(struct way *w, enum way_family f)
{
	struct way_rule r[FRAME_MAX];
	size_t n = frame_rules(w, f, r);

	while (n-- > 0)
		(void)way_nl_rule(w->nl, &r[n], false);
	if (f == WAY_V6) {
		(void)throws(w, false);
		way_nl_nowhere(w->nl, false);
	}
}

static struct selector
to(const struct prefix *remote)
{
	struct selector s;

	memset(&s, 0, sizeof(s));
	s.remote = *remote;
	return s;
}

bool
frame_has(const struct way *w, const struct prefix *remote)
{
	struct selector key = to(remote);

	return way_counts(&w->unsourced, &key);
}

/*
 * A host's own address to all that is there, as one that a peer gave us: the
 * packet is given it, where the rules by which the kernel picks one might
 * prefer another.  An address that is not ours is none to give.
 */
static void
give_source(struct way *w, const struct selector *sel, bool add)
{
	struct way_route r = { .kind = WAY_SOURCE, .table = WAY_UNSOURCED_TABLE,
		.dst = sel->remote, .src = sel->local.addr };
	struct selector key = to(&sel->remote);

	if (!way_is_host(&sel->local) || sel->proto != 0)
		return;
	key.local = sel->local;
	if (!(add ? way_count_up(&w->unsourced, &key) :
	    way_count_down(&w->unsourced, &key)))
		return;
	(void)way_nl_route(w->nl, &r, add);
	if (add)
		(void)way_nl_sync(w->nl);
}

void
frame_restore_unsourced(struct way *w)
{
	struct way_route r = { .kind = WAY_FORBID,
		.table = WAY_UNSOURCED_TABLE };
	const struct way_count *c;
	size_t at = 0;

	while ((c = hash_next(&w->unsourced, &at)) != NULL) {
		r.dst = c->sel.remote;
		(void)way_nl_route(w->nl, &r, true);
	}
}

int
frame_unsourced(struct way *w, const struct selector *sel, bool add)
{
	struct way_route r = { .kind = WAY_FORBID, .table = WAY_UNSOURCED_TABLE,
		.dst = sel->remote };
	struct selector key = to(&sel->remote);
	int e = 0;

	if (!add)
		give_source(w, sel, false);
	if (add ? way_count_up(&w->unsourced, &key) :
	    way_count_down(&w->unsourced, &key))
		e = way_nl_route(w->nl, &r, add);
	if (add && e == 0 && (e = way_nl_sync(w->nl)) == 0)
		give_source(w, sel, true);
	return e;
}
