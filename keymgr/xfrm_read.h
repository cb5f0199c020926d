/*
 * Messages from the kernel's XFRM (linux/xfrm.h): what they say.  Pure.
 */
#ifndef KEYMGR_XFRM_READ_H
#define KEYMGR_XFRM_READ_H

#include "keymgr/backend.h"

#include <linux/xfrm.h>
#include <netlink/msg.h>

/* All: 0, or -1 for a message that is short or of another kind. */
int xfrm_read_sa(struct nlmsghdr *, struct bk_sa_state *);
/* ours: it has our mark. */
int xfrm_read_policy(struct nlmsghdr *, struct selector *, bool *ours);
int xfrm_read_acquire(struct nlmsghdr *, uint32_t *reqid, struct selector *);
int xfrm_read_expire(struct nlmsghdr *, uint32_t *spi, struct addr *dst,
    bool *hard);
int xfrm_read_mapping(struct nlmsghdr *, uint32_t *spi,
    struct endpoint *remote);
/* Error of an acknowledgement: *error is 0 or an errno, text (may stay
 * empty) what the kernel says about it. */
int xfrm_read_ack(struct nlmsghdr *, int *error, char *text, size_t size);

#endif
