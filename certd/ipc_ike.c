#include "certd/ipc_ike.h"

#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/ikecd.h"
#include "lib/proto/proto.h"
#include "lib/proto/super.h"

#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines of one reason about what a worker asked. */
#define AMISS_BURST	3
#define AMISS_MS	10000

struct worker {
	struct ipc_ike *ike;
	unsigned number;
	unsigned generation;	/* how often it was started */
	struct edge *edge;
};

struct ipc_ike {
	struct event_base *base;
	struct login_env *env;
	struct log_limits amiss;	/* by reason; a broken worker asks often */
	struct worker workers[SUPER_WORKERS_MAX];
};

static const enum cd_status status_map[] = {
	[LOGIN_OK] = CD_OK,
	[LOGIN_NO_IDENTITY] = CD_NO_IDENTITY,
	[LOGIN_BAD_AUTH] = CD_BAD_AUTH,
	[LOGIN_BAD_METHOD] = CD_BAD_METHOD,
	[LOGIN_BAD_ASKED_ID] = CD_BAD_ASKED_ID,
	[LOGIN_BAD_REQUEST] = CD_BAD_REQUEST,
	[LOGIN_BAD_CERT] = CD_BAD_CERT,
	[LOGIN_BUSY] = CD_BUSY,
	[LOGIN_NO_KEY] = CD_NO_KEY,
};

/* A question under way; the login borrows from body. */
struct query {
	struct worker *w;
	unsigned generation;
	uint32_t id;
	struct login login;
	size_t len;
	uint8_t body[];
};

static struct part
part_of(const struct cd_blob *b)
{
	return (struct part){ b->p, b->len };
}

_Static_assert(CD_CERTS_MAX == VERIFY_CERTS_MAX &&
    CD_FP_LEN == CERT_FP_LEN && CD_CA_HASH_LEN == CERT_HASH_LEN &&
    CD_SUBJECT_MAX == LOGIN_SUBJECT_MAX && CD_AUTH_MAX == SIGN_MAX &&
    CD_HASH_IDENTITY == SIGN_HASH_IDENTITY &&
    CD_WATCH_MAX >= WATCHED_LEN_MAX,
    "the edge has room for what certd says");

/* -1: there is no such PRF. */
static int
login_from(const struct cd_auth *q, struct login *l)
{
	size_t i;

	*l = (struct login){
		.verify = (q->what & CD_VERIFY) != 0,
		.make = (q->what & CD_MAKE) != 0,
		.peer = q->peer,
		.identity = q->identity,
		.local = q->local,
		.parts = {
			.prf = suite_by_id(SUITE_PRF, q->prf, 0),
			.initiator = q->initiator,
			.msg_own = part_of(&q->msg_own),
			.msg_peer = part_of(&q->msg_peer),
			.nonce_own = part_of(&q->nonce_own),
			.nonce_peer = part_of(&q->nonce_peer),
			.sk_own = part_of(&q->sk_own),
			.sk_peer = part_of(&q->sk_peer),
		},
		.id_peer = part_of(&q->id_peer),
		.id_asked = part_of(&q->id_asked),
		.method = q->method,
		.auth = part_of(&q->auth),
		.ncerts = q->ncerts,
		.certreq = part_of(&q->certreq),
		.hashes = q->hashes,
	};
	for (i = 0; i < q->ncerts; i++) {
		l->certs[i].encoding = q->certs[i].encoding;
		l->certs[i].data = part_of(&q->certs[i].data);
	}
	return l->parts.prf != NULL && suite_usable(l->parts.prf) ? 0 : -1;
}

/* What is ours, when it was asked for and could be made. */
static void
result_make(struct cd_result *r, const struct login_answer *a,
    struct buf *id_own)
{
	size_t i;

	ikeid_put_body(id_own, &a->id_own);
	r->id_own = (struct cd_blob){ id_own->data, id_own->len };
	r->method = a->method;
	r->auth = (struct cd_blob){ a->auth, a->auth_len };
	r->ncerts = a->ncerts;
	for (i = 0; i < a->ncerts; i++) {
		r->certs[i].encoding = a->certs[i].encoding;
		r->certs[i].data = (struct cd_blob){ a->certs[i].data.p,
			a->certs[i].data.len };
	}
}

