/* The rules and routes of keymgr/way.h in the kernel. */
#ifndef KEYMGR_WAY_RTNL_H
#define KEYMGR_WAY_RTNL_H

#include "keymgr/sel.h"

#include <stdbool.h>
#include <stdint.h>

#define WAY_MARK	2000u	/* preferences: our own packets */
#define WAY_FIRST	2001u	/* the first policy's */
#define WAY_END		32000u	/* what nobody wanted goes on from here */

enum way_act { WAY_TABLE, WAY_SKIP, WAY_DROP, WAY_NOTHING };

struct way_rule {
	uint32_t pref;
	enum way_act act;
	uint32_t table;		/* WAY_TABLE */
	uint32_t mark;		/* 0: none; then the rest means nothing */
	struct prefix local, remote;	/* remote of no length: any */
	bool unbound;		/* packets that have no source address yet */
	uint8_t proto;
	uint16_t lport, rport;	/* 0: any */
};

struct way_route {
	uint32_t table;
	struct prefix remote;
	struct addr src;	/* preferred; AF_UNSPEC: none */
};

struct way_nl;

/* Also brings up the device.  NULL: why (BK_WHY_LEN). */
struct way_nl *way_nl_open(char *why);
/* Without a device: rules and tables can be read and removed, no more. */
struct way_nl *way_nl_look(char *why);
void way_nl_close(struct way_nl *);
/* 0 or an errno; what is there already is no error. */
int way_nl_rule(struct way_nl *, const struct way_rule *, bool add);
/* Both the route into the device and the one that forbids. */
int way_nl_route(struct way_nl *, const struct way_route *, bool add);
/* Our rules in the kernel. */
void way_nl_rules(struct way_nl *, void (*fn)(void *,
    const struct way_rule *), void *arg);
/* Removes all routes of a table. */
void way_nl_flush(struct way_nl *, uint32_t table, uint8_t family);

#endif
