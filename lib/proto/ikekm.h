/*
 * The edge ikepd - keymgr: SPIs, child SAs, events of the kernel.
 *
 * ikepd asks; keymgr checks every request against its own copy of the
 * configuration and its own records before it acts.
 */
#ifndef LIB_PROTO_IKEKM_H
#define LIB_PROTO_IKEKM_H

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/secret.h"

#include <stdbool.h>
#include <stdint.h>

enum ikekm_type {
	/* ikepd -> keymgr */
	IKEKM_SPI_GET = 1,	/* u16 how many; answer IKEKM_SPIS */
	IKEKM_CHILD_ADD,	/* struct km_child; answer IKEKM_CHILD_RESULT */
	IKEKM_CHILD_DEL,	/* u32 inbound SPI; no answer */
	IKEKM_CHILD_ADOPT,	/* struct km_child without keys, after keymgr
				 * was restarted; answer IKEKM_CHILD_RESULT */
	IKEKM_ADOPT_DONE,	/* empty: what was not adopted may go */
	IKEKM_STAT_GET,		/* u32 inbound SPI, 0 = all of this worker;
				 * answer: IKEKM_STAT each, IKEKM_STAT_END */
	IKEKM_PATH,		/* struct km_path: the peer's outer address
				 * changed (NAT mapping); no answer */
	IKEKM_VIP_SET,		/* struct km_vip: the peer gave us addresses;
				 * the same handle again replaces; no answer.
				 * Also of each that there is when
				 * IKEKM_READY arrives, before
				 * IKEKM_ADOPT_DONE */
	IKEKM_VIP_DEL,		/* u32 handle; no answer, also of one that is
				 * not known */
	/* keymgr -> ikepd */
	IKEKM_SPIS,		/* n times u32 */
	IKEKM_CHILD_RESULT,	/* struct km_result */
	IKEKM_ACQUIRE,		/* struct km_acquire */
	IKEKM_EXPIRE,		/* u32 inbound SPI, u8 hard */
	IKEKM_MAPPING,		/* struct km_path */
	IKEKM_STAT,		/* struct km_stat */
	IKEKM_STAT_END,		/* empty */
	IKEKM_READY,		/* empty: keymgr has read the kernel and awaits
				 * IKEKM_CHILD_ADOPT/IKEKM_ADOPT_DONE */
};

#define KM_TS_MAX	16
#define KM_SPI_BATCH	64	/* at most this many SPIs at a time */
#define KM_VIP_NETS	64
#define KM_VIP_DNS	8
#define KM_VIP_NAMES	16
#define KM_VIP_NAME_LEN	256	/* with NUL */
#define KM_VIP_MAX	256	/* of one worker */

/* One traffic selector (RFC 7296 3.13.1): addresses lo..hi of one family. */
struct km_ts {
	uint8_t proto;		/* 0: any */
	uint16_t port_lo, port_hi;
	struct addr lo, hi;
};

/* A pair of ESP SAs and what they carry. */
struct km_child {
	uint32_t peer;		/* configuration id */
	uint32_t policy;	/* configuration id */
	uint32_t identity;	/* configuration id */
	uint64_t ike_spi;	/* our SPI of the IKE SA, for display */
	uint32_t replaces;	/* inbound SPI of the child this rekeys, or 0 */
	bool initiator;
	bool transport;
	bool encap;		/* ESP in UDP */
	bool esn;
	struct endpoint local;	/* outer; ports used when encap */
	struct endpoint remote;
	uint32_t spi_in;
	uint32_t spi_out;
	uint16_t encr;		/* IKEv2 transform id */
	uint16_t encr_bits;	/* key bits as in the Key Length attribute */
	uint16_t integ;		/* 0 with an AEAD */
	uint16_t pfs_group;	/* 0: none, for display */
	struct secret encr_in, encr_out;	/* salt included */
	struct secret integ_in, integ_out;
	uint8_t nlocal, nremote;
	struct km_ts ts_local[KM_TS_MAX];
	struct km_ts ts_remote[KM_TS_MAX];
};

struct km_result {
	bool ok;
	uint32_t spi_in;
	char reason[160];	/* why not */
};

struct km_acquire {
	uint32_t policy;
	uint32_t peer;
	struct km_ts local, remote;	/* the packet that waits */
};

struct km_path {
	uint32_t spi_in;
	struct endpoint local, remote;
};

struct km_stat {
	uint32_t spi_in;
	uint64_t in_bytes, in_packets, out_bytes, out_packets;
	uint32_t in_idle;	/* seconds since the last inbound packet,
				 * UINT32_MAX: never used */
};

/*
 * Addresses a peer gave us (mode-config responder=no).  They are put on the
 * interface towards the peer, with routes to the nets behind it.
 */
struct km_vip {
	uint32_t vip;		/* the worker's handle, not 0 */
	uint32_t peer;		/* configuration id */
	uint32_t identity;	/* configuration id */
	struct addr local, remote;	/* outer */
	struct addr addr4, addr6;	/* AF_UNSPEC: none; one there is */
	uint8_t prefix4, prefix6;	/* of the link; 0: no address */
	uint8_t nnets;
	struct prefix net[KM_VIP_NETS];	/* behind the peer; none: all */
	uint8_t ndns;
	struct addr dns[KM_VIP_DNS];	/* name servers */
	uint8_t nnames;
	char names[KM_VIP_NAMES][KM_VIP_NAME_LEN];	/* the domains that
				 * they are asked for; none: all */
};

/* Wipes the keys; the struct is reusable. */
void km_child_free(struct km_child *);

/*
 * put appends to a message under construction (buf_error tells at the
 * end); get returns 0, or -1 with *why set for a body that is short, out
 * of range or followed by something.  get of a km_child leaves nothing to
 * free on -1.
 */
void km_child_put(struct buf *, const struct km_child *);
int km_child_get(struct cur *, struct km_child *, const char **why);
void km_result_put(struct buf *, const struct km_result *);
int km_result_get(struct cur *, struct km_result *, const char **why);
void km_acquire_put(struct buf *, const struct km_acquire *);
int km_acquire_get(struct cur *, struct km_acquire *, const char **why);
void km_path_put(struct buf *, const struct km_path *);
int km_path_get(struct cur *, struct km_path *, const char **why);
void km_stat_put(struct buf *, const struct km_stat *);
int km_stat_get(struct cur *, struct km_stat *, const char **why);
void km_vip_put(struct buf *, const struct km_vip *);
int km_vip_get(struct cur *, struct km_vip *, const char **why);

/* Bounds for the permit tables. */
#define KM_CHILD_LEN_MAX	4096
#define KM_RESULT_LEN_MAX	256
#define KM_ACQUIRE_LEN_MAX	128
#define KM_PATH_LEN_MAX		48
#define KM_STAT_LEN		40
#define KM_VIP_LEN_MAX		\
	(1536 + KM_VIP_NAMES * (2 + KM_VIP_NAME_LEN))

#endif
