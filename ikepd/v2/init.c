/*
 * IKE_SA_INIT as initiator (RFC 7296 1.2, 2.6, 2.10, 2.23).
 */
#include "ikepd/v2/init.h"
#include "ikepd/natt.h"
#include "ikepd/report.h"
#include "ikepd/v2/cert.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

#include <string.h>

#define RESTARTS_MAX	6

static void
attempt_failed(struct engine *e, struct ike_sa *sa, enum fail_code code,
    const char *why)
{
	report_ike(e, sa, code, "%s", why);
	sa_destroy(e, sa);
}

static void init_send(struct engine *, struct ike_sa *, struct work *);

static void
init_new_ke(struct engine *e, struct ike_sa *sa, struct work *w)
{
	ke_free(w->ke);
	w->ke = NULL;
	sa_enter(e, sa, SA_INIT_KE);
	if (work_ke(e, sa, w, false, init_send) == -1)
		attempt_failed(e, sa, FAIL_INTERNAL, "out of memory");
}

void
v2_init_start(struct engine *e, struct ike_sa *sa)
{
	struct conf_peer *cp = sa_conf(e, sa);
	struct work *w = work_new(e, sa, false, TASK_HANDSHAKE);

	if (w == NULL || cp == NULL ||
	    init_nonce(e, &sa->hs->nonce_own) == -1) {
		attempt_failed(e, sa, FAIL_INTERNAL, "out of memory");
		return;
	}
	w->group = offer_ke_first(&cp->profile->offer);
	if (w->group == NULL) {
		attempt_failed(e, sa, FAIL_NO_PROPOSAL,
		    "the profile has no dh-group");
		return;
	}
	init_new_ke(e, sa, w);
}

int
init_nonce(struct engine *e, struct secret *nonce)
{
	if (secret_alloc(nonce, INIT_NONCE_LEN) == -1)
		return -1;
	e->ops.random(e->ops.ctx, nonce->data, nonce->len);
	return 0;
}

/* The SPIs of the hash are those of the header. */
void
init_put_natt(const struct engine *e, struct outmsg *m,
    const struct ike_sa *sa)
{
	const struct ike_path *p = &sa->k->path;
	uint8_t h[NATT_HASH_LEN];

	if ((e->conf->conf->set.encap ? natt_hash_wrong : natt_hash)(h,
	    sa_ispi(sa), sa_rspi(sa), &p->local) == 0)
		msg_notify(&m->w, N_NAT_DETECTION_SOURCE_IP, h, sizeof(h));
	if (natt_hash(h, sa_ispi(sa), sa_rspi(sa), &p->remote) == 0)
		msg_notify(&m->w, N_NAT_DETECTION_DESTINATION_IP, h,
		    sizeof(h));
}

/* RFC 7383 2.3: the responder says so only to one who did. */
void
init_put_frag(struct outmsg *m, const struct ike_sa *sa)
{
	if (sa->k->frag)
		msg_notify(&m->w, N_IKEV2_FRAGMENTATION_SUPPORTED, NULL, 0);
}

enum nat { NAT_UNTOLD, NAT_NONE, NAT_FEIGNED, NAT_FOUND };

static enum nat
compare(const struct notify_body *n, const struct inmsg *in,
    const struct endpoint *ep)
{
	if (natt_match(&n->data, in->h.ispi, in->h.rspi, ep))
		return NAT_NONE;
	return natt_match_wrong(&n->data, in->h.ispi, in->h.rspi, ep) ?
	    NAT_FEIGNED : NAT_FOUND;
}

/* RFC 7296 2.23: a hash that no notify of its kind has means a NAT. */
static enum nat
detect(const struct inmsg *in, uint16_t type, const struct endpoint *ep)
{
	enum nat found = NAT_UNTOLD, one;
	const struct payload *p;
	struct notify_body n;

	for (p = payload_get(&in->pl, PL_NOTIFY); p != NULL;
	    p = payload_next(&in->pl, p)) {
		if (notify_parse(&n, p->body, NULL) == -1 || n.type != type)
			continue;
		one = compare(&n, in, ep);
		if (found == NAT_UNTOLD || one < found)
			found = one;
	}
	return found;
}

