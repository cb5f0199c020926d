#include "espd/pmtu.h"

#include <stdlib.h>
#include <string.h>

#define IP6_MTU_MIN	1280u	/* RFC 8201 section 4: no less is believed */
#define IP4_MTU_MIN	576u

struct pmtu_peer {
	LIST_ENTRY(pmtu_peer) next;	/* of learned */
	struct addr dst;
	uint64_t key;
	LIST_HEAD(, pmtu_sa) sas;
	uint32_t mtu;			/* learned; 0: nothing */
	struct mono until;
};

void
pmtu_init(struct pmtu *p, struct esp *esp, uint64_t seed)
{
	memset(p, 0, sizeof(*p));
	p->esp = esp;
	hash_init(&p->peers, seed);
	LIST_INIT(&p->learned);
}

/* Shapes */

static struct pmtu_shape *
shape_get(struct pmtu *p, const struct pmtu_sa *s)
{
	unsigned i;

	for (i = 0; i < p->nshapes; i++)
		if (p->shape[i].base == s->base &&
		    p->shape[i].inner == s->inner)
			return &p->shape[i];
	return NULL;
}

/* Where there are too many, those that come late count for nothing. */
static void
shape_add(struct pmtu *p, struct pmtu_sa *s)
{
	struct pmtu_shape *h = shape_get(p, s);

	if (h == NULL && p->nshapes < PMTU_SHAPES) {
		h = &p->shape[p->nshapes++];
		*h = (struct pmtu_shape){ .base = s->base,
			.inner = s->inner };
	}
	s->counted = h != NULL;
	if (h != NULL)
		h->n++;
}

static void
shape_del(struct pmtu *p, const struct pmtu_sa *s)
{
	struct pmtu_shape *h = s->counted ? shape_get(p, s) : NULL;

	if (h != NULL && --h->n == 0)
		*h = p->shape[--p->nshapes];
}

uint32_t
pmtu_device(const struct pmtu *p)
{
	const struct pmtu_shape *h, *best = NULL;
	unsigned i;

	for (i = 0; i < p->nshapes; i++) {
		h = &p->shape[i];
		if (best == NULL || h->base > best->base ||
		    (h->base == best->base && h->inner < best->inner))
			best = h;
	}
	return best == NULL ? 0 : best->inner;
}

/* Peers */

static struct pmtu_peer *
peer_get(const struct pmtu *p, const struct addr *dst)
{
	struct pmtu_peer *e = hash_get(&p->peers, addr_hash(dst,
	    p->peers.seed));

	return e != NULL && addr_equal(&e->dst, dst) ? e : NULL;
}

/* Two peers of one hash, which is keyed: the second cannot be. */
static struct pmtu_peer *
peer_new(struct pmtu *p, const struct addr *dst)
{
	struct pmtu_peer *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->dst = *dst;
	e->key = addr_hash(dst, p->peers.seed);
	LIST_INIT(&e->sas);
	if (hash_get(&p->peers, e->key) != NULL ||
	    hash_set(&p->peers, e->key, e) == -1) {
		free(e);
		return NULL;
	}
	return e;
}

/* What was learned of it stays, while it is true. */
static void
peer_end(struct pmtu *p, struct pmtu_peer *e)
{
	if (!LIST_EMPTY(&e->sas) || e->mtu != 0)
		return;
	hash_del(&p->peers, e->key);
	free(e);
}

static void
apply(const struct pmtu *p, const struct pmtu_peer *e,
    const struct pmtu_sa *s)
{
	uint32_t mtu = e->mtu != 0 && e->mtu < s->base ? e->mtu : s->base;

	(void)esp_sa_mtu(p->esp, &e->dst, s->spi, mtu);
}

int
pmtu_add(struct pmtu *p, struct pmtu_sa *s, const struct addr *dst,
    uint32_t spi, uint32_t base)
{
	struct pmtu_peer *e = peer_get(p, dst);
	int inner = esp_sa_inner_mtu(p->esp, dst, spi);

	if (e == NULL && (e = peer_new(p, dst)) == NULL)
		return -1;
	*s = (struct pmtu_sa){ .peer = e, .spi = spi, .base = base,
		.inner = inner < 0 ? 0 : (uint32_t)inner };
	LIST_INSERT_HEAD(&e->sas, s, next);
	shape_add(p, s);
	apply(p, e, s);
	return 0;
}

void
pmtu_del(struct pmtu *p, struct pmtu_sa *s)
{
	struct pmtu_peer *e = s->peer;

	if (e == NULL)
		return;
	LIST_REMOVE(s, next);
	shape_del(p, s);
	s->peer = NULL;
	peer_end(p, e);
}

void
pmtu_base(struct pmtu *p, struct pmtu_sa *s, uint32_t base)
{
	int inner;

	if (s->peer == NULL || s->base == base)
		return;
	shape_del(p, s);
	s->base = base;
	(void)esp_sa_mtu(p->esp, &s->peer->dst, s->spi, base);
	inner = esp_sa_inner_mtu(p->esp, &s->peer->dst, s->spi);
	s->inner = inner < 0 ? 0 : (uint32_t)inner;
	shape_add(p, s);
	apply(p, s->peer, s);
}

void
pmtu_move(struct pmtu *p, struct pmtu_sa *s, const struct addr *dst)
{
	struct pmtu_sa was = *s;

	if (s->peer == NULL)
		return;
	pmtu_del(p, s);
	(void)esp_sa_mtu(p->esp, dst, was.spi, was.base);
	(void)pmtu_add(p, s, dst, was.spi, was.base);
}

static void
apply_all(const struct pmtu *p, const struct pmtu_peer *e)
{
	const struct pmtu_sa *s;

	LIST_FOREACH(s, &e->sas, next)
		apply(p, e, s);
}

void
pmtu_learn(struct pmtu *p, const struct addr *dst, uint32_t mtu,
    struct mono now)
{
	uint32_t least = dst->family == AF_INET6 ? IP6_MTU_MIN : IP4_MTU_MIN;
	struct pmtu_peer *e = peer_get(p, dst);

	if (e == NULL || (e->mtu != 0 && mtu >= e->mtu))
		return;
	if (e->mtu == 0)
		LIST_INSERT_HEAD(&p->learned, e, next);
	e->mtu = mtu < least ? least : mtu;
	e->until = mono_add(now, MONO_S(PMTU_AGE_S));
	apply_all(p, e);
}

void
pmtu_tick(struct pmtu *p, struct mono now)
{
	struct pmtu_peer *e, *next;

	for (e = LIST_FIRST(&p->learned); e != NULL; e = next) {
		next = LIST_NEXT(e, next);
		if (mono_cmp(now, e->until) < 0)
			continue;
		LIST_REMOVE(e, next);
		e->mtu = 0;
		apply_all(p, e);
		peer_end(p, e);
	}
}
