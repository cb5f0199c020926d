/* An ESP packet opened (RFC 4303 section 3.4). */
#ifndef ESPD_DECAP_H
#define ESPD_DECAP_H

#include "espd/sa.h"
#include "espd/stat.h"

struct decap {
	uint8_t *p;		/* the payload, padding removed */
	size_t len;
	uint8_t next;		/* what it is */
	uint64_t seq;
	bool newest;		/* highest number so far */
};

/*
 * len bytes at esp, at least 8, were sent to this SA; they are overwritten.
 * Sequence number, ICV and padding are checked in this order; the window
 * moves once the ICV was right.  STAT_NONE, or why it is dropped.
 */
enum stat decap_open(struct sa *, uint8_t *esp, size_t len, struct decap *);

#endif
