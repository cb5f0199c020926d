/*
 * The IKEv2 core: everything ikepd knows about RFC 7296, without I/O,
 * clock, randomness or processes.  Events go in by the engine_ functions,
 * actions come out by struct engine_ops.  ikepd binds it to sockets and
 * edges, tests/sim to a simulated network.
 *
 * No function of struct engine_ops may call back into the engine, except
 * ke_run, which may call engine_ke_done() at once.  Everything an op is
 * given by pointer is borrowed for the call, unless said otherwise.
 */
#ifndef IKEPD_ENGINE_H
#define IKEPD_ENGINE_H

#include "lib/addr.h"
#include "lib/mono.h"
#include "lib/secret.h"
#include "ikepd/ike_conf.h"
#include "ikepd/wire/ts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct ke_job;

/*
 * Both ends of a UDP path.  natt: the socket of port 4500, whose IKE
 * messages carry the non-ESP marker; the marker itself never reaches the
 * engine.  The local port is one of struct ike_settings.
 */
struct ike_path {
	struct endpoint local;
	struct endpoint remote;
	bool natt;
};

/* Borrowed bytes. */
struct blob {
	const uint8_t *p;
	size_t len;
};

/* A request to certd, RFC 7296 2.15 in named parts. */
#define AUTH_MSG_MAX	32768	/* bytes of an IKE_SA_INIT message, */
#define AUTH_ID_MAX	516	/* of an ID payload body, */
#define AUTH_DATA_MAX	2048	/* of the peer's AUTH data, */
#define AUTH_CERTS_MAX	16	/* CERT payloads, */
#define AUTH_CERTS_LEN_MAX 57344	/* bytes in all of them, */
#define AUTH_CA_LEN	20	/* of the hash of a CA's key, */
#define AUTH_CERTREQ_MAX (64 * AUTH_CA_LEN)	/* of all that are kept, */
#define AUTH_FP_LEN	32	/* of a certificate's fingerprint */
#define AUTH_VERIFY	0x01	/* check the peer's AUTH */
#define AUTH_MAKE	0x02	/* make ours */

/* A CERT payload, RFC 7296 3.6. */
struct auth_cert {
	uint8_t encoding;
	struct blob data;
};

struct auth_req {
	uint32_t req;		/* answered by engine_auth_done() */
	uint8_t what;		/* AUTH_VERIFY, AUTH_MAKE, or both */
	bool initiator;		/* our role in the IKE SA */
	uint32_t peer;		/* configuration id */
	uint32_t identity;	/* configuration id, 0: not chosen yet */
	uint16_t prf;		/* IKEv2 transform id */
	struct addr local, remote;
	struct blob msg_own, msg_peer;	/* IKE_SA_INIT as sent, received */
	struct blob nonce_own, nonce_peer;
	struct blob sk_own, sk_peer;	/* SK_p */
	struct blob id_peer;	/* ID payload body (VERIFY) */
	struct blob id_asked;	/* IDr the initiator asked for, or empty */
	uint8_t method;		/* of the peer's AUTH (VERIFY) */
	struct blob auth;	/* the peer's AUTH data (VERIFY) */
	unsigned ncerts;	/* as received (VERIFY) */
	struct auth_cert certs[AUTH_CERTS_MAX];
	struct blob certreq;	/* hashes of the CAs the peer trusts (MAKE) */
	/* Bit n: the peer announced the hash algorithm n of RFC 7427, 4.
	 * 0: it announced none. */
	uint16_t hashes;
};

enum auth_status {
	AUTH_OK,
	AUTH_NO_IDENTITY,	/* no identity of this peer fits the ID */
	AUTH_BAD,		/* AUTH does not verify */
	AUTH_BAD_METHOD,	/* the peer used another method */
	AUTH_BAD_ASKED_ID,	/* the peer asked for an ID that is not ours */
	AUTH_BAD_REQUEST,
	AUTH_BAD_CERT,		/* the peer's certificate is not accepted */
	AUTH_UNAVAILABLE,	/* certd is not there, or not ready, or has no
				 * time: it may be asked again */
	AUTH_NO_KEY,		/* our key or certificate is not there */
};

