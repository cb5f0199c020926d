#include "fetchd/fetch.h"

#include "fetchd/http.h"

#include "lib/buf.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/util.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRS_MAX	4	/* of a name, tried one after the other */
#define REASON_MAX	200

/* A question to the name servers; outlives a fetch that is given up. */
struct lookup {
	struct fetch *fetch;	/* NULL: nobody waits any more */
	struct evdns_getaddrinfo_request *req;
};

struct fetch {
	struct fetcher *fetcher;
	struct fetch *next;
	uint32_t id;
	struct http_url url;
	char *type;
	uint8_t *body;
	size_t len, limit;
	unsigned redirects;
	bool active, timed;
	const char *bad_url;	/* why it is none, or NULL */
	struct event *timer;
	struct lookup *lookup;
	struct endpoint addrs[ADDRS_MAX];
	size_t naddrs, at;	/* at: the one connected to */
	bool connected;
	struct bufferevent *bev;
	struct buf in;
};

struct fetcher {
	struct event_base *base;
	struct evdns_base *dns;
	fetch_done done;
	void *arg;
	bool allow_local;
	unsigned timeout_ms;
	struct fetch *list;	/* in the order they came */
	unsigned nactive, nwaiting;
};

static void fetch_connect(struct fetch *);

/* Where nothing of a CA's is to be expected. */
static const struct {
	const char *prefix;
	bool local;
	const char *why;
} refused[] = {
	{ "127.0.0.0/8", true, "is this machine" },
	{ "::1/128", true, "is this machine" },
	{ "0.0.0.0/8", true, "is this machine" },
	{ "::/128", true, "is this machine" },
	{ "169.254.0.0/16", true, "is of the link" },
	{ "fe80::/10", true, "is of the link" },
	{ "224.0.0.0/4", false, "is a multicast address" },
	{ "ff00::/8", false, "is a multicast address" },
	{ "240.0.0.0/4", false, "is no host's address" },
};

const char *
fetch_address_refused(const struct addr *a, bool allow_local)
{
	struct prefix p;
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if ((!allow_local || !refused[i].local) &&
		    prefix_parse(&p, refused[i].prefix, true) == 0 &&
		    prefix_has(&p, a))
			return refused[i].why;
	return NULL;
}

static void
fetch_disconnect(struct fetch *f)
{
	if (f->bev != NULL)
		bufferevent_free(f->bev);
	f->bev = NULL;
	f->connected = false;
	buf_reset(&f->in);
}

static void
lookup_cancel(struct fetch *f)
{
	struct lookup *l = f->lookup;

	f->lookup = NULL;
	if (l == NULL)
		return;
	l->fetch = NULL;
	if (l->req != NULL)
		evdns_getaddrinfo_cancel(l->req);
}

static void
fetch_free(struct fetch *f)
{
	struct fetcher *fr = f->fetcher;
	struct fetch **pp;

	for (pp = &fr->list; *pp != NULL; pp = &(*pp)->next)
		if (*pp == f) {
			*pp = f->next;
			break;
		}
	lookup_cancel(f);
	fetch_disconnect(f);
	if (f->timer != NULL)
		event_free(f->timer);
	buf_free(&f->in);
	free(f->type);
	free(f->body);
	free(f);
}

static void
timer_ms(struct fetch *f, unsigned ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(f->timer, &tv);
}

/* It begins in the loop's next turn. */
static void
activate(struct fetch *f)
{
	f->active = true;
	f->fetcher->nactive++;
	timer_ms(f, 0);
}

/* The last thing that happens to a fetch; f is gone afterwards. */
static void
fetch_end(struct fetch *f, const char *reason, const uint8_t *data,
    size_t len)
{
	struct fetcher *fr = f->fetcher;
	struct fetch *next;

	fr->done(fr->arg, f->id, reason, data, len);
	fetch_free(f);
	fr->nactive--;
	for (next = fr->list; next != NULL; next = next->next)
		if (!next->active) {
			fr->nwaiting--;
			activate(next);
			return;
		}
}

