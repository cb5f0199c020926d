/*
 * What the files that bind the engine to the world share: the process's
 * one state, and the edges.  The engine sees none of it.
 */
#ifndef IKEPD_IKEPD_H
#define IKEPD_IKEPD_H

#include "lib/child.h"
#include "ikepd/engine.h"

struct udp;
struct pool;
struct ipc_certd;
struct ipc_keymgr;
struct ipc_sessiond;
struct show_req;

struct ikepd {
	struct child *child;
	struct event_base *base;
	struct engine *engine;
	struct udp *udp;
	struct pool *pool;
	struct ipc_certd *certd;
	struct ipc_keymgr *keymgr;
	struct ipc_sessiond *sessiond;
	struct event *timer;	/* when the engine wants engine_timers() */
	bool started;		/* everything was handed over */
	bool begun;		/* and there are SPIs: initiates at load */
};

/* Arms the timer anew; after anything that the engine was told. */
void ikepd_rearm(struct ikepd *);

/* The first SPIs are here: what initiates at load begins. */
void ikepd_begin(struct ikepd *);

/* Edge to certd.  NULL: no memory. */
struct ipc_certd *ipc_certd_new(struct ikepd *);
void ipc_certd_free(struct ipc_certd *);
/* Takes fd over; requests under way on an old edge fail. */
void ipc_certd_up(struct ipc_certd *, int fd);
/* The op of struct engine_ops. */
void ipc_certd_auth(struct ipc_certd *, const struct auth_req *);
void ipc_certd_watch(struct ipc_certd *, const struct blob *);

/* Edge to sessiond; without it requests fail. */
struct ipc_sessiond *ipc_sessiond_new(struct ikepd *);
void ipc_sessiond_free(struct ipc_sessiond *);
void ipc_sessiond_up(struct ipc_sessiond *, int fd);
void ipc_sessiond_open(struct ipc_sessiond *, const struct session_req *);
void ipc_sessiond_close(struct ipc_sessiond *, const struct session_req *);
void ipc_sessiond_move(struct ipc_sessiond *, uint64_t from, uint64_t to,
    const struct endpoint *remote);
void ipc_sessiond_sync(struct ipc_sessiond *, const struct session_req *);

/* Edge to keymgr, with the pool of SPIs. */
struct ipc_keymgr *ipc_keymgr_new(struct ikepd *);
void ipc_keymgr_free(struct ipc_keymgr *);
void ipc_keymgr_up(struct ipc_keymgr *, int fd);
void ipc_keymgr_child_add(struct ipc_keymgr *, const struct child_req *);
void ipc_keymgr_child_adopt(struct ipc_keymgr *, const struct child_req *);
void ipc_keymgr_child_del(struct ipc_keymgr *, uint32_t spi_in);
void ipc_keymgr_child_path(struct ipc_keymgr *, uint32_t spi_in,
    const struct endpoint *local, const struct endpoint *remote);
uint32_t ipc_keymgr_spi_get(struct ipc_keymgr *);
void ipc_keymgr_spi_put(struct ipc_keymgr *, uint32_t);
bool ipc_keymgr_has_spis(const struct ipc_keymgr *);
void ipc_keymgr_vip_up(struct ipc_keymgr *, const struct vip_req *);
void ipc_keymgr_vip_down(struct ipc_keymgr *, uint32_t vip);
void ipc_keymgr_stat_get(struct ipc_keymgr *, uint32_t spi_in);
/*
 * Asks for the counters of all children of this worker.  each is called for
 * every one, then done, also when keymgr is not there or goes away.
 */
struct child_counters {
	uint64_t in_bytes, in_packets, out_bytes, out_packets;
};
typedef void (*counters_each)(void *arg, uint32_t spi_in,
    const struct child_counters *);
typedef void (*counters_done)(void *arg);
void ipc_keymgr_counters(struct ipc_keymgr *, counters_each, counters_done,
    void *arg);

/* Answers the questions of controld. */
void ikepd_show(struct child *, struct show_req *);

#endif
