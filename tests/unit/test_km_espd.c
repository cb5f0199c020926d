/*
 * The edge to espd with an espd at the other end that says what it likes:
 * it faces the network, and must get no further than its own SAs.
 */
#include "tests/unit/km_fake.h"

#include "keymgr/event.h"
#include "keymgr/ipc_espd.h"
#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/proto.h"

#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct event_base *base;
static struct km km;
static struct ipc_espd *ipc;
static struct edge *espd;
static struct bk_events events;

static struct {
	unsigned answers, ups, losts, stucks, mtus;
	uint32_t mtu;
	int error[KMESPD_STEPS * 4];
	uint32_t token[KMESPD_STEPS * 4], slot;
	char why[KMESPD_WHY_LEN * 2];
	uint32_t unwanted;
	/* At espd's end */
	unsigned batches, steps, refused;
	uint32_t id;
	uint16_t n;
	enum kmespd_kind kind[KMESPD_STEPS * 4];
} got;

/* No memory that is freed may have a key's bytes in it. */
static uint8_t key[20];
static unsigned frees, leaks;

/* The linker makes it everybody's. */
void __wrap_free(void *);
void __real_free(void *);

void
__wrap_free(void *p)
{
	frees++;
	if (p != NULL && key[0] != 0 &&
	    memmem(p, malloc_usable_size(p), key, sizeof(key)) != NULL)
		leaks++;
	__real_free(p);
}

static void
quiet(void *arg, uint32_t topics, const char *line)
{
	(void)arg;
	(void)topics;
	got.refused += strstr(line, " refused: ") != NULL;
}

/* keymgr's end */

static void
on_answer(void *arg, const struct step_tag *tag, int error, uint32_t slot,
    const char *why)
{
	(void)arg;
	if (got.answers < KMESPD_STEPS * 4) {
		got.token[got.answers] = tag->token;
		got.error[got.answers] = error;
	}
	got.answers++;
	got.slot = slot;
	snprintf(got.why, sizeof(got.why), "%s", why);
}

static bool
on_wanted(void *arg, const struct step_tag *tag)
{
	(void)arg;
	return tag->token != got.unwanted;
}

static void
on_up(void *arg)
{
	(void)arg;
	got.ups++;
}

static void
on_lost(void *arg)
{
	(void)arg;
	got.losts++;
}

static void
on_mtu(void *arg, uint32_t mtu)
{
	(void)arg;
	got.mtus++;
	got.mtu = mtu;
}

static void
on_stuck(void *arg)
{
	(void)arg;
	got.stucks++;
}

/* espd's end */

static int
on_batch(void *arg, struct imsg *m, const char **why)
{
	struct kmespd_step s;
	uint16_t i;

	(void)arg;
	got.batches++;
	got.id = m->id;
	ck_assert_int_eq(cur_u16(&m->body, &got.n), 0);
	for (i = 0; i < got.n; i++) {
		ck_assert_int_eq(kmespd_step_get(&m->body, &s, why), 0);
		if (got.steps < KMESPD_STEPS * 4)
			got.kind[got.steps] = s.kind;
		got.steps++;
		kmespd_sa_free(&s.sa);
	}
	return 0;
}

static const struct permit permits[] = {
	{ KMESPD_BATCH, "batch", 2, KMESPD_BATCH_MAX, 0, on_batch },
};

static void
on_down(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static void
turn(void)
{
	int i;

	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
espd_up(void)
{
	int sv[2];

	edge_free(espd);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    sv), 0);
	espd = edge_new(base, sv[1], "keymgr", EDGE_REFUSE, permits, 1,
	    on_down, NULL, EDGE_QUEUE_MAX);
	ipc_espd_up(ipc, sv[0]);
	turn();
}

static void
espd_dies(void)
{
	edge_free(espd);
	espd = NULL;
	turn();
}

static void
setup(void)
{
	struct ipc_espd_user user = { .answer = on_answer,
		.wanted = on_wanted, .up = on_up, .mtu = on_mtu,
		.events = &events };

	log_set_sink(quiet, NULL);
	memset(&got, 0, sizeof(got));
	fake_reset();
	fake_km(&km, 1);
	fake_conf(&km, GOOD_CONF);
	events = (struct bk_events){ .acquire = event_acquire,
		.expire = event_expire, .mapping = event_mapping,
		.lost = on_lost, .stuck = on_stuck, .arg = &km };
	base = event_base_new();
	ipc = ipc_espd_new(base, &user);
	ck_assert_ptr_nonnull(ipc);
}

