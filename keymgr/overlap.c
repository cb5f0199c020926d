#include "keymgr/overlap.h"

#include <stdlib.h>

#define OVERLAP_S	2
#define OVERLAP_MAX	65536

struct overlapping {
	TAILQ_ENTRY(overlapping) next;
	struct overlapping *newer, *older;	/* of the same owner */
	uint64_t owner;
	struct mono until;
	struct addr dst;
	uint32_t spi;
};

/* Whose it was: policy, peer, identity and address. */
static uint64_t
owner_of(const struct overlap *l, const struct sad_child *c)
{
	uint64_t k = hash_mix(l->owners.seed, c->policy);

	k = hash_mix(hash_mix(k, c->peer), c->identity);
	return addr_hash(&c->remote.addr, k);
}

void
overlap_init(struct overlap *l, uint64_t seed)
{
	TAILQ_INIT(&l->list);
	hash_init(&l->owners, seed);
	l->n = 0;
}

void
overlap_free(struct overlap *l)
{
	struct overlapping *g;

	while ((g = TAILQ_FIRST(&l->list)) != NULL) {
		TAILQ_REMOVE(&l->list, g, next);
		free(g);
	}
	hash_free(&l->owners);
	l->n = 0;
}

int
overlap_add(struct overlap *l, struct spi_tab *spis,
    const struct sad_child *c)
{
	struct overlapping *g;

	if (l->n == OVERLAP_MAX || (g = calloc(1, sizeof(*g))) == NULL)
		return -1;
	g->owner = owner_of(l, c);
	g->older = hash_get(&l->owners, g->owner);
	if (spi_set(spis, c->spi_in, SPI_TAKEN) == -1 ||
	    hash_set(&l->owners, g->owner, g) == -1) {
		(void)spi_set(spis, c->spi_in, SPI_UNKNOWN);
		free(g);
		return -1;
	}
	if (g->older != NULL)
		g->older->newer = g;
	g->until = mono_add(mono_now(), MONO_S(OVERLAP_S));
	g->dst = c->local.addr;
	g->spi = c->spi_in;
	TAILQ_INSERT_TAIL(&l->list, g, next);
	l->n++;
	return 0;
}

static void
end(struct overlap *l, struct spi_tab *spis, struct overlapping *g,
    struct batch *b)
{
	if (g->older != NULL)
		g->older->newer = g->newer;
	if (g->newer != NULL)
		g->newer->older = g->older;
	else if (g->older != NULL)
		(void)hash_set(&l->owners, g->owner, g->older);
	else
		hash_del(&l->owners, g->owner);
	TAILQ_REMOVE(&l->list, g, next);
	l->n--;
	batch_sa_del(b, &g->dst, g->spi);
	(void)spi_set(spis, g->spi, SPI_UNKNOWN);
	free(g);
}

void
overlap_end(struct overlap *l, struct spi_tab *spis,
    const struct sad_child *c, struct batch *b)
{
	uint64_t owner = owner_of(l, c);
	struct overlapping *g;

	while ((g = hash_get(&l->owners, owner)) != NULL)
		end(l, spis, g, b);
}

void
overlap_sweep(struct overlap *l, struct spi_tab *spis, struct mono now,
    struct batch *b)
{
	struct overlapping *g;

	while ((g = TAILQ_FIRST(&l->list)) != NULL &&
	    mono_cmp(g->until, now) <= 0)
		end(l, spis, g, b);
}
