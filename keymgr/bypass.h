/*
 * Neighbour discovery goes past the policies: a gateway that must encrypt
 * everything to its neighbour could otherwise not learn the link address it
 * needs to send the first IKE message (RFC 4301 section 5 wants a bypass for
 * what the security association itself depends on).  Receivers drop
 * such packets from off the link (RFC 4861 7.1, hop limit 255).
 */
#ifndef KEYMGR_BYPASS_H
#define KEYMGR_BYPASS_H

#include "keymgr/km.h"

/* There while any policy is about IPv6. */
void bypass_update(struct km *);
void bypass_remove(struct km *);
bool bypass_is(const struct selector *);

#endif
