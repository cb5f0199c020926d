/* Signatures of AUTH payloads, each kind of key and method both ways. */
#include "certd/decode.h"
#include "certd/keycheck.h"
#include "certd/sign.h"

#include "cert_util.h"

#include <check.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_HASHES	(SIGN_HASH(2) | SIGN_HASH(3) | SIGN_HASH(4) |	\
			    SIGN_HASH_IDENTITY)

static const uint8_t text[] = "octets of RFC 7296 section 2.15, named parts";
static const struct part octets = { text, sizeof(text) };

/* Once, for all the processes of the tests. */
static void
setup(void)
{
	static const char *const kinds[] = { "rsa", "pss", "p256", "p384",
		"p521", "ed25519", "ed448" };
	const char *why;
	size_t i;

	ck_assert_int_eq(suite_init(&why), 0);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		(void)key(kinds[i], 0);
		(void)key(kinds[i], 1);
	}
	(void)key("rsa-e3", 0);
}

static const struct choice {
	const char *kind;
	uint16_t hashes;
	bool pss;
	uint8_t method;
	const char *name;	/* NULL: there is none */
} choices[] = {
	{ "rsa", ALL_HASHES, false, 14, "RSA with SHA2-256" },
	{ "rsa", SIGN_HASH(4), false, 14, "RSA with SHA2-512" },
	{ "rsa", ALL_HASHES, true, 14, "RSASSA-PSS with SHA2-256" },
	{ "rsa", SIGN_HASH(3), true, 14, "RSASSA-PSS with SHA2-384" },
	{ "rsa", 0, false, 1, "RSA with SHA-1 (classic)" },
	/* SHA-1 alone is no reason for RFC 7427 */
	{ "rsa", SIGN_HASH(1), false, 1, "RSA with SHA-1 (classic)" },
	{ "pss", ALL_HASHES, false, 14, "RSASSA-PSS with SHA2-256" },
	{ "pss", 0, false, 0, NULL },
	{ "p256", ALL_HASHES, false, 14, "ECDSA with SHA2-256" },
	{ "p256", SIGN_HASH(4), false, 14, "ECDSA with SHA2-512" },
	{ "p256", 0, false, 9, "ECDSA-256 (classic)" },
	{ "p384", ALL_HASHES, false, 14, "ECDSA with SHA2-384" },
	{ "p384", SIGN_HASH(2), false, 14, "ECDSA with SHA2-256" },
	{ "p384", 0, false, 10, "ECDSA-384 (classic)" },
	{ "p521", ALL_HASHES, false, 14, "ECDSA with SHA2-512" },
	{ "p521", 0, false, 11, "ECDSA-521 (classic)" },
	{ "ed25519", ALL_HASHES, false, 14, "Ed25519" },
	{ "ed25519", SIGN_HASH(2), false, 0, NULL },
	{ "ed25519", 0, false, 0, NULL },
	{ "ed448", ALL_HASHES, false, 14, "Ed448" },
	{ "ed448", 0, false, 0, NULL },
};

static int
verify(uint8_t method, const void *p, size_t len, EVP_PKEY *k,
    const struct part *what, char why[SIGN_WHY_MAX])
{
	const struct part auth = { p, len };
	const struct sign_row *row;

	why[0] = '\0';
	return sign_verify(method, &auth, k, what, false, &row, why);
}

