#include "lib/conf/object.h"

#include "lib/conf/cmd.h"
#include "lib/conf/select.h"
#include "lib/log.h"

#include <stdio.h>
#include <string.h>

struct parser {
	struct conf *conf;
	struct conf_report *rep;
	struct cmd cmd;
	struct cmd_path here;	/* the menu of the lines before */
	bool lost;		/* an unknown menu: what follows is skipped */
	/* of the command at hand */
	struct cmd_path path;
	const struct conf_menu_desc *menu;
	struct conf_obj *added;	/* by add */
};

static bool
stopped(const struct parser *p)
{
	return p->rep->errors > CONF_ERRORS_MAX;
}

static void
err_item(struct parser *p, const struct cmd_item *it, const char *text)
{
	conf_report(p->rep, CONF_ERROR, it->line, it->col, "%s", text);
}

/* The property of that name is one of RouterOS alone, or none at all. */
static void
unknown_prop(struct parser *p, const struct cmd_item *it)
{
	const struct conf_foreign *f = conf_foreign_find(p->menu, it->name);
	struct conf_suggest sug;
	const char *best;
	char name[64];
	unsigned i;

	if (f != NULL && f->moved == NULL) {
		conf_report(p->rep, CONF_WARNING, it->line, it->col,
		    "%s: a property of RouterOS that does not exist here; "
		    "ignored", it->name);
		return;
	}
	if (f != NULL) {
		conf_report(p->rep, CONF_ERROR, it->line, it->col,
		    "%s: not a property of /%s any more, it is in %s",
		    it->name, p->menu->path, f->moved);
		return;
	}
	conf_suggest_init(&sug, it->name);
	for (i = 0; i < p->menu->nprops; i++)
		if ((p->menu->props[i].flags & CONF_P_READONLY) == 0)
			conf_suggest_offer(&sug, p->menu->props[i].name);
	best = conf_suggest_best(&sug);
	log_escape(name, sizeof(name), it->name, strlen(it->name));
	conf_report(p->rep, CONF_ERROR, it->line, it->col,
	    "found \"%s\", expected a property of /%s%s%s%s", name,
	    p->menu->path, best != NULL ? "; did you mean \"" : "",
	    best != NULL ? best : "", best != NULL ? "\"?" : "");
}

/* Words of a list that nothing acts upon yet: the first of them. */
static const char *
dead_word(const struct conf_prop *pr, const struct conf_val *v)
{
	const struct conf_word *w;

	for (w = pr->words; w != NULL && w->name != NULL; w++) {
		if (w->live)
			continue;
		if (pr->type == CONF_T_ENUM ? v->u.num == w->num :
		    pr->type == CONF_T_BITS && (v->u.num & w->num) != 0)
			return w->name;
	}
	return NULL;
}

/* The value says what is the case with IKEv2 anyway. */
static bool
same_with_v2(const struct conf_prop *pr, const struct conf_val *v)
{
	const char *list = pr->v2_same;
	struct buf b;
	size_t len;
	bool same = false;

	buf_init(&b, CONF_TEXT_MAX);
	val_fmt(pr, v, &b);
	for (; *list != '\0' && !same; list += len + (list[len] == ' ')) {
		len = strcspn(list, " ");
		same = len == b.len && memcmp(list, b.data, len) == 0;
	}
	buf_free(&b);
	return same;
}

/*
 * What is not acted upon yet may only say what is the case anyway.  False:
 * it was refused.
 */
static bool
is_supported(struct parser *p, const struct cmd_item *it,
    const struct conf_prop *pr, const struct conf_obj *o,
    const struct conf_val *v)
{
	const struct conf_val *old = &o->val[pr - p->menu->props];
	const char *word;

	if ((pr->flags & CONF_P_LIVE) == 0 && !val_equal(pr, v, old)) {
		if (pr->flags & CONF_P_SECRET)
			conf_report(p->rep, CONF_ERROR, it->line, it->col,
			    "%s: not supported yet", pr->name);
		else
			conf_report(p->rep, CONF_ERROR, it->line, it->col,
			    "%s=%s: not supported yet", pr->name, it->value);
		return false;
	}
	if ((pr->flags & CONF_P_LIVE) && (word = dead_word(pr, v)) != NULL) {
		conf_report(p->rep, CONF_ERROR, it->vline, it->vcol,
		    "%s=%s: not supported yet", pr->name, word);
		return false;
	}
	if (pr->v2_instead != NULL && !same_with_v2(pr, v))
		conf_report(p->rep, CONF_WARNING, it->line, it->col,
		    "%s=%s has no effect: %s", pr->name, it->value,
		    pr->v2_instead);
	return true;
}

