/*
 * What suite_init fetched, and each thread's cached contexts.  Private to
 * lib/suite.
 */
#ifndef LIB_SUITE_RUN_H
#define LIB_SUITE_RUN_H

#include "lib/suite/ke.h"
#include "lib/suite/prf.h"

#include <openssl/evp.h>

extern const struct alg suite_table[];
extern const size_t suite_rows;

/*
 * The calling thread's context for a row, borrowed; its cipher or digest is
 * set, its key is whatever was used last.  NULL: not usable, or no memory.
 */
EVP_CIPHER_CTX *run_cipher_ctx(const struct alg *);
EVP_MAC_CTX *run_mac_ctx(const struct alg *);
EVP_MD_CTX *run_md_ctx(void);
EVP_MD *run_md(enum hash_id);
/* Domain parameters of a MODP or ECP group, borrowed. */
EVP_PKEY *run_group(const struct alg *);

/*
 * MAC over parts with a key of the exact form the algorithm takes; writes
 * out_len bytes.  key NULL: an HMAC goes on with the key of the thread's last
 * call for this row.
 */
int mac_calc(const struct alg *, const void *key, size_t keylen,
    const struct part *, size_t n, uint8_t *out);

/* Makes a ke_priv of a key pair in the group; owns pkey, even on NULL. */
struct ke_priv *ke_adopt(const struct alg *, EVP_PKEY *pkey);

#endif
