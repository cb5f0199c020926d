#include "ikepd/v2/nego.h"
#include "ikepd/report.h"
#include "ikepd/session.h"
#include "ikepd/tsel.h"
#include "ikepd/v2/cp.h"
#include "ikepd/wire/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Selectors of the initiator of the exchange are TSi. */
static const struct ts_list *
ts_of(const struct child_neg *n, bool initiator)
{
	return n->initiator == initiator ? &n->local : &n->remote;
}

/*
 * RFC 7296 2.23.1: in transport mode both sides are the addresses of the IKE
 * SA.  Where they do not lie within the lists, those stay, and keymgr says
 * what is wrong with them.
 */
static void
only_hosts(const struct ike_sa *sa, struct child_neg *n)
{
	struct ts_list out, host = { .n = 1 };

	ts_from_addr(&host.ts[0], &sa->k->path.local.addr, 0, -1);
	if (tsel_narrow(&out, &n->local, &host) != TSEL_NONE)
		n->local = out;
	ts_from_addr(&host.ts[0], &sa->k->path.remote.addr, 0, -1);
	if (tsel_narrow(&out, &n->remote, &host) != TSEL_NONE)
		n->remote = out;
}

/*
 * RFC 7296 2.23.1: in transport mode, the addresses in the peer's selectors
 * that a NAT has changed are replaced by those of the IKE SA, in requests
 * and in answers.
 */
static void
substitute(const struct ike_sa *sa, struct ts_list *local,
    struct ts_list *remote)
{
	if (sa->k->natt_peer)
		(void)tsel_substitute(remote, &sa->k->path.remote.addr,
		    NULL);
	if (sa->k->natt_self)
		(void)tsel_substitute(local, &sa->k->path.local.addr,
		    NULL);
}

/* A template's own side is the address the peer has given us, once it has. */
static void
only_own(const struct ike_sa *sa, struct child_neg *n)
{
	struct ts_list out, own;

	session_own(sa, &own);
	if (own.n > 0 && tsel_narrow(&out, &n->local, &own) != TSEL_NONE)
		n->local = out;
}

int
nego_begin(struct engine *e, struct ike_sa *sa, struct work *w,
    const struct ike_policy *p, const struct task *packet,
    const struct child *old, const char **why)
{
	struct child_neg *n = neg_new(e);

	*why = "no SPI at hand: keymgr has given none";
	if (n == NULL)
		return -1;
	w->neg = n;
	n->initiator = true;
	n->policy = p->id;
	n->identity = sa->k->identity;
	n->transport = p->transport;
	if (old != NULL) {
		n->replaces = old->spi_in;
		n->transport = old->transport;
		n->identity = old->identity;
		child_local(old, &n->local);
		child_remote(old, &n->remote);
		/* A NAT may have moved the peer since. */
		if (n->transport)
			substitute(sa, &n->local, &n->remote);
		return 0;
	}
	ike_policy_local(p, &n->local);
	ike_policy_remote(p, &n->remote);
	if (n->transport)
		only_hosts(sa, n);
	if (p->template)
		only_own(sa, n);
	if (packet != NULL && packet->packet) {
		tsel_put_first(&n->local, &packet->local);
		tsel_put_first(&n->remote, &packet->remote);
	}
	return 0;
}

static const struct ike_proposal *
proposal_of(const struct engine *e, uint32_t policy)
{
	const struct ike_policy *p;

	if (e->conf == NULL || (p = confidx_policy(e->conf, policy)) == NULL)
		return NULL;
	return confidx_proposal(e->conf, p->proposal);
}

void
nego_put_sa(struct engine *e, struct outmsg *m, const struct work *w)
{
	const struct ike_proposal *prop = proposal_of(e, w->neg->policy);
	uint8_t spi[4] = {
		(uint8_t)(w->neg->spi_in >> 24),
		(uint8_t)(w->neg->spi_in >> 16),
		(uint8_t)(w->neg->spi_in >> 8), (uint8_t)w->neg->spi_in };

	if (w->neg->transport)
		msg_notify(&m->w, N_USE_TRANSPORT_MODE, NULL, 0);
	msg_payload(&m->w, PL_SA);
	if (prop != NULL)
		prop_put(&m->b, &prop->offer, w->neg->in_auth ? PROP_NO_KE :
		    0, spi, sizeof(spi));
}

