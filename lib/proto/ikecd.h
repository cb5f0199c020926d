/*
 * The edge ikepd - certd: authentication.  certd holds the pre-shared keys
 * (and later the private keys); ikepd never sees one.  certd assembles the
 * octets of RFC 7296 2.15 itself from the named parts below, so it cannot
 * be used to sign or MAC a string of the asker's choice.
 */
#ifndef LIB_PROTO_IKECD_H
#define LIB_PROTO_IKECD_H

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/imsg.h"

#include <stdbool.h>
#include <stdint.h>

enum ikecd_type {
	IKECD_AUTH = 1,		/* ikepd -> certd: struct cd_auth */
	IKECD_RESULT,		/* certd -> ikepd: struct cd_result */
};

#define CD_ID_MAX	516	/* body of an ID payload: type, reserved, data */
#define CD_AUTH_MAX	2048	/* authentication data */
#define CD_MSG_MAX	32768	/* an IKE_SA_INIT message */

/* What is asked; both may be asked at once (a responder's case). */
#define CD_VERIFY	0x01	/* check the peer's AUTH */
#define CD_MAKE		0x02	/* make ours */

/*
 * Pointers borrow: in a request being built from the asker's memory, in one
 * received from the message body.
 */
struct cd_blob {
	const uint8_t *p;
	size_t len;
};

struct cd_auth {
	uint8_t what;		/* CD_ flags */
	bool initiator;		/* our role in the IKE SA */
	uint32_t peer;		/* configuration id */
	uint32_t identity;	/* configuration id, 0: choose by remote ID */
	uint16_t prf;		/* IKEv2 transform id */
	struct addr local;	/* our outer address, for my-id=auto */
	struct addr remote;
	struct cd_blob msg_own, msg_peer;	/* IKE_SA_INIT as sent/received */
	struct cd_blob nonce_own, nonce_peer;	/* nonce data, 16..256 bytes */
	struct cd_blob sk_own, sk_peer;		/* SK_p of each side */
	struct cd_blob id_peer;	/* ID payload body of the peer (VERIFY) */
	struct cd_blob id_asked;	/* IDr the initiator asked for, or empty */
	uint8_t method;		/* of the peer's AUTH payload (VERIFY) */
	struct cd_blob auth;	/* the peer's authentication data (VERIFY) */
};

enum cd_status {
	CD_OK,
	CD_NO_IDENTITY,		/* no identity of this peer fits the ID */
	CD_BAD_AUTH,		/* AUTH does not verify */
	CD_BAD_METHOD,		/* the peer used another method */
	CD_BAD_ASKED_ID,	/* the peer asked for an ID that is not ours */
	CD_BAD_REQUEST,		/* the request's parts do not fit together */
	CD_STATUS_MAX
};

struct cd_result {
	enum cd_status status;
	uint32_t identity;	/* configuration id, 0 when none was chosen */
	char reason[200];	/* for the log, when not CD_OK */
	struct cd_blob id_own;	/* our ID payload body (MAKE) */
	uint8_t method;		/* of our AUTH payload (MAKE) */
	struct cd_blob auth;	/* our authentication data (MAKE) */
};

/* As in the other edges; blobs of a get borrow from the cursor's memory. */
void cd_auth_put(struct buf *, const struct cd_auth *);
int cd_auth_get(struct cur *, struct cd_auth *, const char **why);
void cd_result_put(struct buf *, const struct cd_result *);
int cd_result_get(struct cur *, struct cd_result *, const char **why);

#define CD_AUTH_LEN_MAX		IMSG_BODY_MAX
#define CD_RESULT_LEN_MAX	4096

#endif
