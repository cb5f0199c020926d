/* The edge ikepd - certd. */
#include "lib/proto/ikecd.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static struct cd_blob
blob(const char *s)
{
	return (struct cd_blob){ (const uint8_t *)s, strlen(s) };
}

static void
assert_blob(const struct cd_blob *b, const char *s)
{
	ck_assert_uint_eq(b->len, strlen(s));
	ck_assert_mem_eq(b->p, s, b->len);
}

static struct cd_auth
request(void)
{
	struct cd_auth a = { .what = CD_VERIFY | CD_MAKE, .peer = 7,
		.identity = 9, .prf = 5, .initiator = true,
		.msg_own = blob("own message"), .msg_peer = blob("peer's"),
		.nonce_own = blob("nonce"), .nonce_peer = blob("other"),
		.sk_own = blob("sk1"), .sk_peer = blob("sk2"),
		.id_peer = blob("id"), .id_asked = blob("asked"),
		.method = 14, .auth = blob("signature"), .ncerts = 2,
		.certreq = blob("12345678901234567890"),
		.hashes = CD_HASH_SHA256 | CD_HASH_IDENTITY };

	a.certs[0] = (struct cd_cert){ 4, blob("leaf") };
	a.certs[1] = (struct cd_cert){ 15, blob("") };
	return a;
}

START_TEST(auth)
{
	struct cd_auth a = request(), b;
	const char *why;
	struct buf out;
	struct cur c;
	size_t n;

	buf_init(&out, CD_AUTH_LEN_MAX);
	cd_auth_put(&out, &a);
	ck_assert_int_eq(buf_error(&out), 0);
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(cd_auth_get(&c, &b, &why), 0);
	ck_assert_uint_eq(b.peer, 7);
	ck_assert(b.initiator);
	assert_blob(&b.auth, "signature");
	ck_assert_uint_eq(b.ncerts, 2);
	ck_assert_uint_eq(b.certs[0].encoding, 4);
	assert_blob(&b.certs[0].data, "leaf");
	ck_assert_uint_eq(b.certs[1].encoding, 15);
	assert_blob(&b.certs[1].data, "");
	assert_blob(&b.certreq, "12345678901234567890");
	ck_assert_uint_eq(b.hashes, CD_HASH_SHA256 | CD_HASH_IDENTITY);
	for (n = 0; n < out.len; n++) {
		cur_init(&c, out.data, n);
		ck_assert_int_eq(cd_auth_get(&c, &b, &why), -1);
	}
	buf_u8(&out, 0);
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(cd_auth_get(&c, &b, &why), -1);
	buf_free(&out);
}
END_TEST

static int
passes(const struct cd_auth *a)
{
	struct cd_auth b;
	const char *why;
	struct buf out;
	struct cur c;
	int rc;

	buf_init(&out, CD_AUTH_LEN_MAX);
	cd_auth_put(&out, a);
	cur_init(&c, out.data, out.len);
	rc = buf_error(&out) == -1 ? -1 : cd_auth_get(&c, &b, &why);
	buf_free(&out);
	return rc;
}

START_TEST(limits)
{
	static uint8_t big[CD_CERTS_LEN_MAX];
	struct cd_auth a = request();
	size_t i;

	/* So many certificates, and so many bytes of all. */
	a.ncerts = CD_CERTS_MAX;
	for (i = 0; i < CD_CERTS_MAX; i++)
		a.certs[i] = (struct cd_cert){ 4, { big,
			CD_CERTS_LEN_MAX / CD_CERTS_MAX } };
	ck_assert_int_eq(passes(&a), 0);
	a.certs[3].data.len++;
	ck_assert_int_eq(passes(&a), -1);
	a = request();
	a.ncerts = CD_CERTS_MAX + 1;
	ck_assert_int_eq(passes(&a), -1);
	/* Whole hashes, and not too many. */
	a = request();
	a.certreq = (struct cd_blob){ big, CD_CERTREQ_MAX };
	ck_assert_int_eq(passes(&a), 0);
	a.certreq.len += CD_CA_HASH_LEN;
	ck_assert_int_eq(passes(&a), -1);
	a.certreq.len = CD_CA_HASH_LEN + 1;
	ck_assert_int_eq(passes(&a), -1);
}
END_TEST

