#include "keymgr/link.h"

#include "lib/esptun.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_S		10	/* the kernel answers at once, or never */

typedef void (*answer_fn)(void *, struct nlmsghdr *);

struct rtnl {
	struct nl_sock *sk;
	struct nl_cb *cb;
	bool no_home;		/* this kernel cannot make it */
	/* Of the request under way. */
	uint32_t seq;
	answer_fn fn;
	void *arg;
	int error;
	bool done;
};

/* Only the kernel is listened to, and only about what was asked. */
static int
on_message(struct nl_msg *m, void *arg)
{
	const struct rtnl *r = arg;

	return nlmsg_get_src(m)->nl_pid == 0 &&
	    nlmsg_hdr(m)->nlmsg_seq == r->seq ? NL_OK : NL_SKIP;
}

static int
on_answer(struct nl_msg *m, void *arg)
{
	struct rtnl *r = arg;

	if (r->fn != NULL)
		r->fn(r->arg, nlmsg_hdr(m));
	return NL_OK;
}

static int
on_end(struct nl_msg *m, void *arg)
{
	struct rtnl *r = arg;

	(void)m;
	r->done = true;
	return NL_STOP;
}

static int
on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct rtnl *r = arg;

	(void)from;
	r->error = -e->error;
	r->done = true;
	return NL_STOP;
}

/* The library's own check would take a late answer for a broken socket. */
static int
on_sequence(struct nl_msg *m, void *arg)
{
	(void)m;
	(void)arg;
	return NL_OK;
}

static int
set_callbacks(struct rtnl *r)
{
	static const struct {
		enum nl_cb_type type;
		nl_recvmsg_msg_cb_t fn;
	} calls[] = {
		{ NL_CB_MSG_IN, on_message },
		{ NL_CB_SEQ_CHECK, on_sequence },
		{ NL_CB_VALID, on_answer },
		{ NL_CB_FINISH, on_end },
		{ NL_CB_ACK, on_end },
	};
	size_t i;

	if ((r->cb = nl_cb_alloc(NL_CB_DEFAULT)) == NULL)
		return -1;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		nl_cb_set(r->cb, calls[i].type, NL_CB_CUSTOM, calls[i].fn, r);
	nl_cb_err(r->cb, NL_CB_CUSTOM, on_error, r);
	return 0;
}

/*
 * Sends the request, which is freed, and passes on the answers to it, until
 * its acknowledgement or the end of a dump.  0 or an errno.
 */
static int
ask(struct rtnl *r, struct nl_msg *m, answer_fn fn, void *arg)
{
	int e;

	if (m == NULL)
		return ENOMEM;
	nl_complete_msg(r->sk, m);
	r->seq = nlmsg_hdr(m)->nlmsg_seq;
	r->fn = fn;
	r->arg = arg;
	r->error = 0;
	r->done = false;
	e = nl_send(r->sk, m);
	nlmsg_free(m);
	while (e >= 0 && !r->done)
		e = nl_recvmsgs(r->sk, r->cb);
	if (r->done)
		return r->error;
	return e == -NLE_AGAIN ? ETIMEDOUT : EIO;
}

/* A request with its fixed part, or NULL. */
static struct nl_msg *
request(int type, int flags, void *fixed, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	if (m == NULL || nlmsg_append(m, fixed, len, NLMSG_ALIGNTO) == 0)
		return m;
	nlmsg_free(m);
	return NULL;
}

/* The few attributes of a request always fit in a message. */
static void
put(struct nl_msg *m, int type, const void *data, size_t len)
{
	if (nla_put(m, type, (int)len, data) < 0)
		abort();
}

static void
put_addr(struct nl_msg *m, int type, const struct addr *a)
{
	if (a->family != AF_UNSPEC)
		put(m, type, a->b, addr_len(a));
}

static int
addr_get(const struct nlattr *a, struct addr *out)
{
	return a == NULL ? -1 :
	    addr_from_bytes(out, nla_data(a), (size_t)nla_len(a));
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
	(void)addr_get(tb[RTA_GATEWAY], &p->gw);
}

