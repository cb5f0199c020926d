/* The edge to the workers: questions in, decisions out. */
#ifndef CERTD_IPC_IKE_H
#define CERTD_IPC_IKE_H

#include "certd/login.h"

#include <event2/event.h>

#include <stdint.h>

struct ipc_ike;

/* One a process.  env is what logins are decided with; it is kept. */
struct ipc_ike *ipc_ike_new(struct event_base *, struct login_env *env);
/* Takes ownership of fd, the edge to a worker that is new or new again. */
void ipc_ike_up(struct ipc_ike *, unsigned worker, int fd);
/* Identities, CAs or settings have changed: says so to the workers. */
void ipc_ike_trust(struct ipc_ike *);
/* A certificate was revoked: cuts the IKE SAs of whoever showed it. */
void ipc_ike_revoked(struct ipc_ike *, const uint8_t fp[CERT_FP_LEN]);
void ipc_ike_expired(struct ipc_ike *, const uint8_t fp[CERT_FP_LEN]);
/* An intermediate CA to be handed to the certd after this one. */
void ipc_ike_issuer(struct ipc_ike *, X509 *);

#endif
