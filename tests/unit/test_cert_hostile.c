/*
 * Certificates and signatures made to be accepted wrongly, or to take long:
 * forged paddings, impossible keys, loops, chains and names without end.
 */
#include "certd/keycheck.h"
#include "certd/sign.h"
#include "certd/verify.h"

#include "cert_util.h"

#include <check.h>

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EM_LEN	256	/* of a block that RSA of 2048 bits signs */
#define QUICK_S	2.0	/* of processor time; sanitizers included */

static const struct part octets = { "octets that are signed", 22 };
static X509 *ca;

static void
setup(void)
{
	const char *why;

	ck_assert_int_eq(suite_init(&why), 0);
	(void)key("rsa", 0);
	ca = make(&(struct spec){ .cn = "Root", .key = key("p256", 0),
	    .ca = true });
}

static void
teardown(void)
{
	X509_free(ca);
	keys_free();
}

/* ---- what stands in an RSA signature ---- */

static const uint8_t info256[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
	0x20 };
static const uint8_t no_null[] = { 0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20 };
static const uint8_t oid384[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04,
	0x20 };
/* sha256 spelt by an arc that does not exist */
static const uint8_t oid_none[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x7f, 0x05, 0x00, 0x04,
	0x20 };
/* lengths in more bytes than they need */
static const uint8_t long_form[] = { 0x30, 0x81, 0x31, 0x30, 0x0d, 0x06,
	0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
	0x00, 0x04, 0x20 };
/* parameters with something in them */
static const uint8_t params[] = { 0x30, 0x33, 0x30, 0x0f, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x02, 0xaa,
	0xbb, 0x04, 0x20 };

static const struct forgery {
	const char *what;
	const uint8_t *info;
	size_t info_len;
	size_t behind;		/* bytes after the hash */
	uint8_t type, fill;	/* of the block */
	unsigned short_by;	/* the hash is cut */
	bool good;
} forgeries[] = {
	{ "as it should be", info256, sizeof(info256), 0, 1, 0xff, 0, true },
	{ "garbage behind the hash", info256, sizeof(info256), 100, 1, 0xff,
	    0, false },
	{ "one byte behind the hash", info256, sizeof(info256), 1, 1, 0xff, 0,
	    false },
	{ "eight bytes of padding", info256, sizeof(info256), EM_LEN - 3 - 8 -
	    sizeof(info256) - 32, 1, 0xff, 0, false },
	{ "no padding", info256, sizeof(info256), EM_LEN - 3 -
	    sizeof(info256) - 32, 1, 0xff, 0, false },
	{ "no NULL", no_null, sizeof(no_null), 0, 1, 0xff, 0, false },
	{ "another hash's OID", oid384, sizeof(oid384), 0, 1, 0xff, 0,
	    false },
	{ "nobody's OID", oid_none, sizeof(oid_none), 0, 1, 0xff, 0, false },
	{ "long lengths", long_form, sizeof(long_form), 0, 1, 0xff, 0,
	    false },
	{ "parameters", params, sizeof(params), 0, 1, 0xff, 0, false },
	{ "no DigestInfo", info256, 0, 0, 1, 0xff, 0, false },
	{ "a block for encryption", info256, sizeof(info256), 0, 2, 0xff, 0,
	    false },
	{ "block type 0", info256, sizeof(info256), 0, 0, 0, 0, false },
	{ "other padding", info256, sizeof(info256), 0, 1, 0xfe, 0, false },
	{ "a hash cut short", info256, sizeof(info256), 0, 1, 0xff, 16,
	    false },
};

/* The private key's operation on a block of our making. */
static void
sign_block(const uint8_t em[EM_LEN], uint8_t sig[EM_LEN])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key("rsa", 0), NULL);
	size_t len = EM_LEN;

	ck_assert_int_eq(EVP_PKEY_sign_init(c), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING), 1);
	ck_assert_int_eq(EVP_PKEY_sign(c, sig, &len, em, EM_LEN), 1);
	EVP_PKEY_CTX_free(c);
}

