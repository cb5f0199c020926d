#include "keymgr/link.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <unistd.h>

#define RX_SIZE	32768

int
link_rtnl_watch(void)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
		    RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
		    RTMGRP_IPV6_ROUTE };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);

	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Not what we make ourselves, nor the kernel's routes of addresses, which
 * say nothing that the addresses did not. */
static bool
matters(struct nlmsghdr *h)
{
	const struct rtmsg *m = nlmsg_data(h);

	if (h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE)
		return true;
	return nlmsg_valid_hdr(h, sizeof(*m)) &&
	    m->rtm_table == RT_TABLE_MAIN &&
	    (h->nlmsg_type == RTM_DELROUTE ||
	    m->rtm_protocol != LINK_PROTO);
}

bool
link_rtnl_changed(int fd)
{
	union {
		struct nlmsghdr h;
		uint8_t raw[RX_SIZE];
	} rx;
	struct nlmsghdr *h;
	bool changed = false;
	ssize_t n;
	int left;

	for (;;) {
		n = recv(fd, &rx, sizeof(rx), MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)	/* ENOBUFS: something was, and is lost */
			return changed || errno == ENOBUFS;
		left = (int)n;
		for (h = &rx.h; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			changed |= matters(h);
	}
}
