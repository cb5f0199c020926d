/*
 * Messages to the kernel's XFRM (linux/xfrm.h): one function each.  Pure;
 * who sends them is backend_xfrm.  Those from it: xfrm_read.h.
 */
#ifndef KEYMGR_XFRM_MSG_H
#define KEYMGR_XFRM_MSG_H

#include "keymgr/backend.h"

#include <linux/xfrm.h>
#include <netlink/msg.h>

/*
 * Marks our policies: a byte limit, which the kernel stores but does not
 * count against for policies.  Those that block or pass have no template
 * and so no reqid to tell them by.
 */
#define XFRM_OUR_MARK	0x53616c6c79706f72ull

/* XFRM_POLICY_OUT, XFRM_POLICY_IN, XFRM_POLICY_FWD */
#define XFRM_DIRS	3

/* All return NULL when out of memory, and are freed with xfrm_msg_free. */
struct nl_msg *xfrm_msg_sa_add(const struct bk_sa *);
struct nl_msg *xfrm_msg_sa_del(const struct addr *dst, uint32_t spi);
struct nl_msg *xfrm_msg_sa_get(const struct addr *dst, uint32_t spi);
struct nl_msg *xfrm_msg_sa_dump(void);
struct nl_msg *xfrm_msg_policy_set(const struct selector *,
    const struct bk_body *, int dir, bool replace);
struct nl_msg *xfrm_msg_policy_del(const struct selector *, int dir);
struct nl_msg *xfrm_msg_policy_dump(void);
/* Makes or removes a policy that lets all IPv6 packets with this mark in
 * (XFRM_POLICY_IN, _FWD), before all others.  It is not among those that are
 * ours. */
struct nl_msg *xfrm_msg_marked(uint32_t mark, int dir, bool add);
/*
 * All policies into the hash table, whatever their prefixes.  By default
 * only host-to-host ones are hashed; the others are in a tree that the
 * kernel walks as a whole whenever one is replaced or removed, which at
 * 100,000 policies takes 10 ms each.
 */
struct nl_msg *xfrm_msg_hash_all(void);
/*
 * The SA of a NEWSA message as the kernel reports it, as a new one with
 * other endpoints: type XFRM_MSG_NEWSA or XFRM_MSG_UPDSA.  hard_s: what is
 * left of its lifetime, 0: none; an update keeps the age and the limit.
 */
struct nl_msg *xfrm_msg_sa_moved(struct nlmsghdr *, int type,
    const struct endpoint *src, const struct endpoint *dst, uint32_t hard_s);
/* Wipes the whole buffer.  NULL is allowed. */
void xfrm_msg_free(struct nl_msg *);

#endif
