#include "lib/conf/cmd.h"

#include "lib/conf/value.h"
#include "lib/log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a piece of text begins and how it was written. */
struct piece {
	struct buf text;
	unsigned line, col;
	bool quoted;
	bool plain;
};

static const char *const verbs[] = {
	"add", "set", "remove", "disable", "enable", "move", "unset",
	"comment", "print", "export", "find", "get", "edit", "reset", "flush",
	"kill-connections", "clear", "monitor", "check", "reload", "import",
};

bool
cmd_is_verb(const char *s)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i], s) == 0)
			return true;
	return false;
}

static void
item_free(struct cmd_item *it)
{
	if (it->name != NULL)
		secret_wipe(it->name, strlen(it->name));
	if (it->value != NULL)
		secret_wipe(it->value, strlen(it->value));
	free(it->name);
	free(it->value);
}

void
cmd_free(struct cmd *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		item_free(&c->items[i]);
	free(c->items);
	memset(c, 0, sizeof(*c));
}

static struct cmd_item *
item_new(struct cmd *c, enum cmd_kind kind, unsigned line, unsigned col)
{
	struct cmd_item *it;
	size_t cap;

	if (c->n == CMD_ITEMS_MAX)
		return NULL;
	if (c->n == c->cap) {
		cap = c->cap == 0 ? 16 : c->cap * 2;
		if ((it = reallocarray(c->items, cap, sizeof(*it))) == NULL)
			return NULL;
		c->items = it;
		c->cap = cap;
	}
	it = &c->items[c->n++];
	memset(it, 0, sizeof(*it));
	it->kind = kind;
	it->line = it->vline = line;
	it->col = it->vcol = col;
	it->plain = true;
	return it;
}

/* A word; path words are cut at their slashes. */
static int
add_word(struct cmd *c, const char *s, bool split, unsigned line,
    unsigned col, bool quoted)
{
	struct cmd_item *it;
	size_t len;

	for (;;) {
		if (split) {
			len = strspn(s, "/");
			s += len;
			col += (unsigned)len;
			if (*s == '\0')
				return 0;
		}
		len = split ? strcspn(s, "/") : strlen(s);
		it = item_new(c, CMD_WORD, line, col);
		if (it == NULL || (it->name = strndup(s, len)) == NULL)
			return -1;
		it->quoted = quoted;
		/* What follows the verb is its own matter. */
		if (!split || s[len] == '\0')
			return 0;
		s += len;
		col += (unsigned)len;
	}
}

static bool
has_verb(const struct cmd *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->items[i].kind != CMD_WORD || (!c->items[i].quoted &&
		    cmd_is_verb(c->items[i].name)))
			return true;
	return false;
}

/* Reading text */

void
cmd_lexer_init(struct cmd_lexer *l, const void *text, size_t len)
{
	memset(l, 0, sizeof(*l));
	l->p = text;
	l->end = l->p + len;
	l->line = l->col = 1;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		l->p += 3;	/* byte order mark */
}

static int
lex_error(struct cmd_lexer *l, unsigned line, unsigned col, const char *text)
{
	l->err_line = line;
	l->err_col = col;
	snprintf(l->err, sizeof(l->err), "%s", text);
	return -1;
}

static int
peek(const struct cmd_lexer *l, size_t ahead)
{
	return (size_t)(l->end - l->p) > ahead ?
	    (unsigned char)l->p[ahead] : -1;
}

static void
step(struct cmd_lexer *l)
{
	if (*l->p == '\n') {
		l->line++;
		l->col = 1;
	} else
		l->col++;
	l->p++;
}

/* Bytes of a line end at p + ahead: 1, 2, or 0 when there is none. */
static size_t
eol(const struct cmd_lexer *l, size_t ahead)
{
	if (peek(l, ahead) == '\n')
		return 1;
	return peek(l, ahead) == '\r' && peek(l, ahead + 1) == '\n' ? 2 : 0;
}

/*
 * A backslash at the end of a line: the text goes on with the first byte of
 * the next line that is not blank.  Exports break in the middle of words.
 */
static bool
skip_continuation(struct cmd_lexer *l)
{
	size_t n;

	if (peek(l, 0) != '\\' || (n = eol(l, 1)) == 0)
		return false;
	for (n++; n > 0; n--)
		step(l);
	while (peek(l, 0) == ' ' || peek(l, 0) == '\t')
		step(l);
	return true;
}

static void
skip_blanks(struct cmd_lexer *l)
{
	for (;;) {
		if (peek(l, 0) == ' ' || peek(l, 0) == '\t' ||
		    (peek(l, 0) == '\r' && eol(l, 0) > 0))
			step(l);
		else if (!skip_continuation(l))
			return;
	}
}

