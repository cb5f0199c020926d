#include "lib/ikeid.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static struct ikeid
parsed(const char *text)
{
	struct ikeid id;
	const char *why = NULL;

	ck_assert_msg(ikeid_parse(&id, text, &why) == 0, "%s: %s", text, why);
	return id;
}

/* The identity with this type and data as a peer would send it. */
static int
received(struct ikeid *id, uint8_t type, const void *data, size_t len,
    const char **why)
{
	uint8_t body[4 + IKEID_MAX + 8] = { type, 0, 0, 0 };
	struct cur c;

	ck_assert_uint_le(len, sizeof(body) - 4);
	if (len > 0)
		memcpy(body + 4, data, len);
	cur_init(&c, body, 4 + len);
	return ikeid_get_body(id, &c, why);
}

static const struct {
	const char *text;
	uint16_t type;
	const char *data;	/* hexadecimal, NULL: not compared */
} texts[] = {
	{ "auto", IKEID_AUTO, "" },
	{ "ignore", IKEID_IGNORE, "" },
	{ "address:192.0.2.1", IKEID_IPV4, "c0000201" },
	{ "address:2001:db8::1", IKEID_IPV6,
	    "20010db8000000000000000000000001" },
	{ "fqdn:gw.example.org", IKEID_FQDN,
	    "67772e6578616d706c652e6f7267" },
	{ "user-fqdn:a@b.c", IKEID_USER_FQDN, "6140622e63" },
	{ "user-fqdn:a@home@b.c", IKEID_USER_FQDN, NULL },
	{ "key-id:secret-7", IKEID_KEY_ID, "7365637265742d37" },
	{ "key-id:0x00ff10", IKEID_KEY_ID, "00ff10" },
	{ "key-id:0", IKEID_KEY_ID, "30" },
	{ "dn:CN=x", IKEID_DN, "300c310a300806035504030c0178" },
	{ "dn:C=LV,O=Example\\, Inc.,CN=gw", IKEID_DN, NULL },
	{ "dn:O=a+OU=b,CN=c", IKEID_DN, NULL },
	{ "dn:CN=\\ two  spaces\\ ", IKEID_DN, NULL },
	{ "dn:CN=z\xc4\x81le", IKEID_DN, NULL },
	{ "dn:DC=org,DC=example,CN=a\\=b\\\\c", IKEID_DN, NULL },
};

START_TEST(parse_and_format)
{
	char again[IKEID_STRLEN];
	struct ikeid id = parsed(texts[_i].text), back;
	const char *hex = texts[_i].data;

	ck_assert_uint_eq(id.type, texts[_i].type);
	if (hex != NULL) {
		ck_assert_uint_eq(id.len, strlen(hex) / 2);
		for (size_t i = 0; i < id.len; i++) {
			char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

			ck_assert_uint_eq(id.data[i],
			    strtoul(byte, NULL, 16));
		}
	}
	/* the text means the same when it is read back */
	ikeid_fmt(&id, again, sizeof(again));
	back = parsed(again);
	ck_assert_uint_eq(back.type, id.type);
	ck_assert_uint_eq(back.len, id.len);
	ck_assert_mem_eq(back.data, id.data, sizeof(id.data));
}
END_TEST

START_TEST(format_is_the_text)
{
	static const char *const same[] = { "auto", "ignore",
		"address:192.0.2.1", "address:2001:db8::1", "fqdn:gw.x",
		"user-fqdn:a@b.c", "key-id:k", "key-id:0x00ff",
		"dn:C=LV,O=Example\\, Inc.,CN=gw", "dn:O=a+OU=b,CN=c" };
	char text[IKEID_STRLEN];
	struct ikeid id;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		id = parsed(same[i]);
		ck_assert_str_eq(ikeid_fmt(&id, text, sizeof(text)), same[i]);
	}
}
END_TEST

static const char *const bad_texts[] = {
	"", "any", "address", "address:", "address:1.2.3", "address:1.2.3.4/8",
	"fqdn:", "user-fqdn:", "user-fqdn:nobody", "user-fqdn:@b",
	"user-fqdn:a@", "key-id:", "key-id:0x", "key-id:0x1", "key-id:0xzz",
	"dn:", "dn:CN", "dn:CN=", "dn:=x", "dn:CN=x,", "dn:CN=x,,O=y",
	"dn:NOSUCH=x", "dn:CN=x\\", "dn:C=toolong", "dn:CN=x+", "dn:,",
	"Fqdn:a", "fqdn=a",
};

