/*
 * What espd tells of its SAs through memory that is mapped here to be read.
 * It may say anything; it is not believed where it matters.
 */
#ifndef KEYMGR_ESPBOARD_H
#define KEYMGR_ESPBOARD_H

#include "keymgr/backend.h"
#include "lib/esplive.h"
#include "lib/hash.h"

struct espboard {
	const struct esp_board *b;	/* NULL: not there */
	struct hash index;		/* destination and SPI -> slot + 1 */
};

void espboard_init(struct espboard *);
void espboard_free(struct espboard *);
/* Maps the file, closes it and finds what is there.  -1: errno. */
int espboard_map(struct espboard *, int fd);
/* -1: no memory, or no such slot. */
int espboard_add(struct espboard *, const struct addr *dst, uint32_t spi,
    uint32_t slot);
void espboard_del(struct espboard *, const struct addr *dst, uint32_t spi);
bool espboard_has(const struct espboard *, const struct addr *dst,
    uint32_t spi);
/* 0, or -1 with errno. */
int espboard_get(const struct espboard *, const struct addr *dst,
    uint32_t spi, struct bk_sa_state *);
void espboard_each(const struct espboard *,
    void (*fn)(void *, const struct bk_sa_state *), void *arg);
void espboard_stats(const struct espboard *,
    void (*fn)(void *, const char *name, uint64_t value), void *arg);

#endif
