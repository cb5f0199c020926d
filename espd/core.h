/* The whole, and a thread's part of it.  Private to the packet core. */
#ifndef ESPD_CORE_H
#define ESPD_CORE_H

#include "espd/esp.h"
#include "espd/event.h"
#include "espd/fragport.h"
#include "espd/gro.h"
#include "espd/hand.h"
#include "espd/ivpool.h"
#include "espd/run.h"
#include "espd/sad.h"
#include "espd/stat.h"
#include "espd/vnet.h"

#define FLOW_CACHE	2048	/* power of two */
#define VNET_LEN	sizeof(struct vnet)
#define IP_MAX_HDR	40	/* of headers we write */

/*
 * What was found out about a flow.  Holds as long as the epoch is the same:
 * every change begins a new one, before what it removed can be freed.
 */
struct found {
	struct flow flow;
	uint64_t at;
	struct policy *policy;	/* NULL: none */
	struct route *route;	/* NULL: none, or the policy needs none */
};

struct esp {
	struct epoch epoch;
	struct sad sad;
	struct spd spd;
	uint64_t seed;
	struct esp_conf conf;
	struct esp_thread *thread[ESP_THREADS_MAX];
};

struct esp_thread {
	struct esp *esp;
	unsigned id;
	void *arg;
	struct ivpool *iv;
	struct gro *gro;
	struct hand *hand;	/* from the others; NULL: there are none */
	int64_t icmp_second;	/* limits what is told to the inside */
	unsigned icmp_count;
	struct stats stats;
	struct event_ring events;
	struct fragport fragport;
	struct found cache[FLOW_CACHE];
	struct run run;
	/* A packet between two shapes, a virtio header before it. */
	uint8_t scratch[VNET_LEN + IP_MAX_HDR + PKT_MAX];
};

/* The policy and route of a flow.  Within an epoch. */
const struct found *core_find(struct esp_thread *, const struct flow *);
/* Tells the control thread.  false: there was no room. */
bool core_tell(struct esp_thread *, const struct event_msg *);
/* Tells that limits were reached (TOLD_ bits). */
void core_tell_limits(struct esp_thread *, const struct sa *, unsigned bits);
/* Passes a packet to the TUN; VNET_LEN bytes before it are overwritten. */
void core_inject(struct esp_thread *, uint8_t *p, size_t len);

#endif
