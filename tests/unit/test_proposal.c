/* Negotiation: RFC 7296 2.7, 3.3; RFC 5282 8. */
#include "ikepd/proposal.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct sa_payload sa;
static struct prop_choice ch;
static struct prop_why why;
static struct buf b;

static void
setup(void)
{
	const char *reason = "";

	ck_assert_msg(suite_init(&reason) == 0, "%s", reason);
	buf_init(&b, 65536);
}

static void
teardown(void)
{
	buf_free(&b);
}

static const struct alg *
by_name(enum suite_kind kind, unsigned phase, const char *name)
{
	const struct alg *a = suite_by_name(kind, phase, name);

	ck_assert_msg(a != NULL, "%s", name);
	return a;
}

/* "encr encr/prf/integ/ke" with space-separated names of /ip ipsec profile */
static void
add_names(struct offer *o, enum suite_kind kind, unsigned phase,
    const char *names)
{
	char s[256], *save = NULL;

	ck_assert_uint_lt(strlen(names), sizeof(s));
	strcpy(s, names);
	for (char *p = strtok_r(s, " ", &save); p != NULL;
	    p = strtok_r(NULL, " ", &save))
		ck_assert_int_eq(offer_add(o, by_name(kind, phase, p)), 0);
}

static struct offer
ike(const char *encr, const char *hash, const char *ke)
{
	struct offer o;

	offer_init(&o, PROTO_IKE);
	add_names(&o, SUITE_ENCR, ALG_PHASE1, encr);
	add_names(&o, SUITE_PRF, ALG_PHASE1, hash);
	add_names(&o, SUITE_INTEG, ALG_PHASE1, hash);
	add_names(&o, SUITE_KE, ALG_PHASE1, ke);
	return o;
}

static struct offer
esp(const char *encr, const char *integ, const char *ke, bool esn, bool plain)
{
	struct offer o;

	offer_init(&o, PROTO_ESP);
	add_names(&o, SUITE_ENCR, ALG_PHASE2, encr);
	add_names(&o, SUITE_INTEG, ALG_PHASE2, integ);
	add_names(&o, SUITE_KE, ALG_PHASE2, ke);
	ck_assert_int_eq(offer_add_esn(&o, esn, plain), 0);
	return o;
}

static void
parse(void)
{
	struct wire_err e = { 0 };
	struct cur c;

	ck_assert_int_eq(buf_error(&b), 0);
	cur_init(&c, b.data, b.len);
	ck_assert_msg(sa_parse(&sa, c, &e) == 0, "%s", e.why);
	buf_reset(&b);
}

