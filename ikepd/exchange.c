#include "ikepd/exchange.h"
#include "ikepd/report.h"
#include "ikepd/task.h"
#include "ikepd/work.h"
#include "ikepd/v2/v2.h"

#include <stdlib.h>
#include <string.h>

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
	struct ike_hdr h = {
		.ispi = sa_ispi(sa),
		.rspi = sa_rspi(sa),
		.exchange = exchange,
		.flags = (sa->k->initiator ? IKE_FLAG_INITIATOR : 0) |
		    (response ? IKE_FLAG_RESPONSE : 0),
		.msgid = response ? sa->k->next_in : sa->k->next_out,
	};

	memset(m, 0, sizeof(*m));
	m->exchange = exchange;
	m->sk = exchange != IKE_SA_INIT;
	buf_init(&m->b, DATAGRAM_MAX - 64);
	msg_begin(&m->w, &m->b, &h);
	if (m->sk)
		msg_sk_begin(&m->w, sk_iv_len(&sa->k->out));
}

void
out_free(struct outmsg *m)
{
	buf_free(&m->b);
}

/* Ends and protects; the message is then b's content. */
static int
out_seal(struct engine *e, struct ike_sa *sa, struct outmsg *m,
    const char **why)
{
	uint8_t iv[CIPHER_IV_MAX];
	size_t n;

	*why = "the message is too long";
	if (!m->sk)
		return msg_end(&m->w);
	n = msg_sk_close(&m->w);
	if (msg_sk_end(&m->w, sk_len(&sa->k->out, n)) == -1)
		return -1;
	e->ops.random(e->ops.ctx, iv, sizeof(iv));
	return sk_seal(&sa->k->out, msg_bytes(&m->w), msg_sk_aad(&m->w), n,
	    iv, why);
}

/* An exact copy in *dst; what was there is freed. */
static int
keep_bytes(uint8_t **dst, uint16_t *len, const struct buf *b)
{
	uint8_t *p = malloc(b->len);

	if (p == NULL)
		return -1;
	memcpy(p, b->data, b->len);
	free(*dst);
	*dst = p;
	*len = (uint16_t)b->len;
	return 0;
}

static void
send_on(struct engine *e, struct ike_sa *sa, const struct ike_path *path,
    const uint8_t *p, size_t len)
{
	sa->last_sent = eng_now(e);
	sa->tx_packets++;
	sa->tx_bytes += len;
	e->st.tx_packets++;
	e->ops.send(e->ops.ctx, path, p, len);
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
	sa->req_exchange = m->exchange;
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

void
xchg_request_done(struct engine *e, struct ike_sa *sa)
{
	free(sa->req);
	sa->req = NULL;
	sa->req_len = 0;
	sa->tries = 0;
	sa_due_never(e, sa, DUE_RETRANSMIT);
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
		if (c->encap && c->state != CHILD_ADDING)
			e->ops.child_path(e->ops.ctx, c->spi_in, &p->local,
			    &p->remote);
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
	if (h->exchange != IKE_SA_INIT &&
	    unprotect(e, sa, &in, len, &err) == -1)
		return;
	if (h->flags & IKE_FLAG_RESPONSE)
		recv_response(e, sa, &in, &err);
	else if (h->exchange != IKE_SA_INIT)
		recv_request(e, sa, &in, &err);
}