static void
forge(const struct forgery *f, uint8_t sig[EM_LEN])
{
	uint8_t em[EM_LEN], hash[32];
	size_t n = f->info_len + 32 - f->short_by + f->behind, at;

	ck_assert_int_eq(hash_parts(HASH_SHA256, &octets, 1, hash), 0);
	memset(em, f->fill, sizeof(em));
	em[0] = 0;
	em[1] = f->type;
	at = EM_LEN - n;
	em[at - 1] = 0;
	memcpy(em + at, f->info, f->info_len);
	at += f->info_len;
	memcpy(em + at, hash, 32 - f->short_by);
	at += 32 - f->short_by;
	memset(em + at, 0x5a, f->behind);
	sign_block(em, sig);
}

START_TEST(rsa_forgeries)
{
	static const uint8_t alg[] = { 15, 0x30, 0x0d, 0x06, 0x09, 0x2a,
		0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };
	const struct forgery *f = &forgeries[_i];
	uint8_t data[sizeof(alg) + EM_LEN];
	struct part digital = { data, sizeof(data) };
	struct part classic = { data + sizeof(alg), EM_LEN };
	const struct sign_row *row;
	char why[SIGN_WHY_MAX] = "";
	int want = f->good ? 0 : -1;

	memcpy(data, alg, sizeof(alg));
	forge(f, data + sizeof(alg));
	ck_assert_msg(sign_verify(SIGN_DIGITAL, &digital, key("rsa", 0),
	    &octets, false, &row, why) == want, "%s: %s", f->what, why);
	ck_assert_msg(sign_verify(SIGN_RSA, &classic, key("rsa", 0), &octets,
	    false, &row, why) == want, "%s: %s", f->what, why);
	ck_assert(f->good || why[0] != '\0');
}
END_TEST

/* ---- keys that are none ---- */

struct raw {
	const char *what;
	int nid, curve;		/* of the key; curve 0: no parameters */
	size_t len;
	uint8_t key[300];
};

static void
set_key(X509_PUBKEY *pub, const struct raw *r)
{
	uint8_t *copy = OPENSSL_memdup(r->key, r->len + 1);

	ck_assert_ptr_nonnull(copy);
	ck_assert_int_eq(X509_PUBKEY_set0_param(pub, OBJ_nid2obj(r->nid),
	    r->curve != 0 ? V_ASN1_OBJECT : r->nid == NID_rsaEncryption ?
	    V_ASN1_NULL : V_ASN1_UNDEF,
	    r->curve != 0 ? (void *)OBJ_nid2obj(r->curve) : NULL, copy,
	    (int)r->len), 1);
}

/* A peer shows it: in a certificate that our CA signed, or raw. */
static bool
taken(const struct raw *r, bool raw, char *why)
{
	struct cert_payload p = { raw ? CERTENC_RAW_KEY : CERTENC_X509,
		{ NULL, 0 } };
	X509 *x = make(&(struct spec){ .cn = "odd", .key = key("p256", 1),
	    .issuer = ca, .issuer_key = key("p256", 0),
	    .san = "DNS:odd.example" });
	uint8_t *der = NULL;
	struct shown s;
	bool ok;
	int n;

	set_key(X509_get_X509_PUBKEY(x), r);
	ck_assert_int_gt(X509_sign(x, key("p256", 0), EVP_sha256()), 0);
	n = raw ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der) :
	    i2d_X509(x, &der);
	ck_assert_int_gt(n, 0);
	p.data = (struct part){ der, (size_t)n };
	why[0] = '\0';
	ok = shown_read(&s, &p, 1, why) == 0 && (raw ?
	    key_check(s.key, false, why, VERIFY_WHY_MAX) :
	    verify_leaf(s.leaf, false, NOW, why));
	shown_free(&s);
	OPENSSL_free(der);
	X509_free(x);
	return ok;
}

static void
assert_no_key(const struct raw *r)
{
	char why[VERIFY_WHY_MAX];

	ck_assert_msg(!taken(r, false, why), "%s in a certificate", r->what);
	ck_assert_msg(why[0] != '\0', "%s", r->what);
	ck_assert_msg(!taken(r, true, why), "%s as a raw key", r->what);
	ck_assert_msg(why[0] != '\0', "%s", r->what);
}

