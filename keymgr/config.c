#include "keymgr/config.h"

#include "keymgr/prio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_PEER = 1, KIND_PROPOSAL, KIND_IDENTITY, KIND_POLICY };

static uint64_t
key(unsigned kind, uint32_t id)
{
	return (uint64_t)kind << 32 | id;
}

static void
policy_bad(struct km_policy *p, const char *why)
{
	p->usable = false;
	snprintf(p->why, sizeof(p->why), "%s", why);
}

static void
proposal_read(const struct km_conf *c, struct km_proposal *p,
    const struct conf_obj *o)
{
	p->obj = o;
	p->id = o->id;
	p->name = conf_name(o);
	p->encr = conf_algs(o, CONF_PROPOSAL_ENC, &p->nencr);
	p->integ = conf_algs(o, CONF_PROPOSAL_AUTH, &p->ninteg);
	p->lifetime_s = (uint32_t)conf_num(o, CONF_PROPOSAL_LIFETIME);
	p->lifebytes = (uint64_t)conf_num(o, CONF_PROPOSAL_LIFEBYTES);
	p->lifepackets = (uint64_t)conf_num(o, CONF_PROPOSAL_LIFEPACKETS);
	p->window = (uint32_t)conf_num(o, CONF_PROPOSAL_REPLAY_WINDOW);
	p->esn = (enum conf_esn)conf_num(o, CONF_PROPOSAL_ESN);
	p->usable = conf_usable(c->conf, o);
}

static void
peer_read(const struct km_conf *c, struct km_peer *p,
    const struct conf_obj *o)
{
	const struct prefix *address = conf_prefix(o, CONF_PEER_ADDRESS);

	p->obj = o;
	p->id = o->id;
	p->name = conf_name(o);
	if (address == NULL)
		p->any = true;
	else
		p->address = *address;
	p->local = *conf_addr(o, CONF_PEER_LOCAL_ADDRESS);
	p->usable = conf_usable(c->conf, o);
}

static void
identity_read(const struct km_conf *c, struct km_identity *i,
    const struct conf_obj *o)
{
	const struct conf_obj *mode;
	size_t npools;

	i->id = o->id;
	i->peer = conf_ref_id(o, CONF_IDENTITY_PEER);
	i->group = conf_ref_id(o, CONF_IDENTITY_GROUP);
	i->generate = conf_num(o, CONF_IDENTITY_GENERATE_POLICY) !=
	    CONF_GENERATE_NO;
	mode = conf_ref(c->conf, o, CONF_IDENTITY_MODE_CONFIG);
	i->mode = mode;
	i->asks = mode != NULL &&
	    !conf_bool(mode, CONF_MODE_CONFIG_RESPONDER);
	if (mode != NULL && !i->asks) {
		(void)conf_strs(mode, CONF_MODE_CONFIG_POOLS, &npools);
		i->gives = npools > 0 || conf_addr(mode,
		    CONF_MODE_CONFIG_ADDRESS)->family != AF_UNSPEC;
	}
	i->usable = conf_usable(c->conf, o);
}

/* Both families, for a template and for a peer whose address may be any. */
static const struct prefix any_prefix[2] = {
	{ { .family = AF_INET }, 0 },
	{ { .family = AF_INET6 }, 0 },
};

static int
side_read(struct tsel **out, size_t *nout, const struct prefix *p, size_t n,
    uint8_t proto, uint16_t port)
{
	size_t i;

	*out = calloc(n == 0 ? 1 : n, sizeof(**out));
	if (*out == NULL)
		return -1;
	for (i = 0; i < n; i++)
		tsel_from_prefix(&(*out)[i], &p[i], proto, port);
	*nout = n;
	return 0;
}

/*
 * The prefixes of one side.  Not given: any in a template, in transport
 * mode the address of that end (1.1 of the requirements).
 */
static const struct prefix *
side_prefixes(const struct km_policy *p, unsigned prop, size_t *n,
    struct prefix *own)
{
	const struct prefix *x = conf_prefixes(p->obj, prop, n);
	bool local = prop == CONF_POLICY_SRC_ADDRESS;

