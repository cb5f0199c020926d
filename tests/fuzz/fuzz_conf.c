/* A script, and the messages between processes that it becomes. */
#include "lib/conf/conf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
quiet(void *arg, const struct conf_diag *d)
{
	char line[2048];

	(void)arg;
	(void)conf_diag_fmt(d, line, sizeof(line));
}

/* What is printed loads, and to the same. */
static void
round_trip(const struct conf *c, unsigned flags)
{
	struct conf *again;
	struct buf b;

	buf_init(&b, CONF_PRINT_MAX);
	if (conf_print(&b, c, flags) == 0) {
		again = conf_load_mem("printed", b.data, b.len, quiet, NULL);
		if (again == NULL || !conf_equal(c, again))
			abort();
		conf_free(again);
	}
	buf_free(&b);
}

static void
hand_over(const struct conf *c, enum proc_id proc)
{
	struct conf *d = conf_new();
	const struct conf_obj *o;
	const char *why;
	struct cur cur;
	struct buf b;
	int m;

	for (m = 0; m < CONF_MENUS; m++)
		CONF_FOREACH(c, m, o) {
			if (!conf_sends(o, proc))
				continue;
			buf_init(&b, CONF_OBJECT_MAX);
			conf_pack(&b, o, proc);
			cur_init(&cur, b.data, b.len);
			if (buf_error(&b) == -1 ||
			    conf_unpack(d, &cur, &why) == -1)
				abort();
			buf_free(&b);
		}
	if (conf_complete(d, &why) == -1)
		abort();
	conf_free(d);
}

/* The bytes as one object from a process that has been taken over. */
static void
as_message(const uint8_t *data, size_t size)
{
	struct conf *d = conf_new();
	const char *why;
	struct cur cur;

	cur_init(&cur, data, size);
	if (conf_unpack(d, &cur, &why) == 0)
		(void)conf_complete(d, &why);
	conf_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *c;

	as_message(data, size);
	if ((c = conf_load_mem("x", data, size, quiet, NULL)) == NULL)
		return 0;
	round_trip(c, 0);
	round_trip(c, CONF_PRINT_VERBOSE);
	hand_over(c, PROC_IKEPD);
	hand_over(c, PROC_KEYMGR);
	hand_over(c, PROC_CERTD);
	conf_free(c);
	return 0;
}