static bool
name_is_free(struct parser *p, const struct cmd_item *it, struct conf_obj *o,
    const char *name)
{
	struct conf_obj *other = conf_by_name(p->conf, o->menu, name);

	if (other == o)
		return true;
	if (o->flags & CONF_F_BUILTIN) {
		conf_report(p->rep, CONF_ERROR, it->vline, it->vcol,
		    "name: found \"%s\", expected \"%s\": the name of a "
		    "built-in entry cannot change", name, conf_name(o));
		return false;
	}
	if (other == NULL)
		return true;
	if (other->line == 0)
		conf_report(p->rep, CONF_ERROR, it->vline, it->vcol,
		    "name: \"%s\" is taken by a built-in entry", name);
	else
		conf_report(p->rep, CONF_ERROR, it->vline, it->vcol,
		    "name: \"%s\" is taken by the entry of line %u", name,
		    other->line);
	return false;
}

static void
store(struct parser *p, struct conf_obj *o, const struct conf_prop *pr,
    struct conf_val *v, const struct cmd_item *it)
{
	struct conf_val *slot = &o->val[pr - p->menu->props];
	bool is_name = pr->type == CONF_T_NAME;

	v->set = true;
	v->line = it->vline;
	v->col = it->vcol;
	if (is_name)
		obj_name_drop(p->conf, o);
	val_free(pr, slot);
	*slot = *v;
	if (is_name && obj_name_add(p->conf, o) == -1)
		err_item(p, it, "out of memory");
}

static void
set_prop(struct parser *p, struct conf_obj *o, const struct cmd_item *it)
{
	const struct conf_prop *pr = conf_prop_find(p->menu, it->name);
	struct conf_val v;
	struct val_err err;

	if (pr == NULL) {
		unknown_prop(p, it);
		return;
	}
	if (pr->flags & CONF_P_READONLY) {
		conf_report(p->rep, CONF_ERROR, it->line, it->col,
		    "%s: cannot be set, it is in listings only", pr->name);
		return;
	}
	if (it->op != '=') {
		conf_report(p->rep, CONF_ERROR, it->vline, it->vcol,
		    "%s: found \"%c\", expected %s", pr->name, it->op,
		    it->op == '~' ? "\"=\"" :
		    "a value; scripting is not supported");
		return;
	}
	memset(&v, 0, sizeof(v));
	if (val_parse(pr, &v, it->value, &err) == -1) {
		conf_report(p->rep, CONF_ERROR, it->vline,
		    it->vcol + (it->plain ? (unsigned)err.off : 0),
		    "%s: %s", pr->name, err.text);
		return;
	}
	if (!is_supported(p, it, pr, o, &v) || (pr->type == CONF_T_NAME &&
	    !name_is_free(p, it, o, v.u.str))) {
		val_free(pr, &v);
		return;
	}
	store(p, o, pr, &v, it);
}

static void
unset_prop(struct parser *p, struct conf_obj *o, const struct cmd_item *it)
{
	const struct conf_prop *pr = conf_prop_find(p->menu, it->name);

	if (pr == NULL)
		unknown_prop(p, it);
	else if (pr->type == CONF_T_NAME)
		err_item(p, it, "the name cannot be unset");
	else if ((o->flags & CONF_F_BUILTIN) == 0 ||
	    (pr->flags & CONF_P_LIVE))
		val_default(pr, &o->val[pr - p->menu->props]);
}

/* Whether the item is of the command itself, not a property. */
static bool
is_parameter(const struct parser *p, const struct cmd_item *it)
{
	return strcmp(it->name, "numbers") == 0 ||
	    (strcmp(it->name, "place-before") == 0 &&
	    (p->menu->flags & CONF_MF_ORDERED) != 0);
}

/* Whether a property was named before in the command. */
static bool
is_repeated(struct parser *p, size_t from, size_t at)
{
	const struct conf_prop *a, *b;
	size_t i;

	a = conf_prop_find(p->menu, p->cmd.items[at].name);
	for (i = from; a != NULL && i < at; i++) {
		if (p->cmd.items[i].kind != CMD_ARG &&
		    p->cmd.items[i].kind != CMD_UNSET)
			continue;
		b = conf_prop_find(p->menu, p->cmd.items[i].name);
		if (a == b)
			return true;
	}
	return false;
}