START_TEST(bad_text)
{
	struct ikeid id;
	const char *why = NULL;

	ck_assert_int_eq(ikeid_parse(&id, bad_texts[_i], &why), -1);
	ck_assert_ptr_nonnull(why);
}
END_TEST

/* What a peer may send and nobody can write down is refused by its name. */
START_TEST(general_name)
{
	static const char *const gns[] = { "gn:0x8203612e62",
		"asn1gn:x", "der-asn1-gn:" };
	struct ikeid id;
	const char *why = NULL;

	ck_assert_int_eq(ikeid_parse(&id, gns[_i], &why), -1);
	ck_assert_ptr_nonnull(strstr(why, "ID_DER_ASN1_GN"));
	ck_assert_ptr_nonnull(strstr(why, "remote-id=auto"));
}
END_TEST

START_TEST(text_bounds)
{
	static const char *const kinds[] = { "fqdn:", "key-id:",
		"user-fqdn:a@" };
	char text[2 * IKEID_MAX];
	struct ikeid id;
	const char *why;
	size_t n, own;

	for (size_t i = 0; i < 3; i++) {
		n = strlen(kinds[i]);
		own = i == 2 ? 2 : 0;
		memcpy(text, kinds[i], n);
		memset(text + n, 'x', IKEID_MAX - own);
		text[n + IKEID_MAX - own] = '\0';
		ck_assert_int_eq(ikeid_parse(&id, text, &why), 0);
		ck_assert_uint_eq(id.len, IKEID_MAX);
		text[n + IKEID_MAX - own] = 'x';
		text[n + IKEID_MAX - own + 1] = '\0';
		ck_assert_int_eq(ikeid_parse(&id, text, &why), -1);
	}
	/* a name longer than what one identity may hold */
	memcpy(text, "dn:", 4);
	for (int i = 0; i < 60; i++)
		strcat(text, i == 0 ? "O=abcde" : ",O=abcde");
	ck_assert_int_eq(ikeid_parse(&id, text, &why), -1);
	ck_assert_str_eq(why, "distinguished name too long");
}
END_TEST

START_TEST(body_round_trip)
{
	struct ikeid id = parsed(texts[_i].text), back;
	const char *why = NULL;
	struct buf b;
	struct cur c;

	buf_init(&b, 1024);
	ikeid_put_body(&b, &id);
	if (ikeid_is_open(&id)) {
		ck_assert_int_eq(buf_error(&b), -1);
	} else {
		ck_assert_int_eq(buf_error(&b), 0);
		ck_assert_uint_eq(b.len, 4u + id.len);
		ck_assert_uint_eq(b.data[0], id.type);
		ck_assert_mem_eq(b.data + 1, "\0\0\0", 3);
		cur_init(&c, b.data, b.len);
		ck_assert_int_eq(ikeid_get_body(&back, &c, &why), 0);
		ck_assert_int_eq(cur_end(&c), 0);
		ck_assert_mem_eq(&back, &id, sizeof(id));
	}
	buf_free(&b);
}
END_TEST

START_TEST(ipc_round_trip)
{
	struct ikeid id = parsed(texts[_i].text), back;
	struct buf b;
	struct cur c;

	buf_init(&b, 1024);
	buf_ikeid(&b, &id);
	buf_u8(&b, 0xee);
	ck_assert_int_eq(buf_error(&b), 0);
	for (size_t n = 0; n < b.len - 1; n++) {
		cur_init(&c, b.data, n);
		ck_assert_int_eq(cur_ikeid(&c, &back), -1);
		ck_assert_uint_eq(cur_left(&c), n);
	}
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(cur_ikeid(&c, &back), 0);
	ck_assert_uint_eq(cur_left(&c), 1);
	ck_assert_mem_eq(&back, &id, sizeof(id));
	buf_free(&b);
}
END_TEST

START_TEST(ipc_rubbish)
{
	static const uint8_t bad[][6] = {
		{ 0, 0, 0, 1, 'x' },	/* auto with data */
		{ 1, 0, 0, 1, 'x' },	/* ignore with data */
		{ 0, 1, 0, 1, 'x' },	/* short IPv4 */
		{ 0, 7, 0, 1, 'x' },	/* unknown type */
		{ 1, 1, 0, 1, 'x' },
		{ 0, 9, 0, 1, 'x' },	/* not a Name */
	};
	struct ikeid id;
	struct cur c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cur_init(&c, bad[i], 5);
		ck_assert_int_eq(cur_ikeid(&c, &id), -1);
	}
}
END_TEST

