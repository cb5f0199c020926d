#include "keymgr/link.h"

#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both addresses, and two halves for each net that is everything. */
#define VIP_OBJS	(2 + 2 * (LINK_NETS + 2))

struct vip_obj {
	struct link_obj o;
	bool own;		/* it is there, and ours to remove */
};

struct vip {
	LIST_ENTRY(vip) in_link;
	struct link_req req;
	struct link_path path;
	unsigned home;		/* the interface with the addresses */
	bool told;		/* of its name servers */
	size_t n;
	struct vip_obj obj[VIP_OBJS];
};

void
link_init(struct link *l, const struct link_ops *ops, void *ctx)
{
	memset(l, 0, sizeof(*l));
	l->ops = ops;
	l->ctx = ctx;
	LIST_INIT(&l->vips);
}

void
link_free(struct link *l)
{
	struct vip *v;

	while ((v = LIST_FIRST(&l->vips)) != NULL) {
		LIST_REMOVE(v, in_link);
		free(v);
	}
	free(l->left);
	if (l->ops != NULL)
		l->ops->close(l->ctx);
	memset(l, 0, sizeof(*l));
}

/* The kernel holds one of them: an address on an interface, a route to a
 * net. */
static bool
same(const struct link_obj *a, const struct link_obj *b)
{
	return a->route == b->route && prefix_equal(&a->dst, &b->dst) &&
	    (a->route || a->ifindex == b->ifindex);
}

static bool
identical(const struct link_obj *a, const struct link_obj *b)
{
	return same(a, b) && a->ifindex == b->ifindex &&
	    addr_equal(&a->gw, &b->gw) && addr_equal(&a->src, &b->src);
}

static void
found(void *arg, const struct link_obj *o)
{
	struct link *l = arg;

	if (l->left != NULL && l->nleft < LINK_LEFT)
		l->left[l->nleft++] = *o;
}

int
link_read(struct link *l, char *why)
{
	int error;

	if (l->ops == NULL)
		return 0;
	l->left = calloc(LINK_LEFT, sizeof(*l->left));
	if (l->left == NULL) {
		snprintf(why, LINK_WHY_LEN, "out of memory");
		return -1;
	}
	if ((error = l->ops->dump(l->ctx, found, l)) != 0) {
		snprintf(why, LINK_WHY_LEN, "reading addresses and routes: "
		    "%s", strerror(error));
		return -1;
	}
	return 0;
}

static bool
was_left(const struct link *l, const struct link_obj *o)
{
	size_t i;

	for (i = 0; i < l->nleft; i++)
		if (same(&l->left[i], o))
			return true;
	return false;
}

/* Somebody else's claim to the same; NULL: there is none. */
static struct vip_obj *
other_claim(struct link *l, const struct vip *except,
    const struct link_obj *o)
{
	struct vip *v;
	size_t i;

	LIST_FOREACH(v, &l->vips, in_link)
		for (i = 0; v != except && i < v->n; i++)
			if (v->obj[i].own && same(&v->obj[i].o, o))
				return &v->obj[i];
	return NULL;
}

static const char *
obj_fmt(const struct link_obj *o, char *s, size_t size)
{
	char p[PREFIX_STRLEN];

	snprintf(s, size, "%s %s", o->route ? "route to" : "address",
	    prefix_fmt(&o->dst, p, sizeof(p)));
	return s;
}

static void
del(struct link *l, const struct link_obj *o)
{
	int error = l->ops->del(l->ctx, o);
	char s[PREFIX_STRLEN + 16];

	if (error != 0 && error != ESRCH && error != EADDRNOTAVAIL &&
	    error != ENODEV)
		log_warn(LOG_T_IPSEC, "%s is not removed: %s",
		    obj_fmt(o, s, sizeof(s)), strerror(error));
}

/* 0, or an errno with the object not there. */
static int
claim(struct link *l, const struct vip *v, struct vip_obj *x)
{
	bool ours = was_left(l, &x->o) || other_claim(l, v, &x->o) != NULL;
	char s[PREFIX_STRLEN + 16];
	int error = l->ops->add(l->ctx, &x->o, ours);

	x->own = error == 0;
	if (error == EEXIST && !x->o.route)
		return 0;	/* it was given to us before, by hand */
	if (error != 0)
		log_warn(LOG_T_IPSEC, "%s is not made: %s",
		    obj_fmt(&x->o, s, sizeof(s)), error == EEXIST ?
		    "there is one of somebody else's" : strerror(error));
	return error;
}

