#include "tests/unit/revocation_util.h"

#include <openssl/x509v3.h>

#include <check.h>

#include <stdio.h>
#include <string.h>

struct event_base *base;
struct revocation *rev;
time_t clock_now;
EVP_PKEY *ca_key, *other_key, *resp_key;
static EVP_PKEY *leaf_key;
X509 *ca, *other, *resp, *norights, *leaf, *plain;
uint8_t fp[32] = "leaf";
struct asked asked[ASKED_MAX];
unsigned nasked;
bool no_fetcher;

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

size_t
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

const struct revocation_ops ops = { play_fetch, play_now };

struct revocation_conf
conf_of(bool crl, bool download, bool ocsp, bool strict)
{
	return (struct revocation_conf){ crl, download, ocsp, strict, false,
	    50 };
}

void
setup(void)
{
	struct revocation_conf c = conf_of(true, true, true, true);

	make_pki();
	clock_now = NOW;
	ck_assert_ptr_nonnull(base = event_base_new());
	ck_assert_ptr_nonnull(rev = revocation_new(base, &ops, NULL));
	revocation_set_conf(rev, &c);
}

void
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

void
on_outcome(void *arg, bool good, const char *why)
{
	struct outcome *o = arg;

	o->calls++;
	o->good = good;
	snprintf(o->why, sizeof(o->why), "%s", why);
}

void
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

void
expect(const struct outcome *o, bool good, const char *part)
{
	ck_assert_int_eq(o->calls, 1);
	ck_assert_msg(strstr(o->why, part) != NULL, "\"%s\" has no \"%s\"",
	    o->why, part);
	ck_assert_msg(o->good == good, "%s", o->why);
}

void
answer_crl(unsigned i, const struct crl_want *w)
{
	X509_CRL *crl = make_crl(w);
	uint8_t *der = NULL;
	int n = i2d_X509_CRL(crl, &der);

	revocation_fetched(rev, asked[i].id, NULL, der, (size_t)n);
	OPENSSL_free(der);
	X509_CRL_free(crl);
}

void
answer_ocsp(unsigned i, struct ocsp_want w)
{
	uint8_t *der;
	size_t n;

	w.q = asked[i].q;
	n = make_ocsp(&w, &der);
	revocation_fetched(rev, asked[i].id, NULL, der, n);
	OPENSSL_free(der);
}

struct trust *known;

void
local_crl(const struct crl_want *w)
{
	STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
	X509_CRL *crl = w != NULL ? make_crl(w) : NULL;

	if (crl != NULL)
		sk_X509_CRL_push(all, crl);
	revocation_set_crls(rev, all, known);
	sk_X509_CRL_pop_free(all, X509_CRL_free);
}
