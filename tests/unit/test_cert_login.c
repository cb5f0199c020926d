/* Logins with certificates: chains, identities, both sides of a handshake. */
#include "certd/certid.h"
#include "certd/login.h"

#include "cert_util.h"
#include "lib/log.h"
#include "login_util.h"

#include <check.h>

#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_HASHES	(SIGN_HASH(2) | SIGN_HASH(3) | SIGN_HASH(4) |	\
			    SIGN_HASH_IDENTITY)

/* The gateway's configuration. */
static const char script[] =
    "/certificate\n"
    "import file-name=ca.pem name=ca\n"
    "import file-name=ca2.pem name=ca2\n"
    "import file-name=gw.pem name=gw\n"
    "import file-name=pin.pem name=pin\n"
    "import file-name=self.pem name=self\n"
    "import file-name=raw.pem name=raw\n"
    "import file-name=rawkey.pem name=rawkey\n"
    "/ip ipsec peer\n"
    "add name=any exchange-mode=ike2 passive=yes\n"
    "add name=pins exchange-mode=ike2 passive=yes address=198.51.100.0/24\n"
    "add name=loose exchange-mode=ike2 passive=yes address=192.0.2.0/24\n"
    "add name=raws exchange-mode=ike2 passive=yes address=203.0.113.0/24\n"
    "add name=lost exchange-mode=ike2 passive=yes address=203.0.112.0/24\n"
    "/ip ipsec identity\n"
    "add peer=any auth-method=digital-signature certificate=gw "
	"comment=auto\n"
    "add peer=any auth-method=digital-signature certificate=gw "
	"match-by=certificate remote-certificate=pin comment=pinned\n"
    "add peer=any auth-method=digital-signature certificate=gw "
	"remote-id=user-fqdn:bob@example.org comment=bob\n"
    "add peer=any secret=a-very-good-secret-of-20 comment=psk\n"
    "add peer=pins auth-method=rsa-signature certificate=gw "
	"remote-certificate=self comment=self\n"
    "add peer=pins auth-method=digital-signature certificate=gw "
	"remote-id=fqdn:second.example remote-certificate=ca2 comment=ca2\n"
    "add peer=loose auth-method=digital-signature certificate=gw "
	"remote-id=ignore my-id=fqdn:other.example comment=loose\n"
    "add peer=raws auth-method=digital-signature certificate=rawkey "
	"remote-certificate=raw comment=raw\n"
    "add peer=lost auth-method=digital-signature certificate=ca "
	"comment=lost\n";

static struct conf *conf;
static struct login_env env;
static X509 *ca, *ca2, *sub, *nc, *gw, *alice, *pin, *self;
static struct buf id_buf, asked_buf, auth_buf;

static time_t
test_now(void)
{
	return NOW;
}

/* Alice's, but for what a test wants otherwise. */
static struct spec
alice_spec(void)
{
	return (struct spec){ .cn = "alice", .key = key("p256", 10),
		.issuer = ca, .issuer_key = key("p256", 0),
		.san = "email:alice@example.org,DNS:alice.example,"
		    "IP:192.0.2.77" };
}

static void
put_public(struct buf *b, EVP_PKEY *k)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(k, &der);

	buf_put(b, der, (size_t)n);
	OPENSSL_free(der);
}

static void
setup_certs(void)
{
	ca = make(&(struct spec){ .cn = "Root", .key = key("p256", 0),
	    .ca = true });
	ca2 = make(&(struct spec){ .cn = "Second", .key = key("rsa", 0),
	    .ca = true });
	sub = make(&(struct spec){ .cn = "Sub", .key = key("p256", 1),
	    .ca = true, .issuer = ca, .issuer_key = key("p256", 0) });
	nc = make(&(struct spec){ .cn = "Names", .key = key("p256", 2),
	    .ca = true, .issuer = ca, .issuer_key = key("p256", 0),
	    .nc = "critical,permitted;DNS:inside.example" });
	gw = make(&(struct spec){ .cn = "gw", .key = key("p256", 3),
	    .issuer = sub, .issuer_key = key("p256", 1),
	    .san = "DNS:gw.example,IP:203.0.113.1", .eku = "serverAuth" });
	pin = make(&(struct spec){ .cn = "pinned", .key = key("p256", 4),
	    .issuer = ca, .issuer_key = key("p256", 0),
	    .san = "DNS:pinned.example" });
	self = make(&(struct spec){ .cn = "self", .key = key("p256", 5),
	    .san = "DNS:self.example" });
	alice = make(&(struct spec){ .cn = "alice", .key = key("p256", 10),
	    .issuer = ca, .issuer_key = key("p256", 0),
	    .san = "email:alice@example.org,DNS:alice.example,"
		"IP:192.0.2.77" });
}

