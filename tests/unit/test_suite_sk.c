/* The Encrypted payload: every pair of algorithms, and what attackers send. */
#include "lib/suite/sk.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/suite/prf.h"
#include "tests/unit/suite_hex.h"

#define AAD	32
#define LEN_MAX	256

static const uint8_t iv[CIPHER_IV_MAX] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
	0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x10 };

static void
keyed(struct sk_dir *d, const struct alg *e, const struct alg *in)
{
	uint8_t ek[CIPHER_KEY_MAX], ak[SK_INTEG_MAX];

	for (size_t i = 0; i < sizeof(ek); i++)
		ek[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof(ak); i++)
		ak[i] = (uint8_t)(i * 5 + 2);
	ck_assert_int_eq(sk_init(d, e, in, ek, ak), 0);
}

/* A sealed message of n inner bytes in msg; returns its length. */
static size_t
sealed(struct sk_dir *d, uint8_t *msg, size_t n)
{
	const char *why = NULL;

	for (size_t i = 0; i < AAD; i++)
		msg[i] = (uint8_t)(0xc0 + i);
	for (size_t i = 0; i < n; i++)
		msg[AAD + sk_iv_len(d) + i] = (uint8_t)i;
	ck_assert_msg(sk_seal(d, msg, AAD, n, iv, &why) == 0, "%s", why);
	return AAD + sk_len(d, n);
}

static void
opens_to(const struct sk_dir *d, uint8_t *msg, size_t len, size_t n)
{
	const char *why = NULL;
	uint8_t *in;
	size_t got;

	ck_assert_msg(sk_open(d, msg, AAD, len, &in, &got, &why) == 0, "%s",
	    why);
	ck_assert_uint_eq(got, n);
	ck_assert_ptr_eq(in, msg + AAD + sk_iv_len(d));
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(in[i], (uint8_t)i);
}

static void
refused(const struct sk_dir *d, const uint8_t *msg, size_t len)
{
	const char *why = NULL;
	uint8_t copy[LEN_MAX];
	uint8_t *in;
	size_t n;

	memcpy(copy, msg, len);
	ck_assert_int_eq(sk_open(d, copy, AAD, len, &in, &n, &why), -1);
	ck_assert_ptr_nonnull(why);
}

static void
round_trips(struct sk_dir *d)
{
	uint8_t msg[LEN_MAX], before[LEN_MAX];
	size_t len;

	for (size_t n = 0; n <= 70; n++) {
		memset(msg, 0xee, sizeof(msg));
		len = sealed(d, msg, n);
		ck_assert_uint_lt(len, sizeof(msg));
		ck_assert_uint_eq(msg[len], 0xee);
		memcpy(before, msg, len);
		opens_to(d, msg, len, n);
		/* The same plaintext is never sealed to the same bytes. */
		if (suite_row(d->encr)->flags & ALG_COUNTER) {
			sealed(d, msg, n);
			ck_assert_mem_ne(msg, before, len);
		}
	}
}

static void
flips_and_cuts(struct sk_dir *d)
{
	uint8_t msg[LEN_MAX];
	size_t len = sealed(d, msg, 21);

	for (size_t bit = 0; bit < len * 8; bit++) {
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refused(d, msg, len);
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t l = 0; l < len; l++)
		refused(d, msg, l);
	msg[len] = 0;
	refused(d, msg, len + 1);
	opens_to(d, msg, len, 21);
}

/* Whatever goes together, and nothing else. */
START_TEST(all_pairs)
{
	const struct alg *e = NULL;
	struct sk_dir d;
	size_t pairs = 0;
	uint8_t k[64] = { 0 };

	while ((e = suite_next(SUITE_ENCR, ALG_PHASE1, e)) != NULL) {
		const struct alg *in = NULL;

		if (e->flags & ALG_AEAD) {
			keyed(&d, e, NULL);
			round_trips(&d);
			flips_and_cuts(&d);
			pairs++;
		} else
			ck_assert_int_eq(sk_init(&d, e, NULL, k, k), -1);
		while ((in = suite_next(SUITE_INTEG, ALG_PHASE1, in)) !=
		    NULL) {
			if (e->flags & ALG_AEAD) {
				ck_assert_int_eq(sk_init(&d, e, in, k, k), -1);
				continue;
			}
			keyed(&d, e, in);
			round_trips(&d);
			flips_and_cuts(&d);
			pairs++;
		}
	}
	/* 19 AEAD rows; 11 others with 7 integrity algorithms each */
	ck_assert_uint_eq(pairs, 19 + 11 * 7);
}
END_TEST

