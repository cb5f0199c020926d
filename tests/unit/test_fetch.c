/* fetchd against an HTTP server and a name server in this process. */
#include "fetchd/fetch.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/listener.h>
#include <event2/util.h>

#include <check.h>

#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IDS	512

static struct event_base *base;
static struct fetcher *fr;
static struct evconnlistener *listener;
static uint16_t port;
static struct bufferevent *conns[64];
static unsigned open_now, open_most, served;
/* results */
static unsigned done, due;
static char reasons[IDS][256];
static struct buf datas[IDS];

static void
on_done(void *arg, uint32_t id, const char *reason, const uint8_t *p,
    size_t len)
{
	(void)arg;
	ck_assert_uint_lt(id, IDS);
	snprintf(reasons[id], sizeof(reasons[id]), "%s",
	    reason != NULL ? reason : "");
	buf_reset(&datas[id]);
	if (reason == NULL)
		buf_put(&datas[id], p, len);
	if (++done == due)
		event_base_loopbreak(base);
}

static void
reply(struct bufferevent *bev, const char *path, const char *request)
{
	struct evbuffer *out = bufferevent_get_output(bev);
	const char *body;
	size_t n;

	served++;
	if (strcmp(path, "/ok") == 0)
		evbuffer_add_printf(out, "HTTP/1.1 200 OK\r\n"
		    "Content-Length: 5\r\n\r\nhello");
	else if (strcmp(path, "/echo") == 0) {
		body = strstr(request, "\r\n\r\n");
		evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n\r\n%s",
		    body + 4);
	} else if (strcmp(path, "/loop") == 0)
		evbuffer_add_printf(out, "HTTP/1.1 302 Found\r\n"
		    "Location: /loop\r\n\r\n");
	else if (strcmp(path, "/once") == 0)
		evbuffer_add_printf(out, "HTTP/1.1 301 Moved\r\n"
		    "Location: http://127.0.0.1:%u/ok\r\n\r\n", port);
	else if (strcmp(path, "/tls") == 0)
		evbuffer_add_printf(out, "HTTP/1.1 301 Moved\r\n"
		    "Location: https://127.0.0.1:%u/ok\r\n\r\n", port);
	else if (strcmp(path, "/big") == 0) {
		evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n\r\n");
		for (n = 0; n < 2000; n++)
			evbuffer_add_printf(out, "%01000d", 0);
	} else if (strcmp(path, "/bigger") == 0)
		evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n"
		    "Content-Length: 2000000\r\n\r\n");
	else if (strcmp(path, "/garbage") == 0)
		evbuffer_add(out, "\0\1\2\377\r\n\r\n", 8);
	else if (strcmp(path, "/short") == 0)
		evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n"
		    "Content-Length: 50\r\n\r\nabc");
	else if (strcmp(path, "/slow") == 0) {
		evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n");
		return;
	} else if (strcmp(path, "/empty") == 0)
		evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n\r\n");
	else
		evbuffer_add_printf(out, "HTTP/1.0 404 Not found\r\n\r\n");
	bufferevent_disable(bev, EV_READ);
	bufferevent_enable(bev, EV_WRITE);
}

static void
conn_free(struct bufferevent *bev)
{
	size_t i;

	for (i = 0; conns[i] != bev; i++)
		;
	conns[i] = NULL;
	open_now--;
	bufferevent_free(bev);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	(void)arg;
	/* A slow one is kept until the other end gives up. */
	if ((bufferevent_get_enabled(bev) & EV_READ) == 0)
		conn_free(bev);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in);
	char text[4096], path[64] = "";

	(void)arg;
	ck_assert_uint_lt(n, sizeof(text));
	evbuffer_copyout(in, text, n);
	text[n] = '\0';
	if (strstr(text, "\r\n\r\n") == NULL)
		return;
	ck_assert_int_eq(sscanf(text, "%*s %63s", path), 1);
	reply(bev, path, text);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)what;
	(void)arg;
	conn_free(bev);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	struct bufferevent *bev;
	size_t i;

	(void)l;
	(void)sa;
	(void)len;
	(void)arg;
	bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	ck_assert_ptr_nonnull(bev);
	bufferevent_setcb(bev, on_read, on_written, on_event, NULL);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	for (i = 0; conns[i] != NULL; i++)
		;
	conns[i] = bev;
	if (++open_now > open_most)
		open_most = open_now;
}

