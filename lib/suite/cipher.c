#include "lib/suite/cipher.h"

#include "lib/secret.h"
#include "lib/suite/run.h"

#include <openssl/err.h>

#include <string.h>

/* One call, taken apart for the mode functions. */
struct job {
	const struct alg *alg;
	EVP_CIPHER_CTX *ctx;
	const uint8_t *key;
	uint8_t nonce[CIPHER_IV_MAX];	/* as OpenSSL wants it */
	const void *aad;
	int aadlen;
	uint8_t *data;
	int len;
	uint8_t *icv;
	int enc;
};

/* CBC and CTR. */
static int
run_plain(struct job *j)
{
	int n = 0;

	if (EVP_CipherInit_ex2(j->ctx, NULL, j->key, j->nonce, j->enc,
	    NULL) != 1 || EVP_CIPHER_CTX_set_padding(j->ctx, 0) != 1 ||
	    EVP_CipherUpdate(j->ctx, j->data, &n, j->data, j->len) != 1)
		return -1;
	return n == j->len ? 0 : -1;
}

static int
set_icv(struct job *j)
{
	return EVP_CIPHER_CTX_ctrl(j->ctx, EVP_CTRL_AEAD_SET_TAG,
	    j->alg->icv_len, j->icv) == 1 ? 0 : -1;
}

static int
get_icv(struct job *j)
{
	return EVP_CIPHER_CTX_ctrl(j->ctx, EVP_CTRL_AEAD_GET_TAG,
	    j->alg->icv_len, j->icv) == 1 ? 0 : -1;
}

static int
put_aad(struct job *j)
{
	int n;

	if (j->aadlen == 0)
		return 0;
	return EVP_CipherUpdate(j->ctx, NULL, &n, j->aad, j->aadlen) == 1 ?
	    0 : -1;
}

/* GCM and ChaCha20-Poly1305. */
static int
run_aead(struct job *j)
{
	uint8_t rest[CIPHER_IV_MAX];
	int n = 0;

	if (EVP_CipherInit_ex2(j->ctx, NULL, j->key, j->nonce, j->enc,
	    NULL) != 1 || put_aad(j) == -1)
		return -1;
	if (!j->enc && set_icv(j) == -1)
		return -1;
	if (EVP_CipherUpdate(j->ctx, j->data, &n, j->data, j->len) != 1 ||
	    n != j->len || EVP_CipherFinal_ex(j->ctx, rest, &n) != 1)
		return -1;
	return j->enc ? get_icv(j) : 0;
}

/* CCM wants all lengths, and the ICV to check, beforehand. */
static int
run_ccm(struct job *j)
{
	int n = 0;

	if (EVP_CipherInit_ex2(j->ctx, NULL, NULL, NULL, j->enc, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(j->ctx, EVP_CTRL_AEAD_SET_IVLEN,
	    j->alg->salt_len + j->alg->iv_len, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(j->ctx, EVP_CTRL_AEAD_SET_TAG,
	    j->alg->icv_len, j->enc ? NULL : j->icv) != 1 ||
	    EVP_CipherInit_ex2(j->ctx, NULL, j->key, j->nonce, j->enc,
	    NULL) != 1 ||
	    EVP_CipherUpdate(j->ctx, NULL, &n, NULL, j->len) != 1 ||
	    put_aad(j) == -1 ||
	    EVP_CipherUpdate(j->ctx, j->data, &n, j->data, j->len) != 1 ||
	    n != j->len)
		return -1;
	return j->enc ? get_icv(j) : 0;
}

static const struct {
	int (*run)(struct job *);
} modes[ALG_M_COUNT] = {
	[ALG_M_CBC] = { run_plain },
	[ALG_M_CTR] = { run_plain },
	[ALG_M_GCM] = { run_aead },
	[ALG_M_CHACHA] = { run_aead },
	[ALG_M_CCM] = { run_ccm },
};

/* RFC 3686 section 4, RFC 4106 section 4, RFC 4309 section 4: salt, then IV. */
static void
make_nonce(struct job *j, const uint8_t *iv)
{
	const struct alg *a = j->alg;

	memcpy(j->nonce, j->key + a->key_len - a->salt_len, a->salt_len);
	memcpy(j->nonce + a->salt_len, iv, a->iv_len);
	if (a->mode == ALG_M_CTR)
		j->nonce[15] = 1;
}

static int
run_job(struct job *j, const uint8_t *iv, size_t aadlen, size_t len)
{
	const struct alg *a = j->alg;
	int rv;

	if (a->kind != SUITE_ENCR || len > CIPHER_LEN_MAX ||
	    aadlen > CIPHER_LEN_MAX || len % a->block != 0)
		return -1;
	if (a->mode == ALG_M_NULL)
		return 0;
	/* An empty text never occurs: a pad length is always there. */
	if (len == 0)
		return -1;
	if (modes[a->mode].run == NULL || (j->ctx = run_cipher_ctx(a)) == NULL)
		return -1;
	j->aadlen = (int)aadlen;
	j->len = (int)len;
	make_nonce(j, iv);
	if ((rv = modes[a->mode].run(j)) == -1)
		ERR_clear_error();
	secret_wipe(j->nonce, sizeof(j->nonce));
	return rv;
}

int
cipher_seal(const struct alg *a, const uint8_t *key, const uint8_t *iv,
    const void *aad, size_t aadlen, uint8_t *data, size_t len, uint8_t *icv)
{
	struct job j = { .alg = a, .key = key, .aad = aad, .data = data,
		.icv = icv, .enc = 1 };

	return run_job(&j, iv, aadlen, len);
}

int
cipher_open(const struct alg *a, const uint8_t *key, const uint8_t *iv,
    const void *aad, size_t aadlen, uint8_t *data, size_t len,
    const uint8_t *icv)
{
	uint8_t tag[CIPHER_ICV_MAX];
	struct job j = { .alg = a, .key = key, .aad = aad, .data = data,
		.icv = tag };

	if (a->icv_len > 0)
		memcpy(tag, icv, a->icv_len);
	if (run_job(&j, iv, aadlen, len) == 0)
		return 0;
	if (len <= CIPHER_LEN_MAX)
		memset(data, 0, len);
	return -1;
}
