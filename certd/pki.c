#include "certd/pki.h"

#include "certd/crl.h"
#include "certd/pkifile.h"

#include "lib/log.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX	10000
#define P12_ITERATIONS	10000
#define P12_LEGACY_ITERATIONS 2048
#define PASSPHRASE_MIN	8

/* Something that has a file. */
struct entry {
	char name[CONF_NAMELEN];
	struct pki_head head;
	struct template *t;	/* not signed yet; NULL: in the store */
};

struct pki {
	struct store *store;
	const char *dir;
	struct entry **v;
	size_t n, cap;
};

static int __attribute__((format(printf, 2, 3)))
wrong(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, CERT_WHY_MAX, fmt, ap);
	va_end(ap);
	return -1;
}

bool
pki_name_ok(const char *name)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-";
	size_t n = strlen(name);

	return n > 0 && n < CONF_NAMELEN && name[0] != '.' &&
	    strspn(name, chars) == n;
}

static int
check_name(const char *name, char *why)
{
	return pki_name_ok(name) ? 0 : wrong(why, "a name has 1 to %d "
	    "letters, digits or ._@+- and does not begin with a dot",
	    CONF_NAMELEN - 1);
}

/* Entries */

static struct entry *
entry_find(const struct pki *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->v[i]->name, name) == 0)
			return p->v[i];
	return NULL;
}

static struct entry *
entry_new(struct pki *p, const char *name)
{
	struct entry *e = entry_find(p, name), **v;
	size_t cap;

	if (e != NULL)
		return e;
	if (p->n == p->cap) {
		cap = p->cap == 0 ? 16 : p->cap * 2;
		if (cap > NAMES_MAX ||
		    (v = realloc(p->v, cap * sizeof(*v))) == NULL)
			return NULL;
		p->v = v;
		p->cap = cap;
	}
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	snprintf(e->name, sizeof(e->name), "%s", name);
	return p->v[p->n++] = e;
}

static void
entry_del(struct pki *p, struct entry *e)
{
	size_t i;

	for (i = 0; p->v[i] != e; i++)
		;
	p->v[i] = p->v[--p->n];
	free(e->t);
	free(e);
}

struct pki *
pki_new(struct store *store, const char *dir)
{
	struct pki *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->store = store;
	p->dir = dir;
	return p;
}

void
pki_free(struct pki *p)
{
	if (p == NULL)
		return;
	while (p->n > 0)
		entry_del(p, p->v[0]);
	free(p->v);
	free(p);
}

/* Content to the store; takes nothing. */
static int
load(struct pki *p, const char *name, const struct pki_head *h,
    const uint8_t *data, size_t len, const struct secret *pass, char *why)
{
	struct cert_file f = { .path = name, .data = data, .len = len,
	    .passphrase = pass };
	struct cert *c;

	if ((c = cert_load(name, &f, 1, h->trusted, why)) == NULL)
		return -1;
	if (store_put(p->store, c) == -1)
		return wrong(why, "%s is declared in the configuration", name);
	return 0;
}

static void
on_file(void *arg, const char *name, bool is_template, const uint8_t *data,
    size_t len)
{
	struct pki *p = arg;
	struct entry *e = entry_new(p, name);
	char why[CERT_WHY_MAX];

	snprintf(why, sizeof(why), "out of memory");
	if (e == NULL)
		goto bad;
	pkifile_head(&e->head, data, len);
	if (!is_template) {
		if (load(p, name, &e->head, data, len, NULL, why) == 0)
			return;
	} else if ((e->t = calloc(1, sizeof(*e->t))) != NULL &&
	    pkifile_template(e->t, data, len) == 0 &&
	    template_complete(e->t, why) == 0)
		return;
	entry_del(p, e);
bad:
	log_error(LOG_T_CERTIFICATE, "%s: %s", name, why);
}

void
pki_open(struct pki *p, time_t now)
{
	pkifile_each(p->dir, on_file, p);
	pki_tick(p, now);
}

/* Files */

