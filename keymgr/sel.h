/*
 * Selectors: what traffic a policy or a child SA is about.  A peer speaks
 * of ranges (RFC 7296 3.13.1), a kernel of prefixes and masked ports; here
 * the one is turned into the other.
 */
#ifndef KEYMGR_SEL_H
#define KEYMGR_SEL_H

#include "lib/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TSEL_MAX	16	/* ranges on one side of a child */
#define SEL_MAX		256	/* selectors of one child or policy */

/*
 * One range.  proto 0: any.  Ports 0..65535: any; for ICMP and ICMPv6 type
 * << 8 | code (RFC 7296 3.13.1).
 */
struct tsel {
	uint8_t proto;
	uint16_t port_lo, port_hi;
	struct addr lo, hi;
};

/*
 * What a kernel can look up: a pair of prefixes of one family.  A mask of 0
 * is any port.  For ICMP and ICMPv6 lport is the type and rport the code,
 * in both directions (see sel_icmp).
 */
struct selector {
	struct prefix local, remote;
	uint8_t proto;
	uint16_t lport, lmask;
	uint16_t rport, rmask;
};

/* Ports of this protocol are type and code. */
bool sel_icmp(uint8_t proto);
int sel_cmp(const struct selector *, const struct selector *);
/* Everything that inner is about outer is about, too. */
bool sel_covers(const struct selector *outer, const struct selector *inner);
uint64_t sel_hash(const struct selector *, uint64_t seed);
/* Equal for equal arrays. */
uint64_t sel_hash_list(const struct selector *, size_t n, uint64_t seed);
/* "10.0.0.0/8[tcp/80] <-> 10.1.0.0/16"; returns dst. */
#define SEL_STRLEN	140
const char *sel_fmt(const struct selector *, char *dst, size_t size);
const char *tsel_fmt(const struct tsel *, char *dst, size_t size);

/* Everything in inner is in outer. */
bool tsel_covers(const struct tsel *outer, const struct tsel *inner);
/* The range of a prefix.  port 0: any. */
void tsel_from_prefix(struct tsel *, const struct prefix *, uint8_t proto,
    uint16_t port);
/* Single address? */
bool tsel_is_host(const struct tsel *, const struct addr *);

/*
 * Every pair of a local and a remote range as selectors, sorted, without
 * doubles; pairs of different families are left out.  Fills at most SEL_MAX
 * and returns their number; -1: *why (static text).
 */
int sel_product(const struct tsel *local, size_t nlocal,
    const struct tsel *remote, size_t nremote, struct selector *out,
    const char **why);

#endif
