/* DHCPINFORM and its answer as bytes; how often a client may ask. */
#include "informd/asked.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HEADER	240	/* with the magic number */

static uint8_t msg[1500];
static size_t msg_len;

static void
option(uint8_t opt, size_t len, const char *data)
{
	msg[msg_len++] = opt;
	msg[msg_len++] = (uint8_t)len;
	memcpy(msg + msg_len, data, len);
	msg_len += len;
}

/* As Windows sends it. */
static void
inform(void)
{
	static const uint8_t magic[] = { 0x63, 0x82, 0x53, 0x63 };

	memset(msg, 0, sizeof(msg));
	msg[0] = 1;
	msg[1] = 8;
	msg[2] = 6;
	memcpy(msg + 4, "\x12\x34\x56\x78", 4);
	memcpy(msg + 12, "\xc0\xa8\x4d\x05", 4);
	memcpy(msg + 28, "\x02\x00\x00\x00\x00\x01", 6);
	memcpy(msg + 236, magic, 4);
	msg_len = HEADER;
	option(53, 1, "\x08");
	option(61, 7, "\x08\x02\x00\x00\x00\x00\x01");
	option(60, 8, "MSFT 5.0");
	option(55, 6, "\x06\x2c\x2b\x01\xf9\x0f");
	msg[msg_len++] = 255;
}

/* With memory that ends where the message does. */
static int
get(struct dhcp_inform *d)
{
	uint8_t *exact = malloc(msg_len == 0 ? 1 : msg_len);
	const char *why;
	int rc;

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, msg, msg_len);
	rc = dhcp_inform_get(exact, msg_len, d, &why);
	free(exact);
	ck_assert_ptr_nonnull(why);
	return rc;
}

START_TEST(test_inform)
{
	struct dhcp_inform d;

	inform();
	ck_assert_int_eq(get(&d), 0);
	ck_assert_uint_eq(d.xid, 0x12345678);
	ck_assert_uint_eq(d.htype, 8);
	ck_assert_uint_eq(d.hlen, 6);
	ck_assert_uint_eq(d.ciaddr.b[3], 5);
	ck_assert_uint_eq(d.max, DHCP_LEN_DEFAULT);
	ck_assert_uint_eq(d.want, DHCP_WANT_DNS | DHCP_WANT_DOMAIN |
	    DHCP_WANT_MS_ROUTES);
	/* Without a list all is wanted; padding; no end is no harm. */
	inform();
	msg_len = HEADER;
	msg[msg_len++] = 0;
	option(53, 1, "\x08");
	option(57, 2, "\x05\xdc");
	ck_assert_int_eq(get(&d), 0);
	ck_assert_uint_eq(d.want, DHCP_WANT_ALL);
	ck_assert_uint_eq(d.max, 1472);
	msg_len -= 4;
	option(57, 2, "\xff\xff");
	ck_assert_int_eq(get(&d), 0);
	ck_assert_uint_eq(d.max, DHCP_LEN_MAX);
	msg_len -= 4;
	option(57, 2, "\x00\x01");
	ck_assert_int_eq(get(&d), 0);
	ck_assert_uint_eq(d.max, 548);
}
END_TEST

static void
refused_byte(size_t at, uint8_t value)
{
	struct dhcp_inform d;

	inform();
	msg[at] = value;
	ck_assert_msg(get(&d) == -1, "byte %zu", at);
}

START_TEST(test_refused)
{
	struct dhcp_inform d;
	uint8_t type;

	refused_byte(0, 2);	/* a reply */
	refused_byte(2, 17);	/* hlen */
	refused_byte(24, 1);	/* through a relay */
	refused_byte(236, 0);	/* magic */
	refused_byte(12, 0);	/* the client's address */
	refused_byte(12, 127);
	refused_byte(12, 224);
	refused_byte(12, 255);
	for (type = 0; type < 20; type++)
		if (type != 8)
			refused_byte(HEADER + 2, type);
	refused_byte(HEADER + 1, 2);	/* two bytes of type */
	inform();
	msg_len--;
	option(53, 1, "\x08");
	ck_assert_int_eq(get(&d), -1);	/* twice */
	inform();
	msg_len--;
	option(57, 1, "\x08");
	ck_assert_int_eq(get(&d), -1);
	inform();
	msg_len = HEADER;
	ck_assert_int_eq(get(&d), -1);	/* BOOTP */
}
END_TEST

START_TEST(test_lengths)
{
	struct dhcp_inform d;
	size_t whole;

	inform();
	whole = msg_len;
	/* Cut anywhere: within an option it is refused. */
	for (msg_len = 0; msg_len < HEADER + 3; msg_len++)
		ck_assert_int_eq(get(&d), -1);
	for (; msg_len <= whole; msg_len++)
		(void)get(&d);
	inform();
	msg[HEADER + 4] = 255;		/* an option beyond the end */
	ck_assert_int_eq(get(&d), -1);
}
END_TEST

