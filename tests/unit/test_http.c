#include "fetchd/http.h"

#include <check.h>

#include <stdlib.h>
#include <string.h>

static const struct url_case {
	const char *text, *host;
	uint16_t port;
	const char *path;	/* or a part of the reason, host NULL */
} urls[] = {
	{ "http://ca.example/ca.crl", "ca.example", 80, "/ca.crl" },
	{ "HTTP://ca.example", "ca.example", 80, "/" },
	{ "http://ca.example:8080/a?b=c#d", "ca.example", 8080, "/a?b=c" },
	{ "http://ca.example?x", "ca.example", 80, "/?x" },
	{ "http://[2001:db8::1]:81/x", "2001:db8::1", 81, "/x" },
	{ "http://[2001:db8::1]", "2001:db8::1", 80, "/" },
	{ "https://ca.example/", NULL, 0, "not an http://" },
	{ "ldap://ca.example/", NULL, 0, "not an http://" },
	{ "file:///etc/passwd", NULL, 0, "not an http://" },
	{ "", NULL, 0, "not an http://" },
	{ "http://", NULL, 0, "without a host" },
	{ "http:///x", NULL, 0, "without a host" },
	{ "http://u:p@h/", NULL, 0, "user name" },
	{ "http://h:0/", NULL, 0, "port" },
	{ "http://h:65536/", NULL, 0, "port" },
	{ "http://h:/", NULL, 0, "port" },
	{ "http://h:8x/", NULL, 0, "port" },
	{ "http://[::1/", NULL, 0, "]" },
	{ "http://[::1]x/", NULL, 0, "malformed host" },
	{ "http://h/a b", NULL, 0, "character" },
	{ "http://h/a\r\nHost: evil", NULL, 0, "character" },
	{ "http://h/\xc3\xa4", NULL, 0, "character" },
};

START_TEST(url)
{
	const struct url_case *c = &urls[_i];
	const char *why = "";
	struct http_url u;
	int rc = http_url_parse(&u, c->text, &why);

	if (c->host == NULL) {
		ck_assert_int_eq(rc, -1);
		ck_assert_msg(strstr(why, c->path) != NULL, "%s", why);
		return;
	}
	ck_assert_msg(rc == 0, "%s: %s", c->text, why);
	ck_assert_str_eq(u.host, c->host);
	ck_assert_uint_eq(u.port, c->port);
	ck_assert_str_eq(u.path, c->path);
}
END_TEST

START_TEST(long_urls)
{
	char text[4096] = "http://";
	const char *why;
	struct http_url u;

	memset(text + 7, 'a', 300);
	ck_assert_int_eq(http_url_parse(&u, text, &why), -1);
	memset(text + 7, 'a', 250);
	memset(text + 257, '/', 3000);
	ck_assert_int_eq(http_url_parse(&u, text, &why), -1);
	text[257 + 1000] = '\0';
	ck_assert_int_eq(http_url_parse(&u, text, &why), -1);
	text[257 + 700] = '\0';
	ck_assert_int_eq(http_url_parse(&u, text, &why), 0);
}
END_TEST

START_TEST(request)
{
	const char *why;
	struct http_url u;
	struct buf b;

	buf_init(&b, 4096);
	ck_assert_int_eq(http_url_parse(&u, "http://[2001:db8::1]:81/x?y",
	    &why), 0);
	http_request(&b, &u, NULL, NULL, 0);
	buf_u8(&b, 0);
	ck_assert_str_eq((char *)b.data, "GET /x?y HTTP/1.0\r\n"
	    "Host: [2001:db8::1]:81\r\nUser-Agent: sallyport\r\n"
	    "Connection: close\r\n\r\n");
	buf_reset(&b);
	http_request(&b, &u, "a/b", (const uint8_t *)"xyz", 3);
	buf_u8(&b, 0);
	ck_assert_str_eq((char *)b.data, "POST /x?y HTTP/1.0\r\n"
	    "Host: [2001:db8::1]:81\r\nUser-Agent: sallyport\r\n"
	    "Connection: close\r\nContent-Type: a/b\r\nContent-Length: 3\r\n"
	    "\r\nxyz");
	buf_free(&b);
}
END_TEST

