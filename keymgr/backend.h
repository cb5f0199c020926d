/*
 * What keymgr wants from whoever moves the packets.  The kernel's XFRM is
 * one implementation (backend_xfrm); a userspace ESP can be another.
 *
 * A backend does what it is told and keeps no records of its own; what may
 * be asked at all was decided before (keymgr/guard.h).
 */
#ifndef KEYMGR_BACKEND_H
#define KEYMGR_BACKEND_H

#include "keymgr/sel.h"
#include "lib/secret.h"
#include "lib/suite/suite.h"

#include <event2/event.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The reqids that mark what is ours; everything else is left alone. */
#define BK_REQID_BASE	0x53000000u
#define BK_REQID_MASK	0xff000000u
#define BK_REQID_DYN	0x00800000u	/* from here on: dynamic ones */
#define BK_REQID_OURS(r) (((r) & BK_REQID_MASK) == BK_REQID_BASE)

#define BK_WHY_LEN	160

/* In bytes and packets; 0: none.  Past a soft one an event comes, past a hard
 * one the SA is of no use (RFC 4301 section 4.4.2.1). */
struct bk_limits {
	uint64_t soft_bytes, hard_bytes;
	uint64_t soft_packets, hard_packets;
};

enum bk_df { BK_DF_CLEAR, BK_DF_INHERIT, BK_DF_SET };

/* One SA to install.  Borrows the keys. */
struct bk_sa {
	struct endpoint src, dst;	/* outer; ports when encap */
	uint32_t spi;
	uint32_t reqid;
	uint32_t pair;			/* outbound: SPI of the inbound one */
	bool inbound;
	bool transport;
	bool encap;			/* ESP in UDP, RFC 3948 */
	bool esn;
	bool l2tp;			/* carries UDP port 1701 alone */
	enum bk_df df;			/* of an outer IPv4 header */
	uint32_t window;		/* replay window in packets, 0: off */
	uint32_t hard_s;		/* lifetime; 0: none */
	struct bk_limits limits;
	uint32_t aged_s;		/* outbound: passes for so much older
					 * than it is; the youngest SA of a
					 * policy is the one that is used */
	const struct alg *encr;
	const struct alg *integ;	/* NULL with an AEAD */
	const struct secret *encr_key;	/* salt included */
	const struct secret *integ_key;
};

enum bk_action { BK_ENCRYPT, BK_BLOCK, BK_PASS };

/*
 * What happens to the traffic of a selector, in all directions.  Compared
 * as a whole to see whether something must be changed.
 */
struct bk_body {
	uint32_t prio;		/* lower is first */
	uint32_t reqid;		/* of BK_ENCRYPT */
	enum bk_action action;
	/* BK_ENCRYPT: what becomes of outbound packets while nobody knows
	 * where to send them; else BK_ENCRYPT. */
	enum bk_action out;
	bool transport;
	bool optional;		/* level=use */
	struct addr local, remote;	/* outer; AF_UNSPEC: any */
};

#define BK_ALL_DIRS	0x07

enum bk_kind {
	BK_SA_ADD,
	BK_SA_DEL,
	/*
	 * The SA gets other outer endpoints; keys and counters of the replay
	 * protection go on.  sa.hard_s is what is left of its lifetime.
	 */
	BK_SA_MOVE,
	BK_POLICY_SET,
	BK_POLICY_DEL,
};

/* One step of a batch. */
struct bk_op {
	enum bk_kind kind;
	struct bk_sa sa;		/* SA_ADD; SA_DEL: dst and spi;
					 * SA_MOVE: as it is */
	struct endpoint src, dst;	/* SA_MOVE: from now on */
	struct selector sel;		/* POLICY_* */
	struct bk_body body;		/* POLICY_SET */
	struct bk_body old;		/* what stands now, if had_old */
	bool had_old;
	/*
	 * POLICY_SET: there may be one of ours already; otherwise a policy
	 * with that selector is somebody else's and stays, EEXIST.
	 */
	bool replace;
	/* POLICY_DEL: bits of directions; POLICY_SET, out: those done. */
	uint8_t dirs;
	int error;			/* out: 0 or an errno */
};

/* An SA as it is now. */
struct bk_sa_state {
	struct addr src, dst;
	uint32_t spi;
	uint32_t reqid;
	bool esp;
	uint64_t bytes, packets;
	uint64_t add_time, use_time;	/* wall clock, seconds; 0: never */
	uint64_t last_used;		/* the same; 0: not known */
	uint32_t errors_replay, errors_integ;
	bool offload;
	struct secret encr_key, integ_key;	/* wiped by bk_sa_state_free */
};
void bk_sa_state_free(struct bk_sa_state *);

/* What the packets' mover tells of its own accord. */
struct bk_events {
	/* A packet waits for an SA; sel is the packet's own, exact. */
	void (*acquire)(void *, uint32_t reqid, const struct selector *);
	void (*expire)(void *, uint32_t spi, const struct addr *dst,
	    bool hard);
	/* Authentic packets come from elsewhere (NAT). */
	void (*mapping)(void *, uint32_t spi, const struct endpoint *remote);
	/* Events were lost. */
	void (*lost)(void *);
	/* Who moves the packets does not answer.  May be NULL. */
	void (*stuck)(void *);
	void *arg;
};

/* All steps have their errors: how many failed, and why the first did. */
typedef void (*bk_done)(void *arg, size_t failed, const char *why);

struct backend_ops {
	const char *name;
	/*
	 * Does all steps in order, a failing one does not stop the others;
	 * each gets its error.  Removing what is not there is no error.
	 *
	 * done is called once: before this returns, or later from the loop
	 * when somebody else must answer first.  Until then the steps stay
	 * where they are; the keys are borrowed for this call alone.  What
	 * the kernel says to a policy is known when this returns.  Steps of a
	 * later call come after those of an earlier one.
	 */
	void (*apply)(void *, struct bk_op *, size_t n, bk_done, void *arg);
	/* Reads one SA.  0, or -1 with errno (ESRCH: not there). */
	int (*sa_get)(void *, const struct addr *dst, uint32_t spi,
	    struct bk_sa_state *);
	/* Calls fn for every SA / every policy of ours. -1: why. */
	int (*sa_dump)(void *, void (*fn)(void *, const struct bk_sa_state *),
	    void *arg, char *why);
	int (*policy_dump)(void *, void (*fn)(void *,
	    const struct selector *), void *arg, char *why);
	/* The packet path's error counters, name by name. -1: none. */
	int (*stats)(void *, void (*fn)(void *, const char *name,
	    uint64_t value), void *arg);
	/* Events start to flow. */
	int (*listen)(void *, struct event_base *, const struct bk_events *);
	/* What an earlier keymgr left was taken over or removed; NULL: there
	 * is nothing more to be done. */
	void (*settled)(void *);
	/* Why no ESP SA can be installed at all; NULL: it can. */
	const char *(*no_esp)(void *);
	/* The process ends: waits until all was said that somebody else is to
	 * do.  NULL: nobody else does anything. */
	void (*drain)(void *);
	void (*close)(void *);
};

struct backend {
	const struct backend_ops *ops;
	void *ctx;
};

/* The kernel's XFRM.  To be opened before confinement.  -1: why. */
int backend_xfrm_open(struct backend *, char *why);
/* It is the only data plane: what one in user space left is removed, once it
 * has settled.  Before confinement, too. */
void backend_xfrm_sole(struct backend *);

#endif
