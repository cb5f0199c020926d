#include "lib/conf/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Typed values: back into text, between processes, compared, freed. */

/* As RouterOS names them. */
static const struct {
	uint8_t num;
	const char *name;
} protocols[] = {
	{ 1, "icmp" }, { 2, "igmp" }, { 3, "ggp" }, { 4, "ipencap" },
	{ 5, "st" }, { 6, "tcp" }, { 8, "egp" }, { 12, "pup" }, { 17, "udp" },
	{ 20, "hmp" }, { 22, "xns-idp" }, { 27, "rdp" }, { 29, "iso-tp4" },
	{ 33, "dccp" }, { 36, "xtp" }, { 37, "ddp" }, { 38, "idpr-cmtp" },
	{ 41, "ipv6-encap" }, { 43, "ipv6-route" }, { 44, "ipv6-frag" },
	{ 45, "idrp" }, { 46, "rsvp" }, { 47, "gre" }, { 50, "ipsec-esp" },
	{ 51, "ipsec-ah" }, { 57, "skip" }, { 58, "icmpv6" },
	{ 58, "ipv6-icmp" }, { 59, "ipv6-nonxt" }, { 60, "ipv6-opts" },
	{ 73, "rspf" }, { 81, "vmtp" }, { 88, "eigrp" }, { 89, "ospf" },
	{ 94, "ipip" }, { 97, "etherip" }, { 98, "encap" }, { 103, "pim" },
	{ 108, "ipcomp" }, { 112, "vrrp" }, { 115, "l2tp" },
	{ 132, "sctp" }, { 136, "udp-lite" },
};
#define NPROTOCOLS	(sizeof(protocols) / sizeof(protocols[0]))

int
val_proto_by_name(const char *s)
{
	size_t i;

	for (i = 0; i < NPROTOCOLS; i++)
		if (strcmp(protocols[i].name, s) == 0)
			return protocols[i].num;
	return -1;
}

const char *
val_proto_name(int num)
{
	size_t i;

	for (i = 0; i < NPROTOCOLS; i++)
		if (protocols[i].num == num)
			return protocols[i].name;
	return NULL;
}

const char *
val_proto_next(size_t *at)
{
	return *at < NPROTOCOLS ? protocols[(*at)++].name : NULL;
}

