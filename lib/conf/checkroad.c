#include "lib/conf/check.h"

#include "lib/dnsname.h"
#include "lib/proto/ikese.h"

#include <stdlib.h>
#include <string.h>

/* What remote users are given: pools and mode-config. */

#define NAT_NAME_MAX	64	/* with NUL, of a list or a mark */

struct span {
	struct addr lo, hi;
	const struct conf_obj *pool;
};

/* Of all pools, in the order of their addresses. */
struct spans {
	struct span *v;
	size_t n, cap;
};

static int
span_cmp(const void *a, const void *b)
{
	return addr_cmp(&((const struct span *)a)->lo,
	    &((const struct span *)b)->lo);
}

static bool
span_add(struct spans *s, const struct span *one)
{
	struct span *v;

	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 16 : s->cap * 2;
		v = reallocarray(s->v, s->cap, sizeof(*v));
		if (v == NULL)
			return false;
		s->v = v;
	}
	s->v[s->n++] = *one;
	return true;
}

static bool
is_unicast(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->b[0] != 0 && a->b[0] != 127 && a->b[0] < 224 &&
		    !(a->b[0] == 169 && a->b[1] == 254);
	return a->b[0] != 0 && a->b[0] != 0xff &&
	    !(a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

/* Every address of it can be one host's. */
static bool
range_is_unicast(const struct span *s)
{
	static const struct addr never[] = {
		{ .family = AF_INET, .b = { 127 } },
		{ .family = AF_INET, .b = { 169, 254 } },
		{ .family = AF_INET6, .b = { 0xfe, 0x80 } },
	};
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (s->lo.family == never[i].family &&
		    addr_cmp(&s->lo, &never[i]) <= 0 &&
		    addr_cmp(&s->hi, &never[i]) >= 0)
			return false;
	return is_unicast(&s->lo) && is_unicast(&s->hi);
}

static void
check_ranges(const struct conf_obj *o, struct spans *spans,
    struct conf_report *rep)
{
	struct span one = { .pool = o };
	const char *const *text;
	size_t i, n;

	text = conf_strs(o, CONF_POOL_RANGES, &n);
	if (n == 0)
		check_error(rep, o, -1, "a pool needs ranges=");
	for (i = 0; i < n; i++) {
		if (range_parse(&one.lo, &one.hi, text[i]) == -1)
			check_error(rep, o, CONF_POOL_RANGES, "found \"%s\", "
			    "expected a range such as "
			    "192.0.2.10-192.0.2.99, a prefix or an address",
			    text[i]);
		else if (!range_is_unicast(&one))
			check_error(rep, o, CONF_POOL_RANGES, "\"%s\" has "
			    "addresses that no host can have, such as those "
			    "for multicast, loopback or one link", text[i]);
		else if (!span_add(spans, &one))
			check_error(rep, o, CONF_POOL_RANGES,
			    "out of memory");
	}
}

/* An address would be given out twice. */
static void
check_overlaps(struct spans *s, struct conf_report *rep)
{
	size_t i, widest = 0;

	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), span_cmp);
	for (i = 1; i < s->n; i++) {
		if (s->v[i].lo.family == s->v[widest].hi.family &&
		    addr_cmp(&s->v[i].lo, &s->v[widest].hi) <= 0)
			check_error(rep, s->v[i].pool, CONF_POOL_RANGES,
			    "overlaps a range of pool \"%s\"",
			    conf_name(s->v[widest].pool));
		if (addr_cmp(&s->v[i].hi, &s->v[widest].hi) > 0)
			widest = i;
	}
}

/* Each pool is asked once; a chain that comes back would have no end. */
static void
check_next(struct conf *c, const struct conf_obj *o, struct conf_report *rep)
{
	const struct conf_obj *at = o;
	size_t steps = conf_count(c, CONF_POOL);

	while (steps-- > 0 && at != NULL)
		at = conf_ref(c, at, CONF_POOL_NEXT);
	if (at != NULL)
		check_error(rep, o, CONF_POOL_NEXT,
		    "the pools that follow come back to one of them");
}

void
check_pools(struct conf *c, struct conf_report *rep)
{
	struct spans spans = { 0 };
	const struct conf_obj *o;

	CONF_FOREACH(c, CONF_POOL, o) {
		check_ranges(o, &spans, rep);
		check_next(c, o, rep);
	}
	check_overlaps(&spans, rep);
	free(spans.v);
}

