/*
 * IKE_AUTH as initiator (RFC 7296 1.2, 2.15, 2.21.2).
 */
#include "ikepd/v2/auth.h"
#include "lib/ikeid.h"
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/v2/cert.h"
#include "ikepd/v2/cp.h"
#include "ikepd/v2/nego.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

#include <stdlib.h>
#include <string.h>

void
auth_fill(const struct ike_sa *sa, struct auth_req *r)
{
	const struct handshake *hs = sa->hs;
	bool i = sa->k->initiator;

	memset(r, 0, sizeof(*r));
	r->initiator = i;
	r->peer = sa->k->peer;
	r->identity = sa->k->identity;
	r->prf = suite_row(sa->k->prf)->v2;
	r->local = sa->k->path.local.addr;
	r->remote = sa->k->path.remote.addr;
	r->msg_own = (struct blob){ hs->msg_own.data, hs->msg_own.len };
	r->msg_peer = (struct blob){ hs->msg_peer.data, hs->msg_peer.len };
	r->nonce_own = (struct blob){ hs->nonce_own.data,
		hs->nonce_own.len };
	r->nonce_peer = (struct blob){ hs->nonce_peer.data,
		hs->nonce_peer.len };
	r->hashes = hs->hashes;
	r->certreq = (struct blob){ hs->certreq.data, hs->certreq.len };
	r->sk_own = (struct blob){ i ? hs->sk_pi : hs->sk_pr, hs->p_len };
	r->sk_peer = (struct blob){ i ? hs->sk_pr : hs->sk_pi, hs->p_len };
}

const char *
auth_odd(const struct payload *id, const struct payload *asked,
    const struct payload *auth)
{
	struct ikeid parsed;
	const char *why;
	struct cur c = id->body;

	if (ikeid_get_body(&parsed, &c, &why) == -1)
		return why;
	if (asked != NULL) {
		c = asked->body;
		if (ikeid_get_body(&parsed, &c, &why) == -1)
			return why;
	}
	return cur_left(&auth->body) > AUTH_DATA_MAX ?
	    "AUTH data longer than any we know" : NULL;
}

const char *
auth_kind(uint8_t method)
{
	return method == AUTH_PSK ? "pre-shared key" : "certificate";
}

void
auth_report(struct engine *e, const struct ike_sa *sa, struct blob id,
    uint8_t method, const struct auth_result *r)
{
	static const enum fail_code codes[] = {
		[AUTH_OK] = FAIL_INTERNAL,
		[AUTH_NO_IDENTITY] = FAIL_ID,
		[AUTH_BAD] = FAIL_AUTH,
		[AUTH_BAD_METHOD] = FAIL_METHOD,
		[AUTH_BAD_ASKED_ID] = FAIL_ID,
		[AUTH_BAD_REQUEST] = FAIL_INTERNAL,
		[AUTH_BAD_CERT] = FAIL_AUTH,
		[AUTH_UNAVAILABLE] = FAIL_CERTD,
		[AUTH_NO_KEY] = FAIL_KEY,
	};
	char text[256];

	e->st.auth_failed++;
	report_id(id, text, sizeof(text));
	if (r->status == AUTH_BAD || r->status == AUTH_BAD_CERT)
		report_ike(e, sa, FAIL_AUTH, "authentication failed (%s) "
		    "id=%s: %s", auth_kind(method), text, r->reason);
	else
		report_ike(e, sa, codes[r->status], "id=%s: %s", text,
		    r->reason);
}