static void
answer(struct worker *w, uint32_t id, bool make, const struct login_answer *a)
{
	struct cd_result r = { .status = status_map[a->status],
	    .identity = a->identity };
	struct buf b, own, watch;

	buf_init(&own, CD_ID_MAX);
	buf_init(&watch, WATCHED_LEN_MAX);
	snprintf(r.reason, sizeof(r.reason), "%s", a->reason);
	memcpy(r.fp, a->fp, sizeof(r.fp));
	snprintf(r.subject, sizeof(r.subject), "%s", a->subject);
	if (a->status == LOGIN_OK && a->watched) {
		watched_put(&watch, &a->watch);
		r.watch = (struct cd_blob){ watch.data, watch.len };
	}
	if (a->status == LOGIN_OK && make)
		result_make(&r, a, &own);
	buf_init(&b, CD_RESULT_LEN_MAX);
	cd_result_put(&b, &r);
	if (edge_send(w->edge, IKECD_RESULT, id, -1, &b) == -1)
		log_warn(LOG_T_IPSEC, "an answer to %s is lost",
		    edge_name(w->edge));
	buf_free(&b);
	buf_free(&own);
	buf_free(&watch);
}

/* Nobody waits any more when the worker was started anew meanwhile. */
static void
on_decided(void *arg, const struct login_answer *a)
{
	struct query *q = arg;
	struct worker *w = q->w;

	if (w->edge != NULL && w->generation == q->generation) {
		if (a->status == LOGIN_BAD_REQUEST)
			log_limited(log_limit_of(&w->ike->amiss, a->reason),
			    mono_now(), LOG_T_IPSEC | LOG_T_ERROR,
			    "%s asked amiss: %s", edge_name(w->edge),
			    a->reason);
		answer(w, q->id, q->login.make, a);
	}
	secret_wipe(q, sizeof(*q) + q->len);
	free(q);
	suite_forget();
}

/* Who asks is not left waiting for what could not be read. */
static void
refuse(struct worker *w, uint32_t id, const char *why)
{
	struct login_answer a = { .status = LOGIN_BAD_REQUEST };

	snprintf(a.reason, sizeof(a.reason), "%s", why);
	answer(w, id, false, &a);
}

static int
on_auth(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct cd_auth a;
	struct query *q;
	struct cur c;
	size_t len = cur_left(&m->body);

	if ((q = malloc(sizeof(*q) + len)) == NULL) {
		*why = "out of memory";
		return -1;
	}
	q->w = w;
	q->generation = w->generation;
	q->id = m->id;
	q->len = len;
	if (cur_copy(&m->body, q->body, len) == -1)
		goto bad;
	cur_init(&c, q->body, len);
	if (cd_auth_get(&c, &a, why) == -1)
		goto bad;
	if (login_from(&a, &q->login) == -1) {
		*why = "unknown PRF";
		goto bad;
	}
	login_start(w->ike->env, &q->login, on_decided, q);
	return 0;
bad:
	refuse(w, m->id, *why);
	secret_wipe(q, sizeof(*q) + len);
	free(q);
	return -1;
}

static int
on_watch(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct watched one;

	while (cur_left(&m->body) > 0) {
		if (watched_get(&m->body, &one, why) == -1)
			return -1;
		if (w->ike->env->revocation != NULL)
			revocation_restore(w->ike->env->revocation, &one);
	}
	return 0;
}

static int
on_issuer(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	size_t len = cur_left(&m->body);
	const uint8_t *p, *der;
	X509 *x;

	if (cur_ref(&m->body, &p, len) == -1)
		return -1;
	der = p;
	x = d2i_X509(NULL, &der, (long)len);
	if (x == NULL || der != p + len) {
		X509_free(x);
		ERR_clear_error();
		*why = "malformed certificate of a CA";
		return -1;
	}
	if (w->ike->env->revocation != NULL)
		revocation_add_issuer(w->ike->env->revocation, x);
	X509_free(x);
	return 0;
}

static const struct permit worker_permits[] = {
	{ IKECD_AUTH, "auth", 1, CD_AUTH_LEN_MAX, 0, on_auth },
	{ IKECD_WATCH, "watch", WATCHED_LEN_MIN, IMSG_BODY_MAX, 0, on_watch },
	{ IKECD_ISSUER, "issuer", 1, CD_ISSUER_DER_MAX, 0, on_issuer },
};

/* Trust and revocations */

