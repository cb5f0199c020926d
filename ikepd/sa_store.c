#include "ikepd/core.h"

#include <stdlib.h>
#include <string.h>

int
store_add(struct engine *e, struct ike_sa *sa)
{
	struct peer_run *pr = store_peer(e, sa->k->peer);

	if (pr == NULL || hash_set(&e->by_spi, sa->k->spi_own, sa) == -1)
		return -1;
	sa->peer_next = pr->sas;
	if (pr->sas != NULL)
		pr->sas->peer_prev = &sa->peer_next;
	pr->sas = sa;
	sa->peer_prev = &pr->sas;
	return 0;
}

struct ike_sa *
store_get(const struct engine *e, uint64_t spi_own)
{
	return hash_get(&e->by_spi, spi_own);
}

uint64_t
store_init_key(const struct engine *e, const struct ike_path *path,
    uint64_t ispi, const struct cur *nonce)
{
	uint64_t h = hash_mix(ispi, e->seed);

	h = hash_mix(addr_hash(&path->remote.addr, h), path->remote.port);
	h = hash_mix(addr_hash(&path->local.addr, h), path->local.port);
	return hash_bytes(nonce->p, cur_left(nonce), h);
}

int
store_add_init(struct engine *e, struct ike_sa *sa, uint64_t key)
{
	if (key == 0 || hash_set(&e->by_init, key, sa) == -1)
		return -1;
	sa->init_key = key;
	return 0;
}

struct ike_sa *
store_get_init(const struct engine *e, uint64_t key, uint64_t ispi,
    const struct ike_path *path)
{
	struct ike_sa *sa = hash_get(&e->by_init, key);

	if (sa == NULL || sa->k->spi_peer != ispi ||
	    !addr_equal(&sa->k->path.remote.addr, &path->remote.addr))
		return NULL;
	return sa;
}

void
store_del_init(struct engine *e, struct ike_sa *sa)
{
	if (sa->init_key != 0 && hash_get(&e->by_init, sa->init_key) == sa)
		hash_del(&e->by_init, sa->init_key);
	sa->init_key = 0;
}

static uint64_t
id_key(const struct engine *e, const struct ike_sa *sa)
{
	struct blob id = sa_id_peer(sa);

	return hash_bytes(id.p, id.len, hash_mix(sa->k->peer, e->seed));
}

void
store_add_id(struct engine *e, struct ike_sa *sa)
{
	uint64_t key = id_key(e, sa);
	struct ike_sa *head = hash_get(&e->by_id, key);

	if (hash_set(&e->by_id, key, sa) == -1)
		return;
	sa->id_next = head;
	if (head != NULL)
		head->id_prev = &sa->id_next;
	sa->id_prev = NULL;
}

struct ike_sa *
store_same_id(const struct engine *e, const struct ike_sa *sa)
{
	return hash_get(&e->by_id, id_key(e, sa));
}

/* The first of a chain hangs in the table, the others in the one before. */
void
store_del_id(struct engine *e, struct ike_sa *sa)
{
	uint64_t key = id_key(e, sa);

	if (sa->id_prev != NULL)
		*sa->id_prev = sa->id_next;
	else if (hash_get(&e->by_id, key) != sa)
		return;
	else if (sa->id_next == NULL)
		hash_del(&e->by_id, key);
	else
		(void)hash_set(&e->by_id, key, sa->id_next);
	if (sa->id_next != NULL)
		sa->id_next->id_prev = sa->id_prev;
	sa->id_next = NULL;
	sa->id_prev = NULL;
}

/* A peer that cannot be reached is said so again after this. */
#define NO_ROUTE_MS	600000

struct peer_run *
store_peer(struct engine *e, uint32_t id)
{
	struct peer_run *pr = hash_get(&e->peers, id);

	if (pr != NULL)
		return pr;
	pr = calloc(1, sizeof(*pr));
	if (pr == NULL)
		return NULL;
	pr->lim_route.burst = 1;
	pr->lim_route.interval_ms = NO_ROUTE_MS;
	pr->id = id;
	if (hash_set(&e->peers, id, pr) == -1) {
		free(pr);
		return NULL;
	}
	return pr;
}
