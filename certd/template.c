#include "certd/template.h"

#include "lib/addr.h"

#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAY	86400
#define LIST_SEP ","

static const struct word {
	const char *name;
	const char *def;
	int nid;		/* part of the subject, or 0 */
} words[TEMPLATE_WORDS] = {
	[TEMPLATE_COMMON_NAME] = { "common-name", "", NID_commonName },
	[TEMPLATE_COUNTRY] = { "country", "", NID_countryName },
	[TEMPLATE_STATE] = { "state", "", NID_stateOrProvinceName },
	[TEMPLATE_LOCALITY] = { "locality", "", NID_localityName },
	[TEMPLATE_ORGANIZATION] = { "organization", "",
	    NID_organizationName },
	[TEMPLATE_UNIT] = { "unit", "", NID_organizationalUnitName },
	[TEMPLATE_SUBJECT_ALT_NAME] = { "subject-alt-name", "", 0 },
	[TEMPLATE_KEY_USAGE] = { "key-usage", "tls-server,tls-client", 0 },
	[TEMPLATE_KEY_SIZE] = { "key-size", "2048", 0 },
	[TEMPLATE_DAYS_VALID] = { "days-valid", "365", 0 },
};

/* What only CAs may; they may in any case. */
#define BIT_CERT_SIGN	5
#define BIT_CRL_SIGN	6

/* bit: of keyUsage (RFC 5280 4.2.1.3), or -1: nid is an extended one */
static const struct usage {
	const char *name;
	int bit;
	int nid;
} usages[] = {
	{ "digital-signature", 0, 0 },
	{ "content-commitment", 1, 0 },
	{ "key-encipherment", 2, 0 },
	{ "data-encipherment", 3, 0 },
	{ "key-agreement", 4, 0 },
	{ "key-cert-sign", BIT_CERT_SIGN, 0 },
	{ "crl-sign", BIT_CRL_SIGN, 0 },
	{ "tls-server", -1, NID_server_auth },
	{ "tls-client", -1, NID_client_auth },
	{ "ipsec-ike", -1, NID_ipsec_IKE },
	{ "email-protect", -1, NID_email_protect },
	{ "ocsp-sign", -1, NID_OCSP_sign },
};
#define NUSAGES	(sizeof(usages) / sizeof(usages[0]))

static const struct kind {
	const char *name;
	const char *type;	/* of OpenSSL */
	const char *group;
	unsigned bits;
} kinds[] = {
	{ "2048", "RSA", NULL, 2048 },
	{ "3072", "RSA", NULL, 3072 },
	{ "4096", "RSA", NULL, 4096 },
	{ "8192", "RSA", NULL, 8192 },
	{ "prime256v1", "EC", "P-256", 0 },
	{ "secp384r1", "EC", "P-384", 0 },
	{ "secp521r1", "EC", "P-521", 0 },
	{ "ed25519", "ED25519", NULL, 0 },
	{ "ed448", "ED448", NULL, 0 },
};

const char *
template_word(enum template_word w)
{
	return words[w].name;
}

static int __attribute__((format(printf, 2, 3)))
wrong(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, CERT_WHY_MAX, fmt, ap);
	va_end(ap);
	return -1;
}

static const struct usage *
usage_find(const char *name)
{
	size_t i;

	for (i = 0; i < NUSAGES; i++)
		if (strcmp(usages[i].name, name) == 0)
			return &usages[i];
	return NULL;
}

static const struct kind *
kind_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static GENERAL_NAME *
name_ip(const char *text)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	struct addr a;

	if (g != NULL && s != NULL && addr_parse(&a, text) == 0 &&
	    ASN1_OCTET_STRING_set(s, a.b, (int)addr_len(&a)) == 1) {
		GENERAL_NAME_set0_value(g, GEN_IPADD, s);
		return g;
	}
	GENERAL_NAME_free(g);
	ASN1_OCTET_STRING_free(s);
	return NULL;
}