START_TEST(test_mutations)
{
	struct dhcp_inform d;
	unsigned i, n;

	srandom(7);
	for (i = 0; i < 100000; i++) {
		inform();
		for (n = (unsigned)random() % 6 + 1; n > 0; n--)
			msg[(size_t)random() % msg_len] = (uint8_t)random();
		msg_len -= (size_t)random() % 8;
		if (get(&d) == 0) {
			ck_assert_uint_le(d.hlen, DHCP_CHADDR);
			ck_assert_uint_le(d.max, DHCP_LEN_MAX);
			ck_assert_uint_ge(d.max, 548);
		}
	}
}
END_TEST

static struct prefix route[DHCP_ROUTES];
static struct addr dns;

static struct dhcp_told
split(unsigned n)
{
	struct dhcp_told t = { .route = route, .nroutes = n, .dns = &dns,
		.ndns = 1, .domain = "corp.example" };
	unsigned i;

	ck_assert_int_eq(addr_parse(&t.server, "192.0.2.1"), 0);
	ck_assert_int_eq(addr_parse(&dns, "10.5.8.1"), 0);
	for (i = 0; i < n; i++) {
		route[i].addr.family = AF_INET;
		route[i].addr.b[0] = 10;
		route[i].addr.b[1] = (uint8_t)i;
		route[i].addr.b[2] = 8;
		route[i].bits = 24;
	}
	return t;
}

/* All pieces of an option, joined; its length. */
static size_t
find(const struct buf *b, uint8_t opt, uint8_t *out)
{
	size_t at = HEADER, n = 0;

	while (at < b->len && b->data[at] != 255) {
		if (b->data[at] == opt) {
			memcpy(out + n, b->data + at + 2, b->data[at + 1]);
			n += b->data[at + 1];
		}
		at += 2u + b->data[at + 1];
	}
	ck_assert_uint_eq(at, b->len - 1);	/* the end, and it is last */
	return n;
}

START_TEST(test_ack)
{
	struct dhcp_told t = split(1);
	struct dhcp_inform d;
	uint8_t o[1024];
	struct buf b;

	/* Lengths of nets from 0 to 32 (RFC 3442). */
	prefix_parse(&route[1], "172.16.0.0/12", true);
	prefix_parse(&route[2], "10.0.0.0/8", true);
	prefix_parse(&route[3], "192.0.2.7/32", true);
	prefix_parse(&route[4], "0.0.0.0/0", true);
	t.nroutes = 5;
	inform();
	ck_assert_int_eq(get(&d), 0);
	buf_init(&b, DHCP_LEN_MAX);
	dhcp_ack_put(&b, &d, &t);
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_uint_eq(b.data[0], 2);
	ck_assert_mem_eq(b.data + 4, msg + 4, 4);	/* xid */
	ck_assert_mem_eq(b.data + 12, msg + 12, 4);	/* ciaddr */
	ck_assert_mem_eq(b.data + 16, "\0\0\0\0", 4);	/* no lease */
	ck_assert_mem_eq(b.data + 28, msg + 28, 16);
	ck_assert_uint_eq(find(&b, 53, o), 1);
	ck_assert_uint_eq(o[0], 5);
	ck_assert_uint_eq(find(&b, 54, o), 4);
	ck_assert_mem_eq(o, "\xc0\x00\x02\x01", 4);
	ck_assert_uint_eq(find(&b, 51, o), 0);
	ck_assert_uint_eq(find(&b, 6, o), 4);
	ck_assert_mem_eq(o, "\x0a\x05\x08\x01", 4);
	ck_assert_uint_eq(find(&b, 15, o), 12);
	ck_assert_mem_eq(o, "corp.example", 12);
	ck_assert_uint_eq(find(&b, 249, o), 8 + 7 + 6 + 9 + 5);
	ck_assert_mem_eq(o, "\x18\x0a\x00\x08\0\0\0\0" "\x0c\xac\x10\0\0\0\0"
	    "\x08\x0a\0\0\0\0" "\x20\xc0\x00\x02\x07\0\0\0\0" "\0\0\0\0\0",
	    35);
	ck_assert_uint_eq(find(&b, 121, o), 0);	/* was not asked for */
	buf_free(&b);
}
END_TEST