static const struct answer_case {
	const char *text;
	bool eof;
	int rc;
	unsigned status;
	const char *body;	/* or a part of the reason */
} answers[] = {
	{ "HTTP/1.1 200 OK\r\n\r\nabc", true, 1, 200, "abc" },
	{ "HTTP/1.1 200 OK\r\n\r\nabc", false, 0, 200, NULL },
	{ "HTTP/1.0 200\r\nContent-Length: 3\r\n\r\nabc", false, 1, 200,
	    "abc" },
	{ "HTTP/1.0 200 OK\r\ncontent-length:3 \r\n\r\nabcdef", false, 1,
	    200, "abc" },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nabc", false, 0, 200,
	    NULL },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nabc", true, -1, 0,
	    "cut off" },
	{ "HTTP/1.0 404 Not found\r\n\r\n", true, 1, 404, "" },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\n", false, -1, 0,
	    "too long" },
	{ "HTTP/1.0 200 OK\r\n\r\n12345678901", false, -1, 0, "too long" },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", false,
	    -1, 0, "length" },
	{ "HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", false, -1, 0,
	    "length" },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n"
	    "\r\nab", true, -1, 0, "length" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    true, -1, 0, "encoded" },
	{ "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", true, -1, 0, "field" },
	{ "SSH-2.0-OpenSSH_9.2\r\n\r\n", true, -1, 0, "not HTTP" },
	{ "HTTP/1.1 2x0 OK\r\n\r\n", true, -1, 0, "not HTTP" },
	{ "HTTP/2 200 OK\r\n\r\n", true, -1, 0, "not HTTP" },
	{ "\r\n\r\n", true, -1, 0, "not HTTP" },
	{ "HTTP/1.1 200 OK", true, -1, 0, "cut off" },
	{ "", true, -1, 0, "no answer" },
	{ "", false, 0, 0, NULL },
};

START_TEST(answer)
{
	const struct answer_case *c = &answers[_i];
	const char *why = "";
	struct http_answer a;
	int rc;

	rc = http_answer(&a, (const uint8_t *)c->text, strlen(c->text),
	    c->eof, 10, &why);
	ck_assert_msg(rc == c->rc, "%d: %d %s", _i, rc, why);
	if (rc == -1)
		ck_assert_msg(strstr(why, c->body) != NULL, "%s", why);
	if (rc != 1)
		return;
	ck_assert_uint_eq(a.status, c->status);
	ck_assert_uint_eq(a.len, strlen(c->body));
	ck_assert_mem_eq(a.body, c->body, a.len);
}
END_TEST

START_TEST(endless_head)
{
	static uint8_t text[HTTP_HEAD_MAX + 1] = "HTTP/1.0 200 OK\r\nA: ";
	const char *why;
	struct http_answer a;

	memset(text + 20, 'x', sizeof(text) - 20);
	ck_assert_int_eq(http_answer(&a, text, HTTP_HEAD_MAX - 1, false, 10,
	    &why), 0);
	ck_assert_int_eq(http_answer(&a, text, HTTP_HEAD_MAX, false, 10,
	    &why), -1);
}
END_TEST

/* Whatever comes, nothing is read outside of it. */
START_TEST(mutations)
{
	static const char good[] = "HTTP/1.1 302 Found\r\nLocation: /x\r\n"
	    "Content-Length: 3\r\n\r\nabc";
	const char *why;
	struct http_answer a;
	size_t n, i;
	uint8_t *p;
	int v;

	for (n = 0; n < sizeof(good); n++) {
		ck_assert_ptr_nonnull(p = malloc(n + 1));
		for (i = 0; i < n; i++)
			for (v = 0; v < 256; v += 7) {
				memcpy(p, good, n);
				p[i] = (uint8_t)v;
				(void)http_answer(&a, p, n, v % 2, 10, &why);
			}
		free(p);
	}
}
END_TEST

START_TEST(redirections)
{
	struct http_url base, to;
	const char *why;

	ck_assert_int_eq(http_url_parse(&base, "http://[::2]:81/a/b", &why),
	    0);
	ck_assert_int_eq(http_redirect(&base, "/c", &to, &why), 0);
	ck_assert_str_eq(to.host, "::2");
	ck_assert_uint_eq(to.port, 81);
	ck_assert_str_eq(to.path, "/c");
	ck_assert_int_eq(http_redirect(&base, "http://x/y", &to, &why), 0);
	ck_assert_str_eq(to.host, "x");
	ck_assert_int_eq(http_redirect(&base, "https://x/y", &to, &why), -1);
	ck_assert_int_eq(http_redirect(&base, "//x/y", &to, &why), -1);
	ck_assert_int_eq(http_redirect(&base, "", &to, &why), -1);
	ck_assert_int_eq(http_redirect(&base, "file:///x", &to, &why), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http");
	TCase *tc = tcase_create("http");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, url, 0, sizeof(urls) / sizeof(urls[0]));
	tcase_add_test(tc, long_urls);
	tcase_add_test(tc, request);
	tcase_add_loop_test(tc, answer, 0,
	    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tc, endless_head);
	tcase_add_test(tc, mutations);
	tcase_add_test(tc, redirections);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
