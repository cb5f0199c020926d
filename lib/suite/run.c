#include "lib/suite/run.h"

#include "lib/suite/evp.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX	96

/* Written by suite_init alone, read by all threads. */
static struct {
	bool done;
	bool usable[ROWS_MAX];
	EVP_CIPHER *cipher[ROWS_MAX];
	EVP_PKEY *group[ROWS_MAX];
	EVP_MAC *hmac;
	EVP_MAC *cmac;
	EVP_MD *md[HASH_SHA512 + 1];
	pthread_key_t key;
} run;

struct cache {
	EVP_CIPHER_CTX *cipher[ROWS_MAX];
	EVP_MAC_CTX *mac[ROWS_MAX];
	EVP_MD_CTX *md;
};

static _Thread_local struct cache *cache;

static const char *const md_names[] = { [HASH_MD5] = "MD5",
	[HASH_SHA1] = "SHA1",
	[HASH_SHA256] = "SHA256",
	[HASH_SHA384] = "SHA384",
	[HASH_SHA512] = "SHA512" };

/* Freeing a context is OpenSSL's way to wipe the key in it. */
static void
cache_free(void *arg)
{
	struct cache *c = arg;

	for (size_t i = 0; i < suite_rows; i++) {
		EVP_CIPHER_CTX_free(c->cipher[i]);
		EVP_MAC_CTX_free(c->mac[i]);
	}
	EVP_MD_CTX_free(c->md);
	free(c);
}

void
suite_forget(void)
{
	if (cache == NULL)
		return;
	(void)pthread_setspecific(run.key, NULL);
	cache_free(cache);
	cache = NULL;
}

static struct cache *
cache_get(void)
{
	if (cache != NULL)
		return cache;
	if ((cache = calloc(1, sizeof(*cache))) == NULL)
		return NULL;
	if (pthread_setspecific(run.key, cache) != 0) {
		free(cache);
		cache = NULL;
	}
	return cache;
}

EVP_CIPHER_CTX *
run_cipher_ctx(const struct alg *a)
{
	struct cache *c = cache_get();
	uint16_t row = suite_row_of(a);
	EVP_CIPHER_CTX *x;

	if (c == NULL || run.cipher[row] == NULL)
		return NULL;
	if (c->cipher[row] != NULL)
		return c->cipher[row];
	if ((x = EVP_CIPHER_CTX_new()) == NULL ||
	    EVP_CipherInit_ex2(x, run.cipher[row], NULL, NULL, 1, NULL) != 1) {
		EVP_CIPHER_CTX_free(x);
		return NULL;
	}
	return c->cipher[row] = x;
}

EVP_CIPHER *
suite_evp_cipher(const struct alg *a)
{
	return suite_usable(a) ? run.cipher[suite_row_of(a)] : NULL;
}