/* An SA that came up from the other side meanwhile serves as well. */
static bool
superfluous(struct engine *e, struct ike_sa *sa)
{
	struct peer_run *pr = store_peer(e, sa->k->peer);
	struct ike_sa *o;

	for (o = pr == NULL ? NULL : pr->sas; o != NULL; o = o->peer_next)
		if (o != sa && o->state == SA_ESTABLISHED &&
		    o->k->spi_own != sa->old_sa &&
		    addr_equal(&o->k->path.remote.addr,
		    &sa->k->path.remote.addr))
			break;
	if (o == NULL)
		return false;
	for (struct task *t = sa->tasks; t != NULL; t = t->next)
		if (t->kind == TASK_CHILD_NEW &&
		    child_of_policy(o, t->arg) == NULL)
			(void)task_list_add(&o->tasks, t->kind, t->arg);
	log_debug(LOG_T_IPSEC, "the peer has brought up an IKE SA itself; "
	    "our own attempt ends");
	sa_destroy(e, sa);
	task_run(e, o);
	return true;
}

static void auth_send(struct engine *, struct ike_sa *, struct work *);

static void
auth_make(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct auth_req req;

	auth_fill(sa, &req);
	req.what = AUTH_MAKE;
	if (work_auth(e, sa, w, &req, auth_send) == -1) {
		report_ike(e, sa, FAIL_INTERNAL, "out of memory");
		sa_destroy(e, sa);
	}
}

void
v2_auth_start(struct engine *e, struct ike_sa *sa)
{
	if (superfluous(e, sa))
		return;
	sa_enter(e, sa, SA_AUTH_MAKE);
	auth_make(e, sa, sa->own);
}

/* Whether we know of no other IKE SA with this peer (RFC 7296 2.4). */
static bool
only_one(struct engine *e, const struct ike_sa *sa)
{
	struct peer_run *pr = store_peer(e, sa->k->peer);

	return pr != NULL && pr->sas == sa && sa->peer_next == NULL;
}

/* The child that rides on IKE_AUTH: the first that is wanted, else one for
 * the address that the peer is asked for. */
static int
first_child(struct engine *e, struct ike_sa *sa, struct work *w,
    const char **why)
{
	const struct ike_policy *p = NULL;
	struct task *t = NULL;

	while (p == NULL && (t = sa->tasks) != NULL) {
		sa->tasks = t->next;
		t->next = NULL;
		if (t->kind == TASK_CHILD_NEW && e->conf != NULL)
			p = confidx_policy(e->conf, t->arg);
		if (p == NULL)
			free(t);
	}
	if (p == NULL && e->conf != NULL)
		p = confidx_asking(e->conf, sa->k->identity);
	*why = "no policy wants this peer any more";
	if (p == NULL)
		return -1;
	w->again = t;
	if (nego_begin(e, sa, w, p, t, NULL, why) == -1)
		return -1;
	w->neg->in_auth = true;
	return 0;
}

static bool
asks(const struct engine *e, const struct ike_sa *sa)
{
	const struct ike_identity *id = e->conf == NULL ? NULL :
	    confidx_identity(e->conf, sa->k->identity);

	return id != NULL && id->cfg == CFG_ASKS;
}

/* HDR, SK {IDi, [CERT], [N(INITIAL_CONTACT)], [CERTREQ], AUTH,
 * [CP(CFG_REQUEST)], [N(USE_TRANSPORT_MODE)], SAi2, TSi, TSr} --> */
static void
auth_send(struct engine *e, struct ike_sa *sa, struct work *w)
{
	const struct auth_result *r = w->auth;
	struct conf_peer *cp = sa_conf(e, sa);
	struct outmsg m;
	const char *why;

	if (!w->ok && r->status == AUTH_UNAVAILABLE &&
	    work_again(e, sa, w, auth_make))
		return;
	if (!w->ok || cp == NULL) {
		auth_report(e, sa, (struct blob){ NULL, 0 }, 0, r);
		sa_destroy(e, sa);
		return;
	}
	sa->k->identity = r->identity;
	w->auth_method = r->method;
	if (secret_set(&w->id_own, r->id_own.p, r->id_own.len) == -1 ||
	    certs_keep(&w->certs_own, r) == -1 ||
	    first_child(e, sa, w, &why) == -1) {
		report_ike(e, sa, FAIL_RESOURCES, "%s", why);
		sa_destroy(e, sa);
		return;
	}
	out_begin(&m, sa, IKE_AUTH, false);
	msg_add(&m.w, PL_IDI, r->id_own.p, r->id_own.len);
	certs_put(&m, &w->certs_own);
	sa->hs->contact_sent = cp->c->initial_contact && only_one(e, sa);
	if (sa->hs->contact_sent)
		msg_notify(&m.w, N_INITIAL_CONTACT, NULL, 0);
	cert_put_req(e, &m, sa);
	msg_payload(&m.w, PL_AUTH);
	auth_put(&m.b, r->method, r->auth.p, r->auth.len);
	if (asks(e, sa))
		cp_put_request(&m);
	nego_put_sa(e, &m, w);
	nego_put_ts(&m, w);
	sa_enter(e, sa, SA_AUTH_SENT);
	(void)out_request(e, sa, &m);
}

