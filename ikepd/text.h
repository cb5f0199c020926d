/* Appending to a string of fixed size. */
#ifndef IKEPD_TEXT_H
#define IKEPD_TEXT_H

#include <stddef.h>

struct text {
	char *dst;
	size_t size, len;
};

/* dst becomes an empty string; size counts its NUL. */
void text_init(struct text *, char *dst, size_t size);
/* What does not fit is left out and the string ends in "...". */
void text_add(struct text *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
