/*
 * What certd reads of a peer, as libFuzzer calls it: certificates, raw keys
 * and signatures.  Also linked into a unit test that feeds it mutated ones,
 * so that it runs without libFuzzer.
 *
 * Input: one byte that says how the rest is taken.  0: CERT payloads, each a
 * byte of encoding, two of length and its data; 1: a method and an AUTH
 * payload's data, tried with a key of each kind; 2: a file.
 */
#include "certd/certfile.h"
#include "certd/certid.h"
#include "certd/keycheck.h"
#include "certd/sign.h"
#include "certd/verify.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

#define NOW	1767225600

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What can be asserted about any input is checked; a miss is a crash. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
names(const X509 *x)
{
	struct ikeid id;
	char text[128];

	must(strlen(cert_subject(x, text, sizeof(text))) < sizeof(text));
	if (certid_first(x, &id) == 0)
		must(certid_has(x, &id));
	memset(&id, 0, sizeof(id));
	id.type = IKEID_FQDN;
	id.len = 1;
	id.data[0] = 'a';
	(void)certid_has(x, &id);
	id.type = IKEID_KEY_ID;
	(void)certid_has(x, &id);
	id.type = IKEID_GN;
	(void)certid_has(x, &id);
}

static void
take_payloads(struct cur *c)
{
	static struct trust *trust;
	struct cert_payload p[VERIFY_CERTS_MAX];
	char why[VERIFY_WHY_MAX] = "";
	STACK_OF(X509) *chain;
	struct shown s;
	uint16_t len;
	size_t n;

	if (trust == NULL)
		trust = trust_new(false);
	must(trust != NULL);
	for (n = 0; n < VERIFY_CERTS_MAX; n++) {
		if (cur_u8(c, &p[n].encoding) == -1 || cur_u16(c, &len) == -1)
			break;
		if (len > cur_left(c))
			len = (uint16_t)cur_left(c);
		p[n].data = (struct part){ c->p, len };
		must(cur_skip(c, len) == 0);
	}
	if (shown_read(&s, p, n, why) == -1)
		must(why[0] != '\0');
	else if (s.leaf != NULL) {
		must(verify_leaf(s.leaf, false, NOW, why) || why[0] != '\0');
		/* Nothing is trusted here. */
		chain = verify_chain(trust, s.leaf, s.others, NOW, why);
		must(chain == NULL && why[0] != '\0');
		names(s.leaf);
	} else if (s.key != NULL)
		must(key_check(s.key, false, why, sizeof(why)) ||
		    why[0] != '\0');
	shown_free(&s);
}

static void
take_auth(struct cur *c)
{
	static const char *const kinds[] = { "P-256", "P-521", "ED25519",
		"ED448", "RSA" };
	static EVP_PKEY *keys[5];
	const struct part octets = { "octets", 6 };
	struct part auth;
	const struct sign_row *row;
	char why[SIGN_WHY_MAX];
	uint8_t method;
	size_t i;

	if (cur_u8(c, &method) == -1)
		return;
	auth = (struct part){ c->p, cur_left(c) };
	for (i = 0; i < 5; i++) {
		if (keys[i] == NULL)
			keys[i] = i < 2 ? EVP_EC_gen(kinds[i]) : i == 4 ?
			    EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
			    (size_t)1024) :
			    EVP_PKEY_Q_keygen(NULL, NULL, kinds[i]);
		must(keys[i] != NULL);
		why[0] = '\0';
		must(sign_verify(method, &auth, keys[i], &octets, true, &row,
		    why) == -1 && why[0] != '\0');
	}
}

static void
take_file(struct cur *c)
{
	static const uint8_t pass[] = "x";
	struct secret s = { (uint8_t *)(uintptr_t)pass, 1 };
	struct cert_file f = { "f", c->p, cur_left(c), &s };
	char why[CERT_WHY_MAX] = "";
	struct cert *x = cert_load("x", &f, 1, true, why);

	must(x != NULL || why[0] != '\0');
	cert_unref(&x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c;
	uint8_t how;

	cur_init(&c, data, size);
	if (cur_u8(&c, &how) == -1)
		return 0;
	if (how == 0)
		take_payloads(&c);
	else if (how == 1)
		take_auth(&c);
	else if (how == 2)
		take_file(&c);
	ERR_clear_error();
	return 0;
}
