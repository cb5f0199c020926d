#include "ikepd/cookie.h"

#include "lib/secret.h"
#include "lib/suite/prf.h"

#include <string.h>

#define PRF_HMAC_SHA2_256	5

void
cookie_rotate(struct cookie_jar *j, const uint8_t secret[COOKIE_SECRET_LEN])
{
	memcpy(j->secret[1], j->secret[0], COOKIE_SECRET_LEN);
	memcpy(j->secret[0], secret, COOKIE_SECRET_LEN);
	j->version++;
	if (j->nsecrets < 2)
		j->nsecrets++;
}

void
cookie_wipe(struct cookie_jar *j)
{
	secret_wipe(j, sizeof(*j));
}

/* age 0: under the newest secret, 1: under the one before. */
static int
cookie_compute(const struct cookie_jar *j, unsigned age, uint64_t ispi,
    const struct addr *a, const void *ni, size_t nilen,
    uint8_t out[COOKIE_LEN])
{
	const struct alg *alg = suite_by_id(SUITE_PRF, PRF_HMAC_SHA2_256, 0);
	uint8_t spi[8];
	const struct part parts[] = {
		{ ni, nilen },
		{ a->b, addr_len(a) },
		{ spi, sizeof(spi) },
	};

	for (unsigned i = 0; i < 8; i++)
		spi[i] = (uint8_t)(ispi >> (56 - 8 * i));
	if (age >= j->nsecrets || alg == NULL ||
	    alg->out_len != COOKIE_LEN - 1)
		return -1;
	out[0] = (uint8_t)(j->version - age);
	return prf(alg, j->secret[age], COOKIE_SECRET_LEN, parts, 3, out + 1);
}

int
cookie_make(const struct cookie_jar *j, uint64_t ispi,
    const struct addr *initiator, const void *ni, size_t nilen,
    uint8_t out[COOKIE_LEN])
{
	return cookie_compute(j, 0, ispi, initiator, ni, nilen, out);
}

bool
cookie_check(const struct cookie_jar *j, uint64_t ispi,
    const struct addr *initiator, const void *ni, size_t nilen,
    const void *cookie, size_t len)
{
	uint8_t want[COOKIE_LEN], version;

	if (len != COOKIE_LEN)
		return false;
	version = *(const uint8_t *)cookie;
	return cookie_compute(j, (uint8_t)(j->version - version), ispi,
	    initiator, ni, nilen, want) == 0 &&
	    secret_equal(cookie, len, want, sizeof(want));
}
