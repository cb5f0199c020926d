#include "sessiond/persist.h"

#include "lib/log.h"

#include <sys/resource.h>

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD	40
#define HEADER	32
#define SEED(n)	((uint64_t)(n) << 40 | (uint64_t)(n))	/* all bits count */

static int fds[2];

static void
setup(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		fds[i] = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (fds[i] == -1) {	/* a file system without that */
			char name[] = "leases.XXXXXX";

			fds[i] = mkstemp(name);
			unlink(name);
		}
		ck_assert_int_ne(fds[i], -1);
	}
}

static void
teardown(void)
{
	close(fds[0]);
	close(fds[1]);
}

/* What was loaded, one after the other. */
struct seen {
	size_t n;
	uint64_t user[20000];
	struct addr addr[20000];
};

static struct seen seen;

static void
note(void *arg, const struct addr *a, uint64_t user)
{
	struct seen *s = arg;

	ck_assert_uint_lt(s->n, 20000);
	s->addr[s->n] = *a;
	s->user[s->n++] = user;
}

static struct persist *
start(uint64_t random)
{
	struct persist *p = persist_new(dup(fds[0]), dup(fds[1]),
	    SEED(random));

	seen.n = 0;
	persist_open(p);
	persist_load(p, note, &seen);
	return p;
}

static struct addr
nth(unsigned n)
{
	struct addr a = { .family = n % 2 ? AF_INET6 : AF_INET };

	a.b[0] = 32;
	a.b[2] = (uint8_t)(n >> 8);
	a.b[3] = (uint8_t)n;
	a.b[15] = n % 2;
	return a;
}

static void
write_some(struct persist *p, unsigned from, unsigned to)
{
	struct addr a;

	for (; from < to; from++) {
		a = nth(from);
		persist_note(p, &a, 1000 + from);
	}
	persist_flush(p);
}

static void
expect(unsigned from, unsigned to)
{
	struct addr a;
	unsigned i;

	ck_assert_uint_eq(seen.n, to - from);
	for (i = 0; i < seen.n; i++) {
		a = nth(from + i);
		ck_assert(addr_equal(&seen.addr[i], &a));
		ck_assert_uint_eq(seen.user[i], 1000 + from + i);
	}
}

START_TEST(kept)
{
	struct persist *p = start(99);

	ck_assert_uint_eq(persist_seed(p), SEED(99));
	write_some(p, 0, 2500);
	persist_free(p);
	p = start(55);
	ck_assert_uint_eq(persist_seed(p), SEED(99));
	expect(0, 2500);
	write_some(p, 2500, 2510);
	persist_free(p);
	persist_free(start(1));
	expect(0, 2510);
}
END_TEST

START_TEST(half_written)
{
	struct persist *p = start(99);
	off_t whole;
	unsigned cut;

	write_some(p, 0, 10);
	persist_free(p);
	whole = HEADER + 10 * RECORD;
	for (cut = 1; cut <= RECORD; cut++) {
		ck_assert_int_eq(ftruncate(fds[0], whole - cut), 0);
		persist_free(start(1));
		expect(0, 9);
	}
	/* It goes on behind what was whole. */
	ck_assert_int_eq(ftruncate(fds[0], whole - 7), 0);
	p = start(1);
	write_some(p, 9, 12);
	persist_free(p);
	persist_free(start(1));
	expect(0, 12);
}
END_TEST

START_TEST(damaged)
{
	struct persist *p = start(99);
	uint8_t byte;
	off_t at = HEADER + 4 * RECORD + _i;

	write_some(p, 0, 10);
	persist_free(p);
	ck_assert_int_eq(pread(fds[0], &byte, 1, at), 1);
	byte ^= 0x10;
	ck_assert_int_eq(pwrite(fds[0], &byte, 1, at), 1);
	persist_free(start(1));
	expect(0, 4);
}
END_TEST

START_TEST(damaged_header)
{
	struct persist *p = start(99);
	uint8_t byte;

	write_some(p, 0, 10);
	persist_free(p);
	ck_assert_int_eq(pread(fds[0], &byte, 1, _i), 1);
	byte ^= 0x10;
	ck_assert_int_eq(pwrite(fds[0], &byte, 1, _i), 1);
	p = start(1);
	expect(0, 0);
	/* The old records do not come back behind new ones. */
	write_some(p, 0, 3);
	persist_free(p);
	persist_free(start(2));
	expect(0, 3);
}
END_TEST

