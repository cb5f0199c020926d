#include "sallyctl/query.h"

#include "lib/conf/cmd.h"
#include "lib/secret.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX	16

static const struct {
	const char *word;
	unsigned mode;
} mode_words[] = {
	{ "detail", MODE_DETAIL },
	{ "stats", MODE_STATS },
	{ "show-sensitive", MODE_SENSITIVE },
	{ "count-only", MODE_COUNT },
	{ "json", MODE_JSON },
	{ "terse", MODE_TERSE },
};

static int
add_arg(struct query *q, const char *name, char op, const char *value,
    char *err, size_t size)
{
	struct show_arg *a = &q->req.args[q->req.nargs];

	if (q->req.nargs == SHOW_ARGS_MAX) {
		snprintf(err, size, "more than %d filters", SHOW_ARGS_MAX);
		return -1;
	}
	if (strlen(name) >= sizeof(a->name) ||
	    strlen(value) >= sizeof(a->value)) {
		snprintf(err, size, "the filter on \"%.20s\" is too long",
		    name);
		return -1;
	}
	snprintf(a->name, sizeof(a->name), "%s", name);
	snprintf(a->value, sizeof(a->value), "%s", value);
	a->op = op;
	q->req.nargs++;
	return 0;
}

static int
add_filter(struct query *q, const struct cmd_item *it, char *err,
    size_t size)
{
	if (add_arg(q, it->name, it->op, it->value, err, size) == -1)
		return -1;
	if (q->cmd->filter != NULL)
		q->cmd->filter(&q->req.args[q->req.nargs - 1]);
	return 0;
}

static int
add_mode(struct query *q, const char *word, char *err, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(mode_words) / sizeof(mode_words[0]); i++)
		if (strcmp(mode_words[i].word, word) == 0) {
			q->modes |= mode_words[i].mode;
			return 0;
		}
	snprintf(err, size, "\"%s\" is not expected here; modes are detail, "
	    "stats, terse, json, count-only, show-sensitive; a filter is "
	    "where name=value", word);
	return -1;
}

/* Whether word is one of the list's. */
static bool
listed(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (; list != NULL && *list != '\0'; list += len + (list[len] == ' ')) {
		len = strcspn(list, " ");
		if (len == n && memcmp(list, word, n) == 0)
			return true;
	}
	return false;
}

static bool
has_arg(const struct query *q, const char *name)
{
	unsigned i;

	for (i = 0; i < q->req.nargs; i++)
		if (strcmp(q->req.args[i].name, name) == 0)
			return true;
	return false;
}

/* A parameter of the command: 1; 0: it is none; -1: err. */
static int
add_param(struct query *q, const struct cmd_item *it, char *err,
    size_t size)
{
	const char *params = q->cmd->params;
	const char *name = "name", *value = it->name;

	if (it->kind == CMD_ARG && listed(params, it->name) &&
	    it->op == '=') {
		name = it->name;
		value = it->value;
	} else if (it->kind != CMD_WORD || !listed(params, "name") ||
	    has_arg(q, "name"))
		return 0;
	if (has_arg(q, name)) {
		snprintf(err, size, "%s is given twice", name);
		return -1;
	}
	if (add_arg(q, name, ':', value, err, size) == -1)
		return -1;
	if (strcmp(name, "file-name") == 0)
		q->file = q->req.args[q->req.nargs - 1].value;
	return 1;
}

/* What follows the verb. */
static int
take_rest(struct query *q, const struct cmd *c, size_t i, char *err,
    size_t size)
{
	const struct cmd_item *it;
	bool where = false;
	int rc = 0;

	for (; i < c->n && rc == 0; i++) {
		it = &c->items[i];
		if (!where && q->cmd->params != NULL &&
		    strcmp(it->name != NULL ? it->name : "", "where") != 0 &&
		    (rc = add_param(q, it, err, size)) != 0) {
			rc = rc == 1 ? 0 : -1;
			continue;
		}
		if (it->kind == CMD_WORD && strcmp(it->name, "where") == 0)
			where = true;
		else if (it->kind == CMD_WORD && where &&
		    strcmp(it->name, "and") == 0)
			continue;
		else if (it->kind == CMD_WORD)
			rc = add_mode(q, it->name, err, size);
		else if (it->kind == CMD_ARG && where)
			rc = add_filter(q, it, err, size);
		else {
			snprintf(err, size, "\"%s\" is not expected here; a "
			    "filter follows the word where",
			    it->name != NULL ? it->name : "[");
			rc = -1;
		}
	}
	return rc;
}

static int
understand(struct query *q, const struct cmd *c, char *err, size_t size)
{
	const char *words[WORDS_MAX];
	char nearest[96];
	size_t n = 0, used;

	while (n < c->n && n < WORDS_MAX && c->items[n].kind == CMD_WORD) {
		words[n] = c->items[n].name;
		n++;
	}
	q->cmd = command_find(words, n, &used, nearest, sizeof(nearest));
	if (q->cmd == NULL) {
		snprintf(err, size, "unknown command%s%s%s (see sallyctl "
		    "--help)", nearest[0] != '\0' ? "; did you mean " : "",
		    nearest, nearest[0] != '\0' ? "?" : "");
		return -1;
	}
	q->req.what = q->cmd->what;
	if (q->cmd->menu != NULL &&
	    add_arg(q, "menu", ':', q->cmd->menu, err, size) == -1)
		return -1;
	if (take_rest(q, c, used, err, size) == -1)
		return -1;
	if ((q->modes & MODE_SENSITIVE) != 0)
		q->req.flags |= SHOW_SENSITIVE;
	return 0;
}

int
query_parse(struct query *q, int argc, char *const *argv, char *err,
    size_t size)
{
	char why[CMD_ERR_MAX];
	struct cmd c = { 0 };
	int rc = -1;

	memset(q, 0, sizeof(*q));
	if (cmd_from_argv(&c, argc, argv, why) == -1)
		snprintf(err, size, "%s", why);
	else
		rc = understand(q, &c, err, size);
	cmd_free(&c);
	return rc;
}

void
query_hide(int argc, char *const *argv)
{
	static const char word[] = "passphrase=";
	char *p;
	int i;

	for (i = 0; i < argc; i++)
		if ((p = strstr(argv[i], word)) != NULL) {
			p += sizeof(word) - 1;
			secret_wipe(p, strlen(p));
		}
}
