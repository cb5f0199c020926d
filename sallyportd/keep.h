/*
 * What certd is told, secrets and all, kept for its next start in memory
 * that belongs to the kernel and is mapped by nobody.  The configuration
 * file may have been edited or spoilt since it was loaded; a restart of one
 * process is not a reload.
 */
#ifndef SALLYPORTD_KEEP_H
#define SALLYPORTD_KEEP_H

#include "lib/conf/conf.h"

#include <stdint.h>

struct keep {
	int fd;			/* -1: nothing is kept */
	uint32_t objects;
};

#define KEEP_NONE	{ -1, 0 }

/*
 * Keeps certd's share of the configuration in place of what was kept
 * before.  0, or -1 with errno; what was kept then stays.
 */
int keep_fill(struct keep *, const struct conf *);
/*
 * Calls fn for each kept object as conf_pack() made it; fn takes the buffer
 * over.  -1 with errno: it cannot be read back.
 */
int keep_each(const struct keep *, void (*fn)(void *, struct buf *),
    void *arg);
void keep_drop(struct keep *);

#endif
