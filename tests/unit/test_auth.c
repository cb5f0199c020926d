#include "certd/auth.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

#include "suite_hex.h"

/*
 * Computed with Python's hmac from the formulas of RFC 7296 section 2.15:
 * nonces 10..2f and 80..97, SK_pi all 51, SK_pr all 52, a payload of type 34
 * with four bytes before the nonce in each message.
 */
static const char m1_hex[] =
    "01020304050607080000000000000000222022080000000000000048280000084b45"
    "4b4500000024101112131415161718191a1b1c1d1e1f202122232425262728292a2b"
    "2c2d2e2f";
static const char m2_hex[] =
    "0102030405060708a1a2a3a4a5a6a7a8222022200000000000000040280000084b45"
    "4b450000001c808182838485868788898a8b8c8d8e8f9091929394959697";
static const char idi[] = "\2\0\0\0gw2.example";
static const char idr[] = "\2\0\0\0gw1.example";
static const char psk_text[] = "correct horse battery staple";

static const struct vector {
	uint16_t prf;
	const char *auth_i, *auth_r;
} vectors[] = {
	{ 5, "b505971bf74e3b47968be0c4a5ad0215067c7771b0330a231e2c5332b2b82"
	    "0d5", "2290aba6d6a64433b8cd1fa0eed63039cb42260c4fa8f7f8ae27dbe"
	    "13fbce030" },
	{ 2, "be7ed7ad058edc6c4836196d5861095d3cc56ce0",
	    "30d552e683125d5b6e176eba2442c30bd0a01235" },
};

static uint8_t m1[72], m2[64], ni[32], nr[24], ski[64], skr[64];
static struct secret psk;

static void
setup(void)
{
	const char *why;
	unsigned i;

	ck_assert_int_eq(suite_init(&why), 0);
	ck_assert_uint_eq(unhex(m1, sizeof(m1), m1_hex), sizeof(m1));
	ck_assert_uint_eq(unhex(m2, sizeof(m2), m2_hex), sizeof(m2));
	for (i = 0; i < sizeof(ni); i++)
		ni[i] = (uint8_t)(0x10 + i);
	for (i = 0; i < sizeof(nr); i++)
		nr[i] = (uint8_t)(0x80 + i);
	memset(ski, 0x51, sizeof(ski));
	memset(skr, 0x52, sizeof(skr));
	ck_assert_int_eq(secret_set(&psk, psk_text, strlen(psk_text)), 0);
}

static void
teardown(void)
{
	secret_free(&psk);
}

/* What the initiator or the responder knows. */
static struct auth_parts
parts(uint16_t prf_id, bool initiator)
{
	const struct alg *a = suite_by_id(SUITE_PRF, prf_id, 0);
	const struct part msg_i = { m1, sizeof(m1) };
	const struct part msg_r = { m2, sizeof(m2) };
	const struct part n_i = { ni, sizeof(ni) }, n_r = { nr, sizeof(nr) };
	const struct part sk_i = { ski, a->key_len };
	const struct part sk_r = { skr, a->key_len };

	return (struct auth_parts){
		.prf = a,
		.initiator = initiator,
		.msg_own = initiator ? msg_i : msg_r,
		.msg_peer = initiator ? msg_r : msg_i,
		.nonce_own = initiator ? n_i : n_r,
		.nonce_peer = initiator ? n_r : n_i,
		.sk_own = initiator ? sk_i : sk_r,
		.sk_peer = initiator ? sk_r : sk_i,
	};
}

static const struct part id_i = { idi, sizeof(idi) - 1 };
static const struct part id_r = { idr, sizeof(idr) - 1 };

START_TEST(both_sides_agree_with_the_vectors)
{
	const struct vector *v = &vectors[_i];
	struct auth_parts init = parts(v->prf, true);
	struct auth_parts resp = parts(v->prf, false);
	uint8_t want_i[PRF_MAX], want_r[PRF_MAX], out[PRF_MAX];
	size_t len = unhex(want_i, sizeof(want_i), v->auth_i);
	struct part auth_i = { want_i, len }, auth_r = { want_r, len };
	const char *why;

	ck_assert_uint_eq(unhex(want_r, sizeof(want_r), v->auth_r), len);
	ck_assert_int_eq(auth_parts_check(&init, &why), 0);
	ck_assert_int_eq(auth_parts_check(&resp, &why), 0);
	ck_assert_int_eq(auth_psk(&init, AUTH_OWN, &id_i, &psk, out), 0);
	ck_assert_mem_eq(out, want_i, len);
	ck_assert_int_eq(auth_psk(&resp, AUTH_OWN, &id_r, &psk, out), 0);
	ck_assert_mem_eq(out, want_r, len);
	ck_assert(auth_psk_ok(&resp, &id_i, &psk, &auth_i));
	ck_assert(auth_psk_ok(&init, &id_r, &psk, &auth_r));
	/* One's own AUTH sent back is not the other's. */
	ck_assert(!auth_psk_ok(&init, &id_r, &psk, &auth_i));
	/* Another ID, a shorter value, another secret. */
	ck_assert(!auth_psk_ok(&resp, &id_r, &psk, &auth_i));
	auth_i.len--;
	ck_assert(!auth_psk_ok(&resp, &id_i, &psk, &auth_i));
	auth_i.len = 0;
	ck_assert(!auth_psk_ok(&resp, &id_i, &psk, &auth_i));
	auth_i.len = len;
	psk.data[0] ^= 1;
	ck_assert(!auth_psk_ok(&resp, &id_i, &psk, &auth_i));
}
END_TEST

