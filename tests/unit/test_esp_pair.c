/* The socket pair with who speaks L2TP, with a lane at one end. */
#include "esp_util.h"

#include "espd/lane.h"

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct lane *lane;
static struct gate *east;
static struct esp *west;
static unsigned sent;
static struct esp_run last;
static uint8_t sent_data[2000];
static int l2tpd;

static void
on_send(void *arg, const struct esp_run *r)
{
	(void)arg;
	sent++;
	last = *r;
	ck_assert_uint_le(r->len, sizeof(sent_data));
	memcpy(sent_data, r->data, r->len);
}

static void
on_inject(void *arg, uint8_t *p, size_t len)
{
	(void)arg;
	(void)p;
	(void)len;
	ck_abort_msg("the device got what is for the pair");
}

static void
on_wake(void *arg)
{
	(void)arg;
}

static void
sa(bool inbound)
{
	struct secret key = { 0 };
	struct endpoint a = { addr_of("192.0.2.1"), 4500 };
	struct esp_sa c = { .src = inbound ? east->outer : a,
		.dst = inbound ? a : east->outer,
		.spi = inbound ? 0x2000 : 0x1000, .reqid = 9,
		.inbound = inbound, .transport = true, .encap = true,
		.local = true, .window = 64, .mtu = 1500,
		.hard_at = MONO_NEVER,
		.encr = suite_named("aes-128-gcm", NULL).encr,
		.encr_key = &key };
	const char *why = "";
	unsigned i;

	ck_assert_int_eq(secret_alloc(&key, 20), 0);
	for (i = 0; i < 20; i++)
		key.data[i] = (uint8_t)(c.spi + i * 7);
	ck_assert_msg(esp_sa_add(west, &c, mono_now(), &why) == 0, "%s", why);
	secret_free(&key);
}

static void
east_up(void)
{
	struct policy_body b = { .reqid = 9, .transport = true };
	struct suite su = suite_named("aes-128-gcm", NULL);
	struct esp_sa sa = { .encap = true, .window = 64, .mtu = 1500,
		.reqid = 9, .transport = true, .hard_at = MONO_NEVER };
	struct gate *other = gate_new("192.0.2.1", NULL);

	east = gate_new("192.0.2.2", NULL);
	gate_policy(east, "192.0.2.2/32", "192.0.2.1/32", &b);
	gate_sa_out(east, other, su, 0x2000, &sa);
	gate_sa_in(other, east, su, 0x1000, &sa);
	gate_free(other);
}

static void
setup(void)
{
	struct policy_body b = { .reqid = 9, .transport = true };
	struct sel s = { .proto = 17, .lport = 1701, .lmask = 0xffff };
	struct esp_conf conf = { .threads = 1, .io = { .send = on_send,
		.inject = on_inject, .local = lane_local,
		.wake = on_wake } };
	void *arg[1];
	const char *why = "";
	int sv[2];

	sent = 0;
	east_up();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
	    0, sv), 0);
	lane = lane_new();
	ck_assert_ptr_nonnull(lane);
	lane->pair = sv[0];
	l2tpd = sv[1];
	conf.arg = arg;
	arg[0] = lane;
	west = esp_new(&conf, &why);
	ck_assert_ptr_nonnull(west);
	lane->esp = esp_thread(west, 0);
	sa(true);
	sa(false);
	prefix_parse(&s.local, "192.0.2.1/32", true);
	prefix_parse(&s.remote, "192.0.2.2/32", true);
	ck_assert_int_eq(esp_policy_set(west, &s, &b, &why), 0);
}

static void
teardown(void)
{
	esp_free(west);
	gate_free(east);
	close(lane->pair);
	close(l2tpd);
	free(lane);
}

