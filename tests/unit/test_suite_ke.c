/* Key exchange: RFC vectors, both sides agreeing, hostile public values. */
#include "lib/suite/ke.h"

#include <check.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "lib/suite/run.h"
#include "tests/unit/suite_hex.h"

#define VALUE_MAX	1024

/* clang-format off */
static const struct vec {
	uint16_t group;
	const char *i;		/* private */
	const char *gi;		/* public */
	const char *r;
	const char *gr;
	const char *gir;
} vecs[] = {
	/* RFC 5903 section 8 */
	{ 19,
	    "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	    "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
	    "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
	    "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
	    "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	    "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	    "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" },
	{ 20,
	    "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
	    "e35b538041e649ee3faef896783ab194",
	    "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6"
	    "de3ac808acb4bdb4c88732aee95f41aa9482ed1fc0eeb9cafc4984625ccfc23f"
	    "65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
	    "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942"
	    "e0308312916b8ed2960e4bd55a7448fc",
	    "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d"
	    "0d1ac43a0336def96fda41d0774a3571dcfbec7aacf3196472169e838430367f"
	    "66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
	    "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4"
	    "d603135569b9e9d09cf5d4a270f59746" },
	{ 21,
	    "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0"
	    "95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d"
	    "4a52",
	    "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbe"
	    "e1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176c"
	    "ed3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4"
	    "a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3"
	    "926f9582",
	    "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e"
	    "9c677d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb15168"
	    "5eb9",
	    "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a21"
	    "9b97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9"
	    "460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d985207"
	    "7b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd1"
	    "7f0fc56a",
	    "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04"
	    "d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3"
	    "ddea" },
	/* RFC 8031 appendix A */
	{ 31,
	    "751fb4308655b476b6789b7325f9ea8cddd16a58533ff6d9e60009464a5f9d94",
	    "48d5ddd4061257ba166fa3f9bbdb74f1a4e81c089384fa77f790709f0dfbc766",
	    "0a54645253290d60ddadd0e030bacd9e5501efdc220755a1e978f1b839a05688",
	    "0be7c1f5aad87d7e448662673298a443478b859745179eaf564c79c0ef6eee25",
	    "c74950607a12327f3204d94b6825bfb068b7f8319a9e3708ed3d43ce8130c950" },
	/* RFC 7748 section 6 */
	{ 31,
	    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	{ 32,
	    "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
	    "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
	    "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
	    "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
	    "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d"
	    "6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
	    "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
	    "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
	    "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
	    "b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d" },
};
/* clang-format on */

static const struct alg *
group(uint16_t id)
{
	const struct alg *a = suite_by_id(SUITE_KE, id, 0);

	ck_assert_ptr_nonnull(a);
	return a;
}

static EVP_PKEY *
from_params(const char *type, OSSL_PARAM_BLD *b)
{
	OSSL_PARAM *p = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	ck_assert_int_eq(EVP_PKEY_fromdata_init(x), 1);
	ck_assert_int_eq(EVP_PKEY_fromdata(x, &pkey, EVP_PKEY_KEYPAIR, p), 1);
	EVP_PKEY_CTX_free(x);
	OSSL_PARAM_free(p);
	OSSL_PARAM_BLD_free(b);
	return pkey;
}

/* A key pair of known values; pub is as it travels in a KE payload. */
static struct ke_priv *
ecp_known(const struct alg *g, const uint8_t *priv, const uint8_t *pub)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *d = BN_bin2bn(priv, g->out_len, NULL);
	uint8_t point[1 + 132] = { 4 };
	struct ke_priv *p;

	memcpy(point + 1, pub, g->pub_len);
	OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
	    g->ossl, 0);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d);
	OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
	    g->pub_len + 1u);
	p = ke_adopt(g, from_params("EC", b));
	BN_free(d);
	return p;
}