/* Writes what belongs together under a name and puts it into the store. */
static int
save(struct pki *p, struct entry *e, EVP_PKEY *key, X509 *leaf,
    STACK_OF(X509) *others, STACK_OF(X509_CRL) *crls, char *why)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct cert *old = store_get(p->store, e->name);
	char *text;
	int i, rc = -1;
	long n;

	if (old != NULL && old->declared) {
		BIO_free(bio);
		return wrong(why, "%s is declared in the configuration",
		    e->name);
	}
	(void)wrong(why, "out of memory");
	if (bio == NULL || pkifile_put_head(bio, &e->head) == -1 ||
	    (key != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL,
	    NULL, 0, NULL, NULL) != 1) ||
	    (leaf != NULL && PEM_write_bio_X509(bio, leaf) != 1))
		goto out;
	for (i = 0; i < sk_X509_num(others); i++)
		if (PEM_write_bio_X509(bio, sk_X509_value(others, i)) != 1)
			goto out;
	for (i = 0; i < sk_X509_CRL_num(crls); i++)
		if (PEM_write_bio_X509_CRL(bio, sk_X509_CRL_value(crls, i)) !=
		    1)
			goto out;
	n = BIO_get_mem_data(bio, &text);
	if (n > 0 && pkifile_write(p->dir, e->name, false,
	    (const uint8_t *)text, (size_t)n, why) == 0)
		rc = load(p, e->name, &e->head, (const uint8_t *)text,
		    (size_t)n, NULL, why);
out:
	/* The memory had the key: BIO wipes it. */
	BIO_free(bio);
	return rc;
}

static int
taken(const struct pki *p, const char *name, char *why)
{
	if (check_name(name, why) == -1)
		return -1;
	if (entry_find(p, name) != NULL || store_get(p->store, name) != NULL)
		return wrong(why, "there is a %s already", name);
	return 0;
}

int
pki_add(struct pki *p, const char *name, const struct template *t, char *why)
{
	struct template full = *t;
	struct entry *e;
	struct buf b;
	int rc = -1;

	if (taken(p, name, why) == -1 || template_complete(&full, why) == -1)
		return -1;
	(void)wrong(why, "out of memory");
	buf_init(&b, sizeof(full) * 2);
	if ((e = entry_new(p, name)) == NULL)
		return -1;
	e->t = malloc(sizeof(*e->t));
	pkifile_put_template(&b, &full);
	if (e->t != NULL && buf_error(&b) == 0) {
		*e->t = full;
		rc = pkifile_write(p->dir, name, true, b.data, b.len, why);
	}
	buf_free(&b);
	if (rc == -1)
		entry_del(p, e);
	return rc;
}

/* Signing */

/* A CA with its key, made here or declared. */
static struct cert *
find_ca(const struct pki *p, const char *name, char *why)
{
	struct cert *c = store_get(p->store, name);

	if (c == NULL || c->leaf == NULL)
		(void)wrong(why, "there is no certificate %s", name);
	else if (!cert_is_ca(c->leaf))
		(void)wrong(why, "%s is no CA", name);
	else if (c->key == NULL)
		(void)wrong(why, "the private key of %s is not here", name);
	else
		return c;
	return NULL;
}

static bool
host_ok(const char *host)
{
	return strlen(host) < PKI_HOST_MAX && strspn(host,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    ".:[]-") == strlen(host);
}

int
pki_sign_begin(struct pki *p, const char *name, const char *ca,
    const char *crl_host, struct template *t, char *why)
{
	struct entry *e = entry_find(p, name);

	if (e == NULL || e->t == NULL)
		return wrong(why, "there is no template %.63s; make one with "
		    "add", name);
	if (crl_host != NULL && !host_ok(crl_host))
		return wrong(why, "ca-crl-host is an address or a name");
	if (ca != NULL && ca[0] != '\0') {
		if (crl_host != NULL && crl_host[0] != '\0')
			return wrong(why, "ca-crl-host is for a CA; the "
			    "certificates it signs get it from there");
		if (template_is_ca(e->t))
			return wrong(why, "key-usage: key-cert-sign and "
			    "crl-sign are a CA's, which is signed without "
			    "ca=");
		if (find_ca(p, ca, why) == NULL)
			return -1;
	}
	*t = *e->t;
	return 0;
}

/* Where clients find the CRL of a CA; false: nowhere. */
static bool
crl_url(const struct pki *p, const char *ca, char *url, size_t size)
{
	const struct entry *e = entry_find(p, ca);

	if (e == NULL || e->head.crl_host[0] == '\0')
		return false;
	snprintf(url, size, "http://%s/crl/%s.crl", e->head.crl_host, ca);
	return true;
}

