/* Header, chain, writer, and round trips of every payload body. */
#include "ikepd/wire/body.h"
#include "ikepd/wire/header.h"
#include "ikepd/wire/payload.h"
#include "ikepd/wire/sa.h"
#include "ikepd/wire/ts.h"
#include "ikepd/wire/writer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MSG_MAX	70000

static struct buf b;
static struct wire_err err;

static void
setup(void)
{
	buf_init(&b, MSG_MAX);
	memset(&err, 0, sizeof(err));
}

static void
teardown(void)
{
	buf_free(&b);
}

static struct cur
whole(void)
{
	struct cur c;

	cur_init(&c, b.data, b.len);
	return c;
}

static bool
cur_is(const struct cur *c, const void *p, size_t n)
{
	return cur_left(c) == n && (n == 0 || memcmp(c->p, p, n) == 0);
}

static const struct ike_hdr hdr0 = {
	.ispi = 0x0102030405060708, .rspi = 0x1112131415161718,
	.exchange = IKE_AUTH, .flags = IKE_FLAG_INITIATOR, .msgid = 7,
};

START_TEST(header_round_trip)
{
	static const uint8_t want[IKE_HDR_LEN] = {
		1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
		0x17, 0x18, PL_SK, 0x20, IKE_AUTH, 0x08, 0, 0, 0, 7, 0, 0, 0,
		IKE_HDR_LEN,
	};
	struct ike_hdr in = hdr0, out;

	in.next = PL_SK;
	in.length = IKE_HDR_LEN;
	ike_hdr_put(&b, &in);
	ck_assert_uint_eq(b.len, sizeof(want));
	ck_assert_mem_eq(b.data, want, sizeof(want));
	ck_assert_int_eq(ike_hdr_parse(&out, b.data, b.len, &err),
	    IKE_HDR_V2);
	ck_assert(out.ispi == in.ispi && out.rspi == in.rspi);
	ck_assert_uint_eq(out.next, PL_SK);
	ck_assert_uint_eq(out.major, 2);
	ck_assert_uint_eq(out.minor, 0);
	ck_assert_uint_eq(out.exchange, IKE_AUTH);
	ck_assert_uint_eq(out.flags, IKE_FLAG_INITIATOR);
	ck_assert_uint_eq(out.msgid, 7);
	ck_assert_uint_eq(out.length, IKE_HDR_LEN);
}
END_TEST

START_TEST(header_versions)
{
	static const struct {
		uint8_t version;
		enum ike_hdr_kind kind;
	} rows[] = {
		{ 0x00, IKE_HDR_BAD }, { 0x10, IKE_HDR_V1 },
		{ 0x20, IKE_HDR_V2 }, { 0x2f, IKE_HDR_V2 },
		{ 0x30, IKE_HDR_NEWER }, { 0xff, IKE_HDR_NEWER },
	};
	struct ike_hdr h = hdr0;

	h.length = IKE_HDR_LEN;
	ike_hdr_put(&b, &h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b.data[17] = rows[i].version;
		ck_assert_int_eq(ike_hdr_parse(&h, b.data, b.len, &err),
		    rows[i].kind);
	}
	ck_assert_uint_eq(err.notify, N_INVALID_MAJOR_VERSION);
	/* An aggressive mode of IKEv1 is recognised whatever its length. */
	b.data[17] = 0x10;
	b.data[18] = 4;
	b.data[27] = 99;
	ck_assert_int_eq(ike_hdr_parse(&h, b.data, b.len, &err), IKE_HDR_V1);
	ck_assert_str_eq(ike_v1_exchange_name(h.exchange), "aggressive mode");
}
END_TEST

