/* Messages between ikepd and keymgr: addresses that a peer gave us. */
#include "lib/proto/ikekm.h"
#include "lib/proto/sekm.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static struct km_vip
sample(void)
{
	struct km_vip v = { .vip = 7, .peer = 3, .identity = 4,
		.prefix4 = 32, .prefix6 = 128, .nnets = 2, .ndns = 2 };

	ck_assert_int_eq(addr_parse(&v.local, "192.0.2.1"), 0);
	ck_assert_int_eq(addr_parse(&v.remote, "192.0.2.2"), 0);
	ck_assert_int_eq(addr_parse(&v.addr4, "10.1.1.5"), 0);
	ck_assert_int_eq(addr_parse(&v.addr6, "2001:db8::5"), 0);
	ck_assert_int_eq(prefix_parse(&v.net[0], "10.5.8.0/24", true), 0);
	ck_assert_int_eq(prefix_parse(&v.net[1], "2001:db8:1::/48",
	    true), 0);
	ck_assert_int_eq(addr_parse(&v.dns[0], "10.5.8.1"), 0);
	ck_assert_int_eq(addr_parse(&v.dns[1], "2001:db8:1::1"), 0);
	return v;
}

static int
get(const struct km_vip *v, struct km_vip *out)
{
	const char *why = NULL;
	struct cur c;
	struct buf b;
	int rc;

	buf_init(&b, KM_VIP_LEN_MAX);
	km_vip_put(&b, v);
	ck_assert(!buf_error(&b));
	cur_init(&c, b.data, b.len);
	rc = km_vip_get(&c, out, &why);
	ck_assert((rc == -1) == (why != NULL));
	buf_free(&b);
	return rc;
}

START_TEST(test_round_trip)
{
	struct km_vip v = sample(), w;
	unsigned i;

	ck_assert_int_eq(get(&v, &w), 0);
	ck_assert_uint_eq(w.vip, 7);
	ck_assert_uint_eq(w.peer, 3);
	ck_assert_uint_eq(w.identity, 4);
	ck_assert(addr_equal(&v.local, &w.local));
	ck_assert(addr_equal(&v.remote, &w.remote));
	ck_assert(addr_equal(&v.addr4, &w.addr4));
	ck_assert(addr_equal(&v.addr6, &w.addr6));
	ck_assert_uint_eq(w.prefix4, 32);
	ck_assert_uint_eq(w.prefix6, 128);
	ck_assert_uint_eq(w.nnets, 2);
	ck_assert(prefix_equal(&v.net[1], &w.net[1]));
	ck_assert_uint_eq(w.ndns, 2);
	ck_assert(addr_equal(&v.dns[1], &w.dns[1]));
	/* As much as there may be fits. */
	for (i = 0; i < KM_VIP_NETS; i++)
		v.net[i] = v.net[1];
	for (i = 0; i < KM_VIP_DNS; i++)
		v.dns[i] = v.dns[1];
	v.nnets = KM_VIP_NETS;
	v.ndns = KM_VIP_DNS;
	v.nnames = KM_VIP_NAMES;
	for (i = 0; i < KM_VIP_NAMES; i++)
		memset(v.names[i], 'n', KM_VIP_NAME_LEN - 1);
	ck_assert_int_eq(get(&v, &w), 0);
	ck_assert_uint_eq(w.nnets, KM_VIP_NETS);
	ck_assert_uint_eq(w.nnames, KM_VIP_NAMES);
	ck_assert_str_eq(w.names[KM_VIP_NAMES - 1], v.names[0]);
}
END_TEST

START_TEST(test_range)
{
	struct km_vip good = sample(), v, w;

	v = good;
	v.vip = 0;
	ck_assert_int_eq(get(&v, &w), -1);
	v = good;
	v.local.family = AF_UNSPEC;
	ck_assert_int_eq(get(&v, &w), -1);
	v = good;
	v.remote = good.addr6;
	ck_assert_int_eq(get(&v, &w), -1);
	v = good;
	v.addr4 = good.addr6;
	ck_assert_int_eq(get(&v, &w), -1);
	v = good;
	v.prefix4 = 33;
	ck_assert_int_eq(get(&v, &w), -1);
	v = good;
	v.prefix6 = 0;
	ck_assert_int_eq(get(&v, &w), -1);
	v = good;
	v.addr4.family = v.addr6.family = AF_UNSPEC;
	v.prefix4 = v.prefix6 = 0;
	ck_assert_int_eq(get(&v, &w), -1);
	v = good;
	v.net[0].bits = 8;	/* host bits */
	ck_assert_int_eq(get(&v, &w), -1);
	v = good;
	v.dns[0].family = AF_UNSPEC;
	ck_assert_int_eq(get(&v, &w), -1);
}
END_TEST

START_TEST(test_lengths)
{
	struct km_vip v = sample(), w;
	const char *why;
	struct buf b;
	struct cur c;
	uint8_t *exact;
	size_t n;

	buf_init(&b, KM_VIP_LEN_MAX);
	km_vip_put(&b, &v);
	buf_u8(&b, 0);
	for (n = 0; n <= b.len; n++) {
		exact = malloc(n == 0 ? 1 : n);
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, b.data, n);
		cur_init(&c, exact, n);
		ck_assert_int_eq(km_vip_get(&c, &w, &why),
		    n == b.len - 1 ? 0 : -1);
		free(exact);
	}
	buf_free(&b);
	buf_init(&b, KM_VIP_LEN_MAX);
	v.nnets = KM_VIP_NETS + 1;
	km_vip_put(&b, &v);
	ck_assert(buf_error(&b));
	buf_free(&b);
}
END_TEST

/* The same for the edge from sessiond. */
START_TEST(test_sekm)
{
	struct sekm_lease l = { .worker = 31, .identity = 9 }, out;
	const char *why;
	struct buf b;
	struct cur c;
	size_t n;

	ck_assert_int_eq(addr_parse(&l.addr, "fd09::10"), 0);
	buf_init(&b, SEKM_LEASE_MAX + 1);
	sekm_lease_put(&b, &l);
	ck_assert_uint_eq(b.len, SEKM_LEASE_MAX);
	buf_u8(&b, 0);
	for (n = 0; n <= b.len; n++) {
		cur_init(&c, b.data, n);
		ck_assert_int_eq(sekm_lease_get(&c, &out, &why),
		    n == b.len - 1 ? 0 : -1);
	}
	b.data[0] = 32;
	cur_init(&c, b.data, SEKM_LEASE_MAX);
	ck_assert_int_eq(sekm_lease_get(&c, &out, &why), -1);
	buf_free(&b);
	ck_assert_int_eq(addr_parse(&l.addr, "172.16.9.10"), 0);
	buf_init(&b, SEKM_LEASE_MAX);
	sekm_lease_put(&b, &l);
	ck_assert_uint_eq(b.len, SEKM_LEASE_MIN);
	buf_free(&b);
	l.addr.family = AF_UNSPEC;
	buf_init(&b, SEKM_LEASE_MAX);
	sekm_lease_put(&b, &l);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(sekm_lease_get(&c, &out, &why), -1);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ikekm");
	TCase *t = tcase_create("vip");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_round_trip);
	tcase_add_test(t, test_range);
	tcase_add_test(t, test_sekm);
	tcase_add_test(t, test_lengths);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
