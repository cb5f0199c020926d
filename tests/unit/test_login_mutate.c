/*
 * The fuzz target of logins, fed with those of each type of key, cut,
 * spliced, flipped and with lengths that lie, from a seed.
 */
#include "cert_util.h"

#include "tests/fuzz/fuzz_login.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

#define ROUNDS	1500	/* of each type of key */

static const char *const kinds[] = { "rsa", "pss", "p256", "p384", "p521",
	"ed25519", "ed448", "user" };
#define NKINDS	((int)(sizeof(kinds) / sizeof(kinds[0])))

static uint64_t state;

static unsigned
rnd(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

static EVP_PKEY *
key_for(const char *kind)
{
	return strcmp(kind, "user") == 0 ? fuzz_login_user_key() :
	    key(kind, 0);
}

static void
put_cert(struct buf *b, const X509 *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	buf_u8(b, CERTENC_X509);
	buf_u16(b, (uint16_t)n);
	buf_put(b, der, (size_t)n);
	OPENSSL_free(der);
}

/* Leaf and intermediate, with much that can be read wrongly. */
static void
put_certs(struct buf *b, EVP_PKEY *k)
{
	X509 *mid, *leaf;

	mid = make(&(struct spec){ .cn = "Mid", .key = key("p256", 1),
	    .issuer = fuzz_login_ca(), .issuer_key = fuzz_login_ca_key(),
	    .ca = true, .nc = "permitted;DNS:example,permitted;email:example,"
		"excluded;IP:10.0.0.0/255.0.0.0" });
	leaf = make(&(struct spec){ .cn = "alice", .key = k, .issuer = mid,
	    .issuer_key = key("p256", 1),
	    .san = "DNS:alice.example,email:alice@example,IP:2001:db8::1,"
		"URI:http://x/,RID:1.2.3,otherName:1.2.3.4;UTF8:u",
	    .eku = "clientAuth,1.3.6.1.5.5.7.3.17",
	    .ku = "digitalSignature" });
	put_cert(b, leaf);
	put_cert(b, mid);
	X509_free(leaf);
	X509_free(mid);
}

static void
put_auth(struct buf *b, EVP_PKEY *k, const struct part *id)
{
	const struct sign_row *row;
	char why[SIGN_WHY_MAX];
	struct part octets;
	struct buf o, sig;
	struct login l;

	fuzz_login_question(&l);
	buf_init(&o, 4096);
	buf_init(&sig, SIGN_MAX);
	ck_assert_int_eq(auth_octets(&l.parts, AUTH_PEER, id, &o), 0);
	octets = (struct part){ o.data, o.len };
	row = sign_choose(k, l.hashes, false, why);
	ck_assert_msg(row != NULL, "%s", why);
	ck_assert_int_eq(sign_make(row, k, &octets, &sig), 0);
	buf_u8(b, sign_method(row));
	buf_u16(b, (uint16_t)sig.len);
	buf_put(b, sig.data, sig.len);
	buf_free(&o);
	buf_free(&sig);
}

static void
seed_of(struct buf *b, const char *kind)
{
	static const uint8_t id[] = "\002\0\0\0alice.example";
	const struct part body = { id, sizeof(id) - 1 };
	EVP_PKEY *k = key_for(kind);

	/* The user's key signs anew, whatever becomes of the ID. */
	buf_u8(b, strcmp(kind, "user") == 0 ? 1 : 0);
	buf_u16(b, (uint16_t)body.len);
	buf_put(b, body.p, body.len);
	put_auth(b, k, &body);
	put_certs(b, k);
	ck_assert_int_eq(buf_error(b), 0);
}

/* One change to one place. */
static void
change(struct buf *b)
{
	static const uint8_t huge[][5] = {
		{ 0x84, 0xff, 0xff, 0xff, 0xff }, { 0x84, 0x7f, 0xff, 0xff,
		0xff }, { 0x83, 0xff, 0xff, 0xff, 0 }, { 0x80, 0, 0, 0, 0 },
		{ 0xff, 0xff, 0xff, 0xff, 0xff }, { 0x82, 0xff, 0xff, 0, 0 },
	};
	unsigned at = 1 + rnd((unsigned)b->len - 1), from, len;

	switch (rnd(6)) {
	case 0:
		b->data[at] ^= (uint8_t)(1u << rnd(8));
		break;
	case 1:
		b->data[at] = (uint8_t)rnd(256);
		break;
	case 2:
		len = (unsigned)b->len - at;
		memcpy(b->data + at, huge[rnd(6)], len < 5 ? len : 5);
		break;
	case 3:
		from = 1 + rnd((unsigned)b->len - 1);
		len = (unsigned)b->len - (at > from ? at : from);
		memmove(b->data + at, b->data + from,
		    1 + rnd(len > 64 ? 64 : len));
		break;
	case 4:
		memset(b->data + at, 0, 1 + rnd((unsigned)b->len - at) % 8);
		break;
	default:
		if (rnd(4) == 0)
			buf_trim(b, at);
		break;
	}
}

START_TEST(mutated)
{
	struct buf seed, b;
	unsigned k;
	int i;

	state = (uint64_t)_i * 2654435761u + 88172645463325252u;
	buf_init(&seed, 1 << 16);
	buf_init(&b, 1 << 16);
	seed_of(&seed, kinds[_i]);
	(void)LLVMFuzzerTestOneInput(seed.data, seed.len);
	ck_assert_msg(fuzz_login_admitted(), "%s", kinds[_i]);
	for (i = 0; i < ROUNDS; i++) {
		buf_reset(&b);
		buf_put(&b, seed.data, seed.len);
		for (k = 1 + rnd(4); k > 0 && b.len > 2; k--)
			change(&b);
		(void)LLVMFuzzerTestOneInput(b.data, b.len);
	}
	buf_free(&seed);
	buf_free(&b);
}
END_TEST

/* Each place once, with each bit. */
START_TEST(cut_and_flipped)
{
	struct buf b;
	size_t i, n;

	buf_init(&b, 1 << 16);
	seed_of(&b, "user");
	n = b.len;
	for (i = 0; i < n; i++) {
		(void)LLVMFuzzerTestOneInput(b.data, i);
		b.data[i] ^= (uint8_t)(1u << i % 8);
		(void)LLVMFuzzerTestOneInput(b.data, n);
		b.data[i] ^= (uint8_t)(1u << i % 8);
	}
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("login_mutate");
	TCase *tc = tcase_create("mutate");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, mutated, 0, NKINDS);
	tcase_add_test(tc, cut_and_flipped);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
