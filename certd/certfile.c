#include "certd/certfile.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PEM_OBJECTS_MAX	512	/* of any kind, in one file */

int
cert_bag_init(struct cert_bag *b)
{
	memset(b, 0, sizeof(*b));
	b->certs = sk_X509_new_null();
	b->crls = sk_X509_CRL_new_null();
	return b->certs == NULL || b->crls == NULL ? -1 : 0;
}

void
cert_bag_free(struct cert_bag *b)
{
	sk_X509_pop_free(b->certs, X509_free);
	sk_X509_CRL_pop_free(b->crls, X509_CRL_free);
	EVP_PKEY_free(b->key);
	EVP_PKEY_free(b->pub);
	memset(b, 0, sizeof(*b));
}

static int
fail(char *why, const char *text)
{
	snprintf(why, CERT_WHY_MAX, "%s", text);
	return -1;
}

static bool
has_cert(const struct cert_bag *b, const X509 *x)
{
	int i;

	for (i = 0; i < sk_X509_num(b->certs); i++)
		if (X509_cmp(sk_X509_value(b->certs, i), x) == 0)
			return true;
	return false;
}

/* Takes x. */
static int
add_cert(struct cert_bag *b, X509 *x, char *why)
{
	if (x == NULL)
		return fail(why, "a certificate cannot be read");
	/* Looks at the extensions once, before threads do. */
	(void)X509_check_purpose(x, -1, 0);
	if (X509_get_extension_flags(x) & EXFLAG_INVALID) {
		X509_free(x);
		return fail(why, "a certificate has malformed extensions");
	}
	if (has_cert(b, x)) {
		X509_free(x);
		return 0;
	}
	if (sk_X509_num(b->certs) >= CERT_OBJECTS_MAX ||
	    sk_X509_push(b->certs, x) <= 0) {
		X509_free(x);
		return fail(why, "too many certificates");
	}
	return 0;
}

/* Takes crl. */
static int
add_crl(struct cert_bag *b, X509_CRL *crl, char *why)
{
	if (crl == NULL)
		return fail(why, "a CRL cannot be read");
	if (sk_X509_CRL_num(b->crls) >= CERT_OBJECTS_MAX ||
	    sk_X509_CRL_push(b->crls, crl) <= 0) {
		X509_CRL_free(crl);
		return fail(why, "too many CRLs");
	}
	return 0;
}

/* Takes key. */
static int
add_key(EVP_PKEY **slot, EVP_PKEY *key, const char *what, char *why)
{
	if (key == NULL) {
		snprintf(why, CERT_WHY_MAX, "a %s key cannot be read", what);
		return -1;
	}
	if (*slot == NULL) {
		*slot = key;
		return 0;
	}
	if (EVP_PKEY_eq(*slot, key) == 1) {
		EVP_PKEY_free(key);
		return 0;
	}
	EVP_PKEY_free(key);
	snprintf(why, CERT_WHY_MAX, "there are two %s keys", what);
	return -1;
}

static int
passphrase(char *dst, int size, int rwflag, void *arg)
{
	const struct secret *s = arg;

	(void)rwflag;
	if (s == NULL || s->len > (size_t)size)
		return -1;
	memcpy(dst, s->data, s->len);
	return (int)s->len;
}

static int
add_encrypted(struct cert_bag *b, const uint8_t *der, long len,
    const struct secret *pass, char *why)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	X509_SIG *sig;
	int rc = -1;

	if (pass == NULL || pass->len == 0)
		return fail(why, "the key is encrypted, passphrase= is "
		    "missing");
	sig = d2i_X509_SIG(NULL, &der, len);
	if (sig != NULL && pass->len <= INT_MAX)
		info = PKCS8_decrypt(sig, (const char *)pass->data,
		    (int)pass->len);
	if (sig == NULL)
		(void)fail(why, "an encrypted key cannot be read");
	else if (info == NULL)
		(void)fail(why, "the passphrase does not open the key");
	else
		rc = add_key(&b->key, EVP_PKCS82PKEY(info), "private", why);
	PKCS8_PRIV_KEY_INFO_free(info);
	X509_SIG_free(sig);
	return rc;
}

