#include "lib/edge.h"

#include "lib/log.h"

#include <check.h>

#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE	(256 * 1024)

enum { T_PLAIN = 1, T_FD, T_FD_OPT, T_KEEP_FD, T_SHORT_READ, T_SENDER };

struct side {
	struct edge *edge;
	int got[T_SENDER + 1];
	int fds;
	int downs;
	char why[64];
	bool free_in_down;
};

static struct event_base *base;
static struct side left, right;
static int logged;
static char last_line[LOG_LINE_MAX];

static void
count_lines(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	logged++;
	memcpy(last_line, line, strlen(line) + 1);
}

static int
h_plain(void *arg, struct imsg *m, const char **why)
{
	struct side *s = arg;
	uint32_t v;

	s->got[T_PLAIN]++;
	if (cur_u32(&m->body, &v) == -1 || v == 666) {
		*why = "number of the beast";
		return -1;
	}
	return cur_skip(&m->body, cur_left(&m->body));
}

static int
h_fd(void *arg, struct imsg *m, const char **why)
{
	struct side *s = arg;
	int fd = imsg_fd(m);

	(void)why;
	s->got[m->type]++;
	if (fd != -1) {
		s->fds++;
		close(fd);
	}
	return 0;
}

static int
h_lazy(void *arg, struct imsg *m, const char **why)
{
	struct side *s = arg;

	(void)why;
	s->got[m->type]++;
	return 0;
}

/* Answers, and stops reading after the first. */
static int
h_sender(void *arg, struct imsg *m, const char **why)
{
	struct side *s = arg;

	(void)why;
	s->got[m->type]++;
	edge_read_enable(s->edge, false);
	return 0;
}

static const struct permit permits[] = {
	{ T_PLAIN, "PLAIN", 4, 8, 0, h_plain },
	{ T_FD, "FD", 0, 0, PERMIT_FD, h_fd },
	{ T_FD_OPT, "FD_OPT", 0, 0, PERMIT_FD_OPT, h_fd },
	{ T_KEEP_FD, "KEEP_FD", 0, 0, PERMIT_FD, h_lazy },
	{ T_SHORT_READ, "SHORT_READ", 0, 8, 0, h_lazy },
	{ T_SENDER, "SENDER", 0, 0, 0, h_sender },
};
#define NPERMITS	(sizeof(permits) / sizeof(permits[0]))

static void
on_down(void *arg, const char *why)
{
	struct side *s = arg;

	s->downs++;
	memcpy(s->why, why, strlen(why) + 1);
	if (s->free_in_down) {
		edge_free(s->edge);
		s->edge = NULL;
	}
}

static void
join(enum edge_policy policy)
{
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    sv), 0);
	left.edge = edge_new(base, sv[0], "right", EDGE_REFUSE, permits,
	    NPERMITS, on_down, &left, QUEUE);
	right.edge = edge_new(base, sv[1], "left", policy, permits, NPERMITS,
	    on_down, &right, QUEUE);
	ck_assert(left.edge != NULL && right.edge != NULL);
}

static void
setup(void)
{
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	log_set_sink(count_lines, NULL);
}

static void
teardown(void)
{
	edge_free(left.edge);
	edge_free(right.edge);
	event_base_free(base);
}

