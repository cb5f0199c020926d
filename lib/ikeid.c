#include "lib/ikeid.h"

#include "lib/log.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

#define RDN_MAX	IKEID_MAX	/* "TYPE=value" with its escapes undone */

static int
id_set(struct ikeid *id, uint16_t type, const void *data, size_t len)
{
	if (len > IKEID_MAX)
		return -1;
	memset(id, 0, sizeof(*id));
	id->type = type;
	id->len = (uint16_t)len;
	if (len > 0)
		memcpy(id->data, data, len);
	return 0;
}

bool
ikeid_is_open(const struct ikeid *id)
{
	return id->type == IKEID_AUTO || id->type == IKEID_IGNORE;
}

void
ikeid_from_addr(struct ikeid *id, const struct addr *a)
{
	id_set(id, a->family == AF_INET6 ? IKEID_IPV6 : IKEID_IPV4, a->b,
	    addr_len(a));
}

int
ikeid_addr(const struct ikeid *id, struct addr *a)
{
	if (id->type != IKEID_IPV4 && id->type != IKEID_IPV6)
		return -1;
	return addr_from_bytes(a, id->data, id->len);
}

/* The whole of der as a Name; the caller frees.  NULL: it is not one. */
static X509_NAME *
name_decode(const uint8_t *der, size_t len)
{
	const uint8_t *p = der;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)len);

	ERR_clear_error();
	if (name != NULL && p != der + len) {
		X509_NAME_free(name);
		return NULL;
	}
	return name;
}

int
ikeid_from_dn(struct ikeid *id, const uint8_t *der, size_t len,
    const char **why)
{
	X509_NAME *name;

	if (len > IKEID_MAX) {
		*why = "distinguished name too long";
		return -1;
	}
	if ((name = name_decode(der, len)) == NULL) {
		*why = "not a distinguished name";
		return -1;
	}
	X509_NAME_free(name);
	return id_set(id, IKEID_DN, der, len);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte written as two digits at s; -1 when it is not. */
static int
hex_byte(const char *s)
{
	int hi = hex_digit(s[0]), lo = hi == -1 ? -1 : hex_digit(s[1]);

	return lo == -1 ? -1 : hi << 4 | lo;
}

/*
 * Copies the value at *s up to an unescaped "," or "+" into dst, undoing the
 * escapes.  Returns its length; -1 with *why.
 */
static int
dn_value(const char **s, char *dst, size_t size, const char **why)
{
	const char *p = *s;
	size_t n = 0, keep = 0;
	int byte;

	while (*p == ' ')
		p++;
	while (*p != '\0' && *p != ',' && *p != '+') {
		byte = (uint8_t)*p++;
		if (byte == '\\') {
			if (*p == '\0') {
				*why = "backslash at the end";
				return -1;
			}
			if ((byte = hex_byte(p)) != -1)
				p += 2;
			else
				byte = (uint8_t)*p++;
			keep = n + 1;	/* an escaped space is meant */
		}
		if (n == size) {
			*why = "distinguished name too long";
			return -1;
		}
		dst[n++] = (char)byte;
	}
	while (n > keep && dst[n - 1] == ' ')
		n--;
	*s = p;
	return (int)n;
}

/* One "TYPE=value" at *s; joined: it belongs to the RDN before it. */
static int
dn_part(X509_NAME *name, const char **s, bool joined, const char **why)
{
	char type[64], value[RDN_MAX];
	size_t n;
	int len;

	*s += strspn(*s, " ");
	n = strcspn(*s, "=,+");
	if ((*s)[n] != '=' || n == 0 || n >= sizeof(type)) {
		*why = "expected TYPE=value, as in CN=gateway";
		return -1;
	}
	memcpy(type, *s, n);
	type[n] = '\0';
	*s += n + 1;
	if ((len = dn_value(s, value, sizeof(value), why)) == -1)
		return -1;
	if (len == 0) {
		*why = "a part of the distinguished name is empty";
		return -1;
	}
	if (X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
	    (const unsigned char *)value, len, -1, joined ? -1 : 0) != 1) {
		ERR_clear_error();
		*why = "unknown type or unfit value in a distinguished name";
		return -1;
	}
	return 0;
}

