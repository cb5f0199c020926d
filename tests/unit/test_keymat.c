/*
 * Keying material.  The reference below is written apart from the code
 * under test, from RFC 7296 2.13 to 2.18 and over EVP alone; it is checked
 * against a vector of NIST first, and keymat then against it.  (The vectors
 * of NIST have nonces of eight bytes, which IKEv2 forbids and keymat
 * refuses.)
 */
#include "ikepd/keymat.h"

#include <openssl/evp.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite_hex.h"

struct ref_prf {
	uint16_t id;
	const char *mac, *sub;	/* names for EVP_Q_mac */
	size_t len;
};

static const struct ref_prf ref_prfs[] = {
	{ 1, "HMAC", "MD5", 16 },
	{ 2, "HMAC", "SHA1", 20 },
	{ 5, "HMAC", "SHA256", 32 },
	{ 6, "HMAC", "SHA384", 48 },
	{ 7, "HMAC", "SHA512", 64 },
	{ 8, "CMAC", "AES-128-CBC", 16 },
};
#define NREF	(sizeof(ref_prfs) / sizeof(ref_prfs[0]))

struct ref_buf {
	uint8_t b[4096];
	size_t len;
};

static void
ref_put(struct ref_buf *r, const void *p, size_t n)
{
	ck_assert_uint_le(r->len + n, sizeof(r->b));
	if (n > 0)
		memcpy(r->b + r->len, p, n);
	r->len += n;
}

static void
ref_mac(const struct ref_prf *p, const uint8_t *key, size_t keylen,
    const struct ref_buf *in, uint8_t *out)
{
	uint8_t k[16] = { 0 };
	size_t n;

	/* RFC 4615: a key of another length is itself put through CMAC */
	if (strcmp(p->mac, "CMAC") == 0 && keylen != 16) {
		ck_assert_ptr_nonnull(EVP_Q_mac(NULL, "CMAC", NULL, p->sub,
		    NULL, k, 16, key, keylen, k, 16, &n));
		key = k;
		keylen = 16;
	}
	ck_assert_ptr_nonnull(EVP_Q_mac(NULL, p->mac, NULL, p->sub, NULL,
	    key, keylen, in->b, in->len, out, 64, &n));
	ck_assert_uint_eq(n, p->len);
}

static void
ref_plus(const struct ref_prf *p, const uint8_t *key, size_t keylen,
    const struct ref_buf *seed, uint8_t *out, size_t want)
{
	uint8_t t[64], n = 0;
	struct ref_buf in;

	for (size_t have = 0; have < want; have += p->len) {
		size_t take = want - have < p->len ? want - have : p->len;

		in.len = 0;
		if (n > 0)
			ref_put(&in, t, p->len);
		ref_put(&in, seed->b, seed->len);
		n++;
		ref_put(&in, &n, 1);
		ref_mac(p, key, keylen, &in, t);
		memcpy(out + have, t, take);
	}
}

/* g^ir | Ni | Nr | SPIi | SPIr, with any of them left out */
static void
ref_seed(struct ref_buf *r, const struct keymat_in *in, bool gir, bool spis)
{
	r->len = 0;
	if (gir)
		ref_put(r, in->gir.p, in->gir.len);
	ref_put(r, in->ni.p, in->ni.len);
	ref_put(r, in->nr.p, in->nr.len);
	if (!spis)
		return;
	for (int i = 7; i >= 0; i--)
		ref_put(r, &(uint8_t){ (uint8_t)(in->ispi >> 8 * i) }, 1);
	for (int i = 7; i >= 0; i--)
		ref_put(r, &(uint8_t){ (uint8_t)(in->rspi >> 8 * i) }, 1);
}

static void
ref_skeyseed(const struct ref_prf *p, const struct keymat_in *in,
    uint8_t *out)
{
	bool cut = strcmp(p->mac, "CMAC") == 0;
	struct ref_buf key = { .len = 0 }, data = { .len = 0 };

	ref_put(&key, in->ni.p, cut ? 8 : in->ni.len);
	ref_put(&key, in->nr.p, cut ? 8 : in->nr.len);
	ref_put(&data, in->gir.p, in->gir.len);
	ref_mac(p, key.b, key.len, &data, out);
}

static void
setup(void)
{
	const char *why = "";

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
}

/*
 * NIST CAVP, SP 800-135 component test "ikev2", SHA-1, first vector: shows
 * that the reference is right.
 */