/* Who says nothing of NAT need not take ESP in UDP. */
void
init_detect_nat(const struct engine *e, struct ike_sa *sa,
    const struct inmsg *in)
{
	struct sa_keep *k = sa->k;
	enum nat src, dst;

	src = detect(in, N_NAT_DETECTION_SOURCE_IP, &in->path.remote);
	dst = detect(in, N_NAT_DETECTION_DESTINATION_IP, &in->path.local);
	k->natt_peer = src == NAT_FOUND;
	k->natt_self = dst == NAT_FOUND;
	k->encap = src >= NAT_FEIGNED || dst >= NAT_FEIGNED ||
	    (e->conf->conf->set.encap && src != NAT_UNTOLD);
}

int
init_keys(struct ike_sa *sa, const struct prop_choice *c,
    const struct secret *gir, const char **why)
{
	struct handshake *hs = sa->hs;
	const struct secret *ni, *nr;
	struct ike_keys keys;
	struct keymat_in in;
	int r;

	ni = sa->k->initiator ? &hs->nonce_own : &hs->nonce_peer;
	nr = sa->k->initiator ? &hs->nonce_peer : &hs->nonce_own;
	in = (struct keymat_in){
		.ni = { ni->data, ni->len }, .nr = { nr->data, nr->len },
		.gir = { gir->data, gir->len },
		.ispi = sa_ispi(sa), .rspi = sa_rspi(sa),
	};
	if (keymat_ike(&keys, c->encr, c->integ, c->prf, &in, why) == -1)
		return -1;
	init_rows(sa, c);
	r = sa_set_keys(sa, &keys, why);
	hs->p_len = keys.p_len;
	memcpy(hs->sk_pi, keys.sk_pi, keys.p_len);
	memcpy(hs->sk_pr, keys.sk_pr, keys.p_len);
	ike_keys_wipe(&keys);
	return r;
}

void
init_rows(struct ike_sa *sa, const struct prop_choice *c)
{
	const struct alg *none = suite_by_id(SUITE_INTEG, 0, 0);

	sa->k->encr = suite_row_of(c->encr);
	sa->k->prf = suite_row_of(c->prf);
	sa->k->ke = suite_row_of(c->ke);
	sa->k->integ = suite_row_of(c->integ != NULL ? c->integ : none);
}

/* HDR, [N(COOKIE)], SAi1, KEi, Ni, N(NAT_DETECTION_*),
 * [N(SIGNATURE_HASH_ALGORITHMS)] --> */
static void
init_send(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct conf_peer *cp = sa_conf(e, sa);
	struct handshake *hs = sa->hs;
	const uint8_t *pub;
	struct outmsg m;
	size_t len;

	if (!w->ok || cp == NULL) {
		attempt_failed(e, sa, FAIL_INTERNAL, cp == NULL ?
		    "the peer is no longer configured" : w->why);
		return;
	}
	sa_enter(e, sa, SA_INIT_SENT);
	sa->k->next_out = 0;
	out_begin(&m, sa, IKE_SA_INIT, false);
	if (hs->cookie.len > 0)
		msg_notify(&m.w, N_COOKIE, hs->cookie.data, hs->cookie.len);
	msg_payload(&m.w, PL_SA);
	prop_put(&m.b, &cp->profile->offer, 0, NULL, 0);
	msg_payload(&m.w, PL_KE);
	pub = ke_public(w->ke, &len);
	ke_put(&m.b, w->group->v2, pub, len);
	msg_add(&m.w, PL_NONCE, hs->nonce_own.data, hs->nonce_own.len);
	init_put_natt(e, &m, sa);
	cert_put_init(e, &m, sa);
	sa->k->frag = e->conf->conf->set.fragment_size > 0;
	init_put_frag(&m, sa);
	if (out_request(e, sa, &m) == -1)
		return;
	if (secret_set(&hs->msg_own, sa->req, sa->req_len) == -1)
		attempt_failed(e, sa, FAIL_INTERNAL, "out of memory");
}

