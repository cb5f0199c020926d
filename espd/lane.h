/*
 * A packet thread's queue of the TUN and its sockets, and the loop that
 * carries packets between them and the packet core.
 */
#ifndef ESPD_LANE_H
#define ESPD_LANE_H

#include "espd/esp.h"

#include <pthread.h>
#include <stdatomic.h>

enum lane_family { LANE_V4, LANE_V6, LANE_FAMILIES };

/* A socket, and what its options now say. */
struct lane_sock {
	int fd;			/* -1: none */
	bool v6, raw;
	uint16_t port;		/* UDP: it is bound to */
	int df;			/* -1: not known */
};

/* What a path takes, for the control thread; one at a time. */
struct lane_mtu {
	_Atomic bool full;
	struct addr dst;
	uint32_t mtu;
};

struct lane {
	struct esp_thread *esp;
	int ep, tun;
	int poked;		/* an eventfd: others have handed over */
	struct lane_sock udp[LANE_FAMILIES], raw[LANE_FAMILIES];
	int pass[LANE_FAMILIES];	/* shared by all threads; -1: none */
	int pair;		/* with who speaks L2TP; -1: nobody */
	bool reads_pair;	/* one of the threads */
	pthread_t thread;
	struct lane_mtu mtu;
	_Atomic bool gone;	/* the device: somebody removed it */
	void (*wake)(void *);	/* mtu is full, or gone */
	/* A packet from either side, with room about it. */
	uint8_t buf[ESP_TUN_MAX + 2 * ESP_IN_ROOM + 64];
};

/* NULL: no memory. */
struct lane *lane_new(void);
/* Starts the thread; everything that is to be there is.  -1: errno. */
int lane_start(struct lane *);

/* Sends what waits in the socket pair. */
void lane_from_pair(struct lane *, struct mono now);
/* Reads what the kernel says about datagrams that it did not send. */
void lane_errors(struct lane *, const struct lane_sock *);

/* What the packet core calls; arg: the lane. */
void lane_send(void *arg, const struct esp_run *);
void lane_poke(void *arg);
void lane_inject(void *arg, uint8_t *, size_t len);
void lane_pass(void *arg, uint8_t *, size_t len);
bool lane_local(void *arg, const struct l2tppair *, const uint8_t *,
    size_t len);
void lane_stray(void *arg, const struct esp_dgram *, const uint8_t *,
    size_t len);

#endif
