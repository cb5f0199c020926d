/* A gateway with certificates, and clients that log in there. */
#ifndef TESTS_UNIT_GATE_UTIL_H
#define TESTS_UNIT_GATE_UTIL_H

#include "certd/login.h"

#include "cert_util.h"

#define ALL_HASHES	(SIGN_HASH(2) | SIGN_HASH(3) | SIGN_HASH(4) |	\
			    SIGN_HASH_IDENTITY)

/* Of the gateway. */
extern struct conf *conf;
extern struct login_env env;
/* CAs, two of them below the first one; a client of it; a certificate that
 * is pinned, and one that is self-signed. */
extern X509 *ca, *ca2, *sub, *nc, *alice, *pin, *self;
/* What a login of the client borrows until the next one. */
extern struct buf id_buf, asked_buf, auth_buf;

/* Once: keys that take long to make. */
void keys_setup(void);
/* For each test. */
void setup(void);
void teardown(void);

time_t test_now(void);
/* Alice's, but for what a test wants otherwise. */
struct spec alice_spec(void);
uint32_t peer_id(const char *name);
/* Of the identity with that number; "": there is none. */
const char *comment_of(uint32_t identity);

/* The client's AUTH for l's other end. */
void client_signs(struct login *l, EVP_PKEY *k, const char *id,
    uint16_t hashes, bool pss);
/* One certificate or NULL, one ID, our decision. */
void log_in(const char *peer, X509 *x, EVP_PKEY *k, const char *id,
    struct login_answer *a);
/* The identity with that comment is chosen. */
void assert_login(const char *peer, X509 *x, EVP_PKEY *k, const char *id,
    const char *chosen);
void assert_refused(const char *peer, X509 *x, EVP_PKEY *k, const char *id,
    enum login_status status, const char *why);

#endif
