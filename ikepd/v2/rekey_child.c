/*
 * Rekeying child SAs: which of them goes, and what happens when both ends
 * begin at once (RFC 7296 2.8, 2.8.1, 2.25.1).
 */
#include "ikepd/v2/child.h"
#include "ikepd/v2/v2.h"

enum task_start
v2_rekey_child_start(struct engine *e, struct ike_sa *sa,
    const struct task *t)
{
	struct child *c = child_get(e, t->arg);

	if (c == NULL || c->ike_spi != sa->k->spi_own ||
	    c->state != CHILD_LIVE || c->rekeying || e->conf == NULL)
		return TASK_NEEDLESS;
	return child_begin(e, sa, t, c->policy, c);
}

/*
 * The SA made with the lowest of the four nonces is redundant and is
 * deleted by who made it; who made the other deletes the old one.
 */
void
rekey_child_done(struct engine *e, struct ike_sa *sa, struct work *own)
{
	struct child *old = child_get(e, own->old_child);
	uint32_t goes = own->old_child;

	if (old != NULL)
		old->state = CHILD_REKEYED;
	if (own->rival_child != 0 && child_get(e, own->rival_child) != NULL &&
	    nonce_cmp(work_low_nonce(own), &own->rival_nonce) < 0)
		goes = own->neg->spi_in;
	(void)task_list_add(&sa->tasks, TASK_CHILD_DEL, goes);
}

void
rekey_child_answered(struct engine *e, struct ike_sa *sa,
    struct work *theirs)
{
	struct child *old = child_get(e, theirs->old_child);
	struct work *own = sa->own;
	const struct secret *low = work_low_nonce(theirs);

	if (own != NULL && own->kind == TASK_CHILD_REKEY &&
	    own->old_child == theirs->old_child && secret_set(
	    &own->rival_nonce, low->data, low->len) == 0) {
		own->rival_child = theirs->neg->spi_in;
		return;
	}
	if (old != NULL && old->state == CHILD_LIVE)
		old->state = CHILD_REKEYED;
}

/* RFC 7296 2.25: ours goes silently, and a new one is asked for. */
void
rekey_child_not_found(struct engine *e, struct ike_sa *sa, struct work *own)
{
	struct child *old = child_get(e, own->old_child);

	if (old == NULL || own->rival_child != 0)
		return;
	log_info(LOG_T_IPSEC, "the peer does not know the child SA we "
	    "rekey; a new one is negotiated");
	(void)task_list_child(&sa->tasks, old->policy, NULL);
	child_remove(e, old);
}
