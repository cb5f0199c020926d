#include "lib/conf/conf.h"
#include "lib/conf/schema.h"
#include "tests/unit/conf_util.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A generator of scripts; reproducible from its seed. */
struct gen {
	uint64_t state;
	struct buf out;
};

static unsigned
rnd(struct gen *g, unsigned n)
{
	g->state = g->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((g->state >> 33) % n);
}

static void
put(struct gen *g, const char *s)
{
	buf_put(&g->out, s, strlen(s));
}

static void
put_num(struct gen *g, int64_t n)
{
	char s[24];

	snprintf(s, sizeof(s), "%lld", (long long)n);
	put(g, s);
}

/* Any text, quoted; hard on the quoting. */
static void
put_text(struct gen *g)
{
	static const char *const pieces[] = { "a", "Z", "0", " ", "\\\"",
		"\\\\", "\\n", "\\r", "\\t", "\\$", "\\?", "#", ";", "=", "~",
		"[", "]", "{", "(", ",", "/", "..", "\\7F", "\\01", "\\_",
		"\xc3\xa9", "!", "'", "word", "\\\n   ", "0x" };
	unsigned n = rnd(g, 20);

	put(g, "\"x");
	while (n-- > 0)
		put(g, pieces[rnd(g, sizeof(pieces) / sizeof(pieces[0]))]);
	put(g, "\"");
}

static void
put_algs(struct gen *g, const struct conf_prop *p)
{
	const struct alg *a, *all[64];
	unsigned i, n = 0;

	for (a = suite_next(p->kind, p->phase, NULL); a != NULL && n < 64;
	    a = suite_next(p->kind, p->phase, a))
		if (a->v2 != ALG_NO_V2 && (a->flags & ALG_NONE) == 0)
			all[n++] = a;
	for (i = 0; i <= rnd(g, 4); i++) {
		put(g, i > 0 ? "," : "");
		put(g, suite_name(all[rnd(g, n)], p->phase));
	}
}

static void
put_prefix(struct gen *g, bool v6)
{
	char s[64];

	if (v6)
		snprintf(s, sizeof(s), "2001:db8:%x::/48", rnd(g, 65536));
	else
		snprintf(s, sizeof(s), "10.%u.%u.0/%u", rnd(g, 256),
		    rnd(g, 256), 24 + rnd(g, 1));
	put(g, s);
}

static void
put_word(struct gen *g, const struct conf_prop *p)
{
	const struct conf_word *live[16];
	unsigned i, n = 0;

	for (i = 0; p->words[i].name != NULL; i++)
		if (p->words[i].live)
			live[n++] = &p->words[i];
	put(g, live[rnd(g, n)]->name);
}

static void
put_id(struct gen *g)
{
	static const char *const ids[] = { "auto", "ignore",
		"address:192.0.2.1", "address:2001:db8::1", "fqdn:a.example",
		"user-fqdn:u@example.net", "key-id:hello", "key-id:0x00ff",
		"\"dn:C=CH,O=a b,CN=gw\"" };

	put(g, ids[rnd(g, sizeof(ids) / sizeof(ids[0]))]);
}

static void
put_value(struct gen *g, const struct conf_prop *p)
{
	switch (p->type) {
	case CONF_T_STR:
		put_text(g);
		break;
	case CONF_T_SECRET:
		if (rnd(g, 2))
			put_text(g);
		else
			put(g, "0x00ff7820");
		break;
	case CONF_T_BOOL:
		put(g, rnd(g, 2) ? "yes" : "no");
		break;
	case CONF_T_NUM:
	case CONF_T_TIME:
		put_num(g, p->lo + rnd(g, (unsigned)(p->hi - p->lo > 5000 ?
		    5000 : p->hi - p->lo + 1)));
		break;
	case CONF_T_ENUM:
	case CONF_T_BITS:
		put_word(g, p);
		break;
	case CONF_T_PROTO:
		put_num(g, 1 + rnd(g, 255));
		break;
	case CONF_T_ADDR:
		put(g, "192.0.2.");
		put_num(g, 1 + rnd(g, 254));
		break;
	case CONF_T_ALGS:
		put_algs(g, p);
		break;
	case CONF_T_ID:
		put_id(g);
		break;
	case CONF_T_STRS:
		put(g, "ipsec,!debug");
		break;
	default:
		put(g, "default");
		break;
	}
}

