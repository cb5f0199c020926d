#include "tests/unit/conf_util.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

char diags[65536];

static void
note(void *arg, const struct conf_diag *d)
{
	char line[2048];
	size_t at = strlen(diags);

	(void)arg;
	conf_diag_fmt(d, line, sizeof(line));
	ck_assert_ptr_null(strchr(line, '\n'));
	snprintf(diags + at, sizeof(diags) - at, "%s\n", line);
}

struct conf *
load(const char *script)
{
	diags[0] = '\0';
	return conf_load_mem("x", script, strlen(script), note, NULL);
}

struct conf *
load_ok(const char *script)
{
	struct conf *c = load(script);

	ck_assert_msg(c != NULL, "refused:\n%s\n%s", diags, script);
	return c;
}
