/*
 * What suite_init fetched from OpenSSL, for a process that keeps contexts of
 * its own because it works packet by packet (espd).
 */
#ifndef LIB_SUITE_EVP_H
#define LIB_SUITE_EVP_H

#include "lib/suite/suite.h"

#include <openssl/evp.h>

/* The cipher of an ENCR row, borrowed for good.  NULL: OpenSSL lacks it. */
EVP_CIPHER *suite_evp_cipher(const struct alg *);

#endif
