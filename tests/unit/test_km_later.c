/* Children whose SAs somebody else installs, who answers later. */
#include "tests/unit/km_fake.h"

#include "keymgr/event.h"
#include "keymgr/limits.h"
#include "lib/log.h"

#include <check.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct km km;

static void
quiet(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	(void)line;
}

static void
setup(void)
{
	log_set_sink(quiet, NULL);
	fake_reset();
	fake_km(&km, 2);
	fake_conf(&km, GOOD_CONF);
}

static void
teardown(void)
{
	km_free(&km);
}

static struct {
	unsigned ends, oks;
	char why[GUARD_WHY_LEN];
} ended;

static void
on_end(void *arg, bool ok, const char *why)
{
	(void)arg;
	ended.ends++;
	ended.oks += ok;
	snprintf(ended.why, sizeof(ended.why), "%s", why);
}

/* One whose SAs come later. */
static uint32_t
asked(const char *remote, uint32_t replaces)
{
	struct child_req r;

	memset(&ended, 0, sizeof(ended));
	fake.later = true;
	good_req(&km, &r, P_A, "10.1.0.0/24", remote);
	r.replaces = replaces;
	install_add(&km, &r, on_end, NULL);
	child_req_free(&r);
	return r.spi_in;
}

static uint32_t
coming(const char *remote)
{
	return asked(remote, 0);
}

static void
answer_all(void)
{
	while (fake_answer())
		;
}

/* At once. */
static uint32_t
replacing(uint32_t old)
{
	uint32_t spi = asked("10.2.0.0/24", old);

	answer_all();
	fake.later = false;
	return spi;
}

/* All else goes on; the answer comes when the SAs are there. */
START_TEST(test_later)
{
	uint32_t first = coming("10.2.0.0/24"), second;

	ck_assert_uint_eq(ended.ends, 0);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert(sad_get(&km.sad, first)->installing);
	second = coming("10.2.0.0/25");
	ck_assert_uint_eq(sad_count(&km.sad), 2);
	ck_assert(fake_answer());
	ck_assert_uint_eq(ended.oks, 1);
	ck_assert(!sad_get(&km.sad, first)->installing);
	ck_assert(sad_get(&km.sad, second)->installing);
	answer_all();
	ck_assert_uint_eq(ended.oks, 2);
	ck_assert_uint_eq(fake_sas(), 4);
	ck_assert_uint_eq(km.n.installed, 2);
}
END_TEST

/* A dynamic policy that was there for nothing goes again. */
START_TEST(test_later_fails)
{
	unsigned policies = fake_policies();

	(void)coming("10.2.0.0/25");
	ck_assert_uint_eq(fake_policies(), policies + 1);
	fake.fail_later = ENOTCONN;
	answer_all();
	ck_assert_uint_eq(ended.ends, 1);
	ck_assert_uint_eq(ended.oks, 0);
	ck_assert_ptr_nonnull(strstr(ended.why, strerror(ENOTCONN)));
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(fake_policies(), policies);
	ck_assert_uint_eq(sad_count(&km.sad), 0);
	ck_assert_uint_eq(spd_count(km.spd), policies);
}
END_TEST

/* Deleted, or its worker gone, before its SAs were there. */
START_TEST(test_removed_meanwhile)
{
	unsigned policies = fake_policies();
	uint32_t spi = coming("10.2.0.0/25");

	if (_i == 0)
		install_del(&km, 0, spi);
	else
		install_worker_gone(&km, 0);
	ck_assert_uint_eq(ended.ends, 0);
	answer_all();
	ck_assert_uint_eq(ended.ends, 1);
	ck_assert_uint_eq(ended.oks, 0);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(fake_policies(), policies);
	ck_assert_uint_eq(km.n.installed, 0);
}
END_TEST

