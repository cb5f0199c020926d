#include "keymgr/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

size_t
batch_policy(struct batch *b, const struct selector *sel,
    const struct bk_body *body, const struct bk_body *old)
{
	struct bk_op *op = batch_next(b);

	if (op == NULL)
		return SIZE_MAX;
	op->kind = body == NULL ? BK_POLICY_DEL : BK_POLICY_SET;
	op->sel = sel;
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
batch_put_back(struct batch *undo, const struct bk_op *op)
{
	size_t step = batch_policy(undo, op->sel, &op->old, NULL);

	if (step != SIZE_MAX)
		undo->ops[step].replace = true;
}

static void
batch_take_away(struct batch *undo, const struct bk_op *op)
{
	size_t step = batch_policy(undo, op->sel, NULL, NULL);

	if (step != SIZE_MAX)
		undo->ops[step].dirs = op->dirs;
}

/*
 * The step that undoes another.  A policy step may have been done for some
 * of its directions, so it is undone whether it failed or not, but only
 * there: in the others somebody else's policy may stand.
 */
static void
batch_undo_step(struct batch *undo, const struct bk_op *op)
{
	switch (op->kind) {
	case BK_SA_ADD:
		if (op->error == 0)
			batch_sa_del(undo, &op->sa.dst.addr, op->sa.spi);
		break;
	case BK_SA_DEL:
		break;	/* the keys are gone; never in a batch run whole */
	case BK_POLICY_SET:
	case BK_POLICY_DEL:
		if (op->had_old)
			batch_put_back(undo, op);
		else if (op->kind == BK_POLICY_SET && op->dirs != 0)
			batch_take_away(undo, op);
		break;
	}
}

static void
batch_undo(struct batch *b, const struct backend *bk, bool whole)
{
	struct batch undo;
	char why[BK_WHY_LEN];
	size_t i;

	batch_init(&undo);
	for (i = b->n; i > 0; i--)
		if (whole || b->ops[i - 1].error != 0)
			batch_undo_step(&undo, &b->ops[i - 1]);
	if (undo.n > 0)
		bk->ops->apply(bk->ctx, undo.ops, undo.n, why);
	batch_free(&undo);
	b->undone = whole;
}

int
batch_run(struct batch *b, const struct backend *bk, bool whole, char *why)
{
	if (b->failed) {
		snprintf(why, BK_WHY_LEN, "out of memory");
		b->undone = true;
		return -1;
	}
	if (b->n == 0 || bk->ops->apply(bk->ctx, b->ops, b->n, why) == 0)
		return 0;
	batch_undo(b, bk, whole);
	return -1;
}

bool
batch_done(const struct batch *b, size_t step)
{
	return !b->undone && step < b->n && b->ops[step].error == 0;
}
