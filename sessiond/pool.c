#include "sessiond/pool.h"

#include "lib/hash.h"

#include <stdlib.h>
#include <string.h>

/* Addresses are numbered through all ranges, from 0 on. */
struct span {
	struct addr lo;
	uint64_t first;		/* number of lo */
	uint64_t n;
};

/* An address in use, remembered or reserved. */
struct slot {
	uint64_t nr;
	uint64_t user;
	struct slot *next, *prev;	/* of the idle, longest first */
	bool used;
	bool reserved;
	bool idle;		/* in that list */
};

struct apool {
	struct hash by_nr;
	struct hash by_user;	/* the last one of each; may be of another
				 * user by now */
	struct slot *first, *last;
	size_t nidle;
	size_t nused;
	uint64_t fresh;		/* from here on none was taken in turn */
	uint64_t total;
	size_t nspans;
	struct span spans[];
};

/* a - b; false: not below 1 << APOOL_RANGE_BITS, or negative. */
static bool
distance(const struct addr *a, const struct addr *b, uint64_t *out)
{
	size_t i, n = addr_len(a);
	uint64_t v = 0;
	int borrow = 0, d;
	uint8_t diff[16];

	for (i = n; i-- > 0;) {
		d = a->b[i] - b->b[i] - borrow;
		borrow = d < 0;
		diff[i] = (uint8_t)d;
	}
	for (i = 0; i < n; i++) {
		if ((v >> (APOOL_RANGE_BITS - 8)) != 0)
			return false;
		v = v << 8 | diff[i];
	}
	*out = v;
	return borrow == 0;
}

static void
advance(const struct addr *base, uint64_t by, struct addr *out)
{
	size_t i;

	*out = *base;
	for (i = addr_len(base); i-- > 0 && by != 0; by >>= 8) {
		by += out->b[i];
		out->b[i] = (uint8_t)by;
	}
}

static bool
number_of(const struct apool *p, const struct addr *a, uint64_t *nr)
{
	const struct span *s;
	uint64_t d;

	for (s = p->spans; s < p->spans + p->nspans; s++) {
		if (s->lo.family != a->family || !distance(a, &s->lo, &d) ||
		    d >= s->n)
			continue;
		*nr = s->first + d;
		return true;
	}
	return false;
}

static void
address_of(const struct apool *p, uint64_t nr, struct addr *out)
{
	size_t lo = 0, hi = p->nspans, mid;

	while (hi - lo > 1) {
		mid = (lo + hi) / 2;
		if (p->spans[mid].first <= nr)
			lo = mid;
		else
			hi = mid;
	}
	advance(&p->spans[lo].lo, nr - p->spans[lo].first, out);
}

struct apool *
apool_new(const struct apool_range *r, size_t n, uint64_t seed)
{
	struct apool *p;
	size_t i;

	if ((p = calloc(1, sizeof(*p) + n * sizeof(p->spans[0]))) == NULL)
		return NULL;
	hash_init(&p->by_nr, seed);
	hash_init(&p->by_user, seed);
	for (i = 0; i < n; i++) {
		p->spans[i].lo = r[i].lo;
		p->spans[i].first = p->total;
		if (distance(&r[i].hi, &r[i].lo, &p->spans[i].n))
			p->spans[i].n++;
		else
			p->spans[i].n = UINT64_C(1) << APOOL_RANGE_BITS;
		p->total += p->spans[i].n;
	}
	p->nspans = n;
	return p;
}

void
apool_free(struct apool *p)
{
	size_t at = 0;
	void *s;

	if (p == NULL)
		return;
	while ((s = hash_next(&p->by_nr, &at)) != NULL)
		free(s);
	hash_free(&p->by_nr);
	hash_free(&p->by_user);
	free(p);
}

static void
idle_add(struct apool *p, struct slot *s)
{
	const struct slot *other;

	/* The user is found by an address that is free, if he has one. */
	other = hash_get(&p->by_user, s->user);
	if (s->user != 0 && (other == NULL || !other->idle))
		(void)hash_set(&p->by_user, s->user, s);
	s->idle = true;
	s->next = NULL;
	s->prev = p->last;
	if (p->last != NULL)
		p->last->next = s;
	else
		p->first = s;
	p->last = s;
	p->nidle++;
}

static void
idle_del(struct apool *p, struct slot *s)
{
	if (!s->idle)
		return;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		p->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		p->last = s->prev;
	s->idle = false;
	p->nidle--;
}

static void
forget_user(struct apool *p, const struct slot *s)
{
	if (s->user != 0 && hash_get(&p->by_user, s->user) == s)
		hash_del(&p->by_user, s->user);
}

static void
slot_drop(struct apool *p, struct slot *s)
{
	idle_del(p, s);
	forget_user(p, s);
	hash_del(&p->by_nr, s->nr);
	free(s);
}