void
nego_put_ts(struct outmsg *m, const struct work *w)
{
	msg_payload(&m->w, PL_TSI);
	ts_put(&m->b, ts_of(w->neg, true));
	msg_payload(&m->w, PL_TSR);
	ts_put(&m->b, ts_of(w->neg, false));
}

/*
 * What the peer asks for, TSi being its side.  Where mode-config gives
 * addresses, these are all that the side that got them can have under a
 * template (RFC 7296 2.19), in every child and whether it asked for one or
 * not: what others were given, or all the world, is not its own.
 */
struct ask {
	struct ts_list remote, local;
	struct ts_list given;	/* addresses that the peer got from us */
	struct ts_list own;	/* that we got from the peer */
	enum cfg_role cfg;
	bool transport;
};

static void
read_addresses(const struct engine *e, const struct ike_sa *sa,
    uint32_t identity, struct ask *a)
{
	const struct ike_identity *id = confidx_identity(e->conf, identity);

	session_assigned(sa, &a->given);
	session_own(sa, &a->own);
	a->cfg = id == NULL ? CFG_NONE : id->cfg;
}

static int
read_ts(const struct inmsg *in, uint8_t type, struct ts_list *l)
{
	const struct payload *p = payload_get(&in->pl, type);

	return p == NULL ? -1 : ts_parse(l, p->body, type, NULL);
}

/* FIRST: narrowed, but with what the peer named first. */
enum fit { FIT_NONE, FIT_NARROWED, FIT_FIRST, FIT_WHOLE };

static bool
has_first(const struct ts_list *narrowed, const struct ts_list *asked)
{
	struct ts_list first = { .n = 1, .ts = { asked->ts[0] } };

	return tsel_covers(narrowed, &first);
}

static enum fit
fit_policy(const struct ike_policy *p, const struct ask *a,
    struct child_neg *n)
{
	struct ts_list given = { 0 }, own = { 0 };
	const struct ts_list *remote = &a->remote, *local = &a->local;
	struct ts_list ours;
	enum tsel_result l, r;

	if (p->template && (a->cfg == CFG_GIVES || a->given.n > 0)) {
		if (tsel_narrow(&given, &a->remote, &a->given) == TSEL_NONE)
			return FIT_NONE;
		remote = &given;
	}
	if (p->template && (a->cfg == CFG_ASKS || a->own.n > 0)) {
		if (tsel_narrow(&own, &a->local, &a->own) == TSEL_NONE)
			return FIT_NONE;
		local = &own;
	}
	ike_policy_local(p, &ours);
	l = tsel_narrow(&n->local, local, &ours);
	ike_policy_remote(p, &ours);
	r = tsel_narrow(&n->remote, remote, &ours);
	if (l == TSEL_NONE || r == TSEL_NONE)
		return FIT_NONE;
	if (l == TSEL_WHOLE && r == TSEL_WHOLE)
		return FIT_WHOLE;
	return has_first(&n->local, local) && has_first(&n->remote, remote) ?
	    FIT_FIRST : FIT_NARROWED;
}

/* Policies in which the answer to a request is looked for, in order. */
static const struct ike_policy *
candidate(const struct engine *e, const struct ike_sa *sa,
    uint32_t identity, size_t *at)
{
	const struct conf_peer *cp = sa_conf(e, sa);
	const struct ike_identity *id = confidx_identity(e->conf, identity);
	const struct ike_policy *const *templates;
	size_t own = cp == NULL ? 0 : cp->npolicies, n;

	if (*at < own)
		return cp->policies[(*at)++];
	if (id == NULL || id->generate == GEN_NO)
		return NULL;
	templates = confidx_templates(e->conf, id->group, &n);
	return *at - own < n ? templates[(*at)++ - own] : NULL;
}

/* A template does not say which mode. */
static bool
mode_fits(const struct ike_policy *p, bool transport)
{
	return p->template || p->transport == transport;
}

