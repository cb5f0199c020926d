#include "keymgr/reconcile.h"

#include "keymgr/bypass.h"
#include "keymgr/km.h"
#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DROP_BATCH	256

void
reconcile_init(struct reconcile *r, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	hash_init(&r->sas, seed);
	hash_init(&r->policies, seed);
}

void
reconcile_free(struct reconcile *r)
{
	size_t at;
	void *v;

	for (at = 0; (v = hash_next(&r->sas, &at)) != NULL;)
		free(v);
	for (at = 0; (v = hash_next(&r->policies, &at)) != NULL;)
		free(v);
	hash_free(&r->sas);
	hash_free(&r->policies);
}

static uint64_t
sa_key(const struct reconcile *r, uint32_t spi, const struct addr *dst)
{
	return hash_mix(addr_hash(dst, r->sas.seed), spi);
}

/* Foreign ones are only remembered so that their SPIs are not given out. */
static void
found(void *arg, const struct bk_sa_state *sa)
{
	struct km *km = arg;
	struct reconcile *r = &km->rec;
	struct found_sa *f;

	if (sa->spi >= SPI_MIN &&
	    spi_set(&km->spi, sa->spi, SPI_TAKEN) == -1)
		r->no_memory = true;
	if (!BK_REQID_OURS(sa->reqid))
		return;
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		r->no_memory = true;
		return;
	}
	f->src = sa->src;
	f->dst = sa->dst;
	f->spi = sa->spi;
	f->reqid = sa->reqid;
	f->add_time = sa->add_time;
	if (hash_get(&r->sas, sa_key(r, f->spi, &f->dst)) != NULL ||
	    hash_set(&r->sas, sa_key(r, f->spi, &f->dst), f) == -1)
		free(f);
}

static void
found_policy(void *arg, const struct selector *sel)
{
	struct km *km = arg;
	struct hash *h = &km->rec.policies;
	uint64_t key = sel_hash(sel, h->seed);
	struct selector *s;

	if (hash_get(h, key) != NULL)
		return;		/* another direction of it */
	if ((s = malloc(sizeof(*s))) == NULL) {
		km->rec.no_memory = true;
		return;
	}
	*s = *sel;
	if (hash_set(h, key, s) == -1) {
		km->rec.no_memory = true;
		free(s);
	}
}

int
reconcile_read(struct km *km, char *why)
{
	const struct backend *bk = &km->bk;

	if (link_read(&km->link, why) == -1)
		return -1;
	if (bk->ops->sa_dump(bk->ctx, found, km, why) == -1 ||
	    bk->ops->policy_dump(bk->ctx, found_policy, km, why) == -1)
		return -1;
	if (km->rec.no_memory) {
		snprintf(why, BK_WHY_LEN, "out of memory");
		return -1;
	}
	if (hash_count(&km->rec.sas) > 0)
		log_info(LOG_T_IPSEC, "found %zu SAs and %zu policies of an "
		    "earlier keymgr", hash_count(&km->rec.sas),
		    hash_count(&km->rec.policies));
	return 0;
}

const struct found_sa *
reconcile_sa(const struct reconcile *r, uint32_t spi, const struct addr *dst)
{
	const struct found_sa *f = hash_get(&r->sas, sa_key(r, spi, dst));

	if (f == NULL || f->spi != spi || !addr_equal(&f->dst, dst))
		return NULL;
	return f;
}

bool
reconcile_policy(void *arg, const struct selector *sel)
{
	const struct reconcile *r = arg;
	const struct selector *s;

	s = hash_get(&r->policies, sel_hash(sel, r->policies.seed));
	return s != NULL && sel_cmp(s, sel) == 0;
}

static void
drop_run(struct km *km, struct batch *b)
{
	b->what = "leftovers could not be removed";
	batch_run(b, &km->bk, batch_log, NULL);
}

void
reconcile_drop_sas(struct km *km)
{
	struct found_sa *f;
	struct batch b;
	size_t at = 0, n = 0;

	batch_init(&b);
	while ((f = hash_next(&km->rec.sas, &at)) != NULL) {
		if (sad_find(&km->sad, f->spi, &f->dst) != NULL)
			continue;
		batch_sa_del(&b, &f->dst, f->spi);
		/* It may be a peer's SPI that equals one of ours. */
		if (spi_state(&km->spi, f->spi) == SPI_TAKEN)
			(void)spi_set(&km->spi, f->spi, SPI_UNKNOWN);
		n++;
		if (b.n == DROP_BATCH)
			drop_run(km, &b);
	}
	drop_run(km, &b);
	if (n > 0)
		log_info(LOG_T_IPSEC, "removed %zu SAs nobody asked for", n);
}

void
reconcile_drop_policies(struct km *km)
{
	struct selector *s;
	struct batch b;
	size_t at = 0;

	batch_init(&b);
	while ((s = hash_next(&km->rec.policies, &at)) != NULL) {
		if (spd_stands(km->spd, s) || (km->bypass && bypass_is(s)))
			continue;
		batch_policy(&b, s, NULL, NULL);
		if (b.n == DROP_BATCH)
			drop_run(km, &b);
	}
	drop_run(km, &b);
}

void
reconcile_end(struct km *km)
{
	uint64_t seed = km->rec.sas.seed;

	if (km->rec.over)
		return;
	reconcile_drop_sas(km);
	reconcile_drop_policies(km);
	link_sweep(&km->link);
	if (km->bk.ops->settled != NULL)
		km->bk.ops->settled(km->bk.ctx);
	reconcile_free(&km->rec);
	reconcile_init(&km->rec, seed);
	km->rec.over = true;
}

void
reconcile_done(struct km *km, unsigned worker)
{
	uint64_t all = km->workers >= 64 ? UINT64_MAX :
	    (UINT64_C(1) << km->workers) - 1;

	km->rec.done |= UINT64_C(1) << worker;
	if ((km->rec.done & all) == all)
		reconcile_end(km);
}
