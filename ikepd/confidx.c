#include "ikepd/confidx.h"

#include <stdlib.h>
#include <string.h>

enum { IDX_PEER = 1, IDX_POLICY, IDX_PROPOSAL, IDX_IDENTITY, IDX_PROFILE };

static uint64_t
id_key(int kind, uint32_t id)
{
	return (uint64_t)kind << 32 | id;
}

static uint64_t
prefix_key(const struct confidx *x, const struct prefix *p)
{
	return hash_mix(addr_hash(&p->addr, x->seed), p->bits + 1u);
}

static uint32_t *
prefix_count(struct confidx *x, const struct prefix *p)
{
	return p->addr.family == AF_INET ? &x->n4[p->bits] : &x->n6[p->bits];
}

/* Peers of one key are chained in list order. */
static int
prefix_insert(struct confidx *x, struct conf_peer *cp)
{
	const struct prefix *p = &cp->c->address;
	struct conf_peer *head;
	uint64_t key;

	cp->next = NULL;
	if (p->addr.family == AF_UNSPEC)
		return 0;
	key = prefix_key(x, p);
	head = hash_get(&x->prefixes, key);
	if (head == NULL) {
		if (hash_set(&x->prefixes, key, cp) == -1)
			return -1;
	} else {
		while (head->next != NULL)
			head = head->next;
		head->next = cp;
	}
	(*prefix_count(x, p))++;
	return 0;
}

static int
index_prefixes(struct confidx *x)
{
	size_t i;

	hash_free(&x->prefixes);
	memset(x->n4, 0, sizeof(x->n4));
	memset(x->n6, 0, sizeof(x->n6));
	for (i = 0; i < x->npeers; i++)
		if (prefix_insert(x, &x->peers[i]) == -1)
			return -1;
	return 0;
}

static int
policy_cmp(const void *a, const void *b)
{
	const struct ike_policy *p = *(const struct ike_policy *const *)a;
	const struct ike_policy *q = *(const struct ike_policy *const *)b;

	if (p->template != q->template)
		return p->template ? -1 : 1;
	if (p->template && p->group != q->group)
		return p->group < q->group ? -1 : 1;
	if (!p->template && p->peer != q->peer)
		return p->peer < q->peer ? -1 : 1;
	return p < q ? -1 : p > q;
}

static void
give_policies(struct confidx *x)
{
	size_t i, j, n = x->conf->npolicies;

	for (i = 0; i < n; i++)
		x->policy_refs[i] = &x->conf->policies[i];
	if (n > 0)
		qsort(x->policy_refs, n, sizeof(*x->policy_refs), policy_cmp);
	while (x->ntemplates < n && x->policy_refs[x->ntemplates]->template)
		x->ntemplates++;
	for (i = x->ntemplates; i < n; i = j) {
		struct conf_peer *cp;

		for (j = i; j < n && x->policy_refs[j]->peer ==
		    x->policy_refs[i]->peer; j++)
			;
		cp = confidx_peer(x, x->policy_refs[i]->peer);
		if (cp == NULL)
			continue;
		cp->policies = &x->policy_refs[i];
		cp->npolicies = j - i;
	}
}

static int
index_ids(struct confidx *x)
{
	struct ike_conf *c = x->conf;
	size_t i;
	int r = 0;

	for (i = 0; i < c->nprofiles; i++)
		r |= hash_set(&x->by_id, id_key(IDX_PROFILE,
		    c->profiles[i].id), &c->profiles[i]);
	for (i = 0; i < c->nproposals; i++)
		r |= hash_set(&x->by_id, id_key(IDX_PROPOSAL,
		    c->proposals[i].id), &c->proposals[i]);
	for (i = 0; i < c->nidentities; i++)
		r |= hash_set(&x->by_id, id_key(IDX_IDENTITY,
		    c->identities[i].id), &c->identities[i]);
	for (i = 0; i < c->npolicies; i++)
		r |= hash_set(&x->by_id, id_key(IDX_POLICY,
		    c->policies[i].id), &c->policies[i]);
	for (i = 0; i < c->npeers; i++) {
		x->peers[i].c = &c->peers[i];
		x->peers[i].profile = hash_get(&x->by_id,
		    id_key(IDX_PROFILE, c->peers[i].profile));
		if (x->peers[i].profile == NULL)
			return -1;
		r |= hash_set(&x->by_id, id_key(IDX_PEER, c->peers[i].id),
		    &x->peers[i]);
	}
	return r;
}

