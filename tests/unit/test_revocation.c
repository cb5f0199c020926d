/* Revocation over a PKI made here, with a fetcher that is played. */
#include "certd/crl.h"
#include "certd/ocsp.h"
#include "certd/revocation.h"
#include "certd/watch.h"

#include <openssl/x509v3.h>

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW	((time_t)1800000000)
#define CRL_URL	"http://ca.example/ca.crl"
#define OCSP_URL "http://ocsp.example/"

static struct event_base *base;
static struct revocation *rev;
static time_t clock_now;
static EVP_PKEY *ca_key, *other_key, *resp_key, *leaf_key;
static X509 *ca, *other, *resp, *norights, *leaf, *plain;
static uint8_t fp[32] = "leaf";

/* Making */

static void
add_ext(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static X509 *
make_cert(const char *cn, long serial, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key)
{
	X509 *x = X509_new();

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	ASN1_TIME_set(X509_getm_notBefore(x), NOW - 86400);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + 86400 * 365);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_ASC, (const uint8_t *)cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer != NULL ?
	    issuer : x));
	X509_set_pubkey(x, key);
	(void)issuer_key;
	return x;
}

static void
sign_cert(X509 *x, EVP_PKEY *key)
{
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	(void)X509_check_purpose(x, -1, 0);
}

static EVP_PKEY *
new_key(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");

	ck_assert_ptr_nonnull(k);
	return k;
}

struct crl_want {
	EVP_PKEY *key;
	X509 *issuer;
	long revoked;		/* serial, 0: none */
	time_t from, next;	/* relative to NOW; next 0: none */
	const char *idp;	/* extension or NULL */
	bool delta;
	const EVP_MD *md;	/* NULL: SHA-256 */
};

static X509_CRL *
make_crl(const struct crl_want *w)
{
	ASN1_TIME *t = ASN1_TIME_new();
	X509_CRL *crl = X509_CRL_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	X509_EXTENSION *e;
	X509_REVOKED *r;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(w->issuer));
	ASN1_TIME_set(t, NOW + w->from);
	X509_CRL_set1_lastUpdate(crl, t);
	ASN1_TIME_set(t, NOW + w->next);
	if (w->next != 0)
		X509_CRL_set1_nextUpdate(crl, t);
	if (w->revoked != 0) {
		r = X509_REVOKED_new();
		ASN1_INTEGER_set(n, w->revoked);
		X509_REVOKED_set_serialNumber(r, n);
		ASN1_TIME_set(t, NOW - 1000);
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(crl, r);
	}
	if (w->idp != NULL) {
		e = X509V3_EXT_conf_nid(NULL, NULL,
		    NID_issuing_distribution_point, w->idp);
		ck_assert_ptr_nonnull(e);
		X509_CRL_add_ext(crl, e, -1);
		X509_EXTENSION_free(e);
	}
	ASN1_INTEGER_set(n, 1);
	if (w->delta)
		X509_CRL_add1_ext_i2d(crl, NID_delta_crl, n, 1, 0);
	X509_CRL_sort(crl);
	ck_assert_int_gt(X509_CRL_sign(crl, w->key, w->md != NULL ? w->md :
	    EVP_sha256()), 0);
	ASN1_TIME_free(t);
	ASN1_INTEGER_free(n);
	return crl;
}

struct ocsp_want {
	X509 *signer;
	EVP_PKEY *key;
	int status;
	time_t from, next;
	OCSP_REQUEST *q;	/* copies its nonce */
	X509 *about;
};

static size_t
make_ocsp(const struct ocsp_want *w, uint8_t **der)
{
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), w->about, ca);
	ASN1_TIME *from = ASN1_TIME_new(), *next = ASN1_TIME_new(),
	    *when = ASN1_TIME_new();
	OCSP_BASICRESP *bs = OCSP_BASICRESP_new();
	OCSP_RESPONSE *r;
	int n;

	ASN1_GENERALIZEDTIME_set(from, NOW + w->from);
	ASN1_GENERALIZEDTIME_set(next, NOW + w->next);
	ASN1_GENERALIZEDTIME_set(when, NOW - 1000);
	ck_assert_ptr_nonnull(OCSP_basic_add1_status(bs, id, w->status, 0,
	    when, from, w->next == 0 ? NULL : next));
	if (w->q != NULL)
		OCSP_copy_nonce(bs, w->q);
	ck_assert_int_eq(OCSP_basic_sign(bs, w->signer, w->key, EVP_sha256(),
	    NULL, 0), 1);
	r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, bs);
	*der = NULL;
	n = i2d_OCSP_RESPONSE(r, der);
	ck_assert_int_gt(n, 0);
	OCSP_RESPONSE_free(r);
	OCSP_BASICRESP_free(bs);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(next);
	ASN1_TIME_free(when);
	return (size_t)n;
}

