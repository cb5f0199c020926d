#include "lib/conf/object.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_WIDTH	78

/* A script under construction. */
struct printer {
	struct buf *out;
	unsigned flags;
	size_t col;
};

static void
put_text(struct printer *p, const char *s)
{
	val_buf_text(p->out, s);
	p->col += strlen(s);
}

static void
put_line(struct printer *p, const char *s)
{
	val_buf_text(p->out, s);
	buf_u8(p->out, '\n');
	p->col = 0;
}

static bool
is_plain(const uint8_t *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isalnum(s[i]) && strchr("-_.,:/*@+%", s[i]) == NULL)
			return false;
	return n > 0;
}

/* A value as the lexer reads it back. */
static void
quote(struct buf *out, const uint8_t *s, size_t n)
{
	static const char from[] = "\"\\\n\r\t$?", to[] = "\"\\nrt$?";
	char hex[4];
	const char *at;
	size_t i;

	if (is_plain(s, n)) {
		buf_put(out, s, n);
		return;
	}
	buf_u8(out, '"');
	for (i = 0; i < n; i++) {
		if (s[i] != 0 && (at = strchr(from, s[i])) != NULL) {
			buf_u8(out, '\\');
			buf_u8(out, (uint8_t)to[at - from]);
		} else if (s[i] < ' ' || s[i] == 0x7f) {
			snprintf(hex, sizeof(hex), "\\%02X", s[i]);
			val_buf_text(out, hex);
		} else
			buf_u8(out, s[i]);
	}
	buf_u8(out, '"');
}

/* " name=value", on a line of its own when the line is full. */
static void
put_word(struct printer *p, const char *name, const struct buf *value)
{
	size_t len = strlen(name) + value->len + 2;

	if (p->col + len > LINE_WIDTH && p->col > 8) {
		put_line(p, " \\");
		put_text(p, "   ");
	}
	put_text(p, " ");
	put_text(p, name);
	put_text(p, "=");
	buf_put(p->out, value->data, value->len);
	p->col += value->len;
}

static bool
differs(const struct conf_prop *pr, const struct conf_val *v)
{
	struct conf_val def;
	bool r;

	memset(&def, 0, sizeof(def));
	val_default(pr, &def);
	r = !val_equal(pr, v, &def);
	val_free(pr, &def);
	return r;
}

/* Whether a script has to say it. */
static bool
is_said(const struct printer *p, const struct conf_obj *o,
    const struct conf_prop *pr, const struct conf_val *v)
{
	if (pr->flags & CONF_P_READONLY)
		return false;
	if ((pr->flags & CONF_P_SECRET) && (p->flags & CONF_PRINT_HIDE))
		return false;
	if (pr->type == CONF_T_NAME)
		return (o->flags & CONF_F_BUILTIN) == 0;
	if ((p->flags & CONF_PRINT_VERBOSE) && (pr->flags & CONF_P_LIVE) &&
	    (v->n > 0 || pr->type == CONF_T_HOST))
		return true;
	return v->set && differs(pr, v);
}

static void
put_props(struct printer *p, const struct conf_obj *o)
{
	const struct conf_menu_desc *d = conf_menu_desc(o->menu);
	struct buf text, quoted;
	unsigned i;

	for (i = 0; i < d->nprops; i++) {
		if (!is_said(p, o, &d->props[i], &o->val[i]))
			continue;
		buf_init(&text, CONF_OBJECT_MAX);
		buf_init(&quoted, 4 * CONF_OBJECT_MAX);
		val_fmt(&d->props[i], &o->val[i], &text);
		quote(&quoted, text.data, text.len);
		if (buf_error(&text) == -1 || buf_error(&quoted) == -1)
			p->out->failed = true;
		put_word(p, d->props[i].name, &quoted);
		buf_free(&text);
		buf_free(&quoted);
	}
}

static bool
says_anything(const struct printer *p, const struct conf_obj *o)
{
	const struct conf_menu_desc *d = conf_menu_desc(o->menu);
	unsigned i;

	for (i = 0; i < d->nprops; i++)
		if (is_said(p, o, &d->props[i], &o->val[i]))
			return true;
	return false;
}

