/* What CRLs and OCSP say of a certificate, and who is believed. */
#include "tests/unit/revocation_util.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

/* CRLs from files, strict */
START_TEST(local_crls)
{
	const struct local_case {
		struct crl_want w;
		bool good;
		const char *why;
	} cases[] = {
		{ { ca_key, ca, 0, -10, 1000 }, true, "not in the CRL" },
		{ { ca_key, ca, 11, -10, 1000 }, false, "revoked by the CRL" },
		/* clocks may differ a little */
		{ { ca_key, ca, 0, 200, 1000 }, true, "not in the CRL" },
		{ { ca_key, ca, 0, 400, 1000 }, false, "not current" },
		{ { ca_key, ca, 0, -1000, -200 }, true, "not in the CRL" },
		{ { ca_key, ca, 0, -1000, -400 }, false, "not current" },
		{ { ca_key, ca, 0, -10, 0 }, true, "not in the CRL" },
		{ { ca_key, ca, 0, -90000, 0 }, false, "not current" },
		/* a stale one still revokes */
		{ { ca_key, ca, 11, -90000, -80000 }, false, "revoked by" },
		/* another CA of the same name; others' keys; weak; partial */
		{ { other_key, other, 11, -10, 1000 }, false, "no CRL of" },
		{ { ca_key, ca, 11, -10, 1000, NULL, true }, false,
		    "no CRL of" },
		{ { ca_key, ca, 0, -10, 1000, NULL, false, EVP_sha1() },
		    false, "no CRL of" },
		{ { ca_key, ca, 0, -10, 1000, "critical,onlyCA:TRUE" }, false,
		    "not about such" },
		{ { ca_key, ca, 0, -10, 1000, "critical,onlyuser:TRUE" },
		    true, "not in the CRL" },
		{ { ca_key, ca, 0, -10, 1000, "critical,indirectCRL:TRUE" },
		    false, "not about such" },
		{ { ca_key, ca, 0, -10, 1000,
		    "critical,fullname:URI:http://elsewhere/" }, false,
		    "not about such" },
	};
	struct outcome o;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		local_crl(&cases[i].w);
		check_start(&o, plain, NULL);
		expect(&o, cases[i].good, cases[i].why);
	}
	local_crl(NULL);
	check_start(&o, plain, NULL);
	expect(&o, false, "strict");
	ck_assert_uint_eq(nasked, 0);
}
END_TEST

/* OCSP is asked first; what it says decides; it is not asked twice. */
START_TEST(ocsp_answers)
{
	const struct ocsp_case {
		struct ocsp_want w;
		bool good, decides;
		const char *why;
	} cases[] = {
		{ { ca, ca_key, V_OCSP_CERTSTATUS_GOOD, -10, 1000, NULL,
		    leaf }, true, true, "good by OCSP" },
		{ { resp, resp_key, V_OCSP_CERTSTATUS_GOOD, -10, 1000, NULL,
		    leaf }, true, true, "good by OCSP" },
		{ { resp, resp_key, V_OCSP_CERTSTATUS_REVOKED, -10, 1000,
		    NULL, leaf }, false, true, "revoked by OCSP" },
		{ { resp, resp_key, V_OCSP_CERTSTATUS_GOOD, -10, 0, NULL,
		    leaf }, true, true, "good by OCSP" },
		{ { ca, ca_key, V_OCSP_CERTSTATUS_UNKNOWN, -10, 1000, NULL,
		    leaf }, false, false, "does not know" },
		{ { norights, resp_key, V_OCSP_CERTSTATUS_GOOD, -10, 1000,
		    NULL, leaf }, false, false, "nobody who may" },
		{ { other, other_key, V_OCSP_CERTSTATUS_GOOD, -10, 1000, NULL,
		    leaf }, false, false, "nobody who may" },
		{ { ca, ca_key, V_OCSP_CERTSTATUS_GOOD, -9000, -400, NULL,
		    leaf }, false, false, "too old" },
		{ { ca, ca_key, V_OCSP_CERTSTATUS_GOOD, -9000, 0, NULL,
		    leaf }, false, false, "too old" },
		{ { ca, ca_key, V_OCSP_CERTSTATUS_GOOD, 400, 1000, NULL,
		    leaf }, false, false, "future" },
		{ { ca, ca_key, V_OCSP_CERTSTATUS_GOOD, -10, 1000, NULL,
		    plain }, false, false, "another certificate" },
	};
	const struct ocsp_case *c = &cases[_i];
	struct outcome o;

	ck_assert_uint_eq(sizeof(cases) / sizeof(cases[0]), 11);
	check_start(&o, leaf, NULL);
	ck_assert_int_eq(o.calls, 0);
	ck_assert_uint_eq(nasked, 1);
	ck_assert_str_eq(asked[0].url, OCSP_URL);
	answer_ocsp(0, c->w);
	if (!c->decides) {
		/* then the CRL */
		ck_assert_int_eq(o.calls, 0);
		ck_assert_uint_eq(nasked, 2);
		ck_assert_str_eq(asked[1].url, CRL_URL);
		revocation_fetched(rev, asked[1].id, "no connection", NULL,
		    0);
		expect(&o, false, "strict");
		return;
	}
	expect(&o, c->good, c->why);
	check_start(&o, leaf, NULL);
	expect(&o, c->good, c->why);
	ck_assert_uint_eq(nasked, 1);
}
END_TEST

