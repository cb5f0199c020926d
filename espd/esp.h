/*
 * The packet core of espd: ESP (RFC 4303), also in UDP (RFC 3948), between a
 * TUN device and sockets that the process around it reads and writes.  It
 * does no I/O and has no clock: packets and the time come in through calls,
 * packets and news go out through struct esp_io.
 *
 * One thread controls: it calls what takes a struct esp.  Each packet thread
 * has a struct esp_thread of its own and calls what takes that; it never
 * waits for anybody and allocates nothing.
 */
#ifndef ESPD_ESP_H
#define ESPD_ESP_H

#include "espd/sel.h"
#include "espd/spd.h"
#include "lib/esplive.h"
#include "lib/l2tppair.h"
#include "lib/mono.h"
#include "lib/secret.h"
#include "lib/suite/suite.h"

#define ESP_THREADS_MAX	EPOCH_THREADS
/* Before each packet that comes from or goes to the TUN: virtio_net_hdr,
 * without num_buffers (TUNSETVNETHDRSZ). */
#define ESP_VNET_LEN	10
/* Bytes before and behind a received datagram that esp_in() may overwrite. */
#define ESP_IN_ROOM	16
/* Bytes for headers before what esp_out_local() is given. */
#define ESP_LOCAL_ROOM	(ESP_VNET_LEN + 48)
/* The longest packet of the TUN, virtio header included. */
#define ESP_TUN_MAX	(ESP_VNET_LEN + 65535)

struct esp;
struct esp_thread;

/*
 * ESP packets to send: n in a row, each seg bytes long but for the last,
 * which may be shorter.  What UDP_SEGMENT takes: at most 64 and 65000 bytes.
 */
struct esp_run {
	struct endpoint src, dst;	/* ports with encap */
	bool encap;			/* in UDP; else protocol 50 */
	bool df;			/* else the network may fragment */
	uint8_t tos;			/* of the outer header */
	uint16_t seg;
	unsigned n;
	uint8_t *data;
	size_t len;
};

struct esp_dgram;

/* Called by packet threads, with the arg of the thread, from within the
 * calls below, which they must not make again. */
struct esp_io {
	void (*send)(void *arg, const struct esp_run *);
	/* len bytes, virtio header first, to be written to the TUN. */
	void (*inject)(void *arg, uint8_t *, size_t len);
	/* The payload of a datagram of UDP that came by a transport mode SA
	 * with local set; NULL: there are none.  false: no room. */
	bool (*local)(void *arg, const struct l2tppair *, const uint8_t *,
	    size_t len);
	/* A whole IP packet of the TUN that is to go out unencrypted, part of
	 * a super-packet perhaps; NULL: such packets are dropped and
	 * counted. */
	void (*pass)(void *arg, uint8_t *, size_t len);
	/* esp_events() has something to tell.  Must not block. */
	void (*wake)(void *arg);
	/*
	 * A datagram in UDP that came behind others and is IKE's or for an
	 * SA of another thread: the kernel joins what two ports say to each
	 * other, and looks only at the first for whose it is.  NULL: such
	 * ones are dropped and counted.
	 */
	void (*stray)(void *arg, const struct esp_dgram *came,
	    const uint8_t *, size_t len);
	/* esp_out_handed() is to be called by the thread whose arg this is;
	 * called by others.  With one thread it is never needed. */
	void (*poke)(void *arg);
};

struct esp_conf {
	unsigned threads;		/* 1..ESP_THREADS_MAX */
	void **arg;			/* of esp_io, one a thread; copied */
	struct esp_io io;
	bool clamp_mss;			/* TCP's to what the tunnel takes */
	bool uso;			/* the TUN takes UDP super-packets */
};

/* suite_init() was called.  NULL: *why (static text). */
struct esp *esp_new(const struct esp_conf *, const char **why);
/* No packet thread runs any more.  Wipes all keys. */
void esp_free(struct esp *);
struct esp_thread *esp_thread(struct esp *, unsigned thread);
/* The thread that an inbound SA's packets must come to. */
unsigned esp_thread_of(const struct esp *, uint32_t spi);

/*
 * Packet threads.
 */

/*
 * A packet read from the TUN, virtio header first; may be a super-packet.
 * The memory is the caller's and may be overwritten.  What is to be sent may
 * be held back until esp_out_flush(), to be called when the TUN is empty.
 */
void esp_out(struct esp_thread *, uint8_t *, size_t len, struct mono now);
/*
 * After esp_io's poke(): what other threads have read from the TUN for this
 * one's SAs.  true: there is more, to be taken by calling it again after
 * whatever else waits.
 */
bool esp_out_handed(struct esp_thread *, struct mono now);
void esp_out_flush(struct esp_thread *);
/*
 * A datagram of UDP, of which len bytes of payload are at p, by the SA that
 * is local and goes there.  ESP_LOCAL_ROOM bytes before p and all else may be
 * overwritten.
 */
void esp_out_local(struct esp_thread *, const struct l2tppair *, uint8_t *p,
    size_t len, struct mono now);

/*
 * What was received from one place: a datagram, or several of seg bytes in a
 * row, the last of which may be shorter (UDP_GRO; seg 0: one).  Decrypted in
 * place, with ESP_IN_ROOM bytes of room before and behind.
 */
