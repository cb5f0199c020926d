#include "certd/ipc_fetch.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/cdfetch.h"
#include "lib/proto/proto.h"

#include <stdio.h>
#include <stdlib.h>

/* An answer of which a part is here: fetchd sends one after the other. */
struct ipc_fetch {
	struct event_base *base;
	struct edge *edge;
	struct revocation *rev;
	uint32_t id;
	struct buf data;
};

static int
fetch(void *arg, uint32_t id, const char *url, const uint8_t *body,
    size_t len)
{
	struct cdfetch f = { .kind = CDFETCH_CRL, .body = body, .len = len };
	struct ipc_fetch *f2 = arg;
	struct buf b;
	int rc;

	if (snprintf(f.url, sizeof(f.url), "%s", url) >= (int)sizeof(f.url))
		return -1;
	if (body != NULL)
		f.kind = CDFETCH_OCSP;
	buf_init(&b, CDFETCH_LEN_MAX);
	cdfetch_put(&b, &f);
	rc = edge_send(f2->edge, CDFETCH_FETCH, id, -1, &b);
	buf_free(&b);
	return rc;
}

static time_t
now(void *arg)
{
	(void)arg;
	return time(NULL);
}

static const struct revocation_ops ops = { fetch, now };

static int
on_data(void *arg, struct imsg *m, const char **why)
{
	size_t n = cur_left(&m->body);
	struct ipc_fetch *f = arg;
	const uint8_t *p;

	if (m->id != f->id) {
		buf_reset(&f->data);
		f->id = m->id;
	}
	if (cur_ref(&m->body, &p, n) == -1)
		return -1;
	buf_put(&f->data, p, n);
	if (buf_error(&f->data) == -1) {
		*why = "more than can be an answer";
		return -1;
	}
	return 0;
}

static int
on_result(void *arg, struct imsg *m, const char **why)
{
	struct cdfetch_result r;
	struct ipc_fetch *f = arg;
	int rc = 0;

	if (cdfetch_result_get(&m->body, &r, why) == -1)
		return -1;
	if (r.status == CDFETCH_OK &&
	    (m->id != f->id || r.len == 0 || r.len != f->data.len ||
	    buf_error(&f->data) == -1)) {
		*why = "the data before it are others";
		snprintf(r.reason, sizeof(r.reason), "fetchd has lost it");
		r.status = CDFETCH_FAILED;
		rc = -1;
	}
	revocation_fetched(f->rev, m->id, r.status == CDFETCH_OK ? NULL :
	    r.reason, f->data.data, f->data.len);
	buf_reset(&f->data);
	f->id = 0;
	return rc;
}

static const struct permit fetch_permits[] = {
	{ CDFETCH_DATA, "data", 1, CDFETCH_DATA_MAX, 0, on_data },
	{ CDFETCH_RESULT, "result", CDFETCH_RESULT_MIN, CDFETCH_RESULT_MAX,
	    0, on_result },
};

static void
on_down(void *arg, const char *why)
{
	struct ipc_fetch *f = arg;

	log_debug(LOG_T_SYSTEM, "fetchd is gone: %s", why);
	edge_free(f->edge);
	f->edge = NULL;
	buf_reset(&f->data);
	f->id = 0;
	revocation_fetch_lost(f->rev, "fetchd died");
}

struct ipc_fetch *
ipc_fetch_new(struct event_base *base)
{
	struct ipc_fetch *f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->base = base;
	buf_init(&f->data, CDFETCH_CRL_MAX);
	if ((f->rev = revocation_new(base, &ops, f)) == NULL) {
		free(f);
		return NULL;
	}
	return f;
}

struct revocation *
ipc_fetch_revocation(struct ipc_fetch *f)
{
	return f->rev;
}

void
ipc_fetch_up(struct ipc_fetch *f, int fd)
{
	if (f->edge != NULL)
		on_down(f, "replaced");
	f->edge = edge_new(f->base, fd, "fetchd", EDGE_REFUSE, fetch_permits,
	    sizeof(fetch_permits) / sizeof(fetch_permits[0]), on_down, f,
	    EDGE_QUEUE_MAX);
	if (f->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for fetchd");
}
