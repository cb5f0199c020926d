/*
 * Secrets: keys, shared secrets, passwords.  The type wipes itself when it
 * is freed; nothing prints one.
 */
#ifndef LIB_SECRET_H
#define LIB_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret {
	uint8_t *data;	/* owned, NULL when empty */
	size_t len;
};

/* Replaces the content by a copy of n bytes.  -1: out of memory. */
int secret_set(struct secret *, const void *, size_t n);
/* Replaces the content by n zero bytes to be filled in.  -1: no memory. */
int secret_alloc(struct secret *, size_t n);
/* Moves src to dst, freeing what dst held; src is empty afterwards. */
void secret_move(struct secret *dst, struct secret *src);
/* Wipes and frees; the secret is empty afterwards.  NULL is allowed. */
void secret_free(struct secret *);
/* Comparison in time that depends on the lengths alone. */
bool secret_equal(const void *, size_t, const void *, size_t);
/* Overwrites memory; never optimised away. */
void secret_wipe(void *, size_t);

#endif