struct esp_dgram {
	uint8_t *data;
	size_t len;
	uint16_t seg;
	struct endpoint src;
	struct endpoint dst;		/* ours, for io.stray alone */
	bool encap;
	uint8_t tos;			/* of the outer header, for ECN */
};
/* Packets may be held back until esp_in_flush(), to be called when the
 * socket is empty. */
void esp_in(struct esp_thread *, const struct esp_dgram *, struct mono now);
void esp_in_flush(struct esp_thread *);

/*
 * Packets that the TUN, a super-packet counting once, or a socket did not
 * take: to be counted.
 */
enum esp_way { ESP_LOST_IN, ESP_LOST_OUT };
void esp_lost(struct esp_thread *, enum esp_way, unsigned packets);

/*
 * The control thread.
 */

/* 0: no limit.  After soft, an event; after hard, nothing goes through. */
struct esp_limits {
	uint64_t soft_bytes, hard_bytes;	/* of inner packets */
	uint64_t soft_packets, hard_packets;
};

/* The don't-fragment bit of an outer IPv4 header. */
enum esp_df { ESP_DF_CLEAR, ESP_DF_INHERIT, ESP_DF_SET };

/* An SA.  esp_sa_add() borrows everything. */
struct esp_sa {
	struct endpoint src, dst;	/* outer; ports with encap */
	uint32_t spi;			/* 256 and up */
	uint32_t reqid;			/* of the policies it serves */
	/* Outbound: SPI of the inbound SA beside it, whose thread sends, so
	 * that answers come to where requests went; 0: there is none. */
	uint32_t pair;
	bool inbound, transport, encap, esn;
	bool local;			/* transport: not for the TUN but for
					 * esp_io.local, if that is there */
	enum esp_df df;			/* outbound, tunnel mode */
	bool no_dscp;			/* outer DSCP 0, not the inner one */
	uint32_t window;		/* replay; packets, 0: off */
	uint32_t mtu;			/* outbound: of the path, 576..65535 */
	struct esp_limits limits;
	struct mono hard_at;		/* not used from then on */
	const struct alg *encr;
	const struct alg *integ;	/* NULL with an AEAD */
	/* Kept by the caller for as long as the SA is there, and where it
	 * goes on from; NULL: the SA has its own and is new. */
	struct esp_live *live;
	/* Of the algorithms' key_len; NULL or empty where that
	 * is 0. */
	const struct secret *encr_key, *integ_key;
};

struct esp_sa_state {
	struct esp_sa sa;		/* without keys */
	uint64_t bytes, packets;
	uint64_t seq;			/* last sent, or highest received */
	struct mono added, used;	/* used: MONO_NEVER if it was not */
	uint64_t errors_replay, errors_integ;
};

/* Why an SA with these cannot be; NULL: it can. */
const char *esp_unfit(const struct alg *encr, const struct alg *integ);
/*
 * -1: *why (static text).  The newest outbound SA of a reqid is the one in
 * use; of transport mode, of a reqid and destination, with its port if local.
 * added: since when it counts as being there.
 */
int esp_sa_add(struct esp *, const struct esp_sa *, struct mono added,
    const char **why);
/*
 * Addresses and SPI name an SA.  -1: there is none.  Keys are wiped as soon
 * as no thread can be using them (esp_reclaim).
 */
int esp_sa_del(struct esp *, const struct addr *dst, uint32_t spi);
int esp_sa_get(const struct esp *, const struct addr *dst, uint32_t spi,
    struct esp_sa_state *);
void esp_sa_each(const struct esp *,
    void (*fn)(void *, const struct esp_sa_state *), void *arg);
/* Other outer endpoints, with or without UDP; all else goes on.  -1: *why. */
int esp_sa_move(struct esp *, const struct addr *dst, uint32_t spi,
    const struct endpoint *src, const struct endpoint *newdst, bool encap,
    const char **why);
/* What an outbound SA's path takes now.  -1: there is none. */
int esp_sa_mtu(struct esp *, const struct addr *dst, uint32_t spi,
    uint32_t mtu);
/* The largest inner packet of an outbound SA, -1: there is none. */
int esp_sa_inner_mtu(const struct esp *, const struct addr *dst,
    uint32_t spi);

/* A selector has one policy.  -1: *why. */
int esp_policy_set(struct esp *, const struct sel *,
    const struct policy_body *, const char **why);
int esp_policy_del(struct esp *, const struct sel *);
void esp_policy_each(const struct esp *,
    void (*fn)(void *, const struct policy *), void *arg);

/* The error counters, all threads together. */
void esp_stats(const struct esp *,
    void (*fn)(void *, const char *name, uint64_t value), void *arg);

struct esp_news {
	/* A packet waits for an SA; the selector is the packet's own.  At
	 * most one a second and policy. */
	void (*acquire)(void *, uint32_t reqid, const struct sel *);
	/* A limit of bytes or packets is reached, or sequence numbers end;
	 * said again each second that packets come. */
	void (*expire)(void *, uint32_t spi, const struct addr *dst,
	    bool hard);
	/* The newest packets of an inbound SA come from elsewhere; said again
	 * each second until it was moved there. */
	void (*mapping)(void *, uint32_t spi, const struct endpoint *remote);
	/* Some of the above were lost. */
	void (*lost)(void *);
	void *arg;
};
/* Tells what happened since the last call. */
void esp_events(struct esp *, const struct esp_news *);
/*
 * Frees what was removed and is in no thread's hands any more; every change
 * does it too.  Returns how much is left; call again soon if not 0.
 */
unsigned esp_reclaim(struct esp *);

#endif