struct auth_result {
	enum auth_status status;
	uint32_t identity;	/* configuration id, 0: none */
	const char *reason;	/* never NULL */
	struct blob id_own;	/* ID payload body (MAKE) */
	uint8_t method;		/* of our AUTH (MAKE) */
	struct blob auth;	/* our AUTH data (MAKE) */
	unsigned ncerts;	/* to send, in this order (MAKE) */
	struct auth_cert certs[AUTH_CERTS_MAX];
	/* SHA-256 of the certificate the peer showed, AUTH_FP_LEN bytes, all
	 * zero or NULL: none (VERIFY); and its subject, NULL: none. */
	const uint8_t *fp;
	const char *subject;
	/* What certd wants to be told when it is new (watch in struct
	 * engine_ops); empty: nothing (VERIFY). */
	struct blob watch;
};

/* What our IKE_SA_INIT says about certificates. */
struct trust {
	uint16_t hashes;	/* bit n: we verify with hash algorithm n */
	bool certs;		/* some identity takes certificates */
	struct blob certreq;	/* hashes of the CAs we trust */
};

/*
 * What a remote user is given, RFC 7296 3.15.1, RFC 8598: by us through
 * sessiond, or to us by the peer.  Addresses that there are not have family
 * AF_UNSPEC.
 */
#define CFG_DNS_MAX	8
#define CFG_SPLIT_MAX	64
#define CFG_NAMES_MAX	16
#define CFG_NAME_LEN	256	/* with NUL */

struct cfg {
	struct addr addr4, addr6;
	uint8_t prefix4, prefix6;	/* lengths, of the link */
	unsigned ndns, nsplit, nnames;
	struct addr dns[CFG_DNS_MAX];
	struct prefix split[CFG_SPLIT_MAX];	/* reached through the tunnel */
	char names[CFG_NAMES_MAX][CFG_NAME_LEN];	/* for these servers */
};

/* A request to sessiond: the peer of an IKE SA has proven who it is. */
struct session_req {
	uint32_t req;		/* answered by engine_session_done() */
	uint64_t ike_spi;	/* ours: the session's name */
	uint32_t identity;	/* configuration id */
	bool contact;		/* it has no other IKE SA with us
				 * (INITIAL_CONTACT) */
	bool want4, want6;	/* it asks for addresses, */
	struct addr addr4, addr6;	/* for these if possible; or it has
				 * them (session_sync) */
	uint32_t age_s;		/* since it was opened (session_sync) */
	struct endpoint remote;
	struct blob id_peer;
	const uint8_t *fp;	/* AUTH_FP_LEN bytes, or zeros */
};

/* Addresses that a peer has given us. */
struct vip_req {
	uint32_t vip;		/* handle, not 0 */
	uint32_t peer, identity;	/* configuration ids */
	struct addr local, remote;	/* outer */
	const struct cfg *cfg;
};

enum session_status {
	SESSION_OPEN,
	SESSION_REFUSED,	/* the user may not be online once more */
	SESSION_UNAVAILABLE,	/* sessiond is not there, or has no room */
};

struct session_result {
	enum session_status status;
	const char *reason;	/* never NULL; also why there is no address */
	bool config;		/* a CFG_REQUEST can be answered, with cfg */
	struct cfg cfg;
};

/* A pair of ESP SAs to install (or, without keys, to adopt). */
struct child_req {
	uint32_t peer, policy, identity;	/* configuration ids */
	uint64_t ike_spi;	/* our SPI of the IKE SA, for display */
	uint32_t replaces;	/* inbound SPI of the child it rekeys, or 0 */
	bool initiator;		/* of the exchange that made it */
	bool transport;
	bool encap;		/* ESP in UDP */
	bool esn;
	struct endpoint local, remote;	/* outer */
	uint32_t spi_in, spi_out;
	uint16_t encr, encr_bits;	/* IKEv2 ids; bits as in Key Length */
	uint16_t integ;		/* 0 with an AEAD */
	uint16_t pfs_group;	/* 0: none */
	struct blob encr_in, encr_out;	/* salt included */
	struct blob integ_in, integ_out;
	uint8_t nlocal, nremote;
	const struct ts *local_ts, *remote_ts;
};

