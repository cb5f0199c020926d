/* The algorithm table and its lookups. */
#include "lib/suite/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/suite/cipher.h"
#include "lib/suite/prf.h"
#include "lib/suite/sk.h"

#define BOTH (ALG_PHASE1 | ALG_PHASE2)

START_TEST(init_finds_all)
{
	const char *why = NULL;

	ck_assert_msg(suite_init(&why) == 0, "suite_init: %s", why);
	ck_assert_int_eq(suite_init(&why), 0);
	for (uint16_t i = 0; suite_row(i) != NULL; i++) {
		const struct alg *a = suite_row(i);

		ck_assert_uint_eq(suite_row_of(a), i);
		ck_assert_msg(suite_usable(a), "%s", a->log);
	}
	ck_assert_ptr_null(suite_row(UINT16_MAX));
}
END_TEST

/* What other code takes for granted about each row. */
START_TEST(rows_are_sound)
{
	for (uint16_t i = 0; suite_row(i) != NULL; i++) {
		const struct alg *a = suite_row(i);

		ck_assert_ptr_nonnull(a->log);
		ck_assert_ptr_nonnull(suite_name(a, ALG_PHASE1));
		ck_assert(a->flags & BOTH);
		if (a->kind == SUITE_ENCR) {
			ck_assert_ptr_nonnull(a->kernel);
			ck_assert_uint_ge(a->block, 1);
			ck_assert_uint_le(a->key_len, CIPHER_KEY_MAX);
			ck_assert_uint_le(a->iv_len, CIPHER_IV_MAX);
			ck_assert_uint_le(a->icv_len, CIPHER_ICV_MAX);
			ck_assert_uint_eq(a->key_len,
			    a->bits / 8 + a->salt_len);
			ck_assert_int_eq(a->icv_len > 0,
			    (a->flags & ALG_AEAD) != 0);
		}
		if (a->kind == SUITE_PRF || a->kind == SUITE_INTEG) {
			ck_assert_uint_le(a->out_len, PRF_MAX);
			ck_assert_uint_le(a->key_len, SK_INTEG_MAX);
			ck_assert_uint_le(a->icv_len, a->out_len);
		}
		if (a->v2 != ALG_NO_V2)
			ck_assert_ptr_eq(suite_by_id(a->kind, a->v2,
			    suite_attr(a)), a);
	}
}
END_TEST

/* Each name leads back to its row, in the phase it is printed for. */
START_TEST(names_lead_back)
{
	static const unsigned phases[] = { ALG_PHASE1, ALG_PHASE2 };

	for (uint16_t i = 0; suite_row(i) != NULL; i++) {
		const struct alg *a = suite_row(i);

		for (size_t p = 0; p < 2; p++) {
			if (!(a->flags & phases[p]))
				continue;
			ck_assert_ptr_eq(suite_by_name(a->kind, phases[p],
			    suite_name(a, phases[p])), a);
		}
	}
}
END_TEST

