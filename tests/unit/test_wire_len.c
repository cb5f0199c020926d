/*
 * Every TLV with the lengths 0, 1, header - 1, header, the most that fits
 * and one more.  "declared" is what the length field says, "present" what
 * there is; bodies without a length field of their own are as long as
 * their payload.
 */
#include "ikepd/wire/body.h"
#include "ikepd/wire/payload.h"
#include "ikepd/wire/sa.h"
#include "ikepd/wire/ts.h"
#include "ikepd/wire/writer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX	65531	/* of a payload: 65535 less its header */
#define ATTRS_OFF	16	/* proposal and transform header */

static struct wire_err err;
static struct buf b;

struct len_row {
	unsigned declared, present;
	bool ok;
};

static void
setup(void)
{
	buf_init(&b, 2 * 65536);
}

static void
teardown(void)
{
	buf_free(&b);
}

/* The parser sees a copy of exactly that size, so that the sanitizer sees a
 * byte too many. */
static struct cur
exact(uint8_t **copy)
{
	struct cur c;

	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_ptr_nonnull(*copy = malloc(b.len + 1));
	if (b.len > 0)
		memcpy(*copy, b.data, b.len);
	*copy = realloc(*copy, b.len > 0 ? b.len : 1);
	cur_init(&c, *copy, b.len);
	return c;
}

typedef int (*parse_fn)(struct cur);

static int
parse_chain(struct cur c)
{
	struct msg_payloads m;

	return payloads_parse(&m, PL_VENDOR, c, false, &err);
}

static int
parse_sa(struct cur c)
{
	static struct sa_payload sa;

	return sa_parse(&sa, c, &err);
}

static int
parse_ke(struct cur c)
{
	struct ke_body k;

	return ke_parse(&k, c, &err);
}

static int
parse_id(struct cur c)
{
	struct id_body i;

	return id_parse(&i, c, PL_IDR, &err);
}

static int
parse_auth(struct cur c)
{
	struct auth_body a;

	return auth_parse(&a, c, &err);
}

static int
parse_cert(struct cur c)
{
	struct cert_body x;

	return cert_parse(&x, c, PL_CERT, &err);
}

static int
parse_certreq(struct cur c)
{
	struct cert_body x;

	return cert_parse(&x, c, PL_CERTREQ, &err);
}

static int
parse_nonce(struct cur c)
{
	struct cur n;

	return nonce_parse(&n, c, &err);
}

static int
parse_notify(struct cur c)
{
	struct notify_body n;

	return notify_parse(&n, c, &err);
}

static int
parse_delete(struct cur c)
{
	struct delete_body d;

	return delete_parse(&d, c, &err);
}

static int
parse_cp(struct cur c)
{
	struct cp_body p;

	return cp_parse(&p, c, &err);
}

static int
parse_ts(struct cur c)
{
	struct ts_list l;

	return ts_parse(&l, c, PL_TSI, &err);
}

static int
parse_skf(struct cur c)
{
	struct skf_body s;

	return skf_parse(&s, c, &err);
}