static void
teardown(void)
{
	ipc_espd_free(ipc);
	edge_free(espd);
	espd = NULL;
	event_base_free(base);
	km_free(&km);
}

static int
ask(enum kmespd_kind kind, uint32_t token)
{
	struct step_tag tag = { .token = token };
	struct kmespd_step s = { .kind = kind };
	int rc;

	addr_parse(&s.sa.src.addr, "192.0.2.1");
	addr_parse(&s.sa.dst.addr, "192.0.2.2");
	s.src = s.sa.src;
	s.dst = s.sa.dst;
	s.sa.spi = 0x1000 + token;
	prefix_parse(&s.policy.sel.local, "10.1.0.0/24", true);
	prefix_parse(&s.policy.sel.remote, "10.2.0.0/24", true);
	if ((rc = ipc_espd_step(ipc, &s, &tag)) == 0)
		ipc_espd_go(ipc);
	return rc;
}

static void
reply(uint32_t id, uint16_t n, uint16_t error)
{
	struct kmespd_result r = { .n = n, .why = "" };
	struct buf b;
	unsigned i;

	for (i = 0; i < n; i++) {
		r.step[i].error = error;
		r.step[i].slot = 7;
	}
	if (error != 0)
		snprintf(r.why, sizeof(r.why), "said \033[1m espd");
	buf_init(&b, KMESPD_RESULT_MAX);
	kmespd_result_put(&b, &r);
	ck_assert_int_eq(edge_send(espd, KMESPD_RESULT, id, -1, &b), 0);
	buf_free(&b);
	turn();
}

/* Nobody waits: the answer comes when it comes. */
START_TEST(steps_are_answered_in_order)
{
	espd_up();
	ck_assert_uint_eq(got.ups, 1);
	reply(got.id, 0, 0);
	ck_assert_int_eq(ask(KMESPD_SA_ADD, 1), 0);
	ck_assert_int_eq(ask(KMESPD_SA_DEL, 2), 0);
	turn();
	ck_assert_uint_eq(got.steps, 2);
	ck_assert_uint_eq(got.answers, 0);
	reply(got.id - 1, 1, 0);
	ck_assert_uint_eq(got.answers, 1);
	ck_assert_uint_eq(got.token[0], 1);
	ck_assert_uint_eq(got.slot, 7);
	reply(got.id, 1, ESRCH);
	ck_assert_uint_eq(got.answers, 2);
	ck_assert_int_eq(got.error[1], ESRCH);
	/* What it says goes into logs. */
	ck_assert_ptr_null(strchr(got.why, '\033'));
}
END_TEST

START_TEST(answers_nobody_asked_for)
{
	int fd = dup(0);
	struct buf b;

	espd_up();
	reply(got.id, 0, 0);
	ck_assert_int_eq(ask(KMESPD_SA_ADD, 1), 0);
	ck_assert_int_eq(ask(KMESPD_SA_ADD, 2), 0);
	turn();
	reply(0, 0, 0);
	reply(0, 1, 0);
	reply(got.id, 1, 0);		/* before the one that came first */
	reply(got.id + 1, 1, 0);
	reply(got.id - 1, 2, 0);
	reply(got.id - 1, 0, 0);
	ck_assert_uint_eq(got.answers, 0);
	ck_assert_uint_eq(got.refused, 6);
	/* Malformed, of a type that it may not send, with a descriptor */
	buf_init(&b, 64);
	buf_u32(&b, UINT32_MAX);
	edge_send(espd, KMESPD_RESULT, got.id - 1, -1, &b);
	edge_send(espd, KMESPD_BATCH, got.id - 1, -1, &b);
	edge_send(espd, 77, 0, -1, &b);
	edge_send(espd, KMESPD_LOST, 0, fd, NULL);
	buf_free(&b);
	turn();
	ck_assert_uint_eq(got.refused, 10);
	ck_assert_uint_eq(got.answers, 0);
	/* keymgr lives, and takes what is right. */
	reply(got.id - 1, 1, 0);
	reply(got.id, 1, 0);
	ck_assert_uint_eq(got.answers, 2);
	ck_assert_int_eq(got.error[0] | got.error[1], 0);
}
END_TEST

