/* The edge to certd: AUTH payloads, made and checked where the keys are. */
#include "ikepd/ikepd.h"

#include "lib/log.h"
#include "lib/proto/ikecd.h"
#include "lib/proto/proto.h"
#include "ikepd/pending.h"

#include <stdlib.h>
#include <string.h>

struct ipc_certd {
	struct ikepd *ikepd;
	struct edge *edge;
	struct pending asked;
	struct pending lost;	/* to be answered with AUTH_UNAVAILABLE */
	struct event *lost_ev;
	struct issuer {		/* a ring of what certd is to get back */
		uint8_t *der;
		size_t len;
	} issuers[CD_ISSUERS_MAX];
	size_t issuers_at;
	struct buf watch;	/* for the IKECD_WATCH being filled */
};

/* cd_status in the engine's words; the two lists are kept apart so that
 * neither the engine nor the edge depends on the other. */
static const enum auth_status status_map[CD_STATUS_MAX] = {
	[CD_OK] = AUTH_OK,
	[CD_NO_IDENTITY] = AUTH_NO_IDENTITY,
	[CD_BAD_AUTH] = AUTH_BAD,
	[CD_BAD_METHOD] = AUTH_BAD_METHOD,
	[CD_BAD_ASKED_ID] = AUTH_BAD_ASKED_ID,
	[CD_BAD_REQUEST] = AUTH_BAD_REQUEST,
	[CD_BAD_CERT] = AUTH_BAD_CERT,
	[CD_BUSY] = AUTH_UNAVAILABLE,
	[CD_NO_KEY] = AUTH_NO_KEY,
};

static struct blob
blob_of(const struct cd_blob *b)
{
	return (struct blob){ b->p, b->len };
}

static struct cd_blob
cd_blob_of(const struct blob *b)
{
	return (struct cd_blob){ b->p, b->len };
}

static int
result_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_certd *ic = arg;
	struct pending_item item;
	struct auth_result res;
	struct cd_result r;
	size_t i;

	if (cd_result_get(&m->body, &r, why) == -1)
		return -1;
	if (!pending_take(&ic->asked, m->id, &item)) {
		*why = "answer to a request that was not made";
		return -1;
	}
	res = (struct auth_result){ .status = status_map[r.status],
		.identity = r.identity, .reason = r.reason,
		.id_own = blob_of(&r.id_own), .method = r.method,
		.auth = blob_of(&r.auth), .fp = r.fp,
		.subject = r.subject, .watch = blob_of(&r.watch),
		.ncerts = (unsigned)r.ncerts };
	for (i = 0; i < r.ncerts; i++)
		res.certs[i] = (struct auth_cert){ r.certs[i].encoding,
			blob_of(&r.certs[i].data) };
	engine_auth_done(ic->ikepd->engine, item.key, &res);
	ikepd_rearm(ic->ikepd);
	return 0;
}

static int
trust_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_certd *ic = arg;
	struct cd_trust t;
	struct trust trust;

	if (cd_trust_get(&m->body, &t, why) == -1)
		return -1;
	trust = (struct trust){ .hashes = t.hashes,
		.certs = (t.flags & CD_TRUST_CERTS) != 0,
		.certreq = blob_of(&t.certreq) };
	engine_trust(ic->ikepd->engine, &trust);
	return 0;
}

static int
revoked_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_certd *ic = arg;
	uint8_t fp[CD_FP_LEN];

	if (cd_revoked_get(&m->body, fp, why) == -1)
		return -1;
	(void)engine_revoked(ic->ikepd->engine, fp);
	ikepd_rearm(ic->ikepd);
	return 0;
}

static int
expired_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_certd *ic = arg;
	uint8_t fp[CD_FP_LEN];

	if (cd_revoked_get(&m->body, fp, why) == -1)
		return -1;
	(void)engine_expired(ic->ikepd->engine, fp);
	ikepd_rearm(ic->ikepd);
	return 0;
}