/* Types a peer may send, with the lengths each may have. */
static const struct {
	uint8_t type;
	size_t min, max;
} lengths[] = {
	{ IKEID_IPV4, 4, 4 },
	{ IKEID_IPV6, 16, 16 },
	{ IKEID_FQDN, 1, IKEID_MAX },
	{ IKEID_USER_FQDN, 1, IKEID_MAX },
	{ IKEID_GN, 1, IKEID_MAX },
	{ IKEID_KEY_ID, 1, IKEID_MAX },
};

START_TEST(received_lengths)
{
	uint8_t data[IKEID_MAX + 1];
	size_t try[] = { 0, 1, lengths[_i].min - 1, lengths[_i].min,
		lengths[_i].max, lengths[_i].max + 1 };
	struct ikeid id;
	const char *why;
	int want;

	memset(data, 'a', sizeof(data));
	for (size_t i = 0; i < sizeof(try) / sizeof(try[0]); i++) {
		want = try[i] >= lengths[_i].min &&
		    try[i] <= lengths[_i].max ? 0 : -1;
		why = NULL;
		ck_assert_int_eq(received(&id, lengths[_i].type, data,
		    try[i], &why), want);
		ck_assert((why != NULL) == (want == -1));
	}
}
END_TEST

START_TEST(received_rubbish)
{
	static const uint8_t short_body[3] = { IKEID_FQDN, 0, 0 };
	struct ikeid id, dn = parsed("dn:CN=x");
	const char *why;
	struct cur c;

	for (size_t n = 0; n <= sizeof(short_body); n++) {
		cur_init(&c, short_body, n);
		why = NULL;
		ck_assert_int_eq(ikeid_get_body(&id, &c, &why), -1);
		ck_assert_ptr_nonnull(why);
	}
	for (unsigned type = 0; type < 256; type++) {
		if (type == 1 || type == 2 || type == 3 || type == 5 ||
		    (type >= 9 && type <= 11))
			continue;
		ck_assert_int_eq(received(&id, (uint8_t)type, "abcd", 4,
		    &why), -1);
	}
	ck_assert_int_eq(received(&id, IKEID_FQDN, "a\0b", 3, &why), -1);
	ck_assert_int_eq(received(&id, IKEID_FQDN, "a\n", 2, &why), -1);
	ck_assert_int_eq(received(&id, IKEID_USER_FQDN, "a@b\r", 4, &why), -1);
	/* a Name with a byte less, a byte more, or a false length */
	ck_assert_int_eq(received(&id, IKEID_DN, dn.data, dn.len, &why), 0);
	for (size_t n = 0; n < dn.len; n++)
		ck_assert_int_eq(received(&id, IKEID_DN, dn.data, n, &why),
		    -1);
	ck_assert_int_eq(received(&id, IKEID_DN, dn.data, dn.len + 1u, &why),
	    -1);
	dn.data[1]++;
	ck_assert_int_eq(received(&id, IKEID_DN, dn.data, dn.len, &why), -1);
	ck_assert_int_eq(received(&id, IKEID_DN, "\x30\0", 2, &why), 0);
}
END_TEST

static const struct {
	const char *a, *b;
	bool equal;
} pairs[] = {
	{ "fqdn:GW.Example.ORG", "fqdn:gw.example.org", true },
	{ "fqdn:gw.example.org", "fqdn:gw.example.or", false },
	{ "fqdn:a@b", "user-fqdn:a@b", false },
	{ "user-fqdn:joe@EXAMPLE.org", "user-fqdn:joe@example.org", true },
	{ "user-fqdn:Joe@example.org", "user-fqdn:joe@example.org", false },
	{ "user-fqdn:a@B@c.d", "user-fqdn:a@b@c.d", false },
	{ "key-id:K", "key-id:k", false },
	{ "key-id:k", "key-id:0x6b", true },
	{ "address:192.0.2.1", "address:192.0.2.1", true },
	{ "address:192.0.2.1", "address:192.0.2.2", false },
	{ "address:192.0.2.1", "address:::ffff:192.0.2.1", false },
	{ "dn:C=LV,O=Example,CN=gw", "dn:C=LV,O=EXAMPLE,CN=GW", true },
	{ "dn:O=An  Example,CN=gw", "dn:O=An Example,CN=gw", true },
	{ "dn:O=Example,CN=gw", "dn:CN=gw,O=Example", false },
	{ "dn:CN=gw", "dn:CN=gw2", false },
	{ "dn:CN=gw", "dn:O=gw", false },
	{ "dn:O=a+OU=b", "dn:O=a,OU=b", false },
};