static void
ask_with_key(uint32_t token)
{
	struct step_tag tag = { .token = token };
	struct kmespd_step s = { .kind = KMESPD_SA_ADD };

	addr_parse(&s.sa.src.addr, "192.0.2.1");
	addr_parse(&s.sa.dst.addr, "192.0.2.2");
	s.sa.spi = 0x1000 + token;
	secret_set(&s.sa.encr_key, key, sizeof(key));
	ck_assert_int_eq(ipc_espd_step(ipc, &s, &tag), 0);
	secret_free(&s.sa.encr_key);
	ipc_espd_go(ipc);
	turn();
}

/* Answered, with espd dead and not wanted any more, and at the end. */
START_TEST(keys_are_wiped)
{
	unsigned i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0xa1 + 11 * i);
	espd_up();
	reply(got.id, 0, 0);
	ask_with_key(1);
	reply(got.id, 1, 0);
	ck_assert_uint_eq(got.answers, 1);
	ask_with_key(2);
	ask_with_key(3);
	espd_dies();
	got.unwanted = 2;
	espd_up();
	ck_assert_uint_eq(got.answers, 2);
	ask_with_key(4);
	ipc_espd_free(ipc);
	ipc = NULL;
	ck_assert_uint_eq(got.answers, 4);
	ck_assert_uint_gt(frees, 0);
	ck_assert_uint_eq(leaks, 0);
}
END_TEST

static void
send_acquire(uint32_t reqid, const char *local, const char *remote)
{
	struct kmespd_sel s = { .proto = 17, .lport = 1, .lmask = 0xffff,
		.rport = 2, .rmask = 0xffff };
	struct buf b;

	prefix_parse(&s.local, local, true);
	prefix_parse(&s.remote, remote, true);
	buf_init(&b, KMESPD_ACQUIRE_MAX);
	buf_u32(&b, reqid);
	kmespd_sel_put(&b, &s);
	ck_assert_int_eq(edge_send(espd, KMESPD_ACQUIRE, 0, -1, &b), 0);
	buf_free(&b);
}

START_TEST(forged_acquires)
{
	uint32_t reqid = BK_REQID_BASE | policy_id(&km, P_A);
	uint32_t discard = BK_REQID_BASE | policy_id(&km, P_DISCARD);
	unsigned i;

	espd_up();
	send_acquire(0, "10.1.0.1", "10.2.0.1");
	send_acquire(42, "10.1.0.1", "10.2.0.1");
	send_acquire(reqid + 100, "10.1.0.1", "10.2.0.1");
	send_acquire(discard, "10.1.0.1", "10.9.0.1");
	/* Not the policy's, or more of it */
	send_acquire(reqid, "10.1.1.1", "10.2.0.1");
	send_acquire(reqid, "10.1.0.1", "10.3.0.1");
	send_acquire(reqid, "10.1.0.0/16", "10.2.0.1");
	send_acquire(reqid, "0.0.0.0/0", "0.0.0.0/0");
	send_acquire(reqid, "fd00::1", "fd00::2");
	turn();
	ck_assert_uint_eq(told.acquires, 0);
	ck_assert_uint_eq(km.n.refused, 5);
	send_acquire(reqid, "10.1.0.1", "10.2.0.1");
	turn();
	ck_assert_uint_eq(told.acquires, 1);
	/* A flood reaches the workers so far and no further, each second. */
	for (i = 0; i < 20000; i++)
		send_acquire(reqid, "10.1.0.1", "10.2.0.1");
	for (i = 0; i < 100; i++)
		turn();
	ck_assert_uint_le(told.acquires, 2000);
	ipc_espd_tick(ipc);
	send_acquire(reqid, "10.1.0.1", "10.2.0.1");
	turn();
	ck_assert_uint_le(told.acquires, 2001);
}
END_TEST

static void
send_mapping(uint32_t spi, const char *addr, uint16_t port)
{
	struct endpoint e = { .port = port };
	struct buf b;

	addr_parse(&e.addr, addr);
	buf_init(&b, KMESPD_MAPPING_MAX);
	buf_u32(&b, spi);
	buf_endpoint(&b, &e);
	ck_assert_int_eq(edge_send(espd, KMESPD_MAPPING, 0, -1, &b), 0);
	buf_free(&b);
}

static void
send_expire(uint32_t spi, const char *dst, bool hard)
{
	struct kmespd_expire x = { .spi = spi, .hard = hard };
	struct buf b;

	addr_parse(&x.dst, dst);
	buf_init(&b, KMESPD_EXPIRE_MAX);
	kmespd_expire_put(&b, &x);
	ck_assert_int_eq(edge_send(espd, KMESPD_EXPIRE, 0, -1, &b), 0);
	buf_free(&b);
}

