/*
 * Templates, generated policies and addresses that peers gave us: what a
 * compromised ikepd may not do, and that what was made goes away.  The last
 * test asks the real kernel, in a network namespace of its own.
 */
#include "tests/unit/km_fake.h"

#include "lib/log.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROAD								\
	"/ip ipsec policy group add name=rw\n"				\
	"/ip ipsec policy group add name=other\n"			\
	"/ip ipsec proposal set default enc-algorithms=aes-128-gcm\n"	\
	"/ip ipsec policy add template=yes group=rw "			\
	"src-address=10.5.8.0/24 dst-address=192.168.77.0/24\n"		\
	"/ip ipsec policy add template=yes group=other\n"		\
	"/ip ipsec mode-config add name=ask responder=no\n"		\
	"/ip ipsec mode-config add name=give\n"				\
	"/ip ipsec peer add name=a address=192.0.2.2/32 "		\
	"local-address=198.51.100.1 exchange-mode=ike2\n"		\
	"/ip ipsec peer add name=b address=203.0.113.0/24 "		\
	"exchange-mode=ike2\n"						\
	"/ip ipsec identity add peer=a secret=x mode-config=ask "	\
	"generate-policy=port-strict policy-template-group=rw\n"	\
	"/ip ipsec identity add peer=b secret=y mode-config=give\n"	\
	"/ip pool add name=users ranges=192.168.77.2-192.168.77.254\n"	\
	"/ip ipsec mode-config add name=pool address-pool=users\n"	\
	"/ip ipsec peer add name=c address=198.18.0.0/24 "		\
	"exchange-mode=ike2\n"						\
	"/ip ipsec peer add name=d address=198.18.1.0/24 "		\
	"exchange-mode=ike2\n"						\
	"/ip ipsec identity add peer=c secret=z mode-config=pool "	\
	"generate-policy=port-strict policy-template-group=rw\n"	\
	"/ip ipsec identity add peer=d secret=z mode-config=pool "	\
	"generate-policy=port-strict policy-template-group=rw\n"
#define P_RW	1
#define P_OTHER	2

static struct km km;
static char why[GUARD_WHY_LEN];

/* A routing table that remembers what it was told. */
static struct {
	struct link_obj obj[64];
	bool ours[64];
	size_t n;
	unsigned adds, dels;
} net;

static size_t
net_find(const struct link_obj *o)
{
	size_t i;

	for (i = 0; i < net.n; i++)
		if (net.obj[i].route == o->route &&
		    prefix_equal(&net.obj[i].dst, &o->dst))
			break;
	return i;
}

static unsigned uplink = 3;
static bool no_way;

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
	ck_assert_uint_lt(i, 64);
	net.obj[i] = *o;
	net.ours[i] = true;
	if (i == net.n)
		net.n++;
	return 0;
}

static int
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

static unsigned withins;

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

static unsigned home;

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

static const struct link_ops fake_link = { .path = fake_path,
	.add = fake_add, .del = fake_del, .home = fake_home,
	.unhome = fake_unhome, .within = fake_within, .dump = fake_dump, .close = fake_close };

static void
quiet(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	(void)line;
}

static void
setup(void)
{
	memset(&net, 0, sizeof(net));
	fake_reset();
	log_set_sink(quiet, NULL);
	fake_km(&km, 2);
	link_init(&km.link, &fake_link, NULL);
	fake_conf(&km, ROAD);
}

static void
teardown(void)
{
	km_free(&km);
}

static uint32_t
identity_of(const char *peer)
{
	uint32_t id = id_of(&km, CONF_PEER, peer);
	size_t i;

	for (i = 0; i < km.conf->nidentities; i++)
		if (km.conf->identities[i].peer == id)
			return km.conf->identities[i].id;
	abort();
}

static struct link_req
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

static bool
has(bool route, const char *dst)
{
	struct link_obj o = { .route = route };

	ck_assert_int_eq(prefix_parse(&o.dst, dst, true), 0);
	return net_find(&o) < net.n;
}