static void
put_prop(struct gen *g, enum conf_menu m, unsigned i)
{
	const struct conf_prop *p = &conf_menu_desc(m)->props[i];

	put(g, " ");
	put(g, p->name);
	put(g, "=");
	put_value(g, p);
}

/* Some live properties of a menu, but not those in the list. */
static void
put_props(struct gen *g, enum conf_menu m, const char *but)
{
	const struct conf_menu_desc *d = conf_menu_desc(m);
	unsigned i;

	for (i = 0; i < d->nprops; i++)
		if ((d->props[i].flags & CONF_P_LIVE) &&
		    strstr(but, d->props[i].name) == NULL && rnd(g, 2))
			put_prop(g, m, i);
}

/* A configuration that is accepted, of all live menus. */
static void
generate(struct gen *g)
{
	unsigned i, n = 1 + rnd(g, 4), v6;

	put(g, "/ip ipsec settings\nset ike-port=");
	put_num(g, 501 + rnd(g, 100));
	put_props(g, CONF_SETTINGS, "allow-weak ike-port natt-port "
	    "fragment-size");
	put(g, " allow-weak=yes\n/ip ipsec policy group\nset default comment=");
	put_text(g);
	put(g, "\n/certificate\nimport file-name=c.pem name=c");
	put_props(g, CONF_CERTIFICATE, "name file-name");
	put(g, "\nimport file-name=/c/c.key name=c");
	put_props(g, CONF_CERTIFICATE, "name file-name");
	for (i = 0; i < n; i++) {
		put(g, "\n/ip ipsec profile\nadd name=p");
		put_num(g, i);
		put_props(g, CONF_PROFILE, "name");
		put(g, "\n/ip ipsec proposal\nadd name=q");
		put_num(g, i);
		put_props(g, CONF_PROPOSAL, "name auth-algorithms");
		put(g, "\n/ip ipsec policy group\nadd name=\"g ");
		put_num(g, i);
		put(g, "\"\n/ip ipsec peer\nadd exchange-mode=ike2 name=r");
		put_num(g, i);
		put(g, " profile=p");
		put_num(g, rnd(g, i + 1));
		put(g, " address=");
		if (rnd(g, 4) == 0)
			put(g, "gw.example.net");
		else
			put_prefix(g, false);
		put_props(g, CONF_PEER, "name address exchange-mode profile");
		put(g, "\n/ip ipsec identity\nadd peer=r");
		put_num(g, i);
		put(g, " secret=");
		put_value(g, &conf_menu_desc(CONF_IDENTITY)->
		    props[CONF_IDENTITY_SECRET]);
		put(g, " my-id=fqdn:me.example");
		if (rnd(g, 2))
			put(g, " auth-method=digital-signature certificate=c "
			    "remote-certificate=c match-by=certificate");
		put_props(g, CONF_IDENTITY, "peer secret my-id auth-method "
		    "certificate remote-certificate match-by mode-config");
		put(g, "\n/ip pool\nadd name=o");
		put_num(g, i);
		put(g, " ranges=10.0.");
		put_num(g, i);
		put(g, ".0/24,2001:db8::");
		put_num(g, i);
		put(g, "\n/ip ipsec mode-config\nadd name=m");
		put_num(g, i);
		put(g, " address-pool=o");
		put_num(g, rnd(g, i + 1));
		put_props(g, CONF_MODE_CONFIG, "name address-pool "
		    "split-include split-dns static-dns");
		v6 = rnd(g, 2);
		put(g, "\n/ip ipsec policy\nadd tunnel=yes protocol=tcp "
		    "peer=r");
		put_num(g, i);
		put(g, " src-address=");
		put_prefix(g, v6);
		put(g, ",");
		put_prefix(g, v6);
		put(g, " dst-address=");
		put_prefix(g, v6);
		put_props(g, CONF_POLICY, "peer tunnel protocol src-address "
		    "dst-address");
		if (rnd(g, 3) == 0)
			put(g, " place-before=0");
		put(g, "\n/system logging\nadd");
		put_props(g, CONF_LOGGING, "action");
	}
	if (rnd(g, 2))
		put(g, "\n/ip ipsec policy\nset [find default=yes] "
		    "disabled=yes "
		    "proposal=q0\n/system logging\nset 1 disabled=yes\n");
	buf_u8(&g->out, 0);
}

