#include "sallyctl/json.h"

#include <string.h>

void
json_begin(struct json *j, FILE *f)
{
	j->f = f;
	j->n = 0;
	fputs("[", f);
}

void
json_end(struct json *j)
{
	fputs(j->n > 0 ? "\n]\n" : "]\n", j->f);
}

/* Length of the UTF-8 sequence at p (RFC 3629), 0 when it is not one. */
static size_t
utf8_len(const unsigned char *p, size_t left)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n;
	unsigned cp;

	n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
	    p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (n < 2 || n > left)
		return n > left ? 0 : n;
	cp = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	return n;
}

static void
ascii(FILE *f, unsigned char c)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	size_t i;

	for (i = 0; i + 1 < sizeof(shorts); i += 2)
		if (c == (unsigned char)shorts[i]) {
			fprintf(f, "\\%c", shorts[i + 1]);
			return;
		}
	if (c < 0x20 || c == 0x7f)
		fprintf(f, "\\u%04x", c);
	else
		fputc(c, f);
}

void
json_string(FILE *f, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n;

	fputc('"', f);
	while (len > 0) {
		n = utf8_len(p, len);
		if (n == 1)
			ascii(f, *p);
		else if (n == 0)
			fputs("\\ufffd", f);
		else
			fwrite(p, 1, n, f);
		n = n == 0 ? 1 : n;
		p += n;
		len -= n;
	}
	fputc('"', f);
}

static int
check(struct cur c)
{
	struct show_pair p;
	uint16_t n;
	int rc;

	if (show_row_begin(&c, &n) == -1)
		return -1;
	while ((rc = show_row_next(&c, &n, &p)) == 1)
		;
	return rc;
}

int
json_row(struct json *j, struct cur *c)
{
	struct show_pair p;
	uint16_t n;
	bool first = true;

	if (check(*c) == -1 || show_row_begin(c, &n) == -1)
		return -1;
	fputs(j->n++ == 0 ? "\n  {" : ",\n  {", j->f);
	while (show_row_next(c, &n, &p) == 1) {
		fputs(first ? "" : ", ", j->f);
		json_string(j->f, p.name, p.name_len);
		fputs(": ", j->f);
		json_string(j->f, p.value, p.value_len);
		first = false;
	}
	fputs("}", j->f);
	return 0;
}