static void
skip_line(struct cmd_lexer *l)
{
	while (peek(l, 0) != -1 && peek(l, 0) != '\n')
		step(l);
}

static int
upper_hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* After the backslash; hexadecimal digits are capitals, \a is a bell. */
static int
lex_escape(struct cmd_lexer *l, struct buf *out)
{
	static const char from[] = "\"\\nrt$?_abfv";
	static const char to[] = "\"\\\n\r\t$? \a\b\f\v";
	unsigned line = l->line, col = l->col;
	const char *at;
	int c, lo;

	step(l);
	c = peek(l, 0);
	if (upper_hex(c) != -1 && (lo = upper_hex(peek(l, 1))) != -1) {
		if (upper_hex(c) == 0 && lo == 0)
			return lex_error(l, line, col,
			    "found \"\\00\", expected text without a zero "
			    "byte");
		buf_u8(out, (uint8_t)(upper_hex(c) << 4 | lo));
		step(l);
		step(l);
		return 0;
	}
	if (c <= 0 || (at = strchr(from, c)) == NULL)
		return lex_error(l, line, col, "found an unknown escape, "
		    "expected \\\" \\\\ \\n \\r \\t \\$ \\? \\_ or \\ and two "
		    "hexadecimal capitals");
	buf_u8(out, (uint8_t)to[at - from]);
	step(l);
	return 0;
}

static int
lex_quoted(struct cmd_lexer *l, struct buf *out)
{
	unsigned line = l->line, col = l->col;
	int c;

	step(l);
	while ((c = peek(l, 0)) != '"') {
		if (c == -1 || c == '\n')
			return lex_error(l, line, col, "found a quote without "
			    "its end, expected \" on the same line");
		if (skip_continuation(l))
			continue;
		if (c == '\\') {
			if (lex_escape(l, out) == -1)
				return -1;
			continue;
		}
		if (c == '$')
			return lex_error(l, l->line, l->col, "found \"$\", "
			    "which begins a variable; expected \"\\$\"");
		if (c == 0)
			return lex_error(l, l->line, l->col,
			    "found a zero byte, expected text");
		buf_u8(out, (uint8_t)c);
		step(l);
	}
	step(l);
	return 0;
}

static int
lex_strange(struct cmd_lexer *l, int c)
{
	char text[CMD_ERR_MAX];

	if (c != 0 && strchr("{}()$", c) != NULL)
		snprintf(text, sizeof(text), "found \"%c\", expected a "
		    "command; scripting is not supported", c);
	else
		snprintf(text, sizeof(text),
		    "found byte 0x%02x, expected text", (unsigned)c);
	return lex_error(l, l->line, l->col, text);
}

/*
 * A run of text up to a blank, ";" or "]"; with stop also up to one of its
 * characters.  Quoted pieces may be part of it.
 */
static int
lex_piece(struct cmd_lexer *l, const char *stop, struct piece *w)
{
	int c;

	w->line = l->line;
	w->col = l->col;
	w->quoted = false;
	w->plain = true;
	for (;;) {
		c = peek(l, 0);
		if (c == -1 || strchr(" \t\n;]", c) != NULL ||
		    eol(l, 0) > 0 || (c != 0 && strchr(stop, c) != NULL)) {
			if (c != 0)
				return 0;
		}
		if (skip_continuation(l)) {
			w->plain = false;
			continue;
		}
		if (c == '"') {
			w->quoted = true;
			w->plain = false;
			if (lex_quoted(l, &w->text) == -1)
				return -1;
			continue;
		}
		if (c == '\\') {
			w->plain = false;
			if (lex_escape(l, &w->text) == -1)
				return -1;
			continue;
		}
		if (c < ' ' || c == 0x7f || strchr("{}()$", c) != NULL)
			return lex_strange(l, c);
		buf_u8(&w->text, (uint8_t)c);
		step(l);
	}
}

static int
lex_memory(struct cmd_lexer *l, const struct piece *w)
{
	return lex_error(l, w->line, w->col, w->text.failed ?
	    "found a value longer than 4096 bytes" :
	    "found a command with too many words");
}

static int
lex_value(struct cmd_lexer *l, struct cmd_item *it, struct piece *w)
{
	if (peek(l, 0) == '[')
		it->op = '[';	/* the group is the next item */
	else if (lex_piece(l, "", w) == -1)
		return -1;
	it->value = strdup(val_buf_cstr(&w->text));
	it->vline = it->op == '[' ? l->line : w->line;
	it->vcol = it->op == '[' ? l->col : w->col;
	it->quoted = w->quoted;
	it->plain = w->plain;
	if (buf_error(&w->text) == -1 || it->value == NULL)
		return lex_memory(l, w);
	return 0;
}

