/* Packet ciphers against the RFCs. */
#include "lib/suite/cipher.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite_hex.h"

#define SEQ16 "000102030405060708090a0b0c0d0e0f"
#define SEQ32 SEQ16 "101112131415161718191a1b1c1d1e1f"
#define SEQ36 SEQ32 "20212223"
#define SINGLE "53696e676c6520626c6f636b206d7367"
#define ZERO16 "00000000000000000000000000000000"
#define GCM_P "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_A "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_K "feffe9928665731c6d6a8f9467308308"
#define CAM_K "0123456789abcdeffedcba9876543210"
#define LADIES "4c616469657320616e642047656e746c656d656e206f662074686520636c6173" \
	"73206f66202739393a204966204920636f756c64206f6666657220796f75206f" \
	"6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73" \
	"637265656e20776f756c642062652069742e"

/* clang-format off */
static const struct vec {
	const char *alg;
	const char *key;	/* salt included */
	const char *iv;
	const char *aad;
	const char *plain;
	const char *cipher;
	const char *icv;
} vecs[] = {
	/* RFC 3602 section 4 */
	{ "aes-128-cbc", "06a9214036b8a15b512e03d534120006",
	    "3dafba429d9eb430b422da802c9fac41", "", SINGLE,
	    "e353779c1079aeb82708942dbe77181a", "" },
	{ "aes-128-cbc", "c286696d887c9aa0611bbb3e2025a45a",
	    "562e17996d093d28ddb3ba695a2e6f58", "", SEQ32,
	    "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1",
	    "" },
	{ "aes-128-cbc", "56e47a38c5598974bc46903dba290349",
	    "8ce82eefbea0da3c44699ed7db51b7d9", "",
	    "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
	    "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf",
	    "c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e"
	    "35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55",
	    "" },
	/* FIPS 197 appendix C, one block under a zero IV */
	{ "aes-192-cbc", SEQ16 "1011121314151617", ZERO16, "",
	    "00112233445566778899aabbccddeeff",
	    "dda97ca4864cdfe06eaf70a0ec0d7191", "" },
	{ "aes-256-cbc", SEQ32, ZERO16, "",
	    "00112233445566778899aabbccddeeff",
	    "8ea2b7ca516745bfeafc49904b496089", "" },
	/* RFC 3686 section 6 */
	{ "aes-128-ctr", "ae6852f8121067cc4bf7a5765577f39e00000030",
	    "0000000000000000", "", SINGLE,
	    "e4095d4fb7a7b3792d6175a3261311b8", "" },
	{ "aes-128-ctr", "7e24067817fae0d743d6ce1f32539163006cb6db",
	    "c0543b59da48d90b", "", SEQ32,
	    "5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28",
	    "" },
	{ "aes-128-ctr", "7691be035e5020a8ac6e618529f9a0dc00e0017b",
	    "27777f3f4a1786f0", "", SEQ36,
	    "c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef31053"
	    "25b2072f", "" },
	{ "aes-192-ctr", "16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb78515"
	    "00000048", "36733c147d6d93cb", "", SINGLE,
	    "4b55384fe259c9c84e7935a003cbe928", "" },
	{ "aes-192-ctr", "02bf391ee8ecb159b959617b0965279bf59b60a786d3e0fe"
	    "0007bdfd", "5cbd60278dcc0912", "", SEQ36,
	    "96893fc55e5c722f540b7dd1ddf7e758d288bc95c69165884536c811662f2188"
	    "abee0935", "" },
	{ "aes-256-ctr",
	    "776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104"
	    "00000060", "db5672c97aa8f0b2", "", SINGLE,
	    "145ad01dbf824ec7560863dc71e3e0c0", "" },
	{ "aes-256-ctr",
	    "ff7a617ce69148e4f1726e2f43581de2aa62d9f805532edff1eed687fb54153d"
	    "001cc5b7", "51a51d70a1c11148", "", SEQ36,
	    "eb6c52821d0bbbf7ce7594462aca4faab407df866569fd07f48cc0b583d6071f"
	    "1ec0e6b8", "" },
	/* The GCM submission's cases 4, 10 and 16, and 4 cut to 12 and 8 */
	{ "aes-128-gcm", GCM_K "cafebabe", "facedbaddecaf888", GCM_A, GCM_P,
	    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
	    "5bc94fbc3221a5db94fae95ae7121a47" },
	{ "aes-128-gcm12", GCM_K "cafebabe", "facedbaddecaf888", GCM_A, GCM_P,
	    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
	    "5bc94fbc3221a5db94fae95a" },
	{ "aes-128-gcm8", GCM_K "cafebabe", "facedbaddecaf888", GCM_A, GCM_P,
	    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
	    "5bc94fbc3221a5db" },
	{ "aes-192-gcm", GCM_K "feffe9928665731c" "cafebabe",
	    "facedbaddecaf888", GCM_A, GCM_P,
	    "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
	    "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
	    "2519498e80f1478f37ba55bd6d27618c" },
	{ "aes-256-gcm", GCM_K GCM_K "cafebabe", "facedbaddecaf888", GCM_A,
	    GCM_P,
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
	    "76fc6ece0f4e1768cddf8853bb2d551b" },
	/* RFC 8439 section 2.8.2 */
	{ "chacha20poly1305",
	    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
	    "07000000", "4041424344454647", "50515253c0c1c2c3c4c5c6c7", LADIES,
	    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
	    "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
	    "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
	    "3ff4def08e4b7a9de576d26586cec64b6116",
	    "1ae10b594f09e26a7e902ecbd0600691" },
	/* RFC 3713 appendix A, one block under a zero IV */
	{ "camellia-128", CAM_K, ZERO16, "", CAM_K,
	    "67673138549669730857065648eabe43", "" },
	{ "camellia-192", CAM_K "0011223344556677", ZERO16, "", CAM_K,
	    "b4993401b3e996f84ee5cee7d79b09b9", "" },
	{ "camellia-256", CAM_K "00112233445566778899aabbccddeeff", ZERO16,
	    "", CAM_K, "9acc237dff16d76c20ef7c919e3a7509", "" },
	/* SP 800-67 appendix B, first block */
	{ "3des", "0123456789abcdef23456789abcdef01456789abcdef0123",
	    "0000000000000000", "", "5468652071756663", "a826fd8ce53b855f",
	    "" },
	/* FIPS 81 table C1, CBC */
	{ "des", "0123456789abcdef", "1234567890abcdef", "",
	    "4e6f77206973207468652074696d6520666f7220616c6c20",
	    "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6", "" },
};
/* clang-format on */

