#include "lib/suite/ke.h"

#include "lib/suite/run.h"

#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

struct ke_priv {
	const struct alg *group;
	EVP_PKEY *pkey;
	uint8_t pub[];		/* group->pub_len bytes */
};

/*
 * A private value of these two is any string of bytes (RFC 7748 section 5),
 * so the generation machinery of OpenSSL is not needed.
 */
static EVP_PKEY *
xdh_keygen(const struct alg *g)
{
	uint8_t k[64];
	EVP_PKEY *pkey = NULL;

	if (RAND_priv_bytes(k, g->out_len) == 1)
		pkey = EVP_PKEY_new_raw_private_key_ex(NULL, g->ossl, NULL, k,
		    g->out_len);
	secret_wipe(k, sizeof(k));
	return pkey;
}

/*
 * The named groups bring a length for the private value.  Groups 1 and 2 are
 * unknown by name to OpenSSL, which would make one as long as the modulus.
 */
static int
set_priv_len(EVP_PKEY_CTX *x, const struct alg *g)
{
	int bits = 224;
	OSSL_PARAM p[2];

	if (g->mode != ALG_M_MODP || g->bits >= 1536)
		return 1;
	p[0] = OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_DH_PRIV_LEN, &bits);
	p[1] = OSSL_PARAM_construct_end();
	return EVP_PKEY_CTX_set_params(x, p);
}

static EVP_PKEY *
params_keygen(const struct alg *g)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *x =
	    EVP_PKEY_CTX_new_from_pkey(NULL, run_group(g), NULL);

	if (x == NULL || EVP_PKEY_keygen_init(x) != 1 ||
	    set_priv_len(x, g) != 1 || EVP_PKEY_generate(x, &pkey) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(x);
	return pkey;
}

static int
xdh_public(struct ke_priv *p)
{
	size_t n = p->group->pub_len;

	return EVP_PKEY_get_raw_public_key(p->pkey, p->pub, &n) == 1 &&
	    n == p->group->pub_len ? 0 : -1;
}

static int
modp_public(struct ke_priv *p)
{
	unsigned char *enc = NULL;
	size_t n = EVP_PKEY_get1_encoded_public_key(p->pkey, &enc);
	int rv = -1;

	/* OpenSSL pads it to the length of the modulus. */
	if (n == p->group->pub_len) {
		memcpy(p->pub, enc, n);
		rv = 0;
	}
	OPENSSL_free(enc);
	return rv;
}

/* RFC 5903 section 7: x and y alone, without the octet that says so. */
static int
ecp_public(struct ke_priv *p)
{
	unsigned char *enc = NULL;
	size_t n = EVP_PKEY_get1_encoded_public_key(p->pkey, &enc);
	int rv = -1;

	if (n == p->group->pub_len + 1u && enc[0] == 4) {
		memcpy(p->pub, enc + 1, n - 1);
		rv = 0;
	}
	OPENSSL_free(enc);
	return rv;
}

static EVP_PKEY *
xdh_peer(const struct ke_priv *p, const uint8_t *v, const char **why)
{
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(NULL, p->group->ossl,
	    NULL, v, p->group->pub_len);

	if (peer == NULL)
		*why = "public value refused";
	return peer;
}

/* Takes v as public value in the domain of p's key. */
static EVP_PKEY *
encoded_peer(const struct ke_priv *p, const uint8_t *v, size_t len)
{
	EVP_PKEY *peer = EVP_PKEY_new();

	if (peer == NULL ||
	    EVP_PKEY_copy_parameters(peer, run_group(p->group)) != 1 ||
	    EVP_PKEY_set1_encoded_public_key(peer, v, len) != 1) {
		EVP_PKEY_free(peer);
		return NULL;
	}
	return peer;
}

/*
 * RFC 6989 section 2.1: for safe primes, 1 < v < p-1 is enough.  OpenSSL's
 * full check would cost several times what the exchange itself costs.
 */
