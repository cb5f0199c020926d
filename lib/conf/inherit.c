#include "lib/conf/object.h"

#include <string.h>

/* By what an entry without a name is known again. */
static const struct {
	enum conf_menu menu;
	unsigned n;
	unsigned props[6];
} keys[] = {
	{ CONF_IDENTITY, 3, { CONF_IDENTITY_PEER, CONF_IDENTITY_REMOTE_ID,
	    CONF_IDENTITY_REMOTE_CERTIFICATE } },
	{ CONF_CERTIFICATE, 2, { CONF_CERTIFICATE_NAME,
	    CONF_CERTIFICATE_FILE_NAME } },
	{ CONF_POLICY, 6, { CONF_POLICY_PEER, CONF_POLICY_SRC_ADDRESS,
	    CONF_POLICY_DST_ADDRESS, CONF_POLICY_PROTOCOL,
	    CONF_POLICY_SRC_PORT, CONF_POLICY_DST_PORT } },
	{ CONF_LOGGING, 2, { CONF_LOGGING_TOPICS, CONF_LOGGING_ACTION_REF } },
};

/*
 * A template by its place in its group, whatever it holds: who is online by
 * it stays so while it allows what he has.
 */
static const unsigned template_key[] = { CONF_POLICY_TEMPLATE,
	CONF_POLICY_GROUP };

static void
key_props(const struct conf_obj *o, const unsigned *props, unsigned n,
    struct buf *b)
{
	unsigned k;

	for (k = 0; k < n; k++) {
		buf_u8(b, 0);
		val_fmt(obj_prop(o, props[k]), &o->val[props[k]], b);
	}
}

static void
key_text(const struct conf_obj *o, struct buf *b)
{
	size_t i;

	buf_u8(b, (uint8_t)o->menu);
	val_buf_text(b, conf_name(o));
	if (o->menu == CONF_POLICY && conf_bool(o, CONF_POLICY_TEMPLATE)) {
		key_props(o, template_key, sizeof(template_key) /
		    sizeof(template_key[0]), b);
		return;
	}
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].menu == o->menu)
			key_props(o, keys[i].props, keys[i].n, b);
}

static uint64_t
key_hash(const struct conf_obj *o)
{
	struct buf b;
	uint64_t h;

	buf_init(&b, CONF_OBJECT_MAX);
	key_text(o, &b);
	h = hash_bytes(b.data, b.len, 0);
	buf_free(&b);
	return h;
}

static bool
same_key(const struct conf_obj *a, const struct conf_obj *b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, CONF_OBJECT_MAX);
	buf_init(&y, CONF_OBJECT_MAX);
	key_text(a, &x);
	key_text(b, &y);
	same = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	buf_free(&x);
	buf_free(&y);
	return same;
}

/* Entries of the same key take turns: the first of old goes to the first. */
struct known {
	struct hash n;		/* how many of a key, as a pointer */
	struct hash by_turn;	/* the entries, by key and turn */
};

static uintptr_t
count(const struct hash *n, uint64_t h)
{
	return (uintptr_t)hash_get(n, h);
}

static void
known_make(struct known *k, const struct conf *c)
{
	struct conf_obj *o;
	uintptr_t turn;
	uint64_t h;
	int m;

	hash_init(&k->n, 0);
	hash_init(&k->by_turn, 0);
	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(c, m, o) {
			h = key_hash(o);
			turn = count(&k->n, h) + 1;
			(void)hash_set(&k->n, h, (void *)turn);
			(void)hash_set(&k->by_turn, hash_mix(h, turn), o);
		}
}

static void
known_free(struct known *k)
{
	hash_free(&k->n);
	hash_free(&k->by_turn);
}

/*
 * Identities that only their secrets tell apart: when there is one more or
 * less, nobody knows which one, for the secrets of the old ones are wiped.
 * All are new then, so that nobody stays who was taken out.
 */
static uint32_t
old_id(const struct known *old, const struct known *new,
    const struct conf_obj *o, uintptr_t turn)
{
	const struct conf_obj *was;
	uint64_t h = key_hash(o);

	if (o->menu == CONF_IDENTITY &&
	    count(&old->n, h) != count(&new->n, h))
		return 0;
	was = hash_get(&old->by_turn, hash_mix(h, turn));
	return was != NULL && same_key(was, o) ? was->id : 0;
}

void
conf_inherit_ids(struct conf *c, const struct conf *old)
{
	struct known was, is;
	struct conf_obj *o;
	struct hash turns;
	uint32_t next = old->next_id;
	uintptr_t turn;
	uint64_t h;
	int m;

	known_make(&was, old);
	known_make(&is, c);
	hash_init(&turns, 0);
	hash_free(&c->ids);
	hash_init(&c->ids, 0);
	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(c, m, o) {
			h = key_hash(o);
			turn = count(&turns, h) + 1;
			(void)hash_set(&turns, h, (void *)turn);
			if ((o->id = old_id(&was, &is, o, turn)) == 0)
				o->id = next++;
			(void)hash_set(&c->ids, o->id, o);
		}
	c->next_id = next;
	hash_free(&turns);
	known_free(&was);
	known_free(&is);
	conf_resolve(c);
}
