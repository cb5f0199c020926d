/*
 * Unpredictable IVs for CBC (RFC 3602 section 2.1), made in bulk: a key
 * stream under a random key.  One a thread.
 */
#ifndef ESPD_IVPOOL_H
#define ESPD_IVPOOL_H

#include <stddef.h>
#include <stdint.h>

struct ivpool;

/* NULL: no memory or no randomness. */
struct ivpool *ivpool_new(void);
void ivpool_free(struct ivpool *);
/* Writes n bytes, at most 16.  -1: OpenSSL failed. */
int ivpool_get(struct ivpool *, uint8_t *iv, size_t n);

#endif
