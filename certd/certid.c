#include "certd/certid.h"

#include <openssl/x509v3.h>

#include <string.h>

/* A text of a certificate as an ID.  What has a NUL in it is none. */
static bool
id_from_text(struct ikeid *id, uint16_t type, const ASN1_STRING *s)
{
	int n = ASN1_STRING_length(s);
	const uint8_t *p = ASN1_STRING_get0_data(s);

	if (n <= 0 || n > IKEID_MAX || memchr(p, '\0', (size_t)n) != NULL)
		return false;
	memset(id, 0, sizeof(*id));
	id->type = type;
	id->len = (uint16_t)n;
	memcpy(id->data, p, (size_t)n);
	return true;
}

static bool
id_from_ip(struct ikeid *id, const ASN1_OCTET_STRING *s)
{
	int n = ASN1_STRING_length(s);

	if (n != 4 && n != 16)
		return false;
	memset(id, 0, sizeof(*id));
	id->type = n == 4 ? IKEID_IPV4 : IKEID_IPV6;
	id->len = (uint16_t)n;
	memcpy(id->data, ASN1_STRING_get0_data(s), (size_t)n);
	return true;
}

static bool
id_from_gn(struct ikeid *id, const GENERAL_NAME *gn)
{
	switch (gn->type) {
	case GEN_DNS:
		return id_from_text(id, IKEID_FQDN, gn->d.dNSName);
	case GEN_EMAIL:
		return id_from_text(id, IKEID_USER_FQDN, gn->d.rfc822Name);
	case GEN_IPADD:
		return id_from_ip(id, gn->d.iPAddress);
	default:
		return false;
	}
}

static bool
same_gn(const GENERAL_NAME *gn, const struct ikeid *id)
{
	uint8_t *der = NULL;
	int n = i2d_GENERAL_NAME(gn, &der);
	bool same;

	same = n > 0 && n == id->len && memcmp(der, id->data, id->len) == 0;
	OPENSSL_free(der);
	return same;
}

static bool
in_alt_names(const X509 *x, const struct ikeid *id)
{
	GENERAL_NAMES *names;
	const GENERAL_NAME *gn;
	struct ikeid one;
	bool found = false;
	int i;

	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		gn = sk_GENERAL_NAME_value(names, i);
		if (id->type == IKEID_GN)
			found = same_gn(gn, id);
		else
			found = id_from_gn(&one, gn) && ikeid_equal(&one, id);
	}
	GENERAL_NAMES_free(names);
	return found;
}

static bool
id_from_subject(struct ikeid *id, const X509 *x)
{
	const X509_NAME *name = X509_get_subject_name(x);
	const uint8_t *der;
	const char *why;
	size_t len;

	return X509_NAME_entry_count(name) > 0 &&
	    X509_NAME_get0_der(name, &der, &len) == 1 &&
	    ikeid_from_dn(id, der, len, &why) == 0;
}

static bool
is_key_id(const X509 *x, const struct ikeid *id)
{
	const ASN1_OCTET_STRING *s;

	s = X509_get0_subject_key_id((X509 *)(uintptr_t)x);
	return s != NULL && ASN1_STRING_length(s) == id->len &&
	    memcmp(ASN1_STRING_get0_data(s), id->data, id->len) == 0;
}

bool
certid_has(const X509 *x, const struct ikeid *id)
{
	struct ikeid subject;

	if (ikeid_is_open(id))
		return false;
	if (id->type == IKEID_DN)
		return id_from_subject(&subject, x) &&
		    ikeid_equal(&subject, id);
	if (id->type == IKEID_KEY_ID)
		return is_key_id(x, id);
	return in_alt_names(x, id);
}

int
certid_first(const X509 *x, struct ikeid *id)
{
	GENERAL_NAMES *names;
	bool found = false;
	int i;

	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = id_from_gn(id, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return found || id_from_subject(id, x) ? 0 : -1;
}
