/*
 * Steps that belong together: the two SAs of a child and the policies that
 * change with it.
 */
#ifndef KEYMGR_BATCH_H
#define KEYMGR_BATCH_H

#include "keymgr/backend.h"

struct batch {
	struct bk_op *ops;
	size_t n, cap;
	bool failed;	/* no memory */
	bool undone;	/* rolled back */
};

void batch_init(struct batch *);
void batch_free(struct batch *);
/* All borrow what they point to until the batch was run. */
void batch_sa_add(struct batch *, const struct bk_sa *);
void batch_sa_del(struct batch *, const struct addr *dst, uint32_t spi);
/* body NULL: remove; old NULL: nothing of ours stands there.  Returns the
 * step's number. */
size_t batch_policy(struct batch *, const struct selector *,
    const struct bk_body *body, const struct bk_body *old);
/*
 * Runs the steps.  With whole, all that succeeded is taken back when one
 * fails; otherwise only what the failing one did in part.  -1: why
 * (BK_WHY_LEN) says what the first failure was.
 */
int batch_run(struct batch *, const struct backend *, bool whole, char *why);
/* The step was done and stays. */
bool batch_done(const struct batch *, size_t step);

#endif
