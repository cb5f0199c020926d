#include "lib/conf/select.h"

#include "lib/log.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct selection {
	struct conf *conf;
	const struct conf_menu_desc *menu;
	const struct cmd *cmd;
	struct select_result *r;
	struct conf_report *rep;
	size_t groups;	/* more than one: entries may come twice */
};

void
select_free(struct select_result *r)
{
	free(r->objs);
	memset(r, 0, sizeof(*r));
}

static int
fail(struct selection *s, const struct cmd_item *it, const char *text)
{
	char name[64] = "";

	if (it->name != NULL)
		log_escape(name, sizeof(name), it->name, strlen(it->name));
	conf_report(s->rep, CONF_ERROR, it->line, it->col, "found \"%s\", %s",
	    it->kind == CMD_OPEN ? "[" : it->kind == CMD_CLOSE ? "]" : name,
	    text);
	return -1;
}

static int
put(struct selection *s, struct conf_obj *o)
{
	struct conf_obj **p;
	size_t i, n = s->r->n;

	/* One group never names an entry twice. */
	for (i = 0; s->groups > 1 && i < n; i++)
		if (s->r->objs[i] == o)
			return 0;
	if ((n & (n - 1)) == 0) {	/* grows by doubling */
		p = reallocarray(s->r->objs, n == 0 ? 1 : n * 2, sizeof(*p));
		if (p == NULL)
			return -1;
		s->r->objs = p;
	}
	s->r->objs[s->r->n++] = o;
	return 0;
}

static struct conf_obj *
by_number(struct selection *s, const char *text)
{
	struct conf_obj *o;
	char *end;
	unsigned long n;

	if (text[strspn(text, "0123456789")] != '\0' || *text == '\0')
		return NULL;
	n = strtoul(text, &end, 10);
	if (n >= conf_count(s->conf, s->menu->menu))
		return NULL;
	for (o = conf_first(s->conf, s->menu->menu); n > 0; n--)
		o = o->next;
	return o;
}

static struct conf_obj *
by_name_or_number(struct selection *s, const char *text)
{
	struct conf_obj *o = conf_by_name(s->conf, s->menu->menu, text);

	return o != NULL ? o : by_number(s, text);
}

static void
not_found(struct selection *s, const char *text, unsigned line, unsigned col)
{
	struct conf_suggest sug;
	const struct conf_obj *o;
	const char *best;
	char name[96];

	conf_suggest_init(&sug, text);
	CONF_FOREACH(s->conf, s->menu->menu, o)
		conf_suggest_offer(&sug, conf_name(o));
	best = conf_suggest_best(&sug);
	log_escape(name, sizeof(name), text, strlen(text));
	conf_report(s->rep, CONF_ERROR, line, col, "found \"%s\", expected an "
	    "entry of /%s: its name, its number or [find ...]%s%s%s", name,
	    s->menu->path, best != NULL ? "; did you mean \"" : "",
	    best != NULL ? best : "", best != NULL ? "\"?" : "");
}

/* A name, a number, or several with commas between. */
static int
select_text(struct selection *s, const char *text, unsigned line,
    unsigned col)
{
	struct conf_obj *o;
	char item[CONF_NAMELEN];
	size_t len;

	if ((o = by_name_or_number(s, text)) != NULL)
		return put(s, o);
	if (strchr(text, ',') == NULL) {
		not_found(s, text, line, col);
		return -1;
	}
	s->groups = 2;
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (len >= sizeof(item)) {
			not_found(s, text, line, col);
			return -1;
		}
		memcpy(item, text, len);
		item[len] = '\0';
		if ((o = by_name_or_number(s, item)) == NULL) {
			not_found(s, item, line, col);
			return -1;
		}
		if (put(s, o) == -1)
			return -1;
		if (text[len] == '\0')
			return 0;
	}
}

/* What find knows beside properties; -1: neither. */
static int
find_flag(const struct conf_obj *o, const char *name)
{
	static const struct { const char *name; uint32_t flag; } flags[] = {
		{ "default", CONF_F_BUILTIN }, { "builtin", CONF_F_BUILTIN },
		{ "disabled", 0 }, { "dynamic", 0 }, { "invalid", 0 },
		{ "template", 0 },
	};
	const struct conf_prop *p;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(flags[i].name, name) != 0)
			continue;
		p = conf_prop_find(conf_menu_desc(o->menu), name);
		if (flags[i].flag == 0 && p != NULL)
			return conf_bool(o, (unsigned)(p -
			    conf_menu_desc(o->menu)->props));
		return (o->flags & flags[i].flag) != 0;
	}
	return -1;
}

static bool
match_regex(const struct conf_obj *o, unsigned prop, const regex_t *re)
{
	char text[CONF_TEXT_MAX];

	conf_fmt(o, prop, CONF_PRINT_HIDE, text, sizeof(text));
	return regexec(re, text, 0, NULL, 0) == 0;
}

/* One condition against all that is left. */
static void
keep(struct select_result *r, const struct cmd_item *it,
    const struct conf_prop *p, unsigned prop, const struct conf_val *v,
    const regex_t *re)
{
	size_t i, n = 0;
	bool fits;

	for (i = 0; i < r->n; i++) {
		if (re != NULL)
			fits = match_regex(r->objs[i], prop, re);
		else if (v != NULL)
			fits = val_equal(p, v, &r->objs[i]->val[prop]);
		else
			fits = (find_flag(r->objs[i], it->name) == 1) ==
			    (it->kind == CMD_WORD || (it->kind == CMD_ARG &&
			    (strcmp(it->value, "yes") == 0 ||
			    strcmp(it->value, "true") == 0)));
		if (fits)
			r->objs[n++] = r->objs[i];
	}
	r->n = n;
}

