#include "informd/asked.h"

#include <string.h>

#define TOKEN_US	(1000000 / ASKED_RATE)

void
asked_init(struct asked *a, uint64_t seed, struct mono now)
{
	memset(a, 0, sizeof(*a));
	a->seed = seed;
	a->filled = now;
	a->tokens_us = (int64_t)ASKED_BURST * TOKEN_US;
}

static bool
may_all(struct asked *a, struct mono now)
{
	a->tokens_us += mono_sub(now, a->filled).us;
	a->filled = now;
	if (a->tokens_us > (int64_t)ASKED_BURST * TOKEN_US)
		a->tokens_us = (int64_t)ASKED_BURST * TOKEN_US;
	if (a->tokens_us < TOKEN_US)
		return false;
	a->tokens_us -= TOKEN_US;
	return true;
}

/* Clients that share a place forget each other's last time. */
static bool
may_client(struct asked *a, const struct addr *client, struct mono now)
{
	size_t i = addr_hash(client, a->seed) % ASKED_CLIENTS;
	uint32_t key;

	memcpy(&key, client->b, sizeof(key));
	if (a->last[i].client == key &&
	    mono_sub(now, a->last[i].at).us < ASKED_CLIENT_US)
		return false;
	a->last[i].client = key;
	a->last[i].at = now;
	return true;
}

const struct asked_one *
asked_add(struct asked *a, const struct dhcp_inform *d,
    const struct addr *server, struct mono now)
{
	struct asked_one *o, *place = NULL;
	size_t i;

	if (!may_client(a, &d->ciaddr, now) || !may_all(a, now))
		return NULL;
	for (i = 0; i < ASKED_MAX; i++) {
		o = &a->one[i];
		if (o->id == 0 || mono_sub(now, o->at).us > ASKED_WAIT_US)
			place = o;
	}
	if (place == NULL)
		return NULL;
	if (++a->next_id == 0)
		a->next_id = 1;
	place->id = a->next_id;
	place->at = now;
	place->server = *server;
	place->inform = *d;
	return place;
}

int
asked_take(struct asked *a, uint32_t id, struct asked_one *out)
{
	size_t i;

	for (i = 0; id != 0 && i < ASKED_MAX; i++)
		if (a->one[i].id == id) {
			*out = a->one[i];
			a->one[i].id = 0;
			return 0;
		}
	return -1;
}

void
asked_forget(struct asked *a)
{
	size_t i;

	for (i = 0; i < ASKED_MAX; i++)
		a->one[i].id = 0;
}