static const uint8_t spi4[4] = { 0xc0, 0, 0, 1 };
static const uint8_t spi8[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* What a peer with this offer would send. */
static void
send_offer(const struct offer *o, unsigned flags)
{
	if (o->proto == PROTO_IKE)
		prop_put(&b, o, flags, spi8, flags & PROP_REKEY_IKE ? 8 : 0);
	else
		prop_put(&b, o, flags, spi4, 4);
	parse();
}

static const char *
chosen(void)
{
	static char s[256];

	return prop_choice_fmt(&ch, s, sizeof(s));
}

/* An initiator's offer meets a responder's; both must come to the same. */
static const char *
negotiate(const struct offer *ini, const struct offer *resp, unsigned flags,
    uint16_t ke)
{
	static char s[256];
	struct prop_choice mine;

	send_offer(ini, flags);
	if (prop_select(&mine, resp, &sa, flags, ke, &why) == -1) {
		ck_assert_ptr_nonnull(why.reason);
		return NULL;
	}
	ck_assert_ptr_null(why.reason);
	if (mine.proto == PROTO_IKE)
		prop_put_choice(&b, &mine, spi8,
		    flags & PROP_REKEY_IKE ? 8 : 0);
	else
		prop_put_choice(&b, &mine, spi4, 4);
	parse();
	ck_assert_msg(prop_check_answer(&ch, ini, &sa, flags, &why) == 0,
	    "%s", why.reason);
	ck_assert(ch.encr == mine.encr && ch.integ == mine.integ &&
	    ch.prf == mine.prf && ch.ke == mine.ke && ch.esn == mine.esn);
	return strcpy(s, chosen());
}

START_TEST(wire_form)
{
	struct offer o = ike("aes-256 aes-256-gcm aes-128", "sha256",
	    "ecp256 modp2048");

	/* ciphers apart from AEADs, the class liked best first (RFC 7296
	 * 3.3); no INTEG beside AEADs (RFC 5282 8) */
	send_offer(&o, 0);
	ck_assert_uint_eq(sa.nproposals, 2);
	ck_assert_uint_eq(sa.p[0].num, 1);
	ck_assert_uint_eq(sa.p[0].spi_len, 0);
	ck_assert_uint_eq(sa.p[0].ntransforms, 6);
	ck_assert_uint_eq(sa.t[0].id, 12);
	ck_assert_uint_eq(sa.t[0].bits, 256);
	ck_assert_uint_eq(sa.t[1].bits, 128);
	ck_assert_uint_eq(sa.t[2].type, TRANSFORM_PRF);
	ck_assert_uint_eq(sa.t[2].id, 5);
	ck_assert_uint_eq(sa.t[2].bits, 0);
	ck_assert_uint_eq(sa.t[3].type, TRANSFORM_INTEG);
	ck_assert_uint_eq(sa.t[3].id, 12);
	ck_assert_uint_eq(sa.t[4].id, 19);
	ck_assert_uint_eq(sa.t[5].id, 14);
	ck_assert_uint_eq(sa.p[1].num, 2);
	ck_assert_uint_eq(sa.p[1].ntransforms, 4);
	ck_assert_uint_eq(sa.t[6].id, 20);
	for (unsigned i = 6; i < 10; i++)
		ck_assert_uint_ne(sa.t[i].type, TRANSFORM_INTEG);
}
END_TEST

START_TEST(wire_form_esp)
{
	struct offer o = esp("aes-128-cbc", "sha256", "modp2048", true, true);

	send_offer(&o, PROP_NO_KE);
	ck_assert_uint_eq(sa.p[0].ntransforms, 4);
	ck_assert_uint_eq(sa_spi(&sa.p[0]), 0xc0000001);
	ck_assert_uint_eq(sa.t[2].type, TRANSFORM_ESN);
	ck_assert_uint_eq(sa.t[2].id, 1);
	ck_assert_uint_eq(sa.t[3].id, 0);
	send_offer(&o, 0);
	ck_assert_uint_eq(sa.p[0].ntransforms, 5);
	ck_assert_uint_eq(sa.t[2].type, TRANSFORM_DH);
	/* no integrity algorithm: the cipher is not offered at all */
	o = esp("aes-128-cbc aes-128-gcm", "", "", false, true);
	send_offer(&o, 0);
	ck_assert_uint_eq(sa.nproposals, 1);
	ck_assert_uint_eq(sa.t[0].id, 20);
}
END_TEST

START_TEST(ke_is_their_choice)
{
	struct offer o = esp("aes-128-gcm", "", "modp2048 none", false, true);
	struct offer with = esp("aes-128-gcm", "", "modp2048", false, true);
	struct offer without = esp("aes-128-gcm", "", "", false, true);
	struct offer other = esp("aes-128-gcm", "", "ecp256", false, true);
	char s[PROP_LINE_MAX];

	ck_assert_str_eq(offer_fmt(&o, 0, s, sizeof(s)),
	    "#1 ESP AES-GCM-16-128/MODP-2048,none/no-esn");
	/* as responder */
	send_offer(&with, 0);
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 14, &why), 0);
	ck_assert_uint_eq(ch.ke->v2, 14);
	send_offer(&without, 0);
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), 0);
	ck_assert_ptr_null(ch.ke);
	ck_assert(!ch.ke_none);
	send_offer(&other, 0);
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 19, &why), -1);
	/* a group that both have is better than none */
	send_offer(&o, 0);
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), 0);
	ck_assert_uint_eq(ch.ke->v2, 14);
	send_offer(&o, 0);
	ck_assert_int_eq(prop_select(&ch, &without, &sa, 0, 0, &why), 0);
	ck_assert(ch.ke_none);
	/* as initiator: NONE in so many words, left out, the group */
	prop_put_choice(&b, &ch, spi4, 4);
	parse();
	ck_assert_int_eq(prop_check_answer(&ch, &o, &sa, 0, &why), 0);
	ck_assert_ptr_null(ch.ke);
	send_offer(&without, 0);
	ck_assert_int_eq(prop_check_answer(&ch, &o, &sa, 0, &why), 0);
	ck_assert_ptr_null(ch.ke);
	ck_assert_int_eq(prop_check_answer(&ch, &with, &sa, 0, &why), -1);
	send_offer(&with, 0);
	ck_assert_int_eq(prop_check_answer(&ch, &o, &sa, 0, &why), 0);
	ck_assert_uint_eq(ch.ke->v2, 14);
	/* The first child has none in any case. */
	ck_assert_str_eq(offer_fmt(&o, PROP_NO_KE, s, sizeof(s)),
	    "#1 ESP AES-GCM-16-128/no-esn");
}
END_TEST

