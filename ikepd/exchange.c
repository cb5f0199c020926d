#include "ikepd/exchange.h"
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/task.h"
#include "ikepd/work.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

#include <stdlib.h>
#include <string.h>

/* What a datagram has beside the IKE message. */
#define IP4_HDR_LEN	20
#define IP6_HDR_LEN	40
#define UDP_HDR_LEN	8
#define NON_ESP_LEN	4
/* A fragment beside its part of the content: headers, IV, padding, ICV. */
#define FRAG_OVERHEAD_MAX	256

struct inmsg *
inmsg_keep(const struct engine *e, const struct inmsg *in)
{
	struct inmsg *m = malloc(sizeof(*m));
	size_t len = cur_left(&in->raw);
	unsigned i;

	if (m == NULL)
		return NULL;
	*m = *in;
	m->mem = malloc(len);
	if (m->mem == NULL) {
		free(m);
		return NULL;
	}
	memcpy(m->mem, e->rx, len);
	cur_init(&m->raw, m->mem, len);
	for (i = 0; i < m->pl.n; i++) {
		struct cur *c = &m->pl.pl[i].body;

		cur_init(c, m->mem + (c->p - e->rx), cur_left(c));
	}
	return m;
}

void
inmsg_free(struct inmsg *m)
{
	if (m == NULL)
		return;
	if (m->mem != NULL)
		secret_wipe(m->mem, cur_left(&m->raw));
	free(m->mem);
	free(m);
}

void
out_begin(struct outmsg *m, struct ike_sa *sa, uint8_t exchange,
    bool response)
{
	memset(m, 0, sizeof(*m));
	m->h = (struct ike_hdr){
		.ispi = sa_ispi(sa),
		.rspi = sa_rspi(sa),
		.exchange = exchange,
		.flags = (sa->k->initiator ? IKE_FLAG_INITIATOR : 0) |
		    (response ? IKE_FLAG_RESPONSE : 0),
		.msgid = response ? sa->k->next_in : sa->k->next_out,
	};
	m->sk = exchange != IKE_SA_INIT;
	buf_init(&m->b, DATAGRAM_MAX - 64);
	msg_begin(&m->w, &m->b, &m->h);
	if (m->sk)
		msg_sk_begin(&m->w, sk_iv_len(&sa->k->out));
}

void
out_free(struct outmsg *m)
{
	buf_free(&m->b);
}

/* Lays out and protects n bytes of content. */
static int
seal(struct engine *e, struct ike_sa *sa, struct msg_writer *w, size_t n,
    const char **why)
{
	uint8_t iv[CIPHER_IV_MAX];

	if (msg_sk_end(w, sk_len(&sa->k->out, n)) == -1)
		return -1;
	e->ops.random(e->ops.ctx, iv, sizeof(iv));
	return sk_seal(&sa->k->out, msg_bytes(w), msg_sk_aad(w), n, iv, why);
}

/*
 * Bytes of IKE message in the largest datagram that is not to be cut by IP
 * (RFC 7383 2.5.1), 0: we do not cut.
 */
static size_t
room_on(const struct engine *e, const struct ike_sa *sa)
{
	size_t size = e->conf == NULL ? 0 : e->conf->conf->set.fragment_size;
	size_t over = (sa->k->path.remote.addr.family == AF_INET6 ?
	    IP6_HDR_LEN : IP4_HDR_LEN) + UDP_HDR_LEN +
	    (sa->k->path.natt ? NON_ESP_LEN : 0);

	return !sa->k->frag || size <= over ? 0 : size - over;
}

/* RFC 7383 2.5: what m holds becomes all its fragments, one by one. */
static int
seal_fragments(struct engine *e, struct ike_sa *sa, struct outmsg *m,
    size_t n, size_t room, const char **why)
{
	size_t head = IKE_HDR_LEN + PAYLOAD_HDR_LEN + SKF_HDR_LEN;
	size_t chunk, at = 0, len, iv = sk_iv_len(&sa->k->out);
	const uint8_t *inner;
	unsigned i, total;
	struct buf b;
	uint8_t first;

	inner = msg_sk_inner(&m->w, &first);
	room = room > head ? sk_room(&sa->k->out, room - head) : 0;
	total = frag_plan(n, room, &chunk);
	buf_init(&b, n + total * FRAG_OVERHEAD_MAX);
	for (i = 1; i <= total; i++, at += len) {
		len = n - at < chunk ? n - at : chunk;
		msg_begin(&m->w, &b, &m->h);
		msg_skf_begin(&m->w, first, (uint16_t)i, (uint16_t)total, iv);
		buf_put(&b, inner + at, len);
		if (seal(e, sa, &m->w, len, why) == -1) {
			buf_free(&b);
			return -1;
		}
	}
	buf_free(&m->b);
	m->b = b;
	m->w.b = &m->b;
	return 0;
}

