/*
 * Rekeying the IKE SA, both roles (RFC 7296 1.3.2, 2.8.2, 2.18, 2.25.2).
 */
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/v2/child.h"
#include "ikepd/v2/init.h"
#include "ikepd/v2/v2.h"
#include "ikepd/wire/body.h"

#include <stdlib.h>
#include <string.h>

static void
put_spi(uint8_t out[8], uint64_t spi)
{
	int i;

	for (i = 0; i < 8; i++)
		out[i] = (uint8_t)(spi >> (56 - 8 * i));
}

/* The successor of old, in the table, without keys yet. */
static struct ike_sa *
make_new(struct engine *e, const struct ike_sa *old, bool initiator)
{
	struct ike_sa *sa = sa_new();
	struct blob own = sa_id_own(old), peer = sa_id_peer(old);

	if (sa == NULL)
		return NULL;
	sa->k->spi_own = eng_spi(e);
	sa->k->initiator = initiator;
	sa->k->peer = old->k->peer;
	sa->k->identity = old->k->identity;
	sa->k->path = old->k->path;
	sa->k->natt_self = old->k->natt_self;
	sa->k->natt_peer = old->k->natt_peer;
	sa->k->encap = old->k->encap;
	sa->k->frag = old->k->frag;
	sa->k->made_us = eng_now(e).us;
	sa->k->established_us = old->k->established_us;
	sa->state = SA_REKEY_NEW;
	sa->last_seen = old->last_seen;
	if (sa_set_ids(sa, &own, &peer) == -1 || store_add(e, sa) == -1) {
		sa_free(sa);
		return NULL;
	}
	store_add_id(e, sa);
	sa_enter(e, sa, SA_REKEY_NEW);
	return sa;
}

/* SKEYSEED of 2.18 from the old SK_d. */
static int
new_keys(const struct ike_sa *old, struct ike_sa *sa, const struct work *w,
    const char **why)
{
	struct ike_keys was = { .d_len = old->k->d_len }, keys;
	const struct prop_choice *c = &w->choice;
	struct keymat_in in = {
		.ni = { w->ni.data, w->ni.len },
		.nr = { w->nr.data, w->nr.len },
		.gir = { w->gir.data, w->gir.len },
		.ispi = sa_ispi(sa), .rspi = sa_rspi(sa),
	};
	int r;

	memcpy(was.sk_d, old->k->sk_d, old->k->d_len);
	r = keymat_ike_rekey(&keys, c->encr, c->integ, c->prf,
	    suite_row(old->k->prf), &was, &in, why);
	ike_keys_wipe(&was);
	if (r == -1)
		return -1;
	init_rows(sa, c);
	r = sa_set_keys(sa, &keys, why);
	ike_keys_wipe(&keys);
	return r;
}

/* Children and what is still to do go over to the successor. */
static void
adopt(struct engine *e, struct ike_sa *old, struct ike_sa *sa)
{
	char ip[ADDR_STRLEN];

	e->st.ike_rekeyed++;
	session_pass_on(e, old, sa);
	task_move_all(old, sa);
	sa_enter(e, old, SA_REPLACED);
	sa_due_never(e, old, DUE_LIFE);
	sa_due_never(e, old, DUE_DPD);
	log_info(LOG_T_IPSEC, "%s IKE SA rekeyed",
	    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)));
}

/* ---- ours ---- */

void
rekey_ike_over(struct engine *e, struct ike_sa *sa)
{
	struct ike_sa *rival = sa->own->rival_sa == 0 ? NULL :
	    store_get(e, sa->own->rival_sa);

	work_end(e, &sa->own);
	/* Ours came to nothing, the peer's stands. */
	if (rival != NULL && rival->state == SA_ESTABLISHED) {
		adopt(e, sa, rival);
		task_run(e, rival);
	}
	task_run(e, sa);
}

/* HDR, SK {SA, Ni, KEi} --> */
static void
rekey_send(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct conf_peer *cp = sa_conf(e, sa);
	const uint8_t *pub;
	uint8_t spi[8];
	struct outmsg m;
	size_t len;

	if (!w->ok || cp == NULL || sa->state != SA_ESTABLISHED) {
		rekey_ike_over(e, sa);
		return;
	}
	put_spi(spi, w->new_sa);
	out_begin(&m, sa, CREATE_CHILD_SA, false);
	msg_payload(&m.w, PL_SA);
	prop_put(&m.b, &cp->profile->offer, PROP_REKEY_IKE, spi,
	    sizeof(spi));
	msg_add(&m.w, PL_NONCE, w->ni.data, w->ni.len);
	msg_payload(&m.w, PL_KE);
	pub = ke_public(w->ke, &len);
	ke_put(&m.b, w->group->v2, pub, len);
	(void)out_request(e, sa, &m);
}

