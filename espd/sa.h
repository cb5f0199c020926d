/*
 * A security association: what packet threads need of it, and its counters.
 */
#ifndef ESPD_SA_H
#define ESPD_SA_H

#include "espd/crypt.h"
#include "espd/esp.h"
#include "espd/replay.h"
#include "espd/table.h"

/* Outer endpoints, and whether in UDP; replaced as a whole. */
struct path {
	struct epoch_item item;
	struct endpoint src, dst;
	bool encap;
	uint64_t id;		/* never used twice */
};

/* Limits, as bits. */
#define TOLD_SOFT	1u
#define TOLD_HARD	2u
#define TOLD_KINDS	2
/* What is so is told with packets, no more often than this, for as long as
 * it is so: whoever is to hear it may not be there, or may refuse it. */
#define TELL_US		1000000

struct sa {
	struct table_node node;		/* inbound ones, by SPI */
	struct epoch_item item;
	/* Without keys; what is in path is for the control thread alone. */
	struct esp_sa conf;
	_Atomic(struct path *) path;
	_Atomic uint32_t mtu;
	uint8_t iv_len, icv_len;
	uint8_t align;		/* of what is encrypted; a power of two */
	struct mono added;
	struct replay *replay;		/* inbound */
	int64_t map_next;		/* no mapping is told before, us */
	struct sa *older;		/* outbound, of the same route */
	struct route *route;
	/* Written by packet threads. */
	struct esp_live *live;		/* conf's or own */
	_Atomic int64_t tell_next[TOLD_KINDS];	/* us */
	struct esp_live own;
	/* The one thread that encrypts or decrypts. */
	unsigned owner;
	struct crypt *crypt;
};

/* NULL: *why (static text). */
struct sa *sa_new(const struct esp_sa *, unsigned owner, uint64_t path_id,
    struct mono now, const char **why);
/* Wipes. */
void sa_free(struct sa *);
/* Frees once no thread can use it. */
void sa_retire(struct sa *, struct epoch *);
/* -1: no memory. */
int sa_set_path(struct sa *, struct epoch *, const struct endpoint *src,
    const struct endpoint *dst, bool encap, uint64_t path_id);
void sa_state(const struct sa *, struct esp_sa_state *);

/* Bytes of an ESP packet with n bytes of payload. */
size_t sa_packed(const struct sa *, size_t n);
/* The most payload whose ESP packet has at most room bytes; 0: none. */
size_t sa_fit(const struct sa *, size_t room);
/* An outer MTU within what is possible. */
uint32_t sa_mtu_bound(uint32_t mtu);
/* The largest inner packet that goes through the path in one piece. */
size_t sa_inner_mtu(const struct sa *, const struct path *);

/*
 * Counts n packets; which limits are reached and to be told now is in the
 * TOLD_ bits returned.  *dead: a hard limit was reached before these.
 */
unsigned sa_count(struct sa *, uint64_t n, uint64_t bytes, struct mono now,
    bool *dead);
/* Those of the TOLD_ bits that the caller is to tell now. */
unsigned sa_tell(struct sa *, unsigned bits, struct mono now);

#endif