static struct ke_priv *
known(const struct alg *g, const uint8_t *priv, const uint8_t *pub)
{
	if (g->mode == ALG_M_ECP)
		return ecp_known(g, priv, pub);
	return ke_adopt(g, EVP_PKEY_new_raw_private_key_ex(NULL, g->ossl,
	    NULL, priv, g->out_len));
}

static void
check_side(const struct alg *g, const char *priv, const char *pub,
    const char *peer, const char *want)
{
	uint8_t d[VALUE_MAX], q[VALUE_MAX], v[VALUE_MAX];
	struct secret s = { 0 };
	struct ke_priv *p;
	const char *why = NULL;
	const uint8_t *mine;
	size_t n;

	ck_assert_uint_eq(unhex(d, sizeof(d), priv), g->out_len);
	ck_assert_uint_eq(unhex(q, sizeof(q), pub), g->pub_len);
	ck_assert_uint_eq(unhex(v, sizeof(v), peer), g->pub_len);
	p = known(g, d, q);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_eq(ke_group(p), g);
	mine = ke_public(p, &n);
	assert_hex(mine, n, pub);
	ck_assert_msg(ke_derive(p, v, g->pub_len, &s, &why) == 0, "%s", why);
	assert_hex(s.data, s.len, want);
	secret_free(&s);
	ke_free(p);
}

START_TEST(vectors)
{
	const struct vec *v = &vecs[_i];
	const struct alg *g = group(v->group);

	check_side(g, v->i, v->gi, v->gr, v->gir);
	check_side(g, v->r, v->gr, v->gi, v->gir);
}
END_TEST

/* 1 when p agreed on a secret with the peer's value, 0 when it refused. */
static int
takes(struct ke_priv *p, const uint8_t *v, size_t len)
{
	struct secret s = { 0 };
	const char *why = NULL;
	int rv = ke_derive(p, v, len, &s, &why);

	if (rv == -1) {
		ck_assert_ptr_nonnull(why);
		ck_assert_ptr_null(s.data);
	} else
		ck_assert_uint_eq(s.len, ke_group(p)->out_len);
	secret_free(&s);
	return rv == 0;
}

static void
agree_once(const struct alg *g)
{
	struct ke_priv *a = ke_new(g), *b = ke_new(g);
	struct secret sa = { 0 }, sb = { 0 };
	const uint8_t *va, *vb;
	const char *why = NULL;
	size_t na, nb;

	ck_assert_msg(a != NULL && b != NULL, "%s", g->log);
	va = ke_public(a, &na);
	vb = ke_public(b, &nb);
	ck_assert_uint_eq(na, g->pub_len);
	ck_assert_uint_eq(nb, g->pub_len);
	ck_assert_mem_ne(va, vb, na);
	ck_assert_int_eq(ke_derive(a, vb, nb, &sa, &why), 0);
	ck_assert_int_eq(ke_derive(b, va, na, &sb, &why), 0);
	ck_assert_uint_eq(sa.len, g->out_len);
	ck_assert(secret_equal(sa.data, sa.len, sb.data, sb.len));
	/* Every wrong length near the right one, and none at all. */
	ck_assert(!takes(a, vb, 0));
	ck_assert(!takes(a, vb, 1));
	ck_assert(!takes(a, vb, nb - 1));
	secret_free(&sa);
	secret_free(&sb);
	ke_free(a);
	ke_free(b);
}

START_TEST(both_agree)
{
	const struct alg *g = NULL;

	while ((g = suite_next(SUITE_KE, ALG_PHASE1, g)) != NULL)
		agree_once(g);
}
END_TEST

START_TEST(too_long)
{
	const struct alg *g = NULL;
	uint8_t v[VALUE_MAX + 2] = { 0 };

	while ((g = suite_next(SUITE_KE, ALG_PHASE1, g)) != NULL) {
		struct ke_priv *p;

		if (g->flags & ALG_SLOW)
			continue;
		p = ke_new(g);
		v[g->pub_len] = 2;
		ck_assert(!takes(p, v, g->pub_len + 1u));
		ck_assert(!takes(p, v, VALUE_MAX + 2));
		v[g->pub_len] = 0;
		ke_free(p);
	}
}
END_TEST

