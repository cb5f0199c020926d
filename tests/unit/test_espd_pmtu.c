/* What paths take; the packet core is played here. */
#include "espd/pmtu.h"

#include <check.h>
#include <stdlib.h>

#define SAS		(PMTU_SHAPES + 2)
#define OVERHEAD	54

static struct {
	uint32_t spi, mtu;
} sas[SAS];

int
esp_sa_mtu(struct esp *e, const struct addr *dst, uint32_t spi, uint32_t mtu)
{
	unsigned i;

	(void)e;
	(void)dst;
	for (i = 0; i < SAS; i++) {
		if (sas[i].spi != spi)
			continue;
		sas[i].mtu = mtu;
		return 0;
	}
	return -1;
}

/* The third has more to carry. */
int
esp_sa_inner_mtu(const struct esp *e, const struct addr *dst, uint32_t spi)
{
	unsigned i;

	(void)e;
	(void)dst;
	for (i = 0; i < SAS; i++)
		if (sas[i].spi == spi)
			return (int)sas[i].mtu - OVERHEAD - (i == 2 ? 20 : 0);
	return -1;
}

static struct pmtu p;
static struct pmtu_sa node[SAS];

static void
setup(void)
{
	unsigned i;

	for (i = 0; i < SAS; i++) {
		sas[i].spi = 1000 + i;
		sas[i].mtu = 0;
	}
	pmtu_init(&p, NULL, 7);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

static void
add(unsigned i, const char *dst, uint32_t base)
{
	struct addr a = addr(dst);

	sas[i].mtu = base;
	ck_assert_int_eq(pmtu_add(&p, &node[i], &a, sas[i].spi, base), 0);
}

static void
learn(const char *dst, uint32_t mtu, int second)
{
	struct addr a = addr(dst);

	pmtu_learn(&p, &a, mtu, (struct mono){ second * INT64_C(1000000) });
}

static void
tick(int second)
{
	pmtu_tick(&p, (struct mono){ second * INT64_C(1000000) });
}

START_TEST(learned_for_the_peer)
{
	add(0, "192.0.2.1", 1500);
	add(1, "192.0.2.2", 1500);
	learn("192.0.2.1", 1300, 0);
	ck_assert_uint_eq(sas[0].mtu, 1300);
	ck_assert_uint_eq(sas[1].mtu, 1500);
	/* Those that come later, too. */
	add(2, "192.0.2.1", 1500);
	ck_assert_uint_eq(sas[2].mtu, 1300);
	/* Nobody on the way can say that it takes more. */
	learn("192.0.2.1", 1400, 1);
	ck_assert_uint_eq(sas[0].mtu, 1300);
	learn("192.0.2.9", 1400, 1);
	pmtu_del(&p, &node[0]);
	pmtu_del(&p, &node[1]);
	pmtu_del(&p, &node[2]);
	pmtu_del(&p, &node[2]);
	tick(PMTU_AGE_S);
	ck_assert_uint_eq(hash_count(&p.peers), 0);
}
END_TEST

START_TEST(forgotten_in_time)
{
	add(0, "192.0.2.1", 9000);
	learn("192.0.2.1", 1300, 0);
	tick(PMTU_AGE_S - 1);
	ck_assert_uint_eq(sas[0].mtu, 1300);
	learn("192.0.2.1", 1200, PMTU_AGE_S - 1);
	tick(PMTU_AGE_S + 1);
	ck_assert_uint_eq(sas[0].mtu, 1200);
	tick(2 * PMTU_AGE_S);
	ck_assert_uint_eq(sas[0].mtu, 9000);
	pmtu_del(&p, &node[0]);
	ck_assert_uint_eq(hash_count(&p.peers), 0);
}
END_TEST

/* What a rekey replaces leaves what was learned to the new one. */
START_TEST(learned_outlives_the_sa)
{
	add(0, "2001:db8::1", 1500);
	learn("2001:db8::1", 600, 0);
	ck_assert_uint_eq(sas[0].mtu, 1280);
	pmtu_del(&p, &node[0]);
	add(1, "2001:db8::1", 1500);
	ck_assert_uint_eq(sas[1].mtu, 1280);
	pmtu_del(&p, &node[1]);
	tick(PMTU_AGE_S);
	ck_assert_uint_eq(hash_count(&p.peers), 0);
}
END_TEST

START_TEST(least_of_what_is_believed)
{
	add(0, "192.0.2.1", 1500);
	learn("192.0.2.1", 68, 0);
	ck_assert_uint_eq(sas[0].mtu, 576);
	pmtu_del(&p, &node[0]);
	tick(PMTU_AGE_S);
}
END_TEST

START_TEST(a_peer_moves)
{
	struct addr a = addr("192.0.2.7");

	add(0, "192.0.2.1", 1500);
	learn("192.0.2.1", 1300, 0);
	pmtu_move(&p, &node[0], &a);
	ck_assert_uint_eq(sas[0].mtu, 1500);
	learn("192.0.2.7", 1400, 0);
	ck_assert_uint_eq(sas[0].mtu, 1400);
	pmtu_del(&p, &node[0]);
	tick(PMTU_AGE_S);
	ck_assert_uint_eq(hash_count(&p.peers), 0);
}
END_TEST

/* The device that leads there, not the way behind it. */
START_TEST(a_device_changes)
{
	add(0, "192.0.2.1", 1500);
	pmtu_base(&p, &node[0], 9000);
	ck_assert_uint_eq(sas[0].mtu, 9000);
	ck_assert_uint_eq(pmtu_device(&p), 9000 - OVERHEAD);
	learn("192.0.2.1", 1300, 0);
	pmtu_base(&p, &node[0], 4000);
	ck_assert_uint_eq(sas[0].mtu, 1300);
	ck_assert_uint_eq(pmtu_device(&p), 4000 - OVERHEAD);
	tick(PMTU_AGE_S);
	ck_assert_uint_eq(sas[0].mtu, 4000);
	pmtu_del(&p, &node[0]);
	ck_assert_uint_eq(pmtu_device(&p), 0);
	ck_assert_uint_eq(hash_count(&p.peers), 0);
}
END_TEST

/* Of the widest the least; what is learned on the way is no matter. */
START_TEST(the_device_takes_what_fits)
{
	ck_assert_uint_eq(pmtu_device(&p), 0);
	add(0, "192.0.2.1", 1500);
	ck_assert_uint_eq(pmtu_device(&p), 1500 - OVERHEAD);
	add(2, "192.0.2.2", 1500);
	ck_assert_uint_eq(pmtu_device(&p), 1500 - OVERHEAD - 20);
	add(1, "192.0.2.3", 9000);
	ck_assert_uint_eq(pmtu_device(&p), 9000 - OVERHEAD);
	learn("192.0.2.3", 1300, 0);
	ck_assert_uint_eq(pmtu_device(&p), 9000 - OVERHEAD);
	pmtu_del(&p, &node[1]);
	pmtu_del(&p, &node[2]);
	ck_assert_uint_eq(pmtu_device(&p), 1500 - OVERHEAD);
	pmtu_del(&p, &node[0]);
	ck_assert_uint_eq(pmtu_device(&p), 0);
	tick(PMTU_AGE_S);
}
END_TEST

/* One that found no room takes nothing of one that has since. */
START_TEST(too_many_shapes)
{
	unsigned i;

	for (i = 0; i <= PMTU_SHAPES; i++)
		add(i, "192.0.2.1", 1500 + 10 * i);
	pmtu_del(&p, &node[0]);
	add(PMTU_SHAPES + 1, "192.0.2.1", 1500 + 10 * PMTU_SHAPES);
	ck_assert_uint_eq(pmtu_device(&p),
	    1500 + 10 * PMTU_SHAPES - OVERHEAD);
	pmtu_del(&p, &node[PMTU_SHAPES]);
	ck_assert_uint_eq(pmtu_device(&p),
	    1500 + 10 * PMTU_SHAPES - OVERHEAD);
	for (i = 0; i < SAS; i++)
		pmtu_del(&p, &node[i]);
	ck_assert_uint_eq(pmtu_device(&p), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd_pmtu");
	TCase *tc = tcase_create("pmtu");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, learned_for_the_peer);
	tcase_add_test(tc, forgotten_in_time);
	tcase_add_test(tc, learned_outlives_the_sa);
	tcase_add_test(tc, least_of_what_is_believed);
	tcase_add_test(tc, a_peer_moves);
	tcase_add_test(tc, a_device_changes);
	tcase_add_test(tc, the_device_takes_what_fits);
	tcase_add_test(tc, too_many_shapes);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
