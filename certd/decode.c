#include "certd/decode.h"

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define KEPT_MAX	15

static const char *const kinds[] = { "RSA", "RSA-PSS", "EC", "ED25519",
	"ED448" };

/* Ends with a row of zeros. */
static OSSL_ALGORITHM decoders[KEPT_MAX + 1], keys[KEPT_MAX + 1];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_PROVIDER *whole;	/* OpenSSL's default provider */
static OSSL_LIB_CTX *ctx;

/* names: "EC:id-ecPublicKey:1.2.840.10045.2.1" */
static bool
is_wanted(const char *names)
{
	size_t i, len = strcspn(names, ":");

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i]) == len &&
		    strncmp(kinds[i], names, len) == 0)
			return true;
	return false;
}

/* Copies what is of our kinds and, with text, has it among its properties. */
static bool
keep(OSSL_ALGORITHM *to, int operation, const char *text)
{
	const OSSL_ALGORITHM *a;
	size_t n = 0;
	int no_store;

	a = OSSL_PROVIDER_query_operation(whole, operation, &no_store);
	for (; a != NULL && a->algorithm_names != NULL && n < KEPT_MAX; a++)
		if (is_wanted(a->algorithm_names) && (text == NULL ||
		    strstr(a->property_definition, text) != NULL))
			to[n++] = *a;
	return n > 0;
}

static const OSSL_ALGORITHM *
query(void *provctx, int operation, int *no_store)
{
	(void)provctx;
	*no_store = 0;
	if (operation == OSSL_OP_DECODER)
		return decoders;
	if (operation == OSSL_OP_KEYMGMT)
		return keys;
	return OSSL_PROVIDER_query_operation(whole, operation, no_store);
}

/* A provider that is the default one but for what query() leaves out. */
static int
provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH calls[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ 0, NULL },
	};

	(void)handle;
	(void)in;
	*out = calls;
	*provctx = OSSL_PROVIDER_get0_provider_ctx(whole);
	return 1;
}

/* It is another library's inside that was taken apart: does it work? */
static bool
reads(OSSL_LIB_CTX *c)
{
	/* RFC 8410 section 10.1 */
	static const uint8_t der[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
		0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x19, 0xbf, 0x44, 0x09,
		0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc,
		0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb,
		0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1 };
	const uint8_t *p = der;
	EVP_PKEY *key = d2i_PUBKEY_ex(NULL, &p, sizeof(der), c, NULL);

	EVP_PKEY_free(key);
	return key != NULL;
}

static void
make(void)
{
	OSSL_LIB_CTX *c;

	if ((whole = OSSL_PROVIDER_load(NULL, "default")) == NULL ||
	    !keep(decoders, OSSL_OP_DECODER,
	    "input=der,structure=SubjectPublicKeyInfo") ||
	    !keep(keys, OSSL_OP_KEYMGMT, NULL) ||
	    (c = OSSL_LIB_CTX_new()) == NULL)
		return;
	if (OSSL_PROVIDER_add_builtin(c, "sallyport", provider_init) == 1 &&
	    OSSL_PROVIDER_load(c, "sallyport") != NULL && reads(c))
		ctx = c;
	else
		OSSL_LIB_CTX_free(c);
}

OSSL_LIB_CTX *
decode_ctx(void)
{
	(void)pthread_once(&once, make);
	return ctx;
}

X509 *
decode_cert(const struct part *der)
{
	X509 *x = X509_new_ex(decode_ctx(), NULL);
	const uint8_t *p = der->p;

	if (x != NULL && d2i_X509(&x, &p, (long)der->len) != NULL &&
	    p == (const uint8_t *)der->p + der->len)
		return x;
	X509_free(x);
	return NULL;
}

EVP_PKEY *
decode_pubkey(const struct part *der)
{
	const uint8_t *p = der->p;
	EVP_PKEY *key;

	key = d2i_PUBKEY_ex(NULL, &p, (long)der->len, decode_ctx(), NULL);
	if (key == NULL || p == (const uint8_t *)der->p + der->len)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}