/*
 * The first that admits all that was asked for, else the first that admits
 * what the peer named first (RFC 7296 2.9), else the first that admits some
 * of it.
 */
static const struct ike_policy *
choose_policy(struct engine *e, const struct ike_sa *sa,
    const struct ask *a, struct child_neg *n, uint32_t identity,
    bool *mode_differs)
{
	const struct ike_policy *p, *best = NULL;
	enum fit best_fit = FIT_NONE;
	struct ts_list local, remote;
	size_t at = 0;

	while ((p = candidate(e, sa, identity, &at)) != NULL) {
		enum fit f = fit_policy(p, a, n);

		if (f == FIT_NONE)
			continue;
		if (!mode_fits(p, a->transport)) {
			*mode_differs = true;
			continue;
		}
		if (f == FIT_WHOLE)
			return p;
		if (f > best_fit) {
			best_fit = f;
			best = p;
			local = n->local;
			remote = n->remote;
		}
	}
	if (best != NULL) {
		n->local = local;
		n->remote = remote;
	}
	return best;
}

/* The policy of the child that is rekeyed, in the mode that it has. */
static const struct ike_policy *
same_policy(const struct engine *e, const struct child *old,
    const struct ask *a, struct child_neg *n)
{
	const struct ike_policy *p = confidx_policy(e->conf, old->policy);

	return p != NULL && old->transport == a->transport &&
	    fit_policy(p, a, n) != FIT_NONE ? p : NULL;
}

/*
 * RFC 7296 2.23.1: transport mode, when it was asked for, with the addresses
 * as they are seen here; failing that, tunnel mode with those that came.
 */
static const struct ike_policy *
find_policy(struct engine *e, const struct ike_sa *sa, const struct ask *a,
    const struct child *old, struct child_neg *n, bool *mode_differs)
{
	const struct ike_policy *p = NULL;
	bool differs = false;
	struct ask seen = *a;

	if (a->transport) {
		substitute(sa, &seen.local, &seen.remote);
		p = old != NULL ? same_policy(e, old, &seen, n) :
		    choose_policy(e, sa, &seen, n, n->identity, &differs);
		n->transport = p != NULL;
	}
	if (p != NULL) {
		only_hosts(sa, n);
		return p;
	}
	seen = *a;
	seen.transport = false;
	p = old != NULL ? same_policy(e, old, &seen, n) :
	    choose_policy(e, sa, &seen, n, n->identity, &differs);
	*mode_differs = differs && !a->transport;
	return p;
}

static void
report_no_policy(struct engine *e, const struct ike_sa *sa,
    const struct ask *a, uint32_t identity, bool mode_differs)
{
	char al[256], ar[256], pl[160], pr[160], near[400] = "none";
	const struct ike_policy *p;
	struct ts_list local, remote;
	size_t at = 0;

	p = candidate(e, sa, identity, &at);
	if (p != NULL) {
		ike_policy_local(p, &local);
		ike_policy_remote(p, &remote);
		snprintf(near, sizeof(near), "%s === %s",
		    tsel_fmt(&local, pl, sizeof(pl)),
		    tsel_fmt(&remote, pr, sizeof(pr)));
	}
	report_child(e, sa, p == NULL ? 0 : p->id, mode_differs ? FAIL_MODE :
	    FAIL_SELECTORS, "%s; peer asked for %s === %s (%s), ours: %s",
	    mode_differs ? "our policy is for transport mode, the peer wants "
	    "tunnel mode" : "no policy admits these selectors",
	    tsel_fmt(&a->local, al, sizeof(al)),
	    tsel_fmt(&a->remote, ar, sizeof(ar)),
	    a->transport ? "transport" : "tunnel", near);
}