	/* A template for ::/0 is for both families, see the built-in one. */
	if (p->template && *n == 1 && x->bits == 0 &&
	    x->addr.family == AF_INET6)
		*n = 0;
	if (*n > 0)
		return x;
	*n = 2;
	if (p->template || p->peer == NULL)
		return any_prefix;
	if (local && p->peer->local.family != AF_UNSPEC) {
		own->addr = p->peer->local;
		own->bits = addr_bits(&own->addr);
	} else if (!local && !p->peer->any)
		*own = p->peer->address;
	else
		return any_prefix;
	*n = 1;
	return own;
}

static int
policy_selectors(struct km_policy *p)
{
	const struct conf_obj *o = p->obj;
	uint8_t proto = (uint8_t)conf_num(o, CONF_POLICY_PROTOCOL);
	const struct prefix *src, *dst;
	struct prefix own_src, own_dst;
	struct selector *sel;
	const char *why;
	size_t nsrc, ndst;
	int n;

	src = side_prefixes(p, CONF_POLICY_SRC_ADDRESS, &nsrc, &own_src);
	dst = side_prefixes(p, CONF_POLICY_DST_ADDRESS, &ndst, &own_dst);
	if (side_read(&p->local, &p->nlocal, src, nsrc, proto,
	    (uint16_t)conf_num(o, CONF_POLICY_SRC_PORT)) == -1 ||
	    side_read(&p->remote, &p->nremote, dst, ndst, proto,
	    (uint16_t)conf_num(o, CONF_POLICY_DST_PORT)) == -1)
		return -1;
	if (p->template)
		return 0;
	if ((sel = calloc(SEL_MAX, sizeof(*sel))) == NULL)
		return -1;
	n = sel_product(p->local, p->nlocal, p->remote, p->nremote, sel,
	    &why);
	if (n == -1) {
		policy_bad(p, why);
		n = 0;
	}
	p->nsel = (size_t)n;
	p->sel = reallocarray(sel, n == 0 ? 1 : (size_t)n, sizeof(*sel));
	return 0;
}

static void
policy_check(const struct km_conf *c, struct km_policy *p)
{
	if (!conf_usable(c->conf, p->obj))
		policy_bad(p, p->obj->reason != NULL ? p->obj->reason :
		    (p->obj->flags & CONF_F_DISABLED) ? "disabled" :
		    "what it refers to is disabled or invalid");
	else if (p->action != CONF_ACTION_ENCRYPT)
		p->usable = true;
	else if ((conf_num(p->obj, CONF_POLICY_IPSEC_PROTOCOLS) &
	    CONF_PROTO_ESP) == 0)
		policy_bad(p, "only ESP can be installed");
	else if (p->proposal == NULL || !p->proposal->usable)
		policy_bad(p, "no usable proposal");
	else if (p->template)
		p->usable = true;
	else if (p->peer == NULL || !p->peer->usable)
		policy_bad(p, "no usable peer");
	else if (p->id >= 0x800000)	/* BK_REQID_DYN */
		policy_bad(p, "object number too large for a reqid");
	else
		p->usable = true;
}

static int
policy_read(const struct km_conf *c, struct km_policy *p,
    const struct conf_obj *o)
{
	p->obj = o;
	p->id = o->id;
	p->template = conf_bool(o, CONF_POLICY_TEMPLATE);
	p->transport = !conf_bool(o, CONF_POLICY_TUNNEL);
	p->action = p->template ? CONF_ACTION_ENCRYPT :
	    (enum conf_action)conf_num(o, CONF_POLICY_ACTION);
	p->level = (enum conf_level)conf_num(o, CONF_POLICY_LEVEL);
	p->df = (enum conf_df)conf_num(o, CONF_POLICY_DONT_FRAGMENT);
	p->group = conf_ref_id(o, CONF_POLICY_GROUP);
	p->peer = km_conf_peer(c, conf_ref_id(o, CONF_POLICY_PEER));
	p->proposal = hash_get(&c->by_id,
	    key(KIND_PROPOSAL, conf_ref_id(o, CONF_POLICY_PROPOSAL)));
	policy_check(c, p);
	return policy_selectors(p);
}

/* Reads each object of a menu into an array of typed ones. */
#define READ_ALL(c, menu, kind, array, count, read)			\
	do {								\
		size_t n_ = conf_count((c)->conf, (menu)), i_ = 0;	\
		struct conf_obj *o_;					\
									\
		(array) = calloc(n_ == 0 ? 1 : n_, sizeof(*(array)));	\
		if ((array) == NULL)					\
			return -1;					\
		CONF_FOREACH((c)->conf, (menu), o_) {			\
			if (i_ == n_)					\
				break;					\
			read((c), &(array)[i_], o_);			\
			if (hash_set(&(c)->by_id, key((kind), o_->id),	\
			    &(array)[i_]) == -1)			\
				return -1;				\
			(count) = ++i_;					\
		}							\
	} while (0)

