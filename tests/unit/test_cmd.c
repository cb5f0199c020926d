#include "lib/conf/cmd.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The items of a command as one string. */
static const char *
show(const struct cmd *c)
{
	static char s[4096];
	const struct cmd_item *it;
	size_t i, at = 0;

	s[0] = '\0';
	if (c->absolute)
		at += (size_t)snprintf(s, sizeof(s), "/");
	for (i = 0; i < c->n && at < sizeof(s); i++) {
		it = &c->items[i];
		at += (size_t)snprintf(s + at, sizeof(s) - at, "%s",
		    i > 0 ? " " : "");
		if (it->kind == CMD_WORD)
			at += (size_t)snprintf(s + at, sizeof(s) - at, "%s",
			    it->name);
		else if (it->kind == CMD_ARG)
			at += (size_t)snprintf(s + at, sizeof(s) - at,
			    "%s%c%s", it->name, it->op, it->value);
		else
			at += (size_t)snprintf(s + at, sizeof(s) - at, "%s",
			    it->kind == CMD_OPEN ? "[" :
			    it->kind == CMD_CLOSE ? "]" : it->name);
	}
	return s;
}

static const char *
one(const char *text)
{
	static char s[4096];
	struct cmd_lexer l;
	struct cmd c = { 0 };

	cmd_lexer_init(&l, text, strlen(text));
	if (cmd_next(&l, &c) == 1)
		snprintf(s, sizeof(s), "%s", show(&c));
	else
		snprintf(s, sizeof(s), "error");
	cmd_free(&c);
	return s;
}

START_TEST(items)
{
	ck_assert_str_eq(one("/ip/ipsec/active-peers/print detail where "
	    "topics~\"ipsec,error\" name=x"),
	    "/ip ipsec active-peers print detail where topics~ipsec,error "
	    "name=x");
	ck_assert_str_eq(one("/ip ipsec/peer add address=10.0.0.0/8"),
	    "/ip ipsec peer add address=10.0.0.0/8");
	ck_assert_str_eq(one("set [find name=a]x=y"),
	    "set [ find name=a ] x=y");
	ck_assert_str_eq(one("set 10.0.0.0/8 a=\"b c\"d"),
	    "set 10.0.0.0/8 a=b cd");
	ck_assert_str_eq(one("../../peer print"), ".. .. peer print");
	ck_assert_str_eq(one("a b=c=d~e"), "a b=c=d~e");
	ck_assert_str_eq(one("a b=\\\n   c"), "a b=c");
	ck_assert_str_eq(one("a b=c;d e=f"), "a b=c");
	ck_assert_str_eq(one("a b=c#d #e"), "a b=c#d");
	ck_assert_str_eq(one("a b= c"), "a b= c");
	ck_assert_str_eq(one("set x !comment"), "set x comment");
	ck_assert_str_eq(one("a b=\"c"), "error");
}
END_TEST

START_TEST(places)
{
	const char *text = "# one\n/ip ipsec peer\n  add \\\n    name=x "
	    "address=\"y\"\nadd ]";
	struct cmd_lexer l;
	struct cmd c = { 0 };

	cmd_lexer_init(&l, text, strlen(text));
	ck_assert_int_eq(cmd_next(&l, &c), 1);
	ck_assert_uint_eq(c.line, 2);
	ck_assert_uint_eq(c.items[2].col, 11);
	ck_assert_int_eq(cmd_next(&l, &c), 1);
	ck_assert_uint_eq(c.items[0].line, 3);
	ck_assert_uint_eq(c.items[0].col, 3);
	ck_assert_uint_eq(c.items[1].line, 4);
	ck_assert_uint_eq(c.items[1].col, 5);
	ck_assert_uint_eq(c.items[1].vcol, 10);
	ck_assert_uint_eq(c.items[2].vcol, 20);
	ck_assert(c.items[1].plain);
	ck_assert(!c.items[2].plain);
	ck_assert_int_eq(cmd_next(&l, &c), 1);
	ck_assert_int_eq(cmd_next(&l, &c), 0);
	cmd_free(&c);
}
END_TEST

static const char *
from_argv(int argc, const char *const *argv)
{
	static char s[4096];
	char err[CMD_ERR_MAX], *copy[8];
	struct cmd c = { 0 };
	int i;

	for (i = 0; i < argc; i++)
		copy[i] = strdup(argv[i]);
	if (cmd_from_argv(&c, argc, copy, err) == 0)
		snprintf(s, sizeof(s), "%s", show(&c));
	else
		snprintf(s, sizeof(s), "%s", err);
	for (i = 0; i < argc; i++)
		free(copy[i]);
	cmd_free(&c);
	return s;
}