/* Bodies that are as long as their payload. */
static const struct {
	const char *name;
	parse_fn fn;
	const char *head;	/* first bytes; the rest is zero */
	size_t headlen;
	struct { unsigned len; bool ok; } rows[6];
} bodies[] = {
	{ "SA", parse_sa, "", 0, { { 0, false }, { 1, false },
	    { 3, false }, { 4, false }, { 7, false }, { BODY_MAX, false } } },
	{ "KE", parse_ke, "\x00\x1f", 2, { { 0, false }, { 1, false },
	    { 3, false }, { 4, false }, { 5, true }, { BODY_MAX, true } } },
	{ "ID", parse_id, "\x02", 1, { { 0, false }, { 1, false },
	    { 3, false }, { 4, true }, { 5, true }, { BODY_MAX, true } } },
	{ "AUTH", parse_auth, "\x02", 1, { { 0, false }, { 1, false },
	    { 3, false }, { 4, true }, { 5, true }, { BODY_MAX, true } } },
	{ "CERT", parse_cert, "\x04", 1, { { 0, false }, { 1, false },
	    { 2, true }, { 3, true }, { 4, true }, { BODY_MAX, true } } },
	{ "CERTREQ", parse_certreq, "\x04", 1, { { 0, false }, { 1, true },
	    { 2, true }, { 3, true }, { 21, true }, { BODY_MAX, true } } },
	{ "Nonce", parse_nonce, "", 0, { { 0, false }, { 1, false },
	    { 15, false }, { 16, true }, { 256, true }, { 257, false } } },
	{ "Notify", parse_notify, "\x00\x00\x40\x06", 4, { { 0, false },
	    { 1, false }, { 3, false }, { 4, true }, { 5, true },
	    { BODY_MAX, true } } },
	{ "Delete", parse_delete, "\x01\x00\x00\x00", 4, { { 0, false },
	    { 1, false }, { 3, false }, { 4, true }, { 5, false },
	    { BODY_MAX, false } } },
	{ "CP", parse_cp, "\x01", 1, { { 0, false }, { 1, false },
	    { 3, false }, { 4, true }, { 5, false }, { 8, true } } },
	{ "TS", parse_ts, "\x01", 1, { { 0, false }, { 1, false },
	    { 3, false }, { 4, false }, { 5, false }, { 8, false } } },
	{ "SKF", parse_skf, "\x00\x01\x00\x02", 4, { { 0, false },
	    { 1, false }, { 3, false }, { 4, true }, { 5, true },
	    { BODY_MAX, true } } },
};

START_TEST(body_lengths)
{
	size_t n = sizeof(bodies) / sizeof(bodies[0]);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < 6; j++) {
			unsigned len = bodies[i].rows[j].len;
			size_t head = len < bodies[i].headlen ? len :
			    bodies[i].headlen;
			uint8_t *copy;
			int rv;

			buf_reset(&b);
			buf_put(&b, bodies[i].head, head);
			buf_zero(&b, len - head);
			err.why = NULL;
			rv = bodies[i].fn(exact(&copy));
			free(copy);
			ck_assert_msg((rv == 0) == bodies[i].rows[j].ok,
			    "%s of %u bytes: %d", bodies[i].name, len, rv);
			ck_assert((rv == -1) == (err.why != NULL));
		}
	}
}
END_TEST

/* A payload's own length cannot be one more than 65535; the writer says so,
 * and the reader takes what wrapped round for what it then is. */
START_TEST(body_max_plus_one)
{
	static uint8_t big[BODY_MAX + 1];
	struct ike_hdr h = { .ispi = 1, .exchange = IKE_AUTH };
	struct msg_writer w;

	for (uint8_t type = PL_SA; type <= PL_EAP; type++) {
		if (type == PL_SK)
			continue;
		buf_reset(&b);
		msg_begin(&w, &b, &h);
		msg_add(&w, type, big, BODY_MAX);
		ck_assert_int_eq(msg_end(&w), 0);
		buf_reset(&b);
		msg_begin(&w, &b, &h);
		msg_add(&w, type, big, BODY_MAX + 1);
		ck_assert_int_eq(msg_end(&w), -1);
	}
}
END_TEST

/* Bytes behind what was put so far, up to n bytes from start. */
static void
fill(size_t start, size_t n)
{
	size_t have = b.len - start;

	if (n > have)
		buf_zero(&b, n - have);
	else
		buf_trim(&b, start + n);
}

static void
make_payload(const struct len_row *r)
{
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)r->declared);
	fill(0, r->present);
}

/* No transforms; room behind the header is padding that must be refused. */
static void
make_proposal(const struct len_row *r)
{
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)r->declared);
	buf_u32(&b, 0x01010000);
	fill(0, r->present);
}

/* A proposal that one transform with one long attribute fills. */
static void
make_full_proposal(const struct len_row *r)
{
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)r->declared);
	buf_u32(&b, 0x01010001);
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)(r->present - 8));
	buf_u32(&b, 0x01000014);
	buf_u16(&b, 0x0101);
	buf_u16(&b, (uint16_t)(r->present - 8 - 12));
	fill(0, r->present);
}