static struct slot *
slot_at(struct apool *p, uint64_t nr)
{
	struct slot *s = hash_get(&p->by_nr, nr);

	if (s != NULL)
		return s;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->nr = nr;
	if (hash_set(&p->by_nr, nr, s) == -1) {
		free(s);
		return NULL;
	}
	return s;
}

/* Without memory for it the user is forgotten, and nothing else. */
static void
slot_owner(struct apool *p, struct slot *s, uint64_t user)
{
	forget_user(p, s);
	s->user = user;
	if (user != 0 && hash_set(&p->by_user, user, s) == -1)
		s->user = 0;
}

static void
slot_take(struct apool *p, struct slot *s, uint64_t user)
{
	idle_del(p, s);
	if (s->user != user || user == 0 ||
	    hash_get(&p->by_user, user) != s)
		slot_owner(p, s, user);
	s->used = true;
	p->nused++;
}

/*
 * Not in use, not reserved: into the list.  One that is behind p->fresh has
 * no other way to be found again; one before it need not be remembered.
 */
static void
slot_rest(struct apool *p, struct slot *s)
{
	if (s->used || s->reserved)
		return;
	if (s->nr >= p->fresh && (s->user == 0 || p->nidle >= APOOL_REMEMBER))
		slot_drop(p, s);
	else if (!s->idle)
		idle_add(p, s);
}

void
apool_settle(struct apool *p)
{
	while (p->fresh < p->total && hash_get(&p->by_nr, p->fresh) != NULL)
		p->fresh++;
}

static struct slot *
take_fresh(struct apool *p)
{
	struct slot *s;

	apool_settle(p);
	if (p->fresh == p->total || (s = slot_at(p, p->fresh)) == NULL)
		return NULL;
	p->fresh++;
	return s;
}

bool
apool_has(const struct apool *p, const struct addr *a)
{
	uint64_t nr;

	return number_of(p, a, &nr);
}

bool
apool_take(struct apool *p, uint64_t user, struct addr *out, bool *known)
{
	struct slot *s = NULL;

	if (user != 0)
		s = hash_get(&p->by_user, user);
	*known = s != NULL && s->idle;
	if (!*known) {
		s = NULL;
		if (p->nidle < APOOL_REMEMBER)
			s = take_fresh(p);
		if (s == NULL)
			s = p->first;
		if (s == NULL)
			return false;
	}
	slot_take(p, s, user);
	address_of(p, s->nr, out);
	return true;
}

bool
apool_want(struct apool *p, uint64_t user, const struct addr *a, bool *known)
{
	struct slot *s;
	uint64_t nr;

	if (!number_of(p, a, &nr))
		return false;
	*known = false;
	if ((s = hash_get(&p->by_nr, nr)) != NULL) {
		if (s->used || s->reserved || s->user != user)
			return false;
		*known = true;
	} else if ((s = slot_at(p, nr)) == NULL)
		return false;
	slot_take(p, s, user);
	return true;
}

bool
apool_claim(struct apool *p, uint64_t user, const struct addr *a)
{
	struct slot *s;
	uint64_t nr;

	if (!number_of(p, a, &nr) || (s = slot_at(p, nr)) == NULL || s->used)
		return false;
	slot_take(p, s, user);
	return true;
}

void
apool_give(struct apool *p, const struct addr *a)
{
	struct slot *s;
	uint64_t nr;

	if (!number_of(p, a, &nr) || (s = hash_get(&p->by_nr, nr)) == NULL ||
	    !s->used)
		return;
	s->used = false;
	p->nused--;
	slot_rest(p, s);
}

void
apool_remember(struct apool *p, uint64_t user, const struct addr *a)
{
	struct slot *s;
	uint64_t nr;

	if (!number_of(p, a, &nr) || (s = slot_at(p, nr)) == NULL || s->used)
		return;
	idle_del(p, s);
	slot_owner(p, s, user);
	slot_rest(p, s);
}

void
apool_reserve(struct apool *p, const struct addr *a, bool on)
{
	struct slot *s;
	uint64_t nr;

	if (!number_of(p, a, &nr) || (s = slot_at(p, nr)) == NULL)
		return;
	s->reserved = on;
	if (on)
		idle_del(p, s);
	else
		slot_rest(p, s);
}

uint64_t
apool_size(const struct apool *p)
{
	return p->total;
}

size_t
apool_used(const struct apool *p)
{
	return p->nused;
}

size_t
apool_known(const struct apool *p)
{
	return hash_count(&p->by_nr);
}

void
apool_each(const struct apool *p, apool_fn fn, void *arg)
{
	const struct slot *s;
	struct addr a;
	size_t at = 0;

	for (s = p->first; s != NULL; s = s->next) {
		address_of(p, s->nr, &a);
		fn(arg, &a, s->user, false);
	}
	while ((s = hash_next(&p->by_nr, &at)) != NULL)
		if (s->used) {
			address_of(p, s->nr, &a);
			fn(arg, &a, s->user, true);
		}
}
