/*
 * The edge keymgr - espd: keymgr says which SAs and policies there are, in
 * batches that espd answers step by step; espd tells what the packets bring.
 * Counters are not asked for: they are in memory that both have (esplive.h).
 */
#ifndef LIB_PROTO_KMESPD_H
#define LIB_PROTO_KMESPD_H

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/secret.h"

#include <stdbool.h>
#include <stdint.h>

enum kmespd_type {
	/* keymgr -> espd */
	KMESPD_BATCH = 1,	/* u16 n, then n steps; id: any, returned */
	/* espd -> keymgr */
	KMESPD_RESULT,		/* struct kmespd_result, to each batch */
	KMESPD_ACQUIRE,		/* u32 reqid, selector */
	KMESPD_EXPIRE,		/* struct kmespd_expire */
	KMESPD_MAPPING,		/* u32 SPI, endpoint */
	KMESPD_LOST,		/* empty: some of these were lost */
	KMESPD_MTU,		/* u32: what the device should have */
};

enum kmespd_kind {
	KMESPD_SA_ADD = 1,
	KMESPD_SA_DEL,
	KMESPD_SA_MOVE,
	KMESPD_POLICY_SET,
	KMESPD_POLICY_DEL,
	/* All policies were told: from now on packets may pass. */
	KMESPD_BEGIN,
	KMESPD_SA_MTU,		/* the device that leads to its peer */
};

#define KMESPD_STEPS	128	/* in a batch */
#define KMESPD_STEP_MAX	512	/* bytes */
#define KMESPD_KEY_MAX	68
#define KMESPD_WHY_LEN	120

/* Of inner packets; 0: no limit.  Past a soft one keymgr is told; past a hard
 * one nothing goes through. */
struct kmespd_limits {
	uint64_t soft_bytes, hard_bytes;
	uint64_t soft_packets, hard_packets;
};

enum kmespd_df { KMESPD_DF_CLEAR, KMESPD_DF_INHERIT, KMESPD_DF_SET };

/* Times are microseconds of struct mono, which all processes share. */
struct kmespd_sa {
	struct endpoint src, dst;
	uint32_t spi, reqid;
	uint32_t pair;		/* outbound: SPI of the inbound one beside it */
	bool inbound, transport, encap, esn;
	bool l2tp;		/* for lib/l2tppair.h, if somebody is there */
	enum kmespd_df df;	/* of an outer IPv4 header */
	uint32_t window;
	uint32_t mtu;		/* outbound: of the device that leads there;
				 * 0: not known */
	int64_t added;		/* the newest of a policy is used */
	int64_t hard_at;	/* INT64_MAX: never */
	struct kmespd_limits limits;
	uint16_t encr, encr_bits;	/* as for suite_by_id() */
	uint16_t integ;			/* 0: none */
	struct secret encr_key, integ_key;
};

struct kmespd_sel {
	struct prefix local, remote;
	uint8_t proto;
	uint16_t lport, lmask, rport, rmask;
};

/* Actions as numbers of enum kmespd_action. */
enum kmespd_action { KMESPD_ENCRYPT, KMESPD_BLOCK, KMESPD_PASS };

struct kmespd_policy {
	struct kmespd_sel sel;
	uint32_t prio, reqid;
	uint8_t action, out;
	bool transport, optional;
};

struct kmespd_step {
	enum kmespd_kind kind;
	struct kmespd_sa sa;		/* ADD; DEL: dst, spi; MOVE: these of
					 * the SA as it is */
	struct endpoint src, dst;	/* MOVE: the new ones */
	struct kmespd_policy policy;	/* SET; DEL: sel */
};

struct kmespd_result {
	uint16_t n;
	struct {
		uint16_t error;		/* 0 or an errno */
		uint32_t slot;		/* of an added SA */
	} step[KMESPD_STEPS];
	char why[KMESPD_WHY_LEN];	/* of the first error; or "" */
};

struct kmespd_expire {
	uint32_t spi;
	struct addr dst;
	bool hard;
};

/* put appends; get: 0, or -1 with *why set (static text). */
void kmespd_sa_put(struct buf *, const struct kmespd_sa *);
/* Leaves trailing bytes. */
int kmespd_sa_get(struct cur *, struct kmespd_sa *);
void kmespd_sa_free(struct kmespd_sa *);	/* wipes the keys */
void kmespd_step_put(struct buf *, const struct kmespd_step *);
/* One of several.  To be freed with kmespd_sa_free(&step->sa). */
int kmespd_step_get(struct cur *, struct kmespd_step *, const char **why);
void kmespd_result_put(struct buf *, const struct kmespd_result *);
int kmespd_result_get(struct cur *, struct kmespd_result *,
    const char **why);
void kmespd_sel_put(struct buf *, const struct kmespd_sel *);
int kmespd_sel_get(struct cur *, struct kmespd_sel *);
void kmespd_expire_put(struct buf *, const struct kmespd_expire *);
int kmespd_expire_get(struct cur *, struct kmespd_expire *,
    const char **why);

#define KMESPD_BATCH_MAX	(2 + KMESPD_STEPS * KMESPD_STEP_MAX)
#define KMESPD_RESULT_MIN	4
#define KMESPD_RESULT_MAX	(4 + KMESPD_STEPS * 6 + KMESPD_WHY_LEN)
#define KMESPD_ACQUIRE_MIN	25
#define KMESPD_ACQUIRE_MAX	64
#define KMESPD_EXPIRE_MIN	10
#define KMESPD_EXPIRE_MAX	22
#define KMESPD_MAPPING_MIN	11
#define KMESPD_MAPPING_MAX	23
#define KMESPD_MTU_LEN		4

#endif
