#include "ikepd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
text_init(struct text *t, char *dst, size_t size)
{
	*t = (struct text){ .dst = dst, .size = size };
	if (size > 0)
		dst[0] = '\0';
}

void
text_add(struct text *t, const char *fmt, ...)
{
	size_t room = t->size - t->len;
	va_list ap;
	int n;

	if (room == 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->dst + t->len, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n < room) {
		t->len += (size_t)n;
		return;
	}
	/* Cut; nothing more is taken. */
	if (t->size > 3)
		memcpy(t->dst + t->size - 4, "...", 4);
	t->len = t->size;
}