struct engine_ops {
	void *ctx;		/* first argument of all */
	struct mono (*now)(void *);
	void (*random)(void *, void *dst, size_t);
	void (*send)(void *, const struct ike_path *, const uint8_t *, size_t);
	/* One byte 0xff to keep a NAT's mapping (RFC 3948 2.3). */
	void (*keepalive)(void *, const struct ike_path *);
	/* Our address towards remote.  -1: no route. */
	int (*source)(void *, const struct addr *remote, struct addr *local);
	/*
	 * Takes the job over: call ke_job_run() anywhere (ke_job_slow()
	 * recommends a thread), then engine_ke_done().
	 */
	void (*ke_run)(void *, struct ke_job *);
	void (*auth)(void *, const struct auth_req *);
	/* Answered by engine_child_done(). */
	void (*child_add)(void *, const struct child_req *);
	/* Tells a restarted keymgr of a living child; no answer. */
	void (*child_adopt)(void *, const struct child_req *);
	void (*child_del)(void *, uint32_t spi_in);
	/* The outer path of a child moved (NAT mapping). */
	void (*child_path)(void *, uint32_t spi_in,
	    const struct endpoint *local, const struct endpoint *remote);
	/* An SPI for an inbound SA from the pool; 0: none at hand. */
	uint32_t (*spi_get)(void *);
	/* One that was never used for child_add goes back. */
	void (*spi_put)(void *, uint32_t);
	/* Answered by engine_session_done(). */
	void (*session_open)(void *, const struct session_req *);
	/* As session_sync describes it; or of one that was not answered yet,
	 * and then is not: without addresses. */
	void (*session_close)(void *, const struct session_req *);
	/* The IKE SA was rekeyed, or (from is to) its peer moved. */
	void (*session_move)(void *, uint64_t from, uint64_t to,
	    const struct endpoint *remote);
	/* Tells a restarted sessiond of an open session; no answer. */
	void (*session_sync)(void *, const struct session_req *);
	/* Tells a restarted certd of a peer that is online; no answer. */
	void (*watch)(void *, const struct blob *);
	/*
	 * The peer has given us addresses: they are ours from now on, until
	 * vip_down with the same handle.  Rekeying changes nothing in that.
	 */
	void (*vip_up)(void *, const struct vip_req *);
	void (*vip_down)(void *, uint32_t vip);
	/* Nobody answers at this peer's address; it may have another one by
	 * now. */
	void (*peer_silent)(void *, uint32_t peer);
	/* When was this child last used inbound?  engine_stat_done(). */
	void (*stat_get)(void *, uint32_t spi_in);
	/* engine_shutdown() is through: no IKE SA is left. */
	void (*stopped)(void *);
};

/*
 * worker: this worker's number, below 2^ENGINE_WORKER_BITS; it is carried
 * in the low bits of the top byte of each SPI of ours.  ops is copied.
 * NULL: no memory.
 */
#define ENGINE_WORKER_BITS	5
struct engine *engine_new(const struct engine_ops *, unsigned worker);
/* Forgets everything without a word to anybody.  NULL is allowed. */
void engine_free(struct engine *);

/*
 * A new configuration; the engine takes ownership (ike_conf_free).  IKE SAs
 * whose peer is gone or changed are deleted; others go on.
 */
void engine_conf(struct engine *, struct ike_conf *);
/* Initiates to all peers that are not passive; again after engine_conf(). */
void engine_start(struct engine *);

/* A datagram, at most 65535 bytes, without the non-ESP marker. */
void engine_recv(struct engine *, const struct ike_path *, const uint8_t *,
    size_t);
/* When engine_timers() is wanted next; MONO_NEVER: not at all. */
struct mono engine_next(const struct engine *);
void engine_timers(struct engine *);

/* Runs the computation; touches nothing but the job, so any thread may. */
void ke_job_run(struct ke_job *);
/* May take longer than a millisecond. */
bool ke_job_slow(const struct ke_job *);
/* Wipes a job that will not be handed back. */
void ke_job_free(struct ke_job *);
/* Gives the job back, whose requester may be gone.  One that was not run
 * counts as failed. */
void engine_ke_done(struct engine *, struct ke_job *);

/* Answers to requests; unknown numbers are ignored. */
void engine_auth_done(struct engine *, uint32_t req,
    const struct auth_result *);
void engine_session_done(struct engine *, uint32_t req,
    const struct session_result *);
/* certd says what to announce; before that, no certificates are asked for. */
void engine_trust(struct engine *, const struct trust *);
/* The certificate with this fingerprint was revoked: IKE SAs with a peer
 * that showed it are deleted.  Returns how many. */
