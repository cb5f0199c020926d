/*
 * The policies in order of priority, looked up without walking them: those
 * with the same shape (prefix lengths, protocol or not, port masks) share a
 * hash table, so a lookup costs one probe a shape, lowest priorities first.
 */
#ifndef ESPD_SPD_H
#define ESPD_SPD_H

#include "espd/sel.h"
#include "espd/table.h"

enum policy_action { POLICY_ENCRYPT, POLICY_BLOCK, POLICY_PASS };

/* As keymgr has it: what happens to the traffic of a selector. */
/* The priority of what comes to us although no policy speaks of it. */
#define PRIO_BEYOND	UINT32_MAX

struct policy_body {
	uint32_t prio;		/* lower is first; then the older */
	uint32_t reqid;		/* of POLICY_ENCRYPT */
	enum policy_action action;
	/* ENCRYPT: what becomes of outbound packets while nobody knows where
	 * to send them; else ENCRYPT. */
	enum policy_action out;
	bool transport;
	bool optional;		/* level=use */
};

struct policy {
	struct table_node node;
	struct epoch_item item;
	struct flow key;	/* masked */
	struct sel sel;
	struct policy_body body;
	uint64_t serial;
	_Atomic int64_t acquired;	/* microseconds; limits acquires */
	struct shape *shape;
};

/* Policies of one shape. */
struct shape {
	struct epoch_item item;
	struct flow mask;
	struct table table;	/* of policies, by masked flow */
	/* No policy's priority here is below this one. */
	_Atomic uint32_t floor;
};

struct shapes {
	struct epoch_item item;
	size_t n;
	struct shape *v[];	/* by floor */
};

struct spd {
	_Atomic(struct shapes *) shapes;
	struct epoch *epoch;
	uint64_t seed, serial;
};

/* -1: no memory. */
int spd_init(struct spd *, struct epoch *, uint64_t seed);
/* Retires everything. */
void spd_free(struct spd *);
/*
 * Adds a policy or replaces the one with this selector, in one step.  -1:
 * *why (static text).
 */
int spd_set(struct spd *, const struct sel *, const struct policy_body *,
    const char **why);
/* -1: there is none. */
int spd_del(struct spd *, const struct sel *);
/* The policy of exactly this selector, or NULL; for the control thread. */
struct policy *spd_get(const struct spd *, const struct sel *);
/* Calls fn for each; it must not change them. */
void spd_each(const struct spd *, void (*fn)(void *, const struct policy *),
    void *arg);
/* The policy for a flow, or NULL.  Within an epoch. */
struct policy *spd_match(const struct spd *, const struct flow *);

#endif
