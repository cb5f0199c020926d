/*
 * Exchanges: message ids, window of one, repetition, the response that is
 * kept, protection (RFC 7296 2.1 to 2.3, 3.14), fragments (RFC 7383).
 */
#ifndef IKEPD_EXCHANGE_H
#define IKEPD_EXCHANGE_H

#include "ikepd/core.h"
#include "ikepd/wire/writer.h"

/* A message of the peer, checked as far as its envelope goes. */
struct inmsg {
	struct ike_hdr h;
	struct ike_path path;
	struct cur raw;			/* the datagram as it came; of fragments
					 * the message that they make */
	struct msg_payloads pl;		/* of the inside, when encrypted */
	uint8_t *mem;			/* owned when kept, else NULL */
};

/* A copy that lives on its own.  NULL: no memory. */
struct inmsg *inmsg_keep(const struct engine *, const struct inmsg *);
void inmsg_free(struct inmsg *);

/* A message under construction; payloads go through w and b. */
struct outmsg {
	struct buf b;
	struct msg_writer w;
	struct ike_hdr h;
	bool sk;
};

/*
 * Begins a request or a response on an SA, encrypted but for IKE_SA_INIT.
 * out_request and out_response end, protect and send it and free m in any
 * case.  -1: it could not be made; the SA has been destroyed then.
 */
void out_begin(struct outmsg *, struct ike_sa *, uint8_t exchange,
    bool response);
void out_free(struct outmsg *);
int out_request(struct engine *, struct ike_sa *, struct outmsg *);
int out_response(struct engine *, struct ike_sa *, struct outmsg *);
/* A response with one Notify. */
int out_error(struct engine *, struct ike_sa *, uint8_t exchange,
    uint16_t notify, const void *data, size_t);
/* An unprotected answer that leaves no state (RFC 7296 1.5, 2.6, 2.21). */
void out_stateless(struct engine *, const struct ike_path *,
    const struct ike_hdr *request, uint16_t notify, const void *data,
    size_t);

/*
 * A datagram for a known SA.  h was parsed from it; e->rx holds a copy.
 */
void xchg_recv(struct engine *, struct ike_sa *, const struct ike_path *,
    const struct ike_hdr *h, size_t len);
/* The response to our request has come: no more repetition. */
void xchg_request_done(struct engine *, struct ike_sa *);
/* DUE_RETRANSMIT: repeats, or gives the SA up. */
void xchg_retransmit(struct engine *, struct ike_sa *);
/* Ends the wait for what fragments of the peer are still missing. */
void xchg_forget_fragments(struct engine *, struct ike_sa *);
/* Sends the stored response again. */
void xchg_repeat_response(struct engine *, struct ike_sa *,
    const struct ike_path *);

#endif
