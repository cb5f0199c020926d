#include "tests/bench/loadcert.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DAY	86400

static X509 *ca;
static EVP_PKEY *ca_key, *key;	/* of all clients */

/* AlgorithmIdentifiers, RFC 7427 appendix A: ecdsa-with-SHA256 and
 * sha256WithRSAEncryption. */
static const uint8_t alg_ec[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48,
	0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t alg_rsa[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
	0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };

static const uint8_t *
alg_of(const EVP_PKEY *k, size_t *len)
{
	bool ec = EVP_PKEY_is_a(k, "EC");

	*len = ec ? sizeof(alg_ec) : sizeof(alg_rsa);
	return ec ? alg_ec : alg_rsa;
}

void
loadcert_init(const char *cert, const char *keyfile)
{
	FILE *f;

	if ((f = fopen(cert, "r")) == NULL ||
	    (ca = PEM_read_X509(f, NULL, NULL, NULL)) == NULL)
		errx(1, "%s: no certificate", cert);
	fclose(f);
	if ((f = fopen(keyfile, "r")) == NULL ||
	    (ca_key = PEM_read_PrivateKey(f, NULL, NULL, NULL)) == NULL)
		errx(1, "%s: no key", keyfile);
	fclose(f);
	key = EVP_PKEY_is_a(ca_key, "EC") ? EVP_EC_gen("P-256") :
	    EVP_RSA_gen(2048);
	if (key == NULL)
		errx(1, "no client key");
}

void
loadcert_ca(uint8_t hash[LOADCERT_CA_HASH])
{
	uint8_t *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ca), &der);

	if (n <= 0)
		errx(1, "the CA has no key");
	SHA1(der, (size_t)n, hash);
	OPENSSL_free(der);
}

static void
extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, ca, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		errx(1, "extension %s", value);
	X509_EXTENSION_free(e);
}

void
loadcert_make(const char *name, struct buf *out)
{
	static long serial;
	X509 *x = X509_new();
	uint8_t *der = NULL;
	char san[128];
	int n;

	snprintf(san, sizeof(san), "DNS:%s", name);
	if (x == NULL || X509_set_version(x, 2) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial + 1000) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -DAY) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), DAY) == NULL ||
	    X509_set_pubkey(x, key) != 1 ||
	    X509_set_issuer_name(x, X509_get_subject_name(ca)) != 1 ||
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) != 1)
		errx(1, "no certificate");
	extend(x, NID_subject_alt_name, san);
	extend(x, NID_basic_constraints, "critical,CA:FALSE");
	extend(x, NID_ext_key_usage, "clientAuth");
	if (X509_sign(x, ca_key, EVP_sha256()) <= 0 ||
	    (n = i2d_X509(x, &der)) <= 0)
		errx(1, "the CA does not sign");
	buf_put(out, der, (size_t)n);
	OPENSSL_free(der);
	X509_free(x);
}

void
loadcert_sign(const struct buf *octets, struct buf *auth)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t sig[512];
	size_t len = sizeof(sig), alg_len;
	const uint8_t *alg = alg_of(key, &alg_len);

	if (md == NULL || EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL,
	    key) != 1 || EVP_DigestSign(md, sig, &len, octets->data,
	    octets->len) != 1)
		errx(1, "cannot sign");
	buf_u8(auth, (uint8_t)alg_len);
	buf_put(auth, alg, alg_len);
	buf_put(auth, sig, len);
	EVP_MD_CTX_free(md);
}

static const char *
check(X509 *x, const uint8_t *auth, size_t len, const struct buf *octets)
{
	EVP_PKEY *k = X509_get0_pubkey(x);
	const char *wrong = NULL;
	const uint8_t *alg;
	size_t alg_len;
	EVP_MD_CTX *md;

	if (k == NULL || X509_verify(x, ca_key) != 1)
		return "the responder's certificate is not of the CA";
	alg = alg_of(k, &alg_len);
	if (len < 1 + alg_len || auth[0] != alg_len ||
	    memcmp(auth + 1, alg, alg_len) != 0)
		return "the responder signs with another algorithm";
	md = EVP_MD_CTX_new();
	if (md == NULL || EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL,
	    k) != 1 || EVP_DigestVerify(md, auth + 1 + alg_len,
	    len - 1 - alg_len, octets->data, octets->len) != 1)
		wrong = "the responder's AUTH is wrong";
	EVP_MD_CTX_free(md);
	return wrong;
}

const char *
loadcert_verify(const uint8_t *der, size_t derlen, const uint8_t *auth,
    size_t len, const struct buf *octets)
{
	X509 *x = d2i_X509(NULL, &der, (long)derlen);
	const char *wrong;

	if (x == NULL)
		return "the responder's certificate cannot be read";
	wrong = check(x, auth, len, octets);
	X509_free(x);
	return wrong;
}
