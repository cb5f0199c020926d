#include "lib/conf/check.h"

#include "lib/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
check_at(struct conf_report *rep, enum conf_severity level,
    const struct conf_obj *o, int prop, const char *fmt, ...)
{
	const struct conf_val *v = prop >= 0 ? &o->val[prop] : NULL;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (v != NULL && v->line != 0)
		conf_report(rep, level, v->line, v->col, "%s: %s",
		    obj_prop(o, (unsigned)prop)->name, text);
	else
		conf_report(rep, level, o->line, o->col, "%s%s%s",
		    prop >= 0 ? obj_prop(o, (unsigned)prop)->name : "",
		    prop >= 0 ? ": " : "", text);
}

const struct conf_obj *
seen_before(struct seen *s, struct conf_obj *o)
{
	struct buf mine, theirs;
	struct conf_obj *other;
	uint64_t key;
	bool same = false;

	buf_init(&mine, CONF_OBJECT_MAX);
	buf_init(&theirs, CONF_OBJECT_MAX);
	s->text(o, &mine);
	key = hash_bytes(mine.data, mine.len, 0);
	if ((other = hash_get(&s->h, key)) != NULL) {
		s->text(other, &theirs);
		same = mine.len == theirs.len &&
		    memcmp(mine.data, theirs.data, mine.len) == 0;
	} else
		(void)hash_set(&s->h, key, o);
	buf_free(&mine);
	buf_free(&theirs);
	return same ? other : NULL;
}

static void
check_ref(struct conf *c, const struct conf_obj *o, unsigned prop,
    struct conf_report *rep)
{
	const struct conf_prop *p = obj_prop(o, prop);
	const struct conf_val *v = &o->val[prop];
	const struct conf_obj *other;
	struct conf_suggest sug;
	const char *best;

	if (v->n == 0 || v->u.ref.id != 0 || (p->flags & CONF_P_LIVE) == 0)
		return;
	conf_suggest_init(&sug, v->u.ref.name);
	CONF_FOREACH(c, p->ref, other)
		conf_suggest_offer(&sug, conf_name(other));
	best = conf_suggest_best(&sug);
	check_error(rep, o, (int)prop, "found \"%s\", expected the name of an "
	    "entry in /%s%s%s%s", v->u.ref.name,
	    conf_menu_desc(p->ref)->path,
	    best != NULL ? "; did you mean \"" : "",
	    best != NULL ? best : "", best != NULL ? "\"?" : "");
}

static void
check_refs(struct conf *c, struct conf_report *rep)
{
	const struct conf_menu_desc *d;
	const struct conf_obj *o;
	unsigned i;
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		CONF_FOREACH(c, m, o)
			for (i = 0; i < d->nprops; i++)
				if (d->props[i].type == CONF_T_REF)
					check_ref(c, o, i, rep);
	}
}

/* IPv6, UDP, marker, IKE and SKF headers, IV and the longest ICV take 152
 * bytes; what is left should be worth it. */
#define FRAGMENT_SIZE_MIN	256

static void
check_settings(struct conf *c, struct conf_report *rep)
{
	const struct conf_obj *o = conf_single(c, CONF_SETTINGS);
	int64_t size;

	if (conf_num(o, CONF_SETTINGS_IKE_PORT) ==
	    conf_num(o, CONF_SETTINGS_NATT_PORT))
		check_error(rep, o, CONF_SETTINGS_NATT_PORT,
		    "is the same as ike-port, expected another port");
	size = conf_num(o, CONF_SETTINGS_FRAGMENT_SIZE);
	if (size > 0 && size < FRAGMENT_SIZE_MIN)
		check_error(rep, o, CONF_SETTINGS_FRAGMENT_SIZE,
		    "is too small for the headers, expected 0 or %d and more",
		    FRAGMENT_SIZE_MIN);
}

void
check_logging(struct conf *c, struct conf_report *rep)
{
	const struct conf_obj *o;
	const char *const *t, *name;
	size_t i, n;

	CONF_FOREACH(c, CONF_LOGGING, o) {
		t = conf_strs(o, CONF_LOGGING_TOPICS, &n);
		for (i = 0; i < n; i++) {
			name = t[i] + (t[i][0] == '!');
			if (log_topic_by_name(name) == 0)
				check_warn(rep, o, CONF_LOGGING_TOPICS,
				    "nothing here has the topic \"%s\"", name);
		}
	}
}

void
conf_check(struct conf *c, struct conf_report *rep)
{
	struct conf_obj *o;
	unsigned errors;
	int m;

	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(c, m, o)
			obj_set_flags(o);
	conf_resolve(c);
	check_refs(c, rep);
	check_settings(c, rep);
	check_algs(c, rep);
	check_pools(c, rep);
	check_mode_configs(c, rep);
	check_peers(c, rep);
	errors = rep->errors;
	check_certificates(c, rep);
	if (rep->errors > errors)	/* the rest looks at what these are */
		return;
	check_identities(c, rep);
	check_policies(c, rep);
	check_logging(c, rep);
	conf_resolve(c);
}
