/*
 * A login as certd decides it, as libFuzzer calls it: the peer's ID, AUTH and
 * CERT payloads against one trusted CA, up to the answer.  Also linked into a
 * unit test that feeds it mutated logins.
 *
 * Input: a byte of flags, two of length and the ID payload's body, a method,
 * two of length and the AUTH payload's data; then CERT payloads, each a byte
 * of encoding, two of length and its data.  With FLAG_SIGN the AUTH is not
 * taken but made with the user's key, so that what stands behind a signature
 * that verifies is reached, too.
 */
#include "tests/fuzz/fuzz_login.h"

#include "lib/conf/conf.h"
#include "lib/log.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

#define FLAG_SIGN	0x01
#define OCTETS_MAX	4096
#define MSG_LEN		72

static const char script[] =
    "/certificate import file-name=ca.pem name=ca\n"
    "/certificate import file-name=own.pem name=own\n"
    "/ip ipsec peer add name=any exchange-mode=ike2 passive=yes\n"
    "/ip ipsec identity add peer=any auth-method=digital-signature "
    "certificate=own\n";

static struct login_env env;
static uint32_t peer;
static EVP_PKEY *ca_key, *user_key;
static X509 *ca;
static bool answered, admitted;

/* What can be asserted about any input is checked; a miss is a crash. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

static time_t
now(void)
{
	return FUZZ_LOGIN_NOW;
}

static EVP_PKEY *
key_of(uint8_t byte)
{
	uint8_t seed[32];
	EVP_PKEY *k;

	memset(seed, byte, sizeof(seed));
	k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
	    sizeof(seed));
	must(k != NULL);
	return k;
}

static void
ca_ext(int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(e != NULL && X509_add_ext(ca, e, -1) == 1);
	X509_EXTENSION_free(e);
}

static void
make_ca(void)
{
	X509_NAME *name;

	ca_key = key_of(1);
	user_key = key_of(2);
	must((ca = X509_new()) != NULL);
	name = X509_get_subject_name(ca);
	X509_set_version(ca, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(ca), 1);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const uint8_t *)"Root", -1, -1, 0) == 1);
	must(X509_set_issuer_name(ca, name) == 1);
	ASN1_TIME_adj(X509_getm_notBefore(ca), FUZZ_LOGIN_NOW, -1, 0);
	ASN1_TIME_adj(X509_getm_notAfter(ca), FUZZ_LOGIN_NOW, 3650, 0);
	must(X509_set_pubkey(ca, ca_key) == 1);
	ca_ext(NID_basic_constraints, "critical,CA:TRUE");
	ca_ext(NID_key_usage, "critical,keyCertSign,cRLSign");
	must(X509_sign(ca, ca_key, NULL) > 0);
}

static void
make_env(void)
{
	struct cert_file f = { .path = "ca.pem" };
	char why[CERT_WHY_MAX];
	struct conf *conf;
	struct cert *c;
	uint8_t *der = NULL;
	int n;

	make_ca();
	must((n = i2d_X509(ca, &der)) > 0);
	f.data = der;
	f.len = (size_t)n;
	must((c = cert_load("ca", &f, 1, true, why)) != NULL);
	OPENSSL_free(der);
	conf = conf_load_mem("fuzz", script, sizeof(script) - 1, NULL, NULL);
	must(conf != NULL);
	peer = conf_by_name(conf, CONF_PEER, "any")->id;
	env.now = now;
	must((env.store = store_new()) != NULL);
	must(store_put(env.store, c) == 0);
	must((env.is = idents_new(conf)) != NULL);
}

static void
drop_line(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	(void)line;
}

static void
need_env(void)
{
	const char *why;

	if (env.store != NULL)
		return;
	must(suite_init(&why) == 0);
	log_set_sink(drop_line, NULL);
	make_env();
}

const X509 *
fuzz_login_ca(void)
{
	need_env();
	return ca;
}

EVP_PKEY *
fuzz_login_ca_key(void)
{
	need_env();
	return ca_key;
}

EVP_PKEY *
fuzz_login_user_key(void)
{
	need_env();
	return user_key;
}

bool
fuzz_login_admitted(void)
{
	return admitted;
}

/* An IKE_SA_INIT message: header, an empty KE payload, a nonce. */
static void
message(uint8_t m[MSG_LEN], bool request, uint8_t nonce)
{
	memset(m, 0, MSG_LEN);
	memset(m, 0x11, 8);
	memset(m + 8, request ? 0 : 0x22, 8);
	m[16] = 34;
	m[17] = 0x20;
	m[18] = 34;
	m[19] = request ? 0x08 : 0x20;
	m[27] = MSG_LEN;
	m[28] = 40;
	m[31] = 8;
	m[39] = 36;
	memset(m + 40, nonce, 32);
}