static void
check_addrs(const struct conf_obj *o, unsigned prop, struct conf_report *rep)
{
	const char *const *text;
	struct addr a;
	size_t i, n;

	text = conf_strs(o, prop, &n);
	for (i = 0; i < n; i++)
		if (addr_parse(&a, text[i]) == -1)
			check_error(rep, o, (int)prop, "found \"%s\", "
			    "expected an IPv4 or IPv6 address", text[i]);
	if (n > SE_DNS_MAX)
		check_error(rep, o, (int)prop,
		    "found %zu addresses, expected not more than %d", n,
		    SE_DNS_MAX);
}

static void
check_domains(const struct conf_obj *o, struct conf_report *rep)
{
	const char *const *text;
	size_t i, n;

	text = conf_strs(o, CONF_MODE_CONFIG_SPLIT_DNS, &n);
	for (i = 0; i < n; i++)
		if (!dnsname_ok(text[i]))
			check_error(rep, o, CONF_MODE_CONFIG_SPLIT_DNS,
			    "found \"%s\", expected a domain such as "
			    "corp.example", text[i]);
	if (n > SE_NAMES_MAX)
		check_error(rep, o, CONF_MODE_CONFIG_SPLIT_DNS,
		    "found %zu domains, expected not more than %d", n,
		    SE_NAMES_MAX);
}

static void
check_pool_names(struct conf *c, const struct conf_obj *o,
    struct conf_report *rep)
{
	const struct conf_obj *pool;
	struct conf_suggest sug;
	const char *const *name, *best;
	size_t i, n;

	name = conf_strs(o, CONF_MODE_CONFIG_POOLS, &n);
	for (i = 0; i < n; i++) {
		if (conf_by_name(c, CONF_POOL, name[i]) != NULL)
			continue;
		conf_suggest_init(&sug, name[i]);
		CONF_FOREACH(c, CONF_POOL, pool)
			conf_suggest_offer(&sug, conf_name(pool));
		best = conf_suggest_best(&sug);
		check_error(rep, o, CONF_MODE_CONFIG_POOLS, "found \"%s\", "
		    "expected the name of an entry in /ip pool%s%s%s",
		    name[i], best != NULL ? "; did you mean \"" : "",
		    best != NULL ? best : "", best != NULL ? "\"?" : "");
	}
}

static void
check_handing_out(struct conf *c, const struct conf_obj *o,
    struct conf_report *rep)
{
	const struct addr *a = conf_addr(o, CONF_MODE_CONFIG_ADDRESS);
	size_t n;

	if (a->family != AF_UNSPEC && !is_unicast(a))
		check_error(rep, o, CONF_MODE_CONFIG_ADDRESS,
		    "is not an address that one host can have");
	check_pool_names(c, o, rep);
	check_addrs(o, CONF_MODE_CONFIG_STATIC_DNS, rep);
	check_domains(o, rep);
	(void)conf_strs(o, CONF_MODE_CONFIG_STATIC_DNS, &n);
	if (n > 0 && conf_is_set(o, CONF_MODE_CONFIG_SYSTEM_DNS) &&
	    conf_bool(o, CONF_MODE_CONFIG_SYSTEM_DNS))
		check_error(rep, o, CONF_MODE_CONFIG_SYSTEM_DNS,
		    "excludes static-dns: one of the two hands out servers");
	(void)conf_prefixes(o, CONF_MODE_CONFIG_SPLIT_INCLUDE, &n);
	if (n > SE_SPLIT_MAX)
		check_error(rep, o, CONF_MODE_CONFIG_SPLIT_INCLUDE,
		    "found %zu prefixes, expected not more than %d", n,
		    SE_SPLIT_MAX);
}

static void
check_asking(const struct conf_obj *o, struct conf_report *rep)
{
	static const unsigned props[] = { CONF_MODE_CONFIG_ADDRESS,
		CONF_MODE_CONFIG_POOLS, CONF_MODE_CONFIG_PREFIX_LENGTH,
		CONF_MODE_CONFIG_SPLIT_INCLUDE, CONF_MODE_CONFIG_SPLIT_DNS,
		CONF_MODE_CONFIG_STATIC_DNS };
	size_t i;

	for (i = 0; i < sizeof(props) / sizeof(props[0]); i++)
		if (conf_is_set(o, props[i]))
			check_warn(rep, o, (int)props[i],
			    "has no effect with responder=no");
}