START_TEST(comparison)
{
	struct ikeid a = parsed(pairs[_i].a), b = parsed(pairs[_i].b);

	ck_assert_int_eq(ikeid_equal(&a, &b), pairs[_i].equal);
	ck_assert_int_eq(ikeid_equal(&b, &a), pairs[_i].equal);
	ck_assert_int_eq(ikeid_admits(&a, &b), pairs[_i].equal);
	ck_assert(ikeid_equal(&a, &a));
}
END_TEST

/* CN=x as PrintableString is the CN=x we write as UTF8String. */
START_TEST(string_types)
{
	static const uint8_t printable[] = { 0x30, 0x0c, 0x31, 0x0a, 0x30,
		0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x01, 'X' };
	struct ikeid ours = parsed("dn:CN=x"), theirs;
	const char *why;

	ck_assert_int_eq(received(&theirs, IKEID_DN, printable,
	    sizeof(printable), &why), 0);
	ck_assert(ikeid_admits(&ours, &theirs));
	ck_assert_mem_ne(ours.data, theirs.data, sizeof(printable));
}
END_TEST

START_TEST(open_ones_admit_all)
{
	struct ikeid any = parsed("auto"), ignore = parsed("ignore");
	struct ikeid id = parsed("fqdn:x");

	ck_assert(ikeid_is_open(&any) && ikeid_is_open(&ignore));
	ck_assert(!ikeid_is_open(&id));
	ck_assert(ikeid_admits(&any, &id) && ikeid_admits(&ignore, &id));
	ck_assert(!ikeid_admits(&id, &any));
	ck_assert(!ikeid_equal(&any, &ignore));
}
END_TEST

START_TEST(addresses)
{
	static const char *const texts4and6[] = { "192.0.2.7", "2001:db8::7" };
	struct addr a, back;
	struct ikeid id;

	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(addr_parse(&a, texts4and6[i]), 0);
		ikeid_from_addr(&id, &a);
		ck_assert_int_eq(ikeid_addr(&id, &back), 0);
		ck_assert(addr_equal(&a, &back));
	}
	id = parsed("fqdn:x");
	ck_assert_int_eq(ikeid_addr(&id, &back), -1);
}
END_TEST

START_TEST(hostile_bytes_are_escaped)
{
	char text[IKEID_STRLEN], small[12];
	uint8_t worst[IKEID_MAX];
	struct ikeid id;
	const char *why;

	ck_assert_int_eq(received(&id, IKEID_FQDN, "a\xff\xc2\x9b""b", 5,
	    &why), 0);
	ck_assert_str_eq(ikeid_fmt(&id, text, sizeof(text)),
	    "fqdn:a\\xff\\xc2\\x9bb");
	ck_assert_int_eq(received(&id, IKEID_KEY_ID, "\0\x1b[2J", 5, &why), 0);
	ck_assert_str_eq(ikeid_fmt(&id, text, sizeof(text)),
	    "key-id:0x001b5b324a");
	/* whatever is in it, it fits */
	memset(worst, 0xff, sizeof(worst));
	ck_assert_int_eq(received(&id, IKEID_FQDN, worst, sizeof(worst),
	    &why), 0);
	ck_assert_uint_eq(strlen(ikeid_fmt(&id, text, sizeof(text))),
	    5 + 4 * IKEID_MAX);
	ck_assert_uint_lt(strlen(ikeid_fmt(&id, small, sizeof(small))),
	    sizeof(small));
}
END_TEST

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	Suite *s = suite_create("ikeid");
	TCase *tc = tcase_create("ikeid");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, parse_and_format, 0, N(texts));
	tcase_add_test(tc, format_is_the_text);
	tcase_add_loop_test(tc, bad_text, 0, N(bad_texts));
	tcase_add_loop_test(tc, general_name, 0, 3);
	tcase_add_test(tc, text_bounds);
	tcase_add_loop_test(tc, body_round_trip, 0, N(texts));
	tcase_add_loop_test(tc, ipc_round_trip, 0, N(texts));
	tcase_add_test(tc, ipc_rubbish);
	tcase_add_loop_test(tc, received_lengths, 0, N(lengths));
	tcase_add_test(tc, received_rubbish);
	tcase_add_loop_test(tc, comparison, 0, N(pairs));
	tcase_add_test(tc, string_types);
	tcase_add_test(tc, open_ones_admit_all);
	tcase_add_test(tc, addresses);
	tcase_add_test(tc, hostile_bytes_are_escaped);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
