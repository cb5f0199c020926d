/*
 * Which message may come when, what it must carry, who handles it.
 */
#include "ikepd/v2/v2.h"
#include "ikepd/report.h"
#include "ikepd/v2/child.h"
#include "ikepd/wire/body.h"

#define ST(s)		(1u << (s))
#define NEED(p)		(1u << ((p) - PL_SA))
#define ST_UP		(ST(SA_ESTABLISHED) | ST(SA_REPLACED) | \
			    ST(SA_DELETING))
#define NEED_CHILD	(NEED(PL_SA) | NEED(PL_NONCE) | NEED(PL_TSI) | \
			    NEED(PL_TSR))

struct v2_row {
	const char *story;
	uint8_t exchange;
	bool response;
	int kind;		/* of our exchange in hand; -1: a request */
	uint32_t states;
	uint32_t need;		/* payloads; not asked for beside an error */
	void (*handler)(struct engine *, struct ike_sa *, struct inmsg *);
};

static const struct v2_row rows[] = {
	{ "initiator gets the answer to IKE_SA_INIT",
	    IKE_SA_INIT, true, TASK_HANDSHAKE, ST(SA_INIT_SENT),
	    0, v2_init_response },
	{ "responder gets IKE_AUTH",
	    IKE_AUTH, false, -1, ST(SA_INIT_DONE),
	    NEED(PL_IDI), v2_auth_request },
	{ "initiator gets the answer to IKE_AUTH",
	    IKE_AUTH, true, TASK_HANDSHAKE, ST(SA_AUTH_SENT),
	    NEED(PL_IDR), v2_auth_response },
	{ "the peer wants a child SA, or a new IKE SA",
	    CREATE_CHILD_SA, false, -1, ST_UP,
	    NEED(PL_SA) | NEED(PL_NONCE), v2_create_request },
	{ "our new child SA is answered",
	    CREATE_CHILD_SA, true, TASK_CHILD_NEW, ST_UP,
	    NEED_CHILD, v2_child_response },
	{ "our rekey of a child SA is answered",
	    CREATE_CHILD_SA, true, TASK_CHILD_REKEY, ST_UP,
	    NEED_CHILD, v2_child_response },
	{ "our rekey of the IKE SA is answered",
	    CREATE_CHILD_SA, true, TASK_IKE_REKEY, ST_UP,
	    NEED(PL_SA) | NEED(PL_NONCE) | NEED(PL_KE),
	    v2_rekey_ike_response },
	{ "the peer deletes, tells or asks for a sign of life",
	    INFORMATIONAL, false, -1, ST_UP, 0, v2_info_request },
	{ "our delete of a child SA is answered",
	    INFORMATIONAL, true, TASK_CHILD_DEL, ST_UP,
	    0, v2_delete_child_response },
	{ "our withdrawal of a child SA is answered",
	    INFORMATIONAL, true, TASK_CHILD_UNDO, ST_UP,
	    0, v2_liveness_response },
	{ "our delete of the IKE SA is answered",
	    INFORMATIONAL, true, TASK_IKE_DEL, ST_UP,
	    0, v2_delete_ike_response },
	{ "the peer lives",
	    INFORMATIONAL, true, TASK_LIVENESS, ST_UP,
	    0, v2_liveness_response },
};

#define NROWS	(sizeof(rows) / sizeof(rows[0]))

bool
v2_awaits(const struct ike_sa *sa, const struct inmsg *in)
{
	if (sa->state == SA_INIT_DONE)
		return in->h.exchange == IKE_AUTH;
	return (ST(sa->state) & ST_UP) != 0;
}

static const struct v2_row *
find_row(const struct ike_sa *sa, const struct inmsg *in)
{
	bool response = (in->h.flags & IKE_FLAG_RESPONSE) != 0;
	int kind = !response ? -1 : sa->own == NULL ? -2 :
	    (int)sa->own->kind;
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (rows[i].exchange == in->h.exchange &&
		    rows[i].response == response && rows[i].kind == kind &&
		    (rows[i].states & ST(sa->state)))
			return &rows[i];
	return NULL;
}

/* Type of a payload that is missing, 0: none. */
static uint8_t
missing(const struct v2_row *row, const struct inmsg *in)
{
	struct notify_body n;
	uint8_t type;

	if (row->response && v2_error(in, &n) != 0)
		return 0;
	for (type = PL_SA; type <= PL_EAP; type++)
		if ((row->need & NEED(type)) &&
		    payload_get(&in->pl, type) == NULL)
			return type;
	return 0;
}

void
v2_dispatch(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	const struct v2_row *row = find_row(sa, in);
	struct wire_err err = { .notify = N_INVALID_SYNTAX };
	bool response = (in->h.flags & IKE_FLAG_RESPONSE) != 0;

	if (row == NULL)
		err.why = "this exchange is not expected now";
	else if ((err.payload = missing(row, in)) != 0)
		err.why = "a required payload is missing";
	if (err.why == NULL) {
		log_debug(LOG_T_IPSEC, "%s", row->story);
		v2_log_extras(in);
		row->handler(e, sa, in);
	} else if (in->h.exchange == IKE_SA_INIT)
		report_malformed(e, &in->path, err.why);
	else if (response)
		v2_bad_response(e, sa, in, &err);
	else
		v2_bad_request(e, sa, in, &err);
}