static void
child(struct child_req *r, bool encap)
{
	char why[GUARD_WHY_LEN];

	good_req(&km, r, P_A, "10.1.0.0/24", "10.2.0.0/24");
	r->encap = encap;
	ck_assert_msg(add_child(&km, r, why) == 0, "%s", why);
}

START_TEST(forged_mappings)
{
	struct child_req nat, bare;
	unsigned i;

	child(&nat, true);
	child(&bare, false);
	espd_up();
	send_mapping(0x4711, "203.0.113.9", 4500);
	send_mapping(nat.spi_out, "203.0.113.9", 4500);
	send_mapping(bare.spi_in, "203.0.113.9", 4500);
	send_mapping(nat.spi_in, "203.0.113.9", 0);
	send_mapping(nat.spi_in, "0.0.0.0", 4500);
	send_mapping(nat.spi_in, "2001:db8::1", 4500);
	send_mapping(nat.spi_in, "192.0.2.2", 4500);	/* as it is */
	turn();
	ck_assert_uint_eq(told.mappings, 0);
	for (i = 0; i < 5000; i++)
		send_mapping(nat.spi_in, "203.0.113.9",
		    (uint16_t)(4500 + i % 2));
	for (i = 0; i < 30; i++)
		turn();
	ck_assert_uint_ge(told.mappings, 1);
	ck_assert_uint_le(told.mappings, 2000);
	/* One that was too many counts when it is said again. */
	told.mappings = 0;
	send_mapping(nat.spi_in, "203.0.113.10", 4500);
	turn();
	ck_assert_uint_eq(told.mappings, 0);
	ipc_espd_tick(ipc);
	send_mapping(nat.spi_in, "203.0.113.10", 4500);
	turn();
	ck_assert_uint_eq(told.mappings, 1);
	child_req_free(&nat);
	child_req_free(&bare);
}
END_TEST

START_TEST(forged_expiries)
{
	struct child_req r;
	struct buf b;
	unsigned i;

	child(&r, false);
	espd_up();
	send_expire(0x4711, "198.51.100.1", true);
	send_expire(r.spi_in, "198.51.100.2", true);
	send_expire(r.spi_out, "198.51.100.1", true);
	turn();
	ck_assert_uint_eq(told.expires, 0);
	/* Its own it can end; one successor it can ask for. */
	for (i = 0; i < 100; i++)
		send_expire(r.spi_in, "198.51.100.1", false);
	turn();
	ck_assert_uint_eq(told.expires, 1);
	ck_assert_uint_eq(told.hards, 0);
	send_expire(r.spi_in, "198.51.100.1", true);
	send_expire(r.spi_in, "198.51.100.1", true);
	turn();
	ck_assert_uint_eq(told.hards, 1);
	ck_assert_uint_eq(fake_sas(), 0);
	/* Looking for what was lost is work, done once a second. */
	buf_init(&b, 1);
	for (i = 0; i < 1000; i++)
		edge_send(espd, KMESPD_LOST, 0, -1, &b);
	buf_free(&b);
	turn();
	ck_assert_uint_eq(got.losts, 0);
	ipc_espd_tick(ipc);
	ipc_espd_tick(ipc);
	ck_assert_uint_eq(got.losts, 1);
	child_req_free(&r);
}
END_TEST

static void
send_mtu(uint32_t mtu)
{
	struct buf b;

	buf_init(&b, 4);
	buf_u32(&b, mtu);
	ck_assert_int_eq(edge_send(espd, KMESPD_MTU, 0, -1, &b), 0);
	buf_free(&b);
}

/* The device is not changed for ever. */
START_TEST(forged_mtus)
{
	unsigned i;

	espd_up();
	send_mtu(0);
	send_mtu(UINT16_MAX + 1);
	turn();
	ck_assert_uint_eq(got.refused, 2);
	send_mtu(1);
	turn();
	ck_assert_uint_eq(got.mtu, 1280);
	for (i = 0; i < 1000; i++)
		send_mtu(1300 + i);
	for (i = 0; i < 10; i++)
		turn();
	ck_assert_uint_le(got.mtus, 5);
	ipc_espd_tick(ipc);
	ck_assert_uint_le(got.mtus, 6);
	ck_assert_uint_eq(got.mtu, 2299);
	ipc_espd_tick(ipc);
	ck_assert_uint_le(got.mtus, 6);
}
END_TEST

