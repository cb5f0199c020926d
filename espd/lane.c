#include "espd/lane.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of one side before the other's turn, and before what waits for more is
 * let go. */
#define READS		64
#define BYTES		(256 * 1024)
#define IP4_LEN		20

#ifndef UDP_GRO
#define UDP_GRO		104
#endif

struct lane *
lane_new(void)
{
	struct lane *l = calloc(1, sizeof(*l));
	int f;

	if (l == NULL)
		return NULL;
	l->tun = l->pair = -1;
	l->poked = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->poked == -1) {
		free(l);
		return NULL;
	}
	for (f = 0; f < LANE_FAMILIES; f++) {
		l->udp[f] = (struct lane_sock){ .fd = -1, .df = -1,
			.v6 = f == LANE_V6 };
		l->raw[f] = l->udp[f];
		l->raw[f].raw = true;
		l->pass[f] = -1;
	}
	return l;
}

static void
read_dst(struct cmsghdr *c, struct addr *dst)
{
	struct in_pktinfo p4;
	struct in6_pktinfo p6;

	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&p4, CMSG_DATA(c), sizeof(p4));
		dst->family = AF_INET;
		memcpy(dst->b, &p4.ipi_addr, 4);
	} else if (c->cmsg_level == IPPROTO_IPV6 &&
	    c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&p6, CMSG_DATA(c), sizeof(p6));
		dst->family = AF_INET6;
		memcpy(dst->b, &p6.ipi6_addr, 16);
	}
}

/* What is found out from the control messages of a datagram. */
static void
read_control(struct msghdr *m, struct esp_dgram *d)
{
	struct cmsghdr *c;
	int v;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			memcpy(&v, CMSG_DATA(c), sizeof(v));
			d->seg = v > 0 && v < UINT16_MAX ? (uint16_t)v : 0;
		} else if (c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_TOS) {
			d->tos = *CMSG_DATA(c);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_TCLASS) {
			memcpy(&v, CMSG_DATA(c), sizeof(v));
			d->tos = (uint8_t)v;
		} else
			read_dst(c, &d->dst.addr);
	}
}

/* A raw IPv4 socket gives the header, too. */
static int
strip_header(struct esp_dgram *d)
{
	size_t n = d->len < IP4_LEN ? 0 : (d->data[0] & 0x0fu) * 4u;

	if (n < IP4_LEN || n > d->len)
		return -1;
	d->tos = d->data[1];
	d->data += n;
	d->len -= n;
	return 0;
}

static int
receive(struct lane *l, const struct lane_sock *s, struct esp_dgram *d)
{
	struct sockaddr_storage from;
	_Alignas(struct cmsghdr) char control[128];
	struct iovec v = { l->buf + ESP_IN_ROOM,
		sizeof(l->buf) - 2 * ESP_IN_ROOM };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n;

	if ((n = recvmsg(s->fd, &m, MSG_DONTWAIT)) == -1)
		return errno == EINTR ? 0 : -1;
	memset(d, 0, sizeof(*d));
	d->data = v.iov_base;
	d->len = (size_t)n;
	d->encap = !s->raw;
	d->dst.port = s->port;
	read_control(&m, d);
	if (n == 0 || endpoint_from_sockaddr(&d->src,
	    (struct sockaddr *)&from, m.msg_namelen) == -1)
		return 0;
	if (s->raw)
		d->src.port = 0;
	return s->raw && !s->v6 && strip_header(d) == -1 ? 0 : 1;
}

static void
from_socket(struct lane *l, const struct lane_sock *s, struct mono now)
{
	struct esp_dgram d;
	size_t got = 0;
	int i, rc;

	for (i = 0; i < READS && got < BYTES; i++) {
		if ((rc = receive(l, s, &d)) == 1) {
			got += d.len;
			esp_in(l->esp, &d, now);
		} else if (rc == -1 && errno == EAGAIN)
			break;
	}
	esp_in_flush(l->esp);
}

static void
from_tun(struct lane *l, struct mono now)
{
	size_t got = 0;
	ssize_t n;
	int i;

	for (i = 0; i < READS && got < BYTES; i++) {
		n = read(l->tun, l->buf, ESP_TUN_MAX);
		if (n == -1)
			break;
		got += (size_t)n;
		esp_out(l->esp, l->buf, (size_t)n, now);
	}
	esp_out_flush(l->esp);
}

static void
from_others(struct lane *l, struct mono now)
{
	uint64_t n;

	if (read(l->poked, &n, sizeof(n)) == -1)
		return;
	if (esp_out_handed(l->esp, now))
		lane_poke(l);
	esp_out_flush(l->esp);
}

/* It says so for ever. */
static void
tun_gone(struct lane *l)
{
	(void)epoll_ctl(l->ep, EPOLL_CTL_DEL, l->tun, NULL);
	atomic_store(&l->gone, true);
	l->wake(l);
}

/* Whose other end is gone is not looked at any more. */
static void
from_pair(struct lane *l, uint32_t events, struct mono now)
{
	lane_from_pair(l, now);
	if (events & (EPOLLHUP | EPOLLERR))
		(void)epoll_ctl(l->ep, EPOLL_CTL_DEL, l->pair, NULL);
}

static void *
run(void *arg)
{
	struct lane *l = arg;
	struct epoll_event ev[8];
	struct mono now;
	int i, n;

	for (;;) {
		n = epoll_wait(l->ep, ev, 8, -1);
		now = mono_now();
		for (i = 0; i < n; i++) {
			if (ev[i].data.ptr == &l->tun) {
				if (ev[i].events & EPOLLERR)
					tun_gone(l);
				else
					from_tun(l, now);
				continue;
			}
			if (ev[i].data.ptr == &l->poked) {
				from_others(l, now);
				continue;
			}
			if (ev[i].data.ptr == &l->pair) {
				from_pair(l, ev[i].events, now);
				continue;
			}
			if (ev[i].events & EPOLLERR)
				lane_errors(l, ev[i].data.ptr);
			from_socket(l, ev[i].data.ptr, now);
		}
	}
	return NULL;
}

static int
watch(struct lane *l, int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

	return fd == -1 ? 0 : epoll_ctl(l->ep, EPOLL_CTL_ADD, fd, &ev);
}

int
lane_start(struct lane *l)
{
	int f, e;

	if ((l->ep = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    watch(l, l->tun, &l->tun) == -1 ||
	    watch(l, l->poked, &l->poked) == -1 ||
	    (l->reads_pair && watch(l, l->pair, &l->pair) == -1))
		return -1;
	for (f = 0; f < LANE_FAMILIES; f++)
		if (watch(l, l->udp[f].fd, &l->udp[f]) == -1 ||
		    watch(l, l->raw[f].fd, &l->raw[f]) == -1)
			return -1;
	if ((e = pthread_create(&l->thread, NULL, run, l)) != 0) {
		errno = e;
		return -1;
	}
	return 0;
}

void
lane_poke(void *arg)
{
	const struct lane *l = arg;
	uint64_t one = 1;

	/* Full: it will be read anyway. */
	if (write(l->poked, &one, sizeof(one)) == -1)
		return;
}

void
lane_inject(void *arg, uint8_t *p, size_t len)
{
	const struct lane *l = arg;

	if (write(l->tun, p, len) == -1)
		esp_lost(l->esp, ESP_LOST_IN, 1);
}