static BIGNUM *
param(const struct alg *g, const char *name)
{
	BIGNUM *b = NULL;

	ck_assert_int_eq(EVP_PKEY_get_bn_param(run_group(g), name, &b), 1);
	return b;
}

/* RFC 6989 section 2.1: 0, 1, p-1, p, p+1 are refused; 2 and p-2 are not. */
START_TEST(modp_range)
{
	static const struct { int from_p, n, ok; } values[] = { { 0, 0, 0 },
		{ 0, 1, 0 }, { 0, 2, 1 }, { 1, -2, 1 }, { 1, -1, 0 },
		{ 1, 0, 0 }, { 1, 1, 0 } };
	const struct alg *g = NULL;
	uint8_t v[VALUE_MAX];

	while ((g = suite_next(SUITE_KE, ALG_PHASE1, g)) != NULL) {
		struct ke_priv *a;
		BIGNUM *p;

		if (g->mode != ALG_M_MODP)
			continue;
		a = ke_new(g);
		p = param(g, OSSL_PKEY_PARAM_FFC_P);
		ck_assert_int_eq(BN_num_bits(p), g->bits);
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]);
		    i++) {
			BIGNUM *x = values[i].from_p ? BN_dup(p) : BN_new();

			if (values[i].n < 0)
				BN_sub_word(x, (BN_ULONG)-values[i].n);
			else
				BN_add_word(x, (BN_ULONG)values[i].n);
			BN_bn2binpad(x, v, g->pub_len);
			ck_assert_msg(takes(a, v, g->pub_len) == values[i].ok,
			    "%s, value %zu", g->log, i);
			BN_free(x);
		}
		memset(v, 0xff, g->pub_len);
		ck_assert(!takes(a, v, g->pub_len));
		BN_free(p);
		ke_free(a);
	}
}
END_TEST

/* The key pair of private value x, computed here. */
static struct ke_priv *
modp_known(const struct alg *g, const BIGNUM *p, const BIGNUM *x,
    const BIGNUM *y)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *gen = param(g, OSSL_PKEY_PARAM_FFC_G);
	struct ke_priv *k;

	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_FFC_P, p);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_FFC_G, gen);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, x);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PUB_KEY, y);
	k = ke_adopt(g, from_params("DH", b));
	BN_free(gen);
	return k;
}

/*
 * RFC 7296 section 2.14: leading zeros stay, in g^ir and in the public
 * value.  Private values are tried until base^x is short by a byte.
 */
static struct ke_priv *
short_power(const struct alg *g, const BIGNUM *p, const BIGNUM *base,
    BIGNUM *power)
{
	BIGNUM *x = BN_new(), *y = BN_new(), *gen;
	BN_CTX *c = BN_CTX_new();
	struct ke_priv *k;

	gen = param(g, OSSL_PKEY_PARAM_FFC_G);
	/* Long enough for OpenSSL to take it as a private value. */
	BN_set_bit(x, 223);
	do {
		BN_add_word(x, 1);
		BN_mod_exp(power, base, x, p, c);
	} while (BN_num_bytes(power) >= g->out_len);
	BN_mod_exp(y, gen, x, p, c);
	k = modp_known(g, p, x, y);
	BN_free(x);
	BN_free(y);
	BN_free(gen);
	BN_CTX_free(c);
	return k;
}

