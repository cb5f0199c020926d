#include "lib/suite/prf.h"

#include "lib/secret.h"
#include "lib/suite/run.h"

#include <string.h>

/* A key in the form that mac_calc takes. */
struct prf_key {
	const void *p;
	size_t len;
	uint8_t made[PRF_MAX];
};

/* RFC 4434 section 2: short keys get zeros. */
static int
pad_key(struct prf_key *k, const struct alg *a, const void *key, size_t len)
{
	memset(k->made, 0, a->key_len);
	memcpy(k->made, key, len);
	k->p = k->made;
	k->len = a->key_len;
	return 0;
}

/* RFC 4434 section 2 for longer keys, RFC 4615 section 3 for all others. */
static int
hash_key(struct prf_key *k, const struct alg *a, const void *key, size_t len)
{
	static const uint8_t zero[PRF_MAX];
	struct part v = { key, len };

	k->p = k->made;
	k->len = a->key_len;
	return mac_calc(a, zero, a->key_len, &v, 1, k->made);
}

static int
prf_key_init(struct prf_key *k, const struct alg *a, const void *key,
    size_t len)
{
	if (a->kind != SUITE_PRF)
		return -1;
	if (a->mode == ALG_M_HMAC || len == a->key_len) {
		/* NULL has a meaning for mac_calc. */
		k->p = len == 0 ? "" : key;
		k->len = len;
		return 0;
	}
	if (len == 0)
		key = "";
	if (a->mode == ALG_M_XCBC && len < a->key_len)
		return pad_key(k, a, key, len);
	return hash_key(k, a, key, len);
}

int
prf(const struct alg *a, const void *key, size_t keylen, const struct part *v,
    size_t n, uint8_t *out)
{
	struct prf_key k = { 0 };
	int rv;

	if ((rv = prf_key_init(&k, a, key, keylen)) == 0)
		rv = mac_calc(a, k.p, k.len, v, n, out);
	if (k.p == k.made)
		secret_wipe(k.made, sizeof(k.made));
	return rv;
}

/* The rounds of prf+; t is room for one round. */
static int
plus_rounds(const struct alg *a, const struct prf_key *k,
    const struct part *seed, size_t n, uint8_t *out, size_t outlen, uint8_t *t)
{
	struct part v[PRF_PLUS_SEED + 2];
	const void *key = k->p;
	uint8_t round = 1;

	v[0] = (struct part){ t, 0 };
	memcpy(&v[1], seed, n * sizeof(*seed));
	v[n + 1] = (struct part){ &round, 1 };
	for (size_t off = 0, step; off < outlen; off += step, round++) {
		if (mac_calc(a, key, k->len, v, n + 2, t) == -1)
			return -1;
		step = outlen - off < a->out_len ? outlen - off : a->out_len;
		memcpy(out + off, t, step);
		v[0].len = a->out_len;
		if (a->mode == ALG_M_HMAC)
			key = NULL;
	}
	return 0;
}

int
prf_plus(const struct alg *a, const void *key, size_t keylen,
    const struct part *seed, size_t n, void *out, size_t outlen)
{
	struct prf_key k = { 0 };
	uint8_t t[PRF_MAX];
	int rv = -1;

	if (n > PRF_PLUS_SEED || outlen > 255u * a->out_len ||
	    prf_key_init(&k, a, key, keylen) == -1)
		goto out;
	rv = plus_rounds(a, &k, seed, n, out, outlen, t);
out:
	secret_wipe(t, sizeof(t));
	if (k.p == k.made)
		secret_wipe(k.made, sizeof(k.made));
	return rv;
}

int
prf_skeyseed(const struct alg *a, const void *ni, size_t nilen, const void *nr,
    size_t nrlen, const void *gir, size_t girlen, uint8_t *out)
{
	struct part v = { gir, girlen };
	uint8_t key[512];

	if (nilen < 16 || nilen > 256 || nrlen < 16 || nrlen > 256)
		return -1;
	if (a->mode == ALG_M_XCBC || a->mode == ALG_M_CMAC)
		nilen = nrlen = 8;
	memcpy(key, ni, nilen);
	memcpy(key + nilen, nr, nrlen);
	return prf(a, key, nilen + nrlen, &v, 1, out);
}

int
hash_of_prf(const struct alg *a, enum hash_id *h)
{
	static const struct {
		uint16_t v1;
		enum hash_id h;
	} map[] = { { 1, HASH_MD5 }, { 2, HASH_SHA1 }, { 4, HASH_SHA256 },
		{ 5, HASH_SHA384 }, { 6, HASH_SHA512 } };

	if (a->kind != SUITE_PRF || a->mode != ALG_M_HMAC)
		return -1;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (map[i].v1 == a->v1_ph1) {
			*h = map[i].h;
			return 0;
		}
	}
	return -1;
}
