#include "ikepd/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define UDP_SOCKETS_MAX	16
#define UDP_DATAGRAM_MAX	65535
/* Datagrams taken per wake-up, so that timers and edges get their turn. */
#define UDP_BURST	64
#define MARKER_LEN	4
#define ESP_HEADER_LEN	8

struct udp_socket {
	struct udp *udp;
	int fd;
	bool natt;
	struct endpoint bound;
	struct event *ev;
};

struct udp {
	struct event_base *base;
	udp_recv_fn recv;
	void *arg;
	unsigned nsockets;
	struct udp_socket sockets[UDP_SOCKETS_MAX];
	struct udp_stats stats;
	int probe[2];	/* IPv4, IPv6; -1: family not there */
	uint8_t in[UDP_DATAGRAM_MAX];
};

/* Room for one in_pktinfo or in6_pktinfo. */
union pktinfo {
	uint8_t v4[CMSG_SPACE(sizeof(struct in_pktinfo))];
	uint8_t v6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct cmsghdr align;
};

struct udp *
udp_new(struct event_base *base, udp_recv_fn recv, void *arg)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->base = base;
	u->recv = recv;
	u->arg = arg;
	u->probe[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	u->probe[1] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return u;
}

void
udp_free(struct udp *u)
{
	unsigned i;

	if (u == NULL)
		return;
	for (i = 0; i < u->nsockets; i++) {
		event_free(u->sockets[i].ev);
		close(u->sockets[i].fd);
	}
	for (i = 0; i < 2; i++)
		if (u->probe[i] != -1)
			close(u->probe[i]);
	free(u);
}

/* The address the datagram was sent to, from the control message. */
static void
local_from_cmsg(struct msghdr *mh, struct endpoint *local)
{
	struct cmsghdr *c;
	struct in_pktinfo p4;
	struct in6_pktinfo p6;

	for (c = CMSG_FIRSTHDR(mh); c != NULL; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&p4, CMSG_DATA(c), sizeof(p4));
			(void)addr_from_bytes(&local->addr,
			    (const uint8_t *)&p4.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&p6, CMSG_DATA(c), sizeof(p6));
			(void)addr_from_bytes(&local->addr,
			    (const uint8_t *)&p6.ipi6_addr, 16);
		}
	}
}

/* True when data is left that IKE should see, be it to refuse it. */
static bool
strip_marker(struct udp *u, const uint8_t **data, size_t *len)
{
	static const uint8_t zero[MARKER_LEN];

	if (*len == 1 && (*data)[0] == 0xff) {
		u->stats.keepalives++;
		return false;
	}
	/* What is too short for ESP is told as malformed; the rest is ESP
	 * that the kernel did not take (no UDP_ENCAP). */
	if (*len < MARKER_LEN || memcmp(*data, zero, MARKER_LEN) != 0) {
		u->stats.runts++;
		return *len <= ESP_HEADER_LEN;
	}
	*data += MARKER_LEN;
	*len -= MARKER_LEN;
	return true;
}

/* One datagram.  False: nothing more to read now. */
static bool
udp_read_one(struct udp_socket *s)
{
	struct udp *u = s->udp;
	struct sockaddr_storage ss;
	union pktinfo ctl;
	struct iovec iov = { u->in, sizeof(u->in) };
	struct msghdr mh = { .msg_name = &ss, .msg_namelen = sizeof(ss),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &ctl, .msg_controllen = sizeof(ctl) };
	struct endpoint local = s->bound, remote;
	const uint8_t *data = u->in;
	size_t len;
	ssize_t n;

	n = recvmsg(s->fd, &mh, MSG_DONTWAIT);
	if (n == -1) {
		/* A queued ICMP error was handed over: go on reading. */
		return errno != EAGAIN && errno != EWOULDBLOCK &&
		    errno != EBADF;
	}
	len = (size_t)n;
	u->stats.received++;
	if (endpoint_from_sockaddr(&remote, (struct sockaddr *)&ss,
	    mh.msg_namelen) == -1 || remote.port == 0)
		return true;
	local_from_cmsg(&mh, &local);
	if (s->natt && !strip_marker(u, &data, &len))
		return true;
	u->recv(u->arg, &local, &remote, data, len);
	return true;
}

static void
udp_readable(evutil_socket_t fd, short what, void *arg)
{
	struct udp_socket *s = arg;
	int i;

	(void)fd;
	(void)what;
	for (i = 0; i < UDP_BURST && udp_read_one(s); i++)
		continue;
}

int
udp_add(struct udp *u, int fd, const struct endpoint *bound, bool natt)
{
	struct udp_socket *s;

	if (u->nsockets == UDP_SOCKETS_MAX)
		goto bad;
	s = &u->sockets[u->nsockets];
	s->udp = u;
	s->fd = fd;
	s->natt = natt;
	s->bound = *bound;
	s->ev = event_new(u->base, fd, EV_READ | EV_PERSIST, udp_readable, s);
	if (s->ev == NULL || event_add(s->ev, NULL) == -1)
		goto bad;
	u->nsockets++;
	return 0;
bad:
	close(fd);
	return -1;
}

