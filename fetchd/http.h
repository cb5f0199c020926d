/*
 * As much of HTTP as fetching a file takes: URLs, a request, an answer.
 * Pure.  The request is one of HTTP/1.0 (RFC 1945), so that the answer comes
 * in one piece and ends with the connection.
 */
#ifndef FETCHD_HTTP_H
#define FETCHD_HTTP_H

#include "lib/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_URL_MAX	1024	/* with NUL */
#define HTTP_HOST_MAX	254
#define HTTP_HEAD_MAX	16384	/* status line and fields of an answer */

struct http_url {
	char host[HTTP_HOST_MAX];	/* name or address, without [] */
	bool literal6;			/* was within [] */
	uint16_t port;
	char path[HTTP_URL_MAX];	/* with query, begins with / */
};

/* "http://host[:port][/path]", printable ASCII without blanks.  -1: *why
 * (static text) says what is wrong. */
int http_url_parse(struct http_url *, const char *text, const char **why);

/* GET, or with a body POST with that content type. */
void http_request(struct buf *, const struct http_url *, const char *type,
    const uint8_t *body, size_t len);

struct http_answer {
	unsigned status;
	char location[HTTP_URL_MAX];	/* "" without one */
	const uint8_t *body;	/* borrowed */
	size_t len;
};

/*
 * Looks at what has come so far; eof: nothing more will.  1: the answer is
 * complete, 0: more must come, -1: *why (static text) says what is wrong.
 */
int http_answer(struct http_answer *, const uint8_t *p, size_t n, bool eof,
    size_t body_max, const char **why);

/*
 * The URL that a Location field names, seen from base: absolute, or a path
 * beginning with /.  -1: *why.
 */
int http_redirect(const struct http_url *base, const char *location,
    struct http_url *to, const char **why);

#endif