static void
is_refused(unsigned policy, const char *local, const char *remote,
    const char *says)
{
	struct child_req r;
	uint64_t before = km.n.refused;

	good_req(&km, &r, policy, local, remote);
	r.peer = id_of(&km, CONF_PEER, "a");
	r.identity = identity_of("a");
	addr_parse(&r.remote.addr, "192.0.2.2");
	ck_assert_int_eq(install_add(&km, &r, why), -1);
	ck_assert_msg(strstr(why, says) != NULL, "%s", why);
	ck_assert_uint_eq(km.n.refused, before + 1);
	ck_assert_uint_eq(fake_sas(), 0);
	child_req_free(&r);
}

/* ikepd asks for what no template of the identity's group has. */
START_TEST(test_templates)
{
	struct child_req r;
	struct link_req v;

	is_refused(P_RW, "10.5.8.0/24", "192.168.66.2/32",
	    "outside the policy");
	is_refused(P_RW, "0.0.0.0/0", "192.168.77.5/32",
	    "outside the policy");
	is_refused(P_RW, "10.5.8.0/24", "192.168.76.0/23",
	    "outside the policy");
	is_refused(P_RW, "2001:db8::/32", "2001:db8::1/128",
	    "outside the policy");
	/* Those of another group, and the built-in one's. */
	is_refused(P_OTHER, "10.5.8.0/24", "192.168.77.5/32",
	    "not of the group");
	is_refused(0, "10.5.8.0/24", "192.168.77.5/32", "not of the group");
	/* An identity of somebody else, and one that generates nothing. */
	good_req(&km, &r, P_RW, "10.5.8.0/24", "192.168.77.5/32");
	r.identity = identity_of("b");
	ck_assert_int_eq(install_add(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "is not of peer"));
	r.peer = id_of(&km, CONF_PEER, "b");
	addr_parse(&r.remote.addr, "203.0.113.5");
	ck_assert_int_eq(install_add(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "generate-policy=no"));
	child_req_free(&r);
	ck_assert_uint_eq(fake_sas(), 0);
	/* An address of ours that the peer did not give us. */
	is_refused(P_RW, "10.5.8.7/32", "192.168.77.5/32",
	    "10.5.8.7 is not an address that was given to us");
	is_refused(P_RW, "10.5.8.0/24", "192.168.77.5/32",
	    "10.5.8.0 and more is not an address that was given to us");
	/* What is allowed. */
	v = good_vip(0, 1);
	addr_parse(&v.addr4, "10.5.8.7");
	ck_assert_int_eq(km_vip_set(&km, &v, why), 0);
	good_req(&km, &r, P_RW, "10.5.8.7/32", "192.168.77.5/32");
	r.identity = identity_of("a");
	ck_assert_msg(install_add(&km, &r, why) == 0, "%s", why);
	ck_assert_ptr_nonnull(fake_find("10.5.8.7/32", "192.168.77.5/32"));
	install_del(&km, 0, r.spi_in);
	ck_assert_ptr_null(fake_find("10.5.8.7/32", "192.168.77.5/32"));
	child_req_free(&r);
}
END_TEST

/* A user of peer "c" or "d" (198.18.0.9, 198.18.1.9), as the worker says. */
static int
user_add(struct child_req *r, unsigned worker, const char *peer,
    const char *remote)
{
	good_req(&km, r, P_RW, "10.5.8.0/24", remote);
	spi_give(&km.spi, worker, &r->spi_in, 1);
	r->worker = worker;
	r->peer = id_of(&km, CONF_PEER, peer);
	r->identity = identity_of(peer);
	addr_parse(&r->remote.addr, *peer == 'c' ? "198.18.0.9" :
	    "198.18.1.9");
	return install_add(&km, r, why);
}

static void
user_refused(unsigned worker, const char *peer, const char *remote)
{
	uint64_t before = km.n.refused;
	struct child_req r;

	ck_assert_int_eq(user_add(&r, worker, peer, remote), -1);
	ck_assert_msg(strstr(why, "is not an address that this user was "
	    "given") != NULL, "%s", why);
	ck_assert_uint_eq(km.n.refused, before + 1);
	child_req_free(&r);
}

/* Policies from a template come where the template is: before what is below
 * it, after what is above. */