/* Its policies were another child's meanwhile: those stand. */
START_TEST(test_later_fails_behind)
{
	struct child_req r;
	const struct fake_policy *b;
	char s[ADDR_STRLEN];

	fake.later = true;
	memset(&ended, 0, sizeof(ended));
	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	install_add(&km, &r, on_end, NULL);
	child_req_free(&r);
	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	addr_parse(&r.remote.addr, "203.0.113.77");
	install_add(&km, &r, on_end, NULL);
	child_req_free(&r);
	fake.fail_later = ENOMEM;
	answer_all();
	ck_assert_uint_eq(ended.ends, 2);
	ck_assert_uint_eq(ended.oks, 1);
	b = fake_find("10.1.0.0/24", "10.3.0.0/16");
	ck_assert_str_eq(addr_fmt(&b->body.remote, s, sizeof(s)),
	    "203.0.113.77");
	ck_assert_uint_eq(fake_sas(), 2);
	ck_assert_uint_eq(fake.gaps, 0);
}
END_TEST

/* Half of a move is no move. */
START_TEST(test_move_fails)
{
	struct endpoint to = { .port = 5000 };
	struct child_req r;
	char why[GUARD_WHY_LEN];

	good_req(&km, &r, P_B, "10.1.0.0/24", "10.3.0.0/16");
	r.encap = true;
	ck_assert_int_eq(add_child(&km, &r, why), 0);
	addr_parse(&to.addr, "203.0.113.200");
	fake.fail_at = 2;
	fake.fail_errno = ENOMEM;
	install_path(&km, 0, r.spi_in, &r.local, &to);
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(sad_count(&km.sad), 0);
	child_req_free(&r);
}
END_TEST

/* What the peer sent on the old one before it deleted it still comes in. */
START_TEST(test_overlap)
{
	uint32_t old = coming("10.2.0.0/24"), new, last;

	answer_all();
	new = replacing(old);
	install_del(&km, 0, old);
	ck_assert_uint_eq(sad_count(&km.sad), 1);
	ck_assert_ptr_nonnull(fake_sa_find(old));
	ck_assert_uint_eq(fake_sas(), 3);
	ck_assert_int_eq(spi_state(&km.spi, old), SPI_TAKEN);
	(void)km_tick(&km, mono_now());
	ck_assert_uint_eq(fake_sas(), 3);
	(void)km_tick(&km, mono_add(mono_now(), MONO_S(3)));
	ck_assert_ptr_null(fake_sa_find(old));
	ck_assert_uint_eq(fake_sas(), 2);
	ck_assert_int_eq(spi_state(&km.spi, old), SPI_UNKNOWN);
	/* The last one is not replaced: it goes at once. */
	install_del(&km, 0, new);
	ck_assert_uint_eq(fake_sas(), 0);
	/* At the end nothing is left. */
	old = coming("10.2.0.0/24");
	answer_all();
	last = replacing(old);
	ck_assert_uint_ne(last, old);
	install_del(&km, 0, old);
	ck_assert_uint_eq(fake_sas(), 3);
	km_remove_all(&km, true);
	ck_assert_uint_eq(fake_sas(), 0);
}
END_TEST

static void
gone_worker(uint32_t spi)
{
	(void)spi;
	install_worker_gone(&km, 0);
}

static void
flushed(uint32_t spi)
{
	(void)spi;
	ck_assert_uint_eq(install_remove_if(&km, NULL, NULL, true), 1);
}

static void
deleted(uint32_t spi)
{
	install_del(&km, 0, spi);
}

static void
expired(uint32_t spi)
{
	const struct sad_child *c = sad_get(&km.sad, spi);
	struct addr dst = c->local.addr;

	event_expire(&km, spi, &dst, true);
}

static void (*const ends[])(uint32_t) = { gone_worker, flushed, deleted,
	expired };

/* With the tunnel the moment is over, however that ended. */
START_TEST(test_overlap_ends)
{
	uint32_t old = replacing(0), new = replacing(old);

	install_del(&km, 0, old);
	ck_assert_uint_eq(fake_sas(), 3);
	ends[_i](new);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_eq(km.overlap.n, 0);
	ck_assert_int_eq(spi_state(&km.spi, old), SPI_UNKNOWN);
}
END_TEST

