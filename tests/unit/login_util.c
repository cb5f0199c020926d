#include "login_util.h"

#include <check.h>

#include <string.h>

#define LEN	72	/* of a message of ours */

static uint8_t msg_i[LEN], msg_r[LEN];
static uint8_t nonce_i[32] = { 1 }, nonce_r[32] = { 2 };
static uint8_t sk_i[32] = { 3 }, sk_r[32] = { 4 };

/* Header, a KE payload of nothing, a nonce. */
static void
message(uint8_t *m, bool request, const uint8_t *nonce)
{
	struct buf b;

	buf_init(&b, LEN);
	buf_u64(&b, 0x1122334455667788);
	buf_u64(&b, request ? 0 : 0x99aabbccddeeff00);
	buf_u8(&b, 34);
	buf_u8(&b, 0x20);
	buf_u8(&b, 34);
	buf_u8(&b, request ? 0x08 : 0x20);
	buf_u32(&b, 0);
	buf_u32(&b, LEN);
	buf_u16(&b, 40 << 8);
	buf_u16(&b, 8);
	buf_u32(&b, 0);
	buf_u16(&b, 0);
	buf_u16(&b, 36);
	buf_put(&b, nonce, 32);
	ck_assert_int_eq(buf_error(&b), 0);
	memcpy(m, b.data, LEN);
	buf_free(&b);
}

struct login
login_of(uint32_t peer, bool initiator)
{
	const struct part mi = { msg_i, LEN }, mr = { msg_r, LEN };
	const struct part ni = { nonce_i, 32 }, nr = { nonce_r, 32 };
	const struct part ki = { sk_i, 32 }, kr = { sk_r, 32 };
	struct login l = {
		.peer = peer,
		.parts = {
			.prf = suite_by_id(SUITE_PRF, 5, 0),
			.initiator = initiator,
			.msg_own = initiator ? mi : mr,
			.msg_peer = initiator ? mr : mi,
			.nonce_own = initiator ? ni : nr,
			.nonce_peer = initiator ? nr : ni,
			.sk_own = initiator ? ki : kr,
			.sk_peer = initiator ? kr : ki,
		},
		.method = AUTH_METHOD_PSK,
	};

	message(msg_i, true, nonce_i);
	message(msg_r, false, nonce_r);
	ck_assert_int_eq(addr_parse(&l.local, "203.0.113.1"), 0);
	return l;
}

struct auth_parts
parts_mirrored(const struct auth_parts *p)
{
	struct auth_parts theirs = *p;

	theirs.initiator = !p->initiator;
	theirs.msg_own = p->msg_peer;
	theirs.msg_peer = p->msg_own;
	theirs.nonce_own = p->nonce_peer;
	theirs.nonce_peer = p->nonce_own;
	theirs.sk_own = p->sk_peer;
	theirs.sk_peer = p->sk_own;
	return theirs;
}

struct part
id_body(struct buf *b, const char *text)
{
	const char *why;
	struct ikeid id;

	buf_reset(b);
	if (text == NULL)
		return (struct part){ NULL, 0 };
	ck_assert_msg(ikeid_parse(&id, text, &why) == 0, "%s: %s", text, why);
	ikeid_put_body(b, &id);
	return (struct part){ b->data, b->len };
}

void
login_keep(void *arg, const struct login_answer *a)
{
	struct login_answer *to = arg;

	*to = *a;
}

void
login_show(struct login *l, uint8_t encoding, const X509 *x)
{
	struct cert_payload *p = &l->certs[l->ncerts++];
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	ck_assert_int_gt(n, 0);
	p->encoding = encoding;
	p->data = (struct part){ der, (size_t)n };
}

void
login_hide(struct login *l)
{
	while (l->ncerts > 0)
		OPENSSL_free((void *)(uintptr_t)l->certs[--l->ncerts].data.p);
}

void
login_sign(struct login *l, struct buf *auth, EVP_PKEY *k, uint16_t hashes,
    bool pss)
{
	struct auth_parts theirs = parts_mirrored(&l->parts);
	const struct sign_row *row;
	char why[SIGN_WHY_MAX];
	struct part octets;
	struct buf b;

	buf_init(&b, 65536);
	ck_assert_int_eq(auth_octets(&theirs, AUTH_OWN, &l->id_peer, &b), 0);
	octets = (struct part){ b.data, b.len };
	row = sign_choose(k, hashes, pss, why);
	ck_assert_ptr_nonnull(row);
	buf_reset(auth);
	ck_assert_int_eq(sign_make(row, k, &octets, auth), 0);
	l->method = sign_method(row);
	l->auth = (struct part){ auth->data, auth->len };
	buf_free(&b);
}

void
drop_line(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	(void)line;
}
