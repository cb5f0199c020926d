/*
 * The memory that outlives the process: the board with the counters, which
 * keymgr reads too, and the SAs with their keys as keymgr gave them, which
 * nobody else sees.  A new espd finds both and goes on.
 */
#ifndef ESPD_BOARD_H
#define ESPD_BOARD_H

#include "lib/esplive.h"

#include <stdbool.h>
#include <stddef.h>

#define KEPT_LEN	(ESP_KEPT_SIZE - 2)

/* An SA as a message has it. */
struct kept_sa {
	uint16_t len;		/* 0: none; set last */
	uint8_t data[KEPT_LEN];
};

struct board {
	struct esp_board *b;	/* NULL: not there yet */
	struct kept_sa *kept;	/* ESP_SLOTS of them */
	uint32_t *free;		/* slots below top that are nobody's */
	uint32_t *ending;	/* a packet thread may be counting there */
	size_t nfree, nending;
	uint64_t stat[ESP_STATS];	/* what those before us counted */
};

/* Maps the two files and takes the descriptors over.  -1: errno. */
int board_map(struct board *, int board_fd, int keep_fd);
/* A slot with clean counters; -1: all are taken. */
int board_take(struct board *, uint32_t *slot);
/* Nobody counts in it any more; wipes the keys. */
void board_give(struct board *, uint32_t slot);
/* The same while a packet thread may still count there: the slot is given
 * away with board_ended, when none can. */
void board_end(struct board *, uint32_t slot);
void board_ended(struct board *);
/* Remembers an SA; what was remembered there before is replaced.  -1: it
 * is too long. */
int board_keep(struct board *, uint32_t slot, const void *, size_t len);
/* Shows the slot to keymgr. */
void board_show(struct board *, uint32_t slot, uint32_t spi, uint32_t reqid,
    int64_t added, const struct addr *src, const struct addr *dst);
/* What this process has counted of the n-th statistic; name as it stays.
 * Added to what was there. */
void board_stat(struct board *, unsigned n, const char *name,
    uint64_t value);

/* Bytes of the file with the keys. */
#define BOARD_KEEP_SIZE	(sizeof(struct kept_sa) * ESP_SLOTS)

#endif