static void __attribute__((format(printf, 2, 3)))
fetch_fail(struct fetch *f, const char *fmt, ...)
{
	char reason[REASON_MAX], what[REASON_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(reason, sizeof(reason), "%.90s: %s", f->url.host, what);
	fetch_end(f, reason, NULL, 0);
}

/* Names */

static void
add_address(struct fetch *f, const struct endpoint *e, const char **why)
{
	const char *no = fetch_address_refused(&e->addr,
	    f->fetcher->allow_local);

	if (no != NULL)
		*why = no;
	else if (f->naddrs < ADDRS_MAX)
		f->addrs[f->naddrs++] = *e;
}

static void
have_addresses(struct fetch *f, const char *why)
{
	if (f->naddrs > 0)
		fetch_connect(f);
	else
		fetch_fail(f, "its address %s, which /certificate settings "
		    "fetch-local does not allow", why);
}

static void
on_resolved(int result, struct evutil_addrinfo *res, void *arg)
{
	struct lookup *l = arg;
	struct fetch *f = l->fetch;
	const char *why = "is of an unknown kind";
	struct evutil_addrinfo *ai;
	struct endpoint e;

	free(l);
	if (f == NULL)
		goto out;
	f->lookup = NULL;
	if (result != 0 || res == NULL) {
		fetch_fail(f, "the name cannot be resolved: %s",
		    evutil_gai_strerror(result));
		goto out;
	}
	for (ai = res; ai != NULL; ai = ai->ai_next)
		if (endpoint_from_sockaddr(&e, ai->ai_addr,
		    (socklen_t)ai->ai_addrlen) == 0) {
			e.port = f->url.port;
			add_address(f, &e, &why);
		}
	have_addresses(f, why);
out:
	if (res != NULL)
		evutil_freeaddrinfo(res);
}

static void
resolve(struct fetch *f)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP };
	struct evdns_getaddrinfo_request *req;
	struct lookup *l;

	if ((l = calloc(1, sizeof(*l))) == NULL) {
		fetch_fail(f, "out of memory");
		return;
	}
	l->fetch = f;
	f->lookup = l;
	req = evdns_getaddrinfo(f->fetcher->dns, f->url.host, NULL, &hints,
	    on_resolved, l);
	/* NULL: it has been answered already, and l is gone. */
	if (req != NULL)
		l->req = req;
}

/* With f->url: the first time, or redirected. */
static void
fetch_go(struct fetch *f)
{
	const char *why = NULL;
	struct sockaddr_storage ss;
	struct endpoint e;
	socklen_t len;

	f->naddrs = f->at = 0;
	e.port = f->url.port;
	if (addr_parse(&e.addr, f->url.host) == 0) {
		/* An IPv4 address in the guise of IPv6 is what it is. */
		len = endpoint_to_sockaddr(&e, &ss);
		(void)endpoint_from_sockaddr(&e, (struct sockaddr *)&ss, len);
		add_address(f, &e, &why);
		have_addresses(f, why);
	} else if (f->url.literal6)
		fetch_fail(f, "not an IPv6 address");
	else
		resolve(f);
}

/* Connection */

static bool
is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static void
redirect(struct fetch *f, const struct http_answer *a)
{
	struct http_url to;
	const char *why;

	if (f->redirects++ == FETCH_REDIRECTS_MAX) {
		fetch_fail(f, "redirected more than %d times",
		    FETCH_REDIRECTS_MAX);
	} else if (http_redirect(&f->url, a->location, &to, &why) == -1) {
		fetch_fail(f, "redirected to %s", why);
	} else {
		fetch_disconnect(f);
		f->url = to;
		fetch_go(f);
	}
}

/* True: the fetch has moved on or is gone. */
static bool
look(struct fetch *f, bool eof)
{
	struct http_answer a;
	const char *why;
	int r;

	r = http_answer(&a, f->in.data, f->in.len, eof, f->limit, &why);
	if (r == 0)
		return false;
	if (r == -1)
		fetch_fail(f, "%s", why);
	else if (is_redirect(a.status))
		redirect(f, &a);
	else if (a.status != 200)
		fetch_fail(f, "HTTP status %u", a.status);
	else if (a.len == 0)
		fetch_fail(f, "an empty answer");
	else
		fetch_end(f, NULL, a.body, a.len);
	return true;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct fetch *f = arg;
	size_t n = evbuffer_get_length(in);
	uint8_t *p;

	if (f->in.len + n > f->in.max || (p = buf_space(&f->in, n)) == NULL) {
		fetch_fail(f, "the answer is too long");
		return;
	}
	evbuffer_remove(in, p, n);
	(void)look(f, false);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct fetch *f = arg;
	int err = EVUTIL_SOCKET_ERROR();

	(void)bev;
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		f->connected = true;
	} else if (!f->connected && f->at + 1 < f->naddrs) {
		f->at++;
		fetch_connect(f);
	} else if ((what & BEV_EVENT_EOF) != 0) {
		(void)look(f, true);
	} else
		fetch_fail(f, "%s: %s", f->connected ? "the connection broke" :
		    "no connection", evutil_socket_error_to_string(err));
}

