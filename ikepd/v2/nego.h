/*
 * Negotiating a child SA, for IKE_AUTH and CREATE_CHILD_SA alike (RFC 7296
 * 1.2, 1.3.1, 2.7, 2.9).
 */
#ifndef IKEPD_V2_NEGO_H
#define IKEPD_V2_NEGO_H

#include "ikepd/v2/v2.h"

/*
 * Our side begins: w->neg for a policy.  packet (may be NULL) puts its
 * selectors first; old (may be NULL) is the child to rekey, whose selectors
 * are taken.  -1 with *why.
 */
int nego_begin(struct engine *, struct ike_sa *, struct work *,
    const struct ike_policy *, const struct task *packet,
    const struct child *old, const char **why);
/* [N(USE_TRANSPORT_MODE)], SA of the offer; then nonce and KE stand; then
 * the selectors. */
void nego_put_sa(struct engine *, struct outmsg *, const struct work *);
void nego_put_ts(struct outmsg *, const struct work *);

/*
 * The peer's request: policy, selectors, algorithms into w->neg.  0, or
 * the Notify to answer with, the failure being reported already.  *data
 * gets what goes with INVALID_KE_PAYLOAD.  old: the child to be rekeyed.
 */
uint16_t nego_request(struct engine *, struct ike_sa *, struct work *,
    const struct inmsg *, const struct child *old, uint8_t data[2],
    size_t *datalen);
/* [N(USE_TRANSPORT_MODE)], SA of the answer; nego_put_ts() follows. */
void nego_put_answer_sa(struct outmsg *, const struct work *);

/*
 * The peer's answer to our offer.  0; -1: reported; the peer has installed
 * something that must be deleted again.
 */
int nego_response(struct engine *, struct ike_sa *, struct work *,
    const struct inmsg *);
/*
 * The peer has deleted the child while its answer was on the way or our
 * computations went on; to be asked when nothing more stands before the
 * installation.  True: logged, and not to be installed.
 */
bool nego_gone(const struct work *);
/*
 * The peer answers with an error (a Notify type; 0: with nothing): one line
 * with all that was offered.
 */
void nego_refused(struct engine *, struct ike_sa *, const struct work *,
    uint16_t err);
/* The child stands: counts and logs. */
void nego_done(struct engine *, struct ike_sa *, const struct work *);

#endif
