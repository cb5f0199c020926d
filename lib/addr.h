/*
 * IPv4 and IPv6 addresses, endpoints, prefixes and ranges, one code for
 * both families.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include "lib/buf.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* family AF_UNSPEC means "no address"; the bytes are then zero. */
struct addr {
	uint8_t family;		/* AF_UNSPEC, AF_INET, AF_INET6 */
	uint8_t b[16];		/* network order; IPv4 in the first four */
};

struct endpoint {
	struct addr addr;
	uint16_t port;		/* host order */
};

/* bits 0..32 or 0..128; the host part of addr is zero (addr_prefix_mask). */
struct prefix {
	struct addr addr;
	uint8_t bits;
};

#define ADDR_STRLEN	46
#define ENDPOINT_STRLEN	54	/* "[v6]:port" or "v4:port" */
#define PREFIX_STRLEN	50

/* 4, 16, or 0 for AF_UNSPEC */
size_t addr_len(const struct addr *);
uint8_t addr_bits(const struct addr *);	/* 32, 128, 0 */
bool addr_equal(const struct addr *, const struct addr *);
/* memcmp order; families are ordered first */
int addr_cmp(const struct addr *, const struct addr *);
bool addr_is_any(const struct addr *);	/* unspecified family or all zero */
/* Textual forms.  parse: 0 or -1; fmt returns dst. */
int addr_parse(struct addr *, const char *);
const char *addr_fmt(const struct addr *, char *dst, size_t size);
const char *endpoint_fmt(const struct endpoint *, char *dst, size_t size);
/* "10.0.0.0/8"; without "/bits" a full-length prefix.  -1: malformed, or
 * bits set in the host part when strict. */
int prefix_parse(struct prefix *, const char *, bool strict);
const char *prefix_fmt(const struct prefix *, char *dst, size_t size);
/* Zeroes the host part. */
void prefix_mask(struct prefix *);
bool prefix_has(const struct prefix *, const struct addr *);
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);
bool prefix_equal(const struct prefix *, const struct prefix *);
/* First and last address of the prefix. */
void prefix_range(const struct prefix *, struct addr *lo, struct addr *hi);
/*
 * Splits lo..hi (same family, lo <= hi) into at most max prefixes, in
 * order.  Returns their number, or -1 when more than max are needed.
 */
int range_to_prefixes(const struct addr *lo, const struct addr *hi,
    struct prefix *out, size_t max);
/* "A-B", a prefix, or one address, into its first and last address.  -1:
 * malformed, two families, B before A, or host bits in a prefix. */
int range_parse(struct addr *lo, struct addr *hi, const char *);
/* a + 1; false on wrap-around */
bool addr_next(const struct addr *, struct addr *next);
bool addr_prev(const struct addr *, struct addr *prev);

/* Conversions.  from_sockaddr: -1 for other families.  IPv4-mapped IPv6
 * becomes IPv4. */
int endpoint_from_sockaddr(struct endpoint *, const struct sockaddr *,
    socklen_t);
socklen_t endpoint_to_sockaddr(const struct endpoint *,
    struct sockaddr_storage *);
bool endpoint_equal(const struct endpoint *, const struct endpoint *);
/* From 4 or 16 raw bytes; -1 for another length. */
int addr_from_bytes(struct addr *, const uint8_t *, size_t);
/* Well mixed hash; seed from the caller's random start value. */
uint64_t addr_hash(const struct addr *, uint64_t seed);

/* Between processes: family byte (0, 4, 6), then the bytes. */
void buf_addr(struct buf *, const struct addr *);
int cur_addr(struct cur *, struct addr *);
void buf_endpoint(struct buf *, const struct endpoint *);
int cur_endpoint(struct cur *, struct endpoint *);
void buf_prefix(struct buf *, const struct prefix *);
int cur_prefix(struct cur *, struct prefix *);

#endif
