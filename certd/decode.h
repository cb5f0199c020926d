/*
 * Reading the certificates and keys that peers show.
 *
 * OpenSSL 3.0 asks every decoder and every kind of key that it knows whether
 * it fits, for each key anew, which takes several times as long as reading
 * it.  Here it has a library context in which only the kinds of key that we
 * take are known (keycheck.h).
 */
#ifndef CERTD_DECODE_H
#define CERTD_DECODE_H

#include "lib/suite/prf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * Where such keys are at home: computing with them elsewhere costs a copy.
 * NULL, which is OpenSSL's own context, when it cannot be made.  Safe in
 * threads.
 */
OSSL_LIB_CTX *decode_ctx(void);
/*
 * DER, all of it.  NULL: it is not that.  A certificate with another kind of
 * key is read, and has none.
 */
X509 *decode_cert(const struct part *);
EVP_PKEY *decode_pubkey(const struct part *);

#endif
