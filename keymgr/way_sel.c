#include "keymgr/way_priv.h"

#include "keymgr/prio.h"

#include <stdlib.h>
#include <string.h>

#define PRIO_SHIFT	10	/* priorities to places: one for each */
#define PLACES		((WAY_END - WAY_FIRST) / 2)
#define CLEAR_PLACES	((WAY_MARK - WAY_CLEAR) / 2)	/* for clear packets */

/*
 * A mask as a range.  The kernel has none with the first port nor with the
 * last one.
 */
static bool
range_of(uint16_t port, uint16_t mask, struct way_ports *r)
{
	uint16_t rest = (uint16_t)~mask;

	*r = (struct way_ports){ 0, 0 };
	if (mask == 0)
		return true;
	if ((rest & (rest + 1)) != 0 || (port & mask) == 0 ||
	    ((port & mask) | rest) == UINT16_MAX)
		return false;
	r->lo = port & mask;
	r->hi = r->lo | rest;
	return true;
}

static void
sayable(const struct selector *s, struct selector *key)
{
	struct way_ports r;

	*key = *s;
	if (sel_icmp(s->proto) || !range_of(s->lport, s->lmask, &r))
		key->lport = key->lmask = 0;
	if (sel_icmp(s->proto) || !range_of(s->rport, s->rmask, &r))
		key->rport = key->rmask = 0;
}

/* Rules do not see the ports of fragments that are forwarded, not even of the
 * first; espd does. */
void
way_key(const struct selector *s, struct selector *key)
{
	sayable(s, key);
	if (!way_is_host(&s->local))
		key->lport = key->lmask = key->rport = key->rmask = 0;
}

bool
way_exact(const struct selector *s)
{
	struct selector key;

	sayable(s, &key);
	return key.lmask == s->lmask && key.rmask == s->rmask;
}

static uint32_t
place(uint32_t prio)
{
	uint32_t n = prio < PRIO_FIRST - PRIO_STEP ? 0 :
	    (prio - (PRIO_FIRST - PRIO_STEP)) >> PRIO_SHIFT;

	return n < PLACES ? n : PLACES - 1;
}

uint32_t
way_pref(uint32_t prio, enum way_act act)
{
	return WAY_FIRST + 2 * place(prio) + (act != WAY_TABLE);
}

/* What forbids comes first here. */
static uint32_t
clear_pref(uint32_t prio, enum way_act act)
{
	uint32_t n = place(prio);

	if (n >= CLEAR_PLACES)
		n = CLEAR_PLACES - 1;
	return WAY_CLEAR + 2 * n + (act != WAY_DROP);
}

struct way_rule
way_rule_out(const struct selector *key, uint32_t pref, enum way_act act)
{
	struct way_rule r = { .pref = pref, .act = act, .src = key->local,
		.dst = key->remote, .proto = key->proto,
		.to = act == WAY_SKIP ? WAY_END : 0 };

	(void)range_of(key->lport, key->lmask, &r.sport);
	(void)range_of(key->rport, key->rmask, &r.dport);
	return r;
}

struct way_rule
way_rule_in(const struct selector *key, uint32_t prio, enum way_act act)
{
	struct way_rule r = { .act = act, .src = key->remote,
		.dst = key->local, .proto = key->proto,
		.pref = clear_pref(prio, act),
		.to = act == WAY_SKIP ? WAY_MARK : 0 };

	(void)range_of(key->rport, key->rmask, &r.sport);
	(void)range_of(key->lport, key->lmask, &r.dport);
	return r;
}

static bool
ports_equal(const struct way_ports *a, const struct way_ports *b)
{
	return a->lo == b->lo && a->hi == b->hi;
}

bool
way_rule_equal(const struct way_rule *a, const struct way_rule *b)
{
	return a->pref == b->pref && a->act == b->act && a->to == b->to &&
	    a->mark == b->mark && a->from == b->from &&
	    a->unbound == b->unbound &&
	    (a->unbound || prefix_equal(&a->src, &b->src)) &&
	    prefix_equal(&a->dst, &b->dst) && a->proto == b->proto &&
	    ports_equal(&a->sport, &b->sport) &&
	    ports_equal(&a->dport, &b->dport);
}

bool
way_is_host(const struct prefix *p)
{
	return p->bits == addr_bits(&p->addr);
}

bool
way_count_up(struct hash *h, const struct selector *sel)
{
	uint64_t key = sel_hash(sel, h->seed);
	struct way_count *c = hash_get(h, key);

	if (c != NULL) {
		c->n++;
		return false;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return true;
	c->sel = *sel;
	c->n = 1;
	if (hash_set(h, key, c) == -1)
		free(c);
	return true;
}

bool
way_count_down(struct hash *h, const struct selector *sel)
{
	uint64_t key = sel_hash(sel, h->seed);
	struct way_count *c = hash_get(h, key);

	if (c == NULL || --c->n > 0)
		return false;
	free(hash_del(h, key));
	return true;
}

bool
way_counts(const struct hash *h, const struct selector *sel)
{
	const struct way_count *c = hash_get(h, sel_hash(sel, h->seed));

	return c != NULL && sel_cmp(&c->sel, sel) == 0;
}