static EVP_MAC_CTX *
mac_ctx_new(const struct alg *a)
{
	EVP_MAC_CTX *x;
	OSSL_PARAM p[2] = { OSSL_PARAM_END, OSSL_PARAM_END };
	const char *what = OSSL_MAC_PARAM_DIGEST;
	char name[32];

	if (a->mode == ALG_M_CMAC)
		what = OSSL_MAC_PARAM_CIPHER;
	strncpy(name, a->ossl, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	p[0] = OSSL_PARAM_construct_utf8_string(what, name, 0);
	x = EVP_MAC_CTX_new(a->mode == ALG_M_CMAC ? run.cmac : run.hmac);
	if (x == NULL || EVP_MAC_CTX_set_params(x, p) != 1) {
		EVP_MAC_CTX_free(x);
		return NULL;
	}
	return x;
}

EVP_MAC_CTX *
run_mac_ctx(const struct alg *a)
{
	struct cache *c = cache_get();
	uint16_t row = suite_row_of(a);

	if (c == NULL || !run.usable[row])
		return NULL;
	if (c->mac[row] == NULL)
		c->mac[row] = mac_ctx_new(a);
	return c->mac[row];
}

EVP_MD_CTX *
run_md_ctx(void)
{
	struct cache *c = cache_get();

	if (c == NULL)
		return NULL;
	if (c->md == NULL)
		c->md = EVP_MD_CTX_new();
	return c->md;
}

EVP_MD *
run_md(enum hash_id h)
{
	return run.md[h];
}

EVP_PKEY *
run_group(const struct alg *a)
{
	return run.group[suite_row_of(a)];
}

bool
suite_usable(const struct alg *a)
{
	return run.usable[suite_row_of(a)];
}

/*
 * DES lives in the legacy provider, which goes into a library context of its
 * own: in the default one it would offer MD4 and friends to everybody.
 */
static OSSL_LIB_CTX *
legacy_ctx(void)
{
	static OSSL_LIB_CTX *ctx;
	static bool tried;

	if (tried)
		return ctx;
	tried = true;
	if ((ctx = OSSL_LIB_CTX_new()) == NULL)
		return NULL;
	if (OSSL_PROVIDER_load(ctx, "legacy") == NULL) {
		OSSL_LIB_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static bool
get_cipher(const struct alg *a, uint16_t row)
{
	OSSL_LIB_CTX *old;
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, a->ossl, NULL);

	if (c == NULL && (old = legacy_ctx()) != NULL)
		c = EVP_CIPHER_fetch(old, a->ossl, NULL);
	if (c == NULL)
		return false;
	run.cipher[row] = c;
	/* XCBC rows are built on ECB, which has no IV. */
	return EVP_CIPHER_get_key_length(c) == a->key_len - a->salt_len &&
	    (a->mode != ALG_M_CBC ||
	    EVP_CIPHER_get_iv_length(c) == a->iv_len);
}

static bool
get_mac(const struct alg *a, uint16_t row)
{
	static const uint8_t zero[PRF_MAX];
	EVP_MAC_CTX *x;
	bool ok;

	(void)row;
	if (run.hmac == NULL)
		run.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (run.cmac == NULL)
		run.cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	if (run.hmac == NULL || run.cmac == NULL)
		return false;
	x = mac_ctx_new(a);
	ok = x != NULL && EVP_MAC_init(x, zero, a->key_len, NULL) == 1 &&
	    EVP_MAC_CTX_get_mac_size(x) == a->out_len;
	EVP_MAC_CTX_free(x);
	return ok;
}

/* OpenSSL has the numbers of groups 1 and 2, but no names for them. */
static EVP_PKEY *
old_modp(const struct alg *a)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	BIGNUM *p = a->bits == 768 ? BN_get_rfc2409_prime_768(NULL) :
	    BN_get_rfc2409_prime_1024(NULL);
	BIGNUM *g = BN_new();

	if (x == NULL || b == NULL || p == NULL || g == NULL ||
	    BN_set_word(g, 2) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_FFC_P, p) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_FFC_G, g) != 1 ||
	    (params = OSSL_PARAM_BLD_to_param(b)) == NULL ||
	    EVP_PKEY_fromdata_init(x) != 1 ||
	    EVP_PKEY_fromdata(x, &pkey, EVP_PKEY_KEY_PARAMETERS, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	BN_free(p);
	BN_free(g);
	EVP_PKEY_CTX_free(x);
	return pkey;
}

static EVP_PKEY *
named_group(const char *type, const char *name)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	char copy[32];
	OSSL_PARAM p[2];

	strncpy(copy, name, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	p[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
	    copy, 0);
	p[1] = OSSL_PARAM_construct_end();
	if (x == NULL || EVP_PKEY_fromdata_init(x) != 1 ||
	    EVP_PKEY_fromdata(x, &pkey, EVP_PKEY_KEY_PARAMETERS, p) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(x);
	return pkey;
}

static bool
get_group(const struct alg *a, uint16_t row)
{
	EVP_PKEY *g;

	if (a->mode == ALG_M_MODP && a->bits < 1536)
		g = old_modp(a);
	else
		g = named_group(a->mode == ALG_M_ECP ? "EC" : "DH", a->ossl);
	run.group[row] = g;
	return g != NULL && EVP_PKEY_get_bits(g) == a->bits;
}

static bool
get_xdh(const struct alg *a, uint16_t row)
{
	EVP_KEYMGMT *m = EVP_KEYMGMT_fetch(NULL, a->ossl, NULL);

	(void)row;
	EVP_KEYMGMT_free(m);
	return m != NULL;
}

static bool
get_nothing(const struct alg *a, uint16_t row)
{
	(void)a;
	(void)row;
	return true;
}

/* clang-format off */
static bool (*const getters[ALG_M_COUNT])(const struct alg *, uint16_t) = {
	[ALG_M_NONE] = get_nothing,	[ALG_M_NULL] = get_nothing,
	[ALG_M_CBC] = get_cipher,	[ALG_M_CTR] = get_cipher,
	[ALG_M_GCM] = get_cipher,	[ALG_M_CCM] = get_cipher,
	[ALG_M_CHACHA] = get_cipher,	[ALG_M_XCBC] = get_cipher,
	[ALG_M_HMAC] = get_mac,		[ALG_M_CMAC] = get_mac,
	[ALG_M_MODP] = get_group,	[ALG_M_ECP] = get_group,
	[ALG_M_XDH] = get_xdh,
};
/* clang-format on */

/* Weak algorithms may be absent, for example from a FIPS build. */
static const char *
fetch_rows(void)
{
	for (uint16_t i = 0; i < suite_rows; i++) {
		const struct alg *a = &suite_table[i];

		if (a->ossl == NULL && a->kernel != NULL) {
			run.usable[i] = true;
			continue;
		}
		run.usable[i] = getters[a->mode](a, i);
		if (!run.usable[i] && !(a->flags & ALG_WEAK))
			return a->log;
	}
	return NULL;
}

static int
init_once(const char **why)
{
	uint8_t warm[16];
	const char *lacks;

	if (suite_rows > ROWS_MAX) {
		*why = "algorithm table is larger than its cache";
		return -1;
	}
	for (enum hash_id h = HASH_MD5; h <= HASH_SHA512; h++)
		run.md[h] = EVP_MD_fetch(NULL, md_names[h], NULL);
	if (run.md[HASH_SHA1] == NULL) {
		*why = "OpenSSL lacks SHA1";
		return -1;
	}
	if ((lacks = fetch_rows()) != NULL) {
		*why = lacks;
		return -1;
	}
	/* The first random bytes open the system's source. */
	if (RAND_bytes(warm, sizeof(warm)) != 1 ||
	    RAND_priv_bytes(warm, sizeof(warm)) != 1) {
		*why = "OpenSSL has no random numbers";
		return -1;
	}
	if (pthread_key_create(&run.key, cache_free) != 0) {
		*why = "no thread-specific memory";
		return -1;
	}
	ERR_clear_error();
	return 0;
}

int
suite_init(const char **why)
{
	if (run.done)
		return 0;
	if (init_once(why) == -1)
		return -1;
	run.done = true;
	return 0;
}