static int
save_issued(struct pki *p, struct entry *e, EVP_PKEY *key, X509 *x,
    const struct cert *ca, time_t now, char *why)
{
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	STACK_OF(X509) *others = sk_X509_new_null();
	X509_CRL *crl = NULL;
	int i, rc = -1;

	(void)wrong(why, "out of memory");
	if (crls == NULL || others == NULL)
		goto out;
	if (ca == NULL) {
		crl = template_crl(x, key, NULL, NULL, now);
		if (crl == NULL || sk_X509_CRL_push(crls, crl) <= 0)
			goto out;
	} else {
		if (sk_X509_push(others, ca->leaf) <= 0)
			goto out;
		for (i = 0; i < sk_X509_num(ca->others); i++)
			if (sk_X509_push(others,
			    sk_X509_value(ca->others, i)) <= 0)
				goto out;
	}
	rc = save(p, e, key, x, others, crls, why);
out:
	X509_CRL_free(crl);
	sk_X509_CRL_free(crls);
	sk_X509_free(others);
	return rc;
}

int
pki_sign_end(struct pki *p, const char *name, const char *ca,
    const char *crl_host, EVP_PKEY *key, time_t now, char *why)
{
	bool self = ca == NULL || ca[0] == '\0';
	char url[PKI_HOST_MAX + CONF_NAMELEN + 32];
	struct template t;
	struct cert *c = NULL;
	struct entry *e;
	X509 *x;
	int rc;

	/* Things may have changed meanwhile. */
	if (pki_sign_begin(p, name, ca, crl_host, &t, why) == -1 ||
	    (!self && (c = find_ca(p, ca, why)) == NULL))
		return -1;
	e = entry_find(p, name);
	e->head.trusted = self;
	if (self && crl_host != NULL)
		snprintf(e->head.crl_host, sizeof(e->head.crl_host), "%s",
		    crl_host);
	x = template_issue(&t, key, c != NULL ? c->leaf : NULL,
	    c != NULL ? c->key : NULL, !self && crl_url(p, ca, url,
	    sizeof(url)) ? url : NULL, now);
	if (x == NULL) {
		ERR_clear_error();
		return wrong(why, "the certificate cannot be made");
	}
	rc = save_issued(p, e, key, x, c, now, why);
	X509_free(x);
	if (rc == -1)
		return -1;
	free(e->t);
	e->t = NULL;
	pkifile_remove(p->dir, name, true);
	return 0;
}

int
pki_import(struct pki *p, const char *name, const uint8_t *data, size_t len,
    const struct secret *passphrase, bool trusted, char *why)
{
	struct cert_file f = { .path = name, .data = data, .len = len,
	    .passphrase = passphrase };
	struct entry *e = entry_find(p, name);
	struct cert *c;
	int rc = -1;

	if (check_name(name, why) == -1)
		return -1;
	if (e != NULL && e->t != NULL)
		return wrong(why, "%s is a template", name);
	if ((c = store_get(p->store, name)) != NULL && c->declared)
		return wrong(why, "%s is declared in the configuration", name);
	if ((c = cert_load(name, &f, 1, trusted, why)) == NULL)
		return -1;
	(void)wrong(why, "out of memory");
	if (c->leaf == NULL)
		(void)wrong(why, "there is no certificate in it");
	else if ((e = entry_new(p, name)) != NULL) {
		e->head.trusted = trusted;
		rc = save(p, e, c->key, c->leaf, c->others, c->crls, why);
		if (rc == -1 && store_get(p->store, name) == NULL)
			entry_del(p, e);
	}
	cert_unref(&c);
	return rc;
}

/* Revocation */

static X509_CRL *
latest_crl(const struct cert *ca)
{
	X509_CRL *crl, *best = NULL;
	const char *why;
	int i;

	for (i = 0; i < sk_X509_CRL_num(ca->crls); i++) {
		crl = sk_X509_CRL_value(ca->crls, i);
		if (crl_fits(crl, ca->leaf, true, &why) == 0 &&
		    (best == NULL || ASN1_TIME_compare(
		    X509_CRL_get0_lastUpdate(crl),
		    X509_CRL_get0_lastUpdate(best)) > 0))
			best = crl;
	}
	return best;
}