/* Long lists come in pieces, or not at all where there is no room. */
START_TEST(test_long)
{
	struct dhcp_told t = split(DHCP_ROUTES);
	struct dhcp_inform d;
	uint8_t o[1024];
	struct buf b;
	uint16_t max;

	inform();
	ck_assert_int_eq(get(&d), 0);
	d.want = DHCP_WANT_ALL;
	for (max = 548; max <= DHCP_LEN_MAX; max++) {
		d.max = max;
		buf_init(&b, DHCP_LEN_MAX);
		dhcp_ack_put(&b, &d, &t);
		ck_assert_int_eq(buf_error(&b), 0);
		ck_assert_uint_le(b.len, max);
		ck_assert(find(&b, 249, o) == 0 || find(&b, 249, o) == 512);
		ck_assert(find(&b, 121, o) == 0 || find(&b, 121, o) == 512);
		ck_assert_uint_eq(find(&b, 6, o), 4);
		buf_free(&b);
	}
	buf_init(&b, DHCP_LEN_MAX);
	dhcp_ack_put(&b, &d, &t);
	ck_assert_uint_eq(find(&b, 249, o), 512);
	ck_assert_mem_eq(o + 504, "\x18\x0a\x3f\x08\0\0\0\0", 8);
	ck_assert_uint_eq(find(&b, 121, o), 512);
	buf_free(&b);
}
END_TEST

START_TEST(test_rate)
{
	static struct asked a;
	struct mono now = { .us = 1000000 };
	struct dhcp_inform d;
	struct asked_one out;
	const struct asked_one *one;
	uint32_t id;
	unsigned i, n;

	inform();
	ck_assert_int_eq(get(&d), 0);
	asked_init(&a, 5, now);
	one = asked_add(&a, &d, &d.ciaddr, now);
	ck_assert_ptr_nonnull(one);
	id = one->id;
	ck_assert_ptr_null(asked_add(&a, &d, &d.ciaddr, now));
	now.us += ASKED_CLIENT_US;
	ck_assert_ptr_nonnull(asked_add(&a, &d, &d.ciaddr, now));
	ck_assert_int_eq(asked_take(&a, id, &out), 0);
	ck_assert_uint_eq(out.inform.xid, d.xid);
	ck_assert_int_eq(asked_take(&a, id, &out), -1);
	ck_assert_int_eq(asked_take(&a, 0, &out), -1);
	/* Many clients: as many as may wait; then the rate. */
	asked_init(&a, 5, now);
	for (i = n = 0; i < 10000; i++) {
		d.ciaddr.b[2] = (uint8_t)(i >> 8);
		d.ciaddr.b[3] = (uint8_t)i;
		n += asked_add(&a, &d, &d.ciaddr, now) != NULL;
	}
	ck_assert_uint_eq(n, ASKED_MAX);
	asked_forget(&a);
	asked_init(&a, 5, now);
	for (i = n = 0; i < 10000; i++) {
		d.ciaddr.b[2] = (uint8_t)(i >> 8);
		d.ciaddr.b[3] = (uint8_t)i;
		if ((one = asked_add(&a, &d, &d.ciaddr, now)) != NULL &&
		    asked_take(&a, one->id, &out) == 0)
			n++;
	}
	ck_assert_uint_eq(n, ASKED_BURST);
	now.us += 1000000;
	for (i = n = 0; i < 10000; i++) {
		d.ciaddr.b[2] = (uint8_t)(i >> 8);
		d.ciaddr.b[3] = (uint8_t)i;
		if ((one = asked_add(&a, &d, &d.ciaddr, now)) != NULL &&
		    asked_take(&a, one->id, &out) == 0)
			n++;
	}
	ck_assert_uint_eq(n, ASKED_RATE);
}
END_TEST

/* sessiond says nothing: places are free again after a while. */
START_TEST(test_silence)
{
	static struct asked a;
	struct mono now = { .us = 1000000 };
	struct dhcp_inform d;
	unsigned i;

	inform();
	ck_assert_int_eq(get(&d), 0);
	asked_init(&a, 5, now);
	for (i = 0; i < ASKED_MAX; i++, now.us += ASKED_CLIENT_US / 20) {
		d.ciaddr.b[3] = (uint8_t)i;
		ck_assert_ptr_nonnull(asked_add(&a, &d, &d.ciaddr, now));
	}
	d.ciaddr.b[2]++;
	ck_assert_ptr_null(asked_add(&a, &d, &d.ciaddr, now));
	now.us += ASKED_WAIT_US + 1;
	ck_assert_ptr_nonnull(asked_add(&a, &d, &d.ciaddr, now));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dhcp");
	TCase *t = tcase_create("dhcp");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_inform);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_lengths);
	tcase_add_test(t, test_mutations);
	tcase_add_test(t, test_ack);
	tcase_add_test(t, test_long);
	tcase_add_test(t, test_rate);
	tcase_add_test(t, test_silence);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
