/* Logins with certificates: who is who, and what proves it. */
#include "certd/certid.h"
#include "certd/login.h"

#include "cert_util.h"
#include "gate_util.h"
#include "login_util.h"

#include <check.h>

#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who is who: requirements 1.6. */
START_TEST(ids)
{
	EVP_PKEY *k = key("p256", 10);
	static const char *const none[] = { "user-fqdn:eve@example.org",
		"fqdn:example", "fqdn:mail.alice.example", "fqdn:*.example",
		"address:192.0.2.78", "address:2001:db8::1", "dn:CN=eve",
		"dn:CN=alice,O=x", "key-id:alice", "user-fqdn:x@alice.example" };
	const ASN1_OCTET_STRING *skid = X509_get0_subject_key_id(alice);
	char text[200] = "key-id:0x";
	size_t i;

	assert_login("any", alice, k, "user-fqdn:alice@example.org", "auto");
	assert_login("any", alice, k, "user-fqdn:alice@EXAMPLE.org", "auto");
	assert_login("any", alice, k, "fqdn:alice.example", "auto");
	assert_login("any", alice, k, "fqdn:Alice.Example", "auto");
	assert_login("any", alice, k, "address:192.0.2.77", "auto");
	assert_login("any", alice, k, "dn:CN=alice", "auto");
	assert_login("any", alice, k, "dn:CN=ALICE", "auto");
	for (i = 0; i < (size_t)ASN1_STRING_length(skid); i++)
		snprintf(text + strlen(text), 3, "%02x",
		    ASN1_STRING_get0_data(skid)[i]);
	assert_login("any", alice, k, text, "auto");
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_refused("any", alice, k, none[i], LOGIN_BAD_CERT,
		    "is not in its certificate \"CN=alice\"");
	/* A remote-id of the configuration does not lend itself to others. */
	assert_refused("any", alice, k, "user-fqdn:bob@example.org",
	    LOGIN_BAD_CERT, "bob@example.org is not in its certificate");
	/* Nobody looks, by configuration. */
	assert_login("loose", alice, k, "fqdn:anything", "loose");
}
END_TEST

/* A wildcard, a NUL and an empty name in a certificate are nobody. */
START_TEST(strange_names)
{
	struct spec s = alice_spec();
	X509 *x;

	s.san = "DNS:*.example.org";
	x = make(&s);
	assert_refused("any", x, s.key, "fqdn:a.example.org", LOGIN_BAD_CERT,
	    "is not in its certificate");
	X509_free(x);
	/* The name in the subject is no alternative name. */
	s.san = NULL;
	s.cn = "a.example.org";
	x = make(&s);
	assert_refused("any", x, s.key, "fqdn:a.example.org", LOGIN_BAD_CERT,
	    "is not in its certificate");
	assert_login("any", x, s.key, "dn:CN=a.example.org", "auto");
	X509_free(x);
	s.cn = NULL;
	x = make(&s);
	assert_refused("any", x, s.key, "fqdn:a.example.org", LOGIN_BAD_CERT,
	    "is not in its certificate");
	X509_free(x);
}
END_TEST

START_TEST(self_signed)
{
	struct spec s = alice_spec();
	X509 *x;

	/* Imported, but as what one peer must show. */
	assert_refused("any", self, key("p256", 5), "fqdn:self.example",
	    LOGIN_BAD_CERT, "self-signed");
	assert_login("pins", self, key("p256", 5), "fqdn:self.example",
	    "self");
	assert_refused("pins", self, key("p256", 5), "fqdn:x.example",
	    LOGIN_BAD_CERT, "not in its certificate");
	/* Another of the same name and key. */
	x = make(&(struct spec){ .cn = "self", .key = key("p256", 5),
	    .san = "DNS:self.example" });
	assert_refused("pins", x, key("p256", 5), "fqdn:self.example",
	    LOGIN_BAD_CERT, "not remote-certificate self (\"CN=self\")");
	X509_free(x);
	/* A good certificate is not the one. */
	assert_refused("pins", alice, key("p256", 10), "fqdn:alice.example",
	    LOGIN_BAD_CERT, "the peer shows certificate \"CN=alice\", not "
	    "remote-certificate self");
	/* remote-certificate is a CA. */
	s.issuer = ca2;
	s.issuer_key = key("rsa", 0);
	s.san = "DNS:second.example";
	x = make(&s);
	assert_login("pins", x, s.key, "fqdn:second.example", "ca2");
	X509_free(x);
	s.issuer = ca;
	s.issuer_key = key("p256", 0);
	x = make(&s);
	assert_refused("pins", x, s.key, "fqdn:second.example",
	    LOGIN_BAD_CERT, "does not come from the CA ca2");
	X509_free(x);
}
END_TEST

