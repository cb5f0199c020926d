/* Selectors, SPIs, priorities, idle times: what needs no kernel. */
#include "keymgr/prio.h"
#include "keymgr/sad.h"
#include "keymgr/spi.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static void
range(struct tsel *t, const char *lo, const char *hi, uint8_t proto,
    uint16_t port_lo, uint16_t port_hi)
{
	memset(t, 0, sizeof(*t));
	ck_assert_int_eq(addr_parse(&t->lo, lo), 0);
	ck_assert_int_eq(addr_parse(&t->hi, hi), 0);
	t->proto = proto;
	t->port_lo = port_lo;
	t->port_hi = port_hi;
}

static int
product(const struct tsel *l, size_t nl, const struct tsel *r, size_t nr,
    struct selector *out)
{
	const char *why = "";

	return sel_product(l, nl, r, nr, out, &why);
}

START_TEST(test_product)
{
	struct selector s[SEL_MAX], again[SEL_MAX];
	struct tsel l[3], r[2], turned[3];
	char text[SEL_STRLEN];
	int n;

	range(&l[0], "10.1.0.0", "10.1.0.255", 0, 0, 65535);
	range(&l[1], "10.2.0.0", "10.2.1.127", 0, 0, 65535);
	range(&l[2], "2001:db8::", "2001:db8::ffff", 0, 0, 65535);
	range(&r[0], "0.0.0.0", "255.255.255.255", 0, 0, 65535);
	range(&r[1], "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, 0,
	    65535);
	/* 10.2.0.0-10.2.1.127 is a /24 and a /25; families do not mix. */
	n = product(l, 3, r, 2, s);
	ck_assert_int_eq(n, 4);
	ck_assert_str_eq(sel_fmt(&s[0], text, sizeof(text)),
	    "10.1.0.0/24 <-> 0.0.0.0/0");
	ck_assert_str_eq(sel_fmt(&s[3], text, sizeof(text)),
	    "2001:db8::/112 <-> ::/0");
	/* Order and repetition make no difference. */
	turned[0] = l[2];
	turned[1] = l[1];
	turned[2] = l[0];
	ck_assert_int_eq(product(turned, 3, r, 2, again), 4);
	ck_assert_uint_eq(sel_hash_list(s, 4, 7), sel_hash_list(again, 4, 7));
	turned[0] = turned[1] = turned[2] = l[0];
	ck_assert_int_eq(product(turned, 3, r, 2, again), 1);
}
END_TEST

START_TEST(test_product_bad)
{
	struct selector s[SEL_MAX];
	struct tsel l[16], r[16];
	int i;

	range(&l[0], "10.1.0.0", "10.1.0.255", 0, 0, 65535);
	range(&r[0], "2001:db8::", "2001:db8::1", 0, 0, 65535);
	ck_assert_int_eq(product(l, 1, r, 1, s), -1);
	/* The worst range is 62 prefixes; twice is more than SEL_MAX. */
	range(&l[0], "0.0.0.1", "255.255.255.254", 0, 0, 65535);
	r[0] = l[0];
	ck_assert_int_eq(product(l, 1, r, 1, s), -1);
	range(&r[0], "10.0.0.0", "10.0.0.0", 0, 0, 65535);
	ck_assert_int_eq(product(l, 1, r, 1, s), 62);
	/* 16 by 16 hosts just fit. */
	for (i = 0; i < 16; i++) {
		range(&l[i], "10.0.0.0", "10.0.0.0", 0, 0, 65535);
		l[i].lo.b[3] = l[i].hi.b[3] = (uint8_t)(2 * i);
		r[i] = l[i];
		r[i].lo.b[0] = r[i].hi.b[0] = 11;
	}
	ck_assert_int_eq(product(l, 16, r, 16, s), SEL_MAX);
	range(&l[0], "10.0.0.0", "10.0.0.2", 0, 0, 65535);
	ck_assert_int_eq(product(l, 16, r, 16, s), -1);
}
END_TEST

