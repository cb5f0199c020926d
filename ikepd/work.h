/*
 * The work area of one exchange in hand, ours or the peer's: what was
 * read, chosen and computed so far, and where to go on when a computation,
 * certd or keymgr has answered.
 */
#ifndef IKEPD_WORK_H
#define IKEPD_WORK_H

#include "ikepd/child.h"
#include "ikepd/core.h"
#include "ikepd/exchange.h"
#include "ikepd/task.h"

#define WORK_GONE_MAX	8

struct cp_ask;
struct work;

typedef void (*work_fn)(struct engine *, struct ike_sa *, struct work *);

struct work {
	enum task_kind kind;
	bool theirs;		/* answers a request of the peer */
	/* What is awaited, and who goes on then. */
	uint32_t ke_serial, auth_req, session_req, child_wait;
	work_fn resume;
	work_fn later;		/* nothing is awaited; asks again */
	uint8_t asked;		/* how often it was put off */
	struct ke_job *job;	/* with ke_serial; whoever runs it owns it */
	/* How it ended. */
	bool ok;
	char why[160];		/* when !ok */
	const struct auth_result *auth;	/* valid during resume alone, */
	const struct session_result *session;	/* as this */
	/* Key exchange */
	struct ke_priv *ke;
	const struct alg *group;
	struct secret pub;	/* the peer's value */
	struct secret gir;
	struct secret ni, nr;	/* of the exchange */
	/* A child under negotiation */
	struct child_neg *neg;
	uint32_t old_child;	/* inbound SPI of the one being rekeyed */
	struct task *again;	/* TASK_CHILD_NEW: what was asked for */
	uint8_t restarts;	/* INVALID_KE_PAYLOAD */
	/* Outbound SPIs that the peer deleted before we knew them. */
	uint8_t ngone;
	uint32_t gone[WORK_GONE_MAX];
	/* A new IKE SA, by rekey */
	uint64_t new_sa;	/* our SPI of it */
	struct prop_choice choice;
	/* The peer's rekey of the same SA, answered meanwhile (2.8.1). */
	uint32_t rival_child;
	uint64_t rival_sa;
	struct secret rival_nonce;	/* the lower one of that exchange */
	/* IKE_AUTH */
	struct inmsg *in;	/* the message, kept for later steps */
	struct secret id_own, auth_own;
	struct secret certs_own;	/* CERT payloads, see v2/cert.h */
	struct cfg *grant;		/* to answer a CFG_REQUEST with, */
	const char *no_address;		/* or why there is none; borrowed */
	uint8_t auth_method, auth_method_peer;
	struct cp_ask *ask;		/* responder: what the peer asks for */
	uint32_t identity;
};

/* NULL: no memory.  The work hangs in sa->own or sa->theirs. */
struct work *work_new(struct engine *, struct ike_sa *, bool theirs,
    enum task_kind);
/* Ends the exchange's work; *slot becomes NULL.  Unused SPIs go back. */
void work_end(struct engine *, struct work **slot);

/*
 * Asynchronous steps.  Each returns 0 when resume will be called (maybe
 * before the call returns), or -1 without having called it.
 */
/* A new key pair for w->group; derive: also g^ir with w->pub. */
int work_ke(struct engine *, struct ike_sa *, struct work *, bool derive,
    work_fn resume);
/* Fills in req->req. */
int work_auth(struct engine *, struct ike_sa *, struct work *,
    struct auth_req *, work_fn resume);
/*
 * Who was asked can not answer now: again(), which asks anew, runs in a
 * second.  False: that was tried for long enough.
 */
bool work_again(struct engine *, struct ike_sa *, struct work *,
    work_fn again);
/* The time of the work is over.  False: that was no second of this kind. */
bool work_resume_later(struct engine *, struct ike_sa *, struct work *);
/* Fills in req->req and what the SA knows. */
int work_session(struct engine *, struct ike_sa *, struct work *,
    struct session_req *, work_fn resume);
/* Installs w->neg. */
int work_install(struct engine *, struct ike_sa *, struct work *,
    work_fn resume);
/* Our exchange may have made a child at the peer that we do not know yet. */
bool work_makes_child(const struct work *own);
/* The lower of the two nonces (RFC 7296 2.8.1). */
const struct secret *work_low_nonce(const struct work *);
/* Octet by octet, the shorter first when one begins the other. */
int nonce_cmp(const struct secret *, const struct secret *);

#endif
