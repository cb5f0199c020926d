/* The messages between ikepd and sessiond, and what a hostile ikepd sends. */
#include "sessiond/ipc_ikepd.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/ikese.h"
#include "tests/unit/conf_util.h"

#include <sys/socket.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT								\
	"/ip pool add name=a ranges=10.0.0.0/24,2001:db8::/64\n"	\
	"/ip dns set servers=192.0.2.53,2001:db8:53::1\n"		\
	"/ip ipsec mode-config add name=m address-pool=a "		\
	"address-prefix-length=24 split-dns=corp.example "		\
	"split-include=10.0.0.0/8,2001:db8::/32\n"			\
	"/ip ipsec peer add name=p exchange-mode=ike2 passive=yes\n"	\
	"/ip ipsec identity add peer=p secret=Xq3vvJ0pK7sLw2Zr9TbN "	\
	"mode-config=m only-one=replace\n"

static const uint8_t id_body[] = { 11, 0, 0, 0, 'a', 'n', 'n' };

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

static struct se_open
sample(uint64_t spi)
{
	struct se_open o = {
		.ike_spi = spi,
		.identity = 7,
		.flags = SE_WANT4 | SE_WANT6 | SE_CONTACT,
		.age = 9,
		.remote = { .port = 4500 },
		.id = id_body,
		.id_len = sizeof(id_body),
	};

	o.remote.addr = addr("2001:db8:9::9");
	o.addr4 = addr("10.0.0.7");
	o.addr6 = addr("2001:db8::7");
	memset(o.fp, 0xab, sizeof(o.fp));
	return o;
}

static void
put_sample(struct buf *b, uint64_t spi)
{
	struct se_open o = sample(spi);

	buf_init(b, SE_OPEN_MAX);
	se_open_put(b, &o);
	ck_assert_int_eq(buf_error(b), 0);
}

START_TEST(open_round)
{
	struct se_open want = sample(0x1122334455667788), got;
	const char *why;
	struct buf b;
	struct cur c;
	size_t cut;

	put_sample(&b, want.ike_spi);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(se_open_get(&c, &got, &why), 0);
	ck_assert_uint_eq(got.ike_spi, want.ike_spi);
	ck_assert_uint_eq(got.identity, 7);
	ck_assert_uint_eq(got.flags, SE_FLAGS);
	ck_assert_uint_eq(got.age, 9);
	ck_assert(endpoint_equal(&got.remote, &want.remote));
	ck_assert(addr_equal(&got.addr4, &want.addr4));
	ck_assert(addr_equal(&got.addr6, &want.addr6));
	ck_assert_mem_eq(got.fp, want.fp, SE_FP_LEN);
	ck_assert_uint_eq(got.id_len, sizeof(id_body));
	ck_assert_mem_eq(got.id, id_body, sizeof(id_body));
	for (cut = 0; cut < b.len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		memcpy(copy, b.data, cut);
		cur_init(&c, copy, cut);
		ck_assert_int_eq(se_open_get(&c, &got, &why), -1);
		free(copy);
	}
	buf_u8(&b, 0);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(se_open_get(&c, &got, &why), -1);
	buf_free(&b);
}
END_TEST

START_TEST(open_refused)
{
	struct se_open o, got;
	const char *why;
	struct buf b;
	struct cur c;
	int i;

	for (i = 0; i < 5; i++) {
		uint8_t big[SE_ID_MAX + 1] = { 0 };

		o = sample(1);
		if (i == 0)
			o.ike_spi = 0;
		else if (i == 1)
			o.flags = 0x80;
		else if (i == 2)
			o.addr4 = o.addr6;
		else if (i == 3)
			o.id_len = 3;
		else {
			o.id = big;
			o.id_len = sizeof(big);
		}
		buf_init(&b, 4096);
		se_open_put(&b, &o);
		cur_init(&c, b.data, b.len);
		ck_assert(buf_error(&b) == -1 ||
		    se_open_get(&c, &got, &why) == -1);
		buf_free(&b);
	}
}
END_TEST