/* The responder refused before it proved itself. */
static void
auth_refused(struct engine *e, struct ike_sa *sa, uint16_t type)
{
	char text[256];
	struct blob id = { sa->own->id_own.data, sa->own->id_own.len };

	report_id(id, text, sizeof(text));
	e->st.auth_failed++;
	if (type == N_AUTHENTICATION_FAILED)
		report_ike(e, sa, FAIL_AUTH, "authentication failed (%s): "
		    "the peer does not accept us as id=%s; %s",
		    auth_kind(sa->own->auth_method), text,
		    sa->own->auth_method == AUTH_PSK ?
		    "the secrets or the identities differ" :
		    "it does not trust our certificate, or knows the "
		    "identity otherwise");
	else
		report_ike(e, sa, FAIL_REFUSED, "the peer answers IKE_AUTH "
		    "with %s", ike_notify_name(type));
	sa_destroy(e, sa);
}

/* RFC 7296 2.21.2: the other side is told in an INFORMATIONAL exchange, by
 * this notify or, when it is not to blame, with 0 by a Delete. */
static void
auth_end(struct engine *e, struct ike_sa *sa, uint16_t type)
{
	work_end(e, &sa->own);
	task_free_all(&sa->tasks);
	if (!task_add_first(e, sa, TASK_IKE_DEL, type))
		sa_destroy(e, sa);
}

static void
auth_reject(struct engine *e, struct ike_sa *sa)
{
	auth_end(e, sa, N_AUTHENTICATION_FAILED);
}

void
v2_auth_late(struct engine *e, struct ike_sa *sa)
{
	report_ike(e, sa, FAIL_CERTD, "no answer from certd");
	if (sa->state == SA_AUTH_VERIFY)
		auth_end(e, sa, 0);
	else
		sa_destroy(e, sa);
}

static void
child_installed(struct engine *e, struct ike_sa *sa, struct work *w)
{
	uint32_t undo = w->neg->spi_in;

	if (w->ok)
		nego_done(e, sa, w);
	else
		report_child(e, sa, w->neg->policy, FAIL_RESOURCES,
		    "not installed: %s", w->why);
	if (!w->ok)
		(void)task_list_add(&sa->tasks, TASK_CHILD_UNDO, undo);
	work_end(e, &sa->own);
	task_run(e, sa);
}

/* The IKE SA stands; the child may fail alone (RFC 7296 2.21.2). */
static void
auth_child(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct notify_body n;
	uint16_t err = v2_error(w->in, &n);
	bool has_sa = payload_get(&w->in->pl, PL_SA) != NULL;

	if (!has_sa) {
		nego_refused(e, sa, w, err);
		if (err == N_TEMPORARY_FAILURE && w->again != NULL) {
			struct task *t = w->again;

			w->again = NULL;
			task_put_off(e, sa, t, 5);
		}
	} else if (nego_response(e, sa, w, w->in) == -1 || nego_gone(w))
		(void)task_list_add(&sa->tasks, TASK_CHILD_UNDO,
		    w->neg->spi_in);
	else if (work_install(e, sa, w, child_installed) == 0)
		return;
	else {
		report_child(e, sa, w->neg->policy, FAIL_INTERNAL, "%s",
		    w->why);
		(void)task_list_add(&sa->tasks, TASK_CHILD_UNDO,
		    w->neg->spi_in);
	}
	if (has_sa)
		w->neg->spi_used = true;
	work_end(e, &sa->own);
	task_run(e, sa);
}

