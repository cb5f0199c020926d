/* The parts of the packet path by themselves, and what they are not to do. */
#include "espd/csum.h"
#include "espd/epoch.h"
#include "espd/event.h"
#include "espd/frag.h"
#include "espd/fragport.h"
#include "espd/icmp.h"
#include "espd/mss.h"
#include "espd/pkt.h"
#include "espd/tso.h"
#include "espd/wire.h"

#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>

static uint8_t p[4000];
static struct pkt k;

static void
make4(uint8_t proto, size_t hdr, size_t len)
{
	memset(p, 0, sizeof(p));
	p[0] = (uint8_t)(0x40 | hdr / 4);
	put16(p + 2, (uint16_t)len);
	p[8] = 64;
	p[9] = proto;
	put32(p + 12, 0x0a010001);
	put32(p + 16, 0x0a020001);
	csum_ipv4(p);
}

static void
make6(uint8_t next, size_t payload)
{
	memset(p, 0, sizeof(p));
	p[0] = 0x60;
	put16(p + 4, (uint16_t)payload);
	p[6] = next;
	p[7] = 64;
	p[8] = p[24] = 0xfd;
	p[23] = 1;
	p[39] = 2;
}

static int
parse(size_t len)
{
	return pkt_parse(&k, p, len);
}

START_TEST(lengths_of_ipv4_fit)
{
	make4(17, 20, 28);
	ck_assert_int_eq(parse(28), 0);
	ck_assert_int_eq(parse(27), -1);
	ck_assert_int_eq(parse(29), 0);		/* padding behind */
	ck_assert_uint_eq(k.len, 28);
	make4(17, 20, 19);
	ck_assert_int_eq(parse(28), -1);
	make4(17, 60, 59);
	ck_assert_int_eq(parse(100), -1);
	make4(17, 16, 28);
	ck_assert_int_eq(parse(28), -1);
}
END_TEST

/* Fragment header at 40: offset in units of 8. */
static void
fragment6(uint8_t next, uint16_t offset, bool more)
{
	make6(IPPROTO_FRAGMENT, 8 + 100);
	p[40] = next;
	put16(p + 42, (uint16_t)(offset << 3 | more));
	put16(p + 48, 1000);
	put16(p + 50, 2000);
}

START_TEST(fragments_of_ipv6)
{
	struct flow f;

	fragment6(IPPROTO_TCP, 0, true);
	p[48 + 12] = 5 << 4;
	ck_assert_int_eq(parse(148), 0);
	ck_assert(k.frag && !k.opaque && k.ext);
	ck_assert_uint_eq(k.proto, IPPROTO_TCP);
	ck_assert_uint_eq(k.l4, 48);
	ck_assert_uint_eq(pkt_l4_len(&k), 0);
	pkt_flow(&k, false, &f);
	ck_assert_uint_eq(f.lport, 1000);
	ck_assert_uint_eq(f.rport, 2000);
	pkt_flow(&k, true, &f);
	ck_assert_uint_eq(f.lport, 2000);
	ck_assert_uint_eq(f.rport, 1000);
	ck_assert_uint_eq(f.local[15], 2);
	fragment6(IPPROTO_TCP, 1, true);
	ck_assert_int_eq(parse(148), 0);
	ck_assert(k.frag && k.opaque);
	pkt_flow(&k, false, &f);
	ck_assert_uint_eq(f.opaque, 1);
	ck_assert_uint_eq(f.lport | f.rport, 0);
	/* What looks like a header there is not one. */
	fragment6(IPPROTO_DSTOPTS, 1, false);
	p[49] = 200;
	ck_assert_int_eq(parse(148), 0);
	ck_assert_uint_eq(k.l4, 48);
	/* In the first it is, and does not end in time. */
	fragment6(IPPROTO_DSTOPTS, 0, true);
	p[49] = 200;
	ck_assert_int_eq(parse(148), -1);
	fragment6(IPPROTO_TCP, 0, true);
	put16(p + 4, 7);
	ck_assert_int_eq(parse(148), -1);
}
END_TEST