static const struct {
	enum suite_kind kind;
	unsigned phase;
	const char *name;
	int v2;			/* -1: nothing is found */
	uint16_t attr;
} names[] = {
	{ SUITE_ENCR, ALG_PHASE1, "aes-128", 12, 128 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-128", 12, 128 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-256-cbc", 12, 256 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-192-ctr", 13, 192 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-128gcm", 20, 128 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-128-gcm", 20, 128 },
	{ SUITE_ENCR, ALG_PHASE1, "aes-256-gcm16", 20, 256 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-128-gcm12", 19, 128 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-128-gcm8", 18, 128 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-256-ccm", 16, 256 },
	{ SUITE_ENCR, ALG_PHASE2, "aes-256-ccm8", 14, 256 },
	{ SUITE_ENCR, ALG_PHASE1, "chacha20poly1305", 28, 0 },
	{ SUITE_ENCR, ALG_PHASE1, "camellia-192", 23, 192 },
	{ SUITE_ENCR, ALG_PHASE1, "3des", 3, 0 },
	{ SUITE_ENCR, ALG_PHASE1, "des", 2, 0 },
	{ SUITE_ENCR, ALG_PHASE2, "blowfish", 7, 128 },
	{ SUITE_ENCR, ALG_PHASE1, "blowfish", -1, 0 },
	{ SUITE_ENCR, ALG_PHASE2, "null", 11, 0 },
	{ SUITE_ENCR, ALG_PHASE1, "null", -1, 0 },
	{ SUITE_ENCR, ALG_PHASE1, "", -1, 0 },
	{ SUITE_ENCR, ALG_PHASE1, "aes", -1, 0 },
	{ SUITE_ENCR, ALG_PHASE1, "aes-128-gcm16 ", -1, 0 },
	{ SUITE_PRF, ALG_PHASE1, "sha256", 5, 0 },
	{ SUITE_PRF, ALG_PHASE1, "aes-xcbc", 4, 0 },
	{ SUITE_PRF, ALG_PHASE1, "aes-cmac", 8, 0 },
	{ SUITE_PRF, ALG_PHASE2, "sha256", -1, 0 },
	{ SUITE_INTEG, ALG_PHASE1, "sha256", 12, 0 },
	{ SUITE_INTEG, ALG_PHASE2, "sha384", 13, 0 },
	{ SUITE_INTEG, ALG_PHASE2, "sha512", 14, 0 },
	{ SUITE_INTEG, ALG_PHASE2, "sha1", 2, 0 },
	{ SUITE_INTEG, ALG_PHASE2, "md5", 1, 0 },
	{ SUITE_INTEG, ALG_PHASE2, "null", 0, 0 },
	{ SUITE_INTEG, ALG_PHASE1, "null", -1, 0 },
	{ SUITE_KE, ALG_PHASE1, "modp768", 1, 0 },
	{ SUITE_KE, ALG_PHASE1, "modp1024", 2, 0 },
	{ SUITE_KE, ALG_PHASE1, "modp1536", 5, 0 },
	{ SUITE_KE, ALG_PHASE2, "modp2048", 14, 0 },
	{ SUITE_KE, ALG_PHASE2, "modp8192", 18, 0 },
	{ SUITE_KE, ALG_PHASE2, "ecp521", 21, 0 },
	{ SUITE_KE, ALG_PHASE2, "x25519", 31, 0 },
	{ SUITE_KE, ALG_PHASE2, "x448", 32, 0 },
	{ SUITE_KE, ALG_PHASE2, "none", 0, 0 },
	{ SUITE_KE, ALG_PHASE1, "none", -1, 0 },
	{ SUITE_ESN, ALG_PHASE2, "yes", 1, 0 },
	{ SUITE_ESN, ALG_PHASE2, "no", 0, 0 },
};

START_TEST(names_known)
{
	const struct alg *a = suite_by_name(names[_i].kind, names[_i].phase,
	    names[_i].name);

	if (names[_i].v2 == -1) {
		ck_assert_ptr_null(a);
		return;
	}
	ck_assert_ptr_nonnull(a);
	ck_assert_uint_eq(a->v2, (unsigned)names[_i].v2);
	ck_assert_uint_eq(suite_attr(a), names[_i].attr);
}
END_TEST

/* RFC 7296 section 3.3.5: when the Key Length attribute must be there. */
START_TEST(key_length_attribute)
{
	ck_assert_ptr_null(suite_by_id(SUITE_ENCR, 12, 0));
	ck_assert_ptr_null(suite_by_id(SUITE_ENCR, 12, 129));
	ck_assert_ptr_null(suite_by_id(SUITE_ENCR, 3, 192));
	ck_assert_ptr_null(suite_by_id(SUITE_ENCR, 28, 256));
	ck_assert_ptr_null(suite_by_id(SUITE_ENCR, ALG_NO_V2, 256));
	ck_assert_ptr_null(suite_by_id(SUITE_PRF, 5, 256));
	ck_assert_ptr_null(suite_by_id(SUITE_KE, 3, 0));
	ck_assert_ptr_null(suite_by_id((enum suite_kind)6, 0, 0));
	ck_assert_ptr_nonnull(suite_by_id(SUITE_INTEG, 0, 0));
}
END_TEST

static const char *const weak[] = { "3des", "des", "null", "blowfish", "md5",
	"modp768", "modp1024", "modp1536" };

START_TEST(weak_ones)
{
	size_t n = 0;

	for (uint16_t i = 0; suite_row(i) != NULL; i++) {
		const struct alg *a = suite_row(i);
		bool listed = false;

		for (size_t w = 0; w < sizeof(weak) / sizeof(weak[0]); w++)
			listed |= strcmp(suite_name(a, ALG_PHASE2),
			    weak[w]) == 0 && !(a->flags & ALG_NONE);
		ck_assert_msg(listed == !!(a->flags & ALG_WEAK), "%s",
		    a->log);
		n += listed;
	}
	/* md5 is a PRF and an INTEG. */
	ck_assert_uint_eq(n, sizeof(weak) / sizeof(weak[0]) + 1);
}
END_TEST

static const struct alg *
encr(const char *name)
{
	const struct alg *a = suite_by_name(SUITE_ENCR, BOTH, name);

	ck_assert_ptr_nonnull(a);
	return a;
}

START_TEST(pairs)
{
	const struct alg *sha = suite_by_id(SUITE_INTEG, 12, 0);
	const struct alg *none = suite_by_id(SUITE_INTEG, 0, 0);
	const char *why = NULL;

	ck_assert(suite_pair_ok(encr("aes-128"), sha, ALG_PHASE1, &why));
	ck_assert(suite_pair_ok(encr("aes-128-gcm"), NULL, BOTH, &why));
	ck_assert(suite_pair_ok(encr("aes-128-gcm"), none, ALG_PHASE1, &why));
	ck_assert(suite_pair_ok(encr("null"), sha, ALG_PHASE2, &why));
	ck_assert_ptr_null(why);
	ck_assert(!suite_pair_ok(encr("aes-128-gcm"), sha, ALG_PHASE1, &why));
	ck_assert(!suite_pair_ok(encr("aes-128"), NULL, ALG_PHASE2, &why));
	ck_assert(!suite_pair_ok(encr("aes-128"), none, ALG_PHASE2, &why));
	ck_assert(!suite_pair_ok(encr("null"), none, ALG_PHASE2, &why));
	ck_assert(!suite_pair_ok(encr("null"), sha, ALG_PHASE1, &why));
	ck_assert(!suite_pair_ok(NULL, sha, ALG_PHASE1, &why));
	ck_assert(!suite_pair_ok(sha, sha, ALG_PHASE1, &why));
	ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(keymat_lengths)
{
	const struct alg *sha = suite_by_id(SUITE_INTEG, 12, 0);

	ck_assert_uint_eq(suite_keymat_len(encr("aes-128"), sha), 16 + 32);
	ck_assert_uint_eq(suite_keymat_len(encr("aes-128-gcm"), NULL), 20);
	ck_assert_uint_eq(suite_keymat_len(encr("aes-256-ccm8"), NULL), 35);
	ck_assert_uint_eq(suite_keymat_len(encr("aes-192-ctr"), sha), 28 + 32);
	ck_assert_uint_eq(suite_keymat_len(encr("chacha20poly1305"), NULL),
	    36);
	ck_assert_uint_eq(suite_keymat_len(encr("3des"), sha), 24 + 32);
	ck_assert_uint_eq(suite_keymat_len(encr("null"), sha), 32);
	ck_assert_uint_eq(suite_keymat_len(NULL, sha), 32);
}
END_TEST

START_TEST(formatting)
{
	char s[SUITE_FMT_MAX];

	ck_assert_str_eq(suite_fmt(SUITE_ENCR, 12, 128, s, sizeof(s)),
	    "AES-CBC-128");
	ck_assert_str_eq(suite_fmt(SUITE_ENCR, 20, 256, s, sizeof(s)),
	    "AES-GCM-16-256");
	ck_assert_str_eq(suite_fmt(SUITE_ENCR, 99, 64, s, sizeof(s)),
	    "ENCR 99 (64 bits)");
	ck_assert_str_eq(suite_fmt(SUITE_KE, 22, 0, s, sizeof(s)), "KE 22");
	ck_assert_str_eq(suite_fmt(9, 65535, 65535, s, sizeof(s)),
	    "transform type 9 id 65535");
	ck_assert_str_eq(suite_fmt(SUITE_PRF, 5, 0, s, 4), "PRF");
	ck_assert_str_eq(suite_kind_str(0), "transform type");
	ck_assert_str_eq(suite_kind_str(6), "transform type");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("suite");
	TCase *t = tcase_create("table");
	SRunner *r;
	int failed;

	tcase_add_test(t, init_finds_all);
	tcase_add_test(t, rows_are_sound);
	tcase_add_test(t, names_lead_back);
	tcase_add_loop_test(t, names_known, 0,
	    sizeof(names) / sizeof(names[0]));
	tcase_add_test(t, key_length_attribute);
	tcase_add_test(t, weak_ones);
	tcase_add_test(t, pairs);
	tcase_add_test(t, keymat_lengths);
	tcase_add_test(t, formatting);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
