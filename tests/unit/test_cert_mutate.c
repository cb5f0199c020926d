/*
 * The fuzz target fed with certificates, signatures and files that are cut,
 * spliced and flipped at random, from a seed.
 */
#include "certd/sign.h"
#include "certd/verify.h"

#include "cert_util.h"

#include <check.h>

#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

#define ROUNDS	1500	/* of each kind of input and seed */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t state;

static unsigned
rnd(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

static void
put_payload(struct buf *b, uint8_t encoding, const X509 *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	buf_u8(b, encoding);
	buf_u16(b, (uint16_t)n);
	buf_put(b, der, (size_t)n);
	OPENSSL_free(der);
}

static void
seed_payloads(struct buf *b)
{
	uint8_t *der = NULL;
	X509 *ca, *x;
	int n;

	ca = make(&(struct spec){ .cn = "Root", .key = key("p256", 0),
	    .ca = true, .nc = "permitted;DNS:example,excluded;IP:10.0.0.0/"
	    "255.0.0.0" });
	x = make(&(struct spec){ .cn = "leaf", .key = key("ed25519", 0),
	    .issuer = ca, .issuer_key = key("p256", 0),
	    .san = "DNS:a.example,email:a@example,IP:2001:db8::1,"
		"URI:http://x/,RID:1.2.3,otherName:1.2.3.4;UTF8:u",
	    .eku = "serverAuth,ipsecEndSystem", .ku = "digitalSignature" });
	buf_u8(b, 0);
	put_payload(b, CERTENC_X509, x);
	put_payload(b, CERTENC_X509, ca);
	n = i2d_PUBKEY(key("ed448", 0), &der);
	buf_u8(b, CERTENC_RAW_KEY);
	buf_u16(b, (uint16_t)n);
	buf_put(b, der, (size_t)n);
	OPENSSL_free(der);
	X509_free(x);
	X509_free(ca);
}

static void
seed_auth(struct buf *b)
{
	static const char *const kinds[] = { "p256", "p521", "ed25519",
		"ed448", "rsa" };
	const struct part octets = { "other octets", 12 };
	EVP_PKEY *k = key(kinds[rnd(5)], 0);
	const struct sign_row *row;
	char why[SIGN_WHY_MAX];

	row = sign_choose(k, rnd(3) ? 0x3c : 0, rnd(2), why);
	if (row == NULL)
		row = sign_choose(k, 0x3c, false, why);
	buf_u8(b, 1);
	buf_u8(b, sign_method(row));
	ck_assert_int_eq(sign_make(row, k, &octets, b), 0);
}

static void
seed_file(struct buf *b)
{
	X509 *x = make(&(struct spec){ .cn = "x", .key = key("p256", 0) });

	buf_u8(b, 2);
	file_put_cert(b, x);
	file_put_key(b, key("p256", 0));
	X509_free(x);
}

/* A few changes: bits, bytes, a piece moved, the end cut off. */
static void
mutate(struct buf *b)
{
	unsigned n = 1 + rnd(4), at, from, len;

	while (n-- > 0 && b->len > 2) {
		at = 1 + rnd((unsigned)b->len - 1);
		switch (rnd(5)) {
		case 0:
			b->data[at] ^= (uint8_t)(1u << rnd(8));
			break;
		case 1:
			b->data[at] = (uint8_t)rnd(256);
			break;
		case 2:
			b->data[at] = rnd(2) ? 0xff : 0x80;
			break;
		case 3:
			from = 1 + rnd((unsigned)b->len - 1);
			len = (unsigned)b->len - (at > from ? at : from);
			memmove(b->data + at, b->data + from,
			    1 + rnd(len > 64 ? 64 : len));
			break;
		default:
			if (rnd(4) == 0)
				buf_trim(b, at);
			break;
		}
	}
}

START_TEST(mutated)
{
	static void (*const seeds[])(struct buf *) = { seed_payloads,
		seed_auth, seed_file };
	struct buf seed, b;
	int i;

	state = (uint64_t)_i * 2654435761u + 88172645463325252u;
	buf_init(&seed, 1 << 20);
	buf_init(&b, 1 << 20);
	seeds[_i % 3](&seed);
	(void)LLVMFuzzerTestOneInput(seed.data, seed.len);
	for (i = 0; i < ROUNDS; i++) {
		buf_reset(&b);
		buf_put(&b, seed.data, seed.len);
		mutate(&b);
		(void)LLVMFuzzerTestOneInput(b.data, b.len);
	}
	buf_free(&seed);
	buf_free(&b);
}
END_TEST

static void
setup(void)
{
	const char *why;

	ck_assert_int_eq(suite_init(&why), 0);
	state = 1;
	(void)key("rsa", 0);
}

int
main(void)
{
	Suite *s = suite_create("cert_mutate");
	TCase *tc = tcase_create("mutate");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 300);
	tcase_add_unchecked_fixture(tc, setup, keys_free);
	tcase_add_loop_test(tc, mutated, 0, 9);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
