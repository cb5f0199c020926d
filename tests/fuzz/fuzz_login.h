/* What the seeds of fuzz_login.c are made with. */
#ifndef TESTS_FUZZ_FUZZ_LOGIN_H
#define TESTS_FUZZ_FUZZ_LOGIN_H

#include "certd/login.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_LOGIN_NOW	1767225600	/* 2026-01-01 */
#define FUZZ_LOGIN_USER	"CN=alice"	/* who may come in, if anybody */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The CA that is trusted, its key and a user's: the same in each run;
 * borrowed. */
const X509 *fuzz_login_ca(void);
EVP_PKEY *fuzz_login_ca_key(void);
EVP_PKEY *fuzz_login_user_key(void);
/* The question, but for what comes of the input. */
void fuzz_login_question(struct login *);
/* The last input was let in. */
bool fuzz_login_admitted(void);

#endif
