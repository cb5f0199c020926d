/*
 * The kernel's routing netlink (rtnetlink(7)): one request at a time, with
 * its answers.
 */
#ifndef KEYMGR_RTNL_H
#define KEYMGR_RTNL_H

#include "lib/addr.h"

#include <netlink/msg.h>

#include <stdbool.h>
#include <stdint.h>

typedef void (*rtnl_answer)(void *, struct nlmsghdr *);

struct rtnl {
	struct nl_sock *sk;
	struct nl_cb *cb;
	/* Of the request under way. */
	uint32_t seq;
	rtnl_answer fn;
	void *arg;
	int error;
	bool done;
};

/* Before confinement.  -1: why. */
int rtnl_open(struct rtnl *, char *why, size_t size);
void rtnl_close(struct rtnl *);

/*
 * Sends the request, which is freed, and passes on the answers to it, until
 * its acknowledgement or the end of a dump.  0 or an errno.
 */
int rtnl_ask(struct rtnl *, struct nl_msg *, rtnl_answer, void *arg);
/* A request with its fixed part, or NULL. */
struct nl_msg *rtnl_request(int type, int flags, void *fixed, size_t len);
/* The few attributes of a request always fit in a message. */
void rtnl_put(struct nl_msg *, int type, const void *data, size_t len);
/* None for AF_UNSPEC. */
void rtnl_put_addr(struct nl_msg *, int type, const struct addr *);
/* -1: there is none (NULL), or it is none. */
int rtnl_addr(const struct nlattr *, struct addr *);

#endif
