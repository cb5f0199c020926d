/*
 * espd at the other end of keymgr's edge, and what is left when it is killed:
 * the next one goes on with no sequence number said twice (RFC 4106 section
 * 3.1: never an IV again) and no packet taken twice (RFC 4303 section 3.4.3).
 */
#include "esp_util.h"

#include "espd/ipc_keymgr.h"
#include "espd/wire.h"
#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/kmespd.h"
#include "lib/proto/proto.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIVES		8
#define EACH		400	/* packets that a life sends at least */
#define SENT_MAX	(1u << 20)
#define PEERS		3000	/* packets from the peer */
#define SPI_OUT		0x1000u
#define SPI_IN		0x2000u

/* What the lives leave for the one that watches. */
struct record {
	_Atomic uint32_t sent;
	uint32_t seq[SENT_MAX];
	_Atomic uint32_t taken[PEERS];
};

static struct record *rec;
static int board_fd, keep_fd;
static struct event_base *base;
static struct edge *edge;
static struct kmespd_result answer;
static unsigned answers, softs, hards, mappings, losts, refused;

static void
quiet(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	refused += strstr(line, " refused: ") != NULL;
}

/* keymgr's end */

static int
on_result(void *arg, struct imsg *m, const char **why)
{
	(void)arg;
	answers++;
	return kmespd_result_get(&m->body, &answer, why);
}

static int
on_expire(void *arg, struct imsg *m, const char **why)
{
	struct kmespd_expire e;

	(void)arg;
	if (kmespd_expire_get(&m->body, &e, why) == -1)
		return -1;
	ck_assert_uint_eq(e.spi, SPI_OUT);
	softs += !e.hard;
	hards += e.hard;
	return 0;
}

static int
on_mapping(void *arg, struct imsg *m, const char **why)
{
	struct endpoint remote;
	uint32_t spi;

	(void)arg;
	(void)why;
	ck_assert_int_eq(cur_u32(&m->body, &spi), 0);
	ck_assert_uint_eq(spi, SPI_IN);
	ck_assert_int_eq(cur_endpoint(&m->body, &remote), 0);
	ck_assert_uint_eq(remote.port, 1024);
	mappings++;
	return 0;
}

static int
on_lost(void *arg, struct imsg *m, const char **why)
{
	(void)arg;
	(void)m;
	(void)why;
	losts++;
	return 0;
}

static const struct permit permits[] = {
	{ KMESPD_RESULT, "result", KMESPD_RESULT_MIN, KMESPD_RESULT_MAX, 0,
	    on_result },
	{ KMESPD_EXPIRE, "expiry", KMESPD_EXPIRE_MIN, KMESPD_EXPIRE_MAX, 0,
	    on_expire },
	{ KMESPD_MAPPING, "mapping", KMESPD_MAPPING_MIN, KMESPD_MAPPING_MAX,
	    0, on_mapping },
	{ KMESPD_LOST, "lost events", 0, 0, 0, on_lost },
};

static void
on_down(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

/* Returns espd's end of a new edge. */
static int
edge_make(void)
{
	int sv[2];

	edge_free(edge);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    sv), 0);
	edge = edge_new(base, sv[0], "espd", EDGE_REFUSE, permits,
	    sizeof(permits) / sizeof(permits[0]), on_down, NULL,
	    EDGE_QUEUE_MAX);
	ck_assert_ptr_nonnull(edge);
	return sv[1];
}

static void
key_set(struct secret *s, size_t len, uint32_t spi)
{
	size_t i;

	ck_assert_int_eq(secret_alloc(s, len), 0);
	for (i = 0; i < len; i++)
		s->data[i] = (uint8_t)(spi + i * 7);
}

static struct kmespd_step
sa_step(bool inbound)
{
	struct endpoint west = { addr_of("192.0.2.1"), 4500 };
	struct endpoint east = { addr_of("192.0.2.2"), 4500 };
	struct kmespd_step s = { .kind = KMESPD_SA_ADD };

	s.sa = (struct kmespd_sa){ .src = inbound ? east : west,
		.dst = inbound ? west : east,
		.spi = inbound ? SPI_IN : SPI_OUT, .reqid = 1,
		.inbound = inbound, .encap = true, .window = 64,
		.hard_at = INT64_MAX, .encr = 20, .encr_bits = 128 };
	key_set(&s.sa.encr_key, 20, s.sa.spi);
	return s;
}

