#include "certd/lint.h"

#include "lib/addr.h"

#include <openssl/x509v3.h>

#include <string.h>

#define APPLE_DAYS	825	/* of certificates made since July 2019 */
#define RSA_MIN		2048

struct subject {
	const struct cert *cert;
	X509 *x;
	const char *address;
	time_t now;
};

static bool
has_names(X509 *x, int type)
{
	GENERAL_NAMES *names;
	bool has = false;
	int i;

	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names) && !has; i++)
		has = sk_GENERAL_NAME_value(names, i)->type == type;
	GENERAL_NAMES_free(names);
	return has;
}

/* Each returns true when there is something to say. */

static bool
expired(const struct subject *s)
{
	time_t now = s->now;

	return X509_cmp_time(X509_get0_notAfter(s->x), &now) < 0;
}

static bool
not_yet(const struct subject *s)
{
	time_t now = s->now;

	return X509_cmp_time(X509_get0_notBefore(s->x), &now) > 0;
}

static bool
no_key(const struct subject *s)
{
	return s->cert->key == NULL;
}

static bool
is_ca(const struct subject *s)
{
	return cert_is_ca(s->x);
}

static bool
no_signing(const struct subject *s)
{
	return (X509_get_key_usage(s->x) & KU_DIGITAL_SIGNATURE) == 0;
}

static bool
no_server_auth(const struct subject *s)
{
	return (X509_get_extension_flags(s->x) & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(s->x) & XKU_SSL_SERVER) == 0;
}

static bool
no_san(const struct subject *s)
{
	return !has_names(s->x, GEN_DNS) && !has_names(s->x, GEN_IPADD);
}

static bool
other_name(const struct subject *s)
{
	struct addr a;

	if (s->address == NULL)
		return false;
	if (addr_parse(&a, s->address) == 0)
		return X509_check_ip_asc(s->x, s->address, 0) != 1;
	return X509_check_host(s->x, s->address, 0,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1;
}

static bool
small_rsa(const struct subject *s)
{
	return EVP_PKEY_get_base_id(s->cert->pub) == EVP_PKEY_RSA &&
	    EVP_PKEY_get_bits(s->cert->pub) < RSA_MIN;
}

static bool
too_long(const struct subject *s)
{
	int days, seconds;

	return ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(s->x),
	    X509_get0_notAfter(s->x)) == 1 && (days > APPLE_DAYS ||
	    (days == APPLE_DAYS && seconds > 0));
}

static bool
weak_hash(const struct subject *s)
{
	int md = NID_undef;

	return X509_get_signature_info(s->x, &md, NULL, NULL, NULL) == 1 &&
	    (md == NID_sha1 || md == NID_md5);
}

static bool
edwards(const struct subject *s)
{
	int id = EVP_PKEY_get_base_id(s->cert->pub);

	return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448;
}

/* The issuer is neither a CA of ours nor among the certificates beside it;
 * whether a client knows it, nobody here can tell. */
static bool
no_chain(const struct subject *s)
{
	int i;

	if (X509_check_issued(s->x, s->x) == X509_V_OK)
		return false;
	for (i = 0; i < sk_X509_num(s->cert->others); i++)
		if (X509_check_issued(sk_X509_value(s->cert->others, i),
		    s->x) == X509_V_OK)
			return false;
	return true;
}

static const struct rule {
	bool (*fn)(const struct subject *);
	const char *who;
	const char *what;
} rules[] = {
	{ expired, "all", "the certificate has expired" },
	{ not_yet, "all", "the certificate is not valid yet" },
	{ no_key, "all", "its private key is not here" },
	{ is_ca, "all", "it is a CA's certificate, not a gateway's" },
	{ no_signing, "all", "its key usage does not have "
	    "digital-signature" },
	{ no_server_auth, "Windows", "its extended key usage does not have "
	    "tls-server (error 13801)" },
	{ no_server_auth, "Apple", "its extended key usage does not have "
	    "tls-server" },
	{ no_san, "Windows", "no name or address in subject-alt-name; clients "
	    "must connect to the very common name (error 13801)" },
	{ no_san, "Apple", "no name or address in subject-alt-name; the "
	    "common name is not looked at" },
	{ no_san, "Android", "no name or address in subject-alt-name; the "
	    "common name is not looked at" },
	{ other_name, "Windows", "subject-alt-name does not have what clients "
	    "connect to (error 13801)" },
	{ other_name, "Apple", "subject-alt-name does not have what clients "
	    "connect to" },
	{ other_name, "Android", "subject-alt-name does not have what clients "
	    "connect to" },
	{ small_rsa, "all", "an RSA key of less than 2048 bits" },
	{ too_long, "Apple", "valid for more than 825 days" },
	{ weak_hash, "all", "signed with SHA-1 or MD5" },
	{ edwards, "Windows", "an Edwards curve key, which Windows cannot "
	    "verify" },
	{ edwards, "Apple", "an Edwards curve key, which Apple's clients "
	    "cannot verify" },
	{ no_chain, "all", "its issuer's certificate is not beside it; "
	    "unless that is a root, clients cannot build a chain" },
};

unsigned
lint_server(const struct cert *c, const char *address, time_t now,
    void (*fn)(void *arg, const char *who, const char *what), void *arg)
{
	struct subject s = { c, c->leaf, address, now };
	unsigned n = 0;
	size_t i;

	if (c->leaf == NULL) {
		fn(arg, "all", "a bare key without a certificate");
		return 1;
	}
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].fn(&s)) {
			fn(arg, rules[i].who, rules[i].what);
			n++;
		}
	return n;
}