START_TEST(chosen_made_verified)
{
	const struct choice *c = &choices[_i];
	EVP_PKEY *k = key(c->kind, 0);
	const struct sign_row *row, *used;
	char why[SIGN_WHY_MAX];
	struct part auth, other;
	uint8_t *bad;
	struct buf b;
	size_t i;

	row = sign_choose(k, c->hashes, c->pss, why);
	if (c->name == NULL) {
		ck_assert_ptr_null(row);
		ck_assert_ptr_nonnull(strstr(why, "cannot sign"));
		return;
	}
	ck_assert_ptr_nonnull(row);
	ck_assert_str_eq(sign_name(row), c->name);
	ck_assert_uint_eq(sign_method(row), c->method);
	buf_init(&b, SIGN_MAX);
	ck_assert_int_eq(sign_make(row, k, &octets, &b), 0);
	auth = (struct part){ b.data, b.len };
	ck_assert_int_eq(sign_verify(c->method, &auth, k, &octets, false,
	    &used, why), 0);
	ck_assert_ptr_eq(used, row);

	/* Not with other octets, another key, any other method. */
	other = (struct part){ text, sizeof(text) - 1 };
	ck_assert_int_eq(verify(c->method, b.data, b.len, k, &other, why),
	    -1);
	ck_assert_str_ne(why, "");
	ck_assert_int_eq(verify(c->method, b.data, b.len, key(c->kind, 1),
	    &octets, why), -1);
	for (i = 0; i < 256; i++)
		if (i != c->method)
			ck_assert_int_eq(verify((uint8_t)i, b.data, b.len, k,
			    &octets, why), -1);
	/* Nor with any byte changed, cut off or added. */
	bad = malloc(b.len + 1);
	for (i = 0; i < b.len; i++) {
		memcpy(bad, b.data, b.len);
		bad[i] ^= 1;
		ck_assert_int_eq(verify(c->method, bad, b.len, k, &octets,
		    why), -1);
		ck_assert_str_ne(why, "");
		ck_assert_int_eq(verify(c->method, b.data, i, k, &octets,
		    why), -1);
	}
	memcpy(bad, b.data, b.len);
	bad[b.len] = 0;
	ck_assert_int_eq(verify(c->method, bad, b.len + 1, k, &octets, why),
	    -1);
	free(bad);
	buf_free(&b);
}
END_TEST

/* By EVP alone: what we make, others verify; what others make, we do. */
static int
evp_verify(EVP_PKEY *k, const char *md, bool pss, const uint8_t *sig,
    size_t len)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pc;
	int r;

	ck_assert_int_eq(EVP_DigestVerifyInit_ex(c, &pc, md, NULL, NULL, k,
	    NULL), 1);
	if (pss) {
		EVP_PKEY_CTX_set_rsa_padding(pc, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, RSA_PSS_SALTLEN_AUTO);
	}
	r = EVP_DigestVerify(c, sig, len, text, sizeof(text));
	EVP_MD_CTX_free(c);
	return r;
}

static size_t
evp_sign(EVP_PKEY *k, const char *md, int salt, uint8_t *sig)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pc;
	size_t len = SIGN_MAX;

	ck_assert_int_eq(EVP_DigestSignInit_ex(c, &pc, md, NULL, NULL, k,
	    NULL), 1);
	if (salt >= 0) {
		EVP_PKEY_CTX_set_rsa_padding(pc, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, salt);
	}
	ck_assert_int_eq(EVP_DigestSign(c, sig, &len, text, sizeof(text)), 1);
	EVP_MD_CTX_free(c);
	return len;
}

START_TEST(others_verify_ours)
{
	static const struct {
		const char *kind;
		bool pss;
		const char *md;
		uint8_t alg;	/* bytes of the AlgorithmIdentifier */
	} cases[] = { { "rsa", false, "SHA256", 15 },
	    { "rsa", true, "SHA256", 67 }, { "p256", false, "SHA256", 12 },
	    { "p384", false, "SHA384", 12 }, { "p521", false, "SHA512", 12 },
	    { "ed25519", false, NULL, 7 }, { "ed448", false, NULL, 7 } };
	char why[SIGN_WHY_MAX];
	struct buf b;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EVP_PKEY *k = key(cases[i].kind, 0);

		buf_init(&b, SIGN_MAX);
		ck_assert_int_eq(sign_make(sign_choose(k, ALL_HASHES,
		    cases[i].pss, why), k, &octets, &b), 0);
		ck_assert_uint_eq(b.data[0], cases[i].alg);
		ck_assert_int_eq(evp_verify(k, cases[i].md, cases[i].pss,
		    b.data + 1 + cases[i].alg, b.len - 1 - cases[i].alg), 1);
		buf_free(&b);
	}
}
END_TEST

/* AlgorithmIdentifiers as others write them: RFC 7427 appendix A, and what
 * strongSwan sends. */
