/*
 * One command in RouterOS script syntax, cut into items; shared by the
 * configuration parser and by sallyctl.
 */
#ifndef LIB_CONF_CMD_H
#define LIB_CONF_CMD_H

#include "lib/conf/schema.h"

#include <stdbool.h>
#include <stddef.h>

enum cmd_kind {
	CMD_WORD,	/* name: a path word, a verb, a name, a number, ".." */
	CMD_ARG,	/* name op value; op is '=' or '~'; '[': the value is
			 * the bracketed group that follows */
	CMD_UNSET,	/* !name */
	CMD_OPEN,	/* [ */
	CMD_CLOSE,	/* ] */
};

struct cmd_item {
	enum cmd_kind kind;
	char op;
	bool quoted;		/* the word or value had quotes */
	bool plain;		/* the value stands in the text as it is */
	char *name;		/* owned; NULL for brackets */
	char *value;		/* owned; CMD_ARG only */
	unsigned line, col;	/* where the item starts */
	unsigned vline, vcol;	/* where the value starts */
};

struct cmd {
	bool absolute;		/* began with a slash */
	unsigned line, col;
	struct cmd_item *items;	/* owned */
	size_t n, cap;
};

#define CMD_ITEMS_MAX	1024
#define CMD_ERR_MAX	512

/* A script being read.  The text must outlive the lexer. */
struct cmd_lexer {
	const char *p, *end;
	unsigned line, col;
	/* of the last error */
	unsigned err_line, err_col;
	char err[CMD_ERR_MAX];
};

void cmd_lexer_init(struct cmd_lexer *, const void *text, size_t len);
/*
 * The next command; empty ones are passed over.  1: *c is filled (it must be
 * empty or from an earlier call; its content is freed), 0: end of the text,
 * -1: err_line, err_col and err say what is wrong, the rest of the line was
 * skipped and reading may go on.
 */
int cmd_next(struct cmd_lexer *, struct cmd *c);
/*
 * A command from a program's arguments, in which the shell has done the
 * quoting: each argument is one item, or a path.  A single argument with
 * blanks in it is read as a line of text.  -1: err (CMD_ERR_MAX bytes) says
 * what is wrong.
 */
int cmd_from_argv(struct cmd *c, int argc, char *const *argv, char *err);
/* Wipes and frees the items; c is empty afterwards. */
void cmd_free(struct cmd *);

/* A command against the menus. */
struct cmd_path {
	const struct conf_menu_desc *menu;	/* NULL: no menu, as /ip */
	char words[8][24];	/* the path, without aliases resolved */
	size_t nwords;
	const struct conf_foreign *foreign;	/* menu of RouterOS alone */
	size_t verb;		/* index of the verb's item, or c->n */
};

/*
 * Follows the path words of c from the path `from` (NULL: the root) as far as
 * they are menus.  -1: *bad is the item that is neither a menu nor a verb
 * and err says so, with the nearest name.
 */
int cmd_resolve(const struct cmd *c, const struct cmd_path *from,
    struct cmd_path *to, size_t *bad, char *err);
/* The verb's name, "" when the command is a path alone. */
const char *cmd_verb(const struct cmd *, const struct cmd_path *);
/* Verbs that a script or sallyctl may use. */
bool cmd_is_verb(const char *);

#endif
