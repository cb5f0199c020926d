#include "keymgr/espboard.h"

#include "lib/mono.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void
espboard_init(struct espboard *e)
{
	memset(e, 0, sizeof(*e));
	hash_init(&e->index, (uint64_t)mono_now().us);
}

void
espboard_free(struct espboard *e)
{
	struct place *p;
	size_t at = 0;

	while ((p = hash_next(&e->index, &at)) != NULL)
		free(p);
	hash_free(&e->index);
	if (e->b != NULL)
		munmap((void *)(uintptr_t)e->b, sizeof(*e->b));
}

static uint64_t
key_of(const struct espboard *e, const struct addr *dst, uint32_t spi)
{
	return hash_mix(addr_hash(dst, e->index.seed), spi);
}

static uint32_t
top(const struct espboard *e)
{
	uint32_t n = e->b == NULL ? 0 : atomic_load(&e->b->top);

	return n > ESP_SLOTS ? ESP_SLOTS : n;
}

static struct place *
place_get(const struct espboard *e, const struct addr *dst, uint32_t spi)
{
	return hash_get(&e->index, key_of(e, dst, spi));
}

/* A new one, not known where. */
static struct place *
place_new(struct espboard *e, const struct addr *dst, uint32_t spi)
{
	struct place *p = calloc(1, sizeof(*p));

	errno = ENOMEM;
	if (p == NULL)
		return NULL;
	p->slot = ESP_SLOTS;
	if (hash_set(&e->index, key_of(e, dst, spi), p) == 0)
		return p;
	free(p);
	return NULL;
}

int
espboard_expect(struct espboard *e, const struct addr *dst, uint32_t spi,
    uint32_t token)
{
	struct place *p = place_get(e, dst, spi);

	errno = EEXIST;
	if (p != NULL || (p = place_new(e, dst, spi)) == NULL)
		return -1;
	p->token = token;
	return 0;
}

int
espboard_move(struct espboard *e, const struct addr *from,
    const struct addr *to, uint32_t spi, uint32_t token)
{
	struct place *p = place_get(e, from, spi);
	struct place *there = place_get(e, to, spi);

	errno = p == NULL ? ESRCH : EEXIST;
	if (p == NULL || (there != NULL && there != p))
		return -1;
	errno = ENOMEM;
	if (p != there) {
		if (hash_set(&e->index, key_of(e, to, spi), p) == -1)
			return -1;
		hash_del(&e->index, key_of(e, from, spi));
	}
	p->token = token;
	return 0;
}

uint32_t
espboard_expected(const struct espboard *e, const struct addr *dst,
    uint32_t spi)
{
	const struct place *p = place_get(e, dst, spi);

	return p == NULL ? 0 : p->token;
}

int
espboard_add(struct espboard *e, const struct addr *dst, uint32_t spi,
    uint32_t slot)
{
	struct place *p = place_get(e, dst, spi);

	if (slot >= ESP_SLOTS ||
	    (p == NULL && (p = place_new(e, dst, spi)) == NULL))
		return -1;
	p->slot = slot;
	p->token = 0;
	return 0;
}

void
espboard_del(struct espboard *e, const struct addr *dst, uint32_t spi)
{
	struct place *p = place_get(e, dst, spi);

	hash_del(&e->index, key_of(e, dst, spi));
	free(p);
}

bool
espboard_has(const struct espboard *e, const struct addr *dst, uint32_t spi)
{
	return place_get(e, dst, spi) != NULL;
}

int
espboard_map(struct espboard *e, int fd)
{
	const struct esp_slot *s;
	struct stat st;
	uint32_t i;
	void *p;

	errno = EINVAL;
	if (fstat(fd, &st) == -1 || (size_t)st.st_size < sizeof(*e->b)) {
		close(fd);
		return -1;
	}
	p = mmap(NULL, sizeof(*e->b), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -1;
	e->b = p;
	for (i = 0; i < top(e); i++) {
		s = &e->b->slot[i];
		if (atomic_load(&s->spi) != 0 && espboard_add(e, &s->dst,
		    s->spi, i) == -1)
			return -1;
	}
	return 0;
}

/* Wall clock of a monotonic time, in seconds. */
static uint64_t
wall(int64_t us)
{
	int64_t ago = (mono_now().us - us) / 1000000;

	return (uint64_t)(time(NULL) - ago);
}

static int
state(const struct esp_slot *s, struct bk_sa_state *st)
{
	int64_t used = atomic_load(&s->live.used);

	memset(st, 0, sizeof(*st));
	if ((st->spi = atomic_load(&s->spi)) == 0)
		return -1;
	st->src = s->src;
	st->dst = s->dst;
	if (addr_len(&st->src) == 0 || addr_len(&st->dst) == 0)
		return -1;
	st->reqid = s->reqid;
	st->esp = true;
	st->bytes = atomic_load(&s->live.bytes);
	st->packets = atomic_load(&s->live.packets);
	st->add_time = wall(s->added);
	if (used != INT64_MAX)
		st->use_time = st->last_used = wall(used);
	st->errors_replay = (uint32_t)atomic_load(&s->live.errors_replay);
	st->errors_integ = (uint32_t)atomic_load(&s->live.errors_integ);
	return 0;
}

int
espboard_get(const struct espboard *e, const struct addr *dst, uint32_t spi,
    struct bk_sa_state *st)
{
	const struct place *p = place_get(e, dst, spi);

	if (p != NULL && p->slot < ESP_SLOTS && e->b != NULL &&
	    state(&e->b->slot[p->slot], st) == 0 && st->spi == spi &&
	    (addr_equal(&st->dst, dst) || p->token != 0))
		return 0;
	errno = ESRCH;
	return -1;
}

void
espboard_each(const struct espboard *e,
    void (*fn)(void *, const struct bk_sa_state *), void *arg)
{
	struct bk_sa_state st;
	uint32_t i;

	for (i = 0; i < top(e); i++)
		if (state(&e->b->slot[i], &st) == 0)
			fn(arg, &st);
}

void
espboard_stats(const struct espboard *e,
    void (*fn)(void *, const char *, uint64_t), void *arg)
{
	char name[ESP_STAT_NAME];
	uint32_t i, n;

	n = e->b == NULL ? 0 : atomic_load(&e->b->nstats);
	for (i = 0; i < n && i < ESP_STATS; i++) {
		memcpy(name, e->b->name[i], sizeof(name));
		name[sizeof(name) - 1] = '\0';
		fn(arg, name, atomic_load(&e->b->value[i]));
	}
}
