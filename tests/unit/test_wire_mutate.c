/*
 * Well-formed messages with random damage, through the fuzz target: nothing
 * may crash, and each refusal has its reason.  A failure names its seed.
 */
#include "ikepd/proposal.h"
#include "ikepd/tsel.h"
#include "ikepd/wire/body.h"
#include "ikepd/wire/writer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define ROUNDS		6000	/* of each sample */
#define NSAMPLES	4

static struct buf samples[NSAMPLES];
static const uint8_t spi[8] = { 0xc0, 1, 2, 3, 4, 5, 6, 7 };
static uint32_t state;

static uint32_t
rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

static void
put_offer(struct buf *b, uint8_t proto, size_t spi_len)
{
	struct offer o;
	const struct alg *a;

	offer_init(&o, proto);
	for (unsigned kind = SUITE_ENCR; kind <= SUITE_KE; kind++) {
		unsigned phase = proto == PROTO_IKE ? ALG_PHASE1 : ALG_PHASE2;

		a = NULL;
		for (unsigned i = 0; i < 6 &&
		    (a = suite_next(kind, phase, a)) != NULL; i++)
			if (kind != SUITE_PRF || proto == PROTO_IKE)
				offer_add(&o, a);
	}
	if (proto != PROTO_IKE)
		ck_assert_int_eq(offer_add_esn(&o, true, true), 0);
	prop_put(b, &o, 0, spi, spi_len);
}

static void
put_ts(struct buf *b)
{
	struct ts_list l = { 0 };
	struct prefix p;
	struct ts t;

	prefix_parse(&p, "10.1.2.3/32", true);
	ts_from_prefix(&t, &p, 17, 53);
	tsel_add(&l, &t);
	prefix_parse(&p, "10.1.0.0/16", true);
	ts_from_prefix(&t, &p, 0, -1);
	tsel_add(&l, &t);
	prefix_parse(&p, "2001:db8::/48", true);
	ts_from_prefix(&t, &p, 6, -1);
	tsel_add(&l, &t);
	ts_put(b, &l);
}

/* IKE_SA_INIT as a datagram */
static void
make_init(struct buf *b)
{
	struct ike_hdr h = { .ispi = 0x1122334455667788,
		.exchange = IKE_SA_INIT, .flags = IKE_FLAG_INITIATOR };
	uint8_t zero[256] = { 0 };
	struct msg_writer w;

	buf_u8(b, 255);
	msg_begin(&w, b, &h);
	msg_payload(&w, PL_SA);
	put_offer(b, PROTO_IKE, 0);
	msg_payload(&w, PL_KE);
	ke_put(b, 31, zero, 32);
	msg_add(&w, PL_NONCE, zero, 32);
	msg_notify(&w, N_NAT_DETECTION_SOURCE_IP, zero, 20);
	msg_notify(&w, N_NAT_DETECTION_DESTINATION_IP, zero, 20);
	msg_notify(&w, N_SIGNATURE_HASH_ALGORITHMS, zero, 8);
	msg_add(&w, PL_VENDOR, "somebody", 8);
	ck_assert_int_eq(msg_end(&w), 0);
}

/* The content of IKE_AUTH: a chain without header. */
static void
make_auth(struct buf *b)
{
	struct ike_hdr h = { .ispi = 1, .exchange = IKE_AUTH };
	struct msg_writer w;
	struct buf m;

	buf_init(&m, 65536);
	msg_begin(&w, &m, &h);
	msg_payload(&w, PL_IDI);
	id_put(&m, ID_FQDN, "east.example.org", 16);
	msg_payload(&w, PL_IDR);
	id_put(&m, ID_IPV4_ADDR, "\xc0\x00\x02\x01", 4);
	msg_payload(&w, PL_CERT);
	cert_put(&m, 4, "not a certificate", 17);
	msg_payload(&w, PL_AUTH);
	auth_put(&m, AUTH_PSK, "0123456789abcdef0123456789abcdef", 32);
	msg_payload(&w, PL_CP);
	cp_put(&m, CP_REQUEST);
	cp_put_attr(&m, 1, NULL, 0);
	cp_put_attr(&m, 3, "\x0a\x00\x00\x01", 4);
	msg_payload(&w, PL_SA);
	put_offer(&m, PROTO_ESP, 4);
	msg_payload(&w, PL_TSI);
	put_ts(&m);
	msg_payload(&w, PL_TSR);
	put_ts(&m);
	msg_notify(&w, N_USE_TRANSPORT_MODE, NULL, 0);
	msg_notify_spi(&w, PROTO_ESP, spi, 4, N_REKEY_SA, NULL, 0);
	msg_payload(&w, PL_DELETE);
	delete_put_esp(&m, (const uint32_t[]){ 1, 2, 3 }, 3);
	msg_add(&w, PL_EAP, "\x01\x01\x00\x05\x01", 5);
	ck_assert_int_eq(msg_end(&w), 0);
	buf_u8(b, 16);
	buf_u8(b, m.data[16]);
	buf_put(b, m.data + IKE_HDR_LEN, m.len - IKE_HDR_LEN);
	buf_free(&m);
}

