#include "ikepd/report.h"
#include "lib/ikeid.h"
#include "ikepd/tsel.h"
#include "ikepd/wire/body.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const codes[FAIL_CODES] = {
	[FAIL_NO_ANSWER] = "no-answer",
	[FAIL_NO_PROPOSAL] = "no-proposal-chosen",
	[FAIL_REFUSED] = "refused-by-peer",
	[FAIL_AUTH] = "authentication-failed",
	[FAIL_ID] = "no-identity",
	[FAIL_KEY] = "no-own-key",
	[FAIL_CERTD] = "certd-unavailable",
	[FAIL_METHOD] = "auth-method",
	[FAIL_SELECTORS] = "ts-unacceptable",
	[FAIL_MODE] = "mode-mismatch",
	[FAIL_SYNTAX] = "invalid-syntax",
	[FAIL_NO_PEER] = "no-peer",
	[FAIL_IKEV1] = "exchange-mode",
	[FAIL_SESSION] = "no-session",
	[FAIL_RESOURCES] = "no-resources",
	[FAIL_INTERNAL] = "internal",
};

const char *
report_id(struct blob body, char *dst, size_t size)
{
	struct ikeid id;
	const char *why;
	struct cur c;

	cur_init(&c, body.p, body.len);
	if (body.len == 0 || ikeid_get_body(&id, &c, &why) == -1) {
		snprintf(dst, size, "none");
		return dst;
	}
	return ikeid_fmt(&id, dst, size);
}

const char *
report_peer(const struct engine *e, const struct ike_sa *sa)
{
	struct conf_peer *cp = sa_conf(e, sa);

	return cp == NULL ? "?" : cp->c->name;
}

static const char *
phase1_name(const struct ike_sa *sa)
{
	switch (sa->state) {
	case SA_INIT_KE:
	case SA_INIT_SENT:
	case SA_INIT_DERIVE:
	case SA_INIT_REPLY:
		return "IKE_SA_INIT";
	case SA_INIT_DONE:
	case SA_AUTH_MAKE:
	case SA_AUTH_SENT:
	case SA_AUTH_VERIFY:
	case SA_AUTH_CHECK:
		return "IKE_AUTH";
	default:
		return "IKE SA";
	}
}

void
report_ike(struct engine *e, const struct ike_sa *sa, enum fail_code code,
    const char *fmt, ...)
{
	bool half_open = sa_half_open(sa);
	char ip[ADDR_STRLEN], text[640], more[LOG_HELD_LEN];
	uint32_t held = 0;
	va_list ap;

	if (half_open)
		e->st.init_failed++;
	/* Whoever can send to us can make these. */
	if (half_open && !sa->k->initiator &&
	    !log_limit_pass_at(&e->lim_fail, eng_now(e), &held))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip));
	log_error(LOG_T_IPSEC, "%s %s: peer=%s phase=%s side=%s reason=%s: "
	    "%s%s", ip, half_open ? "phase1 negotiation failed" :
	    "IKE SA ended", report_peer(e, sa), phase1_name(sa),
	    sa->k->initiator ? "initiator" : "responder", codes[code], text,
	    log_held(held, more));
}

void
report_rekey(struct engine *e, const struct ike_sa *sa, enum fail_code code,
    const char *fmt, ...)
{
	char ip[ADDR_STRLEN], text[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error(LOG_T_IPSEC, "%s IKE SA rekey failed: peer=%s reason=%s: "
	    "%s", addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip)),
	    report_peer(e, sa), codes[code], text);
}

void
report_child(struct engine *e, const struct ike_sa *sa, uint32_t policy,
    enum fail_code code, const char *fmt, ...)
{
	char ip[ADDR_STRLEN], text[768], more[LOG_HELD_LEN];
	uint32_t held;
	va_list ap;

