#include "keymgr/spi.h"

#include <stdlib.h>
#include <string.h>

/* Tries for one random SPI; each fails with the table's load, below 1/10. */
#define SPI_TRIES	64

void
spi_init(struct spi_tab *t, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	hash_init(&t->states, seed);
}

void
spi_free(struct spi_tab *t)
{
	hash_free(&t->states);
	memset(t->given, 0, sizeof(t->given));
}

/* A state is kept as the value itself; the SPI is kept beside it, so that a
 * walk over the table can tell whose a value is. */
static void *
value(uint32_t spi, enum spi_state state)
{
	return (void *)((uintptr_t)spi << 2 | (uintptr_t)state);
}

static enum spi_state
value_state(const void *v)
{
	return (enum spi_state)((uintptr_t)v & 3);
}

static uint32_t
value_spi(const void *v)
{
	return (uint32_t)((uintptr_t)v >> 2);
}

_Static_assert(sizeof(uintptr_t) >= 8, "an SPI and its state in a pointer");

enum spi_state
spi_state(const struct spi_tab *t, uint32_t spi)
{
	void *v = hash_get(&t->states, spi);

	return v == NULL ? SPI_UNKNOWN : value_state(v);
}

int
spi_set(struct spi_tab *t, uint32_t spi, enum spi_state state)
{
	enum spi_state old = spi_state(t, spi);

	if (state == SPI_UNKNOWN)
		hash_del(&t->states, spi);
	else if (hash_set(&t->states, spi, value(spi, state)) == -1)
		return -1;
	if (old == SPI_GIVEN)
		t->given[SPI_WORKER(spi)]--;
	if (state == SPI_GIVEN)
		t->given[SPI_WORKER(spi)]++;
	return 0;
}

static uint32_t
spi_random(const struct spi_tab *t, unsigned worker)
{
	uint32_t spi;
	int i;

	for (i = 0; i < SPI_TRIES; i++) {
		spi = arc4random() & ~(uint32_t)(SPI_WORKERS - 1);
		spi |= worker;
		if (spi >= SPI_MIN && spi_state(t, spi) == SPI_UNKNOWN)
			return spi;
	}
	return 0;
}

unsigned
spi_give(struct spi_tab *t, unsigned worker, uint32_t *out, unsigned n)
{
	unsigned k;

	if (worker >= SPI_WORKERS)
		return 0;
	for (k = 0; k < n && t->given[worker] < SPI_GIVEN_MAX; k++) {
		out[k] = spi_random(t, worker);
		if (out[k] == 0 || spi_set(t, out[k], SPI_GIVEN) == -1)
			break;
	}
	return k;
}

/* Collects first, since the table must not change during a walk. */
void
spi_forget(struct spi_tab *t, unsigned worker)
{
	uint32_t spis[SPI_GIVEN_MAX];
	size_t at = 0, n = 0, i;
	void *v;

	while ((v = hash_next(&t->states, &at)) != NULL) {
		if (value_state(v) == SPI_GIVEN &&
		    SPI_WORKER(value_spi(v)) == worker && n < SPI_GIVEN_MAX)
			spis[n++] = value_spi(v);
	}
	for (i = 0; i < n; i++)
		spi_set(t, spis[i], SPI_UNKNOWN);
}
