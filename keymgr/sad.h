/*
 * Records of the child SAs that are installed: plain data, no keys.
 */
#ifndef KEYMGR_SAD_H
#define KEYMGR_SAD_H

#include "keymgr/backend.h"
#include "keymgr/spi.h"
#include "lib/addr.h"
#include "lib/hash.h"
#include "lib/mono.h"
#include "lib/timer.h"

#include <sys/queue.h>

struct flow;

struct sad_child {
	uint32_t peer, policy, identity;	/* configuration ids */
	uint64_t ike_spi;	/* of the worker's IKE SA, for display */
	uint32_t spi_in, spi_out;
	uint32_t replaces;	/* inbound SPI of the one it rekeyed, or 0 */
	uint64_t serial;	/* never given twice */
	bool installing;	/* its SAs are on their way */
	bool adopted;		/* and not moved since */
	struct endpoint local, remote;
	const struct alg *encr, *integ;
	uint16_t pfs_group;
	bool initiator, transport, encap, esn;
	enum bk_df df;
	uint32_t window;
	uint32_t soft_s, hard_s;
	struct bk_limits limits;
	uint32_t aged_s;		/* of the outbound SA, see bk_sa */
	struct mono added;
	struct timer soft;		/* when to ask for a new one */
	bool softened;			/* has been asked for */
	/* Counting: when the inbound counter last moved. */
	uint64_t in_seen, out_seen;	/* packets, see count.h */
	uint64_t in_packets;
	struct mono polled, in_at;
	bool in_ever;
	/* The NAT mapping last reported. */
	struct endpoint mapped;
	struct flow *flow;
	LIST_ENTRY(sad_child) in_flow;
	LIST_ENTRY(sad_child) in_worker;
};
LIST_HEAD(sad_list, sad_child);

struct sad {
	struct hash by_in;	/* inbound SPI */
	struct hash by_out;	/* outbound SPI and destination */
	struct sad_list worker[SPI_WORKERS];
	size_t count[SPI_WORKERS];
};

#define SAD_CHILDREN_MAX 262144	/* of one worker */

void sad_init(struct sad *, uint64_t seed);
/* Frees the children too; no timer of theirs may be armed any more. */
void sad_free(struct sad *);
/* The worker is that of spi_in.  -1: no memory, or one of the SPIs is there
 * already; nothing changed. */
int sad_add(struct sad *, struct sad_child *);
/* Takes it out; the caller frees it. */
void sad_del(struct sad *, struct sad_child *);
/* NULL: not there. */
struct sad_child *sad_get(const struct sad *, uint32_t spi_in);
struct sad_child *sad_get_out(const struct sad *, uint32_t spi_out,
    const struct addr *dst);
/* By the SPI and destination of either of its SAs. */
struct sad_child *sad_find(const struct sad *, uint32_t spi,
    const struct addr *dst);
/* The outer path changes; keeps the index right.  -1: no memory, or there is
 * such an SA already; nothing changed. */
int sad_move(struct sad *, struct sad_child *, const struct endpoint *local,
    const struct endpoint *remote);
size_t sad_count(const struct sad *);

/*
 * Seconds since the last inbound packet; UINT32_MAX: never one.  packets is
 * the counter now, used the kernel's wall clock of the last packet (0: not
 * known), wall the wall clock now.
 */
uint32_t sad_idle(struct sad_child *, uint64_t packets, uint64_t used,
    uint64_t wall, struct mono now);

#endif