	e->st.children_failed++;
	/* A peer may ask as often as it likes for what it cannot have. */
	if (!log_limit_pass_at(&e->lim_child, eng_now(e), &held))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip));
	if (policy != 0)
		log_error(LOG_T_IPSEC, "%s phase2 negotiation failed: peer=%s "
		    "policy=*%" PRIx32 " reason=%s: %s%s", ip,
		    report_peer(e, sa), policy, codes[code], text,
		    log_held(held, more));
	else
		log_error(LOG_T_IPSEC, "%s phase2 negotiation failed: peer=%s "
		    "reason=%s: %s%s", ip, report_peer(e, sa), codes[code],
		    text, log_held(held, more));
}

static void
report_rejects(const struct prop_why *why)
{
	char line[PROP_LINE_MAX];
	unsigned i;

	for (i = 0; i < why->n; i++)
		log_error(LOG_T_IPSEC, "%s",
		    prop_reject_fmt(&why->rej[i], line, sizeof(line)));
	if (why->dropped > 0)
		log_error(LOG_T_IPSEC, "%u more rejected pairs not shown",
		    why->dropped);
}

void
report_ike_proposals(struct engine *e, const struct conf_peer *cp,
    const struct ike_path *path, bool initiator, const struct prop_why *why,
    const struct sa_payload *offered)
{
	char ip[ADDR_STRLEN], line[PROP_LINE_MAX], more[LOG_HELD_LEN];
	uint32_t held;

	e->st.no_proposal++;
	e->st.init_failed++;
	if (!log_limit_pass_at(&e->lim_offer, eng_now(e), &held))
		return;
	addr_fmt(&path->remote.addr, ip, sizeof(ip));
	report_rejects(why);
	log_error(LOG_T_IPSEC, "no suitable proposal found.");
	log_error(LOG_T_IPSEC, "%s failed to get valid proposal.", ip);
	log_error(LOG_T_IPSEC, "%s failed to pre-process ph1 packet "
	    "(side: %d, status %d).", ip, !initiator, 1);
	log_error(LOG_T_IPSEC, "%s phase1 negotiation failed.", ip);
	log_error(LOG_T_IPSEC, "%s phase1 negotiation failed: peer=%s "
	    "phase=IKE_SA_INIT side=%s reason=%s: %s%s", ip, cp->c->name,
	    initiator ? "initiator" : "responder", codes[FAIL_NO_PROPOSAL],
	    prop_why_fmt(why, &cp->profile->offer, offered, 0, line,
	    sizeof(line)), log_held(held, more));
}

void
report_child_proposals(struct engine *e, const struct ike_sa *sa,
    const struct ike_proposal *prop, const struct prop_why *why,
    const struct sa_payload *offered, unsigned flags)
{
	char line[PROP_LINE_MAX];
	uint32_t held;

	e->st.no_proposal++;
	if (log_limit_pass_at(&e->lim_offer, eng_now(e), &held))
		report_rejects(why);
	report_child(e, sa, 0, FAIL_NO_PROPOSAL, "proposal=%s %s", prop->name,
	    prop_why_fmt(why, &prop->offer, offered, flags, line,
	    sizeof(line)));
}

void
report_time_up(struct engine *e, const struct ike_sa *sa)
{
	char ip[ADDR_STRLEN], local[ENDPOINT_STRLEN], remote[ENDPOINT_STRLEN];

	addr_fmt(&sa->k->path.remote.addr, ip, sizeof(ip));
	endpoint_fmt(&sa->k->path.local, local, sizeof(local));
	endpoint_fmt(&sa->k->path.remote, remote, sizeof(remote));
	e->st.timed_out++;
	e->st.init_failed++;
	log_error(LOG_T_IPSEC, "%s phase1 negotiation failed due to time up "
	    "%s<=>%s: peer=%s phase=%s reason=%s after %u sendings; check: "
	    "address, local-address and route; UDP 500 and 4500 open on the "
	    "way; NAT; whether the peer runs IKEv2 for our address", ip,
	    local, remote, report_peer(e, sa), phase1_name(sa),
	    codes[FAIL_NO_ANSWER], sa->tries);
}