static const struct blob {
	const char *kind;
	const char *md;
	int salt;		/* -1: not PSS */
	const char *der;	/* hexadecimal */
	const char *why;	/* NULL: verifies */
} blobs[] = {
	{ "rsa", "SHA256", -1, "300d06092a864886f70d01010b0500", NULL },
	{ "rsa", "SHA384", -1, "300d06092a864886f70d01010c0500", NULL },
	{ "rsa", "SHA512", -1, "300d06092a864886f70d01010d0500", NULL },
	{ "rsa", "SHA1", -1, "300d06092a864886f70d0101050500", "weak" },
	/* without the NULL, with something behind it */
	{ "rsa", "SHA256", -1, "300b06092a864886f70d01010b", "unknown" },
	{ "rsa", "SHA256", -1, "300d06092a864886f70d01010b050000",
	  "unknown" },
	{ "p256", "SHA256", -1, "300a06082a8648ce3d040302", NULL },
	{ "p256", "SHA384", -1, "300a06082a8648ce3d040303", NULL },
	{ "p384", "SHA512", -1, "300a06082a8648ce3d040304", NULL },
	{ "p256", "SHA1", -1, "300906072a8648ce3d0401", "weak" },
	/* A.4.3 and the forms with defaults left out */
	{ "rsa", "SHA256", 32, "304606092a864886f70d01010a3039a00f300d060960"
	  "8648016503040201" "0500a11c301a06092a864886f70d010108300d06096086"
	  "48016503040201" "0500a203020120a303020101", NULL },
	{ "rsa", "SHA256", 32, "304106092a864886f70d01010a3034a00f300d060960"
	  "8648016503040201" "0500a11c301a06092a864886f70d010108300d06096086"
	  "48016503040201" "0500a203020120", NULL },
	{ "rsa", "SHA256", 32, "303d06092a864886f70d01010a3030a00d300b060960"
	  "8648016503040201" "a11a301806092a864886f70d010108300b0609608648"
	  "016503040201" "a203020120", NULL },
	{ "rsa", "SHA512", 64, "304106092a864886f70d01010a3034a00f300d060960"
	  "8648016503040203" "0500a11c301a06092a864886f70d010108300d06096086"
	  "48016503040203" "0500a203020140", NULL },
	{ "pss", "SHA384", 48, "304106092a864886f70d01010a3034a00f300d060960"
	  "8648016503040202" "0500a11c301a06092a864886f70d010108300d06096086"
	  "48016503040202" "0500a203020130", NULL },
	/* A.4.1 and A.4.2: SHA-1 */
	{ "rsa", "SHA1", 20, "300d06092a864886f70d01010a3000", "unknown" },
	/* another salt than the parameters say */
	{ "rsa", "SHA256", 20, "304106092a864886f70d01010a3034a00f300d060960"
	  "8648016503040201" "0500a11c301a06092a864886f70d010108300d06096086"
	  "48016503040201" "0500a203020120", "does not verify" },
	{ "ed25519", NULL, -1, "300506032b6570", NULL },
	{ "ed448", NULL, -1, "300506032b6571", NULL },
	/* not what the key is for */
	{ "ed25519", NULL, -1, "300506032b6571", "does not go with" },
	{ "p256", "SHA256", -1, "300d06092a864886f70d01010b0500",
	  "does not go with" },
	{ "rsa", "SHA256", -1, "300a06082a8648ce3d040302",
	  "does not go with" },
	{ "rsa", "SHA256", -1, "", "unknown" },
};

static size_t
unhex(const char *s, uint8_t *out)
{
	size_t n;
	unsigned v;

	for (n = 0; s[2 * n] != '\0'; n++) {
		ck_assert_int_eq(sscanf(s + 2 * n, "%2x", &v), 1);
		out[n] = (uint8_t)v;
	}
	return n;
}

START_TEST(blobs_of_others)
{
	const struct blob *c = &blobs[_i];
	uint8_t auth[SIGN_MAX + 128];
	char why[SIGN_WHY_MAX];
	size_t n;
	int rc;

	n = unhex(c->der, auth + 1);
	auth[0] = (uint8_t)n;
	n += 1;
	n += evp_sign(key(c->kind, 0), c->md, c->salt, auth + n);
	rc = verify(14, auth, n, key(c->kind, 0), &octets, why);
	if (c->why == NULL)
		ck_assert_msg(rc == 0, "case %d: %s", _i, why);
	else
		ck_assert_msg(rc == -1 && strstr(why, c->why) != NULL,
		    "case %d: %d %s", _i, rc, why);
}
END_TEST

