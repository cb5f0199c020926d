#include "keymgr/batch.h"

#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is left of a batch when it was handed over. */
struct handed {
	struct batch b;
	bool done, awaited;
	size_t bad;
	char why[BK_WHY_LEN];
	batch_end end;
	void *arg;
};

void
batch_init(struct batch *b)
{
	memset(b, 0, sizeof(*b));
}

void
batch_free(struct batch *b)
{
	free(b->ops);
	batch_init(b);
}

static struct bk_op *
batch_next(struct batch *b)
{
	struct bk_op *ops;
	size_t cap;

	if (b->n == b->cap) {
		cap = b->cap == 0 ? 8 : b->cap * 2;
		ops = reallocarray(b->ops, cap, sizeof(*ops));
		if (ops == NULL) {
			b->failed = true;
			return NULL;
		}
		b->ops = ops;
		b->cap = cap;
	}
	memset(&b->ops[b->n], 0, sizeof(*b->ops));
	return &b->ops[b->n++];
}

void
batch_sa_add(struct batch *b, const struct bk_sa *sa)
{
	struct bk_op *op = batch_next(b);

	if (op == NULL)
		return;
	op->kind = BK_SA_ADD;
	op->sa = *sa;
}

void
batch_sa_del(struct batch *b, const struct addr *dst, uint32_t spi)
{
	struct bk_op *op = batch_next(b);

	if (op == NULL)
		return;
	op->kind = BK_SA_DEL;
	op->sa.dst.addr = *dst;
	op->sa.spi = spi;
}

void
batch_sa_move(struct batch *b, const struct bk_sa *old,
    const struct endpoint *src, const struct endpoint *dst)
{
	struct bk_op *op = batch_next(b);

	if (op == NULL)
		return;
	op->kind = BK_SA_MOVE;
	op->sa = *old;
	op->src = *src;
	op->dst = *dst;
}

size_t
batch_policy(struct batch *b, const struct selector *sel,
    const struct bk_body *body, const struct bk_body *old)
{
	struct bk_op *op = batch_next(b);

	if (op == NULL)
		return SIZE_MAX;
	op->kind = body == NULL ? BK_POLICY_DEL : BK_POLICY_SET;
	op->sel = *sel;
	if (body != NULL)
		op->body = *body;
	else
		op->dirs = BK_ALL_DIRS;
	if (old != NULL) {
		op->old = *old;
		op->had_old = op->replace = true;
	}
	return b->n - 1;
}

/* What stood before is put back over whatever stands now. */
static void
put_back(struct batch *undo, const struct bk_op *op)
{
	size_t step = batch_policy(undo, &op->sel, &op->old, NULL);

	if (step != SIZE_MAX)
		undo->ops[step].replace = true;
}

static void
take_away(struct batch *undo, const struct bk_op *op)
{
	size_t step = batch_policy(undo, &op->sel, NULL, NULL);

	if (step != SIZE_MAX)
		undo->ops[step].dirs = op->dirs;
}

static void
undone(void *arg, size_t bad, const char *why)
{
	(void)bad;
	(void)why;
	free(arg);
}

/*
 * A policy step that failed may have been done for some of its directions;
 * it is undone only there: in the others somebody else's policy may stand.
 */
static void
undo_parts(const struct batch *b, const struct backend *bk)
{
	const struct bk_op *op;
	struct batch undo;
	size_t i;

	batch_init(&undo);
	for (i = b->n; i > 0; i--) {
		op = &b->ops[i - 1];
		if (op->error == 0 || (op->kind != BK_POLICY_SET &&
		    op->kind != BK_POLICY_DEL))
			continue;
		if (op->had_old)
			put_back(&undo, op);
		else if (op->kind == BK_POLICY_SET && op->dirs != 0)
			take_away(&undo, op);
	}
	if (undo.n > 0)
		bk->ops->apply(bk->ctx, undo.ops, undo.n, undone, undo.ops);
	else
		batch_free(&undo);
}

static void
finish(struct handed *r)
{
	if (r->end != NULL)
		r->end(r->arg, &r->b, r->bad > 0 ? -1 : 0, r->why);
	free(r->b.ops);
	free(r);
}

static void
done(void *arg, size_t bad, const char *why)
{
	struct handed *r = arg;

	r->done = true;
	r->bad = bad;
	snprintf(r->why, sizeof(r->why), "%s", why);
	if (r->awaited)
		finish(r);
}

void
batch_start(struct batch *b, const struct backend *bk)
{
	struct handed *r = NULL;
	size_t i;

	if (b->failed || (r = calloc(1, sizeof(*r))) == NULL) {
		b->failed = true;
		for (i = 0; i < b->n; i++)
			b->ops[i].error = ENOMEM;
		return;
	}
	b->handed = r;
	r->b = *b;
	if (b->n == 0) {
		r->done = true;
		return;
	}
	bk->ops->apply(bk->ctx, b->ops, b->n, done, r);
	undo_parts(b, bk);
}

void
batch_await(struct batch *b, batch_end end, void *arg)
{
	struct handed *r = b->handed;

	if (r == NULL) {
		if (end != NULL)
			end(arg, b, -1, "out of memory");
		batch_free(b);
		return;
	}
	batch_init(b);
	r->awaited = true;
	r->end = end;
	r->arg = arg;
	if (r->done)
		finish(r);
}

void
batch_run(struct batch *b, const struct backend *bk, batch_end end, void *arg)
{
	batch_start(b, bk);
	batch_await(b, end, arg);
}

void
batch_log(void *arg, const struct batch *b, int rc, const char *why)
{
	(void)arg;
	if (rc == -1)
		log_error(LOG_T_IPSEC, "%s: %s", b->what, why);
}