/* Hashes of the CAs' keys, RFC 7296 section 3.7. */
static void
certreq_put(const struct trust *t, struct buf *b)
{
	uint8_t hash[CERT_HASH_LEN];
	int i;

	for (i = 0; i < sk_X509_num(t->anchors) &&
	    b->len + CERT_HASH_LEN <= CD_CERTREQ_MAX; i++)
		if (cert_spki_hash(sk_X509_value(t->anchors, i), hash) == 0)
			buf_put(b, hash, sizeof(hash));
}

static void
trust_send(struct worker *w)
{
	const struct login_env *env;
	const struct trust *t;
	struct cd_trust m = { 0 };
	struct buf b, certreq;

	if (w->edge == NULL)
		return;
	env = w->ike->env;
	t = store_trust(env->store);
	m.hashes = sign_hashes(t->allow_weak);
	if (env->is != NULL && ident_count(env->is, IDENT_CERT) > 0)
		m.flags |= CD_TRUST_CERTS;
	buf_init(&certreq, CD_CERTREQ_MAX);
	certreq_put(t, &certreq);
	m.certreq = (struct cd_blob){ certreq.data, certreq.len };
	buf_init(&b, CD_TRUST_LEN_MAX);
	cd_trust_put(&b, &m);
	if (edge_send(w->edge, IKECD_TRUST, 0, -1, &b) == -1)
		log_warn(LOG_T_IPSEC, "%s takes no more messages",
		    edge_name(w->edge));
	buf_free(&b);
	buf_free(&certreq);
}

void
ipc_ike_trust(struct ipc_ike *ike)
{
	size_t i;

	for (i = 0; i < SUPER_WORKERS_MAX; i++)
		trust_send(&ike->workers[i]);
}

static void
tell_all(struct ipc_ike *ike, enum ikecd_type type, const uint8_t *p,
    size_t len)
{
	struct worker *w;
	struct buf b;
	size_t i;

	for (i = 0; i < SUPER_WORKERS_MAX; i++) {
		w = &ike->workers[i];
		if (w->edge == NULL)
			continue;
		buf_init(&b, len);
		buf_put(&b, p, len);
		if (edge_send(w->edge, type, 0, -1, &b) == -1)
			log_warn(LOG_T_IPSEC, "%s takes no more messages",
			    edge_name(w->edge));
		buf_free(&b);
	}
}

void
ipc_ike_revoked(struct ipc_ike *ike, const uint8_t fp[CERT_FP_LEN])
{
	tell_all(ike, IKECD_REVOKED, fp, CD_FP_LEN);
}

void
ipc_ike_expired(struct ipc_ike *ike, const uint8_t fp[CERT_FP_LEN])
{
	tell_all(ike, IKECD_EXPIRED, fp, CD_FP_LEN);
}

void
ipc_ike_issuer(struct ipc_ike *ike, X509 *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);

	if (n > 0 && n <= CD_ISSUER_DER_MAX)
		tell_all(ike, IKECD_ISSUER, der, (size_t)n);
	OPENSSL_free(der);
}

static void
on_down(void *arg, const char *why)
{
	struct worker *w = arg;

	log_debug(LOG_T_SYSTEM, "ikepd %u is gone: %s", w->number, why);
	edge_free(w->edge);
	w->edge = NULL;
}

struct ipc_ike *
ipc_ike_new(struct event_base *base, struct login_env *env)
{
	struct ipc_ike *ike;

	if ((ike = calloc(1, sizeof(*ike))) == NULL)
		return NULL;
	ike->base = base;
	ike->env = env;
	ike->amiss.burst = AMISS_BURST;
	ike->amiss.interval_ms = AMISS_MS;
	return ike;
}

void
ipc_ike_up(struct ipc_ike *ike, unsigned worker, int fd)
{
	struct worker *w = &ike->workers[worker];
	char name[32];

	snprintf(name, sizeof(name), "ikepd %u", worker);
	edge_free(w->edge);
	w->ike = ike;
	w->number = worker;
	w->generation++;
	w->edge = edge_new(ike->base, fd, name, EDGE_REFUSE, worker_permits,
	    sizeof(worker_permits) / sizeof(worker_permits[0]), on_down, w,
	    CD_QUEUE_MAX);
	if (w->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for %s", name);
	else {
		trust_send(w);
		if (ike->env->revocation != NULL)
			revocation_tell_issuers(ike->env->revocation);
	}
}
