/*
 * IKE_AUTH as responder.
 */
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/v2/auth.h"
#include "ikepd/v2/cert.h"
#include "ikepd/v2/cp.h"
#include "ikepd/v2/nego.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

#include <stdlib.h>
#include <string.h>

/* For how long a peer that says it is new is told of what it forgot. */
#define CONTACT_DELETE_S	4

static void
refuse_by(struct engine *e, struct ike_sa *sa, uint16_t type)
{
	if (out_error(e, sa, IKE_AUTH, type, NULL, 0) == 0)
		sa_close(e, sa);
}

static void
refuse(struct engine *e, struct ike_sa *sa)
{
	refuse_by(e, sa, N_AUTHENTICATION_FAILED);
}

static void
out_of_memory(struct engine *e, struct ike_sa *sa)
{
	report_ike(e, sa, FAIL_INTERNAL, "out of memory");
	sa_destroy(e, sa);
}

/*
 * RFC 7296 2.4: the peer knows of no other IKE SA between these two
 * identities, so older ones are dead.  The ID alone is not who it is where a
 * certificate says that (remote-id=ignore).
 */
static void
initial_contact(struct engine *e, struct ike_sa *sa)
{
	struct ike_sa *o, *next;
	char ip[ADDR_STRLEN];

	for (o = store_same_id(e, sa); o != NULL; o = next) {
		struct blob a = sa_id_peer(o), b = sa_id_peer(sa);

		next = o->id_next;
		if (o == sa || o->k->peer != sa->k->peer ||
		    o->k->identity != sa->k->identity || a.len != b.len ||
		    memcmp(a.p, b.p, a.len) != 0)
			continue;
		log_info(LOG_T_IPSEC, "%s INITIAL_CONTACT: the older IKE SA "
		    "%016llx goes",
		    addr_fmt(&o->k->path.remote.addr, ip, sizeof(ip)),
		    (unsigned long long)o->k->spi_own);
		/* When both ends began at the same moment, the peer has the
		 * older one too and must hear that it goes. */
		child_remove_all(e, o);
		session_end(e, o);
		if (o->state != SA_ESTABLISHED ||
		    !task_add_first(e, o, TASK_IKE_DEL, 0))
			sa_destroy(e, o);
		else
			sa_due_in(e, o, DUE_STATE, CONTACT_DELETE_S);
	}
}

/* <-- HDR, SK {IDr, [CERT], AUTH, [CP(CFG_REPLY)],
 * [N(USE_TRANSPORT_MODE)], SAr2, TSi, TSr}, or in place of the child a Notify
 * that says why there is none */
static void
auth_reply(struct engine *e, struct ike_sa *sa, uint16_t err)
{
	struct work *w = sa->theirs;
	struct outmsg m;

	out_begin(&m, sa, IKE_AUTH, true);
	msg_add(&m.w, PL_IDR, w->id_own.data, w->id_own.len);
	certs_put(&m, &w->certs_own);
	msg_payload(&m.w, PL_AUTH);
	auth_put(&m.b, w->auth_method, w->auth_own.data, w->auth_own.len);
	if (w->grant != NULL)
		cp_put_reply(&m, w->ask, w->grant);
	if (err != 0)
		msg_notify(&m.w, err, NULL, 0);
	else {
		nego_put_answer_sa(&m, w);
		nego_put_ts(&m, w);
	}
	if (out_response(e, sa, &m) == -1)
		return;
	if (err == 0)
		nego_done(e, sa, w);
	sa_established(e, sa);
	work_end(e, &sa->theirs);
	task_run(e, sa);
}

static void
child_installed(struct engine *e, struct ike_sa *sa, struct work *w)
{
	if (!w->ok)
		report_child(e, sa, w->neg->policy, FAIL_RESOURCES,
		    "not installed: %s", w->why);
	auth_reply(e, sa, w->ok ? 0 : N_NO_ADDITIONAL_SAS);
}