void
fuzz_login_question(struct login *l)
{
	static uint8_t own[MSG_LEN], theirs[MSG_LEN], sk[2][32];

	need_env();
	message(own, false, 0x44);
	message(theirs, true, 0x33);
	memset(sk[0], 0x55, sizeof(sk[0]));
	memset(sk[1], 0x66, sizeof(sk[1]));
	*l = (struct login){
		.verify = true,
		.peer = peer,
		.parts = {
			.prf = suite_by_id(SUITE_PRF, 5, 0),
			.msg_own = { own, MSG_LEN },
			.msg_peer = { theirs, MSG_LEN },
			.nonce_own = { own + 40, 32 },
			.nonce_peer = { theirs + 40, 32 },
			.sk_own = { sk[0], 32 },
			.sk_peer = { sk[1], 32 },
		},
		.hashes = 0x3c,
	};
	must(addr_parse(&l->local, "203.0.113.1") == 0);
}

static void
on_answer(void *arg, const struct login_answer *a)
{
	(void)arg;
	must(!answered);
	answered = true;
	admitted = a->status == LOGIN_OK;
	must(admitted || a->reason[0] != '\0');
	must(!admitted || strcmp(a->subject, FUZZ_LOGIN_USER) == 0);
}

/* Two bytes of length, and as much as there is of it. */
static struct part
take(struct cur *c)
{
	struct part p = { NULL, 0 };
	uint16_t len = 0;

	(void)cur_u16(c, &len);
	if (len > cur_left(c))
		len = (uint16_t)cur_left(c);
	p = (struct part){ c->p, len };
	must(cur_skip(c, len) == 0);
	return p;
}

static void
sign(struct login *l, struct buf *auth)
{
	const struct sign_row *row;
	char why[SIGN_WHY_MAX];
	struct part octets;
	struct buf b;

	buf_init(&b, OCTETS_MAX + l->id_peer.len);
	must(auth_octets(&l->parts, AUTH_PEER, &l->id_peer, &b) == 0);
	octets = (struct part){ b.data, b.len };
	row = sign_choose(user_key, l->hashes, false, why);
	must(row != NULL && sign_make(row, user_key, &octets, auth) == 0);
	l->method = sign_method(row);
	l->auth = (struct part){ auth->data, auth->len };
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct login l;
	struct buf auth;
	struct cur c;
	uint8_t flags = 0;

	fuzz_login_question(&l);
	buf_init(&auth, SIGN_MAX);
	cur_init(&c, data, size);
	(void)cur_u8(&c, &flags);
	l.id_peer = take(&c);
	(void)cur_u8(&c, &l.method);
	l.auth = take(&c);
	while (l.ncerts < VERIFY_CERTS_MAX &&
	    cur_u8(&c, &l.certs[l.ncerts].encoding) == 0)
		l.certs[l.ncerts++].data = take(&c);
	if ((flags & FLAG_SIGN) != 0)
		sign(&l, &auth);
	answered = admitted = false;
	login_start(&env, &l, on_answer, NULL);
	must(answered && env.pending == 0);
	buf_free(&auth);
	ERR_clear_error();
	return 0;
}