/* match-by=certificate wins over remote-id and auto (requirements 2.7). */
START_TEST(order_of_identities)
{
	struct spec s = alice_spec();
	struct login_answer a;
	struct login l;
	X509 *x;

	assert_login("any", pin, key("p256", 4), "fqdn:pinned.example",
	    "pinned");
	s.san = "email:bob@example.org";
	x = make(&s);
	assert_login("any", x, s.key, "user-fqdn:bob@example.org", "bob");
	X509_free(x);
	assert_login("any", alice, key("p256", 10), "fqdn:alice.example",
	    "auto");

	/* Without a certificate in the message the pinned one is known. */
	log_in("pins", NULL, key("p256", 5), "fqdn:self.example", &a);
	ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	log_in("any", NULL, key("p256", 10), "fqdn:alice.example", &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_ptr_nonnull(strstr(a.reason, "no certificate"));

	/* What another identity of ours is for. */
	l = login_of(peer_id("pins"), false);
	l.id_peer = id_body(&id_buf, "fqdn:self.example");
	l.verify = true;
	l.auth = (struct part){ "0123456789abcdef0123456789abcdef", 32 };
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_METHOD);
	ck_assert_ptr_nonnull(strstr(a.reason, "by a pre-shared key, a "
	    "digital signature is wanted"));
	/* An unknown identity number, one of another method. */
	l.peer = peer_id("any");
	l.identity = conf_first(conf, CONF_IDENTITY)->id;
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_METHOD);
}
END_TEST

/* Our side: who we are, what we send. */
START_TEST(own_side)
{
	static const struct {
		const char *asked, *is;
	} names[] = { { NULL, "fqdn:gw.example" },
	    { "fqdn:gw.example", "fqdn:gw.example" },
	    { "address:203.0.113.1", "address:203.0.113.1" },
	    { "dn:CN=gw", "dn:CN=gw" }, { "fqdn:other.example", NULL } };
	struct login_answer a;
	char text[IKEID_STRLEN];
	struct login l;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		l = login_of(peer_id("any"), false);
		login_show(&l, CERTENC_X509, alice);
		client_signs(&l, key("p256", 10), "fqdn:alice.example",
		    ALL_HASHES, false);
		l.id_asked = id_body(&asked_buf, names[i].asked);
		login_start(&env, &l, login_keep, &a);
		login_hide(&l);
		if (names[i].is == NULL) {
			ck_assert_int_eq(a.status, LOGIN_BAD_ASKED_ID);
			ck_assert_ptr_nonnull(strstr(a.reason,
			    "we are fqdn:gw.example"));
			continue;
		}
		ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
		ck_assert_str_eq(ikeid_fmt(&a.id_own, text, sizeof(text)),
		    names[i].is);
		/* The leaf and the intermediate, not the root. */
		ck_assert_uint_eq(a.ncerts, 2);
		ck_assert_uint_eq(a.method, SIGN_DIGITAL);
	}
	/* my-id of the configuration; a certificate without its key. */
	log_in("loose", alice, key("p256", 10), "fqdn:x", &a);
	ck_assert_str_eq(ikeid_fmt(&a.id_own, text, sizeof(text)),
	    "fqdn:other.example");
	log_in("lost", alice, key("p256", 10), "fqdn:alice.example", &a);
	ck_assert_int_eq(a.status, LOGIN_NO_KEY);
	ck_assert_ptr_nonnull(strstr(a.reason, "our certificate ca has no "
	    "private key"));
}
END_TEST