static const struct alg *
by_name(const char *name)
{
	const struct alg *a =
	    suite_by_name(SUITE_ENCR, ALG_PHASE1 | ALG_PHASE2, name);

	ck_assert_ptr_nonnull(a);
	return a;
}

START_TEST(vectors)
{
	const struct vec *v = &vecs[_i];
	const struct alg *a = by_name(v->alg);
	uint8_t key[CIPHER_KEY_MAX], iv[CIPHER_IV_MAX], aad[64], data[256];
	uint8_t icv[CIPHER_ICV_MAX], plain[256];
	size_t alen = unhex(aad, sizeof(aad), v->aad);
	size_t len = unhex(data, sizeof(data), v->plain);

	memcpy(plain, data, len);
	ck_assert_uint_eq(unhex(key, sizeof(key), v->key), a->key_len);
	ck_assert_uint_eq(unhex(iv, sizeof(iv), v->iv), a->iv_len);
	/* Twice, since contexts are used again. */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(cipher_seal(a, key, iv, aad, alen, data, len,
		    icv), 0);
		assert_hex(data, len, v->cipher);
		assert_hex(icv, a->icv_len, v->icv);
		ck_assert_int_eq(cipher_open(a, key, iv, aad, alen, data, len,
		    icv), 0);
		ck_assert_mem_eq(data, plain, len);
	}
}
END_TEST

/* AES of one block, the brick of the CCM below. */
static void
aes(const struct alg *cbc, const uint8_t *key, const uint8_t *in, uint8_t *out)
{
	static const uint8_t zero[16];

	memmove(out, in, 16);
	ck_assert_int_eq(cipher_seal(cbc, key, zero, NULL, 0, out, 16, NULL),
	    0);
}

/* CBC-MAC over one more padded string. */
static void
ccm_absorb(const struct alg *cbc, const uint8_t *key, uint8_t *x,
    const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i += 16) {
		for (size_t j = 0; j < 16 && i + j < n; j++)
			x[j] ^= p[i + j];
		aes(cbc, key, x, x);
	}
}

/*
 * CCM as SP 800-38C writes it, with the formatting of RFC 4309: an 11-byte
 * nonce, a 4-byte length, always some aad.
 */
static void
ccm_by_hand(const struct alg *cbc, const uint8_t *key, const uint8_t *nonce,
    const uint8_t *aad, size_t alen, uint8_t *data, size_t len, size_t m,
    uint8_t *icv)
{
	uint8_t x[16] = { 0 }, b[128] = { 0 }, c[16] = { 0 }, s[16];

	b[0] = (uint8_t)(0x40 | ((m - 2) / 2) << 3 | 3);
	memcpy(b + 1, nonce, 11);
	b[14] = (uint8_t)(len >> 8);
	b[15] = (uint8_t)len;
	ccm_absorb(cbc, key, x, b, 16);
	b[0] = 0;
	b[1] = (uint8_t)alen;
	memcpy(b + 2, aad, alen);
	ccm_absorb(cbc, key, x, b, alen + 2);
	ccm_absorb(cbc, key, x, data, len);
	c[0] = 3;
	memcpy(c + 1, nonce, 11);
	aes(cbc, key, c, s);
	for (size_t i = 0; i < m; i++)
		icv[i] = x[i] ^ s[i];
	for (size_t i = 0; i < len; i++) {
		if (i % 16 == 0) {
			c[15]++;
			aes(cbc, key, c, s);
		}
		data[i] ^= s[i % 16];
	}
}

