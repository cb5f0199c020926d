/* Which of several certificates is shown, and whom an initiator takes. */
#include "certd/login.h"

#include "cert_util.h"
#include "lib/log.h"
#include "login_util.h"

#include <check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHA2_256	SIGN_HASH(2)

static const char script[] =
    "/certificate\n"
    "import file-name=ca.pem name=ca\n"
    "import file-name=ca2.pem name=ca2\n"
    "import file-name=old.pem name=old trusted=no\n"
    "import file-name=ec.pem name=ec\n"
    "import file-name=rsa.pem name=rsa\n"
    "import file-name=ed.pem name=ed\n"
    "import file-name=pin.pem name=pin\n"
    "import file-name=lone.pem name=lone\n"
    "/ip ipsec peer\n"
    "add name=any exchange-mode=ike2 passive=yes\n"
    "add name=pins exchange-mode=ike2 address=198.51.100.1\n"
    "add name=named exchange-mode=ike2 address=198.51.100.2\n"
    "add name=mixed exchange-mode=ike2 address=198.51.100.3\n"
    "/ip ipsec identity\n"
    "add peer=any auth-method=digital-signature certificate=ed\n"
    "add peer=any auth-method=digital-signature certificate=ec\n"
    "add peer=any auth-method=digital-signature certificate=rsa\n"
    "add peer=any auth-method=digital-signature certificate=rsa "
	"match-by=certificate remote-certificate=pin\n"
    "add peer=pins auth-method=digital-signature certificate=ec "
	"match-by=certificate remote-certificate=pin\n"
    "add peer=pins auth-method=digital-signature certificate=ec "
	"match-by=certificate remote-certificate=lone\n"
    "add peer=named auth-method=digital-signature certificate=ec "
	"remote-id=fqdn:user.example\n"
    "add peer=mixed secret=a-secret-of-twenty-bytes\n"
    "add peer=mixed auth-method=digital-signature certificate=rsa\n";

static struct conf *conf;
static struct login_env env;
static X509 *ca, *ca2, *old, *user, *pin, *lone;
static struct buf id_buf, asked_buf, auth_buf;
static uint8_t hash_ca[CERT_HASH_LEN], hash_ca2[CERT_HASH_LEN];

static time_t
test_now(void)
{
	return NOW;
}

/* One of ours, with its key. */
static void
ours(const char *file, const char *kind, X509 *issuer, EVP_PKEY *issuer_key,
    const char *san)
{
	struct buf *b = file_new(file);
	X509 *x = make(&(struct spec){ .cn = file, .key = key(kind, 7),
	    .issuer = issuer, .issuer_key = issuer_key, .san = san });

	file_put_cert(b, x);
	file_put_key(b, key(kind, 7));
	X509_free(x);
}

static void
setup(void)
{
	const char *why;

	ck_assert_int_eq(suite_init(&why), 0);
	log_set_sink(drop_line, NULL);
	ca = make(&(struct spec){ .cn = "Root", .key = key("p256", 0),
	    .ca = true });
	ca2 = make(&(struct spec){ .cn = "Second", .key = key("p256", 1),
	    .ca = true });
	old = make(&(struct spec){ .cn = "Old", .key = key("p256", 2),
	    .ca = true });
	user = make(&(struct spec){ .cn = "user", .key = key("p256", 3),
	    .issuer = ca, .issuer_key = key("p256", 0),
	    .san = "DNS:user.example", .eku = "clientAuth" });
	pin = make(&(struct spec){ .cn = "pin", .key = key("p256", 4),
	    .issuer = old, .issuer_key = key("p256", 2),
	    .san = "DNS:pin.example", .eku = "clientAuth" });
	lone = make(&(struct spec){ .cn = "lone", .key = key("p256", 5),
	    .issuer = user, .issuer_key = key("p256", 3),
	    .san = "DNS:lone.example" });
	file_put_cert(file_new("ca.pem"), ca);
	file_put_cert(file_new("ca2.pem"), ca2);
	file_put_cert(file_new("old.pem"), old);
	file_put_cert(file_new("pin.pem"), pin);
	file_put_cert(file_new("lone.pem"), lone);
	ours("ed.pem", "ed25519", ca, key("p256", 0), "DNS:ed.example");
	ours("ec.pem", "p256", ca, key("p256", 0), "DNS:ec.example");
	ours("rsa.pem", "rsa", ca2, key("p256", 1), "DNS:rsa.example");
	ck_assert_int_eq(cert_spki_hash(ca, hash_ca), 0);
	ck_assert_int_eq(cert_spki_hash(ca2, hash_ca2), 0);
	conf = conf_of(script);
	env = (struct login_env){ .store = store_new(), .now = test_now };
	store_conf(env.store, conf);
	ck_assert(files_deliver(env.store, conf));
	env.is = idents_new(conf);
	ck_assert_ptr_nonnull(env.is);
	buf_init(&id_buf, 600);
	buf_init(&asked_buf, 600);
	buf_init(&auth_buf, SIGN_MAX);
}

