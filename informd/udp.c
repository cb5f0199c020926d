#include "informd/udp.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENT_PORT	68
#define RX_SIZE		1500
#define BURST		16	/* a wake-up, so that the edges get theirs */

struct udp {
	int fd;
	struct event *ev;
	udp_recv recv;
	void *arg;
	uint8_t rx[RX_SIZE];
};

union control {
	uint8_t raw[CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct cmsghdr align;
};

static int
destination(struct msghdr *m, struct addr *to)
{
	struct in_pktinfo info;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_PKTINFO &&
		    c->cmsg_len >= CMSG_LEN(sizeof(info))) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return addr_from_bytes(to,
			    (const uint8_t *)&info.ipi_spec_dst, 4);
		}
	return -1;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct sockaddr_in sin;
	struct udp *u = arg;
	union control control;
	struct iovec iov = { u->rx, sizeof(u->rx) };
	struct addr from, to;
	struct msghdr m;
	unsigned i;
	ssize_t n;

	(void)what;
	for (i = 0; i < BURST; i++) {
		m = (struct msghdr){ .msg_name = &sin,
			.msg_namelen = sizeof(sin), .msg_iov = &iov,
			.msg_iovlen = 1, .msg_control = &control,
			.msg_controllen = sizeof(control) };
		if ((n = recvmsg(fd, &m, MSG_DONTWAIT)) == -1)
			return;
		if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
		    m.msg_namelen != sizeof(sin) ||
		    destination(&m, &to) == -1 || addr_from_bytes(&from,
		    (const uint8_t *)&sin.sin_addr, 4) == -1)
			continue;
		u->recv(u->arg, u->rx, (size_t)n, &from, &to);
	}
}

struct udp *
udp_new(struct event_base *base, int fd, udp_recv recv, void *arg)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL) {
		close(fd);
		return NULL;
	}
	u->fd = fd;
	u->recv = recv;
	u->arg = arg;
	u->ev = event_new(base, fd, EV_READ | EV_PERSIST, on_read, u);
	if (u->ev == NULL || event_add(u->ev, NULL) == -1) {
		udp_free(u);
		return NULL;
	}
	return u;
}

void
udp_free(struct udp *u)
{
	if (u == NULL)
		return;
	if (u->ev != NULL)
		event_free(u->ev);
	close(u->fd);
	free(u);
}

int
udp_send(struct udp *u, const struct addr *from, const struct addr *to,
    const void *data, size_t len)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(CLIENT_PORT) };
	struct iovec iov = { (void *)(uintptr_t)data, len };
	union control control;
	struct in_pktinfo info = { 0 };
	struct msghdr m = { .msg_name = &sin, .msg_namelen = sizeof(sin),
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	memcpy(&sin.sin_addr, to->b, 4);
	memcpy(&info.ipi_spec_dst, from->b, 4);
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return sendmsg(u->fd, &m, MSG_DONTWAIT) == (ssize_t)len ? 0 : -1;
}