static struct kmespd_step
policy_step(void)
{
	struct kmespd_step s = { .kind = KMESPD_POLICY_SET };

	prefix_parse(&s.policy.sel.local, "10.1.0.0/16", true);
	prefix_parse(&s.policy.sel.remote, "10.2.0.0/16", true);
	s.policy.reqid = 1;
	return s;
}

/* Frees the keys. */
static void
tell(struct kmespd_step *s, uint16_t n)
{
	static uint32_t id;
	struct buf b;
	uint16_t i;

	buf_init(&b, KMESPD_BATCH_MAX);
	buf_u16(&b, n);
	for (i = 0; i < n; i++) {
		kmespd_step_put(&b, &s[i]);
		kmespd_sa_free(&s[i].sa);
	}
	answers = 0;
	ck_assert_int_eq(edge_send(edge, KMESPD_BATCH, ++id, -1, &b), 0);
	buf_free(&b);
}

/* espd's end: a core over the memory that outlives it. */
struct life {
	struct esp *e;
	struct board board;
	struct ipc_keymgr *k;
	struct mono now;
};

static void
on_send(void *arg, const struct esp_run *r)
{
	uint32_t at;
	unsigned i;

	(void)arg;
	for (i = 0; i < r->n; i++) {
		at = atomic_load(&rec->sent);
		if (at == SENT_MAX)
			return;
		rec->seq[at] = get32(r->data + (size_t)i * r->seg + 4);
		atomic_store(&rec->sent, at + 1);
	}
}

/* The destination port says which of the peer's packets it is. */
static void
on_inject(void *arg, uint8_t *p, size_t len)
{
	uint16_t n = get16(p + ESP_VNET_LEN + 20 + 2);

	(void)arg;
	(void)len;
	if (n < PEERS)
		atomic_fetch_add(&rec->taken[n], 1);
}

static void
on_wake(void *arg)
{
	(void)arg;
}

/* Packets are put in by the tests themselves. */
static void
on_begin(void *arg)
{
	(void)arg;
}

static void
life_start(struct life *l, struct event_base *b, int fd)
{
	void *arg[1] = { l };
	struct esp_conf conf = { .threads = 1, .arg = arg,
		.io = { .send = on_send, .inject = on_inject,
		    .wake = on_wake } };
	const char *why = "";

	memset(l, 0, sizeof(*l));
	l->now = mono_now();
	ck_assert_int_eq(suite_init(&why), 0);
	ck_assert_int_eq(board_map(&l->board, dup(board_fd), dup(keep_fd)),
	    0);
	l->e = esp_new(&conf, &why);
	ck_assert_ptr_nonnull(l->e);
	l->k = ipc_keymgr_new(b, l->e, &l->board, on_begin, l);
	ck_assert_ptr_nonnull(l->k);
	(void)ipc_keymgr_restore(l->k);
	ipc_keymgr_up(l->k, fd);
}

static void
out(struct life *l)
{
	uint8_t buf[ESP_VNET_LEN + 200] = { 0 };
	size_t n = make_udp(buf + ESP_VNET_LEN, "10.1.0.1", "10.2.0.1", 1, 2,
	    50, 0);

	esp_out(esp_thread(l->e, 0), buf, ESP_VNET_LEN + n, l->now);
	esp_out_flush(esp_thread(l->e, 0));
}

static void
in(struct life *l, const struct gate *east, unsigned n)
{
	const struct kept *k = &east->sent.v[n];
	uint8_t buf[400];
	struct esp_dgram d = { .data = buf + ESP_IN_ROOM, .len = k->len,
		.src = east->outer, .encap = true };

	memcpy(d.data, k->p, k->len);
	esp_in(esp_thread(l->e, 0), &d, l->now);
	esp_in_flush(esp_thread(l->e, 0));
}

/* Sends, takes what the peer sent, some of it twice, until it is killed. */
static void
live(int fd, const struct gate *east)
{
	struct event_base *b = event_base_new();
	struct life l;
	unsigned n = 0;

	life_start(&l, b, fd);
	for (;;) {
		event_base_loop(b, EVLOOP_NONBLOCK);
		out(&l);
		in(&l, east, n % PEERS);
		in(&l, east, n / 2 % PEERS);
		n++;
	}
}

