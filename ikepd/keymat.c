#include "ikepd/keymat.h"

#include "lib/secret.h"

#include <string.h>

static void
put_spi(uint8_t out[8], uint64_t spi)
{
	for (int i = 7; i >= 0; i--, spi >>= 8)
		out[i] = (uint8_t)spi;
}

void
ike_keys_wipe(struct ike_keys *k)
{
	secret_wipe(k, sizeof(*k));
}

void
child_keys_wipe(struct child_keys *k)
{
	secret_wipe(k, sizeof(*k));
}

static int
fail(const char **why, const char *reason)
{
	*why = reason;
	return -1;
}

static int
nonces_check(const struct keymat_in *in, const char **why)
{
	if (in->ni.len < 16 || in->ni.len > NONCE_BYTES_MAX ||
	    in->nr.len < 16 || in->nr.len > NONCE_BYTES_MAX)
		return fail(why, "nonce length outside 16..256");
	return 0;
}

/* Cuts the next piece off the material. */
static void
take(uint8_t *dst, size_t n, const uint8_t **p)
{
	memcpy(dst, *p, n);
	*p += n;
}

static int
ike_lengths(struct ike_keys *k, const struct alg *encr,
    const struct alg *integ, const struct alg *prf_alg, const char **why)
{
	size_t a_len = integ != NULL ? integ->key_len : 0;

	if (encr->key_len > sizeof(k->sk_ei) || a_len > sizeof(k->sk_ai) ||
	    prf_alg->key_len > sizeof(k->sk_d) || prf_alg->key_len == 0)
		return fail(why, "key lengths of the algorithm table do not "
		    "fit an IKE SA");
	k->d_len = k->p_len = (uint8_t)prf_alg->key_len;
	k->a_len = (uint8_t)a_len;
	k->e_len = (uint8_t)encr->key_len;
	return 0;
}

/* {SK_d | SK_ai | ... | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr) */
static int
ike_expand(struct ike_keys *k, const struct alg *prf_alg,
    const uint8_t *skeyseed, size_t seedlen, const struct keymat_in *in,
    const char **why)
{
	uint8_t out[sizeof(struct ike_keys)], spis[16];
	size_t len = k->d_len + 2u * (k->a_len + k->e_len + k->p_len);
	const uint8_t *p = out;

	put_spi(spis, in->ispi);
	put_spi(spis + 8, in->rspi);
	const struct part seed[] = { in->ni, in->nr, { spis, sizeof(spis) } };

	if (prf_plus(prf_alg, skeyseed, seedlen, seed, 3, out, len) == -1)
		return fail(why, "prf+ failed");
	take(k->sk_d, k->d_len, &p);
	take(k->sk_ai, k->a_len, &p);
	take(k->sk_ar, k->a_len, &p);
	take(k->sk_ei, k->e_len, &p);
	take(k->sk_er, k->e_len, &p);
	take(k->sk_pi, k->p_len, &p);
	take(k->sk_pr, k->p_len, &p);
	secret_wipe(out, sizeof(out));
	return 0;
}

int
keymat_ike(struct ike_keys *k, const struct alg *encr,
    const struct alg *integ, const struct alg *prf_alg,
    const struct keymat_in *in, const char **why)
{
	uint8_t skeyseed[PRF_MAX];
	int rv = -1;

	memset(k, 0, sizeof(*k));
	if (nonces_check(in, why) == -1 ||
	    ike_lengths(k, encr, integ, prf_alg, why) == -1)
		goto out;
	if (in->gir.len == 0 || prf_skeyseed(prf_alg, in->ni.p, in->ni.len,
	    in->nr.p, in->nr.len, in->gir.p, in->gir.len, skeyseed) == -1) {
		fail(why, "SKEYSEED could not be computed");
		goto out;
	}
	rv = ike_expand(k, prf_alg, skeyseed, prf_alg->out_len, in, why);
out:
	secret_wipe(skeyseed, sizeof(skeyseed));
	if (rv == -1)
		ike_keys_wipe(k);
	return rv;
}

int
keymat_ike_rekey(struct ike_keys *k, const struct alg *encr,
    const struct alg *integ, const struct alg *prf_alg,
    const struct alg *old_prf, const struct ike_keys *old,
    const struct keymat_in *in, const char **why)
{
	const struct part parts[] = { in->gir, in->ni, in->nr };
	uint8_t skeyseed[PRF_MAX];
	int rv = -1;

	memset(k, 0, sizeof(*k));
	if (nonces_check(in, why) == -1 ||
	    ike_lengths(k, encr, integ, prf_alg, why) == -1)
		goto out;
	/* As long as the old PRF's output, though a key of the new one. */
	if (in->gir.len == 0 || prf(old_prf, old->sk_d, old->d_len, parts, 3,
	    skeyseed) == -1) {
		fail(why, "SKEYSEED could not be computed");
		goto out;
	}
	rv = ike_expand(k, prf_alg, skeyseed, old_prf->out_len, in, why);
out:
	secret_wipe(skeyseed, sizeof(skeyseed));
	if (rv == -1)
		ike_keys_wipe(k);
	return rv;
}

int
keymat_child(struct child_keys *c, const struct alg *encr,
    const struct alg *integ, const struct alg *prf_alg,
    const struct ike_keys *keys, const struct keymat_in *in,
    const char **why)
{
	const struct part seed[] = { in->gir, in->ni, in->nr };
	unsigned skip = in->gir.len == 0 ? 1 : 0;
	size_t e_len = encr != NULL ? encr->key_len : 0;
	size_t a_len = integ != NULL ? integ->key_len : 0;
	uint8_t out[sizeof(struct child_keys)];
	const uint8_t *p = out;

	memset(c, 0, sizeof(*c));
	if (nonces_check(in, why) == -1)
		return -1;
	if (e_len > sizeof(c->encr_i) || a_len > sizeof(c->integ_i) ||
	    e_len + a_len == 0)
		return fail(why, "key lengths of the algorithm table do not "
		    "fit a child SA");
	if (prf_plus(prf_alg, keys->sk_d, keys->d_len, seed + skip, 3 - skip,
	    out, 2 * (e_len + a_len)) == -1)
		return fail(why, "prf+ failed");
	c->e_len = (uint8_t)e_len;
	c->a_len = (uint8_t)a_len;
	take(c->encr_i, e_len, &p);
	take(c->integ_i, a_len, &p);
	take(c->encr_r, e_len, &p);
	take(c->integ_r, a_len, &p);
	secret_wipe(out, sizeof(out));
	return 0;
}
