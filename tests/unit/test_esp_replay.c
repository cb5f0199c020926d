/* The anti-replay window against a model that remembers everything. */
#include "espd/replay.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

#define SEEN	20000

static struct replay *
make(uint32_t window, bool esn)
{
	struct replay *r = calloc(1, replay_size(window));

	ck_assert_ptr_nonnull(r);
	replay_init(r, window, esn);
	return r;
}

static bool
receive(struct replay *r, uint64_t seq)
{
	uint64_t got = replay_check(r, (uint32_t)seq);

	if (got == 0 || got != seq)
		return false;
	replay_accept(r, seq);
	return true;
}

static uint32_t
next_random(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*x >> 33);
}

static const uint32_t windows[] = { 1, 31, 32, 33, 63, 64, 65, 128, 256, 512,
	1000, 2048, 4095, 4096 };
#define WINDOWS	(int)(sizeof(windows) / sizeof(windows[0]))

/* Numbers around a moving front, each accepted once and in the window. */
static void
against_model(uint32_t w, bool esn, uint64_t base)
{
	struct replay *r = make(w, esn);
	uint8_t *seen = calloc(SEEN + 1, 1);
	uint64_t x = w * 2 + esn, top = 0, front = 1, seq;
	bool want;

	atomic_store(&r->top, base);
	top = base;
	for (int i = 0; i < 30000 && front + w < SEEN - 600; i++) {
		if (next_random(&x) % 4 != 0)
			front += next_random(&x) % (i % 1000 == 0 ? 500 : 3);
		seq = front + w / 4 - next_random(&x) % (w + 40);
		if (seq == 0 || seq > SEEN)
			continue;
		want = !seen[seq] && base + seq + w > top;
		ck_assert_msg(receive(r, base + seq) == want,
		    "window %u seq %lu top %lu", w, (unsigned long)seq,
		    (unsigned long)(top - base));
		if (want) {
			seen[seq] = 1;
			if (base + seq > top)
				top = base + seq;
		}
	}
	ck_assert_uint_eq(atomic_load(&r->top), top);
	free(seen);
	free(r);
}

START_TEST(test_model)
{
	against_model(windows[_i], false, 0);
}
END_TEST

/* The same across a carry into the upper half. */
START_TEST(test_model_esn)
{
	uint32_t w = windows[_i];

	against_model(w, true, UINT64_C(5) << 32);
	against_model(w, true, (UINT64_C(5) << 32) - 6000);
	against_model(w, true, (UINT64_C(1) << 32) - w / 2 - 1);
}
END_TEST

START_TEST(test_edges)
{
	struct replay *r = make(64, false);

	ck_assert(!receive(r, 0));
	ck_assert(receive(r, 1));
	ck_assert(!receive(r, 1));
	ck_assert(receive(r, 65));
	ck_assert(!receive(r, 1));
	ck_assert(receive(r, 2));
	ck_assert(receive(r, UINT32_MAX));
	ck_assert(!receive(r, UINT32_MAX));
	ck_assert(!receive(r, 3));
	ck_assert(receive(r, UINT32_MAX - 63));
	ck_assert(!receive(r, UINT32_MAX - 64));
	free(r);
}
END_TEST

START_TEST(test_off)
{
	struct replay *r = make(0, false);

	ck_assert(receive(r, 100));
	ck_assert(receive(r, 100));
	ck_assert(receive(r, 1));
	ck_assert(!receive(r, 0));
	free(r);
}
END_TEST

/* All up to the number counts as seen, whatever came of it. */
START_TEST(test_resume)
{
	static const uint32_t sizes[] = { 1, 32, 64, 4096 };
	static const uint64_t tops[] = { 1, 63, 64, 65, 4097, 1000000 };
	struct replay *r;
	uint64_t top, i;
	uint32_t w;

	for (size_t n = 0; n < 4 * 6; n++) {
		w = sizes[n / 6];
		top = tops[n % 6];
		r = calloc(1, replay_size(w));
		ck_assert_ptr_nonnull(r);
		replay_init(r, w, false);
		replay_resume(r, top);
		for (i = top > 5000 ? top - 5000 : 1; i <= top; i++)
			ck_assert_uint_eq(replay_check(r, (uint32_t)i), 0);
		for (i = top + 2; i < top + 300; i += 2) {
			ck_assert_uint_eq(replay_check(r, (uint32_t)i), i);
			replay_accept(r, i);
			ck_assert_uint_eq(replay_check(r, (uint32_t)i), 0);
		}
		i = top + 297;
		if (w > 32)
			ck_assert_uint_eq(replay_check(r, (uint32_t)i), i);
		ck_assert_uint_eq(replay_check(r, (uint32_t)top), 0);
		free(r);
	}
}
END_TEST

/* RFC 4303 appendix A2: before the first carry nothing lies in the past. */
START_TEST(test_infer)
{
	struct replay *r = make(64, true);

	ck_assert_uint_eq(replay_check(r, UINT32_MAX), 0);
	ck_assert_uint_eq(replay_check(r, 5), 5);
	replay_accept(r, UINT32_MAX - 5);
	ck_assert_uint_eq(replay_check(r, UINT32_MAX - 4), UINT32_MAX - 4);
	ck_assert_uint_eq(replay_check(r, 3), (UINT64_C(1) << 32) + 3);
	replay_accept(r, (UINT64_C(1) << 32) + 3);
	ck_assert_uint_eq(replay_check(r, UINT32_MAX - 4), UINT32_MAX - 4);
	ck_assert_uint_eq(replay_check(r, UINT32_MAX - 5), 0);
	replay_accept(r, UINT64_MAX);
	ck_assert_uint_eq(replay_check(r, 7), 0);
	free(r);
	/* At the end of all numbers none is begun again, refused or not. */
	r = make(0, true);
	replay_accept(r, UINT64_MAX);
	ck_assert_uint_eq(replay_check(r, 7), 0);
	free(r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espd replay");
	TCase *tc = tcase_create("replay");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, test_model, 0, WINDOWS);
	tcase_add_loop_test(tc, test_model_esn, 0, WINDOWS);
	tcase_add_test(tc, test_edges);
	tcase_add_test(tc, test_off);
	tcase_add_test(tc, test_resume);
	tcase_add_test(tc, test_infer);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