static GENERAL_NAME *
name_text(int type, const char *text)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();
	const char *p;

	for (p = text; *p > ' ' && *p <= '~'; p++)
		;
	if (g != NULL && s != NULL && *p == '\0' && p != text &&
	    ASN1_STRING_set(s, text, -1) == 1) {
		GENERAL_NAME_set0_value(g, type, s);
		return g;
	}
	GENERAL_NAME_free(g);
	ASN1_IA5STRING_free(s);
	return NULL;
}

/* "IP:a", "DNS:a", "email:a" */
static GENERAL_NAME *
name_parse(const char *text)
{
	if (strncasecmp(text, "IP:", 3) == 0)
		return name_ip(text + 3);
	if (strncasecmp(text, "DNS:", 4) == 0)
		return name_text(GEN_DNS, text + 4);
	if (strncasecmp(text, "email:", 6) == 0)
		return name_text(GEN_EMAIL, text + 6);
	return NULL;
}

static int
check_names(const struct template *t, char *why)
{
	char text[TEMPLATE_VALUE_MAX], *rest = text, *one;
	GENERAL_NAME *g;

	memcpy(text, t->v[TEMPLATE_SUBJECT_ALT_NAME], sizeof(text));
	while (text[0] != '\0' && (one = strsep(&rest, LIST_SEP)) != NULL) {
		if ((g = name_parse(one)) == NULL)
			return wrong(why, "subject-alt-name: found \"%.60s\", "
			    "expected IP:address, DNS:name or email:address",
			    one);
		GENERAL_NAME_free(g);
	}
	return 0;
}

static int
check_usages(const struct template *t, char *why)
{
	char text[TEMPLATE_VALUE_MAX], *rest = text, *one;
	char list[200] = "";
	size_t i, n = 0;

	memcpy(text, t->v[TEMPLATE_KEY_USAGE], sizeof(text));
	while ((one = strsep(&rest, LIST_SEP)) != NULL) {
		if (usage_find(one) != NULL)
			continue;
		for (i = 0; i < NUSAGES && n < sizeof(list); i++)
			n += (size_t)snprintf(list + n, sizeof(list) - n,
			    " %s", usages[i].name);
		return wrong(why, "key-usage: found \"%.30s\", expected some "
		    "of%s", one, list);
	}
	return 0;
}

bool
template_is_ca(const struct template *t)
{
	char text[TEMPLATE_VALUE_MAX], *rest = text, *one;
	const struct usage *u;

	memcpy(text, t->v[TEMPLATE_KEY_USAGE], sizeof(text));
	while ((one = strsep(&rest, LIST_SEP)) != NULL)
		if ((u = usage_find(one)) != NULL &&
		    (u->bit == BIT_CERT_SIGN || u->bit == BIT_CRL_SIGN))
			return true;
	return false;
}

static int
check_text(const char *name, const char *v, char *why)
{
	for (; *v != '\0'; v++)
		if ((uint8_t)*v < ' ' || *v == 0x7f)
			return wrong(why, "%s has a control character", name);
	return 0;
}

int
template_complete(struct template *t, char *why)
{
	char *end;
	long days;
	int i;

	for (i = 0; i < TEMPLATE_WORDS; i++) {
		if (t->v[i][0] == '\0')
			snprintf(t->v[i], sizeof(t->v[i]), "%s",
			    words[i].def);
		if (check_text(words[i].name, t->v[i], why) == -1)
			return -1;
	}
	if (t->v[TEMPLATE_COMMON_NAME][0] == '\0' ||
	    strlen(t->v[TEMPLATE_COMMON_NAME]) > 64)
		return wrong(why, "common-name of 1 to 64 bytes is expected");
	if (t->v[TEMPLATE_COUNTRY][0] != '\0' &&
	    strlen(t->v[TEMPLATE_COUNTRY]) != 2)
		return wrong(why, "country: two letters are expected");
	days = strtol(t->v[TEMPLATE_DAYS_VALID], &end, 10);
	if (*end != '\0' || days < 1 || days > TEMPLATE_DAYS_MAX)
		return wrong(why, "days-valid: a number from 1 to %d is "
		    "expected", TEMPLATE_DAYS_MAX);
	if (kind_find(t->v[TEMPLATE_KEY_SIZE]) == NULL)
		return wrong(why, "key-size: expected 2048, 3072, 4096, 8192, "
		    "prime256v1, secp384r1, secp521r1, ed25519 or ed448");
	return check_names(t, why) == -1 ? -1 : check_usages(t, why);
}