static int
keep_result(struct engine *e, struct ike_sa *sa, struct work *w,
    const struct blob *id_peer)
{
	const struct auth_result *r = w->auth;

	w->auth_method = r->method;
	w->identity = sa->k->identity = r->identity;
	return session_login(e, sa, r) == -1 ||
	    secret_set(&w->id_own, r->id_own.p, r->id_own.len) == -1 ||
	    certs_keep(&w->certs_own, r) == -1 ||
	    secret_set(&w->auth_own, r->auth.p, r->auth.len) == -1 ||
	    secret_set(&w->ni, sa->hs->nonce_peer.data,
	    sa->hs->nonce_peer.len) == -1 ||
	    secret_set(&w->nr, sa->hs->nonce_own.data,
	    sa->hs->nonce_own.len) == -1 ||
	    sa_set_ids(sa, &r->id_own, id_peer) == -1 ? -1 : 0;
}

/* The peer repeats its request; whom we need may be back then. */
static void
wait_for_repeat(struct engine *e, struct ike_sa *sa, struct work *w)
{
	log_limited(&e->lim_fail, eng_now(e), LOG_T_IPSEC | LOG_T_WARNING,
	    "IKE_AUTH waits: %s", w->why);
	work_end(e, &sa->theirs);
	session_end(e, sa);
	if (sa->k->id_peer_len > 0)
		store_del_id(e, sa);
	sa->k->id_own_len = sa->k->id_peer_len = 0;
	sa->hs->put_off = true;
	sa->state = SA_INIT_DONE;
	sa->in_process = false;
}

/* An address was asked for where we hand them out. */
static int
keep_grant(struct work *w)
{
	const struct session_result *r = w->session;

	if (!r->config || !(w->ask->want4 || w->ask->want6) ||
	    (r->cfg.addr4.family == AF_UNSPEC &&
	    r->cfg.addr6.family == AF_UNSPEC))
		return 0;
	w->grant = malloc(sizeof(*w->grant));
	if (w->grant == NULL)
		return -1;
	*w->grant = r->cfg;
	return 0;
}

static void
session_opened(struct engine *e, struct ike_sa *sa, struct work *w)
{
	char text[256];
	uint8_t data[2];
	uint16_t err;
	size_t len;

	if (!w->ok && w->session->status == SESSION_UNAVAILABLE) {
		wait_for_repeat(e, sa, w);
		return;
	}
	if (!w->ok) {
		e->st.auth_failed++;
		report_ike(e, sa, FAIL_SESSION, "id=%s: no session: %s",
		    report_id(sa_id_peer(sa), text, sizeof(text)), w->why);
		refuse(e, sa);
		return;
	}
	if (keep_grant(w) == -1) {
		out_of_memory(e, sa);
		return;
	}
	w->no_address = w->session->reason;
	err = nego_request(e, sa, w, w->in, NULL, data, &len);
	w->no_address = NULL;
	if (err == N_INVALID_SYNTAX) {
		/* RFC 7296 2.21.2: fatal.  Without a child nobody may ask,
		 * unless we had said that we can do that (RFC 6023). */
		report_ike(e, sa, FAIL_SYNTAX, "IKE_AUTH request: no SA, TSi "
		    "and TSr that can be read");
		if (out_error(e, sa, IKE_AUTH, err, NULL, 0) == 0)
			sa_close(e, sa);
		return;
	}
	if (err == 0 && work_install(e, sa, w, child_installed) == 0)
		return;
	if (err == 0)
		report_child(e, sa, w->neg->policy, FAIL_INTERNAL, "%s",
		    w->why);
	auth_reply(e, sa, err != 0 ? err : N_NO_ADDITIONAL_SAS);
}

static int
open_session(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct session_req r = { 0 };
	struct notify_body n;

	w->ask = calloc(1, sizeof(*w->ask));
	if (w->ask == NULL)
		return -1;
	cp_read_request(w->in, w->ask);
	r.contact = v2_notify(w->in, N_INITIAL_CONTACT, &n);
	r.want4 = w->ask->want4;
	r.want6 = w->ask->want6;
	r.addr4 = w->ask->addr4;
	r.addr6 = w->ask->addr6;
	return work_session(e, sa, w, &r, session_opened);
}

