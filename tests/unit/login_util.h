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

#endif