START_TEST(test_place)
{
	const struct fake_policy *above, *below, *made;
	struct child_req r;
	struct addr a;

	fake_conf(&km, ROAD
	    "/ip ipsec policy add action=discard tunnel=yes "
	    "src-address=10.5.8.0/24 dst-address=0.0.0.0/0\n"
	    "/ip ipsec policy add action=none tunnel=yes place-before=1 "
	    "src-address=10.5.0.0/16 dst-address=192.168.0.0/16\n");
	addr_parse(&a, "192.168.77.5");
	leases_set(&km.leases, 0, identity_of("c"), &a);
	good_req(&km, &r, P_RW + 1, "10.5.8.0/24", "192.168.77.5/32");
	r.peer = id_of(&km, CONF_PEER, "c");
	r.identity = identity_of("c");
	addr_parse(&r.remote.addr, "198.18.0.9");
	ck_assert_msg(install_add(&km, &r, why) == 0, "%s", why);
	child_req_free(&r);
	above = fake_find("10.5.0.0/16", "192.168.0.0/16");
	made = fake_find("10.5.8.0/24", "192.168.77.5/32");
	below = fake_find("10.5.8.0/24", "0.0.0.0/0");
	ck_assert_ptr_nonnull(above);
	ck_assert_ptr_nonnull(made);
	ck_assert_ptr_nonnull(below);
	/* The kernel takes the lowest number first. */
	ck_assert_uint_lt(above->body.prio, made->body.prio);
	ck_assert_uint_lt(made->body.prio, below->body.prio);
}
END_TEST

/* What sessiond has said, but nobody has read yet. */
static unsigned polls;

static void
on_poll(void *arg)
{
	struct addr a;

	polls++;
	addr_parse(&a, "192.168.77.9");
	ck_assert_int_eq(leases_set(arg, 0, identity_of("c"), &a), 0);
}

/*
 * ikepd lies about users: it may speak with an address for the user alone
 * who was given it, at the worker where he is, and while his session lasts.
 */
START_TEST(test_leases)
{
	struct child_req r;
	struct addr a, b, first;

	addr_parse(&a, "192.168.77.5");
	addr_parse(&b, "192.168.77.6");
	user_refused(0, "c", "192.168.77.5/32");
	ck_assert_int_eq(leases_set(&km.leases, 0, identity_of("c"), &a), 0);
	ck_assert_int_eq(leases_set(&km.leases, 1, identity_of("d"), &b), 0);
	/* Another identity's, another worker's, more than one. */
	user_refused(0, "c", "192.168.77.6/32");
	user_refused(0, "d", "192.168.77.6/32");
	user_refused(1, "c", "192.168.77.6/32");
	user_refused(1, "c", "192.168.77.5/32");
	user_refused(0, "c", "192.168.77.4/30");
	user_refused(0, "c", "192.168.77.0/24");
	/* More than one, of which the first is its own. */
	addr_parse(&first, "192.168.77.4");
	leases_set(&km.leases, 0, identity_of("c"), &first);
	user_refused(0, "c", "192.168.77.4/30");
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_msg(user_add(&r, 0, "c", "192.168.77.5/32") == 0, "%s",
	    why);
	child_req_free(&r);
	km_lease_sweep(&km);
	ck_assert_uint_eq(fake_sas(), 2);
	/* Only who has it gives it back. */
	ck_assert(!leases_drop(&km.leases, 1, identity_of("c"), &a));
	ck_assert(!leases_drop(&km.leases, 0, identity_of("d"), &a));
	ck_assert(leases_drop(&km.leases, 0, identity_of("c"), &a));
	/* The session is over: nothing new, and what is there goes. */
	user_refused(0, "c", "192.168.77.5/32");
	ck_assert_uint_eq(fake_sas(), 2);
	memset(&told, 0, sizeof(told));
	km_lease_sweep(&km);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_ptr_null(fake_find("10.5.8.0/24", "192.168.77.5/32"));
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_uint_eq(told.spi, r.spi_in);
	/* It is the next one's, who alone may have it. */
	ck_assert_int_eq(leases_set(&km.leases, 1, identity_of("d"), &a), 0);
	user_refused(0, "c", "192.168.77.5/32");
	ck_assert_msg(user_add(&r, 1, "d", "192.168.77.5/32") == 0, "%s",
	    why);
	child_req_free(&r);
}
END_TEST

