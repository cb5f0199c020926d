/* What both roles of IKE_AUTH share. */
#ifndef IKEPD_V2_AUTH_H
#define IKEPD_V2_AUTH_H

#include "ikepd/v2/v2.h"

/* All that both kinds of request to certd have; borrows from the SA. */
void auth_fill(const struct ike_sa *, struct auth_req *);
/*
 * Why certd would not even look at these payloads (asked may be NULL); NULL:
 * it will.
 */
const char *auth_odd(const struct payload *id, const struct payload *asked,
    const struct payload *auth);
/* The final line of a refused authentication; method is the peer's. */
void auth_report(struct engine *, const struct ike_sa *, struct blob id,
    uint8_t method, const struct auth_result *);
/* "pre-shared key" or "certificate", for an AUTH method. */
const char *auth_kind(uint8_t method);
/* Names the certificate that a peer has shown. */
void auth_subject(const struct ike_sa *, const struct auth_result *);

#endif