/* An answer to a question that somebody else asked. */
START_TEST(replayed_nonce)
{
	struct ocsp_want w = { ca, ca_key, V_OCSP_CERTSTATUS_GOOD, -10, 1000,
	    NULL, leaf };
	OCSP_REQUEST *q = ocsp_question(leaf, ca), *own;
	const char *why = "";
	uint8_t *der;
	time_t until;
	size_t n, i;

	own = ocsp_question(leaf, ca);
	w.q = q;
	n = make_ocsp(&w, &der);
	ck_assert_int_eq(ocsp_answer(der, n, own, leaf, ca, NOW, &until,
	    &why), OCSP_NOTHING);
	ck_assert_ptr_nonnull(strstr(why, "another question"));
	ck_assert_int_eq(ocsp_answer(der, n, q, leaf, ca, NOW, &until, &why),
	    OCSP_GOOD);
	/* cut short and with a byte too many */
	for (i = 0; i < n; i++)
		ck_assert_int_eq(ocsp_answer(der, i, q, leaf, ca, NOW, &until,
		    &why), OCSP_NOTHING);
	/* any changed byte is no good answer, or the same one */
	for (i = 0; i < n; i++) {
		der[i] ^= 0x40;
		(void)ocsp_answer(der, n, q, leaf, ca, NOW, &until, &why);
		der[i] ^= 0x40;
	}
	OPENSSL_free(der);
	/* Without any it will do: RFC 5019 responders send none. */
	w.q = NULL;
	n = make_ocsp(&w, &der);
	ck_assert_int_eq(ocsp_answer(der, n, own, leaf, ca, NOW, &until,
	    &why), OCSP_GOOD);
	OPENSSL_free(der);
	OCSP_REQUEST_free(q);
	OCSP_REQUEST_free(own);
}
END_TEST

START_TEST(downloaded_crl)
{
	struct revocation_conf c = conf_of(true, true, false, true);
	struct crl_want w = { ca_key, ca, 0, -10, 100000 };
	struct crl_want old = { ca_key, ca, 0, -100, 100000 };
	struct outcome o, p;

	revocation_set_conf(rev, &c);
	/* two logins, one fetch */
	check_start(&o, leaf, NULL);
	check_start(&p, leaf, NULL);
	ck_assert_uint_eq(nasked, 1);
	answer_crl(0, &w);
	expect(&o, true, CRL_URL);
	expect(&p, true, CRL_URL);
	check_start(&o, leaf, NULL);
	expect(&o, true, CRL_URL);
	ck_assert_uint_eq(nasked, 1);
	/* it grows old: a new one is fetched, and one before it refused */
	clock_now = NOW + 100000 + 400;
	check_start(&o, leaf, NULL);
	ck_assert_uint_eq(nasked, 2);
	answer_crl(1, &old);
	expect(&o, false, "older than the one before");
}
END_TEST

static const struct bad_crl {
	const char *data;
	const char *why;
} bad_crls[] = {
	{ "garbage", "no CRL" }, { "\x30\x80", "no CRL" }, { "", "no CRL" },
};

START_TEST(bad_downloads)
{
	struct revocation_conf c = conf_of(true, true, false, true);
	struct crl_want forged = { other_key, ca, 0, -10, 1000 };
	struct outcome o;
	size_t i;

	revocation_set_conf(rev, &c);
	for (i = 0; i < 3; i++) {
		check_start(&o, leaf, NULL);
		ck_assert_uint_eq(nasked, i + 1);
		revocation_fetched(rev, asked[i].id, NULL,
		    (const uint8_t *)bad_crls[i].data,
		    strlen(bad_crls[i].data));
		expect(&o, false, bad_crls[i].why);
		clock_now += 61;
	}
	check_start(&o, leaf, NULL);
	answer_crl(3, &forged);
	expect(&o, false, "its issuer has not signed");
	/* a failure is remembered for a while */
	check_start(&o, leaf, NULL);
	expect(&o, false, "its issuer has not signed");
	ck_assert_uint_eq(nasked, 4);
}
END_TEST

START_TEST(responder_down)
{
	struct revocation_conf c = conf_of(true, true, true, false);
	struct outcome o;
	int i;

	/* strict: refused when the time is over */
	check_start(&o, leaf, NULL);
	ck_assert_int_eq(o.calls, 0);
	event_base_loop(base, EVLOOP_ONCE);
	expect(&o, false, "no answer within 50 ms");
	/* the question is still open: no second one */
	check_start(&o, leaf, NULL);
	ck_assert_uint_eq(nasked, 1);
	revocation_fetch_lost(rev, "fetchd died");
	ck_assert_uint_eq(nasked, 2);
	revocation_fetch_lost(rev, "fetchd died");
	expect(&o, false, "fetchd died");
	/* not strict: let in */
	revocation_set_conf(rev, &c);
	check_start(&o, leaf, NULL);
	expect(&o, true, "fetchd died");
	/* nobody to ask */
	clock_now += 100;
	no_fetcher = true;
	for (i = 0; i < 2; i++) {
		check_start(&o, leaf, NULL);
		expect(&o, true, "no fetchd");
	}
	/* late answers find nobody */
	revocation_fetched(rev, asked[0].id, NULL, (const uint8_t *)"x", 1);
	revocation_fetched(rev, 0, "x", NULL, 0);
}
END_TEST