/* A word that is neither a property nor anything else. */
static void
stray_word(struct parser *p, size_t at)
{
	const struct cmd_item *it = &p->cmd.items[at], *before = it - 1;
	const struct conf_prop *pr;
	char name[96];

	pr = at > 0 && before->kind == CMD_ARG ?
	    conf_prop_find(p->menu, before->name) : NULL;
	if (pr != NULL && (pr->flags & CONF_P_SECRET)) {
		/* Perhaps the rest of it. */
		conf_report(p->rep, CONF_ERROR, it->line, it->col, "found a "
		    "word behind %s, expected property=value, or quotes "
		    "around a value with blanks", pr->name);
		return;
	}
	if (it->name != NULL)
		log_escape(name, sizeof(name), it->name, strlen(it->name));
	conf_report(p->rep, CONF_ERROR, it->line, it->col,
	    "found \"%s\", expected property=value", it->name != NULL ?
	    name : it->kind == CMD_OPEN ? "[" : "]");
}

/* Applies the properties from item `from` on. */
static void
set_props(struct parser *p, struct conf_obj *o, size_t from)
{
	const struct cmd_item *it;
	char text[160];
	size_t i;

	for (i = from; i < p->cmd.n && !stopped(p); i++) {
		it = &p->cmd.items[i];
		if (it->kind == CMD_OPEN && p->cmd.items[i - 1].op == '[') {
			i = select_skip(&p->cmd, i) - 1;
			continue;
		}
		if (it->kind == CMD_ARG && is_parameter(p, it))
			continue;
		if (it->kind != CMD_ARG && it->kind != CMD_UNSET)
			stray_word(p, i);
		else if (is_repeated(p, from, i)) {
			snprintf(text, sizeof(text),
			    "%.64s: given twice in one command", it->name);
			err_item(p, it, text);
		} else if (it->kind == CMD_ARG)
			set_prop(p, o, it);
		else
			unset_prop(p, o, it);
	}
}

/* Names that RouterOS makes up: peer1, peer2 ... */
static int
make_name(struct parser *p, struct conf_obj *o)
{
	const char *last = strrchr(p->menu->path, ' ');
	struct conf_val *v;
	char name[CONF_NAMELEN];
	unsigned n;
	int i = obj_name_index(o->menu);

	if (i == -1 || conf_name(o)[0] != '\0')
		return 0;
	for (n = 1;; n++) {
		snprintf(name, sizeof(name), "%.40s%u",
		    last != NULL ? last + 1 : p->menu->path, n);
		if (conf_by_name(p->conf, o->menu, name) == NULL)
			break;
	}
	v = &o->val[i];
	if ((v->u.str = strdup(name)) == NULL)
		return -1;
	v->n = 1;
	v->set = true;
	return obj_name_add(p->conf, o);
}

/* The entry that place-before= of an add names; *ok false: refused. */
static struct conf_obj *
place_before(struct parser *p, size_t verb, bool *ok)
{
	struct select_result r;
	struct conf_obj *o;
	size_t i;

	*ok = true;
	for (i = verb + 1; i < p->cmd.n; i++)
		if (p->cmd.items[i].kind == CMD_ARG &&
		    strcmp(p->cmd.items[i].name, "place-before") == 0)
			break;
	if (i == p->cmd.n || (p->menu->flags & CONF_MF_ORDERED) == 0)
		return NULL;
	if (select_value(p->conf, p->menu, &p->cmd, i, &r, p->rep) == -1) {
		*ok = false;
		return NULL;
	}
	o = r.n > 0 ? r.objs[0] : NULL;
	select_free(&r);
	return o;
}

static void
do_add(struct parser *p)
{
	const struct cmd_item *verb = &p->cmd.items[p->path.verb];
	struct conf_obj *o, *before;
	bool ok;

	p->added = NULL;
	if (p->menu->flags & CONF_MF_SINGLE) {
		err_item(p, verb, "found \"add\", expected \"set\": the menu "
		    "has one entry");
		return;
	}
	before = place_before(p, p->path.verb, &ok);
	if (!ok)
		return;
	if ((o = obj_new(p->conf, p->menu->menu)) == NULL) {
		err_item(p, verb, "out of memory");
		return;
	}
	o->line = verb->line;
	o->col = verb->col;
	set_props(p, o, p->path.verb + 1);
	if (make_name(p, o) == -1)
		err_item(p, verb, "out of memory");
	if (before != NULL)
		obj_move(p->conf, o, before);
	p->added = o;
}

