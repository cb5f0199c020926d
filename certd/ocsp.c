#include "certd/ocsp.h"

#include "certd/crl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <string.h>
#include <strings.h>

#define AGE_MAX	3600	/* of an answer that does not say how long it holds */

OCSP_REQUEST *
ocsp_question(X509 *cert, X509 *issuer)
{
	OCSP_REQUEST *q = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);

	if (q == NULL || id == NULL || OCSP_request_add0_id(q, id) == NULL) {
		OCSP_CERTID_free(id);
		OCSP_REQUEST_free(q);
		return NULL;
	}
	if (OCSP_request_add1_nonce(q, NULL, -1) != 1) {
		OCSP_REQUEST_free(q);
		return NULL;
	}
	return q;
}

/* By the issuer, or by a certificate of the issuer's for this purpose. */
static bool
signature_fits(OCSP_BASICRESP *bs, X509 *issuer, time_t now)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_STORE *xs = X509_STORE_new();
	bool fits = false;

	if (certs != NULL && xs != NULL && sk_X509_push(certs, issuer) > 0 &&
	    X509_STORE_add_cert(xs, issuer) == 1) {
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(xs), now);
		X509_STORE_set_flags(xs, X509_V_FLAG_PARTIAL_CHAIN);
		fits = OCSP_basic_verify(bs, certs, xs, 0) == 1;
	}
	sk_X509_free(certs);
	X509_STORE_free(xs);
	return fits;
}

/* thisUpdate and nextUpdate of a single answer (section 4.2.2.1). */
static bool
is_fresh(const ASN1_GENERALIZEDTIME *this, const ASN1_GENERALIZEDTIME *next,
    time_t now, time_t *until, const char **why)
{
	time_t from;

	if (asn1_time(this, &from) == -1 ||
	    (next != NULL && asn1_time(next, until) == -1)) {
		*why = "an answer with a malformed time";
		return false;
	}
	if (next == NULL)
		*until = from + AGE_MAX;
	if (from > now + PKI_SKEW)
		*why = "an answer from the future";
	else if (*until < now - PKI_SKEW)
		*why = "an answer that is too old";
	else
		return true;
	return false;
}

static enum ocsp_says
single(OCSP_BASICRESP *bs, X509 *cert, X509 *issuer, time_t now,
    time_t *until, const char **why)
{
	ASN1_GENERALIZEDTIME *revoked, *this = NULL, *next = NULL;
	enum ocsp_says says = OCSP_NOTHING;
	const OCSP_SINGLERESP *s;
	OCSP_CERTID *id, *have;
	const EVP_MD *md;
	ASN1_OBJECT *oid;
	int i, status, reason;

	*why = "an answer about another certificate";
	/* The responder chooses the hash that it names the issuer with. */
	for (i = 0; i < OCSP_resp_count(bs) && says == OCSP_NOTHING; i++) {
		s = OCSP_resp_get0(bs, i);
		have = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(s);
		if (OCSP_id_get0_info(NULL, &oid, NULL, NULL, have) != 1 ||
		    (md = EVP_get_digestbyobj(oid)) == NULL ||
		    (id = OCSP_cert_to_id(md, cert, issuer)) == NULL)
			continue;
		if (OCSP_id_cmp(id, have) == 0) {
			status = OCSP_single_get0_status(
			    (OCSP_SINGLERESP *)(uintptr_t)s, &reason,
			    &revoked, &this, &next);
			if (status == V_OCSP_CERTSTATUS_UNKNOWN)
				*why = "the responder does not know the "
				    "certificate";
			else if (is_fresh(this, next, now, until, why))
				says = status == V_OCSP_CERTSTATUS_GOOD ?
				    OCSP_GOOD : OCSP_REVOKED;
		}
		OCSP_CERTID_free(id);
	}
	return says;
}

static enum ocsp_says
basic(OCSP_BASICRESP *bs, OCSP_REQUEST *q, X509 *cert, X509 *issuer,
    time_t now, time_t *until, const char **why)
{
	/* 0: there are two nonces and they differ */
	if (q != NULL && OCSP_check_nonce(q, bs) == 0)
		*why = "an answer to another question";
	else if (!signature_fits(bs, issuer, now))
		*why = "an answer that nobody who may has signed";
	else
		return single(bs, cert, issuer, now, until, why);
	return OCSP_NOTHING;
}

enum ocsp_says
ocsp_answer(const uint8_t *der, size_t len, OCSP_REQUEST *q, X509 *cert,
    X509 *issuer, time_t now, time_t *until, const char **why)
{
	enum ocsp_says says = OCSP_NOTHING;
	OCSP_BASICRESP *bs = NULL;
	const uint8_t *p = der;
	OCSP_RESPONSE *r;

	ERR_clear_error();
	r = d2i_OCSP_RESPONSE(NULL, &p, (long)len);
	if (r == NULL || p != der + len)
		*why = "no OCSP answer";
	else if (OCSP_response_status(r) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		*why = "the responder answers with an error";
	else if ((bs = OCSP_response_get1_basic(r)) == NULL)
		*why = "an OCSP answer of an unknown kind";
	else
		says = basic(bs, q, cert, issuer, now, until, why);
	OCSP_BASICRESP_free(bs);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
	return says;
}

size_t
ocsp_urls(X509 *cert, char **out, size_t max)
{
	STACK_OF(OPENSSL_STRING) *all = X509_get1_ocsp(cert);
	const char *url;
	size_t n = 0;
	int i;

	for (i = 0; i < sk_OPENSSL_STRING_num(all) && n < max; i++) {
		url = sk_OPENSSL_STRING_value(all, i);
		if (strncasecmp(url, "http://", 7) == 0 &&
		    (out[n] = strdup(url)) != NULL)
			n++;
	}
	X509_email_free(all);
	return n;
}
