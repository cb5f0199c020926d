/* Files with certificates, and the store that is made of them. */
#include "certd/cert.h"
#include "certd/store.h"

#include "cert_util.h"
#include "lib/log.h"

#include <check.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static X509 *ca, *sub, *leaf, *other;
static char logged[16384];

static void
sink(void *arg, uint32_t topics, const char *line)
{
	size_t n = strlen(logged);

	(void)arg;
	(void)topics;
	snprintf(logged + n, sizeof(logged) - n, "%s\n", line);
}

static void
setup(void)
{
	const char *why;

	ck_assert_int_eq(suite_init(&why), 0);
	log_set_sink(sink, NULL);
	ca = make(&(struct spec){ .cn = "Root", .key = key("p256", 0),
	    .ca = true });
	sub = make(&(struct spec){ .cn = "Sub", .key = key("p256", 1),
	    .ca = true, .issuer = ca, .issuer_key = key("p256", 0) });
	leaf = make(&(struct spec){ .cn = "gw", .key = key("p256", 2),
	    .issuer = sub, .issuer_key = key("p256", 1),
	    .san = "DNS:gw.example" });
	other = make(&(struct spec){ .cn = "old gw", .key = key("p256", 3),
	    .issuer = sub, .issuer_key = key("p256", 1) });
}

static void
teardown(void)
{
	X509_free(ca);
	X509_free(sub);
	X509_free(leaf);
	X509_free(other);
	file_clear();
	keys_free();
}

static struct cert *
load(const struct buf *b, const char *passphrase, char why[CERT_WHY_MAX])
{
	struct secret pass = { NULL, 0 };
	struct cert_file f = { "f", b->data, b->len, &pass };
	struct cert *c;

	if (passphrase != NULL)
		ck_assert_int_eq(secret_set(&pass, passphrase,
		    strlen(passphrase)), 0);
	why[0] = '\0';
	c = cert_load("x", &f, 1, true, why);
	secret_free(&pass);
	return c;
}

/* The file holds the leaf with its key and so many others. */
static void
assert_loads(const struct buf *b, const char *passphrase, int others)
{
	char why[CERT_WHY_MAX];
	struct cert *c = load(b, passphrase, why);

	ck_assert_msg(c != NULL, "%s", why);
	ck_assert_int_eq(X509_cmp(c->leaf, leaf), 0);
	ck_assert_int_eq(EVP_PKEY_eq(c->key, key("p256", 2)), 1);
	ck_assert_int_eq(sk_X509_num(c->others), others);
	cert_unref(&c);
	ck_assert_ptr_null(c);
}

static void
assert_refused(const struct buf *b, const char *passphrase, const char *says)
{
	char why[CERT_WHY_MAX];

	ck_assert_ptr_null(load(b, passphrase, why));
	ck_assert_msg(strstr(why, says) != NULL, "%s", why);
}

static void
from_bio(struct buf *b, BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_reset(b);
	buf_put(b, p, (size_t)n);
	BIO_free(bio);
}

/* The leaf's certificate and its key in some form. */
static void
with_key(struct buf *b, int (*put)(BIO *, EVP_PKEY *))
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, leaf);
	ck_assert_int_eq(put(bio, key("p256", 2)), 1);
	from_bio(b, bio);
}

static int
put_pkcs8(BIO *bio, EVP_PKEY *k)
{
	return PEM_write_bio_PKCS8PrivateKey(bio, k, NULL, NULL, 0, NULL,
	    NULL);
}

static int
put_pkcs8_enc(BIO *bio, EVP_PKEY *k)
{
	return PEM_write_bio_PKCS8PrivateKey(bio, k, EVP_aes_256_cbc(),
	    "geheim", 6, NULL, NULL);
}

static int
put_traditional(BIO *bio, EVP_PKEY *k)
{
	return PEM_write_bio_PrivateKey_traditional(bio, k, NULL, NULL, 0,
	    NULL, NULL);
}

static int
put_traditional_enc(BIO *bio, EVP_PKEY *k)
{
	return PEM_write_bio_PrivateKey_traditional(bio, k,
	    EVP_aes_128_cbc(), (const uint8_t *)"geheim", 6, NULL, NULL);
}

