#include "cert_util.h"

#include "lib/conf/conf.h"

#include <check.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEYS_MAX	64
#define FILES_MAX	32

static struct {
	char kind[16];
	unsigned which;
	EVP_PKEY *key;
} keys[KEYS_MAX];
static size_t nkeys;

static EVP_PKEY *
rsa_new(const char *name, unsigned bits, unsigned e)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	EVP_PKEY *k = NULL;
	BIGNUM *n = BN_new();

	ck_assert(BN_set_word(n, e));
	ck_assert_int_eq(EVP_PKEY_keygen_init(c), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(c, (int)bits), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(c, n), 1);
	ck_assert_int_eq(EVP_PKEY_generate(c, &k), 1);
	EVP_PKEY_CTX_free(c);
	BN_free(n);
	return k;
}

static EVP_PKEY *
key_new(const char *kind)
{
	if (strcmp(kind, "rsa") == 0)
		return rsa_new("RSA", 2048, 65537);
	if (strcmp(kind, "rsa1024") == 0)
		return rsa_new("RSA", 1024, 65537);
	if (strcmp(kind, "rsa4096") == 0)
		return rsa_new("RSA", 4096, 65537);
	if (strcmp(kind, "rsa-e3") == 0)
		return rsa_new("RSA", 2048, 3);
	if (strcmp(kind, "pss") == 0)
		return rsa_new("RSA-PSS", 2048, 65537);
	if (strcmp(kind, "p224") == 0)
		return EVP_EC_gen("P-224");
	if (strcmp(kind, "p256") == 0)
		return EVP_EC_gen("P-256");
	if (strcmp(kind, "p384") == 0)
		return EVP_EC_gen("P-384");
	if (strcmp(kind, "p521") == 0)
		return EVP_EC_gen("P-521");
	return EVP_PKEY_Q_keygen(NULL, NULL, strcmp(kind, "ed448") == 0 ?
	    "ED448" : "ED25519");
}

EVP_PKEY *
key(const char *kind, unsigned which)
{
	size_t i;

	for (i = 0; i < nkeys; i++)
		if (strcmp(keys[i].kind, kind) == 0 && keys[i].which == which)
			return keys[i].key;
	ck_assert_uint_lt(nkeys, KEYS_MAX);
	snprintf(keys[nkeys].kind, sizeof(keys[0].kind), "%s", kind);
	keys[nkeys].which = which;
	keys[nkeys].key = key_new(kind);
	ck_assert_ptr_nonnull(keys[nkeys].key);
	return keys[nkeys++].key;
}

void
keys_free(void)
{
	while (nkeys > 0)
		EVP_PKEY_free(keys[--nkeys].key);
}

static void
add_ext(X509 *x, X509V3_CTX *c, int nid, const char *value)
{
	X509_EXTENSION *e;

	if (value == NULL || value[0] == '\0')
		return;
	e = X509V3_EXT_conf_nid(NULL, c, nid, value);
	ck_assert_msg(e != NULL, "%s: %s", OBJ_nid2sn(nid), value);
	ck_assert_int_eq(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void
set_time(X509 *x, const struct spec *s)
{
	bool given = s->from != 0 || s->until != 0;

	ASN1_TIME_adj(X509_getm_notBefore(x), NOW, given ? s->from : -1, 0);
	ASN1_TIME_adj(X509_getm_notAfter(x), NOW, given ? s->until : 365, 0);
}

X509 *
make(const struct spec *s)
{
	static long serial;
	X509 *x = X509_new();
	const EVP_MD *md;
	X509V3_CTX c;
	EVP_PKEY *by = s->issuer != NULL ? s->issuer_key : s->key;
	const char *bc = s->bc != NULL ? s->bc : s->ca ?
	    "critical,CA:TRUE" : "CA:FALSE";

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	if (s->cn != NULL)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
		    MBSTRING_UTF8, (const uint8_t *)s->cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(s->issuer != NULL ?
	    s->issuer : x));
	set_time(x, s);
	ck_assert_int_eq(X509_set_pubkey(x, s->key), 1);
	X509V3_set_ctx(&c, (X509 *)(uintptr_t)(s->issuer != NULL ?
	    s->issuer : x), x, NULL, NULL, 0);
	add_ext(x, &c, NID_basic_constraints, bc);
	add_ext(x, &c, NID_subject_key_identifier, "hash");
	add_ext(x, &c, NID_key_usage, s->ku != NULL ? s->ku : s->ca ?
	    "critical,keyCertSign,cRLSign" : NULL);
	add_ext(x, &c, NID_ext_key_usage, s->eku);
	add_ext(x, &c, NID_subject_alt_name, s->san);
	add_ext(x, &c, NID_name_constraints, s->nc);
	md = EVP_PKEY_is_a(by, "ED25519") || EVP_PKEY_is_a(by, "ED448") ?
	    NULL : s->md != NULL ? EVP_get_digestbyname(s->md) : EVP_sha256();
	ck_assert_int_gt(X509_sign(x, by, md), 0);
	return x;
}

/* Files */

static struct {
	char name[32];
	struct buf data;
} files[FILES_MAX];
static size_t nfiles;

void
file_clear(void)
{
	while (nfiles > 0)
		buf_free(&files[--nfiles].data);
}

struct buf *
file_new(const char *name)
{
	size_t i;

	for (i = 0; i < nfiles; i++)
		if (strcmp(files[i].name, name) == 0)
			break;
	if (i == nfiles) {
		ck_assert_uint_lt(nfiles, FILES_MAX);
		snprintf(files[i].name, sizeof(files[i].name), "%s", name);
		buf_init(&files[i].data, 4 << 20);
		nfiles++;
	}
	buf_reset(&files[i].data);
	return &files[i].data;
}

static void
put_bio(struct buf *b, BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_put(b, p, (size_t)n);
	ck_assert_int_eq(buf_error(b), 0);
	BIO_free(bio);
}

void
file_put_cert(struct buf *b, const X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert_int_eq(PEM_write_bio_X509(bio, x), 1);
	put_bio(b, bio);
}

void
file_put_key(struct buf *b, EVP_PKEY *k)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert_int_eq(PEM_write_bio_PKCS8PrivateKey(bio, k, NULL, NULL, 0,
	    NULL, NULL), 1);
	put_bio(b, bio);
}

void
file_put_text(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

static int
file_fd(const char *name)
{
	size_t i;
	int fd;

	for (i = 0; i < nfiles; i++)
		if (strcmp(files[i].name, name) == 0)
			break;
	if (i == nfiles)
		return -1;
	fd = memfd_create(name, MFD_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	if (files[i].data.len > 0)
		ck_assert_int_eq(write(fd, files[i].data.data,
		    files[i].data.len), (ssize_t)files[i].data.len);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

bool
files_deliver(struct store *st, const struct conf *conf)
{
	const struct conf_obj *o;

	CONF_FOREACH(conf, CONF_CERTIFICATE, o)
		store_file(st, o->id, file_fd(conf_str(o,
		    CONF_CERTIFICATE_FILE_NAME)));
	return store_files_end(st);
}

static void
print_finding(void *arg, const struct conf_diag *d)
{
	(void)arg;
	if (d->level == CONF_ERROR)
		fprintf(stderr, "%u:%u: %s\n", d->line, d->col, d->text);
}

struct conf *
conf_of(const char *script)
{
	struct conf *c = conf_load_mem("test", script, strlen(script),
	    print_finding, NULL);

	ck_assert_ptr_nonnull(c);
	return c;
}