static void
give_identities(struct confidx *x)
{
	size_t i;

	for (i = 0; i < x->conf->nidentities; i++) {
		const struct ike_identity *id = &x->conf->identities[i];
		struct conf_peer *cp = confidx_peer(x, id->peer);

		if (cp == NULL)
			continue;
		cp->certs |= id->certs;
		cp->asks |= confidx_asking(x, id->id) != NULL;
	}
}

struct confidx *
confidx_new(struct ike_conf *conf, uint64_t seed)
{
	struct confidx *x = calloc(1, sizeof(*x));

	if (x == NULL) {
		ike_conf_free(conf);
		return NULL;
	}
	x->conf = conf;
	x->seed = seed;
	hash_init(&x->by_id, seed);
	hash_init(&x->prefixes, seed);
	x->npeers = conf->npeers;
	x->peers = calloc(conf->npeers + 1, sizeof(*x->peers));
	x->policy_refs = calloc(conf->npolicies + 1,
	    sizeof(*x->policy_refs));
	if (x->peers == NULL || x->policy_refs == NULL ||
	    index_ids(x) == -1 || index_prefixes(x) == -1) {
		confidx_free(x);
		return NULL;
	}
	give_policies(x);
	give_identities(x);
	return x;
}

void
confidx_free(struct confidx *x)
{
	if (x == NULL)
		return;
	hash_free(&x->by_id);
	hash_free(&x->prefixes);
	free(x->peers);
	free(x->policy_refs);
	ike_conf_free(x->conf);
	free(x);
}

struct conf_peer *
confidx_peer(const struct confidx *x, uint32_t id)
{
	return hash_get(&x->by_id, id_key(IDX_PEER, id));
}

const struct ike_policy *
confidx_policy(const struct confidx *x, uint32_t id)
{
	return hash_get(&x->by_id, id_key(IDX_POLICY, id));
}

const struct ike_proposal *
confidx_proposal(const struct confidx *x, uint32_t id)
{
	return hash_get(&x->by_id, id_key(IDX_PROPOSAL, id));
}

const struct ike_identity *
confidx_identity(const struct confidx *x, uint32_t id)
{
	return hash_get(&x->by_id, id_key(IDX_IDENTITY, id));
}

/* The first template whose group is not below this one. */
static size_t
first_template(const struct confidx *x, uint64_t group)
{
	size_t lo = 0, hi = x->ntemplates;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->policy_refs[mid]->group < group)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct ike_policy *const *
confidx_templates(const struct confidx *x, uint32_t group, size_t *n)
{
	size_t at = first_template(x, group);

	*n = first_template(x, (uint64_t)group + 1) - at;
	return x->policy_refs + at;
}

const struct ike_policy *
confidx_asking(const struct confidx *x, uint32_t identity)
{
	const struct ike_identity *id = confidx_identity(x, identity);
	const struct ike_policy *const *templates;
	size_t n;

	if (id == NULL || id->cfg != CFG_ASKS || id->generate == GEN_NO)
		return NULL;
	templates = confidx_templates(x, id->group, &n);
	return n == 0 ? NULL : templates[0];
}

/* Among the peers of one prefix. */
static struct conf_peer *
match_chain(const struct confidx *x, const struct prefix *p,
    const struct addr *local, int mode)
{
	struct conf_peer *cp, *open = NULL;

	for (cp = hash_get(&x->prefixes, prefix_key(x, p)); cp != NULL;
	    cp = cp->next) {
		if (!prefix_equal(&cp->c->address, p))
			continue;
		if (mode >= 0 && (int)cp->c->mode != mode)
			continue;
		if (cp->c->local.family == AF_UNSPEC) {
			if (open == NULL)
				open = cp;
		} else if (addr_equal(&cp->c->local, local))
			return cp;
	}
	return open;
}

struct conf_peer *
confidx_match(const struct confidx *x, const struct addr *remote,
    const struct addr *local, int mode)
{
	const uint32_t *n = remote->family == AF_INET ? x->n4 : x->n6;
	int bits;

	for (bits = addr_bits(remote); bits >= 0; bits--) {
		struct prefix p = { *remote, (uint8_t)bits };
		struct conf_peer *cp;

		if (n[bits] == 0)
			continue;
		prefix_mask(&p);
		cp = match_chain(x, &p, local, mode);
		if (cp != NULL)
			return cp;
	}
	return NULL;
}

void
confidx_resolved(struct confidx *x, struct conf_peer *cp,
    const struct addr *a)
{
	cp->c->address.addr = *a;
	cp->c->address.bits = addr_bits(a);
	(void)index_prefixes(x);
}
