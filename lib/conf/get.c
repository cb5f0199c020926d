#include "lib/conf/object.h"

#include <string.h>

struct conf_obj *
conf_first(const struct conf *c, enum conf_menu m)
{
	return c->menu[m].first;
}

size_t
conf_count(const struct conf *c, enum conf_menu m)
{
	return c->menu[m].n;
}

struct conf_obj *
conf_by_id(const struct conf *c, uint32_t id)
{
	return id == 0 ? NULL : hash_get(&c->ids, id);
}

struct conf_obj *
conf_by_name(const struct conf *c, enum conf_menu m, const char *name)
{
	struct conf_obj *o;

	o = hash_get(&c->names, hash_bytes(name, strlen(name),
	    (uint64_t)m + 1));
	while (o != NULL && (o->menu != m || strcmp(conf_name(o), name) != 0))
		o = o->name_next;
	return o;
}

struct conf_obj *
conf_single(const struct conf *c, enum conf_menu m)
{
	return c->menu[m].first;
}

bool
conf_usable(const struct conf *c, const struct conf_obj *o)
{
	const struct conf_menu_desc *d = conf_menu_desc(o->menu);
	const struct conf_obj *to;
	unsigned i;

	if (o->flags & (CONF_F_DISABLED | CONF_F_INVALID))
		return false;
	for (i = 0; i < d->nprops; i++) {
		if (d->props[i].type != CONF_T_REF || o->val[i].n == 0)
			continue;
		to = conf_by_id(c, o->val[i].u.ref.id);
		if (to != NULL &&
		    (to->flags & (CONF_F_DISABLED | CONF_F_INVALID)))
			return false;
	}
	return true;
}

/* The value when the property is of type t, else NULL. */
static const struct conf_val *
typed(const struct conf_obj *o, unsigned prop, enum conf_type t)
{
	const struct conf_prop *p = obj_prop(o, prop);

	return p != NULL && p->type == t ? &o->val[prop] : NULL;
}

bool
conf_is_set(const struct conf_obj *o, unsigned prop)
{
	const struct conf_val *v = obj_val(o, prop);

	return v != NULL && v->set;
}

const char *
conf_name(const struct conf_obj *o)
{
	int i = obj_name_index(o->menu);

	return i == -1 ? "" : conf_str(o, (unsigned)i);
}

const char *
conf_str(const struct conf_obj *o, unsigned prop)
{
	const struct conf_prop *p = obj_prop(o, prop);
	const struct conf_word *w;
	const char *s = NULL;

	if (p == NULL)
		return "";
	switch (p->type) {
	case CONF_T_STR:
	case CONF_T_NAME:
		s = o->val[prop].u.str;
		break;
	case CONF_T_HOST:
		s = o->val[prop].u.host.name;
		break;
	case CONF_T_REF:
		s = o->val[prop].u.ref.name;
		break;
	case CONF_T_ENUM:
		if ((w = val_word(p, o->val[prop].u.num)) != NULL)
			s = w->name;
		break;
	default:
		break;
	}
	return s != NULL ? s : "";
}

int64_t
conf_num(const struct conf_obj *o, unsigned prop)
{
	const struct conf_prop *p = obj_prop(o, prop);

	if (p == NULL)
		return 0;
	switch (p->type) {
	case CONF_T_BOOL:
	case CONF_T_NUM:
	case CONF_T_TIME:
	case CONF_T_ENUM:
	case CONF_T_BITS:
	case CONF_T_PROTO:
		return o->val[prop].u.num;
	default:
		return 0;
	}
}

bool
conf_bool(const struct conf_obj *o, unsigned prop)
{
	return conf_num(o, prop) != 0;
}

const struct addr *
conf_addr(const struct conf_obj *o, unsigned prop)
{
	static const struct addr none;
	const struct conf_val *v = typed(o, prop, CONF_T_ADDR);

	return v != NULL ? &v->u.addr : &none;
}

const struct prefix *
conf_prefix(const struct conf_obj *o, unsigned prop)
{
	const struct conf_val *v = typed(o, prop, CONF_T_HOST);

	if (v != NULL)
		return v->n > 0 ? &v->u.host.pfx : NULL;
	if ((v = typed(o, prop, CONF_T_PREFIX)) == NULL)
		v = typed(o, prop, CONF_T_PREFIXES);
	return v != NULL && v->n > 0 ? v->u.pfx : NULL;
}

const struct prefix *
conf_prefixes(const struct conf_obj *o, unsigned prop, size_t *n)
{
	const struct conf_val *v = typed(o, prop, CONF_T_PREFIXES);

	*n = v != NULL ? v->n : 0;
	return *n > 0 ? v->u.pfx : NULL;
}

const struct alg *const *
conf_algs(const struct conf_obj *o, unsigned prop, size_t *n)
{
	const struct conf_val *v = typed(o, prop, CONF_T_ALGS);

	*n = v != NULL ? v->n : 0;
	return *n > 0 ? v->u.algs : NULL;
}

const char *const *
conf_strs(const struct conf_obj *o, unsigned prop, size_t *n)
{
	const struct conf_val *v = typed(o, prop, CONF_T_STRS);

	*n = v != NULL ? v->n : 0;
	return *n > 0 ? (const char *const *)v->u.strs : NULL;
}

uint32_t
conf_ref_id(const struct conf_obj *o, unsigned prop)
{
	const struct conf_val *v = typed(o, prop, CONF_T_REF);

	return v != NULL && v->n > 0 ? v->u.ref.id : 0;
}

struct conf_obj *
conf_ref(const struct conf *c, const struct conf_obj *o, unsigned prop)
{
	return conf_by_id(c, conf_ref_id(o, prop));
}

const struct ikeid *
conf_id(const struct conf_obj *o, unsigned prop)
{
	static const struct ikeid open = { .type = IKEID_AUTO };
	const struct conf_val *v = typed(o, prop, CONF_T_ID);

	return v != NULL && v->u.id != NULL ? v->u.id : &open;
}

const struct secret *
conf_secret(const struct conf_obj *o, unsigned prop)
{
	static const struct secret none;
	const struct conf_val *v = typed(o, prop, CONF_T_SECRET);

	return v != NULL ? &v->u.sec : &none;
}
