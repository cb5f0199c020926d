#include "certd/crl.h"

#include <openssl/x509v3.h>

#include <string.h>
#include <strings.h>

#define AGE_MAX	86400	/* of a CRL that does not say when the next comes */

int
asn1_time(const ASN1_TIME *t, time_t *out)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return -1;
	*out = timegm(&tm);
	return 0;
}

static bool
weak_signature(int sig)
{
	int md = NID_undef;

	if (OBJ_find_sigid_algs(sig, &md, NULL) != 1)
		return false;
	return md == NID_md5 || md == NID_sha1 || md == NID_md4 ||
	    md == NID_md2;
}

/* RFC 5280 5.2: a critical extension that is not understood, and a CRL that
 * holds changes alone, are not to be used. */
static const char *
unusable_extension(X509_CRL *crl)
{
	X509_EXTENSION *e;
	int i, nid;

	for (i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		e = X509_CRL_get_ext(crl, i);
		nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		if (nid == NID_delta_crl)
			return "a delta CRL";
		if (X509_EXTENSION_get_critical(e) &&
		    nid != NID_issuing_distribution_point)
			return "a CRL with an unknown critical extension";
	}
	return NULL;
}

int
crl_fits(X509_CRL *crl, X509 *issuer, bool allow_weak, const char **why)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
	    X509_get_subject_name(issuer)) != 0)
		*why = "a CRL of another issuer";
	else if ((X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0)
		*why = "a CRL of an issuer that may not sign any";
	else if (!allow_weak && weak_signature(X509_CRL_get_signature_nid(
	    crl)))
		*why = "a CRL with a weak signature";
	else if ((*why = unusable_extension(crl)) != NULL)
		;
	else if (key == NULL || X509_CRL_verify(crl, key) != 1)
		*why = "a CRL that its issuer has not signed";
	else
		return 0;
	return -1;
}

static bool
is_uri(const GENERAL_NAME *g, const char *text, size_t n)
{
	return g->type == GEN_URI &&
	    (size_t)ASN1_STRING_length(g->d.uniformResourceIdentifier) == n &&
	    memcmp(ASN1_STRING_get0_data(g->d.uniformResourceIdentifier),
	    text, n) == 0;
}

static bool
names_meet(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	const ASN1_STRING *s;
	GENERAL_NAME *g;
	int i, k;

	for (i = 0; i < sk_GENERAL_NAME_num(a); i++) {
		g = sk_GENERAL_NAME_value(a, i);
		if (g->type != GEN_URI)
			continue;
		s = g->d.uniformResourceIdentifier;
		for (k = 0; k < sk_GENERAL_NAME_num(b); k++)
			if (is_uri(sk_GENERAL_NAME_value(b, k),
			    (const char *)ASN1_STRING_get0_data(s),
			    (size_t)ASN1_STRING_length(s)))
				return true;
	}
	return false;
}

/* RFC 5280 6.3.3 (b)(2)(i): a name of the CRL's is one of the
 * certificate's. */
static bool
same_point(const DIST_POINT_NAME *crl, X509 *cert)
{
	CRL_DIST_POINTS *points;
	const DIST_POINT *dp;
	bool same = false;
	int i;

	if (crl->type != 0)
		return false;
	points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL,
	    NULL);
	for (i = 0; i < sk_DIST_POINT_num(points) && !same; i++) {
		dp = sk_DIST_POINT_value(points, i);
		same = dp->distpoint != NULL && dp->distpoint->type == 0 &&
		    names_meet(crl->name.fullname,
		    dp->distpoint->name.fullname);
	}
	CRL_DIST_POINTS_free(points);
	return same;
}

/* Whether the CRL's scope (section 5.2.5) has the certificate in it. */
static bool
in_scope(X509_CRL *crl, X509 *cert)
{
	ISSUING_DIST_POINT *idp;
	int crit;
	bool in;

	idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &crit,
	    NULL);
	if (idp == NULL)
		return crit == -1;	/* there is none */
	in = idp->indirectCRL <= 0 && idp->onlyattr <= 0 &&
	    idp->onlysomereasons == NULL &&
	    (idp->onlyuser <= 0 || X509_check_ca(cert) == 0) &&
	    (idp->onlyCA <= 0 || X509_check_ca(cert) != 0) &&
	    (idp->distpoint == NULL || same_point(idp->distpoint, cert));
	ISSUING_DIST_POINT_free(idp);
	return in;
}

enum crl_says
crl_lookup(X509_CRL *crl, X509 *cert)
{
	X509_REVOKED *rev;

	if (!in_scope(crl, cert))
		return CRL_NOTHING;
	return X509_CRL_get0_by_serial(crl, &rev,
	    X509_get0_serialNumber(cert)) == 1 ? CRL_REVOKED : CRL_GOOD;
}

bool
crl_fresh(const X509_CRL *crl, time_t now, time_t *until)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	time_t from;

	if (asn1_time(X509_CRL_get0_lastUpdate(crl), &from) == -1)
		return false;
	if (next == NULL)
		*until = from + AGE_MAX;
	else if (asn1_time(next, until) == -1)
		return false;
	return from <= now + PKI_SKEW && *until >= now - PKI_SKEW;
}

static bool
is_http(const ASN1_STRING *s)
{
	const char *p = (const char *)ASN1_STRING_get0_data(s);
	size_t n = (size_t)ASN1_STRING_length(s);

	return n > 7 && strncasecmp(p, "http://", 7) == 0 &&
	    memchr(p, '\0', n) == NULL;
}

static size_t
point_urls(const DIST_POINT *dp, char **out, size_t max)
{
	const GENERAL_NAMES *names;
	const ASN1_STRING *s;
	GENERAL_NAME *g;
	size_t n = 0;
	int i;

	/* Part of the reasons, or somebody else's CRL: not for us. */
	if (dp->reasons != NULL || dp->CRLissuer != NULL ||
	    dp->distpoint == NULL || dp->distpoint->type != 0)
		return 0;
	names = dp->distpoint->name.fullname;
	for (i = 0; i < sk_GENERAL_NAME_num(names) && n < max; i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type != GEN_URI ||
		    !is_http(s = g->d.uniformResourceIdentifier))
			continue;
		out[n] = strndup((const char *)ASN1_STRING_get0_data(s),
		    (size_t)ASN1_STRING_length(s));
		if (out[n] != NULL)
			n++;
	}
	return n;
}

size_t
crl_urls(X509 *cert, char **out, size_t max)
{
	CRL_DIST_POINTS *points;
	size_t n = 0;
	int i;

	points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL,
	    NULL);
	for (i = 0; i < sk_DIST_POINT_num(points); i++)
		n += point_urls(sk_DIST_POINT_value(points, i), out + n,
		    max - n);
	CRL_DIST_POINTS_free(points);
	return n;
}
