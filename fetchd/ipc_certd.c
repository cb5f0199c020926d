#include "fetchd/ipc_certd.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/cdfetch.h"
#include "lib/proto/proto.h"

#include <stdio.h>
#include <stdlib.h>

struct ipc_certd {
	struct event_base *base;
	struct fetcher *fetcher;
	struct edge *edge;
};

static void
send_result(struct ipc_certd *ic, uint32_t id, enum cdfetch_status status,
    const char *reason, size_t len)
{
	struct cdfetch_result r = { .status = status, .len = (uint32_t)len };
	struct buf b;

	snprintf(r.reason, sizeof(r.reason), "%s", reason);
	buf_init(&b, CDFETCH_RESULT_MAX);
	cdfetch_result_put(&b, &r);
	if (edge_send(ic->edge, CDFETCH_RESULT, id, -1, &b) == -1)
		log_warn(LOG_T_CERTIFICATE, "an answer to certd is lost");
	buf_free(&b);
}

/* -1: the queue is full. */
static int
send_data(struct ipc_certd *ic, uint32_t id, const uint8_t *p, size_t len)
{
	struct buf b;
	size_t n;
	int rc = 0;

	for (; len > 0 && rc == 0; p += n, len -= n) {
		n = len < CDFETCH_DATA_MAX ? len : CDFETCH_DATA_MAX;
		buf_init(&b, CDFETCH_DATA_MAX);
		buf_put(&b, p, n);
		rc = edge_send(ic->edge, CDFETCH_DATA, id, -1, &b);
		buf_free(&b);
	}
	return rc;
}

static void
on_done(void *arg, uint32_t id, const char *reason, const uint8_t *data,
    size_t len)
{
	struct ipc_certd *ic = arg;

	if (reason != NULL)
		send_result(ic, id, CDFETCH_FAILED, reason, 0);
	else if (send_data(ic, id, data, len) == -1)
		send_result(ic, id, CDFETCH_FAILED, "certd reads too slowly",
		    0);
	else
		send_result(ic, id, CDFETCH_OK, "", len);
}

static int
on_fetch(void *arg, struct imsg *m, const char **why)
{
	struct ipc_certd *ic = arg;
	struct fetch_job j = { .id = m->id };
	struct cdfetch f;

	if (cdfetch_get(&m->body, &f, why) == -1)
		return -1;
	j.url = f.url;
	j.limit = cdfetch_limit(f.kind);
	if (f.kind == CDFETCH_OCSP) {
		j.type = "application/ocsp-request";
		j.body = f.body;
		j.len = f.len;
	}
	if (fetcher_start(ic->fetcher, &j) == -1)
		send_result(ic, m->id, CDFETCH_REFUSED, "too much is being "
		    "fetched", 0);
	return 0;
}

static const struct permit certd_permits[] = {
	{ CDFETCH_FETCH, "fetch", CDFETCH_LEN_MIN, CDFETCH_LEN_MAX, 0,
	    on_fetch },
};

static void
on_down(void *arg, const char *why)
{
	struct ipc_certd *ic = arg;

	log_debug(LOG_T_SYSTEM, "certd is gone: %s", why);
	edge_free(ic->edge);
	ic->edge = NULL;
}

struct ipc_certd *
ipc_certd_new(struct event_base *base)
{
	struct ipc_certd *ic;

	if ((ic = calloc(1, sizeof(*ic))) == NULL)
		return NULL;
	ic->base = base;
	if ((ic->fetcher = fetcher_new(base, on_done, ic)) == NULL) {
		free(ic);
		return NULL;
	}
	return ic;
}

struct fetcher *
ipc_certd_fetcher(struct ipc_certd *ic)
{
	return ic->fetcher;
}

void
ipc_certd_up(struct ipc_certd *ic, int fd)
{
	edge_free(ic->edge);
	ic->edge = edge_new(ic->base, fd, "certd", EDGE_REFUSE, certd_permits,
	    sizeof(certd_permits) / sizeof(certd_permits[0]), on_down, ic,
	    EDGE_QUEUE_MAX);
	if (ic->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for certd");
}
