#include "espd/crypt.h"

#include "espd/mac.h"
#include "espd/wire.h"
#include "lib/secret.h"
#include "lib/suite/evp.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include <stdlib.h>

#define NONCE_MAX	16
#define AAD_MAX		12

struct crypt {
	const struct alg *alg;
	EVP_CIPHER_CTX *x;
	struct mac *mac;		/* without an AEAD */
	size_t icv_len;
	bool esn;
	bool direct;			/* put_nonce() by a parameter */
	uint8_t nonce[NONCE_MAX];	/* begins with the salt */
};

/* RFC 3686 and 4106 section 4, RFC 4309 section 4, RFC 7634 section 2. */
static const uint8_t *
nonce(struct crypt *c, const uint8_t *esp)
{
	memcpy(c->nonce + c->alg->salt_len, esp + CRYPT_HDR, c->alg->iv_len);
	return c->nonce;
}

/* RFC 4106 section 5: with ESN the upper half comes between. */
static int
put_aad(struct crypt *c, const uint8_t *esp, uint32_t hi)
{
	uint8_t aad[AAD_MAX];
	int n;

	if (!c->esn)
		return EVP_CipherUpdate(c->x, NULL, &n, esp, CRYPT_HDR);
	memcpy(aad, esp, 4);
	put32(aad + 4, hi);
	memcpy(aad + 8, esp + 4, 4);
	return EVP_CipherUpdate(c->x, NULL, &n, aad, AAD_MAX);
}

/* CCM wants the text's length before all else. */
static int
put_len(struct crypt *c, int len)
{
	int n;

	return c->alg->mode != ALG_M_CCM ||
	    EVP_CipherUpdate(c->x, NULL, &n, NULL, len) == 1;
}

/*
 * GCM takes a whole nonce as EVP_CTRL_GCM_SET_IV_FIXED with -1 gives it, and
 * the ICV in the same call: by EVP_CipherInit_ex2() and a call for the ICV a
 * packet of 1400 bytes costs a fifth more.
 */
static int
put_direct(struct crypt *c, uint8_t *iv, uint8_t *icv)
{
	OSSL_PARAM p[3] = {
		OSSL_PARAM_construct_octet_string(
		    OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, iv, SIZE_MAX),
		OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()
	};

	if (icv != NULL)
		p[1] = OSSL_PARAM_construct_octet_string(
		    OSSL_CIPHER_PARAM_AEAD_TAG, icv, c->icv_len);
	return EVP_CIPHER_CTX_set_params(c->x, p);
}

/* icv: to be found again, NULL when it is to be made. */
static int
put_nonce(struct crypt *c, const uint8_t *esp, uint8_t *icv)
{
	(void)nonce(c, esp);
	if (c->direct)
		return put_direct(c, c->nonce, icv);
	if (icv != NULL && EVP_CIPHER_CTX_ctrl(c->x, EVP_CTRL_AEAD_SET_TAG,
	    (int)c->icv_len, icv) != 1)
		return 0;
	return EVP_CipherInit_ex2(c->x, NULL, NULL, c->nonce, icv == NULL,
	    NULL);
}

static int
get_icv(struct crypt *c, uint8_t *icv)
{
	OSSL_PARAM p[2] = {
		OSSL_PARAM_construct_octet_string(
		    OSSL_CIPHER_PARAM_AEAD_TAG, icv, c->icv_len),
		OSSL_PARAM_construct_end()
	};

	return EVP_CIPHER_CTX_get_params(c->x, p);
}

static int
aead_seal(struct crypt *c, uint8_t *esp, size_t len, uint32_t hi)
{
	uint8_t *p = esp + CRYPT_HDR + c->alg->iv_len;
	int n, left = (int)(len - CRYPT_HDR - c->alg->iv_len);

	if (put_nonce(c, esp, NULL) != 1 || put_len(c, left) != 1 ||
	    put_aad(c, esp, hi) != 1 ||
	    EVP_CipherUpdate(c->x, p, &n, p, left) != 1 || n != left ||
	    EVP_CipherFinal_ex(c->x, p + left, &n) != 1)
		return -1;
	return get_icv(c, p + left) == 1 ? 0 : -1;
}

/* CCM takes the ICV before the nonce and checks it in the one update. */
static int
aead_open(struct crypt *c, uint8_t *esp, size_t len, uint32_t hi)
{
	uint8_t *p = esp + CRYPT_HDR + c->alg->iv_len, rest[NONCE_MAX];
	int n, left = (int)(len - CRYPT_HDR - c->alg->iv_len);

	if (put_nonce(c, esp, p + left) != 1 || put_len(c, left) != 1 ||
	    put_aad(c, esp, hi) != 1 ||
	    EVP_CipherUpdate(c->x, p, &n, p, left) != 1 || n != left)
		return -1;
	if (c->alg->mode == ALG_M_CCM)
		return 0;
	return EVP_CipherFinal_ex(c->x, rest, &n) == 1 ? 0 : -1;
}

static int
run_cipher(struct crypt *c, uint8_t *esp, size_t len, int enc)
{
	uint8_t *p = esp + CRYPT_HDR + c->alg->iv_len;
	int n, left = (int)(len - CRYPT_HDR - c->alg->iv_len);

	if (c->x == NULL)
		return 0;
	if (EVP_CipherInit_ex2(c->x, NULL, NULL, nonce(c, esp), enc, NULL) !=
	    1 || EVP_CipherUpdate(c->x, p, &n, p, left) != 1)
		return -1;
	return n == left ? 0 : -1;
}