/* Beside another one of the same policy that did not replace it. */
START_TEST(test_no_overlap)
{
	uint32_t first = replacing(0), other = replacing(0);

	install_del(&km, 0, first);
	ck_assert_ptr_null(fake_sa_find(first));
	ck_assert_uint_eq(fake_sas(), 2);
	ck_assert_ptr_nonnull(fake_sa_find(other));
	/* Flushed before its deletion */
	first = other;
	(void)replacing(first);
	ck_assert_uint_eq(install_remove_if(&km, NULL, NULL, true), 2);
	ck_assert_uint_eq(fake_sas(), 0);
	/* Two that were made at once for one: the other stays. */
	first = replacing(0);
	other = replacing(first);
	(void)replacing(first);
	install_del(&km, 0, first);
	install_del(&km, 0, other);
	ck_assert_ptr_nonnull(fake_sa_find(other));
	ck_assert_uint_eq(fake_sas(), 4);
	(void)km_tick(&km, mono_add(mono_now(), MONO_S(3)));
	ck_assert_uint_eq(fake_sas(), 2);
}
END_TEST

static const struct alg *
encr(const char *name)
{
	const struct alg *a = suite_by_name(SUITE_ENCR, ALG_PHASE2, name);

	ck_assert_ptr_nonnull(a);
	return a;
}

static void
check_soft(uint64_t soft, uint64_t hard)
{
	ck_assert_uint_le(soft, hard - hard / 5 + 1);
	ck_assert_uint_ge(soft, hard - hard / 4 - 1);
}

/* The least of what is configured and what algorithm and numbers bear. */
START_TEST(test_limits)
{
	struct km_proposal p = { .lifebytes = 0 };
	struct bk_limits l;
	unsigned i;

	for (i = 0; i < 100; i++) {
		limits_set(&l, &p, encr("aes-128-gcm"), false);
		ck_assert_uint_eq(l.hard_packets, UINT32_MAX);
		check_soft(l.soft_packets, l.hard_packets);
		ck_assert_uint_eq(l.hard_bytes, 0);
		ck_assert_uint_eq(l.soft_bytes, 0);
		limits_set(&l, &p, encr("aes-128-gcm"), true);
		ck_assert_uint_eq(l.hard_packets, UINT64_C(1) << 40);
		check_soft(l.soft_packets, l.hard_packets);
		limits_set(&l, &p, encr("3des"), true);
		ck_assert_uint_eq(l.hard_bytes, 1 << 30);
		check_soft(l.soft_bytes, l.hard_bytes);
	}
	p.lifebytes = UINT64_C(1) << 40;
	p.lifepackets = 7;
	limits_set(&l, &p, encr("3des"), false);
	ck_assert_uint_eq(l.hard_bytes, 1 << 30);
	ck_assert_uint_eq(l.hard_packets, 7);
	ck_assert_uint_ge(l.soft_packets, 1);
	ck_assert_uint_le(l.soft_packets, 7);
	p.lifepackets = UINT64_C(1) << 50;
	limits_set(&l, &p, encr("aes-256-cbc"), false);
	ck_assert_uint_eq(l.hard_bytes, UINT64_C(1) << 40);
	check_soft(l.soft_bytes, l.hard_bytes);
	ck_assert_uint_eq(l.hard_packets, UINT32_MAX);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keymgr later");
	TCase *tc = tcase_create("keymgr later");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_later);
	tcase_add_test(tc, test_later_fails);
	tcase_add_loop_test(tc, test_removed_meanwhile, 0, 2);
	tcase_add_test(tc, test_later_fails_behind);
	tcase_add_test(tc, test_move_fails);
	tcase_add_test(tc, test_overlap);
	tcase_add_loop_test(tc, test_overlap_ends, 0,
	    sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(tc, test_no_overlap);
	tcase_add_test(tc, test_limits);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