START_TEST(ports_of_fragments_of_ipv4)
{
	make4(IPPROTO_UDP, 20, 100);
	put16(p + 6, 0x2000);
	ck_assert_int_eq(parse(100), 0);
	ck_assert(k.frag && !k.opaque);
	ck_assert_uint_eq(pkt_l4_len(&k), 0);
	put16(p + 6, 1);
	ck_assert_int_eq(parse(100), 0);
	ck_assert(k.frag && k.opaque);
	put16(p + 6, 0);
	ck_assert_int_eq(parse(100), 0);
	ck_assert(!k.frag);
	ck_assert_uint_eq(pkt_l4_len(&k), 8);
}
END_TEST

/* RFC 791: options that are not copied stand in the first alone. */
START_TEST(options_of_fragments)
{
	static const uint8_t opts[12] = { 1, 7, 7, 4, 9, 9, 9, 9, 0x94, 4,
		0, 0 };
	static const uint8_t later[12] = { 1, 1, 1, 1, 1, 1, 1, 1, 0x94, 4,
		0, 0 };
	uint8_t out[1000];
	struct frag f;

	make4(IPPROTO_UDP, 32, 1500);
	memcpy(p + 20, opts, 12);
	csum_ipv4(p);
	ck_assert_int_eq(parse(1500), 0);
	ck_assert_int_eq(frag_plan(&f, &k, 600), 0);
	ck_assert_uint_eq(f.n, 3);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_le(frag_len(&f, i), 600);
		frag_write(&f, i, out);
		ck_assert_mem_eq(out + 20, i == 0 ? opts : later, 12);
		ck_assert(csum_ok(csum_add(0, out, 32)));
	}
	/* One that lies about its length is left alone. */
	p[22] = 0;
	frag_write(&f, 1, out);
	ck_assert_mem_eq(out + 20, p + 20, 12);
	p[22] = 13;
	frag_write(&f, 1, out);
	ck_assert_mem_eq(out + 20, p + 20, 12);
}
END_TEST

/* The TCP header's last bytes are the option, payload follows. */
static void
syn(const char *option, size_t n)
{
	make4(IPPROTO_TCP, 20, 20 + 24 + 8);
	p[32] = 6 << 4;
	p[33] = 2;
	memset(p + 40, 1, 4);
	memcpy(p + 44 - n, option, n);
	memset(p + 44, 0xee, 8);
	csum_put(p + 36, csum_add(csum_pseudo(p, IPPROTO_TCP, 32), p + 20,
	    32));
}

static const struct {
	const char *option;
	size_t n;
	bool lowered;
} options[] = {
	{ "\2\4\5\264", 4, true }, { "\2\4", 2, false }, { "\2", 1, false },
	{ "\2\4\5", 3, false }, { "\2\3\5\264", 4, false },
	{ "\2\0\5\264", 4, false }, { "\2\1\5\264", 4, false },
	{ "\0\2\4\5", 4, false }, { "\10\377\2\4", 4, false },
	{ "\2\4\2\0", 4, false },
};

START_TEST(mss_of_bad_options)
{
	uint8_t was[100];

	syn(options[_i].option, options[_i].n);
	memcpy(was, p, sizeof(was));
	ck_assert_int_eq(parse(52), 0);
	mss_clamp(&k, 1000);
	if (options[_i].lowered) {
		ck_assert_uint_eq(get16(p + 42), 960);
		ck_assert(csum_ok(csum_add(csum_pseudo(p, IPPROTO_TCP, 32),
		    p + 20, 32)));
	} else
		ck_assert_mem_eq(p, was, sizeof(was));
}
END_TEST

static size_t
told(uint8_t proto, uint8_t type, uint16_t off, bool v6)
{
	uint8_t out[ICMP_LEN_MAX];

	if (v6)
		make6(proto, 1400);
	else
		make4(proto, 20, 1400);
	p[v6 ? 40 : 20] = type;
	if (!v6)
		put16(p + 6, off);
	ck_assert_int_eq(parse(sizeof(p)), 0);
	return icmp_too_big(&k, 1300, out);
}

