#include "fetchd/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "http://";

static int
port_parse(const char *s, uint16_t *port)
{
	unsigned long n = 0;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || (n = n * 10 +
		    (unsigned long)(*s - '0')) > 65535)
			return -1;
	}
	*port = (uint16_t)n;
	return n == 0 ? -1 : 0;
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static int
authority_parse(struct http_url *u, char *s, const char **why)
{
	char *host = s, *rest;

	if (strchr(s, '@') != NULL) {
		*why = "a URL with a user name";
		return -1;
	}
	u->literal6 = *s == '[';
	if (u->literal6) {
		host = s + 1;
		if ((rest = strchr(host, ']')) == NULL) {
			*why = "a URL without the ] of its address";
			return -1;
		}
		*rest++ = '\0';
	} else
		rest = host + strcspn(host, ":");
	if (*rest != '\0' && *rest != ':') {
		*why = "a URL with a malformed host";
		return -1;
	}
	u->port = 80;
	if (*rest == ':') {
		*rest = '\0';
		if (port_parse(rest + 1, &u->port) == -1) {
			*why = "a URL with a malformed port";
			return -1;
		}
	}
	if (*host == '\0' || strlen(host) >= sizeof(u->host)) {
		*why = "a URL without a host, or with one that is too long";
		return -1;
	}
	memcpy(u->host, host, strlen(host) + 1);
	return 0;
}

int
http_url_parse(struct http_url *u, const char *text, const char **why)
{
	char authority[HTTP_HOST_MAX + 16];
	const char *p;
	size_t n;

	memset(u, 0, sizeof(*u));
	for (p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~') {
			*why = "a URL with a character that has no place in "
			    "one";
			return -1;
		}
	if (strncasecmp(text, scheme, sizeof(scheme) - 1) != 0) {
		*why = "not an http:// URL";
		return -1;
	}
	p = text + sizeof(scheme) - 1;
	n = strcspn(p, "/?#");
	if (n >= sizeof(authority) || strlen(p) >= sizeof(u->path)) {
		*why = "a URL that is too long";
		return -1;
	}
	memcpy(authority, p, n);
	authority[n] = '\0';
	p += n;
	n = strcspn(p, "#");
	snprintf(u->path, sizeof(u->path), "%s%.*s", *p == '/' ? "" : "/",
	    (int)n, p);
	return authority_parse(u, authority, why);
}