START_TEST(test_ports)
{
	struct selector s[SEL_MAX];
	struct tsel l, r;

	range(&l, "10.0.0.1", "10.0.0.1", 17, 1701, 1701);
	range(&r, "10.0.0.2", "10.0.0.2", 17, 0, 65535);
	ck_assert_int_eq(product(&l, 1, &r, 1, s), 1);
	ck_assert_uint_eq(s[0].lport, 1701);
	ck_assert_uint_eq(s[0].lmask, 0xffff);
	ck_assert_uint_eq(s[0].rmask, 0);
	ck_assert_uint_eq(s[0].proto, 17);
	/* 1024-65535 is six masked ports. */
	range(&r, "10.0.0.2", "10.0.0.2", 17, 1024, 65535);
	ck_assert_int_eq(product(&l, 1, &r, 1, s), 6);
	ck_assert_uint_eq(s[0].rport, 1024);
	ck_assert_uint_eq(s[0].rmask, 0xfc00);
	ck_assert_uint_eq(s[5].rport, 0x8000);
	ck_assert_uint_eq(s[5].rmask, 0x8000);
	/* The worst: 1-65534. */
	range(&r, "10.0.0.2", "10.0.0.2", 17, 1, 65534);
	ck_assert_int_eq(product(&l, 1, &r, 1, s), 30);
}
END_TEST

START_TEST(test_icmp)
{
	struct selector s[SEL_MAX];
	struct tsel l, r;

	range(&l, "10.0.0.1", "10.0.0.1", 1, 0x0800, 0x0800);
	range(&r, "10.0.0.2", "10.0.0.2", 1, 0x0800, 0x0800);
	ck_assert_int_eq(product(&l, 1, &r, 1, s), 1);
	ck_assert_uint_eq(s[0].lport, 8);
	ck_assert_uint_eq(s[0].rport, 0);
	ck_assert_uint_eq(s[0].lmask, 0xffff);
	ck_assert_uint_eq(s[0].rmask, 0xffff);
	/* All codes of a type, said by one side alone. */
	range(&l, "10.0.0.1", "10.0.0.1", 1, 0, 65535);
	range(&r, "10.0.0.2", "10.0.0.2", 1, 0x0300, 0x03ff);
	ck_assert_int_eq(product(&l, 1, &r, 1, s), 1);
	ck_assert_uint_eq(s[0].lport, 3);
	ck_assert_uint_eq(s[0].rmask, 0);
	range(&r, "10.0.0.2", "10.0.0.2", 1, 0x0300, 0x04ff);
	ck_assert_int_eq(product(&l, 1, &r, 1, s), -1);
}
END_TEST

START_TEST(test_spi)
{
	struct spi_tab t;
	uint32_t spis[128];
	unsigned i, odd = 0;

	spi_init(&t, 42);
	ck_assert_uint_eq(spi_give(&t, 5, spis, 128), 128);
	for (i = 0; i < 128; i++) {
		ck_assert_uint_ge(spis[i], SPI_MIN);
		ck_assert_uint_eq(SPI_WORKER(spis[i]), 5);
		ck_assert_int_eq(spi_state(&t, spis[i]), SPI_GIVEN);
	}
	ck_assert_uint_eq(t.given[5], 128);
	ck_assert_int_eq(spi_set(&t, spis[0], SPI_USED), 0);
	ck_assert_uint_eq(t.given[5], 127);
	/* A dead worker's unused ones go, the used one stays. */
	spi_forget(&t, 5);
	ck_assert_uint_eq(t.given[5], 0);
	ck_assert_int_eq(spi_state(&t, spis[0]), SPI_USED);
	ck_assert_int_eq(spi_state(&t, spis[1]), SPI_UNKNOWN);
	ck_assert_uint_eq(spi_give(&t, 64, spis, 1), 0);
	/* All of one worker, and yet no packet thread has them all. */
	for (i = 0; i < 128; i++)
		odd += spis[i] >> ESPTUN_SPI_SHIFT & 1;
	ck_assert_uint_gt(odd, 30);
	ck_assert_uint_lt(odd, 98);
	spi_free(&t);
}
END_TEST

