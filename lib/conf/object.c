#include "lib/conf/object.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct conf_prop *
obj_prop(const struct conf_obj *o, unsigned prop)
{
	const struct conf_menu_desc *d = conf_menu_desc(o->menu);

	return prop < d->nprops ? &d->props[prop] : NULL;
}

struct conf_val *
obj_val(const struct conf_obj *o, unsigned prop)
{
	return obj_prop(o, prop) != NULL ? &o->val[prop] : NULL;
}

static int
index_of(enum conf_menu m, enum conf_type t, const char *name)
{
	const struct conf_menu_desc *d = conf_menu_desc(m);
	unsigned i;

	for (i = 0; i < d->nprops; i++)
		if (d->props[i].type == t &&
		    (name == NULL || strcmp(d->props[i].name, name) == 0))
			return (int)i;
	return -1;
}

int
obj_name_index(enum conf_menu m)
{
	return index_of(m, CONF_T_NAME, NULL);
}

int
obj_disabled_index(enum conf_menu m)
{
	return index_of(m, CONF_T_BOOL, "disabled");
}

static uint64_t
name_key(enum conf_menu m, const char *name)
{
	return hash_bytes(name, strlen(name), (uint64_t)m + 1);
}

int
obj_name_add(struct conf *c, struct conf_obj *o)
{
	const char *name = conf_name(o);
	uint64_t key;

	o->name_next = NULL;
	if (name[0] == '\0')
		return 0;
	key = name_key(o->menu, name);
	o->name_next = hash_get(&c->names, key);
	if (hash_set(&c->names, key, o) == -1) {
		o->name_next = NULL;
		return -1;
	}
	return 0;
}

void
obj_name_drop(struct conf *c, struct conf_obj *o)
{
	const char *name = conf_name(o);
	struct conf_obj *at;
	uint64_t key;

	if (name[0] == '\0')
		return;
	key = name_key(o->menu, name);
	at = hash_get(&c->names, key);
	if (at == o) {
		if (o->name_next == NULL)
			hash_del(&c->names, key);
		else
			(void)hash_set(&c->names, key, o->name_next);
		return;
	}
	for (; at != NULL; at = at->name_next)
		if (at->name_next == o) {
			at->name_next = o->name_next;
			return;
		}
}

static void
list_append(struct conf_list *l, struct conf_obj *o)
{
	o->prev = l->last;
	o->next = NULL;
	if (l->last != NULL)
		l->last->next = o;
	else
		l->first = o;
	l->last = o;
	l->n++;
}

static void
list_remove(struct conf_list *l, struct conf_obj *o)
{
	if (o->prev != NULL)
		o->prev->next = o->next;
	else
		l->first = o->next;
	if (o->next != NULL)
		o->next->prev = o->prev;
	else
		l->last = o->prev;
	o->next = o->prev = NULL;
	l->n--;
}

static void
obj_free(struct conf_obj *o)
{
	const struct conf_menu_desc *d = conf_menu_desc(o->menu);
	unsigned i;

	for (i = 0; o->val != NULL && i < d->nprops; i++)
		val_free(&d->props[i], &o->val[i]);
	free(o->val);
	free(o->reason);
	free(o);
}

struct conf_obj *
obj_new(struct conf *c, enum conf_menu m)
{
	const struct conf_menu_desc *d = conf_menu_desc(m);
	struct conf_obj *o;
	unsigned i;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	o->menu = m;
	if ((o->val = calloc(d->nprops + 1, sizeof(*o->val))) == NULL ||
	    hash_set(&c->ids, c->next_id, o) == -1) {
		obj_free(o);
		return NULL;
	}
	o->id = c->next_id++;
	for (i = 0; i < d->nprops; i++)
		val_default(&d->props[i], &o->val[i]);
	list_append(&c->menu[m], o);
	return o;
}

void
obj_remove(struct conf *c, struct conf_obj *o)
{
	obj_name_drop(c, o);
	hash_del(&c->ids, o->id);
	list_remove(&c->menu[o->menu], o);
	obj_free(o);
}

void
obj_move(struct conf *c, struct conf_obj *o, struct conf_obj *before)
{
	struct conf_list *l = &c->menu[o->menu];

	if (before == o)
		return;
	list_remove(l, o);
	if (before == NULL) {
		list_append(l, o);
		return;
	}
	o->next = before;
	o->prev = before->prev;
	if (before->prev != NULL)
		before->prev->next = o;
	else
		l->first = o;
	before->prev = o;
	l->n++;
}

void
obj_invalid(struct conf_obj *o, const char *fmt, ...)
{
	va_list ap;

	o->flags |= CONF_F_INVALID;
	free(o->reason);
	o->reason = NULL;
	va_start(ap, fmt);
	if (vasprintf(&o->reason, fmt, ap) == -1)
		o->reason = NULL;
	va_end(ap);
}

struct conf *
conf_new(void)
{
	struct conf *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	hash_init(&c->names, 0);
	hash_init(&c->ids, 0);
	c->next_id = 1;
	return c;
}

void
conf_free(struct conf *c)
{
	struct conf_obj *o;
	int m;

	if (c == NULL)
		return;
	for (m = 0; m < CONF_MENUS; m++)
		while ((o = c->menu[m].first) != NULL) {
			list_remove(&c->menu[m], o);
			obj_free(o);
		}
	hash_free(&c->names);
	hash_free(&c->ids);
	free(c);
}

