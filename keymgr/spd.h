/*
 * The policies that should stand in the kernel, and those that do.
 *
 * A flow is a set of selectors that share a reqid: the static flow of each
 * configured policy, and a dynamic flow for children that were narrowed to
 * less.  Children with the same selectors under the same policy share the
 * flow, so that during a rekey, or when both ends start at once, the packets
 * of either are accepted.  The kernel holds each selector once; an entry
 * knows all flows that claim it, and the one with the lowest priority number,
 * the newest first, is what the kernel gets.
 */
#ifndef KEYMGR_SPD_H
#define KEYMGR_SPD_H

#include "keymgr/batch.h"
#include "keymgr/config.h"
#include "keymgr/sad.h"

struct spd;
struct spd_policy;

struct flow {
	uint32_t reqid;
	bool dynamic;
	uint64_t key;
	struct spd_policy *sp;
	uint64_t in, out;	/* packets, see count.h */
	struct sad_list children;	/* newest first */
	size_t nchildren;
	LIST_ENTRY(flow) in_policy;	/* a dynamic one */
	size_t nsel;
	struct selector sel[];
};
LIST_HEAD(flow_list, flow);

/* What belongs to one configured policy. */
struct spd_policy {
	const struct km_policy *conf;	/* of the current configuration */
	struct flow *fixed;		/* the static one; NULL: none */
	struct flow_list dynamic;
	uint64_t in, out;		/* packets of all dynamic ones */
	size_t nchildren;		/* in all its flows */
};

/*
 * left tells whether an earlier keymgr left a policy of ours with that
 * selector in the kernel, which may then be replaced.  NULL: no memory.
 */
struct spd *spd_new(uint64_t seed,
    bool (*left)(void *, const struct selector *), void *arg);
/* Children must have been detached. */
void spd_free(struct spd *);

/*
 * Makes the static flows those of conf and moves the others to it; children
 * that conf no longer allows must have been detached.  Nothing is done in
 * the kernel before spd_sync.  -1: no memory.
 */
int spd_configure(struct spd *, const struct km_conf *conf);
/* NULL: not there. */
struct spd_policy *spd_policy(const struct spd *, uint32_t id);
struct flow *spd_by_reqid(const struct spd *, uint32_t reqid);

/*
 * The flow of a child: that with these selectors, sorted as sel_product
 * does.  A new one gets reqid when that is not 0 and free.  NULL: *why
 * (static text).  To be followed by spd_attach.
 */
struct flow *spd_flow(struct spd *, uint32_t policy,
    const struct selector *, size_t n, uint32_t reqid, const char **why);
/* The child becomes the newest of its flow. */
void spd_attach(struct spd *, struct flow *, struct sad_child *);
/* The last one takes a dynamic flow with it. */
void spd_detach(struct spd *, struct sad_child *);
/* Forgets a flow that spd_flow made and nothing was attached to. */
void spd_flow_drop(struct spd *, struct flow *);
/* A child of the flow has another outer address. */
void spd_touch(struct spd *, struct flow *);

/* Adds to the batch what must change in the kernel. */
void spd_sync(struct spd *, struct batch *);
/* Runs it, and takes into the records what the kernel has done of it. */
void spd_run(struct spd *, struct batch *, const struct backend *,
    batch_end, void *arg);
/* Everything stands in the kernel already or is to be removed: adds the
 * removal of all entries. */
void spd_remove_all(struct spd *, struct batch *);
/* Whether the selector is one of ours that stands. */
bool spd_stands(const struct spd *, const struct selector *);
size_t spd_count(const struct spd *);

#endif
