#include "sallyctl/rows.h"

#include "lib/log.h"
#include "sallyctl/ipc_ctl.h"

#include <stdlib.h>
#include <string.h>

static void
row_free(struct row *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		free((void *)(uintptr_t)r->fields[i].name);
		free((void *)(uintptr_t)r->fields[i].value);
	}
	free(r->fields);
}

/* Each byte may become four. */
static char *
text_dup(const char *p, size_t len)
{
	size_t size = len * 4 + 1;
	char *s = malloc(size);

	if (s != NULL)
		log_escape(s, size, p, len);
	return s;
}

static int
row_read(struct row *r, struct cur *c)
{
	struct show_pair p;
	struct field *f;
	uint16_t n;
	int rc;

	if (show_row_begin(c, &n) == -1 ||
	    (r->fields = calloc((size_t)n + 1, sizeof(*f))) == NULL)
		return -1;
	while ((rc = show_row_next(c, &n, &p)) == 1) {
		f = &r->fields[r->n++];
		f->name = text_dup(p.name, p.name_len);
		f->value = text_dup(p.value, p.value_len);
		if (f->name == NULL || f->value == NULL)
			return -1;
	}
	return rc;
}

int
rows_add(struct rows *rs, struct cur *c)
{
	struct row *v, r = { 0 };
	size_t cap;

	if (rs->n == rs->cap) {
		cap = rs->cap == 0 ? 64 : rs->cap * 2;
		v = reallocarray(rs->v, cap, sizeof(*v));
		if (v == NULL)
			return -1;
		rs->v = v;
		rs->cap = cap;
	}
	if (row_read(&r, c) == -1) {
		row_free(&r);
		return -1;
	}
	rs->v[rs->n++] = r;
	return 0;
}

void
rows_pop(struct rows *rs)
{
	row_free(&rs->v[--rs->n]);
}

void
rows_free(struct rows *rs)
{
	while (rs->n > 0)
		rows_pop(rs);
	free(rs->v);
	memset(rs, 0, sizeof(*rs));
}

const char *
row_get(const struct row *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->fields[i].name, name) == 0)
			return r->fields[i].value;
	return NULL;
}