static void
setup(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	size_t i;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_ptr_nonnull(base = event_base_new());
	listener = evconnlistener_new_bind(base, on_accept, NULL,
	    LEV_OPT_CLOSE_ON_FREE, 64, (struct sockaddr *)&sin, sizeof(sin));
	ck_assert_ptr_nonnull(listener);
	ck_assert_int_eq(getsockname(evconnlistener_get_fd(listener),
	    (struct sockaddr *)&sin, &len), 0);
	port = ntohs(sin.sin_port);
	ck_assert_ptr_nonnull(fr = fetcher_new(base, on_done, NULL));
	fetcher_allow_local(fr, true);
	for (i = 0; i < IDS; i++)
		buf_init(&datas[i], 1 << 20);
}

static void
teardown(void)
{
	size_t i;

	fetcher_free(fr);
	for (i = 0; i < 64; i++)
		if (conns[i] != NULL)
			bufferevent_free(conns[i]);
	/* What was cancelled is told in the loop. */
	event_base_loop(base, EVLOOP_NONBLOCK);
	evconnlistener_free(listener);
	event_base_free(base);
	for (i = 0; i < IDS; i++)
		buf_free(&datas[i]);
}

static void
start(uint32_t id, const char *host, const char *path, const char *body)
{
	struct fetch_job j = { .id = id, .limit = 1000000 };
	char url[256];

	snprintf(url, sizeof(url), "http://%s:%u%s", host, port, path);
	j.url = url;
	if (body != NULL) {
		j.type = "text/plain";
		j.body = (const uint8_t *)body;
		j.len = strlen(body);
	}
	due++;
	ck_assert_int_eq(fetcher_start(fr, &j), 0);
}

static void
run(void)
{
	while (done < due)
		ck_assert_int_ne(event_base_loop(base, EVLOOP_ONCE), -1);
}

static const struct served {
	const char *path, *body;
	const char *answer;	/* NULL: reason is a part of the failure */
	const char *reason;
} cases[] = {
	{ "/ok", NULL, "hello", NULL },
	{ "/echo", "question", "question", NULL },
	{ "/once", NULL, "hello", NULL },
	{ "/loop", NULL, NULL, "redirected more than 2 times" },
	{ "/tls", NULL, NULL, "not an http:// URL" },
	{ "/big", NULL, NULL, "too long" },
	{ "/bigger", NULL, NULL, "too long" },
	{ "/garbage", NULL, NULL, "not HTTP" },
	{ "/short", NULL, NULL, "cut off" },
	{ "/empty", NULL, NULL, "empty" },
	{ "/none", NULL, NULL, "HTTP status 404" },
	{ "/slow", NULL, NULL, "no answer within 200 ms" },
};

START_TEST(serves)
{
	const struct served *c = &cases[_i];

	if (c->reason != NULL && strstr(c->reason, "200 ms") != NULL)
		fetcher_set_timeout(fr, 200);
	start(1, "127.0.0.1", c->path, c->body);
	run();
	if (c->answer == NULL) {
		ck_assert_msg(strstr(reasons[1], c->reason) != NULL,
		    "%s: %s", c->path, reasons[1]);
		return;
	}
	ck_assert_str_eq(reasons[1], "");
	ck_assert_uint_eq(datas[1].len, strlen(c->answer));
	ck_assert_mem_eq(datas[1].data, c->answer, datas[1].len);
}
END_TEST

START_TEST(nobody_there)
{
	evconnlistener_disable(listener);
	close(evconnlistener_get_fd(listener));
	start(1, "127.0.0.1", "/ok", NULL);
	run();
	ck_assert_msg(strstr(reasons[1], "no connection") != NULL, "%s",
	    reasons[1]);
	/* The listener's fd must be one again. */
	ck_assert_int_ge(dup(STDERR_FILENO), 0);
}
END_TEST