/* Runs the loop until nothing moves any more. */
static void
settle(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static int
send_n(uint16_t type, int fd, size_t n, uint32_t value)
{
	struct buf b;
	int r;

	buf_init(&b, 64);
	if (n >= 4) {
		buf_u32(&b, value);
		n -= 4;
	}
	buf_zero(&b, n);
	r = edge_send(left.edge, type, 0, fd, &b);
	buf_free(&b);
	return r;
}

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static const struct {
	uint16_t type;
	bool fd;
	size_t len;
	uint32_t value;
	const char *why;	/* NULL: accepted */
} cases[] = {
	{ T_PLAIN, false, 4, 1, NULL },
	{ T_PLAIN, false, 8, 1, NULL },
	{ T_PLAIN, false, 0, 1, "too short" },
	{ T_PLAIN, false, 3, 1, "too short" },
	{ T_PLAIN, false, 9, 1, "too long" },
	{ T_PLAIN, false, 4, 666, "number of the beast" },
	{ T_PLAIN, true, 4, 1, "uninvited file descriptor" },
	{ T_FD, true, 0, 0, NULL },
	{ T_FD, false, 0, 0, "its file descriptor is missing" },
	{ T_FD_OPT, true, 0, 0, NULL },
	{ T_FD_OPT, false, 0, 0, NULL },
	{ T_KEEP_FD, true, 0, 0, "its file descriptor was not taken" },
	{ T_SHORT_READ, false, 0, 0, NULL },
	{ T_SHORT_READ, false, 1, 0, "trailing bytes" },
	{ 99, false, 0, 0, "this peer may not send this type" },
	{ 0, true, 4, 0, "this peer may not send this type" },
};
#define NCASES	(sizeof(cases) / sizeof(cases[0]))

START_TEST(refuse_and_live)
{
	int before;

	join(EDGE_REFUSE);
	before = open_fds();
	ck_assert_int_eq(send_n(cases[_i].type, cases[_i].fd ? dup(0) : -1,
	    cases[_i].len, cases[_i].value), 0);
	settle();
	ck_assert_int_eq(open_fds(), before);
	ck_assert_int_eq(right.downs, 0);
	ck_assert_uint_eq(edge_refused(right.edge), cases[_i].why != NULL);
	ck_assert_int_eq(logged, cases[_i].why != NULL);
	if (cases[_i].why != NULL)
		ck_assert_ptr_nonnull(strstr(last_line, cases[_i].why));
	/* the next good message is handled */
	ck_assert_int_eq(send_n(T_FD_OPT, -1, 0, 0), 0);
	settle();
	ck_assert_int_ge(right.got[T_FD_OPT], 1);
}
END_TEST

START_TEST(close_on_violation)
{
	right.free_in_down = true;
	join(EDGE_CLOSE);
	ck_assert_int_eq(send_n(cases[_i].type, cases[_i].fd ? dup(0) : -1,
	    cases[_i].len, cases[_i].value), 0);
	ck_assert_int_eq(send_n(T_FD_OPT, -1, 0, 0), 0);
	settle();
	if (cases[_i].why == NULL) {
		ck_assert_int_eq(right.downs, 0);
		return;
	}
	ck_assert_int_eq(right.downs, 1);
	ck_assert_str_eq(right.why, cases[_i].why);
	ck_assert_int_eq(right.got[T_FD_OPT], 0);
	/* the other end sees it */
	ck_assert_int_eq(left.downs, 1);
}
END_TEST

START_TEST(exit_on_violation)
{
	join(EDGE_EXIT);
	ck_assert_int_eq(send_n(T_PLAIN, -1, 3, 1), 0);
	settle();
	ck_abort_msg("still here");
}
END_TEST

START_TEST(good_with_exit_policy)
{
	join(EDGE_EXIT);
	ck_assert_int_eq(send_n(T_PLAIN, -1, 4, 1), 0);
	settle();
	ck_assert_int_eq(right.got[T_PLAIN], 1);
}
END_TEST

START_TEST(refusals_do_not_flood_the_log)
{
	join(EDGE_REFUSE);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(send_n(99, -1, 0, 0), 0);
	settle();
	ck_assert_uint_eq(edge_refused(right.edge), 1000);
	ck_assert_int_ge(logged, 10);
	ck_assert_int_le(logged, 20);
}
END_TEST

START_TEST(sends_are_written_together)
{
	uint8_t raw[4096];
	ssize_t n;
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv), 0);
	left.edge = edge_new(base, sv[0], "raw", EDGE_REFUSE, permits,
	    NPERMITS, on_down, &left, QUEUE);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(send_n(T_PLAIN, -1, 4, 1), 0);
	ck_assert_int_eq(recv(sv[1], raw, sizeof(raw), 0), -1);
	ck_assert_uint_eq(edge_queued(left.edge), 160);
	event_base_loop(base, EVLOOP_NONBLOCK);
	n = recv(sv[1], raw, sizeof(raw), 0);
	ck_assert_int_eq(n, 160);
	ck_assert_uint_eq(edge_queued(left.edge), 0);
	/* and at once, when asked */
	ck_assert_int_eq(send_n(T_PLAIN, -1, 4, 1), 0);
	edge_flush(left.edge);
	ck_assert_int_eq(recv(sv[1], raw, sizeof(raw), 0), 16);
	close(sv[1]);
}
END_TEST

