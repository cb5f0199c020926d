/*
 * What an operator reads when something fails: the lines of requirements
 * 4.3 and one final line that names peer, phase, reason, both sides' terms
 * and the nearest miss.
 */
#ifndef IKEPD_REPORT_H
#define IKEPD_REPORT_H

#include "ikepd/core.h"
#include "ikepd/proposal.h"

/* The reason code of the final line. */
enum fail_code {
	FAIL_NO_ANSWER,
	FAIL_NO_PROPOSAL,
	FAIL_REFUSED,		/* the peer refused, by this notify */
	FAIL_AUTH,		/* AUTH does not verify */
	FAIL_ID,		/* no identity fits */
	FAIL_KEY,		/* our key or certificate is not there */
	FAIL_CERTD,		/* certd does not answer, or cannot yet */
	FAIL_METHOD,		/* the peer wants another authentication */
	FAIL_SELECTORS,
	FAIL_MODE,		/* tunnel against transport */
	FAIL_SYNTAX,
	FAIL_NO_PEER,		/* no peer is configured for the address */
	FAIL_IKEV1,
	FAIL_SESSION,		/* sessiond does not let the user in */
	FAIL_RESOURCES,		/* no SPI, keymgr not there */
	FAIL_INTERNAL,
	FAIL_CODES
};

/* Final line of a failed IKE SA. */
void report_ike(struct engine *, const struct ike_sa *, enum fail_code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same for a rekey of it that failed; the IKE SA stays. */
void report_rekey(struct engine *, const struct ike_sa *, enum fail_code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Final line of a failed child; the IKE SA stays. */
void report_child(struct engine *, const struct ike_sa *, uint32_t policy,
    enum fail_code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * Algorithms do not match, phase 1 and 2: each rejected pair, then the
 * lines that name the failure.
 */
void report_ike_proposals(struct engine *, const struct conf_peer *,
    const struct ike_path *, bool initiator, const struct prop_why *,
    const struct sa_payload *offered);
void report_child_proposals(struct engine *, const struct ike_sa *,
    const struct ike_proposal *, const struct prop_why *,
    const struct sa_payload *offered, unsigned flags);

/* Nobody answered. */
void report_time_up(struct engine *, const struct ike_sa *);
/* Datagrams that end before there is an IKE SA; all rate-limited. */
void report_malformed(struct engine *, const struct ike_path *,
    const char *why);
void report_v1(struct engine *, const struct ike_path *,
    const struct ike_hdr *);
void report_no_peer(struct engine *, const struct ike_path *);
void report_unproven(struct engine *, const struct ike_path *,
    const struct ike_hdr *, const struct msg_payloads *);
void report_unknown_spi(struct engine *, const struct ike_path *,
    const struct ike_hdr *);

/* "fqdn" style text of an ID payload body; returns dst. */
const char *report_id(struct blob body, char *dst, size_t);
/* Name of the SA's peer entry, "?" when it is gone. */
const char *report_peer(const struct engine *, const struct ike_sa *);

#endif