START_TEST(rsa_numbers)
{
	static const struct raw keys[] = {
		{ "n and e of 0", NID_rsaEncryption, 0, 8,
		    { 0x30, 6, 2, 1, 0, 2, 1, 0 } },
		{ "n of 1", NID_rsaEncryption, 0, 8,
		    { 0x30, 6, 2, 1, 1, 2, 1, 3 } },
		{ "n of -1", NID_rsaEncryption, 0, 8,
		    { 0x30, 6, 2, 1, 0xff, 2, 1, 3 } },
		{ "numbers without bytes", NID_rsaEncryption, 0, 6,
		    { 0x30, 4, 2, 0, 2, 0 } },
		{ "n alone", NID_rsaEncryption, 0, 5,
		    { 0x30, 3, 2, 1, 5 } },
		{ "nothing", NID_rsaEncryption, 0, 2, { 0x30, 0 } },
		{ "no sequence", NID_rsaEncryption, 0, 0, { 0 } },
		{ "a length beyond its end", NID_rsaEncryption, 0, 6,
		    { 0x30, 0x84, 0x7f, 0xff, 0xff, 0xff } },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_no_key(&keys[i]);
}
END_TEST

/* A sound modulus with these exponents. */
START_TEST(rsa_exponents)
{
	static const uint8_t exponents[] = { 0, 1, 2, 3, 4, 17 };
	struct raw r = { "an exponent", NID_rsaEncryption, 0, 0, { 0 } };
	const uint8_t *p;
	X509 *x = make(&(struct spec){ .cn = "x", .key = key("rsa", 0) });
	char why[VERIFY_WHY_MAX];
	size_t i;
	int n;

	/* 30 82 01 0a ... 02 03 01 00 01 */
	ck_assert_int_eq(X509_PUBKEY_get0_param(NULL, &p, &n, NULL,
	    X509_get_X509_PUBKEY(x)), 1);
	ck_assert_int_eq(n, 270);
	memcpy(r.key, p, 270);
	r.len = 270;
	ck_assert_msg(taken(&r, false, why), "%s", why);
	r.key[3] -= 2;
	r.len -= 2;
	for (i = 0; i < sizeof(exponents); i++) {
		memcpy(r.key + 265, (uint8_t[]){ 2, 1, exponents[i] }, 3);
		assert_no_key(&r);
		(void)taken(&r, false, why);
		ck_assert_msg(strstr(why, "exponent") != NULL, "%s", why);
	}
	X509_free(x);
}
END_TEST

static const struct curve {
	const char *kind;
	int nid;
	size_t len;		/* of a coordinate */
} curves[] = {
	{ "p256", NID_X9_62_prime256v1, 32 },
	{ "p384", NID_secp384r1, 48 },
	{ "p521", NID_secp521r1, 66 },
};

START_TEST(ec_points)
{
	const struct curve *c = &curves[_i];
	struct raw r = { "a good point", NID_X9_62_id_ecPublicKey, c->nid, 0,
		{ 0 } };
	uint8_t good[140];
	char why[VERIFY_WHY_MAX];
	size_t len;

	ck_assert_int_eq(EVP_PKEY_get_octet_string_param(key(c->kind, 0),
	    "pub", good, sizeof(good), &len), 1);
	ck_assert_uint_eq(len, 1 + 2 * c->len);
	r.len = len;
	memcpy(r.key, good, len);
	ck_assert_msg(taken(&r, false, why), "%s", why);
	ck_assert_msg(taken(&r, true, why), "%s", why);

	r.what = "a point beside the curve";
	r.key[len - 1] ^= 1;
	assert_no_key(&r);
	(void)taken(&r, false, why);
	ck_assert_ptr_nonnull(strstr(why, "\"CN=odd\" has a key that cannot "
	    "be read"));
	r.what = "(0, 0)";
	memset(r.key + 1, 0, len - 1);
	assert_no_key(&r);
	r.what = "coordinates beyond the field";
	memset(r.key + 1, 0xff, len - 1);
	assert_no_key(&r);
	r.what = "a form that does not exist";
	memcpy(r.key, good, len);
	r.key[0] = 5;
	assert_no_key(&r);
	r.what = "hybrid with the wrong sign";
	r.key[0] = (uint8_t)(6 | (~good[len - 1] & 1));
	assert_no_key(&r);
	r.what = "a byte too many";
	r.key[0] = 4;
	r.len = len + 1;
	assert_no_key(&r);
	r.what = "a byte too few";
	r.len = len - 1;
	assert_no_key(&r);
	r.what = "infinity";
	r.key[0] = 0;
	r.len = 1;
	assert_no_key(&r);
	r.what = "nothing";
	r.len = 0;
	assert_no_key(&r);
	r.what = "compressed, beyond the field";
	r.key[0] = 2;
	memset(r.key + 1, 0xff, c->len);
	r.len = 1 + c->len;
	assert_no_key(&r);
}
END_TEST

/* A point of one curve as another's. */
START_TEST(ec_wrong_curve)
{
	static const int others[] = { NID_secp256k1, NID_brainpoolP256r1,
		NID_secp224r1, NID_secp384r1, NID_X9_62_prime239v3 };
	struct raw r = { "another curve's point", NID_X9_62_id_ecPublicKey,
		0, 65, { 0 } };
	size_t i, len;

	ck_assert_int_eq(EVP_PKEY_get_octet_string_param(key("p256", 0),
	    "pub", r.key, sizeof(r.key), &len), 1);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		r.curve = others[i];
		assert_no_key(&r);
	}
}
END_TEST

