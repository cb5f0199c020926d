/* The parts of ikepd that bind the engine to the world. */
#include "ikepd/pending.h"
#include "lib/pool.h"
#include "ikepd/udp.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(pending_keeps_order_over_growth)
{
	struct pending p = { 0 };
	struct pending_item item;
	uint32_t i;

	/* The ring is turned before it grows. */
	for (i = 1; i <= 10; i++)
		ck_assert_int_eq(pending_add(&p,
		    &(struct pending_item){ .id = i, .key = i * 2 }), 0);
	for (i = 1; i <= 8; i++)
		ck_assert(pending_pop(&p, &item) && item.id == i);
	for (i = 11; i <= 500; i++)
		ck_assert_int_eq(pending_add(&p,
		    &(struct pending_item){ .id = i, .key = i * 2 }), 0);
	for (i = 9; i <= 500; i++) {
		ck_assert(pending_pop(&p, &item));
		ck_assert_uint_eq(item.id, i);
		ck_assert_uint_eq(item.key, i * 2);
	}
	ck_assert(!pending_pop(&p, &item));
	pending_free(&p);
}
END_TEST

START_TEST(pending_takes_from_the_middle)
{
	struct pending p = { 0 };
	struct pending_item item;
	uint32_t i;

	for (i = 1; i <= 5; i++)
		ck_assert_int_eq(pending_add(&p,
		    &(struct pending_item){ .id = i }), 0);
	ck_assert(!pending_take(&p, 9, &item));
	ck_assert(pending_find(&p, 3) != NULL);
	ck_assert(pending_take(&p, 3, &item) && item.id == 3);
	ck_assert(pending_find(&p, 3) == NULL);
	ck_assert(!pending_take(&p, 3, &item));
	ck_assert(pending_pop(&p, &item) && item.id == 1);
	ck_assert(pending_pop(&p, &item) && item.id == 2);
	ck_assert(pending_pop(&p, &item) && item.id == 4);
	ck_assert(pending_pop(&p, &item) && item.id == 5);
	ck_assert(!pending_pop(&p, &item));
	pending_free(&p);
}
END_TEST

struct sum_job {
	struct event_base *base;
	unsigned n;
	unsigned long sum;
	unsigned *left;
};

static void
sum_run(void *arg)
{
	struct sum_job *j = arg;
	unsigned i;

	for (i = 1; i <= j->n; i++)
		j->sum += i;
}

static void
sum_done(void *arg)
{
	struct sum_job *j = arg;

	if (--*j->left == 0)
		event_base_loopbreak(j->base);
}

START_TEST(pool_runs_every_job)
{
	struct event_base *base = event_base_new();
	struct pool *pool = pool_new(base, 2, 100);
	struct sum_job jobs[100] = { 0 };
	unsigned i, left = 100;

	ck_assert_ptr_nonnull(pool);
	for (i = 0; i < 100; i++) {
		jobs[i] = (struct sum_job){ base, i * 10, 0, &left };
		ck_assert_int_eq(pool_run(pool, sum_run, sum_done, &jobs[i]),
		    0);
	}
	event_base_dispatch(base);
	ck_assert_uint_eq(left, 0);
	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(jobs[i].sum, 10ul * i * (10 * i + 1) / 2);
	pool_free(pool);
	event_base_free(base);
}
END_TEST

struct gate {
	int fd[2];
};

static void
gate_wait(void *arg)
{
	struct gate *g = arg;
	char c;

	ck_assert_int_eq(read(g->fd[0], &c, 1), 1);
}

static void
gate_done(void *arg)
{
	(void)arg;
}

START_TEST(pool_refuses_beyond_its_queue)
{
	struct event_base *base = event_base_new();
	struct pool *pool = pool_new(base, 1, 2);
	struct gate g;
	int i, refused = 0;

	/* The one thread waits at the gate; two jobs may queue behind it,
	 * and the first may still be in the queue when the third comes. */
	ck_assert_int_eq(pipe(g.fd), 0);
	for (i = 0; i < 6; i++)
		refused += pool_run(pool, gate_wait, gate_done, &g) == -1;
	ck_assert_int_ge(refused, 3);
	ck_assert_int_le(refused, 4);
	ck_assert_int_eq(write(g.fd[1], "123456", 6), 6);
	pool_free(pool);
	close(g.fd[0]);
	close(g.fd[1]);
	event_base_free(base);
}
END_TEST

/* A gateway's pair of sockets and an outsider's, on the loopback. */
struct net {
	struct event_base *base;
	struct udp *udp;
	struct endpoint ike, natt, out;
	int fd;			/* the outsider's */
	unsigned got;
	uint8_t data[64];
	size_t len;
	struct endpoint local, remote;
};

static int
bound(struct endpoint *e)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, on = 1;

	ck_assert_int_eq(addr_parse(&e->addr, "127.0.0.1"), 0);
	e->port = 0;
	len = endpoint_to_sockaddr(e, &ss);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on,
	    sizeof(on)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = sizeof(ss);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	ck_assert_int_eq(endpoint_from_sockaddr(e, (struct sockaddr *)&ss,
	    len), 0);
	return fd;
}

