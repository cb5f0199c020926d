#include "espd/sad.h"

#include <stdlib.h>
#include <string.h>

struct route_key {
	uint32_t reqid;
	const struct addr *dst;
	uint16_t port;
};

static bool
sa_eq(const struct table_node *n, const void *spi)
{
	const struct sa *s = (const void *)n;

	return s->conf.spi == *(const uint32_t *)spi;
}

static bool
route_eq(const struct table_node *n, const void *key)
{
	const struct route *r = (const void *)n;
	const struct route_key *k = key;

	return r->reqid == k->reqid && r->port == k->port &&
	    addr_equal(&r->dst, k->dst);
}

static uint64_t
name_hash(const struct sad *d, const struct addr *dst, uint32_t spi)
{
	return hash_mix(addr_hash(dst, d->seed), spi);
}

/* SPIs of inbound SAs are our own choice, but let them be mixed. */
static uint64_t
spi_hash(const struct sad *d, uint32_t spi)
{
	uint64_t h = (d->seed ^ spi) * UINT64_C(0x9e3779b97f4a7c15);

	return h ^ h >> 32;
}

void
sad_init(struct sad *d, struct epoch *e, uint64_t seed)
{
	table_init(&d->in, e, sa_eq);
	table_init(&d->out, e, route_eq);
	hash_init(&d->all, seed);
	d->epoch = e;
	d->seed = seed;
	d->path_id = 0;
}

void
sad_free(struct sad *d)
{
	struct sa *s;
	size_t at;

	while (at = 0, (s = sad_next(d, &at)) != NULL)
		sad_del(d, s);
	table_free(&d->in);
	table_free(&d->out);
	hash_free(&d->all);
}

static void
route_release(struct epoch_item *i)
{
	free((char *)i - offsetof(struct route, item));
}

static uint64_t
route_hash(const struct sad *d, const struct route_key *k)
{
	return hash_mix(addr_hash(k->dst, d->seed),
	    (uint64_t)k->port << 32 | k->reqid);
}

static struct route *
route_make(struct sad *d, const struct sa *s)
{
	static const struct addr any;
	const struct addr *dst = s->conf.transport ? &s->conf.dst.addr : &any;
	struct route_key key = { s->conf.reqid, dst,
		s->conf.local ? s->conf.dst.port : 0 };
	struct table_node *old;
	struct route *r = sad_route(d, key.reqid, dst, key.port);

	if (r != NULL || (r = calloc(1, sizeof(*r))) == NULL)
		return r;
	r->node.hash = route_hash(d, &key);
	r->reqid = key.reqid;
	r->dst = *dst;
	r->port = key.port;
	if (table_set(&d->out, &r->node, &key, &old) == 0)
		return r;
	free(r);
	return NULL;
}

static int
route_add(struct sad *d, struct sa *s)
{
	struct route *r = route_make(d, s);
	struct sa *n;

	if (r == NULL)
		return -1;
	s->route = r;
	n = atomic_load(&r->sa);
	if (n == NULL || mono_cmp(n->added, s->added) <= 0) {
		s->older = n;
		atomic_store(&r->sa, s);
		return 0;
	}
	while (n->older != NULL && mono_cmp(n->older->added, s->added) > 0)
		n = n->older;
	s->older = n->older;
	n->older = s;
	return 0;
}

static void
route_del(struct sad *d, struct sa *s)
{
	struct route *r = s->route;
	struct sa *n = atomic_load(&r->sa);

	if (n == s)
		atomic_store(&r->sa, s->older);
	else {
		while (n->older != s)
			n = n->older;
		n->older = s->older;
	}
	if (atomic_load(&r->sa) != NULL)
		return;
	table_del(&d->out, &r->node);
	epoch_retire(d->epoch, &r->item, route_release);
}

static int
in_add(struct sad *d, struct sa *s, const char **why)
{
	struct table_node *old;

	s->node.hash = spi_hash(d, s->conf.spi);
	if (table_get(&d->in, s->node.hash, &s->conf.spi) != NULL) {
		*why = "SPI in use";
		return -1;
	}
	return table_set(&d->in, &s->node, &s->conf.spi, &old);
}