START_TEST(header_lengths)
{
	struct ike_hdr h = hdr0;

	h.length = 40;
	ike_hdr_put(&b, &h);
	buf_zero(&b, 13);
	for (size_t n = 0; n <= b.len; n++)
		ck_assert_int_eq(ike_hdr_parse(&h, b.data, n, &err),
		    n == 40 ? IKE_HDR_V2 : IKE_HDR_BAD);
	b.data[27] = 0;
	ck_assert_int_eq(ike_hdr_parse(&h, b.data, 40, &err), IKE_HDR_BAD);
	b.data[27] = 40;
	memset(b.data, 0, 8);
	ck_assert_int_eq(ike_hdr_parse(&h, b.data, 40, &err), IKE_HDR_BAD);
	ck_assert_str_eq(err.why, "initiator's SPI is zero");
}
END_TEST

/* Puts one generic payload by hand. */
static void
put_payload(uint8_t next, uint8_t flags, uint16_t len, size_t body)
{
	buf_u8(&b, next);
	buf_u8(&b, flags);
	buf_u16(&b, len);
	buf_zero(&b, body);
}

START_TEST(chain_critical)
{
	struct msg_payloads m;

	/* unknown, not critical: skipped; RFC 7296 2.5 */
	put_payload(PL_NONCE, 0, 8, 4);
	put_payload(PL_NONE, 0, 20, 16);
	ck_assert_int_eq(payloads_parse(&m, 200, whole(), false, &err), 0);
	ck_assert_uint_eq(m.n, 1);
	ck_assert_uint_eq(m.skipped, 1);
	ck_assert_uint_eq(m.pl[0].type, PL_NONCE);
	/* an IKEv1 number is as unknown */
	ck_assert_int_eq(payloads_parse(&m, 1, whole(), false, &err), 0);
	/* critical: refused with its type */
	b.data[1] = 0x80;
	ck_assert_int_eq(payloads_parse(&m, 200, whole(), false, &err), -1);
	ck_assert_uint_eq(err.notify, N_UNSUPPORTED_CRITICAL_PAYLOAD);
	ck_assert_uint_eq(err.payload, 200);
	/* the bit means nothing on a known one, nor do reserved bits */
	b.data[1] = 0xff;
	ck_assert_int_eq(payloads_parse(&m, PL_VENDOR, whole(), false, &err),
	    0);
	ck_assert_uint_eq(m.n, 2);
}
END_TEST

START_TEST(chain_sk_is_last)
{
	struct msg_payloads m;

	put_payload(PL_SK, 0, 8, 4);
	put_payload(PL_IDI, 0, 40, 36);
	ck_assert_int_eq(payloads_parse(&m, PL_NOTIFY, whole(), false, &err),
	    0);
	ck_assert_uint_eq(m.n, 2);
	ck_assert_uint_eq(m.pl[1].first, PL_IDI);
	ck_assert_uint_eq(cur_left(&m.pl[1].body), 36);
	ck_assert_uint_eq(payload_sk_aad(&m.pl[1], b.data), 12);
	ck_assert_int_eq(payloads_parse(&m, PL_NOTIFY, whole(), true, &err),
	    -1);
	ck_assert_uint_eq(err.payload, PL_SK);
	put_payload(PL_NONE, 0, 4, 0);
	ck_assert_int_eq(payloads_parse(&m, PL_NOTIFY, whole(), false, &err),
	    -1);
	ck_assert_str_eq(err.why, "bytes behind the last payload");
}
END_TEST