/*
 * Ends and protects; b's content is then the message, or its fragments, as
 * many as there are, in a row.
 */
static int
out_seal(struct engine *e, struct ike_sa *sa, struct outmsg *m,
    const char **why)
{
	size_t n, room;

	*why = "the message is too long";
	if (!m->sk)
		return msg_end(&m->w);
	n = msg_sk_close(&m->w);
	room = room_on(e, sa);
	if (room > 0 && n > 0 && buf_error(&m->b) == 0 &&
	    msg_sk_aad(&m->w) + sk_len(&sa->k->out, n) > room)
		return seal_fragments(e, sa, m, n, room, why);
	return seal(e, sa, &m->w, n, why);
}

/* An exact copy in *dst; what was there is freed. */
static int
keep_bytes(uint8_t **dst, uint32_t *len, const struct buf *b)
{
	uint8_t *p = malloc(b->len);

	if (p == NULL)
		return -1;
	memcpy(p, b->data, b->len);
	free(*dst);
	*dst = p;
	*len = (uint32_t)b->len;
	return 0;
}

/* All datagrams of a message, each as long as its header says. */
static void
send_on(struct engine *e, struct ike_sa *sa, const struct ike_path *path,
    const uint8_t *p, size_t len)
{
	struct ike_hdr h;
	struct cur c;

	sa->last_sent = eng_now(e);
	for (; len > 0; p += h.length, len -= h.length) {
		cur_init(&c, p, len);
		if (ike_hdr_get(&h, &c) == -1)
			return;
		sa->tx_packets++;
		sa->tx_bytes += h.length;
		e->st.tx_packets++;
		e->st.tx_fragments += h.next == PL_SKF;
		e->ops.send(e->ops.ctx, path, p, h.length);
	}
}

static void
retransmit_arm(struct engine *e, struct ike_sa *sa)
{
	int64_t ms = RETRANS_FIRST_MS;
	unsigned i;

	for (i = 1; i < sa->tries; i++)
		ms = ms * RETRANS_NUM / RETRANS_DEN;
	if (ms > RETRANS_MAX_MS)
		ms = RETRANS_MAX_MS;
	sa_due(e, sa, DUE_RETRANSMIT, mono_add(eng_now(e), MONO_MS(ms)));
}

static int
out_lost(struct engine *e, struct ike_sa *sa, struct outmsg *m,
    const char *why)
{
	out_free(m);
	report_ike(e, sa, FAIL_INTERNAL, "%s", why);
	sa_destroy(e, sa);
	return -1;
}

int
out_request(struct engine *e, struct ike_sa *sa, struct outmsg *m)
{
	const char *why;

	if (out_seal(e, sa, m, &why) == -1 ||
	    keep_bytes(&sa->req, &sa->req_len, &m->b) == -1)
		return out_lost(e, sa, m, why);
	sa->req_exchange = m->h.exchange;
	sa->k->next_out++;
	sa->tries = 1;
	retransmit_arm(e, sa);
	send_on(e, sa, &sa->k->path, m->b.data, m->b.len);
	out_free(m);
	return 0;
}

int
out_response(struct engine *e, struct ike_sa *sa, struct outmsg *m)
{
	const char *why;

	if (out_seal(e, sa, m, &why) == -1 ||
	    keep_bytes(&sa->resp, &sa->resp_len, &m->b) == -1)
		return out_lost(e, sa, m, why);
	sa->k->next_in++;
	sa->in_process = false;
	sa_due_in(e, sa, DUE_CACHE, CACHE_S);
	/* RFC 7296 2.11: to where the request came from, even when that is
	 * not believed to be the peer's new address. */
	send_on(e, sa, &sa->from, m->b.data, m->b.len);
	out_free(m);
	return 0;
}

int
out_error(struct engine *e, struct ike_sa *sa, uint8_t exchange,
    uint16_t notify, const void *data, size_t len)
{
	struct outmsg m;

	out_begin(&m, sa, exchange, true);
	msg_notify(&m.w, notify, data, len);
	return out_response(e, sa, &m);
}

