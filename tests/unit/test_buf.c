#include "lib/buf.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

/* A small generator of our own: the same numbers on every machine. */
static uint64_t state;

static uint32_t
chance(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)((state >> 33) % below);
}

START_TEST(integers)
{
	static const uint8_t want[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
		0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f };
	struct buf b;
	struct cur c;
	uint8_t v8;
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	buf_init(&b, 64);
	ck_assert_ptr_null(b.data);
	buf_u8(&b, 0x01);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	buf_u64(&b, 0x08090a0b0c0d0e0f);
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_uint_eq(b.len, sizeof(want));
	ck_assert_mem_eq(b.data, want, sizeof(want));
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(cur_u8(&c, &v8), 0);
	ck_assert_int_eq(cur_u16(&c, &v16), 0);
	ck_assert_int_eq(cur_u32(&c, &v32), 0);
	ck_assert_int_eq(cur_u64(&c, &v64), 0);
	ck_assert_uint_eq(v8, 0x01);
	ck_assert_uint_eq(v16, 0x0203);
	ck_assert_uint_eq(v32, 0x04050607);
	ck_assert_uint_eq(v64, UINT64_C(0x08090a0b0c0d0e0f));
	ck_assert_int_eq(cur_end(&c), 0);
	buf_free(&b);
}
END_TEST

/* Every read, with every number of bytes left around what it needs. */
START_TEST(short_reads_change_nothing)
{
	uint8_t mem[16] = { 0 }, out[8];
	const uint8_t *p = mem;
	struct cur c, sub, before;
	int r[8];

	for (size_t left = 0; left <= 9; left++) {
		static const size_t needs[] = { 1, 2, 4, 8, 5, 5, 5, 5 };

		for (size_t i = 0; i < 8; i++) {
			cur_init(&c, mem, left);
			before = c;
			memset(out, 0xa5, sizeof(out));
			p = NULL;
			cur_init(&sub, NULL, 0);
			switch (i) {
			case 0:
				r[i] = cur_u8(&c, out);
				break;
			case 1:
				r[i] = cur_u16(&c, (uint16_t *)(void *)out);
				break;
			case 2:
				r[i] = cur_u32(&c, (uint32_t *)(void *)out);
				break;
			case 3:
				r[i] = cur_u64(&c, (uint64_t *)(void *)out);
				break;
			case 4:
				r[i] = cur_copy(&c, out, 5);
				break;
			case 5:
				r[i] = cur_ref(&c, &p, 5);
				break;
			case 6:
				r[i] = cur_sub(&c, &sub, 5);
				break;
			default:
				r[i] = cur_skip(&c, 5);
				break;
			}
			ck_assert_int_eq(r[i], left >= needs[i] ? 0 : -1);
			if (r[i] == 0) {
				ck_assert_uint_eq(cur_left(&c),
				    left - needs[i]);
				continue;
			}
			ck_assert_mem_eq(&c, &before, sizeof(c));
			for (size_t k = 0; k < sizeof(out); k++)
				ck_assert_uint_eq(out[k], 0xa5);
			ck_assert_ptr_null(p);
			ck_assert_ptr_null(sub.p);
		}
	}
}
END_TEST

START_TEST(huge_length)
{
	uint8_t mem[4] = { 0 };
	const uint8_t *p;
	struct cur c, sub;

	cur_init(&c, mem, sizeof(mem));
	ck_assert_int_eq(cur_ref(&c, &p, SIZE_MAX), -1);
	ck_assert_int_eq(cur_sub(&c, &sub, SIZE_MAX), -1);
	ck_assert_int_eq(cur_skip(&c, SIZE_MAX - 3), -1);
	ck_assert_uint_eq(cur_left(&c), 4);
}
END_TEST

START_TEST(nothing_at_all)
{
	uint8_t byte;
	struct cur c;

	cur_init(&c, NULL, 0);
	ck_assert_uint_eq(cur_left(&c), 0);
	ck_assert_int_eq(cur_end(&c), 0);
	ck_assert_int_eq(cur_u8(&c, &byte), -1);
	ck_assert_int_eq(cur_copy(&c, &byte, 0), 0);
}
END_TEST