/* The proposal fits what is present, so that the transform alone is odd. */
static void
make_transform(const struct len_row *r)
{
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)(8 + r->present));
	buf_u32(&b, 0x01010001);
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)r->declared);
	buf_u32(&b, 0x01000014);
	if (r->present > 12) {
		buf_u16(&b, 0x0101);
		buf_u16(&b, (uint16_t)(r->present - 12));
	}
	fill(8, r->present);
}

/* declared: length of the attribute's value; present: bytes of it. */
static void
make_attribute(const struct len_row *r)
{
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)(ATTRS_OFF + 4 + r->present));
	buf_u32(&b, 0x01010001);
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)(8 + 4 + r->present));
	buf_u32(&b, 0x01000014);
	buf_u16(&b, 0x0101);
	buf_u16(&b, (uint16_t)r->declared);
	buf_zero(&b, r->present);
}

/* present bytes of an attribute's header: none to all of it. */
static void
make_attribute_header(const struct len_row *r)
{
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)(ATTRS_OFF + r->present));
	buf_u32(&b, 0x01010001);
	buf_u16(&b, 0);
	buf_u16(&b, (uint16_t)(8 + r->present));
	buf_u32(&b, 0x01000014);
	buf_u32(&b, 0x800e0080);
	fill(ATTRS_OFF, r->present);
}

static void
make_ts(uint8_t type, const struct len_row *r)
{
	buf_u32(&b, 0x01000000);
	buf_u8(&b, type);
	buf_u8(&b, 0);
	buf_u16(&b, (uint16_t)r->declared);
	buf_u32(&b, 0x0000ffff);
	fill(4, r->present);
}

static void
make_ts4(const struct len_row *r)
{
	make_ts(TS_IPV4_ADDR_RANGE, r);
}

static void
make_ts6(const struct len_row *r)
{
	make_ts(TS_IPV6_ADDR_RANGE, r);
}

static void
make_ts_other(const struct len_row *r)
{
	make_ts(99, r);
}

/* declared: SPI size; present: bytes behind the header. */
static void
make_notify(uint8_t proto, const struct len_row *r)
{
	buf_u8(&b, proto);
	buf_u8(&b, (uint8_t)r->declared);
	buf_u16(&b, N_REKEY_SA);
	buf_zero(&b, r->present);
}

static void
make_notify_esp(const struct len_row *r)
{
	make_notify(PROTO_ESP, r);
}

static void
make_notify_ike(const struct len_row *r)
{
	make_notify(PROTO_IKE, r);
}

static void
make_notify_other(const struct len_row *r)
{
	make_notify(77, r);
}

/* declared: number of SPIs; present: bytes of SPIs. */
static void
make_delete(const struct len_row *r)
{
	buf_u8(&b, PROTO_ESP);
	buf_u8(&b, 4);
	buf_u16(&b, (uint16_t)r->declared);
	buf_zero(&b, r->present);
}

/* declared: SPI size of one SPI. */
static void
make_delete_size(const struct len_row *r)
{
	buf_u8(&b, PROTO_ESP);
	buf_u8(&b, (uint8_t)r->declared);
	buf_u16(&b, 1);
	buf_zero(&b, r->present);
}

static void
make_cp(const struct len_row *r)
{
	buf_u32(&b, 0x01000000);
	buf_u16(&b, 1);
	buf_u16(&b, (uint16_t)r->declared);
	buf_zero(&b, r->present);
}

static void
make_cp_header(const struct len_row *r)
{
	buf_u32(&b, 0x01000000);
	buf_u32(&b, 0x00010000);
	fill(4, r->present);
}

#define ROWS_MAX	9