START_TEST(arguments)
{
	const char *const a[] = { "ip", "ipsec", "installed-sa", "print" };
	const char *const b[] = { "/ip/ipsec/peer/print", "where",
		"name=a b", "comment~^x\"y$" };
	const char *const c[] = { "/log print where topics~\"a b\"" };
	const char *const d[] = { "/log print where topics~\"a" };

	ck_assert_str_eq(from_argv(4, a), "/ip ipsec installed-sa print");
	ck_assert_str_eq(from_argv(4, b), "/ip ipsec peer print where "
	    "name=a b comment~^x\"y$");
	ck_assert_str_eq(from_argv(1, c), "/log print where topics~a b");
	ck_assert_str_eq(from_argv(1, d), "found a quote without its end, "
	    "expected \" on the same line");
	ck_assert_str_eq(from_argv(0, NULL), "/");
}
END_TEST

static const char *
resolve(const char *text, enum conf_menu *m)
{
	static char s[CMD_ERR_MAX];
	struct cmd_lexer l;
	struct cmd c = { 0 };
	struct cmd_path p;
	size_t bad;

	cmd_lexer_init(&l, text, strlen(text));
	ck_assert_int_eq(cmd_next(&l, &c), 1);
	*m = CONF_MENUS;
	s[0] = '\0';
	if (cmd_resolve(&c, NULL, &p, &bad, s) == 0) {
		if (p.menu != NULL)
			*m = p.menu->menu;
		snprintf(s, sizeof(s), "%s", cmd_verb(&c, &p));
	}
	cmd_free(&c);
	return s;
}

START_TEST(paths)
{
	enum conf_menu m;

	ck_assert_str_eq(resolve("/ip/ipsec/peer/print", &m), "print");
	ck_assert_int_eq(m, CONF_PEER);
	ck_assert_str_eq(resolve("ip ipsec policy group print", &m), "print");
	ck_assert_int_eq(m, CONF_GROUP);
	ck_assert_str_eq(resolve("/ip ipsec peer profile print", &m),
	    "print");
	ck_assert_int_eq(m, CONF_PROFILE);
	ck_assert_str_eq(resolve("/ip ipsec remote-peers print", &m),
	    "print");
	ck_assert_int_eq(m, CONF_ACTIVE_PEERS);
	ck_assert_str_eq(resolve("/ip ipsec", &m), "");
	ck_assert_int_eq(m, CONF_MENUS);
	ck_assert_str_eq(resolve("/log print", &m), "print");
	ck_assert_int_eq(m, CONF_LOG);
	ck_assert_str_eq(resolve("/ip ipsec installed-as print", &m),
	    "found \"installed-as\", expected a menu below /ip ipsec; did "
	    "you mean \"installed-sa\"?");
	ck_assert_str_eq(resolve("/ip ipsec peer prnt", &m),
	    "found \"prnt\", expected a command in /ip ipsec peer; did you "
	    "mean \"print\"?");
	ck_assert_str_eq(resolve("/ip ipsec ipsec ipsec", &m),
	    "found \"ipsec\", expected a menu below /ip ipsec");
}
END_TEST

START_TEST(completion)
{
	char words[64][24];
	size_t i, n;
	bool peer = false;

	n = conf_path_children("", words, 64);
	ck_assert_uint_ge(n, 7);
	ck_assert_str_eq(words[0], "ip");
	n = conf_path_children("ip ipsec", words, 64);
	for (i = 0; i < n; i++)
		peer |= strcmp(words[i], "peer") == 0;
	ck_assert(peer);
	ck_assert_uint_eq(conf_path_children("ip ipsec", words, 2), 2);
	ck_assert_uint_eq(conf_path_children("ip ipsec peer", words, 64), 0);
	ck_assert_uint_eq(conf_path_children("ip ips", words, 64), 0);
}
END_TEST

/* The table says of every property what the manual needs. */
START_TEST(schema)
{
	const struct conf_menu_desc *d;
	unsigned i, k;
	int m;

	for (m = 0; m < CONF_MENUS; m++) {
		d = conf_menu_desc(m);
		ck_assert_int_eq(d->menu, m);
		ck_assert_ptr_nonnull(d->path);
		ck_assert_ptr_nonnull(d->help);
		ck_assert_ptr_eq(conf_menu_by_path(d->path), d);
		for (i = 0; i < d->nprops; i++) {
			ck_assert_msg(d->props[i].name != NULL, "%s %u",
			    d->path, i);
			ck_assert_msg(d->props[i].help != NULL, "%s %s",
			    d->path, d->props[i].name);
			ck_assert_ptr_eq(conf_prop_find(d, d->props[i].name),
			    &d->props[i]);
			/* Nobody faces the network and holds a secret. */
			if (d->props[i].flags & CONF_P_SECRET)
				ck_assert_uint_eq(d->props[i].procs &
				    ~PROC_BIT(PROC_CERTD), 0);
			if (d->props[i].type == CONF_T_SECRET)
				ck_assert(d->props[i].flags & CONF_P_SECRET);
			for (k = 0; k < i; k++)
				ck_assert_str_ne(d->props[i].name,
				    d->props[k].name);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cmd");
	TCase *t = tcase_create("cmd");
	SRunner *r;
	int failed;

	tcase_add_test(t, items);
	tcase_add_test(t, places);
	tcase_add_test(t, arguments);
	tcase_add_test(t, paths);
	tcase_add_test(t, completion);
	tcase_add_test(t, schema);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
