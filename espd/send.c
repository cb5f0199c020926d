/* From the packet core to the sockets. */
#include "espd/lane.h"

#include "espd/stray.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif

struct control {
	struct msghdr *m;
	size_t len;
};

static void
add(struct control *c, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *h = (struct cmsghdr *)((char *)c->m->msg_control +
	    c->len);

	h->cmsg_level = level;
	h->cmsg_type = type;
	h->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(h), data, len);
	c->len += CMSG_SPACE(len);
}

/* The source address, the DSCP, and where one ends and the next begins. */
static void
fill(struct control *c, const struct esp_run *r, bool v6, bool cut)
{
	struct in_pktinfo p4 = { 0 };
	struct in6_pktinfo p6 = { .ipi6_ifindex = 0 };
	int tos = r->tos;

	if (v6) {
		memcpy(&p6.ipi6_addr, r->src.addr.b, 16);
		add(c, IPPROTO_IPV6, IPV6_PKTINFO, &p6, sizeof(p6));
		add(c, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	} else {
		memcpy(&p4.ipi_spec_dst, r->src.addr.b, 4);
		add(c, IPPROTO_IP, IP_PKTINFO, &p4, sizeof(p4));
		add(c, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	}
	if (cut)
		add(c, IPPROTO_UDP, UDP_SEGMENT, &r->seg, sizeof(r->seg));
}

static int
transmit(const struct lane_sock *s, const struct esp_run *r, uint8_t *data,
    size_t len, bool cut)
{
	_Alignas(struct cmsghdr) char control[128] = { 0 };
	struct endpoint to = r->dst;
	struct sockaddr_storage ss;
	struct iovec v = { data, len };
	struct msghdr m = { .msg_name = &ss, .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control };
	struct control c = { .m = &m };

	if (s->raw)
		to.port = 0;
	m.msg_namelen = endpoint_to_sockaddr(&to, &ss);
	fill(&c, r, s->v6, cut);
	m.msg_controllen = c.len;
	return sendmsg(s->fd, &m, MSG_DONTWAIT) == -1 ? errno : 0;
}

static void
set_df(struct lane_sock *s, bool df)
{
	int v = df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;

	if (s->df == (int)df)
		return;
	if (s->v6) {
		v = df ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT;
		(void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v,
		    sizeof(v));
	} else
		(void)setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &v,
		    sizeof(v));
	s->df = df;
}

static void
tell_mtu(struct lane *l, const struct endpoint *dst, uint32_t mtu)
{
	if (atomic_load(&l->mtu.full))
		return;		/* the next packet will tell again */
	l->mtu.dst = dst->addr;
	l->mtu.mtu = mtu;
	atomic_store(&l->mtu.full, true);
	l->wake(l);
}

static void
read_error(struct lane *l, struct msghdr *m)
{
	struct sock_extended_err e;
	struct endpoint dst;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (!(c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (e.ee_errno == EMSGSIZE && e.ee_info != 0 &&
		    endpoint_from_sockaddr(&dst, m->msg_name,
		    m->msg_namelen) == 0)
			tell_mtu(l, &dst, e.ee_info);
	}
}

/* Bounded, since they come as fast as packets do. */
void
lane_errors(struct lane *l, const struct lane_sock *s)
{
	_Alignas(struct cmsghdr) char control[256];
	struct sockaddr_storage from;
	struct msghdr m;
	int i;

	for (i = 0; i < 64; i++) {
		m = (struct msghdr){ .msg_name = &from,
			.msg_namelen = sizeof(from), .msg_control = control,
			.msg_controllen = sizeof(control) };
		if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) == -1)
			break;
		read_error(l, &m);
	}
}

/* Of this datagram for sure. */
static bool
own_error(int e)
{
	return e == EAGAIN || e == ENOBUFS || e == ENOMEM || e == EINVAL ||
	    e == EIO || e == EPERM;
}

/* Any other may be an earlier one's, of which a router told us. */
static int
transmit_read(struct lane *l, const struct lane_sock *s,
    const struct esp_run *r, uint8_t *data, size_t len, bool cut)
{
	int e = transmit(s, r, data, len, cut);

	if (e == 0 || own_error(e))
		return e;
	lane_errors(l, s);
	return e == EMSGSIZE ? e : transmit(s, r, data, len, cut);
}

/* If the path takes less than was thought, it goes in fragments. */
static void
one(struct lane *l, struct lane_sock *s, const struct esp_run *r,
    uint8_t *data, size_t len)
{
	int e = transmit_read(l, s, r, data, len, false);

	if (e == EMSGSIZE) {
		set_df(s, false);
		e = transmit(s, r, data, len, false);
	}
	if (e != 0)
		esp_lost(l->esp, ESP_LOST_OUT, 1);
}

static void
one_by_one(struct lane *l, struct lane_sock *s, const struct esp_run *r)
{
	size_t at, n;

	for (at = 0; at < r->len; at += n) {
		n = r->len - at < r->seg ? r->len - at : r->seg;
		one(l, s, r, r->data + at, n);
	}
}

void
lane_send(void *arg, const struct esp_run *r)
{
	struct lane *l = arg;
	enum lane_family f = r->dst.addr.family == AF_INET6 ? LANE_V6 :
	    LANE_V4;
	struct lane_sock *s = r->encap ? &l->udp[f] : &l->raw[f];
	int e;

	if (s->fd == -1) {
		esp_lost(l->esp, ESP_LOST_OUT, r->n);
		return;
	}
	set_df(s, r->df);
	if (r->n == 1 || s->raw) {
		one_by_one(l, s, r);
		return;
	}
	e = transmit_read(l, s, r, r->data, r->len, true);
	/* A path or a device that cannot cut it. */
	if (e == EINVAL || e == EIO || e == EMSGSIZE)
		one_by_one(l, s, r);
	else if (e != 0)
		esp_lost(l->esp, ESP_LOST_OUT, r->n);
}

/* The kernel routes it anew, past the rules that brought it here. */
void
lane_pass(void *arg, uint8_t *p, size_t len)
{
	const struct lane *l = arg;
	bool v6 = p[0] >> 4 == 6;
	struct endpoint to = { 0 };
	struct sockaddr_storage ss;
	struct iovec v = { p, len };
	struct msghdr m = { .msg_name = &ss, .msg_iov = &v, .msg_iovlen = 1 };

	if (addr_from_bytes(&to.addr, p + (v6 ? 24 : 16), v6 ? 16 : 4) == -1)
		return;
	m.msg_namelen = endpoint_to_sockaddr(&to, &ss);
	/* What does not fit the way is lost. */
	if (sendmsg(l->pass[v6 ? LANE_V6 : LANE_V4], &m, MSG_DONTWAIT) == -1)
		return;
}

void
lane_stray(void *arg, const struct esp_dgram *d, const uint8_t *p, size_t len)
{
	const struct lane *l = arg;

	if (stray_send(l->pass[d->dst.addr.family == AF_INET6 ? LANE_V6 :
	    LANE_V4], d, p, len) == -1)
		esp_lost(l->esp, ESP_LOST_IN, 1);
}
