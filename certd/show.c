#include "certd/show.h"

#include "certd/lint.h"

#include "lib/log.h"
#include "lib/proto/show.h"

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEX_PART	4000	/* bytes of a file in one row */

static const char *
arg(const struct show_req *r, const char *name)
{
	const char *v = show_arg(r, name);

	return v != NULL ? v : "";
}

/* Print */

static void
text_field(struct show_req *r, const char *name, BIO *bio)
{
	char *p, text[1024];
	long n = BIO_get_mem_data(bio, &p);

	if (n > 0)
		show_field(r, name, "%s", log_escape(text, sizeof(text), p,
		    (size_t)n));
	(void)BIO_reset(bio);
}

static void
time_field(struct show_req *r, const char *name, const ASN1_TIME *t)
{
	struct tm tm;
	char text[32];

	if (ASN1_TIME_to_tm(t, &tm) == 1 &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		show_field(r, name, "%s", text);
}

static void
hex_field(struct show_req *r, const char *name, const uint8_t *p, size_t n)
{
	char text[2 * 64 + 1] = "";
	size_t i;

	for (i = 0; i < n && i < 64; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	show_field(r, name, "%s", text);
}

static void
expiry_field(struct show_req *r, X509 *x)
{
	int days, seconds;

	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)) !=
	    1)
		return;
	if (days < 0 || seconds < 0)
		show_field(r, "expires-after", "expired");
	else
		show_field(r, "expires-after", "%dw%dd%02d:%02d:%02d",
		    days / 7, days % 7, seconds / 3600, seconds / 60 % 60,
		    seconds % 60);
}

static void
names_field(struct show_req *r, X509 *x, BIO *bio)
{
	static const struct {
		int type;
		const char *name;
	} types[] = { { GEN_DNS, "DNS:" }, { GEN_EMAIL, "email:" },
	    { GEN_URI, "URI:" } };
	GENERAL_NAMES *names;
	ASN1_OCTET_STRING *ip;
	GENERAL_NAME *g;
	char text[64];
	struct addr a;
	size_t k;
	int i;

	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (i > 0)
			BIO_puts(bio, ",");
		for (k = 0; k < 3; k++)
			if (g->type == types[k].type) {
				BIO_puts(bio, types[k].name);
				BIO_write(bio, ASN1_STRING_get0_data(
				    g->d.ia5), ASN1_STRING_length(g->d.ia5));
			}
		ip = g->d.iPAddress;
		if (g->type == GEN_IPADD && addr_from_bytes(&a,
		    ASN1_STRING_get0_data(ip),
		    (size_t)ASN1_STRING_length(ip)) == 0)
			BIO_printf(bio, "IP:%s", addr_fmt(&a, text,
			    sizeof(text)));
	}
	GENERAL_NAMES_free(names);
	text_field(r, "subject-alt-name", bio);
}

static void
usage_field(struct show_req *r, X509 *x, BIO *bio)
{
	static const struct {
		uint32_t bit;
		bool extended;
		const char *name;
	} usages[] = {
		{ KU_DIGITAL_SIGNATURE, false, "digital-signature" },
		{ KU_NON_REPUDIATION, false, "content-commitment" },
		{ KU_KEY_ENCIPHERMENT, false, "key-encipherment" },
		{ KU_DATA_ENCIPHERMENT, false, "data-encipherment" },
		{ KU_KEY_AGREEMENT, false, "key-agreement" },
		{ KU_KEY_CERT_SIGN, false, "key-cert-sign" },
		{ KU_CRL_SIGN, false, "crl-sign" },
		{ XKU_SSL_SERVER, true, "tls-server" },
		{ XKU_SSL_CLIENT, true, "tls-client" },
		{ XKU_SMIME, true, "email-protect" },
		{ XKU_OCSP_SIGN, true, "ocsp-sign" },
	};
	uint32_t flags = X509_get_extension_flags(x), have[2] = { 0, 0 };
	const char *sep = "";
	size_t i;

	if ((flags & EXFLAG_KUSAGE) != 0)
		have[0] = X509_get_key_usage(x);
	if ((flags & EXFLAG_XKUSAGE) != 0)
		have[1] = X509_get_extended_key_usage(x);
	for (i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		if ((have[usages[i].extended] & usages[i].bit) == 0)
			continue;
		BIO_printf(bio, "%s%s", sep, usages[i].name);
		sep = ",";
	}
	text_field(r, "key-usage", bio);
}