static struct nl_msg *
path_msg(const struct addr *local, const struct addr *remote, unsigned flags)
{
	struct rtmsg rtm = { .rtm_family = (uint8_t)remote->family,
		.rtm_dst_len = addr_bits(remote),
		.rtm_src_len = addr_bits(local), .rtm_flags = flags };
	struct nl_msg *m = request(RTM_GETROUTE, 0, &rtm, sizeof(rtm));
	uint32_t mark = ESPTUN_MARK;

	if (m != NULL) {
		put_addr(m, RTA_DST, remote);
		put_addr(m, RTA_SRC, local);
		put(m, RTA_MARK, &mark, sizeof(mark));
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
	(void)addr_get(tb[RTA_DST], &dst.addr);
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
	(void)addr_get(tb[RTA_GATEWAY], &b->path.gw);
}

static int
path_without_ours(struct rtnl *r, const struct addr *remote,
    struct link_path *p)
{
	struct rtmsg rtm = { .rtm_family = (uint8_t)remote->family };
	struct best b = { .remote = remote, .bits = -1 };
	int error;

	error = ask(r, request(RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm)),
	    best_answer, &b);
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
	error = ask(ctx, path_msg(local, remote, 0), path_answer, p);
	if (error != 0)
		return error;
	if (ask(ctx, path_msg(local, remote, RTM_F_FIB_MATCH), ours_answer,
	    &ours) == 0 && ours)
		return path_without_ours(ctx, remote, p);
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
	if ((m = request(type, flags, &ifa, sizeof(ifa))) == NULL)
		return NULL;
	put_addr(m, IFA_LOCAL, &o->dst.addr);
	put_addr(m, IFA_ADDRESS, &o->dst.addr);
	if (type != RTM_DELADDR)
		put(m, IFA_PROTO, &proto, sizeof(proto));
	if (lasts)
		put(m, IFA_CACHEINFO, &life, sizeof(life));
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
	struct nl_msg *m = request(type, flags, &rtm, sizeof(rtm));
	uint32_t ifindex = o->ifindex, metric = 0;

	if (m == NULL)
		return NULL;
	put_addr(m, RTA_DST, &o->dst.addr);
	put(m, RTA_OIF, &ifindex, sizeof(ifindex));
	if (o->dst.addr.family == AF_INET)
		put(m, RTA_PRIORITY, &metric, sizeof(metric));
	if (type == RTM_DELROUTE)
		return m;
	put_addr(m, RTA_GATEWAY, &o->gw);
	put_addr(m, RTA_PREFSRC, &o->src);
	return m;
}

static int
op_add(void *ctx, const struct link_obj *o, bool replace)
{
	int flags = NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL);

	return ask(ctx, o->route ? route_msg(RTM_NEWROUTE, flags, o) :
	    address_msg(RTM_NEWADDR, flags, o), NULL, NULL);
}

static int
op_del(void *ctx, const struct link_obj *o)
{
	return ask(ctx, o->route ? route_msg(RTM_DELROUTE, 0, o) :
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
	    addr_get(tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS],
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
	if (addr_get(tb[RTA_DST], &o.dst.addr) == -1)
		o.dst.addr.family = m->rtm_family;
	o.dst.bits = m->rtm_dst_len;
	o.ifindex = route_oif(tb);
	(void)addr_get(tb[RTA_GATEWAY], &o.gw);
	(void)addr_get(tb[RTA_PREFSRC], &o.src);
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
		error = ask(ctx, request(RTM_GETADDR, NLM_F_DUMP, &ifa,
		    sizeof(ifa)), address_answer, &d);
	}
	for (i = 0; error == 0 && i < sizeof(families); i++) {
		rtm.rtm_family = families[i];
		error = ask(ctx, request(RTM_GETROUTE, NLM_F_DUMP, &rtm,
		    sizeof(rtm)), route_answer, &d);
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
	    addr_get(tb[IFA_ADDRESS], &p.addr) == -1)
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

	return ask(ctx, request(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa)),
	    within_answer, &w) == 0 && w.found;
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
	struct nl_msg *m = request(type, flags, &ifi, sizeof(ifi));

	if (m != NULL)
		put(m, IFLA_IFNAME, LINK_NAME, sizeof(LINK_NAME));
	return m;
}

static unsigned
home_get(struct rtnl *r)
{
	unsigned ifindex = 0;

	return ask(r, home_msg(RTM_GETLINK, 0, 0), home_answer,
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
	put(m, IFLA_INFO_KIND, kind, strlen(kind) + 1);
	nla_nest_end(m, info);
	return m;
}

static unsigned
op_home(void *ctx, bool make)
{
	/* What is routed to one is lost, and nothing is.  Small kernels that
	 * have no dummies have this other kind. */
	static const char *const kinds[] = { "dummy", "ifb" };
	struct rtnl *r = ctx;
	unsigned ifindex = home_get(r);
	size_t i;

	if (ifindex != 0 || !make || r->no_home)
		return ifindex;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ask(r, home_make(kinds[i]), NULL, NULL) == 0)
			return home_get(r);
	r->no_home = true;
	return 0;
}

static void
op_unhome(void *ctx)
{
	if (home_get(ctx) != 0)
		(void)ask(ctx, home_msg(RTM_DELLINK, 0, 0), NULL, NULL);
}

static void
op_close(void *ctx)
{
	struct rtnl *r = ctx;

	nl_cb_put(r->cb);
	nl_socket_free(r->sk);
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
	static const struct timeval wait = { WAIT_S, 0 };
	struct rtnl *r = calloc(1, sizeof(*r));
	int e;

	if (r == NULL || set_callbacks(r) == -1 ||
	    (r->sk = nl_socket_alloc()) == NULL) {
		snprintf(why, LINK_WHY_LEN, "out of memory");
		goto fail;
	}
	if ((e = nl_connect(r->sk, NETLINK_ROUTE)) < 0) {
		snprintf(why, LINK_WHY_LEN, "netlink socket for addresses: "
		    "%s", nl_geterror(e));
		goto fail;
	}
	if (setsockopt(nl_socket_get_fd(r->sk), SOL_SOCKET, SO_RCVTIMEO,
	    &wait, sizeof(wait)) == -1) {
		snprintf(why, LINK_WHY_LEN, "netlink socket for addresses: "
		    "%s", strerror(errno));
		goto fail;
	}
	link_init(l, &rtnl_ops, r);
	return 0;
fail:
	if (r != NULL)
		op_close(r);
	return -1;
}
