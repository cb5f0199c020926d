/* Configuration payloads: what is asked and what is given, odd ones too. */
#include "ikepd/v2/cp.h"
#include "ikepd/wire/body.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct buf b;
static struct inmsg in;
static struct outmsg out;

static void
setup(void)
{
	buf_init(&b, 70000);
	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	buf_init(&out.b, 70000);
	msg_begin(&out.w, &out.b, &(struct ike_hdr){ .exchange = IKE_AUTH });
}

static void
teardown(void)
{
	buf_free(&b);
	buf_free(&out.b);
}

/* What was put into b is the message's CP payload. */
static void
arrive(void)
{
	ck_assert_int_eq(buf_error(&b), 0);
	in.pl.n = 1;
	in.pl.pl[0].type = PL_CP;
	cur_init(&in.pl.pl[0].body, b.data, b.len);
}

/* What was written to out arrives. */
static void
travel(void)
{
	struct cur c;

	ck_assert_int_eq(msg_end(&out.w), 0);
	cur_init(&c, msg_bytes(&out.w) + IKE_HDR_LEN,
	    msg_len(&out.w) - IKE_HDR_LEN);
	ck_assert_int_eq(payloads_parse(&in.pl, PL_CP, c, false, NULL), 0);
}

START_TEST(request_arrives)
{
	struct cp_ask ask;

	cp_put_request(&out);
	travel();
	cp_read_request(&in, &ask);
	ck_assert(ask.want4 && ask.want6 && ask.names && ask.split);
	ck_assert(!ask.version);
	ck_assert_uint_eq(ask.addr4.family, AF_UNSPEC);
	ck_assert_uint_eq(ask.addr6.family, AF_UNSPEC);
}
END_TEST

START_TEST(reply_arrives)
{
	struct cp_ask ask = { .names = true, .split = true,
		.version = true };
	struct cfg put = { .prefix4 = 24, .prefix6 = 64, .ndns = 2,
		.nsplit = 3, .nnames = 2 }, got;
	size_t i;

	ck_assert_int_eq(addr_parse(&put.addr4, "10.0.0.9"), 0);
	ck_assert_int_eq(addr_parse(&put.addr6, "fd00::9"), 0);
	ck_assert_int_eq(addr_parse(&put.dns[0], "10.0.0.1"), 0);
	ck_assert_int_eq(addr_parse(&put.dns[1], "fd00::1"), 0);
	ck_assert_int_eq(prefix_parse(&put.split[0], "0.0.0.0/0", true), 0);
	ck_assert_int_eq(prefix_parse(&put.split[1], "10.1.2.3/32", true),
	    0);
	ck_assert_int_eq(prefix_parse(&put.split[2], "::/0", true), 0);
	strcpy(put.names[0], "corp.example");
	for (i = 0; i < 252; i += 2)
		memcpy(put.names[1] + i, "a.", 2);
	cp_put_reply(&out, &ask, &put);
	travel();
	ck_assert(cp_read_reply(&in, &got));
	ck_assert(addr_equal(&got.addr4, &put.addr4));
	ck_assert(addr_equal(&got.addr6, &put.addr6));
	ck_assert_uint_eq(got.prefix4, 24);
	ck_assert_uint_eq(got.prefix6, 64);
	ck_assert_uint_eq(got.ndns, 2);
	ck_assert(addr_equal(&got.dns[1], &put.dns[1]));
	/* Those in Cisco's way are the same ones. */
	ck_assert_uint_eq(got.nsplit, 3);
	ck_assert(prefix_equal(&got.split[0], &put.split[0]));
	ck_assert(prefix_equal(&got.split[1], &put.split[1]));
	ck_assert(prefix_equal(&got.split[2], &put.split[2]));
	ck_assert_uint_eq(got.nnames, 2);
	ck_assert_str_eq(got.names[1], put.names[1]);
}
END_TEST

