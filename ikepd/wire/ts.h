/* Traffic Selector payloads, RFC 7296 3.13. */
#ifndef IKEPD_WIRE_TS_H
#define IKEPD_WIRE_TS_H

#include "lib/addr.h"
#include "lib/buf.h"
#include "ikepd/wire/ike.h"

#define TS_MAX			16	/* selectors of one side that are kept */
#define TS_IPV4_ADDR_RANGE	7
#define TS_IPV6_ADDR_RANGE	8

/*
 * One selector.  lo and hi are of one family, lo <= hi.  Ports are 0..65535
 * for any, and port_lo 65535, port_hi 0 for OPAQUE; for ICMP and ICMPv6
 * type << 8 | code; for the mobility header type << 8.
 */
struct ts {
	uint8_t proto;		/* 0: any */
	uint16_t port_lo, port_hi;
	struct addr lo, hi;
};

struct ts_list {
	unsigned n;
	unsigned ignored;	/* of unknown type, or more than TS_MAX */
	struct ts ts[TS_MAX];
};

/*
 * payload: PL_TSI or PL_TSR, for the error.  Selectors of unknown type are
 * skipped (RFC 7296 2.9), so n may be 0; those beyond TS_MAX as well, which
 * narrows the peer's set.  A range turned round, ports turned round (other
 * than OPAQUE), or a length that does not fit its type is an error.
 */
int ts_parse(struct ts_list *, struct cur, uint8_t payload,
    struct wire_err *);
void ts_put(struct buf *, const struct ts_list *);

#endif
