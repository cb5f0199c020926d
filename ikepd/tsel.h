/*
 * Sets of traffic selectors (RFC 7296 2.9): building them from policies,
 * narrowing, comparing, printing.  An address-port-protocol point belongs
 * to a set when it belongs to one of its selectors.
 */
#ifndef IKEPD_TSEL_H
#define IKEPD_TSEL_H

#include "ikepd/wire/ts.h"

#define TSEL_PORT_MAX	0xffff

/* All of a prefix.  proto 0: any; port 0..65535 or -1: any. */
void ts_from_prefix(struct ts *, const struct prefix *, uint8_t proto,
    int port);
/* One address with the same meaning of proto and port. */
void ts_from_addr(struct ts *, const struct addr *, uint8_t proto, int port);
bool ts_is_opaque(const struct ts *);
bool ts_equal(const struct ts *, const struct ts *);
/* Every point of inner lies in outer. */
bool ts_covers(const struct ts *outer, const struct ts *inner);
/* False when nothing is in common; *out may be a or b. */
bool ts_intersect(const struct ts *a, const struct ts *b, struct ts *out);
/* The one address of the selector; false when it covers several. */
bool ts_single(const struct ts *, struct addr *);

/* A list of n selectors, TS_MAX at most. */
void tsel_set(struct ts_list *, const struct ts *, unsigned n);
/* Appends; a selector that the set covers already is left out.  -1: full. */
int tsel_add(struct ts_list *, const struct ts *);
/*
 * Puts the selector of the packet that asked for the SA first (RFC 7296
 * 2.9), when it lies in the set; the last one gives way in a full set.
 */
void tsel_put_first(struct ts_list *, const struct ts *packet);
/* Each selector of inner lies within one selector of outer. */
bool tsel_covers(const struct ts_list *outer, const struct ts_list *inner);
/* Each set covers the other. */
bool tsel_equal(const struct ts_list *, const struct ts_list *);

enum tsel_result {
	TSEL_NONE = -1,		/* TS_UNACCEPTABLE */
	TSEL_WHOLE,		/* all that was proposed */
	TSEL_NARROWED,
};

/*
 * What of the proposed set the policy allows.  The first proposed selector,
 * as far as it is allowed, is always within the result.
 */
enum tsel_result tsel_narrow(struct ts_list *out,
    const struct ts_list *proposed, const struct ts_list *policy);

/*
 * Transport mode behind NAT (RFC 7296 2.23.1): puts addr in place of the one
 * address all selectors have.  -1, list unchanged: they do not all consist
 * of the same single address.  old may be NULL, else gets that address.
 */
int tsel_substitute(struct ts_list *, const struct addr *, struct addr *old);

/*
 * For the kernel, whose selectors are prefix, protocol, port and port mask.
 * -1: more than max prefixes; a range of ports that is no single mask.
 */
int ts_prefixes(const struct ts *, struct prefix *, size_t max);
int ts_port_mask(const struct ts *, uint16_t *port, uint16_t *mask);

/*
 * "10.0.0.0/24[udp/500]", "10.0.0.1..10.0.0.9[tcp/80-443]", without the
 * bracket when protocol and port are any.  A list is joined by spaces, "-"
 * when empty; cut with "..." when it does not fit.  Returns dst.
 */
#define TS_STRLEN	128
const char *ts_fmt(const struct ts *, char *dst, size_t);
const char *tsel_fmt(const struct ts_list *, char *dst, size_t);

#endif
