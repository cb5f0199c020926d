/*
 * What espd tells of its SAs through memory that is mapped here to be read.
 * It may say anything; it is not believed where it matters.
 */
#ifndef KEYMGR_ESPBOARD_H
#define KEYMGR_ESPBOARD_H

#include "keymgr/backend.h"
#include "lib/esplive.h"
#include "lib/hash.h"

/* Where an SA is. */
struct place {
	uint32_t slot;		/* ESP_SLOTS: not known yet */
	uint32_t token;		/* of the change it waits for; 0: none */
};

struct espboard {
	const struct esp_board *b;	/* NULL: not there */
	struct hash index;		/* destination and SPI -> place */
};

void espboard_init(struct espboard *);
void espboard_free(struct espboard *);
/* Maps the file, closes it and finds what is there.  -1: errno. */
int espboard_map(struct espboard *, int fd);
/*
 * An SA that espd is to have, and one that is to have another destination;
 * both until espboard_add says where it is.  token is not 0.  -1: errno,
 * nothing has changed.
 */
int espboard_expect(struct espboard *, const struct addr *dst, uint32_t spi,
    uint32_t token);
int espboard_move(struct espboard *, const struct addr *from,
    const struct addr *to, uint32_t spi, uint32_t token);
/* The token of what an SA waits for; 0: nothing, or there is none. */
uint32_t espboard_expected(const struct espboard *, const struct addr *dst,
    uint32_t spi);
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