static bool
may_restart(struct engine *e, struct ike_sa *sa)
{
	if (++sa->hs->restarts <= RESTARTS_MAX)
		return true;
	attempt_failed(e, sa, FAIL_REFUSED, "the peer asks for a cookie or "
	    "another group again and again");
	return false;
}

static void
got_cookie(struct engine *e, struct ike_sa *sa, const struct notify_body *n)
{
	size_t len = cur_left(&n->data);

	if (len == 0 || len > COOKIE_MAX || !may_restart(e, sa))
		return;
	if (secret_set(&sa->hs->cookie, n->data.p, len) == -1)
		return;
	xchg_request_done(e, sa);
	sa->own->ok = true;
	init_send(e, sa, sa->own);
}

static void
got_group(struct engine *e, struct ike_sa *sa, const struct notify_body *n)
{
	struct conf_peer *cp = sa_conf(e, sa);
	const struct alg *group;
	uint16_t id;

	if (cp == NULL || notify_group(n, &id) == -1)
		return;
	group = offer_ke(&cp->profile->offer, id);
	if (group == NULL || group == sa->own->group) {
		/* Unproven: noted, and believed only at the end. */
		sa->hs->error = N_INVALID_KE_PAYLOAD;
		log_limited(&e->lim_unproven, eng_now(e),
		    LOG_T_IPSEC | LOG_T_INFO, "the peer asks for group %u, "
		    "which %s", id, group == NULL ?
		    "is not in our profile" : "it was given");
		return;
	}
	if (!may_restart(e, sa))
		return;
	xchg_request_done(e, sa);
	sa->own->group = group;
	init_new_ke(e, sa, sa->own);
}

/*
 * RFC 7296 2.21.1: errors are not proven, so the request is repeated; the
 * same refusal again is believed.
 */
static void
got_error(struct engine *e, struct ike_sa *sa, uint16_t type)
{
	char line[PROP_LINE_MAX], ip[ADDR_STRLEN];
	struct conf_peer *cp = sa_conf(e, sa);

	if (sa->hs->error != type) {
		sa->hs->error = type;
		if (type == N_NO_PROPOSAL_CHOSEN)
			log_limited(&e->lim_unproven, eng_now(e),
			    LOG_T_IPSEC | LOG_T_ERROR, "%s fatal NO-PROPOSAL-CHOSEN "
			    "notify message",
			    addr_fmt(&sa->k->path.remote.addr, ip,
			    sizeof(ip)));
		return;
	}
	if (type == N_NO_PROPOSAL_CHOSEN && cp != NULL) {
		e->st.no_proposal++;
		report_ike(e, sa, FAIL_NO_PROPOSAL, "the peer refused all we "
		    "offered: %s; its log says what it would take",
		    offer_fmt(&cp->profile->offer, 0, line, sizeof(line)));
	} else
		report_ike(e, sa, FAIL_REFUSED, "the peer answers with %s",
		    ike_notify_name(type));
	sa_destroy(e, sa);
}

static void
init_derived(struct engine *e, struct ike_sa *sa, struct work *w)
{
	const char *why = w->why;

	if (!w->ok || init_keys(sa, &w->choice, &w->gir, &why) == -1) {
		attempt_failed(e, sa, FAIL_INTERNAL, why);
		return;
	}
	secret_free(&w->gir);
	ke_free(w->ke);
	w->ke = NULL;
	v2_auth_start(e, sa);
}

