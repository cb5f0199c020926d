#include "keymgr/link.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RX_SIZE		32768
#define WAIT_S		10	/* the kernel answers at once, or never */

struct rtnl {
	int fd;
	uint32_t seq;
	union {
		struct nlmsghdr h;
		uint8_t raw[512];
	} tx;
	union {
		struct nlmsghdr h;
		uint8_t raw[RX_SIZE];
	} rx;
};

static void *
begin(struct rtnl *r, uint16_t type, uint16_t flags, size_t len)
{
	memset(&r->tx, 0, sizeof(r->tx));
	r->tx.h.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	r->tx.h.nlmsg_type = type;
	r->tx.h.nlmsg_flags = NLM_F_REQUEST | flags;
	r->tx.h.nlmsg_seq = ++r->seq;
	return NLMSG_DATA(&r->tx.h);
}

/* The few attributes of a request always fit. */
static void
attr(struct rtnl *r, uint16_t type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(r->tx.h.nlmsg_len);
	struct rtattr a = { .rta_type = type,
		.rta_len = (uint16_t)RTA_LENGTH(len) };

	if (at + RTA_SPACE(len) > sizeof(r->tx))
		abort();
	memcpy(r->tx.raw + at, &a, sizeof(a));
	memcpy(r->tx.raw + at + RTA_LENGTH(0), data, len);
	r->tx.h.nlmsg_len = (uint32_t)(at + RTA_LENGTH(len));
}

static void
attr_addr(struct rtnl *r, uint16_t type, const struct addr *a)
{
	if (a->family != AF_UNSPEC)
		attr(r, type, a->b, addr_bits(a) / 8);
}

static int
transmit(struct rtnl *r)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	ssize_t n;

	do {
		n = sendto(r->fd, &r->tx, r->tx.h.nlmsg_len, 0,
		    (struct sockaddr *)&to, sizeof(to));
	} while (n == -1 && errno == EINTR);
	return n == -1 ? errno : 0;
}

/* One datagram of the kernel's; its length, or -1 with errno. */
static ssize_t
receive(struct rtnl *r)
{
	struct sockaddr_nl from;
	socklen_t len;
	ssize_t n;

	for (;;) {
		len = sizeof(from);
		n = recvfrom(r->fd, &r->rx, sizeof(r->rx), MSG_TRUNC,
		    (struct sockaddr *)&from, &len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n > (ssize_t)sizeof(r->rx)) {
			errno = EMSGSIZE;
			return -1;
		}
		if (n == -1 || from.nl_pid == 0)
			return n;
	}
}

typedef void (*answer_fn)(void *, const struct nlmsghdr *);

/*
 * Sends the request and passes on the answers to it, until its
 * acknowledgement or the end of a dump.  0 or an errno.
 */
static int
ask(struct rtnl *r, answer_fn fn, void *arg)
{
	const struct nlmsghdr *h;
	const struct nlmsgerr *e;
	int error = transmit(r);
	ssize_t n;
	int left;

	if (error != 0)
		return error;
	for (;;) {
		if ((n = receive(r)) == -1)
			return errno;
		left = (int)n;
		for (h = &r->rx.h; NLMSG_OK(h, (uint32_t)left);
		    h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != r->seq)
				continue;
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type != NLMSG_ERROR) {
				if (fn != NULL)
					fn(arg, h);
				continue;
			}
			if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
				return EBADMSG;
			e = NLMSG_DATA(h);
			return -e->error;
		}
	}
}

/* The attributes after a fixed part, by type below max. */
static void
attrs_get(const struct nlmsghdr *h, size_t fixed, const struct rtattr **tb,
    unsigned max)
{
	const struct rtattr *a;
	int left;

	memset(tb, 0, max * sizeof(*tb));
	if (h->nlmsg_len < NLMSG_SPACE(fixed))
		return;
	left = (int)(h->nlmsg_len - NLMSG_SPACE(fixed));
	a = (const struct rtattr *)((const uint8_t *)h + NLMSG_SPACE(fixed));
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type < max)
			tb[a->rta_type] = a;
}

