#include "lib/conf/value.h"

#include "lib/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values as text, into typed values. */

void
val_err_set(struct val_err *err, size_t off, const char *found,
    const char *nearest, const char *fmt, ...)
{
	char quoted[96], near[128] = "", expected[VAL_ERR_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(expected, sizeof(expected), fmt, ap);
	va_end(ap);
	err->off = off;
	if (err->sensitive) {
		snprintf(err->text, sizeof(err->text), "expected %s",
		    expected);
		return;
	}
	log_escape(quoted, sizeof(quoted), found, strlen(found));
	if (nearest != NULL)
		snprintf(near, sizeof(near), "; did you mean \"%s\"?",
		    nearest);
	snprintf(err->text, sizeof(err->text), "found \"%s\", expected %s%s",
	    quoted, expected, near);
}

static int
err_memory(struct val_err *err)
{
	err->off = 0;
	snprintf(err->text, sizeof(err->text), "out of memory");
	return -1;
}

/*
 * The next element of a comma-separated list, copied into dst.  1: there is
 * one; 0: the end; -1: it is too long or empty.
 */
static int
list_next(const char *text, size_t *at, char *dst, size_t size, size_t *off)
{
	size_t len;

	if (*at > 0) {
		if (text[*at] == '\0')
			return 0;
		(*at)++;	/* the comma */
	} else if (text[0] == '\0')
		return 0;
	*off = *at;
	len = strcspn(text + *at, ",");
	if (len == 0 || len >= size) {
		snprintf(dst, size, "%.*s", (int)(len < size ? len : size - 1),
		    text + *at);
		return -1;
	}
	memcpy(dst, text + *at, len);
	dst[len] = '\0';
	*at += len;
	return 1;
}

/* Makes room for one more element of size bytes. */
static int
list_grow(void *pp, uint32_t n, size_t size)
{
	void *p, **list = pp;

	if (n % 8 != 0)
		return 0;
	if ((p = reallocarray(*list, n + 8, size)) == NULL)
		return -1;
	*list = p;
	return 0;
}

/* A decimal number and nothing else. */
static int
parse_decimal(const char *s, int64_t max, int64_t *out)
{
	int64_t v = 0;

	if (*s == '\0' || strlen(s) > 15)
		return -1;
	for (; *s != '\0'; s++) {
		if (!isdigit((unsigned char)*s))
			return -1;
		v = v * 10 + (*s - '0');
	}
	if (v > max)
		return -1;
	*out = v;
	return 0;
}

static int
parse_str(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	if (p->word != NULL && strcmp(s, p->word) == 0)
		return 0;
	if (*s == '\0')
		return 0;
	if ((v->u.str = strdup(s)) == NULL)
		return err_memory(err);
	v->n = 1;
	return 0;
}

static int
parse_name(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	const char *c;

	for (c = s; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			break;
	if (*s == '\0' || *s == '*' || strlen(s) >= CONF_NAMELEN ||
	    *c != '\0') {
		val_err_set(err, 0, s, NULL, "a name of 1 to %d printable "
		    "characters, not beginning with \"*\"", CONF_NAMELEN - 1);
		return -1;
	}
	return parse_str(p, v, s, err);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
parse_secret(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	size_t i, n = strlen(s);
	int hi, lo;

	(void)p;
	if (n == 0)
		return 0;
	v->n = 1;
	if (strncmp(s, "0x", 2) != 0)
		return secret_set(&v->u.sec, s, n) == -1 ? err_memory(err) : 0;
	n -= 2;
	s += 2;
	if (n % 2 == 0 && n > 0 && secret_alloc(&v->u.sec, n / 2) == -1)
		return err_memory(err);
	for (i = 0; n % 2 == 0 && i < n; i += 2) {
		hi = hex_digit(s[i]);
		lo = hex_digit(s[i + 1]);
		if (hi == -1 || lo == -1)
			break;
		v->u.sec.data[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	if (n == 0 || i < n) {
		err->sensitive = true;
		val_err_set(err, 0, "", NULL, "pairs of hexadecimal digits "
		    "after 0x");
		return -1;
	}
	return 0;
}

static int
parse_bool(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	(void)p;
	if (strcmp(s, "yes") == 0 || strcmp(s, "true") == 0)
		v->u.num = 1;
	else if (strcmp(s, "no") != 0 && strcmp(s, "false") != 0) {
		val_err_set(err, 0, s, NULL, "yes or no");
		return -1;
	}
	v->n = 1;
	return 0;
}

static int
parse_num(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	v->n = 1;
	if (p->word != NULL && strcmp(s, p->word) == 0)
		return 0;
	if (parse_decimal(s, p->hi, &v->u.num) == -1 || v->u.num < p->lo) {
		val_err_set(err, 0, s, NULL, "a number from %lld to %lld%s%s",
		    (long long)p->lo, (long long)p->hi,
		    p->word != NULL ? " or " : "",
		    p->word != NULL ? p->word : "");
		return -1;
	}
	return 0;
}

/* hh:mm or hh:mm:ss */
static int
parse_clock(const char *s, int64_t *out)
{
	unsigned h, m, sec = 0;
	int end = 0;

	if ((sscanf(s, "%3u:%2u:%2u%n", &h, &m, &sec, &end) == 3 &&
	    s[end] == '\0') ||
	    (sscanf(s, "%3u:%2u%n", &h, &m, &end) == 2 && s[end] == '\0')) {
		if (m > 59 || sec > 59 || strpbrk(s, "+- ") != NULL)
			return -1;
		*out = (int64_t)h * 3600 + m * 60 + sec;
		return 0;
	}
	return -1;
}

int
val_time_parse(const char *s, int64_t *out)
{
	static const struct { char c; int64_t sec; } units[] = {
		{ 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
		{ 's', 1 },
	};
	int64_t total = 0, v;
	size_t u = 0, len;
	char num[12];

	if (*s == '\0')
		return -1;
	while (*s != '\0') {
		if (strchr(s, ':') != NULL && strpbrk(s, "wdhms") == NULL) {
			if (parse_clock(s, &v) == -1)
				return -1;
			*out = total + v;
			return 0;
		}
		len = strspn(s, "0123456789");
		if (len == 0 || len >= sizeof(num))
			return -1;
		memcpy(num, s, len);
		num[len] = '\0';
		if (parse_decimal(num, 4294967295, &v) == -1)
			return -1;
		s += len;
		if (*s == '\0') {	/* a number alone is seconds */
			*out = v;
			return u == 0 ? 0 : -1;
		}
		while (u < 5 && units[u].c != *s)
			u++;
		if (u == 5)
			return -1;
		total += v * units[u++].sec;
		s++;
	}
	*out = total;
	return 0;
}

static int
parse_time(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	struct buf lo, hi;

	v->n = 1;
	if (p->word != NULL && strcmp(s, p->word) == 0)
		return 0;
	if (val_time_parse(s, &v->u.num) == 0 && v->u.num >= p->lo &&
	    v->u.num <= p->hi)
		return 0;
	buf_init(&lo, 64);
	buf_init(&hi, 64);
	val_time_fmt(&lo, p->lo);
	val_time_fmt(&hi, p->hi);
	val_err_set(err, 0, s, NULL, "a time from %s to %s, such as 30m, "
	    "1h30m or 00:30:00%s%s", val_buf_cstr(&lo), val_buf_cstr(&hi),
	    p->word != NULL ? ", or " : "", p->word != NULL ? p->word : "");
	buf_free(&lo);
	buf_free(&hi);
	return -1;
}

/* "a, b or c" */
static void
words_list(const struct conf_word *w, char *dst, size_t size)
{
	size_t at = 0;
	int i;

	dst[0] = '\0';
	for (i = 0; w[i].name != NULL && at < size; i++)
		at += (size_t)snprintf(dst + at, size - at, "%s%s",
		    i == 0 ? "" : w[i + 1].name == NULL ? " or " : ", ",
		    w[i].name);
}

static const struct conf_word *
word_by_name(const struct conf_prop *p, const char *s, size_t off,
    struct val_err *err)
{
	const struct conf_word *w;
	struct conf_suggest sug;
	char list[VAL_ERR_MAX / 2];

	conf_suggest_init(&sug, s);
	for (w = p->words; w->name != NULL; w++) {
		if (strcmp(w->name, s) == 0)
			return w;
		conf_suggest_offer(&sug, w->name);
	}
	words_list(p->words, list, sizeof(list));
	val_err_set(err, off, s, conf_suggest_best(&sug), "%s", list);
	return NULL;
}

const struct conf_word *
val_word(const struct conf_prop *p, int64_t num)
{
	const struct conf_word *w;

	for (w = p->words; w != NULL && w->name != NULL; w++)
		if (w->num == num)
			return w;
	return NULL;
}

static int
parse_enum(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	const struct conf_word *w;

	if ((w = word_by_name(p, s, 0, err)) == NULL)
		return -1;
	v->n = 1;
	v->u.num = w->num;
	return 0;
}

static int
parse_bits(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	const struct conf_word *w;
	size_t at = 0, off = 0;
	char item[64];
	int r;

	while ((r = list_next(s, &at, item, sizeof(item), &off)) == 1) {
		if ((w = word_by_name(p, item, off, err)) == NULL)
			return -1;
		v->u.num |= w->num;
	}
	if (r == -1 || *s == '\0')
		return word_by_name(p, "", off, err) == NULL ? -1 : 0;
	v->n = 1;
	return 0;
}

static int
parse_proto(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	struct conf_suggest sug;
	const char *name;
	size_t at = 0;
	int num;

	(void)p;
	v->n = 1;
	if (strcmp(s, "all") == 0 || strcmp(s, "any") == 0)
		return 0;
	if (parse_decimal(s, 255, &v->u.num) == 0 && v->u.num > 0)
		return 0;
	if ((num = val_proto_by_name(s)) != -1) {
		v->u.num = num;
		return 0;
	}
	conf_suggest_init(&sug, s);
	while ((name = val_proto_next(&at)) != NULL)
		conf_suggest_offer(&sug, name);
	val_err_set(err, 0, s, conf_suggest_best(&sug),
	    "all, the name of an IP protocol, or its number from 1 to 255");
	return -1;
}

/* The wildcard addresses mean none, as RouterOS writes them. */
static int
parse_addr(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	if (*s == '\0' || strcmp(s, "none") == 0 ||
	    (p->word != NULL && strcmp(s, p->word) == 0))
		return 0;
	if (addr_parse(&v->u.addr, s) == -1) {
		val_err_set(err, 0, s, NULL, "an IPv4 or IPv6 address");
		return -1;
	}
	if (addr_is_any(&v->u.addr))
		memset(&v->u.addr, 0, sizeof(v->u.addr));
	else
		v->n = 1;
	return 0;
}

/* One prefix, with the right one suggested when host bits are set. */
static int
one_prefix(struct prefix *out, const char *s, size_t off, const char *what,
    struct val_err *err)
{
	char right[PREFIX_STRLEN];

	if (prefix_parse(out, s, true) == 0)
		return 0;
	if (prefix_parse(out, s, false) == 0) {
		prefix_mask(out);
		val_err_set(err, off, s, prefix_fmt(out, right, sizeof(right)),
		    "a prefix without host bits");
	} else
		val_err_set(err, off, s, NULL, "%s", what);
	return -1;
}

static int
parse_prefix(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	(void)p;
	if (*s == '\0')
		return 0;
	if (list_grow(&v->u.pfx, 0, sizeof(*v->u.pfx)) == -1)
		return err_memory(err);
	if (one_prefix(v->u.pfx, s, 0, "a prefix such as 10.0.0.0/8", err) ==
	    -1)
		return -1;
	v->n = 1;
	return 0;
}

/* "a-b" into prefixes; 0: it is none. */
static int
parse_range(const char *s, struct prefix *out, size_t max)
{
	struct addr lo, hi;

	if (strchr(s, '-') == NULL || range_parse(&lo, &hi, s) == -1)
		return 0;
	return range_to_prefixes(&lo, &hi, out, max);
}

static int
parse_prefixes(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	static const char what[] = "prefixes, addresses or ranges such as "
	    "10.0.0.0/8 or 10.0.0.1-10.0.0.9, with commas between";
	struct prefix some[CONF_LIST_MAX];
	size_t at = 0, off = 0;
	char item[2 * ADDR_STRLEN];
	int r, i, n;

	(void)p;
	while ((r = list_next(s, &at, item, sizeof(item), &off)) == 1) {
		n = parse_range(item, some, CONF_LIST_MAX);
		if (n == 0 && one_prefix(&some[0], item, off, what, err) == -1)
			return -1;
		if (n == 0)
			n = 1;
		if (n == -1 || v->n + (uint32_t)n > CONF_LIST_MAX) {
			val_err_set(err, off, item, NULL,
			    "not more than %d prefixes", CONF_LIST_MAX);
			return -1;
		}
		for (i = 0; i < n; i++) {
			if (list_grow(&v->u.pfx, v->n, sizeof(*v->u.pfx)) ==
			    -1)
				return err_memory(err);
			v->u.pfx[v->n++] = some[i];
		}
	}
	if (r == -1) {
		val_err_set(err, off, item, NULL, "%s", what);
		return -1;
	}
	return 0;
}

/* RFC 1123 section 2.1; a last label of digits would be an address. */
static bool
is_dns_name(const char *s)
{
	size_t len, total = strlen(s);
	const char *last = s;

	if (total == 0 || total > 253)
		return false;
	while (*s != '\0') {
		last = s;
		len = strspn(s, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
		if (len == 0 || len > 63 || s[0] == '-' || s[len - 1] == '-')
			return false;
		s += len;
		if (*s == '.')
			s++;
		else if (*s != '\0')
			return false;
	}
	return strspn(last, "0123456789.") != strlen(last);
}

static int
parse_host(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	(void)p;
	if (is_dns_name(s)) {
		if ((v->u.host.name = strdup(s)) == NULL)
			return err_memory(err);
		return 0;
	}
	if (one_prefix(&v->u.host.pfx, s, 0,
	    "an address, a prefix or a DNS name", err) == -1)
		return -1;
	v->n = 1;
	return 0;
}

static const char *
kind_expected(const struct conf_prop *p)
{
	switch (p->kind) {
	case SUITE_ENCR:
		return "an encryption algorithm";
	case SUITE_PRF:
		return "a pseudo-random function";
	case SUITE_INTEG:
		return p->phase == ALG_PHASE1 ? "a hash algorithm" :
		    "an integrity algorithm";
	default:
		return "a Diffie-Hellman group";
	}
}

static const struct alg *
alg_by_name(const struct conf_prop *p, const char *s, size_t off,
    struct val_err *err)
{
	const struct alg *a;
	struct conf_suggest sug;

	if ((a = suite_by_name(p->kind, p->phase, s)) != NULL)
		return a;
	conf_suggest_init(&sug, s);
	for (a = suite_next(p->kind, p->phase, NULL); a != NULL;
	    a = suite_next(p->kind, p->phase, a))
		conf_suggest_offer(&sug, suite_name(a, p->phase));
	val_err_set(err, off, s, conf_suggest_best(&sug), "%s",
	    kind_expected(p));
	return NULL;
}

static bool
has_alg(const struct conf_val *v, const struct alg *a)
{
	uint32_t i;

	for (i = 0; i < v->n; i++)
		if (v->u.algs[i] == a)
			return true;
	return false;
}

static int
parse_algs(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	const struct alg *a;
	size_t at = 0, off = 0;
	char item[64];
	int r;

	if (p->word != NULL && strcmp(s, p->word) == 0)
		return 0;
	while ((r = list_next(s, &at, item, sizeof(item), &off)) == 1) {
		if ((a = alg_by_name(p, item, off, err)) == NULL)
			return -1;
		if (has_alg(v, a))
			continue;	/* exports name some twice */
		if (list_grow(&v->u.algs, v->n, sizeof(*v->u.algs)) == -1)
			return err_memory(err);
		v->u.algs[v->n++] = a;
	}
	if (r == -1 || v->n == 0) {
		val_err_set(err, off, r == -1 ? item : s, NULL, "%s",
		    kind_expected(p));
		return -1;
	}
	return 0;
}

static int
parse_ref(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	if ((p->flags & CONF_P_NONE) && strcmp(s, "none") == 0)
		return 0;
	if (*s == '\0' || strlen(s) >= CONF_NAMELEN) {
		val_err_set(err, 0, s, NULL, "the name of an entry in /%s",
		    conf_menu_desc(p->ref)->path);
		return -1;
	}
	if ((v->u.ref.name = strdup(s)) == NULL)
		return err_memory(err);
	v->n = 1;
	return 0;
}

static int
parse_id(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	const char *why = NULL;

	(void)p;
	if ((v->u.id = calloc(1, sizeof(*v->u.id))) == NULL)
		return err_memory(err);
	if (ikeid_parse(v->u.id, s, &why) == -1) {
		val_err_set(err, 0, s, NULL, "an identity such as auto, "
		    "address:192.0.2.1, fqdn:gw.example.net, "
		    "user-fqdn:a@example.net, key-id:text or dn:CN=gw (%s)",
		    why);
		return -1;
	}
	v->n = 1;
	return 0;
}

static int
parse_strs(const struct conf_prop *p, struct conf_val *v, const char *s,
    struct val_err *err)
{
	size_t at = 0, off = 0;
	char item[256];
	int r;

	if (p->word != NULL && strcmp(s, p->word) == 0)
		return 0;
	while ((r = list_next(s, &at, item, sizeof(item), &off)) == 1 &&
	    v->n < CONF_LIST_MAX) {
		if (list_grow(&v->u.strs, v->n, sizeof(*v->u.strs)) == -1 ||
		    (v->u.strs[v->n] = strdup(item)) == NULL)
			return err_memory(err);
		v->n++;
	}
	if (r != 0) {
		val_err_set(err, off, item, NULL, "not more than %d words, "
		    "with commas between", CONF_LIST_MAX);
		return -1;
	}
	return 0;
}

typedef int (*parse_fn)(const struct conf_prop *, struct conf_val *,
    const char *, struct val_err *);

static const parse_fn parsers[] = {
	[CONF_T_STR] = parse_str,
	[CONF_T_NAME] = parse_name,
	[CONF_T_SECRET] = parse_secret,
	[CONF_T_BOOL] = parse_bool,
	[CONF_T_NUM] = parse_num,
	[CONF_T_TIME] = parse_time,
	[CONF_T_ENUM] = parse_enum,
	[CONF_T_BITS] = parse_bits,
	[CONF_T_PROTO] = parse_proto,
	[CONF_T_ADDR] = parse_addr,
	[CONF_T_PREFIX] = parse_prefix,
	[CONF_T_PREFIXES] = parse_prefixes,
	[CONF_T_HOST] = parse_host,
	[CONF_T_ALGS] = parse_algs,
	[CONF_T_REF] = parse_ref,
	[CONF_T_ID] = parse_id,
	[CONF_T_STRS] = parse_strs,
};

int
val_parse(const struct conf_prop *p, struct conf_val *v, const char *text,
    struct val_err *err)
{
	err->sensitive = (p->flags & CONF_P_SECRET) != 0;
	err->off = 0;
	err->text[0] = '\0';
	if (parsers[p->type](p, v, text, err) == -1) {
		val_free(p, v);
		return -1;
	}
	return 0;
}

void
val_default(const struct conf_prop *p, struct conf_val *v)
{
	struct val_err err;

	val_free(p, v);
	if (p->def != NULL)
		(void)val_parse(p, v, p->def, &err);
	else if (p->type == CONF_T_ID)
		(void)val_parse(p, v, "auto", &err);
}
