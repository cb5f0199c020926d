/*
 * Addresses that peers gave us (mode-config), routes to what is behind the
 * peer, and the name servers that are to be asked there.
 *
 * The addresses are on an interface of our own (LINK_NAME), which no change
 * of the uplink takes them from; in a kernel that cannot make it, on the one
 * towards the peer.  Routes lead towards the peer and are made anew when
 * that is reached in another way.
 *
 * What we make in the kernel bears the protocol number LINK_PROTO; what does
 * not bear it is never changed.  Several IKE SAs may have been given the
 * same, for instance while one replaces another; the last one takes it away.
 */
#ifndef KEYMGR_LINK_H
#define KEYMGR_LINK_H

#include "lib/addr.h"

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_PROTO	0x53
#define LINK_NAME	"sallyport"
#define LINK_WHY_LEN	160
#define LINK_NETS	64	/* behind one peer */
#define LINK_VIPS	256	/* of one worker */
#define LINK_DNS	8	/* of one peer, as the following */
#define LINK_NAMES	16
#define LINK_NAME_LEN	256	/* with NUL */
#define LINK_LEFT	4096	/* found at start */

/* An address (dst: one host) or a route of the kernel. */
struct link_obj {
	bool route;
	unsigned ifindex;
	struct prefix dst;
	struct addr gw;		/* of a route; AF_UNSPEC: none */
	struct addr src;	/* of a route: the preferred source */
	bool shy;		/* an address that is on an interface with
				 * others: not to be preferred to them */
};

/* How the peer is reached. */
struct link_path {
	unsigned ifindex;
	struct addr gw;		/* AF_UNSPEC: it is on the link */
};

struct link_ops {
	/* The way from local to remote.  0 or an errno. */
	int (*path)(void *, const struct addr *local,
	    const struct addr *remote, struct link_path *);
	/* 0 or an errno; EEXIST: there is one, and replace is not set. */
	int (*add)(void *, const struct link_obj *, bool replace);
	/* 0 or an errno.  Touches a route only if it is ours. */
	int (*del)(void *, const struct link_obj *);
	/* Our own interface, made when it is not there and make is set.
	 * 0: there is none. */
	unsigned (*home)(void *, bool make);
	void (*unhome)(void *);
	/* A net that an interface of this machine is in, by an address that
	 * is not ours, and that holds this one.  False: none. */
	bool (*within)(void *, const struct addr *, struct prefix *net);
	/* All that bears our number.  0 or an errno. */
	int (*dump)(void *, void (*fn)(void *, const struct link_obj *),
	    void *arg);
	void (*close)(void *);
};

/* What a worker wants to have set. */
struct link_req {
	unsigned worker;
	uint32_t vip;		/* the worker's name for it */
	uint32_t peer, identity;	/* configuration ids */
	struct addr local, remote;	/* outer */
	struct addr addr4, addr6;	/* AF_UNSPEC: none */
	size_t nnets;		/* 0: all is behind the peer */
	struct prefix net[LINK_NETS];
	size_t ndns, nnames;
	struct addr dns[LINK_DNS];	/* reached through the tunnel */
	char names[LINK_NAMES][LINK_NAME_LEN];	/* what they are asked for;
				 * none: everything */
};

/* Who is told of name servers.  NULL for r: they are not to be asked any
 * more.  own: the addresses are on our own interface. */
typedef void (*link_dns_fn)(void *, unsigned worker, uint32_t vip,
    const struct link_req *r, bool own);

struct vip;
LIST_HEAD(vip_list, vip);

struct link {
	const struct link_ops *ops;	/* NULL: nothing can be set */
	void *ctx;
	link_dns_fn dns;	/* may be NULL, as the next */
	void (*known)(void *);	/* all that there is has been told of */
	void *dns_arg;
	struct vip_list vips;
	struct link_obj *left;	/* of an earlier keymgr */
	size_t nleft;
};

/* Ownership of ctx moves here. */
void link_init(struct link *, const struct link_ops *, void *ctx);
void link_free(struct link *);	/* leaves the kernel alone */
/* Reads what an earlier keymgr left.  -1: why (LINK_WHY_LEN). */
int link_read(struct link *, char *why);
/* What is left and nobody has claimed goes. */
void link_sweep(struct link *);
/*
 * Sets what the worker was given, instead of what the same handle had.  The
 * guard has seen it.  A route that cannot be made, for instance as there is
 * one of somebody else's, is logged and left out.  -1: why (LINK_WHY_LEN).
 */
int link_set(struct link *, const struct link_req *, char *why);
/* One that is not there is no error. */
void link_del(struct link *, unsigned worker, uint32_t vip);
/* All for which cond is true, or all with cond NULL. */
void link_del_if(struct link *, bool (*cond)(void *, unsigned worker,
    uint32_t peer, uint32_t identity), void *arg);
/*
 * The kernel's interfaces, addresses or routes have changed: what was set
 * follows where it must, and what somebody took away is made anew.
 */
void link_follow(struct link *);
/* The worker's peer with this identity gave us the address, and it is set. */
bool link_has(const struct link *, unsigned worker, uint32_t identity,
    const struct addr *);
/* own: the addresses are on our own interface. */
void link_each(const struct link *, void (*fn)(void *,
    const struct link_req *, bool own), void *arg);
size_t link_count(const struct link *, unsigned worker);

/* The kernel's, over netlink.  To be opened before confinement.  -1: why. */
int link_rtnl_open(struct link *, char *why);
/* A socket that is readable when something changed; -1 and errno. */
int link_rtnl_watch(void);
/* Reads what is there to be read.  False: nothing that matters. */
bool link_rtnl_changed(int fd);

#endif
