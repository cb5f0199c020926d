#include "lib/proto/ctl.h"
#include "lib/proto/show.h"
#include "lib/proto/super.h"
#include "sallyctl/controld/sums.h"

#include <check.h>

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Requests: codec */

static struct show_req
sample(void)
{
	struct show_req r = { .what = SHOW_POLICY, .flags = SHOW_SENSITIVE,
	    .nargs = 2, .args = {
		{ "peer", '=', "office" }, { "state", '~', "^est" } } };

	return r;
}

START_TEST(request_round_trip)
{
	struct show_req in = sample(), out;
	const char *why;
	struct buf b;
	struct cur c;

	buf_init(&b, SHOW_REQ_MAX);
	show_req_put(&b, &in);
	ck_assert_int_eq(buf_error(&b), 0);
	memset(&out, 0, sizeof(out));
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(show_req_get(&c, &out, &why), 0);
	ck_assert_int_eq(out.what, in.what);
	ck_assert_uint_eq(out.flags, in.flags);
	ck_assert_uint_eq(out.nargs, 2);
	ck_assert_str_eq(out.args[0].value, "office");
	ck_assert_int_eq(out.args[1].op, '~');
	buf_free(&b);
}
END_TEST

START_TEST(request_of_every_other_length)
{
	struct show_req in = sample(), out;
	const char *why;
	struct buf b;
	struct cur c;
	size_t n;

	buf_init(&b, SHOW_REQ_MAX);
	show_req_put(&b, &in);
	for (n = 0; n < b.len; n++) {
		cur_init(&c, b.data, n);
		ck_assert_int_eq(show_req_get(&c, &out, &why), -1);
	}
	buf_u8(&b, 0);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(show_req_get(&c, &out, &why), -1);
	buf_free(&b);
}
END_TEST

/* Offset, value: a byte of the sample that makes it wrong. */
static const struct {
	size_t off;
	uint8_t value;
} wrong[] = {
	{ 0, 1 },		/* what */
	{ 1, 0 },
	{ 1, SHOW_WHAT_MAX },
	{ 5, 0x02 },		/* flags */
	{ 2, 0x80 },
	{ 6, SHOW_ARGS_MAX + 1 },
	{ 6, 1 },		/* one argument trails */
	{ 6, 3 },		/* one is missing */
	{ 8, 0 },		/* an empty name */
	{ 8, 100 },		/* a long one */
	{ 9, '\0' },		/* NUL within */
	{ 13, '<' },		/* operator */
};

START_TEST(request_refused)
{
	struct show_req in = sample(), out;
	const char *why;
	struct buf b;
	struct cur c;

	buf_init(&b, SHOW_REQ_MAX);
	show_req_put(&b, &in);
	buf_set_u8(&b, wrong[_i].off, wrong[_i].value);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(show_req_get(&c, &out, &why), -1);
	buf_free(&b);
}
END_TEST

/* Filters */

static const char *
entry_get(void *arg, const char *name)
{
	const char *const *kv = arg;

	for (; *kv != NULL; kv += 2)
		if (strcmp(kv[0], name) == 0)
			return kv[1];
	return NULL;
}

static const struct filter_case {
	struct show_arg args[3];
	unsigned n;
	bool fits;
} filters[] = {
	{ { { "", 0, "" } }, 0, true },
	{ { { "name", '=', "office2" } }, 1, true },
	{ { { "name", '=', "office" } }, 1, false },
	{ { { "name", '~', "office" } }, 1, true },
	{ { { "name", '~', "^ffice" } }, 1, false },
	{ { { "name", '~', "^(office|home)[0-9]$" } }, 1, true },
	{ { { "name", '=', "office2" }, { "state", '=', "up" } }, 2, true },
	{ { { "name", '=', "office2" }, { "state", '=', "down" } }, 2, false },
	{ { { "comment", '=', "" } }, 1, true },
	{ { { "comment", '=', "x" } }, 1, false },
	{ { { "comment", '~', "." } }, 1, false },
	{ { { "menu", ':', "anything" } }, 1, true },
	{ { { "menu", ':', "a" }, { "state", '=', "down" } }, 2, false },
};

START_TEST(filter_fits)
{
	static const char *entry[] = { "name", "office2", "state", "up",
	    NULL };
	const struct filter_case *c = &filters[_i];
	struct show_filter *f;
	char err[128];

	f = show_filter_new(c->args, c->n, err, sizeof(err));
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(show_filter_match(f, entry_get, entry), c->fits);
	show_filter_free(f);
}
END_TEST

