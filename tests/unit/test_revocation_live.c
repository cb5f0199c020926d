/* Who is online already: revoked, expired, and known to a new certd. */
#include "certd/watch.h"

#include "tests/unit/revocation_util.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static unsigned cut;

static void
on_revoked(void *arg, const uint8_t who[32])
{
	(void)arg;
	ck_assert_mem_eq(who, fp, 32);
	cut++;
}

/* A CRL that comes later cuts who is online, once. */
START_TEST(live_sessions)
{
	struct crl_want good = { ca_key, ca, 0, -10, 1000 };
	struct crl_want bad = { ca_key, ca, 11, -5, 1000 };
	struct crl_want forged = { other_key, other, 11, -5, 1000 };
	struct outcome o;

	cut = 0;
	revocation_on_revoked(rev, on_revoked, NULL);
	local_crl(&good);
	check_start(&o, plain, NULL);
	expect(&o, true, "not in");
	local_crl(&forged);
	ck_assert_uint_eq(cut, 0);
	local_crl(&bad);
	ck_assert_uint_eq(cut, 1);
	local_crl(&bad);
	ck_assert_uint_eq(cut, 1);
	check_start(&o, plain, NULL);
	expect(&o, false, "revoked");
}
END_TEST

/* Logs in, and is handed to a certd that is new. */
static void
handed_over(X509 *cert)
{
	struct revocation_conf c = conf_of(true, true, true, true);
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct watched w;

	sk_X509_push(chain, cert);
	sk_X509_push(chain, ca);
	watch_of(chain, fp, &w);
	sk_X509_free(chain);
	revocation_free(rev);
	ck_assert_ptr_nonnull(rev = revocation_new(base, &ops, NULL));
	revocation_set_conf(rev, &c);
	revocation_on_revoked(rev, on_revoked, NULL);
	revocation_on_expired(rev, on_revoked, NULL);
	cut = 0;
	revocation_restore(rev, &w);
}

/* One who logged in with a certd before is cut as all others. */
START_TEST(sessions_of_before)
{
	struct crl_want good = { ca_key, ca, 0, -10, 1000 };
	struct crl_want bad = { ca_key, ca, 11, -5, 1000 };
	struct crl_want forged = { other_key, other, 11, -5, 1000 };
	struct watched w = { .n = 0 };
	STACK_OF(X509) *chain = sk_X509_new_null();
	time_t end;

	ck_assert_ptr_nonnull(known = trust_new(false));
	ck_assert_int_gt(sk_X509_push(known->anchors, ca), 0);
	X509_up_ref(ca);
	/* by a CRL that comes later, once */
	handed_over(plain);
	local_crl(&good);
	local_crl(&forged);
	ck_assert_uint_eq(cut, 0);
	local_crl(&bad);
	ck_assert_uint_eq(cut, 1);
	local_crl(&bad);
	ck_assert_uint_eq(cut, 1);
	/* by one that is here already */
	sk_X509_push(chain, plain);
	sk_X509_push(chain, ca);
	watch_of(chain, fp, &w);
	revocation_restore(rev, &w);
	ck_assert_uint_eq(cut, 2);
	local_crl(&bad);
	ck_assert_uint_eq(cut, 2);
	/* by time */
	handed_over(plain);
	ck_assert_int_eq(asn1_time(X509_get0_notAfter(plain), &end), 0);
	clock_now = end + 1;
	revocation_tick(rev);
	ck_assert_uint_eq(cut, 1);
	sk_X509_free(chain);
	trust_unref(&known);
}
END_TEST

/* Nor are the places forgotten where their certificates say to ask. */
START_TEST(places_of_before)
{
	struct crl_want bad = { ca_key, ca, 10, -5, 1000 };
	struct ocsp_want w = { ca, ca_key, V_OCSP_CERTSTATUS_GOOD, -10, 1000,
	    NULL, leaf };
	struct revocation_conf c = conf_of(true, true, false, true);

	/* Its CA is not known yet. */
	handed_over(leaf);
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 0);
	ck_assert_ptr_nonnull(known = trust_new(false));
	ck_assert_int_gt(sk_X509_push(known->anchors, ca), 0);
	X509_up_ref(ca);
	local_crl(NULL);
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 1);
	ck_assert_str_eq(asked[0].url, OCSP_URL);
	/* One question at a time; after a failure again; then when it is old. */
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 1);
	revocation_fetched(rev, asked[0].id, "no connection", NULL, 0);
	clock_now += 61;
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 2);
	answer_ocsp(1, w);
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 2);
	ck_assert_uint_eq(cut, 0);
	clock_now += 1100;
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 3);
	w.status = V_OCSP_CERTSTATUS_REVOKED;
	w.from = 1000;
	w.next = 3000;
	answer_ocsp(2, w);
	ck_assert_uint_eq(cut, 1);
	/* The CRL, where OCSP is not asked. */
	clock_now = NOW;
	handed_over(leaf);
	revocation_set_conf(rev, &c);
	local_crl(NULL);
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 4);
	ck_assert_str_eq(asked[3].url, CRL_URL);
	answer_crl(3, &bad);
	ck_assert_uint_eq(cut, 1);
	trust_unref(&known);
}
END_TEST

static unsigned nissuers;
static X509 *last_issuer;

static void
on_issuer(void *arg, X509 *x)
{
	(void)arg;
	nissuers++;
	last_issuer = x;
}