START_TEST(result_round)
{
	static struct se_result want, got;
	const char *why;
	struct buf b;
	struct cur c;
	unsigned i;

	want.status = SE_LIMIT;
	memset(want.reason, 'r', SE_REASON_LEN - 1);
	want.config = true;
	want.addr4 = addr("10.0.0.1");
	want.prefix4 = 24;
	want.addr6 = addr("2001:db8::1");
	want.prefix6 = 128;
	for (want.ndns = 0; want.ndns < SE_DNS_MAX; want.ndns++)
		want.dns[want.ndns] = addr("2001:db8::53");
	for (want.nsplit = 0; want.nsplit < SE_SPLIT_MAX; want.nsplit++)
		ck_assert_int_eq(prefix_parse(&want.split[want.nsplit],
		    "2001:db8::/32", true), 0);
	for (want.nnames = 0; want.nnames < SE_NAMES_MAX; want.nnames++)
		memset(want.names[want.nnames], 'n', SE_NAME_LEN - 1);
	buf_init(&b, SE_RESULT_MAX);
	se_result_put(&b, &want);
	ck_assert_int_eq(buf_error(&b), 0);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(se_result_get(&c, &got, &why), 0);
	ck_assert_mem_eq(&got, &want, sizeof(got));
	for (i = 0; i < b.len; i++) {
		cur_init(&c, b.data, i);
		ck_assert_int_eq(se_result_get(&c, &got, &why), -1);
	}
	buf_free(&b);
	/* An address and its length belong together. */
	want.prefix4 = 0;
	buf_init(&b, SE_RESULT_MAX);
	se_result_put(&b, &want);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(se_result_get(&c, &got, &why), -1);
	buf_free(&b);
}
END_TEST

START_TEST(others_round)
{
	struct se_move m = { 5, 6, { .port = 1 } }, mg;
	struct se_kill k = { 8, "because" }, kg;
	struct se_close s = { 9 }, sg;
	const char *why;
	struct buf b;
	struct cur c;

	m.remote.addr = addr("192.0.2.1");
	buf_init(&b, 4096);
	se_move_put(&b, &m);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(se_move_get(&c, &mg, &why), 0);
	ck_assert(mg.old_spi == 5 && mg.new_spi == 6 &&
	    endpoint_equal(&mg.remote, &m.remote));
	buf_reset(&b);
	se_kill_put(&b, &k);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(se_kill_get(&c, &kg, &why), 0);
	ck_assert_uint_eq(kg.ike_spi, 8);
	ck_assert_str_eq(kg.reason, "because");
	buf_reset(&b);
	se_close_put(&b, &s);
	cur_init(&c, b.data, b.len);
	ck_assert_int_eq(se_close_get(&c, &sg, &why), 0);
	ck_assert_uint_eq(sg.ike_spi, 9);
	buf_free(&b);
}
END_TEST

/* The process behind its edge */

struct worker {
	struct edge *edge;
	unsigned results, kills;
	struct se_result last;
};

static struct event_base *base;
static struct ipc_ikepd *ipc;
static struct sessions *ss;
static struct worker workers[2];

static int
on_result(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;

	ck_assert_int_eq(se_result_get(&m->body, &w->last, why), 0);
	w->results++;
	return 0;
}

static int
on_kill(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct se_kill k;

	ck_assert_int_eq(se_kill_get(&m->body, &k, why), 0);
	w->kills++;
	return 0;
}

static const struct permit permits[] = {
	{ SE_RESULT, "result", SE_RESULT_MIN, SE_RESULT_MAX, 0, on_result },
	{ SE_KILL, "kill", SE_KILL_MIN, SE_KILL_MAX, 0, on_kill },
};

static void
on_down(void *arg, const char *why)
{
	(void)arg;
	ck_abort_msg("sessiond closed the edge: %s", why);
}

static void
op_grant(void *arg, unsigned worker, uint32_t req,
    const struct session_grant *g)
{
	(void)arg;
	ipc_ikepd_grant(ipc, worker, req, g);
}

static int
op_kill(void *arg, const struct session *s, const char *why)
{
	(void)arg;
	return ipc_ikepd_kill(ipc, s, why);
}

