/*
 * The rules and routes of keymgr/way.h in the kernel.  What is asked for is
 * gathered and sent many at a time.
 */
#ifndef KEYMGR_WAY_RTNL_H
#define KEYMGR_WAY_RTNL_H

#include "keymgr/sel.h"
#include "keymgr/way.h"

#include <stdbool.h>
#include <stdint.h>

/* Preferences: few, for what is let go skips those of others between. */
#define WAY_INSIDE	1000u	/* what is not from outside skips the next */
#define WAY_CLEAR	1001u	/* the first policy's, of what comes in clear */
#define WAY_MARK	2000u	/* our own packets */
#define WAY_SOURCED	2001u	/* IPv6: packets that have a source */
#define WAY_UNSOURCED	2002u	/* IPv6: those that have none yet */
#define WAY_POLICIES	2003u	/* here nothing is said */
#define WAY_FIRST	2004u	/* the first policy's */
#define WAY_END		4004u	/* what nobody wanted goes on from here */

enum way_act { WAY_TABLE, WAY_SKIP, WAY_DROP, WAY_NOTHING };

enum way_from { WAY_ANYWHERE, WAY_LOOPBACK, WAY_DEVICE };

/* From one port to another, neither 0 nor 65535; lo 0: any. */
struct way_ports {
	uint16_t lo, hi;
};

struct way_rule {
	uint32_t pref;
	enum way_act act;
	uint32_t to;		/* TABLE: which; SKIP: a preference */
	uint32_t mark;		/* 0: none */
	enum way_from from;
	struct prefix src, dst;	/* of no length: any */
	/* IPv4: packets that have no source address yet.  src tells the
	 * family alone. */
	bool unbound;
	uint8_t proto;
	struct way_ports sport, dport;
};

enum way_kind {
	WAY_TUNNEL,		/* into the device; forbidden without it */
	WAY_FORBID,
	WAY_SOURCE,		/* into the device with src, beside FORBID */
	WAY_THROW,		/* as if the table had nothing to say */
};

struct way_route {
	enum way_kind kind;
	uint32_t table;
	struct prefix dst;
	struct addr src;	/* preferred; TUNNEL: AF_UNSPEC: none */
	uint32_t mtu;		/* 0: the device's */
};

#define WAY_TABLES	0x53000000u	/* what the numbers of tables begin with */
#define WAY_UNSOURCED_TABLE	0x52000001u

struct way_nl;

/* Also brings up the device.  NULL: why (BK_WHY_LEN). */
struct way_nl *way_nl_open(char *why);
/* Without a device: rules and tables can be read and removed, no more. */
struct way_nl *way_nl_look(char *why);
void way_nl_close(struct way_nl *);
/*
 * What is there already, or not there any more, is no error.  0 or an errno,
 * of this or what was asked for earlier; it may also come with a later one,
 * with way_nl_sync() at the latest.
 */
int way_nl_rule(struct way_nl *, const struct way_rule *, bool add);
int way_nl_route(struct way_nl *, const struct way_route *, bool add);
/* What routes of IPv6 that forbid need, before the first and after the last
 * of them.  A kernel older than 5.3 has not got it. */
void way_nl_nowhere(struct way_nl *, bool add);
/* Everything so far is done.  0 or an errno of the first that failed. */
int way_nl_sync(struct way_nl *);
/* way_watch_fd() and way_news() of keymgr/way.h. */
int way_nl_watch_fd(const struct way_nl *);
unsigned way_nl_news(struct way_nl *);
/* Our rules in the kernel. */
void way_nl_rules(struct way_nl *, void (*fn)(void *,
    const struct way_rule *), void *arg);
/* Our routes, those into the device or that throw and each WAY_FORBID beside
 * them once: fn says which are to go. */
void way_nl_sift(struct way_nl *, bool (*fn)(void *,
    const struct way_route *), void *arg);
/* The device's MTU.  0 or an errno. */
int way_nl_mtu(struct way_nl *, uint32_t mtu);
/* That of the device which our own packets to there leave by; 0: not known. */
uint32_t way_nl_path_mtu(struct way_nl *, const struct addr *local,
    const struct addr *remote);

#endif
