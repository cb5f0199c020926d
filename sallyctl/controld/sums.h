/* Counters of several workers, added up name by name. */
#ifndef SALLYCTL_CONTROLD_SUMS_H
#define SALLYCTL_CONTROLD_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUMS_MAX	64
#define SUMS_NAME	64

struct sum {
	char name[SUMS_NAME];
	uint64_t value;
};

struct sums {
	size_t n;
	struct sum v[SUMS_MAX];
};

/* Adds a decimal number to the counter of that name, which is made when it
 * is new.  False: not a number, or too many counters. */
bool sums_add(struct sums *, const char *name, size_t name_len,
    const char *value, size_t value_len);

#endif