/* Never more than so many at a time, and each gets its turn. */
START_TEST(many)
{
	struct fetch_job j = { .url = "http://127.0.0.1/", .limit = 10 };
	uint32_t i;

	for (i = 0; i < FETCH_ACTIVE_MAX + FETCH_WAITING_MAX; i++)
		start(i, "127.0.0.1", "/ok", NULL);
	ck_assert_int_eq(fetcher_start(fr, &j), -1);
	run();
	ck_assert_uint_eq(served, FETCH_ACTIVE_MAX + FETCH_WAITING_MAX);
	ck_assert_uint_le(open_most, FETCH_ACTIVE_MAX + 1);
	for (i = 0; i < done; i++)
		ck_assert_str_eq(reasons[i], "");
}
END_TEST

/* With fetches under way. */
START_TEST(freed)
{
	start(1, "127.0.0.1", "/slow", NULL);
	start(2, "nowhere.example", "/", NULL);
	event_base_loop(base, EVLOOP_ONCE);
	event_base_loop(base, EVLOOP_ONCE);
}
END_TEST

static const struct {
	const char *addr;
	bool strict, local;	/* refused then */
} addresses[] = {
	{ "127.0.0.1", true, false }, { "127.8.8.8", true, false },
	{ "0.0.0.0", true, false }, { "169.254.169.254", true, false },
	{ "::1", true, false }, { "::", true, false },
	{ "fe80::1", true, false }, { "224.0.0.1", true, true },
	{ "ff02::1", true, true }, { "255.255.255.255", true, true },
	{ "10.1.2.3", false, false }, { "192.0.2.1", false, false },
	{ "2001:db8::1", false, false },
};

START_TEST(local_addresses)
{
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		ck_assert_int_eq(addr_parse(&a, addresses[i].addr), 0);
		ck_assert_int_eq(fetch_address_refused(&a, false) != NULL,
		    addresses[i].strict);
		ck_assert_int_eq(fetch_address_refused(&a, true) != NULL,
		    addresses[i].local);
	}
	fetcher_allow_local(fr, false);
	start(1, "127.0.0.1", "/ok", NULL);
	start(2, "[::ffff:127.0.0.1]", "/ok", NULL);
	run();
	ck_assert_msg(strstr(reasons[1], "this machine") != NULL, "%s",
	    reasons[1]);
	ck_assert_str_ne(reasons[2], "");
	ck_assert_uint_eq(served, 0);
}
END_TEST

/* A name server that knows one name. */
static void
on_question(struct evdns_server_request *r, void *arg)
{
	struct in_addr here = { htonl(INADDR_LOOPBACK) };
	int i, err = 3;		/* NXDOMAIN */

	(void)arg;
	for (i = 0; i < r->nquestions; i++) {
		if (strcasecmp(r->questions[i]->name, "ca.example") != 0)
			continue;
		err = 0;
		if (r->questions[i]->type == EVDNS_TYPE_A)
			evdns_server_request_add_a_reply(r, "ca.example", 1,
			    &here.s_addr, 60);
	}
	evdns_server_request_respond(r, err);
}

START_TEST(names)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	struct evdns_server_port *dns;
	char text[32];
	int fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	dns = evdns_add_server_port_with_base(base, fd, 0, on_question, NULL);
	ck_assert_ptr_nonnull(dns);
	snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(sin.sin_port));
	ck_assert_int_eq(fetcher_nameserver(fr, text), 0);
	ck_assert_int_eq(fetcher_nameserver(fr, "nonsense"), -1);
	start(1, "ca.example", "/ok", NULL);
	start(2, "other.example", "/ok", NULL);
	run();
	ck_assert_str_eq(reasons[1], "");
	ck_assert_msg(strstr(reasons[2], "cannot be resolved") != NULL, "%s",
	    reasons[2]);
	/* A name that leads here is refused like the address. */
	fetcher_allow_local(fr, false);
	start(3, "ca.example", "/ok", NULL);
	run();
	ck_assert_msg(strstr(reasons[3], "this machine") != NULL, "%s",
	    reasons[3]);
	ck_assert_uint_eq(served, 1);
	evdns_close_server_port(dns);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fetch");
	TCase *tc = tcase_create("fetch");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, serves, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, nobody_there);
	tcase_add_test(tc, many);
	tcase_add_test(tc, freed);
	tcase_add_test(tc, local_addresses);
	tcase_add_test(tc, names);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