static void
make_pki(void)
{
	ca_key = new_key();
	other_key = new_key();
	resp_key = new_key();
	leaf_key = new_key();
	ca = make_cert("CA", 1, ca_key, NULL, ca_key);
	add_ext(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
	add_ext(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign");
	sign_cert(ca, ca_key);
	/* the same name, another key */
	other = make_cert("CA", 1, other_key, NULL, other_key);
	add_ext(other, other, NID_basic_constraints, "critical,CA:TRUE");
	sign_cert(other, other_key);
	resp = make_cert("responder", 2, resp_key, ca, ca_key);
	add_ext(resp, ca, NID_ext_key_usage, "OCSPSigning");
	sign_cert(resp, ca_key);
	norights = make_cert("no responder", 3, resp_key, ca, ca_key);
	sign_cert(norights, ca_key);
	leaf = make_cert("leaf", 10, leaf_key, ca, ca_key);
	add_ext(leaf, ca, NID_crl_distribution_points, "URI:" CRL_URL);
	add_ext(leaf, ca, NID_info_access, "OCSP;URI:" OCSP_URL);
	sign_cert(leaf, ca_key);
	plain = make_cert("plain", 11, leaf_key, ca, ca_key);
	sign_cert(plain, ca_key);
}

/* The fetcher that is played */

#define ASKED_MAX 16
static struct asked {
	uint32_t id;
	char url[128];
	OCSP_REQUEST *q;
} asked[ASKED_MAX];
static unsigned nasked;
static bool no_fetcher;

static int
play_fetch(void *arg, uint32_t id, const char *url, const uint8_t *body,
    size_t len)
{
	struct asked *a = &asked[nasked];

	(void)arg;
	if (no_fetcher)
		return -1;
	ck_assert_uint_lt(nasked++, ASKED_MAX);
	a->id = id;
	snprintf(a->url, sizeof(a->url), "%s", url);
	a->q = body == NULL ? NULL : d2i_OCSP_REQUEST(NULL, &body, (long)len);
	ck_assert(body == NULL || a->q != NULL);
	return 0;
}

static time_t
play_now(void *arg)
{
	(void)arg;
	return clock_now;
}

static const struct revocation_ops ops = { play_fetch, play_now };

static struct revocation_conf
conf_of(bool crl, bool download, bool ocsp, bool strict)
{
	return (struct revocation_conf){ crl, download, ocsp, strict, false,
	    50 };
}

static void
setup(void)
{
	struct revocation_conf c = conf_of(true, true, true, true);

	make_pki();
	clock_now = NOW;
	ck_assert_ptr_nonnull(base = event_base_new());
	ck_assert_ptr_nonnull(rev = revocation_new(base, &ops, NULL));
	revocation_set_conf(rev, &c);
}

static void
teardown(void)
{
	X509 *all[] = { ca, other, resp, norights, leaf, plain };
	EVP_PKEY *keys[] = { ca_key, other_key, resp_key, leaf_key };
	size_t i;

	revocation_free(rev);
	event_base_free(base);
	while (nasked > 0)
		OCSP_REQUEST_free(asked[--nasked].q);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		X509_free(all[i]);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EVP_PKEY_free(keys[i]);
}

/* One check */

struct outcome {
	int calls;
	bool good;
	char why[256];
};

static void
on_outcome(void *arg, bool good, const char *why)
{
	struct outcome *o = arg;

	o->calls++;
	o->good = good;
	snprintf(o->why, sizeof(o->why), "%s", why);
}

static void
check_start(struct outcome *o, X509 *cert, const struct part *ocsp)
{
	STACK_OF(X509) *chain = sk_X509_new_null();

	memset(o, 0, sizeof(*o));
	sk_X509_push(chain, cert);
	sk_X509_push(chain, ca);
	ck_assert_int_eq(revocation_check(rev, chain, fp, ocsp, ocsp != NULL,
	    clock_now, on_outcome, o), 0);
	sk_X509_free(chain);
}

static void
expect(const struct outcome *o, bool good, const char *part)
{
	ck_assert_int_eq(o->calls, 1);
	ck_assert_msg(strstr(o->why, part) != NULL, "\"%s\" has no \"%s\"",
	    o->why, part);
	ck_assert_msg(o->good == good, "%s", o->why);
}

static void
answer_crl(unsigned i, const struct crl_want *w)
{
	X509_CRL *crl = make_crl(w);
	uint8_t *der = NULL;
	int n = i2d_X509_CRL(crl, &der);

	revocation_fetched(rev, asked[i].id, NULL, der, (size_t)n);
	OPENSSL_free(der);
	X509_CRL_free(crl);
}

static void
answer_ocsp(unsigned i, struct ocsp_want w)
{
	uint8_t *der;
	size_t n;

	w.q = asked[i].q;
	n = make_ocsp(&w, &der);
	revocation_fetched(rev, asked[i].id, NULL, der, n);
	OPENSSL_free(der);
}

static struct trust *known;	/* CAs of ours */

static void
local_crl(const struct crl_want *w)
{
	STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
	X509_CRL *crl = w != NULL ? make_crl(w) : NULL;

	if (crl != NULL)
		sk_X509_CRL_push(all, crl);
	revocation_set_crls(rev, all, known);
	sk_X509_CRL_pop_free(all, X509_CRL_free);
}

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
	tcase_add_test(tc, live_sessions);
	tcase_add_test(tc, sessions_of_before);
	tcase_add_test(tc, places_of_before);
	tcase_add_test(tc, issuers_of_before);
	tcase_add_test(tc, watches_are_bounded);
	tcase_add_test(tc, trusted_itself);
	tcase_add_test(tc, ocsp_asked_again);
	tcase_add_test(tc, expired_sessions);
	tcase_add_test(tc, without_its_ca);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
