#include "keymgr/km.h"

#include "keymgr/bypass.h"
#include "keymgr/install.h"
#include "lib/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FAILED_MAX	20	/* lines about policies the kernel refused */

int
km_init(struct km *km, const struct backend *bk, const struct km_out *out,
    unsigned workers)
{
	uint64_t seed;

	memset(km, 0, sizeof(*km));
	arc4random_buf(&seed, sizeof(seed));
	km->bk = *bk;
	km->out = *out;
	km->workers = workers;
	spi_init(&km->spi, seed);
	sad_init(&km->sad, seed);
	timers_init(&km->timers);
	reconcile_init(&km->rec, seed);
	leases_init(&km->leases, seed);
	overlap_init(&km->overlap, seed);
	km->spd = spd_new(seed, reconcile_policy, &km->rec);
	return km->spd == NULL ? -1 : 0;
}

void
km_free(struct km *km)
{
	struct sad_child *c;
	size_t at = 0;

	/* What it has yet to do speaks of the records. */
	if (km->bk.ops != NULL)
		km->bk.ops->close(km->bk.ctx);
	while ((c = hash_next(&km->sad.by_in, &at)) != NULL) {
		timer_clear(&km->timers, &c->soft);
		spd_detach(km->spd, c);
	}
	spd_free(km->spd);
	sad_free(&km->sad);
	spi_free(&km->spi);
	timers_free(&km->timers);
	reconcile_free(&km->rec);
	km_conf_free(km->conf);
	link_free(&km->link);
	overlap_free(&km->overlap);
	leases_free(&km->leases);
	memset(km, 0, sizeof(*km));
}

struct guard
km_guard(const struct km *km)
{
	return (struct guard){ .conf = km->conf, .spi = &km->spi,
		.sad = &km->sad, .leases = &km->leases, .link = &km->link };
}

static bool
disallowed(void *arg, const struct sad_child *c)
{
	const struct guard *g = arg;
	char why[GUARD_WHY_LEN];

	if (guard_standing(g, c, c->flow->sel, c->flow->nsel, why) == 0)
		return false;
	log_info(LOG_T_IPSEC, "child SA 0x%08x ends with the new "
	    "configuration: %s", c->spi_in, why);
	return true;
}

/*
 * A static flow that has children keeps its selectors only if the policy
 * has them still; its children would have no policies otherwise.
 */
static bool
reshaped(void *arg, const struct sad_child *c)
{
	const struct km_conf *conf = arg;
	const struct km_policy *p = km_conf_policy(conf, c->policy);
	size_t i;

	if (c->flow->dynamic)
		return false;
	if (p == NULL || p->template || p->nsel != c->flow->nsel)
		return true;
	for (i = 0; i < p->nsel; i++)
		if (sel_cmp(&p->sel[i], &c->flow->sel[i]) != 0)
			return true;
	return false;
}

static bool
vip_disallowed(void *arg, unsigned worker, uint32_t peer, uint32_t identity)
{
	(void)worker;
	return !guard_vip_standing(arg, peer, identity);
}

/* Steps over policies that the kernel did not take. */
static void
log_failed(void *arg, const struct batch *b, int rc, const char *why)
{
	char s[SEL_STRLEN];
	size_t i, n = 0;

	(void)arg;
	(void)why;
	for (i = 0; rc == -1 && i < b->n && n < FAILED_MAX; i++) {
		if (b->ops[i].error == 0)
			continue;
		n++;
		log_error(LOG_T_IPSEC, "policy %s is not installed: %s",
		    sel_fmt(&b->ops[i].sel, s, sizeof(s)),
		    b->ops[i].error == EEXIST ? "there is one of somebody "
		    "else's with these selectors" :
		    strerror(b->ops[i].error));
	}
}

static void
log_policies(const struct km_conf *conf)
{
	const struct km_policy *p;
	size_t i;

	for (i = 0; i < conf->npolicies; i++) {
		p = &conf->policies[i];
		if (!p->usable && (p->obj->flags & CONF_F_DISABLED) == 0)
			log_warn(LOG_T_IPSEC, "policy %u is invalid: %s",
			    p->index, p->why);
	}
}