START_TEST(chain_limits)
{
	static const struct {
		uint8_t type;
		unsigned most;
	} rows[] = {
		{ PL_SA, 1 }, { PL_KE, 1 }, { PL_IDI, 1 }, { PL_IDR, 1 },
		{ PL_AUTH, 1 }, { PL_NONCE, 1 }, { PL_TSI, 1 },
		{ PL_TSR, 1 }, { PL_CP, 1 }, { PL_EAP, 1 },
		{ PL_CERT, 16 }, { PL_CERTREQ, 8 }, { PL_NOTIFY, 48 },
		{ PL_DELETE, 8 }, { PL_VENDOR, 32 },
	};
	struct msg_payloads m;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned n = rows[i].most; n <= rows[i].most + 1; n++) {
			buf_reset(&b);
			for (unsigned j = 1; j <= n; j++)
				put_payload(j < n ? rows[i].type : PL_NONE, 0,
				    4, 0);
			ck_assert_int_eq(payloads_parse(&m, rows[i].type,
			    whole(), false, &err),
			    n == rows[i].most ? 0 : -1);
		}
		ck_assert_uint_eq(err.payload, rows[i].type);
	}
	/* all together, and with unknown ones */
	buf_reset(&b);
	for (unsigned j = 0; j < 48; j++)
		put_payload(PL_NOTIFY + (j == 47), 0, 4, 0);
	for (unsigned j = 0; j < 8; j++)
		put_payload(PL_DELETE + (j == 7), 0, 4, 0);
	for (unsigned j = 0; j < 8; j++)
		put_payload(j == 7 ? 0 : PL_VENDOR, 0, 4, 0);
	ck_assert_int_eq(payloads_parse(&m, PL_NOTIFY, whole(), false, &err),
	    0);
	ck_assert_uint_eq(m.n, MSG_PAYLOADS_MAX);
	b.data[b.len - 4] = PL_VENDOR;
	put_payload(PL_NONE, 0, 4, 0);
	ck_assert_int_eq(payloads_parse(&m, PL_NOTIFY, whole(), false, &err),
	    -1);
	buf_reset(&b);
	for (unsigned j = 0; j < 1000; j++)
		put_payload(250, 0, 4, 0);
	ck_assert_int_eq(payloads_parse(&m, 250, whole(), false, &err), -1);
	ck_assert_str_eq(err.why, "too many payloads in a message");
}
END_TEST

START_TEST(writer_chain)
{
	static const uint8_t nonce[16] = { 1, 2, 3 };
	static const uint8_t spi[4] = { 0xc0, 1, 2, 3 };
	const struct payload *p;
	struct notify_body n;
	struct msg_writer w;
	struct msg_payloads m;
	struct ike_hdr h;
	struct cur c;

	buf_put(&b, "ahead", 5);	/* a message need not begin at zero */
	msg_begin(&w, &b, &hdr0);
	msg_add(&w, PL_NONCE, nonce, sizeof(nonce));
	msg_notify(&w, N_COOKIE, "xyz", 3);
	msg_notify_spi(&w, PROTO_ESP, spi, 4, N_REKEY_SA, NULL, 0);
	ck_assert_int_eq(msg_end(&w), 0);
	ck_assert_int_eq(ike_hdr_parse(&h, msg_bytes(&w), msg_len(&w), &err),
	    IKE_HDR_V2);
	cur_init(&c, msg_bytes(&w) + IKE_HDR_LEN, msg_len(&w) - IKE_HDR_LEN);
	ck_assert_int_eq(payloads_parse(&m, h.next, c, false, &err), 0);
	ck_assert_uint_eq(m.n, 3);
	p = payload_get(&m, PL_NONCE);
	ck_assert(cur_is(&p->body, nonce, sizeof(nonce)));
	ck_assert_ptr_null(payload_get(&m, PL_SA));
	p = payload_get(&m, PL_NOTIFY);
	ck_assert_int_eq(notify_parse(&n, p->body, &err), 0);
	ck_assert_uint_eq(n.type, N_COOKIE);
	ck_assert(cur_is(&n.data, "xyz", 3));
	p = payload_next(&m, p);
	ck_assert_int_eq(notify_parse(&n, p->body, &err), 0);
	ck_assert_uint_eq(notify_spi(&n, 4), 0xc0010203);
	ck_assert_uint_eq(notify_spi(&n, 8), 0);
	ck_assert_ptr_null(payload_next(&m, p));
}
END_TEST