START_TEST(strings)
{
	static const char *const words[] = { "", "x", "seven..", "eight..." };
	char out[8];
	struct buf b;
	struct cur c;
	int want;

	for (size_t i = 0; i < 4; i++) {
		buf_init(&b, 64);
		buf_str(&b, words[i]);
		cur_init(&c, b.data, b.len);
		want = strlen(words[i]) < sizeof(out) ? 0 : -1;
		ck_assert_int_eq(cur_str(&c, out, sizeof(out)), want);
		if (want == 0) {
			ck_assert_str_eq(out, words[i]);
			ck_assert_int_eq(cur_end(&c), 0);
		} else
			ck_assert_uint_eq(cur_left(&c), b.len);
		/* each byte less is short */
		for (size_t n = 0; n < b.len; n++) {
			cur_init(&c, b.data, n);
			ck_assert_int_eq(cur_str(&c, out, sizeof(out)), -1);
			ck_assert_uint_eq(cur_left(&c), n);
		}
		buf_free(&b);
	}
	cur_init(&c, "\0\3a\0b", 5);
	ck_assert_int_eq(cur_str(&c, out, sizeof(out)), -1);
}
END_TEST

START_TEST(longest_string)
{
	char *s = malloc(UINT16_MAX + 2), *out = malloc(UINT16_MAX + 1);
	struct buf b;
	struct cur c;

	memset(s, 'x', UINT16_MAX + 1);
	s[UINT16_MAX + 1] = '\0';
	buf_init(&b, 1 << 20);
	buf_str(&b, s);
	ck_assert_int_eq(buf_error(&b), -1);
	ck_assert_uint_eq(b.len, 0);
	buf_reset(&b);
	s[UINT16_MAX] = '\0';
	buf_str(&b, s);
	ck_assert_int_eq(buf_error(&b), 0);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(cur_str(&c, out, UINT16_MAX + 1), 0);
	ck_assert_str_eq(out, s);
	buf_free(&b);
	free(s);
	free(out);
}
END_TEST

START_TEST(limit_is_sticky)
{
	struct buf b;

	buf_init(&b, 5);
	buf_u32(&b, 1);
	buf_u16(&b, 2);
	ck_assert_int_eq(buf_error(&b), -1);
	ck_assert_uint_eq(b.len, 4);
	buf_u8(&b, 3);	/* would fit, but the message is spoilt */
	ck_assert_uint_eq(b.len, 4);
	ck_assert_ptr_null(buf_space(&b, 1));
	buf_reset(&b);
	ck_assert_int_eq(buf_error(&b), 0);
	buf_put(&b, "12345", 5);
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_ptr_null(buf_space(&b, SIZE_MAX));
	ck_assert_int_eq(buf_error(&b), -1);
	buf_free(&b);
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_uint_eq(b.max, 5);
}
END_TEST

START_TEST(overwriting)
{
	struct buf b;

	buf_init(&b, 16);
	buf_zero(&b, 6);
	buf_set_u16(&b, 4, 0x0506);
	buf_set_u32(&b, 0, 0x01020304);
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_mem_eq(b.data, "\1\2\3\4\5\6", 6);
	buf_set_u16(&b, 5, 0);
	ck_assert_int_eq(buf_error(&b), -1);
	buf_reset(&b);
	buf_set_u8(&b, 0, 1);
	ck_assert_int_eq(buf_error(&b), -1);
	buf_free(&b);
}
END_TEST