enum task_start
v2_rekey_ike_start(struct engine *e, struct ike_sa *sa, const struct task *t)
{
	struct conf_peer *cp = sa_conf(e, sa);
	struct ike_sa *new;
	struct work *w;

	if (cp == NULL)
		return TASK_NEEDLESS;
	if (sa->theirs != NULL)
		return TASK_LATER;
	w = work_new(e, sa, false, TASK_IKE_REKEY);
	if (w == NULL)
		return TASK_LATER;
	w->again = calloc(1, sizeof(*w->again));
	new = make_new(e, sa, true);
	if (new != NULL)
		w->new_sa = new->k->spi_own;
	if (new == NULL || w->again == NULL || init_nonce(e, &w->ni) == -1) {
		work_end(e, &sa->own);
		return TASK_LATER;
	}
	w->again->kind = t->kind;
	w->group = offer_ke(&cp->profile->offer, suite_row(sa->k->ke)->v2);
	if (w->group == NULL)
		w->group = offer_ke_first(&cp->profile->offer);
	if (w->group == NULL || work_ke(e, sa, w, false, rekey_send) == -1) {
		work_end(e, &sa->own);
		return TASK_LATER;
	}
	return TASK_STARTED;
}

/* The redundant one of two: it only gets its DELETE. */
static void
drop_new(struct engine *e, struct ike_sa *sa)
{
	sa_enter(e, sa, SA_REPLACED);
	(void)task_add(e, sa, TASK_IKE_DEL, 0);
}

/*
 * RFC 7296 2.8.2: as with children, the one made with the lowest nonce
 * goes, by the hand of who made it.
 */
static void
settle(struct engine *e, struct ike_sa *sa, struct ike_sa *new)
{
	struct work *w = sa->own;
	struct ike_sa *rival = w->rival_sa == 0 ? NULL :
	    store_get(e, w->rival_sa);
	bool lost = rival != NULL && rival->state == SA_ESTABLISHED &&
	    nonce_cmp(work_low_nonce(w), &w->rival_nonce) < 0;

	w->new_sa = 0;
	work_end(e, &sa->own);
	if (lost) {
		adopt(e, sa, rival);
		drop_new(e, new);
		task_run(e, rival);
		return;
	}
	sa_enter(e, new, SA_ESTABLISHED);
	sa_arm(e, new);
	adopt(e, sa, new);
	if (rival != NULL && rival->state == SA_ESTABLISHED) {
		session_pass_on(e, rival, new);
		sa_enter(e, rival, SA_REPLACED);
	}
	(void)task_add(e, sa, TASK_IKE_DEL, 0);
	task_run(e, new);
}

/* The peer has an SA that we cannot use: nothing but a fresh start puts that
 * right. */
static void
useless(struct engine *e, struct ike_sa *sa)
{
	rekey_ike_over(e, sa);
	if (sa->state == SA_ESTABLISHED)
		(void)task_add_first(e, sa, TASK_IKE_DEL, 0);
}

static void
rekey_derived(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct ike_sa *new = store_get(e, w->new_sa);
	const char *why = w->why;

	if (new == NULL || !w->ok || new_keys(sa, new, w, &why) == -1) {
		report_rekey(e, sa, FAIL_INTERNAL, "%s", why);
		useless(e, sa);
		return;
	}
	settle(e, sa, new);
}