/* A CA that is not ours comes back too, for what it says of others. */
START_TEST(issuers_of_before)
{
	struct crl_want bad = { ca_key, ca, 11, -5, 1000 };
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct outcome o = { 0 };
	struct watched w;

	nissuers = 0;
	revocation_on_issuer(rev, on_issuer, NULL);
	sk_X509_push(chain, plain);
	sk_X509_push(chain, ca);
	sk_X509_push(chain, other);	/* the anchor */
	ck_assert_int_eq(revocation_check(rev, chain, fp, NULL, 0, NOW,
	    on_outcome, &o), 0);
	ck_assert_uint_eq(nissuers, 1);
	ck_assert(last_issuer == ca);
	ck_assert_int_eq(revocation_check(rev, chain, fp, NULL, 0, NOW,
	    on_outcome, &o), 0);
	ck_assert_uint_eq(nissuers, 1);
	sk_X509_free(chain);
	handed_over(plain);
	local_crl(&bad);
	ck_assert_uint_eq(cut, 0);
	revocation_on_issuer(rev, on_issuer, NULL);
	revocation_add_issuer(rev, leaf);
	ck_assert_uint_eq(nissuers, 1);
	revocation_add_issuer(rev, ca);
	revocation_add_issuer(rev, ca);
	ck_assert_uint_eq(nissuers, 2);
	local_crl(&bad);
	ck_assert_uint_eq(cut, 1);
	/* first the CRL, then the CA, then who is online */
	handed_over(leaf);
	local_crl(&bad);
	revocation_add_issuer(rev, ca);
	sk_X509_push(chain = sk_X509_new_null(), plain);
	sk_X509_push(chain, ca);
	watch_of(chain, fp, &w);
	revocation_restore(rev, &w);
	ck_assert_uint_eq(cut, 1);
	sk_X509_free(chain);
}
END_TEST

static uint8_t gone[4];
static unsigned ngone;

static void
on_gone(void *arg, const uint8_t who[32])
{
	(void)arg;
	gone[ngone++] = who[0];
}

/* Who came last stays; who logged in again came last. */
START_TEST(watches_are_bounded)
{
	struct watches *ws = watches_new(3);
	struct watched w = { .until = 100 };
	uint8_t i;

	ngone = 0;
	for (i = 1; i <= 3; i++) {
		w.fp[0] = i;
		ck_assert_int_eq(watch_add(ws, &w), 0);
	}
	w.fp[0] = 1;
	ck_assert_int_eq(watch_add(ws, &w), 0);
	w.until = 200;
	w.fp[0] = 4;
	ck_assert_int_eq(watch_restore(ws, &w), -1);
	ck_assert_int_eq(watch_add(ws, &w), 0);
	ck_assert_uint_eq(watch_count(ws), 3);
	/* known already: as it is */
	w.fp[0] = 3;
	ck_assert_int_eq(watch_restore(ws, &w), 0);
	watch_expired(ws, 150, on_gone, NULL);
	ck_assert_uint_eq(ngone, 2);
	ck_assert_uint_eq(gone[0], 3);
	ck_assert_uint_eq(gone[1], 1);
	watch_expired(ws, 201, on_gone, NULL);
	ck_assert_uint_eq(ngone, 3);
	ck_assert_uint_eq(gone[2], 4);
	ck_assert_uint_eq(watch_count(ws), 0);
	watches_free(ws);
}
END_TEST

/* OCSP is asked again for who is here; its new answer ends the session. */
START_TEST(ocsp_asked_again)
{
	struct ocsp_want w = { ca, ca_key, V_OCSP_CERTSTATUS_GOOD, -10, 1000,
	    NULL, leaf };
	struct outcome o;

	cut = 0;
	revocation_on_revoked(rev, on_revoked, NULL);
	check_start(&o, leaf, NULL);
	ck_assert_uint_eq(nasked, 1);
	answer_ocsp(0, w);
	expect(&o, true, "good by OCSP");
	clock_now += 900;
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 1);
	clock_now += 200;
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 2);
	ck_assert_ptr_nonnull(asked[1].q);
	w.status = V_OCSP_CERTSTATUS_REVOKED;
	w.from = 1000;
	w.next = 3000;
	answer_ocsp(1, w);
	ck_assert_uint_eq(cut, 1);
	clock_now += 5000;
	revocation_tick(rev);
	ck_assert_uint_eq(nasked, 2);
}
END_TEST

/* Sessions end with their certificate where the setting is strict. */
START_TEST(expired_sessions)
{
	struct crl_want good = { ca_key, ca, 0, -10, 1000 };
	struct revocation_conf c = { .crl_use = true };
	time_t end;
	struct outcome o;

	cut = 0;
	revocation_on_expired(rev, on_revoked, NULL);
	revocation_set_conf(rev, &c);
	local_crl(&good);
	check_start(&o, plain, NULL);
	expect(&o, true, "not in");
	ck_assert_int_eq(asn1_time(X509_get0_notAfter(plain), &end), 0);
	clock_now = end + 1;
	revocation_tick(rev);
	ck_assert_uint_eq(cut, 0);
	c.strict = true;
	revocation_set_conf(rev, &c);
	clock_now = end;
	revocation_tick(rev);
	ck_assert_uint_eq(cut, 0);
	clock_now = end + 1;
	revocation_tick(rev);
	ck_assert_uint_eq(cut, 1);
	revocation_tick(rev);
	ck_assert_uint_eq(cut, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("revocation_live");
	TCase *tc = tcase_create("revocation");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, live_sessions);
	tcase_add_test(tc, sessions_of_before);
	tcase_add_test(tc, places_of_before);
	tcase_add_test(tc, issuers_of_before);
	tcase_add_test(tc, watches_are_bounded);
	tcase_add_test(tc, ocsp_asked_again);
	tcase_add_test(tc, expired_sessions);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
