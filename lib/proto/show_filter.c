#include "lib/proto/show.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	char name[SHOW_NAME_LEN];
	char value[SHOW_VALUE_LEN];
	bool is_re;
	regex_t re;
};

struct show_filter {
	unsigned n;
	struct test tests[SHOW_ARGS_MAX];
};

/*
 * A repetition count makes the C library's automaton grow with the product
 * of nested counts, so a short expression could take all memory.  With back
 * references a comparison can take for ever.  What is not taken, or NULL.
 */
static const char *
re_excess(const char *re)
{
	if (strchr(re, '{') != NULL)
		return "repetition count";
	while ((re = strchr(re, '\\')) != NULL && re[1] != '\0') {
		if (re[1] >= '1' && re[1] <= '9')
			return "back reference";
		re += 2;
	}
	return NULL;
}

static int
test_init(struct test *t, const struct show_arg *a, char *err, size_t errsize)
{
	const char *excess;
	char why[128];
	int rc;

	memcpy(t->name, a->name, sizeof(t->name));
	memcpy(t->value, a->value, sizeof(t->value));
	if (a->op != '~')
		return 0;
	if ((excess = re_excess(a->value)) != NULL) {
		snprintf(err, errsize, "the expression for \"%s\" has a "
		    "%s, which is not taken", a->name, excess);
		return -1;
	}
	rc = regcomp(&t->re, a->value, REG_EXTENDED | REG_NOSUB);
	if (rc != 0) {
		regerror(rc, &t->re, why, sizeof(why));
		snprintf(err, errsize, "the expression for \"%s\" is "
		    "malformed: %s", a->name, why);
		return -1;
	}
	t->is_re = true;
	return 0;
}

struct show_filter *
show_filter_new(const struct show_arg *args, unsigned n, char *err,
    size_t errsize)
{
	struct show_filter *f;
	unsigned i;

	if (n > SHOW_ARGS_MAX || (f = calloc(1, sizeof(*f))) == NULL) {
		snprintf(err, errsize, "%s", "too many filters");
		return NULL;
	}
	for (i = 0; i < n; i++) {
		if (args[i].op == ':')
			continue;
		if (test_init(&f->tests[f->n], &args[i], err, errsize) == -1) {
			show_filter_free(f);
			return NULL;
		}
		f->n++;
	}
	return f;
}

void
show_filter_free(struct show_filter *f)
{
	unsigned i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n; i++)
		if (f->tests[i].is_re)
			regfree(&f->tests[i].re);
	free(f);
}

bool
show_filter_match(const struct show_filter *f,
    const char *(*get)(void *arg, const char *name), void *arg)
{
	const struct test *t;
	const char *v;
	unsigned i;

	for (i = 0; i < f->n; i++) {
		t = &f->tests[i];
		if ((v = get(arg, t->name)) == NULL)
			v = "";
		if (t->is_re ? regexec(&t->re, v, 0, NULL, 0) != 0 :
		    strcmp(v, t->value) != 0)
			return false;
	}
	return true;
}
