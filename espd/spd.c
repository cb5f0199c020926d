#include "espd/spd.h"

#include <stdlib.h>
#include <string.h>

static bool
policy_eq(const struct table_node *n, const void *key)
{
	const struct policy *p = (const void *)n;

	return flow_equal(&p->key, key);
}

static void
shapes_release(struct epoch_item *i)
{
	free((struct shapes *)(void *)i);
}

static void
shape_release(struct epoch_item *i)
{
	free((struct shape *)(void *)i);
}

static void
policy_release(struct epoch_item *i)
{
	free((char *)i - offsetof(struct policy, item));
}

int
spd_init(struct spd *s, struct epoch *e, uint64_t seed)
{
	struct shapes *none = calloc(1, sizeof(*none));

	if (none == NULL)
		return -1;
	atomic_init(&s->shapes, none);
	s->epoch = e;
	s->seed = seed;
	s->serial = 0;
	return 0;
}

static int
shape_cmp(const void *a, const void *b)
{
	const struct shape *x = *(struct shape *const *)a;
	const struct shape *y = *(struct shape *const *)b;

	return (x->floor > y->floor) - (x->floor < y->floor);
}

/* Publishes the shapes without one, with one more, or in new order. */
static int
shapes_renew(struct spd *s, const struct shape *without, struct shape *with)
{
	struct shapes *old = atomic_load(&s->shapes), *new;

	new = calloc(1, sizeof(*new) + (old->n + 1) * sizeof(new->v[0]));
	if (new == NULL)
		return -1;
	for (size_t i = 0; i < old->n; i++)
		if (old->v[i] != without)
			new->v[new->n++] = old->v[i];
	if (with != NULL)
		new->v[new->n++] = with;
	qsort(new->v, new->n, sizeof(new->v[0]), shape_cmp);
	atomic_store(&s->shapes, new);
	epoch_retire(s->epoch, &old->item, shapes_release);
	return 0;
}

static struct shape *
shape_get(const struct spd *s, const struct flow *mask)
{
	struct shapes *v = atomic_load(&s->shapes);

	for (size_t i = 0; i < v->n; i++)
		if (flow_equal(&v->v[i]->mask, mask))
			return v->v[i];
	return NULL;
}

static struct shape *
shape_add(struct spd *s, const struct flow *mask, uint32_t prio)
{
	struct shape *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->mask = *mask;
	atomic_init(&h->floor, prio);
	table_init(&h->table, s->epoch, policy_eq);
	if (shapes_renew(s, NULL, h) == -1) {
		free(h);
		return NULL;
	}
	return h;
}

static void
shape_drop_empty(struct spd *s, struct shape *h)
{
	if (h->table.n > 0 || shapes_renew(s, h, NULL) == -1)
		return;
	table_free(&h->table);
	epoch_retire(s->epoch, &h->item, shape_release);
}

void
spd_free(struct spd *s)
{
	struct shapes *v = atomic_load(&s->shapes);
	struct table_node *n;

	for (size_t i = 0; i < v->n; i++) {
		size_t at = 0;

		while ((n = table_next(&v->v[i]->table, &at)) != NULL)
			epoch_retire(s->epoch,
			    &((struct policy *)(void *)n)->item,
			    policy_release);
		table_free(&v->v[i]->table);
		epoch_retire(s->epoch, &v->v[i]->item, shape_release);
	}
	epoch_retire(s->epoch, &v->item, shapes_release);
	atomic_store(&s->shapes, NULL);
}

static struct policy *
policy_new(struct spd *s, const struct sel *sel,
    const struct policy_body *body, const struct flow *key)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->node.hash = flow_hash(key, s->seed);
	p->key = *key;
	p->sel = *sel;
	p->body = *body;
	p->serial = ++s->serial;
	atomic_init(&p->acquired, INT64_MIN);
	return p;
}

/* The floor moves before the policy is there, so no lookup stops short. */
static int
policy_put(struct spd *s, struct shape *h, struct policy *p)
{
	struct table_node *old;
	struct policy *was;

	if (p->body.prio < h->floor) {
		atomic_store(&h->floor, p->body.prio);
		if (shapes_renew(s, NULL, NULL) == -1)
			return -1;
	}
	p->shape = h;
	if ((was = (void *)table_get(&h->table, p->node.hash, &p->key)) !=
	    NULL)
		p->serial = was->serial;
	if (table_set(&h->table, &p->node, &p->key, &old) == -1)
		return -1;
	if (was != NULL)
		epoch_retire(s->epoch, &was->item, policy_release);
	return 0;
}

int
spd_set(struct spd *s, const struct sel *sel, const struct policy_body *body,
    const char **why)
{
	struct flow key, mask;
	struct policy *p;
	struct shape *h;

	if (sel_flow(sel, &key, &mask) == -1) {
		*why = "malformed selector";
		return -1;
	}
	*why = "no memory";
	if ((h = shape_get(s, &mask)) == NULL &&
	    (h = shape_add(s, &mask, body->prio)) == NULL)
		return -1;
	if ((p = policy_new(s, sel, body, &key)) != NULL &&
	    policy_put(s, h, p) == 0)
		return 0;
	free(p);
	shape_drop_empty(s, h);
	return -1;
}

struct policy *
spd_get(const struct spd *s, const struct sel *sel)
{
	struct flow key, mask;
	struct shape *h;

	if (sel_flow(sel, &key, &mask) == -1 ||
	    (h = shape_get(s, &mask)) == NULL)
		return NULL;
	return (void *)table_get(&h->table, flow_hash(&key, s->seed), &key);
}

int
spd_del(struct spd *s, const struct sel *sel)
{
	struct policy *p = spd_get(s, sel);

	if (p == NULL)
		return -1;
	table_del(&p->shape->table, &p->node);
	shape_drop_empty(s, p->shape);
	epoch_retire(s->epoch, &p->item, policy_release);
	return 0;
}

void
spd_each(const struct spd *s, void (*fn)(void *, const struct policy *),
    void *arg)
{
	struct shapes *v = atomic_load(&s->shapes);
	struct table_node *n;

	for (size_t i = 0; i < v->n; i++) {
		size_t at = 0;

		while ((n = table_next(&v->v[i]->table, &at)) != NULL)
			fn(arg, (void *)n);
	}
}

static bool
before(const struct policy *a, const struct policy *b)
{
	return a->body.prio < b->body.prio ||
	    (a->body.prio == b->body.prio && a->serial < b->serial);
}

struct policy *
spd_match(const struct spd *s, const struct flow *f)
{
	const struct shapes *v = atomic_load(&s->shapes);
	struct policy *best = NULL, *p;
	const struct shape *h;
	struct flow key;

	for (size_t i = 0; i < v->n; i++) {
		h = v->v[i];
		if (best != NULL && atomic_load(&h->floor) > best->body.prio)
			break;
		/* Ports that are not known fit no port (RFC 4301 4.4.1). */
		if (f->opaque && (h->mask.lport | h->mask.rport) != 0)
			continue;
		key = flow_mask(f, &h->mask);
		p = (void *)table_get(&h->table, flow_hash(&key, s->seed),
		    &key);
		if (p != NULL && (best == NULL || before(p, best)))
			best = p;
	}
	return best;
}