static int
parse_dn(struct ikeid *id, const char *text, const char **why)
{
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL;
	bool joined = false;
	int len, r = -1;

	if (name == NULL) {
		*why = "out of memory";
		return -1;
	}
	for (;; text++) {
		if (dn_part(name, &text, joined, why) == -1)
			goto out;
		if (*text == '\0')
			break;
		joined = *text == '+';
	}
	if ((len = i2d_X509_NAME(name, &der)) <= 0)
		*why = "out of memory";
	else if ((r = id_set(id, IKEID_DN, der, (size_t)len)) == -1)
		*why = "distinguished name too long";
out:
	OPENSSL_free(der);
	X509_NAME_free(name);
	return r;
}

static int
parse_address(struct ikeid *id, const char *text, const char **why)
{
	struct addr a;

	if (addr_parse(&a, text) == -1) {
		*why = "expected an IPv4 or IPv6 address";
		return -1;
	}
	ikeid_from_addr(id, &a);
	return 0;
}

/* RFC 7296 section 3.5 has ASCII here. */
static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f)
			return false;
	return true;
}

static int
parse_fqdn(struct ikeid *id, const char *text, const char **why)
{
	if (*text == '\0' || !is_ascii(text) ||
	    id_set(id, IKEID_FQDN, text, strlen(text)) == -1) {
		*why = "expected a domain name";
		return -1;
	}
	return 0;
}

static int
parse_user_fqdn(struct ikeid *id, const char *text, const char **why)
{
	const char *at = strrchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || !is_ascii(text) ||
	    id_set(id, IKEID_USER_FQDN, text, strlen(text)) == -1) {
		*why = "expected user@domain";
		return -1;
	}
	return 0;
}

/* "0x" and pairs of digits, or the text itself. */
static int
parse_key_id(struct ikeid *id, const char *text, const char **why)
{
	uint8_t raw[IKEID_MAX];
	size_t n = 0;
	int byte;

	if (strncmp(text, "0x", 2) != 0) {
		if (*text != '\0' &&
		    id_set(id, IKEID_KEY_ID, text, strlen(text)) == 0)
			return 0;
		*why = "expected a key identifier of 1 to 512 bytes";
		return -1;
	}
	for (text += 2; *text != '\0'; text += 2) {
		if (n == sizeof(raw) || (byte = hex_byte(text)) == -1) {
			*why = "expected up to 512 pairs of hexadecimal digits";
			return -1;
		}
		raw[n++] = (uint8_t)byte;
	}
	if (n == 0) {
		*why = "the key identifier is empty";
		return -1;
	}
	return id_set(id, IKEID_KEY_ID, raw, n);
}

static int
parse_gn(struct ikeid *id, const char *text, const char **why)
{
	(void)id;
	(void)text;
	*why = "ID_DER_ASN1_GN can be received, not configured; remote-id=auto "
	    "takes one that stands in the peer's certificate";
	return -1;
}

static const struct {
	const char *prefix;
	int (*parse)(struct ikeid *, const char *, const char **);
} kinds[] = {
	{ "address:", parse_address },
	{ "fqdn:", parse_fqdn },
	{ "user-fqdn:", parse_user_fqdn },
	{ "dn:", parse_dn },
	{ "key-id:", parse_key_id },
	{ "gn:", parse_gn },
	{ "asn1gn:", parse_gn },
	{ "der-asn1-gn:", parse_gn },
};

int
ikeid_parse(struct ikeid *id, const char *text, const char **why)
{
	size_t n;

	if (strcmp(text, "auto") == 0)
		return id_set(id, IKEID_AUTO, NULL, 0);
	if (strcmp(text, "ignore") == 0)
		return id_set(id, IKEID_IGNORE, NULL, 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		n = strlen(kinds[i].prefix);
		if (strncmp(text, kinds[i].prefix, n) == 0)
			return kinds[i].parse(id, text + n, why);
	}
	*why = "expected auto, address:, fqdn:, user-fqdn:, dn:, key-id: or "
	    "ignore";
	return -1;
}