/* SAs that it did not answer for are told to the next; not one that nobody
 * wants any more, nor what the next is told anyway. */
START_TEST(death_of_an_espd)
{
	espd_up();
	reply(got.id, 0, 0);
	ask(KMESPD_SA_ADD, 1);
	ask(KMESPD_SA_ADD, 2);
	ask(KMESPD_SA_DEL, 3);
	ask(KMESPD_POLICY_SET, 4);
	ask(KMESPD_SA_MOVE, 5);
	turn();
	ck_assert_uint_eq(got.steps, 5);
	espd_dies();
	ck_assert_uint_eq(got.answers, 2);
	ck_assert_uint_eq(got.token[0], 3);
	ck_assert_uint_eq(got.token[1], 4);
	ck_assert(!ipc_espd_there(ipc));
	ask(KMESPD_SA_ADD, 6);
	got.unwanted = 1;
	got.steps = 0;
	espd_up();
	ck_assert_uint_eq(got.answers, 3);
	ck_assert_uint_eq(got.token[2], 1);
	ck_assert_int_eq(got.error[2], ECANCELED);
	ck_assert_uint_eq(got.steps, 3);
	ck_assert_uint_eq(got.kind[1], KMESPD_SA_MOVE);
	reply(got.id, 3, 0);
	ck_assert_uint_eq(got.answers, 6);
	ck_assert_uint_eq(got.token[3], 2);
	ck_assert_uint_eq(got.token[5], 6);
	ck_assert_int_eq(got.error[3] | got.error[4] | got.error[5], 0);
	/* Something may have been lost with the first one. */
	ipc_espd_tick(ipc);
	ck_assert_uint_eq(got.losts, 1);
}
END_TEST

START_TEST(waiting_has_an_end)
{
	unsigned i, n = 0;

	ask(KMESPD_SA_ADD, 1);
	for (i = 0; i < 9; i++)
		ipc_espd_tick(ipc);
	ck_assert_uint_eq(got.answers, 0);
	ipc_espd_tick(ipc);
	ipc_espd_tick(ipc);
	ck_assert_uint_eq(got.answers, 1);
	ck_assert_int_eq(got.error[0], ENOTCONN);
	ck_assert_str_eq(got.why, "espd does not run");
	/* Nor do too many wait; policies are in the way of nobody. */
	while (n < 100000 && ask(KMESPD_SA_ADD, 2) == 0)
		n++;
	ck_assert_uint_eq(n, 32768);
	ck_assert_int_eq(ask(KMESPD_SA_MOVE, 2), -1);
	ck_assert_int_eq(ask(KMESPD_POLICY_SET, 3), 0);
	ck_assert_int_eq(ask(KMESPD_SA_DEL, 3), 0);
}
END_TEST

START_TEST(an_espd_that_is_stopped)
{
	unsigned i;

	espd_up();
	reply(got.id, 0, 0);
	/* With nothing to do it is asked whether it is there. */
	for (i = 0; i < 20; i++) {
		ipc_espd_tick(ipc);
		turn();
		ck_assert_uint_eq(got.n, 0);
		reply(got.id, 0, 0);
	}
	ck_assert_uint_eq(got.batches, 21);
	ck_assert_uint_eq(got.stucks, 0);
	ask(KMESPD_SA_ADD, 1);
	for (i = 0; i < 4; i++)
		ipc_espd_tick(ipc);
	ck_assert_uint_eq(got.stucks, 0);
	ipc_espd_tick(ipc);
	ck_assert_uint_eq(got.stucks, 1);
	turn();
	/* Not an answer to that */
	reply(got.id - 1, 1, 0);
	for (i = 0; i < 5; i++)
		ipc_espd_tick(ipc);
	ck_assert_uint_eq(got.stucks, 2);
	reply(got.id, 1, 0);
	ck_assert_uint_eq(got.answers, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("edge to espd");
	TCase *tc = tcase_create("edge to espd");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, steps_are_answered_in_order);
	tcase_add_test(tc, answers_nobody_asked_for);
	tcase_add_test(tc, keys_are_wiped);
	tcase_add_test(tc, forged_acquires);
	tcase_add_test(tc, forged_mappings);
	tcase_add_test(tc, forged_expiries);
	tcase_add_test(tc, forged_mtus);
	tcase_add_test(tc, death_of_an_espd);
	tcase_add_test(tc, waiting_has_an_end);
	tcase_add_test(tc, an_espd_that_is_stopped);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