/* v is not in the list, or its successor is. */
static void
release(struct link *l, struct vip *v)
{
	struct vip_obj *other, *x;
	size_t i;

	/* Routes first: they go with the address they prefer. */
	for (i = v->n; i-- > 0;) {
		x = &v->obj[i];
		if (!x->own)
			continue;
		if ((other = other_claim(l, v, &x->o)) == NULL)
			del(l, &x->o);
		else if (!identical(&other->o, &x->o))
			(void)l->ops->add(l->ctx, &other->o, true);
	}
	free(v);
}

/* Its name servers are to be asked, or no more. */
static void
tell(struct link *l, struct vip *v, bool on)
{
	if (l->dns == NULL || (!on && !v->told))
		return;
	v->told = on;
	l->dns(l->dns_arg, v->req.worker, v->req.vip, on ? &v->req : NULL,
	    v->home != v->path.ifindex);
}

static void
drop(struct link *l, struct vip *v)
{
	tell(l, v, false);
	LIST_REMOVE(v, in_link);
	release(l, v);
	if (LIST_EMPTY(&l->vips) && l->nleft == 0)
		l->ops->unhome(l->ctx);
}

static void
obj_address(struct vip *v, bool shy, const struct addr *a)
{
	struct link_obj *o;

	if (a->family == AF_UNSPEC)
		return;
	o = &v->obj[v->n++].o;
	o->ifindex = v->home;
	o->shy = shy;
	o->dst = (struct prefix){ .addr = *a, .bits = addr_bits(a) };
}

static void
obj_route(struct vip *v, const struct link_path *path,
    const struct addr *src, const struct prefix *dst)
{
	struct link_obj *o = &v->obj[v->n++].o;

	o->route = true;
	o->ifindex = path->ifindex;
	o->dst = *dst;
	o->src = *src;
	if (path->gw.family == src->family)
		o->gw = path->gw;
}

/* Everything is two halves: the default route stays as it is. */
static void
obj_net(struct vip *v, const struct link_path *path, const struct addr *src,
    const struct prefix *net)
{
	struct prefix half = *net;

	if (src->family != net->addr.family)
		return;
	if (net->bits > 0) {
		obj_route(v, path, src, net);
		return;
	}
	half.bits = 1;
	obj_route(v, path, src, &half);
	half.addr.b[0] = 0x80;
	obj_route(v, path, src, &half);
}

static void
obj_nets(struct vip *v, const struct link_req *r,
    const struct link_path *path, const struct addr *src)
{
	struct prefix all = { .addr.family = src->family };
	size_t i;

	if (src->family == AF_UNSPEC)
		return;
	if (r->nnets == 0)
		obj_net(v, path, src, &all);
	for (i = 0; i < r->nnets; i++)
		obj_net(v, path, src, &r->net[i]);
}

/* Then whoever is in that net may have the same address, or not be told
 * from what is behind the peer. */
static void
warn_within(struct link *l, const struct addr *a)
{
	char p[PREFIX_STRLEN], s[ADDR_STRLEN];
	struct prefix net;

	if (a->family != AF_UNSPEC && l->ops->within(l->ctx, a, &net))
		log_warn(LOG_T_IPSEC, "the peer gives us %s, which is within "
		    "%s, a network of our own", addr_fmt(a, s, sizeof(s)),
		    prefix_fmt(&net, p, sizeof(p)));
}

static struct vip *
vip_find(const struct link *l, unsigned worker, uint32_t vip)
{
	struct vip *v;

	LIST_FOREACH(v, &l->vips, in_link)
		if (v->req.worker == worker && v->req.vip == vip)
			break;
	return v;
}

static struct vip *
vip_new(const struct link_req *r, const struct link_path *path,
    unsigned home)
{
	struct vip *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->req = *r;
	v->path = *path;
	v->home = home != 0 ? home : path->ifindex;
	obj_address(v, home == 0, &r->addr4);
	obj_address(v, home == 0, &r->addr6);
	obj_nets(v, r, path, &r->addr4);
	obj_nets(v, r, path, &r->addr6);
	return v;
}

int
link_set(struct link *l, const struct link_req *r, char *why)
{
	struct link_path path = { 0 };
	struct vip *v, *old = vip_find(l, r->worker, r->vip);
	char a[ADDR_STRLEN];
	int error = 0;
	size_t i;

	if (l->ops == NULL || r->nnets > LINK_NETS) {
		snprintf(why, LINK_WHY_LEN, "addresses cannot be set");
		return -1;
	}
	error = l->ops->path(l->ctx, &r->local, &r->remote, &path);
	if (error != 0) {
		snprintf(why, LINK_WHY_LEN, "no way to %s: %s",
		    addr_fmt(&r->remote, a, sizeof(a)), strerror(error));
		return -1;
	}
	if ((v = vip_new(r, &path, l->ops->home(l->ctx, true))) == NULL) {
		snprintf(why, LINK_WHY_LEN, "out of memory");
		return -1;
	}
	LIST_INSERT_HEAD(&l->vips, v, in_link);
	for (i = 0; i < v->n; i++) {
		error = claim(l, v, &v->obj[i]);
		if (error != 0 && !v->obj[i].o.route)
			break;	/* routes would be of no use */
	}
	if (old != NULL) {
		v->told = old->told;
		LIST_REMOVE(old, in_link);
		release(l, old);
	}
	if (i == v->n) {
		if (old == NULL) {
			warn_within(l, &r->addr4);
			warn_within(l, &r->addr6);
		}
		tell(l, v, r->ndns > 0);
		return 0;
	}
	snprintf(why, LINK_WHY_LEN, "the address is not set: %s",
	    strerror(error));
	drop(l, v);
	return -1;
}

