/*
 * A packet thread's queue of the TUN and its sockets, and the loop that
 * carries packets between them and the packet core.
 */
#ifndef ESPD_LANE_H
#define ESPD_LANE_H

#include "espd/esp.h"

#include <pthread.h>

enum lane_family { LANE_V4, LANE_V6, LANE_FAMILIES };

/* A socket, and what its options now say. */
struct lane_sock {
	int fd;			/* -1: none */
	bool v6, raw;
	int df;			/* -1: not known */
};

struct lane {
	struct esp_thread *esp;
	int ep, tun;
	struct lane_sock udp[LANE_FAMILIES], raw[LANE_FAMILIES];
	pthread_t thread;
	/* A packet from either side, with room about it. */
	uint8_t buf[ESP_TUN_MAX + 2 * ESP_IN_ROOM + 64];
};

/* NULL: no memory. */
struct lane *lane_new(void);
/* Starts the thread; everything that is to be there is.  -1: errno. */
int lane_start(struct lane *);

/* What the packet core calls; arg: the lane. */
void lane_send(void *arg, const struct esp_run *);
void lane_inject(void *arg, uint8_t *, size_t len);

#endif
