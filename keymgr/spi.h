/*
 * The SPIs of inbound SAs: who was given which.  An SPI carries the number
 * of the worker it was given to in its low bits, so that after a restart of
 * keymgr it can still be told whose it is.
 */
#ifndef KEYMGR_SPI_H
#define KEYMGR_SPI_H

#include "lib/esptun.h"
#include "lib/hash.h"

#include <stdbool.h>
#include <stdint.h>

#define SPI_WORKERS	(1 << ESPTUN_SPI_SHIFT)
#define SPI_WORKER(spi)	((spi) & (SPI_WORKERS - 1))
#define SPI_MIN		256	/* RFC 4303 2.1: up to 255 are reserved */
#define SPI_GIVEN_MAX	4096	/* unused ones in the hands of a worker */

enum spi_state {
	SPI_UNKNOWN,	/* nobody's */
	SPI_GIVEN,	/* a worker may install a child with it */
	SPI_USED,	/* a child has it */
	SPI_TAKEN,	/* found in the kernel */
};

struct spi_tab {
	struct hash states;
	uint32_t given[SPI_WORKERS];
};

void spi_init(struct spi_tab *, uint64_t seed);
void spi_free(struct spi_tab *);
/*
 * Fills out with up to n random SPIs for that worker and returns how many;
 * fewer when it has SPI_GIVEN_MAX already.
 */
unsigned spi_give(struct spi_tab *, unsigned worker, uint32_t *out,
    unsigned n);
enum spi_state spi_state(const struct spi_tab *, uint32_t spi);
/* -1: no memory, the state is what it was. */
int spi_set(struct spi_tab *, uint32_t spi, enum spi_state);
/* The worker is gone: what it was given and did not use is nobody's. */
void spi_forget(struct spi_tab *, unsigned worker);

#endif
