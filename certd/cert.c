#include "certd/cert.h"

#include "certd/certfile.h"

#include "lib/log.h"

#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
cert_fp(const X509 *x, uint8_t fp[CERT_FP_LEN])
{
	unsigned n = CERT_FP_LEN;

	return X509_digest(x, EVP_sha256(), fp, &n) == 1 ? 0 : -1;
}

static int
spki_digest(EVP_PKEY *key, const EVP_MD *md, uint8_t *out)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(key, &der), rc;

	rc = n > 0 && EVP_Digest(der, (size_t)n, out, NULL, md, NULL) == 1 ?
	    0 : -1;
	OPENSSL_free(der);
	return rc;
}

/* The element as it stands in the certificate: it may not be in the form
 * that OpenSSL would write. */
int
cert_spki_hash(const X509 *x, uint8_t hash[CERT_HASH_LEN])
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der), rc;

	rc = n > 0 && EVP_Digest(der, (size_t)n, hash, NULL, EVP_sha1(),
	    NULL) == 1 ? 0 : -1;
	OPENSSL_free(der);
	return rc;
}

bool
cert_is_ca(X509 *x)
{
	return X509_check_ca(x) == 1 &&
	    (X509_get_extension_flags(x) & EXFLAG_CA) != 0;
}

bool
cert_is_self_issued(X509 *x)
{
	return (X509_get_extension_flags(x) & EXFLAG_SI) != 0;
}

const char *
cert_name_text(const X509_NAME *name, char *dst, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	dst[0] = '\0';
	if (bio == NULL)
		return dst;
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 &
	    ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0 &&
	    (n = BIO_get_mem_data(bio, &text)) > 0)
		log_escape(dst, size, text, (size_t)n);
	BIO_free(bio);
	return dst;
}

const char *
cert_subject(const X509 *x, char *dst, size_t size)
{
	return cert_name_text(X509_get_subject_name(x), dst, size);
}

struct cert *
cert_ref(struct cert *c)
{
	c->refs++;
	return c;
}

void
cert_unref(struct cert **cp)
{
	struct cert *c = *cp;

	*cp = NULL;
	if (c == NULL || --c->refs > 0)
		return;
	X509_free(c->leaf);
	sk_X509_pop_free(c->others, X509_free);
	sk_X509_CRL_pop_free(c->crls, X509_CRL_free);
	EVP_PKEY_free(c->key);
	EVP_PKEY_free(c->pub);
	free(c);
}

/* Takes certificate i out of the bag. */
static X509 *
take(struct cert_bag *b, int i)
{
	return i == -1 ? NULL : sk_X509_delete(b->certs, i);
}

/* The latest certificate of the key; -1: none. */
static int
leaf_of_key(const struct cert_bag *b, EVP_PKEY *key)
{
	X509 *x, *best = NULL;
	int i, at = -1;

	for (i = 0; i < sk_X509_num(b->certs); i++) {
		x = sk_X509_value(b->certs, i);
		if (EVP_PKEY_eq(X509_get0_pubkey(x), key) != 1)
			continue;
		if (best != NULL &&
		    ASN1_TIME_compare(X509_get0_notAfter(x),
		    X509_get0_notAfter(best)) <= 0)
			continue;
		best = x;
		at = i;
	}
	return at;
}

/* Without a key: the first that issued none of the others. */
static int
leaf_of_chain(const struct cert_bag *b)
{
	int i, k, n = sk_X509_num(b->certs);
	X509 *x;

	for (i = 0; i < n; i++) {
		x = sk_X509_value(b->certs, i);
		for (k = 0; k < n; k++)
			if (k != i && X509_check_issued(x,
			    sk_X509_value(b->certs, k)) == X509_V_OK)
				break;
		if (k == n)
			return i;
	}
	return n > 0 ? 0 : -1;
}

/* Moves the bag's content; the bag keeps what does not fit. */
static int
settle(struct cert *c, struct cert_bag *b, char *why)
{
	int n = sk_X509_num(b->certs);

	if (b->key != NULL && n > 0) {
		c->leaf = take(b, leaf_of_key(b, b->key));
		if (c->leaf == NULL) {
			snprintf(why, CERT_WHY_MAX, "the private key belongs "
			    "to none of the certificates");
			return -1;
		}
	} else
		c->leaf = take(b, leaf_of_chain(b));
	if (c->leaf != NULL)
		c->pub = X509_get_pubkey(c->leaf);
	else if (b->key != NULL)
		c->pub = b->key;
	else
		c->pub = b->pub;
	if (c->pub == NULL) {
		snprintf(why, CERT_WHY_MAX, c->leaf != NULL ?
		    "the certificate has a key of an unknown kind" :
		    sk_X509_CRL_num(b->crls) > 0 ?
		    "a CRL is imported under the name of its CA" :
		    "there is no certificate and no key");
		return -1;
	}
	if (c->leaf == NULL)
		EVP_PKEY_up_ref(c->pub);
	if (b->pub != NULL && EVP_PKEY_eq(b->pub, c->pub) != 1) {
		snprintf(why, CERT_WHY_MAX, "the public key is not that of "
		    "the %s", c->leaf != NULL ? "certificate" :
		    "private key");
		return -1;
	}
	c->key = b->key;
	b->key = NULL;
	c->others = b->certs;
	b->certs = NULL;
	c->crls = b->crls;
	b->crls = NULL;
	return 0;
}

static int
fingerprint(struct cert *c, char *why)
{
	if ((c->leaf != NULL ? cert_fp(c->leaf, c->fp) :
	    spki_digest(c->pub, EVP_sha256(), c->fp)) == 0)
		return 0;
	snprintf(why, CERT_WHY_MAX, "it has no fingerprint");
	return -1;
}

struct cert *
cert_load(const char *name, const struct cert_file *files, size_t n,
    bool trusted, char *why)
{
	char text[CERT_WHY_MAX];
	struct cert_bag bag;
	struct cert *c;
	size_t i;

	snprintf(why, CERT_WHY_MAX, "out of memory");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->refs = 1;
	c->trusted = trusted;
	snprintf(c->name, sizeof(c->name), "%s", name);
	if (cert_bag_init(&bag) == -1)
		goto bad;
	for (i = 0; i < n; i++)
		if (cert_bag_read(&bag, &files[i], text) == -1) {
			snprintf(why, CERT_WHY_MAX, "%.100s: %.140s",
			    files[i].path, text);
			goto bad;
		}
	if (settle(c, &bag, why) == -1 || fingerprint(c, why) == -1)
		goto bad;
	cert_bag_free(&bag);
	return c;
bad:
	cert_bag_free(&bag);
	cert_unref(&c);
	return NULL;
}
