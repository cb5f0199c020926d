#include "keymgr/overlap.h"

#include <stdlib.h>

#define OVERLAP_S	2
#define OVERLAP_MAX	65536

struct overlapping {
	STAILQ_ENTRY(overlapping) next;
	struct mono until;
	struct addr dst;
	uint32_t spi;
	/* Whose it was. */
	uint32_t policy, peer, identity;
	struct addr remote;
};

void
overlap_init(struct overlap *l)
{
	STAILQ_INIT(&l->list);
	l->n = 0;
}

void
overlap_free(struct overlap *l)
{
	struct overlapping *g;

	while ((g = STAILQ_FIRST(&l->list)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->list, next);
		free(g);
	}
	l->n = 0;
}

int
overlap_add(struct overlap *l, struct spi_tab *spis,
    const struct sad_child *c)
{
	struct overlapping *g;

	if (l->n == OVERLAP_MAX || (g = calloc(1, sizeof(*g))) == NULL)
		return -1;
	if (spi_set(spis, c->spi_in, SPI_TAKEN) == -1) {
		free(g);
		return -1;
	}
	g->until = mono_add(mono_now(), MONO_S(OVERLAP_S));
	g->dst = c->local.addr;
	g->spi = c->spi_in;
	g->policy = c->policy;
	g->peer = c->peer;
	g->identity = c->identity;
	g->remote = c->remote.addr;
	STAILQ_INSERT_TAIL(&l->list, g, next);
	l->n++;
	return 0;
}

static void
end(struct overlap *l, struct spi_tab *spis, struct overlapping *g,
    struct batch *b)
{
	l->n--;
	batch_sa_del(b, &g->dst, g->spi);
	(void)spi_set(spis, g->spi, SPI_UNKNOWN);
	free(g);
}

void
overlap_end(struct overlap *l, struct spi_tab *spis,
    const struct sad_child *c, struct batch *b)
{
	struct overlap_list all = STAILQ_HEAD_INITIALIZER(all);
	struct overlapping *g;

	STAILQ_CONCAT(&all, &l->list);
	while ((g = STAILQ_FIRST(&all)) != NULL) {
		STAILQ_REMOVE_HEAD(&all, next);
		if (g->policy == c->policy && g->peer == c->peer &&
		    g->identity == c->identity &&
		    addr_equal(&g->remote, &c->remote.addr))
			end(l, spis, g, b);
		else
			STAILQ_INSERT_TAIL(&l->list, g, next);
	}
}

void
overlap_sweep(struct overlap *l, struct spi_tab *spis, struct mono now,
    struct batch *b)
{
	struct overlapping *g;

	while ((g = STAILQ_FIRST(&l->list)) != NULL &&
	    mono_cmp(g->until, now) <= 0) {
		STAILQ_REMOVE_HEAD(&l->list, next);
		end(l, spis, g, b);
	}
}
