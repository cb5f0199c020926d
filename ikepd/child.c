#include "ikepd/child.h"
#include "ikepd/task.h"
#include "ikepd/tsel.h"
#include "ikepd/wire/sa.h"

#include <stdlib.h>
#include <string.h>

static uint64_t
out_key(uint64_t ike_spi, uint32_t spi_out)
{
	return hash_mix(ike_spi, spi_out);
}

struct child_neg *
neg_new(struct engine *e)
{
	struct child_neg *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->spi_in = e->ops.spi_get(e->ops.ctx);
	if (n->spi_in == 0 || child_get(e, n->spi_in) != NULL) {
		free(n);
		return NULL;
	}
	return n;
}

void
neg_free(struct engine *e, struct child_neg *n)
{
	if (n == NULL)
		return;
	if (!n->spi_used)
		e->ops.spi_put(e->ops.ctx, n->spi_in);
	free(n);
}

void
child_local(const struct child *c, struct ts_list *l)
{
	tsel_set(l, c->ts, c->nlocal);
}

void
child_remote(const struct child *c, struct ts_list *l)
{
	tsel_set(l, c->ts + c->nlocal, c->nremote);
}

struct child *
child_get(const struct engine *e, uint32_t spi_in)
{
	return hash_get(&e->children, spi_in);
}

struct child *
child_get_out(const struct engine *e, const struct ike_sa *sa,
    uint32_t spi_out)
{
	struct child *c = hash_get(&e->children_out,
	    out_key(sa->k->spi_own, spi_out));

	if (c == NULL || c->spi_out != spi_out ||
	    c->ike_spi != sa->k->spi_own)
		return NULL;
	return c;
}

static void
link_child(struct ike_sa *sa, struct child *c)
{
	c->ike_spi = sa->k->spi_own;
	c->next = sa->children;
	if (c->next != NULL)
		c->next->prev = &c->next;
	sa->children = c;
	c->prev = &sa->children;
	sa->nchildren++;
}

static struct child *
child_new(struct engine *e, struct ike_sa *sa, const struct child_neg *n)
{
	unsigned nts = n->local.n + n->remote.n;
	struct child *c = calloc(1, sizeof(*c) + nts * sizeof(struct ts));

	if (c == NULL)
		return NULL;
	c->made_us = eng_now(e).us;
	c->spi_in = n->spi_in;
	c->spi_out = n->spi_out;
	c->policy = n->policy;
	c->identity = n->identity;
	c->replaces = n->replaces;
	c->state = CHILD_ADDING;
	c->initiator = n->initiator;
	c->transport = n->transport;
	/* RFC 7296 2.23: never on port 500. */
	c->encap = sa->k->encap && sa->k->path.natt;
	c->esn = n->esn;
	c->encr = n->encr->v2;
	c->encr_bits = suite_attr(n->encr);
	c->integ = n->integ == NULL ? 0 : n->integ->v2;
	c->pfs_group = n->group == NULL ? 0 : n->group->v2;
	c->nlocal = (uint8_t)n->local.n;
	c->nremote = (uint8_t)n->remote.n;
	memcpy(c->ts, n->local.ts, n->local.n * sizeof(struct ts));
	memcpy(c->ts + n->local.n, n->remote.ts,
	    n->remote.n * sizeof(struct ts));
	if (hash_set(&e->children, c->spi_in, c) == -1) {
		free(c);
		return NULL;
	}
	if (hash_set(&e->children_out, out_key(sa->k->spi_own, c->spi_out),
	    c) == -1) {
		hash_del(&e->children, c->spi_in);
		free(c);
		return NULL;
	}
	link_child(sa, c);
	return c;
}

void
child_describe(const struct engine *e, const struct child *c,
    struct child_req *r)
{
	const struct ike_sa *sa = store_get(e, c->ike_spi);

	memset(r, 0, sizeof(*r));
	if (sa != NULL) {
		r->peer = sa->k->peer;
		r->local = sa->k->path.local;
		r->remote = sa->k->path.remote;
	}
	r->policy = c->policy;
	r->identity = c->identity;
	r->ike_spi = c->ike_spi;
	r->replaces = c->replaces;
	r->initiator = c->initiator;
	r->transport = c->transport;
	r->encap = c->encap;
	r->esn = c->esn;
	r->spi_in = c->spi_in;
	r->spi_out = c->spi_out;
	r->encr = c->encr;
	r->encr_bits = c->encr_bits;
	r->integ = c->integ;
	r->pfs_group = c->pfs_group;
	r->nlocal = c->nlocal;
	r->nremote = c->nremote;
	r->local_ts = c->ts;
	r->remote_ts = c->ts + c->nlocal;
}

/* RFC 7296 2.17; keys of the exchange's initiator are the i ones. */
static int
derive(const struct ike_sa *sa, const struct child_neg *n,
    const struct keymat_in *in, struct child_keys *ck, const char **why)
{
	struct ike_keys keys = { .d_len = sa->k->d_len };
	int r;

	memcpy(keys.sk_d, sa->k->sk_d, sa->k->d_len);
	r = keymat_child(ck, n->encr, n->integ, suite_row(sa->k->prf), &keys,
	    in, why);
	ike_keys_wipe(&keys);
	return r;
}