static char *
printed(const struct conf *c, unsigned flags)
{
	struct buf b;
	char *s;

	buf_init(&b, 1 << 20);
	ck_assert_int_eq(conf_print(&b, c, flags), 0);
	buf_u8(&b, 0);
	s = strdup((const char *)b.data);
	buf_free(&b);
	return s;
}

static void
same_after_print(const struct conf *c, unsigned flags)
{
	char *text = printed(c, flags), *again;
	struct conf *d = load_ok(text);

	ck_assert_msg(conf_equal(c, d), "%s", text);
	again = printed(d, flags);
	ck_assert_str_eq(text, again);
	conf_free(d);
	free(text);
	free(again);
}

START_TEST(generated)
{
	struct gen g = { .state = (uint64_t)_i * 7919 + 1 };
	struct conf *c;

	buf_init(&g.out, 1 << 20);
	generate(&g);
	ck_assert_int_eq(buf_error(&g.out), 0);
	c = load_ok((const char *)g.out.data);
	same_after_print(c, 0);
	same_after_print(c, CONF_PRINT_VERBOSE);
	conf_free(c);
	buf_free(&g.out);
}
END_TEST

START_TEST(empty)
{
	struct conf *c = load_ok("");
	char *s = printed(c, 0);

	ck_assert_str_eq(s, "");
	same_after_print(c, CONF_PRINT_VERBOSE);
	free(s);
	conf_free(c);
}
END_TEST

#define SCRIPT								\
	"/ip ipsec profile\n"						\
	"set default enc-algorithm=aes-256\n"				\
	"/ip ipsec peer\n"						\
	"add name=\"a b\" address=192.0.2.2/32 exchange-mode=ike2\n"	\
	"/ip ipsec identity\n"						\
	"add peer=\"a b\" secret=\"pass\\$word with blanks 12\" "	\
	"my-id=fqdn:gw.example\n"					\
	"/ip ipsec policy\n"						\
	"set [ find default=yes ] disabled=yes\n"			\
	"add peer=\"a b\" tunnel=yes src-address=10.0.0.0/8 "		\
	"dst-address=10.9.0.0/16 \\\n"					\
	"    comment=\"one two\"\n"

START_TEST(layout)
{
	struct conf *c = load_ok(SCRIPT);
	char *s = printed(c, 0);

	ck_assert_str_eq(s, SCRIPT);
	free(s);
	s = printed(c, CONF_PRINT_HIDE);
	ck_assert_ptr_null(strstr(s, "pass"));
	ck_assert_ptr_null(strstr(s, "secret"));
	ck_assert_ptr_nonnull(strstr(s, "my-id=fqdn:gw.example"));
	free(s);
	conf_free(c);
}
END_TEST

static void
collect(void *arg, const char *name, const char *value)
{
	char *row = arg;

	strcat(row, name);
	strcat(row, "=");
	strcat(row, value);
	strcat(row, " ");
}

