#include "lib/conf/object.h"

#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_MAX	1024

void
conf_report(struct conf_report *r, enum conf_severity level, unsigned line,
    unsigned col, const char *fmt, ...)
{
	char text[DIAG_MAX], clean[DIAG_MAX];
	struct conf_diag d = { level, r->file, line, col, clean };
	va_list ap;

	if (level == CONF_ERROR && r->errors++ >= CONF_ERRORS_MAX) {
		if (r->errors > CONF_ERRORS_MAX + 1)
			return;
		snprintf(text, sizeof(text), "too many errors, giving up");
	} else {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	log_escape(clean, sizeof(clean), text, strlen(text));
	if (r->fn != NULL)
		r->fn(r->arg, &d);
}

const char *
conf_diag_fmt(const struct conf_diag *d, char *dst, size_t size)
{
	const char *level = d->level == CONF_WARNING ? "warning: " : "";

	if (d->line == 0)
		snprintf(dst, size, "%s: %s%s", d->file, level, d->text);
	else
		snprintf(dst, size, "%s:%u:%u: %s%s", d->file, d->line,
		    d->col, level, d->text);
	return dst;
}

struct conf *
conf_load_mem(const char *name, const void *text, size_t len, conf_diag_fn fn,
    void *arg)
{
	struct conf_report rep = { fn, arg, name, 0 };
	struct conf *c;

	if (len > CONF_FILE_MAX) {
		conf_report(&rep, CONF_ERROR, 0, 0,
		    "larger than %u MB", CONF_FILE_MAX >> 20);
		return NULL;
	}
	if ((c = conf_new()) == NULL || conf_add_builtins(c) == -1) {
		conf_report(&rep, CONF_ERROR, 0, 0, "out of memory");
		conf_free(c);
		return NULL;
	}
	conf_parse(c, text, len, &rep);
	/* Half a configuration would only seem to be inconsistent. */
	if (rep.errors == 0)
		conf_check(c, &rep);
	if (rep.errors > 0) {
		conf_free(c);
		return NULL;
	}
	return c;
}

static int
read_all(FILE *f, struct buf *b)
{
	uint8_t part[16384];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_put(b, part, n);
	secret_wipe(part, sizeof(part));
	if (ferror(f))
		return -1;
	if (buf_error(b) == -1) {
		errno = EFBIG;
		return -1;
	}
	return 0;
}

struct conf *
conf_load_file(const char *path, conf_diag_fn fn, void *arg)
{
	struct conf_report rep = { fn, arg, path, 0 };
	struct conf *c = NULL;
	struct buf b;
	FILE *f;
	bool std = strcmp(path, "-") == 0;

	buf_init(&b, CONF_FILE_MAX);
	if ((f = std ? stdin : fopen(path, "re")) == NULL ||
	    (!std && setvbuf(f, NULL, _IONBF, 0) != 0) ||
	    read_all(f, &b) == -1)
		conf_report(&rep, CONF_ERROR, 0, 0, "%s", strerror(errno));
	else
		c = conf_load_mem(std ? "standard input" : path,
		    b.data != NULL ? (const void *)b.data : "", b.len, fn,
		    arg);
	if (f != NULL && !std)
		fclose(f);
	buf_free(&b);
	return c;
}
