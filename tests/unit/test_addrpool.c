#include "sessiond/pool.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct apool_range
range(const char *text)
{
	struct apool_range r;

	ck_assert_msg(range_parse(&r.lo, &r.hi, text) == 0, "%s", text);
	return r;
}

static struct apool *
apool(const char *text)
{
	struct apool_range r = range(text);
	struct apool *p = apool_new(&r, 1, 7);

	ck_assert_ptr_nonnull(p);
	return p;
}

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

static const char *
take(struct apool *p, uint64_t user)
{
	static char text[ADDR_STRLEN];
	struct addr a;
	bool known;

	return apool_take(p, user, &a, &known) ?
	    addr_fmt(&a, text, sizeof(text)) : "none";
}

START_TEST(every_address)
{
	struct apool_range r[] = { range("10.0.0.254-10.0.1.1"),
		range("192.0.2.0/31"), range("10.0.0.9") };
	static const char *const want[] = { "10.0.0.254", "10.0.0.255",
		"10.0.1.0", "10.0.1.1", "192.0.2.0", "192.0.2.1",
		"10.0.0.9" };
	struct apool *p = apool_new(r, 3, 1);
	struct addr a;
	size_t i;

	ck_assert_uint_eq(apool_size(p), 7);
	for (i = 0; i < 7; i++)
		ck_assert_str_eq(take(p, i + 1), want[i]);
	ck_assert_str_eq(take(p, 8), "none");
	ck_assert_uint_eq(apool_used(p), 7);
	a = addr("192.0.2.1");
	apool_give(p, &a);
	apool_give(p, &a);	/* twice is once */
	ck_assert_uint_eq(apool_used(p), 6);
	ck_assert_str_eq(take(p, 8), "192.0.2.1");
	ck_assert_str_eq(take(p, 9), "none");
	a = addr("192.0.2.2");
	ck_assert(!apool_has(p, &a));
	a = addr("::10.0.0.9");
	ck_assert(!apool_has(p, &a));
	apool_free(p);
}
END_TEST

START_TEST(sticky)
{
	struct apool *p = apool("10.0.0.0/30");
	struct addr a;
	bool known;

	ck_assert_str_eq(take(p, 11), "10.0.0.0");
	ck_assert_str_eq(take(p, 12), "10.0.0.1");
	a = addr("10.0.0.0");
	apool_give(p, &a);
	a = addr("10.0.0.1");
	apool_give(p, &a);
	/* Those that nobody had come first. */
	ck_assert_str_eq(take(p, 13), "10.0.0.2");
	ck_assert(apool_take(p, 12, &a, &known));
	ck_assert(known);
	a = addr("10.0.0.1");
	ck_assert_str_eq(take(p, 14), "10.0.0.3");
	/* Then the one that was free for longest. */
	apool_give(p, &a);
	ck_assert_str_eq(take(p, 15), "10.0.0.0");
	ck_assert_str_eq(take(p, 11), "10.0.0.1");	/* lost his own */
	ck_assert_str_eq(take(p, 12), "none");
	apool_free(p);
}
END_TEST

START_TEST(this_one)
{
	struct apool *p = apool("2001:db8::/64");
	struct addr a = addr("2001:db8::77"), b = addr("2001:db8::1");
	bool known;

	ck_assert(apool_want(p, 1, &a, &known));
	ck_assert(!known);
	ck_assert(!apool_want(p, 2, &a, &known));
	apool_give(p, &a);
	ck_assert(!apool_want(p, 2, &a, &known));	/* somebody's */
	ck_assert(apool_want(p, 1, &a, &known));
	ck_assert(known);
	apool_reserve(p, &b, true);
	ck_assert(!apool_want(p, 1, &b, &known));
	ck_assert_str_eq(take(p, 3), "2001:db8::");
	ck_assert_str_eq(take(p, 4), "2001:db8::2");
	ck_assert(apool_claim(p, 5, &b));
	ck_assert(!apool_claim(p, 5, &b));
	apool_give(p, &b);
	apool_reserve(p, &b, false);
	ck_assert(apool_want(p, 5, &b, &known));
	a = addr("2001:db9::1");
	ck_assert(!apool_claim(p, 5, &a));
	ck_assert(!apool_want(p, 5, &a, &known));
	apool_free(p);
}
END_TEST