START_TEST(filter_refused)
{
	static const char *const res[] = { "(", "[a", "*a(", "a{1000}{1000}",
	    "a{2}", "\\{", "(a*)*\\1b", "\\\\(.)\\9", "a\\" };
	struct show_arg a = { .name = "name", .op = '~' };
	char err[128];

	snprintf(a.value, sizeof(a.value), "%s", res[_i]);
	err[0] = '\0';
	ck_assert_ptr_null(show_filter_new(&a, 1, err, sizeof(err)));
	ck_assert_ptr_nonnull(strstr(err, "\"name\""));
}
END_TEST

static const struct {
	enum show_what what;
	const char *menu;
	const char *name;
	const char *lists;	/* one that is told; NULL: name is known */
} known[] = {
	{ SHOW_ACTIVE_PEERS, NULL, "peer", NULL },
	{ SHOW_ACTIVE_PEERS, NULL, "pear", "peer" },
	{ SHOW_KILL_CONNECTIONS, NULL, "remote-address", NULL },
	{ SHOW_KILL_CONNECTIONS, NULL, "", "remote-address" },
	{ SHOW_KILL_CONNECTIONS, NULL, "peer id", "peer" },
	/* in the listing, but the action does not look at it */
	{ SHOW_KILL_CONNECTIONS, NULL, "uptime", "side" },
	{ SHOW_FLUSH_SA, NULL, "sa-type", NULL },
	{ SHOW_FLUSH_SA, NULL, "direction", "sa-type" },
	{ SHOW_SESSION_KILL, NULL, "user", NULL },
	{ SHOW_SESSION_KILL, NULL, "name", "user" },
	{ SHOW_CONFIG, "ip ipsec peer", "exchange-mode", NULL },
	{ SHOW_CONFIG, "ip ipsec peer", "number", NULL },
	{ SHOW_CONFIG, "ip ipsec peer", "secret", "exchange-mode" },
	{ SHOW_CONFIG, "ip ipsec identity", "secret", "remote-id" },
	{ SHOW_CONFIG, "no such", "name", "flags" },
	{ SHOW_POLICY, NULL, "dst-address", NULL },
	{ SHOW_POLICY, NULL, "ph2-state", NULL },
	{ SHOW_POLICY, NULL, "dst", "dst-address" },
	{ SHOW_LOG, NULL, "topic", "topics" },
	{ SHOW_LOG_CLEAR, NULL, "topics", "no filter" },
	{ SHOW_STATISTICS, NULL, "in-errors", "no filter" },
};

START_TEST(filter_on_what_is_there)
{
	struct show_req r = { .what = known[_i].what };
	char err[SHOW_END_MAX], named[40];

	if (known[_i].menu != NULL) {
		r.args[r.nargs].op = ':';
		snprintf(r.args[r.nargs].name, SHOW_NAME_LEN, "menu");
		snprintf(r.args[r.nargs++].value, SHOW_VALUE_LEN, "%s",
		    known[_i].menu);
	}
	r.args[r.nargs].op = '=';
	snprintf(r.args[r.nargs++].name, SHOW_NAME_LEN, "%s", known[_i].name);
	err[0] = '\0';
	ck_assert_int_eq(show_filter_check(&r, err, sizeof(err)),
	    known[_i].lists == NULL ? 0 : -1);
	if (known[_i].lists == NULL)
		return;
	ck_assert_ptr_nonnull(strstr(err, known[_i].lists));
	snprintf(named, sizeof(named), "\"%s\"", known[_i].name);
	if (strcmp(known[_i].lists, "no filter") != 0)
		ck_assert_ptr_nonnull(strstr(err, named));
}
END_TEST

/* All that is known of the longest menu fits into an answer. */
START_TEST(filter_names_fit)
{
	struct show_req r = { .nargs = 1, .args = { { "x", '=', "" } } };
	char err[SHOW_END_MAX];
	int what;

	for (what = 1; what < SHOW_WHAT_MAX; what++) {
		r.what = (enum show_what)what;
		ck_assert_int_eq(show_filter_check(&r, err, sizeof(err)), -1);
		ck_assert_uint_lt(strlen(err), 1000);
	}
}
END_TEST

/* Both ends over a socket pair */

struct asker {
	struct event_base *base;
	unsigned rows, ends;
	char row[256];
	char error[512];
	struct show_req *kept;
	const char *answer_err;
	bool keep;
	unsigned downs;
};

static int
got_row(void *arg, struct imsg *m, const char **why)
{
	struct asker *a = arg;
	struct show_pair p;
	uint16_t n;
	size_t len = 0;
	int rc;

	*why = "row";
	ck_assert_int_eq(show_row_begin(&m->body, &n), 0);
	while ((rc = show_row_next(&m->body, &n, &p)) == 1)
		len += (size_t)snprintf(a->row + len, sizeof(a->row) - len,
		    "%.*s=%.*s;", p.name_len, p.name, p.value_len, p.value);
	ck_assert_int_eq(rc, 0);
	a->rows++;
	return 0;
}