START_TEST(reference)
{
	static const char gir[] =
	    "d084a30166a50fb7325c3960874a839449ef9741c2f4f947d0201dd8c1269273"
	    "d79509f37e3ca3eb4fa2fe2a28254e289cd3f34dad4eb4df1a07685a4b8a94fa"
	    "61e2491f7598b3ce65547ff133b3f63d1ac4175eaa695033f3cedb026a6873a3"
	    "6455172a8540b8a5d23a0143bed0390ee49b168269d75fffee9fb62be965993c";
	static const char gir_new[] =
	    "52f00ab174c25d5b7139ae5ff4e8e9eddee5992d2e36adf8a559ffd90dab1442"
	    "e4fbe429d320c0f33552a17d1557fa41ea70e8fb916c4fa27ed52b5f8ebd8461"
	    "afa78f1159159a64055ac5f6319e29c28eae58cbc6847770f32c3fed1d047504"
	    "84f854790f95e9ec01bc5bc461f24966462e359511329305038e94deb6dd42c2";
	static const char dkm[] =
	    "6f1b12cad3cbe097b35430356d869d54cddb0198ec859174d53ceb92dddedbe2"
	    "436db69f60977c58fa63bbb667f8d36920b109baae8f6c61a9ac49feda018432"
	    "25d080ec5539d5881a25521ffb2a0a91874a9c0a27fcc2d717eb8963a9e3a89c"
	    "7ab264757284c28cf8c3ca40576f4220b052b1fb8e9ad60ba3c80557323331a8"
	    "cbb89f20";
	static const char child[] = "4727dc0ef94eb326ce131cf282fb652faa638ad0"
	    "ddae3786a11bcc0309876009f8c485de011ad962";
	static const char child_dh[] =
	    "b109c21ad4c0797768c1cec9e63554681e48f224"
	    "bca7f23c20c4ea7041983451e9aa1d5408656c8a";
	uint8_t ni[8], nr[8], g[128], g2[128], want[132], got[132];
	uint8_t seed[64], sk_d[20];
	struct keymat_in in = { .ispi = 0x8e5c3ae507221684,
		.rspi = 0xb1f201bb155c3acd };
	const struct ref_prf *p = &ref_prfs[1];
	struct ref_buf b;

	unhex(ni, sizeof(ni), "3651fef5c9c35e93");
	unhex(nr, sizeof(nr), "c09a8b90a3f04d59");
	unhex(g, sizeof(g), gir);
	unhex(g2, sizeof(g2), gir_new);
	in.ni = (struct part){ ni, 8 };
	in.nr = (struct part){ nr, 8 };
	in.gir = (struct part){ g, 128 };
	ref_skeyseed(p, &in, seed);
	unhex(want, sizeof(want), "cd2e8050137832245f1dbacc6e4f0a92f94d45d6");
	ck_assert_mem_eq(seed, want, 20);
	ref_seed(&b, &in, false, true);
	ref_plus(p, seed, 20, &b, got, 132);
	ck_assert_uint_eq(unhex(want, sizeof(want), dkm), 132);
	ck_assert_mem_eq(got, want, 132);
	memcpy(sk_d, got, 20);
	ref_seed(&b, &in, false, false);
	ref_plus(p, sk_d, 20, &b, got, 40);
	unhex(want, sizeof(want), child);
	ck_assert_mem_eq(got, want, 40);
	in.gir = (struct part){ g2, 128 };
	ref_seed(&b, &in, true, false);
	ref_plus(p, sk_d, 20, &b, got, 40);
	unhex(want, sizeof(want), child_dh);
	ck_assert_mem_eq(got, want, 40);
	ref_mac(p, sk_d, 20, &b, got);
	unhex(want, sizeof(want), "3b03bce748c96d5e8306918d2ff89b68f0648da3");
	ck_assert_mem_eq(got, want, 20);
}
END_TEST

static uint8_t pool[1024];

/* Nonces and secret of odd lengths, out of a fixed pool. */
static struct keymat_in
sample(size_t nilen, size_t nrlen, size_t girlen)
{
	for (size_t i = 0; i < sizeof(pool); i++)
		pool[i] = (uint8_t)(i * 7 + (i >> 8));
	return (struct keymat_in){
		.ni = { pool, nilen },
		.nr = { pool + 256, nrlen },
		.gir = { pool + 512, girlen },
		.ispi = 0x0123456789abcdef,
		.rspi = 0xfedcba9876543210,
	};
}

static const struct alg *
need(enum suite_kind kind, uint16_t id, uint16_t bits)
{
	const struct alg *a = suite_by_id(kind, id, bits);

	ck_assert_ptr_nonnull(a);
	return a;
}

