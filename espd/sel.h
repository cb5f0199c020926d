/*
 * Selectors as policies have them: a pair of prefixes of one family, a
 * protocol (0: any), masked ports (mask 0: any).  For ICMP and ICMPv6 lport
 * is the type and rport the code, in both directions.
 */
#ifndef ESPD_SEL_H
#define ESPD_SEL_H

#include "espd/flow.h"
#include "lib/addr.h"

struct sel {
	struct prefix local, remote;
	uint8_t proto;
	uint16_t lport, lmask;
	uint16_t rport, rmask;
};

/*
 * The selector as a masked flow and its mask.  -1: two families, a prefix
 * longer than its address, or ports with a protocol that has none.
 */
int sel_flow(const struct sel *, struct flow *key, struct flow *mask);
/* The selector that only this flow fits. */
void sel_exact(struct sel *, const struct flow *);

#endif