/* What exists before the first line of a script. */
static const struct {
	enum conf_menu menu;
	const char *values[9];	/* name, value, ... */
} builtins[] = {
	{ CONF_SETTINGS, { NULL } },
	{ CONF_PROFILE, { "name", "default" } },
	{ CONF_PROPOSAL, { "name", "default" } },
	{ CONF_GROUP, { "name", "default" } },
	{ CONF_MODE_CONFIG, { "name", "request-only", "responder", "no" } },
	{ CONF_POLICY, { "template", "yes", "src-address", "::/0",
	    "dst-address", "::/0" } },
	{ CONF_CERTIFICATE_SETTINGS, { NULL } },
	{ CONF_DNS, { NULL } },
	{ CONF_LOGGING_ACTION, { "name", "memory" } },
	{ CONF_LOGGING, { "topics", "info" } },
	{ CONF_LOGGING, { "topics", "warning" } },
	{ CONF_LOGGING, { "topics", "error" } },
};

int
conf_add_builtins(struct conf *c)
{
	const struct conf_menu_desc *d;
	const struct conf_prop *p;
	const char *const *v;
	struct conf_obj *o;
	struct val_err err;
	size_t i;

	for (i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		d = conf_menu_desc(builtins[i].menu);
		if ((o = obj_new(c, d->menu)) == NULL)
			return -1;
		o->flags |= CONF_F_BUILTIN;
		for (v = builtins[i].values; *v != NULL; v += 2) {
			if ((p = conf_prop_find(d, v[0])) == NULL)
				return -1;
			val_free(p, &o->val[p - d->props]);
			if (val_parse(p, &o->val[p - d->props], v[1], &err) ==
			    -1)
				return -1;
		}
		if (obj_name_add(c, o) == -1)
			return -1;
	}
	return 0;
}

void
obj_set_flags(struct conf_obj *o)
{
	int i = obj_disabled_index(o->menu);

	o->flags &= ~(uint32_t)(CONF_F_DISABLED | CONF_F_TEMPLATE);
	if (i != -1 && o->val[i].u.num != 0)
		o->flags |= CONF_F_DISABLED;
	if (o->menu == CONF_POLICY && conf_bool(o, CONF_POLICY_TEMPLATE))
		o->flags |= CONF_F_TEMPLATE;
}

void
conf_resolve(struct conf *c)
{
	const struct conf_menu_desc *d;
	struct conf_obj *o, *to;
	struct conf_val *v;
	unsigned i;
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		for (i = 0; i < d->nprops; i++) {
			if (d->props[i].type != CONF_T_REF)
				continue;
			CONF_FOREACH(c, m, o) {
				v = &o->val[i];
				if (v->n == 0)
					continue;
				to = conf_by_name(c, d->props[i].ref,
				    v->u.ref.name);
				v->u.ref.id = to != NULL ? to->id : 0;
			}
		}
	}
}

void
conf_wipe_secrets(struct conf *c)
{
	const struct conf_menu_desc *d;
	struct conf_obj *o;
	unsigned i;
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		for (i = 0; i < d->nprops; i++) {
			if (d->props[i].type != CONF_T_SECRET)
				continue;
			CONF_FOREACH(c, m, o)
				val_free(&d->props[i], &o->val[i]);
		}
	}
}

void
conf_set_resolved(struct conf_obj *o, const struct addr *a)
{
	struct conf_val *v;

	if (o->menu != CONF_PEER)
		return;
	v = &o->val[CONF_PEER_ADDRESS];
	if (v->u.host.name == NULL)
		return;
	v->n = a != NULL && a->family != AF_UNSPEC;
	memset(&v->u.host.pfx, 0, sizeof(v->u.host.pfx));
	if (v->n == 1) {
		v->u.host.pfx.addr = *a;
		v->u.host.pfx.bits = addr_bits(a);
	}
}

bool
conf_obj_equal(const struct conf_obj *a, const struct conf_obj *b)
{
	const struct conf_menu_desc *d = conf_menu_desc(a->menu);
	unsigned i;

	if (a->menu != b->menu || a->flags != b->flags)
		return false;
	for (i = 0; i < d->nprops; i++)
		if (!val_equal(&d->props[i], &a->val[i], &b->val[i]))
			return false;
	return true;
}

bool
conf_equal(const struct conf *a, const struct conf *b)
{
	const struct conf_obj *x, *y;
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		y = b->menu[m].first;
		for (x = a->menu[m].first; x != NULL; x = x->next) {
			if (y == NULL || !conf_obj_equal(x, y))
				return false;
			y = y->next;
		}
		if (y != NULL)
			return false;
	}
	return true;
}

void
conf_set_dns(struct conf *c, const struct addr *a, size_t n)
{
	struct conf_obj *o = conf_single(c, CONF_DNS);
	const struct conf_prop *p = obj_prop(o, CONF_DNS_SERVERS);
	struct conf_val *v = &o->val[CONF_DNS_SERVERS];
	char text[ADDR_STRLEN];

	if (v->set)
		return;
	val_free(p, v);
	if (n > CONF_LIST_MAX)
		n = CONF_LIST_MAX;
	if (n == 0 || (v->u.strs = calloc(n, sizeof(*v->u.strs))) == NULL)
		return;
	for (; v->n < n; v->n++) {
		addr_fmt(&a[v->n], text, sizeof(text));
		if ((v->u.strs[v->n] = strdup(text)) == NULL)
			return;
	}
}