START_TEST(key_forms)
{
	struct buf *b = file_new("f");

	with_key(b, put_pkcs8);
	assert_loads(b, NULL, 0);
	with_key(b, put_traditional);
	assert_loads(b, NULL, 0);
	with_key(b, put_pkcs8_enc);
	assert_loads(b, "geheim", 0);
	assert_refused(b, NULL, "f: the key is encrypted, passphrase= is "
	    "missing");
	assert_refused(b, "anders", "the passphrase does not open the key");
	with_key(b, put_traditional_enc);
	assert_loads(b, "geheim", 0);
	assert_refused(b, NULL, "passphrase= is missing");
	assert_refused(b, "anders", "the passphrase does not open the key");
}
END_TEST

/* Text before and between, other objects, in any order, twice. */
START_TEST(pem_bundle)
{
	struct buf *b = file_new("f");

	file_put_text(b, "subject=/CN=gw\n");
	file_put_cert(b, ca);
	file_put_text(b, "\n# the key\n");
	file_put_key(b, key("p256", 2));
	file_put_cert(b, sub);
	file_put_text(b, "-----BEGIN EC PARAMETERS-----\n"
	    "BggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
	file_put_cert(b, leaf);
	file_put_cert(b, sub);
	file_put_key(b, key("p256", 2));
	assert_loads(b, NULL, 2);
	file_put_key(b, key("p256", 3));
	assert_refused(b, NULL, "there are two private keys");
	buf_reset(b);
	file_put_cert(b, leaf);
	file_put_key(b, key("p256", 3));
	assert_refused(b, NULL, "the private key belongs to none");
	buf_reset(b);
	file_put_text(b, "hello\n");
	assert_refused(b, NULL, "it is no PEM");
	buf_reset(b);
	assert_refused(b, NULL, "the file is empty");
}
END_TEST

START_TEST(der)
{
	struct buf *b = file_new("f");
	char why[CERT_WHY_MAX];
	uint8_t *p = NULL;
	struct cert *c;
	int n;

	n = i2d_X509(leaf, &p);
	buf_put(b, p, (size_t)n);
	OPENSSL_free(p);
	c = load(b, NULL, why);
	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_null(c->key);
	cert_unref(&c);
	buf_u8(b, 0);
	assert_refused(b, NULL, "cut off");
	/* bare keys */
	buf_reset(b);
	p = NULL;
	n = i2d_PUBKEY(key("ed25519", 0), &p);
	buf_put(b, p, (size_t)n);
	OPENSSL_free(p);
	c = load(b, NULL, why);
	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_null(c->leaf);
	ck_assert_ptr_null(c->key);
	ck_assert_int_eq(EVP_PKEY_eq(c->pub, key("ed25519", 0)), 1);
	cert_unref(&c);
	buf_reset(b);
	p = NULL;
	n = i2d_PrivateKey(key("rsa", 0), &p);
	buf_put(b, p, (size_t)n);
	OPENSSL_free(p);
	c = load(b, NULL, why);
	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_nonnull(c->key);
	cert_unref(&c);
}
END_TEST

START_TEST(pkcs12)
{
	struct buf *b = file_new("f");
	STACK_OF(X509) *chain = sk_X509_new_null();
	const char *const passes[] = { "geheim", "", NULL };
	PKCS12 *p12;
	uint8_t *p;
	size_t i;
	int n;

	sk_X509_push(chain, sub);
	sk_X509_push(chain, ca);
	for (i = 0; i < 3; i++) {
		p12 = PKCS12_create(passes[i], "gw", key("p256", 2), leaf,
		    chain, 0, 0, 0, 0, 0);
		ck_assert_ptr_nonnull(p12);
		p = NULL;
		n = i2d_PKCS12(p12, &p);
		buf_reset(b);
		buf_put(b, p, (size_t)n);
		OPENSSL_free(p);
		PKCS12_free(p12);
		assert_loads(b, passes[i], 2);
		assert_refused(b, "anders", "the passphrase does not open");
		if (i == 0)
			assert_refused(b, NULL, "passphrase= is missing");
		b->data[b->len / 2] ^= 1;
		assert_refused(b, passes[i], "bundle");
	}
	sk_X509_free(chain);
}
END_TEST

/* Cut anywhere, a file is taken whole or not at all. */
START_TEST(half_written)
{
	struct buf *b = file_new("f"), cut;
	char why[CERT_WHY_MAX];
	struct cert *c;
	size_t n;

	file_put_key(b, key("p256", 2));
	n = b->len;
	file_put_cert(b, leaf);
	for (; n < b->len; n++) {
		cut = *b;
		cut.len = n;
		c = load(&cut, NULL, why);
		/* The key alone, or the last newline missing. */
		if (c != NULL)
			ck_assert_msg(c->leaf == NULL || n == b->len - 1,
			    "%zu of %zu", n, b->len);
		else
			ck_assert_ptr_nonnull(strstr(why, "cut off"));
		cert_unref(&c);
	}
}
END_TEST

/* Bits flipped anywhere in a file never do more than refuse it. */
START_TEST(mutations)
{
	struct buf *b = file_new("f");
	struct buf copy;
	char why[CERT_WHY_MAX];
	uint8_t *p = NULL;
	struct cert *c;
	size_t i, pass;
	int n;

	for (pass = 0; pass < 2; pass++) {
		buf_reset(b);
		if (pass == 0) {
			n = i2d_X509(leaf, &p);
			buf_put(b, p, (size_t)n);
			OPENSSL_free(p);
		} else {
			file_put_cert(b, leaf);
			file_put_key(b, key("p256", 2));
		}
		for (i = 0; i < b->len * 8; i += pass == 0 ? 1 : 3) {
			copy = *b;
			copy.data = malloc(b->len);
			memcpy(copy.data, b->data, b->len);
			copy.data[i / 8] ^= (uint8_t)(1u << i % 8);
			c = load(&copy, "x", why);
			ck_assert(c != NULL || why[0] != '\0');
			cert_unref(&c);
			free(copy.data);
		}
	}
}
END_TEST

#define SCRIPT								\
	"/certificate\n"						\
	"import file-name=ca.pem name=ca\n"				\
	"import file-name=gw.crt name=gw\n"				\
	"import file-name=chain.pem name=gw\n"				\
	"import file-name=gw.key name=gw\n"				\
	"import file-name=peer.crt name=peer\n"

static void
write_files(X509 *x, EVP_PKEY *k)
{
	file_put_cert(file_new("ca.pem"), ca);
	file_put_cert(file_new("chain.pem"), sub);
	file_put_cert(file_new("gw.crt"), x);
	file_put_key(file_new("gw.key"), k);
	file_put_cert(file_new("peer.crt"), other);
}

START_TEST(store_swaps_whole_sets)
{
	struct store *st = store_new();
	struct conf *conf = conf_of(SCRIPT), *less;
	struct cert *c, *found[4];
	struct trust *t;

	write_files(leaf, key("p256", 2));
	store_conf(st, conf);
	ck_assert(files_deliver(st, conf));
	c = store_get(st, "gw");
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(X509_cmp(c->leaf, leaf), 0);
	ck_assert_ptr_nonnull(c->key);
	ck_assert_ptr_nonnull(strstr(logged, "certificate gw: CN=gw, until "
	    "2027-01-01 00:00, with its private key"));
	ck_assert_uint_eq(store_by_fp(st, c->fp, found, 4), 1);
	ck_assert_ptr_eq(found[0], c);

	/* The root is an anchor, our own chain is none. */
	t = store_trust(st);
	ck_assert_int_eq(sk_X509_num(t->anchors), 1);
	ck_assert_int_eq(X509_cmp(sk_X509_value(t->anchors, 0), ca), 0);
	ck_assert_int_eq(sk_X509_num(t->between), 1);

	/* The same again is no change. */
	logged[0] = '\0';
	ck_assert(!files_deliver(st, conf));
	ck_assert_str_eq(logged, "");

	/* A new certificate whose key is not there yet. */
	file_put_cert(file_new("gw.crt"), other);
	ck_assert(!files_deliver(st, conf));
	ck_assert_ptr_eq(store_get(st, "gw"), c);
	ck_assert_str_eq(logged, "certificate gw: the private key belongs to "
	    "none of the certificates; what was there before is kept\n");
	logged[0] = '\0';
	file_put_key(file_new("gw.key"), key("p256", 3));
	ck_assert(files_deliver(st, conf));
	ck_assert_int_eq(X509_cmp(store_get(st, "gw")->leaf, other), 0);
	ck_assert_ptr_nonnull(strstr(logged, "certificate gw was renewed: "
	    "CN=old gw"));

	/* No longer declared: gone, the others stay. */
	less = conf_of("/certificate import file-name=ca.pem name=ca\n");
	store_conf(st, less);
	ck_assert_ptr_null(store_get(st, "gw"));
	ck_assert_ptr_nonnull(store_get(st, "ca"));
	conf_free(conf);
	(void)files_deliver(st, less);
	ck_assert_ptr_nonnull(store_get(st, "ca"));
	store_free(st);
	conf_free(less);
}
END_TEST

START_TEST(store_missing_file)
{
	struct store *st = store_new();
	struct conf *conf = conf_of(SCRIPT);

	file_put_cert(file_new("ca.pem"), ca);
	file_put_cert(file_new("gw.crt"), leaf);
	store_conf(st, conf);
	logged[0] = '\0';
	ck_assert(files_deliver(st, conf));
	ck_assert_ptr_nonnull(store_get(st, "ca"));
	ck_assert_ptr_null(store_get(st, "gw"));
	ck_assert_ptr_nonnull(strstr(logged, "certificate gw: chain.pem is "
	    "not there\n"));
	/* One line each, the second time too. */
	logged[0] = '\0';
	ck_assert(!files_deliver(st, conf));
	ck_assert_str_eq(logged, "certificate gw: chain.pem is not there\n"
	    "certificate peer: peer.crt is not there\n");
	/* An object that was never declared. */
	store_file(st, 99999, -1);
	ck_assert(!store_files_end(st));
	store_free(st);
	conf_free(conf);
}
END_TEST

static unsigned changes;

static void
count_change(void *arg)
{
	(void)arg;
	changes++;
}

START_TEST(store_anchors)
{
	struct store *st = store_new();
	struct conf *conf = conf_of("/certificate\n"
	    "import file-name=subs.pem name=subs\n"
	    "import file-name=no.pem name=no trusted=no\n"
	    "import file-name=all.pem name=all\n");
	struct trust *t, *kept;
	struct buf *made;
	struct cert *c;
	size_t at = 0;
	char why[CERT_WHY_MAX];

	store_on_change(st, count_change, NULL);
	/* An intermediate imported for its own sake is an anchor. */
	file_put_cert(file_new("subs.pem"), sub);
	file_put_cert(file_new("no.pem"), ca);
	/* A self-signed leaf is no CA. */
	file_put_cert(file_new("all.pem"), other);
	store_conf(st, conf);
	kept = trust_ref(store_trust(st));
	ck_assert(files_deliver(st, conf));
	ck_assert_uint_eq(changes, 1);
	t = store_trust(st);
	ck_assert_ptr_ne(t, kept);
	ck_assert_int_eq(sk_X509_num(t->anchors), 1);
	ck_assert_int_eq(X509_cmp(sk_X509_value(t->anchors, 0), sub), 0);
	ck_assert_int_eq(sk_X509_num(kept->anchors), 0);
	trust_unref(&kept);

	/* What commands make; a declared name is not theirs. */
	made = file_new("made.pem");
	file_put_cert(made, leaf);
	c = load(made, NULL, why);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(store_put(st, c), 0);
	ck_assert_ptr_eq(store_get(st, "x"), c);
	ck_assert_int_eq(store_del(st, "subs"), -1);
	ck_assert_str_eq(store_next(st, &at)->name, "all");
	ck_assert_str_eq(store_next(st, &at)->name, "no");
	ck_assert_str_eq(store_next(st, &at)->name, "subs");
	ck_assert_str_eq(store_next(st, &at)->name, "x");
	ck_assert_ptr_null(store_next(st, &at));
	/* A reload leaves it. */
	store_conf(st, conf);
	ck_assert_ptr_nonnull(store_get(st, "x"));
	ck_assert_int_eq(store_del(st, "x"), 0);
	ck_assert_int_eq(store_del(st, "x"), -1);
	ck_assert_ptr_null(store_get(st, "x"));
	store_free(st);
	conf_free(conf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert");
	TCase *tc = tcase_create("cert");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, key_forms);
	tcase_add_test(tc, pem_bundle);
	tcase_add_test(tc, der);
	tcase_add_test(tc, pkcs12);
	tcase_add_test(tc, half_written);
	tcase_add_test(tc, mutations);
	tcase_add_test(tc, store_swaps_whole_sets);
	tcase_add_test(tc, store_missing_file);
	tcase_add_test(tc, store_anchors);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
