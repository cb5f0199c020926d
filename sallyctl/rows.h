/* The rows of an answer, kept until all are there and can be laid out. */
#ifndef SALLYCTL_ROWS_H
#define SALLYCTL_ROWS_H

#include "lib/buf.h"

#include <stddef.h>
#include <stdint.h>

struct field {
	const char *name;
	const char *value;
};

struct row {
	size_t n;
	struct field *fields;	/* in the order in which they came */
};

struct rows {
	size_t n, cap;
	struct row *v;
};

/* Reads one row; bytes that could drive a terminal are escaped.  -1:
 * malformed, or no memory. */
int rows_add(struct rows *, struct cur *);
void rows_free(struct rows *);
/* The last one is forgotten again. */
void rows_pop(struct rows *);
/* NULL: the row has no such field. */
const char *row_get(const struct row *, const char *name);

#endif
