/* Ciphers and integrity functions of packets: published vectors, and the
 * suite's other implementation as an oracle for every algorithm. */
#include "espd/crypt.h"
#include "espd/mac.h"
#include "espd/wire.h"
#include "esp_util.h"
#include "lib/suite/cipher.h"
#include "lib/suite/prf.h"
#include "suite_hex.h"

#include <stdlib.h>

/* RFC 7634 appendix A. */
#define CHACHA_KEY							\
	"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f" \
	"a0a1a2a3"
#define CHACHA_IN							\
	"45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10" \
	"0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223" \
	"2425262728292a2b2c2d2e2f3031323334353637"
#define CHACHA_ESP							\
	"01020304000000051011121314151617"				\
	"24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6" \
	"14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3" \
	"cbec163fac469b502773f6fb94e664da9165b82829f641e0"		\
	"76aaa8266b7fb0f7b11b369907e1ad43"

START_TEST(test_chacha_packet)
{
	struct suite su = suite_named("chacha20poly1305", NULL);
	uint8_t key[64], p[256];
	struct crypt_conf conf = { .encr = su.encr, .encr_key = key,
		.seal = true };
	struct crypt *c;
	size_t n;

	ck_assert_uint_eq(unhex(key, sizeof(key), CHACHA_KEY), 36);
	n = unhex(p, sizeof(p), "01020304000000051011121314151617" CHACHA_IN
	    "01020204");
	c = crypt_new(&conf);
	ck_assert_int_eq(crypt_seal(c, p, n, 0), 0);
	assert_hex(p, n + 16, CHACHA_ESP);
	crypt_free(c);
	conf.seal = false;
	c = crypt_new(&conf);
	ck_assert_int_eq(crypt_open(c, p, n, 0), 0);
	assert_hex(p + 16, n - 16, CHACHA_IN "01020204");
	crypt_free(c);
}
END_TEST

/* RFC 3602 section 4, case 5; the ICV is not part of it. */
START_TEST(test_cbc_packet)
{
	struct suite su = suite_named("aes-128-cbc", "sha1");
	uint8_t key[16], akey[20] = { 0 }, p[256];
	struct crypt_conf conf = { .encr = su.encr, .integ = su.integ,
		.encr_key = key, .integ_key = akey, .seal = true };
	struct crypt *c;
	size_t n;

	unhex(key, sizeof(key), "90d382b410eeba7ad938c46cec1a82bf");
	n = unhex(p, sizeof(p), "0000432100000001"
	    "e96e8c08ab465763fd098d45dd3ff893"
	    "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f1011121314151617"
	    "18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637"
	    "0102030405060708090a0b0c0d0e0e01");
	c = crypt_new(&conf);
	ck_assert_int_eq(crypt_seal(c, p, n, 0), 0);
	assert_hex(p + 24, 80,
	    "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856"
	    "a4699e523a55db080b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874a"
	    "a269add047ad2d5913ac19b7cfbad4a6");
	crypt_free(c);
}
END_TEST

