/*
 * The edge ikepd - sessiond: who is online, and what a remote user is given.
 *
 * A session is an IKE SA whose peer has been authenticated by an identity of
 * ours; its name is our SPI.  A worker names its own sessions alone.
 *
 * When an edge comes up (either process may be new) ikepd sends SE_SYNC for
 * each session it has and then SE_SYNC_DONE, also when it has none; sessiond
 * hands out nothing before, and takes no SE_SYNC after.  When an edge goes down sessiond closes the
 * worker's sessions, since the IKE SAs died with it.
 */
#ifndef LIB_PROTO_IKESE_H
#define LIB_PROTO_IKESE_H

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/imsg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ikese_type {
	/* ikepd -> sessiond */
	SE_OPEN = 1,	/* struct se_open; the message's id is the request's */
	SE_CLOSE,	/* struct se_close; also of a request that has no
			 * answer yet: it gets none then.  An SPI that is not
			 * known is no error */
	SE_MOVE,	/* struct se_move */
	SE_SYNC,	/* struct se_open */
	SE_SYNC_DONE,	/* empty */
	/* sessiond -> ikepd */
	SE_RESULT,	/* struct se_result; id: that of SE_OPEN.  May come
			 * late and out of order */
	SE_KILL,	/* struct se_kill: ikepd removes the children of the
			 * IKE SA at once and says SE_CLOSE; DELETE to the
			 * peer need not be answered for that */
};

#define SE_ID_MAX	516	/* body of an ID payload: type, zeros, data */
#define SE_FP_LEN	32	/* SHA-256 of a certificate */
#define SE_REASON_LEN	200
#define SE_DNS_MAX	8
#define SE_SPLIT_MAX	64
#define SE_NAMES_MAX	16
#define SE_NAME_LEN	256	/* with NUL */

/*
 * What may wait to be sent, bytes: a new sessiond is told of all sessions at
 * once, and one that it did not hear of would lose its address to somebody
 * else.
 */
#define SE_QUEUE_MAX	(1024u * 1024 * 1024)

/* Flags of se_open */
#define SE_WANT4	0x01	/* the peer asks for an IPv4 address */
#define SE_WANT6	0x02	/* for an IPv6 address */
#define SE_CONTACT	0x04	/* it says INITIAL_CONTACT: its other sessions,
				 * at whichever worker, are dead */
#define SE_FLAGS	0x07	/* all there are */

struct se_open {
	uint64_t ike_spi;	/* ours, not 0 */
	uint32_t identity;	/* configuration id; its mode-config counts */
	uint8_t flags;		/* SE_WANT */
	uint32_t age;		/* SE_SYNC: seconds since SE_OPEN; else 0 */
	struct endpoint remote;	/* outer, as seen by us */
	/* Asked for in particular, granted when free and the peer's to have;
	 * in SE_SYNC what it holds.  AF_UNSPEC: none. */
	struct addr addr4, addr6;
	uint8_t fp[SE_FP_LEN];	/* of the peer's certificate, or zero */
	const uint8_t *id;	/* the peer's ID payload body; borrowed */
	size_t id_len;		/* 4..SE_ID_MAX */
};

struct se_close {
	uint64_t ike_spi;
};

/* The IKE SA has a new SPI, or (old and new are equal) its peer moved. */
struct se_move {
	uint64_t old_spi, new_spi;
	struct endpoint remote;
};

enum se_status {
	SE_OK,
	SE_LIMIT,	/* only-one=yes and the user is online: no IKE SA */
	SE_NO_IDENTITY,	/* the configuration has no such identity (any more) */
	SE_FULL,	/* no room for another session */
	SE_STATUS_MAX
};

/*
 * With SE_OK the session is open.  An address that was wanted and is
 * AF_UNSPEC here could not be given (INTERNAL_ADDRESS_FAILURE, RFC 7296
 * 3.15.4); reason says why.  config is false when the identity has no
 * mode-config, or one that asks (responder=no): there is nothing to answer
 * a CFG_REQUEST with.
 */
struct se_result {
	enum se_status status;
	char reason[SE_REASON_LEN];	/* for the log, or empty */
	bool config;
	struct addr addr4, addr6;
	uint8_t prefix4;	/* INTERNAL_IP4_NETMASK; 0: no address */
	uint8_t prefix6;	/* of INTERNAL_IP6_ADDRESS; 0: none */
	unsigned ndns;
	struct addr dns[SE_DNS_MAX];	/* IPv4 and IPv6 */
	unsigned nsplit;
	struct prefix split[SE_SPLIT_MAX];	/* split-include */
	unsigned nnames;
	char names[SE_NAMES_MAX][SE_NAME_LEN];	/* split-dns */
};

struct se_kill {
	uint64_t ike_spi;
	char reason[SE_REASON_LEN];
};

/* put appends; get returns 0, or -1 with *why set when the body is short,
 * out of range or has trailing bytes.  What a get borrows points into the
 * cursor's memory. */
void se_open_put(struct buf *, const struct se_open *);
int se_open_get(struct cur *, struct se_open *, const char **why);
void se_close_put(struct buf *, const struct se_close *);
int se_close_get(struct cur *, struct se_close *, const char **why);
void se_move_put(struct buf *, const struct se_move *);
int se_move_get(struct cur *, struct se_move *, const char **why);
void se_result_put(struct buf *, const struct se_result *);
int se_result_get(struct cur *, struct se_result *, const char **why);
void se_kill_put(struct buf *, const struct se_kill *);
int se_kill_get(struct cur *, struct se_kill *, const char **why);

/* Lengths for permit tables */
#define SE_OPEN_MIN	(8 + 4 + 1 + 4 + 3 + 1 + 1 + SE_FP_LEN + 2 + 4)
#define SE_OPEN_MAX	(8 + 4 + 1 + 4 + 19 + 5 + 17 + SE_FP_LEN + 2 + \
	SE_ID_MAX)
#define SE_CLOSE_LEN	8
#define SE_MOVE_MIN	(8 + 8 + 3)
#define SE_MOVE_MAX	(8 + 8 + 19)
#define SE_RESULT_MIN	(1 + 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1)
#define SE_RESULT_MAX	(1 + 2 + SE_REASON_LEN + 1 + 5 + 17 + 2 + 1 + \
	SE_DNS_MAX * 17 + 1 + SE_SPLIT_MAX * 18 + 1 + \
	SE_NAMES_MAX * (2 + SE_NAME_LEN))
#define SE_KILL_MIN	(8 + 2)
#define SE_KILL_MAX	(8 + 2 + SE_REASON_LEN)

#endif
