#include "tests/unit/road_util.h"

#include "lib/log.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct km km;
char why[GUARD_WHY_LEN];
struct fake_net net;

size_t
net_find(const struct link_obj *o)
{
	size_t i;

	for (i = 0; i < net.n; i++)
		if (net.obj[i].route == o->route &&
		    prefix_equal(&net.obj[i].dst, &o->dst))
			break;
	return i;
}

unsigned uplink = 3;
bool no_way;

static int
fake_path(void *ctx, const struct addr *local, const struct addr *remote,
    struct link_path *p)
{
	(void)ctx;
	(void)local;
	memset(p, 0, sizeof(*p));
	p->ifindex = uplink;
	if (no_way || remote->b[3] == 99)
		return ENETUNREACH;
	return addr_parse(&p->gw, "198.51.100.254") == 0 ? 0 : EINVAL;
}

static int
fake_add(void *ctx, const struct link_obj *o, bool replace)
{
	size_t i = net_find(o);

	(void)ctx;
	net.adds++;
	if (i < net.n && !replace)
		return EEXIST;
	ck_assert(i == net.n || net.ours[i]);
	ck_assert_uint_lt(i, NET_MAX);
	net.obj[i] = *o;
	net.ours[i] = true;
	if (i == net.n)
		net.n++;
	return 0;
}

int
fake_del(void *ctx, const struct link_obj *o)
{
	size_t i = net_find(o);

	(void)ctx;
	net.dels++;
	if (i == net.n)
		return ESRCH;
	ck_assert_msg(net.ours[i], "removes somebody else's");
	net.n--;
	net.obj[i] = net.obj[net.n];
	net.ours[i] = net.ours[net.n];
	return 0;
}

unsigned withins;

static bool
fake_within(void *ctx, const struct addr *a, struct prefix *p)
{
	(void)ctx;
	if (addr_equal(a, &(struct addr){ .family = AF_INET,
	    .b = { 192, 168, 77, 66 } })) {
		withins++;
		return prefix_parse(p, "192.168.77.0/24", true) == 0;
	}
	return false;
}

unsigned home;

static unsigned
fake_home(void *ctx, bool make)
{
	(void)ctx;
	(void)make;
	return home;
}

static void
fake_unhome(void *ctx)
{
	(void)ctx;
}

static int
fake_dump(void *ctx, void (*fn)(void *, const struct link_obj *), void *arg)
{
	size_t i;

	(void)ctx;
	for (i = 0; i < net.n; i++)
		if (net.ours[i])
			fn(arg, &net.obj[i]);
	return 0;
}

static void
fake_close(void *ctx)
{
	(void)ctx;
}

const struct link_ops fake_link = { .path = fake_path,
	.add = fake_add, .del = fake_del, .home = fake_home,
	.unhome = fake_unhome, .within = fake_within, .dump = fake_dump,
	.close = fake_close };

static void
quiet(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	(void)line;
}

void
setup(void)
{
	memset(&net, 0, sizeof(net));
	fake_reset();
	log_set_sink(quiet, NULL);
	fake_km(&km, 2);
	link_init(&km.link, &fake_link, NULL);
	fake_conf(&km, ROAD);
}

void
teardown(void)
{
	km_free(&km);
}

uint32_t
identity_of(const char *peer)
{
	uint32_t id = id_of(&km, CONF_PEER, peer);
	size_t i;

	for (i = 0; i < km.conf->nidentities; i++)
		if (km.conf->identities[i].peer == id)
			return km.conf->identities[i].id;
	abort();
}

struct link_req
good_vip(unsigned worker, uint32_t vip)
{
	struct link_req r = { .worker = worker, .vip = vip, .nnets = 1 };

	r.peer = id_of(&km, CONF_PEER, "a");
	r.identity = identity_of("a");
	addr_parse(&r.local, "198.51.100.1");
	addr_parse(&r.remote, "192.0.2.2");
	addr_parse(&r.addr4, "192.168.77.5");
	prefix_parse(&r.net[0], "10.5.8.0/24", true);
	return r;
}

bool
has(bool route, const char *dst)
{
	struct link_obj o = { .route = route };

	ck_assert_int_eq(prefix_parse(&o.dst, dst, true), 0);
	return net_find(&o) < net.n;
}
