#include "keymgr/spd.h"

#include "keymgr/claims.h"
#include "lib/hash.h"

#include <stdlib.h>
#include <string.h>

struct spd {
	uint64_t seed;
	struct hash policies;	/* configuration id -> spd_policy */
	struct hash flows;	/* policy and selectors -> flow */
	struct hash reqids;	/* reqid -> flow */
	struct claims *claims;	/* what they want of the kernel */
	uint32_t next_reqid;
};

struct spd *
spd_new(uint64_t seed, bool (*left)(void *, const struct selector *),
    void *arg)
{
	struct spd *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->claims = claims_new(seed, left, arg)) == NULL) {
		free(s);
		return NULL;
	}
	s->seed = seed;
	hash_init(&s->policies, seed);
	hash_init(&s->flows, seed);
	hash_init(&s->reqids, seed);
	s->next_reqid = BK_REQID_DYN;
	return s;
}

void
spd_free(struct spd *s)
{
	size_t at;
	void *v;

	if (s == NULL)
		return;
	for (at = 0; (v = hash_next(&s->reqids, &at)) != NULL;)
		free(v);
	for (at = 0; (v = hash_next(&s->policies, &at)) != NULL;)
		free(v);
	claims_free(s->claims);
	hash_free(&s->reqids);
	hash_free(&s->flows);
	hash_free(&s->policies);
	free(s);
}

struct spd_policy *
spd_policy(const struct spd *s, uint32_t id)
{
	return hash_get(&s->policies, id);
}

struct flow *
spd_by_reqid(const struct spd *s, uint32_t reqid)
{
	return hash_get(&s->reqids, reqid);
}

static void
flow_unclaim(struct spd *s, const struct flow *f)
{
	size_t i;

	for (i = 0; i < f->nsel; i++)
		claims_del(s->claims, &f->sel[i], f);
}

static int
flow_claim(struct spd *s, struct flow *f)
{
	size_t i;

	for (i = 0; i < f->nsel; i++) {
		if (claims_add(s->claims, &f->sel[i], f) == -1) {
			flow_unclaim(s, f);
			return -1;
		}
	}
	return 0;
}

void
spd_touch(struct spd *s, struct flow *f)
{
	size_t i;

	for (i = 0; i < f->nsel; i++)
		claims_touch(s->claims, &f->sel[i]);
}

static uint64_t
flow_key(const struct spd *s, uint32_t policy, const struct selector *sel,
    size_t n)
{
	return hash_mix(sel_hash_list(sel, n, s->seed), policy);
}

static bool
flow_is(const struct flow *f, uint32_t policy, const struct selector *sel,
    size_t n)
{
	size_t i;

	if (f->sp->conf->id != policy || f->nsel != n)
		return false;
	for (i = 0; i < n; i++)
		if (sel_cmp(&f->sel[i], &sel[i]) != 0)
			return false;
	return true;
}

static void
flow_free(struct spd *s, struct flow *f)
{
	flow_unclaim(s, f);
	hash_del(&s->flows, f->key);
	hash_del(&s->reqids, f->reqid);
	if (f->dynamic)
		LIST_REMOVE(f, in_policy);
	else
		f->sp->fixed = NULL;
	free(f);
}

static struct flow *
flow_new(struct spd *s, struct spd_policy *sp, uint32_t reqid,
    const struct selector *sel, size_t n, bool dynamic)
{
	struct flow *f = calloc(1, sizeof(*f) + n * sizeof(*sel));

	if (f == NULL)
		return NULL;
	f->reqid = reqid;
	f->dynamic = dynamic;
	f->sp = sp;
	f->nsel = n;
	memcpy(f->sel, sel, n * sizeof(*sel));
	f->key = flow_key(s, sp->conf->id, sel, n);
	LIST_INIT(&f->children);
	if (dynamic)
		LIST_INSERT_HEAD(&sp->dynamic, f, in_policy);
	else
		sp->fixed = f;
	if (hash_set(&s->flows, f->key, f) == -1 ||
	    hash_set(&s->reqids, reqid, f) == -1 ||
	    flow_claim(s, f) == -1) {
		flow_free(s, f);
		return NULL;
	}
	return f;
}

/* The next free reqid of the dynamic half; 0: none. */
static uint32_t
reqid_new(struct spd *s)
{
	uint32_t r, tries;

	for (tries = 0; tries < BK_REQID_DYN; tries++) {
		r = BK_REQID_BASE | s->next_reqid++;
		if (s->next_reqid > ~BK_REQID_MASK)
			s->next_reqid = BK_REQID_DYN;
		if (hash_get(&s->reqids, r) == NULL)
			return r;
	}
	return 0;
}

static bool
reqid_usable(const struct spd *s, uint32_t reqid)
{
	return BK_REQID_OURS(reqid) && (reqid & BK_REQID_DYN) != 0 &&
	    hash_get(&s->reqids, reqid) == NULL;
}

struct flow *
spd_flow(struct spd *s, uint32_t policy, const struct selector *sel,
    size_t n, uint32_t reqid, const char **why)
{
	struct spd_policy *sp = spd_policy(s, policy);
	struct flow *f;

	if (sp == NULL) {
		*why = "no such policy";
		return NULL;
	}
	f = hash_get(&s->flows, flow_key(s, policy, sel, n));
	if (f != NULL && flow_is(f, policy, sel, n)) {
		if (reqid == 0 || reqid == f->reqid)
			return f;
		*why = "its SAs have another reqid than their policies";
		return NULL;
	}
	if (reqid == 0)
		reqid = reqid_new(s);
	else if (!reqid_usable(s, reqid)) {
		*why = "its reqid is in use or not ours to give";
		return NULL;
	}
	if (f != NULL || reqid == 0 ||
	    (f = flow_new(s, sp, reqid, sel, n, true)) == NULL) {
		*why = "no memory or no reqid left";
		return NULL;
	}
	return f;
}