START_TEST(raw_keys)
{
	EVP_PKEY *k = key("ed25519", 0);
	struct login_answer a;
	struct login l = login_of(peer_id("raws"), false);
	char text[IKEID_STRLEN];
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(k, &der);

	l.certs[0].encoding = CERTENC_RAW_KEY;
	l.certs[0].data = (struct part){ der, (size_t)n };
	l.ncerts = 1;
	client_signs(&l, k, "fqdn:raw.example", ALL_HASHES, false);
	login_start(&env, &l, login_keep, &a);
	ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	ck_assert_str_eq(comment_of(a.identity), "raw");
	ck_assert_str_eq(a.subject, "Ed25519");
	/* We have no name but our address then. */
	ck_assert_str_eq(ikeid_fmt(&a.id_own, text, sizeof(text)),
	    "address:203.0.113.1");
	ck_assert_uint_eq(a.ncerts, 1);
	/* Where no key is named it is nobody's. */
	l.peer = peer_id("any");
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_ptr_nonnull(strstr(a.reason, "raw public key"));
	/* Another key than the one named. */
	OPENSSL_free(der);
	der = NULL;
	n = i2d_PUBKEY(key("ed25519", 2), &der);
	l.certs[0].data = (struct part){ der, (size_t)n };
	l.peer = peer_id("raws");
	client_signs(&l, key("ed25519", 2), "fqdn:raw.example", ALL_HASHES,
	    false);
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_ptr_nonnull(strstr(a.reason, "another key than"));
	/* The key of a certificate that is named does not stand for it. */
	OPENSSL_free(der);
	der = NULL;
	n = i2d_PUBKEY(key("p256", 5), &der);
	l.certs[0].data = (struct part){ der, (size_t)n };
	l.peer = peer_id("pins");
	client_signs(&l, key("p256", 5), "fqdn:self.example", ALL_HASHES,
	    false);
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_ptr_nonnull(strstr(a.reason, "another key than"));
	login_hide(&l);
}
END_TEST

START_TEST(other_encodings)
{
	static const uint8_t url[] = "01234567890123456789http://x/c.der";
	struct login_answer a;
	struct login l = login_of(peer_id("any"), false);
	size_t n;

	/* Alone they are refused with a word about it. */
	l.certs[0].encoding = CERTENC_HASH_URL;
	l.certs[0].data = (struct part){ url, sizeof(url) };
	l.ncerts = 1;
	client_signs(&l, key("p256", 10), "fqdn:alice.example", ALL_HASHES,
	    false);
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_ptr_nonnull(strstr(a.reason, "hash and URL"));
	/* Beside a certificate they do no harm, nor does what is unknown. */
	l.certs[1].encoding = 7;
	l.certs[1].data = (struct part){ url, 3 };
	l.certs[2].encoding = 255;
	l.certs[2].data = (struct part){ url, 0 };
	l.ncerts = 3;
	login_show(&l, CERTENC_X509, alice);
	login_start(&env, &l, login_keep, &a);
	ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	/* Cut or with something behind it. */
	n = l.certs[3].data.len;
	for (l.certs[3].data.len = 0; l.certs[3].data.len < n;
	    l.certs[3].data.len++) {
		login_start(&env, &l, login_keep, &a);
		ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	}
	OPENSSL_free((void *)(uintptr_t)l.certs[3].data.p);
}
END_TEST

/* The signature must be the leaf's, over these octets. */
START_TEST(bad_signatures)
{
	struct login_answer a;
	struct login l = login_of(peer_id("any"), false);
	size_t i;

	assert_refused("any", alice, key("p256", 11), "fqdn:alice.example",
	    LOGIN_BAD_AUTH, "does not verify");
	login_show(&l, CERTENC_X509, alice);
	client_signs(&l, key("p256", 10), "fqdn:alice.example", ALL_HASHES,
	    false);
	/* Somebody else's ID under the same signature. */
	l.id_peer = id_body(&id_buf, "user-fqdn:alice@example.org");
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_AUTH);
	l.id_peer = id_body(&id_buf, "fqdn:alice.example");
	for (i = 0; i < auth_buf.len; i++) {
		auth_buf.data[i] ^= 0x20;
		login_start(&env, &l, login_keep, &a);
		ck_assert_int_eq(a.status, LOGIN_BAD_AUTH);
		auth_buf.data[i] ^= 0x20;
	}
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_OK);
	login_hide(&l);
}
END_TEST