/* RFC 4303 section 2.2.1: the upper half is covered behind the packet. */
static int
run_mac(struct crypt *c, const uint8_t *esp, size_t len, uint32_t hi,
    uint8_t *icv)
{
	uint8_t tail[4];

	put32(tail, hi);
	return mac_icv(c->mac, esp, len, tail, c->esn ? sizeof(tail) : 0,
	    icv);
}

int
crypt_seal(struct crypt *c, uint8_t *esp, size_t len, uint32_t hi)
{
	if (c->mac == NULL)
		return aead_seal(c, esp, len, hi);
	if (run_cipher(c, esp, len, 1) == -1)
		return -1;
	return run_mac(c, esp, len, hi, esp + len);
}

int
crypt_open(struct crypt *c, uint8_t *esp, size_t len, uint32_t hi)
{
	uint8_t icv[CRYPT_ICV_MAX];

	if (c->mac == NULL)
		return aead_open(c, esp, len, hi);
	if (run_mac(c, esp, len, hi, icv) == -1 ||
	    CRYPTO_memcmp(icv, esp + len, c->icv_len) != 0)
		return -1;
	return run_cipher(c, esp, len, 0);
}

/* Past EVP_CIPHER_CTX_set_padding(), which would do it anew each packet. */
static int
no_padding(EVP_CIPHER_CTX *x)
{
	unsigned off = 0;
	OSSL_PARAM p[] = { OSSL_PARAM_construct_uint(
	    OSSL_CIPHER_PARAM_PADDING, &off), OSSL_PARAM_construct_end() };

	return EVP_CIPHER_CTX_set_params(x, p) == 1 ? 0 : -1;
}

/* The stream that an IV gives; nobody gets to see it. */
static bool
stream(struct crypt *c, bool seal, uint8_t out[16])
{
	uint8_t esp[CRYPT_HDR + NONCE_MAX], icv[CRYPT_ICV_MAX] = { 0 };
	int n;

	memset(esp, 0xa5, sizeof(esp));
	memset(out, 0, 16);
	return put_nonce(c, esp, seal ? NULL : icv) == 1 &&
	    EVP_CipherUpdate(c->x, out, &n, out, 16) == 1 && n == 16;
}

/* Whether this OpenSSL has put_direct(). */
static bool
knows_direct(struct crypt *c, bool seal)
{
	uint8_t want[16], got[16];
	bool same;

	if (c->alg->mode != ALG_M_GCM || !stream(c, seal, want))
		return false;
	c->direct = true;
	same = stream(c, seal, got) && memcmp(want, got, sizeof(got)) == 0;
	c->direct = false;
	secret_wipe(want, sizeof(want));
	secret_wipe(got, sizeof(got));
	return same;
}

/* Everything but the nonce is set here once. */
static int
key_cipher(struct crypt *c, const uint8_t *key, int enc)
{
	const struct alg *a = c->alg;

	if (a->mode == ALG_M_NULL)
		return 0;
	if ((c->x = EVP_CIPHER_CTX_new()) == NULL ||
	    EVP_CipherInit_ex2(c->x, suite_evp_cipher(a), NULL, NULL, enc,
	    NULL) != 1)
		return -1;
	if (a->mode == ALG_M_CCM && (EVP_CIPHER_CTX_ctrl(c->x,
	    EVP_CTRL_AEAD_SET_IVLEN, a->salt_len + a->iv_len, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c->x, EVP_CTRL_AEAD_SET_TAG, a->icv_len,
	    NULL) != 1))
		return -1;
	memcpy(c->nonce, key + a->key_len - a->salt_len, a->salt_len);
	if (a->mode == ALG_M_CTR)
		c->nonce[NONCE_MAX - 1] = 1;
	if (EVP_CipherInit_ex2(c->x, NULL, key, NULL, enc, NULL) != 1)
		return -1;
	return a->mode == ALG_M_CBC ? no_padding(c->x) : 0;
}

bool
crypt_usable(const struct alg *encr, const struct alg *integ,
    const char **why)
{
	if (!suite_pair_ok(encr, integ, ALG_PHASE2, why))
		return false;
	if (encr->mode != ALG_M_NULL && suite_evp_cipher(encr) == NULL) {
		*why = "encryption algorithm not available in user space";
		return false;
	}
	return true;
}

struct crypt *
crypt_new(const struct crypt_conf *conf)
{
	const char *why;
	struct crypt *c;

	if (!crypt_usable(conf->encr, conf->integ, &why) ||
	    (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->alg = conf->encr;
	c->esn = conf->esn;
	c->icv_len = crypt_icv_len(conf->encr, conf->integ);
	if (!(c->alg->flags & ALG_AEAD) &&
	    (c->mac = mac_new(conf->integ, conf->integ_key)) == NULL)
		goto fail;
	if (key_cipher(c, conf->encr_key, conf->seal) == -1)
		goto fail;
	c->direct = knows_direct(c, conf->seal);
	return c;
fail:
	crypt_free(c);
	return NULL;
}

void
crypt_free(struct crypt *c)
{
	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->x);
	mac_free(c->mac);
	secret_wipe(c, sizeof(*c));
	free(c);
}

size_t
crypt_icv_len(const struct alg *encr, const struct alg *integ)
{
	return encr->flags & ALG_AEAD || integ == NULL ? encr->icv_len :
	    integ->icv_len;
}