static void
fetch_connect(struct fetch *f)
{
	struct sockaddr_storage ss;
	socklen_t len;
	struct buf b;

	fetch_disconnect(f);
	len = endpoint_to_sockaddr(&f->addrs[f->at], &ss);
	f->bev = bufferevent_socket_new(f->fetcher->base, -1,
	    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (f->bev == NULL) {
		fetch_fail(f, "out of memory");
		return;
	}
	bufferevent_setcb(f->bev, on_read, NULL, on_event, f);
	buf_init(&b, HTTP_HEAD_MAX + f->len);
	http_request(&b, &f->url, f->type, f->body, f->len);
	if (buf_error(&b) == -1 ||
	    bufferevent_write(f->bev, b.data, b.len) == -1 ||
	    bufferevent_enable(f->bev, EV_READ | EV_WRITE) == -1 ||
	    bufferevent_socket_connect(f->bev, (struct sockaddr *)&ss,
	    (int)len) == -1)
		fetch_fail(f, "no connection: %s", strerror(errno));
	buf_free(&b);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fetch *f = arg;
	unsigned ms = f->fetcher->timeout_ms;

	(void)fd;
	(void)what;
	if (f->timed) {
		fetch_fail(f, "no answer within %u ms", ms);
		return;
	}
	f->timed = true;
	timer_ms(f, ms);
	if (f->bad_url != NULL)
		fetch_fail(f, "%s", f->bad_url);
	else
		fetch_go(f);
}

/* From outside */

struct fetcher *
fetcher_new(struct event_base *base, fetch_done done, void *arg)
{
	struct fetcher *fr;

	if ((fr = calloc(1, sizeof(*fr))) == NULL)
		return NULL;
	fr->base = base;
	fr->done = done;
	fr->arg = arg;
	fr->timeout_ms = FETCH_TIMEOUT_MS;
	if ((fr->dns = evdns_base_new(base,
	    EVDNS_BASE_DISABLE_WHEN_INACTIVE)) == NULL) {
		free(fr);
		return NULL;
	}
	/* Well within the time that a fetch has. */
	(void)evdns_base_set_option(fr->dns, "timeout:", "2");
	(void)evdns_base_set_option(fr->dns, "attempts:", "3");
	return fr;
}

void
fetcher_free(struct fetcher *fr)
{
	if (fr == NULL)
		return;
	while (fr->list != NULL)
		fetch_free(fr->list);
	evdns_base_free(fr->dns, 1);
	free(fr);
}

void
fetcher_resolv_conf(struct fetcher *fr, const char *path)
{
	/* An absent file stands for a server on this machine. */
	(void)evdns_base_resolv_conf_parse(fr->dns, DNS_OPTION_NAMESERVERS,
	    path);
}

int
fetcher_nameserver(struct fetcher *fr, const char *text)
{
	return evdns_base_nameserver_ip_add(fr->dns, text) == 0 ? 0 : -1;
}

void
fetcher_allow_local(struct fetcher *fr, bool allow)
{
	fr->allow_local = allow;
}

void
fetcher_set_timeout(struct fetcher *fr, unsigned ms)
{
	fr->timeout_ms = ms;
}

static struct fetch *
fetch_new(struct fetcher *fr, const struct fetch_job *j)
{
	const char *why;
	struct fetch *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->fetcher = fr;
	f->id = j->id;
	f->limit = j->limit;
	buf_init(&f->in, HTTP_HEAD_MAX + j->limit + 1);
	f->bad_url = http_url_parse(&f->url, j->url, &why) == -1 ? why : NULL;
	f->timer = evtimer_new(fr->base, on_timer, f);
	if (j->body != NULL) {
		f->body = malloc(j->len + 1);
		f->type = strdup(j->type);
		f->len = j->len;
	}
	if (f->timer == NULL || (j->body != NULL && (f->body == NULL ||
	    f->type == NULL))) {
		fetch_free(f);
		return NULL;
	}
	if (j->body != NULL)
		memcpy(f->body, j->body, j->len);
	return f;
}

int
fetcher_start(struct fetcher *fr, const struct fetch_job *j)
{
	struct fetch *f, **pp;

	if (fr->nwaiting >= FETCH_WAITING_MAX ||
	    (f = fetch_new(fr, j)) == NULL)
		return -1;
	for (pp = &fr->list; *pp != NULL; pp = &(*pp)->next)
		;
	*pp = f;
	if (fr->nactive < FETCH_ACTIVE_MAX)
		activate(f);
	else
		fr->nwaiting++;
	return 0;
}