static const struct {
	const char *name;
	void (*make)(const struct len_row *);
	parse_fn fn;
	unsigned n;
	struct len_row rows[ROWS_MAX];
} tlvs[] = {
	{ "payload", make_payload, parse_chain, 8, {
	    { 0, 4, false }, { 1, 4, false }, { 3, 4, false }, { 4, 4, true },
	    { 4, 3, false }, { 4, 5, false }, { 65535, 65535, true },
	    { 65535, 65534, false } } },
	{ "proposal", make_proposal, parse_sa, 8, {
	    { 0, 8, false }, { 1, 8, false }, { 7, 8, false }, { 8, 8, true },
	    { 7, 7, false }, { 8, 7, false }, { 8, 9, false },
	    { 9, 9, false } } },
	{ "full proposal", make_full_proposal, parse_sa, 3, {
	    { BODY_MAX, BODY_MAX, true }, { BODY_MAX + 1, BODY_MAX, false },
	    { BODY_MAX - 1, BODY_MAX, false } } },
	{ "transform", make_transform, parse_sa, 8, {
	    { 0, 8, false }, { 1, 8, false }, { 7, 8, false }, { 8, 8, true },
	    { 8, 7, false }, { 9, 8, false },
	    { BODY_MAX - 8, BODY_MAX - 8, true },
	    { BODY_MAX - 7, BODY_MAX - 8, false } } },
	{ "attribute", make_attribute, parse_sa, 7, {
	    { 0, 0, true }, { 0, 1, false }, { 1, 0, false }, { 1, 1, true },
	    { 3, 4, false }, { BODY_MAX - 20, BODY_MAX - 20, true },
	    { BODY_MAX - 19, BODY_MAX - 20, false } } },
	{ "attribute header", make_attribute_header, parse_sa, 5, {
	    { 0, 0, true }, { 0, 1, false }, { 0, 2, false }, { 0, 3, false },
	    { 0, 4, true } } },
	{ "TS IPv4", make_ts4, parse_ts, 9, {
	    { 0, 16, false }, { 1, 16, false }, { 3, 16, false },
	    { 4, 4, false }, { 15, 15, false }, { 16, 16, true },
	    { 17, 17, false }, { 16, 15, false },
	    { 65527, 65527, false } } },
	{ "TS IPv6", make_ts6, parse_ts, 9, {
	    { 0, 40, false }, { 1, 40, false }, { 3, 40, false },
	    { 8, 8, false }, { 16, 16, false }, { 39, 39, false },
	    { 40, 40, true }, { 41, 41, false }, { 41, 40, false } } },
	{ "TS of unknown type", make_ts_other, parse_ts, 7, {
	    { 0, 4, false }, { 1, 4, false }, { 3, 4, false }, { 4, 4, true },
	    { 5, 4, false }, { 65527, 65527, true },
	    { 65528, 65527, false } } },
	{ "notify SPI, ESP", make_notify_esp, parse_notify, 7, {
	    { 0, 0, true }, { 1, 1, false }, { 3, 3, false }, { 4, 4, true },
	    { 4, 3, false }, { 5, 5, false }, { 255, 255, false } } },
	{ "notify SPI, IKE", make_notify_ike, parse_notify, 6, {
	    { 0, 0, true }, { 1, 1, false }, { 7, 7, false }, { 8, 8, true },
	    { 8, 7, false }, { 9, 9, false } } },
	{ "notify SPI, other", make_notify_other, parse_notify, 5, {
	    { 0, 0, true }, { 1, 1, true }, { 1, 0, false },
	    { 255, 255, true }, { 255, 254, false } } },
	{ "delete SPIs", make_delete, parse_delete, 7, {
	    { 0, 0, true }, { 1, 4, true }, { 1, 3, false }, { 1, 5, false },
	    { 0, 4, false }, { 16381, 65524, true },
	    { 16382, 65527, false } } },
	{ "delete SPI size", make_delete_size, parse_delete, 6, {
	    { 0, 0, false }, { 1, 1, false }, { 3, 3, false }, { 4, 4, true },
	    { 5, 5, false }, { 8, 8, false } } },
	{ "CP attribute", make_cp, parse_cp, 6, {
	    { 0, 0, true }, { 1, 1, true }, { 1, 0, false }, { 0, 1, false },
	    { 65523, 65523, true }, { 65524, 65523, false } } },
	{ "CP attribute header", make_cp_header, parse_cp, 5, {
	    { 0, 0, true }, { 0, 1, false }, { 0, 2, false }, { 0, 3, false },
	    { 0, 4, true } } },
};

