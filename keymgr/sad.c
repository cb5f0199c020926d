#include "keymgr/sad.h"

#include <stdlib.h>
#include <string.h>

void
sad_init(struct sad *s, uint64_t seed)
{
	unsigned i;

	memset(s, 0, sizeof(*s));
	hash_init(&s->by_in, seed);
	hash_init(&s->by_out, ~seed);
	for (i = 0; i < SPI_WORKERS; i++)
		LIST_INIT(&s->worker[i]);
}

void
sad_free(struct sad *s)
{
	struct sad_child *c;
	unsigned i;

	for (i = 0; i < SPI_WORKERS; i++) {
		while ((c = LIST_FIRST(&s->worker[i])) != NULL) {
			LIST_REMOVE(c, in_worker);
			free(c);
		}
		s->count[i] = 0;
	}
	hash_free(&s->by_in);
	hash_free(&s->by_out);
}

static uint64_t
out_key(const struct sad *s, uint32_t spi, const struct addr *dst)
{
	return hash_mix(addr_hash(dst, s->by_out.seed), spi);
}

int
sad_add(struct sad *s, struct sad_child *c)
{
	unsigned w = SPI_WORKER(c->spi_in);
	uint64_t out = out_key(s, c->spi_out, &c->remote.addr);

	if (hash_get(&s->by_in, c->spi_in) != NULL ||
	    hash_get(&s->by_out, out) != NULL)
		return -1;
	if (hash_set(&s->by_in, c->spi_in, c) == -1)
		return -1;
	if (hash_set(&s->by_out, out, c) == -1) {
		hash_del(&s->by_in, c->spi_in);
		return -1;
	}
	LIST_INSERT_HEAD(&s->worker[w], c, in_worker);
	s->count[w]++;
	return 0;
}

void
sad_del(struct sad *s, struct sad_child *c)
{
	hash_del(&s->by_in, c->spi_in);
	hash_del(&s->by_out, out_key(s, c->spi_out, &c->remote.addr));
	LIST_REMOVE(c, in_worker);
	s->count[SPI_WORKER(c->spi_in)]--;
}

struct sad_child *
sad_get(const struct sad *s, uint32_t spi_in)
{
	return hash_get(&s->by_in, spi_in);
}

struct sad_child *
sad_get_out(const struct sad *s, uint32_t spi_out, const struct addr *dst)
{
	struct sad_child *c = hash_get(&s->by_out, out_key(s, spi_out, dst));

	if (c == NULL || c->spi_out != spi_out ||
	    !addr_equal(&c->remote.addr, dst))
		return NULL;
	return c;
}

struct sad_child *
sad_find(const struct sad *s, uint32_t spi, const struct addr *dst)
{
	struct sad_child *c = sad_get(s, spi);

	if (c != NULL && addr_equal(&c->local.addr, dst))
		return c;
	return sad_get_out(s, spi, dst);
}

int
sad_move(struct sad *s, struct sad_child *c, const struct endpoint *local,
    const struct endpoint *remote)
{
	uint64_t from = out_key(s, c->spi_out, &c->remote.addr);
	uint64_t to = out_key(s, c->spi_out, &remote->addr);

	if (to != from) {
		if (hash_get(&s->by_out, to) != NULL ||
		    hash_set(&s->by_out, to, c) == -1)
			return -1;
		hash_del(&s->by_out, from);
	}
	c->local = *local;
	c->remote = *remote;
	return 0;
}

size_t
sad_count(const struct sad *s)
{
	return hash_count(&s->by_in);
}

/*
 * Whether a packet came is told by the counter, which no clock can move.
 * When one came since the last look, the kernel's wall clock says when,
 * within the bounds of our own two looks; so a clock that jumps can neither
 * end a tunnel nor hide a dead peer.
 */
uint32_t
sad_idle(struct sad_child *c, uint64_t packets, uint64_t used, uint64_t wall,
    struct mono now)
{
	struct mono_span since = mono_sub(now, c->polled), ago;

	if (packets != c->in_packets) {
		ago = MONO_S(0);
		if (used != 0 && used <= wall)
			ago = wall - used > mono_seconds(since) ? since :
			    MONO_S(wall - used);
		c->in_packets = packets;
		c->in_at = (struct mono){ now.us - ago.us };
		c->in_ever = true;
	}
	c->polled = now;
	if (!c->in_ever)
		return UINT32_MAX;
	return (uint32_t)mono_seconds(mono_sub(now, c->in_at));
}