/* RFC 1122 section 3.2.2, RFC 4443 section 2.4: no error for an error. */
START_TEST(who_is_told)
{
	static const uint8_t errors4[] = { 3, 4, 5, 11, 12, 255 };

	ck_assert_uint_eq(told(IPPROTO_UDP, 3, 0x4000, false), 28 + 548);
	ck_assert_uint_eq(told(IPPROTO_ICMP, 8, 0x4000, false), 28 + 548);
	ck_assert_uint_eq(told(IPPROTO_ICMP, 0, 0x4000, false), 28 + 548);
	for (size_t i = 0; i < sizeof(errors4); i++)
		ck_assert_uint_eq(told(IPPROTO_ICMP, errors4[i], 0x4000,
		    false), 0);
	ck_assert_uint_eq(told(IPPROTO_UDP, 0, 0x4001, false), 0);
	ck_assert_uint_eq(told(IPPROTO_ICMPV6, 128, 0, true), 1280);
	ck_assert_uint_eq(told(IPPROTO_ICMPV6, 127, 0, true), 0);
	ck_assert_uint_eq(told(IPPROTO_ICMPV6, 2, 0, true), 0);
	ck_assert_uint_eq(told(IPPROTO_TCP, 2, 0, true), 1280);
}
END_TEST

static int
plan(struct tso *t, uint16_t start, uint16_t offset)
{
	struct vnet v = { .flags = VNET_NEEDS_CSUM, .csum_start = start,
		.csum_offset = offset };

	return tso_plan(t, &v, &k);
}

START_TEST(checksums_in_their_place)
{
	struct tso t;

	make4(IPPROTO_UDP, 20, 100);
	ck_assert_int_eq(parse(100), 0);
	ck_assert_int_eq(plan(&t, 20, 6), 0);
	ck_assert_int_eq(plan(&t, 19, 6), -1);
	ck_assert_int_eq(plan(&t, 0, 10), -1);
	ck_assert_int_eq(plan(&t, 20, 78), 0);
	ck_assert_int_eq(plan(&t, 20, 79), -1);
	ck_assert_int_eq(plan(&t, 98, 0), 0);
	ck_assert_int_eq(plan(&t, 99, 0), -1);
	ck_assert_int_eq(plan(&t, 60000, 60000), -1);
	ck_assert_int_eq(plan(&t, UINT16_MAX, 1), -1);
}
END_TEST

/* RFC 768: a sum of 0 is sent as all ones, since 0 means none. */
START_TEST(no_sum_of_zero)
{
	uint8_t out[100];
	struct tso t;
	uint64_t sum;

	make4(IPPROTO_UDP, 20, 40);
	put16(p + 24, 20);
	ck_assert_int_eq(parse(40), 0);
	sum = csum_pseudo(p, IPPROTO_UDP, 20);
	csum_put(p + 30, csum_add(sum, p + 20, 20));
	csum_put_partial(p + 26, sum);
	ck_assert_int_eq(plan(&t, 20, 6), 0);
	tso_write(&t, 0, out);
	ck_assert_uint_eq(get16(out + 26), UINT16_MAX);
	ck_assert(csum_ok(csum_add(sum, out + 20, 20)));
}
END_TEST

static struct fragport ports;

/* A fragment of the datagram id from the host of this number. */
static struct flow
later(uint32_t id, uint8_t host, bool first)
{
	struct flow f;

	make4(IPPROTO_UDP, 20, 100);
	put16(p + 4, (uint16_t)id);
	put16(p + 6, first ? 0x2000 : 10);
	put16(p + 20, 1000);
	put16(p + 22, 2000);
	p[15] = host;
	ck_assert_int_eq(parse(100), 0);
	pkt_flow(&k, false, &f);
	return f;
}

static bool
known(uint32_t id, uint8_t host, bool inbound, int64_t now)
{
	struct flow f = later(id, host, false);

	fragport_fill(&ports, &k, inbound, &f, (struct mono){ now });
	ck_assert(f.opaque || (f.lport == 1000 && f.rport == 2000));
	return !f.opaque;
}