void
report_malformed(struct engine *e, const struct ike_path *path,
    const char *why)
{
	char from[ENDPOINT_STRLEN];

	e->st.rx_malformed++;
	log_limited(log_limit_of(&e->lim_malformed, why), eng_now(e),
	    LOG_T_IPSEC | LOG_T_WARNING, "%s malformed datagram dropped: %s",
	    endpoint_fmt(&path->remote, from, sizeof(from)), why);
}

static const char *const mode_names[] = {
	[PEER_IKE2] = "ike2",
	[PEER_MAIN] = "main",
	[PEER_AGGRESSIVE] = "aggressive",
	[PEER_BASE] = "base",
};

/* T5, T6: the peer speaks IKEv1; say with which mode it came. */
void
report_v1(struct engine *e, const struct ike_path *path,
    const struct ike_hdr *h)
{
	struct conf_peer *cp = NULL;
	char ip[ADDR_STRLEN];

	if (e->conf != NULL)
		cp = confidx_match(e->conf, &path->remote.addr,
		    &path->local.addr, -1);
	addr_fmt(&path->remote.addr, ip, sizeof(ip));
	log_limited(&e->lim_v1, eng_now(e), LOG_T_IPSEC | LOG_T_ERROR,
	    "%s phase1 negotiation failed: peer=%s "
	    "reason=%s: the peer speaks IKEv1 (exchange %s), we expect "
	    "exchange-mode=%s", ip, cp == NULL ? "none" : cp->c->name,
	    codes[FAIL_IKEV1], ike_v1_exchange_name(h->exchange),
	    cp == NULL ? "ike2" : mode_names[cp->c->mode]);
}

void
report_no_peer(struct engine *e, const struct ike_path *path)
{
	struct conf_peer *cp = NULL;
	char ip[ADDR_STRLEN], local[ADDR_STRLEN];

	e->st.init_failed++;
	if (e->conf != NULL)
		cp = confidx_match(e->conf, &path->remote.addr,
		    &path->local.addr, -1);
	addr_fmt(&path->remote.addr, ip, sizeof(ip));
	addr_fmt(&path->local.addr, local, sizeof(local));
	if (cp != NULL)
		log_limited(&e->lim_no_peer, eng_now(e),
		    LOG_T_IPSEC | LOG_T_ERROR,
		    "%s phase1 negotiation failed: peer=%s "
		    "reason=%s: the peer speaks IKEv2, we expect "
		    "exchange-mode=%s", ip, cp->c->name, codes[FAIL_IKEV1],
		    mode_names[cp->c->mode]);
	else
		log_limited(&e->lim_no_peer, eng_now(e),
		    LOG_T_IPSEC | LOG_T_ERROR,
		    "%s phase1 negotiation failed: "
		    "reason=%s: no peer is configured for this address "
		    "(ours: %s)", ip, codes[FAIL_NO_PEER], local);
}

void
report_unproven(struct engine *e, const struct ike_path *path,
    const struct ike_hdr *h, const struct msg_payloads *pl)
{
	const struct payload *p = payload_get(pl, PL_NOTIFY);
	struct notify_body n = { 0 };
	char from[ENDPOINT_STRLEN];

	if (p != NULL)
		(void)notify_parse(&n, p->body, NULL);
	log_limited(&e->lim_unproven, eng_now(e), LOG_T_IPSEC | LOG_T_WARNING,
	    "%s unprotected %s ignored%s%s",
	    endpoint_fmt(&path->remote, from, sizeof(from)),
	    ike_exchange_name(h->exchange), p == NULL ? "" : ": ",
	    p == NULL ? "" : ike_notify_name(n.type));
}

void
report_unknown_spi(struct engine *e, const struct ike_path *path,
    const struct ike_hdr *h)
{
	char from[ENDPOINT_STRLEN];

	log_limited(&e->lim_spi, eng_now(e), LOG_T_IPSEC | LOG_T_INFO,
	    "%s %s for an unknown IKE SA "
	    "%016" PRIx64 ":%016" PRIx64,
	    endpoint_fmt(&path->remote, from, sizeof(from)),
	    ike_exchange_name(h->exchange), h->ispi, h->rspi);
}