static void
refused(struct engine *e, struct ike_sa *sa, uint16_t err,
    const struct notify_body *n)
{
	struct conf_peer *cp = sa_conf(e, sa);
	struct work *w = sa->own;
	const struct alg *group;
	uint16_t id;

	if (w->rival_sa != 0) {
		rekey_ike_over(e, sa);
		return;
	}
	if (err == N_TEMPORARY_FAILURE) {
		child_temporary(e, sa);
		return;
	}
	if (err == N_INVALID_KE_PAYLOAD && cp != NULL && w->restarts++ < 3 &&
	    notify_group(n, &id) == 0 &&
	    (group = offer_ke(&cp->profile->offer, id)) != NULL &&
	    group != w->group) {
		ke_free(w->ke);
		w->ke = NULL;
		w->group = group;
		if (work_ke(e, sa, w, false, rekey_send) == -1)
			rekey_ike_over(e, sa);
		return;
	}
	report_rekey(e, sa, FAIL_REFUSED, "the peer answers with %s",
	    ike_notify_name(err));
	if (err == N_INVALID_SYNTAX)
		sa_destroy(e, sa);
	else {
		rekey_ike_over(e, sa);
		rekey_again(e, sa, 0);
		/* Another one before this one's hard end. */
		initiate_instead(e, sa);
	}
}

static int
read_answer(struct engine *e, struct ike_sa *sa, const struct inmsg *in)
{
	const struct payload *ps = payload_get(&in->pl, PL_SA);
	const struct payload *pk = payload_get(&in->pl, PL_KE);
	struct conf_peer *cp = sa_conf(e, sa);
	struct work *w = sa->own;
	struct sa_payload answer;
	struct prop_why why;
	struct ke_body ke;

	/* Beside an error Notify nothing is certain to be there. */
	if (cp == NULL || ps == NULL || pk == NULL ||
	    v2_nonce(in, &w->nr) == -1 ||
	    sa_parse(&answer, ps->body, NULL) == -1 ||
	    ke_parse(&ke, pk->body, NULL) == -1)
		return -1;
	if (prop_check_answer(&w->choice, &cp->profile->offer, &answer,
	    PROP_REKEY_IKE, &why) == -1 || w->choice.spi == 0 ||
	    w->choice.ke != w->group || ke.group != w->group->v2 ||
	    cur_left(&ke.data) != w->group->pub_len)
		return -1;
	return secret_set(&w->pub, ke.data.p, cur_left(&ke.data));
}

/* <-- HDR, SK {SA, Nr, KEr} */
void
v2_rekey_ike_response(struct engine *e, struct ike_sa *sa, struct inmsg *in)
{
	struct work *w = sa->own;
	struct ike_sa *new = store_get(e, w->new_sa);
	struct notify_body n;
	uint16_t err = v2_error(in, &n);

	if (payload_get(&in->pl, PL_SA) == NULL && err != 0) {
		refused(e, sa, err, &n);
		return;
	}
	sa->temp_failures = 0;
	if (new == NULL || read_answer(e, sa, in) == -1) {
		report_rekey(e, sa, FAIL_SYNTAX, "the answer does not fit "
		    "our request");
		useless(e, sa);
		return;
	}
	new->k->spi_peer = w->choice.spi;
	if (work_ke(e, sa, w, true, rekey_derived) == -1)
		useless(e, sa);
}

/* ---- the peer's ---- */

static void
their_error(struct engine *e, struct ike_sa *sa, uint16_t err,
    const void *data, size_t len)
{
	work_end(e, &sa->theirs);
	if (out_error(e, sa, CREATE_CHILD_SA, err, data, len) == 0)
		task_run(e, sa);
}

/* The answer is out: the new SA takes over, unless our own rekey is still
 * under way and may win. */
static void
answered(struct engine *e, struct ike_sa *sa, struct ike_sa *new)
{
	const struct secret *low = work_low_nonce(sa->theirs);
	struct work *own = sa->own;

	sa->theirs->new_sa = 0;
	sa_enter(e, new, SA_ESTABLISHED);
	sa_arm(e, new);
	if (own != NULL && own->kind == TASK_IKE_REKEY &&
	    secret_set(&own->rival_nonce, low->data, low->len) == 0) {
		own->rival_sa = new->k->spi_own;
		new->rival_of = sa->k->spi_own;
		work_end(e, &sa->theirs);
		return;
	}
	work_end(e, &sa->theirs);
	adopt(e, sa, new);
	task_run(e, new);
}

void
rekey_ike_confirmed(struct engine *e, struct ike_sa *sa)
{
	struct ike_sa *old = sa->rival_of == 0 ? NULL :
	    store_get(e, sa->rival_of);

	sa->rival_of = 0;
	if (old != NULL && old->own != NULL &&
	    old->own->rival_sa == sa->k->spi_own)
		session_pass_on(e, old, sa);
}

