#include "sallyctl/query.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

#define WORDS	10

static int
parse(struct query *q, const char *const *words, char *err, size_t size)
{
	char *argv[WORDS];
	int n = 0, rc;

	for (; n < WORDS && words[n] != NULL; n++)
		ck_assert_ptr_nonnull(argv[n] = strdup(words[n]));
	rc = query_parse(q, n, argv, err, size);
	while (n > 0)
		free(argv[--n]);
	return rc;
}

static const struct accepted {
	const char *words[WORDS];
	enum show_what what;
	unsigned modes;
	unsigned nargs;
	struct show_arg arg;	/* the last one */
} accepted[] = {
	{ { "/ip/ipsec/active-peers/print" }, SHOW_ACTIVE_PEERS, 0, 0 },
	{ { "ip", "ipsec", "active-peers", "print" }, SHOW_ACTIVE_PEERS, 0,
	    0 },
	{ { "/ip", "ipsec/active-peers", "print" }, SHOW_ACTIVE_PEERS, 0, 0 },
	{ { "/ip ipsec active-peers print detail" }, SHOW_ACTIVE_PEERS,
	    MODE_DETAIL, 0 },
	{ { "/ip/ipsec/active-peers/kill-connections" },
	    SHOW_KILL_CONNECTIONS, 0, 0 },
	{ { "/ip/ipsec/active-peers/kill-connections", "where",
	    "remote-address=192.0.2.1" }, SHOW_KILL_CONNECTIONS, 0, 1,
	    { "remote-address", '=', "192.0.2.1" } },
	{ { "ip", "ipsec", "installed-sa", "print", "detail",
	    "show-sensitive", "where", "spi=0x00000100" }, SHOW_INSTALLED_SA,
	    MODE_DETAIL | MODE_SENSITIVE, 1, { "spi", '=', "0x00000100" } },
	{ { "/ip/ipsec/installed-sa/flush" }, SHOW_FLUSH_SA, 0, 0 },
	{ { "/ip/ipsec/policy/print", "stats" }, SHOW_POLICY, MODE_STATS, 0 },
	{ { "/ip/ipsec/policy/group/print" }, SHOW_CONFIG, 0, 1,
	    { "menu", ':', "ip ipsec policy group" } },
	{ { "/ip/ipsec/peer/print", "count-only", "where", "name~^of",
	    "passive=yes" }, SHOW_CONFIG, MODE_COUNT, 3,
	    { "passive", '=', "yes" } },
	{ { "/ip/ipsec/peer/print", "where", "name=a", "and",
	    "comment=two words" }, SHOW_CONFIG, 0, 3,
	    { "comment", '=', "two words" } },
	{ { "/ip/ipsec/statistics/print" }, SHOW_STATISTICS, 0, 0 },
	{ { "/log/print" }, SHOW_LOG, 0, 0 },
	{ { "/log/print", "where", "topics~ipsec,!debug" }, SHOW_LOG, 0, 1,
	    { "topics", ':', "ipsec,!debug" } },
	{ { "/log/print", "where", "topics~^ipsec" }, SHOW_LOG, 0, 1,
	    { "topics", '~', "^ipsec" } },
	{ { "/log/print", "where", "message~office" }, SHOW_LOG, 0, 1,
	    { "message", '~', "office" } },
	{ { "/log/clear" }, SHOW_LOG_CLEAR, 0, 0 },
	{ { "/system/processes/print" }, SHOW_PROCESSES, 0, 0 },
	{ { "system", "reload" }, SHOW_RELOAD, 0, 0 },
};

START_TEST(accepts)
{
	const struct accepted *c = &accepted[_i];
	const struct show_arg *a;
	struct query q;
	char err[256] = "";

	ck_assert_msg(parse(&q, c->words, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(q.req.what, c->what);
	ck_assert_uint_eq(q.modes, c->modes);
	ck_assert_uint_eq(q.req.nargs, c->nargs);
	ck_assert_uint_eq(q.req.flags, (c->modes & MODE_SENSITIVE) != 0 ?
	    SHOW_SENSITIVE : 0);
	if (c->nargs == 0)
		return;
	a = &q.req.args[c->nargs - 1];
	ck_assert_str_eq(a->name, c->arg.name);
	ck_assert_int_eq(a->op, c->arg.op);
	ck_assert_str_eq(a->value, c->arg.value);
}
END_TEST

static char long_value[400];

static const struct refused {
	const char *words[WORDS];
	const char *why;
} refused[] = {
	{ { "/ip/ipsec/active-peer/print" },
	    "did you mean /ip/ipsec/active-peers/print?" },
	{ { "/ip/ipsec/polcy/print", "detail" },
	    "did you mean /ip/ipsec/policy/print?" },
	{ { "/ip/ipsec/peer/prnt" }, "did you mean /ip/ipsec/peer/print?" },
	{ { "/ip/ipsec/peer" }, "unknown command" },
	{ { "/ip/ipsec/nonsense/print" }, "unknown command" },
	{ { "" }, "unknown command" },
	{ { "/ip/ipsec/peer/print", "deteil" }, "\"deteil\"" },
	{ { "/ip/ipsec/peer/print", "name=x" }, "where" },
	{ { "/ip/ipsec/peer/print", "where", long_value }, "too long" },
};

START_TEST(refuses)
{
	const struct refused *c = &refused[_i];
	struct query q;
	char err[256] = "";

	memset(long_value, 'x', sizeof(long_value) - 1);
	memcpy(long_value, "name=", 5);
	ck_assert_int_eq(parse(&q, c->words, err, sizeof(err)), -1);
	ck_assert_msg(strstr(err, c->why) != NULL, "case %d: \"%s\"", _i,
	    err);
	ck_assert_ptr_null(strchr(err, '\n'));
}
END_TEST

/* Every command of the tables is found under its own name. */
START_TEST(help_lists_what_works)
{
	char *text, *line, *rest, err[256];
	const char *words[WORDS] = { NULL };
	struct query q;
	size_t len, n = 0;
	FILE *f = open_memstream(&text, &len);

	command_list(f);
	fclose(f);
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		line += strspn(line, " ");
		line[strcspn(line, " ")] = '\0';
		words[0] = line;
		ck_assert_msg(parse(&q, words, err, sizeof(err)) == 0, "%s",
		    err);
		n++;
	}
	ck_assert_uint_gt(n, 15);
	free(text);
}
END_TEST

/* What everybody can read in /proc. */
START_TEST(hides)
{
	char path[] = "/certificate/export-certificate", name[] = "ann";
	char word[] = "export-passphrase=a long one";
	char *argv[] = { path, name, word };
	struct query q;
	char err[256];
	unsigned i;

	ck_assert_int_eq(query_parse(&q, 3, argv, err, sizeof(err)), 0);
	query_hide(3, argv);
	ck_assert_str_eq(name, "ann");
	for (i = strlen("export-passphrase="); i < sizeof(word); i++)
		ck_assert_int_eq(word[i], '\0');
	ck_assert_str_eq(show_arg(&q.req, "export-passphrase"),
	    "a long one");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("query");
	TCase *tc = tcase_create("query");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, accepts, 0,
	    (int)(sizeof(accepted) / sizeof(accepted[0])));
	tcase_add_loop_test(tc, refuses, 0,
	    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tc, help_lists_what_works);
	tcase_add_test(tc, hides);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