START_TEST(writer_sk)
{
	struct msg_payloads m, in;
	const struct payload *sk;
	struct msg_writer w;
	struct ike_hdr h;
	struct cur c;
	size_t n;

	for (unsigned inner = 0; inner < 2; inner++) {
		buf_reset(&b);
		msg_begin(&w, &b, &hdr0);
		msg_notify(&w, N_COOKIE, "clear", 5);
		msg_sk_begin(&w, 8);
		if (inner)
			msg_notify(&w, N_INITIAL_CONTACT, NULL, 0);
		n = msg_sk_close(&w);
		ck_assert_uint_eq(n, inner ? 8 : 0);
		ck_assert_int_eq(msg_sk_end(&w, 8 + n + 1 + 16), 0);
		ck_assert_int_eq(ike_hdr_parse(&h, msg_bytes(&w),
		    msg_len(&w), &err), IKE_HDR_V2);
		cur_init(&c, msg_bytes(&w) + IKE_HDR_LEN,
		    msg_len(&w) - IKE_HDR_LEN);
		ck_assert_int_eq(payloads_parse(&m, h.next, c, false, &err),
		    0);
		sk = payload_get(&m, PL_SK);
		ck_assert_uint_eq(sk->first, inner ? PL_NOTIFY : PL_NONE);
		ck_assert_uint_eq(payload_sk_aad(sk, msg_bytes(&w)),
		    msg_sk_aad(&w));
		ck_assert_uint_eq(cur_left(&sk->body), 8 + n + 17);
		c = sk->body;
		cur_skip(&c, 8);
		cur_sub(&c, &c, n);
		ck_assert_int_eq(payloads_parse(&in, sk->first, c, true,
		    &err), 0);
		ck_assert_uint_eq(in.n, inner);
	}
}
END_TEST

START_TEST(writer_limits)
{
	static uint8_t big[65536];
	struct msg_writer w;

	msg_begin(&w, &b, &hdr0);
	msg_add(&w, PL_VENDOR, big, 65531);
	ck_assert_int_eq(msg_end(&w), 0);
	buf_reset(&b);
	msg_begin(&w, &b, &hdr0);
	msg_add(&w, PL_VENDOR, big, 65532);
	ck_assert_int_eq(msg_end(&w), -1);
	buf_reset(&b);
	msg_begin(&w, &b, &hdr0);
	msg_sk_begin(&w, 8);
	msg_add(&w, PL_VENDOR, big, 65500);
	msg_sk_close(&w);
	ck_assert_int_eq(msg_sk_end(&w, 65532), -1);
	buf_reset(&b);
	msg_begin(&w, &b, &hdr0);
	msg_sk_begin(&w, 8);
	msg_add(&w, PL_VENDOR, big, 100);
	ck_assert_int_eq(msg_sk_end(&w, 50), -1);
	/* a full buffer is an error, not an overrun */
	buf_free(&b);
	buf_init(&b, 60);
	msg_begin(&w, &b, &hdr0);
	msg_add(&w, PL_VENDOR, big, 40);
	msg_notify(&w, N_COOKIE, NULL, 0);
	ck_assert_int_eq(msg_end(&w), -1);
}
END_TEST

START_TEST(bodies_round_trip)
{
	static const uint8_t data[] = "some data";
	struct ke_body ke;
	struct id_body id;
	struct auth_body au;
	struct cert_body ce;

	ke_put(&b, 31, data, 9);
	ck_assert_int_eq(ke_parse(&ke, whole(), &err), 0);
	ck_assert_uint_eq(ke.group, 31);
	ck_assert(cur_is(&ke.data, data, 9));
	buf_reset(&b);
	id_put(&b, ID_FQDN, data, 9);
	ck_assert_int_eq(id_parse(&id, whole(), PL_IDI, &err), 0);
	ck_assert_uint_eq(id.type, ID_FQDN);
	ck_assert(cur_is(&id.data, data, 9));
	ck_assert(cur_is(&id.body, b.data, 13));
	buf_reset(&b);
	auth_put(&b, AUTH_PSK, data, 9);
	ck_assert_int_eq(auth_parse(&au, whole(), &err), 0);
	ck_assert_uint_eq(au.method, AUTH_PSK);
	ck_assert(cur_is(&au.data, data, 9));
	buf_reset(&b);
	cert_put(&b, 4, data, 9);
	ck_assert_int_eq(cert_parse(&ce, whole(), PL_CERT, &err), 0);
	ck_assert_uint_eq(ce.encoding, 4);
	ck_assert(cur_is(&ce.data, data, 9));
}
END_TEST

