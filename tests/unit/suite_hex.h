/* Hex in test vectors.  Blanks are skipped, so RFC text can be pasted. */
#ifndef TESTS_UNIT_SUITE_HEX_H
#define TESTS_UNIT_SUITE_HEX_H

#include <check.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Decodes into dst, which has room for max bytes; returns the length. */
static inline size_t
unhex(uint8_t *dst, size_t max, const char *s)
{
	size_t n = 0;
	char two[3] = { 0 };

	while (*s != '\0') {
		if (isspace((unsigned char)*s)) {
			s++;
			continue;
		}
		ck_assert(isxdigit((unsigned char)s[0]) &&
		    isxdigit((unsigned char)s[1]));
		ck_assert_uint_lt(n, max);
		memcpy(two, s, 2);
		dst[n++] = (uint8_t)strtoul(two, NULL, 16);
		s += 2;
	}
	return n;
}

static inline void
assert_hex(const uint8_t *got, size_t len, const char *want)
{
	uint8_t w[1024];

	ck_assert_uint_eq(unhex(w, sizeof(w), want), len);
	ck_assert_mem_eq(got, w, len);
}

#endif
