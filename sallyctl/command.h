/* The commands: what is asked, and how the answer is laid out. */
#ifndef SALLYCTL_COMMAND_H
#define SALLYCTL_COMMAND_H

#include "sallyctl/ipc_ctl.h"

#include <stdio.h>

enum layout {
	LAYOUT_TABLE,	/* numbered rows in columns; "detail" for all */
	LAYOUT_SINGLE,	/* one row: a line for each field */
	LAYOUT_LINES,	/* the columns' values, nothing else */
	LAYOUT_NONE,	/* an action */
	LAYOUT_FILES,	/* rows of file-name and content: files are written */
};

struct flag_letter {
	char letter;
	const char *meaning;
};

/* Modes that a command may be given behind its verb */
#define MODE_DETAIL	0x01
#define MODE_STATS	0x02
#define MODE_SENSITIVE	0x04
#define MODE_COUNT	0x08
#define MODE_JSON	0x10
#define MODE_TERSE	0x20	/* a line each, name=value */

struct command {
	const char *path;	/* "ip ipsec active-peers" */
	const char *verb;
	enum show_what what;
	enum layout layout;
	const char *menu;	/* SHOW_CONFIG: whose objects */
	const struct flag_letter *flags;	/* letter 0 ends; or NULL */
	const char *columns;	/* names, separated by blanks */
	const char *stats;	/* those of "stats", or NULL */
	const char *help;
	/* Turns a filter into a parameter of the question (op ':'); may be
	 * NULL. */
	void (*filter)(struct show_arg *);
	/* Names that may be given as name=value, separated by blanks; a bare
	 * word is the value of "name".  Of file-name the file goes with the
	 * question.  NULL: none. */
	const char *params;
};

/* Tables of the families; each ends with a row without a path. */
extern const struct command ipsec_commands[];
extern const struct command system_commands[];
extern const struct command log_commands[];
extern const struct command certificate_commands[];

/*
 * The command whose words begin the list; *used gets how many words it has.
 * NULL: none, and nearest (size bytes) has the full name of the nearest one
 * or is empty.
 */
const struct command *command_find(const char *const *words, size_t n,
    size_t *used, char *nearest, size_t size);
/* "/ip/ipsec/active-peers/print"; returns dst. */
const char *command_name(const struct command *, char *dst, size_t size);
/* A line for each. */
void command_list(FILE *);

#endif
