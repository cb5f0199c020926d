/*
 * The edge ikepd - certd: authentication.  certd holds the pre-shared keys
 * and the private keys; ikepd never sees one.  certd assembles the
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
	IKECD_RESULT,		/* certd -> ikepd: struct cd_result; may come
				 * late and in another order than was asked */
	IKECD_TRUST,		/* certd -> ikepd: struct cd_trust; at start
				 * and whenever it changes */
	IKECD_REVOKED,		/* certd -> ikepd: a fingerprint; the IKE SAs
				 * whose peer showed that leaf are deleted */
	IKECD_EXPIRED,		/* the same, as it or its chain has expired */
	IKECD_WATCH,		/* ikepd -> certd, which is new: the watch of
				 * all who are online, one after the other */
	IKECD_ISSUER,		/* certd -> ikepd: an intermediate CA's
				 * certificate, DER, that a peer sent; and back
				 * to a certd that is new, before IKECD_WATCH */
};

#define CD_ID_MAX	516	/* body of an ID payload: type, reserved, data */
#define CD_AUTH_MAX	2048	/* authentication data */
#define CD_MSG_MAX	32768	/* an IKE_SA_INIT message */
#define CD_CERTS_MAX	16	/* CERT payloads */
#define CD_CERTS_LEN_MAX 57344	/* bytes in all of them */
#define CD_CA_HASH_LEN	20	/* SHA-1 of a SubjectPublicKeyInfo */
#define CD_CERTREQ_MAX	(64 * CD_CA_HASH_LEN)
#define CD_FP_LEN	32	/* SHA-256 of a certificate */
#define CD_SUBJECT_MAX	256	/* text, with NUL */
#define CD_ISSUERS_MAX	256	/* that are kept, the latest */
#define CD_ISSUER_DER_MAX 16384
#define CD_WATCH_MAX	1024	/* what certd notes of a peer's chain */

/*
 * What may wait to be sent, bytes: a new certd is told at once of all who are
 * online with a certificate, and may find all of them revoked.
 */
#define CD_QUEUE_MAX	(1024u * 1024 * 1024)

/*
 * Hash algorithms of SIGNATURE_HASH_ALGORITHMS (RFC 7427 section 4, RFC
 * 8420 section 2): CD_HASH(n) of the number n in the notification.
 */
#define CD_HASH(n)	(1u << (n))
#define CD_HASH_SHA1	CD_HASH(1)
#define CD_HASH_SHA256	CD_HASH(2)
#define CD_HASH_SHA384	CD_HASH(3)
#define CD_HASH_SHA512	CD_HASH(4)
#define CD_HASH_IDENTITY CD_HASH(5)

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

/* A CERT payload: encoding of RFC 7296 section 3.6 and data. */
struct cd_cert {
	uint8_t encoding;
	struct cd_blob data;
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
	struct cd_blob auth;	/* the peer's authentication data (VERIFY);
				 * of method 14 with its AlgorithmIdentifier */
	size_t ncerts;		/* 0..CD_CERTS_MAX, as received (VERIFY) */
	struct cd_cert certs[CD_CERTS_MAX];
	struct cd_blob certreq;	/* SHA-1 hashes of all CERTREQ payloads for
				 * X.509, one after the other (MAKE) */
	uint16_t hashes;	/* CD_HASH bits that the peer announced; 0: no
				 * such notification, classic methods only */
};

enum cd_status {
	CD_OK,
	CD_NO_IDENTITY,		/* no identity of this peer fits the ID */
	CD_BAD_AUTH,		/* AUTH does not verify */
	CD_BAD_METHOD,		/* the peer used another method */
	CD_BAD_ASKED_ID,	/* the peer asked for an ID that is not ours */
	CD_BAD_REQUEST,		/* the request's parts do not fit together */
	CD_BAD_CERT,		/* the peer's certificate is not accepted */
	CD_BUSY,		/* no answer now; to be asked again */
	CD_NO_KEY,		/* our key or certificate is not there */
	CD_STATUS_MAX
};

struct cd_result {
	enum cd_status status;
	uint32_t identity;	/* configuration id, 0 when none was chosen */
	char reason[200];	/* for the log, when not CD_OK */
	struct cd_blob id_own;	/* our ID payload body (MAKE) */
	uint8_t method;		/* of our AUTH payload (MAKE) */
	struct cd_blob auth;	/* our authentication data (MAKE) */
	size_t ncerts;		/* to send: leaf first, then intermediates */
	struct cd_cert certs[CD_CERTS_MAX];
	uint8_t fp[CD_FP_LEN];	/* of the peer's leaf; zero: none (VERIFY) */
	char subject[CD_SUBJECT_MAX];	/* of it, for the log; "" */
	/* What certd needs to know while that peer is online, bytes to all
	 * others; empty: nothing. */
	struct cd_blob watch;
};

/* What an IKE_SA_INIT says about us. */
struct cd_trust {
	uint16_t hashes;	/* CD_HASH bits we can verify; to announce when
				 * there is an identity with certificates */
	uint8_t flags;		/* CD_TRUST_ */
	struct cd_blob certreq;	/* hashes of the CAs we trust */
};
#define CD_TRUST_CERTS	0x01	/* some identity takes certificates */

/* As in the other edges; blobs of a get borrow from the cursor's memory. */
void cd_auth_put(struct buf *, const struct cd_auth *);
int cd_auth_get(struct cur *, struct cd_auth *, const char **why);
void cd_result_put(struct buf *, const struct cd_result *);
int cd_result_get(struct cur *, struct cd_result *, const char **why);
void cd_trust_put(struct buf *, const struct cd_trust *);
int cd_trust_get(struct cur *, struct cd_trust *, const char **why);
/* Of IKECD_REVOKED and IKECD_EXPIRED. */
void cd_revoked_put(struct buf *, const uint8_t fp[CD_FP_LEN]);
int cd_revoked_get(struct cur *, uint8_t fp[CD_FP_LEN], const char **why);

#define CD_AUTH_LEN_MAX		IMSG_BODY_MAX
#define CD_RESULT_LEN_MAX (CD_CERTS_LEN_MAX + 8192)
#define CD_TRUST_LEN_MIN 5
#define CD_TRUST_LEN_MAX (CD_TRUST_LEN_MIN + CD_CERTREQ_MAX)

#endif