/* A reload takes from the template what the user was given. */
START_TEST(test_template_narrows)
{
	struct child_req r;
	struct addr a;

	addr_parse(&a, "192.168.77.5");
	leases_set(&km.leases, 0, identity_of("c"), &a);
	ck_assert_msg(user_add(&r, 0, "c", "192.168.77.5/32") == 0, "%s",
	    why);
	child_req_free(&r);
	fake_conf(&km, ROAD);
	ck_assert_uint_eq(fake_sas(), 2);
	memset(&told, 0, sizeof(told));
	/* One that still holds it changes nothing for who is online. */
	fake_conf(&km, ROAD "/ip ipsec policy set [find group=rw] "
	    "dst-address=192.168.76.0/23 src-address=10.5.0.0/16\n");
	ck_assert_uint_eq(fake_sas(), 2);
	ck_assert_uint_eq(told.hards, 0);
	ck_assert_ptr_nonnull(fake_find("10.5.8.0/24", "192.168.77.5/32"));
	fake_conf(&km, ROAD "/ip ipsec policy set [find group=rw] "
	    "dst-address=192.168.77.128/25\n");
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_ptr_null(fake_find("10.5.8.0/24", "192.168.77.5/32"));
}
END_TEST

/* sessiond is faster than ikepd, always, but it may not have been read. */
START_TEST(test_leases_late)
{
	struct child_req r;

	km.leases.poll = on_poll;
	km.leases.arg = &km.leases;
	polls = 0;
	ck_assert_msg(user_add(&r, 0, "c", "192.168.77.9/32") == 0, "%s",
	    why);
	ck_assert_uint_eq(polls, 1);
	child_req_free(&r);
	user_refused(0, "c", "192.168.77.8/32");
	km.leases.poll = NULL;
}
END_TEST

/* sessiond dies: what it gave stays until its successor says otherwise. */
START_TEST(test_leases_doubt)
{
	struct child_req r;
	struct addr a, b;

	addr_parse(&a, "192.168.77.5");
	addr_parse(&b, "192.168.77.6");
	leases_set(&km.leases, 0, identity_of("c"), &a);
	leases_set(&km.leases, 0, identity_of("d"), &b);
	leases_doubt(&km.leases);
	ck_assert_msg(user_add(&r, 0, "c", "192.168.77.5/32") == 0, "%s",
	    why);
	child_req_free(&r);
	leases_set(&km.leases, 0, identity_of("c"), &a);
	leases_known(&km.leases);
	km_lease_sweep(&km);
	ck_assert_uint_eq(fake_sas(), 2);
	user_refused(0, "d", "192.168.77.6/32");
}
END_TEST

START_TEST(test_set)
{
	struct link_req r = good_vip(0, 1);

	ck_assert_msg(km_vip_set(&km, &r, why) == 0, "%s", why);
	ck_assert_uint_eq(net.n, 2);
	ck_assert(has(false, "192.168.77.5/32"));
	ck_assert(has(true, "10.5.8.0/24"));
	ck_assert(addr_equal(&net.obj[1].src, &r.addr4));
	ck_assert_int_eq(net.obj[1].gw.family, AF_INET);
	/* The same again, then another address and both families. */
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(net.n, 2);
	ck_assert_uint_eq(net.dels, 0);
	addr_parse(&r.addr4, "192.168.77.6");
	addr_parse(&r.addr6, "2001:db8::6");
	r.nnets = 0;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(net.n, 6);
	ck_assert(!has(false, "192.168.77.5/32"));
	ck_assert(!has(true, "10.5.8.0/24"));
	ck_assert(has(true, "0.0.0.0/1"));
	ck_assert(has(true, "128.0.0.0/1"));
	ck_assert(has(true, "::/1"));
	ck_assert(has(true, "8000::/1"));
	/* Another worker has no say in it. */
	link_del(&km.link, 1, 1);
	ck_assert_uint_eq(net.n, 6);
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(net.n, 0);
	link_del(&km.link, 0, 1);
}
END_TEST

/* One IKE SA follows another with the same addresses. */
START_TEST(test_shared)
{
	struct link_req r = good_vip(0, 1), s = good_vip(0, 2);

	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_int_eq(km_vip_set(&km, &s, why), 0);
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(net.n, 2);
	ck_assert_uint_eq(net.dels, 0);
	/* A route takes the source of the one that stays. */
	addr_parse(&r.addr4, "192.168.77.9");
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	link_del(&km.link, 0, 1);
	ck_assert(has(false, "192.168.77.5/32"));
	ck_assert(!has(false, "192.168.77.9/32"));
	ck_assert_uint_eq(net.n, 2);
	ck_assert(addr_equal(&net.obj[net.obj[0].route ? 0 : 1].src,
	    &s.addr4));
	link_del(&km.link, 0, 2);
	ck_assert_uint_eq(net.n, 0);
}
END_TEST