static void
auth_checked(struct engine *e, struct ike_sa *sa, struct work *w)
{
	const struct payload *p = payload_get(&w->in->pl, PL_IDI);
	struct blob id = { p->body.p, cur_left(&p->body) };
	struct notify_body n;

	if (!w->ok && w->auth->status == AUTH_UNAVAILABLE) {
		wait_for_repeat(e, sa, w);
		return;
	}
	if (!w->ok) {
		auth_report(e, sa, id, w->auth_method_peer, w->auth);
		refuse_by(e, sa, w->auth->status == AUTH_NO_KEY ?
		    N_TEMPORARY_FAILURE : N_AUTHENTICATION_FAILED);
		return;
	}
	if (keep_result(e, sa, w, &id) == -1) {
		out_of_memory(e, sa);
		return;
	}
	sa->session->method = w->auth_method;
	store_add_id(e, sa);
	auth_subject(sa, w->auth);
	/* Before the new session: the old ones stand in its way. */
	if (v2_notify(w->in, N_INITIAL_CONTACT, &n))
		initial_contact(e, sa);
	if (open_session(e, sa, w) == -1)
		out_of_memory(e, sa);
}

/* RFC 7296 2.16: no AUTH in the first IKE_AUTH asks for EAP. */
static void
refuse_eap(struct engine *e, struct ike_sa *sa, const struct inmsg *in)
{
	const struct payload *p = payload_get(&in->pl, PL_IDI);
	struct blob id = { p->body.p, cur_left(&p->body) };
	char text[256];

	e->st.auth_failed++;
	report_ike(e, sa, FAIL_METHOD, "id=%s sent no AUTH: it wants EAP, "
	    "which no identity of this peer provides for",
	    report_id(id, text, sizeof(text)));
	refuse(e, sa);
}

/* HDR, SK {IDi, [CERT], [N(INITIAL_CONTACT)], [CERTREQ], [IDr], AUTH,
 * SAi2, TSi, TSr} --> */
void
v2_auth_request(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	const struct payload *id = payload_get(&in->pl, PL_IDI);
	const struct payload *idr = payload_get(&in->pl, PL_IDR);
	const struct payload *pa = payload_get(&in->pl, PL_AUTH);
	struct wire_err err = { .why = "" };
	struct auth_body auth;
	struct auth_req req;
	struct id_body idb;
	const char *why;
	struct work *w;

	if (pa == NULL) {
		refuse_eap(e, sa, in);
		return;
	}
	if (id_parse(&idb, id->body, PL_IDI, &err) == -1 ||
	    (idr != NULL && id_parse(&idb, idr->body, PL_IDR, &err) == -1) ||
	    auth_parse(&auth, pa->body, &err) == -1) {
		v2_bad_request(e, sa, in, &err);
		return;
	}
	why = auth_odd(id, idr, pa);
	if (why != NULL) {
		report_ike(e, sa, FAIL_ID, "%s", why);
		refuse(e, sa);
		return;
	}
	w = work_new(e, sa, true, TASK_HANDSHAKE);
	if (w == NULL || (w->in = inmsg_keep(e, in)) == NULL) {
		out_of_memory(e, sa);
		return;
	}
	sa->state = SA_AUTH_CHECK;
	if (cert_read_req(&sa->hs->certreq, in) == -1) {
		out_of_memory(e, sa);
		return;
	}
	auth_fill(sa, &req);
	if (cert_read(&req, in, &err) == -1) {
		v2_bad_request(e, sa, in, &err);
		return;
	}
	req.what = AUTH_VERIFY | AUTH_MAKE;
	req.id_peer = (struct blob){ id->body.p, cur_left(&id->body) };
	if (idr != NULL)
		req.id_asked = (struct blob){ idr->body.p,
			cur_left(&idr->body) };
	req.method = w->auth_method_peer = auth.method;
	req.auth = (struct blob){ auth.data.p, cur_left(&auth.data) };
	if (work_auth(e, sa, w, &req, auth_checked) == -1)
		out_of_memory(e, sa);
}