static int
find_condition(struct selection *s, struct select_result *r,
    const struct cmd_item *it)
{
	const struct conf_prop *p = conf_prop_find(s->menu, it->name);
	unsigned prop = p != NULL ? (unsigned)(p - s->menu->props) : 0;
	struct conf_val v;
	struct val_err err;
	regex_t re;

	if (s->conf->menu[s->menu->menu].first == NULL)
		return 0;
	if (find_flag(s->conf->menu[s->menu->menu].first, it->name) != -1 &&
	    it->op != '~') {
		keep(r, it, p, prop, NULL, NULL);
		return 0;
	}
	if (p == NULL || it->kind != CMD_ARG || it->op == '[')
		return fail(s, it, "expected property=value or "
		    "property~\"expression\" of this menu");
	if (it->op == '~') {
		if (regcomp(&re, it->value, REG_EXTENDED | REG_NOSUB) != 0)
			return fail(s, it, "expected a regular expression "
			    "behind it");
		keep(r, it, p, prop, NULL, &re);
		regfree(&re);
		return 0;
	}
	memset(&v, 0, sizeof(v));
	if (val_parse(p, &v, it->value, &err) == -1) {
		r->n = 0;	/* no entry can have this value */
		return 0;
	}
	keep(r, it, p, prop, &v, NULL);
	val_free(p, &v);
	return 0;
}

size_t
select_skip(const struct cmd *c, size_t at)
{
	while (at < c->n && c->items[at].kind != CMD_CLOSE)
		at++;
	return at < c->n ? at + 1 : at;
}

/* [find ...]; at is the opening bracket. */
static int
select_find(struct selection *s, size_t at)
{
	const struct cmd_item *open = &s->cmd->items[at], *it;
	struct select_result found = { NULL, 0 };
	struct selection all = *s;
	struct conf_obj *o;
	size_t i, end = select_skip(s->cmd, at);
	int r = -1;

	it = at + 1 < s->cmd->n ? &s->cmd->items[at + 1] : open;
	if (it->kind != CMD_WORD || strcmp(it->name, "find") != 0)
		return fail(s, it, "expected find; other scripting is not "
		    "supported");
	if (end == s->cmd->n && s->cmd->items[end - 1].kind != CMD_CLOSE)
		return fail(s, open, "expected \"]\" behind it");
	all.r = &found;
	all.groups = 1;
	CONF_FOREACH(s->conf, s->menu->menu, o)
		if (put(&all, o) == -1)
			goto out;
	for (i = at + 2; i < end - 1; i++) {
		it = &s->cmd->items[i];
		if (it->kind == CMD_WORD && strcmp(it->name, "where") == 0)
			continue;
		if (it->kind == CMD_OPEN) {
			fail(s, it, "expected property=value");
			goto out;
		}
		if (find_condition(s, &found, it) == -1)
			goto out;
	}
	if (found.n == 0)
		conf_report(s->rep, CONF_WARNING, open->line, open->col,
		    "no entry of /%s is found by this; nothing is done",
		    s->menu->path);
	for (i = 0; i < found.n; i++)
		if (put(s, found.objs[i]) == -1)
			goto out;
	r = 0;
out:
	select_free(&found);
	return r;
}

int
select_objects(struct conf *c, const struct conf_menu_desc *d,
    const struct cmd *cmd, size_t *at, struct select_result *r,
    struct conf_report *rep)
{
	struct selection s = { c, d, cmd, r, rep, 1 };
	const struct cmd_item *it;
	int res;

	memset(r, 0, sizeof(*r));
	it = *at < cmd->n ? &cmd->items[*at] : NULL;
	if (it != NULL && it->kind == CMD_ARG &&
	    strcmp(it->name, "numbers") == 0) {
		(*at)++;
		if (it->op == '[')
			*at = select_skip(cmd, *at);
		return select_value(c, d, cmd, (size_t)(it - cmd->items), r,
		    rep);
	}
	if (it != NULL && it->kind == CMD_OPEN) {
		res = select_find(&s, *at);
		*at = select_skip(cmd, *at);
	} else if (it != NULL && it->kind == CMD_WORD) {
		res = select_text(&s, it->name, it->line, it->col);
		(*at)++;
	} else {
		conf_report(rep, CONF_ERROR, it != NULL ? it->line : cmd->line,
		    it != NULL ? it->col : cmd->col,
		    "found no entry, expected its name, its number or "
		    "[find ...] in /%s", d->path);
		res = -1;
	}
	if (res == -1)
		select_free(r);
	return res;
}

int
select_value(struct conf *c, const struct conf_menu_desc *d,
    const struct cmd *cmd, size_t at, struct select_result *r,
    struct conf_report *rep)
{
	struct selection s = { c, d, cmd, r, rep, 1 };
	const struct cmd_item *it = &cmd->items[at];
	int res;

	memset(r, 0, sizeof(*r));
	if (it->op == '[')
		res = select_find(&s, at + 1);
	else
		res = select_text(&s, it->value, it->vline, it->vcol);
	if (res == -1)
		select_free(r);
	return res;
}