int
child_install(struct engine *e, struct ike_sa *sa, struct child_neg *n,
    const struct keymat_in *in, const char **why)
{
	struct child_keys ck;
	struct child_req r;
	struct child *c;

	if (derive(sa, n, in, &ck, why) == -1)
		return -1;
	*why = "the peer's SPI is in use, or there is no memory";
	c = child_get_out(e, sa, n->spi_out) != NULL ||
	    sa->nchildren >= CHILDREN_MAX ? NULL : child_new(e, sa, n);
	if (c == NULL) {
		child_keys_wipe(&ck);
		return -1;
	}
	n->spi_used = true;
	child_describe(e, c, &r);
	r.encr_out = (struct blob){ n->initiator ? ck.encr_i : ck.encr_r,
		ck.e_len };
	r.encr_in = (struct blob){ n->initiator ? ck.encr_r : ck.encr_i,
		ck.e_len };
	r.integ_out = (struct blob){ n->initiator ? ck.integ_i : ck.integ_r,
		ck.a_len };
	r.integ_in = (struct blob){ n->initiator ? ck.integ_r : ck.integ_i,
		ck.a_len };
	e->ops.child_add(e->ops.ctx, &r);
	child_keys_wipe(&ck);
	return 0;
}

static void
unlink_child(struct engine *e, struct child *c)
{
	struct ike_sa *sa = store_get(e, c->ike_spi);
	uint64_t key = out_key(c->ike_spi, c->spi_out);

	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	if (sa != NULL)
		sa->nchildren--;
	if (hash_get(&e->children_out, key) == c)
		hash_del(&e->children_out, key);
}

void
child_remove(struct engine *e, struct child *c)
{
	unlink_child(e, c);
	hash_del(&e->children, c->spi_in);
	e->ops.child_del(e->ops.ctx, c->spi_in);
	free(c);
}

void
child_path(struct engine *e, const struct ike_sa *sa, struct child *c)
{
	c->moved = c->state == CHILD_ADDING;
	if (c->encap && !c->moved)
		e->ops.child_path(e->ops.ctx, c->spi_in, &sa->k->path.local,
		    &sa->k->path.remote);
}

void
child_remove_all(struct engine *e, struct ike_sa *sa)
{
	while (sa->children != NULL)
		child_remove(e, sa->children);
}

/* One that keymgr has not answered for stays with its exchange's SA. */
void
child_move_all(struct engine *e, struct ike_sa *from, struct ike_sa *to)
{
	struct child *c, *next;

	for (c = from->children; c != NULL; c = next) {
		next = c->next;
		if (c->state == CHILD_ADDING)
			continue;
		if (c->rekey_failed)
			sa_due_in(e, to, DUE_REKEY, REKEY_AGAIN_S);
		unlink_child(e, c);
		link_child(to, c);
		(void)hash_set(&e->children_out,
		    out_key(c->ike_spi, c->spi_out), c);
	}
}

void
rekey_again(struct engine *e, struct ike_sa *sa, uint32_t spi_in)
{
	struct child *c = spi_in == 0 ? NULL : child_get(e, spi_in);

	if (c != NULL) {
		sa = store_get(e, c->ike_spi);
		c->rekey_failed = c->state == CHILD_LIVE;
	} else if (spi_in == 0)
		sa->rekey_failed = true;
	/* Up to ten seconds more, lest both ends meet again. */
	if (sa != NULL && sa->state == SA_ESTABLISHED &&
	    (c == NULL ? sa->rekey_failed : c->rekey_failed) &&
	    mono_is_never(sa->due[DUE_REKEY]))
		sa_due_in(e, sa, DUE_REKEY, REKEY_AGAIN_S +
		    (unsigned)(eng_random64(e) % 10));
}

void
rekey_due(struct engine *e, struct ike_sa *sa)
{
	struct child *c;

	if (sa->state != SA_ESTABLISHED)
		return;
	for (c = sa->children; c != NULL; c = c->next) {
		if (c->rekey_failed && c->state == CHILD_LIVE)
			(void)task_list_add(&sa->tasks, TASK_CHILD_REKEY,
			    c->spi_in);
		c->rekey_failed = false;
	}
	if (sa->rekey_failed)
		(void)task_list_add(&sa->tasks, TASK_IKE_REKEY, 0);
	sa->rekey_failed = false;
	task_run(e, sa);
}

struct child *
child_of_policy(const struct ike_sa *sa, uint32_t policy)
{
	struct child *c;

	for (c = sa->children; c != NULL; c = c->next)
		if (c->policy == policy && c->state <= CHILD_LIVE)
			return c;
	return NULL;
}

static bool
any_covers(const struct ts *ts, unsigned n, const struct ts *packet)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (ts_covers(&ts[i], packet))
			return true;
	return false;
}

bool
child_serves(const struct ike_sa *sa, uint32_t policy, const struct ts *local,
    const struct ts *remote)
{
	struct child *c;

	for (c = sa->children; c != NULL; c = c->next)
		if (c->policy == policy && c->state <= CHILD_LIVE &&
		    any_covers(c->ts, c->nlocal, local) &&
		    any_covers(c->ts + c->nlocal, c->nremote, remote))
			return true;
	return false;
}
