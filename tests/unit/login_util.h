/* What two ends know after IKE_SA_INIT, for the tests of logins. */
#ifndef TESTS_UNIT_LOGIN_UTIL_H
#define TESTS_UNIT_LOGIN_UTIL_H

#include "certd/login.h"

/* A question about that peer, from one end; local 203.0.113.1. */
struct login login_of(uint32_t peer, bool initiator);
/* The same from the other end. */
struct auth_parts parts_mirrored(const struct auth_parts *);
/* The body of an ID payload in b, which is reset; NULL: none. */
struct part id_body(struct buf *b, const char *text);
/* A login_cb: *arg is a struct login_answer to keep. */
void login_keep(void *arg, const struct login_answer *);

/* The peer sends a certificate along; to be freed by login_hide. */
void login_show(struct login *, uint8_t encoding, const X509 *);
void login_hide(struct login *);
/* The peer, whose id_peer is set, signs with k; its AUTH lies in b. */
void login_sign(struct login *, struct buf *b, EVP_PKEY *k, uint16_t hashes,
    bool pss);
/* A log_sink for what is of no interest. */
void drop_line(void *arg, uint32_t topics, const char *line);

#endif