static void
setup(void)
{
	const char *why;
	struct buf *b;

	ck_assert_int_eq(suite_init(&why), 0);
	log_set_sink(drop_line, NULL);
	setup_certs();
	file_put_cert(file_new("ca.pem"), ca);
	file_put_cert(file_new("ca2.pem"), ca2);
	b = file_new("gw.pem");
	file_put_cert(b, gw);
	file_put_cert(b, sub);
	file_put_cert(b, ca);
	file_put_key(b, key("p256", 3));
	file_put_cert(file_new("pin.pem"), pin);
	file_put_cert(file_new("self.pem"), self);
	put_public(file_new("raw.pem"), key("ed25519", 0));
	file_put_key(file_new("rawkey.pem"), key("ed25519", 1));
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
	X509 **all[] = { &ca, &ca2, &sub, &nc, &gw, &alice, &pin, &self };
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

static uint32_t
peer_id(const char *name)
{
	return conf_by_name(conf, CONF_PEER, name)->id;
}

static const char *
comment_of(uint32_t identity)
{
	const struct conf_obj *o = conf_by_id(conf, identity);

	return o == NULL ? "" : conf_str(o, CONF_IDENTITY_COMMENT);
}

/* The client */

/* Its AUTH for l's other end. */
static void
client_signs(struct login *l, EVP_PKEY *k, const char *id, uint16_t hashes,
    bool pss)
{
	l->verify = l->make = true;
	l->hashes = hashes;
	l->id_peer = id_body(&id_buf, id);
	login_sign(l, &auth_buf, k, hashes, pss);
}

/* One certificate, one ID, our decision. */
static void
log_in(const char *peer, X509 *x, EVP_PKEY *k, const char *id,
    struct login_answer *a)
{
	struct login l = login_of(peer_id(peer), false);

	if (x != NULL)
		login_show(&l, CERTENC_X509, x);
	client_signs(&l, k, id, ALL_HASHES, false);
	login_start(&env, &l, login_keep, a);
	ck_assert_uint_eq(env.pending, 0);
	login_hide(&l);
}

static void
assert_login(const char *peer, X509 *x, EVP_PKEY *k, const char *id,
    const char *chosen)
{
	struct login_answer a;
	uint8_t fp[CERT_FP_LEN];

	log_in(peer, x, k, id, &a);
	ck_assert_msg(a.status == LOGIN_OK, "%s: %s", id, a.reason);
	ck_assert_str_eq(comment_of(a.identity), chosen);
	ck_assert_int_eq(cert_fp(x, fp), 0);
	ck_assert_mem_eq(a.fp, fp, sizeof(fp));
}

static void
assert_refused(const char *peer, X509 *x, EVP_PKEY *k, const char *id,
    enum login_status status, const char *why)
{
	struct login_answer a;

	log_in(peer, x, k, id, &a);
	ck_assert_msg(a.status == status, "%s: %d %s", id, a.status,
	    a.reason);
	ck_assert_msg(strstr(a.reason, why) != NULL, "%s", a.reason);
	ck_assert_uint_eq(a.auth_len, 0);
	ck_assert_uint_eq(a.ncerts, 0);
}

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

/* Both ends, each kind of key, with RFC 7427 and without. */
static const struct pair {
	const char *kind;
	uint16_t hashes;
	uint8_t method;
} pairs[] = {
	{ "rsa", ALL_HASHES, 14 }, { "rsa", 0, 1 },
	{ "pss", ALL_HASHES, 14 },
	{ "p256", ALL_HASHES, 14 }, { "p256", 0, 9 },
	{ "p384", ALL_HASHES, 14 }, { "p384", 0, 10 },
	{ "p521", ALL_HASHES, 14 }, { "p521", 0, 11 },
	{ "ed25519", ALL_HASHES, 14 }, { "ed448", ALL_HASHES, 14 },
};

static const char both_script[] =
    "/certificate\n"
    "import file-name=ca.pem name=ca\n"
    "import file-name=i.pem name=mine\n"
    "/ip ipsec peer add name=any exchange-mode=ike2\n"
    "/ip ipsec identity\n"
    "add peer=any auth-method=digital-signature certificate=mine\n";

struct end {
	struct conf *conf;
	struct login_env env;
};

static void
end_open(struct end *e, const char *kind, const char *name, unsigned which)
{
	struct buf *b = file_new("i.pem");
	char san[64];
	X509 *x;

	snprintf(san, sizeof(san), "DNS:%s.example", name);
	x = make(&(struct spec){ .cn = name, .key = key(kind, which),
	    .issuer = ca, .issuer_key = key("p256", 0), .san = san });
	file_put_cert(b, x);
	file_put_key(b, key(kind, which));
	X509_free(x);
	e->conf = conf_of(both_script);
	e->env = (struct login_env){ .store = store_new(), .now = test_now };
	store_conf(e->env.store, e->conf);
	ck_assert(files_deliver(e->env.store, e->conf));
	e->env.is = idents_new(e->conf);
}

static void
end_close(struct end *e)
{
	store_free(e->env.store);
	idents_unref(&e->env.is);
}

static uint32_t
end_peer(const struct end *e)
{
	return conf_by_name(e->conf, CONF_PEER, "any")->id;
}

/* What one end answered is what the other one gets; copies it. */
struct carried {
	struct login *to;
	struct login_answer a;
};

static void
carry(void *arg, const struct login_answer *a)
{
	struct carried *c = arg;
	uint8_t *p;
	size_t i;

	c->a = *a;
	for (i = 0; c->to != NULL && i < a->ncerts; i++) {
		p = OPENSSL_memdup(a->certs[i].data.p, a->certs[i].data.len);
		c->to->certs[i].encoding = a->certs[i].encoding;
		c->to->certs[i].data = (struct part){ p,
			a->certs[i].data.len };
		c->to->ncerts++;
	}
}

START_TEST(both_ends)
{
	const struct pair *p = &pairs[_i];
	struct carried c = { NULL };
	struct login i, r, i2;
	struct buf id_i, id_r;
	uint8_t auth_i[SIGN_MAX];
	struct end ini, rsp;
	uint32_t chosen;

	end_open(&ini, p->kind, "left", 0);
	end_open(&rsp, p->kind, "right", 1);
	buf_init(&id_i, 600);
	buf_init(&id_r, 600);

	i = login_of(end_peer(&ini), true);
	i.make = true;
	i.hashes = p->hashes;
	r = login_of(end_peer(&rsp), false);
	c.to = &r;
	login_start(&ini.env, &i, carry, &c);
	ck_assert_msg(c.a.status == LOGIN_OK, "%s", c.a.reason);
	ck_assert_uint_eq(c.a.method, p->method);
	chosen = c.a.identity;

	ikeid_put_body(&id_i, &c.a.id_own);
	memcpy(auth_i, c.a.auth, c.a.auth_len);
	r.verify = r.make = true;
	r.hashes = p->hashes;
	r.id_peer = (struct part){ id_i.data, id_i.len };
	r.method = c.a.method;
	r.auth = (struct part){ auth_i, c.a.auth_len };
	i2 = login_of(end_peer(&ini), true);
	c.to = &i2;
	login_start(&rsp.env, &r, carry, &c);
	ck_assert_msg(c.a.status == LOGIN_OK, "%s", c.a.reason);
	ck_assert_str_eq(c.a.subject, "CN=left");
	ck_assert_uint_eq(c.a.method, p->method);

	ikeid_put_body(&id_r, &c.a.id_own);
	memcpy(auth_i, c.a.auth, c.a.auth_len);
	i2.verify = true;
	i2.identity = chosen;
	i2.id_peer = (struct part){ id_r.data, id_r.len };
	i2.method = c.a.method;
	i2.auth = (struct part){ auth_i, c.a.auth_len };
	c.to = NULL;
	login_start(&ini.env, &i2, carry, &c);
	ck_assert_msg(c.a.status == LOGIN_OK, "%s", c.a.reason);
	ck_assert_str_eq(c.a.subject, "CN=right");
	ck_assert_uint_eq(c.a.auth_len, 0);

	/* A reflected AUTH is none. */
	i2.id_peer = r.id_peer;
	i2.auth = r.auth;
	login_start(&ini.env, &i2, carry, &c);
	ck_assert_int_eq(c.a.status, LOGIN_BAD_AUTH);
	login_hide(&r);
	login_hide(&i2);
	buf_free(&id_i);
	buf_free(&id_r);
	end_close(&ini);
	end_close(&rsp);
}
END_TEST

static unsigned answered;

static void
count_ok(void *arg, const struct login_answer *a)
{
	(void)arg;
	ck_assert_msg(a->status == LOGIN_OK, "%s", a->reason);
	ck_assert_uint_gt(a->auth_len, 0);
	answered++;
}

/* Signatures in threads, many at once; what is configured may change. */
START_TEST(in_threads)
{
	struct event_base *base = event_base_new();
	struct spec s = alice_spec();
	struct end rsp;
	struct login l;
	X509 *x;
	int i;

	s.key = key("rsa", 5);
	x = make(&s);
	end_open(&rsp, "rsa", "right", 1);
	rsp.env.pool = pool_new(base, 3, 64);
	ck_assert_ptr_nonnull(rsp.env.pool);
	l = login_of(end_peer(&rsp), false);
	login_show(&l, CERTENC_X509, x);
	client_signs(&l, s.key, "fqdn:alice.example", ALL_HASHES, false);
	for (i = 0; i < 50; i++)
		login_start(&rsp.env, &l, count_ok, NULL);
	ck_assert_uint_eq(answered, 0);
	ck_assert_uint_eq(rsp.env.pending, 50);
	/* New identities and files while they are under way. */
	idents_unref(&rsp.env.is);
	rsp.conf = conf_of(both_script);
	store_conf(rsp.env.store, rsp.conf);
	(void)files_deliver(rsp.env.store, rsp.conf);
	rsp.env.is = idents_new(rsp.conf);
	while (rsp.env.pending > 0)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(answered, 50);
	pool_free(rsp.env.pool);
	login_hide(&l);
	X509_free(x);
	end_close(&rsp);
	event_base_free(base);
}
END_TEST

/* The peer's PSS is answered with PSS, by a key that could do either. */
START_TEST(pss_is_mirrored)
{
	struct spec s = alice_spec();
	struct end rsp;
	struct login l;
	struct login_answer a;
	X509 *x;
	int pss;

	s.key = key("rsa", 5);
	x = make(&s);
	end_open(&rsp, "rsa", "right", 1);
	for (pss = 0; pss < 2; pss++) {
		l = login_of(end_peer(&rsp), false);
		login_show(&l, CERTENC_X509, x);
		client_signs(&l, s.key, "fqdn:alice.example", ALL_HASHES,
		    pss);
		login_start(&rsp.env, &l, login_keep, &a);
		ck_assert_msg(a.status == LOGIN_OK, "%s", a.reason);
		ck_assert_uint_eq(a.auth[0], pss ? 67 : 15);
		login_hide(&l);
	}
	X509_free(x);
	end_close(&rsp);
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

static void
keys_setup(void)
{
	static const char *const kinds[] = { "rsa", "pss", "p384", "p521",
		"ed25519", "ed448" };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		(void)key(kinds[i], 0);
		(void)key(kinds[i], 1);
	}
	(void)key("rsa", 5);
	(void)key("rsa1024", 0);
	for (i = 0; i < 6; i++)
		(void)key("p256", (unsigned)i);
	(void)key("p256", 10);
}

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
	tcase_add_test(tc, leaves);
	tcase_add_test(tc, chains);
	tcase_add_test(tc, name_constraints);
	tcase_add_test(tc, depth);
	tcase_add_test(tc, self_signed);
	tcase_add_test(tc, order_of_identities);
	tcase_add_test(tc, own_side);
	tcase_add_test(tc, raw_keys);
	tcase_add_test(tc, other_encodings);
	tcase_add_test(tc, bad_signatures);
	tcase_add_test(tc, mutated_certificates);
	tcase_add_test(tc, revoked);
	tcase_add_loop_test(tc, both_ends, 0,
	    (int)(sizeof(pairs) / sizeof(pairs[0])));
	tcase_add_test(tc, in_threads);
	tcase_add_test(tc, pss_is_mirrored);
	tcase_add_test(tc, allow_weak);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