START_TEST(modp_leading_zero)
{
	static const uint16_t ids[] = { 1, 2, 14 };
	const struct alg *g = group(ids[_i]);
	BIGNUM *p = param(g, OSSL_PKEY_PARAM_FFC_P), *power = BN_new();
	BIGNUM *base = BN_new();
	uint8_t want[VALUE_MAX], v[VALUE_MAX];
	struct secret s = { 0 };
	struct ke_priv *k;
	const char *why = NULL;
	const uint8_t *pub;
	size_t n;

	BN_set_word(base, 5);
	k = short_power(g, p, base, power);
	ck_assert_ptr_nonnull(k);
	BN_bn2binpad(power, want, g->out_len);
	BN_bn2binpad(base, v, g->pub_len);
	ck_assert_int_eq(ke_derive(k, v, g->pub_len, &s, &why), 0);
	ck_assert_uint_eq(s.len, g->out_len);
	ck_assert_uint_eq(s.data[0], 0);
	ck_assert_mem_eq(s.data, want, s.len);
	secret_free(&s);
	ke_free(k);

	BN_set_word(base, 2);
	k = short_power(g, p, base, power);
	ck_assert_ptr_nonnull(k);
	BN_bn2binpad(power, want, g->out_len);
	pub = ke_public(k, &n);
	ck_assert_uint_eq(n, g->pub_len);
	ck_assert_uint_eq(pub[0], 0);
	ck_assert_mem_eq(pub, want, n);
	ke_free(k);
	BN_free(p);
	BN_free(power);
	BN_free(base);
}
END_TEST

/* RFC 6989 section 2.3: no points off the curve, no coordinate beyond p. */
START_TEST(ecp_off_curve)
{
	static const uint16_t ids[] = { 19, 20, 21 };
	const struct alg *g = group(ids[_i]);
	struct ke_priv *a = ke_new(g), *b = ke_new(g);
	uint8_t v[132];
	size_t n, half = g->out_len;

	memcpy(v, ke_public(b, &n), g->pub_len);
	ck_assert(takes(a, v, n));
	v[n - 1] ^= 1;
	ck_assert(!takes(a, v, n));
	v[n - 1] ^= 1;
	v[half - 1] ^= 1;
	ck_assert(!takes(a, v, n));
	memset(v, 0, n);
	ck_assert(!takes(a, v, n));
	memset(v, 0xff, n);
	ck_assert(!takes(a, v, n));
	/* With the point format octet in front it is too long. */
	v[0] = 4;
	memcpy(v + 1, ke_public(b, &n), n - 1);
	ck_assert(!takes(a, v, n));
	ke_free(a);
	ke_free(b);
}
END_TEST

/* RFC 8031 section 2: values that give all zeros, whatever our secret. */
START_TEST(xdh_small_order)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
	};
	struct ke_priv *a = ke_new(group(31)), *b = ke_new(group(32));
	uint8_t v[56] = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_uint_eq(unhex(v, sizeof(v), bad[i]), 32);
		ck_assert_msg(!takes(a, v, 32), "value %zu", i);
	}
	memset(v, 0, sizeof(v));
	ck_assert(!takes(b, v, 56));
	v[0] = 1;
	ck_assert(!takes(b, v, 56));
	v[0] = 5;
	ck_assert(takes(b, v, 56));
	ke_free(a);
	ke_free(b);
}
END_TEST

START_TEST(no_group)
{
	ck_assert_ptr_null(ke_new(suite_by_id(SUITE_KE, 0, 0)));
	ck_assert_ptr_null(ke_new(suite_by_id(SUITE_PRF, 5, 0)));
	ke_free(NULL);
}
END_TEST

static void
setup(void)
{
	const char *why = NULL;

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
}

int
main(void)
{
	Suite *s = suite_create("suite_ke");
	TCase *t = tcase_create("ke");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, vectors, 0, sizeof(vecs) / sizeof(vecs[0]));
	tcase_add_test(t, both_agree);
	tcase_add_test(t, too_long);
	tcase_add_test(t, modp_range);
	tcase_add_loop_test(t, modp_leading_zero, 0, 3);
	tcase_add_loop_test(t, ecp_off_curve, 0, 3);
	tcase_add_test(t, xdh_small_order);
	tcase_add_test(t, no_group);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