/* The largest of everything at once still is a message. */
START_TEST(all_at_their_limits)
{
	static uint8_t big[CD_CERTS_LEN_MAX];
	struct cd_auth a = request();
	size_t i;

	a.msg_own = a.msg_peer = (struct cd_blob){ big, CD_MSG_MAX };
	a.nonce_own = a.nonce_peer = (struct cd_blob){ big, 256 };
	a.sk_own = a.sk_peer = (struct cd_blob){ big, 64 };
	a.id_peer = a.id_asked = (struct cd_blob){ big, CD_ID_MAX };
	a.auth = (struct cd_blob){ big, CD_AUTH_MAX };
	a.certreq = (struct cd_blob){ big, CD_CERTREQ_MAX };
	a.ncerts = CD_CERTS_MAX;
	for (i = 0; i < CD_CERTS_MAX; i++)
		a.certs[i] = (struct cd_cert){ 4, { big,
			CD_CERTS_LEN_MAX / CD_CERTS_MAX } };
	ck_assert_int_eq(passes(&a), 0);
}
END_TEST

START_TEST(result)
{
	struct cd_result r = { .status = CD_BAD_CERT, .identity = 3,
		.reason = "expired", .id_own = blob("me"), .method = 9,
		.auth = blob("auth"), .ncerts = 1, .subject = "CN=x" }, b;
	const char *why;
	struct buf out;
	struct cur c;
	size_t n;

	r.certs[0] = (struct cd_cert){ 4, blob("ours") };
	r.fp[31] = 77;
	r.watch = blob("opaque");
	buf_init(&out, CD_RESULT_LEN_MAX);
	cd_result_put(&out, &r);
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(cd_result_get(&c, &b, &why), 0);
	ck_assert_int_eq(b.status, CD_BAD_CERT);
	ck_assert_str_eq(b.reason, "expired");
	ck_assert_str_eq(b.subject, "CN=x");
	ck_assert_uint_eq(b.fp[31], 77);
	ck_assert_uint_eq(b.ncerts, 1);
	assert_blob(&b.certs[0].data, "ours");
	assert_blob(&b.watch, "opaque");
	for (n = 0; n < out.len; n++) {
		cur_init(&c, out.data, n);
		ck_assert_int_eq(cd_result_get(&c, &b, &why), -1);
	}
	out.data[0] = CD_STATUS_MAX;
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(cd_result_get(&c, &b, &why), -1);
	buf_free(&out);
}
END_TEST

START_TEST(trust)
{
	struct cd_trust t = { .hashes = CD_HASH_SHA512,
		.flags = CD_TRUST_CERTS,
		.certreq = blob("12345678901234567890") }, b;
	uint8_t fp[CD_FP_LEN] = { 1, 2, 3 }, got[CD_FP_LEN];
	const char *why;
	struct buf out;
	struct cur c;

	buf_init(&out, CD_TRUST_LEN_MAX);
	cd_trust_put(&out, &t);
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(cd_trust_get(&c, &b, &why), 0);
	ck_assert_uint_eq(b.hashes, CD_HASH_SHA512);
	ck_assert_uint_eq(b.flags, CD_TRUST_CERTS);
	assert_blob(&b.certreq, "12345678901234567890");
	out.data[2] = 0x80;	/* an unknown flag */
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(cd_trust_get(&c, &b, &why), -1);
	buf_reset(&out);
	cd_revoked_put(&out, fp);
	cur_init(&c, out.data, out.len);
	ck_assert_int_eq(cd_revoked_get(&c, got, &why), 0);
	ck_assert_mem_eq(fp, got, sizeof(fp));
	cur_init(&c, out.data, out.len - 1);
	ck_assert_int_eq(cd_revoked_get(&c, got, &why), -1);
	buf_free(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ikecd");
	TCase *tc = tcase_create("ikecd");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, auth);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, all_at_their_limits);
	tcase_add_test(tc, result);
	tcase_add_test(tc, trust);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