/* Any bit of a certificate: never accepted as another's, never a crash. */
START_TEST(mutated_certificates)
{
	struct login_answer a;
	struct login l = login_of(peer_id("any"), false);
	uint8_t *der;
	size_t i;

	login_show(&l, CERTENC_X509, alice);
	client_signs(&l, key("p256", 10), "fqdn:alice.example", ALL_HASHES,
	    false);
	der = (uint8_t *)(uintptr_t)l.certs[0].data.p;
	for (i = 0; i < l.certs[0].data.len * 8; i++) {
		der[i / 8] ^= (uint8_t)(1u << i % 8);
		login_start(&env, &l, login_keep, &a);
		/* Bits that carry no meaning may differ, the key may not. */
		ck_assert(a.status != LOGIN_OK || a.reason[0] == '\0');
		ck_assert(a.status == LOGIN_OK || a.reason[0] != '\0');
		der[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	login_hide(&l);
}
END_TEST

/* Revocation: asked with the chain, answered at once or later. */
static revocation_cb held_cb;
static void *held_arg;
static int chain_len;
static size_t nocsp_seen;

static int
check_later(struct revocation *r, STACK_OF(X509) *chain,
    const uint8_t fp[CERT_FP_LEN], const struct part *ocsp, size_t nocsp,
    time_t now, revocation_cb cb, void *arg)
{
	(void)r;
	(void)ocsp;
	ck_assert_int_eq(now, NOW);
	ck_assert_uint_ne(fp[0] | fp[1] | fp[2] | fp[3], 0);
	chain_len = sk_X509_num(chain);
	nocsp_seen = nocsp;
	held_cb = cb;
	held_arg = arg;
	return 0;
}

static int
check_nothing(struct revocation *r, STACK_OF(X509) *chain,
    const uint8_t fp[CERT_FP_LEN], const struct part *ocsp, size_t nocsp,
    time_t now, revocation_cb cb, void *arg)
{
	(void)r, (void)chain, (void)fp, (void)ocsp, (void)nocsp, (void)now;
	(void)cb, (void)arg;
	return -1;
}

START_TEST(revoked)
{
	struct login_answer a;
	struct login l = login_of(peer_id("any"), false);

	login_show(&l, CERTENC_X509, alice);
	l.certs[l.ncerts].encoding = CERTENC_OCSP;
	l.certs[l.ncerts++].data = (struct part){ "answer", 6 };
	client_signs(&l, key("p256", 10), "fqdn:alice.example", ALL_HASHES,
	    false);
	env.check_revocation = check_later;
	memset(&a, 0xff, sizeof(a));
	login_start(&env, &l, login_keep, &a);
	ck_assert_uint_eq(env.pending, 1);
	ck_assert_int_eq(chain_len, 2);
	ck_assert_uint_eq(nocsp_seen, 1);
	/* A new configuration meanwhile does not disturb it. */
	held_cb(held_arg, true, NULL);
	ck_assert_uint_eq(env.pending, 0);
	ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	login_start(&env, &l, login_keep, &a);
	held_cb(held_arg, false, "the certificate is revoked");
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_str_eq(a.reason, "the certificate is revoked");
	env.check_revocation = check_nothing;
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BUSY);
	ck_assert_uint_eq(env.pending, 0);
	l.ncerts--;
	login_hide(&l);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert_login");
	TCase *tc = tcase_create("login");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, keys_setup, keys_free);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ids);
	tcase_add_test(tc, strange_names);
	tcase_add_test(tc, self_signed);
	tcase_add_test(tc, order_of_identities);
	tcase_add_test(tc, own_side);
	tcase_add_test(tc, raw_keys);
	tcase_add_test(tc, other_encodings);
	tcase_add_test(tc, bad_signatures);
	tcase_add_test(tc, mutated_certificates);
	tcase_add_test(tc, revoked);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
