#include "keymgr/link.h"

#include "keymgr/rtnl.h"
#include "lib/esptun.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct link_nl {
	struct rtnl nl;
	bool no_home;		/* this kernel cannot make it */
};

/* Of the context that link_ops have. */
static struct rtnl *
nl_of(void *ctx)
{
	struct link_nl *r = ctx;

	return &r->nl;
}

static int
route_attrs(struct nlmsghdr *h, struct nlattr **tb)
{
	static const struct nla_policy policy[RTA_MAX + 1] = {
		[RTA_OIF] = { .type = NLA_U32 },
	};

	return h->nlmsg_type != RTM_NEWROUTE ? -1 :
	    nlmsg_parse(h, sizeof(struct rtmsg), tb, RTA_MAX, policy);
}

static unsigned
route_oif(struct nlattr **tb)
{
	return tb[RTA_OIF] == NULL ? 0 : nla_get_u32(tb[RTA_OIF]);
}

static void
path_answer(void *arg, struct nlmsghdr *h)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct link_path *p = arg;

	if (route_attrs(h, tb) < 0)
		return;
	p->ifindex = route_oif(tb);
	(void)rtnl_addr(tb[RTA_GATEWAY], &p->gw);
}

static struct nl_msg *
path_msg(const struct addr *local, const struct addr *remote, unsigned flags)
{
	struct rtmsg rtm = { .rtm_family = (uint8_t)remote->family,
		.rtm_dst_len = addr_bits(remote),
		.rtm_src_len = addr_bits(local), .rtm_flags = flags };
	struct nl_msg *m = rtnl_request(RTM_GETROUTE, 0, &rtm, sizeof(rtm));
	uint32_t mark = ESPTUN_MARK;

	if (m != NULL) {
		rtnl_put_addr(m, RTA_DST, remote);
		rtnl_put_addr(m, RTA_SRC, local);
		rtnl_put(m, RTA_MARK, &mark, sizeof(mark));
	}
	return m;
}

static void
ours_answer(void *arg, struct nlmsghdr *h)
{
	struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *m = nlmsg_data(h);
	bool *ours = arg;

	*ours = route_attrs(h, tb) >= 0 && m->rtm_protocol == LINK_PROTO;
}

/* The route that the kernel would take if ours were not there. */
struct best {
	const struct addr *remote;
	int bits;
	uint32_t metric;
	struct link_path path;
};

static void
best_answer(void *arg, struct nlmsghdr *h)
{
	struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *m = nlmsg_data(h);
	struct prefix dst = { 0 };
	struct best *b = arg;
	uint32_t metric;

	if (route_attrs(h, tb) < 0 || m->rtm_protocol == LINK_PROTO ||
	    m->rtm_table != RT_TABLE_MAIN || m->rtm_type != RTN_UNICAST ||
	    m->rtm_family != b->remote->family || route_oif(tb) == 0)
		return;
	dst.addr.family = m->rtm_family;
	(void)rtnl_addr(tb[RTA_DST], &dst.addr);
	dst.bits = m->rtm_dst_len;
	metric = tb[RTA_PRIORITY] == NULL ? 0 :
	    nla_get_u32(tb[RTA_PRIORITY]);
	if (!prefix_has(&dst, b->remote) || dst.bits < b->bits ||
	    (dst.bits == b->bits && metric >= b->metric))
		return;
	b->bits = dst.bits;
	b->metric = metric;
	memset(&b->path, 0, sizeof(b->path));
	b->path.ifindex = route_oif(tb);
	(void)rtnl_addr(tb[RTA_GATEWAY], &b->path.gw);
}

static int
path_without_ours(struct rtnl *r, const struct addr *remote,
    struct link_path *p)
{
	struct rtmsg rtm = { .rtm_family = (uint8_t)remote->family };
	struct best b = { .remote = remote, .bits = -1 };
	int error;

	error = rtnl_ask(r, rtnl_request(RTM_GETROUTE, NLM_F_DUMP, &rtm,
	    sizeof(rtm)), best_answer, &b);
	*p = b.path;
	return error == 0 && p->ifindex == 0 ? ENETUNREACH : error;
}

/* A route of ours to everything leads to the peer as well, in the way that
 * was right when it was made. */
static int
op_path(void *ctx, const struct addr *local, const struct addr *remote,
    struct link_path *p)
{
	bool ours = false;
	int error;

	memset(p, 0, sizeof(*p));
	error = rtnl_ask(nl_of(ctx), path_msg(local, remote, 0), path_answer, p);
	if (error != 0)
		return error;
	if (rtnl_ask(nl_of(ctx), path_msg(local, remote, RTM_F_FIB_MATCH),
	    ours_answer, &ours) == 0 && ours)
		return path_without_ours(nl_of(ctx), remote, p);
	return p->ifindex == 0 ? ENETUNREACH : 0;
}

/*
 * An IPv6 address among others is deprecated from the start: only what says
 * so, as our routes do, has it as its source (RFC 6724 section 5, rule 3).
 */