static void
setup(void)
{
	const char *why = "";

	ck_assert_msg(suite_init(&why) == 0, "%s", why);
	for (unsigned i = 0; i < NSAMPLES; i++)
		buf_init(&samples[i], 65536);
	make_init(&samples[0]);
	make_auth(&samples[1]);
	buf_u8(&samples[2], 0);
	put_offer(&samples[2], PROTO_ESP, 4);
	buf_u8(&samples[3], PL_TSI - PL_SA);
	put_ts(&samples[3]);
}

static void
teardown(void)
{
	for (unsigned i = 0; i < NSAMPLES; i++)
		buf_free(&samples[i]);
}

/* One kind of damage; the new length. */
static size_t
damage(uint8_t *p, size_t len)
{
	static const uint8_t odd[] = { 0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xff };
	size_t at, n;

	if (len < 3)
		return len;
	at = 1 + rnd((uint32_t)len - 1);
	switch (rnd(6)) {
	case 0:
		p[at] ^= (uint8_t)(1u << rnd(8));
		break;
	case 1:
		p[at] = odd[rnd(sizeof(odd))];
		break;
	case 2:
		p[at] = (uint8_t)rnd(256);
		break;
	case 3:			/* cut off */
		return at;
	case 4:			/* cut out */
		n = rnd(16);
		if (n > len - at)
			n = len - at;
		memmove(p + at, p + at + n, len - at - n);
		return len - n > 1 ? len - n : 2;
	case 5:			/* repeat from elsewhere */
		n = rnd(16);
		if (at + n <= len)
			memmove(p + 1 + rnd((uint32_t)(len - n)), p + at, n);
		break;
	}
	return len;
}

/* The header's length follows the datagram, or little would get past it. */
static void
mend(uint8_t *p, size_t len)
{
	if (p[0] <= 16 || len < 1 + IKE_HDR_LEN || rnd(8) == 0)
		return;
	p[25] = p[26] = 0;
	p[27] = (uint8_t)((len - 1) >> 8);
	p[28] = (uint8_t)(len - 1);
}

START_TEST(intact)
{
	for (unsigned i = 0; i < NSAMPLES; i++)
		LLVMFuzzerTestOneInput(samples[i].data, samples[i].len);
	LLVMFuzzerTestOneInput(NULL, 0);
}
END_TEST

/* Each prefix of each sample. */
START_TEST(cut_off)
{
	const struct buf *s = &samples[_i];

	for (size_t n = 1; n < s->len; n++) {
		uint8_t *p = malloc(n);

		ck_assert_ptr_nonnull(p);
		memcpy(p, s->data, n);
		mend(p, n);
		LLVMFuzzerTestOneInput(p, n);
		free(p);
	}
}
END_TEST

START_TEST(damaged)
{
	const struct buf *s = &samples[_i];

	for (uint32_t seed = 1; seed <= ROUNDS; seed++) {
		uint8_t *p = malloc(s->len), *q;
		size_t n = s->len;

		ck_assert_ptr_nonnull(p);
		memcpy(p, s->data, n);
		state = seed * 2654435761u + 1;
		for (unsigned k = 1 + rnd(4); k > 0; k--)
			n = damage(p, n);
		mend(p, n);
		/* as large as it is, for the sanitizer */
		ck_assert_ptr_nonnull(q = realloc(p, n));
		LLVMFuzzerTestOneInput(q, n);
		free(q);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wire damage");
	TCase *t = tcase_create("damage");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, intact);
	tcase_add_loop_test(t, cut_off, 0, NSAMPLES);
	tcase_add_loop_test(t, damaged, 0, NSAMPLES);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
