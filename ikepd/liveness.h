/* Whether the peer is still there (RFC 7296 2.4), and NAT keepalives. */
#ifndef IKEPD_LIVENESS_H
#define IKEPD_LIVENESS_H

#include "ikepd/core.h"

/* DUE_DPD: after dpd-interval of silence on IKE and ESP, a probe. */
void liveness_due(struct engine *, struct ike_sa *);
/* DUE_KEEPALIVE */
void liveness_keepalive(struct engine *, struct ike_sa *);

#endif