static void
put_text(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
http_request(struct buf *b, const struct http_url *u, const char *type,
    const uint8_t *body, size_t len)
{
	char line[64];

	put_text(b, body != NULL ? "POST " : "GET ");
	put_text(b, u->path);
	put_text(b, " HTTP/1.0\r\nHost: ");
	put_text(b, u->literal6 ? "[" : "");
	put_text(b, u->host);
	put_text(b, u->literal6 ? "]" : "");
	if (u->port != 80) {
		snprintf(line, sizeof(line), ":%u", u->port);
		put_text(b, line);
	}
	put_text(b, "\r\nUser-Agent: sallyport\r\nConnection: close\r\n");
	if (body != NULL) {
		put_text(b, "Content-Type: ");
		put_text(b, type);
		snprintf(line, sizeof(line), "\r\nContent-Length: %zu\r\n",
		    len);
		put_text(b, line);
	}
	put_text(b, "\r\n");
	buf_put(b, body, body != NULL ? len : 0);
}

/* Where the body begins; 0: the head has no end yet. */
static size_t
head_end(const uint8_t *p, size_t n)
{
	const uint8_t *end;

	if (n > HTTP_HEAD_MAX)
		n = HTTP_HEAD_MAX;
	end = memmem(p, n, "\r\n\r\n", 4);
	return end == NULL ? 0 : (size_t)(end - p) + 4;
}

/* "HTTP/1.1 200 OK" */
static int
status_parse(const char *line, size_t n, unsigned *status)
{
	size_t i;

	if (n < 12 || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ')
		return -1;
	*status = 0;
	for (i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return -1;
		*status = *status * 10 + (unsigned)(line[i] - '0');
	}
	return n == 12 || line[12] == ' ' ? 0 : -1;
}

static int
length_parse(const char *s, size_t n, size_t *len)
{
	size_t i;

	if (n == 0 || n > 12)
		return -1;
	*len = 0;
	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		*len = *len * 10 + (size_t)(s[i] - '0');
	}
	return 0;
}

struct head {
	bool has_len;
	size_t len;
};

static bool
is_field(const char *line, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(line, name, n) == 0;
}

static int
field_parse(struct http_answer *a, struct head *h, const char *line,
    size_t n, const char **why)
{
	const char *colon = memchr(line, ':', n), *v;
	size_t name, len, had = h->len;

	if (colon == NULL) {
		*why = "an answer with a malformed field";
		return -1;
	}
	name = (size_t)(colon - line);
	for (v = colon + 1; v < line + n && (*v == ' ' || *v == '\t'); v++)
		;
	len = (size_t)(line + n - v);
	while (len > 0 && (v[len - 1] == ' ' || v[len - 1] == '\t'))
		len--;
	if (is_field(line, name, "Transfer-Encoding")) {
		*why = "an answer encoded in a way that was not asked for";
		return -1;
	}
	if (is_field(line, name, "Location") && len < sizeof(a->location)) {
		memcpy(a->location, v, len);
		a->location[len] = '\0';
	}
	if (!is_field(line, name, "Content-Length"))
		return 0;
	if (length_parse(v, len, &h->len) == -1 ||
	    (h->has_len && h->len != had)) {
		*why = "an answer with a malformed length";
		return -1;
	}
	h->has_len = true;
	return 0;
}

static int
head_parse(struct http_answer *a, struct head *h, const char *p, size_t n,
    const char **why)
{
	const char *end;
	bool first = true;
	size_t len;

	while (n > 2) {
		end = memmem(p, n, "\r\n", 2);
		len = (size_t)(end - p);
		if (memchr(p, '\0', len) != NULL ||
		    (first && status_parse(p, len, &a->status) == -1)) {
			*why = "the answer is not HTTP";
			return -1;
		}
		if (!first && field_parse(a, h, p, len, why) == -1)
			return -1;
		first = false;
		p += len + 2;
		n -= len + 2;
	}
	*why = "the answer is not HTTP";
	return first ? -1 : 0;
}

int
http_answer(struct http_answer *a, const uint8_t *p, size_t n, bool eof,
    size_t body_max, const char **why)
{
	struct head h = { false, 0 };
	size_t head = head_end(p, n), got;

	memset(a, 0, sizeof(*a));
	if (head == 0) {
		*why = n >= HTTP_HEAD_MAX ? "an answer with too long a head" :
		    n == 0 ? "no answer" : "the answer is cut off";
		return n >= HTTP_HEAD_MAX || eof ? -1 : 0;
	}
	if (head_parse(a, &h, (const char *)p, head - 2, why) == -1)
		return -1;
	got = n - head;
	if ((h.has_len ? h.len : got) > body_max) {
		*why = "the answer is too long";
		return -1;
	}
	if (h.has_len ? got < h.len : !eof) {
		*why = "the answer is cut off";
		return eof ? -1 : 0;
	}
	a->body = p + head;
	a->len = h.has_len ? h.len : got;
	return 1;
}

int
http_redirect(const struct http_url *base, const char *location,
    struct http_url *to, const char **why)
{
	char text[HTTP_URL_MAX + HTTP_HOST_MAX + 32];

	if (location[0] == '\0') {
		*why = "redirected to nowhere";
		return -1;
	}
	if (location[0] != '/' || location[1] == '/')
		return http_url_parse(to, location, why);
	snprintf(text, sizeof(text), "http://%s%s%s:%u%s",
	    base->literal6 ? "[" : "", base->host, base->literal6 ? "]" : "",
	    base->port, location);
	return http_url_parse(to, text, why);
}
