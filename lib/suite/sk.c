#include "lib/suite/sk.h"

#include "lib/secret.h"
#include "lib/suite/prf.h"

#include <string.h>

static const struct alg *
dir_encr(const struct sk_dir *d)
{
	return suite_row(d->encr);
}

static const struct alg *
dir_integ(const struct sk_dir *d)
{
	return suite_row(d->integ);
}

static size_t
icv_len(const struct sk_dir *d)
{
	const struct alg *e = dir_encr(d);

	return e->flags & ALG_AEAD ? e->icv_len : dir_integ(d)->icv_len;
}

int
sk_init(struct sk_dir *d, const struct alg *e, const struct alg *in,
    const uint8_t *ek, const uint8_t *ak)
{
	const char *why;

	if (in == NULL)
		in = suite_by_id(SUITE_INTEG, 0, 0);
	if (!suite_pair_ok(e, in, ALG_PHASE1, &why) ||
	    e->key_len > sizeof(d->ek) || in->key_len > sizeof(d->ak))
		return -1;
	memset(d, 0, sizeof(*d));
	d->encr = suite_row_of(e);
	d->integ = suite_row_of(in);
	memcpy(d->ek, ek, e->key_len);
	if (in->key_len > 0)
		memcpy(d->ak, ak, in->key_len);
	return 0;
}

void
sk_wipe(struct sk_dir *d)
{
	secret_wipe(d->ek, sizeof(d->ek));
	secret_wipe(d->ak, sizeof(d->ak));
}

size_t
sk_iv_len(const struct sk_dir *d)
{
	return dir_encr(d)->iv_len;
}

/* Length of n bytes with padding and pad length. */
static size_t
padded(const struct sk_dir *d, size_t n)
{
	size_t block = dir_encr(d)->block;

	return (n + 1 + block - 1) / block * block;
}

size_t
sk_len(const struct sk_dir *d, size_t n)
{
	return sk_iv_len(d) + padded(d, n) + icv_len(d);
}

size_t
sk_room(const struct sk_dir *d, size_t room)
{
	size_t fixed = sk_iv_len(d) + icv_len(d);
	size_t block = dir_encr(d)->block;

	if (room < fixed + block)
		return 0;
	return (room - fixed) / block * block - 1;
}

static int
calc_icv(const struct sk_dir *d, uint8_t *msg, size_t len, uint8_t *icv)
{
	struct part v = { msg, len };

	return integ_icv(dir_integ(d), d->ak, &v, 1, icv);
}

/* RFC 5282 section 3.1: a counter is a good IV for these modes. */
static int
make_iv(struct sk_dir *d, uint8_t *at, const uint8_t *iv, const char **why)
{
	if (!(dir_encr(d)->flags & ALG_COUNTER)) {
		if (iv == NULL) {
			*why = "no IV given";
			return -1;
		}
		memcpy(at, iv, sk_iv_len(d));
		return 0;
	}
	if (d->ctr == UINT64_MAX) {
		*why = "IV counter is used up";
		return -1;
	}
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(d->ctr >> (56 - 8 * i));
	d->ctr++;
	return 0;
}

int
sk_seal(struct sk_dir *d, uint8_t *msg, size_t aadlen, size_t n,
    const uint8_t *iv, const char **why)
{
	const struct alg *e = dir_encr(d);
	uint8_t *at = msg + aadlen, *text = at + e->iv_len;
	size_t len = padded(d, n);
	uint8_t *icv = text + len;

	if (make_iv(d, at, iv, why) == -1)
		return -1;
	memset(text + n, 0, len - n);
	text[len - 1] = (uint8_t)(len - n - 1);
	if (cipher_seal(e, d->ek, at, msg, aadlen, text, len, icv) == -1 ||
	    (!(e->flags & ALG_AEAD) &&
	    calc_icv(d, msg, aadlen + e->iv_len + len, icv) == -1)) {
		*why = "encryption failed";
		return -1;
	}
	return 0;
}

/* Checks the ICV and decrypts; text has len bytes and the ICV behind it. */
static const char *
open_text(const struct sk_dir *d, uint8_t *msg, size_t aadlen, uint8_t *text,
    size_t len)
{
	const struct alg *e = dir_encr(d);
	const uint8_t *iv = msg + aadlen, *icv = text + len;
	uint8_t want[PRF_MAX];

	if (e->flags & ALG_AEAD) {
		if (cipher_open(e, d->ek, iv, msg, aadlen, text, len, icv) ==
		    -1)
			return "integrity check failed";
		return NULL;
	}
	if (calc_icv(d, msg, (size_t)(icv - msg), want) == -1)
		return "integrity check could not be computed";
	if (!secret_equal(want, icv_len(d), icv, icv_len(d)))
		return "integrity check failed";
	if (cipher_open(e, d->ek, iv, NULL, 0, text, len, NULL) == -1)
		return "decryption failed";
	return NULL;
}

int
sk_open(const struct sk_dir *d, uint8_t *msg, size_t aadlen, size_t len,
    uint8_t **in, size_t *n, const char **why)
{
	size_t fixed = sk_iv_len(d) + icv_len(d), tlen;
	uint8_t *text = msg + aadlen + sk_iv_len(d);
	const char *flaw;

	if (len < aadlen || len - aadlen < fixed + dir_encr(d)->block) {
		*why = "Encrypted payload too short";
		return -1;
	}
	tlen = len - aadlen - fixed;
	if (tlen % dir_encr(d)->block != 0) {
		*why = "Encrypted payload is not a multiple of the block size";
		return -1;
	}
	if ((flaw = open_text(d, msg, aadlen, text, tlen)) != NULL) {
		*why = flaw;
		return -1;
	}
	/* The padding may hold anything; only its length can be wrong. */
	if (text[tlen - 1] >= tlen) {
		*why = "pad length exceeds the Encrypted payload";
		return -1;
	}
	*in = text;
	*n = tlen - 1 - text[tlen - 1];
	return 0;
}