EVP_PKEY *
template_key(const struct template *t)
{
	const struct kind *k = kind_find(t->v[TEMPLATE_KEY_SIZE]);

	if (k == NULL)
		return NULL;
	if (k->bits != 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, k->type,
		    (size_t)k->bits);
	if (k->group != NULL)
		return EVP_PKEY_Q_keygen(NULL, NULL, k->type, k->group);
	return EVP_PKEY_Q_keygen(NULL, NULL, k->type);
}

/* Issuing */

static const EVP_MD *
digest_for(EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return NULL;
	default:
		return EVP_PKEY_get_security_bits(key) > 150 ? EVP_sha384() :
		    EVP_sha256();
	}
}

static int
set_serial(X509 *x)
{
	uint8_t bytes[16];
	BIGNUM *bn;
	int rc = -1;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -1;
	bytes[0] = (bytes[0] & 0x7f) | 0x40;	/* positive, full length */
	if ((bn = BN_bin2bn(bytes, sizeof(bytes), NULL)) != NULL &&
	    BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)) != NULL)
		rc = 0;
	BN_free(bn);
	return rc;
}

static int
set_subject(X509 *x, const struct template *t)
{
	X509_NAME *name = X509_get_subject_name(x);
	static const enum template_word order[] = { TEMPLATE_COUNTRY,
	    TEMPLATE_STATE, TEMPLATE_LOCALITY, TEMPLATE_ORGANIZATION,
	    TEMPLATE_UNIT, TEMPLATE_COMMON_NAME };
	const char *v;
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		v = t->v[order[i]];
		if (v[0] != '\0' && X509_NAME_add_entry_by_NID(name,
		    words[order[i]].nid, MBSTRING_UTF8, (const uint8_t *)v,
		    -1, -1, 0) != 1)
			return -1;
	}
	return 0;
}

static int
add_i2d(X509 *x, int nid, void *value, bool critical)
{
	return X509_add1_ext_i2d(x, nid, value, critical, 0) == 1 ? 0 : -1;
}

static int
add_constraints(X509 *x, bool ca)
{
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	int rc = -1;

	if (bc != NULL) {
		bc->ca = ca ? 0xff : 0;
		rc = add_i2d(x, NID_basic_constraints, bc, true);
	}
	BASIC_CONSTRAINTS_free(bc);
	return rc;
}

static int
usage_apply(const struct usage *u, ASN1_BIT_STRING *ku, EXTENDED_KEY_USAGE *eku)
{
	ASN1_OBJECT *o;

	if (u->bit != -1)
		return ASN1_BIT_STRING_set_bit(ku, u->bit, 1) == 1 ? 0 : -1;
	o = OBJ_nid2obj(u->nid);
	return o != NULL && sk_ASN1_OBJECT_push(eku, o) > 0 ? 0 : -1;
}

