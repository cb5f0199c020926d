/* The insides of keymgr/way.h, shared by its files. */
#ifndef KEYMGR_WAY_PRIV_H
#define KEYMGR_WAY_PRIV_H

#include "keymgr/way.h"
#include "keymgr/way_rtnl.h"
#include "lib/hash.h"

enum way_family { WAY_V4, WAY_V6, WAY_FAMILIES };

#define FRAME_MAX	10
#define WAY_TABLE_MASK	0x00ffffffu	/* of a group's number */

/* The encrypting selectors that differ in the remote prefix alone. */
struct group {
	struct selector key;	/* without remote; ports as in rules */
	uint64_t hash;
	uint32_t table;
	uint32_t pref;		/* of the lowest there ever was */
	bool unbound;		/* there is a rule for these, too */
	size_t n;
};

/* A policy. */
struct stands {
	struct selector sel;
	struct bk_body body;
	struct group *group;	/* NULL: has a rule of its own, or none */
	bool ruled;
	struct way_rule rule;
	bool clears;		/* there is one about what comes in clear */
	struct way_rule clear;
};

/* So many want the same. */
struct way_count {
	struct selector sel;
	size_t n;
};

/* A rule that an earlier keymgr left. */
struct left {
	struct way_rule rule;
	struct left *next;
};

struct way {
	struct way_nl *nl;
	bool alone;		/* the kernel has no policies */
	struct hash sels;	/* of stands */
	struct hash groups;
	struct hash tables;	/* which are in use */
	/* Of way_count: */
	struct hash routes;	/* keys with their remote prefix */
	struct hash unsourced;	/* IPv6 remote prefixes */
	struct hash wides;	/* what is taken in beyond policies */
	size_t n[WAY_FAMILIES];	/* of sels */
	struct left *left;
};

/* way_sel.c: what rules can say of selectors */

/* As the rule of a group can say it: whole ranges of ports, for our own
 * addresses alone, and none with ICMP's types. */
void way_key(const struct selector *, struct selector *key);
/* The rule says neither more nor less. */
bool way_exact(const struct selector *);
/*
 * Policies in their order.  Those that are close together or far down the
 * list share a place; there those that encrypt come first, so that no packet
 * of theirs goes by, and espd sees to the order.
 */
uint32_t way_pref(uint32_t prio, enum way_act);
/* Packets out, and clear ones in, of a selector that is a key. */
struct way_rule way_rule_out(const struct selector *key, uint32_t pref,
    enum way_act);
struct way_rule way_rule_in(const struct selector *key, uint32_t prio,
    enum way_act);
bool way_rule_equal(const struct way_rule *, const struct way_rule *);
bool way_is_host(const struct prefix *);

/* Counts: true when it was the first, or is the last. */
bool way_count_up(struct hash *, const struct selector *);
bool way_count_down(struct hash *, const struct selector *);
bool way_counts(const struct hash *, const struct selector *);

/* way_group.c */
struct group *group_join(struct way *, const struct stands *);
void group_leave(struct way *, struct group *, const struct stands *);
/* What the kernel has of a policy of the group, and of the group. */
int group_restore(struct way *, struct group *, const struct stands *);
/* A policy comes before those of the group so far. */
void group_raise(struct way *, struct group *, uint32_t pref);
struct way_rule group_rule(const struct group *, bool unbound);

/* With the device's MTU that of routes of IPv6 changes, too: it is set anew
 * where it was another. */
void group_whole(struct way *, const struct stands *);
bool group_has(const struct way *, const struct group *,
    const struct prefix *remote);

/* way_frame.c: what stands while any policy of a family does */
int frame_up(struct way *, enum way_family);
void frame_down(struct way *, enum way_family);
size_t frame_rules(const struct way *, enum way_family,
    struct way_rule out[FRAME_MAX]);
/* IPv6 packets without a source to this prefix must find one first. */
int frame_unsourced(struct way *, const struct selector *, bool add);
bool frame_has(const struct way *, const struct prefix *remote);
void frame_restore_unsourced(struct way *);

#endif