/* Method 1 with any of the hashes (RFC 7296 section 3.8), and no other. */
START_TEST(classic_rsa_hashes)
{
	static const char *const mds[] = { "SHA1", "SHA256", "SHA384",
		"SHA512", "MD5", "SHA224" };
	uint8_t sig[SIGN_MAX];
	char why[SIGN_WHY_MAX];
	size_t i, n;

	for (i = 0; i < 6; i++) {
		n = evp_sign(key("rsa", 0), mds[i], -1, sig);
		ck_assert_int_eq(verify(1, sig, n, key("rsa", 0), &octets,
		    why), i < 4 ? 0 : -1);
	}
}
END_TEST

/* The classic methods belong to one curve each. */
START_TEST(classic_curves)
{
	static const char *const kinds[] = { "p256", "p384", "p521" };
	char why[SIGN_WHY_MAX];
	struct buf b;
	size_t i, k;

	for (i = 0; i < 3; i++) {
		buf_init(&b, SIGN_MAX);
		ck_assert_int_eq(sign_make(sign_choose(key(kinds[i], 0), 0,
		    false, why), key(kinds[i], 0), &octets, &b), 0);
		ck_assert_uint_eq(b.len, i == 0 ? 64 : i == 1 ? 96 : 132);
		for (k = 0; k < 3; k++)
			ck_assert_int_eq(verify((uint8_t)(9 + k), b.data,
			    b.len, key(kinds[i], 0), &octets, why),
			    i == k ? 0 : -1);
		buf_free(&b);
	}
	/* r and s of zero */
	{
		uint8_t zero[132] = { 0 };

		ck_assert_int_eq(verify(9, zero, 64, key("p256", 0), &octets,
		    why), -1);
	}
}
END_TEST

/* A public key with that n and e. */
static EVP_PKEY *
rsa_public(const BIGNUM *n, unsigned e)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *bn = BN_new();
	OSSL_PARAM *p;
	EVP_PKEY *k = NULL;

	BN_set_word(bn, e);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, bn);
	p = OSSL_PARAM_BLD_to_param(b);
	ck_assert_int_eq(EVP_PKEY_fromdata_init(c), 1);
	ck_assert_int_eq(EVP_PKEY_fromdata(c, &k, EVP_PKEY_PUBLIC_KEY, p), 1);
	OSSL_PARAM_free(p);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(c);
	BN_free(bn);
	return k;
}

/*
 * With e = 3 whoever finds a cube root of a number that begins like a padded
 * hash has a signature, if what follows the hash is not looked at.
 */
START_TEST(cube_root_forgery)
{
	static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20 };
	uint8_t em[256], sig[256], auth[300];
	char why[SIGN_WHY_MAX];
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *lo = BN_new(), *hi = BN_new(), *mid = BN_new(),
	    *cube = BN_new(), *target;
	size_t at = 0;

	memset(em, 0xff, sizeof(em));
	em[at++] = 0;
	em[at++] = 1;
	at += 8;	/* as few as the standard allows */
	em[at++] = 0;
	memcpy(em + at, info, sizeof(info));
	at += sizeof(info);
	ck_assert_int_eq(hash_parts(HASH_SHA256, &octets, 1, em + at), 0);
	/* The rest stays ff: room for the root. */
	target = BN_bin2bn(em, sizeof(em), NULL);
	BN_set_word(lo, 0);
	BN_set_bit(hi, 700);
	for (int i = 0; i < 701; i++) {
		BN_add(mid, lo, hi);
		BN_rshift1(mid, mid);
		BN_sqr(cube, mid, ctx);
		BN_mul(cube, cube, mid, ctx);
		BN_copy(BN_cmp(cube, target) <= 0 ? lo : hi, mid);
	}
	BN_sqr(cube, lo, ctx);
	BN_mul(cube, cube, lo, ctx);
	ck_assert_int_eq(BN_bn2binpad(cube, sig, sizeof(sig)), 256);
	ck_assert_mem_eq(sig, em, at + 32);	/* a forgery indeed */

	ck_assert_int_eq(BN_bn2binpad(lo, sig, sizeof(sig)), 256);
	ck_assert_int_eq(verify(1, sig, 256, key("rsa-e3", 0), &octets, why),
	    -1);
	auth[0] = 15;
	unhex("300d06092a864886f70d01010b0500", auth + 1);
	memcpy(auth + 16, sig, 256);
	ck_assert_int_eq(verify(14, auth, 272, key("rsa-e3", 0), &octets,
	    why), -1);
	BN_free(lo);
	BN_free(hi);
	BN_free(mid);
	BN_free(cube);
	BN_free(target);
	BN_CTX_free(ctx);
}
END_TEST