START_TEST(edwards_small_order)
{
	static const char *const ys[] = {
		"00000000000000000000000000000000"
		"00000000000000000000000000000000",
		"01000000000000000000000000000000"
		"00000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0"
		"d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f"
		"2a2053fa2c39ccc64ec7fd7792ac037a",
	};
	struct raw r = { "small order", NID_ED25519, 0, 32, { 0 } };
	char why[VERIFY_WHY_MAX];
	unsigned byte;
	size_t i, k;

	for (i = 0; i < sizeof(ys) / sizeof(ys[0]); i++) {
		for (k = 0; k < 32; k++) {
			sscanf(ys[i] + 2 * k, "%2x", &byte);
			r.key[k] = (uint8_t)byte;
		}
		assert_no_key(&r);
		r.key[31] |= 0x80;
		assert_no_key(&r);
		(void)taken(&r, false, why);
		ck_assert_ptr_nonnull(strstr(why, "small order"));
	}
	r.what = "too short";
	r.len = 31;
	assert_no_key(&r);
	r.what = "Ed448 of order 1";
	r.nid = NID_ED448;
	r.len = 57;
	memset(r.key, 0, sizeof(r.key));
	r.key[0] = 1;
	assert_no_key(&r);
	r.what = "Ed448 of order 4";
	r.key[0] = 0;
	assert_no_key(&r);
	r.what = "a key for agreement";
	r.nid = NID_X25519;
	r.len = 32;
	r.key[0] = 9;
	assert_no_key(&r);
}
END_TEST

/* ---- chains ---- */

static struct trust *
trusting(X509 *x)
{
	struct trust *t = trust_new(false);
	struct cert c = { .leaf = x, .trusted = true };

	ck_assert_ptr_nonnull(t);
	c.others = sk_X509_new_null();
	ck_assert_int_eq(trust_add(t, &c), 0);
	sk_X509_free(c.others);
	return t;
}

/* Refused, and soon. */
static void
assert_no_chain(const struct trust *t, X509 *leaf, STACK_OF(X509) *others,
    const char *want)
{
	char why[VERIFY_WHY_MAX] = "";
	clock_t begun = clock();
	STACK_OF(X509) *chain;
	double took;

	chain = verify_chain(t, leaf, others, NOW, why);
	took = (double)(clock() - begun) / CLOCKS_PER_SEC;
	ck_assert_ptr_null(chain);
	ck_assert_msg(strstr(why, want) != NULL, "%s", why);
	ck_assert_msg(took < QUICK_S, "%f s", took);
}

static X509 *
issued(const char *cn, unsigned own, const X509 *issuer, unsigned by,
    bool is_ca)
{
	return make(&(struct spec){ .cn = cn, .key = key("p256", own),
	    .issuer = issuer, .issuer_key = key("p256", by), .ca = is_ca,
	    .san = is_ca ? NULL : "DNS:leaf.example" });
}

