/*
 * The ports of a datagram that comes in fragments: remembered from the first,
 * for those that follow (RFC 4301 section 7.3, stateful fragment checking).
 * Of one packet thread; what is not remembered any more has no ports.
 */
#ifndef ESPD_FRAGPORT_H
#define ESPD_FRAGPORT_H

#include "espd/pkt.h"
#include "lib/mono.h"

#define FRAGPORT_SLOTS	64	/* datagrams; power of two */
#define FRAGPORT_US	2000000

struct fragport {
	struct {
		struct flow key;
		uint32_t id;
		uint16_t lport, rport;
		int64_t until;		/* 0: nothing */
	} v[FRAGPORT_SLOTS];
};

/* A policy has let the first fragment pass. */
void fragport_note(struct fragport *, const struct pkt *, bool inbound,
    const struct flow *, struct mono now);
/* Fills in what is known of a later fragment's ports. */
void fragport_fill(const struct fragport *, const struct pkt *, bool inbound,
    struct flow *, struct mono now);

#endif
