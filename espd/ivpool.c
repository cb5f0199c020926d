#include "espd/ivpool.h"

#include "lib/secret.h"
#include "lib/suite/evp.h"

#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

#define POOL		4096
#define IV_MAX		16

struct ivpool {
	EVP_CIPHER_CTX *x;
	size_t used;
	uint8_t iv[POOL];
};

static int
refill(struct ivpool *v)
{
	int n;

	memset(v->iv, 0, sizeof(v->iv));
	v->used = 0;
	return EVP_EncryptUpdate(v->x, v->iv, &n, v->iv, POOL) == 1 ? 0 : -1;
}

struct ivpool *
ivpool_new(void)
{
	const struct alg *ctr = suite_by_name(SUITE_ENCR, ALG_PHASE2,
	    "aes-128-ctr");
	struct ivpool *v = calloc(1, sizeof(*v));
	uint8_t key[32];
	int ok;

	if (v == NULL)
		return NULL;
	ok = (v->x = EVP_CIPHER_CTX_new()) != NULL &&
	    RAND_priv_bytes(key, sizeof(key)) == 1 &&
	    EVP_EncryptInit_ex2(v->x, suite_evp_cipher(ctr), key, key + 16,
	    NULL) == 1 && refill(v) == 0;
	secret_wipe(key, sizeof(key));
	if (!ok) {
		ivpool_free(v);
		return NULL;
	}
	return v;
}

void
ivpool_free(struct ivpool *v)
{
	if (v == NULL)
		return;
	EVP_CIPHER_CTX_free(v->x);
	secret_wipe(v, sizeof(*v));
	free(v);
}

int
ivpool_get(struct ivpool *v, uint8_t *iv, size_t n)
{
	if (n > IV_MAX || (v->used + n > POOL && refill(v) == -1))
		return -1;
	memcpy(iv, v->iv + v->used, n);
	v->used += n;
	return 0;
}