static int
add_usages(X509 *x, const struct template *t, EVP_PKEY *key, bool ca)
{
	char text[TEMPLATE_VALUE_MAX], *rest = text, *one;
	ASN1_BIT_STRING *ku = ASN1_BIT_STRING_new();
	EXTENDED_KEY_USAGE *eku = sk_ASN1_OBJECT_new_null();
	int rc = -1;

	if (ku == NULL || eku == NULL)
		goto out;
	memcpy(text, t->v[TEMPLATE_KEY_USAGE], sizeof(text));
	if (ca) {
		rc = ASN1_BIT_STRING_set_bit(ku, BIT_CERT_SIGN, 1) == 1 &&
		    ASN1_BIT_STRING_set_bit(ku, BIT_CRL_SIGN, 1) == 1 ? 0 : -1;
	} else {
		rc = ASN1_BIT_STRING_set_bit(ku, 0, 1) == 1 ? 0 : -1;
		if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
			rc |= ASN1_BIT_STRING_set_bit(ku, 2, 1) == 1 ? 0 : -1;
		while (rc == 0 && (one = strsep(&rest, LIST_SEP)) != NULL)
			rc = usage_apply(usage_find(one), ku, eku);
	}
	if (rc == 0)
		rc = add_i2d(x, NID_key_usage, ku, true);
	if (rc == 0 && sk_ASN1_OBJECT_num(eku) > 0)
		rc = add_i2d(x, NID_ext_key_usage, eku, false);
out:
	ASN1_BIT_STRING_free(ku);
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	return rc;
}

static int
add_names(X509 *x, const struct template *t)
{
	char text[TEMPLATE_VALUE_MAX], *rest = text, *one;
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *g;
	int rc = names != NULL ? 0 : -1;

	memcpy(text, t->v[TEMPLATE_SUBJECT_ALT_NAME], sizeof(text));
	while (rc == 0 && text[0] != '\0' &&
	    (one = strsep(&rest, LIST_SEP)) != NULL) {
		if ((g = name_parse(one)) == NULL ||
		    sk_GENERAL_NAME_push(names, g) <= 0) {
			GENERAL_NAME_free(g);
			rc = -1;
		}
	}
	if (rc == 0 && sk_GENERAL_NAME_num(names) > 0)
		rc = add_i2d(x, NID_subject_alt_name, names, false);
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return rc;
}

/* By text, with what only OpenSSL can compute. */
static int
add_conf(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	int rc = -1;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (e != NULL && X509_add_ext(x, e, -1) == 1)
		rc = 0;
	X509_EXTENSION_free(e);
	return rc;
}

static int
add_crl_url(X509 *x, const char *url)
{
	CRL_DIST_POINTS *points = sk_DIST_POINT_new_null();
	DIST_POINT *dp = DIST_POINT_new();
	GENERAL_NAME *g = name_text(GEN_URI, url);
	int rc = -1;

	if (points == NULL || dp == NULL || g == NULL ||
	    (dp->distpoint = DIST_POINT_NAME_new()) == NULL)
		goto out;
	dp->distpoint->type = 0;
	dp->distpoint->name.fullname = sk_GENERAL_NAME_new_null();
	if (dp->distpoint->name.fullname == NULL ||
	    sk_GENERAL_NAME_push(dp->distpoint->name.fullname, g) <= 0)
		goto out;
	g = NULL;
	if (sk_DIST_POINT_push(points, dp) <= 0)
		goto out;
	dp = NULL;
	rc = add_i2d(x, NID_crl_distribution_points, points, false);
out:
	GENERAL_NAME_free(g);
	DIST_POINT_free(dp);
	CRL_DIST_POINTS_free(points);
	return rc;
}

X509 *
template_issue(const struct template *t, EVP_PKEY *key, X509 *ca,
    EVP_PKEY *ca_key, const char *crl_url, time_t now)
{
	long days = strtol(t->v[TEMPLATE_DAYS_VALID], NULL, 10);
	EVP_PKEY *signer = ca != NULL ? ca_key : key;
	X509 *x = X509_new();

	/* An hour back, for clients whose clock is slow. */
	if (x == NULL || X509_set_version(x, X509_VERSION_3) != 1 ||
	    set_serial(x) == -1 || set_subject(x, t) == -1 ||
	    X509_set_issuer_name(x, X509_get_subject_name(ca != NULL ? ca :
	    x)) != 1 ||
	    X509_time_adj_ex(X509_getm_notBefore(x), 0, -3600, &now) ==
	    NULL ||
	    X509_time_adj_ex(X509_getm_notAfter(x), (int)days, -3600, &now) ==
	    NULL ||
	    X509_set_pubkey(x, key) != 1 ||
	    add_constraints(x, ca == NULL) == -1 ||
	    add_usages(x, t, key, ca == NULL) == -1 ||
	    add_names(x, t) == -1 ||
	    add_conf(x, ca, NID_subject_key_identifier, "hash") == -1 ||
	    (ca != NULL && add_conf(x, ca, NID_authority_key_identifier,
	    "keyid") == -1) ||
	    (crl_url != NULL && add_crl_url(x, crl_url) == -1) ||
	    X509_sign(x, signer, digest_for(signer)) <= 0) {
		X509_free(x);
		return NULL;
	}
	return x;
}