static uint16_t
select_algs(struct engine *e, struct ike_sa *sa, struct work *w,
    const struct inmsg *in, uint8_t data[2], size_t *datalen)
{
	const struct ike_proposal *prop = proposal_of(e, w->neg->policy);
	const struct payload *pk = payload_get(&in->pl, PL_KE);
	unsigned flags = w->neg->in_auth ? PROP_NO_KE : 0;
	struct child_neg *n = w->neg;
	struct ke_body ke = { 0 };
	struct sa_payload offered;
	struct prop_why why;
	uint16_t want;

	if (sa_parse(&offered, payload_get(&in->pl, PL_SA)->body, NULL) ==
	    -1 || (pk != NULL && ke_parse(&ke, pk->body, NULL) == -1))
		return N_INVALID_SYNTAX;
	if (prop == NULL)
		return N_NO_PROPOSAL_CHOSEN;
	if (prop_select(&n->choice, &prop->offer, &offered, flags, ke.group,
	    &why) == -1) {
		report_child_proposals(e, sa, prop, &why, &offered, flags);
		return N_NO_PROPOSAL_CHOSEN;
	}
	n->spi_out = (uint32_t)n->choice.spi;
	n->encr = n->choice.encr;
	n->integ = n->choice.integ;
	n->esn = n->choice.esn;
	n->group = n->choice.ke;
	if (flags & PROP_NO_KE)
		return 0;
	want = prop_ke_wanted(&n->choice, pk == NULL ? 0 : ke.group);
	if (want != 0) {
		data[0] = (uint8_t)(want >> 8);
		data[1] = (uint8_t)want;
		*datalen = 2;
		log_info(LOG_T_IPSEC, "phase2: the peer's key exchange is "
		    "group %u, we ask for %u", ke.group, want);
		return N_INVALID_KE_PAYLOAD;
	}
	if (n->group != NULL && (cur_left(&ke.data) != n->group->pub_len ||
	    secret_set(&w->pub, ke.data.p, cur_left(&ke.data)) == -1))
		return N_INVALID_SYNTAX;
	w->group = n->group;
	return 0;
}

/*
 * RFC 7296 2.19, 3.15.4: whoever asks for an address offers any address as
 * its selector, for us to narrow to the one it gets.  A template for all
 * must not make that the route of all traffic.
 */
static bool
lacks_address(const struct inmsg *in, const struct ask *a)
{
	struct cp_ask ask;

	cp_read_request(in, &ask);
	return (ask.want4 || ask.want6) && a->given.n == 0;
}

static uint16_t
no_policy(struct engine *e, struct ike_sa *sa, const struct work *w,
    const struct inmsg *in, const struct ask *a,
    const struct ike_policy *p, bool mode_differs)
{
	if (lacks_address(in, a) && (p != NULL || a->cfg == CFG_GIVES)) {
		report_child(e, sa, p == NULL ? 0 : p->id, FAIL_SELECTORS,
		    "the peer asks for an address (mode config), and we have "
		    "none for it%s%s", w->no_address == NULL ||
		    w->no_address[0] == '\0' ? "" : ": ",
		    w->no_address == NULL ? "" : w->no_address);
		return N_INTERNAL_ADDRESS_FAILURE;
	}
	if (a->cfg == CFG_GIVES && a->given.n == 0)
		report_child(e, sa, 0, FAIL_SELECTORS, "the mode-config of "
		    "its identity gives addresses, and the peer has none "
		    "from us");
	else
		report_no_policy(e, sa, a, w->neg->identity, mode_differs);
	return N_TS_UNACCEPTABLE;
}

uint16_t
nego_request(struct engine *e, struct ike_sa *sa, struct work *w,
    const struct inmsg *in, const struct child *old, uint8_t data[2],
    size_t *datalen)
{
	const struct ike_policy *p = NULL;
	bool in_auth = in->h.exchange == IKE_AUTH, mode_differs = false;
	struct notify_body nb;
	struct child_neg *n;
	struct ask a = { 0 };

	*datalen = 0;
	if (payload_get(&in->pl, PL_SA) == NULL ||
	    read_ts(in, PL_TSI, &a.remote) == -1 ||
	    read_ts(in, PL_TSR, &a.local) == -1)
		return N_INVALID_SYNTAX;
	if (e->conf == NULL || (n = neg_new(e)) == NULL) {
		report_child(e, sa, 0, FAIL_RESOURCES, "no SPI at hand: "
		    "keymgr has given none");
		return N_TEMPORARY_FAILURE;
	}
	w->neg = n;
	n->in_auth = in_auth;
	n->identity = w->identity;
	a.transport = v2_notify(in, N_USE_TRANSPORT_MODE, &nb);
	if (old != NULL) {
		n->replaces = old->spi_in;
		n->identity = old->identity;
	}
	read_addresses(e, sa, n->identity, &a);
	p = find_policy(e, sa, &a, old, n, &mode_differs);
	if (p == NULL || (p->template && lacks_address(in, &a)))
		return no_policy(e, sa, w, in, &a, p, mode_differs);
	n->policy = p->id;
	return select_algs(e, sa, w, in, data, datalen);
}

