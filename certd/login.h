/*
 * One question of ikepd's decided: which identity, does the peer's AUTH
 * verify, what are our ID and AUTH.
 */
#ifndef CERTD_LOGIN_H
#define CERTD_LOGIN_H

#include "certd/auth.h"
#include "certd/ident.h"

#include "lib/addr.h"

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
};

enum login_status {
	LOGIN_OK,
	LOGIN_NO_IDENTITY,
	LOGIN_BAD_AUTH,
	LOGIN_BAD_METHOD,
	LOGIN_BAD_ASKED_ID,
	LOGIN_BAD_REQUEST,
};

struct login_answer {
	enum login_status status;
	uint32_t identity;
	char reason[200];
	struct ikeid id_own;	/* make */
	uint8_t auth[PRF_MAX];	/* make */
	size_t auth_len;
};

/* is may be NULL: there is no configuration yet. */
void login_decide(const struct idents *is, const struct login *,
    struct login_answer *);

#endif
