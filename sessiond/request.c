#include "sessiond/request.h"

#include <stdlib.h>
#include <string.h>

void
requests_init(struct requests *rs, uint64_t seed)
{
	unsigned i;

	memset(rs, 0, sizeof(*rs));
	for (i = 0; i < SESSION_WORKERS; i++)
		hash_init(&rs->by_spi[i], seed);
}

void
requests_free(struct requests *rs)
{
	struct request *r;
	unsigned i;

	while ((r = rs->first) != NULL) {
		request_del(rs, r);
		free(r);
	}
	for (i = 0; i < SESSION_WORKERS; i++)
		hash_free(&rs->by_spi[i]);
}

struct request *
request_new(unsigned worker, uint32_t req, const struct session_peer *p)
{
	struct request *r;

	if ((r = calloc(1, sizeof(*r) + p->id_len)) == NULL)
		return NULL;
	r->worker = worker;
	r->req = req;
	r->peer = *p;
	memcpy(r->id, p->id, p->id_len);
	r->peer.id = r->id;
	return r;
}

int
request_add(struct requests *rs, struct request *r)
{
	struct hash *h = &rs->by_spi[r->worker];

	if (rs->n == SESSIONS_WAITING_MAX ||
	    hash_get(h, r->peer.spi) != NULL ||
	    hash_set(h, r->peer.spi, r) == -1)
		return -1;
	r->listed = true;
	r->next = NULL;
	r->prev = rs->last;
	if (rs->last != NULL)
		rs->last->next = r;
	else
		rs->first = r;
	rs->last = r;
	rs->n++;
	return 0;
}

void
request_del(struct requests *rs, struct request *r)
{
	if (!r->listed)
		return;
	hash_del(&rs->by_spi[r->worker], r->peer.spi);
	if (r->prev != NULL)
		r->prev->next = r->next;
	else
		rs->first = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	else
		rs->last = r->prev;
	r->listed = false;
	rs->n--;
}

struct request *
request_find(const struct requests *rs, unsigned worker, uint64_t spi)
{
	return hash_get(&rs->by_spi[worker], spi);
}
