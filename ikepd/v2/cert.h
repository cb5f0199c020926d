/*
 * Certificates in IKEv2 messages: CERT, CERTREQ (RFC 7296 3.6, 3.7) and the
 * hash algorithms of signatures (RFC 7427).  What they mean, certd knows.
 */
#ifndef IKEPD_V2_CERT_H
#define IKEPD_V2_CERT_H

#include "ikepd/v2/v2.h"

/* N(SIGNATURE_HASH_ALGORITHMS), and in a response CERTREQ, for a peer that
 * may use certificates. */
void cert_put_init(struct engine *, struct outmsg *, const struct ike_sa *);
/* What the peer's IKE_SA_INIT says; malformed parts count as not there. */
void cert_read_init(struct ike_sa *, const struct inmsg *);
/* [CERTREQ] of an initiator's IKE_AUTH. */
void cert_put_req(struct engine *, struct outmsg *, const struct ike_sa *);

/* CERT payloads of a message into a request, which borrows.  -1: they are
 * malformed or too long. */
int cert_read(struct auth_req *, const struct inmsg *, struct wire_err *);
/* Hashes in the CERTREQ payloads of a message, AUTH_CERTREQ_MAX bytes at
 * most.  -1: no memory. */
int cert_read_req(struct secret *, const struct inmsg *);

/* Keeps what certd wants sent, for certs_put().  -1: no memory. */
int certs_keep(struct secret *, const struct auth_result *);
void certs_put(struct outmsg *, const struct secret *);

#endif