/*
 * RFC 7296 2.5, 2.21.2, 2.21.3: an unknown critical payload refuses the
 * request, bad syntax ends the SA; in IKE_AUTH both do.
 */
void
v2_bad_request(struct engine *e, struct ike_sa *sa, struct inmsg *in,
    const struct wire_err *err)
{
	bool fatal = err->notify != N_UNSUPPORTED_CRITICAL_PAYLOAD ||
	    sa->state == SA_INIT_DONE;
	uint8_t type = err->payload;

	if (fatal)
		report_ike(e, sa, FAIL_SYNTAX, "%s request: %s (%s)",
		    ike_exchange_name(in->h.exchange), err->why,
		    ike_payload_name(err->payload));
	else
		log_warn(LOG_T_IPSEC, "%s request refused: %s (payload %u)",
		    ike_exchange_name(in->h.exchange), err->why, type);
	if (out_error(e, sa, in->h.exchange, err->notify, &type,
	    err->notify == N_UNSUPPORTED_CRITICAL_PAYLOAD ? 1 : 0) == -1)
		return;
	if (fatal)
		sa_close(e, sa);
}

/* Our exchange in hand ends here; what its kind has changed is put back. */
static void
own_over(struct engine *e, struct ike_sa *sa)
{
	switch (sa->own == NULL ? TASK_HANDSHAKE : sa->own->kind) {
	case TASK_CHILD_NEW:
	case TASK_CHILD_REKEY:
		child_over(e, sa);
		break;
	case TASK_IKE_REKEY:
		rekey_ike_over(e, sa);
		break;
	default:
		work_end(e, &sa->own);
		task_run(e, sa);
	}
}

/* RFC 7296 2.21: nothing is answered, but the state is cleaned up. */
void
v2_bad_response(struct engine *e, struct ike_sa *sa, struct inmsg *in,
    const struct wire_err *err)
{
	report_ike(e, sa, FAIL_SYNTAX, "%s response: %s (%s)",
	    ike_exchange_name(in->h.exchange), err->why,
	    ike_payload_name(err->payload));
	if (sa->state != SA_ESTABLISHED) {
		sa_destroy(e, sa);
		return;
	}
	own_over(e, sa);
	(void)task_add_first(e, sa, TASK_IKE_DEL, 0);
}

void
v2_timed_out(struct engine *e, struct ike_sa *sa)
{
	char ip[ADDR_STRLEN];

	if (sa_half_open(sa)) {
		if (sa->hs != NULL && sa->hs->error != 0)
			report_ike(e, sa, FAIL_REFUSED, "the peer answers "
			    "with %s; look at its log",
			    ike_notify_name(sa->hs->error));
		else if (sa->hs != NULL && sa->hs->unusable != NULL)
			report_ike(e, sa, FAIL_SYNTAX, "the peer's answers "
			    "cannot be used: %s", sa->hs->unusable);
		else
			report_time_up(e, sa);
	} else {
		e->st.timed_out++;
		log_error(LOG_T_IPSEC, "%s IKE SA ended: peer=%s "
		    "reason=no-answer: %s was not answered after %u "
		    "sendings; the peer counts as dead",
		    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)),
		    report_peer(e, sa), ike_exchange_name(sa->req_exchange),
		    sa->tries);
	}
	if (sa->k->peer != 0)
		e->ops.peer_silent(e->ops.ctx, sa->k->peer);
	sa_destroy(e, sa);
}

void
v2_work_late(struct engine *e, struct ike_sa *sa, bool theirs)
{
	struct work *w = theirs ? sa->theirs : sa->own;
	bool answered, ike;
	const char *who;

	if (w == NULL || work_resume_later(e, sa, w))
		return;
	if (sa_half_open(sa) && w->auth_req != 0) {
		v2_auth_late(e, sa);
		return;
	}
	who = w->session_req != 0 ? "sessiond" : w->child_wait != 0 ? "keymgr" :
	    "the key exchange";
	if (sa_half_open(sa)) {
		report_ike(e, sa, FAIL_RESOURCES, "no answer from %s", who);
		sa_destroy(e, sa);
		return;
	}
	report_child(e, sa, 0, FAIL_RESOURCES, "no answer from %s", who);
	if (theirs) {
		work_end(e, &sa->theirs);
		if (out_error(e, sa, CREATE_CHILD_SA, N_TEMPORARY_FAILURE,
		    NULL, 0) == 0)
			task_run(e, sa);
		return;
	}
	/* When the peer has answered, it has what we have not. */
	answered = w->nr.len > 0;
	ike = w->kind == TASK_IKE_REKEY;
	if (answered && w->neg != NULL) {
		w->neg->spi_used = true;
		(void)task_list_add(&sa->tasks, TASK_CHILD_UNDO,
		    w->neg->spi_in);
	}
	own_over(e, sa);
	if (answered && ike && sa->state == SA_ESTABLISHED)
		(void)task_add_first(e, sa, TASK_IKE_DEL, 0);
}