/*
 * Of two policies with a selector in common the later one could never be
 * reached, and the kernel holds each selector once.
 */
static int
mark_duplicates(struct km_conf *c)
{
	struct hash seen;
	struct km_policy *p, *first;
	uint64_t k;
	size_t i, j;
	int rc = -1;

	hash_init(&seen, 0);
	for (i = 0; i < c->npolicies; i++) {
		p = &c->policies[i];
		for (j = 0; p->usable && j < p->nsel; j++) {
			k = sel_hash(&p->sel[j], 0);
			first = hash_get(&seen, k);
			if (first != NULL && first != p) {
				snprintf(p->why, sizeof(p->why),
				    "same selectors as policy %u",
				    first->index);
				p->usable = false;
			} else if (hash_set(&seen, k, p) == -1)
				goto out;
		}
	}
	rc = 0;
 out:
	hash_free(&seen);
	return rc;
}

static int
read_policies(struct km_conf *c)
{
	size_t i = 0, n = conf_count(c->conf, CONF_POLICY);
	struct conf_obj *o;
	struct km_policy *p;

	c->policies = calloc(n == 0 ? 1 : n, sizeof(*c->policies));
	if (c->policies == NULL)
		return -1;
	CONF_FOREACH(c->conf, CONF_POLICY, o) {
		p = &c->policies[i];
		p->index = (uint32_t)i;
		c->npolicies = ++i;
		if (policy_read(c, p, o) == -1 ||
		    hash_set(&c->by_id, key(KIND_POLICY, o->id), p) == -1)
			return -1;
	}
	return mark_duplicates(c);
}

static int
read_all(struct km_conf *c)
{
	READ_ALL(c, CONF_PROPOSAL, KIND_PROPOSAL, c->proposals,
	    c->nproposals, proposal_read);
	READ_ALL(c, CONF_PEER, KIND_PEER, c->peers, c->npeers, peer_read);
	READ_ALL(c, CONF_IDENTITY, KIND_IDENTITY, c->identities,
	    c->nidentities, identity_read);
	return read_policies(c);
}

static void
inherit_priorities(struct km_conf *c, const struct km_conf *old)
{
	const struct km_policy *was;
	size_t i;

	for (i = 0; i < c->npolicies && old != NULL; i++) {
		was = km_conf_policy(old, c->policies[i].id);
		c->policies[i].prio = was == NULL ? 0 : was->prio;
	}
	prio_assign(c->policies, c->npolicies);
}

struct km_conf *
km_conf_new(struct conf *conf, const struct km_conf *old)
{
	struct km_conf *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		conf_free(conf);
		return NULL;
	}
	c->conf = conf;
	hash_init(&c->by_id, 0);
	if (read_all(c) == -1) {
		km_conf_free(c);
		return NULL;
	}
	inherit_priorities(c, old);
	return c;
}

void
km_conf_free(struct km_conf *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->npolicies; i++) {
		free(c->policies[i].local);
		free(c->policies[i].remote);
		free(c->policies[i].sel);
	}
	free(c->policies);
	free(c->identities);
	free(c->peers);
	free(c->proposals);
	hash_free(&c->by_id);
	conf_free(c->conf);
	free(c);
}

const struct km_policy *
km_conf_policy(const struct km_conf *c, uint32_t id)
{
	return c == NULL ? NULL : hash_get(&c->by_id, key(KIND_POLICY, id));
}

const struct km_peer *
km_conf_peer(const struct km_conf *c, uint32_t id)
{
	return c == NULL ? NULL : hash_get(&c->by_id, key(KIND_PEER, id));
}

const struct km_identity *
km_conf_identity(const struct km_conf *c, uint32_t id)
{
	return c == NULL ? NULL :
	    hash_get(&c->by_id, key(KIND_IDENTITY, id));
}

bool
km_peer_known(const struct km_peer *p)
{
	return !p->any && p->address.bits == addr_bits(&p->address.addr);
}

bool
km_peer_fits(const struct km_peer *p, const struct addr *remote)
{
	return remote->family != AF_UNSPEC &&
	    (p->any || prefix_has(&p->address, remote));
}