static void
nth(void *arg, const struct addr *a, uint64_t user, bool used)
{
	char text[ADDR_STRLEN], *out = arg;
	size_t len = strlen(out);

	snprintf(out + len, 256 - len, "%s=%llu%s ", addr_fmt(a, text,
	    sizeof(text)), (unsigned long long)user, used ? "!" : "");
}

START_TEST(told_in_order)
{
	struct apool *p = apool("10.0.0.0/29");
	struct addr a = addr("10.0.0.5"), b = addr("10.0.0.4");
	char text[256] = "";

	apool_remember(p, 1, &a);
	apool_remember(p, 2, &b);
	apool_remember(p, 1, &a);
	apool_settle(p);
	ck_assert_str_eq(take(p, 9), "10.0.0.0");
	apool_each(p, nth, text);
	ck_assert_str_eq(text, "10.0.0.4=2 10.0.0.5=1 10.0.0.0=9! ");
	ck_assert_str_eq(take(p, 1), "10.0.0.5");
	ck_assert_str_eq(take(p, 2), "10.0.0.4");
	apool_free(p);
}
END_TEST

/* Users who come once and go must not fill the memory. */
START_TEST(bounded)
{
	struct apool *p = apool("2001:db8::/32");
	struct addr a;
	uint64_t user;
	bool known;

	for (user = 1; user < 3 * APOOL_REMEMBER; user++) {
		ck_assert(apool_take(p, user, &a, &known));
		apool_give(p, &a);
	}
	ck_assert_uint_le(apool_known(p), APOOL_REMEMBER + 1);
	for (user = 1; user < 3 * APOOL_REMEMBER; user++) {
		a = addr("2001:db8:8000::");
		memcpy(a.b + 10, &user, 6);
		(void)apool_want(p, user, &a, &known);
		apool_give(p, &a);
	}
	ck_assert_uint_le(apool_known(p), 2 * APOOL_REMEMBER + 1);
	apool_free(p);
}
END_TEST

/* Against a model: an array of who has what. */
#define N	24
START_TEST(model)
{
	struct apool *p = apool("10.0.0.240-10.0.1.7");
	uint64_t has[N] = { 0 }, last[N] = { 0 }, user;
	unsigned i, k, used = 0;
	struct addr base = addr("10.0.0.240"), a;
	bool known;

	srandom((unsigned)_i + 1);
	for (i = 0; i < 4000; i++) {
		user = 1 + (uint64_t)random() % 40;
		if (random() % 2 == 0) {
			if (!apool_take(p, user, &a, &known)) {
				ck_assert_uint_eq(used, N);
				continue;
			}
			k = (unsigned)a.b[3] - base.b[3] +
			    (a.b[2] - base.b[2]) * 256u;
			ck_assert_uint_lt(k, N);
			ck_assert_uint_eq(has[k], 0);
			ck_assert(!known || last[k] == user);
			has[k] = last[k] = user;
			used++;
		} else {
			k = (unsigned)random() % N;
			a = base;
			a.b[3] = (uint8_t)(base.b[3] + k);
			a.b[2] = (uint8_t)(base.b[2] + (base.b[3] + k > 255));
			apool_give(p, &a);
			used -= has[k] != 0;
			has[k] = 0;
		}
		ck_assert_uint_eq(apool_used(p), used);
	}
	apool_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("addrpool");
	TCase *t = tcase_create("pool");
	SRunner *r;
	int failed;

	tcase_add_test(t, every_address);
	tcase_add_test(t, sticky);
	tcase_add_test(t, this_one);
	tcase_add_test(t, told_in_order);
	tcase_add_test(t, bounded);
	tcase_add_loop_test(t, model, 0, 20);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