/* The socket for a local endpoint; one bound to that address is preferred
 * to a wildcard one. */
static const struct udp_socket *
udp_find(const struct udp *u, const struct endpoint *local, uint8_t family)
{
	const struct udp_socket *s, *wild = NULL;
	unsigned i;

	for (i = 0; i < u->nsockets; i++) {
		s = &u->sockets[i];
		if (s->bound.port != local->port ||
		    s->bound.addr.family != family)
			continue;
		if (addr_is_any(&s->bound.addr))
			wild = s;
		else if (addr_equal(&s->bound.addr, &local->addr))
			return s;
	}
	return wild;
}

/* Fixes the source address; without one the route decides. */
static void
set_source(struct msghdr *mh, union pktinfo *ctl, const struct addr *a)
{
	struct in_pktinfo p4 = { 0 };
	struct in6_pktinfo p6 = { 0 };
	struct cmsghdr *c;

	if (addr_is_any(a))
		return;
	memset(ctl, 0, sizeof(*ctl));
	mh->msg_control = ctl;
	c = (struct cmsghdr *)(void *)ctl;
	if (a->family == AF_INET) {
		memcpy(&p4.ipi_spec_dst, a->b, 4);
		mh->msg_controllen = CMSG_SPACE(sizeof(p4));
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(p4));
		memcpy(CMSG_DATA(c), &p4, sizeof(p4));
		return;
	}
	memcpy(&p6.ipi6_addr, a->b, 16);
	mh->msg_controllen = CMSG_SPACE(sizeof(p6));
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(p6));
	memcpy(CMSG_DATA(c), &p6, sizeof(p6));
}

static int
send_iov(struct udp *u, const struct udp_socket *s,
    const struct endpoint *local, const struct endpoint *remote,
    struct iovec *iov, size_t niov)
{
	struct sockaddr_storage ss;
	union pktinfo ctl;
	struct msghdr mh = { .msg_name = &ss, .msg_iov = iov,
		.msg_iovlen = niov };

	mh.msg_namelen = endpoint_to_sockaddr(remote, &ss);
	set_source(&mh, &ctl, &local->addr);
	/* The first call may report an ICMP error of an earlier datagram. */
	if (sendmsg(s->fd, &mh, MSG_DONTWAIT) == -1 &&
	    sendmsg(s->fd, &mh, MSG_DONTWAIT) == -1) {
		u->stats.send_errors++;
		return -1;
	}
	u->stats.sent++;
	return 0;
}

int
udp_send(struct udp *u, const struct endpoint *local,
    const struct endpoint *remote, const uint8_t *data, size_t len)
{
	static uint8_t marker[MARKER_LEN];
	const struct udp_socket *s;
	uint8_t *p;
	struct iovec iov[2];

	s = udp_find(u, local, remote->addr.family);
	if (s == NULL) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	/* sendmsg() does not write through iov_base. */
	memcpy(&p, &data, sizeof(p));
	iov[0] = (struct iovec){ marker, sizeof(marker) };
	iov[1] = (struct iovec){ p, len };
	return s->natt ? send_iov(u, s, local, remote, iov, 2) :
	    send_iov(u, s, local, remote, iov + 1, 1);
}

int
udp_keepalive(struct udp *u, const struct endpoint *local,
    const struct endpoint *remote)
{
	uint8_t ff = 0xff;
	struct iovec iov = { &ff, 1 };
	const struct udp_socket *s;

	s = udp_find(u, local, remote->addr.family);
	if (s == NULL || !s->natt)
		return -1;
	return send_iov(u, s, local, remote, &iov, 1);
}

uint16_t
udp_port(const struct udp *u, bool natt)
{
	unsigned i;

	for (i = 0; i < u->nsockets; i++)
		if (u->sockets[i].natt == natt)
			return u->sockets[i].bound.port;
	return 0;
}

/*
 * A connected UDP socket sends nothing, but knows which address it would
 * send from.  The probe sockets are opened before confinement.
 */
void
udp_source(const struct udp *u, const struct endpoint *remote,
    struct addr *source)
{
	static const struct sockaddr none = { .sa_family = AF_UNSPEC };
	int fd = u->probe[remote->addr.family == AF_INET6];
	struct sockaddr_storage ss;
	struct endpoint e;
	socklen_t len;

	memset(source, 0, sizeof(*source));
	/* Forget the last answer, or its source address would stay. */
	(void)connect(fd, &none, sizeof(none));
	len = endpoint_to_sockaddr(remote, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) == -1)
		return;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    endpoint_from_sockaddr(&e, (struct sockaddr *)&ss, len) == 0)
		*source = e.addr;
}

const struct udp_stats *
udp_stats(const struct udp *u)
{
	return &u->stats;
}