/* A new CRL of a CA of ours, with one more entry or without. */
static int
renew_crl(struct pki *p, struct cert *ca, X509 *cert, time_t now, char *why)
{
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	struct entry *e = entry_find(p, ca->name);
	X509_CRL *crl;
	int rc = -1;

	crl = template_crl(ca->leaf, ca->key, latest_crl(ca), cert, now);
	if (e == NULL)
		(void)wrong(why, "the CA %s is not one made here", ca->name);
	else if (crls == NULL || crl == NULL ||
	    sk_X509_CRL_push(crls, crl) <= 0)
		(void)wrong(why, "the CRL cannot be made");
	else {
		cert_ref(ca);
		rc = save(p, e, ca->key, ca->leaf, ca->others, crls, why);
		cert_unref(&ca);
	}
	X509_CRL_free(crl);
	sk_X509_CRL_free(crls);
	ERR_clear_error();
	return rc;
}

static struct cert *
ca_of(const struct pki *p, X509 *x)
{
	struct cert *c;
	size_t at = 0;

	while ((c = store_next(p->store, &at)) != NULL)
		if (c->leaf != NULL && c->key != NULL && !c->declared &&
		    cert_is_ca(c->leaf) && X509_cmp(c->leaf, x) != 0 &&
		    X509_check_issued(c->leaf, x) == X509_V_OK &&
		    X509_verify(x, c->pub) == 1)
			return c;
	ERR_clear_error();
	return NULL;
}

bool
pki_revoked(const struct store *store, X509 *x)
{
	struct cert *c;
	X509_CRL *crl;
	size_t at = 0;

	while ((c = store_next(store, &at)) != NULL)
		if (c->leaf != NULL && sk_X509_CRL_num(c->crls) > 0 &&
		    X509_check_issued(c->leaf, x) == X509_V_OK &&
		    (crl = latest_crl(c)) != NULL &&
		    crl_lookup(crl, x) == CRL_REVOKED)
			return true;
	return false;
}

int
pki_revoke(struct pki *p, const char *name, time_t now, char *why)
{
	struct cert *c = store_get(p->store, name), *ca;
	int rc;

	if (c == NULL || c->leaf == NULL)
		return wrong(why, "there is no certificate %.63s", name);
	if ((ca = ca_of(p, c->leaf)) == NULL)
		return wrong(why, "the CA that signed %s was not made here, "
		    "or its key is not here", name);
	if (pki_revoked(p->store, c->leaf))
		return wrong(why, "%s is revoked already", name);
	cert_ref(c);
	rc = renew_crl(p, ca, c->leaf, now, why);
	cert_unref(&c);
	return rc;
}

/* Half of its time is over. */
static bool
crl_is_due(const struct cert *ca, time_t now)
{
	X509_CRL *crl = latest_crl(ca);
	time_t until;

	return crl == NULL || asn1_time(X509_CRL_get0_nextUpdate(crl),
	    &until) == -1 || until - now < TEMPLATE_CRL_DAYS * 86400 / 2;
}

void
pki_tick(struct pki *p, time_t now)
{
	char why[CERT_WHY_MAX];
	struct cert *c;
	size_t i;

	for (i = 0; i < p->n; i++) {
		c = store_get(p->store, p->v[i]->name);
		if (c == NULL || c->leaf == NULL || c->key == NULL ||
		    c->declared || !cert_is_ca(c->leaf) ||
		    !crl_is_due(c, now))
			continue;
		if (renew_crl(p, c, NULL, now, why) == -1)
			log_error(LOG_T_CERTIFICATE, "%s: no new CRL: %s",
			    p->v[i]->name, why);
	}
}

int
pki_remove(struct pki *p, const char *name, char *why)
{
	struct entry *e = entry_find(p, name);

	if (e == NULL && store_get(p->store, name) != NULL)
		return wrong(why, "%.63s is declared in the configuration; "
		    "remove it there", name);
	if (e == NULL)
		return wrong(why, "there is no certificate %.63s", name);
	pkifile_remove(p->dir, name, e->t != NULL);
	if (e->t == NULL)
		(void)store_del(p->store, name);
	entry_del(p, e);
	return 0;
}

/* Export */

