/* What the operator's commands make, read back by others. */
#include "certd/lint.h"
#include "certd/pki.h"

#include <openssl/x509v3.h>

#include <sys/stat.h>

#include <check.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/pki.XXXXXX";
static struct store *store;
static struct pki *pki;
static char why[CERT_WHY_MAX];
static time_t now;

static void
start(void)
{
	ck_assert_ptr_nonnull(store = store_new());
	ck_assert_ptr_nonnull(pki = pki_new(store, dir));
	pki_open(pki, now);
}

static void
finish(void)
{
	pki_free(pki);
	store_free(store);
}

static void
setup(void)
{
	now = time(NULL);
	strcpy(dir, "/tmp/pki.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	start();
}

static void
teardown(void)
{
	char path[512];
	struct dirent *de;
	DIR *d;

	finish();
	ck_assert_ptr_nonnull(d = opendir(dir));
	while ((de = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%.200s", dir, de->d_name);
		(void)unlink(path);
	}
	closedir(d);
	rmdir(dir);
}

static struct template
want(const char *cn, const char *san, const char *usage, const char *key,
    const char *days)
{
	struct template t;

	memset(&t, 0, sizeof(t));
	snprintf(t.v[TEMPLATE_COMMON_NAME], TEMPLATE_VALUE_MAX, "%s", cn);
	snprintf(t.v[TEMPLATE_SUBJECT_ALT_NAME], TEMPLATE_VALUE_MAX, "%s",
	    san);
	snprintf(t.v[TEMPLATE_KEY_USAGE], TEMPLATE_VALUE_MAX, "%s", usage);
	snprintf(t.v[TEMPLATE_KEY_SIZE], TEMPLATE_VALUE_MAX, "%s", key);
	snprintf(t.v[TEMPLATE_DAYS_VALID], TEMPLATE_VALUE_MAX, "%s", days);
	return t;
}

static void
sign(const char *name, const char *ca, const char *host)
{
	struct template t;
	EVP_PKEY *key;

	ck_assert_msg(pki_sign_begin(pki, name, ca, host, &t, why) == 0,
	    "%s", why);
	ck_assert_ptr_nonnull(key = template_key(&t));
	ck_assert_msg(pki_sign_end(pki, name, ca, host, key, now, why) == 0,
	    "%s", why);
	EVP_PKEY_free(key);
}

static void
make(const char *name, struct template t, const char *ca, const char *host)
{
	ck_assert_msg(pki_add(pki, name, &t, why) == 0, "%s", why);
	sign(name, ca, host);
}

static void
make_all(void)
{
	make("ca", want("CA", "", "", "prime256v1", "3650"), NULL,
	    "192.0.2.1");
	make("gw", want("gw.example", "DNS:gw.example,IP:192.0.2.1",
	    "tls-server,tls-client", "2048", "365"), "ca", NULL);
	make("rw", want("rw", "email:rw@example", "tls-client", "prime256v1",
	    "365"), "ca", NULL);
}

/* Exported files land here. */
static char file_names[4][128];
static size_t nfiles;

static void
on_file(void *arg, const char *file, const uint8_t *data, size_t len)
{
	char path[512];
	FILE *f;

	(void)arg;
	snprintf(file_names[nfiles++], sizeof(file_names[0]), "%s", file);
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* What a command prints. */
static const char *
run(const char *fmt, const char *a, const char *b)
{
	static char out[16384];
	char cmd[1024];
	size_t n;
	FILE *p;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(cmd, sizeof(cmd), fmt, dir, a, dir, b);
#pragma GCC diagnostic pop
	ck_assert_ptr_nonnull(p = popen(cmd, "r"));
	n = fread(out, 1, sizeof(out) - 1, p);
	out[n] = '\0';
	pclose(p);
	return out;
}

static bool
no_openssl(void)
{
	return system("openssl version >/dev/null 2>&1") != 0;
}

START_TEST(made)
{
	struct cert *ca, *gw;
	char *url = NULL;
	STACK_OF(X509) *chain;
	X509_STORE_CTX *ctx;
	CRL_DIST_POINTS *dps;
	struct stat st;
	char path[512];

	make_all();
	ca = store_get(store, "ca");
	gw = store_get(store, "gw");
	ck_assert(cert_is_ca(ca->leaf) && !cert_is_ca(gw->leaf));
	ck_assert(ca->trusted && !gw->trusted && gw->key != NULL);
	ck_assert_int_eq(EVP_PKEY_get_bits(gw->key), 2048);
	ck_assert_int_eq(X509_check_host(gw->leaf, "gw.example", 0, 0, NULL),
	    1);
	ck_assert_int_eq(X509_check_ip_asc(gw->leaf, "192.0.2.1", 0), 1);
	ck_assert_uint_eq(X509_get_extended_key_usage(gw->leaf),
	    XKU_SSL_SERVER | XKU_SSL_CLIENT);
	/* verifies under what certd trusts */
	ck_assert_ptr_nonnull(ctx = X509_STORE_CTX_new());
	ck_assert_int_eq(X509_STORE_CTX_init(ctx, store_trust(store)->xs,
	    gw->leaf, NULL), 1);
	ck_assert_int_eq(X509_verify_cert(ctx), 1);
	chain = X509_STORE_CTX_get0_chain(ctx);
	ck_assert_int_eq(sk_X509_num(chain), 2);
	X509_STORE_CTX_free(ctx);
	dps = X509_get_ext_d2i(gw->leaf, NID_crl_distribution_points, NULL,
	    NULL);
	ck_assert_int_eq(sk_DIST_POINT_num(dps), 1);
	url = (char *)(uintptr_t)ASN1_STRING_get0_data(sk_GENERAL_NAME_value(
	    sk_DIST_POINT_value(dps, 0)->distpoint->name.fullname,
	    0)->d.uniformResourceIdentifier);
	ck_assert_str_eq(url, "http://192.0.2.1/crl/ca.crl");
	CRL_DIST_POINTS_free(dps);
	/* the files are nobody else's */
	snprintf(path, sizeof(path), "%s/gw.pem", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/gw.template", dir);
	ck_assert_int_eq(stat(path, &st), -1);
	snprintf(path, sizeof(path), "%s/gw.tmp", dir);
	ck_assert_int_eq(stat(path, &st), -1);
}
END_TEST

START_TEST(every_kind_of_key)
{
	static const char *const kinds[] = { "prime256v1", "secp384r1",
	    "secp521r1", "ed25519", "ed448", "3072" };
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(name, sizeof(name), "ca-%s", kinds[i]);
		make(name, want(name, "", "", kinds[i], "10"), NULL, NULL);
		ck_assert_int_eq(X509_verify(store_get(store, name)->leaf,
		    store_get(store, name)->pub), 1);
		ck_assert_int_eq(X509_CRL_verify(sk_X509_CRL_value(
		    store_get(store, name)->crls, 0),
		    store_get(store, name)->pub), 1);
	}
}
END_TEST

/* A restart finds it all, templates too. */
START_TEST(kept)
{
	struct template t = want("later", "", "", "", "");
	uint8_t fp[CERT_FP_LEN];
	const char *name;
	size_t at = 0;

	make_all();
	ck_assert_int_eq(pki_add(pki, "later", &t, why), 0);
	ck_assert_int_eq(pki_revoke(pki, "rw", now, why), 0);
	memcpy(fp, store_get(store, "gw")->fp, sizeof(fp));
	finish();
	start();
	ck_assert_mem_eq(store_get(store, "gw")->fp, fp, sizeof(fp));
	ck_assert_ptr_nonnull(store_get(store, "gw")->key);
	ck_assert(store_get(store, "ca")->trusted);
	ck_assert(!store_get(store, "gw")->trusted);
	ck_assert(pki_revoked(store, store_get(store, "rw")->leaf));
	ck_assert(!pki_revoked(store, store_get(store, "gw")->leaf));
	ck_assert_ptr_nonnull(pki_template_next(pki, &at, &name));
	ck_assert_str_eq(name, "later");
	ck_assert_ptr_null(pki_template_next(pki, &at, &name));
	sign("later", "ca", NULL);
	/* the CRL's host is remembered */
	ck_assert_int_ne(X509_get_ext_by_NID(store_get(store, "later")->leaf,
	    NID_crl_distribution_points, -1), -1);
}
END_TEST

START_TEST(revoked)
{
	X509_CRL *crl;

	make_all();
	ck_assert_int_eq(pki_revoke(pki, "rw", now, why), 0);
	ck_assert_int_eq(pki_revoke(pki, "rw", now, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "already"));
	ck_assert_int_eq(pki_revoke(pki, "gw", now, why), 0);
	ck_assert_int_eq(sk_X509_CRL_num(store_get(store, "ca")->crls), 1);
	crl = sk_X509_CRL_value(store_get(store, "ca")->crls, 0);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
	ck_assert_int_eq(X509_CRL_verify(crl, store_get(store, "ca")->pub),
	    1);
	ck_assert_int_eq(pki_revoke(pki, "ca", now, why), -1);
	ck_assert_int_eq(pki_revoke(pki, "none", now, why), -1);
	/* later on it is renewed with all that is in it */
	pki_tick(pki, now + 20 * 86400);
	crl = sk_X509_CRL_value(store_get(store, "ca")->crls, 0);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
	now += 20 * 86400;
	ck_assert_int_gt(X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &now),
	    0);
	now += 25 * 86400;
	ck_assert_int_gt(X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &now),
	    0);
}
END_TEST

START_TEST(refused)
{
	static const char *const names[] = { "", ".x", "a/b", "../x", "a b",
	    "a\nb", "\xc3\xa4" };
	static const struct {
		const char *cn, *san, *usage, *key, *days, *why;
	} bad[] = {
		{ "", "", "", "", "", "common-name" },
		{ "x", "URI:a", "", "", "", "subject-alt-name" },
		{ "x", "IP:1.2.3", "", "", "", "subject-alt-name" },
		{ "x", "DNS:", "", "", "", "subject-alt-name" },
		{ "x", "DNS:a b", "", "", "", "subject-alt-name" },
		{ "x", "DNS:a,,DNS:b", "", "", "", "subject-alt-name" },
		{ "x", "", "tls-servant", "", "", "key-usage" },
		{ "x", "", "", "1024", "", "key-size" },
		{ "x", "", "", "", "0", "days-valid" },
		{ "x", "", "", "", "1d", "days-valid" },
		{ "x\ny", "", "", "", "", "control" },
	};
	struct template t = want("x", "", "", "", "");
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(pki_add(pki, names[i], &t, why), -1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t = want(bad[i].cn, bad[i].san, bad[i].usage, bad[i].key,
		    bad[i].days);
		ck_assert_int_eq(pki_add(pki, "x", &t, why), -1);
		ck_assert_msg(strstr(why, bad[i].why) != NULL, "%s", why);
	}
	ck_assert_int_eq(pki_sign_begin(pki, "x", NULL, NULL, &t, why), -1);
	make_all();
	t = want("x", "", "", "", "");
	ck_assert_int_eq(pki_add(pki, "gw", &t, why), -1);
	ck_assert_int_eq(pki_add(pki, "x", &t, why), 0);
	ck_assert_int_eq(pki_sign_begin(pki, "x", "gw", NULL, &t, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "no CA"));
	ck_assert_int_eq(pki_sign_begin(pki, "x", "none", NULL, &t, why), -1);
	ck_assert_int_eq(pki_sign_begin(pki, "x", NULL, "a/b", &t, why), -1);
	/* A CA's usages are taken for a CA, and for nothing below one. */
	t = want("y", "", "key-cert-sign,crl-sign", "prime256v1", "");
	ck_assert_msg(pki_add(pki, "y", &t, why) == 0, "%s", why);
	ck_assert_int_eq(pki_sign_begin(pki, "y", "ca", NULL, &t, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "without ca="));
	ck_assert_int_eq(pki_sign_begin(pki, "y", NULL, NULL, &t, why), 0);
	ck_assert_int_eq(pki_remove(pki, "y", why), 0);
	ck_assert_int_eq(pki_remove(pki, "x", why), 0);
	ck_assert_int_eq(pki_remove(pki, "x", why), -1);
	ck_assert_int_eq(pki_remove(pki, "gw", why), 0);
	ck_assert_ptr_null(store_get(store, "gw"));
	/* keys do not leave without a passphrase worth the name */
	ck_assert_int_eq(pki_export(pki, "rw", PKI_PKCS12, NULL, on_file,
	    NULL, why), -1);
	ck_assert_int_eq(pki_export(pki, "rw", PKI_PEM, "short", on_file,
	    NULL, why), -1);
	ck_assert_int_eq(pki_export(pki, "rw", PKI_CRL, NULL, on_file, NULL,
	    why), -1);
	ck_assert_uint_eq(nfiles, 0);
}
END_TEST

START_TEST(exported_pem)
{
	make_all();
	ck_assert_int_eq(pki_export(pki, "rw", PKI_PEM, NULL, on_file, NULL,
	    why), 0);
	ck_assert_uint_eq(nfiles, 1);
	ck_assert_str_eq(file_names[0], "cert_export_rw.crt");
	ck_assert_int_eq(pki_export(pki, "ca", PKI_CRL, NULL, on_file, NULL,
	    why), 0);
	ck_assert_str_eq(file_names[1], "cert_export_ca.crl");
	ck_assert_int_eq(pki_export(pki, "rw", PKI_PEM, "correct horse",
	    on_file, NULL, why), 0);
	ck_assert_str_eq(file_names[3], "cert_export_rw.key");
	if (no_openssl())
		return;
	ck_assert_str_eq(run("openssl pkey -in %s/%s -noout -passin "
	    "pass:'correct horse' 2>&1; : %s %s", file_names[3], ""), "");
	ck_assert_str_ne(run("openssl pkey -in %s/%s -noout -passin "
	    "pass:wrong 2>&1; : %s %s", file_names[3], ""), "");
	ck_assert_ptr_nonnull(strstr(run("openssl x509 -in %s/%s -noout "
	    "-subject; : %s %s", file_names[0], ""), "CN = rw"));
	ck_assert_ptr_nonnull(strstr(run("openssl crl -in %s/%s -inform der "
	    "-noout -issuer; : %s %s", file_names[1], ""), "CN = CA"));
}
END_TEST

static const struct {
	enum pki_form form;
	const char *cipher, *mac;
} p12s[] = {
	{ PKI_PKCS12, "AES-256-CBC", "MAC: sha256" },
	{ PKI_PKCS12_LEGACY, "pbeWithSHA1And3-KeyTripleDES-CBC",
	    "MAC: sha1" },
};

START_TEST(exported_pkcs12)
{
	struct secret pass = { NULL, 0 };
	uint8_t data[16384];
	char path[512];
	const char *out;
	size_t n;
	FILE *f;

	make_all();
	ck_assert_int_eq(pki_export(pki, "gw", p12s[_i].form, "correct horse",
	    on_file, NULL, why), 0);
	ck_assert_str_eq(file_names[0], "cert_export_gw.p12");
	if (!no_openssl()) {
		out = run("openssl pkcs12 -in %s/%s -info -nodes -passin "
		    "pass:'correct horse' 2>&1; : %s %s", file_names[0], "");
		ck_assert_msg(strstr(out, p12s[_i].cipher) != NULL, "%s",
		    out);
		ck_assert_ptr_nonnull(strstr(out, p12s[_i].mac));
		ck_assert_ptr_nonnull(strstr(out, "BEGIN PRIVATE KEY"));
		ck_assert_ptr_nonnull(strstr(out, "CN = gw.example"));
		ck_assert_ptr_nonnull(strstr(out, "issuer=CN = CA"));
		out = run("openssl pkcs12 -in %s/%s -nodes -passin "
		    "pass:wrong 2>&1; : %s %s", file_names[0], "");
		ck_assert_ptr_null(strstr(out, "PRIVATE"));
	}
	/* and taken back by import */
	snprintf(path, sizeof(path), "%s/%s", dir, file_names[0]);
	ck_assert_ptr_nonnull(f = fopen(path, "r"));
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	ck_assert_int_eq(pki_import(pki, "copy", data, n, &pass, true, why),
	    -1);
	ck_assert_int_eq(secret_set(&pass, "wrong", 5), 0);
	ck_assert_int_eq(pki_import(pki, "copy", data, n, &pass, true, why),
	    -1);
	ck_assert_msg(strstr(why, "passphrase") != NULL, "%s", why);
	ck_assert_ptr_null(store_get(store, "copy"));
	ck_assert_int_eq(secret_set(&pass, "correct horse", 13), 0);
	ck_assert_int_eq(pki_import(pki, "../x", data, n, &pass, true, why),
	    -1);
	ck_assert_msg(pki_import(pki, "copy", data, n, &pass, true, why) == 0,
	    "%s", why);
	ck_assert_mem_eq(store_get(store, "copy")->fp,
	    store_get(store, "gw")->fp, CERT_FP_LEN);
	ck_assert_ptr_nonnull(store_get(store, "copy")->key);
	secret_free(&pass);
}
END_TEST

/* Lint */

static char findings[2048];

static void
on_finding(void *arg, const char *who, const char *what)
{
	size_t n = strlen(findings);

	(void)arg;
	snprintf(findings + n, sizeof(findings) - n, "%s: %s\n", who, what);
}

static const struct lint_case {
	const char *san, *usage, *key, *days, *address;
	const char *found[4];	/* NULL: nothing at all */
} lints[] = {
	{ "DNS:gw.example,IP:192.0.2.1", "tls-server", "2048", "365",
	    "gw.example", { NULL } },
	{ "DNS:gw.example,IP:192.0.2.1", "tls-server,tls-client",
	    "prime256v1", "365", "192.0.2.1", { NULL } },
	{ "DNS:*.vpn.example", "tls-server", "2048", "825", "gw.vpn.example",
	    { NULL } },
	{ "DNS:gw.example", "tls-client", "2048", "365", NULL,
	    { "Windows: its extended key usage", "13801",
	    "Apple: its extended key usage" } },
	{ "", "tls-server", "2048", "365", NULL,
	    { "Windows: no name", "Apple: no name", "Android: no name" } },
	{ "DNS:gw.example", "tls-server", "2048", "365", "other.example",
	    { "Windows: subject-alt-name does not", "Apple: subject-alt",
	    "Android: subject-alt" } },
	/* an address as a DNS name is no address */
	{ "DNS:192.0.2.1", "tls-server", "2048", "365", "192.0.2.1",
	    { "Windows: subject-alt-name does not" } },
	{ "DNS:gw.example", "tls-server", "2048", "826", NULL,
	    { "Apple: valid for more than 825" } },
	{ "DNS:gw.example", "tls-server", "ed25519", "365", NULL,
	    { "Windows: an Edwards", "Apple: an Edwards" } },
};

START_TEST(lint)
{
	const struct lint_case *c = &lints[_i];
	unsigned n;
	size_t i;

	make("ca", want("CA", "", "", "prime256v1", "3650"), NULL, NULL);
	make("gw", want("gw.example", c->san, c->usage, c->key, c->days),
	    "ca", NULL);
	findings[0] = '\0';
	n = lint_server(store_get(store, "gw"), c->address, now, on_finding,
	    NULL);
	ck_assert_msg((n == 0) == (c->found[0] == NULL), "%s", findings);
	for (i = 0; i < 4 && c->found[i] != NULL; i++)
		ck_assert_msg(strstr(findings, c->found[i]) != NULL,
		    "\"%s\" is not in:\n%s", c->found[i], findings);
	/* time passes */
	findings[0] = '\0';
	(void)lint_server(store_get(store, "gw"), c->address,
	    now + 86400 * 900, on_finding, NULL);
	ck_assert_ptr_nonnull(strstr(findings, "all: the certificate has "
	    "expired"));
	findings[0] = '\0';
	(void)lint_server(store_get(store, "ca"), NULL, now, on_finding,
	    NULL);
	ck_assert_ptr_nonnull(strstr(findings, "a CA's certificate"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pki");
	TCase *tc = tcase_create("pki");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, made);
	tcase_add_test(tc, every_kind_of_key);
	tcase_add_test(tc, kept);
	tcase_add_test(tc, revoked);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, exported_pem);
	tcase_add_loop_test(tc, exported_pkcs12, 0, 2);
	tcase_add_loop_test(tc, lint, 0, sizeof(lints) / sizeof(lints[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
