#include "espd/mac.h"

#include "lib/secret.h"
#include "lib/suite/evp.h"

#include <openssl/core_names.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK		16
#define CHUNK		512

struct mac {
	const struct alg *alg;
	EVP_MAC_CTX *hmac;
	EVP_CIPHER_CTX *cbc;		/* XCBC, CMAC */
	uint8_t whole[BLOCK], part[BLOCK];	/* keys of the last block */
};

static int
hmac_key(struct mac *m, const uint8_t *key)
{
	char name[32];
	OSSL_PARAM p[] = { OSSL_PARAM_END, OSSL_PARAM_END };
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	snprintf(name, sizeof(name), "%s", m->alg->ossl);
	p[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
	    0);
	m->hmac = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	return m->hmac != NULL &&
	    EVP_MAC_init(m->hmac, key, m->alg->key_len, p) == 1 ? 0 : -1;
}

static int
hmac(struct mac *m, const uint8_t *p, size_t len, const uint8_t *tail,
    size_t tail_len, uint8_t *icv)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	size_t n;

	if (EVP_MAC_init(m->hmac, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(m->hmac, p, len) != 1 ||
	    EVP_MAC_update(m->hmac, tail, tail_len) != 1 ||
	    EVP_MAC_final(m->hmac, out, &n, sizeof(out)) != 1)
		return -1;
	memcpy(icv, out, m->alg->icv_len);
	return 0;
}

static int
cbc_key(struct mac *m, const uint8_t *key)
{
	static const uint8_t zero[BLOCK];

	return EVP_EncryptInit_ex2(m->cbc, NULL, key, zero, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(m->cbc, 0) == 1 ? 0 : -1;
}

/* One block under the key, without chaining. */
static int
ecb(struct mac *m, const uint8_t *in, uint8_t *out)
{
	static const uint8_t zero[BLOCK];
	int n;

	return EVP_EncryptInit_ex2(m->cbc, NULL, NULL, zero, NULL) == 1 &&
	    EVP_EncryptUpdate(m->cbc, out, &n, in, BLOCK) == 1 ? 0 : -1;
}

static int
cbc_new(struct mac *m, const uint8_t *key)
{
	const struct alg *aes = suite_by_name(SUITE_ENCR, ALG_PHASE2,
	    "aes-128-cbc");
	EVP_CIPHER *c = suite_evp_cipher(aes);

	m->cbc = EVP_CIPHER_CTX_new();
	if (c == NULL || m->cbc == NULL ||
	    EVP_EncryptInit_ex2(m->cbc, c, NULL, NULL, NULL) != 1)
		return -1;
	return cbc_key(m, key);
}

/* RFC 3566 section 4: K1 keys the cipher, K2 and K3 end the message. */
static int
xcbc_key(struct mac *m, const uint8_t *key)
{
	uint8_t c[3][BLOCK], k1[BLOCK];
	int rv = -1;

	for (int i = 0; i < 3; i++)
		memset(c[i], i + 1, BLOCK);
	if (cbc_new(m, key) == 0 && ecb(m, c[0], k1) == 0 &&
	    ecb(m, c[1], m->whole) == 0 && ecb(m, c[2], m->part) == 0)
		rv = cbc_key(m, k1);
	secret_wipe(k1, sizeof(k1));
	return rv;
}

/* Times x in GF(2^128), RFC 4493 section 2.3. */
static void
twice(uint8_t *out, const uint8_t *in)
{
	uint8_t carry = in[0] >> 7;

	for (int i = 0; i < BLOCK - 1; i++)
		out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
	out[BLOCK - 1] = (uint8_t)(in[BLOCK - 1] << 1 ^ (0x87 & -carry));
}

static int
cmac_key(struct mac *m, const uint8_t *key)
{
	static const uint8_t zero[BLOCK];
	uint8_t l[BLOCK];
	int rv = -1;

	if (cbc_new(m, key) == 0 && (rv = ecb(m, zero, l)) == 0) {
		twice(m->whole, l);
		twice(m->part, m->whole);
	}
	secret_wipe(l, sizeof(l));
	return rv;
}

static int
cbc_run(struct mac *m, uint8_t *chain, const uint8_t *p, size_t len)
{
	uint8_t out[CHUNK];
	size_t n;
	int got;

	for (; len > 0; len -= n, p += n) {
		n = len < CHUNK ? len : CHUNK;
		if (EVP_EncryptUpdate(m->cbc, out, &got, p, (int)n) != 1)
			return -1;
		memcpy(chain, out + n - BLOCK, BLOCK);
	}
	return 0;
}

/*
 * CBC-MAC whose last block is treated differently: what precedes the last
 * 1 to 16 bytes of message and tail is run through first.
 */
static int
cbc_mac(struct mac *m, const uint8_t *p, size_t len, const uint8_t *tail,
    size_t tail_len, uint8_t *icv)
{
	static const uint8_t zero[BLOCK];
	uint8_t end[2 * BLOCK] = { 0 }, chain[BLOCK];
	size_t bulk = len / BLOCK * BLOCK, n;

	if (bulk == len && tail_len == 0 && len > 0)
		bulk -= BLOCK;
	n = len - bulk;
	memcpy(end, p + bulk, n);
	memcpy(end + n, tail, tail_len);
	n += tail_len;
	if (EVP_EncryptInit_ex2(m->cbc, NULL, NULL, zero, NULL) != 1 ||
	    cbc_run(m, chain, p, bulk) == -1)
		return -1;
	if (n > BLOCK && cbc_run(m, chain, end, BLOCK) == -1)
		return -1;
	if (n > BLOCK)
		memmove(end, end + BLOCK, n -= BLOCK);
	if (n < BLOCK) {
		end[n] = 0x80;
		memset(end + n + 1, 0, BLOCK - n - 1);
	}
	for (int i = 0; i < BLOCK; i++)
		end[i] ^= n == BLOCK ? m->whole[i] : m->part[i];
	if (cbc_run(m, chain, end, BLOCK) == -1)
		return -1;
	memcpy(icv, chain, m->alg->icv_len);
	return 0;
}

static const struct {
	int (*key)(struct mac *, const uint8_t *);
	int (*icv)(struct mac *, const uint8_t *, size_t, const uint8_t *,
	    size_t, uint8_t *);
} modes[ALG_M_COUNT] = {
	[ALG_M_HMAC] = { hmac_key, hmac },
	[ALG_M_XCBC] = { xcbc_key, cbc_mac },
	[ALG_M_CMAC] = { cmac_key, cbc_mac },
};

struct mac *
mac_new(const struct alg *a, const uint8_t *key)
{
	struct mac *m;

	if (a->kind != SUITE_INTEG || modes[a->mode].key == NULL ||
	    !suite_usable(a) || a->icv_len > MAC_ICV_MAX ||
	    (m = calloc(1, sizeof(*m))) == NULL)
		return NULL;
	m->alg = a;
	if (modes[a->mode].key(m, key) == -1) {
		mac_free(m);
		return NULL;
	}
	return m;
}

void
mac_free(struct mac *m)
{
	if (m == NULL)
		return;
	EVP_MAC_CTX_free(m->hmac);
	EVP_CIPHER_CTX_free(m->cbc);
	secret_wipe(m, sizeof(*m));
	free(m);
}

int
mac_icv(struct mac *m, const uint8_t *p, size_t len, const uint8_t *tail,
    size_t tail_len, uint8_t *icv)
{
	return modes[m->alg->mode].icv(m, p, len, tail, tail_len, icv);
}
