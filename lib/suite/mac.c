#include "lib/suite/run.h"

#include "lib/secret.h"

#include <openssl/crypto.h>

#include <string.h>

#define BLOCK	16

static int
evp_mac(const struct alg *a, const void *key, size_t keylen,
    const struct part *v, size_t n, uint8_t *out)
{
	EVP_MAC_CTX *x = run_mac_ctx(a);
	size_t got = 0;

	if (x == NULL || EVP_MAC_init(x, key, keylen, NULL) != 1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (v[i].len > 0 &&
		    EVP_MAC_update(x, v[i].p, v[i].len) != 1)
			return -1;
	}
	if (EVP_MAC_final(x, out, &got, a->out_len) != 1 || got != a->out_len)
		return -1;
	return 0;
}

static int
ecb(EVP_CIPHER_CTX *x, const uint8_t *in, uint8_t *out)
{
	int n;

	return EVP_EncryptUpdate(x, out, &n, in, BLOCK) == 1 && n == BLOCK ?
	    0 : -1;
}

static int
ecb_key(EVP_CIPHER_CTX *x, const uint8_t *key)
{
	if (EVP_CipherInit_ex2(x, NULL, key, NULL, 1, NULL) != 1)
		return -1;
	return EVP_CIPHER_CTX_set_padding(x, 0) == 1 ? 0 : -1;
}

/* K1, K2 and K3 of RFC 3566 section 4 into k; x is left keyed with K1. */
static int
xcbc_keys(EVP_CIPHER_CTX *x, const uint8_t *key, uint8_t k[3][BLOCK])
{
	uint8_t c[BLOCK];

	if (ecb_key(x, key) == -1)
		return -1;
	for (int i = 0; i < 3; i++) {
		memset(c, i + 1, sizeof(c));
		if (ecb(x, c, k[i]) == -1)
			return -1;
	}
	return ecb_key(x, k[0]);
}

static void
xor_block(uint8_t *e, const uint8_t *k)
{
	for (int i = 0; i < BLOCK; i++)
		e[i] ^= k[i];
}

/*
 * RFC 3566 section 4.  A block is only closed when more input follows: the
 * last one is treated differently.
 */
static int
xcbc(const struct alg *a, const void *key, size_t keylen,
    const struct part *v, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *x = run_cipher_ctx(a);
	uint8_t k[3][BLOCK], e[BLOCK] = { 0 };
	size_t fill = 0;
	int rv = -1;

	if (x == NULL || keylen != BLOCK || xcbc_keys(x, key, k) == -1)
		goto out;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = v[i].p;

		for (size_t j = 0; j < v[i].len; j++) {
			if (fill == BLOCK) {
				if (ecb(x, e, e) == -1)
					goto out;
				fill = 0;
			}
			e[fill++] ^= p[j];
		}
	}
	if (fill < BLOCK)
		e[fill] ^= 0x80;
	xor_block(e, fill == BLOCK ? k[1] : k[2]);
	rv = ecb(x, e, out);
out:
	secret_wipe(k, sizeof(k));
	return rv;
}

typedef int (*mac_fn)(const struct alg *, const void *, size_t,
    const struct part *, size_t, uint8_t *);

static const mac_fn macs[ALG_M_COUNT] = {
	[ALG_M_HMAC] = evp_mac,
	[ALG_M_CMAC] = evp_mac,
	[ALG_M_XCBC] = xcbc,
};

int
mac_calc(const struct alg *a, const void *key, size_t keylen,
    const struct part *v, size_t n, uint8_t *out)
{
	if (macs[a->mode] == NULL)
		return -1;
	return macs[a->mode](a, key, keylen, v, n, out);
}

int
integ_icv(const struct alg *a, const void *key, const struct part *v,
    size_t n, uint8_t *icv)
{
	uint8_t full[PRF_MAX];
	int rv;

	if (a->kind != SUITE_INTEG)
		return -1;
	if ((rv = mac_calc(a, key, a->key_len, v, n, full)) == 0)
		memcpy(icv, full, a->icv_len);
	return rv;
}

size_t
hash_len(enum hash_id h)
{
	static const uint8_t len[] = { [HASH_MD5] = 16,
		[HASH_SHA1] = 20,
		[HASH_SHA256] = 32,
		[HASH_SHA384] = 48,
		[HASH_SHA512] = 64 };

	return len[h];
}

int
hash_parts(enum hash_id h, const struct part *v, size_t n, uint8_t *out)
{
	EVP_MD_CTX *x = run_md_ctx();
	unsigned got;

	if (x == NULL || run_md(h) == NULL ||
	    EVP_DigestInit_ex2(x, run_md(h), NULL) != 1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (EVP_DigestUpdate(x, v[i].p, v[i].len) != 1)
			return -1;
	}
	return EVP_DigestFinal_ex(x, out, &got) == 1 ? 0 : -1;
}
