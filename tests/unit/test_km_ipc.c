/* The edges of keymgr: a worker and an operator at the other end. */
#include "tests/unit/km_fake.h"

#include "keymgr/ipc_ikepd.h"
#include "keymgr/ipc_show.h"
#include "lib/log.h"
#include "lib/proto/ikekm.h"
#include "lib/proto/proto.h"
#include "lib/proto/show.h"

#include <check.h>

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct event_base *base;
static struct km km;
static struct walks *walks;
static struct ipc_ikepd *ipc;
static struct show_port *port;
static struct edge *worker, *operator;

/* What arrived at the other ends. */
static struct {
	bool ready;
	unsigned nspis, results, expires, stats, stat_ends, rows, ends;
	uint32_t spis[KM_SPI_BATCH], id, expired;
	struct km_result result;
	struct km_stat stat;
	char text[65536];	/* rows as name=value, one a line */
	char error[512];
} got;

static void
quiet(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	(void)line;
}

static int
ready_recv(void *arg, struct imsg *m, const char **why)
{
	(void)arg;
	(void)m;
	(void)why;
	got.ready = true;
	return 0;
}

static int
spis_recv(void *arg, struct imsg *m, const char **why)
{
	(void)arg;
	(void)why;
	got.nspis = 0;
	got.id = m->id;
	while (cur_u32(&m->body, &got.spis[got.nspis]) == 0)
		got.nspis++;
	return 0;
}

static int
result_recv(void *arg, struct imsg *m, const char **why)
{
	(void)arg;
	got.results++;
	got.id = m->id;
	return km_result_get(&m->body, &got.result, why);
}

static int
expire_recv(void *arg, struct imsg *m, const char **why)
{
	uint8_t hard;

	(void)arg;
	(void)why;
	got.expires++;
	ck_assert_int_eq(cur_u32(&m->body, &got.expired), 0);
	return cur_u8(&m->body, &hard);
}

static int
stat_recv(void *arg, struct imsg *m, const char **why)
{
	(void)arg;
	got.stats++;
	got.id = m->id;
	return km_stat_get(&m->body, &got.stat, why);
}

static int
stat_end_recv(void *arg, struct imsg *m, const char **why)
{
	(void)arg;
	(void)why;
	got.stat_ends++;
	got.id = m->id;
	return 0;
}

static const struct permit worker_permits[] = {
	{ IKEKM_READY, "ready", 0, 0, 0, ready_recv },
	{ IKEKM_SPIS, "spis", 0, 4 * KM_SPI_BATCH, 0, spis_recv },
	{ IKEKM_CHILD_RESULT, "result", 1, KM_RESULT_LEN_MAX, 0, result_recv },
	{ IKEKM_EXPIRE, "expire", 5, 5, 0, expire_recv },
	{ IKEKM_STAT, "stat", KM_STAT_LEN, KM_STAT_LEN, 0, stat_recv },
	{ IKEKM_STAT_END, "end", 0, 0, 0, stat_end_recv },
};

static int
row_recv(void *arg, struct imsg *m, const char **why)
{
	size_t n = strlen(got.text);
	struct show_pair p;
	uint16_t left;

	(void)arg;
	(void)why;
	got.rows++;
	ck_assert_int_eq(show_row_begin(&m->body, &left), 0);
	while (show_row_next(&m->body, &left, &p) == 1)
		n += (size_t)snprintf(got.text + n, sizeof(got.text) - n,
		    "%.*s=%.*s\n", p.name_len, p.name, p.value_len, p.value);
	return 0;
}

static int
end_recv(void *arg, struct imsg *m, const char **why)
{
	struct show_end end;

	(void)arg;
	ck_assert_int_eq(show_end_get(&m->body, &end, why), 0);
	memcpy(got.error, end.error, sizeof(got.error));
	got.ends++;
	return 0;
}

static const struct permit operator_permits[] = {
	{ SHOW_ROW, "row", SHOW_ROW_MIN, SHOW_ROW_MAX, 0, row_recv },
	{ SHOW_END, "end", SHOW_END_MIN, SHOW_END_MAX, 0, end_recv },
};