/* Writes "0x" and digits. */
static void
fmt_hex(const struct ikeid *id, char *dst, size_t size)
{
	size_t at = (size_t)snprintf(dst, size, "0x");

	for (size_t i = 0; i < id->len && at < size; i++)
		at += (size_t)snprintf(dst + at, size - at, "%02x",
		    id->data[i]);
}

/* Text that ikeid_parse takes back, when a key-id can be written so. */
static bool
plain_text(const struct ikeid *id)
{
	for (size_t i = 0; i < id->len; i++)
		if (id->data[i] <= ' ' || id->data[i] >= 0x7f)
			return false;
	return id->len > 0 && (id->len < 2 || memcmp(id->data, "0x", 2) != 0);
}

static void
fmt_dn(const struct ikeid *id, char *dst, size_t size)
{
	X509_NAME *name = name_decode(id->data, id->len);
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (name == NULL || out == NULL ||
	    X509_NAME_print_ex(out, name, 0, (XN_FLAG_RFC2253 &
	    ~(XN_FLAG_DN_REV | ASN1_STRFLGS_ESC_MSB))) < 0 ||
	    (n = BIO_get_mem_data(out, &text)) < 0)
		fmt_hex(id, dst, size);
	else
		log_escape(dst, size, text, (size_t)n);
	ERR_clear_error();
	BIO_free(out);
	X509_NAME_free(name);
}

static void
fmt_text(const struct ikeid *id, char *dst, size_t size)
{
	log_escape(dst, size, id->data, id->len);
}

static void
fmt_key_id(const struct ikeid *id, char *dst, size_t size)
{
	(plain_text(id) ? fmt_text : fmt_hex)(id, dst, size);
}

static void
fmt_address(const struct ikeid *id, char *dst, size_t size)
{
	struct addr a;

	if (ikeid_addr(id, &a) == 0)
		addr_fmt(&a, dst, size);
}

static const struct {
	uint16_t type;
	const char *prefix;
	void (*fmt)(const struct ikeid *, char *, size_t);
} formats[] = {
	{ IKEID_AUTO, "auto", NULL },
	{ IKEID_IGNORE, "ignore", NULL },
	{ IKEID_IPV4, "address:", fmt_address },
	{ IKEID_IPV6, "address:", fmt_address },
	{ IKEID_FQDN, "fqdn:", fmt_text },
	{ IKEID_USER_FQDN, "user-fqdn:", fmt_text },
	{ IKEID_DN, "dn:", fmt_dn },
	{ IKEID_GN, "gn:", fmt_hex },
	{ IKEID_KEY_ID, "key-id:", fmt_key_id },
};

const char *
ikeid_fmt(const struct ikeid *id, char *dst, size_t size)
{
	size_t n;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i].type != id->type)
			continue;
		n = (size_t)snprintf(dst, size, "%s", formats[i].prefix);
		if (formats[i].fmt != NULL && n < size)
			formats[i].fmt(id, dst + n, size - n);
		return dst;
	}
	snprintf(dst, size, "type %u", id->type);
	return dst;
}

/* The reason why type and data do not fit together, or NULL. */
static const char *
wrong_data(uint16_t type, const uint8_t *data, size_t len)
{
	if (len > IKEID_MAX)
		return "identification too long";
	switch (type) {
	case IKEID_IPV4:
		return len == 4 ? NULL : "IPv4 identification of wrong length";
	case IKEID_IPV6:
		return len == 16 ? NULL :
		    "IPv6 identification of wrong length";
	case IKEID_FQDN:
	case IKEID_USER_FQDN:
		/* "MUST NOT contain any terminators (e.g., NULL, CR, etc.)" */
		for (size_t i = 0; i < len; i++)
			if (data[i] < ' ' || data[i] == 0x7f)
				return "control character in a domain name";
		return len > 0 ? NULL : "empty identification";
	case IKEID_DN:
	case IKEID_GN:
	case IKEID_KEY_ID:
		return len > 0 ? NULL : "empty identification";
	default:
		return "unknown type of identification";
	}
}