/* As RouterOS calls it: server.p12_0. */
static int
name_after_file(struct conf_obj *o)
{
	const char *path = conf_str(o, CONF_CERTIFICATE_FILE_NAME);
	const char *base = strrchr(path, '/');
	struct conf_val *v = &o->val[CONF_CERTIFICATE_NAME];
	char name[CONF_NAMELEN];

	if (v->n > 0 || path[0] == '\0')
		return 0;
	snprintf(name, sizeof(name), "%.*s_0", CONF_NAMELEN - 3,
	    base != NULL ? base + 1 : path);
	if ((v->u.str = strdup(name)) == NULL)
		return -1;
	v->n = 1;
	v->set = true;
	return 0;
}

/* A file under a name: the same one again changes nothing. */
static void
do_import(struct parser *p)
{
	struct conf_obj *o, *other;

	do_add(p);
	if ((o = p->added) == NULL)
		return;
	if (name_after_file(o) == -1)
		err_item(p, &p->cmd.items[p->path.verb], "out of memory");
	CONF_FOREACH(p->conf, p->menu->menu, other)
		if (other != o && strcmp(conf_str(o, CONF_CERTIFICATE_NAME),
		    conf_str(other, CONF_CERTIFICATE_NAME)) == 0 &&
		    strcmp(conf_str(o, CONF_CERTIFICATE_FILE_NAME),
		    conf_str(other, CONF_CERTIFICATE_FILE_NAME)) == 0)
			break;
	if (other != NULL)
		obj_remove(p->conf, other);
}

static void
do_set(struct parser *p)
{
	struct select_result r;
	size_t i, from = p->path.verb + 1;

	if (p->menu->flags & CONF_MF_SINGLE) {
		set_props(p, conf_single(p->conf, p->menu->menu), from);
		return;
	}
	if (select_objects(p->conf, p->menu, &p->cmd, &from, &r, p->rep) ==
	    -1)
		return;
	for (i = 0; i < r.n; i++)
		set_props(p, r.objs[i], from);
	select_free(&r);
}

static void
do_remove(struct parser *p)
{
	const struct cmd_item *verb = &p->cmd.items[p->path.verb];
	struct select_result r;
	size_t i, from = p->path.verb + 1;

	if (select_objects(p->conf, p->menu, &p->cmd, &from, &r, p->rep) ==
	    -1)
		return;
	for (i = 0; i < r.n; i++) {
		if (r.objs[i]->flags & CONF_F_BUILTIN)
			err_item(p, verb, "a built-in entry cannot be "
			    "removed");
		else
			obj_remove(p->conf, r.objs[i]);
	}
	select_free(&r);
}

static void
do_able(struct parser *p)
{
	const struct cmd_item *verb = &p->cmd.items[p->path.verb];
	struct select_result r;
	size_t k, from = p->path.verb + 1;
	int i = obj_disabled_index(p->menu->menu);

	if (i == -1) {
		err_item(p, verb, "entries of this menu cannot be disabled");
		return;
	}
	if (select_objects(p->conf, p->menu, &p->cmd, &from, &r, p->rep) ==
	    -1)
		return;
	for (k = 0; k < r.n; k++) {
		r.objs[k]->val[i].u.num = strcmp(verb->name, "disable") == 0;
		r.objs[k]->val[i].set = true;
	}
	select_free(&r);
}

/* move WHAT DESTINATION: before the entry DESTINATION, or to the end. */
static void
do_move(struct parser *p)
{
	const struct cmd_item *verb = &p->cmd.items[p->path.verb];
	struct select_result what, dst;
	struct conf_obj *before = NULL;
	size_t i, from = p->path.verb + 1;

	if ((p->menu->flags & CONF_MF_ORDERED) == 0) {
		err_item(p, verb, "the order of this menu has no meaning");
		return;
	}
	if (select_objects(p->conf, p->menu, &p->cmd, &from, &what, p->rep) ==
	    -1)
		return;
	if (from < p->cmd.n) {
		if (p->cmd.items[from].kind == CMD_ARG ?
		    select_value(p->conf, p->menu, &p->cmd, from, &dst,
		    p->rep) == -1 : select_objects(p->conf, p->menu, &p->cmd,
		    &from, &dst, p->rep) == -1) {
			select_free(&what);
			return;
		}
		before = dst.n > 0 ? dst.objs[0] : NULL;
		select_free(&dst);
	}
	for (i = 0; i < what.n; i++)
		if (what.objs[i] != before)
			obj_move(p->conf, what.objs[i], before);
	select_free(&what);
}

