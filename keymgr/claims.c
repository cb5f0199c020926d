#include "keymgr/claims.h"

#include "lib/hash.h"

#include <stdlib.h>
#include <string.h>

struct claim {
	struct flow *flow;
	struct claim *next;	/* lowest priority number first */
};

/* One selector. */
struct entry {
	struct selector sel;
	struct claim *claims;
	struct bk_body body;	/* what stands in the kernel */
	bool stands;
	bool dirty;		/* is in one of the lists */
	size_t step;		/* in the batch that is being made */
	struct bk_body next;	/* what that step makes of it */
	bool gone;		/* the step removes it */
	STAILQ_ENTRY(entry) in_dirty;
};
STAILQ_HEAD(entry_list, entry);

struct claims {
	uint64_t seed;
	struct hash entries;	/* selector -> entry */
	struct entry_list dirty;
	struct entry_list pending;	/* in a batch */
	bool (*left)(void *, const struct selector *);
	void *left_arg;
};

struct claims *
claims_new(uint64_t seed, bool (*left)(void *, const struct selector *),
    void *arg)
{
	struct claims *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->seed = seed;
	s->left = left;
	s->left_arg = arg;
	hash_init(&s->entries, seed);
	STAILQ_INIT(&s->dirty);
	STAILQ_INIT(&s->pending);
	return s;
}

static void
entry_free(struct entry *e)
{
	struct claim *c;

	while ((c = e->claims) != NULL) {
		e->claims = c->next;
		free(c);
	}
	free(e);
}

void
claims_free(struct claims *s)
{
	size_t at = 0;
	void *v;

	if (s == NULL)
		return;
	while ((v = hash_next(&s->entries, &at)) != NULL)
		entry_free(v);
	hash_free(&s->entries);
	free(s);
}

static uint32_t
flow_prio(const struct flow *f)
{
	return f->sp->conf->prio - (f->dynamic ? 1 : 0);
}

/* Where packets go while no child says so. */
static void
body_from_peer(struct bk_body *b, const struct km_policy *p)
{
	if (p->peer != NULL && km_peer_known(p->peer)) {
		b->local = p->peer->local;
		b->remote = p->peer->address.addr;
		return;
	}
	/* Nobody to send to: closed, or with level=use open. */
	b->out = b->optional ? BK_PASS : BK_BLOCK;
}

static void
flow_body(const struct flow *f, struct bk_body *b)
{
	const struct km_policy *p = f->sp->conf;
	const struct sad_child *c = LIST_FIRST(&f->children);

	memset(b, 0, sizeof(*b));
	b->prio = flow_prio(f);
	b->reqid = f->reqid;
	switch (p->action) {
	case CONF_ACTION_DISCARD:
		b->action = BK_BLOCK;
		return;
	case CONF_ACTION_NONE:
		b->action = BK_PASS;
		return;
	case CONF_ACTION_ENCRYPT:
		break;
	}
	b->action = b->out = BK_ENCRYPT;
	b->transport = p->transport;
	b->optional = p->level == CONF_LEVEL_USE;
	if (c == NULL)
		body_from_peer(b, p);
	else {
		/* A template does not say which mode. */
		b->transport = c->transport;
		b->local = c->local.addr;
		b->remote = c->remote.addr;
	}
}

static bool
body_equal(const struct bk_body *a, const struct bk_body *b)
{
	return a->prio == b->prio && a->reqid == b->reqid &&
	    a->action == b->action && a->out == b->out &&
	    a->transport == b->transport && a->optional == b->optional &&
	    addr_equal(&a->local, &b->local) &&
	    addr_equal(&a->remote, &b->remote);
}

static void
entry_dirty(struct claims *s, struct entry *e)
{
	if (e->dirty)
		return;
	e->dirty = true;
	STAILQ_INSERT_TAIL(&s->dirty, e, in_dirty);
}