void
out_stateless(struct engine *e, const struct ike_path *path,
    const struct ike_hdr *request, uint16_t notify, const void *data,
    size_t len)
{
	struct ike_hdr h = *request;
	struct msg_writer w;
	struct buf b;

	h.flags = IKE_FLAG_RESPONSE;
	if (!(request->flags & IKE_FLAG_INITIATOR))
		h.flags |= IKE_FLAG_INITIATOR;
	buf_init(&b, 512);
	msg_begin(&w, &b, &h);
	msg_notify(&w, notify, data, len);
	if (msg_end(&w) == 0) {
		e->st.tx_packets++;
		e->ops.send(e->ops.ctx, path, b.data, b.len);
	}
	buf_free(&b);
}

static bool
frag_none(const struct ike_sa *sa)
{
	return sa->frag_req == NULL && sa->frag_resp == NULL;
}

/* One of the SA's two sets. */
static void
forget(struct engine *e, struct ike_sa *sa, struct frag_set **set)
{
	if (*set == NULL)
		return;
	e->frag_held -= frag_held(*set);
	frag_free(set);
	if (frag_none(sa))
		sa_due_never(e, sa, DUE_FRAGMENTS);
}

void
xchg_forget_fragments(struct engine *e, struct ike_sa *sa)
{
	forget(e, sa, &sa->frag_req);
	forget(e, sa, &sa->frag_resp);
}

void
xchg_request_done(struct engine *e, struct ike_sa *sa)
{
	free(sa->req);
	sa->req = NULL;
	sa->req_len = 0;
	sa->tries = 0;
	sa_due_never(e, sa, DUE_RETRANSMIT);
	forget(e, sa, &sa->frag_resp);
}

static unsigned
tries_max(const struct engine *e, const struct ike_sa *sa)
{
	if (e->stopping)
		return RETRANS_TRIES_STOP;
	if (sa->state == SA_INIT_SENT)
		return RETRANS_TRIES_INIT;
	if (sa_half_open(sa) ||
	    (sa->own != NULL && sa->own->kind == TASK_LIVENESS))
		return RETRANS_TRIES_PROBE;
	return RETRANS_TRIES;
}

void
xchg_retransmit(struct engine *e, struct ike_sa *sa)
{
	unsigned max = tries_max(e, sa);

	if (sa->req == NULL)
		return;
	if (sa->tries >= max) {
		v2_timed_out(e, sa);
		return;
	}
	sa->tries++;
	e->st.tx_retransmitted++;
	retransmit_arm(e, sa);
	send_on(e, sa, &sa->k->path, sa->req, sa->req_len);
}

void
xchg_repeat_response(struct engine *e, struct ike_sa *sa,
    const struct ike_path *path)
{
	e->st.rx_retransmitted++;
	if (sa->resp != NULL)
		send_on(e, sa, path, sa->resp, sa->resp_len);
}

/*
 * RFC 7296 2.23: the peer's address may move when it is behind NAT and we
 * are not; without NAT only the port may (the move to 4500).
 */
static void
follow_path(struct engine *e, struct ike_sa *sa, const struct ike_path *p)
{
	struct ike_path *old = &sa->k->path;
	char from[ENDPOINT_STRLEN], to[ENDPOINT_STRLEN];
	struct child *c;

	if (endpoint_equal(&old->remote, &p->remote) &&
	    endpoint_equal(&old->local, &p->local) && old->natt == p->natt)
		return;
	if (sa->k->natt_self)
		return;
	if (!addr_equal(&old->remote.addr, &p->remote.addr) &&
	    !sa->k->natt_peer)
		return;
	log_info(LOG_T_IPSEC, "%s peer moved to %s",
	    endpoint_fmt(&old->remote, from, sizeof(from)),
	    endpoint_fmt(&p->remote, to, sizeof(to)));
	*old = *p;
	for (c = sa->children; c != NULL; c = c->next)
		child_path(e, sa, c);
	session_moved(e, sa);
}

/* A good envelope: counts as a sign of life, once per message. */
static void
seen(struct engine *e, struct ike_sa *sa, const struct inmsg *in)
{
	sa->last_seen = eng_now(e);
	sa->rx_packets++;
	sa->rx_bytes += cur_left(&in->raw);
}

