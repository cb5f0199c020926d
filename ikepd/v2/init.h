/* What both roles of IKE_SA_INIT share. */
#ifndef IKEPD_V2_INIT_H
#define IKEPD_V2_INIT_H

#include "ikepd/v2/v2.h"

#define INIT_NONCE_LEN	32

/* A nonce of ours.  -1: no memory. */
int init_nonce(struct engine *, struct secret *nonce);
void init_put_natt(const struct engine *, struct outmsg *,
    const struct ike_sa *);
/* Sets natt_self, natt_peer and encap from the peer's hashes. */
void init_put_frag(struct outmsg *, const struct ike_sa *);
void init_detect_nat(const struct engine *, struct ike_sa *,
    const struct inmsg *);
void init_move_to_natt(struct engine *, struct ike_sa *);
/* Notes the algorithms chosen. */
void init_rows(struct ike_sa *, const struct prop_choice *);
/* Derives and installs the keys of a handshake. */
int init_keys(struct ike_sa *, const struct prop_choice *,
    const struct secret *gir, const char **why);

#endif