/* The traditional form, maybe with a Proc-Type header. */
static int
add_traditional(struct cert_bag *b, const char *header, uint8_t *der,
    long len, const struct secret *pass, char *why)
{
	EVP_CIPHER_INFO cipher;
	const uint8_t *p = der;

	if (PEM_get_EVP_CIPHER_INFO((char *)(uintptr_t)header, &cipher) != 1)
		return fail(why, "a private key is encrypted in an unknown "
		    "way");
	if (cipher.cipher != NULL && (pass == NULL || pass->len == 0))
		return fail(why, "the key is encrypted, passphrase= is "
		    "missing");
	if (PEM_do_header(&cipher, der, &len, passphrase,
	    (void *)(uintptr_t)pass) != 1)
		return fail(why, "the passphrase does not open the key");
	return add_key(&b->key, d2i_AutoPrivateKey(NULL, &p, len), "private",
	    why);
}

static bool
ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), t = strlen(tail);

	return n >= t && strcmp(s + n - t, tail) == 0;
}

/* One object of a PEM file; kinds that are none of ours are passed over. */
static int
add_pem(struct cert_bag *b, const char *name, const char *header,
    uint8_t *der, long len, const struct secret *pass, char *why)
{
	const uint8_t *p = der;

	if (strcmp(name, PEM_STRING_X509) == 0 ||
	    strcmp(name, PEM_STRING_X509_OLD) == 0)
		return add_cert(b, d2i_X509(NULL, &p, len), why);
	if (strcmp(name, PEM_STRING_X509_TRUSTED) == 0)
		return add_cert(b, d2i_X509_AUX(NULL, &p, len), why);
	if (strcmp(name, PEM_STRING_X509_CRL) == 0)
		return add_crl(b, d2i_X509_CRL(NULL, &p, len), why);
	if (strcmp(name, PEM_STRING_PKCS8) == 0)
		return add_encrypted(b, der, len, pass, why);
	if (strcmp(name, PEM_STRING_PUBLIC) == 0)
		return add_key(&b->pub, d2i_PUBKEY(NULL, &p, len), "public",
		    why);
	if (strcmp(name, PEM_STRING_RSA_PUBLIC) == 0)
		return add_key(&b->pub, d2i_PublicKey(EVP_PKEY_RSA, NULL, &p,
		    len), "public", why);
	if (ends_with(name, PEM_STRING_PKCS8INF))
		return add_traditional(b, header, der, len, pass, why);
	return 0;
}