START_TEST(trimming_wipes)
{
	struct buf b;

	buf_init(&b, 16);
	buf_put(&b, "keep-secret", 11);
	buf_trim(&b, 4);
	ck_assert_uint_eq(b.len, 4);
	ck_assert_mem_eq(b.data, "keep\0\0\0\0\0\0\0", 11);
	buf_trim(&b, 9);
	ck_assert_uint_eq(b.len, 4);
	buf_reset(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_mem_eq(b.data, "\0\0\0\0", 4);
	buf_free(&b);
	ck_assert_ptr_null(b.data);
}
END_TEST

/* One random field, written and later read from the same numbers. */
static void
put_field(struct buf *b)
{
	uint8_t bytes[40];
	uint32_t n;

	switch (chance(6)) {
	case 0:
		buf_u8(b, (uint8_t)chance(256));
		break;
	case 1:
		buf_u16(b, (uint16_t)chance(65536));
		break;
	case 2:
		buf_u32(b, chance(UINT32_MAX));
		break;
	case 3:
		buf_u64(b, (uint64_t)chance(UINT32_MAX) << 17);
		break;
	case 4:
		n = chance(sizeof(bytes));
		memset(bytes, (int)chance(256), sizeof(bytes));
		buf_put(b, bytes, n);
		break;
	default:
		buf_zero(b, chance(20));
		break;
	}
}

/* Reads what put_field wrote; -1 as soon as a read is short. */
static int
check_field(struct cur *c)
{
	uint8_t v8, bytes[40], got[40];
	uint16_t v16;
	uint32_t v32, n;
	uint64_t v64;

	switch (chance(6)) {
	case 0:
		v32 = chance(256);
		if (cur_u8(c, &v8) == -1)
			return -1;
		ck_assert_uint_eq(v8, v32);
		break;
	case 1:
		v32 = chance(65536);
		if (cur_u16(c, &v16) == -1)
			return -1;
		ck_assert_uint_eq(v16, v32);
		break;
	case 2:
		n = chance(UINT32_MAX);
		if (cur_u32(c, &v32) == -1)
			return -1;
		ck_assert_uint_eq(v32, n);
		break;
	case 3:
		n = chance(UINT32_MAX);
		if (cur_u64(c, &v64) == -1)
			return -1;
		ck_assert_uint_eq(v64, (uint64_t)n << 17);
		break;
	case 4:
		n = chance(sizeof(bytes));
		memset(bytes, (int)chance(256), sizeof(bytes));
		if (cur_copy(c, got, n) == -1)
			return -1;
		ck_assert_int_eq(memcmp(got, bytes, n), 0);
		break;
	default:
		n = chance(20);
		if (cur_skip(c, n) == -1)
			return -1;
		break;
	}
	return 0;
}

/* What is written is what is read; cut anywhere, a read fails cleanly. */
START_TEST(random_round_trips)
{
	uint64_t seed = (uint64_t)_i + 1;
	uint32_t n, i;
	struct buf b;
	struct cur c;
	size_t cut;

	for (int round = 0; round < 100; round++, seed += 1000) {
		state = seed;
		n = 1 + chance(30);
		buf_init(&b, 4096);
		for (i = 0; i < n; i++)
			put_field(&b);
		ck_assert_int_eq(buf_error(&b), 0);
		ck_assert_uint_le(b.len, b.cap);
		ck_assert_uint_le(b.cap, b.max);
		cut = b.len > 0 ? chance((uint32_t)b.len) : 0;

		state = seed;
		n = 1 + chance(30);
		cur_init(&c, b.data, b.len);
		for (i = 0; i < n; i++)
			ck_assert_int_eq(check_field(&c), 0);
		ck_assert_int_eq(cur_end(&c), 0);

		state = seed;
		n = 1 + chance(30);
		cur_init(&c, b.data, cut);
		for (i = 0; i < n && check_field(&c) == 0; i++)
			;
		ck_assert_int_eq(i == n, cut == b.len);
		buf_free(&b);
	}
}
END_TEST

/* However it grows, len <= max, and what is in it stays. */
START_TEST(random_limits)
{
	struct buf b;
	size_t max, n, sum;

	state = (uint64_t)_i + 77;
	for (int round = 0; round < 200; round++) {
		max = chance(2000);
		buf_init(&b, max);
		for (sum = 0; buf_error(&b) == 0; sum += n) {
			n = 1 + chance(300);
			for (size_t i = 0; i < n; i++)
				buf_u8(&b, (uint8_t)(sum + i));
		}
		ck_assert_uint_eq(b.len, max);
		for (size_t i = 0; i < b.len; i++)
			ck_assert_uint_eq(b.data[i], (uint8_t)i);
		buf_free(&b);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("buf");
	TCase *tc = tcase_create("buf");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, integers);
	tcase_add_test(tc, short_reads_change_nothing);
	tcase_add_test(tc, huge_length);
	tcase_add_test(tc, nothing_at_all);
	tcase_add_test(tc, strings);
	tcase_add_test(tc, longest_string);
	tcase_add_test(tc, limit_is_sticky);
	tcase_add_test(tc, overwriting);
	tcase_add_test(tc, trimming_wipes);
	tcase_add_loop_test(tc, random_round_trips, 0, 10);
	tcase_add_loop_test(tc, random_limits, 0, 3);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