/* A signed by B, B by A, and the leaf by either. */
START_TEST(loops)
{
	struct trust *t = trusting(ca);
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *b0 = issued("B", 3, NULL, 0, true);
	X509 *a = issued("A", 2, b0, 3, true);
	X509 *b = issued("B", 3, a, 2, true);
	X509 *leaf = issued("leaf", 4, a, 2, false);

	sk_X509_push(others, a);
	sk_X509_push(others, b);
	assert_no_chain(t, leaf, others, "");
	sk_X509_push(others, leaf);
	assert_no_chain(t, leaf, others, "");
	/* One that is its own issuer and is not. */
	assert_no_chain(t, a, others, "");
	sk_X509_free(others);
	X509_free(a);
	X509_free(b);
	X509_free(b0);
	X509_free(leaf);
	trust_unref(&t);
}
END_TEST

/* As many as there is room for, each of which fits each. */
START_TEST(maze)
{
	struct trust *t = trusting(ca);
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *a = issued("Maze", 2, NULL, 0, true), *leaf;
	int i;

	for (i = 1; i < VERIFY_CERTS_MAX; i++)
		sk_X509_push(others, issued("Maze", 2, a, 2, true));
	leaf = issued("leaf", 4, a, 2, false);
	assert_no_chain(t, leaf, others, "");
	sk_X509_pop_free(others, X509_free);
	X509_free(a);
	X509_free(leaf);
	trust_unref(&t);
}
END_TEST

START_TEST(chain_of_a_hundred)
{
	struct trust *t = trusting(ca);
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *above = ca, *leaf;
	char name[16];
	unsigned i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "CA %u", i);
		above = issued(name, 2 + i % 2, above,
		    i == 0 ? 0 : 2 + (i + 1) % 2, true);
		sk_X509_push(others, above);
	}
	leaf = issued("leaf", 4, above, 2 + (i + 1) % 2, false);
	assert_no_chain(t, leaf, others, "chain too long");
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
	trust_unref(&t);
}
END_TEST

/* The algorithm beside the signature is not the one that is signed. */
START_TEST(algorithm_mismatch)
{
	struct trust *t = trusting(ca);
	STACK_OF(X509) *none = sk_X509_new_null();
	X509 *x = issued("leaf", 4, ca, 0, false);
	const X509_ALGOR *inner = X509_get0_tbs_sigalg(x);
	const X509_ALGOR *outer;

	X509_get0_signature(NULL, &outer, x);
	X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)outer,
	    OBJ_nid2obj(NID_ecdsa_with_SHA384), V_ASN1_UNDEF, NULL);
	ck_assert_int_ne(OBJ_obj2nid(inner->algorithm),
	    OBJ_obj2nid(outer->algorithm));
	assert_no_chain(t, x, none, "CN=leaf");
	X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)outer,
	    OBJ_nid2obj(NID_sha256WithRSAEncryption), V_ASN1_NULL, NULL);
	assert_no_chain(t, x, none, "CN=leaf");
	X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)outer,
	    OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL);
	assert_no_chain(t, x, none, "CN=leaf");
	sk_X509_free(none);
	X509_free(x);
	trust_unref(&t);
}
END_TEST

/* ---- names without end ---- */

static void
add_names(X509 *x, unsigned n)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *g;
	ASN1_IA5STRING *s;
	char text[64];
	unsigned i;

	for (i = 0; i < n; i++) {
		g = GENERAL_NAME_new();
		s = ASN1_IA5STRING_new();
		snprintf(text, sizeof(text), "host%u.example", i);
		ck_assert_int_eq(ASN1_STRING_set(s, text, -1), 1);
		GENERAL_NAME_set0_value(g, GEN_DNS, s);
		sk_GENERAL_NAME_push(names, g);
	}
	ck_assert_int_eq(X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0,
	    X509V3_ADD_REPLACE), 1);
	GENERAL_NAMES_free(names);
}

