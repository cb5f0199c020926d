/*
 * Keying material of IKE SAs and their children, RFC 7296 2.13 to 2.18.
 * The structs are plain data that hold keys; each has a wipe function.
 */
#ifndef IKEPD_KEYMAT_H
#define IKEPD_KEYMAT_H

#include "lib/suite/prf.h"
#include "lib/suite/sk.h"
#include "lib/suite/suite.h"

#define NONCE_BYTES_MAX	256

/* SK_*, lengths in bytes.  e: salt included; a: 0 with an AEAD. */
struct ike_keys {
	uint8_t d_len, a_len, e_len, p_len;
	uint8_t sk_d[PRF_MAX];
	uint8_t sk_ai[SK_INTEG_MAX], sk_ar[SK_INTEG_MAX];
	uint8_t sk_ei[CIPHER_KEY_MAX], sk_er[CIPHER_KEY_MAX];
	uint8_t sk_pi[PRF_MAX], sk_pr[PRF_MAX];
};

/* Keys of a pair of ESP or AH SAs: i from the initiator of the exchange to
 * its responder, r back. */
struct child_keys {
	uint8_t e_len, a_len;
	uint8_t encr_i[CIPHER_KEY_MAX], encr_r[CIPHER_KEY_MAX];
	uint8_t integ_i[SK_INTEG_MAX], integ_r[SK_INTEG_MAX];
};

/* What an exchange contributes.  Nonces are 16..256 bytes without header;
 * gir is the shared secret, len 0 when there was no key exchange. */
struct keymat_in {
	struct part ni, nr;
	struct part gir;
	uint64_t ispi, rspi;	/* of the IKE SA to be keyed */
};

void ike_keys_wipe(struct ike_keys *);
void child_keys_wipe(struct child_keys *);

/*
 * 2.14.  integ NULL with an AEAD.  0, or -1 with a static *why; *keys is
 * wiped then.
 */
int keymat_ike(struct ike_keys *keys, const struct alg *encr,
    const struct alg *integ, const struct alg *prf_alg,
    const struct keymat_in *in, const char **why);
/*
 * 2.18: SKEYSEED comes from the old SA's PRF and SK_d, the rest from the
 * new PRF.  in->gir must be there.  keys must not be old.
 */
int keymat_ike_rekey(struct ike_keys *keys, const struct alg *encr,
    const struct alg *integ, const struct alg *prf_alg,
    const struct alg *old_prf, const struct ike_keys *old,
    const struct keymat_in *in, const char **why);
/*
 * 2.17: KEYMAT of a child; the SPIs of in are not used.  prf_alg and keys
 * are the IKE SA's; either of encr and integ may be NULL.
 */
int keymat_child(struct child_keys *child, const struct alg *encr,
    const struct alg *integ, const struct alg *prf_alg,
    const struct ike_keys *keys, const struct keymat_in *in,
    const char **why);

#endif
