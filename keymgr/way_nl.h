/* The netlink socket of keymgr/way_rtnl.c, and what waits to be sent. */
#ifndef KEYMGR_WAY_NL_H
#define KEYMGR_WAY_NL_H

#include <netlink/msg.h>
#include <netlink/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAY_NL_MSGS	128	/* in one send */
#define WAY_NL_TX	(32 * 1024)
#define WAY_NL_RX	(64 * 1024)

#define WAY_NL_LINKS	64	/* more share the last place */

struct way_link {
	int ifindex;		/* 0: none */
	uint32_t mtu;
};

struct way_nl {
	struct nl_sock *sk;
	int watch_fd;		/* tells what others do; -1 */
	struct way_link link[WAY_NL_LINKS];	/* as last heard of */
	uint32_t ifindex;
	bool nowhere;		/* there is a nexthop that leads nowhere */
	uint32_t seq;
	uint8_t *tx, *rx;
	size_t tx_len, tx_last;	/* where the last message begins */
	unsigned tx_n;
	uint32_t tx_seq;	/* of the first */
	bool tx_add[WAY_NL_MSGS];
	int error;		/* of what was sent since the last sync */
};

/* way_watch.c.  -1: none can be had. */
int way_nl_watch(void);
/* A request; NULL: no memory. */
struct nl_msg *way_nl_msg(int type, int flags, const void *fixed, size_t len);
/* The few attributes of a request always fit in a message. */
void way_nl_put(struct nl_msg *, int type, const void *, size_t len);
void way_nl_put_u32(struct nl_msg *, int type, uint32_t);
/* Frees the message.  NULL is ENOMEM.  0 or an errno. */
int way_nl_queue(struct way_nl *, struct nl_msg *, bool add);
/* Sends a request for many and gives them to fn.  Frees the message. */
void way_nl_dump(struct way_nl *, struct nl_msg *,
    void (*fn)(void *, struct nlmsghdr *), void *arg);

#endif
