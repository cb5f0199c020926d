#include "certd/keycheck.h"

#include "certd/decode.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPONENT_BITS_MAX	64

static bool
bad(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s", text);
	return false;
}

static bool
rsa_check(const EVP_PKEY *key, bool allow_weak, char *why, size_t size)
{
	BIGNUM *n = NULL, *e = NULL;
	int bits = EVP_PKEY_get_bits(key);
	bool ok = false;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
		(void)bad(why, size, "an RSA key without its numbers");
	else if (bits < (allow_weak ? KEY_BITS_WEAK : KEY_BITS_MIN))
		snprintf(why, size, "an RSA key of %d bits, at least %d are "
		    "wanted", bits, allow_weak ? KEY_BITS_WEAK :
		    KEY_BITS_MIN);
	else if (bits > KEY_BITS_MAX)
		snprintf(why, size, "an RSA key of %d bits, at most %d are "
		    "taken", bits, KEY_BITS_MAX);
	else if (!BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e) ||
	    BN_is_negative(e) || BN_num_bits(e) > EXPONENT_BITS_MAX)
		(void)bad(why, size, "an RSA key that is none (its exponent or "
		    "modulus is impossible)");
	else if (!allow_weak && BN_num_bits(e) < 17)
		(void)bad(why, size, "an RSA key with an exponent below "
		    "65537");
	else
		ok = true;
	BN_free(n);
	BN_free(e);
	return ok;
}

static const char *
curve_name(const EVP_PKEY *key)
{
	char name[64];

	if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
		return NULL;
	switch (OBJ_sn2nid(name)) {
	case NID_X9_62_prime256v1:
		return "P-256";
	case NID_secp384r1:
		return "P-384";
	case NID_secp521r1:
		return "P-521";
	default:
		return NULL;
	}
}

static bool
ec_check(const EVP_PKEY *key, char *why, size_t size)
{
	EVP_PKEY_CTX *ctx;
	int explicit = 0;
	bool ok;

	if (curve_name(key) == NULL)
		return bad(why, size, "an elliptic curve other than P-256, "
		    "P-384 and P-521");
	if (EVP_PKEY_get_int_param(key,
	    OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit) == 1 &&
	    explicit != 0)
		return bad(why, size, "a curve that is spelled out instead of "
		    "named");
	ctx = EVP_PKEY_CTX_new_from_pkey(decode_ctx(),
	    (EVP_PKEY *)(uintptr_t)key, NULL);
	ok = ctx != NULL && EVP_PKEY_public_check_quick(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok || bad(why, size, "a point that is not on its curve");
}

/*
 * Encodings of the points of small order: with such a key anybody can make
 * signatures that verify.  The sign bit is left out of the comparison.
 */
static const uint8_t small25519[][32] = {
	{ 0 },			/* y = 0 */
	{ 1 },			/* y = 1 */
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0x7f },		/* y = p - 1 */
	{ 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0x7f },		/* p, that is 0 */
	{ 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0x7f },		/* p + 1, that is 1 */
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	    0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc,
	    0x05 },		/* of order 8 */
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	    0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	    0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03,
	    0x7a },		/* of order 8 */
};

static bool
is_small25519(const uint8_t *key)
{
	uint8_t y[32];
	size_t i;

	memcpy(y, key, sizeof(y));
	y[31] &= 0x7f;
	for (i = 0; i < sizeof(small25519) / sizeof(small25519[0]); i++)
		if (memcmp(y, small25519[i], sizeof(y)) == 0)
			return true;
	return false;
}

/* Order 1, 2 or 4: y is 1, p - 1 or 0, or what is the same modulo p. */
static bool
is_small448(const uint8_t *key)
{
	/* p is 2^448 - 2^224 - 1: all ones but bit 224. */
	uint8_t p[56], y[56];
	size_t i;

	memcpy(y, key, sizeof(y));
	memset(p, 0xff, sizeof(p));
	p[28] = 0xfe;
	for (i = 1; i < sizeof(y) && y[i] == 0; i++)
		;
	if (i == sizeof(y) && y[0] <= 1)
		return true;
	if (memcmp(y, p, sizeof(y)) == 0)
		return true;
	p[0] = 0xfe;	/* p - 1 */
	if (memcmp(y, p, sizeof(y)) == 0)
		return true;
	memset(p, 0, 28);	/* p + 1 */
	memset(p + 28, 0xff, 28);
	return memcmp(y, p, sizeof(y)) == 0;
}

static bool
eddsa_check(const EVP_PKEY *key, char *why, size_t size)
{
	bool is25519 = EVP_PKEY_is_a(key, "ED25519");
	uint8_t raw[57];
	size_t len = sizeof(raw);

	if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1 ||
	    len != (is25519 ? 32u : 57u))
		return bad(why, size, "an Edwards key that cannot be read");
	if (is25519 ? is_small25519(raw) : is_small448(raw))
		return bad(why, size, "an Edwards key of small order");
	return true;
}

static const struct kind {
	const char *name;	/* as OpenSSL has it */
	const char *text;
} kinds[] = {
	{ "RSA", "RSA" },
	{ "RSA-PSS", "RSA-PSS" },
	{ "EC", "ECDSA" },
	{ "ED25519", "Ed25519" },
	{ "ED448", "Ed448" },
};

static const struct kind *
kind_of(const EVP_PKEY *key)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (EVP_PKEY_is_a(key, kinds[i].name))
			return &kinds[i];
	return NULL;
}

bool
key_check(const EVP_PKEY *key, bool allow_weak, char *why, size_t size)
{
	const struct kind *k = kind_of(key);

	if (k == NULL)
		return bad(why, size, "a key that is neither RSA, ECDSA, "
		    "Ed25519 nor Ed448");
	if (strncmp(k->name, "RSA", 3) == 0)
		return rsa_check(key, allow_weak, why, size);
	if (strcmp(k->name, "EC") == 0)
		return ec_check(key, why, size);
	return eddsa_check(key, why, size);
}

const char *
key_text(const EVP_PKEY *key, char *dst, size_t size)
{
	const struct kind *k = kind_of(key);
	const char *curve;

	if (k == NULL)
		snprintf(dst, size, "an unknown key");
	else if (strcmp(k->name, "EC") == 0)
		snprintf(dst, size, "%s %s", k->text,
		    (curve = curve_name(key)) != NULL ? curve :
		    "on another curve");
	else if (strncmp(k->name, "RSA", 3) == 0)
		snprintf(dst, size, "%s %d bits", k->text,
		    EVP_PKEY_get_bits(key));
	else
		snprintf(dst, size, "%s", k->text);
	return dst;
}
