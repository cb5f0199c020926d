#include "sessiond/config.h"

#include <stdlib.h>
#include <string.h>

unsigned
config_family(const struct addr *a)
{
	return a->family == AF_INET ? FAMILY_4 : FAMILY_6;
}

/* Pools */

static bool
same_ranges(const struct conf_obj *a, const struct conf_obj *b)
{
	const char *const *ta, *const *tb;
	size_t i, na, nb;

	ta = conf_strs(a, CONF_POOL_RANGES, &na);
	tb = conf_strs(b, CONF_POOL_RANGES, &nb);
	if (na != nb)
		return false;
	for (i = 0; i < na; i++)
		if (strcmp(ta[i], tb[i]) != 0)
			return false;
	return true;
}

/* The pool of that name in old, when it has the same addresses. */
static struct conf_pool *
find_same(struct config *old, const struct conf_obj *o)
{
	size_t i;

	for (i = 0; old != NULL && i < old->npools; i++)
		if (strcmp(conf_name(old->pools[i].obj), conf_name(o)) == 0)
			return same_ranges(old->pools[i].obj, o) ?
			    &old->pools[i] : NULL;
	return NULL;
}

static int
half_new(struct conf_pool *p, unsigned family, uint64_t seed)
{
	struct apool_range ranges[CONF_LIST_MAX], one;
	const char *const *text;
	size_t i, n, nranges = 0;

	text = conf_strs(p->obj, CONF_POOL_RANGES, &n);
	for (i = 0; i < n && i < CONF_LIST_MAX; i++)
		if (range_parse(&one.lo, &one.hi, text[i]) == 0 &&
		    config_family(&one.lo) == family)
			ranges[nranges++] = one;
	if (nranges == 0)
		return 0;
	p->half[family] = apool_new(ranges, nranges, seed);
	return p->half[family] == NULL ? -1 : 0;
}

static int
pool_make(struct conf_pool *p, struct config *old, uint64_t seed)
{
	struct conf_pool *was = find_same(old, p->obj);

	if (was == NULL)
		return half_new(p, FAMILY_4, seed) == -1 ||
		    half_new(p, FAMILY_6, seed) == -1 ? -1 : 0;
	memcpy(p->half, was->half, sizeof(p->half));
	memset(was->half, 0, sizeof(was->half));
	return 0;
}

static struct conf_pool *
pool_by_id(const struct config *c, uint32_t id)
{
	size_t i;

	for (i = 0; id != 0 && i < c->npools; i++)
		if (c->pools[i].obj->id == id)
			return &c->pools[i];
	return NULL;
}

static int
pools_make(struct config *c, struct config *old, uint64_t seed)
{
	const struct conf_obj *o;
	size_t i;

	c->pools = calloc(conf_count(c->conf, CONF_POOL) + 1,
	    sizeof(*c->pools));
	if (c->pools == NULL)
		return -1;
	CONF_FOREACH(c->conf, CONF_POOL, o) {
		c->pools[c->npools].obj = o;
		if (pool_make(&c->pools[c->npools++], old, seed) == -1)
			return -1;
	}
	for (i = 0; i < c->npools; i++)
		c->pools[i].next = pool_by_id(c,
		    conf_ref_id(c->pools[i].obj, CONF_POOL_NEXT));
	return 0;
}

struct apool *
config_pool_of(const struct config *c, const struct addr *a,
    const char **name)
{
	unsigned f = config_family(a);
	size_t i;

	for (i = 0; i < c->npools; i++)
		if (c->pools[i].half[f] != NULL &&
		    apool_has(c->pools[i].half[f], a)) {
			*name = conf_name(c->pools[i].obj);
			return c->pools[i].half[f];
		}
	return NULL;
}

bool
config_mode_may(const struct config *c, const struct mode *m,
    const struct addr *a)
{
	unsigned f = config_family(a);
	const struct conf_pool *cp;
	const char *name;
	struct apool *p;
	size_t i;

	if (addr_equal(a, &m->fixed))
		return true;
	if (hash_get(&c->fixed, addr_hash(a, c->fixed.seed)) != NULL)
		return false;
	if ((p = config_pool_of(c, a, &name)) == NULL)
		return true;
	for (i = 0; i < m->npools; i++)
		for (cp = m->pools[i]; cp != NULL; cp = cp->next)
			if (cp->half[f] == p)
				return true;
	return false;
}

static void
carry(void *arg, const struct addr *a, uint64_t user, bool used)
{
	const struct config *c = arg;
	const char *name;
	struct apool *p = config_pool_of(c, a, &name);

	if (p == NULL)
		return;
	if (used)
		(void)apool_claim(p, user, a);
	else
		apool_remember(p, user, a);
}

/* What old still has are the pools that are gone or have other ranges. */
static void
pools_carry(struct config *c, const struct config *old)
{
	unsigned f;
	size_t i;

	for (i = 0; i < old->npools; i++)
		for (f = 0; f < 2; f++)
			if (old->pools[i].half[f] != NULL)
				apool_each(old->pools[i].half[f], carry, c);
}

static void
reserve_fixed(const struct config *c, const struct mode *m, bool on)
{
	const char *name;
	struct apool *p;

	if (m->fixed.family == AF_UNSPEC)
		return;
	if ((p = config_pool_of(c, &m->fixed, &name)) != NULL)
		apool_reserve(p, &m->fixed, on);
}

static void
pools_settle(struct config *c, const struct config *old)
{
	unsigned f;
	size_t i;

	if (old != NULL) {
		for (i = 0; i < old->nmodes; i++)
			reserve_fixed(c, &old->modes[i], false);
		pools_carry(c, old);
	}
	for (i = 0; i < c->nmodes; i++)
		reserve_fixed(c, &c->modes[i], true);
	for (i = 0; i < c->npools; i++)
		for (f = 0; f < 2; f++)
			if (c->pools[i].half[f] != NULL)
				apool_settle(c->pools[i].half[f]);
}

