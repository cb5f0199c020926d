#include "gate_util.h"

#include "cert_util.h"
#include "lib/log.h"
#include "login_util.h"

#include <check.h>

#include <openssl/x509v3.h>

#include <string.h>

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

struct conf *conf;
struct login_env env;
X509 *ca, *ca2, *sub, *nc, *alice, *pin, *self;
static X509 *gw;
struct buf id_buf, asked_buf, auth_buf;

time_t
test_now(void)
{
	return NOW;
}

/* Alice's, but for what a test wants otherwise. */
struct spec
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

void
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

void
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

uint32_t
peer_id(const char *name)
{
	return conf_by_name(conf, CONF_PEER, name)->id;
}

const char *
comment_of(uint32_t identity)
{
	const struct conf_obj *o = conf_by_id(conf, identity);

	return o == NULL ? "" : conf_str(o, CONF_IDENTITY_COMMENT);
}

/* The client */

/* Its AUTH for l's other end. */
void
client_signs(struct login *l, EVP_PKEY *k, const char *id, uint16_t hashes,
    bool pss)
{
	l->verify = l->make = true;
	l->hashes = hashes;
	l->id_peer = id_body(&id_buf, id);
	login_sign(l, &auth_buf, k, hashes, pss);
}

/* One certificate, one ID, our decision. */
void
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

void
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

void
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

void
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