static void
x509_fields(struct show_req *r, X509 *x, BIO *bio)
{
	char text[256];
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(x),
	    NID_commonName, text, sizeof(text)) > 0) {
		BIO_puts(bio, text);
		text_field(r, "common-name", bio);
	}
	names_field(r, x, bio);
	expiry_field(r, x);
	show_field(r, "subject", "%s", cert_subject(x, text, sizeof(text)));
	show_field(r, "issuer", "%s", cert_name_text(X509_get_issuer_name(x),
	    text, sizeof(text)));
	hex_field(r, "serial-number", ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));
	time_field(r, "invalid-before", X509_get0_notBefore(x));
	time_field(r, "invalid-after", X509_get0_notAfter(x));
	usage_field(r, x, bio);
}

static void
cert_row(const struct cert_show *cs, struct show_req *r,
    const struct cert *c, BIO *bio)
{
	char flags[8];
	size_t n = 0;
	X509 *x = c->leaf;

	if (c->key != NULL)
		flags[n++] = 'K';
	if (x != NULL && cert_is_ca(x))
		flags[n++] = 'A';
	if (x != NULL && pki_revoked(cs->store, x))
		flags[n++] = 'R';
	if (x != NULL && X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		flags[n++] = 'E';
	if (x != NULL && c->trusted && cert_is_ca(x))
		flags[n++] = 'T';
	if (c->declared)
		flags[n++] = 'F';
	flags[n] = '\0';
	show_field(r, "flags", "%s", flags);
	show_field(r, "name", "%s", c->name);
	if (x != NULL)
		x509_fields(r, x, bio);
	show_field(r, "key-type", "%s", EVP_PKEY_get0_type_name(c->pub));
	show_field(r, "key-size", "%d", EVP_PKEY_get_bits(c->pub));
	hex_field(r, "fingerprint", c->fp, sizeof(c->fp));
	show_field(r, "chain", "%d", sk_X509_num(c->others));
	show_row(r);
}

static void
do_print(struct cert_show *cs, struct show_req *r)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const struct template *t;
	const struct cert *c;
	const char *name;
	size_t at = 0;
	int i;

	while (bio != NULL && (c = store_next(cs->store, &at)) != NULL)
		cert_row(cs, r, c, bio);
	at = 0;
	while ((t = pki_template_next(cs->pki, &at, &name)) != NULL) {
		show_field(r, "flags", "P");
		show_field(r, "name", "%s", name);
		for (i = 0; i < TEMPLATE_WORDS; i++)
			if (t->v[i][0] != '\0')
				show_field(r, template_word(i), "%s",
				    t->v[i]);
		show_row(r);
	}
	BIO_free(bio);
	show_end(r, NULL);
}

/* Lint */

static void
on_finding(void *p, const char *who, const char *what)
{
	struct show_req *r = p;

	show_field(r, "client", "%s", who);
	show_field(r, "finding", "%s", what);
	show_row(r);
}

static void
do_lint(struct cert_show *cs, struct show_req *r)
{
	struct cert *c = store_get(cs->store, arg(r, "name"));

	if (c == NULL) {
		show_end(r, "there is no such certificate");
		return;
	}
	(void)lint_server(c, show_arg(r, "address"), time(NULL), on_finding,
	    r);
	show_end(r, NULL);
}

/* Actions */

static void
do_add(struct cert_show *cs, struct show_req *r)
{
	struct template t = { 0 };
	char why[CERT_WHY_MAX];
	int i;

	for (i = 0; i < TEMPLATE_WORDS; i++)
		snprintf(t.v[i], sizeof(t.v[i]), "%s",
		    arg(r, template_word(i)));
	show_end(r, pki_add(cs->pki, arg(r, "name"), &t, why) == -1 ? why :
	    NULL);
}

struct sign_job {
	struct cert_show *cs;
	struct show_req *req;
	struct template t;
	EVP_PKEY *key;
};

static void
sign_run(void *p)
{
	struct sign_job *j = p;

	j->key = template_key(&j->t);
}

static void
sign_done(void *p)
{
	struct sign_job *j = p;
	char why[CERT_WHY_MAX];
	int rc = -1;

	snprintf(why, sizeof(why), "the key cannot be made");
	if (j->key != NULL)
		rc = pki_sign_end(j->cs->pki, arg(j->req, "name"),
		    arg(j->req, "ca"), arg(j->req, "ca-crl-host"), j->key,
		    time(NULL), why);
	if (rc == 0)
		log_info(LOG_T_CERTIFICATE, "%s signed",
		    arg(j->req, "name"));
	show_end(j->req, rc == -1 ? why : NULL);
	EVP_PKEY_free(j->key);
	free(j);
}

static void
do_sign(struct cert_show *cs, struct show_req *r)
{
	char why[CERT_WHY_MAX];
	struct sign_job *j = calloc(1, sizeof(*j));

	snprintf(why, sizeof(why), "out of memory");
	if (j == NULL || pki_sign_begin(cs->pki, arg(r, "name"),
	    arg(r, "ca"), arg(r, "ca-crl-host"), &j->t, why) == -1 ||
	    (j->req = show_keep(r)) == NULL) {
		free(j);
		show_end(r, why);
		return;
	}
	j->cs = cs;
	if (cs->pool == NULL) {
		sign_run(j);
		sign_done(j);
	} else if (pool_run(cs->pool, sign_run, sign_done, j) == -1) {
		show_end(j->req, "too much is being computed");
		free(j);
	}
}

