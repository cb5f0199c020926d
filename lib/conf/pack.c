#include "lib/conf/object.h"

#include <string.h>

/*
 * An object between processes: menu, number, flags, reason, then each
 * property that the process is sent, as its index and value, 0xff at the
 * end.
 */

#define PACK_END	0xff

bool
conf_sends(const struct conf_obj *o, enum proc_id proc)
{
	return (conf_menu_procs(conf_menu_desc(o->menu)) & PROC_BIT(proc)) !=
	    0;
}

size_t
conf_sends_count(const struct conf *c, enum proc_id proc)
{
	size_t n = 0;
	int m;

	for (m = 0; m < CONF_MENUS; m++)
		if (conf_menu_procs(conf_menu_desc(m)) & PROC_BIT(proc))
			n += conf_count(c, m);
	return n;
}

void
conf_pack(struct buf *b, const struct conf_obj *o, enum proc_id proc)
{
	const struct conf_menu_desc *d = conf_menu_desc(o->menu);
	unsigned i;

	buf_u8(b, (uint8_t)o->menu);
	buf_u32(b, o->id);
	buf_u8(b, (uint8_t)o->flags);
	buf_u32(b, o->line);
	buf_str(b, o->reason != NULL ? o->reason : "");
	for (i = 0; i < d->nprops; i++) {
		if ((d->props[i].procs & PROC_BIT(proc)) == 0)
			continue;
		buf_u8(b, (uint8_t)i);
		val_pack(&d->props[i], &o->val[i], b);
	}
	buf_u8(b, PACK_END);
}

/* A received object keeps the number it has. */
static int
give_id(struct conf *c, struct conf_obj *o, uint32_t id)
{
	if (id == 0 || (id != o->id && conf_by_id(c, id) != NULL))
		return -1;
	hash_del(&c->ids, o->id);
	o->id = id;
	if (hash_set(&c->ids, id, o) == -1)
		return -1;
	/* Never to be given out again. */
	if (id >= c->next_id)
		c->next_id = id + 1;
	return c->next_id == 0 ? -1 : 0;
}

static int
unpack_props(struct conf_obj *o, struct cur *c, const char **why)
{
	const struct conf_menu_desc *d = conf_menu_desc(o->menu);
	unsigned last = 0, i;
	uint8_t prop;
	bool first = true;

	for (i = 0; i < d->nprops; i++)
		val_free(&d->props[i], &o->val[i]);
	for (;;) {
		if (cur_u8(c, &prop) == -1) {
			*why = "object without an end";
			return -1;
		}
		if (prop == PACK_END)
			return 0;
		if (prop >= d->nprops || (!first && prop <= last)) {
			*why = "object with an unknown property";
			return -1;
		}
		first = false;
		last = prop;
		if (val_unpack(&d->props[prop], &o->val[prop], c) == -1) {
			*why = "malformed value of a property";
			return -1;
		}
	}
}

int
conf_unpack(struct conf *conf, struct cur *c, const char **why)
{
	struct conf_obj *o;
	char reason[1024];
	uint8_t menu, flags;
	uint32_t id, line;

	*why = "malformed object";
	if (cur_u8(c, &menu) == -1 || menu >= CONF_MENUS ||
	    cur_u32(c, &id) == -1 || cur_u8(c, &flags) == -1 ||
	    cur_u32(c, &line) == -1 ||
	    cur_str(c, reason, sizeof(reason)) == -1)
		return -1;
	if ((o = obj_new(conf, menu)) == NULL) {
		*why = "out of memory";
		return -1;
	}
	o->flags = flags;
	o->line = line;
	if (give_id(conf, o, id) == -1) {
		*why = "object number given twice";
		return -1;
	}
	if (unpack_props(o, c, why) == -1)
		return -1;
	if (cur_end(c) == -1) {
		*why = "bytes behind an object";
		return -1;
	}
	if (reason[0] != '\0' && (o->reason = strdup(reason)) == NULL) {
		*why = "out of memory";
		return -1;
	}
	return 0;
}

int
conf_complete(struct conf *c, const char **why)
{
	const struct conf_menu_desc *d;
	struct conf_obj *o, *to;
	unsigned i;
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		CONF_FOREACH(c, m, o) {
			if (obj_name_add(c, o) == -1) {
				*why = "out of memory";
				return -1;
			}
			for (i = 0; i < d->nprops; i++) {
				to = conf_ref(c, o, i);
				if (to != NULL &&
				    to->menu != d->props[i].ref) {
					*why = "reference into another menu";
					return -1;
				}
			}
		}
	}
	return 0;
}