static int
export_pem(struct cert *c, const char *pass, BIO *crt, BIO *key)
{
	int i;

	if (PEM_write_bio_X509(crt, c->leaf) != 1)
		return -1;
	for (i = 0; i < sk_X509_num(c->others); i++)
		if (!cert_is_self_issued(sk_X509_value(c->others, i)) &&
		    PEM_write_bio_X509(crt, sk_X509_value(c->others, i)) != 1)
			return -1;
	if (pass == NULL)
		return 0;
	return PEM_write_bio_PKCS8PrivateKey(key, c->key, EVP_aes_256_cbc(),
	    pass, (int)strlen(pass), NULL, NULL) == 1 ? 0 : -1;
}

static int
export_p12(struct cert *c, const char *name, bool legacy, const char *pass,
    BIO *out)
{
	int pbe = legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC :
	    NID_aes_256_cbc;
	int n = legacy ? P12_LEGACY_ITERATIONS : P12_ITERATIONS;
	PKCS12 *p12;
	int rc = -1;

	/* -1: the MAC is made below, with a hash of our choice. */
	p12 = PKCS12_create(pass, name, c->key, c->leaf, c->others, pbe, pbe,
	    n, -1, 0);
	if (p12 != NULL && PKCS12_set_mac(p12, pass, -1, NULL, 0, n,
	    legacy ? EVP_sha1() : EVP_sha256()) == 1 &&
	    i2d_PKCS12_bio(out, p12) == 1)
		rc = 0;
	PKCS12_free(p12);
	return rc;
}

static int
export_check(struct cert *c, const char *name, enum pki_form form,
    const char *pass, char *why)
{
	if (c == NULL || c->leaf == NULL)
		return wrong(why, "there is no certificate %.63s", name);
	if (form == PKI_CRL)
		return latest_crl(c) != NULL ? 0 : wrong(why, "%s has no "
		    "CRL", name);
	if ((form != PKI_PEM || pass != NULL) && c->key == NULL)
		return wrong(why, "the private key of %s is not here", name);
	if (form != PKI_PEM && pass == NULL)
		return wrong(why, "PKCS#12 needs an export-passphrase");
	if (pass != NULL && strlen(pass) < PASSPHRASE_MIN)
		return wrong(why, "an export-passphrase has at least %d "
		    "characters", PASSPHRASE_MIN);
	return 0;
}

static void
hand_out(BIO *bio, const char *name, const char *ext, void (*fn)(void *arg,
    const char *file, const uint8_t *data, size_t len), void *arg)
{
	char file[CONF_NAMELEN + 32], *data;
	long n = BIO_get_mem_data(bio, &data);

	snprintf(file, sizeof(file), "cert_export_%s.%s", name, ext);
	if (n > 0)
		fn(arg, file, (const uint8_t *)data, (size_t)n);
}

int
pki_export(struct pki *p, const char *name, enum pki_form form,
    const char *passphrase, void (*fn)(void *arg, const char *file,
    const uint8_t *data, size_t len), void *arg, char *why)
{
	static const char *const ext[] = { "crt", "p12", "p12", "crl" };
	struct cert *c = store_get(p->store, name);
	BIO *out, *key;
	int rc;

	if (passphrase != NULL && passphrase[0] == '\0')
		passphrase = NULL;
	if (export_check(c, name, form, passphrase, why) == -1)
		return -1;
	out = BIO_new(BIO_s_mem());
	key = BIO_new(BIO_s_mem());
	if (out == NULL || key == NULL)
		rc = -1;
	else if (form == PKI_PEM)
		rc = export_pem(c, passphrase, out, key);
	else if (form == PKI_CRL)
		rc = i2d_X509_CRL_bio(out, latest_crl(c)) == 1 ? 0 : -1;
	else
		rc = export_p12(c, name, form == PKI_PKCS12_LEGACY,
		    passphrase, out);
	if (rc == 0) {
		hand_out(out, name, ext[form], fn, arg);
		hand_out(key, name, "key", fn, arg);
	} else
		(void)wrong(why, "it cannot be written in that form");
	BIO_free(out);
	BIO_free(key);
	ERR_clear_error();
	return rc;
}

const struct template *
pki_template_next(const struct pki *p, size_t *at, const char **name)
{
	while (*at < p->n)
		if (p->v[(*at)++]->t != NULL) {
			*name = p->v[*at - 1]->name;
			return p->v[*at - 1]->t;
		}
	return NULL;
}
