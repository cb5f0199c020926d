/*
 * Transport mode to the socket pair of who speaks L2TP: several clients
 * behind one NAT, with the same address and the same port within.
 */
#include "esp_util.h"

#include "espd/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS	3

static struct gate *server, *client[CLIENTS];

static struct esp_sa
local_sa(void)
{
	return (struct esp_sa){ .encap = true, .window = 64, .mtu = 1500,
		.reqid = 9, .transport = true, .local = true,
		.hard_at = MONO_NEVER };
}

static struct policy_body
body(void)
{
	return (struct policy_body){ .reqid = 9, .transport = true };
}

/* Its ESP comes from a port of the NAT; within it is itself. */
static void
client_up(unsigned i, uint32_t spi)
{
	struct suite su = suite_named("aes-128-gcm", NULL);
	struct esp_sa sa = local_sa();

	gate_sa_in(client[i], server, su, spi, &sa);
	gate_sa_out(server, client[i], su, spi + 1, &sa);
	client[i]->outer.addr = addr_of("10.9.9.9");
	sa.local = false;
	gate_sa_out(client[i], server, su, spi, &sa);
	gate_sa_in(server, client[i], su, spi + 1, &sa);
	client[i]->outer.addr = addr_of("198.51.100.9");
}

static void
setup(void)
{
	struct policy_body b = body();
	unsigned i;

	server = gate_new("192.0.2.2", NULL);
	gate_policy(server, "192.0.2.2/32", "198.51.100.9/32", &b);
	for (i = 0; i < CLIENTS; i++) {
		client[i] = gate_new("198.51.100.9", NULL);
		client[i]->outer.port = (uint16_t)(1024 + i);
		gate_policy(client[i], "10.9.9.9/32", "192.0.2.2/32", &b);
		client_up(i, 0x1000 * (i + 1));
	}
}

static void
teardown(void)
{
	unsigned i;

	for (i = 0; i < CLIENTS; i++)
		gate_free(client[i]);
	gate_free(server);
}

/* A datagram of the i-th client reaches the server's pair. */
static void
ask(unsigned i, size_t len)
{
	uint8_t p[2000];

	gate_clear(server);
	gate_out(client[i], p, make_udp(p, "10.9.9.9", "192.0.2.2", 1701,
	    1701, len, (uint8_t)i));
	gate_carry(client[i], server);
	ck_assert_uint_eq(server->local.n, 1);
	ck_assert_uint_eq(server->local.v[0].len, len);
}

static void
say(const struct l2tppair *to, const char *text)
{
	uint8_t buf[ESP_LOCAL_ROOM + 3000];
	size_t n = strlen(text);

	gate_clear(server);
	memcpy(buf + ESP_LOCAL_ROOM, text, n);
	esp_out_local(server->t, to, buf + ESP_LOCAL_ROOM, n, server->now);
	esp_out_flush(server->t);
}

/* What the i-th client is told, and nobody else. */
static void
answer(unsigned i, const struct l2tppair *to)
{
	const uint8_t *p;
	char text[32];

	snprintf(text, sizeof(text), "to client %u", i);
	say(to, text);
	ck_assert_uint_eq(server->sent.n, 1);
	ck_assert_uint_eq(server->sent.v[0].run.dst.port,
	    client[i]->outer.port);
	gate_clear(client[i]);
	gate_carry(server, client[i]);
	ck_assert_uint_eq(client[i]->injected.n, 1);
	p = client[i]->injected.v[0].p + ESP_VNET_LEN;
	ck_assert_uint_eq(get16(p + 20), 1701);
	ck_assert_uint_eq(get16(p + 22), 1701);
	ck_assert_mem_eq(p + 28, text, strlen(text));
}

START_TEST(clients_are_told_apart)
{
	struct l2tppair from[CLIENTS];
	unsigned i;

	for (i = 0; i < CLIENTS; i++) {
		ask(i, 100 + i);
		from[i] = server->from[0];
		ck_assert_uint_eq(from[i].spi, 0x1000 * (i + 1));
		ck_assert_uint_eq(from[i].reqid, 9);
		ck_assert(endpoint_equal(&from[i].remote,
		    &client[i]->outer));
		ck_assert(addr_equal(&from[i].local, &server->outer.addr));
		ck_assert_uint_eq(from[i].peer_port, 1701);
		ck_assert_uint_eq(from[i].our_port, 1701);
	}
	for (i = CLIENTS; i-- > 0;)
		answer(i, &from[i]);
	ck_assert_uint_eq(gate_errors(server), 0);
}
END_TEST

/* The SA is another one, the place is the same. */
START_TEST(a_new_sa_changes_nothing)
{
	struct l2tppair from;

	ask(1, 10);
	from = server->from[0];
	client_up(1, 0x9000);
	answer(1, &from);
	ask(1, 10);
	ck_assert_uint_eq(server->from[0].spi, 0x9000);
	ck_assert_int_eq(esp_sa_del(server->e, &server->outer.addr, 0x2000),
	    0);
	ck_assert_int_eq(esp_sa_del(server->e, &client[1]->outer.addr,
	    0x2001), 0);
	answer(1, &from);
	answer(1, &server->from[0]);
}
END_TEST