static int
addr_get(const struct rtattr *a, struct addr *out)
{
	return a == NULL ? -1 :
	    addr_from_bytes(out, RTA_DATA(a), RTA_PAYLOAD(a));
}

static unsigned
u32_get(const struct rtattr *a)
{
	uint32_t v = 0;

	if (a != NULL && RTA_PAYLOAD(a) == sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

static void
path_answer(void *arg, const struct nlmsghdr *h)
{
	const struct rtattr *tb[RTA_MAX + 1];
	struct link_path *p = arg;

	if (h->nlmsg_type != RTM_NEWROUTE)
		return;
	attrs_get(h, sizeof(struct rtmsg), tb, RTA_MAX + 1);
	p->ifindex = u32_get(tb[RTA_OIF]);
	(void)addr_get(tb[RTA_GATEWAY], &p->gw);
}

static int
op_path(void *ctx, const struct addr *local, const struct addr *remote,
    struct link_path *p)
{
	struct rtnl *r = ctx;
	struct rtmsg *m = begin(r, RTM_GETROUTE, NLM_F_ACK, sizeof(*m));
	int error;

	memset(p, 0, sizeof(*p));
	m->rtm_family = (uint8_t)remote->family;
	m->rtm_dst_len = addr_bits(remote);
	m->rtm_src_len = addr_bits(local);
	attr_addr(r, RTA_DST, remote);
	attr_addr(r, RTA_SRC, local);
	error = ask(r, path_answer, p);
	return error == 0 && p->ifindex == 0 ? ENETUNREACH : error;
}

/*
 * An IPv6 address is deprecated from the start: only what says so, as our
 * routes do, has it as its source (RFC 6724 section 5, rule 3).
 */
static void
address_msg(struct rtnl *r, uint16_t type, uint16_t flags,
    const struct link_obj *o)
{
	struct ifa_cacheinfo life = { .ifa_prefered = 0,
		.ifa_valid = UINT32_MAX };
	struct ifaddrmsg *m = begin(r, type, NLM_F_ACK | flags, sizeof(*m));
	uint8_t proto = LINK_PROTO;

	m->ifa_family = (uint8_t)o->dst.addr.family;
	m->ifa_prefixlen = o->dst.bits;
	m->ifa_index = o->ifindex;
	attr_addr(r, IFA_LOCAL, &o->dst.addr);
	attr_addr(r, IFA_ADDRESS, &o->dst.addr);
	if (type == RTM_DELADDR)
		return;
	attr(r, IFA_PROTO, &proto, sizeof(proto));
	if (o->dst.addr.family == AF_INET6) {
		m->ifa_flags = IFA_F_NODAD;
		attr(r, IFA_CACHEINFO, &life, sizeof(life));
	}
}

/* A deletion names our protocol, so that nobody else's route is hit. */
static void
route_msg(struct rtnl *r, uint16_t type, uint16_t flags,
    const struct link_obj *o)
{
	struct rtmsg *m = begin(r, type, NLM_F_ACK | flags, sizeof(*m));
	uint32_t ifindex = o->ifindex, metric = 0;

	m->rtm_family = (uint8_t)o->dst.addr.family;
	m->rtm_dst_len = o->dst.bits;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = LINK_PROTO;
	m->rtm_type = RTN_UNICAST;
	m->rtm_scope = o->gw.family != AF_UNSPEC ||
	    o->dst.addr.family == AF_INET6 ? RT_SCOPE_UNIVERSE :
	    RT_SCOPE_LINK;
	if (type == RTM_DELROUTE)
		m->rtm_scope = RT_SCOPE_NOWHERE;
	attr_addr(r, RTA_DST, &o->dst.addr);
	attr(r, RTA_OIF, &ifindex, sizeof(ifindex));
	if (o->dst.addr.family == AF_INET)
		attr(r, RTA_PRIORITY, &metric, sizeof(metric));
	if (type == RTM_DELROUTE)
		return;
	attr_addr(r, RTA_GATEWAY, &o->gw);
	attr_addr(r, RTA_PREFSRC, &o->src);
}

static int
op_add(void *ctx, const struct link_obj *o, bool replace)
{
	uint16_t flags = NLM_F_CREATE |
	    (replace ? NLM_F_REPLACE : NLM_F_EXCL);
	struct rtnl *r = ctx;

	(o->route ? route_msg : address_msg)(r, o->route ? RTM_NEWROUTE :
	    RTM_NEWADDR, flags, o);
	return ask(r, NULL, NULL);
}

static int
op_del(void *ctx, const struct link_obj *o)
{
	struct rtnl *r = ctx;

	(o->route ? route_msg : address_msg)(r, o->route ? RTM_DELROUTE :
	    RTM_DELADDR, 0, o);
	return ask(r, NULL, NULL);
}

struct dump {
	void (*fn)(void *, const struct link_obj *);
	void *arg;
};

static void
address_answer(void *arg, const struct nlmsghdr *h)
{
	const struct rtattr *tb[IFA_PROTO + 1], *a;
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	struct link_obj o = { 0 };
	struct dump *d = arg;

	if (h->nlmsg_type != RTM_NEWADDR ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return;
	attrs_get(h, sizeof(*m), tb, IFA_PROTO + 1);
	a = tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (tb[IFA_PROTO] == NULL || RTA_PAYLOAD(tb[IFA_PROTO]) != 1 ||
	    *(const uint8_t *)RTA_DATA(tb[IFA_PROTO]) != LINK_PROTO ||
	    addr_get(a, &o.dst.addr) == -1)
		return;
	o.ifindex = m->ifa_index;
	o.dst.bits = addr_bits(&o.dst.addr);
	d->fn(d->arg, &o);
}

static void
route_answer(void *arg, const struct nlmsghdr *h)
{
	const struct rtattr *tb[RTA_MAX + 1];
	const struct rtmsg *m = NLMSG_DATA(h);
	struct link_obj o = { .route = true };
	struct dump *d = arg;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    m->rtm_protocol != LINK_PROTO || m->rtm_table != RT_TABLE_MAIN)
		return;
	attrs_get(h, sizeof(*m), tb, RTA_MAX + 1);
	if (addr_get(tb[RTA_DST], &o.dst.addr) == -1)
		o.dst.addr.family = m->rtm_family;
	o.dst.bits = m->rtm_dst_len;
	o.ifindex = u32_get(tb[RTA_OIF]);
	(void)addr_get(tb[RTA_GATEWAY], &o.gw);
	(void)addr_get(tb[RTA_PREFSRC], &o.src);
	d->fn(d->arg, &o);
}

static int
op_dump(void *ctx, void (*fn)(void *, const struct link_obj *), void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct dump d = { fn, arg };
	struct rtnl *r = ctx;
	struct ifaddrmsg *ifa;
	struct rtmsg *rtm;
	int error = 0;
	size_t i;

	for (i = 0; error == 0 && i < sizeof(families); i++) {
		ifa = begin(r, RTM_GETADDR, NLM_F_DUMP, sizeof(*ifa));
		ifa->ifa_family = families[i];
		error = ask(r, address_answer, &d);
	}
	for (i = 0; error == 0 && i < sizeof(families); i++) {
		rtm = begin(r, RTM_GETROUTE, NLM_F_DUMP, sizeof(*rtm));
		rtm->rtm_family = families[i];
		error = ask(r, route_answer, &d);
	}
	return error;
}

static void
op_close(void *ctx)
{
	struct rtnl *r = ctx;

	close(r->fd);
	free(r);
}

static const struct link_ops rtnl_ops = {
	.path = op_path,
	.add = op_add,
	.del = op_del,
	.dump = op_dump,
	.close = op_close,
};

int
link_rtnl_open(struct link *l, char *why)
{
	static const struct timeval wait = { WAIT_S, 0 };
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	struct rtnl *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		snprintf(why, LINK_WHY_LEN, "out of memory");
		return -1;
	}
	r->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (r->fd == -1 ||
	    setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
	    sizeof(wait)) == -1 ||
	    bind(r->fd, (struct sockaddr *)&self, sizeof(self)) == -1) {
		snprintf(why, LINK_WHY_LEN, "netlink socket for addresses: "
		    "%s", strerror(errno));
		if (r->fd != -1)
			close(r->fd);
		free(r);
		return -1;
	}
	link_init(l, &rtnl_ops, r);
	return 0;
}