/* RFC 3686 section 6, vector 2. */
START_TEST(test_ctr_packet)
{
	struct suite su = suite_named("aes-128-ctr", "sha1");
	uint8_t key[20], akey[20] = { 0 }, p[128];
	struct crypt_conf conf = { .encr = su.encr, .integ = su.integ,
		.encr_key = key, .integ_key = akey, .seal = true };
	struct crypt *c;
	size_t n;

	unhex(key, sizeof(key), "7E24067817FAE0D743D6CE1F32539163 006CB6DB");
	n = unhex(p, sizeof(p), "0000000100000001 C0543B59DA48D90B"
	    "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
	c = crypt_new(&conf);
	ck_assert_int_eq(crypt_seal(c, p, n, 0), 0);
	assert_hex(p + 16, 32, "5104A106168A72D9790D41EE8EDAD388"
	    "EB2E1EFC46DA57C8FCE630DF9141BE28");
	crypt_free(c);
}
END_TEST

#define K16	"000102030405060708090a0b0c0d0e0f"
#define CMAC_K	"2b7e151628aed2a6abf7158809cf4f3c"
#define CMAC_M	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af" \
		"8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417b" \
		"e66c3710"

static const struct {
	const char *alg, *key, *msg, *icv;
	size_t len;		/* of the message that is used; 0: all */
} macs[] = {
	/* RFC 3566 section 4.6 */
	{ "aes-xcbc", K16, "000102", "5b376580ae2f19afe7219cee", 0 },
	{ "aes-xcbc", K16, K16, "d2a246fa349b68a79998a439", 0 },
	{ "aes-xcbc", K16, K16 "10111213", "47f51b4564966215b8985c63", 0 },
	{ "aes-xcbc", K16, K16 "101112131415161718191a1b1c1d1e1f",
	    "f54f0ec8d2b9f3d36807734b", 0 },
	{ "aes-xcbc", K16, K16 "101112131415161718191a1b1c1d1e1f2021",
	    "becbb3bccdb518a30677d548", 0 },
	/* RFC 4494 section 5 */
	{ "aes-cmac", CMAC_K, "", "bb1d6929e95937287fa37d12", 0 },
	{ "aes-cmac", CMAC_K, CMAC_M, "070a16b46b4d4144f79bdd9d", 16 },
	{ "aes-cmac", CMAC_K, CMAC_M, "dfa66747de9ae63030ca3261", 40 },
	{ "aes-cmac", CMAC_K, CMAC_M, "51f0bebf7e3b9d92fc497417", 64 },
	/* RFC 4868 section 2.7.2.1 */
	{ "sha256", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
	    "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	    "198a607eb44bfbc69903a0f1cf2bbdc5", 0 },
	{ "sha256", "4a6566654a6566654a6566654a656665"
	    "4a6566654a6566654a6566654a656665",
	    "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	    "167f928588c5cc2eef8e3093caa0e87c", 0 },
};

/* Wherever a message is cut into packet and tail, the ICV is the same. */
START_TEST(test_mac_vectors)
{
	const struct alg *a = suite_by_name(SUITE_INTEG, ALG_PHASE2,
	    macs[_i].alg);
	uint8_t key[64], msg[128], icv[MAC_ICV_MAX];
	struct mac *m;
	size_t n;

	unhex(key, sizeof(key), macs[_i].key);
	n = unhex(msg, sizeof(msg), macs[_i].msg);
	if (macs[_i].len != 0)
		n = macs[_i].len;
	ck_assert_ptr_nonnull(m = mac_new(a, key));
	for (size_t tail = 0; tail <= 16 && tail <= n; tail++) {
		ck_assert_int_eq(mac_icv(m, msg, n - tail, msg + n - tail,
		    tail, icv), 0);
		assert_hex(icv, a->icv_len, macs[_i].icv);
	}
	mac_free(m);
}
END_TEST

/* What lib/suite, message by message, makes of the same packet. */
static void
oracle(struct suite su, const uint8_t *ek, const uint8_t *ik, bool esn,
    uint8_t *esp, size_t len, uint32_t hi)
{
	uint8_t aad[12], tail[4];
	struct part v[2] = { { esp, len }, { tail, sizeof(tail) } };
	size_t off = 8 + su.encr->iv_len, aadlen = 8;

	memcpy(aad, esp, 8);
	if (esn) {
		put32(aad + 4, hi);
		memcpy(aad + 8, esp + 4, 4);
		aadlen = 12;
	}
	put32(tail, hi);
	ck_assert_int_eq(cipher_seal(su.encr, ek, esp + 8, aad, aadlen,
	    esp + off, len - off, esp + len), 0);
	if (su.integ != NULL)
		ck_assert_int_eq(integ_icv(su.integ, ik, v, esn ? 2 : 1,
		    esp + len), 0);
}

static void
compare(struct suite su, bool esn, size_t blocks)
{
	uint8_t ek[CIPHER_KEY_MAX], ik[64], p[2048], q[2048];
	struct crypt_conf conf = { .encr = su.encr, .integ = su.integ,
		.encr_key = ek, .integ_key = ik, .esn = esn, .seal = true };
	size_t align = su.encr->block < 4 ? 4 : su.encr->block;
	size_t len = 8 + su.encr->iv_len + blocks * align;
	size_t icv = crypt_icv_len(su.encr, su.integ);
	struct crypt *out = NULL, *in = NULL;

	for (size_t i = 0; i < sizeof(ek); i++)
		ek[i] = (uint8_t)(i * 3 + blocks);
	for (size_t i = 0; i < sizeof(ik); i++)
		ik[i] = (uint8_t)(i * 5);
	for (size_t i = 0; i < len; i++)
		p[i] = q[i] = (uint8_t)(i * 11 + blocks);
	out = crypt_new(&conf);
	conf.seal = false;
	in = crypt_new(&conf);
	ck_assert(out != NULL && in != NULL);
	for (uint32_t hi = 0; hi < 2; hi++) {
		oracle(su, ek, ik, esn, q, len, hi);
		ck_assert_int_eq(crypt_seal(out, p, len, hi), 0);
		ck_assert_mem_eq(p, q, len + icv);
		ck_assert_int_eq(crypt_open(in, q, len, hi), 0);
		ck_assert_int_eq(crypt_open(in, p, len, hi), 0);
		ck_assert_mem_eq(p, q, len);
	}
	crypt_free(out);
	crypt_free(in);
}

START_TEST(test_oracle)
{
	struct suite su = { 0 };
	unsigned n = 0;

	while (suite_walk(&su)) {
		for (size_t blocks = 1; blocks < 40; blocks += 3) {
			compare(su, false, blocks);
			compare(su, true, blocks);
		}
		n++;
	}
	/* 3 CBC, 3 CTR, 3 Camellia, NULL with six of seven integrity
	 * functions at least, 18 GCM and CCM, ChaCha20. */
	ck_assert_uint_ge(n, 10 * 6 + 19);
}
END_TEST

START_TEST(test_refused)
{
	const struct alg *null = suite_by_name(SUITE_INTEG, ALG_PHASE2,
	    "null");

	ck_assert_ptr_nonnull(esp_unfit(suite_by_name(SUITE_ENCR, ALG_PHASE2,
	    "twofish"), suite_by_name(SUITE_INTEG, ALG_PHASE2, "sha1")));
	ck_assert_ptr_nonnull(esp_unfit(suite_by_name(SUITE_ENCR, ALG_PHASE2,
	    "aes-128-cbc"), NULL));
	ck_assert_ptr_nonnull(esp_unfit(suite_by_name(SUITE_ENCR, ALG_PHASE2,
	    "null"), null));
	ck_assert_ptr_nonnull(esp_unfit(suite_by_name(SUITE_ENCR, ALG_PHASE2,
	    "aes-128-gcm"), suite_by_name(SUITE_INTEG, ALG_PHASE2, "sha1")));
	ck_assert_ptr_null(mac_new(null, (const uint8_t *)""));
}
END_TEST

static void
setup(void)
{
	const char *why;

	ck_assert_int_eq(suite_init(&why), 0);
}

int
main(void)
{
	Suite *s = suite_create("espd ciphers");
	TCase *tc = tcase_create("crypt");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_chacha_packet);
	tcase_add_test(tc, test_cbc_packet);
	tcase_add_test(tc, test_ctr_packet);
	tcase_add_loop_test(tc, test_mac_vectors, 0,
	    sizeof(macs) / sizeof(macs[0]));
	tcase_add_test(tc, test_oracle);
	tcase_add_test(tc, test_refused);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
