/*
 * ESP packets collected for one send: equal in place, header and length, the
 * last may be shorter.
 */
#ifndef ESPD_RUN_H
#define ESPD_RUN_H

#include "espd/sa.h"

#define RUN_PACKETS	64	/* of UDP_SEGMENT */
#define RUN_BYTES	65000	/* of a datagram before it is cut */

struct run {
	struct esp_run esp;
	uint64_t path_id;
	bool closed;		/* by a shorter one */
	void (*send)(void *, const struct esp_run *);
	void *arg;
	uint8_t buf[65536 + 512];
};

/* What the packets of a run share. */
struct run_to {
	const struct path *path;
	bool df;
	uint8_t tos;
};

/* Where the next packet, of len bytes, is to be written; what it cannot
 * join is sent first.  NULL: longer than a datagram can be. */
uint8_t *run_space(struct run *, const struct run_to *, size_t len);
/* The packet of run_space() is there. */
void run_add(struct run *, size_t len);
/* Sends what there is. */
void run_flush(struct run *);

#endif
