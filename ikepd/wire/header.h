/* The fixed IKE header, RFC 7296 3.1. */
#ifndef IKEPD_WIRE_HEADER_H
#define IKEPD_WIRE_HEADER_H

#include "lib/buf.h"
#include "ikepd/wire/ike.h"

#define IKE_HDR_LEN	28

#define IKE_FLAG_INITIATOR	0x08	/* sender is the original initiator */
#define IKE_FLAG_VERSION	0x10	/* sender speaks a higher version */
#define IKE_FLAG_RESPONSE	0x20

/* SPIs are numbers here; on the wire they are eight bytes, most significant
 * first. */
struct ike_hdr {
	uint64_t ispi;
	uint64_t rspi;
	uint8_t next;		/* type of the first payload */
	uint8_t major, minor;
	uint8_t exchange;
	uint8_t flags;		/* IKE_FLAG_ */
	uint32_t msgid;
	uint32_t length;	/* of the whole message */
};

enum ike_hdr_kind {
	IKE_HDR_BAD = -1,	/* drop: err->why says why */
	IKE_HDR_V2 = 0,
	IKE_HDR_V1,		/* the peer speaks IKEv1; all fields are filled,
				 * exchange is an IKEv1 exchange type */
	IKE_HDR_NEWER,		/* major version above 2: answered with
				 * INVALID_MAJOR_VERSION (RFC 7296 2.5) */
};

/*
 * Parses the header of one datagram of len bytes, non-ESP marker removed.
 * For V2 the length field equals len, the initiator's SPI is not zero and
 * reserved flags were ignored.  For V1 and NEWER *h is filled as far as the
 * layouts agree and nothing but the size of the header was checked.
 */
enum ike_hdr_kind ike_hdr_parse(struct ike_hdr *h, const void *dgram,
    size_t len, struct wire_err *err);
/* Reads a header as it is, unchecked.  -1: fewer bytes than it has. */
int ike_hdr_get(struct ike_hdr *, struct cur *);
/* Appends IKE_HDR_LEN bytes.  Version 2.0 is written whatever h says. */
void ike_hdr_put(struct buf *, const struct ike_hdr *h);

#endif