/* Mode-config */

static int
dns_make(struct mode *m, const struct conf_obj *o, unsigned prop)
{
	const char *const *text;
	size_t i, n;

	text = conf_strs(o, prop, &n);
	if ((m->dns = calloc(n + 1, sizeof(*m->dns))) == NULL)
		return -1;
	for (i = 0; i < n; i++)
		if (addr_parse(&m->dns[m->ndns], text[i]) == 0)
			m->ndns++;
	return 0;
}

static int
mode_pools(const struct config *c, struct mode *m)
{
	const struct conf_obj *o;
	const char *const *name;
	size_t i, n;

	name = conf_strs(m->obj, CONF_MODE_CONFIG_POOLS, &n);
	if ((m->pools = calloc(n + 1, sizeof(struct conf_pool *))) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		o = conf_by_name(c->conf, CONF_POOL, name[i]);
		if (o != NULL)
			m->pools[m->npools++] = pool_by_id(c, o->id);
	}
	return 0;
}

static int
mode_make(const struct config *c, struct mode *m)
{
	const struct conf_obj *o = m->obj;
	size_t n;

	m->responder = conf_bool(o, CONF_MODE_CONFIG_RESPONDER);
	m->fixed = *conf_addr(o, CONF_MODE_CONFIG_ADDRESS);
	m->prefix4 = (uint8_t)conf_num(o, CONF_MODE_CONFIG_PREFIX_LENGTH);
	m->split = conf_prefixes(o, CONF_MODE_CONFIG_SPLIT_INCLUDE,
	    &m->nsplit);
	m->names = conf_strs(o, CONF_MODE_CONFIG_SPLIT_DNS, &m->nnames);
	if (mode_pools(c, m) == -1)
		return -1;
	(void)conf_strs(o, CONF_MODE_CONFIG_STATIC_DNS, &n);
	if (n > 0)
		return dns_make(m, o, CONF_MODE_CONFIG_STATIC_DNS);
	if (conf_bool(o, CONF_MODE_CONFIG_SYSTEM_DNS) &&
	    (o = conf_single(c->conf, CONF_DNS)) != NULL)
		return dns_make(m, o, CONF_DNS_SERVERS);
	return 0;
}

static int
modes_make(struct config *c)
{
	const struct conf_obj *o;
	struct mode *m;

	c->modes = calloc(conf_count(c->conf, CONF_MODE_CONFIG) + 1,
	    sizeof(*c->modes));
	if (c->modes == NULL)
		return -1;
	CONF_FOREACH(c->conf, CONF_MODE_CONFIG, o) {
		m = &c->modes[c->nmodes++];
		m->obj = o;
		if (mode_make(c, m) == -1 ||
		    hash_set(&c->by_id, o->id, m) == -1 ||
		    (m->fixed.family != AF_UNSPEC && hash_set(&c->fixed,
		    addr_hash(&m->fixed, c->fixed.seed), m) == -1))
			return -1;
	}
	return 0;
}

/* Identities */

static int
idents_make(struct config *c)
{
	const struct conf_obj *o;
	struct ident *i;

	c->idents = calloc(conf_count(c->conf, CONF_IDENTITY) + 1,
	    sizeof(*c->idents));
	if (c->idents == NULL)
		return -1;
	CONF_FOREACH(c->conf, CONF_IDENTITY, o) {
		if (!conf_usable(c->conf, o))
			continue;
		i = &c->idents[c->nidents++];
		i->id = o->id;
		i->peer = conf_str(o, CONF_IDENTITY_PEER);
		i->only_one = (enum conf_only_one)conf_num(o,
		    CONF_IDENTITY_ONLY_ONE);
		i->mode = hash_get(&c->by_id,
		    conf_ref_id(o, CONF_IDENTITY_MODE_CONFIG));
		if (hash_set(&c->by_id, i->id, i) == -1)
			return -1;
	}
	return 0;
}

const struct ident *
config_ident(const struct config *c, uint32_t id)
{
	const struct conf_obj *o = conf_by_id(c->conf, id);

	return o != NULL && o->menu == CONF_IDENTITY ?
	    hash_get(&c->by_id, id) : NULL;
}

size_t
config_known(const struct config *c)
{
	size_t i, n = 0;
	unsigned f;

	for (i = 0; i < c->npools; i++)
		for (f = 0; f < 2; f++)
			if (c->pools[i].half[f] != NULL)
				n += apool_known(c->pools[i].half[f]);
	return n;
}

struct config *
config_new(struct conf *conf, struct config *old, uint64_t seed)
{
	struct config *c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		conf_free(conf);
		return NULL;
	}
	c->conf = conf;
	hash_init(&c->by_id, seed);
	hash_init(&c->fixed, seed);
	if (pools_make(c, old, seed) == -1 || modes_make(c) == -1 ||
	    idents_make(c) == -1) {
		config_free(c);
		return NULL;
	}
	pools_settle(c, old);
	return c;
}

void
config_free(struct config *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->npools; i++) {
		apool_free(c->pools[i].half[FAMILY_4]);
		apool_free(c->pools[i].half[FAMILY_6]);
	}
	for (i = 0; i < c->nmodes; i++) {
		free(c->modes[i].pools);
		free(c->modes[i].dns);
	}
	free(c->pools);
	free(c->modes);
	free(c->idents);
	hash_free(&c->by_id);
	hash_free(&c->fixed);
	conf_free(c->conf);
	free(c);
}
