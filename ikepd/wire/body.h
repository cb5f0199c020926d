/*
 * The bodies of the simple payloads: KE, ID, CERT, CERTREQ, AUTH, nonce,
 * Notify, Delete, CP (RFC 7296 3.4 to 3.15).  Vendor ID and EAP bodies are
 * opaque.  Cursors borrow from the parsed memory.  All parsers: 0 or -1
 * with *err filled; the payload's type is given for the error.
 */
#ifndef IKEPD_WIRE_BODY_H
#define IKEPD_WIRE_BODY_H

#include "lib/buf.h"
#include "ikepd/wire/ike.h"

struct ke_body {
	uint16_t group;
	struct cur data;	/* at least one byte */
};

struct id_body {
	uint8_t type;		/* ID_ */
	struct cur data;
	struct cur body;	/* type, reserved, data: the octets that enter
				 * AUTH (RFC 7296 2.15 RestOfIDPayload), and
				 * what lib/ikeid reads */
};

struct auth_body {
	uint8_t method;		/* AUTH_ */
	struct cur data;
};

struct cert_body {
	uint8_t encoding;
	struct cur data;	/* certificate or authorities */
};

struct notify_body {
	uint8_t proto;
	uint16_t type;		/* N_ */
	struct cur spi;		/* empty, 4 or 8 bytes for known protocols */
	struct cur data;
};

struct delete_body {
	uint8_t proto;
	uint8_t spi_len;	/* IKE 0, AH and ESP 4 */
	uint16_t n;
	struct cur spis;	/* exactly n * spi_len bytes */
};

#define CP_REQUEST	1
#define CP_REPLY	2
#define CP_SET		3
#define CP_ACK		4
#define CP_ATTRS_MAX	64

struct cp_attr {
	uint16_t type;		/* without the reserved bit */
	struct cur value;
};

struct cp_body {
	uint8_t type;		/* CP_ */
	unsigned n;
	struct cp_attr attrs[CP_ATTRS_MAX];
};

/* Head of an SKF payload, RFC 7383 2.5; the rest is as in SK. */
#define SKF_HDR_LEN	4
struct skf_body {
	uint16_t num, total;	/* 1 <= num <= total */
	struct cur rest;
};

int skf_parse(struct skf_body *, struct cur, struct wire_err *);
int ke_parse(struct ke_body *, struct cur, struct wire_err *);
int id_parse(struct id_body *, struct cur, uint8_t payload,
    struct wire_err *);
int auth_parse(struct auth_body *, struct cur, struct wire_err *);
int cert_parse(struct cert_body *, struct cur, uint8_t payload,
    struct wire_err *);
/* Checks the length, 16..256 (RFC 7296 2.10, 3.9). */
int nonce_parse(struct cur *nonce, struct cur body, struct wire_err *);
int notify_parse(struct notify_body *, struct cur, struct wire_err *);
/* Two-byte data of INVALID_KE_PAYLOAD; -1 when not two bytes. */
int notify_group(const struct notify_body *, uint16_t *group);
/* SPI of a Notify as a number, 0 when its length is not len. */
uint64_t notify_spi(const struct notify_body *, size_t len);
int delete_parse(struct delete_body *, struct cur, struct wire_err *);
/* i-th SPI of an AH or ESP Delete; i < n, else 0. */
uint32_t delete_spi(const struct delete_body *, unsigned i);
int cp_parse(struct cp_body *, struct cur, struct wire_err *);

/* The same bodies, appended to a message under construction. */
void ke_put(struct buf *, uint16_t group, const void *data, size_t);
void id_put(struct buf *, uint8_t type, const void *data, size_t);
void auth_put(struct buf *, uint8_t method, const void *data, size_t);
void cert_put(struct buf *, uint8_t encoding, const void *data, size_t);
void notify_put(struct buf *, uint8_t proto, const void *spi, size_t spi_len,
    uint16_t type, const void *data, size_t);
void delete_put_ike(struct buf *);
void delete_put_esp(struct buf *, const uint32_t *spis, unsigned n);
void cp_put(struct buf *, uint8_t type);
void cp_put_attr(struct buf *, uint16_t type, const void *value, size_t);

#endif
