/*
 * IKEv2 exchanges.  table.c says which message may come in which state and
 * who handles it; the other files hold the handlers, one per exchange.
 */
#ifndef IKEPD_V2_V2_H
#define IKEPD_V2_V2_H

#include "ikepd/core.h"
#include "ikepd/exchange.h"
#include "ikepd/task.h"
#include "ikepd/work.h"

/* Whether a request may come in the SA's state; otherwise it is dropped
 * and will be repeated. */
bool v2_awaits(const struct ike_sa *, const struct inmsg *);
/* Hands a message to its row's handler; required payloads are checked. */
void v2_dispatch(struct engine *, struct ike_sa *, struct inmsg *);
/* The inside of a message that is proven the peer's does not parse. */
void v2_bad_request(struct engine *, struct ike_sa *, struct inmsg *,
    const struct wire_err *);
void v2_bad_response(struct engine *, struct ike_sa *, struct inmsg *,
    const struct wire_err *);
/* Our request was repeated often enough. */
void v2_timed_out(struct engine *, struct ike_sa *);
/* An asynchronous step of an exchange did not end in time. */
/* The same when certd is awaited before an IKE SA stands. */
void v2_auth_late(struct engine *, struct ike_sa *);
void v2_work_late(struct engine *, struct ike_sa *, bool theirs);

/* init.c */
void v2_init_start(struct engine *, struct ike_sa *);
void v2_init_request(struct engine *, const struct ike_path *,
    const struct ike_hdr *, size_t len);
void v2_init_response(struct engine *, struct ike_sa *, struct inmsg *);
/* auth.c */
void v2_auth_start(struct engine *, struct ike_sa *);
void v2_auth_request(struct engine *, struct ike_sa *, struct inmsg *);
void v2_auth_response(struct engine *, struct ike_sa *, struct inmsg *);
/* child.c */
enum task_start v2_child_start(struct engine *, struct ike_sa *,
    const struct task *);
void v2_create_request(struct engine *, struct ike_sa *, struct inmsg *);
void v2_child_response(struct engine *, struct ike_sa *, struct inmsg *);
/* rekey_child.c, rekey_ike.c */
enum task_start v2_rekey_child_start(struct engine *, struct ike_sa *,
    const struct task *);
enum task_start v2_rekey_ike_start(struct engine *, struct ike_sa *,
    const struct task *);
void v2_rekey_ike_request(struct engine *, struct ike_sa *, struct inmsg *,
    const struct sa_payload *);
void v2_rekey_ike_response(struct engine *, struct ike_sa *, struct inmsg *);
/* info.c */
enum task_start v2_delete_child_start(struct engine *, struct ike_sa *,
    const struct task *);
enum task_start v2_undo_child_start(struct engine *, struct ike_sa *,
    const struct task *);
enum task_start v2_delete_ike_start(struct engine *, struct ike_sa *,
    const struct task *);
enum task_start v2_liveness_start(struct engine *, struct ike_sa *,
    const struct task *);
void v2_info_request(struct engine *, struct ike_sa *, struct inmsg *);
void v2_delete_child_response(struct engine *, struct ike_sa *,
    struct inmsg *);
void v2_delete_ike_response(struct engine *, struct ike_sa *,
    struct inmsg *);
void v2_liveness_response(struct engine *, struct ike_sa *, struct inmsg *);

/* Reading a message (notify.c). */
struct notify_body;
/* The first Notify of a type; false: none, or malformed. */
bool v2_notify(const struct inmsg *, uint16_t type, struct notify_body *);
/* The first error Notify, 0: none. */
uint16_t v2_error(const struct inmsg *, struct notify_body *);
/* Nonce of the message to *dst; -1: none, or of wrong length. */
int v2_nonce(const struct inmsg *, struct secret *dst);
/* Names the unknown status notifies and vendor ids at debug level. */
void v2_log_extras(const struct inmsg *);

#endif