/* The seven keys in the order of RFC 7296 2.14 against a reference. */
static void
keys_equal(const struct ike_keys *k, const uint8_t *p)
{
	const struct {
		const uint8_t *key;
		size_t len;
	} order[] = {
		{ k->sk_d, k->d_len }, { k->sk_ai, k->a_len },
		{ k->sk_ar, k->a_len }, { k->sk_ei, k->e_len },
		{ k->sk_er, k->e_len }, { k->sk_pi, k->p_len },
		{ k->sk_pr, k->p_len },
	};

	for (size_t i = 0; i < 7; i++) {
		if (order[i].len > 0)
			ck_assert_mem_eq(order[i].key, p, order[i].len);
		p += order[i].len;
	}
}

struct cipher_case {
	uint16_t encr, bits, integ;
	size_t e, a;		/* expected key lengths */
};

static const struct cipher_case cases[] = {
	{ 12, 128, 12, 16, 32 },	/* AES-CBC, SHA-256 */
	{ 12, 256, 14, 32, 64 },	/* AES-CBC, SHA-512 */
	{ 3, 0, 2, 24, 20 },		/* 3DES, SHA-1 */
	{ 20, 128, 0, 20, 0 },		/* AES-GCM: 4 bytes of salt */
	{ 20, 256, 0, 36, 0 },
	{ 16, 128, 0, 19, 0 },		/* AES-CCM: 3 bytes of salt */
	{ 28, 0, 0, 36, 0 },		/* ChaCha20-Poly1305 */
	{ 13, 192, 5, 28, 16 },		/* AES-CTR, XCBC */
};
#define NCASES	(sizeof(cases) / sizeof(cases[0]))

START_TEST(ike_sa)
{
	static const size_t nonces[][2] = {
		{ 16, 16 }, { 32, 32 }, { 16, 256 }, { 33, 65 }, { 256, 256 },
	};
	const char *why = NULL;
	struct ike_keys k;

	for (size_t i = 0; i < NREF * NCASES * 5; i++) {
		const struct ref_prf *p = &ref_prfs[i % NREF];
		const struct cipher_case *c = &cases[i / NREF % NCASES];
		const size_t *n = nonces[i / NREF / NCASES];
		struct keymat_in in = sample(n[0], n[1], 32 + i);
		uint8_t seed[64], want[512];
		struct ref_buf b;

		ck_assert_int_eq(keymat_ike(&k, need(SUITE_ENCR, c->encr,
		    c->bits), c->integ == 0 ? NULL : need(SUITE_INTEG,
		    c->integ, 0), need(SUITE_PRF, p->id, 0), &in, &why), 0);
		ck_assert_uint_eq(k.d_len, p->len);
		ck_assert_uint_eq(k.p_len, p->len);
		ck_assert_uint_eq(k.e_len, c->e);
		ck_assert_uint_eq(k.a_len, c->a);
		ref_skeyseed(p, &in, seed);
		ref_seed(&b, &in, false, true);
		ref_plus(p, seed, p->len, &b, want, 3 * p->len +
		    2 * (c->e + c->a));
		keys_equal(&k, want);
	}
	ike_keys_wipe(&k);
	for (size_t i = 0; i < sizeof(k); i++)
		ck_assert_uint_eq(((uint8_t *)&k)[i], 0);
}
END_TEST

/* From each PRF to each other: SKEYSEED by the old, the rest by the new. */
START_TEST(ike_rekey)
{
	const struct alg *gcm = need(SUITE_ENCR, 20, 128);
	const char *why = NULL;
	struct ike_keys old, k;

	for (size_t i = 0; i < NREF * NREF; i++) {
		const struct ref_prf *po = &ref_prfs[i / NREF];
		const struct ref_prf *pn = &ref_prfs[i % NREF];
		struct keymat_in in = sample(32, 32, 32);
		uint8_t seed[64], want[512];
		struct ref_buf b;

		ck_assert_int_eq(keymat_ike(&old, gcm, NULL, need(SUITE_PRF,
		    po->id, 0), &in, &why), 0);
		in = sample(40, 24, 56);
		in.ispi ^= 1;
		ck_assert_int_eq(keymat_ike_rekey(&k, gcm, NULL,
		    need(SUITE_PRF, pn->id, 0), need(SUITE_PRF, po->id, 0),
		    &old, &in, &why), 0);
		ref_seed(&b, &in, true, false);
		ref_mac(po, old.sk_d, old.d_len, &b, seed);
		ref_seed(&b, &in, false, true);
		ref_plus(pn, seed, po->len, &b, want, 3 * pn->len + 40);
		keys_equal(&k, want);
	}
	/* RFC 7296 2.18: never without a key exchange */
	struct keymat_in in = sample(40, 24, 0);

	ck_assert_int_eq(keymat_ike_rekey(&k, gcm, NULL, need(SUITE_PRF, 5,
	    0), need(SUITE_PRF, 5, 0), &old, &in, &why), -1);
}
END_TEST