static const struct alg *
encr(uint16_t id, uint16_t attr)
{
	return suite_by_id(SUITE_ENCR, id, attr);
}

/* RFC 7634 appendix B. */
START_TEST(rfc7634)
{
	const char *hdr = "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d7"
	    "2e202500000000090000004529000029";
	const char *inner = "0000000c000040010000000a";
	const char *want = "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d7"
	    "2e202500000000090000004529000029 1011121314151617"
	    "610394701f8d017f7c12924889 6b71bfe25236efd7cdc67066906315b2";
	uint8_t key[36], msg[128];
	const char *why = NULL;
	struct sk_dir d;
	uint8_t *in;
	size_t n;

	unhex(key, sizeof(key), "808182838485868788898a8b8c8d8e8f"
	    "909192939495969798999a9b9c9d9e9f a0a1a2a3");
	ck_assert_int_eq(sk_init(&d, encr(28, 0), NULL, key, NULL), 0);
	ck_assert_uint_eq(sk_len(&d, 12), 69 - 32);
	d.ctr = 0x1011121314151617;
	unhex(msg, sizeof(msg), hdr);
	unhex(msg + 40, sizeof(msg) - 40, inner);
	ck_assert_int_eq(sk_seal(&d, msg, 32, 12, NULL, &why), 0);
	assert_hex(msg, 69, want);
	ck_assert_int_eq(sk_open(&d, msg, 32, 69, &in, &n, &why), 0);
	assert_hex(in, n, inner);
}
END_TEST

START_TEST(counter)
{
	uint8_t msg[LEN_MAX];
	const char *why = NULL;
	struct sk_dir d;

	keyed(&d, encr(20, 128), NULL);
	for (unsigned i = 0; i < 3; i++) {
		sealed(&d, msg, 4);
		ck_assert_uint_eq(msg[AAD + 7], i);
	}
	d.ctr = UINT64_MAX - 1;
	sealed(&d, msg, 4);
	ck_assert_int_eq(sk_seal(&d, msg, AAD, 4, iv, &why), -1);
	ck_assert_str_eq(why, "IV counter is used up");
	ck_assert_int_eq(sk_seal(&d, msg, AAD, 4, iv, &why), -1);
	/* CBC takes the caller's. */
	keyed(&d, encr(12, 128), suite_by_id(SUITE_INTEG, 12, 0));
	sealed(&d, msg, 4);
	ck_assert_mem_eq(msg + AAD, iv, 16);
	ck_assert_int_eq(sk_seal(&d, msg, AAD, 4, NULL, &why), -1);
}
END_TEST

/*
 * Padding as others make it: any length that aligns, any content (RFC 7296
 * section 3.14), made here by sealing a text that ends in a pad length.
 */
START_TEST(foreign_padding)
{
	static const struct { uint16_t id, attr; unsigned block; } algs[] = {
		{ 12, 128, 16 }, { 3, 0, 8 }, { 13, 128, 1 }, { 20, 128, 1 } };
	const struct alg *e = encr(algs[_i].id, algs[_i].attr);
	const struct alg *in = e->flags & ALG_AEAD ? NULL :
	    suite_by_id(SUITE_INTEG, 12, 0);
	uint8_t data[512], icv[64], msg[600], key[36] = { 0 };
	uint8_t ak[64] = { 0 }, *at;
	const char *why = NULL;
	struct sk_dir d;
	size_t n;

	ck_assert_int_eq(sk_init(&d, e, in, key, ak), 0);
	for (unsigned pad = 0; pad <= 255; pad++) {
		size_t len = (pad + 10 + algs[_i].block) / algs[_i].block *
		    algs[_i].block;
		size_t ivl = sk_iv_len(&d), icvl = sk_len(&d, 0) - ivl -
		    e->block;
		struct sk_dir plain = d;

		/* Seal len-1 bytes with our own padding, then overwrite it. */
		memset(msg, 0, sizeof(msg));
		memset(data, 0x77, sizeof(data));
		data[len - 1] = (uint8_t)pad;
		memcpy(msg + AAD + ivl, data, len);
		memcpy(msg + AAD, iv, ivl);
		ck_assert_int_eq(cipher_seal(e, plain.ek, iv, msg, AAD,
		    msg + AAD + ivl, len, icv), 0);
		if (in != NULL) {
			struct part p = { msg, AAD + ivl + len };

			ck_assert_int_eq(integ_icv(in, plain.ak, &p, 1, icv),
			    0);
		}
		memcpy(msg + AAD + ivl + len, icv, icvl);
		ck_assert_int_eq(sk_open(&d, msg, AAD, AAD + ivl + len + icvl,
		    &at, &n, &why), 0);
		ck_assert_uint_eq(n, len - 1 - pad);
	}
}
END_TEST

