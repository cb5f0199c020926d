/* JSON (RFC 8259), written as it comes: an array of objects of strings. */
#ifndef SALLYCTL_JSON_H
#define SALLYCTL_JSON_H

#include "sallyctl/ipc_ctl.h"

#include <stdio.h>

struct json {
	FILE *f;
	size_t n;	/* objects so far */
};

void json_begin(struct json *, FILE *);
/* One row; -1: malformed (nothing of it was written). */
int json_row(struct json *, struct cur *);
void json_end(struct json *);
/* A string with its quotes.  Bytes that are not UTF-8 become U+FFFD. */
void json_string(FILE *, const char *, size_t len);

#endif
