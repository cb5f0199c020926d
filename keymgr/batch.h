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
	const char *what;	/* could not be done, for batch_log */
	bool failed;	/* no memory; then every step fails */
	struct handed *handed;	/* it was started */
};

void batch_init(struct batch *);
/* One that was not started. */
void batch_free(struct batch *);
/* Keys are borrowed until batch_start. */
void batch_sa_add(struct batch *, const struct bk_sa *);
void batch_sa_del(struct batch *, const struct addr *dst, uint32_t spi);
void batch_sa_move(struct batch *, const struct bk_sa *old,
    const struct endpoint *src, const struct endpoint *dst);
/* body NULL: remove; old NULL: nothing of ours stands there.  Returns the
 * step's number. */
size_t batch_policy(struct batch *, const struct selector *,
    const struct bk_body *body, const struct bk_body *old);

/* All steps have their errors.  rc -1: why says what the first was. */
typedef void (*batch_end)(void *arg, const struct batch *, int rc,
    const char *why);

/*
 * Hands the steps to the backend.  Those that failed at once have their
 * error in ops when this returns, and what a failing policy step did in part
 * was taken back; others may get their error later.
 */
void batch_start(struct batch *, const struct backend *);
/*
 * Calls end (which may be NULL) when all steps are done: now, or from the
 * loop.  The batch given is empty afterwards.
 */
void batch_await(struct batch *, batch_end, void *arg);
/* Both. */
void batch_run(struct batch *, const struct backend *, batch_end, void *arg);
/* An end for what nobody waits for. */
void batch_log(void *arg, const struct batch *, int rc, const char *why);

#endif