START_TEST(ccm)
{
	static const uint16_t bits[] = { 128, 192, 256 };
	uint8_t key[35], iv[8], nonce[11], aad[40], want[80], got[80];
	uint8_t icv[16], got_icv[16];
	const struct alg *a = NULL;
	const struct alg *cbc;

	memset(key, 0x5a, sizeof(key));
	memset(aad, 0xa5, sizeof(aad));
	while ((a = suite_next(SUITE_ENCR, ALG_PHASE1, a)) != NULL) {
		if (a->mode != ALG_M_CCM)
			continue;
		ck_assert(a->bits == bits[0] || a->bits == bits[1] ||
		    a->bits == bits[2]);
		cbc = suite_by_id(SUITE_ENCR, 12, a->bits);
		for (size_t i = 0; i < 3; i++)
			key[a->key_len - 3 + i] = nonce[i] = (uint8_t)(i + 7);
		for (size_t len = 1; len <= sizeof(want); len++) {
			memset(iv, (int)len, sizeof(iv));
			memcpy(nonce + 3, iv, sizeof(iv));
			memset(want, 0x33, len);
			memset(got, 0x33, len);
			ccm_by_hand(cbc, key, nonce, aad, 32 + len % 8, want,
			    len, a->icv_len, icv);
			ck_assert_int_eq(cipher_seal(a, key, iv, aad,
			    32 + len % 8, got, len, got_icv), 0);
			ck_assert_mem_eq(got, want, len);
			ck_assert_mem_eq(got_icv, icv, a->icv_len);
		}
	}
}
END_TEST

START_TEST(refusals)
{
	const struct alg *cbc = by_name("aes-128");
	const struct alg *gcm = by_name("aes-128-gcm");
	static uint8_t data[CIPHER_LEN_MAX + 1];
	uint8_t key[CIPHER_KEY_MAX] = { 0 }, iv[16] = { 0 }, icv[16] = { 0 };

	ck_assert_int_eq(cipher_seal(cbc, key, iv, NULL, 0, data, 15, NULL),
	    -1);
	ck_assert_int_eq(cipher_seal(cbc, key, iv, NULL, 0, data, 0, NULL),
	    -1);
	ck_assert_int_eq(cipher_seal(gcm, key, iv, NULL, 0, data,
	    sizeof(data), icv), -1);
	ck_assert_int_eq(cipher_seal(gcm, key, iv, data, sizeof(data), data,
	    16, icv), -1);
	ck_assert_int_eq(cipher_seal(by_name("twofish"), key, iv, NULL, 0,
	    data, 16, NULL), -1);
	ck_assert_int_eq(cipher_seal(suite_by_id(SUITE_INTEG, 12, 0), key, iv,
	    NULL, 0, data, 16, NULL), -1);
	memset(data, 7, 16);
	ck_assert_int_eq(cipher_open(gcm, key, iv, NULL, 0, data, 16, icv),
	    -1);
	for (size_t i = 0; i < 16; i++)
		ck_assert_uint_eq(data[i], 0);
	/* A refusal leaves nothing behind in the cached context. */
	ck_assert_int_eq(cipher_seal(gcm, key, iv, NULL, 0, data, 16, icv), 0);
	ck_assert_int_eq(cipher_open(gcm, key, iv, NULL, 0, data, 16, icv), 0);
}
END_TEST

START_TEST(null_cipher)
{
	const struct alg *a = by_name("null");
	uint8_t data[3] = { 1, 2, 3 };

	ck_assert_int_eq(cipher_seal(a, data, NULL, NULL, 0, data, 3, NULL),
	    0);
	ck_assert_uint_eq(data[1], 2);
	ck_assert_int_eq(cipher_open(a, data, NULL, NULL, 0, data, 3, NULL),
	    0);
	ck_assert_uint_eq(data[2], 3);
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
	Suite *s = suite_create("suite_cipher");
	TCase *t = tcase_create("cipher");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, vectors, 0, sizeof(vecs) / sizeof(vecs[0]));
	tcase_add_test(t, ccm);
	tcase_add_test(t, refusals);
	tcase_add_test(t, null_cipher);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