static int
got_end(void *arg, struct imsg *m, const char **why)
{
	struct asker *a = arg;
	struct show_end e;

	ck_assert_int_eq(show_end_get(&m->body, &e, why), 0);
	memcpy(a->error, e.error, sizeof(a->error));
	a->ends++;
	ck_assert_uint_eq(m->id, 99);
	event_base_loopbreak(a->base);
	return 0;
}

static const struct permit asker_permits[] = {
	{ SHOW_ROW, "row", SHOW_ROW_MIN, SHOW_ROW_MAX, 0, got_row },
	{ SHOW_END, "end", SHOW_END_MIN, SHOW_END_MAX, 0, got_end },
};

static void
on_show(void *arg, struct show_req *r)
{
	struct asker *a = arg;

	ck_assert_str_eq(show_arg(r, "menu"), "x");
	ck_assert_ptr_null(show_arg(r, "peer"));
	if (a->keep) {
		a->kept = show_keep(r);
		ck_assert_ptr_nonnull(a->kept);
		event_base_loopbreak(a->base);
		return;
	}
	show_row(r);	/* without fields: nothing */
	show_field(r, "a", "%d", 1);
	show_field(r, "b", "%s", "two;");
	show_row(r);
	show_end(r, a->answer_err);
}

static void
on_down(void *arg, const char *why)
{
	struct asker *a = arg;

	(void)why;
	a->downs++;
	event_base_loopbreak(a->base);
}

static struct edge *
asker_open(struct asker *a, struct show_port **port)
{
	struct show_req r = { .what = SHOW_CONFIG, .nargs = 2, .args = {
		{ "menu", ':', "x" }, { "peer", '=', "y" } } };
	struct edge *e;
	struct buf b;
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	a->base = event_base_new();
	e = edge_new(a->base, sv[0], "process", EDGE_CLOSE, asker_permits, 2,
	    on_down, a, SHOW_QUEUE_MAX);
	*port = show_port_new(a->base, sv[1], on_show, on_down, a);
	ck_assert(e != NULL && *port != NULL);
	buf_init(&b, SHOW_REQ_MAX);
	show_req_put(&b, &r);
	ck_assert_int_eq(edge_send(e, SHOW_REQ, 99, -1, &b), 0);
	buf_free(&b);
	event_base_dispatch(a->base);
	return e;
}

static void
asker_close(struct asker *a, struct edge *e, struct show_port *port)
{
	edge_free(e);
	show_port_free(port);
	event_base_free(a->base);
}

START_TEST(rows_and_an_end)
{
	struct asker a = { .answer_err = _i == 1 ? "why not" : NULL };
	struct show_port *port;
	struct edge *e = asker_open(&a, &port);

	ck_assert_uint_eq(a.rows, 1);
	ck_assert_str_eq(a.row, "a=1;b=two;;");
	ck_assert_uint_eq(a.ends, 1);
	ck_assert_str_eq(a.error, _i == 1 ? "why not" : "");
	asker_close(&a, e, port);
}
END_TEST

START_TEST(a_kept_request_is_answered_later)
{
	struct asker a = { .keep = true };
	struct show_port *port;
	struct edge *e = asker_open(&a, &port);

	ck_assert_uint_eq(a.ends, 0);
	show_field(a.kept, "late", "yes");
	show_row(a.kept);
	show_end(a.kept, NULL);
	event_base_dispatch(a.base);
	ck_assert_str_eq(a.row, "late=yes;");
	ck_assert_uint_eq(a.ends, 1);
	asker_close(&a, e, port);
}
END_TEST

START_TEST(a_kept_request_outlives_its_port)
{
	struct asker a = { .keep = true };
	struct show_port *port;
	struct edge *e = asker_open(&a, &port);

	show_port_free(port);
	show_field(a.kept, "late", "yes");
	show_row(a.kept);
	show_end(a.kept, "nobody hears it");
	event_base_dispatch(a.base);
	ck_assert_uint_eq(a.downs, 1);
	ck_assert_uint_eq(a.rows + a.ends, 0);
	asker_close(&a, e, NULL);
}
END_TEST

START_TEST(too_many_fields_are_told)
{
	struct asker a = { .keep = true };
	struct show_port *port;
	struct edge *e = asker_open(&a, &port);
	int i;

	for (i = 0; i < SHOW_FIELDS_MAX + 1; i++)
		show_field(a.kept, "f", "%d", i);
	show_row(a.kept);
	show_end(a.kept, NULL);
	event_base_dispatch(a.base);
	ck_assert_ptr_nonnull(strstr(a.error, "longer"));
	asker_close(&a, e, port);
}
END_TEST