static int
read_pem(struct cert_bag *b, BIO *bio, const struct secret *pass, char *why)
{
	char *name, *header;
	uint8_t *der;
	unsigned long err;
	unsigned n = 0;
	long len;
	int rc = 0;

	while (rc == 0 && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		if (n++ == PEM_OBJECTS_MAX)
			rc = fail(why, "too many objects");
		else
			rc = add_pem(b, name, header, der, len, pass, why);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	if (rc == -1)
		return -1;
	/* The end is the one reason to stop that is not an error. */
	err = ERR_peek_last_error();
	if (ERR_GET_LIB(err) != ERR_LIB_PEM ||
	    ERR_GET_REASON(err) != PEM_R_NO_START_LINE)
		return fail(why, "the file is cut off or damaged");
	return n > 0 ? 0 : fail(why, "there is nothing in it");
}

/* Takes p12. */
static int
add_pkcs12(struct cert_bag *b, PKCS12 *p12, const struct secret *pass,
    char *why)
{
	STACK_OF(X509) *ca = NULL;
	EVP_PKEY *key = NULL;
	struct secret text = { NULL, 0 };
	X509 *x = NULL;
	int rc = -1;

	/* OpenSSL takes a string here. */
	if (secret_alloc(&text, (pass != NULL ? pass->len : 0) + 1) == -1) {
		(void)fail(why, "out of memory");
		goto out;
	}
	if (pass != NULL && pass->len > 0)
		memcpy(text.data, pass->data, pass->len);
	ERR_clear_error();	/* of the other forms that were tried */
	if (PKCS12_parse(p12, (const char *)text.data, &key, &x, &ca) != 1) {
		rc = fail(why, ERR_GET_REASON(ERR_peek_error()) ==
		    PKCS12_R_MAC_VERIFY_FAILURE ? pass == NULL ||
		    pass->len == 0 ? "the bundle is encrypted, passphrase= is "
		    "missing" : "the passphrase does not open the bundle" :
		    "the bundle is damaged, or encrypted with an algorithm "
		    "that OpenSSL has not");
		goto out;
	}
	rc = 0;
	if (key != NULL) {
		rc = add_key(&b->key, key, "private", why);
		key = NULL;
	}
	if (rc == 0 && x != NULL) {
		rc = add_cert(b, x, why);
		x = NULL;
	}
	while (rc == 0 && sk_X509_num(ca) > 0)
		rc = add_cert(b, sk_X509_shift(ca), why);
out:
	sk_X509_pop_free(ca, X509_free);
	X509_free(x);
	EVP_PKEY_free(key);
	PKCS12_free(p12);
	secret_free(&text);
	return rc;
}

/* DER of one object.  Each kind must fill the file. */
static int
read_der(struct cert_bag *b, const struct cert_file *f, char *why)
{
	const uint8_t *p, *end = f->data + f->len;
	long len = (long)f->len;
	PKCS12 *p12;
	X509_SIG *sig;
	X509_CRL *crl;
	EVP_PKEY *key;
	X509 *x;

	p = f->data;
	if ((x = d2i_X509(NULL, &p, len)) != NULL && p == end)
		return add_cert(b, x, why);
	X509_free(x);
	p = f->data;
	if ((crl = d2i_X509_CRL(NULL, &p, len)) != NULL && p == end)
		return add_crl(b, crl, why);
	X509_CRL_free(crl);
	p = f->data;
	if ((p12 = d2i_PKCS12(NULL, &p, len)) != NULL && p == end)
		return add_pkcs12(b, p12, f->passphrase, why);
	PKCS12_free(p12);
	p = f->data;
	if ((key = d2i_PUBKEY(NULL, &p, len)) != NULL && p == end)
		return add_key(&b->pub, key, "public", why);
	EVP_PKEY_free(key);
	p = f->data;
	if ((sig = d2i_X509_SIG(NULL, &p, len)) != NULL && p == end) {
		X509_SIG_free(sig);
		return add_encrypted(b, f->data, len, f->passphrase, why);
	}
	X509_SIG_free(sig);
	p = f->data;
	if ((key = d2i_AutoPrivateKey(NULL, &p, len)) != NULL && p == end)
		return add_key(&b->key, key, "private", why);
	EVP_PKEY_free(key);
	return fail(why, "it is no PEM, no certificate, no key and no "
	    "PKCS#12 bundle, or it is cut off");
}

int
cert_bag_read(struct cert_bag *b, const struct cert_file *f, char *why)
{
	static const char begin[] = "-----BEGIN ";
	BIO *bio;
	int rc;

	if (f->len == 0)
		return fail(why, "the file is empty");
	if (f->len > CERT_FILE_MAX)
		return fail(why, "the file is larger than a megabyte");
	ERR_clear_error();
	if (memmem(f->data, f->len, begin, sizeof(begin) - 1) == NULL) {
		rc = read_der(b, f, why);
	} else if ((bio = BIO_new_mem_buf(f->data, (int)f->len)) == NULL) {
		rc = fail(why, "out of memory");
	} else {
		rc = read_pem(b, bio, f->passphrase, why);
		BIO_free(bio);
	}
	ERR_clear_error();
	return rc;
}