static int
issuer_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_certd *ic = arg;
	struct issuer *is;
	size_t i, len = cur_left(&m->body);
	const uint8_t *p;
	uint8_t *der;

	if (cur_ref(&m->body, &p, len) == -1)
		return -1;
	for (i = 0; i < CD_ISSUERS_MAX; i++)
		if (ic->issuers[i].len == len &&
		    memcmp(ic->issuers[i].der, p, len) == 0)
			return 0;
	if ((der = malloc(len)) == NULL) {
		*why = "no memory";
		return -1;
	}
	memcpy(der, p, len);
	is = &ic->issuers[ic->issuers_at];
	ic->issuers_at = (ic->issuers_at + 1) % CD_ISSUERS_MAX;
	free(is->der);
	*is = (struct issuer){ der, len };
	return 0;
}

static const struct permit certd_permits[] = {
	{ IKECD_RESULT, "auth result", 1, CD_RESULT_LEN_MAX, 0, result_recv },
	{ IKECD_TRUST, "trust", CD_TRUST_LEN_MIN, CD_TRUST_LEN_MAX, 0,
	    trust_recv },
	{ IKECD_REVOKED, "revoked", CD_FP_LEN, CD_FP_LEN, 0, revoked_recv },
	{ IKECD_EXPIRED, "expired", CD_FP_LEN, CD_FP_LEN, 0, expired_recv },
	{ IKECD_ISSUER, "issuer", 1, CD_ISSUER_DER_MAX, 0, issuer_recv },
};

/* All that was asked has no answer any more. */
static void
lose_all(struct ipc_certd *ic)
{
	struct pending_item item;

	while (pending_pop(&ic->asked, &item))
		if (pending_add(&ic->lost, &item) == -1)
			break;
	event_active(ic->lost_ev, EV_TIMEOUT, 0);
}

static void
certd_down(void *arg, const char *why)
{
	struct ipc_certd *ic = arg;

	log_warn(LOG_T_SYSTEM, "certd is gone: %s", why);
	edge_free(ic->edge);
	ic->edge = NULL;
	lose_all(ic);
}

static void
lost_tell(evutil_socket_t fd, short what, void *arg)
{
	static const struct auth_result res = { .status = AUTH_UNAVAILABLE,
		.reason = "certd is not there" };
	struct ipc_certd *ic = arg;
	struct pending_item item;

	(void)fd;
	(void)what;
	while (pending_pop(&ic->lost, &item))
		engine_auth_done(ic->ikepd->engine, item.key, &res);
	ikepd_rearm(ic->ikepd);
}

struct ipc_certd *
ipc_certd_new(struct ikepd *ikepd)
{
	struct ipc_certd *ic = calloc(1, sizeof(*ic));

	if (ic == NULL)
		return NULL;
	ic->ikepd = ikepd;
	ic->lost_ev = event_new(ikepd->base, -1, 0, lost_tell, ic);
	if (ic->lost_ev == NULL) {
		free(ic);
		return NULL;
	}
	return ic;
}

void
ipc_certd_free(struct ipc_certd *ic)
{
	size_t i;

	if (ic == NULL)
		return;
	edge_free(ic->edge);
	for (i = 0; i < CD_ISSUERS_MAX; i++)
		free(ic->issuers[i].der);
	event_free(ic->lost_ev);
	pending_free(&ic->asked);
	pending_free(&ic->lost);
	free(ic);
}

static void
issuers_send(struct ipc_certd *ic)
{
	struct buf b;
	size_t i;

	for (i = 0; i < CD_ISSUERS_MAX; i++) {
		if (ic->issuers[i].der == NULL)
			continue;
		buf_init(&b, CD_ISSUER_DER_MAX);
		buf_put(&b, ic->issuers[i].der, ic->issuers[i].len);
		(void)edge_send(ic->edge, IKECD_ISSUER, 0, -1, &b);
		buf_free(&b);
	}
}