void
val_buf_text(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

const char *
val_buf_cstr(struct buf *b)
{
	buf_u8(b, 0);
	if (buf_error(b) == -1 || b->len == 0)
		return "";
	b->len--;
	return (const char *)b->data;
}

static void
fmt_num(struct buf *b, int64_t n)
{
	char s[24];

	snprintf(s, sizeof(s), "%" PRId64, n);
	val_buf_text(b, s);
}

void
val_time_fmt(struct buf *b, int64_t t)
{
	static const struct { char c; int64_t sec; } units[] = {
		{ 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
		{ 's', 1 },
	};
	size_t i;

	if (t <= 0) {
		val_buf_text(b, "0s");
		return;
	}
	for (i = 0; i < 5; i++) {
		if (t < units[i].sec)
			continue;
		fmt_num(b, t / units[i].sec);
		buf_u8(b, (uint8_t)units[i].c);
		t %= units[i].sec;
	}
}

static void
fmt_secret(struct buf *b, const struct secret *s)
{
	static const char hex[] = "0123456789abcdef";
	bool plain = s->len < 2 || s->data[0] != '0' || s->data[1] != 'x';
	size_t i;

	for (i = 0; i < s->len; i++)
		if (s->data[i] < ' ' || s->data[i] > '~')
			plain = false;
	if (plain) {
		buf_put(b, s->data, s->len);
		return;
	}
	val_buf_text(b, "0x");
	for (i = 0; i < s->len; i++) {
		buf_u8(b, (uint8_t)hex[s->data[i] >> 4]);
		buf_u8(b, (uint8_t)hex[s->data[i] & 15]);
	}
}

static void
fmt_prefix(struct buf *b, const struct prefix *p)
{
	char s[PREFIX_STRLEN];

	val_buf_text(b, prefix_fmt(p, s, sizeof(s)));
}

static void
fmt_bits(const struct conf_prop *p, int64_t num, struct buf *b)
{
	const struct conf_word *w;
	bool first = true;

	for (w = p->words; w->name != NULL; w++) {
		if ((num & w->num) == 0)
			continue;
		if (!first)
			buf_u8(b, ',');
		first = false;
		val_buf_text(b, w->name);
	}
}

/* One element of a list. */
static void
fmt_element(const struct conf_prop *p, const struct conf_val *v, uint32_t i,
    struct buf *b)
{
	if (p->type == CONF_T_ALGS)
		val_buf_text(b, suite_name(v->u.algs[i], p->phase));
	else if (p->type == CONF_T_STRS)
		val_buf_text(b, v->u.strs[i]);
	else
		fmt_prefix(b, &v->u.pfx[i]);
}

static void
fmt_id(struct buf *b, const struct ikeid *id)
{
	char *s = malloc(IKEID_STRLEN);

	if (s == NULL) {
		b->failed = true;
		return;
	}
	val_buf_text(b, ikeid_fmt(id, s, IKEID_STRLEN));
	free(s);
}

static void
fmt_scalar(const struct conf_prop *p, const struct conf_val *v, struct buf *b)
{
	const struct conf_word *w;
	const char *name;
	char s[ADDR_STRLEN];

	switch (p->type) {
	case CONF_T_BOOL:
		val_buf_text(b, v->u.num ? "yes" : "no");
		break;
	case CONF_T_NUM:
	case CONF_T_TIME:
		if (v->u.num == 0 && p->word != NULL)
			val_buf_text(b, p->word);
		else if (p->type == CONF_T_TIME)
			val_time_fmt(b, v->u.num);
		else
			fmt_num(b, v->u.num);
		break;
	case CONF_T_ENUM:
		if ((w = val_word(p, v->u.num)) != NULL)
			val_buf_text(b, w->name);
		break;
	case CONF_T_PROTO:
		name = v->u.num == 0 ? "all" : val_proto_name((int)v->u.num);
		if (name != NULL)
			val_buf_text(b, name);
		else
			fmt_num(b, v->u.num);
		break;
	case CONF_T_ADDR:
		val_buf_text(b, addr_fmt(&v->u.addr, s, sizeof(s)));
		break;
	default:
		break;
	}
}

void
val_fmt(const struct conf_prop *p, const struct conf_val *v, struct buf *b)
{
	uint32_t i;

	if (p->type == CONF_T_HOST && v->u.host.name != NULL) {
		val_buf_text(b, v->u.host.name);
		return;
	}
	if (v->n == 0) {
		if (p->type == CONF_T_REF && (p->flags & CONF_P_NONE))
			val_buf_text(b, "none");
		else if (p->word != NULL)
			val_buf_text(b, p->word);
		return;
	}
	switch (p->type) {
	case CONF_T_STR:
	case CONF_T_NAME:
		val_buf_text(b, v->u.str);
		break;
	case CONF_T_SECRET:
		fmt_secret(b, &v->u.sec);
		break;
	case CONF_T_HOST:
		fmt_prefix(b, &v->u.host.pfx);
		break;
	case CONF_T_REF:
		val_buf_text(b, v->u.ref.name);
		break;
	case CONF_T_ID:
		fmt_id(b, v->u.id);
		break;
	case CONF_T_BITS:
		fmt_bits(p, v->u.num, b);
		break;
	case CONF_T_PREFIX:
	case CONF_T_PREFIXES:
	case CONF_T_ALGS:
	case CONF_T_STRS:
		for (i = 0; i < v->n; i++) {
			if (i > 0)
				buf_u8(b, ',');
			fmt_element(p, v, i, b);
		}
		break;
	default:
		fmt_scalar(p, v, b);
	}
}

void
val_free(const struct conf_prop *p, struct conf_val *v)
{
	uint32_t i;

	switch (p->type) {
	case CONF_T_STR:
	case CONF_T_NAME:
		free(v->u.str);
		break;
	case CONF_T_SECRET:
		secret_free(&v->u.sec);
		break;
	case CONF_T_PREFIX:
	case CONF_T_PREFIXES:
		free(v->u.pfx);
		break;
	case CONF_T_HOST:
		free(v->u.host.name);
		break;
	case CONF_T_ALGS:
		free(v->u.algs);
		break;
	case CONF_T_REF:
		free(v->u.ref.name);
		break;
	case CONF_T_ID:
		free(v->u.id);
		break;
	case CONF_T_STRS:
		for (i = 0; i < v->n; i++)
			free(v->u.strs[i]);
		free(v->u.strs);
		break;
	default:
		break;
	}
	memset(v, 0, sizeof(*v));
}

static bool
str_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

static bool
host_equal(const struct conf_val *a, const struct conf_val *b)
{
	if (a->u.host.name != NULL || b->u.host.name != NULL)
		return str_equal(a->u.host.name, b->u.host.name);
	return prefix_equal(&a->u.host.pfx, &b->u.host.pfx);
}

static bool
element_equal(const struct conf_prop *p, const struct conf_val *a,
    const struct conf_val *b, uint32_t i)
{
	if (p->type == CONF_T_ALGS)
		return a->u.algs[i] == b->u.algs[i];
	if (p->type == CONF_T_STRS)
		return strcmp(a->u.strs[i], b->u.strs[i]) == 0;
	return prefix_equal(&a->u.pfx[i], &b->u.pfx[i]);
}

bool
val_equal(const struct conf_prop *p, const struct conf_val *a,
    const struct conf_val *b)
{
	uint32_t i;

	if (p->type == CONF_T_HOST)
		return host_equal(a, b);
	if (a->n != b->n)
		return false;
	if (a->n == 0)
		return true;
	switch (p->type) {
	case CONF_T_STR:
	case CONF_T_NAME:
		return str_equal(a->u.str, b->u.str);
	case CONF_T_SECRET:
		return secret_equal(a->u.sec.data, a->u.sec.len,
		    b->u.sec.data, b->u.sec.len);
	case CONF_T_ADDR:
		return addr_equal(&a->u.addr, &b->u.addr);
	case CONF_T_REF:
		return str_equal(a->u.ref.name, b->u.ref.name);
	case CONF_T_ID:
		return a->u.id->type == b->u.id->type &&
		    a->u.id->len == b->u.id->len &&
		    memcmp(a->u.id->data, b->u.id->data, a->u.id->len) == 0;
	case CONF_T_PREFIX:
	case CONF_T_PREFIXES:
	case CONF_T_ALGS:
	case CONF_T_STRS:
		for (i = 0; i < a->n; i++)
			if (!element_equal(p, a, b, i))
				return false;
		return true;
	default:
		return a->u.num == b->u.num;
	}
}