/* RFC 4478: the responder will not know us any longer after that. */
static void
auth_lifetime(const struct ike_sa *sa, const struct inmsg *in)
{
	char ip[ADDR_STRLEN];
	struct notify_body n;
	uint32_t s;

	if (v2_notify(in, N_AUTH_LIFETIME, &n) && cur_u32(&n.data, &s) == 0)
		log_warn(LOG_T_IPSEC, "%s the peer wants us authenticated "
		    "anew within %u s, else it ends the IKE SA; a new one "
		    "follows then",
		    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)), s);
}

void
auth_subject(const struct ike_sa *sa, const struct auth_result *r)
{
	char ip[ADDR_STRLEN], text[2 * CFG_NAME_LEN];

	if (r->subject == NULL || r->subject[0] == '\0')
		return;
	log_escape(text, sizeof(text), r->subject, strlen(r->subject));
	log_info(LOG_T_IPSEC, "%s the peer's certificate: %s",
	    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)), text);
}

/* [CP(CFG_REPLY)] */
static int
auth_address(struct engine *e, struct ike_sa *sa, const struct inmsg *in)
{
	char ip[ADDR_STRLEN], a4[ADDR_STRLEN] = "", a6[ADDR_STRLEN] = "";
	struct cfg cfg;

	if (!asks(e, sa) || !cp_read_reply(in, &cfg) ||
	    (cfg.addr4.family == AF_UNSPEC && cfg.addr6.family == AF_UNSPEC))
		return 0;
	if (cfg.addr4.family != AF_UNSPEC)
		addr_fmt(&cfg.addr4, a4, sizeof(a4));
	if (cfg.addr6.family != AF_UNSPEC)
		addr_fmt(&cfg.addr6, a6, sizeof(a6));
	log_info(LOG_T_IPSEC, "%s the peer gives us address %s%s%s; DNS "
	    "servers: %u, networks: %u",
	    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)), a4,
	    a4[0] != '\0' && a6[0] != '\0' ? " and " : "", a6, cfg.ndns,
	    cfg.nsplit);
	return session_given(e, sa, &cfg);
}

/*
 * RFC 7296 2.4: having said that this is the only IKE SA, we make it so.  One
 * that the peer brought up meanwhile it drops when it hears that, or not,
 * depending on which message came first.
 */
static void
end_others(struct engine *e, struct ike_sa *sa)
{
	struct ike_sa *o, *next;

	for (o = store_same_id(e, sa); o != NULL; o = next) {
		struct blob a = sa_id_peer(o), b = sa_id_peer(sa);

		next = o->id_next;
		if (o != sa && o->k->peer == sa->k->peer &&
		    o->state == SA_ESTABLISHED && a.len == b.len &&
		    memcmp(a.p, b.p, a.len) == 0)
			(void)task_add_first(e, o, TASK_IKE_DEL, 0);
	}
}

static void auth_verify(struct engine *, struct ike_sa *, struct work *);