static void
await(unsigned *count)
{
	while (*count == 0)
		ck_assert_int_ne(event_base_loop(base, EVLOOP_ONCE), -1);
}

/* Ends in the midst of it. */
static void
one_life(const struct gate *east)
{
	struct kmespd_step s[] = { sa_step(false), sa_step(true),
		policy_step() };
	uint32_t until = atomic_load(&rec->sent) + EACH +
	    arc4random_uniform(EACH);
	int fd = edge_make(), status;
	pid_t pid = fork();
	unsigned i;

	ck_assert_int_ne(pid, -1);
	/* The parent's edge stays: its epoll is shared. */
	if (pid == 0)
		live(fd, east);
	close(fd);
	/* As keymgr does that had no answer from the one before. */
	tell(s, 3);
	await(&answers);
	ck_assert_uint_eq(answer.n, 3);
	for (i = 0; i < 3; i++)
		ck_assert_msg(answer.step[i].error == 0, "%s", answer.why);
	while (atomic_load(&rec->sent) < until)
		usleep(100);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

static void
check_record(void)
{
	static uint8_t seen[SENT_MAX * 2];
	uint32_t i, n = atomic_load(&rec->sent), taken = 0;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < n; i++) {
		ck_assert_uint_lt(rec->seq[i], sizeof(seen));
		ck_assert_msg(!seen[rec->seq[i]], "%u was sent twice",
		    rec->seq[i]);
		seen[rec->seq[i]] = 1;
	}
	for (i = 0; i < PEERS; i++) {
		ck_assert_msg(rec->taken[i] <= 1, "%u was taken %u times", i,
		    rec->taken[i]);
		taken += rec->taken[i];
	}
	ck_assert_uint_ge(taken, EACH);
}

START_TEST(nothing_is_said_or_taken_twice)
{
	struct gate *east = gate_new("192.0.2.2", NULL);
	struct gate *west = gate_new("192.0.2.1", NULL);
	struct policy_body b = { .reqid = 1 };
	uint8_t p[200];
	unsigned i;

	gate_sa_out(east, west, suite_named("aes-128-gcm", NULL), SPI_IN,
	    NULL);
	gate_policy(east, "10.2.0.0/16", "10.1.0.0/16", &b);
	for (i = 0; i < PEERS; i++)
		gate_out(east, p, make_udp(p, "10.2.0.1", "10.1.0.1", 9,
		    (uint16_t)i, 50, 0));
	ck_assert_uint_eq(east->sent.n, PEERS);
	for (i = 0; i < LIVES; i++)
		one_life(east);
	check_record();
	gate_free(east);
	gate_free(west);
}
END_TEST

/* In this process, with nobody killed. */

static struct life here;

static void
done(struct kmespd_step *s, uint16_t n)
{
	tell(s, n);
	await(&answers);
	ck_assert_uint_eq(answer.n, n);
}

START_TEST(the_same_again)
{
	struct kmespd_step s = sa_step(false);
	struct secret other;
	uint32_t slot;

	life_start(&here, base, edge_make());
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, 0);
	slot = answer.step[0].slot;
	s = sa_step(false);
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, 0);
	ck_assert_uint_eq(answer.step[0].slot, slot);
	/* Of the same name, with another key */
	s = sa_step(false);
	key_set(&other, 20, 99);
	secret_free(&s.sa.encr_key);
	s.sa.encr_key = other;
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, EEXIST);
	/* A move, and the same once more */
	s = sa_step(false);
	secret_free(&s.sa.encr_key);
	s.kind = KMESPD_SA_MOVE;
	s.src = s.sa.src;
	s.dst = s.sa.dst;
	s.dst.addr = addr_of("192.0.2.77");
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, 0);
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, 0);
	ck_assert_uint_eq(answer.step[0].slot, slot);
	s.dst.addr = addr_of("192.0.2.78");
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, ESRCH);
	/* Gone, with its key; its place is given away again. */
	s.kind = KMESPD_SA_DEL;
	s.sa.dst.addr = addr_of("192.0.2.77");
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, 0);
	ck_assert_uint_eq(here.board.kept[slot].len, 0);
	ck_assert_uint_eq(atomic_load(&here.board.b->slot[slot].spi), 0);
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, ESRCH);
	s = sa_step(true);
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].slot, slot);
	ck_assert_uint_eq(atomic_load(&here.board.b->slot[slot].live.packets),
	    0);
}
END_TEST

