/* Rows as text, in the manner of RouterOS. */
#ifndef SALLYCTL_TABLE_H
#define SALLYCTL_TABLE_H

#include "sallyctl/command.h"
#include "sallyctl/rows.h"

/* Columns that are empty in every row are left out; comments stand above
 * their row. */
void table_print(FILE *, const struct command *, const char *columns,
    const struct rows *);
/* "0 A ;;; comment", then every field, wrapped at 80 columns. */
void detail_print(FILE *, const struct command *, const struct rows *);
/* "name: value" lines, the names right-aligned. */
void single_print(FILE *, const struct rows *);
/* The values of the columns, one row a line. */
void line_print(FILE *, const char *columns, const struct row *);
/* A line for each row: number, flags, name=value... */
void terse_print(FILE *, const struct rows *);

#endif
