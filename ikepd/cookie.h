/*
 * Stateless cookies, RFC 7296 2.6: version | prf(secret, Ni | IPi | SPIi).
 * The current and the previous secret are good.  The jar is plain data that
 * holds secrets.
 */
#ifndef IKEPD_COOKIE_H
#define IKEPD_COOKIE_H

#include "lib/addr.h"

#define COOKIE_SECRET_LEN	32
#define COOKIE_LEN		33

struct cookie_jar {
	uint8_t version;	/* of secret[0] */
	uint8_t nsecrets;	/* 0, 1, 2 */
	uint8_t secret[2][COOKIE_SECRET_LEN];	/* [0] is the newest */
};

/* Brings in a new secret: random bytes.  A zeroed jar is empty. */
void cookie_rotate(struct cookie_jar *,
    const uint8_t secret[COOKIE_SECRET_LEN]);
void cookie_wipe(struct cookie_jar *);
/* -1: the jar is empty or the PRF failed. */
int cookie_make(const struct cookie_jar *, uint64_t ispi,
    const struct addr *initiator, const void *ni, size_t nilen,
    uint8_t out[COOKIE_LEN]);
/* In constant time for a cookie of the right length. */
bool cookie_check(const struct cookie_jar *, uint64_t ispi,
    const struct addr *initiator, const void *ni, size_t nilen,
    const void *cookie, size_t len);

#endif