START_TEST(checks)
{
	const char *reason = NULL;
	struct offer o;

	o = ike("aes-128", "sha256", "modp2048");
	ck_assert_int_eq(offer_check(&o, &reason), 0);
	o = ike("aes-128", "sha256", "");
	ck_assert_int_eq(offer_check(&o, &reason), -1);
	ck_assert_str_eq(reason, "no Diffie-Hellman group");
	o = ike("aes-128-gcm", "", "modp2048");
	ck_assert_int_eq(offer_check(&o, &reason), -1);
	ck_assert_str_eq(reason, "no pseudorandom function");
	o = esp("aes-128-cbc", "", "", false, true);
	ck_assert_int_eq(offer_check(&o, &reason), -1);
	ck_assert_str_eq(reason, "no integrity algorithm");
	o = esp("", "sha256", "", false, true);
	ck_assert_int_eq(offer_check(&o, &reason), -1);
	o = esp("aes-128-gcm", "", "", false, false);
	ck_assert_int_eq(offer_check(&o, &reason), -1);
	o = esp("aes-128-gcm", "null", "none", false, true);
	ck_assert_int_eq(offer_check(&o, &reason), 0);
	ck_assert_uint_eq(o.n[SUITE_INTEG], 0);
	ck_assert_uint_eq(o.n[SUITE_KE], 0);
	offer_init(&o, 9);
	ck_assert_int_eq(offer_check(&o, &reason), -1);
	ck_assert_int_eq(offer_add(&o, NULL), -1);
}
END_TEST