/* From the network to the pair; false: nothing came there. */
static bool
hear(struct l2tppair *from, uint8_t *text, size_t *len)
{
	static uint8_t buf[2000];
	uint8_t p[300], msg[600];
	struct kept *k;
	struct esp_dgram d = { .data = buf + ESP_IN_ROOM, .encap = true,
		.src = east->outer };
	ssize_t n;

	gate_clear(east);
	gate_out(east, p, make_udp(p, "192.0.2.2", "192.0.2.1", 40001, 1701,
	    100, 7));
	k = &east->sent.v[0];
	memcpy(d.data, k->p, k->len);
	d.len = k->len;
	esp_in(lane->esp, &d, mono_now());
	esp_in_flush(lane->esp);
	if ((n = recv(l2tpd, msg, sizeof(msg), MSG_DONTWAIT)) <= 0)
		return false;
	ck_assert_int_ge(n, L2TPPAIR_HDR);
	ck_assert_int_eq(l2tppair_get(msg, from), 0);
	*len = (size_t)n - L2TPPAIR_HDR;
	memcpy(text, msg + L2TPPAIR_HDR, *len);
	return true;
}

START_TEST(there_and_back)
{
	struct l2tppair from;
	uint8_t text[600], msg[L2TPPAIR_HDR + 600], p[300];
	size_t len;

	ck_assert(hear(&from, text, &len));
	ck_assert_uint_eq(len, 100);
	ck_assert_uint_eq(from.peer_port, 40001);
	ck_assert_uint_eq(from.spi, 0x2000);
	/* And the same back, as the peer would have made it */
	l2tppair_put(msg, &from);
	memcpy(msg + L2TPPAIR_HDR, text, len);
	ck_assert_int_eq(send(l2tpd, msg, L2TPPAIR_HDR + len, 0),
	    (ssize_t)(L2TPPAIR_HDR + len));
	lane_from_pair(lane, mono_now());
	ck_assert_uint_eq(sent, 1);
	ck_assert(endpoint_equal(&last.dst, &east->outer));
	gate_clear(east);
	gate_in(east, east, sent_data, last.len);
	ck_assert_uint_eq(east->injected.n, 1);
	(void)make_udp(p, "192.0.2.1", "192.0.2.2", 1701, 40001, 100, 7);
	ck_assert_mem_eq(east->injected.v[0].p + ESP_VNET_LEN + 20, p + 20,
	    108);
}
END_TEST

/* What is no message is nothing; the next is. */
START_TEST(nonsense)
{
	struct l2tppair from;
	uint8_t text[600], msg[L2TPPAIR_HDR + 600] = { 0 };
	size_t len, n;

	for (n = 0; n <= L2TPPAIR_HDR; n++)
		ck_assert_int_eq(send(l2tpd, msg, n, 0), (ssize_t)n);
	lane_from_pair(lane, mono_now());
	ck_assert_uint_eq(sent, 0);
	ck_assert(hear(&from, text, &len));
	l2tppair_put(msg, &from);
	ck_assert_int_eq(send(l2tpd, msg, L2TPPAIR_HDR, 0), L2TPPAIR_HDR);
	lane_from_pair(lane, mono_now());
	ck_assert_uint_eq(sent, 1);
}
END_TEST

static void
add(void *arg, const char *name, uint64_t value)
{
	if (strcmp(name, "in-buffer-errors") == 0)
		*(uint64_t *)arg += value;
}

/* Who does not read holds nobody up; nor does one who is gone. */
START_TEST(nobody_reads)
{
	struct l2tppair from;
	uint8_t text[600];
	uint64_t lost = 0;
	size_t len, i;

	if (_i == 1) {
		shutdown(l2tpd, SHUT_RDWR);
		ck_assert(!hear(&from, text, &len));
	}
	for (i = 0; _i == 0 && lost == 0 && i < 100000; i++) {
		uint8_t p[300], buf[2000];
		struct esp_dgram d = { .data = buf + ESP_IN_ROOM,
			.encap = true, .src = east->outer };

		gate_clear(east);
		gate_out(east, p, make_udp(p, "192.0.2.2", "192.0.2.1", 1,
		    1701, 100, 7));
		d.len = east->sent.v[0].len;
		memcpy(d.data, east->sent.v[0].p, d.len);
		esp_in(lane->esp, &d, mono_now());
		esp_stats(west, add, &lost);
	}
	esp_stats(west, add, &lost);
	ck_assert_uint_ge(lost, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("esp pair");
	TCase *tc = tcase_create("esp pair");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, nonsense);
	tcase_add_loop_test(tc, nobody_reads, 0, 2);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
