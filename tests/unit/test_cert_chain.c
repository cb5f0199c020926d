/* Which certificates are taken: leaves, chains, constraints. */
#include "certd/certid.h"
#include "certd/login.h"

#include "cert_util.h"
#include "gate_util.h"
#include "login_util.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct spec
with_from(int from, int until)
{
	struct spec s = alice_spec();

	s.from = from;
	s.until = until;
	return s;
}

/* What is wrong with a leaf. */
START_TEST(leaves)
{
	static const char *const good_eku[] = { "serverAuth", "clientAuth",
		"1.3.6.1.5.5.7.3.17", "anyExtendedKeyUsage",
		"codeSigning,clientAuth" };
	static const char *const good_ku[] = { "digitalSignature",
		"critical,digitalSignature,keyEncipherment",
		"nonRepudiation" };
	const char *id = "fqdn:alice.example";
	struct spec s = alice_spec();
	X509 *x;
	size_t i;

	for (i = 0; i < sizeof(good_eku) / sizeof(good_eku[0]); i++) {
		s.eku = good_eku[i];
		x = make(&s);
		assert_login("any", x, s.key, id, "auto");
		X509_free(x);
	}
	s.eku = "codeSigning,emailProtection";
	x = make(&s);
	assert_refused("any", x, s.key, id, LOGIN_BAD_CERT,
	    "extendedKeyUsage");
	X509_free(x);
	s = alice_spec();
	for (i = 0; i < sizeof(good_ku) / sizeof(good_ku[0]); i++) {
		s.ku = good_ku[i];
		x = make(&s);
		assert_login("any", x, s.key, id, "auto");
		X509_free(x);
	}
	s.ku = "keyEncipherment";
	x = make(&s);
	assert_refused("any", x, s.key, id, LOGIN_BAD_CERT, "keyUsage");
	X509_free(x);
	s = with_from(-400, -1);
	x = make(&s);
	assert_refused("any", x, s.key, id, LOGIN_BAD_CERT, "certificate "
	    "\"CN=alice\" expired on 2025-12-31 00:00:00 UTC");
	X509_free(x);
	s = with_from(1, 400);
	x = make(&s);
	assert_refused("any", x, s.key, id, LOGIN_BAD_CERT, "certificate "
	    "\"CN=alice\" is not valid before 2026-01-02 00:00:00 UTC");
	X509_free(x);
	s = alice_spec();
	s.md = "SHA1";
	x = make(&s);
	assert_refused("any", x, s.key, id, LOGIN_BAD_CERT, "weak hash");
	X509_free(x);
	s.md = "MD5";
	s.issuer = ca2;
	s.issuer_key = key("rsa", 0);
	x = make(&s);
	assert_refused("any", x, s.key, id, LOGIN_BAD_CERT, "weak hash");
	X509_free(x);
	s = alice_spec();
	s.key = key("rsa1024", 0);
	x = make(&s);
	assert_refused("any", x, s.key, id, LOGIN_BAD_CERT, "1024 bits");
	X509_free(x);
	/* A CA's own certificate is nobody's, unless it is meant itself. */
	s = alice_spec();
	s.ca = true;
	s.ku = "digitalSignature,keyCertSign";
	x = make(&s);
	assert_refused("any", x, s.key, id, LOGIN_BAD_CERT, "certificate "
	    "\"CN=alice\" is a CA's");
	X509_free(x);
}
END_TEST

/* A leaf and others, as the peer sends them. */
static void
log_in_with(X509 *x, X509 **others, size_t n, EVP_PKEY *k, const char *id,
    struct login_answer *a)
{
	struct login l = login_of(peer_id("any"), false);
	size_t i;

	login_show(&l, CERTENC_X509, x);
	for (i = 0; i < n; i++)
		login_show(&l, CERTENC_X509, others[i]);
	client_signs(&l, k, id, ALL_HASHES, false);
	login_start(&env, &l, login_keep, a);
	login_hide(&l);
}

static void
assert_chain(X509 *x, X509 **others, size_t n, EVP_PKEY *k, const char *why)
{
	struct login_answer a;

	log_in_with(x, others, n, k, "fqdn:alice.example", &a);
	if (why == NULL)
		ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	else
		ck_assert_msg(a.status == LOGIN_BAD_CERT &&
		    strstr(a.reason, why) != NULL, "%d %s", a.status,
		    a.reason);
}

