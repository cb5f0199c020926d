/*
 * A packet mover that accepts everything and moves nothing.  Linked in
 * place of the kernel's, it lets handshakes be measured on a kernel without
 * ESP with all of keymgr's own work done.
 */
#include "keymgr/backend.h"

#include <errno.h>
#include <string.h>

static void
null_apply(void *ctx, struct bk_op *ops, size_t n, bk_done done, void *arg)
{
	size_t i;

	(void)ctx;
	for (i = 0; i < n; i++)
		ops[i].error = 0;
	done(arg, 0, "");
}

static int
null_sa_get(void *ctx, const struct addr *dst, uint32_t spi,
    struct bk_sa_state *s)
{
	(void)ctx;
	(void)dst;
	(void)spi;
	(void)s;
	errno = ESRCH;
	return -1;
}

static int
null_sa_dump(void *ctx, void (*fn)(void *, const struct bk_sa_state *),
    void *arg, char *why)
{
	(void)ctx;
	(void)fn;
	(void)arg;
	(void)why;
	return 0;
}

static int
null_policy_dump(void *ctx, void (*fn)(void *, const struct selector *),
    void *arg, char *why)
{
	(void)ctx;
	(void)fn;
	(void)arg;
	(void)why;
	return 0;
}

static int
null_stats(void *ctx, void (*fn)(void *, const char *, uint64_t), void *arg)
{
	(void)ctx;
	(void)fn;
	(void)arg;
	return -1;
}

static int
null_listen(void *ctx, struct event_base *base, const struct bk_events *ev)
{
	(void)ctx;
	(void)base;
	(void)ev;
	return 0;
}

static const char *
null_no_esp(void *ctx)
{
	(void)ctx;
	return NULL;
}

static void
null_close(void *ctx)
{
	(void)ctx;
}

int
backend_xfrm_open(struct backend *b, char *why)
{
	static const struct backend_ops ops = {
		.name = "null",
		.apply = null_apply,
		.sa_get = null_sa_get,
			.sa_dump = null_sa_dump,
		.policy_dump = null_policy_dump,
		.stats = null_stats,
		.listen = null_listen,
		.no_esp = null_no_esp,
		.close = null_close,
	};

	(void)why;
	b->ops = &ops;
	b->ctx = NULL;
	return 0;
}

void
backend_xfrm_sole(struct backend *bk)
{
	(void)bk;
}