unsigned engine_revoked(struct engine *, const uint8_t fp[AUTH_FP_LEN]);
/* The same when it has expired. */
unsigned engine_expired(struct engine *, const uint8_t fp[AUTH_FP_LEN]);
/* sessiond ends a session: children go at once, then the IKE SA. */
void engine_session_kill(struct engine *, uint64_t ike_spi,
    const char *reason);
/* sessiond is new: calls session_sync for each open session. */
void engine_session_resync(struct engine *);
/* certd is new: calls watch for each peer that it is to know. */
void engine_watch_resync(struct engine *);
/* reason: why not, when !ok. */
void engine_child_done(struct engine *, uint32_t spi_in, bool ok,
    const char *reason);
/* idle_s: seconds since the last inbound packet, UINT32_MAX: never. */
void engine_stat_done(struct engine *, uint32_t spi_in, uint32_t idle_s);

/* Kernel events. */
struct acquire {
	uint32_t policy, peer;	/* configuration ids */
	struct ts local, remote;	/* the packet that waits */
};
void engine_acquire(struct engine *, const struct acquire *);
void engine_expire(struct engine *, uint32_t spi_in, bool hard);
/* The kernel saw authenticated ESP from another address or port. */
void engine_mapping(struct engine *, uint32_t spi_in,
    const struct endpoint *remote);
/* keymgr is new: calls child_adopt for each living child, and vip_up. */
void engine_resync(struct engine *);
/* keymgr has removed these SAs itself; says so to the peer. */
void engine_child_gone(struct engine *, uint32_t spi_in);

/*
 * Deletes IKE SAs with DELETE: all, or those with this remote address, or
 * the one with this SPI of ours.  Returns how many.
 */
unsigned engine_kill(struct engine *, const struct addr *remote,
    uint64_t spi);
/* Deletes all; ops->stopped is called in the end, at once when none is. */
void engine_shutdown(struct engine *);

/* What active-peers/print shows.  Strings borrow. */
enum ike_side { SIDE_INITIATOR, SIDE_RESPONDER };

struct ike_show {
	uint32_t peer, identity;
	uint64_t spi_own, spi_peer;
	enum ike_side side;
	const char *peer_name;
	const char *state;	/* "message-1-sent", "established", ... */
	struct ike_path path;
	uint8_t id_own_type, id_peer_type;
	struct blob id_own, id_peer;	/* ID payload bodies, may be empty */
	bool natt_self, natt_peer;	/* behind NAT */
	uint64_t uptime_s;	/* since established, 0 before */
	uint64_t last_seen_s;	/* since the last message of the peer */
	unsigned ph2_total;
	char suite[96];		/* "aes-cbc-256/sha256/modp2048" */
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;	/* of IKE */
};

struct child_show {
	struct child_req req;	/* without keys */
	bool rekeying, dying;
	uint64_t age_s;
};

/* Walk; the callbacks must not call the engine. */
void engine_show(struct engine *, void (*)(void *, const struct ike_show *),
    void *arg);
void engine_show_children(struct engine *, uint64_t spi_own,
    void (*)(void *, const struct child_show *), void *arg);

/* Counters since the start; the names are those printed. */
struct engine_stats {
	uint64_t rx_packets, tx_packets;
	uint64_t rx_malformed;	/* dropped: did not parse */
	uint64_t rx_unknown_spi;
	uint64_t rx_bad_sk;	/* ICV or padding wrong */
	uint64_t rx_bad_msgid;	/* outside the window */
	uint64_t rx_retransmitted;	/* requests seen again */
	uint64_t tx_retransmitted;
	uint64_t rx_fragments, tx_fragments;	/* datagrams with SKF */
	uint64_t rx_reassembled;	/* messages */
	uint64_t rx_fragments_dropped;
	uint64_t cookies_sent, cookies_bad;
	uint64_t half_open_refused;
	uint64_t init_started, init_failed;
	uint64_t established_initiator, established_responder;
	uint64_t auth_failed, no_proposal, timed_out;
	uint64_t children_made, children_failed, children_rekeyed;
	uint64_t ike_rekeyed, ike_deleted;
	uint64_t ike_now, half_open_now, children_now;	/* at the moment */
};
void engine_stats(const struct engine *, struct engine_stats *);
/* Name and value of the i-th counter; NULL: no more. */
const char *engine_stats_field(const struct engine_stats *, unsigned i,
    uint64_t *value);

#endif
