#include "keymgr/rtnl.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_S		10	/* the kernel answers at once, or never */

/* Only the kernel is listened to, and only about what was asked. */
static int
on_message(struct nl_msg *m, void *arg)
{
	const struct rtnl *r = arg;

	return nlmsg_get_src(m)->nl_pid == 0 &&
	    nlmsg_hdr(m)->nlmsg_seq == r->seq ? NL_OK : NL_SKIP;
}

static int
on_answer(struct nl_msg *m, void *arg)
{
	struct rtnl *r = arg;

	if (r->fn != NULL)
		r->fn(r->arg, nlmsg_hdr(m));
	return NL_OK;
}

static int
on_end(struct nl_msg *m, void *arg)
{
	struct rtnl *r = arg;

	(void)m;
	r->done = true;
	return NL_STOP;
}

static int
on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct rtnl *r = arg;

	(void)from;
	r->error = -e->error;
	r->done = true;
	return NL_STOP;
}

/* The library's own check would take a late answer for a broken socket. */
static int
on_sequence(struct nl_msg *m, void *arg)
{
	(void)m;
	(void)arg;
	return NL_OK;
}

static int
set_callbacks(struct rtnl *r)
{
	static const struct {
		enum nl_cb_type type;
		nl_recvmsg_msg_cb_t fn;
	} calls[] = {
		{ NL_CB_MSG_IN, on_message },
		{ NL_CB_SEQ_CHECK, on_sequence },
		{ NL_CB_VALID, on_answer },
		{ NL_CB_FINISH, on_end },
		{ NL_CB_ACK, on_end },
	};
	size_t i;

	if ((r->cb = nl_cb_alloc(NL_CB_DEFAULT)) == NULL)
		return -1;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		nl_cb_set(r->cb, calls[i].type, NL_CB_CUSTOM, calls[i].fn, r);
	nl_cb_err(r->cb, NL_CB_CUSTOM, on_error, r);
	return 0;
}

int
rtnl_ask(struct rtnl *r, struct nl_msg *m, rtnl_answer fn, void *arg)
{
	int e;

	if (m == NULL)
		return ENOMEM;
	nl_complete_msg(r->sk, m);
	r->seq = nlmsg_hdr(m)->nlmsg_seq;
	r->fn = fn;
	r->arg = arg;
	r->error = 0;
	r->done = false;
	e = nl_send(r->sk, m);
	nlmsg_free(m);
	while (e >= 0 && !r->done)
		e = nl_recvmsgs(r->sk, r->cb);
	if (r->done)
		return r->error;
	return e == -NLE_AGAIN ? ETIMEDOUT : EIO;
}

struct nl_msg *
rtnl_request(int type, int flags, void *fixed, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	if (m == NULL || nlmsg_append(m, fixed, len, NLMSG_ALIGNTO) == 0)
		return m;
	nlmsg_free(m);
	return NULL;
}

void
rtnl_put(struct nl_msg *m, int type, const void *data, size_t len)
{
	if (nla_put(m, type, (int)len, data) < 0)
		abort();
}

void
rtnl_put_addr(struct nl_msg *m, int type, const struct addr *a)
{
	if (a->family != AF_UNSPEC)
		rtnl_put(m, type, a->b, addr_len(a));
}

int
rtnl_addr(const struct nlattr *a, struct addr *out)
{
	return a == NULL ? -1 :
	    addr_from_bytes(out, nla_data(a), (size_t)nla_len(a));
}

void
rtnl_close(struct rtnl *r)
{
	nl_cb_put(r->cb);
	nl_socket_free(r->sk);
	r->cb = NULL;
	r->sk = NULL;
}

int
rtnl_open(struct rtnl *r, char *why, size_t size)
{
	static const struct timeval wait = { WAIT_S, 0 };
	int e;

	memset(r, 0, sizeof(*r));
	snprintf(why, size, "out of memory");
	if (set_callbacks(r) == -1 || (r->sk = nl_socket_alloc()) == NULL)
		goto fail;
	if ((e = nl_connect(r->sk, NETLINK_ROUTE)) < 0) {
		snprintf(why, size, "netlink socket for routes: %s",
		    nl_geterror(e));
		goto fail;
	}
	if (setsockopt(nl_socket_get_fd(r->sk), SOL_SOCKET, SO_RCVTIMEO,
	    &wait, sizeof(wait)) == -1) {
		snprintf(why, size, "netlink socket for routes: %s",
		    strerror(errno));
		goto fail;
	}
	return 0;
fail:
	rtnl_close(r);
	return -1;
}