/* Every question has an owner that exists. */
START_TEST(questions_have_owners)
{
	const struct ctl_what *w;
	int i;

	ck_assert_ptr_null(ctl_what((enum show_what)0));
	ck_assert_ptr_null(ctl_what(SHOW_WHAT_MAX));
	for (i = 1; i < SHOW_WHAT_MAX; i++) {
		w = ctl_what((enum show_what)i);
		ck_assert_ptr_nonnull(w);
		ck_assert_uint_ne(w->procs, 0);
		ck_assert_uint_eq(w->procs >> PROC_MAX, 0);
	}
}
END_TEST

START_TEST(sums)
{
	struct sums s = { 0 };

	ck_assert(sums_add(&s, "rx", 2, "5", 1));
	ck_assert(sums_add(&s, "tx", 2, "7", 1));
	ck_assert(sums_add(&s, "rx", 2, "18446744073", 11));
	ck_assert_uint_eq(s.n, 2);
	ck_assert_uint_eq(s.v[0].value, UINT64_C(18446744078));
	ck_assert(!sums_add(&s, "rx", 2, "", 0));
	ck_assert(!sums_add(&s, "rx", 2, "5s", 2));
	ck_assert(!sums_add(&s, "rx", 2, "99999999999999999999", 20));
	ck_assert_uint_eq(s.v[0].value, UINT64_C(18446744078));
}
END_TEST

/* The supervisor's edge */

START_TEST(super_codecs)
{
	struct super_init init = { .worker = 1, .workers = 2, .log_mask = 7 },
	    init2;
	struct super_peer peer = { PROC_IKEPD, 3 }, peer2;
	struct super_socket sock = { .kind = 2 }, sock2;
	struct super_log log;
	const char *why;
	struct buf b;
	struct cur c;
	size_t n;

	snprintf(init.chroot_dir, sizeof(init.chroot_dir), "/run/x/empty");
	buf_init(&b, SUPER_INIT_MAX);
	super_init_put(&b, &init);
	for (n = 0; n < b.len; n++) {
		cur_init(&c, b.data, n);
		ck_assert_int_eq(super_init_get(&c, &init2, &why), -1);
	}
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(super_init_get(&c, &init2, &why), 0);
	ck_assert_str_eq(init2.chroot_dir, init.chroot_dir);
	buf_set_u16(&b, 2, 1);	/* worker 1 of 1 */
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(super_init_get(&c, &init2, &why), -1);

	buf_reset(&b);
	super_peer_put(&b, &peer);
	ck_assert_uint_eq(b.len, SUPER_PEER_LEN);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(super_peer_get(&c, &peer2, &why), 0);
	ck_assert_uint_eq(peer2.worker, 3);
	buf_set_u8(&b, 0, PROC_MAX);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(super_peer_get(&c, &peer2, &why), -1);

	buf_reset(&b);
	super_socket_put(&b, &sock);
	ck_assert_uint_eq(b.len, SUPER_SOCKET_MIN);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(super_socket_get(&c, &sock2, &why), 0);
	buf_reset(&b);
	sock.local.addr.family = AF_INET6;
	super_socket_put(&b, &sock);
	ck_assert_uint_eq(b.len, SUPER_SOCKET_MAX);

	buf_reset(&b);
	super_log_put(&b, LOG_T_INFO, "text");
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(super_log_get(&c, &log, &why), 0);
	ck_assert_str_eq(log.line, "text");
	buf_u8(&b, 0);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(super_log_get(&c, &log, &why), -1);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("show");
	TCase *tc = tcase_create("show");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, request_round_trip);
	tcase_add_test(tc, request_of_every_other_length);
	tcase_add_loop_test(tc, request_refused, 0,
	    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_loop_test(tc, filter_fits, 0,
	    (int)(sizeof(filters) / sizeof(filters[0])));
	tcase_add_loop_test(tc, filter_refused, 0, 9);
	tcase_add_loop_test(tc, filter_on_what_is_there, 0,
	    sizeof(known) / sizeof(known[0]));
	tcase_add_test(tc, filter_names_fit);
	tcase_add_loop_test(tc, rows_and_an_end, 0, 2);
	tcase_add_test(tc, a_kept_request_is_answered_later);
	tcase_add_test(tc, a_kept_request_outlives_its_port);
	tcase_add_test(tc, too_many_fields_are_told);
	tcase_add_test(tc, questions_have_owners);
	tcase_add_test(tc, sums);
	tcase_add_test(tc, super_codecs);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