/* Of this datagram, of these ends, this way, and not for long. */
START_TEST(ports_of_later_fragments)
{
	struct flow f = later(7, 1, true);
	unsigned n = 0;

	fragport_note(&ports, &k, false, &f, (struct mono){ 1000 });
	ck_assert(known(7, 1, false, 1000));
	ck_assert(!known(7, 1, false, 1000 + FRAGPORT_US));
	for (uint32_t id = 0; id < 2000; id++)
		n += known(id, 1, false, 1000);
	for (unsigned host = 0; host < 256; host++)
		n += known(7, (uint8_t)host, false, 1000);
	ck_assert_uint_eq(n, 2);
	for (uint32_t id = 0; id < 2000; id++) {
		f = later(id, 1, true);
		fragport_note(&ports, &k, false, &f, (struct mono){ 1000 });
		ck_assert(known(id, 1, false, 1000));
		ck_assert(!known(id, 1, true, 1000));
	}
	/* A later one tells nothing, and does not keep what is known. */
	memset(&ports, 0, sizeof(ports));
	f = later(7, 1, false);
	fragport_note(&ports, &k, false, &f, (struct mono){ 1000 });
	ck_assert(!known(7, 1, false, 1000));
	f = later(7, 1, true);
	fragport_note(&ports, &k, false, &f, (struct mono){ 1000 });
	f = later(7, 1, false);
	fragport_fill(&ports, &k, false, &f, (struct mono){ 2000 });
	fragport_note(&ports, &k, false, &f, (struct mono){ 2000 });
	ck_assert(!known(7, 1, false, 1000 + FRAGPORT_US));
}
END_TEST

struct thing {
	struct epoch_item item;
	unsigned released;
};

static void
release(struct epoch_item *i)
{
	((struct thing *)(void *)i)->released++;
}

/* Only who was inside when it was retired can still hold it. */
START_TEST(what_is_held_stays)
{
	static struct thing a, b;
	static struct epoch e;

	epoch_init(&e);
	epoch_enter(&e, 3);
	epoch_retire(&e, &a.item, release);
	epoch_enter(&e, 5);
	ck_assert_uint_eq(epoch_reclaim(&e), 1);
	epoch_retire(&e, &b.item, release);
	ck_assert_uint_eq(epoch_reclaim(&e), 2);
	epoch_leave(&e, 3);
	ck_assert_uint_eq(epoch_reclaim(&e), 1);
	ck_assert_uint_eq(a.released, 1);
	epoch_enter(&e, 3);
	epoch_leave(&e, 5);
	ck_assert_uint_eq(epoch_reclaim(&e), 0);
	ck_assert_uint_eq(b.released, 1);
	epoch_retire(&e, &a.item, release);
	epoch_end(&e);
	ck_assert_uint_eq(a.released, 2);
}
END_TEST

START_TEST(news_in_order_until_full)
{
	static struct event_ring r;
	struct event_msg m = { 0 };

	for (uint32_t n = 0; n < 3; n++) {
		for (m.spi = 0; m.spi < EVENT_RING; m.spi++)
			ck_assert(event_put(&r, &m));
		ck_assert(!event_put(&r, &m));
		ck_assert(event_lost(&r));
		ck_assert(!event_lost(&r));
		for (uint32_t i = 0; i < EVENT_RING; i++) {
			ck_assert(event_get(&r, &m));
			ck_assert_uint_eq(m.spi, i);
		}
		ck_assert(!event_get(&r, &m));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd parts");
	TCase *tc = tcase_create("parts");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, lengths_of_ipv4_fit);
	tcase_add_test(tc, fragments_of_ipv6);
	tcase_add_test(tc, ports_of_fragments_of_ipv4);
	tcase_add_test(tc, options_of_fragments);
	tcase_add_loop_test(tc, mss_of_bad_options, 0,
	    sizeof(options) / sizeof(options[0]));
	tcase_add_test(tc, who_is_told);
	tcase_add_test(tc, checksums_in_their_place);
	tcase_add_test(tc, no_sum_of_zero);
	tcase_add_test(tc, ports_of_later_fragments);
	tcase_add_test(tc, what_is_held_stays);
	tcase_add_test(tc, news_in_order_until_full);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