static void
teardown(void)
{
	X509 **all[] = { &ca, &ca2, &old, &user, &pin, &lone };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		X509_free(*all[i]);
	store_free(env.store);
	idents_unref(&env.is);
	buf_free(&id_buf);
	buf_free(&asked_buf);
	buf_free(&auth_buf);
	file_clear();
}

static struct login
login_with(const char *peer, bool initiator)
{
	return login_of(conf_by_name(conf, CONF_PEER, peer)->id, initiator);
}

/* The peer proves that it has k, with the certificate x. */
static void
peer_signs(struct login *l, X509 *x, EVP_PKEY *k, const char *id)
{
	l->verify = true;
	l->id_peer = id_body(&id_buf, id);
	login_show(l, CERTENC_X509, x);
	login_sign(l, &auth_buf, k, SHA2_256, false);
}

static void
assert_own(const struct login_answer *a, const char *who)
{
	char text[IKEID_STRLEN];

	ck_assert_msg(a->status == LOGIN_OK, "%s: %s", who, a->reason);
	ck_assert_str_eq(ikeid_fmt(&a->id_own, text, sizeof(text)), who);
}

static const struct choice {
	uint16_t hashes;
	const uint8_t *first, *second;	/* of CERTREQ */
	const char *asked;
	const char *own;
} choices[] = {
	/* nothing said: the first one that can sign */
	{ SHA2_256 | SIGN_HASH_IDENTITY, NULL, NULL, NULL,
	    "fqdn:ed.example" },
	{ SHA2_256, NULL, NULL, NULL, "fqdn:ec.example" },
	/* no RFC 7427: Ed25519 has no method of its own */
	{ 0, NULL, NULL, NULL, "fqdn:ec.example" },
	/* by CERTREQ (RFC 7296 section 3.7) */
	{ SHA2_256, hash_ca2, NULL, NULL, "fqdn:rsa.example" },
	{ SHA2_256, hash_ca, NULL, NULL, "fqdn:ec.example" },
	{ SHA2_256, hash_ca2, hash_ca, NULL, "fqdn:ec.example" },
	{ SHA2_256 | SIGN_HASH_IDENTITY, hash_ca2, NULL, NULL,
	    "fqdn:rsa.example" },
	/* one that nobody of ours comes from binds us to nothing */
	{ SHA2_256, (const uint8_t *)"twenty bytes of other", NULL, NULL,
	    "fqdn:ec.example" },
	/* the name that is asked for goes first */
	{ SHA2_256, hash_ca2, NULL, "fqdn:ec.example", "fqdn:ec.example" },
	{ SHA2_256, hash_ca, NULL, "fqdn:rsa.example", "fqdn:rsa.example" },
};

static struct part
certreq_of(const struct choice *c, uint8_t *list)
{
	size_t n = 0;

	if (c->first != NULL)
		memcpy(list + CERT_HASH_LEN * n++, c->first, CERT_HASH_LEN);
	if (c->second != NULL)
		memcpy(list + CERT_HASH_LEN * n++, c->second, CERT_HASH_LEN);
	return (struct part){ list, n * CERT_HASH_LEN };
}

START_TEST(one_of_several)
{
	const struct choice *c = &choices[_i];
	uint8_t list[2 * CERT_HASH_LEN];
	struct login_answer a;
	struct login l;

	/* as responder */
	l = login_with("any", false);
	peer_signs(&l, user, key("p256", 3), "fqdn:user.example");
	l.make = true;
	l.hashes = c->hashes;
	l.certreq = certreq_of(c, list);
	l.id_asked = id_body(&asked_buf, c->asked);
	login_start(&env, &l, login_keep, &a);
	assert_own(&a, c->own);
	login_hide(&l);
	/* as initiator, who has to say first who it is */
	if (c->asked != NULL)
		return;
	l = login_with("any", true);
	l.make = true;
	l.hashes = c->hashes;
	l.certreq = certreq_of(c, list);
	login_start(&env, &l, login_keep, &a);
	assert_own(&a, c->own);
}
END_TEST