/* How a set names a built-in entry. */
static void
put_builtin(struct printer *p, const struct conf *c, const struct conf_obj *o)
{
	const struct conf_obj *other;
	char number[24];
	unsigned builtins = 0, at = 0;

	CONF_FOREACH(c, o->menu, other) {
		if (other == o)
			at = builtins;
		builtins += (other->flags & CONF_F_BUILTIN) != 0;
	}
	if (conf_menu_desc(o->menu)->flags & CONF_MF_SINGLE)
		put_text(p, "set");
	else if (conf_name(o)[0] != '\0') {
		put_text(p, "set ");
		put_text(p, conf_name(o));
	} else if (builtins == 1)
		put_text(p, "set [ find default=yes ]");
	else {	/* the built-in ones come first in their menu */
		snprintf(number, sizeof(number), "set %u", at);
		put_text(p, number);
	}
}

static void
print_menu(struct printer *p, const struct conf *c, enum conf_menu m)
{
	const struct conf_menu_desc *d = conf_menu_desc(m);
	const struct conf_obj *o, *builtin = NULL;
	struct buf find;
	bool head = false;

	CONF_FOREACH(c, m, o)
		if (o->flags & CONF_F_BUILTIN)
			builtin = o;
	buf_init(&find, 64);
	val_buf_text(&find, "[find default=yes]");
	CONF_FOREACH(c, m, o) {
		if (o == builtin)
			builtin = NULL;
		if ((o->flags & CONF_F_BUILTIN) && !says_anything(p, o))
			continue;
		if (!head) {
			put_text(p, "/");
			put_line(p, d->path);
			head = true;
		}
		if (o->flags & CONF_F_BUILTIN)
			put_builtin(p, c, o);
		else
			put_text(p, d->flags & CONF_MF_IMPORT ? "import" :
			    "add");
		put_props(p, o);
		/* Entries before the built-in one of an ordered menu. */
		if ((d->flags & CONF_MF_ORDERED) && builtin != NULL &&
		    (o->flags & CONF_F_BUILTIN) == 0)
			put_word(p, "place-before", &find);
		put_line(p, "");
	}
	buf_free(&find);
}

int
conf_print(struct buf *b, const struct conf *c, unsigned flags)
{
	struct printer p = { b, flags, 0 };
	int m;

	for (m = 0; m < CONF_MENUS; m++)
		print_menu(&p, c, m);
	return buf_error(b);
}

const char *
conf_fmt(const struct conf_obj *o, unsigned prop, unsigned flags, char *dst,
    size_t size)
{
	const struct conf_prop *p = obj_prop(o, prop);
	struct buf b;

	buf_init(&b, CONF_OBJECT_MAX);
	if (p != NULL && ((p->flags & CONF_P_SECRET) == 0 ||
	    (flags & CONF_PRINT_HIDE) == 0))
		val_fmt(p, &o->val[prop], &b);
	snprintf(dst, size, "%s", val_buf_cstr(&b));
	buf_free(&b);
	return dst;
}

const char *
conf_flags_fmt(const struct conf_obj *o, char dst[8])
{
	static const struct { uint32_t flag; char c; } letters[] = {
		{ CONF_F_DISABLED, 'X' }, { CONF_F_INVALID, 'I' },
		{ CONF_F_TEMPLATE, 'T' }, { CONF_F_BUILTIN, '*' },
	};
	size_t i, n = 0;

	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (o->flags & letters[i].flag)
			dst[n++] = letters[i].c;
	dst[n] = '\0';
	return dst;
}

/* Whether a listing shows it. */
static bool
is_shown(const struct conf_obj *o, const struct conf_prop *pr,
    const struct conf_val *v, unsigned flags)
{
	bool empty = v->n == 0 && pr->type != CONF_T_HOST;

	(void)o;
	if (pr->flags & CONF_P_SECRET)
		return (flags & CONF_PRINT_HIDE) == 0 && !empty;
	if (pr->type == CONF_T_NAME)
		return true;
	if (flags & CONF_PRINT_VERBOSE)
		return (pr->flags & CONF_P_LIVE) != 0 && !empty;
	return !empty && differs(pr, v);
}

void
conf_obj_fields(const struct conf *c, const struct conf_obj *o,
    unsigned flags, conf_field_fn fn, void *arg)
{
	const struct conf_menu_desc *d = conf_menu_desc(o->menu);
	char letters[8];
	struct buf b;
	unsigned i;

	(void)c;
	fn(arg, "flags", conf_flags_fmt(o, letters));
	for (i = 0; i < d->nprops; i++) {
		if (!is_shown(o, &d->props[i], &o->val[i], flags))
			continue;
		buf_init(&b, CONF_OBJECT_MAX);
		val_fmt(&d->props[i], &o->val[i], &b);
		fn(arg, d->props[i].name, val_buf_cstr(&b));
		buf_free(&b);
	}
	if (o->reason != NULL)
		fn(arg, "reason", o->reason);
}
