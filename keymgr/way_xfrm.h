/*
 * The kernel's policies beside the way into the device (keymgr/way.h): for
 * packets that do not take it.  Inbound ones that match an encrypting policy
 * must have come through an SA, of which the kernel has none, so they are
 * dropped; what the device brings is exempt.  Outbound ones stay here.
 *
 * In a kernel without XFRM there are no policies, and all this does nothing.
 */
#ifndef KEYMGR_WAY_XFRM_H
#define KEYMGR_WAY_XFRM_H

#include "keymgr/backend.h"

struct way_xfrm;

/*
 * To be opened before confinement.  marks: IPv6 packets that come out of the
 * device bear ESPTUN_IN_MARK.  NULL: why.
 */
struct way_xfrm *way_xfrm_open(bool marks, char *why);
/* What was made stays in the kernel. */
void way_xfrm_close(struct way_xfrm *);
/* Whether the kernel has policies at all. */
bool way_xfrm_there(const struct way_xfrm *);
/* As backend_ops.apply(), but at once: returns how many failed.  Steps that
 * are not about policies are left out. */
size_t way_xfrm_apply(struct way_xfrm *, struct bk_op *, size_t n, char *why);
/* As backend_ops.policy_dump(). */
int way_xfrm_dump(struct way_xfrm *, void (*fn)(void *,
    const struct selector *), void *arg, char *why);

#endif