void
nego_put_answer_sa(struct outmsg *m, const struct work *w)
{
	uint32_t s = w->neg->spi_in;
	uint8_t spi[4] = { (uint8_t)(s >> 24), (uint8_t)(s >> 16),
		(uint8_t)(s >> 8), (uint8_t)s };

	if (w->neg->transport)
		msg_notify(&m->w, N_USE_TRANSPORT_MODE, NULL, 0);
	msg_payload(&m->w, PL_SA);
	prop_put_choice(&m->b, &w->neg->choice, spi, sizeof(spi));
}

static int
response_ts(struct engine *e, struct ike_sa *sa, struct work *w,
    const struct inmsg *in)
{
	struct child_neg *n = w->neg;
	struct ts_list l, r;
	char tl[256], tr[256];

	if (read_ts(in, PL_TSI, &l) == -1 || read_ts(in, PL_TSR, &r) == -1) {
		report_child(e, sa, n->policy, FAIL_SYNTAX, "the answer's "
		    "selectors cannot be read");
		return -1;
	}
	if (n->transport)
		substitute(sa, &l, &r);
	if (l.n == 0 || r.n == 0 || !tsel_covers(&n->local, &l) ||
	    !tsel_covers(&n->remote, &r)) {
		report_child(e, sa, n->policy, FAIL_SELECTORS, "the peer "
		    "answered %s === %s, which is more than was offered",
		    tsel_fmt(&l, tl, sizeof(tl)),
		    tsel_fmt(&r, tr, sizeof(tr)));
		return -1;
	}
	n->local = l;
	n->remote = r;
	return 0;
}

static int
response_algs(struct engine *e, struct ike_sa *sa, struct work *w,
    const struct inmsg *in)
{
	const struct ike_proposal *prop = proposal_of(e, w->neg->policy);
	const struct payload *ps = payload_get(&in->pl, PL_SA);
	const struct payload *pk = payload_get(&in->pl, PL_KE);
	unsigned flags = w->neg->in_auth ? PROP_NO_KE : 0;
	struct child_neg *n = w->neg;
	struct ke_body ke = { 0 };
	struct sa_payload answer;
	struct prop_why why;

	if (prop == NULL || ps == NULL ||
	    sa_parse(&answer, ps->body, NULL) == -1 ||
	    (pk != NULL && ke_parse(&ke, pk->body, NULL) == -1)) {
		report_child(e, sa, n->policy, FAIL_SYNTAX, "the answer's SA "
		    "or KE payload cannot be read");
		return -1;
	}
	if (prop_check_answer(&n->choice, &prop->offer, &answer, flags,
	    &why) == -1) {
		report_child_proposals(e, sa, prop, &why, &answer, flags);
		return -1;
	}
	n->spi_out = (uint32_t)n->choice.spi;
	n->encr = n->choice.encr;
	n->integ = n->choice.integ;
	n->esn = n->choice.esn;
	n->group = n->choice.ke;
	/* The peer may have chosen to do without, when we let it. */
	if (!n->in_auth && n->group == NULL)
		w->group = NULL;
	if (n->group != NULL && (n->in_auth || n->group != w->group ||
	    pk == NULL || ke.group != n->group->v2 ||
	    cur_left(&ke.data) != n->group->pub_len)) {
		report_child(e, sa, n->policy, FAIL_SYNTAX, "the answer's "
		    "key exchange does not fit the chosen proposal");
		return -1;
	}
	if (n->group != NULL &&
	    secret_set(&w->pub, ke.data.p, cur_left(&ke.data)) == -1)
		return -1;
	return 0;
}

