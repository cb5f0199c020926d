/* A command line understood. */
#ifndef SALLYCTL_QUERY_H
#define SALLYCTL_QUERY_H

#include "sallyctl/command.h"

struct query {
	const struct command *cmd;
	unsigned modes;		/* MODE_ */
	struct show_req req;	/* what is to be asked */
	const char *file;	/* that goes with it, or NULL; in req */
};

/*
 * From the words behind the options: a path with slashes or blanks, a verb,
 * modes, "where" and filters.  -1: err (size bytes) is one line.
 */
int query_parse(struct query *, int argc, char *const *argv, char *err,
    size_t size);
/* Overwrites passphrases among these words, which every user of the machine
 * can read as long as the process lives.  What was parsed is a copy. */
void query_hide(int argc, char *const *argv);

#endif
