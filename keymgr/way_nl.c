#include "keymgr/way_nl.h"

#include "keymgr/backend.h"
#include "keymgr/way_rtnl.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_S		10	/* the kernel answers at once, or never */
#define SOCK_BUF	(1024 * 1024)

struct nl_msg *
way_nl_msg(int type, int flags, const void *fixed, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (m == NULL || nlmsg_append(m, (void *)(uintptr_t)fixed, len,
	    NLMSG_ALIGNTO) == 0)
		return m;
	nlmsg_free(m);
	return NULL;
}

void
way_nl_put(struct nl_msg *m, int type, const void *data, size_t len)
{
	if (nla_put(m, type, (int)len, data) < 0)
		abort();
}

void
way_nl_put_u32(struct nl_msg *m, int type, uint32_t v)
{
	way_nl_put(m, type, &v, sizeof(v));
}

/* One datagram; its length, or -1 with errno. */
static ssize_t
receive(struct way_nl *w)
{
	struct sockaddr_nl from;
	socklen_t len;
	ssize_t n;

	for (;;) {
		len = sizeof(from);
		n = recvfrom(nl_socket_get_fd(w->sk), w->rx, WAY_NL_RX, 0,
		    (struct sockaddr *)&from, &len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || from.nl_pid == 0)
			return n;
	}
}

static int
transmit(struct way_nl *w, const void *data, size_t len)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	ssize_t n;

	do {
		n = sendto(nl_socket_get_fd(w->sk), data, len, 0,
		    (struct sockaddr *)&to, sizeof(to));
	} while (n == -1 && errno == EINTR);
	return n == -1 ? errno : 0;
}

static bool
harmless(int e, bool add)
{
	return add ? e == EEXIST :
	    e == ENOENT || e == ESRCH || e == EADDRNOTAVAIL;
}

/* The answers of one datagram.  True: the last one was among them. */
static bool
take(struct way_nl *w, size_t len)
{
	struct nlmsghdr *h = (struct nlmsghdr *)w->rx;
	struct nlmsgerr *e;
	int left = (int)len;
	bool last = false;
	uint32_t i;

	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		i = h->nlmsg_seq - w->tx_seq;
		if (i >= w->tx_n || h->nlmsg_type != NLMSG_ERROR ||
		    nlmsg_datalen(h) < (int)sizeof(*e))
			continue;
		e = nlmsg_data(h);
		if (e->error != 0 && w->error == 0 &&
		    !harmless(-e->error, w->tx_add[i]))
			w->error = -e->error;
		last |= i + 1 == w->tx_n;
	}
	return last;
}

/* Errors are told of all; that it is done, of the last. */
static void
flush(struct way_nl *w)
{
	struct nlmsghdr *last;
	bool done = false;
	ssize_t n;
	int e;

	if (w->tx_n == 0)
		return;
	last = (struct nlmsghdr *)(void *)(w->tx + w->tx_last);
	last->nlmsg_flags |= NLM_F_ACK;
	e = transmit(w, w->tx, w->tx_len);
	while (e == 0 && !done) {
		if ((n = receive(w)) == -1)
			e = errno == EAGAIN ? ETIMEDOUT : errno;
		else
			done = take(w, (size_t)n);
	}
	if (e != 0 && w->error == 0)
		w->error = e;
	w->tx_len = 0;
	w->tx_n = 0;
}

int
way_nl_sync(struct way_nl *w)
{
	int e;

	flush(w);
	e = w->error;
	w->error = 0;
	return e;
}

int
way_nl_queue(struct way_nl *w, struct nl_msg *m, bool add)
{
	struct nlmsghdr *h;
	size_t len;

	if (m == NULL)
		return ENOMEM;
	h = nlmsg_hdr(m);
	len = NLMSG_ALIGN(h->nlmsg_len);
	if (w->tx_len + len > WAY_NL_TX || w->tx_n == WAY_NL_MSGS)
		flush(w);
	h->nlmsg_seq = ++w->seq;
	if (w->tx_n == 0)
		w->tx_seq = h->nlmsg_seq;
	memset(w->tx + w->tx_len, 0, len);
	memcpy(w->tx + w->tx_len, h, h->nlmsg_len);
	w->tx_last = w->tx_len;
	w->tx_len += len;
	w->tx_add[w->tx_n++] = add;
	nlmsg_free(m);
	return 0;
}

void
way_nl_dump(struct way_nl *w, struct nl_msg *m,
    void (*fn)(void *, struct nlmsghdr *), void *arg)
{
	struct nlmsghdr *h;
	bool done = m == NULL;
	ssize_t n;
	int left;

	if (m == NULL)
		return;
	flush(w);
	h = nlmsg_hdr(m);
	h->nlmsg_seq = ++w->seq;
	if (transmit(w, h, h->nlmsg_len) != 0)
		done = true;
	nlmsg_free(m);
	while (!done && (n = receive(w)) != -1) {
		left = (int)n;
		h = (struct nlmsghdr *)w->rx;
		for (; !done && nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
			if (h->nlmsg_seq != w->seq)
				continue;
			done = h->nlmsg_type == NLMSG_DONE ||
			    h->nlmsg_type == NLMSG_ERROR;
			if (!done)
				fn(arg, h);
		}
	}
}

void
way_nl_close(struct way_nl *w)
{
	if (w == NULL)
		return;
	nl_socket_free(w->sk);
	if (w->watch_fd != -1)
		close(w->watch_fd);
	free(w->tx);
	free(w->rx);
	free(w);
}

struct way_nl *
way_nl_look(char *why)
{
	static const struct timeval wait = { WAIT_S, 0 };
	struct way_nl *w = calloc(1, sizeof(*w));
	int on = 1, size = SOCK_BUF, fd, e;

	snprintf(why, BK_WHY_LEN, "out of memory");
	if (w != NULL)
		w->watch_fd = -1;
	if (w == NULL || (w->sk = nl_socket_alloc()) == NULL ||
	    (w->tx = malloc(WAY_NL_TX)) == NULL ||
	    (w->rx = malloc(WAY_NL_RX)) == NULL)
		goto bad;
	if ((e = nl_connect(w->sk, NETLINK_ROUTE)) < 0) {
		snprintf(why, BK_WHY_LEN, "netlink socket for routes: %s",
		    nl_geterror(e));
		goto bad;
	}
	fd = nl_socket_get_fd(w->sk);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return w;
bad:
	way_nl_close(w);
	return NULL;
}