void
spd_flow_drop(struct spd *s, struct flow *f)
{
	if (f->dynamic && f->nchildren == 0)
		flow_free(s, f);
}

void
spd_attach(struct spd *s, struct flow *f, struct sad_child *c)
{
	c->flow = f;
	LIST_INSERT_HEAD(&f->children, c, in_flow);
	f->nchildren++;
	f->sp->nchildren++;
	spd_touch(s, f);
}

void
spd_detach(struct spd *s, struct sad_child *c)
{
	struct flow *f = c->flow;

	if (f == NULL)
		return;
	LIST_REMOVE(c, in_flow);
	c->flow = NULL;
	f->nchildren--;
	f->sp->nchildren--;
	spd_touch(s, f);
	spd_flow_drop(s, f);
}

/*
 * Claims are sorted by priority: when that changes, all claims of the
 * policy's flows are made anew.
 */
static int
policy_move(struct spd *s, struct spd_policy *sp, const struct km_policy *p)
{
	bool moved = p->prio != sp->conf->prio;
	struct flow *f;
	int rc = 0;

	if (moved) {
		if (sp->fixed != NULL)
			flow_unclaim(s, sp->fixed);
		LIST_FOREACH(f, &sp->dynamic, in_policy)
			flow_unclaim(s, f);
	}
	sp->conf = p;
	if (sp->fixed != NULL) {
		if (moved)
			rc |= flow_claim(s, sp->fixed);
		spd_touch(s, sp->fixed);
	}
	LIST_FOREACH(f, &sp->dynamic, in_policy) {
		if (moved)
			rc |= flow_claim(s, f);
		spd_touch(s, f);
	}
	return rc;
}

static bool
fixed_wanted(const struct km_policy *p)
{
	return p->usable && !p->template && p->nsel > 0;
}

static struct spd_policy *
policy_new(struct spd *s, const struct km_policy *p)
{
	struct spd_policy *sp = calloc(1, sizeof(*sp));

	if (sp == NULL)
		return NULL;
	sp->conf = p;
	LIST_INIT(&sp->dynamic);
	if (hash_set(&s->policies, p->id, sp) == -1) {
		free(sp);
		return NULL;
	}
	return sp;
}

/*
 * The static flow of a policy, anew when its selectors are others.  One with
 * children stays only when they fit it, which the caller saw to.
 */
static int
policy_fix(struct spd *s, struct spd_policy *sp)
{
	const struct km_policy *p = sp->conf;
	struct flow *f = sp->fixed;

	if (f != NULL && (!fixed_wanted(p) ||
	    !flow_is(f, p->id, p->sel, p->nsel))) {
		if (f->nchildren > 0)
			return -1;
		flow_free(s, f);
		f = NULL;
	}
	if (f != NULL || !fixed_wanted(p))
		return 0;
	f = flow_new(s, sp, BK_REQID_BASE | p->id, p->sel, p->nsel, false);
	return f == NULL ? -1 : 0;
}

/* Lets go of the policies that conf does not have. */
static int
policies_prune(struct spd *s, const struct km_conf *conf)
{
	struct spd_policy *sp, **gone;
	size_t at = 0, n = 0, i;
	int rc = 0;

	gone = calloc(hash_count(&s->policies) + 1, sizeof(*gone));
	if (gone == NULL)
		return -1;
	while ((sp = hash_next(&s->policies, &at)) != NULL)
		if (km_conf_policy(conf, sp->conf->id) == NULL)
			gone[n++] = sp;
	for (i = 0; i < n; i++) {
		sp = gone[i];
		if (sp->nchildren > 0) {
			rc = -1;
			continue;
		}
		if (sp->fixed != NULL)
			flow_free(s, sp->fixed);
		hash_del(&s->policies, sp->conf->id);
		free(sp);
	}
	free(gone);
	return rc;
}

/* First all that goes, then what comes, so that a selector that wanders from
 * one policy to another is never without either: the entry stays. */
int
spd_configure(struct spd *s, const struct km_conf *conf)
{
	const struct km_policy *p;
	struct spd_policy *sp;
	size_t i;

	if (policies_prune(s, conf) == -1)
		return -1;
	for (i = 0; i < conf->npolicies; i++) {
		p = &conf->policies[i];
		sp = spd_policy(s, p->id);
		if (sp == NULL ? policy_new(s, p) == NULL :
		    policy_move(s, sp, p) == -1)
			return -1;
	}
	for (i = 0; i < conf->npolicies; i++)
		if (policy_fix(s, spd_policy(s, conf->policies[i].id)) == -1)
			return -1;
	return 0;
}

void
spd_sync(struct spd *s, struct batch *b)
{
	claims_sync(s->claims, b);
}

void
spd_run(struct spd *s, struct batch *b, const struct backend *bk,
    batch_end end, void *arg)
{
	batch_start(b, bk);
	claims_commit(s->claims, b);
	batch_await(b, end, arg);
}

void
spd_remove_all(struct spd *s, struct batch *b)
{
	claims_remove_all(s->claims, b);
}

bool
spd_stands(const struct spd *s, const struct selector *sel)
{
	return claims_stand(s->claims, sel);
}

size_t
spd_count(const struct spd *s)
{
	return claims_count(s->claims);
}
