#include "lib/conf/cmd.h"

#include "lib/log.h"

#include <stdio.h>
#include <string.h>

#define PATH_WORDS	8
#define PATH_TEXT	(PATH_WORDS * 24)

/* The words joined by blanks, with one more behind them (or NULL). */
static void
path_text(const struct cmd_path *p, const char *more, char *dst, size_t size)
{
	size_t i, at = 0;

	dst[0] = '\0';
	for (i = 0; i < p->nwords && at < size; i++)
		at += (size_t)snprintf(dst + at, size - at, "%s%s",
		    i == 0 ? "" : " ", p->words[i]);
	if (more != NULL && at < size)
		snprintf(dst + at, size - at, "%s%s", at == 0 ? "" : " ",
		    more);
}

static void
path_settle(struct cmd_path *p)
{
	char text[PATH_TEXT];

	path_text(p, NULL, text, sizeof(text));
	p->menu = conf_menu_by_path(text);
	p->foreign = p->menu == NULL && !conf_path_exists(text) ?
	    conf_foreign_menu(text) : NULL;
}

/* 0: went there; -1: there is no such menu. */
static int
path_enter(struct cmd_path *p, const char *word)
{
	char text[PATH_TEXT];

	if (strcmp(word, "..") == 0) {
		if (p->nwords > 0)
			p->nwords--;
		path_settle(p);
		return 0;
	}
	if (p->nwords == PATH_WORDS || strlen(word) >= sizeof(p->words[0]))
		return -1;
	path_text(p, word, text, sizeof(text));
	if (!conf_path_exists(text) && conf_foreign_menu(text) == NULL)
		return -1;
	snprintf(p->words[p->nwords++], sizeof(p->words[0]), "%s", word);
	path_settle(p);
	return 0;
}

static void
path_error(const struct cmd_path *p, const char *word, char *err)
{
	char here[PATH_TEXT], quoted[64], children[64][24];
	struct conf_suggest sug;
	const char *best;
	size_t i, n;

	path_text(p, NULL, here, sizeof(here));
	conf_suggest_init(&sug, word);
	n = conf_path_children(here, children, 64);
	for (i = 0; i < n; i++)
		conf_suggest_offer(&sug, children[i]);
	if (p->menu != NULL) {
		conf_suggest_offer(&sug, "add");
		conf_suggest_offer(&sug, "set");
		conf_suggest_offer(&sug, "remove");
		conf_suggest_offer(&sug, "print");
	}
	best = conf_suggest_best(&sug);
	log_escape(quoted, sizeof(quoted), word, strlen(word));
	snprintf(err, CMD_ERR_MAX, "found \"%s\", expected a %s%s/%s%s%s%s",
	    quoted, n > 0 ? "menu " : "",
	    p->menu == NULL ? "below " : n > 0 ? "or a command in " :
	    "command in ", here, best != NULL ? "; did you mean \"" : "",
	    best != NULL ? best : "", best != NULL ? "\"?" : "");
}

int
cmd_resolve(const struct cmd *c, const struct cmd_path *from,
    struct cmd_path *to, size_t *bad, char *err)
{
	size_t i;

	if (from != NULL && !c->absolute)
		*to = *from;
	else
		memset(to, 0, sizeof(*to));
	to->verb = c->n;
	for (i = 0; i < c->n; i++) {
		if (c->items[i].kind == CMD_WORD && !c->items[i].quoted &&
		    cmd_is_verb(c->items[i].name)) {
			to->verb = i;
			return 0;
		}
		if (c->items[i].kind == CMD_WORD &&
		    path_enter(to, c->items[i].name) == 0)
			continue;
		if (to->foreign != NULL) {
			to->verb = i;
			return 0;
		}
		*bad = i;
		path_error(to, c->items[i].name != NULL ? c->items[i].name :
		    c->items[i].kind == CMD_OPEN ? "[" : "]", err);
		return -1;
	}
	return 0;
}

const char *
cmd_verb(const struct cmd *c, const struct cmd_path *p)
{
	return p->verb < c->n && c->items[p->verb].name != NULL ?
	    c->items[p->verb].name : "";
}