static int
lex_word(struct cmd_lexer *l, struct cmd *c, struct piece *w)
{
	struct cmd_item *it;
	bool unset = peek(l, 0) == '!';
	const char *s;
	int op;

	if (unset)
		step(l);
	if (lex_piece(l, "=~", w) == -1)
		return -1;
	s = val_buf_cstr(&w->text);
	if (buf_error(&w->text) == -1)
		return lex_memory(l, w);
	op = peek(l, 0);
	if (op != '=' && op != '~') {
		if (!unset)
			return add_word(c, s, !w->quoted && !has_verb(c),
			    w->line, w->col, w->quoted) == -1 ?
			    lex_memory(l, w) : 0;
		if ((it = item_new(c, CMD_UNSET, w->line, w->col)) == NULL ||
		    (it->name = strdup(s)) == NULL)
			return lex_memory(l, w);
		return 0;
	}
	if (*s == '\0' || unset)
		return lex_error(l, l->line, l->col,
		    "found \"=\", expected the name of a property before it");
	if ((it = item_new(c, CMD_ARG, w->line, w->col)) == NULL ||
	    (it->name = strdup(s)) == NULL)
		return lex_memory(l, w);
	it->op = (char)op;
	step(l);
	skip_continuation(l);
	buf_reset(&w->text);
	return lex_value(l, it, w);
}

static int
lex_item(struct cmd_lexer *l, struct cmd *c)
{
	struct piece w;
	int ch = peek(l, 0), r;

	if (ch == '[' || ch == ']') {
		if (item_new(c, ch == '[' ? CMD_OPEN : CMD_CLOSE, l->line,
		    l->col) == NULL)
			return lex_error(l, l->line, l->col,
			    "found a command with too many words");
		step(l);
		return 0;
	}
	if (ch == ':' && isalpha(peek(l, 1)))
		return lex_error(l, l->line, l->col, "found \":\", expected a "
		    "command; scripting is not supported");
	memset(&w, 0, sizeof(w));
	buf_init(&w.text, CONF_TEXT_MAX + 1);
	r = lex_word(l, c, &w);
	buf_free(&w.text);
	return r;
}

int
cmd_next(struct cmd_lexer *l, struct cmd *c)
{
	int ch;

	cmd_free(c);
	for (;;) {	/* to the beginning of a command */
		skip_blanks(l);
		ch = peek(l, 0);
		if (ch == -1)
			return 0;
		if (ch == '#')
			skip_line(l);
		else if (ch == '\n' || ch == ';')
			step(l);
		else
			break;
	}
	c->absolute = ch == '/';
	c->line = l->line;
	c->col = l->col;
	for (;;) {
		skip_blanks(l);
		ch = peek(l, 0);
		if (ch == '#')
			skip_line(l);
		if (ch == -1 || ch == '\n' || ch == ';' || ch == '#')
			break;
		if (lex_item(l, c) == -1) {
			skip_line(l);
			cmd_free(c);
			return -1;
		}
	}
	return 1;
}

/* From a program's arguments */

static int
argv_item(struct cmd *c, const char *arg, char *err)
{
	struct cmd_item *it;
	size_t n = strcspn(arg, "=~");

	if (arg[n] == '\0' || n == 0) {
		if (add_word(c, arg, !has_verb(c), 1, 1, false) == 0)
			return 0;
	} else if ((it = item_new(c, CMD_ARG, 1, 1)) != NULL &&
	    (it->name = strndup(arg, n)) != NULL &&
	    (it->value = strdup(arg + n + 1)) != NULL) {
		it->op = arg[n];
		return 0;
	}
	snprintf(err, CMD_ERR_MAX, "too many arguments");
	return -1;
}

int
cmd_from_argv(struct cmd *c, int argc, char *const *argv, char *err)
{
	struct cmd_lexer l;
	int i, r;

	cmd_free(c);
	if (argc == 1 && strpbrk(argv[0], " \t") != NULL) {
		cmd_lexer_init(&l, argv[0], strlen(argv[0]));
		r = cmd_next(&l, c);
		if (r == -1)
			snprintf(err, CMD_ERR_MAX, "%.*s", CMD_ERR_MAX - 1,
			    l.err);
		return r == -1 ? -1 : 0;
	}
	c->line = c->col = 1;
	c->absolute = true;
	for (i = 0; i < argc; i++) {
		if (strlen(argv[i]) > CONF_TEXT_MAX) {
			snprintf(err, CMD_ERR_MAX, "an argument is too long");
			cmd_free(c);
			return -1;
		}
		if (argv_item(c, argv[i], err) == -1) {
			cmd_free(c);
			return -1;
		}
	}
	return 0;
}