static struct nl_msg *
address_msg(int type, int flags, const struct link_obj *o)
{
	struct ifa_cacheinfo life = {
		.ifa_prefered = o->shy ? 0 : UINT32_MAX,
		.ifa_valid = UINT32_MAX };
	struct ifaddrmsg ifa = { .ifa_family = (uint8_t)o->dst.addr.family,
		.ifa_prefixlen = o->dst.bits, .ifa_index = o->ifindex };
	bool lasts = type != RTM_DELADDR && o->dst.addr.family == AF_INET6;
	uint8_t proto = LINK_PROTO;
	struct nl_msg *m;

	if (lasts)
		ifa.ifa_flags = IFA_F_NODAD;
	if ((m = rtnl_request(type, flags, &ifa, sizeof(ifa))) == NULL)
		return NULL;
	rtnl_put_addr(m, IFA_LOCAL, &o->dst.addr);
	rtnl_put_addr(m, IFA_ADDRESS, &o->dst.addr);
	if (type != RTM_DELADDR)
		rtnl_put(m, IFA_PROTO, &proto, sizeof(proto));
	if (lasts)
		rtnl_put(m, IFA_CACHEINFO, &life, sizeof(life));
	return m;
}

static uint8_t
route_scope(int type, const struct link_obj *o)
{
	if (type == RTM_DELROUTE)
		return RT_SCOPE_NOWHERE;
	return o->gw.family != AF_UNSPEC || o->dst.addr.family == AF_INET6 ?
	    RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

/* A deletion names our protocol, so that nobody else's route is hit. */
static struct nl_msg *
route_msg(int type, int flags, const struct link_obj *o)
{
	struct rtmsg rtm = { .rtm_family = (uint8_t)o->dst.addr.family,
		.rtm_dst_len = o->dst.bits, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = LINK_PROTO, .rtm_type = RTN_UNICAST,
		.rtm_scope = route_scope(type, o) };
	struct nl_msg *m = rtnl_request(type, flags, &rtm, sizeof(rtm));
	uint32_t ifindex = o->ifindex, metric = 0;

	if (m == NULL)
		return NULL;
	rtnl_put_addr(m, RTA_DST, &o->dst.addr);
	rtnl_put(m, RTA_OIF, &ifindex, sizeof(ifindex));
	if (o->dst.addr.family == AF_INET)
		rtnl_put(m, RTA_PRIORITY, &metric, sizeof(metric));
	if (type == RTM_DELROUTE)
		return m;
	rtnl_put_addr(m, RTA_GATEWAY, &o->gw);
	rtnl_put_addr(m, RTA_PREFSRC, &o->src);
	return m;
}

static int
op_add(void *ctx, const struct link_obj *o, bool replace)
{
	int flags = NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL);

	return rtnl_ask(nl_of(ctx), o->route ?
	    route_msg(RTM_NEWROUTE, flags, o) :
	    address_msg(RTM_NEWADDR, flags, o), NULL, NULL);
}

static int
op_del(void *ctx, const struct link_obj *o)
{
	return rtnl_ask(nl_of(ctx), o->route ?
	    route_msg(RTM_DELROUTE, 0, o) :
	    address_msg(RTM_DELADDR, 0, o), NULL, NULL);
}

struct dump {
	void (*fn)(void *, const struct link_obj *);
	void *arg;
};

static void
address_answer(void *arg, struct nlmsghdr *h)
{
	static const struct nla_policy policy[IFA_PROTO + 1] = {
		[IFA_PROTO] = { .type = NLA_U8 },
	};
	struct nlattr *tb[IFA_PROTO + 1];
	struct link_obj o = { 0 };
	const struct ifaddrmsg *m;
	struct dump *d = arg;

	if (h->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(h, sizeof(*m), tb, IFA_PROTO, policy) < 0 ||
	    tb[IFA_PROTO] == NULL || nla_get_u8(tb[IFA_PROTO]) != LINK_PROTO ||
	    rtnl_addr(tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS],
	    &o.dst.addr) == -1)
		return;
	m = nlmsg_data(h);
	o.ifindex = m->ifa_index;
	o.dst.bits = addr_bits(&o.dst.addr);
	d->fn(d->arg, &o);
}

static void
route_answer(void *arg, struct nlmsghdr *h)
{
	struct link_obj o = { .route = true };
	struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *m;
	struct dump *d = arg;

	if (route_attrs(h, tb) < 0)
		return;
	m = nlmsg_data(h);
	if (m->rtm_protocol != LINK_PROTO || m->rtm_table != RT_TABLE_MAIN)
		return;
	if (rtnl_addr(tb[RTA_DST], &o.dst.addr) == -1)
		o.dst.addr.family = m->rtm_family;
	o.dst.bits = m->rtm_dst_len;
	o.ifindex = route_oif(tb);
	(void)rtnl_addr(tb[RTA_GATEWAY], &o.gw);
	(void)rtnl_addr(tb[RTA_PREFSRC], &o.src);
	d->fn(d->arg, &o);
}