START_TEST(matrix_ike)
{
	static const struct {
		const char *ie, *ih, *ik;	/* initiator */
		const char *re, *rh, *rk;	/* responder */
		uint16_t ke;
		const char *want;
	} rows[] = {
		{ "aes-128", "sha256", "modp2048", "aes-128", "sha256",
		    "modp2048", 14,
		    "AES-CBC-128/PRF-HMAC-SHA256/HMAC-SHA256/MODP-2048" },
		/* the responder's order within the proposal */
		{ "aes-128 aes-256", "sha1 sha256", "modp2048 ecp256",
		    "aes-256 aes-128", "sha256 sha1", "ecp256 modp2048", 0,
		    "AES-CBC-256/PRF-HMAC-SHA256/HMAC-SHA256/ECP-256" },
		/* but the group that is there already */
		{ "aes-128 aes-256", "sha1 sha256", "modp2048 ecp256",
		    "aes-256 aes-128", "sha256 sha1", "ecp256 modp2048", 14,
		    "AES-CBC-256/PRF-HMAC-SHA256/HMAC-SHA256/MODP-2048" },
		/* the peer's order of proposals */
		{ "aes-128-gcm aes-128", "sha256", "x25519",
		    "aes-128 aes-128-gcm", "sha256", "x25519", 31,
		    "AES-GCM-16-128/PRF-HMAC-SHA256/X25519" },
		{ "aes-128-gcm aes-128", "sha256", "x25519", "aes-128",
		    "sha256", "x25519", 31,
		    "AES-CBC-128/PRF-HMAC-SHA256/HMAC-SHA256/X25519" },
		{ "aes-128", "md5", "modp2048", "aes-128", "sha1", "modp2048",
		    14, NULL },
		{ "aes-128", "sha1", "modp1024", "aes-128", "sha1",
		    "modp2048", 2, NULL },
		{ "aes-128", "sha1", "modp2048", "aes-256", "sha1",
		    "modp2048", 14, NULL },
		{ "aes-128-gcm", "sha1", "modp2048", "aes-128", "sha1",
		    "modp2048", 14, NULL },
		{ "3des", "sha1", "modp1024", "aes-128 3des", "sha256 sha1",
		    "modp2048 modp1024", 2,
		    "3DES-CBC/PRF-HMAC-SHA1/HMAC-SHA1/MODP-1024" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct offer a = ike(rows[i].ie, rows[i].ih, rows[i].ik);
		struct offer r = ike(rows[i].re, rows[i].rh, rows[i].rk);
		const char *got = negotiate(&a, &r, 0, rows[i].ke);

		if (rows[i].want == NULL)
			ck_assert_msg(got == NULL, "row %zu: %s", i, got);
		else
			ck_assert_str_eq(got == NULL ? "nothing" : got,
			    rows[i].want);
		/* and with SPIs, as a rekeying */
		got = negotiate(&a, &r, PROP_REKEY_IKE, rows[i].ke);
		ck_assert((got == NULL) == (rows[i].want == NULL));
	}
}
END_TEST

START_TEST(matrix_esp)
{
	static const struct {
		const char *ie, *ia, *ik;
		bool iesn, iplain;
		const char *re, *ra, *rk;
		bool resn, rplain;
		unsigned flags;
		const char *want;
	} rows[] = {
		{ "aes-128-gcm", "", "", false, true,
		  "aes-128-gcm", "", "", false, true, PROP_NO_KE,
		  "AES-GCM-16-128" },
		/* ESN by the responder's order, and not at all */
		{ "aes-128-gcm", "", "", true, true,
		  "aes-128-gcm", "", "", true, true, PROP_NO_KE,
		  "AES-GCM-16-128/esn" },
		{ "aes-128-gcm", "", "", true, true,
		  "aes-128-gcm", "", "", false, true, PROP_NO_KE,
		  "AES-GCM-16-128" },
		{ "aes-128-gcm", "", "", true, false,
		  "aes-128-gcm", "", "", false, true, PROP_NO_KE, NULL },
		/* PFS plays no part in IKE_AUTH, and does later */
		{ "aes-128-cbc", "sha256", "modp2048", false, true,
		  "aes-128-cbc", "sha256", "", false, true, PROP_NO_KE,
		  "AES-CBC-128/HMAC-SHA256" },
		{ "aes-128-cbc", "sha256", "modp2048", false, true,
		  "aes-128-cbc", "sha256", "", false, true, 0, NULL },
		{ "aes-128-cbc", "sha256", "", false, true,
		  "aes-128-cbc", "sha256", "modp2048", false, true, 0, NULL },
		{ "aes-128-cbc", "sha256", "modp2048 ecp256", false, true,
		  "aes-128-cbc", "sha256", "ecp256", false, true, 0,
		  "AES-CBC-128/HMAC-SHA256/ECP-256" },
		{ "aes-128-cbc", "md5", "", false, true,
		  "aes-128-cbc", "sha256", "", false, true, 0, NULL },
		{ "null", "sha256", "", false, true,
		  "null", "sha256", "", false, true, 0,
		  "NULL/HMAC-SHA256" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct offer a = esp(rows[i].ie, rows[i].ia, rows[i].ik,
		    rows[i].iesn, rows[i].iplain);
		struct offer r = esp(rows[i].re, rows[i].ra, rows[i].rk,
		    rows[i].resn, rows[i].rplain);
		const char *got = negotiate(&a, &r, rows[i].flags, 0);

		if (rows[i].want == NULL)
			ck_assert_msg(got == NULL, "row %zu: %s", i, got);
		else
			ck_assert_str_eq(got == NULL ? "nothing" : got,
			    rows[i].want);
	}
}
END_TEST

/* Every algorithm of the table, against itself and against another. */
START_TEST(matrix_all)
{
	const struct alg *enc = NULL, *other;

	while ((enc = suite_next(SUITE_ENCR, ALG_PHASE2, enc)) != NULL) {
		struct offer a, r;

		if (enc->v2 == ALG_NO_V2)
			continue;
		other = NULL;
		while ((other = suite_next(SUITE_ENCR, ALG_PHASE2, other)) !=
		    NULL) {
			if (other->v2 == ALG_NO_V2)
				continue;
			a = esp("", "sha256 sha1", "", true, true);
			r = esp("", "sha256", "", false, true);
			ck_assert_int_eq(offer_add(&a, enc), 0);
			ck_assert_int_eq(offer_add(&r, other), 0);
			ck_assert_msg((negotiate(&a, &r, 0, 0) != NULL) ==
			    (enc == other), "%s %s", enc->log, other->log);
			if (enc == other)
				ck_assert((ch.integ == NULL) ==
				    ((enc->flags & ALG_AEAD) != 0));
		}
	}
}
END_TEST

/* Writes a proposal transform by transform. */
struct raw {
	uint8_t type;
	uint16_t id, bits;
};

static void
send_raw(uint8_t proto, size_t spi_len, const struct raw *t, size_t n)
{
	struct sa_writer w;

	sa_begin(&w, &b);
	sa_put_proposal(&w, 1, proto, spi_len == 8 ? spi8 : spi4, spi_len);
	for (size_t i = 0; i < n; i++)
		sa_put_transform(&w, t[i].type, t[i].id, t[i].bits);
	sa_end(&w);
	parse();
}
#define RAW(...)	(const struct raw[]){ __VA_ARGS__ },		\
    sizeof((const struct raw[]){ __VA_ARGS__ }) / sizeof(struct raw)

START_TEST(explicit_none)
{
	struct offer o = esp("aes-128-gcm", "", "", false, true);

	/* INTEG NONE beside an AEAD, KE NONE without PFS: taken, repeated */
	send_raw(PROTO_ESP, 4, RAW({ 1, 20, 128 }, { 3, 0, 0 }, { 4, 14, 0 },
	    { 4, 0, 0 }, { 5, 0, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), 0);
	ck_assert(ch.integ_none && ch.ke_none);
	ck_assert_ptr_null(ch.integ);
	ck_assert_ptr_null(ch.ke);
	ck_assert_uint_eq(ch.spi, 0xc0000001);
	prop_put_choice(&b, &ch, spi4, 4);
	parse();
	ck_assert_uint_eq(sa.p[0].ntransforms, 4);
	ck_assert_int_eq(prop_check_answer(&ch, &o, &sa, 0, &why), 0);
	/* an AEAD with an integrity algorithm is not RFC 5282's */
	send_raw(PROTO_ESP, 4, RAW({ 1, 20, 128 }, { 3, 12, 0 },
	    { 5, 0, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
	/* nor is a cipher with NONE any use */
	o = esp("aes-128-cbc", "sha256", "", false, true);
	send_raw(PROTO_ESP, 4, RAW({ 1, 12, 128 }, { 3, 0, 0 }, { 5, 0, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
}
END_TEST

START_TEST(not_understood)
{
	struct offer o = esp("aes-128-cbc aes-256-cbc", "sha256", "", false,
	    true);

	/* unknown transforms are passed over; RFC 7296 3.3.6 */
	send_raw(PROTO_ESP, 4, RAW({ 1, 99, 7 }, { 1, 12, 256 },
	    { 3, 999, 0 }, { 3, 12, 0 }, { 5, 7, 0 }, { 5, 0, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), 0);
	ck_assert_str_eq(chosen(), "AES-CBC-256/HMAC-SHA256");
	/* an unknown type spoils the proposal */
	send_raw(PROTO_ESP, 4, RAW({ 1, 12, 256 }, { 3, 12, 0 }, { 5, 0, 0 },
	    { 6, 1, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
	ck_assert_uint_eq(why.near_kinds, 1);
	/* so does a type that is not the protocol's, and a missing one */
	send_raw(PROTO_ESP, 4, RAW({ 1, 12, 256 }, { 2, 5, 0 }, { 3, 12, 0 },
	    { 5, 0, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
	send_raw(PROTO_ESP, 4, RAW({ 1, 12, 256 }, { 3, 12, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
	/* no key length, or one on an algorithm that has none */
	send_raw(PROTO_ESP, 4, RAW({ 1, 12, 0 }, { 3, 12, 0 }, { 5, 0, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
	send_raw(PROTO_ESP, 4, RAW({ 1, 12, 256 }, { 3, 12, 128 },
	    { 5, 0, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
}
END_TEST

START_TEST(protocols_and_spis)
{
	static const uint8_t low[4] = { 0, 0, 0, 255 };
	struct offer o = esp("aes-128-gcm", "", "", false, true);
	struct offer i = ike("aes-128-gcm", "sha256", "x25519");
	struct sa_writer w;
	char s[PROP_LINE_MAX];

	send_raw(PROTO_AH, 4, RAW({ 3, 12, 0 }, { 5, 0, 0 }));
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
	ck_assert_uint_eq(why.n, 1);
	ck_assert_str_eq(prop_reject_fmt(&why.rej[0], s, sizeof(s)),
	    "rejected protocol: Peer(prop#1) = ESP:AH");
	/* SPIs 0..255 are reserved (RFC 4303 2.1) */
	sa_begin(&w, &b);
	sa_put_proposal(&w, 1, PROTO_ESP, low, 4);
	sa_put_transform(&w, 1, 20, 128);
	sa_put_transform(&w, 5, 0, 0);
	sa_end(&w);
	parse();
	ck_assert_int_eq(prop_select(&ch, &o, &sa, 0, 0, &why), -1);
	/* an SPI in IKE_SA_INIT, none in a rekeying */
	send_offer(&i, PROP_REKEY_IKE);
	ck_assert_int_eq(prop_select(&ch, &i, &sa, 0, 0, &why), -1);
	ck_assert_int_eq(prop_select(&ch, &i, &sa, PROP_REKEY_IKE, 0, &why),
	    0);
	ck_assert(ch.spi == 0x0102030405060708);
	send_offer(&i, 0);
	ck_assert_int_eq(prop_select(&ch, &i, &sa, PROP_REKEY_IKE, 0, &why),
	    -1);
}
END_TEST

START_TEST(answers)
{
	struct offer o = ike("aes-128-gcm aes-256 aes-128", "sha256 sha1",
	    "x25519 modp2048");
	static const struct {
		const char *what;
		struct raw t[6];
		unsigned n;
		uint8_t num;
		bool ok;
	} rows[] = {
		{ "as offered", { { 1, 20, 128 }, { 2, 5, 0 },
		    { 4, 31, 0 } }, 3, 1, true },
		{ "second proposal", { { 1, 12, 128 }, { 2, 5, 0 },
		    { 3, 2, 0 }, { 4, 14, 0 } }, 4, 2, true },
		{ "integrity NONE", { { 1, 20, 128 }, { 2, 5, 0 },
		    { 3, 0, 0 }, { 4, 31, 0 } }, 4, 1, true },
		{ "two ciphers", { { 1, 12, 128 }, { 1, 12, 256 },
		    { 2, 5, 0 }, { 3, 2, 0 }, { 4, 14, 0 } }, 5, 2, false },
		{ "number of the other proposal", { { 1, 12, 128 },
		    { 2, 5, 0 }, { 3, 2, 0 }, { 4, 14, 0 } }, 4, 1, false },
		{ "unknown number", { { 1, 20, 128 }, { 2, 5, 0 },
		    { 4, 31, 0 } }, 3, 3, false },
		{ "number zero", { { 1, 20, 128 }, { 2, 5, 0 },
		    { 4, 31, 0 } }, 3, 0, false },
		{ "key length changed", { { 1, 20, 256 }, { 2, 5, 0 },
		    { 4, 31, 0 } }, 3, 1, false },
		{ "no PRF", { { 1, 20, 128 }, { 4, 31, 0 } }, 2, 1, false },
		{ "no integrity", { { 1, 12, 128 }, { 2, 5, 0 },
		    { 4, 14, 0 } }, 3, 2, false },
		{ "group NONE", { { 1, 20, 128 }, { 2, 5, 0 },
		    { 4, 0, 0 } }, 3, 1, false },
		{ "weaker PRF", { { 1, 20, 128 }, { 2, 1, 0 },
		    { 4, 31, 0 } }, 3, 1, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		send_raw(PROTO_IKE, 0, rows[i].t, rows[i].n);
		sa.p[0].num = rows[i].num;
		ck_assert_msg((prop_check_answer(&ch, &o, &sa, 0, &why) ==
		    0) == rows[i].ok, "%s", rows[i].what);
		ck_assert((why.reason == NULL) == rows[i].ok);
	}
	send_offer(&o, 0);	/* two proposals for an answer */
	ck_assert_int_eq(prop_check_answer(&ch, &o, &sa, 0, &why), -1);
	/* a key exchange in IKE_AUTH was not offered */
	o = esp("aes-128-gcm", "", "modp2048", false, true);
	send_raw(PROTO_ESP, 4, RAW({ 1, 20, 128 }, { 4, 14, 0 },
	    { 5, 0, 0 }));
	ck_assert_int_eq(prop_check_answer(&ch, &o, &sa, PROP_NO_KE, &why),
	    -1);
	ck_assert_int_eq(prop_check_answer(&ch, &o, &sa, 0, &why), 0);
}
END_TEST

START_TEST(key_exchange)
{
	struct offer i = ike("aes-128", "sha256", "modp2048 ecp256");
	struct offer r = ike("aes-128", "sha256", "ecp256");

	ck_assert_uint_eq(offer_ke_first(&i)->v2, 14);
	ck_assert_ptr_nonnull(offer_ke(&i, 19));
	ck_assert_ptr_null(offer_ke(&i, 31));
	send_offer(&i, 0);
	ck_assert_int_eq(prop_select(&ch, &r, &sa, 0, 14, &why), 0);
	ck_assert_uint_eq(prop_ke_wanted(&ch, 14), 19);
	ck_assert_uint_eq(prop_ke_wanted(&ch, 0), 19);
	ck_assert_uint_eq(prop_ke_wanted(&ch, 19), 0);
	/* no key exchange chosen: whatever came is not looked at */
	r = esp("aes-128-gcm", "", "", false, true);
	send_offer(&r, 0);
	ck_assert_int_eq(prop_select(&ch, &r, &sa, 0, 14, &why), 0);
	ck_assert_uint_eq(prop_ke_wanted(&ch, 14), 0);
	ck_assert_ptr_null(offer_ke_first(&r));
}
END_TEST

static const char *
reject(unsigned i)
{
	static char s[PROP_LINE_MAX];

	ck_assert_uint_lt(i, why.n);
	return prop_reject_fmt(&why.rej[i], s, sizeof(s));
}

START_TEST(reasons)
{
	struct offer r = ike("aes-256", "sha256", "modp2048");
	struct offer i = ike("3des", "sha1", "modp2048");
	char s[2048], tiny[24];

	send_offer(&i, 0);
	ck_assert_int_eq(prop_select(&ch, &r, &sa, 0, 14, &why), -1);
	ck_assert_uint_eq(why.n, 3);
	ck_assert_str_eq(reject(0), "rejected enctype: DB(prop#1:trns#1):"
	    "Peer(prop#1:trns#1) = AES-CBC-256:3DES-CBC");
	ck_assert_str_eq(reject(1), "rejected prftype: DB(prop#1:trns#2):"
	    "Peer(prop#1:trns#2) = PRF-HMAC-SHA256:PRF-HMAC-SHA1");
	ck_assert_str_eq(reject(2), "rejected hashtype: DB(prop#1:trns#3):"
	    "Peer(prop#1:trns#3) = HMAC-SHA256:HMAC-SHA1");
	prop_why_fmt(&why, &r, &sa, 0, s, sizeof(s));
	ck_assert_str_eq(s, "no proposal of the peer is acceptable; nearest: "
	    "ours #1 and theirs #1 differ in enctype, prftype, hashtype; "
	    "local: #1 IKE AES-CBC-256/PRF-HMAC-SHA256/HMAC-SHA256/"
	    "MODP-2048; peer: #1 IKE 3DES-CBC/PRF-HMAC-SHA1/HMAC-SHA1/"
	    "MODP-2048");
	prop_why_fmt(&why, &r, &sa, 0, tiny, sizeof(tiny));
	ck_assert_str_eq(tiny, "no proposal of the p...");
	/* PFS on one side alone */
	i = esp("aes-128-gcm", "", "", false, true);
	r = esp("aes-128-gcm", "", "modp2048 ecp256", false, true);
	send_offer(&i, 0);
	ck_assert_int_eq(prop_select(&ch, &r, &sa, 0, 0, &why), -1);
	ck_assert_uint_eq(why.n, 2);
	ck_assert_str_eq(reject(1), "rejected dh_group: DB(prop#1:trns#3):"
	    "Peer(prop#1) = ECP-256:none");
	send_offer(&r, 0);
	ck_assert_int_eq(prop_select(&ch, &i, &sa, 0, 0, &why), -1);
	ck_assert_str_eq(reject(0), "rejected dh_group: DB(prop#1):"
	    "Peer(prop#1:trns#2) = none:MODP-2048");
}
END_TEST

START_TEST(nearest)
{
	struct offer r = ike("aes-256 aes-256-gcm", "sha256", "ecp256");
	struct offer i = ike("aes-128 aes-256-gcm", "sha256", "modp2048");
	char s[2048];

	send_offer(&i, 0);
	ck_assert_int_eq(prop_select(&ch, &r, &sa, 0, 14, &why), -1);
	ck_assert_uint_eq(why.near_local, 2);
	ck_assert_uint_eq(why.near_peer, 2);
	ck_assert_uint_eq(why.near_kinds, 1u << SUITE_KE);
	prop_why_fmt(&why, &r, &sa, 0, s, sizeof(s));
	ck_assert_ptr_nonnull(strstr(s,
	    "nearest: ours #2 and theirs #2 differ in dh_group"));
}
END_TEST

START_TEST(bounded_reasons)
{
	struct offer r = ike("aes-256 aes-192 aes-128", "sha256 sha1 md5",
	    "ecp256 ecp384 ecp521");
	char line[PROP_LINE_MAX];
	struct sa_writer w;

	sa_begin(&w, &b);
	for (uint8_t n = 1; n <= SA_PROPOSALS_MAX; n++) {
		sa_put_proposal(&w, n, PROTO_IKE, NULL, 0);
		for (uint16_t k = 0; k < 16; k++)
			sa_put_transform(&w, TRANSFORM_ENCR, 1000 + k, 128);
	}
	sa_end(&w);
	parse();
	ck_assert_int_eq(prop_select(&ch, &r, &sa, 0, 14, &why), -1);
	ck_assert_uint_eq(why.n, PROP_REJECTS_MAX);
	ck_assert_uint_gt(why.dropped, 0);
	sa_fmt(&sa, line, sizeof(line));
	ck_assert_uint_eq(strlen(line), sizeof(line) - 1);
	ck_assert_str_eq(line + strlen(line) - 3, "...");
	ck_assert_str_eq(prop_reject_fmt(&why.rej[0], line, sizeof(line)),
	    "rejected enctype: DB(prop#1:trns#1):Peer(prop#1:trns#1) = "
	    "AES-CBC-256:ENCR 1000 (128 bits)");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proposal");
	TCase *t = tcase_create("proposal");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, wire_form);
	tcase_add_test(t, wire_form_esp);
	tcase_add_test(t, checks);
	tcase_add_test(t, matrix_ike);
	tcase_add_test(t, matrix_esp);
	tcase_add_test(t, matrix_all);
	tcase_add_test(t, explicit_none);
	tcase_add_test(t, ke_is_their_choice);
	tcase_add_test(t, not_understood);
	tcase_add_test(t, protocols_and_spis);
	tcase_add_test(t, answers);
	tcase_add_test(t, key_exchange);
	tcase_add_test(t, reasons);
	tcase_add_test(t, nearest);
	tcase_add_test(t, bounded_reasons);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