static void
auth_verified(struct engine *e, struct ike_sa *sa, struct work *w)
{
	const struct payload *p = payload_get(&w->in->pl, PL_IDR);
	struct blob own = { w->id_own.data, w->id_own.len };
	struct blob peer = { p->body.p, cur_left(&p->body) };
	bool alone = sa->hs->contact_sent;
	bool later = !w->ok && w->auth->status == AUTH_UNAVAILABLE;

	if (later && work_again(e, sa, w, auth_verify))
		return;
	if (!w->ok) {
		auth_report(e, sa, peer, w->auth_method_peer, w->auth);
		auth_end(e, sa, later ? 0 : N_AUTHENTICATION_FAILED);
		return;
	}
	if (w->auth->identity != 0)
		sa->k->identity = w->auth->identity;
	if (sa_set_ids(sa, &own, &peer) == -1 ||
	    session_login(e, sa, w->auth) == -1) {
		sa_destroy(e, sa);
		return;
	}
	sa->session->method = w->auth_method;
	store_add_id(e, sa);
	w->neg->identity = sa->k->identity;
	if (secret_set(&w->ni, sa->hs->nonce_own.data,
	    sa->hs->nonce_own.len) == -1 || secret_set(&w->nr,
	    sa->hs->nonce_peer.data, sa->hs->nonce_peer.len) == -1) {
		sa_destroy(e, sa);
		return;
	}
	sa_established(e, sa);
	auth_subject(sa, w->auth);
	if (alone)
		end_others(e, sa);
	auth_lifetime(sa, w->in);
	if (auth_address(e, sa, w->in) == -1) {
		(void)task_add_first(e, sa, TASK_IKE_DEL, 0);
		return;
	}
	session_children(e, sa, w->neg->policy);
	auth_child(e, sa, w);
}

/* Asks certd about the answer that is kept, which can be read. */
static void
auth_verify(struct engine *e, struct ike_sa *sa, struct work *w)
{
	const struct payload *id = payload_get(&w->in->pl, PL_IDR);
	const struct payload *pa = payload_get(&w->in->pl, PL_AUTH);
	struct wire_err cert_err = { .why = "AUTH cannot be read" };
	struct auth_body auth;
	struct auth_req req;

	auth_fill(sa, &req);
	req.what = AUTH_VERIFY;
	if (auth_parse(&auth, pa->body, NULL) == -1 ||
	    cert_read(&req, w->in, &cert_err) == -1) {
		report_ike(e, sa, FAIL_SYNTAX, "%s", cert_err.why);
		auth_reject(e, sa);
		return;
	}
	req.id_peer = (struct blob){ id->body.p, cur_left(&id->body) };
	req.method = w->auth_method_peer = auth.method;
	req.auth = (struct blob){ auth.data.p, cur_left(&auth.data) };
	if (work_auth(e, sa, w, &req, auth_verified) == -1)
		sa_destroy(e, sa);
}

/* <-- HDR, SK {IDr, [CERT], AUTH, [CP(CFG_REPLY)], SAr2, TSi, TSr} */
void
v2_auth_response(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	const struct payload *id = payload_get(&in->pl, PL_IDR);
	const struct payload *pa = payload_get(&in->pl, PL_AUTH);
	struct work *w = sa->own;
	struct auth_body auth;
	struct notify_body n;
	struct id_body idb;
	const char *why;
	uint16_t err = v2_error(in, &n);

	if (pa == NULL || id == NULL) {
		if (err != 0) {
			auth_refused(e, sa, err);
			return;
		}
		report_ike(e, sa, FAIL_METHOD, "the peer sent no AUTH: it "
		    "wants %s, which the identity does not provide for",
		    payload_get(&in->pl, PL_EAP) != NULL ? "EAP" :
		    "another authentication");
		sa_destroy(e, sa);
		return;
	}
	if (id_parse(&idb, id->body, PL_IDR, NULL) == -1 ||
	    auth_parse(&auth, pa->body, NULL) == -1 ||
	    (w->in = inmsg_keep(e, in)) == NULL) {
		report_ike(e, sa, FAIL_SYNTAX, "IDr or AUTH cannot be read");
		sa_destroy(e, sa);
		return;
	}
	sa_enter(e, sa, SA_AUTH_VERIFY);
	why = auth_odd(id, NULL, pa);
	if (why != NULL) {
		report_ike(e, sa, FAIL_ID, "%s", why);
		auth_reject(e, sa);
		return;
	}
	auth_verify(e, sa, w);
}
