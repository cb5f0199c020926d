/*
 * IKE_SA_INIT as responder.  Nothing is kept before the request has parsed,
 * its cookie has come back where one is asked for, its peer is known and
 * its proposals suit.
 */
#include "ikepd/report.h"
#include "ikepd/v2/cert.h"
#include "ikepd/v2/init.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

#include <stdlib.h>

struct init_req {
	struct inmsg in;
	struct sa_payload sa;
	struct ke_body ke;
	struct cur nonce;
	struct conf_peer *cp;
	struct prop_choice choice;
	uint64_t key;
};

static int
read_request(struct init_req *r, struct wire_err *err)
{
	const struct payload *s, *k, *n;

	s = payload_get(&r->in.pl, PL_SA);
	k = payload_get(&r->in.pl, PL_KE);
	n = payload_get(&r->in.pl, PL_NONCE);
	if (s == NULL || k == NULL || n == NULL)
		return wire_fail(err, 0, "SA, KE or nonce is missing");
	if (r->in.h.msgid != 0 || !(r->in.h.flags & IKE_FLAG_INITIATOR))
		return wire_fail(err, 0, "IKE_SA_INIT with a message id or "
		    "without the initiator flag");
	if (sa_parse(&r->sa, s->body, err) == -1 ||
	    ke_parse(&r->ke, k->body, err) == -1 ||
	    nonce_parse(&r->nonce, n->body, err) == -1)
		return -1;
	return 0;
}

static void
rotate_cookies(struct engine *e)
{
	uint8_t secret[COOKIE_SECRET_LEN];

	if (e->jar.nsecrets > 0 && mono_cmp(eng_now(e), e->jar_at) < 0)
		return;
	e->ops.random(e->ops.ctx, secret, sizeof(secret));
	cookie_rotate(&e->jar, secret);
	secret_wipe(secret, sizeof(secret));
	e->jar_at = mono_add(eng_now(e), MONO_S(COOKIE_ROTATE_S));
}

/* RFC 7296 2.6.  True: go on; false: a cookie was asked for. */
static bool
cookie_gate(struct engine *e, const struct init_req *r)
{
	uint8_t cookie[COOKIE_LEN];
	struct notify_body n;

	if (e->half_open < e->conf->conf->set.cookie_threshold &&
	    mono_cmp(eng_now(e), e->cookies_until) >= 0)
		return true;
	rotate_cookies(e);
	if (v2_notify(&r->in, N_COOKIE, &n)) {
		if (cookie_check(&e->jar, r->in.h.ispi,
		    &r->in.path.remote.addr, r->nonce.p, cur_left(&r->nonce),
		    n.data.p, cur_left(&n.data)))
			return true;
		e->st.cookies_bad++;
	}
	if (cookie_make(&e->jar, r->in.h.ispi, &r->in.path.remote.addr,
	    r->nonce.p, cur_left(&r->nonce), cookie) == 0) {
		e->st.cookies_sent++;
		out_stateless(e, &r->in.path, &r->in.h, N_COOKIE, cookie,
		    sizeof(cookie));
	}
	return false;
}

/* True: this request has its SA, which repeats its answer. */
static bool
repeated(struct engine *e, struct init_req *r)
{
	struct ike_sa *sa;

	r->key = store_init_key(e, &r->in.path, r->in.h.ispi, &r->nonce);
	sa = store_get_init(e, r->key, r->in.h.ispi, &r->in.path);
	if (sa == NULL)
		return false;
	if (sa->state == SA_INIT_DONE)
		xchg_repeat_response(e, sa, &r->in.path);
	else
		e->st.rx_retransmitted++;
	return true;
}

static bool
choose(struct engine *e, struct init_req *r)
{
	struct prop_why why;
	uint8_t group[2];
	uint16_t want;

	r->cp = confidx_match(e->conf, &r->in.path.remote.addr,
	    &r->in.path.local.addr, PEER_IKE2);
	if (r->cp == NULL) {
		report_no_peer(e, &r->in.path);
		out_stateless(e, &r->in.path, &r->in.h, N_NO_PROPOSAL_CHOSEN,
		    NULL, 0);
		return false;
	}
	if (prop_select(&r->choice, &r->cp->profile->offer, &r->sa, 0,
	    r->ke.group, &why) == -1) {
		report_ike_proposals(e, r->cp, &r->in.path, false, &why,
		    &r->sa);
		out_stateless(e, &r->in.path, &r->in.h, N_NO_PROPOSAL_CHOSEN,
		    NULL, 0);
		return false;
	}
	want = prop_ke_wanted(&r->choice, r->ke.group);
	if (want == 0)
		return true;
	group[0] = (uint8_t)(want >> 8);
	group[1] = (uint8_t)want;
	out_stateless(e, &r->in.path, &r->in.h, N_INVALID_KE_PAYLOAD, group,
	    sizeof(group));
	return false;
}

/* <-- HDR, SAr1, KEr, Nr, N(NAT_DETECTION_*),
 * [N(SIGNATURE_HASH_ALGORITHMS)], [CERTREQ] */