START_TEST(wishes)
{
	struct cp_ask ask;

	cp_put(&b, CP_REQUEST);
	cp_put_attr(&b, 1, "\x0a\0\0\x07", 4);
	cp_put_attr(&b, 1, "\x0a\0\0\x08", 4);
	cp_put_attr(&b, 8, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\x40", 17);
	cp_put_attr(&b, 28675, NULL, 0);
	cp_put_attr(&b, 4, NULL, 0);	/* INTERNAL_IP4_NBNS */
	cp_put_attr(&b, 20000, "unknown", 7);
	arrive();
	cp_read_request(&in, &ask);
	/* One address of a family is all we give: the first counts. */
	ck_assert_uint_eq(ask.addr4.b[3], 7);
	ck_assert_uint_eq(ask.addr6.b[15], 7);
	ck_assert(!ask.names && !ask.split && ask.split_names);
}
END_TEST

START_TEST(any_address_is_no_wish)
{
	struct cp_ask ask;

	cp_put(&b, CP_REQUEST);
	cp_put_attr(&b, 1, "\0\0\0\0", 4);
	cp_put_attr(&b, 8, "short", 5);
	arrive();
	cp_read_request(&in, &ask);
	ck_assert(ask.want4 && ask.want6);
	ck_assert_uint_eq(ask.addr4.family, AF_UNSPEC);
	ck_assert_uint_eq(ask.addr6.family, AF_UNSPEC);
}
END_TEST

START_TEST(a_reply_is_no_request)
{
	struct cp_ask ask;
	struct cfg cfg;

	cp_read_request(&in, &ask);
	ck_assert(!ask.want4 && !ask.want6);
	ck_assert(!cp_read_reply(&in, &cfg));
	cp_put(&b, CP_SET);
	cp_put_attr(&b, 1, "\x0a\0\0\x07", 4);
	arrive();
	cp_read_request(&in, &ask);
	ck_assert(!ask.want4);
	ck_assert(!cp_read_reply(&in, &cfg));
}
END_TEST

static const struct cp_attr *
reply_attr(uint16_t type, unsigned *n)
{
	static struct cp_body cp;
	const struct payload *p = payload_get(&in.pl, PL_CP);
	const struct cp_attr *found = NULL;
	unsigned i;

	*n = 0;
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(cp_parse(&cp, p->body, NULL), 0);
	for (i = 0; i < cp.n; i++)
		if (cp.attrs[i].type == type) {
			found = &cp.attrs[i];
			(*n)++;
		}
	return found;
}

/* What goes out and was asked for by name only. */
START_TEST(only_what_is_asked)
{
	struct cfg put = { .prefix4 = 24, .ndns = 2, .nsplit = 1,
		.nnames = 2 };
	struct cp_ask ask = { .want4 = true };
	const struct cp_attr *a;
	unsigned n;

	ck_assert_int_eq(addr_parse(&put.addr4, "10.0.0.9"), 0);
	ck_assert_int_eq(addr_parse(&put.dns[0], "10.0.0.1"), 0);
	ck_assert_int_eq(addr_parse(&put.dns[1], "10.0.0.2"), 0);
	ck_assert_int_eq(prefix_parse(&put.split[0], "10.1.0.0/16", true),
	    0);
	strcpy(put.names[0], "corp.example");
	strcpy(put.names[1], "lab.example");
	cp_put_reply(&out, &ask, &put);
	travel();
	a = reply_attr(2, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_mem_eq(a->value.p, "\xff\xff\xff\0", 4);
	a = reply_attr(13, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_mem_eq(a->value.p, "\x0a\1\0\0\xff\xff\0\0", 8);
	(void)reply_attr(3, &n);
	ck_assert_uint_eq(n, 2);
	(void)reply_attr(7, &n);
	ck_assert_uint_eq(n, 0);
	(void)reply_attr(25, &n);
	ck_assert_uint_eq(n, 0);
	(void)reply_attr(28675, &n);
	ck_assert_uint_eq(n, 0);
	(void)reply_attr(28676, &n);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(all_that_is_asked)
{
	struct cfg put = { .prefix4 = 32, .nnames = 2 };
	struct cp_ask ask = { .want4 = true, .names = true,
		.split_names = true, .version = true };
	const struct cp_attr *a;
	unsigned n;

	ck_assert_int_eq(addr_parse(&put.addr4, "10.0.0.9"), 0);
	strcpy(put.names[0], "corp.example");
	strcpy(put.names[1], "lab.example");
	cp_put_reply(&out, &ask, &put);
	travel();
	(void)reply_attr(25, &n);
	ck_assert_uint_eq(n, 2);
	a = reply_attr(28675, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(cur_left(&a->value), 24);
	ck_assert_mem_eq(a->value.p, "corp.example,lab.example", 24);
	(void)reply_attr(7, &n);
	ck_assert_uint_eq(n, 1);
}
END_TEST

/* Attributes that cannot be read are passed over. */
START_TEST(odd_replies)
{
	uint8_t name[CFG_NAME_LEN + 1];
	struct cfg cfg;
	unsigned i;

	memset(name, 'x', sizeof(name));
	cp_put(&b, CP_REPLY);
	cp_put_attr(&b, 1, "\0\0\0\0", 4);
	cp_put_attr(&b, 1, "\x0a\0", 2);
	cp_put_attr(&b, 2, "\xff\0\xff\0", 4);
	cp_put_attr(&b, 8, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\xff", 17);
	cp_put_attr(&b, 13, "\x0a\0\0\0\xff\0\xff\0", 8);
	cp_put_attr(&b, 13, "\x0a\0\0\0", 4);
	cp_put_attr(&b, 15, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x81", 17);
	cp_put_attr(&b, 25, name, sizeof(name));
	cp_put_attr(&b, 25, "evil\nnameserver", 15);
	cp_put_attr(&b, 25, "a\0b", 3);
	cp_put_attr(&b, 25, "$(reboot)", 9);
	cp_put_attr(&b, 25, "a;b", 3);
	cp_put_attr(&b, 25, "a\"b", 3);
	cp_put_attr(&b, 25, "-option", 7);
	cp_put_attr(&b, 25, "", 0);
	cp_put_attr(&b, 28676, "\x0a\0\0\0\xff\0\0\0\0\0", 10);
	cp_put_attr(&b, 4, "\x0a\0\0\1", 4);
	cp_put_attr(&b, 28675, "corp.example", 12);
	cp_put_attr(&b, 0x7fff, name, sizeof(name));
	for (i = 0; i < 20; i++)
		cp_put_attr(&b, 3, "\x0a\0\0\1", 4);
	arrive();
	ck_assert(cp_read_reply(&in, &cfg));
	ck_assert_uint_eq(cfg.addr4.family, AF_UNSPEC);
	ck_assert_uint_eq(cfg.addr6.family, AF_INET6);
	ck_assert_uint_eq(cfg.prefix6, 128);
	ck_assert_uint_eq(cfg.nsplit, 0);
	ck_assert_uint_eq(cfg.nnames, 0);
	ck_assert_uint_eq(cfg.ndns, CFG_DNS_MAX);
}
END_TEST

START_TEST(more_networks_than_room)
{
	uint8_t v[14 * 200] = { 0 };
	struct cfg cfg;
	unsigned i;

	for (i = 0; i < 200; i++) {
		v[14 * i] = 10;
		v[14 * i + 1] = (uint8_t)i;
		v[14 * i + 4] = v[14 * i + 5] = 0xff;
	}
	cp_put(&b, CP_REPLY);
	cp_put_attr(&b, 28676, v, sizeof(v));
	arrive();
	ck_assert(cp_read_reply(&in, &cfg));
	ck_assert_uint_eq(cfg.nsplit, CFG_SPLIT_MAX);
	ck_assert_uint_eq(cfg.split[CFG_SPLIT_MAX - 1].bits, 16);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cp");
	TCase *t = tcase_create("cp");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, request_arrives);
	tcase_add_test(t, reply_arrives);
	tcase_add_test(t, wishes);
	tcase_add_test(t, any_address_is_no_wish);
	tcase_add_test(t, a_reply_is_no_request);
	tcase_add_test(t, only_what_is_asked);
	tcase_add_test(t, all_that_is_asked);
	tcase_add_test(t, odd_replies);
	tcase_add_test(t, more_networks_than_room);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