/* Whose very certificate is named is that one, whatever it asks for. */
START_TEST(named_goes_first)
{
	struct login l = login_with("any", false);
	struct login_answer a;

	peer_signs(&l, pin, key("p256", 4), "fqdn:pin.example");
	l.make = true;
	l.hashes = SHA2_256;
	l.certreq = (struct part){ hash_ca, sizeof(hash_ca) };
	login_start(&env, &l, login_keep, &a);
	assert_own(&a, "fqdn:rsa.example");
	login_hide(&l);
	/* A secret suits everybody: the order is the configuration's. */
	l = login_with("mixed", true);
	l.make = true;
	l.hashes = SHA2_256;
	l.certreq = (struct part){ hash_ca2, sizeof(hash_ca2) };
	login_start(&env, &l, login_keep, &a);
	ck_assert_uint_eq(a.method, AUTH_METHOD_PSK);
}
END_TEST

/* A user's certificate is no gateway's where any name would do. */
START_TEST(users_are_no_gateways)
{
	struct login_answer a;
	struct login l = login_with("any", true);

	peer_signs(&l, user, key("p256", 3), "fqdn:user.example");
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_ptr_nonnull(strstr(a.reason, "clientAuth alone"));
	/* With the name that we want, or the very certificate, it is. */
	l.peer = conf_by_name(conf, CONF_PEER, "named")->id;
	login_start(&env, &l, login_keep, &a);
	ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	login_hide(&l);
	l = login_with("pins", true);
	peer_signs(&l, pin, key("p256", 4), "fqdn:pin.example");
	login_start(&env, &l, login_keep, &a);
	ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
	login_hide(&l);
}
END_TEST

static int checked;

static int
check_chain(struct revocation *r, STACK_OF(X509) *chain,
    const uint8_t fp[CERT_FP_LEN], const struct part *ocsp, size_t nocsp,
    time_t now, revocation_cb cb, void *arg)
{
	(void)r, (void)fp, (void)ocsp, (void)nocsp, (void)now;
	checked = sk_X509_num(chain);
	cb(arg, false, "revoked");
	return 0;
}

/* A CA that is not trusted can still take its certificates back. */
START_TEST(pinned_is_checked)
{
	struct login l = login_with("pins", true);
	struct login_answer a;

	env.check_revocation = check_chain;
	peer_signs(&l, pin, key("p256", 4), "fqdn:pin.example");
	checked = 0;
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(checked, 2);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_str_eq(a.reason, "revoked");
	login_hide(&l);
	/* One whose CA is not here. */
	l = login_with("pins", true);
	peer_signs(&l, lone, key("p256", 5), "fqdn:lone.example");
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(checked, 1);
	login_hide(&l);
}
END_TEST

static time_t
years_later(void)
{
	return test_now() + 2 * 365 * 86400;
}

/* No chain says when it is over. */
START_TEST(pinned_expires)
{
	struct login l = login_with("pins", true);
	struct login_answer a;

	env.now = years_later;
	peer_signs(&l, pin, key("p256", 4), "fqdn:pin.example");
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_CERT);
	ck_assert_ptr_nonnull(strstr(a.reason, "expired on"));
	login_hide(&l);
}
END_TEST

/* A signature that does not fit: the reason has the subject. */
START_TEST(who_it_was)
{
	struct login l = login_with("any", false);
	struct login_answer a;

	peer_signs(&l, user, key("p256", 4), "fqdn:user.example");
	login_start(&env, &l, login_keep, &a);
	ck_assert_int_eq(a.status, LOGIN_BAD_AUTH);
	ck_assert_str_eq(a.reason, "the signature (ECDSA with SHA2-256) does "
	    "not verify; certificate \"CN=user\"");
	login_hide(&l);
}
END_TEST

/* Made outside of the tests, which each run in a child. */
static void
keys_setup(void)
{
	unsigned i;

	for (i = 0; i < 6; i++)
		(void)key("p256", i);
	(void)key("p256", 7);
	(void)key("rsa", 7);
	(void)key("ed25519", 7);
}

int
main(void)
{
	Suite *s = suite_create("cert_choice");
	TCase *tc = tcase_create("choice");
	SRunner *sr;
	int failed;

	tcase_add_unchecked_fixture(tc, keys_setup, keys_free);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, one_of_several, 0,
	    (int)(sizeof(choices) / sizeof(choices[0])));
	tcase_add_test(tc, named_goes_first);
	tcase_add_test(tc, users_are_no_gateways);
	tcase_add_test(tc, pinned_is_checked);
	tcase_add_test(tc, pinned_expires);
	tcase_add_test(tc, who_it_was);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