static EVP_PKEY *
modp_peer(const struct ke_priv *p, const uint8_t *v, const char **why)
{
	EVP_PKEY *peer = encoded_peer(p, v, p->group->pub_len);
	EVP_PKEY_CTX *x = peer == NULL ? NULL :
	    EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL);

	if (x == NULL || EVP_PKEY_public_check_quick(x) != 1) {
		*why = "public value outside 2..p-2";
		EVP_PKEY_free(peer);
		peer = NULL;
	}
	EVP_PKEY_CTX_free(x);
	return peer;
}

/* RFC 6989 section 2.3: OpenSSL takes no point that is not on the curve. */
static EVP_PKEY *
ecp_peer(const struct ke_priv *p, const uint8_t *v, const char **why)
{
	uint8_t point[1 + 2 * 66];
	EVP_PKEY *peer;

	point[0] = 4;
	memcpy(point + 1, v, p->group->pub_len);
	peer = encoded_peer(p, point, p->group->pub_len + 1u);
	if (peer == NULL)
		*why = "public value is not a point of the curve";
	return peer;
}

static const struct {
	EVP_PKEY *(*keygen)(const struct alg *);
	int (*pub)(struct ke_priv *);
	EVP_PKEY *(*peer)(const struct ke_priv *, const uint8_t *,
	    const char **);
} modes[ALG_M_COUNT] = {
	[ALG_M_MODP] = { params_keygen, modp_public, modp_peer },
	[ALG_M_ECP] = { params_keygen, ecp_public, ecp_peer },
	[ALG_M_XDH] = { xdh_keygen, xdh_public, xdh_peer },
};

struct ke_priv *
ke_adopt(const struct alg *g, EVP_PKEY *pkey)
{
	struct ke_priv *p = calloc(1, sizeof(*p) + g->pub_len);

	if (p == NULL) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	p->group = g;
	p->pkey = pkey;
	if (modes[g->mode].pub(p) == -1) {
		ke_free(p);
		return NULL;
	}
	return p;
}

struct ke_priv *
ke_new(const struct alg *g)
{
	EVP_PKEY *pkey;

	if (g->kind != SUITE_KE || modes[g->mode].keygen == NULL ||
	    !suite_usable(g))
		return NULL;
	if ((pkey = modes[g->mode].keygen(g)) == NULL) {
		ERR_clear_error();
		return NULL;
	}
	return ke_adopt(g, pkey);
}

void
ke_free(struct ke_priv *p)
{
	if (p == NULL)
		return;
	EVP_PKEY_free(p->pkey);
	free(p);
}

const struct alg *
ke_group(const struct ke_priv *p)
{
	return p->group;
}

const uint8_t *
ke_public(const struct ke_priv *p, size_t *len)
{
	*len = p->group->pub_len;
	return p->pub;
}

static int
agree(struct ke_priv *p, EVP_PKEY *peer, struct secret *out, const char **why)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_pkey(NULL, p->pkey, NULL);
	struct secret s = { 0 };
	size_t n = p->group->out_len;
	int rv = -1;

	if (x == NULL || secret_alloc(&s, n) == -1 ||
	    EVP_PKEY_derive_init(x) != 1 ||
	    (p->group->mode == ALG_M_MODP &&
	    EVP_PKEY_CTX_set_dh_pad(x, 1) != 1) ||
	    EVP_PKEY_derive_set_peer_ex(x, peer, 0) != 1)
		*why = "key agreement could not be set up";
	else if (EVP_PKEY_derive(x, s.data, &n) != 1 || n != s.len)
		*why = "public value yields no usable secret";
	else {
		secret_move(out, &s);
		rv = 0;
	}
	secret_free(&s);
	EVP_PKEY_CTX_free(x);
	return rv;
}

int
ke_derive(struct ke_priv *p, const void *v, size_t len, struct secret *out,
    const char **why)
{
	EVP_PKEY *peer;
	int rv = -1;

	if (len != p->group->pub_len) {
		*why = "public value has the wrong length for its group";
		return -1;
	}
	if ((peer = modes[p->group->mode].peer(p, v, why)) != NULL)
		rv = agree(p, peer, out, why);
	if (rv == -1)
		ERR_clear_error();
	EVP_PKEY_free(peer);
	return rv;
}
