#include "keymgr/xfrm.h"

#include "keymgr/xfrm_msg.h"
#include "keymgr/xfrm_read.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>

#define SOCK_BUF	(1024 * 1024)
#define ANSWER_WAIT_S	10	/* the kernel answers at once, or never */

ssize_t
xfrm_receive(struct xfrm *x)
{
	struct sockaddr_nl from;
	socklen_t len;
	ssize_t n;

	for (;;) {
		len = sizeof(from);
		n = recvfrom(nl_socket_get_fd(x->sk), x->rx, XFRM_RX_SIZE,
		    MSG_TRUNC, (struct sockaddr *)&from, &len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n > XFRM_RX_SIZE) {
			errno = EMSGSIZE;
			return -1;
		}
		if (n == -1 || from.nl_pid == 0)
			return n;
	}
}

int
xfrm_transmit(struct xfrm *x, const void *data, size_t len)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	ssize_t n;

	do {
		n = sendto(nl_socket_get_fd(x->sk), data, len, 0,
		    (struct sockaddr *)&to, sizeof(to));
	} while (n == -1 && errno == EINTR);
	return n == -1 ? errno : 0;
}

/* One message of an answer.  1: the answer is complete. */
static int
answer_part(struct nlmsghdr *h, int *error, char *text,
    int (*fn)(void *, struct nlmsghdr *), void *arg)
{
	if (h->nlmsg_type == NLMSG_DONE)
		return 1;
	if (h->nlmsg_type == NLMSG_ERROR) {
		if (xfrm_read_ack(h, error, text, BK_WHY_LEN) == -1)
			*error = EBADMSG;
		return 1;
	}
	if (fn != NULL && fn(arg, h) == -1)
		*error = EBADMSG;
	return (h->nlmsg_flags & NLM_F_MULTI) == 0;
}

int
xfrm_ask(struct xfrm *x, struct nl_msg *m, int (*fn)(void *,
    struct nlmsghdr *), void *arg, char *text)
{
	struct nlmsghdr *h;
	int error = 0, left, done = 0;
	ssize_t n;

	text[0] = '\0';
	if (m == NULL)
		return ENOMEM;
	nlmsg_hdr(m)->nlmsg_seq = ++x->seq;
	error = xfrm_transmit(x, nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
	xfrm_msg_free(m);
	while (error == 0 && !done) {
		if ((n = xfrm_receive(x)) == -1)
			return errno;
		left = (int)n;
		h = (struct nlmsghdr *)x->rx;
		for (; !done && nlmsg_ok(h, left); h = nlmsg_next(h, &left))
			if (h->nlmsg_seq == x->seq)
				done = answer_part(h, &error, text, fn, arg);
		/* The kernel reports keys too. */
		secret_wipe(x->rx, (size_t)n);
	}
	return error;
}

int
xfrm_ask_open(struct xfrm *x, char *why)
{
	struct timeval wait = { .tv_sec = ANSWER_WAIT_S };
	int fd, rc = 0, on = 1, size = SOCK_BUF;

	if ((x->sk = nl_socket_alloc()) == NULL ||
	    (rc = nl_connect(x->sk, NETLINK_XFRM)) < 0) {
		snprintf(why, BK_WHY_LEN, "netlink: %s", x->sk == NULL ?
		    "out of memory" : nl_geterror(rc));
		return -1;
	}
	fd = nl_socket_get_fd(x->sk);
	/* The force variants need the capability; the plain ones follow. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size,
	    sizeof(size)) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
	    sizeof(wait)) == -1) {
		snprintf(why, BK_WHY_LEN, "netlink: %s", strerror(errno));
		return -1;
	}
	return 0;
}