/* The NAT gives a client another port, as keymgr is told by IKE. */
START_TEST(a_client_moves)
{
	struct l2tppair from;
	const char *why = "";

	ask(1, 10);
	from = server->from[0];
	client[1]->outer.port = 5000;
	ck_assert_int_eq(esp_sa_move(server->e, &server->outer.addr, 0x2000,
	    &client[1]->outer, &server->outer, true, &why), 0);
	ck_assert_int_eq(esp_sa_move(server->e, &client[1]->outer.addr, 0x2001,
	    &server->outer, &client[1]->outer, true, &why), 0);
	say(&from, "where are you");
	ck_assert_uint_eq(server->sent.n, 0);
	ck_assert_uint_eq(gate_stat(server, "out-no-states"), 1);
	ask(1, 10);
	ck_assert_uint_eq(server->from[0].remote.port, 5000);
	answer(1, &server->from[0]);
	/* The others are where they were. */
	ask(0, 10);
	answer(0, &server->from[0]);
}
END_TEST

/* Nothing goes anywhere but by its own policy and SA. */
START_TEST(strangers)
{
	struct l2tppair to;

	ask(0, 10);
	to = server->from[0];
	to.reqid = 10;
	say(&to, "x");
	to = server->from[0];
	to.remote.addr = addr_of("203.0.113.1");
	say(&to, "x");
	to = server->from[0];
	to.local = addr_of("192.0.2.3");
	say(&to, "x");
	ck_assert_uint_eq(gate_stat(server, "out-policy-blocked"), 3);
	to = server->from[0];
	to.remote.port = 1;
	say(&to, "x");
	ck_assert_uint_eq(gate_stat(server, "out-no-states"), 1);
	ck_assert_uint_eq(server->sent.n, 0);
}
END_TEST

/* Longer than the path takes: fragments of ESP, for nobody else cuts it. */
/* A length that is none, and what is no UDP at all. */
START_TEST(lies)
{
	static const uint16_t lens[] = { 0, 7, 109, UINT16_MAX };
	uint8_t p[300];
	size_t len;

	for (unsigned i = 0; i < 4; i++) {
		len = make_udp(p, "10.9.9.9", "192.0.2.2", 1701, 1701, 100,
		    1);
		put16(p + 24, lens[i]);
		gate_out(client[0], p, len);
		gate_carry(client[0], server);
		ck_assert_uint_eq(server->local.n, 0);
		ck_assert_uint_eq(gate_stat(server, "in-header-errors"),
		    i + 1);
	}
	len = make_tcp(p, "10.9.9.9", "192.0.2.2", 1701, 1701, 1, 0x10, 100);
	gate_out(client[0], p, len);
	gate_carry(client[0], server);
	ck_assert_uint_eq(server->local.n, 0);
}
END_TEST

START_TEST(a_long_one)
{
	char text[2001];

	ask(0, 10);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	say(&server->from[0], text);
	ck_assert_uint_eq(server->sent.n, 1);
	ck_assert(!server->sent.v[0].run.df);
	gate_carry(server, client[0]);
	ck_assert_uint_eq(client[0]->injected.n, 1);
	ck_assert_uint_eq(client[0]->injected.v[0].len,
	    ESP_VNET_LEN + 28 + 2000);
}
END_TEST

/* What finds no room is counted, and what is no datagram, too. */
START_TEST(no_room)
{
	uint8_t p[200];
	size_t len;

	server->deaf = true;
	len = make_udp(p, "10.9.9.9", "192.0.2.2", 1701, 1701, 10, 0);
	gate_out(client[0], p, len);
	gate_carry(client[0], server);
	ck_assert_uint_eq(gate_stat(server, "in-buffer-errors"), 1);
	server->deaf = false;
	put16(p + 24, 4000);
	gate_out(client[0], p, len);
	gate_carry(client[0], server);
	len = make_ip(p, "10.9.9.9", "192.0.2.2", 47, 60);
	gate_out(client[0], p, len);
	gate_carry(client[0], server);
	ck_assert_uint_eq(gate_stat(server, "in-header-errors"), 2);
	ck_assert_uint_eq(server->local.n, 0);
}
END_TEST

START_TEST(the_header_comes_back)
{
	struct l2tppair h = { .reqid = 0x01020304, .spi = 0xfffefdfc,
		.remote = { addr_of(_i ? "2001:db8::1" : "192.0.2.1"), 4501 },
		.local = addr_of(_i ? "2001:db8::2" : "192.0.2.2"),
		.peer_port = 1701, .our_port = 1702 }, r;
	uint8_t p[L2TPPAIR_HDR];

	l2tppair_put(p, &h);
	ck_assert_int_eq(l2tppair_get(p, &r), 0);
	ck_assert(endpoint_equal(&r.remote, &h.remote));
	ck_assert(addr_equal(&r.local, &h.local));
	ck_assert_uint_eq(r.reqid, h.reqid);
	ck_assert_uint_eq(r.spi, h.spi);
	ck_assert_uint_eq(r.peer_port, 1701);
	ck_assert_uint_eq(r.our_port, 1702);
	p[0] = 5;
	ck_assert_int_eq(l2tppair_get(p, &r), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("esp local");
	TCase *tc = tcase_create("esp local");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, clients_are_told_apart);
	tcase_add_test(tc, a_new_sa_changes_nothing);
	tcase_add_test(tc, a_client_moves);
	tcase_add_test(tc, strangers);
	tcase_add_test(tc, lies);
	tcase_add_test(tc, a_long_one);
	tcase_add_test(tc, no_room);
	tcase_add_loop_test(tc, the_header_comes_back, 0, 2);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