START_TEST(slow_reader)
{
	int sent = 0;

	join(EDGE_REFUSE);
	edge_read_enable(right.edge, false);
	/* the socket fills, then the queue */
	while (send_n(T_PLAIN, -1, 8, 1) == 0) {
		sent++;
		if (sent % 100 == 0)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	ck_assert_int_eq(right.got[T_PLAIN], 0);
	ck_assert_uint_gt(edge_queued(left.edge), QUEUE - 100);
	edge_read_enable(right.edge, true);
	while (right.got[T_PLAIN] < sent)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(edge_queued(left.edge), 0);
	ck_assert_int_eq(send_n(T_PLAIN, -1, 8, 1), 0);
	settle();
	ck_assert_int_eq(right.got[T_PLAIN], sent + 1);
}
END_TEST

START_TEST(reading_stops_inside_a_batch)
{
	join(EDGE_REFUSE);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(send_n(T_SENDER, -1, 0, 0), 0);
	for (int i = 1; i <= 3; i++) {
		settle();
		ck_assert_int_eq(right.got[T_SENDER], i);
		edge_read_enable(right.edge, true);
	}
}
END_TEST

START_TEST(peer_death)
{
	right.free_in_down = _i == 1;
	join(EDGE_REFUSE);
	ck_assert_int_eq(send_n(T_PLAIN, -1, 4, 1), 0);
	edge_flush(left.edge);
	edge_free(left.edge);
	left.edge = NULL;
	settle();
	/* what was sent before still arrives */
	ck_assert_int_eq(right.got[T_PLAIN], 1);
	ck_assert_int_eq(right.downs, 1);
	ck_assert_str_eq(right.why, "closed");
	ck_assert_int_eq(edge_send(right.edge, 1, 0, -1, NULL), -1);
	edge_flush(right.edge);
}
END_TEST

START_TEST(peer_death_seen_by_writing)
{
	join(EDGE_REFUSE);
	edge_read_enable(right.edge, false);
	edge_free(left.edge);
	left.edge = NULL;
	ck_assert_int_eq(edge_send(right.edge, 1, 0, -1, NULL), 0);
	edge_flush(right.edge);
	ck_assert_int_eq(right.downs, 0);	/* only from the loop */
	settle();
	ck_assert_int_eq(right.downs, 1);
}
END_TEST

START_TEST(broken_framing)
{
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	right.edge = edge_new(base, sv[1], "raw", EDGE_REFUSE, permits,
	    NPERMITS, on_down, &right, QUEUE);
	ck_assert_int_eq(write(sv[0], "GET / HTTP/1.0\r\n\r\n", 18), 18);
	settle();
	ck_assert_int_eq(right.downs, 1);
	ck_assert_str_eq(right.why, "broken framing");
	close(sv[0]);
}
END_TEST

START_TEST(failed_body_is_not_sent)
{
	struct buf b;
	int before;

	join(EDGE_REFUSE);
	before = open_fds();
	buf_init(&b, 2);
	buf_u32(&b, 1);
	ck_assert_int_eq(edge_send(left.edge, T_PLAIN, 0, -1, &b), -1);
	ck_assert_int_eq(edge_send(left.edge, T_PLAIN, 0, dup(0), &b), -1);
	ck_assert_int_eq(edge_send(NULL, T_PLAIN, 0, dup(0), NULL), -1);
	ck_assert_int_eq(open_fds(), before);
	buf_free(&b);
	edge_drain(NULL);
	edge_free(NULL);
}
END_TEST

START_TEST(drain_writes_everything)
{
	join(EDGE_REFUSE);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(send_n(T_PLAIN, -1, 4, 1), 0);
	edge_drain(left.edge);
	ck_assert_uint_eq(edge_queued(left.edge), 0);
	settle();
	ck_assert_int_eq(right.got[T_PLAIN], 100);
}
END_TEST

/* Which of many edges was heard, in this order. */
#define PEERS	8
static int heard[PEERS], nheard;

static int
h_heard(void *arg, struct imsg *m, const char **why)
{
	(void)m;
	(void)why;
	heard[nheard++] = *(int *)arg;
	return 0;
}

START_TEST(one_is_heard_first)
{
	static const struct permit row[] = {
		{ T_PLAIN, "PLAIN", 0, 0, 0, h_heard } };
	struct event_base *b = event_base_new();
	struct edge *to[PEERS], *from[PEERS];
	int i, who[PEERS], sv[2];

	nheard = 0;
	ck_assert_int_eq(event_base_priority_init(b, 2), 0);
	for (i = 0; i < PEERS; i++) {
		who[i] = i;
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
		to[i] = edge_new(b, sv[0], "a", EDGE_REFUSE, NULL, 0, on_down,
		    NULL, QUEUE);
		from[i] = edge_new(b, sv[1], "b", EDGE_REFUSE, row, 1,
		    on_down, &who[i], QUEUE);
		ck_assert(to[i] != NULL && from[i] != NULL);
	}
	ck_assert_int_eq(edge_first(from[_i]), 0);
	for (i = 0; i < PEERS; i++) {
		ck_assert_int_eq(edge_send(to[i], T_PLAIN, 0, -1, NULL), 0);
		edge_flush(to[i]);
	}
	while (nheard < PEERS)
		event_base_loop(b, EVLOOP_ONCE);
	ck_assert_int_eq(heard[0], _i);
	for (i = 0; i < PEERS; i++) {
		edge_free(to[i]);
		edge_free(from[i]);
	}
	event_base_free(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("edge");
	TCase *tc = tcase_create("edge");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, refuse_and_live, 0, NCASES);
	tcase_add_loop_test(tc, close_on_violation, 0, NCASES);
	tcase_add_exit_test(tc, exit_on_violation, 1);
	tcase_add_test(tc, good_with_exit_policy);
	tcase_add_test(tc, refusals_do_not_flood_the_log);
	tcase_add_test(tc, sends_are_written_together);
	tcase_add_test(tc, slow_reader);
	tcase_add_test(tc, reading_stops_inside_a_batch);
	tcase_add_loop_test(tc, peer_death, 0, 2);
	tcase_add_test(tc, peer_death_seen_by_writing);
	tcase_add_test(tc, broken_framing);
	tcase_add_test(tc, failed_body_is_not_sent);
	tcase_add_test(tc, drain_writes_everything);
	tcase_add_loop_test(tc, one_is_heard_first, 0, PEERS);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
