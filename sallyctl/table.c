#include "sallyctl/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX	24
#define WIDTH		80
#define INDENT		6	/* of a detail row's further lines */
#define GAP		2	/* blanks between columns */

struct column {
	char name[SHOW_NAME_LEN];
	size_t width;
	bool used;
};

/* Fields that the layouts place themselves. */
static bool
is_special(const char *name)
{
	return strcmp(name, "flags") == 0 || strcmp(name, "number") == 0 ||
	    strcmp(name, "comment") == 0;
}

static const char *
get(const struct row *r, const char *name)
{
	const char *v = row_get(r, name);

	return v != NULL ? v : "";
}

/* Letters of a text, not bytes: UTF-8's further bytes do not count. */
static size_t
width_of(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
pad(FILE *f, size_t n)
{
	fprintf(f, "%*s", (int)n, "");
}

static bool
flag_occurs(const struct rows *rs, char letter)
{
	size_t i;

	for (i = 0; i < rs->n; i++)
		if (strchr(get(&rs->v[i], "flags"), letter) != NULL)
			return true;
	return false;
}

/* Only what occurs is explained. */
static void
legend_print(FILE *f, const struct command *c, const struct rows *rs)
{
	const struct flag_letter *l;
	const char *sep = "Flags: ";

	for (l = c->flags; l != NULL && l->letter != '\0'; l++) {
		if (!flag_occurs(rs, l->letter))
			continue;
		fprintf(f, "%s%c - %s", sep, l->letter, l->meaning);
		sep = ", ";
	}
	if (sep[0] == ',')
		fputc('\n', f);
}

static void
number_of(const struct rows *rs, size_t i, char *dst, size_t size)
{
	const char *n = row_get(&rs->v[i], "number");

	if (n != NULL)
		snprintf(dst, size, "%s", n);
	else
		snprintf(dst, size, "%zu", i);
}

static size_t
columns_split(const char *names, struct column *cols)
{
	size_t n = 0, len;

	while (*names != '\0' && n < COLUMNS_MAX) {
		len = strcspn(names, " ");
		if (len < sizeof(cols[n].name)) {
			memcpy(cols[n].name, names, len);
			cols[n].name[len] = '\0';
			cols[n].width = len;
			cols[n].used = false;
			n++;
		}
		names += len;
		names += strspn(names, " ");
	}
	return n;
}

static void
columns_fit(struct column *cols, size_t n, const struct rows *rs)
{
	const char *v;
	size_t i, k;

	for (i = 0; i < rs->n; i++)
		for (k = 0; k < n; k++) {
			v = get(&rs->v[i], cols[k].name);
			if (*v == '\0')
				continue;
			cols[k].used = true;
			if (width_of(v) > cols[k].width)
				cols[k].width = width_of(v);
		}
}

static void
upper(char *dst, size_t size, const char *src)
{
	size_t i;

	for (i = 0; src[i] != '\0' && i + 1 < size; i++)
		dst[i] = (char)toupper((unsigned char)src[i]);
	dst[i] = '\0';
}

/* Left-aligned cells; blanks are put before the next one only, so that no
 * line ends in blanks. */
static void
cell(FILE *f, size_t *owed, const char *text, size_t width)
{
	size_t w = width_of(text);

	if (*text != '\0') {
		pad(f, *owed);
		fputs(text, f);
		*owed = 0;
	} else {
		w = 0;
	}
	*owed += (width > w ? width - w : 0) + GAP;
}

static void
flags_width(const struct rows *rs, size_t *number, size_t *flags)
{
	char text[32];
	size_t i;

	*number = 1;
	*flags = 0;
	for (i = 0; i < rs->n; i++) {
		number_of(rs, i, text, sizeof(text));
		if (strlen(text) > *number)
			*number = strlen(text);
		if (strlen(get(&rs->v[i], "flags")) > *flags)
			*flags = strlen(get(&rs->v[i], "flags"));
	}
}

static void
head_print(FILE *f, const struct column *cols, size_t n, size_t wnum,
    size_t wflags)
{
	char name[SHOW_NAME_LEN];
	size_t k, owed = 0;

	cell(f, &owed, "#", wnum);
	if (wflags > 0)
		cell(f, &owed, "", wflags);
	for (k = 0; k < n; k++) {
		if (!cols[k].used)
			continue;
		upper(name, sizeof(name), cols[k].name);
		cell(f, &owed, name, cols[k].width);
	}
	fputc('\n', f);
}

void
table_print(FILE *f, const struct command *c, const char *columns,
    const struct rows *rs)
{
	struct column cols[COLUMNS_MAX];
	size_t n = columns_split(columns, cols), i, k, wnum, wflags, owed;
	char number[32];

	if (rs->n == 0)
		return;
	columns_fit(cols, n, rs);
	flags_width(rs, &wnum, &wflags);
	legend_print(f, c, rs);
	head_print(f, cols, n, wnum, wflags);
	for (i = 0; i < rs->n; i++) {
		if (*get(&rs->v[i], "comment") != '\0')
			fprintf(f, "%*s;;; %s\n", (int)(wnum + GAP), "",
			    get(&rs->v[i], "comment"));
		owed = 0;
		number_of(rs, i, number, sizeof(number));
		cell(f, &owed, number, wnum);
		if (wflags > 0)
			cell(f, &owed, get(&rs->v[i], "flags"), wflags);
		for (k = 0; k < n; k++)
			if (cols[k].used)
				cell(f, &owed, get(&rs->v[i], cols[k].name),
				    cols[k].width);
		fputc('\n', f);
	}
}

/* Quotes where a script would need them. */
static bool
needs_quotes(const char *v)
{
	return v[strcspn(v, " \t;\"'[]{}()$\\")] != '\0';
}

static char *
pair_text(const struct field *fd)
{
	const char *q = needs_quotes(fd->value) ? "\"" : "";
	char *s;

	if (asprintf(&s, "%s=%s%s%s", fd->name, q, fd->value, q) == -1)
		return NULL;
	return s;
}

/* One field behind the others, on a new line when it does not fit. */
static void
flow(FILE *f, size_t *col, size_t indent, const char *text)
{
	size_t w = width_of(text);

	if (*col > indent && *col + 1 + w > WIDTH) {
		fputc('\n', f);
		pad(f, indent);
		*col = indent;
	} else if (*col > indent) {
		fputc(' ', f);
		(*col)++;
	}
	fputs(text, f);
	*col += w;
}

static void
detail_row(FILE *f, const struct row *r, const char *number)
{
	const char *comment = get(r, "comment");
	size_t i, col = INDENT;
	char *text, lead[64];
	int n;

	n = snprintf(lead, sizeof(lead), "%2s %s", number, get(r, "flags"));
	if (n < 0 || (size_t)n >= INDENT)
		fprintf(f, "%s ", lead);
	else
		fprintf(f, "%-*s", INDENT, lead);
	if (n >= INDENT)
		col = (size_t)n + 1;
	if (*comment != '\0') {
		fprintf(f, ";;; %s\n%*s", comment, INDENT, "");
		col = INDENT;
	}
	for (i = 0; i < r->n; i++) {
		if (is_special(r->fields[i].name) ||
		    r->fields[i].value[0] == '\0' ||
		    (text = pair_text(&r->fields[i])) == NULL)
			continue;
		flow(f, &col, INDENT, text);
		free(text);
	}
	fputc('\n', f);
}

void
detail_print(FILE *f, const struct command *c, const struct rows *rs)
{
	char number[32];
	size_t i;

	legend_print(f, c, rs);
	for (i = 0; i < rs->n; i++) {
		number_of(rs, i, number, sizeof(number));
		detail_row(f, &rs->v[i], number);
	}
}

void
single_print(FILE *f, const struct rows *rs)
{
	size_t i, k, width = 0;
	const struct row *r;

	for (i = 0; i < rs->n; i++)
		for (k = 0; k < rs->v[i].n; k++)
			if (strlen(rs->v[i].fields[k].name) > width)
				width = strlen(rs->v[i].fields[k].name);
	for (i = 0; i < rs->n; i++) {
		r = &rs->v[i];
		for (k = 0; k < r->n; k++)
			if (!is_special(r->fields[k].name))
				fprintf(f, "%*s: %s\n", (int)width + 2,
				    r->fields[k].name, r->fields[k].value);
	}
}

void
line_print(FILE *f, const char *columns, const struct row *r)
{
	struct column cols[COLUMNS_MAX];
	size_t n = columns_split(columns, cols), k;

	for (k = 0; k < n; k++)
		fprintf(f, "%s%s", k == 0 ? "" : " ", get(r, cols[k].name));
	fputc('\n', f);
}

void
terse_print(FILE *f, const struct rows *rs)
{
	char number[32], *text;
	size_t i, k;

	for (i = 0; i < rs->n; i++) {
		number_of(rs, i, number, sizeof(number));
		fprintf(f, "%s %s", number, get(&rs->v[i], "flags"));
		for (k = 0; k < rs->v[i].n; k++) {
			if (strcmp(rs->v[i].fields[k].name, "flags") == 0 ||
			    strcmp(rs->v[i].fields[k].name, "number") == 0 ||
			    (text = pair_text(&rs->v[i].fields[k])) == NULL)
				continue;
			fprintf(f, " %s", text);
			free(text);
		}
		fputc('\n', f);
	}
}
