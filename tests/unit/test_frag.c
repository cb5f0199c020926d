/* ikepd/frag: how a content is cut, and the pieces put together again. */
#include "ikepd/frag.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint8_t content[FRAG_CONTENT_MAX + 1], joined[FRAG_CONTENT_MAX];

static void
setup(void)
{
	size_t i;

	for (i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 7 + i / 251);
}

struct plan {
	size_t n, room;
	unsigned total;
	size_t chunk;
};

static const struct plan plans[] = {
	{ 1, 1, 1, 1 },
	{ 1000, 1000, 1, 1000 },
	{ 1001, 1000, 2, 1000 },
	{ 64000, 1000, 64, 1000 },
	{ 64001, 1000, 64, 1001 },
	{ 65000, 100, 64, 1016 },
	{ 20, 0, 20, 1 },
};

START_TEST(test_plan)
{
	const struct plan *p = &plans[_i];
	size_t chunk;

	ck_assert_uint_eq(frag_plan(p->n, p->room, &chunk), p->total);
	ck_assert_uint_eq(chunk, p->chunk);
}
END_TEST

/* Every size: no more than FRAG_MAX, none empty, all of it. */
START_TEST(test_plan_all)
{
	size_t n, room, chunk;

	for (n = 1; n < 3000; n += 7)
		for (room = 0; room < 1500; room += 13) {
			unsigned t = frag_plan(n, room, &chunk);

			ck_assert_uint_le(t, FRAG_MAX);
			ck_assert_uint_lt((t - 1) * chunk, n);
			ck_assert_uint_ge(t * chunk, n);
		}
}
END_TEST

static struct frag_id
id_of(uint16_t num, uint16_t total)
{
	return (struct frag_id){ .msgid = 7, .exchange = 35,
		.first = num == 1 ? 33 : 0, .num = num, .total = total };
}

static int
put(struct frag_set **s, uint16_t num, uint16_t total, size_t at, size_t len)
{
	struct frag_id id = id_of(num, total);
	const char *why;

	ck_assert_int_eq(frag_look(*s, &id), FRAG_WANTED);
	return frag_put(s, &id, content + at, len, &why);
}

/* All sizes from empty to the limit, in an order of its own. */
START_TEST(test_join)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 65, 20000,
		FRAG_CONTENT_MAX };
	size_t n = sizes[_i], chunk = (n + FRAG_MAX - 1) / FRAG_MAX, at, len;
	struct frag_set *s = NULL;
	uint16_t i, num;
	uint8_t first;

	for (i = 0; i < FRAG_MAX; i++) {
		num = (uint16_t)(i * 37 % FRAG_MAX + 1);
		at = (size_t)(num - 1) * chunk;
		len = at >= n ? 0 : n - at < chunk ? n - at : chunk;
		ck_assert_int_eq(put(&s, num, FRAG_MAX, at, len),
		    i == FRAG_MAX - 1);
	}
	ck_assert_uint_eq(frag_held(s), n);
	ck_assert_uint_eq(frag_take(&s, joined, &first), n);
	ck_assert_uint_eq(first, 33);
	ck_assert_mem_eq(joined, content, n);
	ck_assert_ptr_null(s);
	ck_assert_uint_eq(frag_held(s), 0);
}
END_TEST

START_TEST(test_look)
{
	struct frag_set *s = NULL;
	struct frag_id id = id_of(1, FRAG_MAX + 1);

	ck_assert_int_eq(frag_look(s, &id), FRAG_TOO_MANY);
	id = id_of(65535, 65535);
	ck_assert_int_eq(frag_look(s, &id), FRAG_TOO_MANY);
	ck_assert_int_eq(put(&s, 2, 4, 0, 10), 0);
	id = id_of(2, 4);
	ck_assert_int_eq(frag_look(s, &id), FRAG_AGAIN);
	id = id_of(1, 3);
	ck_assert_int_eq(frag_look(s, &id), FRAG_OUTDATED);
	id = id_of(2, 5);
	ck_assert_int_eq(frag_look(s, &id), FRAG_WANTED);
	id = id_of(1, 4);
	id.exchange = 37;
	ck_assert_int_eq(frag_look(s, &id), FRAG_OTHER);
	id.msgid = 8;
	ck_assert_int_eq(frag_look(s, &id), FRAG_WANTED);
	frag_free(&s);
	frag_free(&s);
}
END_TEST

START_TEST(test_restart)
{
	struct frag_set *s = NULL;
	uint8_t first;

	ck_assert_int_eq(put(&s, 1, 2, 100, 10), 0);
	ck_assert_int_eq(put(&s, 3, 3, 6, 3), 0);
	ck_assert_uint_eq(frag_held(s), 3);
	ck_assert_int_eq(put(&s, 1, 3, 0, 3), 0);
	ck_assert_int_eq(put(&s, 2, 3, 3, 3), 1);
	ck_assert_uint_eq(frag_take(&s, joined, &first), 9);
	ck_assert_mem_eq(joined, content, 9);
}
END_TEST

START_TEST(test_too_long)
{
	struct frag_set *s = NULL;
	struct frag_id id = id_of(1, 2);
	const char *why = NULL;

	ck_assert_int_eq(frag_put(&s, &id, content, FRAG_CONTENT_MAX + 1,
	    &why), -1);
	ck_assert_ptr_nonnull(why);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(put(&s, 2, 2, 0, FRAG_CONTENT_MAX), 0);
	ck_assert_int_eq(frag_put(&s, &id, content, 1, &why), -1);
	ck_assert_ptr_null(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frag");
	TCase *t = tcase_create("frag");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, test_plan, 0,
	    (int)(sizeof(plans) / sizeof(plans[0])));
	tcase_add_test(t, test_plan_all);
	tcase_add_loop_test(t, test_join, 0, 7);
	tcase_add_test(t, test_look);
	tcase_add_test(t, test_restart);
	tcase_add_test(t, test_too_long);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