static void
add_constraints(X509 *x, unsigned n)
{
	NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
	GENERAL_SUBTREE *tree;
	ASN1_IA5STRING *s;
	char text[64];
	unsigned i;

	nc->excludedSubtrees = sk_GENERAL_SUBTREE_new_null();
	for (i = 0; i < n; i++) {
		tree = GENERAL_SUBTREE_new();
		s = ASN1_IA5STRING_new();
		snprintf(text, sizeof(text), "net%u.example", i);
		ck_assert_int_eq(ASN1_STRING_set(s, text, -1), 1);
		GENERAL_NAME_set0_value(tree->base, GEN_DNS, s);
		sk_GENERAL_SUBTREE_push(nc->excludedSubtrees, tree);
	}
	ck_assert_int_eq(X509_add1_ext_i2d(x, NID_name_constraints, nc, 1,
	    X509V3_ADD_REPLACE), 1);
	NAME_CONSTRAINTS_free(nc);
}

static void
sign_again(X509 *x, unsigned by)
{
	ck_assert_int_gt(X509_sign(x, key("p256", by), EVP_sha256()), 0);
}

/* Each name against each constraint is too much; it is not even begun. */
START_TEST(names_without_end)
{
	struct trust *t = trusting(ca);
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *mid = issued("Mid", 2, ca, 0, true);
	X509 *leaf = issued("leaf", 4, mid, 2, false);
	struct cert_payload p = { CERTENC_X509, { NULL, 0 } };
	char why[VERIFY_WHY_MAX];
	clock_t begun = clock();
	uint8_t *der = NULL;
	struct shown s;
	double took;

	add_names(leaf, 10000);
	sign_again(leaf, 2);
	add_constraints(mid, 1000);
	sign_again(mid, 0);
	sk_X509_push(others, mid);
	p.data.len = (size_t)i2d_X509(leaf, &der);
	p.data.p = der;
	begun = clock();
	ck_assert_int_eq(shown_read(&s, &p, 1, why), 0);
	ck_assert(verify_leaf(s.leaf, false, NOW, why));
	took = (double)(clock() - begun) / CLOCKS_PER_SEC;
	ck_assert_msg(took < QUICK_S, "%f s", took);
	assert_no_chain(t, s.leaf, others, "CN=");
	shown_free(&s);
	OPENSSL_free(der);
	sk_X509_free(others);
	X509_free(leaf);
	X509_free(mid);
	trust_unref(&t);
}
END_TEST

/* As much as fits into the payloads that are taken: it is good, and soon
 * found to be. */
START_TEST(names_that_fit)
{
	struct trust *t = trusting(ca);
	STACK_OF(X509) *others = sk_X509_new_null(), *chain;
	X509 *mid = issued("Mid", 2, ca, 0, true);
	X509 *leaf = issued("leaf", 4, mid, 2, false);
	char why[VERIFY_WHY_MAX] = "";
	clock_t begun;
	double took;

	add_names(leaf, 1500);
	sign_again(leaf, 2);
	add_constraints(mid, 600);
	sign_again(mid, 0);
	sk_X509_push(others, mid);
	begun = clock();
	chain = verify_chain(t, leaf, others, NOW, why);
	took = (double)(clock() - begun) / CLOCKS_PER_SEC;
	ck_assert_msg(chain != NULL, "%s", why);
	ck_assert_msg(took < QUICK_S, "%f s", took);
	sk_X509_pop_free(chain, X509_free);
	sk_X509_free(others);
	X509_free(leaf);
	X509_free(mid);
	trust_unref(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert_hostile");
	TCase *tc = tcase_create("hostile");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, rsa_forgeries, 0,
	    (int)(sizeof(forgeries) / sizeof(forgeries[0])));
	tcase_add_test(tc, rsa_numbers);
	tcase_add_test(tc, rsa_exponents);
	tcase_add_loop_test(tc, ec_points, 0,
	    (int)(sizeof(curves) / sizeof(curves[0])));
	tcase_add_test(tc, ec_wrong_curve);
	tcase_add_test(tc, edwards_small_order);
	tcase_add_test(tc, loops);
	tcase_add_test(tc, maze);
	tcase_add_test(tc, chain_of_a_hundred);
	tcase_add_test(tc, algorithm_mismatch);
	tcase_add_test(tc, names_without_end);
	tcase_add_test(tc, names_that_fit);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