static int
op_dump(void *ctx, void (*fn)(void *, const struct link_obj *), void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct dump d = { fn, arg };
	struct ifaddrmsg ifa = { 0 };
	struct rtmsg rtm = { 0 };
	int error = 0;
	size_t i;

	for (i = 0; error == 0 && i < sizeof(families); i++) {
		ifa.ifa_family = families[i];
		error = rtnl_ask(nl_of(ctx), rtnl_request(RTM_GETADDR,
		    NLM_F_DUMP, &ifa, sizeof(ifa)), address_answer, &d);
	}
	for (i = 0; error == 0 && i < sizeof(families); i++) {
		rtm.rtm_family = families[i];
		error = rtnl_ask(nl_of(ctx), rtnl_request(RTM_GETROUTE,
		    NLM_F_DUMP, &rtm, sizeof(rtm)), route_answer, &d);
	}
	return error;
}

/* Nets of this machine's */

struct within {
	const struct addr *addr;
	struct prefix *net;
	bool found;
};

static void
within_answer(void *arg, struct nlmsghdr *h)
{
	const struct ifaddrmsg *m = nlmsg_data(h);
	struct nlattr *tb[IFA_PROTO + 1];
	struct within *w = arg;
	struct prefix p = { 0 };

	if (h->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(h, sizeof(*m), tb, IFA_PROTO, NULL) < 0 ||
	    (tb[IFA_PROTO] != NULL &&
	    nla_get_u8(tb[IFA_PROTO]) == LINK_PROTO) ||
	    rtnl_addr(tb[IFA_ADDRESS], &p.addr) == -1)
		return;
	p.bits = m->ifa_prefixlen;
	if (p.bits == addr_bits(&p.addr))
		return;
	prefix_mask(&p);
	if (!prefix_has(&p, w->addr))
		return;
	*w->net = p;
	w->found = true;
}

static bool
op_within(void *ctx, const struct addr *a, struct prefix *net)
{
	struct ifaddrmsg ifa = { .ifa_family = (uint8_t)a->family };
	struct within w = { .addr = a, .net = net };

	return rtnl_ask(nl_of(ctx), rtnl_request(RTM_GETADDR, NLM_F_DUMP,
	    &ifa, sizeof(ifa)), within_answer, &w) == 0 && w.found;
}

/* Our own interface */

static void
home_answer(void *arg, struct nlmsghdr *h)
{
	const struct ifinfomsg *m = nlmsg_data(h);
	unsigned *ifindex = arg;

	if (h->nlmsg_type == RTM_NEWLINK && nlmsg_valid_hdr(h, sizeof(*m)))
		*ifindex = (unsigned)m->ifi_index;
}

static struct nl_msg *
home_msg(int type, int flags, unsigned up)
{
	struct ifinfomsg ifi = { .ifi_flags = up, .ifi_change = up };
	struct nl_msg *m = rtnl_request(type, flags, &ifi, sizeof(ifi));

	if (m != NULL)
		rtnl_put(m, IFLA_IFNAME, LINK_NAME, sizeof(LINK_NAME));
	return m;
}

static unsigned
home_get(struct rtnl *r)
{
	unsigned ifindex = 0;

	return rtnl_ask(r, home_msg(RTM_GETLINK, 0, 0), home_answer,
	    &ifindex) == 0 ? ifindex : 0;
}

static struct nl_msg *
home_make(const char *kind)
{
	struct nl_msg *m = home_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
	    IFF_UP);
	struct nlattr *info;

	if (m == NULL || (info = nla_nest_start(m, IFLA_LINKINFO)) == NULL) {
		nlmsg_free(m);
		return NULL;
	}
	rtnl_put(m, IFLA_INFO_KIND, kind, strlen(kind) + 1);
	nla_nest_end(m, info);
	return m;
}

static unsigned
op_home(void *ctx, bool make)
{
	/* What is routed to one is lost, and nothing is.  Small kernels that
	 * have no dummies have this other kind. */
	static const char *const kinds[] = { "dummy", "ifb" };
	struct link_nl *r = ctx;
	unsigned ifindex = home_get(&r->nl);
	size_t i;

	if (ifindex != 0 || !make || r->no_home)
		return ifindex;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (rtnl_ask(&r->nl, home_make(kinds[i]), NULL, NULL) == 0)
			return home_get(&r->nl);
	r->no_home = true;
	return 0;
}

static void
op_unhome(void *ctx)
{
	if (home_get(nl_of(ctx)) != 0)
		(void)rtnl_ask(nl_of(ctx), home_msg(RTM_DELLINK, 0, 0), NULL,
		    NULL);
}

static void
op_close(void *ctx)
{
	struct link_nl *r = ctx;

	rtnl_close(&r->nl);
	free(r);
}

static const struct link_ops rtnl_ops = {
	.path = op_path,
	.add = op_add,
	.del = op_del,
	.within = op_within,
	.home = op_home,
	.unhome = op_unhome,
	.dump = op_dump,
	.close = op_close,
};

int
link_rtnl_open(struct link *l, char *why)
{
	struct link_nl *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		snprintf(why, LINK_WHY_LEN, "out of memory");
		return -1;
	}
	if (rtnl_open(&r->nl, why, LINK_WHY_LEN) == -1) {
		free(r);
		return -1;
	}
	link_init(l, &rtnl_ops, r);
	return 0;
}