static void
net_got(void *arg, const struct endpoint *local,
    const struct endpoint *remote, const uint8_t *data, size_t len)
{
	struct net *n = arg;

	n->got++;
	ck_assert_uint_le(len, sizeof(n->data));
	memcpy(n->data, data, len);
	n->len = len;
	n->local = *local;
	n->remote = *remote;
	event_base_loopbreak(n->base);
}

static void
net_new(struct net *n)
{
	int fd;

	memset(n, 0, sizeof(*n));
	n->base = event_base_new();
	n->udp = udp_new(n->base, net_got, n);
	fd = bound(&n->ike);
	ck_assert_int_eq(udp_add(n->udp, fd, &n->ike, false), 0);
	fd = bound(&n->natt);
	ck_assert_int_eq(udp_add(n->udp, fd, &n->natt, true), 0);
	n->fd = bound(&n->out);
}

static void
net_free(struct net *n)
{
	udp_free(n->udp);
	close(n->fd);
	event_base_free(n->base);
}

static void
net_throw(struct net *n, const struct endpoint *to, const void *p, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t sl = endpoint_to_sockaddr(to, &ss);

	ck_assert_int_eq(sendto(n->fd, p, len, 0, (struct sockaddr *)&ss, sl),
	    (ssize_t)len);
}

START_TEST(udp_knows_both_addresses)
{
	struct net n;

	net_new(&n);
	ck_assert_uint_eq(udp_port(n.udp, false), n.ike.port);
	ck_assert_uint_eq(udp_port(n.udp, true), n.natt.port);
	net_throw(&n, &n.ike, "\0\0\0\0hello", 9);
	event_base_dispatch(n.base);
	ck_assert_uint_eq(n.got, 1);
	/* No marker on the IKE port: nothing is taken away. */
	ck_assert_uint_eq(n.len, 9);
	ck_assert(endpoint_equal(&n.local, &n.ike));
	ck_assert(endpoint_equal(&n.remote, &n.out));
	net_free(&n);
}
END_TEST

START_TEST(udp_marks_the_natt_port)
{
	static const char *const dropped[] = { "\xff", "abcdefghi" };
	static const size_t lens[] = { 1, 9 };
	uint8_t in[64];
	struct net n;
	size_t i;

	net_new(&n);
	/* A keepalive and ESP are not IKE; the one after them is. */
	for (i = 0; i < 2; i++)
		net_throw(&n, &n.natt, dropped[i], lens[i]);
	net_throw(&n, &n.natt, "\0\0\0\0hello", 9);
	event_base_dispatch(n.base);
	ck_assert_uint_eq(n.got, 1);
	ck_assert_uint_eq(n.len, 5);
	ck_assert_mem_eq(n.data, "hello", 5);
	ck_assert_uint_eq(udp_stats(n.udp)->received, 3);
	ck_assert_uint_eq(udp_stats(n.udp)->keepalives, 1);
	ck_assert_uint_eq(udp_stats(n.udp)->runts, 1);

	ck_assert_int_eq(udp_send(n.udp, &n.natt, &n.out,
	    (const uint8_t *)"xy", 2), 0);
	ck_assert_int_eq(recv(n.fd, in, sizeof(in), 0), 6);
	ck_assert_mem_eq(in, "\0\0\0\0xy", 6);
	ck_assert_int_eq(udp_send(n.udp, &n.ike, &n.out,
	    (const uint8_t *)"xy", 2), 0);
	ck_assert_int_eq(recv(n.fd, in, sizeof(in), 0), 2);
	ck_assert_int_eq(udp_keepalive(n.udp, &n.natt, &n.out), 0);
	ck_assert_int_eq(recv(n.fd, in, sizeof(in), 0), 1);
	ck_assert_uint_eq(in[0], 0xff);
	ck_assert_int_eq(udp_keepalive(n.udp, &n.ike, &n.out), -1);
	net_free(&n);
}
END_TEST

/* Neither IKE nor ESP nor a keepalive: whole, so that it can be refused. */
START_TEST(udp_tells_of_runts)
{
	static const char *const runts[] = { "", "x", "\0\0\0", "abcdefgh" };
	static const size_t lens[] = { 0, 1, 3, 8 };
	struct net n;

	net_new(&n);
	net_throw(&n, &n.natt, runts[_i], lens[_i]);
	event_base_dispatch(n.base);
	ck_assert_uint_eq(n.got, 1);
	ck_assert_uint_eq(n.len, lens[_i]);
	ck_assert_mem_eq(n.data, runts[_i], lens[_i]);
	ck_assert_uint_eq(udp_stats(n.udp)->runts, 1);
	net_free(&n);
}
END_TEST

START_TEST(udp_finds_our_address)
{
	struct net n;
	struct addr a;

	net_new(&n);
	udp_source(n.udp, &n.out, &a);
	ck_assert(addr_equal(&a, &n.out.addr));
	net_free(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("glue");
	TCase *tc = tcase_create("glue");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, pending_keeps_order_over_growth);
	tcase_add_test(tc, pending_takes_from_the_middle);
	tcase_add_test(tc, pool_runs_every_job);
	tcase_add_test(tc, pool_refuses_beyond_its_queue);
	tcase_add_test(tc, udp_knows_both_addresses);
	tcase_add_test(tc, udp_marks_the_natt_port);
	tcase_add_loop_test(tc, udp_tells_of_runts, 0, 4);
	tcase_add_test(tc, udp_finds_our_address);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