int
sad_add(struct sad *d, struct sa *s, const char **why)
{
	uint64_t name = name_hash(d, &s->conf.dst.addr, s->conf.spi);
	int rv;

	*why = "no memory";
	if (hash_get(&d->all, name) != NULL) {
		*why = "SPI and destination in use";
		return -1;
	}
	if (hash_set(&d->all, name, s) == -1)
		return -1;
	rv = s->conf.inbound ? in_add(d, s, why) : route_add(d, s);
	if (rv == -1)
		hash_del(&d->all, name);
	return rv;
}

void
sad_del(struct sad *d, struct sa *s)
{
	hash_del(&d->all, name_hash(d, &s->conf.dst.addr, s->conf.spi));
	if (s->conf.inbound)
		table_del(&d->in, &s->node);
	else
		route_del(d, s);
	sa_retire(s, d->epoch);
}

struct sa *
sad_get(const struct sad *d, const struct addr *dst, uint32_t spi)
{
	struct sa *s = hash_get(&d->all, name_hash(d, dst, spi));

	if (s == NULL || s->conf.spi != spi ||
	    !addr_equal(&s->conf.dst.addr, dst))
		return NULL;
	return s;
}

static int
rename_sa(struct sad *d, struct sa *s, const struct endpoint *src,
    const struct endpoint *dst, bool encap)
{
	uint64_t old = name_hash(d, &s->conf.dst.addr, s->conf.spi);
	uint64_t new = name_hash(d, &dst->addr, s->conf.spi);

	if (hash_set(&d->all, new, s) == -1)
		return -1;
	if (sa_set_path(s, d->epoch, src, dst, encap, ++d->path_id) == -1) {
		if (new != old)
			hash_del(&d->all, new);
		return -1;
	}
	if (new != old)
		hash_del(&d->all, old);
	s->conf.src = *src;
	s->conf.dst = *dst;
	s->conf.encap = encap;
	return 0;
}

/* A local one goes by its port, too.  The new route is there before the old
 * one goes, so nothing can fail between. */
static int
reroute(struct sad *d, struct sa *s)
{
	if (!s->conf.local || s->conf.inbound ||
	    s->route->port == s->conf.dst.port)
		return 0;
	if (route_make(d, s) == NULL)
		return -1;
	route_del(d, s);
	return route_add(d, s);
}

/*
 * Transport mode's route is by destination, so such an SA stays where it
 * is, but for ports: moving is for tunnels (RFC 4555).
 */
int
sad_move(struct sad *d, struct sa *s, const struct endpoint *src,
    const struct endpoint *dst, bool encap, const char **why)
{
	struct sa *there = hash_get(&d->all,
	    name_hash(d, &dst->addr, s->conf.spi));

	if (there != NULL && there != s)
		*why = "SPI and destination in use";
	else if (s->conf.transport && (!addr_equal(&src->addr,
	    &s->conf.src.addr) || !addr_equal(&dst->addr, &s->conf.dst.addr)))
		*why = "transport mode SA cannot move";
	else if (src->addr.family != dst->addr.family ||
	    addr_len(&dst->addr) == 0)
		*why = "outer addresses of different families";
	else if (rename_sa(d, s, src, dst, encap) == -1 ||
	    reroute(d, s) == -1)
		*why = "no memory";
	else
		return 0;
	return -1;
}

struct sa *
sad_next(const struct sad *d, size_t *at)
{
	return hash_next(&d->all, at);
}

struct sa *
sad_in(const struct sad *d, uint32_t spi)
{
	return (void *)table_get(&d->in, spi_hash(d, spi), &spi);
}

struct route *
sad_route(const struct sad *d, uint32_t reqid, const struct addr *dst,
    uint16_t port)
{
	struct route_key key = { reqid, dst, port };

	return (void *)table_get(&d->out, route_hash(d, &key), &key);
}