START_TEST(child_sa)
{
	const char *why = NULL;
	struct child_keys c;
	struct ike_keys k;

	for (size_t i = 0; i < NREF * NCASES * 2; i++) {
		const struct ref_prf *p = &ref_prfs[i % NREF];
		const struct cipher_case *x = &cases[i / NREF % NCASES];
		bool pfs = i >= NREF * NCASES;
		struct keymat_in in = sample(32, 32, 32);
		const struct alg *prf_alg = need(SUITE_PRF, p->id, 0);
		uint8_t want[512], *w = want;
		struct ref_buf b;

		ck_assert_int_eq(keymat_ike(&k, need(SUITE_ENCR, 20, 128),
		    NULL, prf_alg, &in, &why), 0);
		in = sample(20, 30, pfs ? 66 : 0);
		ck_assert_int_eq(keymat_child(&c, need(SUITE_ENCR, x->encr,
		    x->bits), x->integ == 0 ? NULL : need(SUITE_INTEG,
		    x->integ, 0), prf_alg, &k, &in, &why), 0);
		ref_seed(&b, &in, pfs, false);
		ref_plus(p, k.sk_d, k.d_len, &b, want, 2 * (x->e + x->a));
		ck_assert_uint_eq(c.e_len, x->e);
		ck_assert_uint_eq(c.a_len, x->a);
		ck_assert_mem_eq(c.encr_i, w, x->e);
		if (x->a > 0)
			ck_assert_mem_eq(c.integ_i, w + x->e, x->a);
		w += x->e + x->a;
		ck_assert_mem_eq(c.encr_r, w, x->e);
		if (x->a > 0)
			ck_assert_mem_eq(c.integ_r, w + x->e, x->a);
	}
	child_keys_wipe(&c);
	for (size_t i = 0; i < sizeof(c); i++)
		ck_assert_uint_eq(((uint8_t *)&c)[i], 0);
	/* ENCR_NULL has no key, AH no cipher */
	struct keymat_in in = sample(20, 30, 0);

	ck_assert_int_eq(keymat_child(&c, need(SUITE_ENCR, 11, 0),
	    need(SUITE_INTEG, 12, 0), need(SUITE_PRF, 5, 0), &k, &in, &why),
	    0);
	ck_assert_uint_eq(c.e_len, 0);
	ck_assert_uint_eq(c.a_len, 32);
	ck_assert_int_eq(keymat_child(&c, NULL, need(SUITE_INTEG, 12, 0),
	    need(SUITE_PRF, 5, 0), &k, &in, &why), 0);
	ck_assert_int_eq(keymat_child(&c, NULL, NULL, need(SUITE_PRF, 5, 0),
	    &k, &in, &why), -1);
}
END_TEST

START_TEST(refusals)
{
	static const size_t nonces[][2] = {
		{ 0, 32 }, { 15, 32 }, { 257, 32 }, { 32, 15 }, { 32, 257 },
	};
	const struct alg *gcm = need(SUITE_ENCR, 20, 128);
	const struct alg *p = need(SUITE_PRF, 5, 0);
	struct ike_keys k, old = { .d_len = 32 };
	struct child_keys c;

	for (size_t i = 0; i < 5; i++) {
		struct keymat_in in = sample(nonces[i][0], nonces[i][1], 32);
		const char *why = NULL;

		memset(&k, 0xff, sizeof(k));
		ck_assert_int_eq(keymat_ike(&k, gcm, NULL, p, &in, &why), -1);
		ck_assert_ptr_nonnull(why);
		ck_assert_uint_eq(k.sk_d[0], 0);
		ck_assert_int_eq(keymat_ike_rekey(&k, gcm, NULL, p, p, &old,
		    &in, &why), -1);
		ck_assert_int_eq(keymat_child(&c, gcm, NULL, p, &old, &in,
		    &why), -1);
	}
	struct keymat_in in = sample(32, 32, 0);
	const char *why = NULL;

	ck_assert_int_eq(keymat_ike(&k, gcm, NULL, p, &in, &why), -1);
	ck_assert_ptr_nonnull(why);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keymat");
	TCase *t = tcase_create("keymat");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, reference);
	tcase_add_test(t, ike_sa);
	tcase_add_test(t, ike_rekey);
	tcase_add_test(t, child_sa);
	tcase_add_test(t, refusals);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