/* A byte of the initiator's message changed, and what is said of it. */
static const struct change {
	size_t off;
	uint8_t value;
	const char *why;
} changes[] = {
	{ 17, 0x10, "no IKE_SA_INIT" },		/* IKEv1 */
	{ 17, 0x30, "no IKE_SA_INIT" },
	{ 18, 35, "no IKE_SA_INIT" },		/* IKE_AUTH */
	{ 23, 1, "no IKE_SA_INIT" },		/* message id */
	{ 19, 0x28, "the wrong side" },
	{ 19, 0x20, "the wrong side" },
	{ 19, 0x00, "the wrong side" },
	{ 8, 1, "impossible SPIs" },		/* responder's SPI */
	{ 27, 0x47, "another length" },
	{ 24, 1, "another length" },
	{ 0, 9, "two IKE SAs" },
	{ 40, 1, "another nonce" },
	{ 71, 0, "another nonce" },
	{ 28, 41, "without a nonce" },
	{ 30, 0xff, "malformed payloads" },
	{ 31, 3, "malformed payloads" },
	{ 31, 0, "malformed payloads" },
	{ 39, 35, "another nonce" },
	{ 39, 0x25, "malformed payloads" },
	{ 36, 40, "malformed payloads" },	/* goes on behind the end */
};

START_TEST(parts_must_fit)
{
	const struct change *c = &changes[_i];
	struct auth_parts a = parts(5, false);
	const char *why = NULL;

	m1[c->off] = c->value;
	ck_assert_int_eq(auth_parts_check(&a, &why), -1);
	ck_assert_msg(strstr(why, c->why) != NULL, "offset %zu: \"%s\"",
	    c->off, why);
	/* The same as the initiator's own. */
	a = parts(5, true);
	ck_assert_int_eq(auth_parts_check(&a, &why), -1);
}
END_TEST

START_TEST(lengths_must_fit)
{
	struct auth_parts a;
	const char *why;
	size_t n;

	/* Every length of a message but the whole one is refused. */
	for (n = 0; n < sizeof(m1); n++) {
		a = parts(5, false);
		a.msg_peer.len = n;
		ck_assert_int_eq(auth_parts_check(&a, &why), -1);
	}
	for (n = 0; n < 16; n++) {
		a = parts(5, false);
		a.nonce_peer.len = n;
		ck_assert_int_eq(auth_parts_check(&a, &why), -1);
		ck_assert_ptr_nonnull(strstr(why, "forbidden length"));
	}
	a = parts(5, false);
	a.nonce_peer.len--;
	ck_assert_int_eq(auth_parts_check(&a, &why), -1);
	a = parts(5, false);
	a.sk_peer.len--;
	ck_assert_int_eq(auth_parts_check(&a, &why), -1);
	ck_assert_ptr_nonnull(strstr(why, "PRF"));
	a = parts(5, false);
	a.sk_own.len = 0;
	ck_assert_int_eq(auth_parts_check(&a, &why), -1);
}
END_TEST

START_TEST(messages_cannot_be_swapped)
{
	struct auth_parts a = parts(5, false);
	struct part m = a.msg_own, n = a.nonce_own;
	const char *why;

	a.msg_own = a.msg_peer;
	a.nonce_own = a.nonce_peer;
	ck_assert_int_eq(auth_parts_check(&a, &why), -1);
	a.msg_peer = m;
	a.nonce_peer = n;
	ck_assert_int_eq(auth_parts_check(&a, &why), -1);
	a.initiator = true;
	ck_assert_int_eq(auth_parts_check(&a, &why), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("auth");
	TCase *tc = tcase_create("auth");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, both_sides_agree_with_the_vectors, 0,
	    (int)(sizeof(vectors) / sizeof(vectors[0])));
	tcase_add_loop_test(tc, parts_must_fit, 0,
	    (int)(sizeof(changes) / sizeof(changes[0])));
	tcase_add_test(tc, lengths_must_fit);
	tcase_add_test(tc, messages_cannot_be_swapped);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