static const struct session_ops ops = { .grant = op_grant, .kill = op_kill };

static void
changed(void *arg)
{
	(void)arg;
}

static void
worker_start(unsigned i)
{
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    sv), 0);
	memset(&workers[i], 0, sizeof(workers[i]));
	workers[i].edge = edge_new(base, sv[0], "sessiond", EDGE_REFUSE,
	    permits, 2, on_down, &workers[i], SE_QUEUE_MAX);
	ipc_ikepd_up(ipc, i, sv[1]);
}

/* Everything that is under way arrives. */
static void
run(void)
{
	int i;

	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
setup(void)
{
	base = event_base_new();
	ss = sessions_new(&ops, NULL, 5);
	ck_assert_int_eq(sessions_conf(ss, load_ok(SCRIPT), 6), 0);
	ipc = ipc_ikepd_new(base);
	worker_start(0);
	worker_start(1);
}

static void
teardown(void)
{
	edge_free(workers[0].edge);
	edge_free(workers[1].edge);
	run();
	ck_assert_uint_eq(sessions_count(ss), 0);
	sessions_free(ss);
	free(ipc);
	event_base_free(base);
}

static void
send_open(unsigned worker, uint16_t type, uint64_t spi)
{
	struct se_open o = sample(spi);
	struct buf b;

	o.identity = conf_first(sessions_config(ss)->conf,
	    CONF_IDENTITY)->id;
	o.addr4 = o.addr6 = (struct addr){ 0 };
	o.flags &= (uint8_t)~SE_CONTACT;
	buf_init(&b, SE_OPEN_MAX);
	se_open_put(&b, &o);
	ck_assert_int_eq(edge_send(workers[worker].edge, type, 77, -1, &b),
	    0);
	buf_free(&b);
}

START_TEST(answered)
{
	const struct se_result *r = &workers[0].last;

	send_open(0, SE_OPEN, 1);
	run();
	ck_assert_uint_eq(workers[0].results, 0);	/* not started */
	ipc_ikepd_start(ipc, ss, changed, NULL);
	run();
	ck_assert_uint_eq(workers[0].results, 1);
	ck_assert_int_eq(r->status, SE_OK);
	ck_assert(r->config);
	ck_assert_uint_eq(r->prefix4, 24);
	ck_assert_uint_eq(r->prefix6, 128);
	ck_assert_uint_eq(r->ndns, 2);
	ck_assert_uint_eq(r->nsplit, 2);
	ck_assert_uint_eq(r->nnames, 1);
	ck_assert_str_eq(r->names[0], "corp.example");
	/* The same user at the other worker. */
	send_open(1, SE_OPEN, 2);
	run();
	ck_assert_uint_eq(workers[0].kills, 1);
	ck_assert_uint_eq(workers[1].results, 0);
	edge_free(workers[0].edge);
	workers[0].edge = NULL;
	run();
	ck_assert_uint_eq(workers[1].results, 1);
	ck_assert(addr_equal(&workers[1].last.addr4, &r->addr4));
	worker_start(0);
	ck_assert_uint_eq(sessions_count(ss), 1);
	edge_free(workers[1].edge);
	workers[1].edge = NULL;
	run();
	ck_assert_uint_eq(sessions_count(ss), 0);
}
END_TEST

/* More sessions than an edge's common queue holds. */
#define MANY	150000

static void
end_it(void *arg, struct session *s)
{
	(void)arg;
	session_kill(ss, s, "an operator ended the session, and says why "
	    "in some more words than are needed");
}

static void
run_until(const unsigned *seen, unsigned wanted)
{
	int i;

	for (i = 0; i < 10000 && *seen < wanted; i++)
		run();
	ck_assert_uint_eq(*seen, wanted);
}

START_TEST(many_are_told_at_once)
{
	uint64_t spi;

	ipc_ikepd_start(ipc, ss, changed, NULL);
	for (spi = 1; spi <= MANY; spi++)
		send_open(0, SE_SYNC, spi);
	ck_assert_int_eq(edge_send(workers[0].edge, SE_SYNC_DONE, 0, -1,
	    NULL), 0);
	send_open(0, SE_OPEN, 1000000);	/* only-one=replace */
	run_until(&workers[0].kills, MANY);
	ck_assert_uint_eq(sessions_count(ss), MANY);
	/* Told once is enough. */
	sessions_each(ss, end_it, NULL);
	run();
	ck_assert_uint_eq(workers[0].kills, MANY);
}
END_TEST

/* A worker that is gone cannot be told: so it is not taken for told. */
START_TEST(not_told)
{
	struct session *s;

	ipc_ikepd_start(ipc, ss, changed, NULL);
	send_open(0, SE_SYNC, 1);
	run();
	ck_assert_ptr_nonnull(s = session_by_spi(ss, 0, 1));
	ck_assert_int_eq(ipc_ikepd_kill(ipc, s, "why"), 0);
	s->worker = 5;
	session_kill(ss, s, "why");
	ck_assert(!s->killed);
	s->worker = 0;
	session_kill(ss, s, "why");
	ck_assert(s->killed);
}
END_TEST

START_TEST(all_was_said)
{
	ipc_ikepd_start(ipc, ss, changed, NULL);
	send_open(0, SE_SYNC, 1);
	ck_assert_int_eq(edge_send(workers[0].edge, SE_SYNC_DONE, 0, -1,
	    NULL), 0);
	send_open(0, SE_SYNC, 2);
	run();
	ck_assert_ptr_nonnull(session_by_spi(ss, 0, 1));
	ck_assert_ptr_null(session_by_spi(ss, 0, 2));
	/* The next one under this number may say again. */
	edge_free(workers[0].edge);
	run();
	worker_start(0);
	send_open(0, SE_SYNC, 3);
	run();
	ck_assert_ptr_nonnull(session_by_spi(ss, 0, 3));
}
END_TEST

/* A worker sends what it likes; the other one's session stands. */
START_TEST(hostile)
{
	static const uint16_t types[] = { 0, SE_OPEN, SE_OPEN, SE_CLOSE,
		SE_MOVE, SE_SYNC, SE_SYNC_DONE, SE_RESULT, SE_KILL, 999 };
	struct buf b;
	int i;
	size_t n;

	srandom((unsigned)_i + 1);
	ipc_ikepd_start(ipc, ss, changed, NULL);
	send_open(1, SE_OPEN, 2);
	run();
	for (i = 0; i < 400; i++) {
		put_sample(&b, 2);
		for (n = (size_t)random() % 4; n > 0; n--)
			b.data[(size_t)random() % b.len] = (uint8_t)random();
		if (random() % 3 == 0)
			buf_trim(&b, (size_t)random() % b.len);
		else if (random() % 3 == 0)
			buf_trim(&b, random() % 2 ? SE_CLOSE_LEN :
			    SE_MOVE_MIN);
		(void)edge_send(workers[0].edge, types[(size_t)random() %
		    (sizeof(types) / sizeof(types[0]))], (uint32_t)random(),
		    -1, &b);
		buf_free(&b);
		run();
	}
	ck_assert_ptr_nonnull(session_by_spi(ss, 1, 2));
	ck_assert_uint_eq(workers[1].kills, 0);
	ck_assert_uint_eq(workers[1].results, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ikese");
	TCase *codec = tcase_create("codec"), *edge = tcase_create("edge");
	SRunner *r;
	int failed;

	log_set_mask(0);
	tcase_add_test(codec, open_round);
	tcase_add_test(codec, open_refused);
	tcase_add_test(codec, result_round);
	tcase_add_test(codec, others_round);
	suite_add_tcase(s, codec);
	tcase_add_checked_fixture(edge, setup, teardown);
	tcase_add_test(edge, answered);
	tcase_add_test(edge, not_told);
	tcase_add_test(edge, all_was_said);
	tcase_add_test(edge, many_are_told_at_once);
	tcase_add_loop_test(edge, hostile, 0, 10);
	tcase_set_timeout(edge, 60);
	suite_add_tcase(s, edge);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