START_TEST(tlv_lengths)
{
	size_t n = sizeof(tlvs) / sizeof(tlvs[0]);

	for (size_t i = 0; i < n; i++) {
		for (unsigned j = 0; j < tlvs[i].n; j++) {
			const struct len_row *r = &tlvs[i].rows[j];
			uint8_t *copy;
			int rv;

			buf_reset(&b);
			tlvs[i].make(r);
			err.why = NULL;
			rv = tlvs[i].fn(exact(&copy));
			free(copy);
			ck_assert_msg((rv == 0) == r->ok,
			    "%s declared %u present %u: %d (%s)",
			    tlvs[i].name, r->declared, r->present, rv,
			    err.why != NULL ? err.why : "no reason");
			ck_assert((rv == -1) == (err.why != NULL));
		}
	}
}
END_TEST

static int
put_sa(unsigned proposals, unsigned transforms)
{
	struct sa_writer w;
	uint8_t *copy;
	int rv;

	buf_reset(&b);
	sa_begin(&w, &b);
	for (unsigned i = 1; i <= proposals; i++) {
		sa_put_proposal(&w, (uint8_t)i, PROTO_IKE, NULL, 0);
		for (unsigned j = 0; j < transforms; j++)
			sa_put_transform(&w, TRANSFORM_ENCR, 12, 128);
	}
	sa_end(&w);
	rv = parse_sa(exact(&copy));
	free(copy);
	return rv;
}

START_TEST(sa_counts)
{
	ck_assert_int_eq(put_sa(0, 0), -1);
	ck_assert_int_eq(put_sa(1, 0), 0);
	ck_assert_int_eq(put_sa(1, SA_TRANSFORMS_MAX), 0);
	ck_assert_int_eq(put_sa(1, SA_TRANSFORMS_MAX + 1), -1);
	ck_assert_str_eq(err.why, "too many transforms");
	ck_assert_int_eq(put_sa(SA_PROPOSALS_MAX, 16), 0);
	ck_assert_int_eq(put_sa(SA_PROPOSALS_MAX + 1, 1), -1);
	ck_assert_str_eq(err.why, "too many proposals");
	ck_assert_int_eq(put_sa(SA_PROPOSALS_MAX, 17), -1);
	ck_assert_int_eq(put_sa(1, 255), -1);
}
END_TEST

START_TEST(ts_counts)
{
	struct ts_list l;
	struct cur c;

	for (unsigned n = 0; n <= 256; n++) {
		buf_reset(&b);
		buf_u32(&b, (n & 0xff) << 24);
		for (unsigned i = 0; i < n; i++) {
			buf_u32(&b, 0x07000010);
			buf_u32(&b, 0x0000ffff);
			buf_u32(&b, i);
			buf_u32(&b, i);
		}
		cur_init(&c, b.data, b.len);
		ck_assert_int_eq(ts_parse(&l, c, PL_TSR, &err),
		    n == 0 || n == 256 ? -1 : 0);
		if (n == 0 || n == 256)
			continue;
		ck_assert_uint_eq(l.n, n < TS_MAX ? n : TS_MAX);
		ck_assert_uint_eq(l.ignored, n < TS_MAX ? 0 : n - TS_MAX);
	}
}
END_TEST

START_TEST(cp_counts)
{
	for (unsigned n = CP_ATTRS_MAX; n <= CP_ATTRS_MAX + 1; n++) {
		struct cur c;

		buf_reset(&b);
		cp_put(&b, CP_REPLY);
		for (unsigned i = 0; i < n; i++)
			cp_put_attr(&b, 1, NULL, 0);
		cur_init(&c, b.data, b.len);
		ck_assert_int_eq(parse_cp(c), n == CP_ATTRS_MAX ? 0 : -1);
	}
}
END_TEST