void
link_del(struct link *l, unsigned worker, uint32_t vip)
{
	struct vip *v = vip_find(l, worker, vip);

	if (v != NULL)
		drop(l, v);
}

void
link_del_if(struct link *l, bool (*cond)(void *, unsigned, uint32_t,
    uint32_t), void *arg)
{
	struct vip *v, *next;

	for (v = LIST_FIRST(&l->vips); v != NULL; v = next) {
		next = LIST_NEXT(v, in_link);
		if (cond != NULL &&
		    !cond(arg, v->req.worker, v->req.peer, v->req.identity))
			continue;
		drop(l, v);
	}
}

/* What the kernel has of a vip's objects. */
struct seen {
	const struct vip *v;
	bool there[VIP_OBJS];
};

static void
see(void *arg, const struct link_obj *o)
{
	struct seen *s = arg;
	size_t i;

	for (i = 0; i < s->v->n; i++)
		if (same(&s->v->obj[i].o, o))
			s->there[i] = true;
}

static void
follow(struct link *l, struct vip *v)
{
	struct seen s = { .v = v };
	struct link_path path = { 0 };
	char why[LINK_WHY_LEN], a[ADDR_STRLEN];
	struct link_req r;
	size_t i;

	/* No way at all: what there is waits for the next one. */
	if (l->ops->path(l->ctx, &v->req.local, &v->req.remote,
	    &path) != 0 || l->ops->dump(l->ctx, see, &s) != 0)
		return;
	if (path.ifindex != v->path.ifindex ||
	    !addr_equal(&path.gw, &v->path.gw)) {
		log_info(LOG_T_IPSEC, "%s is reached in another way; routes "
		    "follow", addr_fmt(&v->req.remote, a, sizeof(a)));
		r = v->req;
		if (link_set(l, &r, why) == -1)
			log_error(LOG_T_IPSEC, "addresses from a peer: %s",
			    why);
		return;
	}
	for (i = 0; i < v->n; i++)
		if (v->obj[i].own && !s.there[i])
			(void)claim(l, v, &v->obj[i]);
}

void
link_follow(struct link *l)
{
	struct vip *v, *next;

	for (v = LIST_FIRST(&l->vips); v != NULL; v = next) {
		next = LIST_NEXT(v, in_link);
		follow(l, v);
	}
}

void
link_sweep(struct link *l)
{
	size_t i, n = 0;

	/* Routes first, as in release(). */
	for (i = 0; i < 2 * l->nleft; i++) {
		struct link_obj *o = &l->left[i % l->nleft];

		if (o->route != (i < l->nleft) ||
		    other_claim(l, NULL, o) != NULL)
			continue;
		del(l, o);
		n++;
	}
	if (n > 0)
		log_info(LOG_T_IPSEC, "removed %zu addresses and routes "
		    "nobody asked for", n);
	free(l->left);
	l->left = NULL;
	l->nleft = 0;
	if (l->ops != NULL && LIST_EMPTY(&l->vips))
		l->ops->unhome(l->ctx);
	if (l->known != NULL)
		l->known(l->dns_arg);
}

bool
link_has(const struct link *l, unsigned worker, uint32_t identity,
    const struct addr *a)
{
	const struct vip *v;

	LIST_FOREACH(v, &l->vips, in_link)
		if (v->req.worker == worker && v->req.identity == identity &&
		    (addr_equal(&v->req.addr4, a) ||
		    addr_equal(&v->req.addr6, a)))
			return true;
	return false;
}

void
link_each(const struct link *l, void (*fn)(void *, const struct link_req *,
    bool), void *arg)
{
	const struct vip *v;

	LIST_FOREACH(v, &l->vips, in_link)
		fn(arg, &v->req, v->home != v->path.ifindex);
}

size_t
link_count(const struct link *l, unsigned worker)
{
	const struct vip *v;
	size_t n = 0;

	LIST_FOREACH(v, &l->vips, in_link)
		n += v->req.worker == worker;
	return n;
}