START_TEST(rows)
{
	struct conf *c = load_ok(SCRIPT "add peer=\"a b\" tunnel=yes "
	    "src-address=10.0.0.0/8 dst-address=10.9.0.0/16\n");
	const struct conf_obj *p = conf_first(c, CONF_POLICY);
	char row[4096] = "";

	conf_obj_fields(c, conf_first(c, CONF_IDENTITY), CONF_PRINT_HIDE,
	    collect, row);
	ck_assert_str_eq(row, "flags= peer=a b my-id=fqdn:gw.example ");
	row[0] = '\0';
	conf_obj_fields(c, conf_first(c, CONF_IDENTITY), 0, collect, row);
	ck_assert_str_eq(row, "flags= peer=a b secret=pass$word with blanks "
	    "12 my-id=fqdn:gw.example ");
	row[0] = '\0';
	conf_obj_fields(c, p, CONF_PRINT_HIDE, collect, row);
	ck_assert_str_eq(row, "flags=XT* src-address=::/0 dst-address=::/0 "
	    "template=yes disabled=yes ");
	row[0] = '\0';
	conf_obj_fields(c, p->next->next, CONF_PRINT_HIDE, collect, row);
	ck_assert_str_eq(row, "flags=I peer=a b tunnel=yes "
	    "src-address=10.0.0.0/8 dst-address=10.9.0.0/16 reason=the policy "
	    "of line 9 has the same src-address, dst-address, protocol and "
	    "ports ");
	row[0] = '\0';
	conf_obj_fields(c, conf_by_name(c, CONF_PEER, "a b"),
	    CONF_PRINT_VERBOSE, collect, row);
	ck_assert_str_eq(row, "flags= name=a b address=192.0.2.2/32 port=500 "
	    "exchange-mode=ike2 passive=no profile=default "
	    "send-initial-contact=yes disabled=no ");
	conf_free(c);
}
END_TEST

static char example_errors[4096];

static void
note(void *arg, const struct conf_diag *d)
{
	char line[1024];

	(void)arg;
	strncat(example_errors, conf_diag_fmt(d, line, sizeof(line)),
	    sizeof(example_errors) - strlen(example_errors) - 1);
}

/* What we ship loads without a word, and prints to the same. */
static unsigned
load_examples(const char *dir)
{
	struct dirent *e;
	struct conf *c;
	char path[512];
	DIR *d = opendir(dir);
	unsigned n = 0;

	ck_assert_msg(d != NULL, "%s", dir);
	while ((e = readdir(d)) != NULL) {
		if (strlen(e->d_name) < 6 || strcmp(e->d_name +
		    strlen(e->d_name) - 5, ".conf") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		example_errors[0] = '\0';
		c = conf_load_file(path, note, NULL);
		ck_assert_str_eq(example_errors, "");
		ck_assert_ptr_nonnull(c);
		same_after_print(c, 0);
		conf_free(c);
		n++;
	}
	closedir(d);
	return n;
}

START_TEST(examples)
{
	const char *src = getenv("srcdir");
	char dir[512];

	snprintf(dir, sizeof(dir), "%s/etc", src != NULL ? src : ".");
	ck_assert_uint_ge(load_examples(dir), 1);
	snprintf(dir, sizeof(dir), "%s/etc/examples",
	    src != NULL ? src : ".");
	ck_assert_uint_ge(load_examples(dir), 4);
}
END_TEST

START_TEST(no_file)
{
	example_errors[0] = '\0';
	ck_assert_ptr_null(conf_load_file("/nonexistent/x.conf", note, NULL));
	ck_assert_str_eq(example_errors,
	    "/nonexistent/x.conf: No such file or directory");
	example_errors[0] = '\0';
	ck_assert_ptr_null(conf_load_file("/", note, NULL));
	ck_assert_str_eq(example_errors, "/: Is a directory");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_print");
	TCase *t = tcase_create("print");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, generated, 0, 200);
	tcase_add_test(t, empty);
	tcase_add_test(t, layout);
	tcase_add_test(t, rows);
	tcase_add_test(t, examples);
	tcase_add_test(t, no_file);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