START_TEST(chains)
{
	struct spec s = alice_spec(), m;
	X509 *x, *y, *mid, *strange;

	/* The intermediate is among ours (in gw's chain). */
	s.issuer = sub;
	s.issuer_key = key("p256", 1);
	x = make(&s);
	assert_chain(x, NULL, 0, s.key, NULL);
	assert_chain(x, &ca, 1, s.key, NULL);
	X509_free(x);

	/* One we do not have: theirs to send. */
	m = (struct spec){ .cn = "Mid", .key = key("p256", 20), .ca = true,
	    .issuer = ca, .issuer_key = key("p256", 0) };
	mid = make(&m);
	s.issuer = mid;
	s.issuer_key = m.key;
	x = make(&s);
	assert_chain(x, &mid, 1, s.key, NULL);
	assert_chain(x, NULL, 0, s.key, "no trusted CA (an intermediate "
	    "certificate is missing, or the CA is not imported): \"CN=Mid\"");
	X509_free(x);
	X509_free(mid);

	/* Somebody else's CA, shown or not, and of the same name. */
	strange = make(&(struct spec){ .cn = "Root", .key = key("p256", 21),
	    .ca = true });
	s.issuer = strange;
	s.issuer_key = key("p256", 21);
	x = make(&s);
	assert_chain(x, NULL, 0, s.key, "certificate");
	assert_chain(x, &strange, 1, s.key, "");
	X509_free(x);
	X509_free(strange);
	strange = make(&(struct spec){ .cn = "Strange",
	    .key = key("p256", 21), .ca = true });
	s.issuer = strange;
	x = make(&s);
	assert_chain(x, &strange, 1, s.key, "root that is not trusted: "
	    "\"CN=Strange\"");
	X509_free(x);
	X509_free(strange);

	/* A leaf as a CA: with CA:FALSE, and with no word about it. */
	s.issuer = alice;
	s.issuer_key = key("p256", 10);
	s.key = key("p256", 22);
	x = make(&s);
	assert_chain(x, &alice, 1, s.key, "CN=alice");
	X509_free(x);
	m = alice_spec();
	m.bc = "";
	m.ku = "keyCertSign,digitalSignature";
	y = make(&m);
	s.issuer = y;
	x = make(&s);
	assert_chain(x, &y, 1, s.key, "CN=alice");
	X509_free(x);
	X509_free(y);

	/* A CA whose keyUsage forbids it. */
	m = (struct spec){ .cn = "Mute", .key = key("p256", 20), .ca = true,
	    .issuer = ca, .issuer_key = key("p256", 0),
	    .ku = "digitalSignature" };
	mid = make(&m);
	s.issuer = mid;
	s.issuer_key = m.key;
	x = make(&s);
	assert_chain(x, &mid, 1, s.key, "CN=");
	X509_free(x);
	X509_free(mid);

	/* An expired intermediate. */
	m = (struct spec){ .cn = "Old", .key = key("p256", 20), .ca = true,
	    .issuer = ca, .issuer_key = key("p256", 0), .from = -500,
	    .until = -10 };
	mid = make(&m);
	s.issuer = mid;
	x = make(&s);
	assert_chain(x, &mid, 1, s.key, "\"CN=Old\" expired on");
	X509_free(x);
	X509_free(mid);

	/* A weak key in between. */
	m = (struct spec){ .cn = "Weak", .key = key("rsa1024", 0),
	    .ca = true, .issuer = ca, .issuer_key = key("p256", 0) };
	mid = make(&m);
	s.issuer = mid;
	s.issuer_key = m.key;
	x = make(&s);
	assert_chain(x, &mid, 1, s.key, "CN=Weak");
	X509_free(x);
	X509_free(mid);
}
END_TEST

START_TEST(name_constraints)
{
	struct login_answer a;
	struct spec s = alice_spec();
	X509 *x;

	s.issuer = nc;
	s.issuer_key = key("p256", 2);
	s.san = "DNS:alice.inside.example";
	x = make(&s);
	log_in_with(x, &nc, 1, s.key, "fqdn:alice.inside.example", &a);
	ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	X509_free(x);
	s.san = "DNS:alice.outside.example";
	x = make(&s);
	log_in_with(x, &nc, 1, s.key, "fqdn:alice.outside.example", &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_msg(strstr(a.reason, "permitted subtree violation") != NULL,
	    "%s", a.reason);
	X509_free(x);
}
END_TEST

START_TEST(depth)
{
	X509 *chain[12];
	struct spec s;
	char cn[32];
	int i, n;

	for (n = 6; n <= 11; n += 5) {
		for (i = 0; i < n; i++) {
			snprintf(cn, sizeof(cn), "Level %d", i);
			chain[i] = make(&(struct spec){ .cn = cn,
			    .key = key("p256", 30 + (unsigned)i), .ca = true,
			    .issuer = i == 0 ? ca : chain[i - 1],
			    .issuer_key = i == 0 ? key("p256", 0) :
			    key("p256", 30 + (unsigned)i - 1) });
		}
		s = alice_spec();
		s.issuer = chain[n - 1];
		s.issuer_key = key("p256", 30 + (unsigned)n - 1);
		chain[n] = make(&s);
		assert_chain(chain[n], chain, (size_t)n, s.key,
		    n == 6 ? NULL : "");
		for (i = 0; i <= n; i++)
			X509_free(chain[i]);
	}
}
END_TEST

/* Weak things are taken where the settings say so. */
START_TEST(allow_weak)
{
	struct spec s = alice_spec();
	struct conf *weak = conf_of(
	    "/ip ipsec settings set allow-weak=yes\n"
	    "/certificate import file-name=ca.pem name=ca\n");
	struct store *st = store_new();
	STACK_OF(X509) *none = sk_X509_new_null(), *chain;
	char why[VERIFY_WHY_MAX];
	X509 *x;

	store_conf(st, weak);
	ck_assert(files_deliver(st, weak));
	s.md = "SHA1";
	s.key = key("rsa1024", 0);
	x = make(&s);
	ck_assert_msg(verify_leaf(x, true, NOW, why), "%s", why);
	chain = verify_chain(store_trust(st), x, none, NOW, why);
	ck_assert_msg(chain != NULL, "%s", why);
	ck_assert_int_eq(sk_X509_num(chain), 2);
	sk_X509_pop_free(chain, X509_free);
	ck_assert(!verify_leaf(x, false, NOW, why));
	X509_free(x);
	sk_X509_free(none);
	store_free(st);
	conf_free(weak);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cert_chain");
	TCase *tc = tcase_create("login");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, keys_setup, keys_free);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, leaves);
	tcase_add_test(tc, chains);
	tcase_add_test(tc, name_constraints);
	tcase_add_test(tc, depth);
	tcase_add_test(tc, allow_weak);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