/* What has been gathered. */
static void
watch_send(struct ipc_certd *ic)
{
	if (ic->watch.len > 0 && (buf_error(&ic->watch) != 0 ||
	    edge_send(ic->edge, IKECD_WATCH, 0, -1, &ic->watch) == -1))
		log_error(LOG_T_SYSTEM, "certd takes no more messages; it "
		    "does not know of some who are online");
	buf_reset(&ic->watch);
}

void
ipc_certd_watch(struct ipc_certd *ic, const struct blob *b)
{
	if (ic->watch.len + b->len > IMSG_BODY_MAX)
		watch_send(ic);
	buf_put(&ic->watch, b->p, b->len);
}

void
ipc_certd_up(struct ipc_certd *ic, int fd)
{
	if (ic->edge != NULL)
		certd_down(ic, "replaced");
	ic->edge = edge_new(ic->ikepd->base, fd, "certd", EDGE_REFUSE,
	    certd_permits, sizeof(certd_permits) / sizeof(certd_permits[0]),
	    certd_down, ic, CD_QUEUE_MAX);
	if (ic->edge == NULL) {
		log_error(LOG_T_SYSTEM, "no memory for the edge to certd");
		return;
	}
	issuers_send(ic);
	buf_init(&ic->watch, IMSG_BODY_MAX);
	engine_watch_resync(ic->ikepd->engine);
	watch_send(ic);
	buf_free(&ic->watch);
}

static int
auth_send(struct ipc_certd *ic, const struct auth_req *r)
{
	struct cd_auth a = { .what = r->what, .initiator = r->initiator,
		.peer = r->peer, .identity = r->identity, .prf = r->prf,
		.local = r->local, .remote = r->remote,
		.msg_own = cd_blob_of(&r->msg_own),
		.msg_peer = cd_blob_of(&r->msg_peer),
		.nonce_own = cd_blob_of(&r->nonce_own),
		.nonce_peer = cd_blob_of(&r->nonce_peer),
		.sk_own = cd_blob_of(&r->sk_own),
		.sk_peer = cd_blob_of(&r->sk_peer),
		.id_peer = cd_blob_of(&r->id_peer),
		.id_asked = cd_blob_of(&r->id_asked),
		.method = r->method, .auth = cd_blob_of(&r->auth),
		.ncerts = r->ncerts, .certreq = cd_blob_of(&r->certreq),
		.hashes = r->hashes };
	unsigned i;
	struct buf b;
	int ret = -1;

	for (i = 0; i < r->ncerts; i++)
		a.certs[i] = (struct cd_cert){ r->certs[i].encoding,
			cd_blob_of(&r->certs[i].data) };
	buf_init(&b, IMSG_BODY_MAX);
	cd_auth_put(&b, &a);
	if (buf_error(&b) == 0)
		ret = edge_send(ic->edge, IKECD_AUTH, r->req, -1, &b);
	buf_free(&b);
	return ret;
}

_Static_assert(AUTH_MSG_MAX <= CD_MSG_MAX && AUTH_ID_MAX <= CD_ID_MAX &&
    AUTH_DATA_MAX <= CD_AUTH_MAX && AUTH_CERTS_MAX == CD_CERTS_MAX &&
    AUTH_CERTS_LEN_MAX <= CD_CERTS_LEN_MAX &&
    AUTH_CERTREQ_MAX <= CD_CERTREQ_MAX && AUTH_FP_LEN == CD_FP_LEN, "what the engine takes, certd takes");
_Static_assert(AUTH_VERIFY == CD_VERIFY && AUTH_MAKE == CD_MAKE,
    "the engine's and the edge's words for what is asked are the same");

void
ipc_certd_auth(struct ipc_certd *ic, const struct auth_req *r)
{
	struct pending_item item = { .id = r->req, .key = r->req };

	if (ic->edge != NULL && auth_send(ic, r) == 0 &&
	    pending_add(&ic->asked, &item) == 0)
		return;
	if (pending_add(&ic->lost, &item) == 0)
		event_active(ic->lost_ev, EV_TIMEOUT, 0);
}
