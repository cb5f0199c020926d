#include "espd/board.h"

#include "lib/secret.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *
map(int fd, size_t size)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) == -1)
		return NULL;
	if ((size_t)st.st_size < size) {
		errno = EINVAL;
		return NULL;
	}
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* What has no keys with it is nobody's. */
static void
find_free(struct board *bd)
{
	uint32_t i, top = atomic_load(&bd->b->top);

	if (top > ESP_SLOTS)
		top = ESP_SLOTS;
	for (i = 0; i < top; i++) {
		if (bd->kept[i].len != 0)
			continue;
		atomic_store(&bd->b->slot[i].spi, 0);
		bd->free[bd->nfree++] = i;
	}
}

/* Statistics are of the gateway, not of a process. */
static void
find_stats(struct board *bd)
{
	uint32_t i, n = atomic_load(&bd->b->nstats);

	for (i = 0; i < n && i < ESP_STATS; i++)
		bd->stat[i] = atomic_load(&bd->b->value[i]);
}

int
board_map(struct board *bd, int board_fd, int keep_fd)
{
	int rc = -1;

	if ((bd->free = calloc(ESP_SLOTS, sizeof(bd->free[0]))) != NULL &&
	    (bd->ending = calloc(ESP_SLOTS, sizeof(bd->ending[0]))) != NULL &&
	    (bd->b = map(board_fd, sizeof(*bd->b))) != NULL &&
	    (bd->kept = map(keep_fd, BOARD_KEEP_SIZE)) != NULL) {
		find_free(bd);
		find_stats(bd);
		rc = 0;
	}
	close(board_fd);
	close(keep_fd);
	return rc;
}

int
board_take(struct board *bd, uint32_t *slot)
{
	uint32_t top = atomic_load(&bd->b->top);

	if (bd->nfree > 0)
		*slot = bd->free[--bd->nfree];
	else if (top < ESP_SLOTS) {
		*slot = top;
		atomic_store(&bd->b->top, top + 1);
	} else
		return -1;
	memset(&bd->b->slot[*slot], 0, sizeof(bd->b->slot[0]));
	atomic_store(&bd->b->slot[*slot].live.used, INT64_MAX);
	return 0;
}

/* Nobody sees the SA any more, and its keys are wiped; the slot stays. */
static void
hide(struct board *bd, uint32_t slot)
{
	atomic_store(&bd->b->slot[slot].spi, 0);
	secret_wipe(&bd->kept[slot], sizeof(bd->kept[slot]));
}

void
board_give(struct board *bd, uint32_t slot)
{
	hide(bd, slot);
	bd->free[bd->nfree++] = slot;
}

void
board_end(struct board *bd, uint32_t slot)
{
	hide(bd, slot);
	bd->ending[bd->nending++] = slot;
}

void
board_ended(struct board *bd)
{
	while (bd->nending > 0)
		bd->free[bd->nfree++] = bd->ending[--bd->nending];
}

int
board_keep(struct board *bd, uint32_t slot, const void *data, size_t len)
{
	struct kept_sa *k = &bd->kept[slot];

	if (len > KEPT_LEN)
		return -1;
	k->len = 0;
	atomic_signal_fence(memory_order_seq_cst);
	memcpy(k->data, data, len);
	atomic_signal_fence(memory_order_seq_cst);
	k->len = (uint16_t)len;
	return 0;
}

void
board_show(struct board *bd, uint32_t slot, uint32_t spi, uint32_t reqid,
    int64_t added, const struct addr *src, const struct addr *dst)
{
	struct esp_slot *s = &bd->b->slot[slot];

	atomic_store(&s->spi, 0);
	s->reqid = reqid;
	s->added = added;
	s->src = *src;
	s->dst = *dst;
	atomic_store(&s->spi, spi);
}

void
board_stat(struct board *bd, unsigned n, const char *name, uint64_t value)
{
	if (bd->b == NULL || n >= ESP_STATS)
		return;
	snprintf(bd->b->name[n], ESP_STAT_NAME, "%s", name);
	atomic_store(&bd->b->value[n], bd->stat[n] + value);
	if (atomic_load(&bd->b->nstats) <= n)
		atomic_store(&bd->b->nstats, n + 1);
}