START_TEST(stapled)
{
	struct ocsp_want w = { resp, resp_key, V_OCSP_CERTSTATUS_GOOD, -10,
	    1000, NULL, leaf };
	struct revocation_conf c = conf_of(false, false, true, true);
	struct outcome o;
	struct part p;
	uint8_t *der;

	p.len = make_ocsp(&w, &der);
	p.p = der;
	check_start(&o, leaf, &p);
	expect(&o, true, "sent by the peer");
	ck_assert_uint_eq(nasked, 0);
	OPENSSL_free(der);
	/* one that is about another is no help */
	w.about = leaf;
	revocation_set_conf(rev, &c);
	p.len = make_ocsp(&w, &der);
	p.p = der;
	check_start(&o, plain, &p);
	expect(&o, false, "names no place");
	OPENSSL_free(der);
	w.about = plain;
	w.status = V_OCSP_CERTSTATUS_REVOKED;
	p.len = make_ocsp(&w, &der);
	p.p = der;
	check_start(&o, plain, &p);
	expect(&o, false, "revoked by OCSP");
	OPENSSL_free(der);
}
END_TEST

/* Who is revoked comes again with an answer from the time before. */
START_TEST(stapled_of_before)
{
	struct ocsp_want good = { resp, resp_key, V_OCSP_CERTSTATUS_GOOD,
	    -1000, 1000, NULL, leaf };
	struct ocsp_want bad = { resp, resp_key, V_OCSP_CERTSTATUS_REVOKED,
	    -10, 500, NULL, leaf };
	struct crl_want crl = { ca_key, ca, 10, -10, 1000 };
	struct outcome o;
	struct part p;
	uint8_t *der, *der2;

	p.len = make_ocsp(&good, &der);
	p.p = der;
	check_start(&o, leaf, NULL);
	if (_i == 0) {		/* the responder has said it */
		answer_ocsp(0, bad);
	} else {		/* or the CRL */
		revocation_fetched(rev, asked[0].id, "refused", NULL, 0);
		answer_crl(1, &crl);
	}
	expect(&o, false, _i == 0 ? "revoked by OCSP" : "revoked by the CRL");
	check_start(&o, leaf, &p);
	expect(&o, false, _i == 0 ? "revoked by OCSP" : "revoked by the CRL");
	/* or it was sent along itself, once */
	good.about = bad.about = plain;
	OPENSSL_free(der);
	p.len = make_ocsp(&bad, &der2);
	p.p = der2;
	check_start(&o, plain, &p);
	expect(&o, false, "revoked by OCSP");
	p.len = make_ocsp(&good, &der);
	p.p = der;
	check_start(&o, plain, &p);
	expect(&o, false, "revoked by OCSP");
	OPENSSL_free(der);
	OPENSSL_free(der2);
}
END_TEST

START_TEST(trusted_itself)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct outcome o = { 0 };

	sk_X509_push(chain, ca);
	ck_assert_int_eq(revocation_check(rev, chain, fp, NULL, 0, NOW,
	    on_outcome, &o), 0);
	expect(&o, true, "");
	sk_X509_free(chain);
}
END_TEST

/* A pinned certificate whose CA is not here: nothing can be verified. */
START_TEST(without_its_ca)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct revocation_conf c = { .crl_use = true };
	struct outcome o = { 0 };

	sk_X509_push(chain, plain);
	revocation_set_conf(rev, &c);
	ck_assert_int_eq(revocation_check(rev, chain, fp, NULL, 0, NOW,
	    on_outcome, &o), 0);
	expect(&o, true, "");
	c.strict = true;
	revocation_set_conf(rev, &c);
	o = (struct outcome){ 0 };
	ck_assert_int_eq(revocation_check(rev, chain, fp, NULL, 0, NOW,
	    on_outcome, &o), 0);
	expect(&o, false, "its CA's certificate is not here");
	sk_X509_free(chain);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("revocation");
	TCase *tc = tcase_create("revocation");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, local_crls);
	tcase_add_loop_test(tc, ocsp_answers, 0, 11);
	tcase_add_test(tc, replayed_nonce);
	tcase_add_test(tc, downloaded_crl);
	tcase_add_test(tc, bad_downloads);
	tcase_add_test(tc, responder_down);
	tcase_add_test(tc, stapled);
	tcase_add_loop_test(tc, stapled_of_before, 0, 2);
	tcase_add_test(tc, trusted_itself);
	tcase_add_test(tc, without_its_ca);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