/* What the administrator has stays as it is. */
START_TEST(test_foreign)
{
	struct link_req r = good_vip(0, 1);

	net.obj[0].route = true;
	prefix_parse(&net.obj[0].dst, "10.5.8.0/24", true);
	prefix_parse(&net.obj[1].dst, "192.168.77.5/32", true);
	net.n = 2;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(net.n, 2);
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(net.n, 2);
	ck_assert_uint_eq(net.dels, 0);
}
END_TEST

static void
vip_refused(struct link_req r, const char *says)
{
	uint64_t before = km.n.refused;

	ck_assert_int_eq(km_vip_set(&km, &r, why), -1);
	ck_assert_msg(strstr(why, says) != NULL, "%s", why);
	ck_assert_uint_eq(km.n.refused, before + 1);
	ck_assert_uint_eq(net.adds, 0);
}

static void
vip_address(const char *text)
{
	struct link_req r = good_vip(0, 1);

	ck_assert_int_eq(addr_parse(&r.addr4, text), 0);
	vip_refused(r, "not an address that we can have");
}

START_TEST(test_guard)
{
	struct link_req r = good_vip(0, 1);

	r.identity = identity_of("b");
	vip_refused(r, "no mode-config");
	r.peer = id_of(&km, CONF_PEER, "b");	/* its own, which gives */
	vip_refused(r, "no mode-config");
	r.identity = 9999;
	vip_refused(r, "no mode-config");
	r = good_vip(0, 1);	/* one that asks, but another peer's */
	r.peer = id_of(&km, CONF_PEER, "b");
	addr_parse(&r.remote, "203.0.113.5");
	vip_refused(r, "no mode-config");
	r = good_vip(0, 1);
	addr_parse(&r.remote, "192.0.2.3");
	vip_refused(r, "is not of peer a");
	r = good_vip(0, 1);
	addr_parse(&r.local, "198.51.100.2");
	vip_refused(r, "local-address");
	r = good_vip(0, 1);
	r.addr4.family = AF_UNSPEC;
	vip_refused(r, "no address");
	vip_address("127.0.0.1");
	vip_address("0.0.0.0");
	vip_address("224.0.0.1");
	vip_address("255.255.255.255");
	vip_address("169.254.1.1");
	vip_address("2001:db8::1");	/* in the place of IPv4 */
	r = good_vip(0, 1);
	addr_parse(&r.addr6, "::1");
	vip_refused(r, "not an address");
	addr_parse(&r.addr6, "fe80::1");
	vip_refused(r, "not an address");
}
END_TEST

/* Name servers are told once they may be asked, and until the end. */

static struct {
	unsigned on, off, known;
	bool own;
	char name[LINK_NAME_LEN];
} heard;

static void
on_dns(void *arg, unsigned worker, uint32_t vip, const struct link_req *r,
    bool own)
{
	(void)arg;
	ck_assert_uint_eq(worker, 0);
	ck_assert_uint_eq(vip, 1);
	heard.own = own;
	if (r == NULL) {
		heard.off++;
		return;
	}
	heard.on++;
	snprintf(heard.name, sizeof(heard.name), "%s", r->names[0]);
}

static void
on_known(void *arg)
{
	(void)arg;
	heard.known++;
}

START_TEST(test_dns)
{
	struct link_req r = good_vip(0, 1), bad;

	memset(&heard, 0, sizeof(heard));
	home = 9;
	km.link.dns = on_dns;
	km.link.known = on_known;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(heard.on, 0);
	r.ndns = r.nnames = 1;
	addr_parse(&r.dns[0], "10.5.8.1");
	strcpy(r.names[0], "corp.example");
	bad = r;
	strcpy(bad.names[0], "corp example");
	ck_assert_int_eq(km_vip_set(&km, &bad, why), -1);
	bad = r;
	addr_parse(&bad.dns[0], "127.0.0.1");
	ck_assert_int_eq(km_vip_set(&km, &bad, why), -1);
	ck_assert_uint_eq(heard.on, 0);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(heard.on, 1);
	ck_assert(heard.own);
	ck_assert_str_eq(heard.name, "corp.example");
	r.ndns = r.nnames = 0;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(heard.off, 1);
	r.ndns = 1;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(heard.off, 2);
	link_sweep(&km.link);
	ck_assert_uint_eq(heard.known, 1);
	km.link.dns = NULL;
	km.link.known = NULL;
	home = 0;
}
END_TEST