static void
recv_request(struct engine *e, struct ike_sa *sa, struct inmsg *in,
    const struct wire_err *err)
{
	if (in->h.msgid + 1 == sa->k->next_in && sa->k->next_in > 0) {
		if (!sa->in_process)
			xchg_repeat_response(e, sa, &in->path);
		return;
	}
	if (in->h.msgid != sa->k->next_in || sa->state == SA_CLOSED) {
		e->st.rx_bad_msgid++;
		return;
	}
	if (sa->in_process) {
		e->st.rx_retransmitted++;
		return;
	}
	if (!v2_awaits(sa, in))
		return;
	seen(e, sa, in);
	if (sa->state == SA_INIT_DONE)
		sa->k->path = in->path;
	else
		follow_path(e, sa, &in->path);
	sa->from = in->path;
	sa->in_process = true;
	forget(e, sa, &sa->frag_req);
	if (err->why != NULL)
		v2_bad_request(e, sa, in, err);
	else
		v2_dispatch(e, sa, in);
}

static void
recv_response(struct engine *e, struct ike_sa *sa, struct inmsg *in,
    const struct wire_err *err)
{
	if (sa->req == NULL || in->h.msgid + 1 != sa->k->next_out ||
	    in->h.exchange != sa->req_exchange) {
		e->st.rx_bad_msgid++;
		return;
	}
	if (in->h.exchange != IKE_SA_INIT) {
		seen(e, sa, in);
		follow_path(e, sa, &in->path);
		xchg_request_done(e, sa);
	}
	if (err->why != NULL)
		v2_bad_response(e, sa, in, err);
	else
		v2_dispatch(e, sa, in);
}

/*
 * Finds and opens the SK payload.  -1: dropped.  A fault of the inside is
 * left in *err, with the message proven to be the peer's.
 */
static int
unprotect(struct engine *e, struct ike_sa *sa, struct inmsg *in, size_t len,
    struct wire_err *err)
{
	const struct payload *p = payload_get(&in->pl, PL_SK);
	const char *why;
	struct cur inner;
	uint8_t *plain, first;
	size_t n;

	if (p == NULL) {
		report_unproven(e, &in->path, &in->h, &in->pl);
		return -1;
	}
	if (sa->k->d_len == 0)
		return -1;
	first = p->first;
	if (sk_open(&sa->k->in, e->rx, (size_t)(p->body.p - e->rx), len,
	    &plain, &n, &why) == -1) {
		e->st.rx_bad_sk++;
		log_debug(LOG_T_IPSEC, "dropped %s: %s",
		    ike_exchange_name(in->h.exchange), why);
		return -1;
	}
	cur_init(&inner, plain, n);
	memset(err, 0, sizeof(*err));
	(void)payloads_parse(&in->pl, first, inner, true, err);
	return 0;
}

/*
 * RFC 7383 2.6, 2.6.1: whether a fragment is of the message that is awaited,
 * or the first of a request that is answered already.
 */
static bool
frag_timely(const struct ike_sa *sa, const struct inmsg *in, uint16_t num)
{
	if (in->h.flags & IKE_FLAG_RESPONSE)
		return sa->req != NULL && in->h.msgid + 1 ==
		    sa->k->next_out && in->h.exchange == sa->req_exchange;
	if (sa->in_process)
		return false;
	if (in->h.msgid + 1 == sa->k->next_in && sa->k->next_in > 0)
		return num == 1;
	return in->h.msgid == sa->k->next_in && sa->state != SA_CLOSED &&
	    v2_awaits(sa, in);
}

/*
 * Stores an opened fragment.  True: with it the message is complete and
 * stands in e->rx as if it had come in one datagram, but in the clear.
 */
static bool
frag_store(struct engine *e, struct ike_sa *sa, struct inmsg *in,
    const struct frag_id *id, const uint8_t *data, size_t len, uint8_t *first)
{
	struct frag_set **set = in->h.flags & IKE_FLAG_RESPONSE ?
	    &sa->frag_resp : &sa->frag_req;
	const char *why = "too many unfinished messages in fragments";
	size_t most = sa_half_open(sa) ? FRAG_HELD_MAX / 2 : FRAG_HELD_MAX;
	bool idle = frag_none(sa);
	size_t held = frag_held(*set);
	int rc = -1;

	if (e->frag_held + len <= most)
		rc = frag_put(set, id, data, len, &why);
	e->frag_held = e->frag_held - held + frag_held(*set);
	if (rc == -1) {
		e->st.rx_fragments_dropped++;
		report_malformed(e, &in->path, why);
	}
	if (rc == 1) {
		e->st.rx_reassembled++;
		e->frag_held -= frag_held(*set);
		len = frag_take(set, e->rx + IKE_HDR_LEN, first);
		cur_init(&in->raw, e->rx, IKE_HDR_LEN + len);
	}
	if (frag_none(sa))
		sa_due_never(e, sa, DUE_FRAGMENTS);
	else if (idle)
		sa_due_in(e, sa, DUE_FRAGMENTS, FRAG_S);
	return rc == 1;
}

