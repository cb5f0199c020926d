/*
 * An IKE SA: what must be kept to go on with it, plain data in struct
 * sa_keep, and beside it the transient part: exchanges in hand, queues,
 * timers, the handshake's work area.
 */
#ifndef IKEPD_SA_H
#define IKEPD_SA_H

#include "lib/secret.h"
#include "lib/suite/ke.h"
#include "lib/suite/sk.h"
#include "lib/timer.h"
#include "ikepd/engine.h"
#include "ikepd/frag.h"
#include "ikepd/keymat.h"

struct child;
struct session;
struct task;
struct work;

enum sa_state {
	SA_INIT_KE,		/* initiator: our DH value is computed */
	SA_INIT_SENT,		/* initiator: IKE_SA_INIT is out */
	SA_INIT_DERIVE,		/* initiator: g^ir is computed */
	SA_INIT_REPLY,		/* responder: DH is computed */
	SA_INIT_DONE,		/* responder: waits for IKE_AUTH */
	SA_AUTH_MAKE,		/* initiator: certd makes our AUTH */
	SA_AUTH_SENT,		/* initiator: IKE_AUTH is out */
	SA_AUTH_VERIFY,		/* initiator: certd checks the peer's AUTH */
	SA_AUTH_CHECK,		/* responder: certd checks and makes */
	SA_REKEY_NEW,		/* made by a rekey that is not through */
	SA_ESTABLISHED,
	SA_REPLACED,		/* its successor stands; to be deleted */
	SA_DELETING,		/* our DELETE is out */
	SA_CLOSED,		/* over; only repeats its last response */
	SA_STATES
};

/* One timer each SA, the earliest of these. */
enum sa_due {
	DUE_RETRANSMIT,
	DUE_STATE,		/* the state's own end: no state is for ever */
	DUE_OWN,		/* an asynchronous step takes too long: */
	DUE_THEIRS,		/* of our exchange, of the peer's */
	DUE_LIFE,		/* soft lifetime, then hard */
	DUE_DPD,
	DUE_KEEPALIVE,
	DUE_TASK,		/* a task was put off until then */
	DUE_REKEY,		/* rekeys that came to nothing: again */
	DUE_CACHE,		/* what repeats of messages need may go */
	DUE_FRAGMENTS,		/* of a message that does not get complete */
	DUE_N
};

/*
 * Plain data, no pointers.  ids: ID payload bodies, ours then the peer's.
 */
struct sa_keep {
	uint64_t spi_own, spi_peer;
	int64_t made_us, established_us;	/* 0: not yet */
	uint32_t peer, identity;		/* configuration ids */
	struct ike_path path;
	bool initiator;		/* of the SA: the original initiator */
	bool natt_self, natt_peer;	/* who is behind NAT */
	bool encap;		/* ESP in UDP: for that or by choice */
	bool frag;		/* both ends know fragments (RFC 7383) */
	uint8_t d_len;
	uint16_t encr, integ, prf, ke;	/* rows of the algorithm table */
	uint32_t next_out;	/* message id of our next request */
	uint32_t next_in;	/* of the peer's next request */
	struct sk_dir out, in;
	uint8_t sk_d[PRF_MAX];
	uint16_t id_own_len, id_peer_len;
	uint8_t ids[];
};

/*
 * IKE_SA_INIT and IKE_AUTH only; wiped and freed when established.
 */
struct handshake {
	struct secret msg_own, msg_peer;	/* IKE_SA_INIT */
	struct secret nonce_own, nonce_peer;
	struct secret cookie;
	uint8_t sk_pi[PRF_MAX], sk_pr[PRF_MAX];
	uint8_t p_len;
	uint8_t restarts;	/* by COOKIE and INVALID_KE_PAYLOAD */
	bool contact_sent;	/* INITIAL_CONTACT, by us */
	bool put_off;		/* responder: IKE_AUTH is to be repeated */
	uint16_t hashes;	/* as in struct auth_req */
	struct secret certreq;	/* initiator: what the peer asked for */
	uint16_t error;		/* notify the peer answered with, unproven */
	const char *unusable;	/* what was wrong with its answer, static */
};

struct ike_sa {
	struct sa_keep *k;
	enum sa_state state;
	bool task_paused;	/* tasks wait for DUE_TASK */
	bool in_process;	/* the peer's request next_in is in hand */
	bool dpd_asked;		/* stat_get without answer */
	bool soft_passed;
	bool rekey_failed;	/* of the SA itself; again at DUE_REKEY */
	bool lingers;		/* SA_CLOSED, and counted as such */
	uint8_t tries;		/* sendings of the request in hand */
	uint8_t temp_failures;	/* TEMPORARY_FAILURE in a row */
	uint8_t req_exchange;
	uint32_t req_len, resp_len;
	uint8_t *req;		/* our request in hand, NULL: none; one
				 * datagram or all fragments in a row */
	uint8_t *resp;		/* our last response, likewise */
	struct frag_set *frag_req, *frag_resp;	/* the peer's, unfinished */
	struct ike_path from;	/* of the peer's request in hand */
	struct timer timer;
	struct mono due[DUE_N];
	struct mono last_seen;	/* authenticated message of the peer */
	struct mono last_sent;
	struct mono temp_since;	/* first TEMPORARY_FAILURE of the row */
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t init_key;	/* in the table of IKE_SA_INIT requests, or 0 */
	uint64_t rival_of;	/* made by the peer's rekey of this SA, which
				 * we were rekeying too; 0: none */
	uint64_t old_sa;	/* ended once this one stands; 0: none */
	struct handshake *hs;
	struct work *own;	/* our exchange in hand */
	struct work *theirs;	/* the peer's request in hand */
	struct task *tasks;
	struct session *session;	/* the peer's login; NULL: none yet */
	struct child *children;
	unsigned nchildren;
	struct ike_sa *peer_next, **peer_prev;	/* SAs of one peer */
	struct ike_sa *id_next, **id_prev;	/* of one remote identity */
};

/* A new SA in memory, in no table.  NULL: no memory. */
struct ike_sa *sa_new(void);
/* Wipes and frees; the SA is in no table and has no timer any more. */
void sa_free(struct ike_sa *);
void handshake_free(struct handshake *);
/* Keeps both ID payload bodies.  -1: no memory or too long. */
int sa_set_ids(struct ike_sa *, const struct blob *own,
    const struct blob *peer);
struct blob sa_id_own(const struct ike_sa *);
struct blob sa_id_peer(const struct ike_sa *);
/* Installs SK_d, SK_a and SK_e; the rows must be set.  -1 with *why. */
int sa_set_keys(struct ike_sa *, const struct ike_keys *, const char **why);
/* SPIs by role. */
uint64_t sa_ispi(const struct ike_sa *);
uint64_t sa_rspi(const struct ike_sa *);
const char *sa_state_name(enum sa_state);
/* Waits for IKE_AUTH or less: counts as half open for a responder. */
bool sa_half_open(const struct ike_sa *);
/* "aes-cbc-256/..." of the SA, returns dst. */
const char *sa_suite(const struct ike_sa *, char *dst, size_t);

#endif