/* The uplink changes; a route of ours is taken away by somebody. */
START_TEST(test_follow)
{
	struct link_req r = good_vip(0, 1);
	struct link_obj o = { .route = true };
	size_t i;

	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	prefix_parse(&o.dst, "10.5.8.0/24", true);
	i = net_find(&o);
	ck_assert_uint_eq(net.obj[i].ifindex, 3);
	link_follow(&km.link);
	ck_assert_uint_eq(net.adds, 2);
	uplink = 4;
	link_follow(&km.link);
	i = net_find(&o);
	ck_assert_uint_lt(i, net.n);
	ck_assert_uint_eq(net.obj[i].ifindex, 4);
	ck_assert_int_eq(fake_del(NULL, &o), 0);
	ck_assert(!has(true, "10.5.8.0/24"));
	link_follow(&km.link);
	ck_assert(has(true, "10.5.8.0/24"));
	/* An address of a net that we are in is worth a line, once. */
	addr_parse(&r.addr4, "192.168.77.66");
	r.vip = 2;
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_uint_eq(withins, 1);
	link_del(&km.link, 0, 2);
	/* No way at all: what there is stays for the next. */
	no_way = true;
	link_follow(&km.link);
	ck_assert(has(true, "10.5.8.0/24"));
	no_way = false;
	link_del(&km.link, 0, 1);
	ck_assert_uint_eq(net.n, 0);
	uplink = 3;
}
END_TEST

START_TEST(test_limit)
{
	struct link_req r = good_vip(0, 1);
	unsigned i;

	for (i = 1; i <= LINK_VIPS; i++) {
		r.vip = i;
		ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	}
	r.vip = i;
	ck_assert_int_eq(km_vip_set(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "too many"));
	ck_assert_uint_eq(net.n, 2);
}
END_TEST

START_TEST(test_ends)
{
	struct link_req r = good_vip(0, 1), s = good_vip(1, 1);

	addr_parse(&s.addr4, "192.168.77.7");
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_int_eq(km_vip_set(&km, &s, why), 0);
	install_worker_gone(&km, 0);
	ck_assert(!has(false, "192.168.77.5/32"));
	ck_assert(has(false, "192.168.77.7/32"));
	/* The configuration stops asking. */
	fake_conf(&km, "/ip ipsec peer add name=a address=192.0.2.2/32 "
	    "exchange-mode=ike2\n/ip ipsec identity add peer=a secret=x\n");
	ck_assert_uint_eq(net.n, 0);
	fake_conf(&km, ROAD);
	r = good_vip(0, 1);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	km_remove_all(&km, true);
	ck_assert_uint_eq(net.n, 0);
	/* There is no way to the peer. */
	fake_conf(&km, "/ip ipsec mode-config add name=ask responder=no\n"
	    "/ip ipsec peer add name=a exchange-mode=ike2\n"
	    "/ip ipsec identity add peer=a secret=x mode-config=ask\n");
	r = good_vip(0, 1);
	addr_parse(&r.remote, "192.0.2.99");
	ck_assert_int_eq(km_vip_set(&km, &r, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "no way to 192.0.2.99"));
	ck_assert_uint_eq(net.n, 0);
}
END_TEST

/* keymgr was restarted: what is claimed stays, the rest goes. */
START_TEST(test_left)
{
	struct link_req r = good_vip(0, 1), s = good_vip(0, 2);
	char text[BK_WHY_LEN];

	addr_parse(&s.addr4, "192.168.77.7");
	prefix_parse(&s.net[0], "10.6.0.0/16", true);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	ck_assert_int_eq(km_vip_set(&km, &s, why), 0);
	ck_assert_uint_eq(net.n, 4);
	km_free(&km);
	fake_km(&km, 2);
	link_init(&km.link, &fake_link, NULL);
	ck_assert_int_eq(link_read(&km.link, text), 0);
	fake_conf(&km, ROAD);
	r = good_vip(0, 5);
	ck_assert_int_eq(km_vip_set(&km, &r, why), 0);
	reconcile_done(&km, 0);
	ck_assert_uint_eq(net.n, 4);
	reconcile_done(&km, 1);
	ck_assert_uint_eq(net.n, 2);
	ck_assert(has(false, "192.168.77.5/32"));
	ck_assert(has(true, "10.5.8.0/24"));
	link_del(&km.link, 0, 5);
	ck_assert_uint_eq(net.n, 0);
}
END_TEST

