/*
 * One question of ikepd's decided: which identity, does the peer's AUTH
 * verify and its certificate lead to a CA of ours, what are our ID and AUTH.
 */
#ifndef CERTD_LOGIN_H
#define CERTD_LOGIN_H

#include "certd/auth.h"
#include "certd/ident.h"
#include "certd/revocation.h"
#include "certd/sign.h"
#include "certd/store.h"
#include "certd/verify.h"

#include "lib/addr.h"
#include "lib/pool.h"

/* More at once are answered with LOGIN_BUSY. */
#define LOGIN_PENDING_MAX	4096

/* All pointers are borrowed; those that may be NULL say so. */
struct login_env {
	struct idents *is;		/* NULL: no configuration yet */
	struct store *store;		/* NULL: no certificates */
	/* As revocation_check(), and its first argument; NULL: nothing is
	 * checked. */
	int (*check_revocation)(struct revocation *, STACK_OF(X509) *chain,
	    const uint8_t fp[CERT_FP_LEN], const struct part *ocsp,
	    size_t nocsp, time_t now, revocation_cb, void *arg);
	struct revocation *revocation;
	struct pool *pool;		/* NULL: all within the call */
	time_t (*now)(void);		/* wall clock; NULL: time() */
	unsigned pending;		/* jobs under way; starts at 0 */
};

/* Everything is borrowed until the answer. */
struct login {
	bool verify, make;
	uint32_t peer;
	uint32_t identity;	/* 0: choose */
	struct addr local;	/* our outer address */
	struct auth_parts parts;
	struct part id_peer;	/* body of the peer's ID payload (verify) */
	struct part id_asked;	/* IDr that the initiator wants, or empty */
	uint8_t method;		/* of the peer's AUTH (verify) */
	struct part auth;	/* its data (verify) */
	struct cert_payload certs[VERIFY_CERTS_MAX];	/* of the peer */
	size_t ncerts;
	struct part certreq;	/* hashes of the CAs the peer asks for (make);
				 * empty: it does not say */
	uint16_t hashes;	/* SIGN_HASH bits the peer announced */
};

enum login_status {
	LOGIN_OK,
	LOGIN_NO_IDENTITY,
	LOGIN_BAD_AUTH,
	LOGIN_BAD_METHOD,
	LOGIN_BAD_ASKED_ID,
	LOGIN_BAD_REQUEST,
	LOGIN_BAD_CERT,		/* the peer's certificate */
	LOGIN_BUSY,		/* not now: later it may be possible */
	LOGIN_NO_KEY,		/* we lack what we are to prove ourselves with */
};

#define LOGIN_REASON_MAX	200
#define LOGIN_SUBJECT_MAX	256

struct login_answer {
	enum login_status status;
	uint32_t identity;
	char reason[LOGIN_REASON_MAX];
	struct ikeid id_own;	/* make */
	uint8_t method;		/* make */
	uint8_t auth[SIGN_MAX];	/* make */
	size_t auth_len;
	struct cert_payload certs[VERIFY_CERTS_MAX];	/* make: ours; borrowed
							 * during the call */
	size_t ncerts;
	uint8_t fp[CERT_FP_LEN];	/* of the peer's leaf; zero: none */
	char subject[LOGIN_SUBJECT_MAX];	/* of it */
	bool watched;			/* watch is set */
	struct watched watch;		/* the peer's chain */
};

typedef void (*login_cb)(void *arg, const struct login_answer *);

/*
 * Decides and calls cb once: within this call for a pre-shared key, later
 * from the loop when signatures are computed in threads or something has to
 * be fetched.  The answer is wiped after cb.
 */
void login_start(struct login_env *, const struct login *, login_cb cb,
    void *arg);

#endif