/*
 * A child that began with a template carries the address that the peer has
 * given us, to the networks that it has named, if any.  -1: reported.
 */
static int
response_given(struct engine *e, struct ike_sa *sa, struct work *w)
{
	struct child_neg *n = w->neg;
	const struct ike_policy *p = confidx_policy(e->conf, n->policy);
	struct ts_list own, nets = { 0 }, out;
	const struct cfg *cfg;
	struct ts ts;
	unsigned i;

	if (p == NULL || !p->template || n->replaces != 0)
		return 0;
	session_own(sa, &own);
	if (own.n == 0 ||
	    tsel_narrow(&out, &n->local, &own) == TSEL_NONE) {
		report_child(e, sa, n->policy, FAIL_SELECTORS, own.n == 0 ?
		    "the peer gave us no address (mode config)" :
		    "the answer leaves out the address the peer gave us");
		return -1;
	}
	n->local = out;
	cfg = sa->session->cfg;
	for (i = 0; i < cfg->nsplit; i++) {
		ts_from_prefix(&ts, &cfg->split[i], 0, -1);
		(void)tsel_add(&nets, &ts);
	}
	if (nets.n > 0 && tsel_narrow(&out, &n->remote, &nets) != TSEL_NONE)
		n->remote = out;
	return 0;
}

int
nego_response(struct engine *e, struct ike_sa *sa, struct work *w,
    const struct inmsg *in)
{
	struct notify_body nb;

	if (response_algs(e, sa, w, in) == -1)
		return -1;
	if (v2_notify(in, N_USE_TRANSPORT_MODE, &nb) != w->neg->transport) {
		report_child(e, sa, w->neg->policy, FAIL_MODE, "we asked for "
		    "%s mode, the peer answered with the other",
		    w->neg->transport ? "transport" : "tunnel");
		return -1;
	}
	return response_ts(e, sa, w, in) == -1 ||
	    response_given(e, sa, w) == -1 ? -1 : 0;
}

bool
nego_gone(const struct work *w)
{
	unsigned i;

	for (i = 0; i < w->ngone; i++)
		if (w->gone[i] == w->neg->spi_out) {
			log_info(LOG_T_IPSEC, "the peer has deleted the "
			    "child SA before we could install it");
			return true;
		}
	return false;
}

void
nego_refused(struct engine *e, struct ike_sa *sa, const struct work *w,
    uint16_t err)
{
	const struct ike_proposal *prop = proposal_of(e, w->neg->policy);
	char algs[PROP_LINE_MAX] = "nothing", l[160], r[160];

	if (prop != NULL)
		offer_fmt(&prop->offer, w->neg->in_auth ? PROP_NO_KE : 0,
		    algs, sizeof(algs));
	report_child(e, sa, w->neg->policy, FAIL_REFUSED, "the peer answers "
	    "with %s; we offered %s for %s === %s in %s mode; its log says "
	    "what it would take", err == 0 ? "no child SA and no reason" :
	    ike_notify_name(err), algs,
	    tsel_fmt(&w->neg->local, l, sizeof(l)),
	    tsel_fmt(&w->neg->remote, r, sizeof(r)),
	    w->neg->transport ? "transport" : "tunnel");
}

void
nego_done(struct engine *e, struct ike_sa *sa, const struct work *w)
{
	const struct child_neg *n = w->neg;
	char ip[ADDR_STRLEN], l[200], r[200], s[128];

	if (n->replaces != 0)
		e->st.children_rekeyed++;
	log_info(LOG_T_IPSEC, "%s %s-SA %s %s === %s spi=0x%08" PRIx32
	    "/0x%08" PRIx32 " %s",
	    addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)),
	    n->transport ? "transport" : "tunnel",
	    n->replaces != 0 ? "rekeyed" : "established",
	    tsel_fmt(&n->local, l, sizeof(l)),
	    tsel_fmt(&n->remote, r, sizeof(r)), n->spi_in, n->spi_out,
	    prop_choice_fmt(&n->choice, s, sizeof(s)));
}
