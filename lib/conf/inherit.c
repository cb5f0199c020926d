#include "lib/conf/object.h"

#include <string.h>

/* By what an entry without a name is known again. */
static const struct {
	enum conf_menu menu;
	unsigned n;
	unsigned props[7];
} keys[] = {
	{ CONF_IDENTITY, 3, { CONF_IDENTITY_PEER, CONF_IDENTITY_REMOTE_ID,
	    CONF_IDENTITY_REMOTE_CERTIFICATE } },
	{ CONF_CERTIFICATE, 2, { CONF_CERTIFICATE_NAME,
	    CONF_CERTIFICATE_FILE_NAME } },
	{ CONF_POLICY, 7, { CONF_POLICY_PEER, CONF_POLICY_SRC_ADDRESS,
	    CONF_POLICY_DST_ADDRESS, CONF_POLICY_PROTOCOL,
	    CONF_POLICY_SRC_PORT, CONF_POLICY_DST_PORT,
	    CONF_POLICY_TEMPLATE } },
	{ CONF_LOGGING, 2, { CONF_LOGGING_TOPICS, CONF_LOGGING_ACTION_REF } },
};

static void
key_text(const struct conf_obj *o, struct buf *b)
{
	size_t i;
	unsigned k;

	buf_u8(b, (uint8_t)o->menu);
	val_buf_text(b, conf_name(o));
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (k = 0; keys[i].menu == o->menu && k < keys[i].n; k++) {
			buf_u8(b, 0);
			val_fmt(obj_prop(o, keys[i].props[k]),
			    &o->val[keys[i].props[k]], b);
		}
}

static bool
same_key(const struct conf_obj *o, const struct buf *key)
{
	struct buf b;
	bool same;

	buf_init(&b, CONF_OBJECT_MAX);
	key_text(o, &b);
	same = b.len == key->len && memcmp(b.data, key->data, b.len) == 0;
	buf_free(&b);
	return same;
}

/* Entries of the same key take turns: the first of old goes to the first. */
static uint32_t
take_old_id(struct hash *old, const struct conf_obj *o)
{
	struct conf_obj *was;
	struct buf key;
	uint64_t h;
	uint32_t id = 0;

	buf_init(&key, CONF_OBJECT_MAX);
	key_text(o, &key);
	h = hash_bytes(key.data, key.len, 0);
	if ((was = hash_get(old, h)) != NULL && same_key(was, &key)) {
		id = was->id;
		hash_del(old, h);
	}
	buf_free(&key);
	return id;
}

static void
note_old(struct hash *old, struct conf_obj *o)
{
	struct buf key;
	uint64_t h;

	buf_init(&key, CONF_OBJECT_MAX);
	key_text(o, &key);
	h = hash_bytes(key.data, key.len, 0);
	if (hash_get(old, h) == NULL)
		(void)hash_set(old, h, o);
	buf_free(&key);
}

void
conf_inherit_ids(struct conf *c, const struct conf *old)
{
	struct conf_obj *o;
	struct hash known;
	uint32_t next = old->next_id;
	int m;

	hash_init(&known, 0);
	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(old, m, o)
			note_old(&known, o);
	hash_free(&c->ids);
	hash_init(&c->ids, 0);
	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(c, m, o) {
			if ((o->id = take_old_id(&known, o)) == 0)
				o->id = next++;
			(void)hash_set(&c->ids, o->id, o);
		}
	c->next_id = next;
	hash_free(&known);
	conf_resolve(c);
}