/* RFC 4301 section 4.4.2.1 */
START_TEST(limits_are_kept)
{
	struct kmespd_step s[] = { sa_step(false), policy_step() };
	unsigned i;

	if (_i == 0) {
		s[0].sa.limits.soft_packets = 8;
		s[0].sa.limits.hard_packets = 10;
	} else {
		/* 78 bytes each */
		s[0].sa.limits.soft_bytes = 8 * 78;
		s[0].sa.limits.hard_bytes = 10 * 78;
	}
	life_start(&here, base, edge_make());
	done(s, 2);
	atomic_store(&rec->sent, 0);
	for (i = 0; i < 7; i++)
		out(&here);
	ipc_keymgr_news(here.k);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(softs, 0);
	out(&here);
	ipc_keymgr_news(here.k);
	await(&softs);
	for (i = 0; i < 5; i++)
		out(&here);
	ck_assert_uint_eq(atomic_load(&rec->sent), 10);
	ipc_keymgr_news(here.k);
	await(&hards);
	ck_assert_uint_eq(softs, 1);
	ck_assert_uint_eq(hards, 1);
}
END_TEST

/* Without extended numbers the last one is 2^32 - 1 (RFC 4303 3.3.3). */
START_TEST(numbers_end)
{
	struct kmespd_step s[] = { sa_step(false), policy_step() };
	unsigned i;

	life_start(&here, base, edge_make());
	done(s, 2);
	atomic_store(&rec->sent, 0);
	atomic_store(&here.board.b->slot[answer.step[0].slot].live.seq,
	    UINT32_MAX - 3);
	for (i = 0; i < 10; i++)
		out(&here);
	ck_assert_uint_eq(atomic_load(&rec->sent), 3);
	ck_assert_uint_eq(rec->seq[2], UINT32_MAX);
	ipc_keymgr_news(here.k);
	await(&hards);
	ck_assert_uint_eq(hards, 1);
}
END_TEST

