#include "keymgr/xfrm.h"

#include "keymgr/xfrm_msg.h"
#include "keymgr/xfrm_read.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>

#define EVENT_BUF	(4 * 1024 * 1024)
#define EVENTS_A_TURN	64	/* datagrams, then others have their turn */

static const int groups[] = {
	XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_MAPPING,
};

int
xfrm_event_open(struct xfrm *x, char *why)
{
	int rc = 0, fd, size = EVENT_BUF;
	size_t i;

	if ((x->ev_sk = nl_socket_alloc()) == NULL ||
	    (rc = nl_connect(x->ev_sk, NETLINK_XFRM)) < 0) {
		snprintf(why, BK_WHY_LEN, "netlink: %s", x->ev_sk == NULL ?
		    "out of memory" : nl_geterror(rc));
		return -1;
	}
	fd = nl_socket_get_fd(x->ev_sk);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		rc = nl_socket_add_membership(x->ev_sk, groups[i]);
		if (rc < 0) {
			snprintf(why, BK_WHY_LEN, "netlink events: %s",
			    nl_geterror(rc));
			return -1;
		}
	}
	if ((rc = nl_socket_set_nonblocking(x->ev_sk)) < 0) {
		snprintf(why, BK_WHY_LEN, "netlink events: %s",
		    nl_geterror(rc));
		return -1;
	}
	return 0;
}

static void
dispatch(struct xfrm *x, struct nlmsghdr *h)
{
	const struct bk_events *e = &x->events;
	struct endpoint remote;
	struct selector sel;
	struct addr dst;
	uint32_t n;
	bool hard;

	if (xfrm_read_acquire(h, &n, &sel) == 0)
		e->acquire(e->arg, n, &sel);
	else if (xfrm_read_expire(h, &n, &dst, &hard) == 0)
		e->expire(e->arg, n, &dst, hard);
	else if (xfrm_read_mapping(h, &n, &remote) == 0)
		e->mapping(e->arg, n, &remote);
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	uint8_t buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct xfrm *x = arg;
	struct sockaddr_nl from;
	struct nlmsghdr *h;
	socklen_t len;
	ssize_t n;
	int i, left;

	(void)what;
	for (i = 0; i < EVENTS_A_TURN; i++) {
		len = sizeof(from);
		n = recvfrom(fd, buf, sizeof(buf), 0,
		    (struct sockaddr *)&from, &len);
		if (n == -1 && errno == ENOBUFS) {
			x->events.lost(x->events.arg);
			continue;
		}
		if (n <= 0)
			return;
		if (from.nl_pid != 0)
			continue;
		left = (int)n;
		h = (struct nlmsghdr *)buf;
		for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			dispatch(x, h);
	}
}

int
xfrm_event_listen(void *arg, struct event_base *base,
    const struct bk_events *events)
{
	struct xfrm *x = arg;

	x->events = *events;
	x->ev = event_new(base, nl_socket_get_fd(x->ev_sk),
	    EV_READ | EV_PERSIST, readable, x);
	if (x->ev == NULL || event_add(x->ev, NULL) == -1)
		return -1;
	return 0;
}

void
xfrm_event_close(struct xfrm *x)
{
	if (x->ev != NULL)
		event_free(x->ev);
	x->ev = NULL;
	if (x->ev_sk != NULL)
		nl_socket_free(x->ev_sk);
	x->ev_sk = NULL;
}