static void
do_unset(struct parser *p)
{
	struct select_result r;
	size_t i, k, from = p->path.verb + 1;

	if (select_objects(p->conf, p->menu, &p->cmd, &from, &r, p->rep) ==
	    -1)
		return;
	for (i = 0; i < r.n; i++)
		for (k = from; k < p->cmd.n; k++)
			if (p->cmd.items[k].kind == CMD_WORD)
				unset_prop(p, r.objs[i], &p->cmd.items[k]);
	select_free(&r);
}

static const struct {
	const char *name;
	void (*run)(struct parser *);
} commands[] = {
	{ "add", do_add },
	{ "set", do_set },
	{ "remove", do_remove },
	{ "disable", do_able },
	{ "enable", do_able },
	{ "move", do_move },
	{ "unset", do_unset },
	{ "import", do_import },
};

static void
run_command(struct parser *p)
{
	const struct cmd_item *verb = &p->cmd.items[p->path.verb];
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, verb->name) == 0)
			break;
	if (i == sizeof(commands) / sizeof(commands[0]) ||
	    (p->menu->flags & CONF_MF_LISTING)) {
		conf_report(p->rep, CONF_ERROR, verb->line, verb->col,
		    "found \"%s\", which has no place in a configuration",
		    verb->name);
		return;
	}
	if ((p->menu->flags & CONF_MF_LIVE) == 0) {
		conf_report(p->rep, CONF_ERROR, verb->line, verb->col,
		    "/%s: not supported yet", p->menu->path);
		return;
	}
	if (((p->menu->flags & CONF_MF_IMPORT) != 0) !=
	    (commands[i].run == do_import)) {
		conf_report(p->rep, CONF_ERROR, verb->line, verb->col,
		    "found \"%s\", %s", verb->name,
		    commands[i].run == do_import ? "which is for /certificate "
		    "alone" : "expected \"import\"; certificates are made and "
		    "signed with sallyctl");
		return;
	}
	commands[i].run(p);
}

static void
path_name(const struct cmd_path *path, char *dst, size_t size)
{
	size_t i, at = 0;

	dst[0] = '\0';
	for (i = 0; i < path->nwords && at < size; i++)
		at += (size_t)snprintf(dst + at, size - at, "%s%s",
		    i == 0 ? "/" : " ", path->words[i]);
}

static void
run_line(struct parser *p)
{
	size_t bad = 0;
	char err[CMD_ERR_MAX], name[128];

	if (p->cmd.n == 0) {	/* "/" alone */
		memset(&p->here, 0, sizeof(p->here));
		p->lost = false;
		return;
	}
	if (p->lost && !p->cmd.absolute)
		return;
	p->lost = false;
	if (cmd_resolve(&p->cmd, &p->here, &p->path, &bad, err) == -1) {
		err_item(p, &p->cmd.items[bad], err);
		p->lost = p->cmd.items[bad].kind == CMD_WORD &&
		    p->path.menu == NULL;
		return;
	}
	if (p->path.foreign != NULL) {
		path_name(&p->path, name, sizeof(name));
		conf_report(p->rep, CONF_WARNING, p->cmd.line, p->cmd.col,
		    "%s: a menu of RouterOS that does not exist here; "
		    "ignored", name);
	}
	if (p->path.verb == p->cmd.n) {
		p->here = p->path;
		p->lost = p->path.foreign != NULL;
		return;
	}
	if (p->path.foreign != NULL)
		return;
	p->menu = p->path.menu;
	if (p->menu == NULL) {
		conf_report(p->rep, CONF_ERROR,
		    p->cmd.items[p->path.verb].line,
		    p->cmd.items[p->path.verb].col, "found \"%s\", expected "
		    "a menu before it, such as /ip ipsec peer",
		    cmd_verb(&p->cmd, &p->path));
		return;
	}
	run_command(p);
}

void
conf_parse(struct conf *conf, const void *text, size_t len,
    struct conf_report *rep)
{
	struct parser p;
	struct cmd_lexer lex;
	int r;

	memset(&p, 0, sizeof(p));
	p.conf = conf;
	p.rep = rep;
	cmd_lexer_init(&lex, text, len);
	while ((r = cmd_next(&lex, &p.cmd)) != 0 && !stopped(&p)) {
		if (r == -1)
			conf_report(rep, CONF_ERROR, lex.err_line,
			    lex.err_col, "%s", lex.err);
		else
			run_line(&p);
	}
	cmd_free(&p.cmd);
}