START_TEST(notify_round_trip)
{
	struct notify_body n;
	uint16_t group;

	notify_put(&b, PROTO_NONE, NULL, 0, N_INVALID_KE_PAYLOAD,
	    "\x00\x1f", 2);
	ck_assert_int_eq(notify_parse(&n, whole(), &err), 0);
	ck_assert_int_eq(notify_group(&n, &group), 0);
	ck_assert_uint_eq(group, 31);
	buf_u8(&b, 0);
	ck_assert_int_eq(notify_parse(&n, whole(), &err), 0);
	ck_assert_int_eq(notify_group(&n, &group), -1);
	ck_assert_str_eq(ike_notify_name(N_CHILD_SA_NOT_FOUND),
	    "CHILD_SA_NOT_FOUND");
	ck_assert_str_eq(ike_notify_name(16431),
	    "SIGNATURE_HASH_ALGORITHMS");
	ck_assert_str_eq(ike_notify_name(8191), "unknown error");
	ck_assert_str_eq(ike_notify_name(40960), "unknown status");
	ck_assert(ike_notify_is_error(16383));
	ck_assert(!ike_notify_is_error(16384));
}
END_TEST

START_TEST(delete_round_trip)
{
	static const uint32_t spis[] = { 0xc0000001, 0xc0000002, 3 };
	struct delete_body d;

	delete_put_esp(&b, spis, 3);
	ck_assert_int_eq(delete_parse(&d, whole(), &err), 0);
	ck_assert_uint_eq(d.proto, PROTO_ESP);
	ck_assert_uint_eq(d.n, 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(delete_spi(&d, i), spis[i]);
	ck_assert_uint_eq(delete_spi(&d, 3), 0);
	buf_reset(&b);
	delete_put_ike(&b);
	ck_assert_int_eq(delete_parse(&d, whole(), &err), 0);
	ck_assert_uint_eq(d.proto, PROTO_IKE);
	ck_assert_uint_eq(delete_spi(&d, 0), 0);
}
END_TEST

START_TEST(cp_round_trip)
{
	struct cp_body cp;

	cp_put(&b, CP_REQUEST);
	cp_put_attr(&b, 1, NULL, 0);
	cp_put_attr(&b, 0x8003, "\x0a\x00\x00\x01", 4);
	ck_assert_int_eq(cp_parse(&cp, whole(), &err), 0);
	ck_assert_uint_eq(cp.type, CP_REQUEST);
	ck_assert_uint_eq(cp.n, 2);
	ck_assert_uint_eq(cp.attrs[0].type, 1);
	ck_assert_uint_eq(cur_left(&cp.attrs[0].value), 0);
	ck_assert_uint_eq(cp.attrs[1].type, 3);
	ck_assert(cur_is(&cp.attrs[1].value, "\x0a\x00\x00\x01", 4));
}
END_TEST

START_TEST(ts_round_trip)
{
	struct ts_list in = { .n = 2 }, out;
	struct ts *t = in.ts;

	addr_parse(&t[0].lo, "10.0.0.0");
	addr_parse(&t[0].hi, "10.0.0.255");
	t[0].proto = 17;
	t[0].port_lo = t[0].port_hi = 53;
	addr_parse(&t[1].lo, "2001:db8::");
	addr_parse(&t[1].hi, "2001:db8::ffff");
	t[1].port_hi = 65535;
	ts_put(&b, &in);
	ck_assert_uint_eq(b.len, 4 + 16 + 40);
	ck_assert_int_eq(ts_parse(&out, whole(), PL_TSI, &err), 0);
	ck_assert_uint_eq(out.n, 2);
	ck_assert_uint_eq(out.ignored, 0);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(addr_equal(&out.ts[i].lo, &t[i].lo));
		ck_assert(addr_equal(&out.ts[i].hi, &t[i].hi));
		ck_assert_uint_eq(out.ts[i].proto, t[i].proto);
		ck_assert_uint_eq(out.ts[i].port_lo, t[i].port_lo);
		ck_assert_uint_eq(out.ts[i].port_hi, t[i].port_hi);
	}
}
END_TEST

