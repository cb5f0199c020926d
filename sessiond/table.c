#include "sessiond/table.h"

#include <stdlib.h>
#include <string.h>

void
table_init(struct table *t, uint64_t seed)
{
	unsigned i;

	memset(t, 0, sizeof(*t));
	t->seed = seed;
	hash_init(&t->by_user, seed);
	hash_init(&t->by_addr, seed);
	for (i = 0; i < SESSION_WORKERS; i++)
		hash_init(&t->by_spi[i], seed);
}

void
table_free(struct table *t)
{
	unsigned i;
	size_t at;
	void *s;

	for (i = 0; i < SESSION_WORKERS; i++) {
		at = 0;
		while ((s = hash_next(&t->by_spi[i], &at)) != NULL)
			free(s);
		hash_free(&t->by_spi[i]);
	}
	hash_free(&t->by_user);
	hash_free(&t->by_addr);
}

uint64_t
table_user(const struct table *t, const uint8_t *id, size_t len)
{
	uint64_t user = hash_bytes(id, len, t->seed);

	return user != 0 ? user : 1;
}

static uint64_t
same_key(uint64_t user, uint32_t identity)
{
	return hash_mix(user, identity);
}

/*
 * The chains of a key hold all users that share it; the first of a user is
 * looked for among them, and the others of that user follow it directly.
 */
static bool
is_user(const struct session *s, uint32_t identity, const uint8_t *id,
    size_t len)
{
	return s->identity == identity && s->id_len == len &&
	    memcmp(s->id, id, len) == 0;
}

struct session *
table_first(const struct table *t, const struct session_peer *p)
{
	struct session *s;

	s = hash_get(&t->by_user, same_key(table_user(t, p->id, p->id_len),
	    p->identity));
	while (s != NULL && !is_user(s, p->identity, p->id, p->id_len))
		s = s->same_next;
	return s;
}

struct session *
table_next(const struct session *s)
{
	struct session *n = s->same_next;

	return n != NULL && is_user(n, s->identity, s->id, s->id_len) ? n :
	    NULL;
}

bool
table_is_user(const struct session *s, const struct session_peer *p)
{
	return is_user(s, p->identity, p->id, p->id_len);
}

static int
chain_add(struct table *t, struct session *s)
{
	uint64_t key = same_key(s->user, s->identity);
	struct session *first = hash_get(&t->by_user, key), *at = first;

	while (at != NULL && !is_user(at, s->identity, s->id, s->id_len))
		at = at->same_next;
	if (at != NULL) {	/* behind one of its own */
		s->same_prev = at;
		s->same_next = at->same_next;
		if (at->same_next != NULL)
			at->same_next->same_prev = s;
		at->same_next = s;
		return 0;
	}
	if (hash_set(&t->by_user, key, s) == -1)
		return -1;
	s->same_next = first;
	if (first != NULL)
		first->same_prev = s;
	return 0;
}

static void
chain_del(struct table *t, struct session *s)
{
	uint64_t key = same_key(s->user, s->identity);

	if (s->same_next != NULL)
		s->same_next->same_prev = s->same_prev;
	if (s->same_prev != NULL)
		s->same_prev->same_next = s->same_next;
	else if (s->same_next != NULL)
		(void)hash_set(&t->by_user, key, s->same_next);
	else
		hash_del(&t->by_user, key);
}

struct session *
table_add(struct table *t, unsigned worker, const struct session_peer *p)
{
	struct session *s;

	if (hash_get(&t->by_spi[worker], p->spi) != NULL ||
	    (s = calloc(1, sizeof(*s) + p->id_len)) == NULL)
		return NULL;
	s->spi = p->spi;
	s->worker = worker;
	s->identity = p->identity;
	s->user = table_user(t, p->id, p->id_len);
	s->remote = p->remote;
	memcpy(s->fp, p->fp, sizeof(s->fp));
	memcpy(s->id, p->id, p->id_len);
	s->id_len = (uint16_t)p->id_len;
	if (hash_set(&t->by_spi[worker], s->spi, s) == -1 ||
	    chain_add(t, s) == -1) {
		hash_del(&t->by_spi[worker], s->spi);
		free(s);
		return NULL;
	}
	t->n++;
	return s;
}

void
table_del(struct table *t, struct session *s)
{
	chain_del(t, s);
	hash_del(&t->by_spi[s->worker], s->spi);
	t->n--;
	free(s);
}

struct session *
table_find(const struct table *t, unsigned worker, uint64_t spi)
{
	return hash_get(&t->by_spi[worker], spi);
}

int
table_rename(struct table *t, struct session *s, uint64_t spi)
{
	struct hash *h = &t->by_spi[s->worker];

	if (spi == s->spi)
		return 0;
	if (hash_get(h, spi) != NULL || hash_set(h, spi, s) == -1)
		return -1;
	hash_del(h, s->spi);
	s->spi = spi;
	return 0;
}

struct session *
table_holder(const struct table *t, const struct addr *a)
{
	return hash_get(&t->by_addr, addr_hash(a, t->seed));
}

int
table_hold(struct table *t, struct session *s, const struct addr *a)
{
	unsigned f = config_family(a);

	if (s->addr[f].family != AF_UNSPEC || table_holder(t, a) != NULL ||
	    hash_set(&t->by_addr, addr_hash(a, t->seed), s) == -1)
		return -1;
	s->addr[f] = *a;
	return 0;
}

void
table_unhold(struct table *t, struct session *s, unsigned family)
{
	struct addr *a = &s->addr[family];

	if (a->family == AF_UNSPEC)
		return;
	hash_del(&t->by_addr, addr_hash(a, t->seed));
	memset(a, 0, sizeof(*a));
}
