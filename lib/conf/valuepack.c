#include "lib/conf/value.h"

#include <stdlib.h>
#include <string.h>

/* Values between processes: the number of elements, then each of them. */

static void
pack_element(const struct conf_prop *p, const struct conf_val *v, uint32_t i,
    struct buf *b)
{
	switch (p->type) {
	case CONF_T_STR:
	case CONF_T_NAME:
		buf_str(b, v->u.str);
		break;
	case CONF_T_SECRET:
		buf_u16(b, (uint16_t)v->u.sec.len);
		buf_put(b, v->u.sec.data, v->u.sec.len);
		break;
	case CONF_T_ADDR:
		buf_addr(b, &v->u.addr);
		break;
	case CONF_T_PREFIX:
	case CONF_T_PREFIXES:
		buf_prefix(b, &v->u.pfx[i]);
		break;
	case CONF_T_HOST:
		buf_prefix(b, &v->u.host.pfx);
		break;
	case CONF_T_ALGS:
		buf_u16(b, suite_row_of(v->u.algs[i]));
		break;
	case CONF_T_REF:
		buf_str(b, v->u.ref.name);
		buf_u32(b, v->u.ref.id);
		break;
	case CONF_T_ID:
		buf_ikeid(b, v->u.id);
		break;
	case CONF_T_STRS:
		buf_str(b, v->u.strs[i]);
		break;
	default:
		buf_u64(b, (uint64_t)v->u.num);
	}
}

void
val_pack(const struct conf_prop *p, const struct conf_val *v, struct buf *b)
{
	uint32_t i;

	buf_u8(b, v->set);
	buf_u16(b, (uint16_t)v->n);
	if (p->type == CONF_T_HOST)
		buf_str(b, v->u.host.name != NULL ? v->u.host.name : "");
	for (i = 0; i < v->n; i++)
		pack_element(p, v, i, b);
}

static bool
is_list(enum conf_type t)
{
	return t == CONF_T_PREFIXES || t == CONF_T_ALGS || t == CONF_T_STRS;
}

static int
unpack_str(struct cur *c, char **out, size_t max)
{
	char s[CONF_TEXT_MAX + 1];
	int r = -1;

	if (cur_str(c, s, max < sizeof(s) ? max : sizeof(s)) == 0 &&
	    (*out = strdup(s)) != NULL)
		r = 0;
	return r;
}

static int
unpack_secret(struct cur *c, struct secret *s)
{
	const uint8_t *p;
	uint16_t n;

	if (cur_u16(c, &n) == -1 || n == 0 || n > CONF_TEXT_MAX ||
	    cur_ref(c, &p, n) == -1)
		return -1;
	return secret_set(s, p, n);
}

static int
unpack_alg(const struct conf_prop *p, struct cur *c, const struct alg **out)
{
	uint16_t row;

	if (cur_u16(c, &row) == -1 || (*out = suite_row(row)) == NULL ||
	    (*out)->kind != p->kind)
		return -1;
	return 0;
}

/* Numbers keep to what the schema says of them. */
static int
unpack_num(const struct conf_prop *p, struct cur *c, int64_t *out)
{
	uint64_t u;

	if (cur_u64(c, &u) == -1 || u > INT64_MAX)
		return -1;
	*out = (int64_t)u;
	switch (p->type) {
	case CONF_T_BOOL:
		return u <= 1 ? 0 : -1;
	case CONF_T_ENUM:
		return val_word(p, *out) != NULL ? 0 : -1;
	case CONF_T_PROTO:
		return u <= 255 ? 0 : -1;
	case CONF_T_NUM:
	case CONF_T_TIME:
		if (u == 0 && p->word != NULL)
			return 0;
		return *out >= p->lo && *out <= p->hi ? 0 : -1;
	default:
		return 0;
	}
}

static int
unpack_element(const struct conf_prop *p, struct conf_val *v, uint32_t i,
    struct cur *c)
{
	switch (p->type) {
	case CONF_T_STR:
		return unpack_str(c, &v->u.str, SIZE_MAX);
	case CONF_T_NAME:
		return unpack_str(c, &v->u.str, CONF_NAMELEN);
	case CONF_T_SECRET:
		return unpack_secret(c, &v->u.sec);
	case CONF_T_ADDR:
		return cur_addr(c, &v->u.addr);
	case CONF_T_PREFIX:
	case CONF_T_PREFIXES:
		return cur_prefix(c, &v->u.pfx[i]);
	case CONF_T_HOST:
		return cur_prefix(c, &v->u.host.pfx);
	case CONF_T_ALGS:
		return unpack_alg(p, c, &v->u.algs[i]);
	case CONF_T_REF:
		if (unpack_str(c, &v->u.ref.name, CONF_NAMELEN) == -1)
			return -1;
		return cur_u32(c, &v->u.ref.id);
	case CONF_T_ID:
		if (v->u.id == NULL &&
		    (v->u.id = calloc(1, sizeof(*v->u.id))) == NULL)
			return -1;
		return cur_ikeid(c, v->u.id);
	case CONF_T_STRS:
		return unpack_str(c, &v->u.strs[i], SIZE_MAX);
	default:
		return unpack_num(p, c, &v->u.num);
	}
}

static int
unpack_room(const struct conf_prop *p, struct conf_val *v, uint16_t n)
{
	if (n == 0)
		return 0;
	if (p->type == CONF_T_ALGS)
		v->u.algs = calloc(n, sizeof(*v->u.algs));
	else if (p->type == CONF_T_STRS)
		v->u.strs = calloc(n, sizeof(*v->u.strs));
	else if (p->type == CONF_T_PREFIX || p->type == CONF_T_PREFIXES)
		v->u.pfx = calloc(n, sizeof(*v->u.pfx));
	else
		return 0;
	return v->u.pfx == NULL ? -1 : 0;
}

int
val_unpack(const struct conf_prop *p, struct conf_val *v, struct cur *c)
{
	uint8_t set;
	uint16_t n;

	if (cur_u8(c, &set) == -1 || set > 1 || cur_u16(c, &n) == -1 ||
	    n > (is_list(p->type) ? CONF_LIST_MAX : 1))
		return -1;
	v->set = set;
	if (p->type == CONF_T_HOST) {
		if (unpack_str(c, &v->u.host.name, 256) == -1)
			goto fail;
		if (v->u.host.name[0] == '\0') {
			free(v->u.host.name);
			v->u.host.name = NULL;
		}
	}
	if (unpack_room(p, v, n) == -1)
		goto fail;
	for (; v->n < n; v->n++)
		if (unpack_element(p, v, v->n, c) == -1)
			goto fail;
	return 0;
fail:
	val_free(p, v);
	return -1;
}