static struct entry *
entry_get(const struct claims *s, const struct selector *sel)
{
	struct entry *e = hash_get(&s->entries, sel_hash(sel, s->seed));

	return e != NULL && sel_cmp(&e->sel, sel) == 0 ? e : NULL;
}

static struct entry *
entry_make(struct claims *s, const struct selector *sel)
{
	uint64_t key = sel_hash(sel, s->seed);
	struct entry *e = hash_get(&s->entries, key);

	if (e != NULL)
		return sel_cmp(&e->sel, sel) == 0 ? e : NULL;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	e->sel = *sel;
	if (hash_set(&s->entries, key, e) == -1) {
		free(e);
		return NULL;
	}
	return e;
}

int
claims_add(struct claims *s, const struct selector *sel, struct flow *f)
{
	struct entry *e = entry_make(s, sel);
	struct claim *c, **at;

	if (e == NULL || (c = calloc(1, sizeof(*c))) == NULL)
		return -1;
	c->flow = f;
	for (at = &e->claims; *at != NULL; at = &(*at)->next)
		if (flow_prio(f) <= flow_prio((*at)->flow))
			break;
	c->next = *at;
	*at = c;
	entry_dirty(s, e);
	return 0;
}

void
claims_del(struct claims *s, const struct selector *sel,
    const struct flow *f)
{
	struct entry *e = entry_get(s, sel);
	struct claim **at, *c;

	if (e == NULL)
		return;
	for (at = &e->claims; (c = *at) != NULL; at = &c->next) {
		if (c->flow == f) {
			*at = c->next;
			free(c);
			entry_dirty(s, e);
			return;
		}
	}
}

void
claims_touch(struct claims *s, const struct selector *sel)
{
	struct entry *e = entry_get(s, sel);

	if (e != NULL)
		entry_dirty(s, e);
}

static void
entry_drop(struct claims *s, struct entry *e)
{
	hash_del(&s->entries, sel_hash(&e->sel, s->seed));
	entry_free(e);
}

static void
entry_sync(struct claims *s, struct entry *e, struct batch *b)
{
	struct bk_body body;

	if (e->claims == NULL) {
		if (!e->stands) {
			entry_drop(s, e);
			return;
		}
		e->gone = true;
		e->step = batch_policy(b, &e->sel, NULL, &e->body);
	} else {
		flow_body(e->claims->flow, &body);
		if (e->stands && body_equal(&body, &e->body))
			return;
		e->gone = false;
		e->next = body;
		e->step = batch_policy(b, &e->sel, &body,
		    e->stands ? &e->body : NULL);
		if (!e->stands && e->step != SIZE_MAX)
			b->ops[e->step].replace = s->left != NULL &&
			    s->left(s->left_arg, &e->sel);
	}
	STAILQ_INSERT_TAIL(&s->pending, e, in_dirty);
	e->dirty = true;
}

void
claims_sync(struct claims *s, struct batch *b)
{
	struct entry *e;

	while ((e = STAILQ_FIRST(&s->dirty)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->dirty, in_dirty);
		e->dirty = false;
		entry_sync(s, e, b);
	}
}

void
claims_commit(struct claims *s, const struct batch *b)
{
	struct entry *e;

	while ((e = STAILQ_FIRST(&s->pending)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->pending, in_dirty);
		e->dirty = false;
		if (b->failed || e->step >= b->n ||
		    b->ops[e->step].error != 0)
			continue;
		if (e->gone) {
			entry_drop(s, e);
			continue;
		}
		e->stands = true;
		e->body = e->next;
	}
}

void
claims_remove_all(struct claims *s, struct batch *b)
{
	struct entry *e;
	size_t at = 0;

	while ((e = hash_next(&s->entries, &at)) != NULL)
		if (e->stands)
			batch_policy(b, &e->sel, NULL, &e->body);
}

bool
claims_stand(const struct claims *s, const struct selector *sel)
{
	const struct entry *e = entry_get(s, sel);

	return e != NULL && (e->stands || e->claims != NULL);
}

size_t
claims_count(const struct claims *s)
{
	return hash_count(&s->entries);
}
