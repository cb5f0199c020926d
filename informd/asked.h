/*
 * Questions on their way to sessiond, and how often a client may ask: each
 * once in a while, all of them together not too often.
 */
#ifndef INFORMD_ASKED_H
#define INFORMD_ASKED_H

#include "informd/dhcp.h"
#include "lib/mono.h"

#define ASKED_MAX	64	/* without answer */
#define ASKED_CLIENTS	256
#define ASKED_RATE	50	/* a second, of all clients */
#define ASKED_BURST	100
#define ASKED_CLIENT_US	200000	/* between two of one client */
#define ASKED_WAIT_US	5000000	/* then a question is forgotten */

struct asked_one {
	uint32_t id;		/* 0: free */
	struct mono at;
	struct addr server;	/* our address that the client asked */
	struct dhcp_inform inform;
};

struct asked {
	struct asked_one one[ASKED_MAX];
	struct {
		uint32_t client;
		struct mono at;
	} last[ASKED_CLIENTS];
	uint32_t next_id;
	int64_t tokens_us;
	struct mono filled;
	uint64_t seed;
};

void asked_init(struct asked *, uint64_t seed, struct mono now);
/* NULL: too often, or too many without answer.  The inform is copied. */
const struct asked_one *asked_add(struct asked *, const struct dhcp_inform *,
    const struct addr *server, struct mono now);
/* Takes the question out; -1: there is none of that number. */
int asked_take(struct asked *, uint32_t id, struct asked_one *out);
/* sessiond is gone, and all answers with it. */
void asked_forget(struct asked *);

#endif
