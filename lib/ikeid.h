/*
 * IKE identification: type and data (RFC 7296 section 3.5) as a value, its
 * configuration text, its payload body, and the one comparison everybody
 * uses.
 */
#ifndef LIB_IKEID_H
#define LIB_IKEID_H

#include "lib/addr.h"
#include "lib/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IKEID_MAX	512	/* bytes of identification data */
#define IKEID_STRLEN	2100	/* enough for any, escaped, with NUL */

/* RFC 7296 section 3.5; the two without a number there are ours. */
enum ikeid_type {
	IKEID_AUTO = 0,		/* not configured; a peer may be anybody */
	IKEID_IPV4 = 1,
	IKEID_FQDN = 2,
	IKEID_USER_FQDN = 3,	/* ID_RFC822_ADDR */
	IKEID_IPV6 = 5,
	IKEID_DN = 9,		/* ID_DER_ASN1_DN */
	IKEID_GN = 10,		/* ID_DER_ASN1_GN: compared byte by byte */
	IKEID_KEY_ID = 11,
	IKEID_IGNORE = 256,	/* configuration: do not compare at all */
};

/*
 * No pointers: may be copied, and written down.  Two of these in every SA
 * would be a waste; keep the payload body (ikeid_put_body) there.
 */
struct ikeid {
	uint16_t type;		/* enum ikeid_type */
	uint16_t len;		/* 0..IKEID_MAX; bytes beyond are zero */
	uint8_t data[IKEID_MAX];
};

/*
 * Configuration text: "auto", "ignore", "address:1.2.3.4", "fqdn:host",
 * "user-fqdn:a@b", "key-id:text" or "key-id:0x6869", "dn:C=x,O=y,CN=z" in
 * the order of the encoding, "+" joining the parts of one RDN, special
 * characters after a backslash or as \XX.  -1: *why says what is wrong.
 */
int ikeid_parse(struct ikeid *, const char *text, const char **why);
/* The same text; bytes that are not printable are escaped.  Returns dst. */
const char *ikeid_fmt(const struct ikeid *, char *dst, size_t size);
void ikeid_from_addr(struct ikeid *, const struct addr *);
/* -1: not an address identity */
int ikeid_addr(const struct ikeid *, struct addr *);
/* The subject of a certificate: DER of a Name.  -1: too long or not one. */
int ikeid_from_dn(struct ikeid *, const uint8_t *der, size_t len,
    const char **why);
/* IKEID_AUTO and IKEID_IGNORE: there is nothing to send or to compare. */
bool ikeid_is_open(const struct ikeid *);

/* The body of an ID payload: type, three zero bytes, data. */
void ikeid_put_body(struct buf *, const struct ikeid *);
/* Reads c to its end.  -1: *why says what is wrong (RFC 7296 3.5). */
int ikeid_get_body(struct ikeid *, struct cur *c, const char **why);

/*
 * Two identities name the same thing: addresses, key-id and GN byte by
 * byte; fqdn and the domain of user-fqdn without regard to case; DN by the
 * canonical form of its encoding (RFC 5280 section 7.1).
 */
bool ikeid_equal(const struct ikeid *, const struct ikeid *);
/* expected (a remote-id) admits what the peer sent; open ones admit all. */
bool ikeid_admits(const struct ikeid *expected, const struct ikeid *received);

/* Between processes; open ones too. */
void buf_ikeid(struct buf *, const struct ikeid *);
int cur_ikeid(struct cur *, struct ikeid *);

#endif