static int
id_decode(struct ikeid *id, uint8_t type, const uint8_t *data, size_t len,
    const char **why)
{
	const char *wrong = wrong_data(type, data, len);

	if (wrong != NULL) {
		*why = wrong;
		return -1;
	}
	if (type == IKEID_DN)
		return ikeid_from_dn(id, data, len, why);
	return id_set(id, type, data, len);
}

void
ikeid_put_body(struct buf *b, const struct ikeid *id)
{
	if (ikeid_is_open(id)) {
		b->failed = true;
		return;
	}
	buf_u8(b, (uint8_t)id->type);
	buf_zero(b, 3);
	buf_put(b, id->data, id->len);
}

int
ikeid_get_body(struct ikeid *id, struct cur *c, const char **why)
{
	const uint8_t *data;
	uint8_t type;
	size_t len;

	/* The reserved bytes are ignored (RFC 7296 section 2.5). */
	if (cur_u8(c, &type) == -1 || cur_skip(c, 3) == -1) {
		*why = "identification too short";
		return -1;
	}
	len = cur_left(c);
	if (cur_ref(c, &data, len) == -1)
		return -1;
	return id_decode(id, type, data, len, why);
}

static bool
dn_equal(const struct ikeid *a, const struct ikeid *b)
{
	X509_NAME *na = name_decode(a->data, a->len);
	X509_NAME *nb = name_decode(b->data, b->len);
	bool same = na != NULL && nb != NULL && X509_NAME_cmp(na, nb) == 0;

	X509_NAME_free(na);
	X509_NAME_free(nb);
	return same;
}

/* Where the part that is compared without regard to case begins. */
static size_t
domain_start(const struct ikeid *id)
{
	size_t i;

	if (id->type == IKEID_FQDN)
		return 0;
	for (i = id->len; i > 0 && id->data[i - 1] != '@'; i--)
		;
	return i;
}

/* ASCII only, whatever the locale (RFC 4343). */
static bool
same_letters(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t x, y;

	for (size_t i = 0; i < n; i++) {
		x = a[i] >= 'A' && a[i] <= 'Z' ? a[i] | 0x20 : a[i];
		y = b[i] >= 'A' && b[i] <= 'Z' ? b[i] | 0x20 : b[i];
		if (x != y)
			return false;
	}
	return true;
}

static bool
domain_equal(const struct ikeid *a, const struct ikeid *b)
{
	size_t at = domain_start(a);

	return a->len == b->len && at == domain_start(b) &&
	    memcmp(a->data, b->data, at) == 0 &&
	    same_letters(a->data + at, b->data + at, a->len - at);
}

bool
ikeid_equal(const struct ikeid *a, const struct ikeid *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case IKEID_FQDN:
	case IKEID_USER_FQDN:
		return domain_equal(a, b);
	case IKEID_DN:
		return dn_equal(a, b);
	default:
		return a->len == b->len &&
		    memcmp(a->data, b->data, a->len) == 0;
	}
}

bool
ikeid_admits(const struct ikeid *expected, const struct ikeid *received)
{
	return ikeid_is_open(expected) || ikeid_equal(expected, received);
}

void
buf_ikeid(struct buf *b, const struct ikeid *id)
{
	buf_u16(b, id->type);
	buf_u16(b, id->len);
	buf_put(b, id->data, id->len);
}

int
cur_ikeid(struct cur *c, struct ikeid *id)
{
	struct cur t = *c;
	struct ikeid v;
	const uint8_t *data;
	const char *why;
	uint16_t type, len;

	if (cur_u16(&t, &type) == -1 || cur_u16(&t, &len) == -1 ||
	    cur_ref(&t, &data, len) == -1)
		return -1;
	if (type == IKEID_AUTO || type == IKEID_IGNORE) {
		if (len != 0)
			return -1;
		id_set(&v, type, NULL, 0);
	} else if (type > UINT8_MAX ||
	    id_decode(&v, (uint8_t)type, data, len, &why) == -1)
		return -1;
	*id = v;
	*c = t;
	return 0;
}