/* False: not the peer's; counted. */
static bool
open_fragment(struct engine *e, struct ike_sa *sa, struct inmsg *in,
    size_t aad, size_t len, uint8_t **plain, size_t *n)
{
	const char *why;

	if (sk_open(&sa->k->in, e->rx, aad, len, plain, n, &why) == 0)
		return true;
	e->st.rx_bad_sk++;
	e->st.rx_fragments_dropped++;
	log_debug(LOG_T_IPSEC, "dropped a fragment of %s: %s",
	    ike_exchange_name(in->h.exchange), why);
	return false;
}

/*
 * What costs nothing to see is looked at first; nothing is stored that is
 * not proven the peer's.  True: the message is complete, or the fragment
 * stands for a request that is seen again.
 */
static bool
recv_fragment(struct engine *e, struct ike_sa *sa, struct inmsg *in,
    const struct payload *p, size_t len, struct wire_err *err)
{
	struct frag_set *set = in->h.flags & IKE_FLAG_RESPONSE ?
	    sa->frag_resp : sa->frag_req;
	struct frag_id id = { in->h.msgid, in->h.exchange, p->first, 0, 0 };
	uint8_t *plain, first;
	struct skf_body skf;
	enum frag_look look;
	struct cur inner;
	size_t n;

	e->st.rx_fragments++;
	if (skf_parse(&skf, p->body, NULL) == -1 || !sa->k->frag ||
	    sa->k->d_len == 0 || !frag_timely(sa, in, skf.num)) {
		e->st.rx_fragments_dropped++;
		return false;
	}
	id.num = skf.num;
	id.total = skf.total;
	look = frag_look(set, &id);
	if (look != FRAG_WANTED) {
		e->st.rx_fragments_dropped++;
		if (look == FRAG_TOO_MANY)
			report_malformed(e, &in->path, "a message in more "
			    "fragments than we collect");
		return false;
	}
	if (!open_fragment(e, sa, in, (size_t)(skf.rest.p - e->rx), len,
	    &plain, &n))
		return false;
	memset(err, 0, sizeof(*err));
	if (!(in->h.flags & IKE_FLAG_RESPONSE) &&
	    in->h.msgid != sa->k->next_in)
		return true;
	if (!frag_store(e, sa, in, &id, plain, n, &first))
		return false;
	cur_init(&inner, e->rx + IKE_HDR_LEN,
	    cur_left(&in->raw) - IKE_HDR_LEN);
	(void)payloads_parse(&in->pl, first, inner, true, err);
	return true;
}

/* Takes the envelope off.  False: dropped, or more fragments are missing. */
static bool
unwrap(struct engine *e, struct ike_sa *sa, struct inmsg *in, size_t len,
    struct wire_err *err)
{
	const struct payload *p = payload_get(&in->pl, PL_SKF);

	if (p != NULL)
		return recv_fragment(e, sa, in, p, len, err);
	return unprotect(e, sa, in, len, err) == 0;
}

void
xchg_recv(struct engine *e, struct ike_sa *sa, const struct ike_path *path,
    const struct ike_hdr *h, size_t len)
{
	struct inmsg in = { .h = *h, .path = *path };
	struct wire_err err = { 0 };
	struct cur body;

	cur_init(&in.raw, e->rx, len);
	cur_init(&body, e->rx + IKE_HDR_LEN, len - IKE_HDR_LEN);
	if (payloads_parse(&in.pl, h->next, body, false, &err) == -1) {
		report_malformed(e, path, err.why);
		return;
	}
	if (h->exchange != IKE_SA_INIT && !unwrap(e, sa, &in, len, &err))
		return;
	if (h->flags & IKE_FLAG_RESPONSE)
		recv_response(e, sa, &in, &err);
	else if (h->exchange != IKE_SA_INIT)
		recv_request(e, sa, &in, &err);
}