/* The answer in full: SAr1, KEr, Nr.  false: dropped. */
static bool
read_answer(struct engine *e, struct ike_sa *sa, const struct inmsg *in,
    struct prop_choice *choice, struct ke_body *ke)
{
	const struct payload *ps = payload_get(&in->pl, PL_SA);
	const struct payload *pk = payload_get(&in->pl, PL_KE);
	struct conf_peer *cp = sa_conf(e, sa);
	struct wire_err err = { .why = "SA, KE or nonce is missing" };
	struct sa_payload answer;
	struct prop_why why;

	if (cp == NULL)
		return false;
	if (cur_left(&in->raw) > AUTH_MSG_MAX)
		ps = NULL;
	if (in->h.rspi == 0 || ps == NULL || pk == NULL ||
	    sa_parse(&answer, ps->body, &err) == -1 ||
	    ke_parse(ke, pk->body, &err) == -1 ||
	    v2_nonce(in, &sa->hs->nonce_peer) == -1) {
		sa->hs->unusable = err.why;
		report_malformed(e, &in->path, err.why);
		return false;
	}
	if (prop_check_answer(choice, &cp->profile->offer, &answer, 0,
	    &why) == -1) {
		if (sa->hs->unusable != why.reason)
			report_ike_proposals(e, cp, &in->path, true, &why,
			    &answer);
		sa->hs->unusable = why.reason;
		return false;
	}
	if (choice->ke != sa->own->group || ke->group != choice->ke->v2 ||
	    cur_left(&ke->data) != choice->ke->pub_len) {
		sa->hs->unusable = "the key exchange of the answer is not "
		    "the one of our request";
		report_malformed(e, &in->path, sa->hs->unusable);
		return false;
	}
	return true;
}

/* <-- HDR, SAr1, KEr, Nr, N(NAT_DETECTION_*), or a Notify that refuses */
void
v2_init_response(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	struct work *w = sa->own;
	struct prop_choice choice;
	struct notify_body n;
	struct ke_body ke;
	uint16_t err;

	if (payload_get(&in->pl, PL_SA) == NULL) {
		if (v2_notify(in, N_COOKIE, &n))
			got_cookie(e, sa, &n);
		else if ((err = v2_error(in, &n)) == N_INVALID_KE_PAYLOAD)
			got_group(e, sa, &n);
		else if (err != 0)
			got_error(e, sa, err);
		return;
	}
	if (!read_answer(e, sa, in, &choice, &ke))
		return;
	if (secret_set(&sa->hs->msg_peer, in->raw.p, cur_left(&in->raw)) ==
	    -1 || secret_set(&w->pub, ke.data.p, cur_left(&ke.data)) == -1)
		return;
	xchg_request_done(e, sa);
	sa->last_seen = eng_now(e);
	sa->k->spi_peer = in->h.rspi;
	sa->k->next_out = 1;
	w->choice = choice;
	sa->k->frag = sa->k->frag &&
	    v2_notify(in, N_IKEV2_FRAGMENTATION_SUPPORTED, &n);
	init_detect_nat(e, sa, in);
	cert_read_init(sa, in);
	init_move_to_natt(e, sa);
	sa_enter(e, sa, SA_INIT_DERIVE);
	if (work_ke(e, sa, w, true, init_derived) == -1)
		attempt_failed(e, sa, FAIL_INTERNAL, "out of memory");
}

/* RFC 7296 2.23: with a NAT on the way, or as if there were one, everything
 * goes by port 4500. */
void
init_move_to_natt(struct engine *e, struct ike_sa *sa)
{
	const struct ike_settings *set = &e->conf->conf->set;
	struct ike_path *p = &sa->k->path;

	if (!sa->k->encap || p->natt)
		return;
	p->natt = true;
	p->local.port = set->port_natt;
	if (p->remote.port == 500)
		p->remote.port = 4500;
	else if (p->remote.port == set->port_ike)
		p->remote.port = set->port_natt;
}
