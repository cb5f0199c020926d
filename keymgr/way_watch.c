/* What others do to our rules, to the device, and to addresses: a route has
 * an address for its source only where that is there. */
#include "keymgr/way_rtnl.h"

#include "keymgr/link.h"
#include "keymgr/way_nl.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <unistd.h>

#define RX_SIZE	32768

int
way_nl_watch(void)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
		    RTMGRP_IPV4_RULE |
		    1u << (RTNLGRP_IPV6_RULE - 1) };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);

	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) == 0)
		return fd;
	close(fd);
	return -1;
}

int
way_nl_watch_fd(const struct way_nl *w)
{
	return w->watch_fd;
}

static bool
rule_gone(const struct way_nl *w, struct nlmsghdr *h)
{
	struct nlattr *tb[FRA_MAX + 1];

	return h->nlmsg_pid != nl_socket_get_local_port(w->sk) &&
	    nlmsg_parse(h, sizeof(struct fib_rule_hdr), tb, FRA_MAX,
	    NULL) == 0 && tb[FRA_PROTOCOL] != NULL &&
	    nla_get_u8(tb[FRA_PROTOCOL]) == LINK_PROTO;
}

/* While it was down its routes went. */
static bool
came_up(const struct way_nl *w, struct nlmsghdr *h)
{
	const struct ifinfomsg *i = nlmsg_data(h);

	return nlmsg_valid_hdr(h, sizeof(*i)) &&
	    i->ifi_index == (int)w->ifindex && (i->ifi_change & IFF_UP) &&
	    (i->ifi_flags & IFF_UP);
}

/* Links are heard of for many reasons. */
static bool
other_mtu(struct way_nl *w, struct nlmsghdr *h)
{
	const struct ifinfomsg *i = nlmsg_data(h);
	struct way_link *l = &w->link[0];
	struct nlattr *a;
	uint32_t mtu;
	size_t k;

	if (!nlmsg_valid_hdr(h, sizeof(*i)) ||
	    i->ifi_index == (int)w->ifindex ||
	    (a = nlmsg_find_attr(h, sizeof(*i), IFLA_MTU)) == NULL ||
	    nla_len(a) < (int)sizeof(mtu))
		return false;
	mtu = nla_get_u32(a);
	for (k = 0; k < WAY_NL_LINKS; k++) {
		l = &w->link[k];
		if (l->ifindex == i->ifi_index || l->ifindex == 0)
			break;
	}
	if (l->ifindex == i->ifi_index && l->mtu == mtu)
		return false;
	*l = (struct way_link){ i->ifi_index, mtu };
	return true;
}

static unsigned
news_of(struct way_nl *w, struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_DELRULE:
		return rule_gone(w, h) ? WAY_ROBBED : 0;
	case RTM_NEWLINK:
		return (came_up(w, h) ? WAY_ROBBED : 0) |
		    (other_mtu(w, h) ? WAY_MTU : 0);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return WAY_ADDRESS;
	default:
		return 0;
	}
}

unsigned
way_nl_news(struct way_nl *w)
{
	union {
		struct nlmsghdr h;
		uint8_t raw[RX_SIZE];
	} rx;
	struct nlmsghdr *h;
	unsigned news = 0;
	ssize_t n;
	int left;

	for (;;) {
		n = recv(w->watch_fd, &rx, sizeof(rx), MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)	/* ENOBUFS: something was, and is lost */
			return errno == ENOBUFS ? WAY_ROBBED | WAY_MTU : news;
		left = (int)n;
		for (h = &rx.h; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			news |= news_of(w, h);
	}
}
