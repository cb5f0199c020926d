/* The memory that outlives espd: written by one side, read by the other. */
#include "espd/board.h"
#include "keymgr/espboard.h"
#include "lib/mono.h"

#include <sys/mman.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int board_fd, keep_fd;

static void
setup(void)
{
	board_fd = memfd_create("board", MFD_CLOEXEC);
	keep_fd = memfd_create("keep", MFD_CLOEXEC);
	ck_assert_int_ne(board_fd, -1);
	ck_assert_int_ne(keep_fd, -1);
	ck_assert_int_eq(ftruncate(board_fd, sizeof(struct esp_board)), 0);
	ck_assert_int_eq(ftruncate(keep_fd, BOARD_KEEP_SIZE), 0);
}

static void
teardown(void)
{
	close(board_fd);
	close(keep_fd);
}

static void
open_writer(struct board *bd)
{
	memset(bd, 0, sizeof(*bd));
	ck_assert_int_eq(board_map(bd, dup(board_fd), dup(keep_fd)), 0);
}

static void
close_writer(struct board *bd)
{
	munmap(bd->b, sizeof(*bd->b));
	munmap(bd->kept, BOARD_KEEP_SIZE);
	free(bd->free);
	free(bd->ending);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

START_TEST(counters_are_read)
{
	struct addr src = addr("192.0.2.1"), dst = addr("192.0.2.2");
	struct bk_sa_state st;
	struct espboard e;
	struct board bd;
	uint32_t slot;

	open_writer(&bd);
	espboard_init(&e);
	ck_assert_int_eq(espboard_map(&e, dup(board_fd)), 0);
	ck_assert_int_eq(board_take(&bd, &slot), 0);
	ck_assert_int_eq(board_keep(&bd, slot, "x", 1), 0);
	board_show(&bd, slot, 0x1234, 7, mono_now().us, &src, &dst);
	ck_assert_int_eq(espboard_get(&e, &dst, 0x1234, &st), -1);
	ck_assert_int_eq(errno, ESRCH);
	ck_assert_int_eq(espboard_add(&e, &dst, 0x1234, slot), 0);
	atomic_store(&bd.b->slot[slot].live.packets, 5);
	ck_assert_int_eq(espboard_get(&e, &dst, 0x1234, &st), 0);
	ck_assert_uint_eq(st.packets, 5);
	ck_assert_uint_eq(st.reqid, 7);
	ck_assert_uint_eq(st.use_time, 0);
	/* The slot is another SA's now: the one asked for is gone. */
	board_show(&bd, slot, 0x1235, 7, 0, &src, &dst);
	ck_assert_int_eq(espboard_get(&e, &dst, 0x1234, &st), -1);
	ck_assert_int_eq(espboard_add(&e, &dst, 1, ESP_SLOTS), -1);
	espboard_free(&e);
	close_writer(&bd);
}
END_TEST

START_TEST(a_new_espd_finds_what_was_kept)
{
	struct addr src = addr("192.0.2.1"), dst = addr("192.0.2.2");
	uint32_t a, b, c;
	struct espboard e;
	struct board bd;

	open_writer(&bd);
	ck_assert_int_eq(board_take(&bd, &a), 0);
	ck_assert_int_eq(board_keep(&bd, a, "key", 3), 0);
	board_show(&bd, a, 0x1000, 1, 0, &src, &dst);
	atomic_store(&bd.b->slot[a].live.seq, 77);
	/* This one died before it was whole. */
	ck_assert_int_eq(board_take(&bd, &b), 0);
	board_show(&bd, b, 0x1001, 1, 0, &src, &dst);
	close_writer(&bd);

	open_writer(&bd);
	ck_assert_uint_eq(bd.kept[a].len, 3);
	ck_assert_uint_eq(atomic_load(&bd.b->slot[a].live.seq), 77);
	ck_assert_uint_eq(atomic_load(&bd.b->slot[b].spi), 0);
	ck_assert_int_eq(board_take(&bd, &c), 0);
	ck_assert_uint_eq(c, b);
	espboard_init(&e);
	ck_assert_int_eq(espboard_map(&e, dup(board_fd)), 0);
	ck_assert(espboard_has(&e, &dst, 0x1000));
	ck_assert(!espboard_has(&e, &dst, 0x1001));
	espboard_free(&e);
	close_writer(&bd);
}
END_TEST

static void
take_stat(void *arg, const char *name, uint64_t value)
{
	uint64_t *seen = arg;

	if (strcmp(name, "in-errors") == 0)
		*seen = value;
}

START_TEST(statistics_go_on)
{
	struct espboard e;
	struct board bd;
	uint64_t seen = 0;

	open_writer(&bd);
	board_stat(&bd, 0, "in-errors", 5);
	board_stat(&bd, 0, "in-errors", 7);
	close_writer(&bd);
	open_writer(&bd);
	board_stat(&bd, 0, "in-errors", 0);
	board_stat(&bd, 0, "in-errors", 2);
	espboard_init(&e);
	ck_assert_int_eq(espboard_map(&e, dup(board_fd)), 0);
	espboard_stats(&e, take_stat, &seen);
	ck_assert_uint_eq(seen, 9);
	espboard_free(&e);
	close_writer(&bd);
}
END_TEST

START_TEST(keys_are_wiped)
{
	struct board bd;
	uint32_t a;
	char big[KEPT_LEN + 1] = { 0 };
	unsigned i;

	open_writer(&bd);
	ck_assert_int_eq(board_take(&bd, &a), 0);
	ck_assert_int_eq(board_keep(&bd, a, big, sizeof(big)), -1);
	ck_assert_int_eq(board_keep(&bd, a, "secret", 6), 0);
	board_give(&bd, a);
	for (i = 0; i < sizeof(struct kept_sa); i++)
		ck_assert_uint_eq(((uint8_t *)&bd.kept[a])[i], 0);
	close_writer(&bd);
}
END_TEST

/* espd may write what it likes. */
START_TEST(nonsense_is_read_without_harm)
{
	struct espboard e;
	struct bk_sa_state st;
	struct board bd;
	struct addr dst = addr("192.0.2.2");

	open_writer(&bd);
	atomic_store(&bd.b->top, UINT32_MAX);
	atomic_store(&bd.b->nstats, UINT32_MAX);
	memset(bd.b->name, 'x', sizeof(bd.b->name));
	memset(&bd.b->slot[5], 0xff, sizeof(bd.b->slot[5]));
	espboard_init(&e);
	ck_assert_int_eq(espboard_map(&e, dup(board_fd)), 0);
	ck_assert_int_eq(espboard_add(&e, &dst, UINT32_MAX, 5), 0);
	ck_assert_int_eq(espboard_get(&e, &dst, UINT32_MAX, &st), -1);
	espboard_free(&e);
	close_writer(&bd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("espboard");
	TCase *tc = tcase_create("espboard");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, counters_are_read);
	tcase_add_test(tc, a_new_espd_finds_what_was_kept);
	tcase_add_test(tc, statistics_go_on);
	tcase_add_test(tc, keys_are_wiped);
	tcase_add_test(tc, nonsense_is_read_without_harm);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