/* CRLs */

static int
crl_copy(X509_CRL *crl, X509_CRL *old)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(old);
	X509_REVOKED *r;
	int i;

	for (i = 0; i < sk_X509_REVOKED_num(all); i++) {
		r = X509_REVOKED_dup(sk_X509_REVOKED_value(all, i));
		if (r == NULL || X509_CRL_add0_revoked(crl, r) != 1) {
			X509_REVOKED_free(r);
			return -1;
		}
	}
	return 0;
}

static int
crl_add(X509_CRL *crl, X509 *cert, const ASN1_TIME *when)
{
	X509_REVOKED *r = X509_REVOKED_new();

	if (r != NULL && X509_REVOKED_set_serialNumber(r,
	    X509_get_serialNumber(cert)) == 1 &&
	    X509_REVOKED_set_revocationDate(r,
	    (ASN1_TIME *)(uintptr_t)when) == 1 &&
	    X509_CRL_add0_revoked(crl, r) == 1)
		return 0;
	X509_REVOKED_free(r);
	return -1;
}

static int
crl_number(X509_CRL *crl, X509_CRL *old)
{
	ASN1_INTEGER *n = old == NULL ? NULL :
	    X509_CRL_get_ext_d2i(old, NID_crl_number, NULL, NULL);
	int64_t v = 0;
	int rc = -1;

	if (n != NULL)
		(void)ASN1_INTEGER_get_int64(&v, n);
	else
		n = ASN1_INTEGER_new();
	if (n != NULL && ASN1_INTEGER_set_int64(n, v + 1) == 1 &&
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, 0) == 1)
		rc = 0;
	ASN1_INTEGER_free(n);
	return rc;
}

static int
crl_key_id(X509_CRL *crl, X509 *ca)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	int rc = -1;

	X509V3_set_ctx(&ctx, ca, NULL, NULL, crl, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier,
	    "keyid");
	if (e != NULL && X509_CRL_add_ext(crl, e, -1) == 1)
		rc = 0;
	X509_EXTENSION_free(e);
	return rc;
}

X509_CRL *
template_crl(X509 *ca, EVP_PKEY *ca_key, X509_CRL *old, X509 *cert,
    time_t now)
{
	ASN1_TIME *from = X509_time_adj_ex(NULL, 0, 0, &now);
	ASN1_TIME *next = X509_time_adj_ex(NULL, TEMPLATE_CRL_DAYS, 0, &now);
	X509_CRL *crl = X509_CRL_new();

	if (crl == NULL || from == NULL || next == NULL ||
	    X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) != 1 ||
	    X509_CRL_set1_lastUpdate(crl, from) != 1 ||
	    X509_CRL_set1_nextUpdate(crl, next) != 1 ||
	    (old != NULL && crl_copy(crl, old) == -1) ||
	    (cert != NULL && crl_add(crl, cert, from) == -1) ||
	    crl_number(crl, old) == -1 || crl_key_id(crl, ca) == -1 ||
	    X509_CRL_sort(crl) != 1 ||
	    X509_CRL_sign(crl, ca_key, digest_for(ca_key)) <= 0) {
		X509_CRL_free(crl);
		crl = NULL;
	}
	ASN1_TIME_free(from);
	ASN1_TIME_free(next);
	return crl;
}