static void
do_import(struct cert_show *cs, struct show_req *r)
{
	const char *file = arg(r, "file-name"), *base, *pass;
	char name[SHOW_VALUE_LEN + 4], why[CERT_WHY_MAX];
	struct secret s = { NULL, 0 };
	int rc = -1;

	base = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
	if (arg(r, "name")[0] != '\0')
		snprintf(name, sizeof(name), "%s", arg(r, "name"));
	else
		snprintf(name, sizeof(name), "%s_0", base);
	pass = arg(r, "passphrase");
	snprintf(why, sizeof(why), "out of memory");
	if (r->blob_len == 0)
		snprintf(why, sizeof(why), "import needs file-name=");
	else if (secret_set(&s, pass, strlen(pass)) == 0)
		rc = pki_import(cs->pki, name, r->blob, r->blob_len, &s,
		    strcmp(arg(r, "trusted"), "no") != 0, why);
	secret_free(&s);
	if (rc == 0)
		log_info(LOG_T_CERTIFICATE, "%s imported", name);
	show_end(r, rc == -1 ? why : NULL);
}

static void
on_exported(void *p, const char *file, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	struct show_req *r = p;
	char hex[2 * HEX_PART + 1];
	size_t i, n;

	for (; len > 0; data += n, len -= n) {
		n = len < HEX_PART ? len : HEX_PART;
		for (i = 0; i < n; i++) {
			hex[2 * i] = digits[data[i] >> 4];
			hex[2 * i + 1] = digits[data[i] & 15];
		}
		hex[2 * n] = '\0';
		show_field(r, "file-name", "%s", file);
		show_field(r, "content", "%s", hex);
		show_row(r);
	}
	secret_wipe(hex, sizeof(hex));
}

static void
do_export(struct cert_show *cs, struct show_req *r)
{
	static const char *const types[] = { "pem", "pkcs12",
	    "pkcs12-legacy", "crl" };
	const char *type = show_arg(r, "type");
	char why[CERT_WHY_MAX];
	size_t i;
	int rc;

	for (i = 0; i < 4 && strcmp(type != NULL ? type : "pem", types[i]) !=
	    0; i++)
		;
	if (i == 4) {
		show_end(r, "type is one of pem, pkcs12, pkcs12-legacy, "
		    "crl");
		return;
	}
	rc = pki_export(cs->pki, arg(r, "name"), (enum pki_form)i,
	    show_arg(r, "export-passphrase"), on_exported, r, why);
	if (rc == 0)
		log_info(LOG_T_CERTIFICATE, "%s exported as %s",
		    arg(r, "name"), types[i]);
	show_end(r, rc == -1 ? why : NULL);
}

static void
do_revoke(struct cert_show *cs, struct show_req *r)
{
	char why[CERT_WHY_MAX];
	int rc = pki_revoke(cs->pki, arg(r, "name"), time(NULL), why);
	const struct cert *c;

	if (rc == 0) {
		log_info(LOG_T_CERTIFICATE, "%s revoked", arg(r, "name"));
		/* Also whoever logged in before this process was there. */
		c = store_get(cs->store, arg(r, "name"));
		if (c != NULL && cs->revoked != NULL)
			cs->revoked(NULL, c->fp);
	}
	show_end(r, rc == -1 ? why : NULL);
}

static void
do_remove(struct cert_show *cs, struct show_req *r)
{
	char why[CERT_WHY_MAX];
	int rc = pki_remove(cs->pki, arg(r, "name"), why);

	if (rc == 0)
		log_info(LOG_T_CERTIFICATE, "%s removed", arg(r, "name"));
	show_end(r, rc == -1 ? why : NULL);
}

static const struct {
	enum show_what what;
	void (*fn)(struct cert_show *, struct show_req *);
} answers[] = {
	{ SHOW_CERTIFICATE, do_print }, { SHOW_CERT_LINT, do_lint },
	{ SHOW_CERT_ADD, do_add }, { SHOW_CERT_SIGN, do_sign },
	{ SHOW_CERT_IMPORT, do_import }, { SHOW_CERT_EXPORT, do_export },
	{ SHOW_CERT_REVOKE, do_revoke }, { SHOW_CERT_REMOVE, do_remove },
};

void
cert_show(struct cert_show *cs, struct show_req *r)
{
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].what == r->what) {
			answers[i].fn(cs, r);
			return;
		}
	show_end(r, "certd does not know that");
}
