/* The socket pair with who speaks L2TP. */
#include "espd/lane.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>

#define READS	64

bool
lane_local(void *arg, const struct l2tppair *from, const uint8_t *p,
    size_t len)
{
	const struct lane *l = arg;
	uint8_t hdr[L2TPPAIR_HDR];
	struct iovec v[2] = { { hdr, sizeof(hdr) },
		{ (void *)(uintptr_t)p, len } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	l2tppair_put(hdr, from);
	return sendmsg(l->pair, &m, MSG_DONTWAIT | MSG_NOSIGNAL) != -1;
}

/* 1: a message, 0: one that is none, -1: there is no more. */
static int
receive(struct lane *l, struct l2tppair *to, uint8_t *p, size_t *len)
{
	uint8_t hdr[L2TPPAIR_HDR];
	struct iovec v[2] = { { hdr, sizeof(hdr) },
		{ p, sizeof(l->buf) - ESP_LOCAL_ROOM } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	ssize_t n = recvmsg(l->pair, &m, MSG_DONTWAIT);

	if (n <= 0)
		return n == -1 && errno == EINTR ? 0 : -1;
	if ((size_t)n < sizeof(hdr) || (m.msg_flags & MSG_TRUNC) != 0 ||
	    l2tppair_get(hdr, to) == -1)
		return 0;
	*len = (size_t)n - sizeof(hdr);
	return 1;
}

void
lane_from_pair(struct lane *l, struct mono now)
{
	uint8_t *p = l->buf + ESP_LOCAL_ROOM;
	struct l2tppair to;
	size_t len;
	int i, rc;

	for (i = 0; i < READS; i++) {
		if ((rc = receive(l, &to, p, &len)) == -1)
			break;
		if (rc == 1)
			esp_out_local(l->esp, &to, p, len, now);
	}
	esp_out_flush(l->esp);
}
