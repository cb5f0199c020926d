#include "espd/spare.h"

#include <openssl/crypto.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIZES		5	/* 64, 128 ... 1024 bytes */
#define SIZE(i)		((size_t)64 << (i))
#define KEPT		16	/* of each size, by each thread */

/* Before each piece. */
struct piece {
	_Alignas(max_align_t) struct piece *next;
	size_t len;
};

static _Thread_local struct {
	struct piece *first;
	unsigned n;
} spare[SIZES];

/* SIZES: larger than any that is kept. */
static unsigned
size_of(size_t len)
{
	unsigned i;

	for (i = 0; i < SIZES && SIZE(i) < len; i++)
		;
	return i;
}

static void *
take(size_t len, const char *file, int line)
{
	unsigned i = size_of(len);
	struct piece *p;

	(void)file;
	(void)line;
	if (len == 0 || len > SIZE_MAX - sizeof(*p))
		return NULL;
	if (i < SIZES && (p = spare[i].first) != NULL) {
		spare[i].first = p->next;
		spare[i].n--;
	} else {
		p = malloc(sizeof(*p) + (i < SIZES ? SIZE(i) : len));
		if (p == NULL)
			return NULL;
	}
	p->len = len;
	return p + 1;
}

static void
give(void *mem, const char *file, int line)
{
	struct piece *p;
	unsigned i;

	(void)file;
	(void)line;
	if (mem == NULL)
		return;
	p = (struct piece *)mem - 1;
	i = size_of(p->len);
	if (i == SIZES || spare[i].n == KEPT) {
		free(p);
		return;
	}
	p->next = spare[i].first;
	spare[i].first = p;
	spare[i].n++;
}

static void *
change(void *mem, size_t len, const char *file, int line)
{
	size_t old = mem == NULL ? 0 : ((struct piece *)mem - 1)->len;
	void *got = take(len, file, line);

	if (got == NULL && len != 0)
		return NULL;
	if (old != 0 && len != 0)
		memcpy(got, mem, old < len ? old : len);
	give(mem, file, line);
	return got;
}

int
spare_init(void)
{
	return CRYPTO_set_mem_functions(take, change, give) == 1 ? 0 : -1;
}