START_TEST(sa_round_trip)
{
	static const uint8_t spi[4] = { 0xc1, 2, 3, 4 };
	static const uint8_t want[] = {	/* the first proposal, RFC 7296 3.3 */
		2, 0, 0, 40, 1, PROTO_ESP, 4, 3, 0xc1, 2, 3, 4,
		3, 0, 0, 12, TRANSFORM_ENCR, 0, 0, 20, 0x80, 14, 1, 0,
		3, 0, 0, 8, TRANSFORM_ESN, 0, 0, 1,
		0, 0, 0, 8, TRANSFORM_ESN, 0, 0, 0,
	};
	struct sa_payload sa;
	struct sa_writer w;

	sa_begin(&w, &b);
	sa_put_proposal(&w, 1, PROTO_ESP, spi, 4);
	sa_put_transform(&w, TRANSFORM_ENCR, 20, 256);
	sa_put_transform(&w, TRANSFORM_ESN, 1, 0);
	sa_put_transform(&w, TRANSFORM_ESN, 0, 0);
	sa_put_proposal(&w, 2, PROTO_ESP, spi, 4);
	sa_put_transform(&w, TRANSFORM_ENCR, 12, 128);
	sa_end(&w);
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_mem_eq(b.data, want, sizeof(want));
	ck_assert_int_eq(sa_parse(&sa, whole(), &err), 0);
	ck_assert_uint_eq(sa.nproposals, 2);
	ck_assert_uint_eq(sa.ntransforms, 4);
	ck_assert_uint_eq(sa.p[0].ntransforms, 3);
	ck_assert_uint_eq(sa_spi(&sa.p[0]), 0xc1020304);
	ck_assert_uint_eq(sa.t[0].id, 20);
	ck_assert_uint_eq(sa.t[0].bits, 256);
	ck_assert_uint_eq(sa.t[1].id, 1);
	ck_assert_uint_eq(sa.t[sa.p[1].first].bits, 128);
}
END_TEST

/* One proposal with one ENCR transform whose attributes are given. */
static int
parse_attrs(struct sa_payload *sa, const void *attrs, size_t n)
{
	buf_reset(&b);
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)(16 + n));
	buf_u32(&b, 0x01010001);
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)(8 + n));
	buf_u32(&b, 0x0100000c);
	buf_put(&b, attrs, n);
	return sa_parse(sa, whole(), &err);
}

START_TEST(sa_attributes)
{
	struct sa_payload sa;

	ck_assert_int_eq(parse_attrs(&sa, "\x80\x0e\x00\x80", 4), 0);
	ck_assert_uint_eq(sa.t[0].bits, 128);
	ck_assert(!sa.t[0].unusable);
	/* unknown, twice, zero, long form: kept, never acceptable (3.3.6) */
	ck_assert_int_eq(parse_attrs(&sa, "\x80\x0f\x00\x80", 4), 0);
	ck_assert(sa.t[0].unusable);
	ck_assert_int_eq(parse_attrs(&sa,
	    "\x80\x0e\x00\x80\x80\x0e\x00\x80", 8), 0);
	ck_assert(sa.t[0].unusable);
	ck_assert_int_eq(parse_attrs(&sa, "\x80\x0e\x00\x00", 4), 0);
	ck_assert(sa.t[0].unusable);
	ck_assert_int_eq(parse_attrs(&sa, "\x00\x0e\x00\x02\x00\x80", 6), 0);
	ck_assert(sa.t[0].unusable);
	for (size_t n = 1; n < 4; n++)
		ck_assert_int_eq(parse_attrs(&sa, "\x80\x0e\x00\x80", n), -1);
	ck_assert_uint_eq(err.payload, PL_SA);
}
END_TEST