static void
turn(void)
{
	for (int i = 0; i < 10; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
keymgr_dies(void)
{
	edge_free(edge);
	edge = NULL;
	turn();
}

static void
keymgr_comes(void)
{
	ipc_keymgr_up(here.k, edge_make());
}

/* All that was told, and no more. */
static void
listen_once(void)
{
	ipc_keymgr_news(here.k);
	turn();
}

/* Reached while keymgr is away, and the next one learns it, also when it
 * was not ready for that at first. */
START_TEST(limits_reached_alone)
{
	struct kmespd_step s[] = { sa_step(false), policy_step() };
	unsigned i;

	s[0].sa.limits.soft_packets = 8;
	s[0].sa.limits.hard_packets = _i == 0 ? 100 : 10;
	life_start(&here, base, edge_make());
	done(s, 2);
	keymgr_dies();
	for (i = 0; i < 20; i++)
		out(&here);
	ipc_keymgr_news(here.k);
	keymgr_comes();
	for (i = 0; i < 3; i++) {
		listen_once();
		ck_assert_uint_eq(softs, i);
		ck_assert_uint_eq(hards, _i == 0 ? 0 : i);
		out(&here);
		out(&here);
		listen_once();
		ck_assert_uint_eq(softs, i);
		here.now.us += 1000000;
		out(&here);
		out(&here);
	}
}
END_TEST

START_TEST(a_limit_of_numbers_reached_alone)
{
	struct kmespd_step s[] = { sa_step(false), policy_step() };

	life_start(&here, base, edge_make());
	done(s, 2);
	atomic_store(&here.board.b->slot[answer.step[0].slot].live.seq,
	    UINT32_MAX);
	keymgr_dies();
	out(&here);
	ipc_keymgr_news(here.k);
	keymgr_comes();
	here.now.us += 1000000;
	out(&here);
	listen_once();
	ck_assert_uint_eq(hards, 1);
}
END_TEST

static struct gate *
peer(void)
{
	struct gate *east = gate_new("192.0.2.2", NULL);
	struct gate *west = gate_new("192.0.2.1", NULL);
	struct policy_body b = { .reqid = 1 };
	uint8_t p[200];
	uint16_t i;

	gate_sa_out(east, west, suite_named("aes-128-gcm", NULL), SPI_IN,
	    NULL);
	gate_policy(east, "10.2.0.0/16", "10.1.0.0/16", &b);
	for (i = 0; i < 10; i++)
		gate_out(east, p, make_udp(p, "10.2.0.1", "10.1.0.1", 9, i,
		    50, 0));
	gate_free(west);
	return east;
}

START_TEST(a_move_alone)
{
	struct kmespd_step s[] = { sa_step(true), policy_step() };
	struct gate *east = peer();

	life_start(&here, base, edge_make());
	done(s, 2);
	keymgr_dies();
	east->outer.port = 1024;
	in(&here, east, 0);
	ipc_keymgr_news(here.k);
	keymgr_comes();
	in(&here, east, 1);
	listen_once();
	ck_assert_uint_eq(mappings, 0);
	here.now.us += 1000000;
	in(&here, east, 2);
	listen_once();
	ck_assert_uint_eq(mappings, 1);
	gate_free(east);
}
END_TEST

/* What ends by the clock says so once: keymgr is to look. */
START_TEST(an_end_alone)
{
	struct kmespd_step s = sa_step(false);

	s.sa.hard_at = mono_now().us + 3600000000;
	life_start(&here, base, edge_make());
	done(&s, 1);
	keymgr_dies();
	ipc_keymgr_tick(here.k, mono_add(mono_now(), MONO_S(3601)));
	keymgr_comes();
	listen_once();
	ck_assert_uint_eq(losts, 1);
	ipc_keymgr_tick(here.k, mono_add(mono_now(), MONO_S(3602)));
	keymgr_dies();
	keymgr_comes();
	listen_once();
	ck_assert_uint_eq(losts, 1);
}
END_TEST

/* No packet gets in any more once keymgr has its answer. */
START_TEST(deleted_is_gone)
{
	struct kmespd_step s[] = { sa_step(true), policy_step() };
	struct kmespd_step d = { .kind = KMESPD_SA_DEL };
	struct gate *east = peer();

	d.sa.dst = s[0].sa.dst;
	d.sa.spi = SPI_IN;
	life_start(&here, base, edge_make());
	done(s, 2);
	in(&here, east, 0);
	ck_assert_uint_eq(atomic_load(&rec->taken[0]), 1);
	done(&d, 1);
	in(&here, east, 1);
	ck_assert_uint_eq(atomic_load(&rec->taken[1]), 0);
	gate_free(east);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	struct kmespd_step s = policy_step();
	struct buf b;

	life_start(&here, base, edge_make());
	buf_init(&b, 64);
	buf_u16(&b, KMESPD_STEPS + 1);
	edge_send(edge, KMESPD_BATCH, 1, -1, &b);
	buf_reset(&b);
	buf_u16(&b, 1);
	buf_u8(&b, 99);
	edge_send(edge, KMESPD_BATCH, 2, -1, &b);
	edge_send(edge, KMESPD_RESULT, 3, -1, &b);
	edge_send(edge, KMESPD_BATCH, 4, dup(0), &b);
	buf_free(&b);
	done(&s, 1);
	ck_assert_uint_eq(answer.step[0].error, 0);
	ck_assert_uint_eq(refused, 4);
}
END_TEST

static void
setup(void)
{
	log_set_sink(quiet, NULL);
	answers = softs = hards = mappings = losts = refused = 0;
	board_fd = memfd_create("board", MFD_CLOEXEC);
	keep_fd = memfd_create("keep", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(board_fd, sizeof(struct esp_board)), 0);
	ck_assert_int_eq(ftruncate(keep_fd, BOARD_KEEP_SIZE), 0);
	rec = mmap(NULL, sizeof(*rec), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(rec != MAP_FAILED);
	base = event_base_new();
}

int
main(void)
{
	Suite *s = suite_create("espd's life");
	TCase *tc = tcase_create("espd's life");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, nothing_is_said_or_taken_twice);
	tcase_add_test(tc, the_same_again);
	tcase_add_loop_test(tc, limits_are_kept, 0, 2);
	tcase_add_test(tc, numbers_end);
	tcase_add_loop_test(tc, limits_reached_alone, 0, 2);
	tcase_add_test(tc, a_limit_of_numbers_reached_alone);
	tcase_add_test(tc, a_move_alone);
	tcase_add_test(tc, an_end_alone);
	tcase_add_test(tc, deleted_is_gone);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
