#include "lib/buf.h"

#include <stdlib.h>
#include <string.h>

void
cur_init(struct cur *c, const void *p, size_t n)
{
	c->p = p;
	c->end = n == 0 ? c->p : c->p + n;
}

size_t
cur_left(const struct cur *c)
{
	return (size_t)(c->end - c->p);
}

int
cur_ref(struct cur *c, const uint8_t **p, size_t n)
{
	if (n > cur_left(c))
		return -1;
	*p = c->p;
	c->p += n;
	return 0;
}

int
cur_u8(struct cur *c, uint8_t *v)
{
	const uint8_t *p;

	if (cur_ref(c, &p, 1) == -1)
		return -1;
	*v = p[0];
	return 0;
}

int
cur_u16(struct cur *c, uint16_t *v)
{
	const uint8_t *p;

	if (cur_ref(c, &p, 2) == -1)
		return -1;
	*v = (uint16_t)(p[0] << 8 | p[1]);
	return 0;
}

int
cur_u32(struct cur *c, uint32_t *v)
{
	const uint8_t *p;

	if (cur_ref(c, &p, 4) == -1)
		return -1;
	*v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
	return 0;
}

int
cur_u64(struct cur *c, uint64_t *v)
{
	struct cur t = *c;
	uint32_t hi, lo;

	if (cur_u32(&t, &hi) == -1 || cur_u32(&t, &lo) == -1)
		return -1;
	*v = (uint64_t)hi << 32 | lo;
	*c = t;
	return 0;
}

int
cur_copy(struct cur *c, void *dst, size_t n)
{
	const uint8_t *p;

	if (cur_ref(c, &p, n) == -1)
		return -1;
	if (n > 0)
		memcpy(dst, p, n);
	return 0;
}

int
cur_sub(struct cur *c, struct cur *sub, size_t n)
{
	const uint8_t *p;

	if (cur_ref(c, &p, n) == -1)
		return -1;
	cur_init(sub, p, n);
	return 0;
}

int
cur_skip(struct cur *c, size_t n)
{
	const uint8_t *p;

	return cur_ref(c, &p, n);
}

int
cur_end(const struct cur *c)
{
	return c->p == c->end ? 0 : -1;
}

int
cur_str(struct cur *c, char *dst, size_t size)
{
	struct cur t = *c;
	const uint8_t *p;
	uint16_t n;

	if (cur_u16(&t, &n) == -1 || n >= size || cur_ref(&t, &p, n) == -1 ||
	    memchr(p, '\0', n) != NULL)
		return -1;
	memcpy(dst, p, n);
	dst[n] = '\0';
	*c = t;
	return 0;
}

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_free(struct buf *b)
{
	size_t max = b->max;

	if (b->data != NULL) {
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	buf_init(b, max);
}

void
buf_reset(struct buf *b)
{
	buf_trim(b, 0);
	b->failed = false;
}

int
buf_error(const struct buf *b)
{
	return b->failed ? -1 : 0;
}

/* realloc() would leave an unwiped copy of a secret behind. */
static int
buf_grow(struct buf *b, size_t need)
{
	uint8_t *p;
	size_t cap = b->cap == 0 ? 128 : b->cap;

	while (cap < need)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;
	if ((p = malloc(cap)) == NULL)
		return -1;
	if (b->data != NULL) {
		memcpy(p, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	b->data = p;
	b->cap = cap;
	return 0;
}

uint8_t *
buf_space(struct buf *b, size_t n)
{
	uint8_t *p;

	if (b->failed || n > b->max - b->len ||
	    (b->len + n > b->cap && buf_grow(b, b->len + n) == -1)) {
		b->failed = true;
		return NULL;
	}
	p = b->data + b->len;
	b->len += n;
	return p;
}

void
buf_put(struct buf *b, const void *v, size_t n)
{
	uint8_t *p;

	if (n > 0 && (p = buf_space(b, n)) != NULL)
		memcpy(p, v, n);
}

void
buf_u8(struct buf *b, uint8_t v)
{
	buf_put(b, &v, 1);
}

void
buf_u16(struct buf *b, uint16_t v)
{
	uint8_t t[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	buf_put(b, t, sizeof(t));
}

void
buf_u32(struct buf *b, uint32_t v)
{
	buf_u16(b, (uint16_t)(v >> 16));
	buf_u16(b, (uint16_t)v);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	buf_u32(b, (uint32_t)(v >> 32));
	buf_u32(b, (uint32_t)v);
}

void
buf_zero(struct buf *b, size_t n)
{
	uint8_t *p;

	if (n > 0 && (p = buf_space(b, n)) != NULL)
		memset(p, 0, n);
}

void
buf_str(struct buf *b, const char *s)
{
	size_t n = strlen(s);

	if (n > UINT16_MAX) {
		b->failed = true;
		return;
	}
	buf_u16(b, (uint16_t)n);
	buf_put(b, s, n);
}

void
buf_set_u8(struct buf *b, size_t off, uint8_t v)
{
	if (off >= b->len) {
		b->failed = true;
		return;
	}
	b->data[off] = v;
}

void
buf_set_u16(struct buf *b, size_t off, uint16_t v)
{
	buf_set_u8(b, off, (uint8_t)(v >> 8));
	buf_set_u8(b, off + 1, (uint8_t)v);
}

void
buf_set_u32(struct buf *b, size_t off, uint32_t v)
{
	buf_set_u16(b, off, (uint16_t)(v >> 16));
	buf_set_u16(b, off + 2, (uint16_t)v);
}

void
buf_trim(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	explicit_bzero(b->data + len, b->len - len);
	b->len = len;
}