START_TEST(sa_structure)
{
	static const struct {
		unsigned off;
		uint8_t value;
		const char *what;
	} rows[] = {
		{ 0, 1, "Last Substruc of the first proposal" },
		{ 0, 0, "first proposal says it is the last" },
		{ 3, 41, "proposal length" },
		{ 6, 3, "SPI size" },
		{ 6, 8, "SPI size of IKE" },
		{ 7, 2, "too few transforms counted" },
		{ 7, 4, "too many transforms counted" },
		{ 12, 0, "last transform too early" },
		{ 12, 2, "Last Substruc of a transform" },
		{ 32, 3, "last transform says more follow" },
		{ 40, 2, "last proposal says more follow" },
		{ 44, 3, "proposal numbers jump" },
		{ 44, 1, "proposal number repeats" },
	};
	static const uint8_t spi[4] = { 0xc1, 2, 3, 4 };
	struct sa_payload sa;
	struct sa_writer w;
	uint8_t old;

	sa_begin(&w, &b);
	for (uint8_t i = 1; i <= 2; i++) {
		sa_put_proposal(&w, i, PROTO_ESP, spi, 4);
		sa_put_transform(&w, TRANSFORM_ENCR, 20, 256);
		sa_put_transform(&w, TRANSFORM_ESN, 1, 0);
		sa_put_transform(&w, TRANSFORM_ESN, 0, 0);
	}
	sa_end(&w);
	ck_assert_int_eq(sa_parse(&sa, whole(), &err), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		old = b.data[rows[i].off];
		b.data[rows[i].off] = rows[i].value;
		ck_assert_msg(sa_parse(&sa, whole(), &err) == -1, "%s",
		    rows[i].what);
		b.data[rows[i].off] = old;
	}
	for (size_t n = 0; n < b.len; n++) {
		struct cur c;

		cur_init(&c, b.data, n);
		ck_assert_int_eq(sa_parse(&sa, c, &err), -1);
	}
}
END_TEST

START_TEST(names)
{
	for (unsigned i = 0; i < 256; i++) {
		ck_assert_ptr_nonnull(ike_exchange_name((uint8_t)i));
		ck_assert_ptr_nonnull(ike_v1_exchange_name((uint8_t)i));
		ck_assert_ptr_nonnull(ike_payload_name((uint8_t)i));
		ck_assert_ptr_nonnull(ike_proto_name((uint8_t)i));
		ck_assert_ptr_nonnull(ike_transform_name((uint8_t)i));
		ck_assert_ptr_nonnull(ike_id_name((uint8_t)i));
		ck_assert_ptr_nonnull(ike_auth_name((uint8_t)i));
	}
	ck_assert_str_eq(ike_payload_name(PL_SKF), "SKF");
	ck_assert_str_eq(ike_id_name(ID_KEY_ID), "KEY_ID");
	ck_assert(ike_notify_known(N_COOKIE));
	ck_assert(!ike_notify_known(2));
	ck_assert_int_eq(wire_fail(NULL, PL_SA, "no error wanted"), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("wire");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, header_round_trip);
	tcase_add_test(t, header_versions);
	tcase_add_test(t, header_lengths);
	tcase_add_test(t, chain_critical);
	tcase_add_test(t, chain_sk_is_last);
	tcase_add_test(t, chain_limits);
	tcase_add_test(t, writer_chain);
	tcase_add_test(t, writer_sk);
	tcase_add_test(t, writer_limits);
	tcase_add_test(t, bodies_round_trip);
	tcase_add_test(t, notify_round_trip);
	tcase_add_test(t, delete_round_trip);
	tcase_add_test(t, cp_round_trip);
	tcase_add_test(t, ts_round_trip);
	tcase_add_test(t, sa_round_trip);
	tcase_add_test(t, sa_attributes);
	tcase_add_test(t, sa_structure);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