static void
init_reply(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct handshake *hs = sa->hs;
	const char *why = w->why;
	const uint8_t *pub;
	struct outmsg m;
	uint32_t held;
	size_t len;

	if (!w->ok || init_keys(sa, &w->choice, &w->gir, &why) == -1) {
		report_ike(e, sa, FAIL_SYNTAX, "key exchange: %s", why);
		sa_destroy(e, sa);
		/* Each cost us a computation and leaves nothing half open
		 * that would be counted. */
		if (!log_limit_pass_at(&e->lim_ke, eng_now(e), &held))
			e->cookies_until = mono_add(eng_now(e),
			    MONO_S(COOKIE_SCARE_S));
		return;
	}
	out_begin(&m, sa, IKE_SA_INIT, true);
	msg_payload(&m.w, PL_SA);
	prop_put_choice(&m.b, &w->choice, NULL, 0);
	msg_payload(&m.w, PL_KE);
	pub = ke_public(w->ke, &len);
	ke_put(&m.b, w->group->v2, pub, len);
	msg_add(&m.w, PL_NONCE, hs->nonce_own.data, hs->nonce_own.len);
	init_put_natt(e, &m, sa);
	cert_put_init(e, &m, sa);
	init_put_frag(&m, sa);
	if (out_response(e, sa, &m) == -1)
		return;
	work_end(e, &sa->theirs);
	if (secret_set(&hs->msg_own, sa->resp, sa->resp_len) == -1) {
		sa_destroy(e, sa);
		return;
	}
	sa->state = SA_INIT_DONE;
}

static struct ike_sa *
make_sa(struct engine *e, const struct init_req *r)
{
	struct ike_sa *sa = sa_new();

	if (sa == NULL)
		return NULL;
	sa->hs = calloc(1, sizeof(*sa->hs));
	sa->k->spi_own = eng_spi(e);
	sa->k->spi_peer = r->in.h.ispi;
	sa->k->peer = r->cp->c->id;
	sa->k->path = r->in.path;
	sa->k->made_us = eng_now(e).us;
	sa->state = SA_INIT_REPLY;
	sa->from = r->in.path;
	sa->in_process = true;
	sa->last_seen = eng_now(e);
	if (sa->hs == NULL || store_add(e, sa) == -1) {
		sa_free(sa);
		return NULL;
	}
	e->half_open++;
	return sa;
}

static void
accept_request(struct engine *e, struct init_req *r)
{
	struct ike_sa *sa = make_sa(e, r);
	struct notify_body n;
	struct work *w;

	if (sa == NULL)
		return;
	w = work_new(e, sa, true, TASK_HANDSHAKE);
	if (w == NULL || store_add_init(e, sa, r->key) == -1 ||
	    init_nonce(e, &sa->hs->nonce_own) == -1 ||
	    secret_set(&sa->hs->nonce_peer, r->nonce.p,
	    cur_left(&r->nonce)) == -1 ||
	    secret_set(&sa->hs->msg_peer, r->in.raw.p,
	    cur_left(&r->in.raw)) == -1 ||
	    secret_set(&w->pub, r->ke.data.p, cur_left(&r->ke.data)) == -1) {
		sa_destroy(e, sa);
		return;
	}
	w->choice = r->choice;
	w->group = r->choice.ke;
	init_detect_nat(e, sa, &r->in);
	cert_read_init(sa, &r->in);
	sa->k->frag = e->conf->conf->set.fragment_size > 0 &&
	    v2_notify(&r->in, N_IKEV2_FRAGMENTATION_SUPPORTED, &n);
	sa_enter(e, sa, SA_INIT_REPLY);
	if (work_ke(e, sa, w, true, init_reply) == -1)
		sa_destroy(e, sa);
}

/* HDR, [N(COOKIE)], SAi1, KEi, Ni, N(NAT_DETECTION_*) --> */
void
v2_init_request(struct engine *e, const struct ike_path *path,
    const struct ike_hdr *h, size_t len)
{
	struct init_req r = { .in = { .h = *h, .path = *path } };
	struct wire_err err = { 0 };
	struct cur body;
	uint32_t held;

	if (e->conf == NULL || e->stopping)
		return;
	cur_init(&r.in.raw, e->rx, len);
	cur_init(&body, e->rx + IKE_HDR_LEN, len - IKE_HDR_LEN);
	if (payloads_parse(&r.in.pl, h->next, body, false, &err) == -1 ||
	    read_request(&r, &err) == -1) {
		report_malformed(e, path, err.why);
		if (err.notify == N_UNSUPPORTED_CRITICAL_PAYLOAD &&
		    log_limit_pass_at(&e->lim_version, eng_now(e), &held))
			out_stateless(e, path, h, err.notify, &err.payload,
			    1);
		return;
	}
	if (repeated(e, &r))
		return;
	if (len > AUTH_MSG_MAX) {
		report_malformed(e, path, "IKE_SA_INIT longer than certd "
		    "takes");
		return;
	}
	if (e->half_open >= e->conf->conf->set.half_open_max) {
		e->st.half_open_refused++;
		return;
	}
	if (!cookie_gate(e, &r) || !choose(e, &r))
		return;
	if (cur_left(&r.ke.data) != r.choice.ke->pub_len) {
		report_malformed(e, path, "KE data of the wrong length");
		return;
	}
	accept_request(e, &r);
}