/* The side of the peer of some template of the group has the address. */
static bool
template_has(struct conf *c, uint32_t group, const struct addr *a)
{
	const struct prefix *p;
	const struct conf_obj *o;
	size_t i, n;

	CONF_FOREACH(c, CONF_POLICY, o) {
		if ((o->flags & CONF_F_TEMPLATE) == 0 ||
		    (o->flags & CONF_F_DISABLED) != 0 ||
		    conf_ref_id(o, CONF_POLICY_GROUP) != group)
			continue;
		p = conf_prefixes(o, CONF_POLICY_DST_ADDRESS, &n);
		if (n == 0)
			return true;
		for (i = 0; i < n; i++)
			if (prefix_has(&p[i], a) || (p[i].bits == 0 &&
			    p[i].addr.family == AF_INET6))
				return true;
	}
	return false;
}

static bool
peer_has_policy(struct conf *c, uint32_t peer)
{
	const struct conf_obj *o;

	CONF_FOREACH(c, CONF_POLICY, o)
		if ((o->flags & CONF_F_DISABLED) == 0 &&
		    conf_ref_id(o, CONF_POLICY_PEER) == peer)
			return true;
	return false;
}

/* An address that mode gives and no template of the group has.  false: none
 * was found. */
static bool
find_homeless(struct conf *c, const struct conf_obj *mode, uint32_t group,
    struct addr *a)
{
	const char *const *name, *const *text;
	const struct conf_obj *pool;
	size_t i, k, n, nranges;
	struct addr hi;

	*a = *conf_addr(mode, CONF_MODE_CONFIG_ADDRESS);
	if (a->family != AF_UNSPEC && !template_has(c, group, a))
		return true;
	name = conf_strs(mode, CONF_MODE_CONFIG_POOLS, &n);
	for (i = 0; i < n; i++) {
		if ((pool = conf_by_name(c, CONF_POOL, name[i])) == NULL)
			continue;
		text = conf_strs(pool, CONF_POOL_RANGES, &nranges);
		for (k = 0; k < nranges; k++)
			if (range_parse(a, &hi, text[k]) == 0 &&
			    !template_has(c, group, a))
				return true;
	}
	return false;
}

void
check_given(struct conf *c, const struct conf_obj *o,
    struct conf_report *rep)
{
	const struct conf_obj *mode = conf_ref(c, o,
	    CONF_IDENTITY_MODE_CONFIG);
	const struct conf_obj *group = conf_ref(c, o, CONF_IDENTITY_GROUP);
	char text[ADDR_STRLEN];
	struct addr a;

	if (mode == NULL || !conf_bool(mode, CONF_MODE_CONFIG_RESPONDER))
		return;
	if (conf_num(o, CONF_IDENTITY_GENERATE_POLICY) == CONF_GENERATE_NO) {
		if (!peer_has_policy(c, conf_ref_id(o, CONF_IDENTITY_PEER)))
			check_warn(rep, o, CONF_IDENTITY_MODE_CONFIG, "users "
			    "will have no policy: the peer has none, and "
			    "generate-policy=port-strict does not say that "
			    "they are to be made");
	} else if (group != NULL && find_homeless(c, mode, group->id, &a))
		check_warn(rep, o, CONF_IDENTITY_MODE_CONFIG, "no template "
		    "of group \"%s\" has %s in its dst-address, so a user "
		    "who is given that address will have no policy",
		    conf_name(group), addr_fmt(&a, text, sizeof(text)));
}

static void
check_nat(const struct conf_obj *o, unsigned prop, struct conf_report *rep)
{
	size_t len;

	if (!conf_is_set(o, prop) ||
	    (len = strlen(conf_str(o, prop))) == 0)
		return;
	if (len >= NAT_NAME_MAX)
		check_error(rep, o, (int)prop, "has %zu characters, expected "
		    "fewer than %d", len, NAT_NAME_MAX);
	else
		check_warn(rep, o, (int)prop,
		    "is shown, but no source is translated");
}

void
check_mode_configs(struct conf *c, struct conf_report *rep)
{
	const struct conf_obj *o;

	CONF_FOREACH(c, CONF_MODE_CONFIG, o) {
		check_handing_out(c, o, rep);
		if (!conf_bool(o, CONF_MODE_CONFIG_RESPONDER))
			check_asking(o, rep);
		check_nat(o, CONF_MODE_CONFIG_SRC_ADDRESS_LIST, rep);
		check_nat(o, CONF_MODE_CONFIG_CONNECTION_MARK, rep);
	}
	check_addrs(conf_single(c, CONF_DNS), CONF_DNS_SERVERS, rep);
}