static void
assert_key(const EVP_PKEY *k, bool weak, const char *why)
{
	char text_[120] = "";

	ck_assert_msg(key_check(k, weak, text_, sizeof(text_)) ==
	    (why == NULL), "%s", text_);
	if (why != NULL)
		ck_assert_msg(strstr(text_, why) != NULL, "%s", text_);
}

START_TEST(unsound_keys)
{
	static const char *const good[] = { "rsa", "rsa4096", "pss", "p256",
		"p384", "p521", "ed25519", "ed448" };
	static const uint8_t zero[57], minus_one[32] = { 0xec, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f };
	uint8_t one[57] = { 1 };
	BIGNUM *n = NULL;
	EVP_PKEY *k;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_key(key(good[i], 0), false, NULL);
	assert_key(key("rsa1024", 0), false, "1024 bits, at least 2048");
	assert_key(key("rsa1024", 0), true, NULL);
	assert_key(key("rsa-e3", 0), false, "exponent below 65537");
	assert_key(key("rsa-e3", 0), true, NULL);
	assert_key(key("p224", 0), true, "elliptic curve other");

	EVP_PKEY_get_bn_param(key("rsa", 0), OSSL_PKEY_PARAM_RSA_N, &n);
	for (i = 0; i < 3; i++) {
		k = rsa_public(n, i == 0 ? 1 : i == 1 ? 65536 : 2);
		assert_key(k, true, "that is none");
		EVP_PKEY_free(k);
	}
	BN_clear_bit(n, 0);
	k = rsa_public(n, 65537);
	assert_key(k, true, "that is none");
	EVP_PKEY_free(k);
	BN_set_bit(n, 8200);
	BN_set_bit(n, 0);
	k = rsa_public(n, 65537);
	assert_key(k, true, "at most 8192");
	EVP_PKEY_free(k);
	BN_free(n);

	/* Points of small order; the sign bit changes nothing. */
	k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, zero, 32);
	assert_key(k, true, "small order");
	EVP_PKEY_free(k);
	k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, minus_one,
	    32);
	assert_key(k, true, "small order");
	EVP_PKEY_free(k);
	one[31] = 0x80;
	k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, one, 32);
	assert_key(k, true, "small order");
	EVP_PKEY_free(k);
	one[31] = 0;
	k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, NULL, one, 57);
	assert_key(k, true, "small order");
	EVP_PKEY_free(k);
	k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, NULL, zero, 57);
	assert_key(k, true, "small order");
	EVP_PKEY_free(k);
	k = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	assert_key(k, true, "neither RSA");
	EVP_PKEY_free(k);
}
END_TEST

/* A key for RSASSA-PSS with one hash signs with that one or not at all. */
START_TEST(pss_for_one_hash)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	const struct part some = { "octets", 6 };
	const struct sign_row *row;
	char why[SIGN_WHY_MAX];
	EVP_PKEY *k = NULL;
	struct buf b;

	ck_assert_int_eq(EVP_PKEY_keygen_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx,
	    EVP_sha384()), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx,
	    EVP_sha384()), 1);
	ck_assert_int_eq(EVP_PKEY_generate(ctx, &k), 1);
	row = sign_choose(k, ALL_HASHES, false, why);
	ck_assert_ptr_nonnull(row);
	ck_assert_str_eq(sign_name(row), "RSASSA-PSS with SHA2-384");
	buf_init(&b, SIGN_MAX);
	ck_assert_int_eq(sign_make(row, k, &some, &b), 0);
	ck_assert_ptr_null(sign_choose(k, SIGN_HASH(2), false, why));
	buf_free(&b);
	EVP_PKEY_free(k);
	EVP_PKEY_CTX_free(ctx);
}
END_TEST

/* A point beside its curve does not even become a key. */
START_TEST(point_off_curve)
{
	uint8_t *der = NULL;
	const uint8_t *p;
	int n = i2d_PUBKEY(key("p256", 0), &der);

	ck_assert_int_gt(n, 65);
	der[n - 1] ^= 1;
	p = der;
	ck_assert_ptr_null(d2i_PUBKEY(NULL, &p, n));
	/* (0, 0) */
	memset(der + n - 64, 0, 64);
	p = der;
	ck_assert_ptr_null(d2i_PUBKEY(NULL, &p, n));
	OPENSSL_free(der);
}
END_TEST

