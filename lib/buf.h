/*
 * Bounded reading and writing of byte strings.  Every message that enters
 * or leaves a process, from the network or from another process, goes
 * through these two types.  All integers are in network byte order.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A read cursor over memory that somebody else owns.  The cur_ functions
 * return 0, or -1 when fewer bytes are left than asked for; on -1 neither
 * the cursor nor the output changes, so calls can be joined by ||.
 */
struct cur {
	const uint8_t *p;
	const uint8_t *end;
};

void cur_init(struct cur *, const void *, size_t);
size_t cur_left(const struct cur *);
int cur_u8(struct cur *, uint8_t *);
int cur_u16(struct cur *, uint16_t *);
int cur_u32(struct cur *, uint32_t *);
int cur_u64(struct cur *, uint64_t *);
/* Copies n bytes to dst. */
int cur_copy(struct cur *, void *dst, size_t n);
/* Borrows n bytes: *p points into the memory below the cursor. */
int cur_ref(struct cur *, const uint8_t **p, size_t n);
/* Splits the next n bytes off into a cursor of their own. */
int cur_sub(struct cur *, struct cur *sub, size_t n);
int cur_skip(struct cur *, size_t n);
/* 0 when everything was read, -1 when bytes trail. */
int cur_end(const struct cur *);
/*
 * Strings between processes: a 16-bit length, then bytes without a NUL.
 * cur_str copies into dst with a NUL added; -1 when short, when it does not
 * fit into size, or when a NUL lies inside.
 */
int cur_str(struct cur *, char *dst, size_t size);

/*
 * A growing output buffer.  A put that does not fit sets a sticky error, so
 * a message is built without a check per line and buf_error() is asked once
 * at the end.  buf_free() wipes what was written.
 */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;	/* never grows beyond */
	bool failed;
};

/* An empty buffer that may grow to max bytes; allocates nothing yet. */
void buf_init(struct buf *, size_t max);
/* Wipes and releases the memory; the buffer is empty and usable again. */
void buf_free(struct buf *);
/* Wipes the content, keeps the memory, clears the error. */
void buf_reset(struct buf *);
/* 0, or -1 when any put since buf_init or buf_reset failed. */
int buf_error(const struct buf *);
void buf_u8(struct buf *, uint8_t);
void buf_u16(struct buf *, uint16_t);
void buf_u32(struct buf *, uint32_t);
void buf_u64(struct buf *, uint64_t);
void buf_put(struct buf *, const void *, size_t);
void buf_zero(struct buf *, size_t);
/* The counterpart of cur_str. */
void buf_str(struct buf *, const char *);
/* Appends n bytes of unspecified content; NULL on failure. */
uint8_t *buf_space(struct buf *, size_t n);
/* Overwrites two bytes at off, which must lie inside what was written. */
void buf_set_u16(struct buf *, size_t off, uint16_t);
void buf_set_u32(struct buf *, size_t off, uint32_t);
void buf_set_u8(struct buf *, size_t off, uint8_t);
/* Cuts the buffer back to len bytes, wiping the rest. */
void buf_trim(struct buf *, size_t len);

#endif