static void
down(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static void
asked(void *arg, struct show_req *req)
{
	(void)arg;
	ipc_show(&km, walks, req);
}

static void
pair(int sv[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
}

/* Turns the loop until cond has become true. */
#define UNTIL(cond) do {						\
	int turns_ = 0;							\
									\
	while (!(cond)) {						\
		ck_assert_int_lt(turns_++, 10000);			\
		event_base_loop(base, EVLOOP_ONCE);			\
	}								\
} while (0)

static void
worker_connect(unsigned n)
{
	int sv[2];

	pair(sv);
	worker = edge_new(base, sv[0], "keymgr", EDGE_REFUSE, worker_permits,
	    sizeof(worker_permits) / sizeof(worker_permits[0]), down, NULL,
	    EDGE_QUEUE_MAX);
	got.ready = false;
	ipc_ikepd_up(ipc, n, sv[1]);
	UNTIL(got.ready);
}

static void
setup(void)
{
	int sv[2];

	log_set_sink(quiet, NULL);
	memset(&got, 0, sizeof(got));
	fake_reset();
	base = event_base_new();
	fake_km(&km, 1);
	walks = walks_new(base, &km);
	ipc = ipc_ikepd_new(base, &km, walks);
	ck_assert(base != NULL && walks != NULL && ipc != NULL);
	ipc_ikepd_out(ipc, &km.out);
	fake_conf(&km, GOOD_CONF);
	pair(sv);
	port = show_port_new(base, sv[1], asked, down, NULL);
	operator = edge_new(base, sv[0], "keymgr", EDGE_REFUSE,
	    operator_permits, 2, down, NULL, EDGE_QUEUE_MAX);
	ck_assert(port != NULL && operator != NULL);
	worker_connect(0);
}

static void
teardown(void)
{
	edge_free(worker);
	edge_free(operator);
	walks_free(walks);
	show_port_free(port);
	ipc_ikepd_free(ipc);
	km_free(&km);
	event_base_free(base);
}

static void
send_child(const struct child_req *r, uint16_t type, uint32_t id)
{
	struct km_child k = { .peer = r->peer, .policy = r->policy,
		.local = r->local, .remote = r->remote, .spi_in = r->spi_in,
		.spi_out = r->spi_out, .encr = r->encr,
		.encr_bits = r->encr_bits, .nlocal = 1, .nremote = 1 };
	struct buf b;

	k.ts_local[0] = (struct km_ts){ 0, 0, 65535, r->local_ts[0].lo,
		r->local_ts[0].hi };
	k.ts_remote[0] = (struct km_ts){ 0, 0, 65535, r->remote_ts[0].lo,
		r->remote_ts[0].hi };
	secret_set(&k.encr_in, r->encr_in.data, r->encr_in.len);
	secret_set(&k.encr_out, r->encr_out.data, r->encr_out.len);
	buf_init(&b, KM_CHILD_LEN_MAX);
	km_child_put(&b, &k);
	ck_assert_int_eq(edge_send(worker, type, id, -1, &b), 0);
	buf_free(&b);
	km_child_free(&k);
}

static void
send_u32(uint16_t type, uint32_t id, uint32_t v)
{
	struct buf b;

	buf_init(&b, 4);
	buf_u32(&b, v);
	ck_assert_int_eq(edge_send(worker, type, id, -1, &b), 0);
	buf_free(&b);
}

static void
get_spis(uint16_t n)
{
	struct buf b;

	buf_init(&b, 2);
	buf_u16(&b, n);
	ck_assert_int_eq(edge_send(worker, IKEKM_SPI_GET, 7, -1, &b), 0);
	buf_free(&b);
}

/* A child by way of the edge; its inbound SPI. */
static uint32_t
add(const char *remote)
{
	unsigned before = got.results;
	struct child_req r;

	good_req(&km, &r, P_A, "10.1.0.0/24", remote);
	send_child(&r, IKEKM_CHILD_ADD, 99);
	UNTIL(got.results == before + 1);
	ck_assert_uint_eq(got.id, 99);
	ck_assert_uint_eq(got.result.spi_in, r.spi_in);
	child_req_free(&r);
	return got.result.ok ? r.spi_in : 0;
}

static void
ask(enum show_what what, uint32_t flags, const char *name, const char *value)
{
	struct show_req req = { .what = what, .flags = flags };
	unsigned before = got.ends;
	struct buf b;

	if (name != NULL) {
		req.nargs = 1;
		req.args[0].op = '=';
		snprintf(req.args[0].name, SHOW_NAME_LEN, "%s", name);
		snprintf(req.args[0].value, SHOW_VALUE_LEN, "%s", value);
	}
	got.text[0] = got.error[0] = '\0';
	got.rows = 0;
	buf_init(&b, SHOW_REQ_MAX);
	show_req_put(&b, &req);
	ck_assert_int_eq(edge_send(operator, SHOW_REQ, 1, -1, &b), 0);
	buf_free(&b);
	UNTIL(got.ends == before + 1);
}

START_TEST(test_worker)
{
	uint32_t spi;

	get_spis(64);
	UNTIL(got.nspis == 64);
	ck_assert_uint_eq(got.id, 7);
	spi = add("10.2.0.0/24");
	ck_assert_uint_ne(spi, 0);
	ck_assert_uint_eq(fake_sas(), 2);
	fake_sa_find(spi)->packets = 5;
	send_u32(IKEKM_STAT_GET, 11, spi);
	UNTIL(got.stat_ends == 1);
	ck_assert_uint_eq(got.stats, 1);
	ck_assert_uint_eq(got.stat.in_packets, 5);
	ck_assert_uint_eq(got.stat.in_idle, 0);
	ck_assert_uint_eq(got.id, 11);
	/* Of all: one answer a child, and an end. */
	ck_assert_uint_ne(add("10.2.0.0/25"), 0);
	send_u32(IKEKM_STAT_GET, 12, 0);
	UNTIL(got.stat_ends == 2);
	ck_assert_uint_eq(got.stats, 3);
	/* Of one that is not there: an end. */
	send_u32(IKEKM_STAT_GET, 13, 0x4711);
	UNTIL(got.stat_ends == 3);
	ck_assert_uint_eq(got.stats, 3);
	send_u32(IKEKM_CHILD_DEL, 0, spi);
	UNTIL(fake_sas() == 2);
	ck_assert_uint_eq(km.n.refused, 0);
}
END_TEST

/* Every refused request is answered, with the reason, and keymgr lives. */
START_TEST(test_refused)
{
	struct child_req r;
	struct buf b;

	good_req(&km, &r, P_A, "10.1.0.0/24", "10.2.0.0/24");
	set_ts(&r.remote_ts[0], "10.0.0.0/8");
	send_child(&r, IKEKM_CHILD_ADD, 5);
	UNTIL(got.results == 1);
	ck_assert(!got.result.ok);
	ck_assert_ptr_nonnull(strstr(got.result.reason,
	    "is outside the policy"));
	ck_assert_uint_eq(fake_sas(), 0);
	child_req_free(&r);
	/* Rubbish, too much, a type that is not in the table. */
	buf_init(&b, 8192);
	buf_zero(&b, KM_CHILD_LEN_MAX);
	ck_assert_int_eq(edge_send(worker, IKEKM_CHILD_ADD, 6, -1, &b), 0);
	buf_zero(&b, 1);
	ck_assert_int_eq(edge_send(worker, IKEKM_CHILD_ADD, 6, -1, &b), 0);
	ck_assert_int_eq(edge_send(worker, IKEKM_READY, 6, -1, NULL), 0);
	ck_assert_int_eq(edge_send(worker, IKEKM_STAT_GET, 6, -1, NULL), 0);
	get_spis(65);
	buf_free(&b);
	get_spis(1);
	UNTIL(got.nspis == 1);
	/* Of the right length, and rubbish: whoever waits is told. */
	ck_assert_uint_eq(got.results, 2);
	ck_assert(!got.result.ok);
	ck_assert_uint_eq(got.result.spi_in, 0);
	ck_assert_uint_ne(add("10.2.0.0/24"), 0);
}
END_TEST

START_TEST(test_worker_dies)
{
	ck_assert_uint_ne(add("10.2.0.0/24"), 0);
	edge_free(worker);
	worker = NULL;
	UNTIL(fake_sas() == 0);
	ck_assert_uint_eq(fake_policies(), 4);
	worker_connect(0);
	ck_assert_uint_ne(add("10.2.0.0/24"), 0);
	/* A new edge, before the end of the old one was noticed. */
	edge_free(worker);
	worker_connect(0);
	ck_assert_uint_eq(fake_sas(), 0);
	ck_assert_uint_ne(add("10.2.0.0/24"), 0);
}
END_TEST

/* The worker dies while its counters are being gathered. */
START_TEST(test_worker_dies_asking)
{
	char remote[32];
	int i;

	for (i = 0; i < 130; i++) {
		snprintf(remote, sizeof(remote), "10.2.0.%d/32", i);
		ck_assert_uint_ne(add(remote), 0);
	}
	send_u32(IKEKM_STAT_GET, 12, 0);
	send_u32(IKEKM_STAT_GET, 13, 0);
	UNTIL(got.stats > 0);
	edge_free(worker);
	worker_connect(0);
	ck_assert_uint_ne(add("10.2.0.0/24"), 0);
	ask(SHOW_INSTALLED_SA, 0, NULL, NULL);
	ck_assert_uint_eq(got.rows, 2);
}
END_TEST

START_TEST(test_show_sa)
{
	static const char *const fields[] = { "flags=E\n", "spi=0x",
		"src-address=192.0.2.2\n", "dst-address=198.51.100.1\n",
		"state=mature\n", "auth-algorithm=null\n",
		"enc-algorithm=aes-128-gcm\n", "enc-key-size=128\n",
		"replay=8\n", "addtime=2", "add-lifetime=4", "/1h\n",
		"expires-in=", "current-bytes=0\n", "hw-aead=no\n",
		"peer=a\n" };
	size_t i;

	ask(SHOW_INSTALLED_SA, 0, NULL, NULL);
	ck_assert_uint_eq(got.rows, 0);
	ck_assert_uint_ne(add("10.2.0.0/24"), 0);
	ask(SHOW_INSTALLED_SA, 0, NULL, NULL);
	ck_assert_uint_eq(got.rows, 2);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		ck_assert_msg(strstr(got.text, fields[i]) != NULL,
		    "no %s in\n%s", fields[i], got.text);
	ck_assert_ptr_null(strstr(got.text, "enc-key="));
	ask(SHOW_INSTALLED_SA, SHOW_SENSITIVE, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(got.text, "enc-key=010203"));
}
END_TEST

START_TEST(test_show_policy)
{
	ck_assert_uint_ne(add("10.2.0.0/24"), 0);
	ask(SHOW_POLICY, 0, NULL, NULL);
	ck_assert_uint_eq(got.rows, 6);
	ck_assert_str_eq(got.error, "");
	ck_assert_ptr_nonnull(strstr(got.text, "flags=T*\n"));
	ck_assert_ptr_nonnull(strstr(got.text, "flags=A\n"));
	ck_assert_ptr_nonnull(strstr(got.text, "flags=X\n"));
	ck_assert_ptr_nonnull(strstr(got.text, "ph2-state=established\n"));
	ck_assert_ptr_nonnull(strstr(got.text, "ph2-state=no-phase2\n"));
	ck_assert_ptr_nonnull(strstr(got.text, "sa-dst-address=192.0.2.2\n"));
	ck_assert_ptr_nonnull(strstr(got.text, "ph2-count=1\n"));
	ck_assert_ptr_null(strstr(got.text, "flags=DA\n"));
	ck_assert_uint_ne(add("10.2.0.128/25"), 0);
	ask(SHOW_POLICY, 0, NULL, NULL);
	ck_assert_uint_eq(got.rows, 7);
	ck_assert_ptr_nonnull(strstr(got.text, "flags=DA\n"));
	ck_assert_ptr_nonnull(strstr(got.text, "dst-address=10.2.0.128/25\n"));
}
END_TEST

/* Whoever counts, it is the sum over all SAs that there were. */
START_TEST(test_policy_packets)
{
	uint32_t spi = add("10.2.0.0/24");

	fake_sa_find(spi)->packets = 5;
	ask(SHOW_POLICY, 0, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(got.text, "in-transformed=5\n"));
	fake_sa_find(spi)->packets = 7;
	install_del(&km, 0, spi);
	ask(SHOW_POLICY, 0, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(got.text, "in-transformed=7\n"));
	spi = add("10.2.0.0/24");
	fake_sa_find(spi)->packets = 1;
	ask(SHOW_POLICY, 0, NULL, NULL);
	ask(SHOW_POLICY, 0, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(got.text, "in-transformed=8\n"));
	/* A narrowed one counts for itself, and for the policy. */
	spi = add("10.2.0.128/25");
	fake_sa_find(spi)->packets = 2;
	ask(SHOW_POLICY, 0, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(got.text, "in-transformed=2\n"));
	ck_assert_ptr_nonnull(strstr(got.text, "in-transformed=10\n"));
}
END_TEST

START_TEST(test_flush)
{
	uint32_t spi, other;
	char text[16];

	spi = add("10.2.0.0/25");
	other = add("10.2.0.128/25");
	ask(SHOW_FLUSH_SA, 0, "spi", "(");
	ck_assert_str_eq(got.error, "");
	ck_assert_uint_eq(fake_sas(), 4);
	snprintf(text, sizeof(text), "0x%08x", spi);
	ask(SHOW_FLUSH_SA, 0, "spi", text);
	ck_assert_uint_eq(fake_sas(), 2);
	UNTIL(got.expires == 1);
	ck_assert_uint_eq(got.expired, spi);
	ask(SHOW_FLUSH_SA, 0, "sa-type", "ah");
	ck_assert_uint_eq(fake_sas(), 2);
	ask(SHOW_FLUSH_SA, 0, "sa-type", "all");
	ck_assert_uint_eq(fake_sas(), 0);
	UNTIL(got.expires == 2);
	ck_assert_uint_eq(got.expired, other);
	ck_assert_uint_eq(fake_policies(), 4);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keymgr edges");
	TCase *tc = tcase_create("edges");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_worker);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_worker_dies);
	tcase_add_test(tc, test_worker_dies_asking);
	tcase_add_test(tc, test_show_sa);
	tcase_add_test(tc, test_show_policy);
	tcase_add_test(tc, test_policy_packets);
	tcase_add_test(tc, test_flush);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