START_TEST(announced)
{
	ck_assert_uint_eq(sign_hashes(false), ALL_HASHES);
	ck_assert_uint_eq(sign_hashes(true), ALL_HASHES | SIGN_HASH(1));
}
END_TEST

static EVP_PKEY *
read_again(EVP_PKEY *k, size_t more)
{
	struct part der;
	uint8_t *p = NULL;
	EVP_PKEY *got;
	int n = i2d_PUBKEY(k, &p);

	ck_assert_int_gt(n, 0);
	p = OPENSSL_realloc(p, (size_t)n + more);
	ck_assert_ptr_nonnull(p);
	memset(p + n, 0, more);
	der = (struct part){ p, (size_t)n + more };
	got = decode_pubkey(&der);
	OPENSSL_free(p);
	return got;
}

/* As a peer shows it: each kind, read in the context of few kinds. */
START_TEST(keys_read)
{
	const struct choice *c = &choices[_i];
	EVP_PKEY *mine = key(c->kind, 0), *shown = read_again(mine, 0);
	const struct sign_row *r, *used;
	char why[SIGN_WHY_MAX];
	struct part auth;
	struct buf out;

	ck_assert_ptr_nonnull(decode_ctx());
	ck_assert_ptr_nonnull(shown);
	ck_assert(key_check(shown, false, why, sizeof(why)));
	ck_assert_ptr_null(read_again(mine, 1));
	r = sign_choose(mine, c->hashes, c->pss, why);
	buf_init(&out, SIGN_MAX);
	if (r != NULL) {
		ck_assert_int_eq(sign_make(r, mine, &octets, &out), 0);
		auth = (struct part){ out.data, out.len };
		ck_assert_msg(sign_verify(sign_method(r), &auth, shown,
		    &octets, false, &used, why) == 0, "%s", why);
		out.data[out.len - 1] ^= 1;
		ck_assert_int_eq(sign_verify(sign_method(r), &auth, shown,
		    &octets, false, &used, why), -1);
	}
	buf_free(&out);
	EVP_PKEY_free(shown);
}
END_TEST

/* A certificate whose key is of another kind is read; the key is not. */
START_TEST(other_keys)
{
	struct spec of_ca = { .cn = "ca", .key = key("p256", 0), .ca = true };
	X509 *ca = make(&of_ca), *made, *x;
	struct spec spec = { .cn = "x", .issuer = ca,
		.issuer_key = of_ca.key };
	uint8_t *p = NULL;
	struct part der;
	int n;

	spec.key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	ck_assert_ptr_null(read_again(spec.key, 0));
	made = make(&spec);
	n = i2d_X509(made, &p);
	ck_assert_int_gt(n, 0);
	der = (struct part){ p, (size_t)n };
	x = decode_cert(&der);
	ck_assert_ptr_nonnull(x);
	ck_assert_ptr_null(X509_get0_pubkey(x));
	X509_free(x);
	der.len--;
	ck_assert_ptr_null(decode_cert(&der));
	X509_free(made);
	X509_free(ca);
	OPENSSL_free(p);
	EVP_PKEY_free(spec.key);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert_sign");
	TCase *tc = tcase_create("sign");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, setup, keys_free);
	tcase_add_loop_test(tc, chosen_made_verified, 0,
	    (int)(sizeof(choices) / sizeof(choices[0])));
	tcase_add_test(tc, others_verify_ours);
	tcase_add_loop_test(tc, blobs_of_others, 0,
	    (int)(sizeof(blobs) / sizeof(blobs[0])));
	tcase_add_test(tc, classic_rsa_hashes);
	tcase_add_test(tc, classic_curves);
	tcase_add_test(tc, cube_root_forgery);
	tcase_add_test(tc, unsound_keys);
	tcase_add_test(tc, pss_for_one_hash);
	tcase_add_test(tc, point_off_curve);
	tcase_add_test(tc, announced);
	tcase_add_loop_test(tc, keys_read, 0,
	    (int)(sizeof(choices) / sizeof(choices[0])));
	tcase_add_test(tc, other_keys);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
