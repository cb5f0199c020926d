/* Files that go with a question, and files that are the answer. */
#ifndef SALLYCTL_IPC_FILES_H
#define SALLYCTL_IPC_FILES_H

#include "lib/buf.h"

#include <stdio.h>

#define FILES_MAX	4
#define FILES_LEN_MAX	(4u << 20)

struct files {
	size_t n;
	struct file {
		char name[128];
		struct buf data;
	} v[FILES_MAX];
	char err[256];		/* "": fine so far */
};

/* A whole file, of at most the buffer's size.  -1: err (size bytes). */
int files_read(struct buf *, const char *path, char *err, size_t size);
/* A row of file-name and content (hexadecimal); rows of one name are its
 * parts. */
void files_row(struct files *, struct cur *);
/*
 * Writes them into this directory, readable for their owner alone, and says
 * so; with write false only forgets them.  -1: err.
 */
int files_end(struct files *, bool write, FILE *);

#endif
