/* The XFRM backend's insides, shared by its files. */
#ifndef KEYMGR_XFRM_H
#define KEYMGR_XFRM_H

#include "keymgr/backend.h"

#include <netlink/msg.h>
#include <netlink/socket.h>

#define XFRM_RX_SIZE	(64 * 1024)
#define XFRM_TX_SIZE	(32 * 1024)
#define XFRM_TX_MSGS	128	/* in one send */

struct xfrm {
	struct nl_sock *sk;	/* requests and their answers */
	struct nl_sock *ev_sk;	/* what the kernel tells of its own accord */
	struct event *ev;
	struct bk_events events;
	int stat_fd;		/* /proc/net/xfrm_stat, or -1 */
	struct way_left *left;	/* of a data plane in user space */
	bool no_esp;
	uint32_t seq;
	uint8_t *rx;		/* XFRM_RX_SIZE; wiped after use */
	/* Messages that go in one send. */
	uint8_t *tx;		/* XFRM_TX_SIZE; wiped after use */
	size_t tx_len;
	unsigned tx_n;
	uint32_t tx_seq;	/* of the first */
	struct bk_op *tx_op[XFRM_TX_MSGS];
	uint8_t tx_dir[XFRM_TX_MSGS];	/* bit, of a policy set */
};

/* The socket for requests.  Before confinement.  -1: why. */
int xfrm_ask_open(struct xfrm *, char *why);
/* 0 or an errno. */
int xfrm_transmit(struct xfrm *, const void *, size_t len);
/* One datagram of answers in rx; its length, or -1 with errno.  Datagrams
 * that do not come from the kernel are passed over. */
ssize_t xfrm_receive(struct xfrm *);
/*
 * Sends one request and gives each message of the answer to fn until its
 * end.  0 or an errno; text (BK_WHY_LEN) is what the kernel says about it.
 */
int xfrm_ask(struct xfrm *, struct nl_msg *, int (*fn)(void *,
    struct nlmsghdr *), void *arg, char *text);
/* The events' socket, with its groups joined.  -1: why. */
int xfrm_event_open(struct xfrm *, char *why);
int xfrm_event_listen(void *, struct event_base *, const struct bk_events *);
void xfrm_event_close(struct xfrm *);
/* backend_ops.stats */
int xfrm_stats(void *, void (*)(void *, const char *, uint64_t), void *);

#endif
