/*
 * Both directions of the edge keymgr - espd: what is read is written the
 * same way again.  The first byte says which message it is.
 */
#include "lib/proto/kmespd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What was read of the input, which is n bytes long. */
static void
same(const struct buf *b, const uint8_t *p, size_t n)
{
	if (buf_error(b) == -1 || b->len != n || memcmp(b->data, p, n) != 0)
		abort();
}

static void
steps(struct cur *c)
{
	struct kmespd_step s;
	const uint8_t *at;
	const char *why;
	struct buf b;

	for (;;) {
		at = c->p;
		if (kmespd_step_get(c, &s, &why) == -1)
			return;
		buf_init(&b, KMESPD_STEP_MAX);
		kmespd_step_put(&b, &s);
		same(&b, at, (size_t)(c->p - at));
		buf_free(&b);
		kmespd_sa_free(&s.sa);
	}
}

static void
result(struct cur *c)
{
	const uint8_t *at = c->p;
	struct kmespd_result r;
	const char *why;
	struct buf b;

	if (kmespd_result_get(c, &r, &why) == -1)
		return;
	buf_init(&b, KMESPD_RESULT_MAX);
	kmespd_result_put(&b, &r);
	same(&b, at, (size_t)(c->p - at));
	buf_free(&b);
}

static void
expire(struct cur *c)
{
	const uint8_t *at = c->p;
	struct kmespd_expire e;
	const char *why;
	struct buf b;

	if (kmespd_expire_get(c, &e, &why) == -1)
		return;
	buf_init(&b, KMESPD_EXPIRE_MAX);
	kmespd_expire_put(&b, &e);
	same(&b, at, (size_t)(c->p - at));
	buf_free(&b);
}

static void
selector(struct cur *c)
{
	const uint8_t *at = c->p;
	struct kmespd_sel s;
	struct buf b;

	if (kmespd_sel_get(c, &s) == -1)
		return;
	buf_init(&b, KMESPD_ACQUIRE_MAX);
	kmespd_sel_put(&b, &s);
	same(&b, at, (size_t)(c->p - at));
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const read[])(struct cur *) = { steps, result, expire,
		selector };
	struct cur c;

	if (len == 0 || len > KMESPD_BATCH_MAX)
		return 0;
	cur_init(&c, data + 1, len - 1);
	read[data[0] % (sizeof(read) / sizeof(read[0]))](&c);
	return 0;
}
