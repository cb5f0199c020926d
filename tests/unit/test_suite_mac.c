/* PRFs, prf+, integrity check values and hashes against the RFCs. */
#include "lib/suite/prf.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite_hex.h"

#define JEFE4 "4a6566654a6566654a6566654a656665"
#define WDYW "7768617420646f2079612077616e7420666f72206e6f7468696e673f"
#define HI "4869205468657265"
#define K16 "000102030405060708090a0b0c0d0e0f"
#define M20 K16 "10111213"
#define M32 K16 "101112131415161718191a1b1c1d1e1f"
#define AA20 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define AA80 AA20 AA20 AA20 AA20
#define AA131 AA80 AA20 AA20 "aaaaaaaaaaaaaaaaaaaaaa"
/* "Test Using Larger Than Block-Size Key - Hash Key First" */
#define LARGE "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65" \
	"204b6579202d2048617368204b6579204669727374"
#define CMAC_K "2b7e151628aed2a6abf7158809cf4f3c"
#define CMAC_M "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

/* clang-format off */
static const struct vec {
	uint16_t id;
	const char *key;
	const char *msg;
	const char *want;
} prfs[] = {
	/* RFC 2202 */
	{ 1, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", HI,
	    "9294727a3638bb1c13f48ef8158bfc9d" },
	{ 1, "4a656665", WDYW, "750c783e6ab0b503eaa86e310a5db738" },
	{ 1, AA80, LARGE, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
	{ 2, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", HI,
	    "b617318655057264e28bc0b6fb378c8ef146be00" },
	{ 2, "4a656665", WDYW, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ 2, AA80, LARGE, "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
	/* RFC 4231 */
	{ 5, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", HI,
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ 5, "4a656665", WDYW,
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ 5, AA131, LARGE,
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ 6, "4a656665", WDYW,
	    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
	    "8e2240ca5e69e2c78b3239ecfab21649" },
	{ 7, "4a656665", WDYW,
	    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
	    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	/* RFC 4868 section 2.7.2 */
	{ 6, JEFE4 JEFE4 JEFE4, WDYW,
	    "2c7353974f1842fd66d53c452ca42122b28c0b594cfb184da86a368e9b8e16f5"
	    "349524ca4e82400cbde0686d403371c9" },
	{ 7, JEFE4 JEFE4 JEFE4 JEFE4, WDYW,
	    "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454"
	    "6aa334ae9fb9afc2184932d8695e397bfa0ffb93466cfcceaae38c833b7dba38" },
	/* RFC 4434 section 2.1 */
	{ 4, K16, M20, "47f51b4564966215b8985c63055ed308" },
	{ 4, "00010203040506070809", M20, "0fa087af7d866e7653434e602fdde835" },
	{ 4, K16 "edcb", M20, "8cd3c93ae598a9803006ffb67c40e9e4" },
	/* RFC 4615 section 4 */
	{ 8, K16 "edcb", M20, "84a348a4a45d235babfffc0d2b4da09a" },
	{ 8, K16, M20, "980ae87b5f4c9c5214f5b6a8455e4c2d" },
	{ 8, "00010203040506070809", M20, "290d9e112edb09ee141fcf64c0b72f3d" },
	/* RFC 4493 section 4: the empty message */
	{ 8, CMAC_K, "", "bb1d6929e95937287fa37d129b756746" },
	/* HMAC of nothing under an empty key */
	{ 5, "", "",
	    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
}, integs[] = {
	/* RFC 2403, RFC 2404: the first 96 bits of RFC 2202 */
	{ 1, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", HI,
	    "9294727a3638bb1c13f48ef8" },
	{ 2, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", HI,
	    "b617318655057264e28bc0b6" },
	/* RFC 4868 section 2.7.2 */
	{ 12, JEFE4 JEFE4, WDYW, "167f928588c5cc2eef8e3093caa0e87c" },
	{ 13, JEFE4 JEFE4 JEFE4, WDYW,
	    "2c7353974f1842fd66d53c452ca42122b28c0b594cfb184d" },
	{ 14, JEFE4 JEFE4 JEFE4 JEFE4, WDYW,
	    "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454" },
	/* RFC 3566 section 4.6 */
	{ 5, K16, "", "75f0251d528ac01c4573dfd5" },
	{ 5, K16, "000102", "5b376580ae2f19afe7219cee" },
	{ 5, K16, K16, "d2a246fa349b68a79998a439" },
	{ 5, K16, M20, "47f51b4564966215b8985c63" },
	{ 5, K16, M32, "f54f0ec8d2b9f3d36807734b" },
	{ 5, K16, M32 "2021", "becbb3bccdb518a30677d548" },
	/* RFC 4493 section 4, RFC 4494 */
	{ 8, CMAC_K, "", "bb1d6929e95937287fa37d12" },
	{ 8, CMAC_K, "6bc1bee22e409f96e93d7e117393172a",
	    "070a16b46b4d4144f79bdd9d" },
	{ 8, CMAC_K, CMAC_M, "51f0bebf7e3b9d92fc497417" },
};
/* clang-format on */

static const struct alg *
by_id(enum suite_kind kind, uint16_t id)
{
	const struct alg *a = suite_by_id(kind, id, 0);

	ck_assert_ptr_nonnull(a);
	return a;
}

/* The message whole, and cut in three at every place, gives the same. */
static void
check_prf(const struct vec *v)
{
	const struct alg *a = by_id(SUITE_PRF, v->id);
	uint8_t key[256], msg[256], out[PRF_MAX];
	size_t klen = unhex(key, sizeof(key), v->key);
	size_t mlen = unhex(msg, sizeof(msg), v->msg);

	for (size_t i = 0; i <= mlen; i++) {
		struct part p[] = { { msg, i / 2 }, { msg + i / 2, i - i / 2 },
			{ NULL, 0 }, { msg + i, mlen - i } };

		memset(out, 0xee, sizeof(out));
		ck_assert_int_eq(prf(a, key, klen, p, 4, out), 0);
		assert_hex(out, a->out_len, v->want);
	}
}

START_TEST(prf_vectors)
{
	check_prf(&prfs[_i]);
}
END_TEST

START_TEST(integ_vectors)
{
	const struct vec *v = &integs[_i];
	const struct alg *a = by_id(SUITE_INTEG, v->id);
	uint8_t key[64], msg[256], out[PRF_MAX];
	struct part p = { msg, unhex(msg, sizeof(msg), v->msg) };

	ck_assert_uint_eq(unhex(key, sizeof(key), v->key), a->key_len);
	ck_assert_int_eq(integ_icv(a, key, &p, 1, out), 0);
	assert_hex(out, a->icv_len, v->want);
}
END_TEST

/* RFC 3566 section 4.6, case 7. */
START_TEST(xcbc_1000)
{
	const struct alg *a = by_id(SUITE_INTEG, 5);
	uint8_t key[16], out[16];
	static const uint8_t zero[1000];
	struct part p = { zero, sizeof(zero) };

	unhex(key, sizeof(key), K16);
	ck_assert_int_eq(integ_icv(a, key, &p, 1, out), 0);
	assert_hex(out, 12, "f0dafee895db30253761103b");
}
END_TEST

/* prf+ written out round by round from RFC 7296 section 2.13. */
START_TEST(prf_plus_by_hand)
{
	const struct alg *a = NULL;
	static const size_t lens[] = { 1, 15, 16, 17, 20, 63, 64, 65, 300 };
	uint8_t key[40], seed[50], want[512], got[512];

	memset(key, 0x42, sizeof(key));
	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)i;
	while ((a = suite_next(SUITE_PRF, ALG_PHASE1, a)) != NULL) {
		size_t n = a->out_len;

		for (uint8_t r = 1; n * r <= sizeof(want); r++) {
			uint8_t *t = want + n * (r - 1u);
			struct part p[] = { { seed, sizeof(seed) },
				{ &r, 1 } };
			struct part q[] = { { t - (r == 1 ? 0 : n), n },
				p[0], p[1] };

			ck_assert_int_eq(r == 1 ?
			    prf(a, key, sizeof(key), p, 2, t) :
			    prf(a, key, sizeof(key), q, 3, t), 0);
		}
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			struct part s[] = { { seed, 7 }, { seed + 7, 43 } };

			memset(got, 0xee, sizeof(got));
			ck_assert_int_eq(prf_plus(a, key, sizeof(key), s, 2,
			    got, lens[i]), 0);
			ck_assert_mem_eq(got, want, lens[i]);
			ck_assert_uint_eq(got[lens[i]], 0xee);
		}
	}
}
END_TEST

START_TEST(prf_plus_limits)
{
	const struct alg *a = by_id(SUITE_PRF, 5);
	static uint8_t out[255 * 32 + 1];
	struct part seed[PRF_PLUS_SEED + 1] = { { "x", 1 } };

	ck_assert_int_eq(prf_plus(a, "k", 1, seed, 1, out, 255 * 32), 0);
	ck_assert_int_eq(prf_plus(a, "k", 1, seed, 1, out, 255 * 32 + 1), -1);
	ck_assert_int_eq(prf_plus(a, "k", 1, seed, PRF_PLUS_SEED, out, 1), 0);
	ck_assert_int_eq(prf_plus(a, "k", 1, seed, PRF_PLUS_SEED + 1, out, 1),
	    -1);
	ck_assert_int_eq(prf_plus(a, "k", 1, seed, 1, out, 0), 0);
	ck_assert_int_eq(prf_plus(by_id(SUITE_INTEG, 12), "k", 1, seed, 1,
	    out, 32), -1);
}
END_TEST

START_TEST(wrong_kind)
{
	uint8_t out[PRF_MAX];
	struct part p = { "x", 1 };

	ck_assert_int_eq(prf(by_id(SUITE_INTEG, 12), "k", 1, &p, 1, out), -1);
	ck_assert_int_eq(integ_icv(by_id(SUITE_PRF, 5), out, &p, 1, out), -1);
	ck_assert_int_eq(integ_icv(by_id(SUITE_INTEG, 0), out, &p, 1, out),
	    -1);
}
END_TEST

/* RFC 7296 section 2.14: whole nonces for HMAC, 64 bits each for AES. */
START_TEST(skeyseed)
{
	const struct alg *a = NULL;
	uint8_t ni[256], nr[256], gir[32], key[512], want[PRF_MAX];
	uint8_t got[PRF_MAX];
	struct part p = { gir, sizeof(gir) };

	memset(ni, 1, sizeof(ni));
	memset(nr, 2, sizeof(nr));
	memset(gir, 3, sizeof(gir));
	while ((a = suite_next(SUITE_PRF, ALG_PHASE1, a)) != NULL) {
		size_t i = a->mode == ALG_M_HMAC ? 32 : 8;
		size_t r = a->mode == ALG_M_HMAC ? 256 : 8;

		memcpy(key, ni, i);
		memcpy(key + i, nr, r);
		ck_assert_int_eq(prf(a, key, i + r, &p, 1, want), 0);
		ck_assert_int_eq(prf_skeyseed(a, ni, 32, nr, 256, gir, 32,
		    got), 0);
		ck_assert_mem_eq(got, want, a->out_len);
	}
	a = by_id(SUITE_PRF, 5);
	ck_assert_int_eq(prf_skeyseed(a, ni, 15, nr, 32, gir, 32, got), -1);
	ck_assert_int_eq(prf_skeyseed(a, ni, 16, nr, 16, gir, 32, got), 0);
	ck_assert_int_eq(prf_skeyseed(a, ni, 16, nr, 257, gir, 32, got), -1);
	ck_assert_int_eq(prf_skeyseed(a, ni, 257, nr, 16, gir, 32, got), -1);
}
END_TEST

START_TEST(hashes)
{
	static const char *const want[] = {
		"900150983cd24fb0d6963f7d28e17f72",
		"a9993e364706816aba3e25717850c26c9cd0d89d",
		"ba7816bf8f01cfea414140de5dae2223"
		"b00361a396177a9cb410ff61f20015ad",
		"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
		"1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"
		"0a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
		"454d4423643ce80e2a9ac94fa54ca49f" };
	struct part p[] = { { "a", 1 }, { "bc", 2 } };
	uint8_t out[HASH_MAX];

	for (enum hash_id h = HASH_MD5; h <= HASH_SHA512; h++) {
		ck_assert_int_eq(hash_parts(h, p, 2, out), 0);
		assert_hex(out, hash_len(h), want[h]);
	}
}
END_TEST

START_TEST(hash_under_prf)
{
	enum hash_id h;

	ck_assert_int_eq(hash_of_prf(by_id(SUITE_PRF, 2), &h), 0);
	ck_assert_int_eq(h, HASH_SHA1);
	ck_assert_int_eq(hash_of_prf(by_id(SUITE_PRF, 7), &h), 0);
	ck_assert_int_eq(h, HASH_SHA512);
	ck_assert_int_eq(hash_of_prf(by_id(SUITE_PRF, 4), &h), -1);
	ck_assert_int_eq(hash_of_prf(by_id(SUITE_INTEG, 12), &h), -1);
}
END_TEST

/* After suite_forget, and in other threads, contexts are made anew. */
static void *
run_all(void *arg)
{
	for (size_t i = 0; i < sizeof(prfs) / sizeof(prfs[0]); i++)
		check_prf(&prfs[i]);
	suite_forget();
	suite_forget();
	check_prf(&prfs[0]);
	return arg;
}

START_TEST(threads)
{
	pthread_t t[3];

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, run_all, NULL),
		    0);
	run_all(NULL);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_join(t[i], NULL), 0);
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
	Suite *s = suite_create("suite_mac");
	TCase *t = tcase_create("mac");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, prf_vectors, 0,
	    sizeof(prfs) / sizeof(prfs[0]));
	tcase_add_loop_test(t, integ_vectors, 0,
	    sizeof(integs) / sizeof(integs[0]));
	tcase_add_test(t, xcbc_1000);
	tcase_add_test(t, prf_plus_by_hand);
	tcase_add_test(t, prf_plus_limits);
	tcase_add_test(t, wrong_kind);
	tcase_add_test(t, skeyseed);
	tcase_add_test(t, hashes);
	tcase_add_test(t, hash_under_prf);
	tcase_add_test(t, threads);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