START_TEST(compacted)
{
	struct persist *p = start(99);
	unsigned turn;

	for (turn = 0; turn < 5; turn++) {
		write_some(p, 0, 5000);
		ck_assert(persist_is_long(p, 100));
		ck_assert(!persist_is_long(p, 5000));
		persist_begin(p);
		write_some(p, turn, turn + 100);
		persist_end(p);
		ck_assert(!persist_is_long(p, 100));
		persist_free(p);
		p = start(1);
		expect(turn, turn + 100);
		write_some(p, turn + 100, turn + 110);
		persist_free(p);
		p = start(1);
		expect(turn, turn + 110);
	}
	persist_free(p);
}
END_TEST

/* The process dies between the two ends. */
START_TEST(not_quite_compacted)
{
	struct persist *p = start(99);

	write_some(p, 0, 4999);
	persist_begin(p);
	write_some(p, 100, 200);
	persist_free(p);
	p = start(1);
	expect(0, 4999);
	write_some(p, 4999, 5001);
	persist_free(p);
	persist_free(start(1));
	expect(0, 5001);
}
END_TEST

START_TEST(rubbish)
{
	uint8_t raw[8192];
	struct persist *p;
	size_t i;
	int f;

	srandom((unsigned)_i + 1);
	p = start((uint64_t)_i);
	write_some(p, 0, 50);
	persist_free(p);
	for (f = 0; f < 2; f++) {
		for (i = 0; i < sizeof(raw); i++)
			raw[i] = (uint8_t)random();
		ck_assert_int_gt(pwrite(fds[f], raw, 1 +
		    (size_t)random() % sizeof(raw), random() % 4096), 0);
	}
	p = start(1);
	write_some(p, 0, 50);
	persist_free(p);
	persist_free(start(1));
}
END_TEST

/* libcheck writes, too: nothing may be asserted while there is little. */
static void
room(rlim_t bytes)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = bytes;
	(void)setrlimit(RLIMIT_FSIZE, &r);
}

/* No room for a while: at the begin (0), in the middle (1), and when all is
 * written anew (2).  What was whole stays so until the new one is. */
START_TEST(no_room)
{
	rlim_t before = HEADER + 2500 * RECORD;
	struct persist *p;
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	signal(SIGXFSZ, SIG_IGN);
	if (_i == 0) {
		room(7);
		p = start(99);
	} else {
		p = start(99);
		write_some(p, 0, 2500);
		room(before + 7);
		write_some(p, 2500, 2600);
	}
	if (_i == 2) {
		persist_begin(p);
		write_some(p, 0, 2600);
		persist_end(p);
	}
	room(r.rlim_cur);
	ck_assert(persist_is_stuck(p));
	ck_assert(!persist_is_long(p, 0));
	write_some(p, 2700, 2800);	/* to no avail */
	if (_i == 2) {
		persist_free(start(1));
		expect(0, 2500);
	}
	persist_begin(p);
	write_some(p, 100, 2600);
	persist_end(p);
	ck_assert(!persist_is_stuck(p));
	write_some(p, 2600, 2610);
	persist_free(p);
	p = start(1);
	ck_assert_uint_eq(persist_seed(p), SEED(99));
	expect(100, 2610);
	persist_free(p);
}
END_TEST

START_TEST(no_file)
{
	struct persist *p = persist_new(-1, -1, 5);

	persist_open(p);
	persist_load(p, note, &seen);
	ck_assert_uint_eq(persist_seed(p), 5);
	write_some(p, 0, 100);
	ck_assert(!persist_is_long(p, 0));
	ck_assert(!persist_is_stuck(p));
	persist_begin(p);
	persist_end(p);
	persist_free(p);
	/* One that cannot be written. */
	p = persist_new(open("/dev/null", O_RDONLY), dup(fds[1]), 5);
	persist_open(p);
	write_some(p, 0, 100);
	persist_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("persist");
	TCase *t = tcase_create("file");
	SRunner *r;
	int failed;

	log_set_mask(0);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, kept);
	tcase_add_test(t, half_written);
	tcase_add_loop_test(t, damaged, 0, RECORD);
	tcase_add_loop_test(t, damaged_header, 0, HEADER);
	tcase_add_test(t, compacted);
	tcase_add_test(t, not_quite_compacted);
	tcase_add_loop_test(t, rubbish, 0, 50);
	tcase_add_loop_test(t, no_room, 0, 3);
	tcase_add_test(t, no_file);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