int
km_configure(struct km *km, struct conf *conf)
{
	struct km_conf *old = km->conf, *new = km_conf_new(conf, old);
	struct guard g;
	struct batch b;
	int rc;

	if (new == NULL)
		return -1;
	log_policies(new);
	km->conf = new;
	g = km_guard(km);
	install_remove_if(km, disallowed, &g, true);
	install_remove_if(km, reshaped, new, true);
	link_del_if(&km->link, vip_disallowed, &g);
	rc = spd_configure(km->spd, new);
	km_conf_free(old);
	if (rc == -1)
		return -1;
	bypass_update(km);
	batch_init(&b);
	spd_sync(km->spd, &b);
	spd_run(km->spd, &b, &km->bk, log_failed, NULL);
	return 0;
}

int
km_vip_set(struct km *km, const struct link_req *r, char why[GUARD_WHY_LEN])
{
	static struct log_limit limit = { .burst = 3, .interval_ms = 60000 };
	struct guard g = km_guard(km);

	_Static_assert(LINK_WHY_LEN <= GUARD_WHY_LEN, "a reason fits");
	if (guard_vip(&g, r, link_count(&km->link, r->worker), why) == -1) {
		km->n.refused++;
		log_limited(&limit, mono_now(), LOG_T_IPSEC | LOG_T_WARNING,
		    "refused addresses of ikepd %u: %s", r->worker, why);
		return -1;
	}
	if (link_set(&km->link, r, why) == -1) {
		log_error(LOG_T_IPSEC, "addresses from a peer: %s", why);
		return -1;
	}
	return 0;
}

static bool
lease_over(void *arg, const struct sad_child *c)
{
	char why[GUARD_WHY_LEN];

	if (guard_leased(arg, c, c->flow->sel, c->flow->nsel, why))
		return false;
	log_info(LOG_T_IPSEC, "child SA 0x%08x ends: %s", c->spi_in, why);
	return true;
}

void
km_lease_sweep(struct km *km)
{
	struct guard g = km_guard(km);

	if (km->conf != NULL)
		install_remove_if(km, lease_over, &g, true);
}

/* Those that go by now. */
static void
end_overlaps(struct km *km, struct mono now)
{
	struct batch b;

	batch_init(&b);
	b.what = "replaced SAs could not be removed";
	overlap_sweep(&km->overlap, &km->spi, now, &b);
	batch_run(&b, &km->bk, batch_log, NULL);
}

struct mono
km_tick(struct km *km, struct mono now)
{
	struct sad_child *c;
	struct timer *t;

	while ((t = timers_pop(&km->timers, now)) != NULL) {
		c = (struct sad_child *)((char *)t -
		    offsetof(struct sad_child, soft));
		c->softened = true;
		km->out.expire(km->out.arg, SPI_WORKER(c->spi_in), c->spi_in,
		    false);
	}
	end_overlaps(km, now);
	return timers_next(&km->timers);
}

static void
remove_policies(struct km *km)
{
	struct batch b;

	bypass_remove(km);
	batch_init(&b);
	spd_remove_all(km->spd, &b);
	b.what = "policies could not be removed";
	batch_run(&b, &km->bk, batch_log, NULL);
	reconcile_drop_policies(km);
	if (km->bk.ops->settled != NULL)
		km->bk.ops->settled(km->bk.ctx);
}

void
km_remove_all(struct km *km, bool policies)
{
	install_remove_if(km, NULL, NULL, false);
	end_overlaps(km, MONO_NEVER);
	link_del_if(&km->link, NULL, NULL);
	link_sweep(&km->link);
	reconcile_drop_sas(km);
	if (policies)
		remove_policies(km);
	if (km->bk.ops->drain != NULL)
		km->bk.ops->drain(km->bk.ctx);
}