static unsigned
live_count(void)
{
	struct link l;
	size_t n;

	ck_assert_msg(link_rtnl_open(&l, why) == 0, "%s", why);
	ck_assert_msg(link_read(&l, why) == 0, "%s", why);
	n = l.nleft;
	link_free(&l);
	return (unsigned)n;
}

START_TEST(test_live)
{
	struct link_req r;
	struct link l;

	setup();
	r = good_vip(0, 1);
	if (unshare(CLONE_NEWNET) == -1 ||
	    system("ip tuntap add dev e0 mode tun && ip link set e0 up && "
	    "ip addr add 198.51.100.1/24 dev e0 && ip addr add "
	    "2001:db8:9::1/64 dev e0 nodad && ip route add default via "
	    "198.51.100.254 && ip route add 10.9.0.0/16 dev e0") != 0) {
		printf("no network namespace of its own: the kernel is not "
		    "asked\n");
		teardown();
		return;
	}
	ck_assert_msg(link_rtnl_open(&l, why) == 0, "%s", why);
	ck_assert_msg(link_read(&l, why) == 0, "%s", why);
	ck_assert_uint_eq(l.nleft, 0);
	addr_parse(&r.addr6, "2001:db8:77::5");
	prefix_parse(&r.net[1], "10.9.0.0/16", true);	/* is foreign */
	prefix_parse(&r.net[2], "::/0", true);
	r.nnets = 3;
	ck_assert_msg(link_set(&l, &r, why) == 0, "%s", why);
	ck_assert_uint_eq(live_count(), 5);
	ck_assert(l.ops->within(l.ctx, &(struct addr){ .family = AF_INET,
	    .b = { 198, 51, 100, 77 } }, &r.net[3]));
	ck_assert_uint_eq(r.net[3].bits, 24);
	ck_assert(!l.ops->within(l.ctx, &r.addr4, &r.net[3]));
	ck_assert_int_eq(system("ip route get 10.5.8.1 | grep -q "
	    "'via 198.51.100.254 dev e0 src 192.168.77.5' && ip -6 route get "
	    "2001:db8:5::1 | grep -q 'src 2001:db8:77::5'"), 0);
	ck_assert_msg(link_set(&l, &r, why) == 0, "%s", why);
	ck_assert_uint_eq(live_count(), 5);
	link_free(&l);		/* as a keymgr that dies */
	ck_assert_uint_eq(live_count(), 5);
	ck_assert_msg(link_rtnl_open(&l, why) == 0, "%s", why);
	ck_assert_msg(link_read(&l, why) == 0, "%s", why);
	r.addr6.family = AF_UNSPEC;
	ck_assert_msg(link_set(&l, &r, why) == 0, "%s", why);
	link_sweep(&l);
	ck_assert_uint_eq(live_count(), 2);
	link_del(&l, 0, 1);
	ck_assert_uint_eq(live_count(), 0);
	ck_assert_int_eq(system("ip route show 10.9.0.0/16 | grep -q e0 && "
	    "ip addr show e0 | grep -q 198.51.100.1/24"), 0);
	link_free(&l);
	teardown();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("link");
	TCase *t = tcase_create("fake"), *live = tcase_create("live");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_templates);
	tcase_add_test(t, test_place);
	tcase_add_test(t, test_leases);
	tcase_add_test(t, test_template_narrows);
	tcase_add_test(t, test_leases_late);
	tcase_add_test(t, test_leases_doubt);
	tcase_add_test(t, test_set);
	tcase_add_test(t, test_shared);
	tcase_add_test(t, test_foreign);
	tcase_add_test(t, test_guard);
	tcase_add_test(t, test_dns);
	tcase_add_test(t, test_follow);
	tcase_add_test(t, test_limit);
	tcase_add_test(t, test_ends);
	tcase_add_test(t, test_left);
	tcase_add_test(live, test_live);
	suite_add_tcase(s, t);
	suite_add_tcase(s, live);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