START_TEST(ts_values)
{
	static const struct {
		uint8_t proto;
		uint32_t ports, lo, hi;
		bool ok;
	} rows[] = {
		{ 0, 0x0000ffff, 0x0a000000, 0x0a0000ff, true },
		{ 0, 0x0000ffff, 0x0a000001, 0x0a000001, true },
		{ 0, 0x0000ffff, 0x0a000002, 0x0a000001, false },
		{ 0, 0x00350035, 0x0a000001, 0x0a000001, true }, /* ignored */
		{ 17, 0x00350035, 0x0a000001, 0x0a000001, true },
		{ 17, 0x00360035, 0x0a000001, 0x0a000001, false },
		{ 17, 0xffff0000, 0x0a000001, 0x0a000001, true }, /* OPAQUE */
		{ 17, 0xffff0001, 0x0a000001, 0x0a000001, false },
		{ 1, 0x08000800, 0, 0xffffffff, true },	/* echo request */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cur c;

		buf_reset(&b);
		buf_u32(&b, 0x01000000);
		buf_u8(&b, TS_IPV4_ADDR_RANGE);
		buf_u8(&b, rows[i].proto);
		buf_u16(&b, 16);
		buf_u32(&b, rows[i].ports);
		buf_u32(&b, rows[i].lo);
		buf_u32(&b, rows[i].hi);
		cur_init(&c, b.data, b.len);
		ck_assert_msg((parse_ts(c) == 0) == rows[i].ok, "row %zu", i);
	}
}
END_TEST

/* Ports without a protocol are left out, and the rest counts. */
START_TEST(ts_portless)
{
	struct ts_list l;
	struct cur c;

	buf_reset(&b);
	buf_u32(&b, 0x02000000);
	buf_u32(&b, (uint32_t)TS_IPV4_ADDR_RANGE << 24 | 16);
	buf_u32(&b, 0xffff0000);
	buf_u32(&b, 0x0a000001);
	buf_u32(&b, 0x0a000001);
	buf_u32(&b, (uint32_t)TS_IPV4_ADDR_RANGE << 24 | 16);
	buf_u32(&b, 0x0000ffff);
	buf_u32(&b, 0x0a000002);
	buf_u32(&b, 0x0a000002);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(ts_parse(&l, c, PL_TSI, NULL), 0);
	ck_assert_uint_eq(l.n, 1);
	ck_assert_uint_eq(l.ignored, 1);
	ck_assert_uint_eq(l.ts[0].lo.b[3], 2);
}
END_TEST

START_TEST(other_values)
{
	struct cur c;

	cur_init(&c, "\x00\x00\x00\x00", 4);	/* reserved ID type */
	ck_assert_int_eq(parse_id(c), -1);
	ck_assert_int_eq(parse_skf(c), -1);	/* fragment 0 of 0 */
	cur_init(&c, "\x00\x03\x00\x02", 4);	/* fragment 3 of 2 */
	ck_assert_int_eq(parse_skf(c), -1);
	cur_init(&c, "\x01\x08\x00\x00", 4);	/* IKE Delete with SPI size */
	ck_assert_int_eq(parse_delete(c), -1);
	cur_init(&c, "\x01\x00\x00\x01", 4);	/* as some peers send it */
	ck_assert_int_eq(parse_delete(c), 0);
	cur_init(&c, "\x07\x04\x00\x00", 4);	/* unknown protocol */
	ck_assert_int_eq(parse_delete(c), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wire lengths");
	TCase *t = tcase_create("lengths");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, body_lengths);
	tcase_add_test(t, body_max_plus_one);
	tcase_add_test(t, tlv_lengths);
	tcase_add_test(t, sa_counts);
	tcase_add_test(t, ts_counts);
	tcase_add_test(t, cp_counts);
	tcase_add_test(t, ts_values);
	tcase_add_test(t, ts_portless);
	tcase_add_test(t, other_values);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