START_TEST(test_prio)
{
	struct km_policy p[64];
	uint32_t was;
	unsigned i;

	memset(p, 0, sizeof(p));
	prio_assign(p, 4);
	for (i = 1; i < 4; i++)
		ck_assert_uint_ge(p[i].prio, p[i - 1].prio + 2);
	ck_assert_uint_eq(p[0].prio, PRIO_FIRST);
	/* One is put between: the others keep theirs. */
	was = p[2].prio;
	p[4] = p[3];
	p[3] = p[2];
	p[2].prio = 0;
	prio_assign(p, 5);
	ck_assert_uint_eq(p[3].prio, was);
	ck_assert_uint_gt(p[2].prio, p[1].prio + 1);
	ck_assert_uint_lt(p[2].prio + 1, p[3].prio);
	/* At the top, too. */
	memmove(&p[1], &p[0], 5 * sizeof(p[0]));
	p[0].prio = 0;
	prio_assign(p, 6);
	ck_assert_uint_lt(p[0].prio + 1, p[1].prio);
	ck_assert_uint_eq(p[1].prio, PRIO_FIRST);
	/* Exchanged places, and no room left: all anew, in order. */
	was = p[1].prio;
	p[1].prio = p[2].prio;
	p[2].prio = was;
	prio_assign(p, 6);
	for (i = 1; i < 6; i++)
		ck_assert_uint_ge(p[i].prio, p[i - 1].prio + 2);
	p[0].prio = 100;
	p[1].prio = 101;
	prio_assign(p, 6);
	for (i = 1; i < 6; i++)
		ck_assert_uint_ge(p[i].prio, p[i - 1].prio + 2);
	p[5].prio = UINT32_MAX - 3;
	p[6].prio = 0;
	prio_assign(p, 7);
	for (i = 1; i < 7; i++)
		ck_assert_uint_ge(p[i].prio, p[i - 1].prio + 2);
}
END_TEST

#define AT(s) ((struct mono){ (int64_t)(s) * 1000000 })

/* The wall clock may jump either way; the answer stays within our looks. */
START_TEST(test_idle)
{
	struct sad_child c;

	memset(&c, 0, sizeof(c));
	c.polled = AT(1000);
	ck_assert_uint_eq(sad_idle(&c, 0, 0, 5000, AT(1010)), UINT32_MAX);
	ck_assert_uint_eq(sad_idle(&c, 3, 5015, 5020, AT(1030)), 5);
	ck_assert_uint_eq(sad_idle(&c, 3, 5015, 5030, AT(1040)), 15);
	/* A kernel that does not say when. */
	ck_assert_uint_eq(sad_idle(&c, 4, 0, 5040, AT(1050)), 0);
	/* An hour ahead: no more than since the last look. */
	ck_assert_uint_eq(sad_idle(&c, 5, 5045, 9000, AT(1060)), 10);
	/* Back: the packet is new, and then it ages by our own clock. */
	ck_assert_uint_eq(sad_idle(&c, 6, 9001, 4000, AT(1070)), 0);
	ck_assert_uint_eq(sad_idle(&c, 6, 9001, 4100, AT(1170)), 100);
}
END_TEST

START_TEST(test_sad)
{
	struct endpoint l = { 0 }, r = { 0 }, r2 = { 0 };
	struct sad_child *c, *d;
	struct sad s;

	addr_parse(&l.addr, "198.51.100.1");
	addr_parse(&r.addr, "192.0.2.2");
	addr_parse(&r2.addr, "192.0.2.3");
	sad_init(&s, 1);
	c = calloc(1, sizeof(*c));
	d = calloc(1, sizeof(*d));
	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_nonnull(d);
	c->local = d->local = l;
	c->remote = d->remote = r;
	c->spi_in = 0x1001;
	d->spi_in = 0x1002;
	/* The outbound SPI is the peer's choice and may equal ours. */
	c->spi_out = 0x1001;
	d->spi_out = 0x1001;
	ck_assert_int_eq(sad_add(&s, c), 0);
	ck_assert_int_eq(sad_add(&s, d), -1);
	d->spi_out = 0x1002;
	ck_assert_int_eq(sad_add(&s, d), 0);
	ck_assert_uint_eq(sad_count(&s), 2);
	ck_assert_uint_eq(s.count[1], 1);
	ck_assert_ptr_eq(sad_find(&s, 0x1001, &l.addr), c);
	ck_assert_ptr_eq(sad_find(&s, 0x1001, &r.addr), c);
	ck_assert_ptr_null(sad_find(&s, 0x1001, &r2.addr));
	ck_assert_int_eq(sad_move(&s, c, &l, &r2), 0);
	ck_assert_ptr_eq(sad_find(&s, 0x1001, &r2.addr), c);
	ck_assert_ptr_null(sad_get_out(&s, 0x1001, &r.addr));
	d->spi_out = 0x1002;
	sad_del(&s, d);
	free(d);
	ck_assert_ptr_null(sad_get(&s, 0x1002));
	sad_free(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keymgr records");
	TCase *tc = tcase_create("records");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, test_product);
	tcase_add_test(tc, test_product_bad);
	tcase_add_test(tc, test_ports);
	tcase_add_test(tc, test_icmp);
	tcase_add_test(tc, test_spi);
	tcase_add_test(tc, test_prio);
	tcase_add_test(tc, test_idle);
	tcase_add_test(tc, test_sad);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