/* A pad length that reaches beyond the text, under a valid ICV. */
START_TEST(pad_too_long)
{
	const struct alg *e = encr(20, 128);
	uint8_t msg[AAD + 8 + 4 + 16] = { 0 }, key[36] = { 0 };
	const char *why = NULL;
	struct sk_dir d;
	uint8_t *in;
	size_t n;

	ck_assert_int_eq(sk_init(&d, e, NULL, key, NULL), 0);
	for (unsigned pad = 3; pad <= 5; pad++) {
		memset(msg, 0, sizeof(msg));
		msg[AAD + 8 + 3] = (uint8_t)pad;
		ck_assert_int_eq(cipher_seal(e, key, msg + AAD, msg, AAD,
		    msg + AAD + 8, 4, msg + AAD + 12), 0);
		ck_assert_int_eq(sk_open(&d, msg, AAD, sizeof(msg), &in, &n,
		    &why), pad == 3 ? 0 : -1);
	}
	ck_assert_str_eq(why, "pad length exceeds the Encrypted payload");
}
END_TEST

START_TEST(lengths)
{
	const struct alg *e = NULL;
	struct sk_dir d;

	while ((e = suite_next(SUITE_ENCR, ALG_PHASE1, e)) != NULL) {
		keyed(&d, e, e->flags & ALG_AEAD ? NULL :
		    suite_by_id(SUITE_INTEG, 13, 0));
		for (size_t room = 0; room < 200; room++) {
			size_t n = sk_room(&d, room);

			if (n > 0)
				ck_assert_uint_le(sk_len(&d, n), room);
			ck_assert_uint_gt(sk_len(&d, n + 1), room);
		}
	}
}
END_TEST

START_TEST(wiping)
{
	static const uint8_t zero[SK_INTEG_MAX];
	struct sk_dir d;

	keyed(&d, encr(12, 256), suite_by_id(SUITE_INTEG, 14, 0));
	sk_wipe(&d);
	ck_assert_mem_eq(d.ek, zero, sizeof(d.ek));
	ck_assert_mem_eq(d.ak, zero, sizeof(d.ak));
}
END_TEST

/* One direction's messages do not open under another's keys. */
START_TEST(other_key)
{
	struct sk_dir a, b;
	uint8_t msg[LEN_MAX];
	size_t len;

	keyed(&a, encr(28, 0), NULL);
	b = a;
	b.ek[35] ^= 1;
	len = sealed(&a, msg, 12);
	refused(&b, msg, len);
	keyed(&a, encr(12, 128), suite_by_id(SUITE_INTEG, 5, 0));
	b = a;
	b.ak[15] ^= 1;
	len = sealed(&a, msg, 12);
	refused(&b, msg, len);
	opens_to(&a, msg, len, 12);
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
	Suite *s = suite_create("suite_sk");
	TCase *t = tcase_create("sk");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, all_pairs);
	tcase_add_test(t, rfc7634);
	tcase_add_test(t, counter);
	tcase_add_loop_test(t, foreign_padding, 0, 4);
	tcase_add_test(t, pad_too_long);
	tcase_add_test(t, lengths);
	tcase_add_test(t, wiping);
	tcase_add_test(t, other_key);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