/* <-- HDR, SK {SA, Nr, KEr} */
static void
rekey_reply(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct ike_sa *new = store_get(e, w->new_sa);
	const char *why = w->why;
	const uint8_t *pub;
	struct outmsg m;
	uint8_t spi[8];
	size_t len;

	/* RFC 7296 2.25.2: we are closing it meanwhile. */
	if (sa->state != SA_ESTABLISHED) {
		their_error(e, sa, N_TEMPORARY_FAILURE, NULL, 0);
		return;
	}
	if (new == NULL || !w->ok || new_keys(sa, new, w, &why) == -1) {
		report_rekey(e, sa, FAIL_INTERNAL, "%s", why);
		their_error(e, sa, N_TEMPORARY_FAILURE, NULL, 0);
		return;
	}
	put_spi(spi, w->new_sa);
	out_begin(&m, sa, CREATE_CHILD_SA, true);
	msg_payload(&m.w, PL_SA);
	prop_put_choice(&m.b, &w->choice, spi, sizeof(spi));
	msg_add(&m.w, PL_NONCE, w->nr.data, w->nr.len);
	msg_payload(&m.w, PL_KE);
	pub = ke_public(w->ke, &len);
	ke_put(&m.b, w->group->v2, pub, len);
	if (out_response(e, sa, &m) == 0)
		answered(e, sa, new);
}

/* Algorithms and group of the request.  0, or the Notify to answer. */
static uint16_t
their_choice(struct engine *e, struct ike_sa *sa, struct work *w,
    const struct inmsg *in, const struct sa_payload *offered,
    uint8_t group[2])
{
	const struct payload *p = payload_get(&in->pl, PL_KE);
	struct conf_peer *cp = sa_conf(e, sa);
	char line[PROP_LINE_MAX];
	struct prop_why why;
	struct ke_body ke;
	uint16_t want;

	if (p == NULL || ke_parse(&ke, p->body, NULL) == -1 ||
	    v2_nonce(in, &w->ni) == -1)
		return N_INVALID_SYNTAX;
	if (cp == NULL || prop_select(&w->choice, &cp->profile->offer,
	    offered, PROP_REKEY_IKE, ke.group, &why) == -1) {
		if (cp != NULL)
			report_rekey(e, sa, FAIL_NO_PROPOSAL, "%s",
			    prop_why_fmt(&why, &cp->profile->offer, offered,
			    PROP_REKEY_IKE, line, sizeof(line)));
		return N_NO_PROPOSAL_CHOSEN;
	}
	want = prop_ke_wanted(&w->choice, ke.group);
	if (want != 0) {
		group[0] = (uint8_t)(want >> 8);
		group[1] = (uint8_t)want;
		return N_INVALID_KE_PAYLOAD;
	}
	w->group = w->choice.ke;
	if (w->choice.spi == 0 || cur_left(&ke.data) != w->group->pub_len ||
	    secret_set(&w->pub, ke.data.p, cur_left(&ke.data)) == -1)
		return N_INVALID_SYNTAX;
	return 0;
}

/* HDR, SK {SA, Ni, KEi} --> */
void
v2_rekey_ike_request(struct engine *e, struct ike_sa *sa, struct inmsg *in,
    const struct sa_payload *offered)
{
	struct work *w = work_new(e, sa, true, TASK_IKE_REKEY);
	struct wire_err bad = { .why = "the payloads of an IKE SA rekey do "
		"not fit together", .notify = N_INVALID_SYNTAX };
	struct ike_sa *new;
	uint8_t group[2];
	uint16_t err;

	if (w == NULL) {
		their_error(e, sa, N_TEMPORARY_FAILURE, NULL, 0);
		return;
	}
	err = their_choice(e, sa, w, in, offered, group);
	if (err == N_INVALID_SYNTAX) {
		work_end(e, &sa->theirs);
		v2_bad_request(e, sa, in, &bad);
		return;
	}
	if (err != 0) {
		their_error(e, sa, err, group,
		    err == N_INVALID_KE_PAYLOAD ? sizeof(group) : 0);
		return;
	}
	new = make_new(e, sa, false);
	if (new != NULL) {
		w->new_sa = new->k->spi_own;
		new->k->spi_peer = w->choice.spi;
	}
	if (new == NULL || init_nonce(e, &w->nr) == -1 ||
	    work_ke(e, sa, w, true, rekey_reply) == -1)
		their_error(e, sa, N_TEMPORARY_FAILURE, NULL, 0);
}
