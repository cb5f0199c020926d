#include "certd/sign.h"

#include "certd/decode.h"
#include "certd/keycheck.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <stdio.h>
#include <string.h>

/* AlgorithmIdentifiers as DER, byte for byte (RFC 7427 appendix A). */

#define OID_RSA(n)	0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, \
			0x01, n
#define OID_SHA2(n)	0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, \
			0x02, n
#define NULL_DER	0x05, 0x00
#define TRAILER		0xa3, 0x03, 0x02, 0x01, 0x01

#define RSA_DER(n)	{ 0x30, 0x0d, OID_RSA(n), NULL_DER }
#define ECDSA_DER(n)	{ 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, \
			0x3d, 0x04, 0x03, n }

/* Parameters NULL in both hashes, as RFC 4055 has it, or left out. */
#define PSS_NULL(h, salt)						\
	0xa0, 0x0f, 0x30, 0x0d, OID_SHA2(h), NULL_DER,			\
	0xa1, 0x1c, 0x30, 0x1a, OID_RSA(0x08), 0x30, 0x0d, OID_SHA2(h),	\
	NULL_DER, 0xa2, 0x03, 0x02, 0x01, salt
#define PSS_BARE(h, salt)						\
	0xa0, 0x0d, 0x30, 0x0b, OID_SHA2(h),				\
	0xa1, 0x1a, 0x30, 0x18, OID_RSA(0x08), 0x30, 0x0b, OID_SHA2(h),	\
	0xa2, 0x03, 0x02, 0x01, salt
#define PSS_DER(h, salt)						\
	{ 0x30, 0x41, OID_RSA(0x0a), 0x30, 0x34, PSS_NULL(h, salt) }
#define PSS_DER_T(h, salt)						\
	{ 0x30, 0x46, OID_RSA(0x0a), 0x30, 0x39, PSS_NULL(h, salt), TRAILER }
#define PSS_DER_B(h, salt)						\
	{ 0x30, 0x3d, OID_RSA(0x0a), 0x30, 0x30, PSS_BARE(h, salt) }
#define PSS_DER_BT(h, salt)						\
	{ 0x30, 0x42, OID_RSA(0x0a), 0x30, 0x35, PSS_BARE(h, salt), TRAILER }

static const uint8_t rsa1[] = RSA_DER(0x05);
static const uint8_t rsa256[] = RSA_DER(0x0b);
static const uint8_t rsa384[] = RSA_DER(0x0c);
static const uint8_t rsa512[] = RSA_DER(0x0d);
static const uint8_t ecdsa1[] = { 0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48,
	0xce, 0x3d, 0x04, 0x01 };
static const uint8_t ecdsa256[] = ECDSA_DER(0x02);
static const uint8_t ecdsa384[] = ECDSA_DER(0x03);
static const uint8_t ecdsa512[] = ECDSA_DER(0x04);
static const uint8_t pss256[] = PSS_DER(0x01, 32);
static const uint8_t pss256t[] = PSS_DER_T(0x01, 32);
static const uint8_t pss256b[] = PSS_DER_B(0x01, 32);
static const uint8_t pss256bt[] = PSS_DER_BT(0x01, 32);
static const uint8_t pss384[] = PSS_DER(0x02, 48);
static const uint8_t pss384t[] = PSS_DER_T(0x02, 48);
static const uint8_t pss384b[] = PSS_DER_B(0x02, 48);
static const uint8_t pss384bt[] = PSS_DER_BT(0x02, 48);
static const uint8_t pss512[] = PSS_DER(0x03, 64);
static const uint8_t pss512t[] = PSS_DER_T(0x03, 64);
static const uint8_t pss512b[] = PSS_DER_B(0x03, 64);
static const uint8_t pss512bt[] = PSS_DER_BT(0x03, 64);
static const uint8_t ed25519[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t ed448[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x71 };

enum sign_kind { KIND_RSA, KIND_PSS, KIND_ECDSA, KIND_ED25519, KIND_ED448 };

struct sign_row {
	enum sign_kind kind;
	uint8_t method;
	uint8_t hash;		/* number in SIGNATURE_HASH_ALGORITHMS */
	bool weak;		/* for a peer that knows method 14 */
	const char *md;		/* NULL: the algorithm hashes itself */
	int bits;		/* ECDSA, classic: of the curve; else 0 */
	const uint8_t *der;	/* method 14 */
	size_t derlen;
	const char *name;
};

#define DER(a)	a, sizeof(a)
#define ROW14(kind, hash, weak, md, der, name)				\
	{ kind, SIGN_DIGITAL, hash, weak, md, 0, DER(der), name }
#define PSS_ROWS(h, md, der, name)					\
	ROW14(KIND_PSS, h, false, md, der, name),			\
	ROW14(KIND_PSS, h, false, md, der##t, name),			\
	ROW14(KIND_PSS, h, false, md, der##b, name),			\
	ROW14(KIND_PSS, h, false, md, der##bt, name)

/*
 * In the order in which we choose: of a kind, the first whose hash the peer
 * announced.  The first row of each PSS group is what we send.
 */
static const struct sign_row rows[] = {
	ROW14(KIND_RSA, 2, false, "SHA256", rsa256, "RSA with SHA2-256"),
	ROW14(KIND_RSA, 3, false, "SHA384", rsa384, "RSA with SHA2-384"),
	ROW14(KIND_RSA, 4, false, "SHA512", rsa512, "RSA with SHA2-512"),
	PSS_ROWS(2, "SHA256", pss256, "RSASSA-PSS with SHA2-256"),
	PSS_ROWS(3, "SHA384", pss384, "RSASSA-PSS with SHA2-384"),
	PSS_ROWS(4, "SHA512", pss512, "RSASSA-PSS with SHA2-512"),
	ROW14(KIND_ECDSA, 2, false, "SHA256", ecdsa256,
	    "ECDSA with SHA2-256"),
	ROW14(KIND_ECDSA, 3, false, "SHA384", ecdsa384,
	    "ECDSA with SHA2-384"),
	ROW14(KIND_ECDSA, 4, false, "SHA512", ecdsa512,
	    "ECDSA with SHA2-512"),
	ROW14(KIND_ED25519, 5, false, NULL, ed25519, "Ed25519"),
	ROW14(KIND_ED448, 5, false, NULL, ed448, "Ed448"),
	ROW14(KIND_RSA, 1, true, "SHA1", rsa1, "RSA with SHA-1"),
	ROW14(KIND_ECDSA, 1, true, "SHA1", ecdsa1, "ECDSA with SHA-1"),
	/* classic */
	{ KIND_RSA, SIGN_RSA, 1, false, "SHA1", 0, NULL, 0,
	    "RSA with SHA-1 (classic)" },
	{ KIND_RSA, SIGN_RSA, 2, false, "SHA256", 0, NULL, 0,
	    "RSA with SHA2-256 (classic)" },
	{ KIND_RSA, SIGN_RSA, 3, false, "SHA384", 0, NULL, 0,
	    "RSA with SHA2-384 (classic)" },
	{ KIND_RSA, SIGN_RSA, 4, false, "SHA512", 0, NULL, 0,
	    "RSA with SHA2-512 (classic)" },
	{ KIND_ECDSA, SIGN_ECDSA256, 2, false, "SHA256", 256, NULL, 0,
	    "ECDSA-256 (classic)" },
	{ KIND_ECDSA, SIGN_ECDSA384, 3, false, "SHA384", 384, NULL, 0,
	    "ECDSA-384 (classic)" },
	{ KIND_ECDSA, SIGN_ECDSA521, 4, false, "SHA512", 521, NULL, 0,
	    "ECDSA-521 (classic)" },
};
#define NROWS	(sizeof(rows) / sizeof(rows[0]))

bool
sign_is_method(uint8_t method)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (rows[i].method == method)
			return true;
	return false;
}

uint16_t
sign_hashes(bool allow_weak)
{
	uint16_t mask = 0;
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (rows[i].method == SIGN_DIGITAL &&
		    (allow_weak || !rows[i].weak))
			mask |= (uint16_t)SIGN_HASH(rows[i].hash);
	return mask;
}

const char *
sign_name(const struct sign_row *r)
{
	return r->name;
}

bool
sign_is_pss(const struct sign_row *r)
{
	return r->kind == KIND_PSS;
}

uint8_t
sign_method(const struct sign_row *r)
{
	return r->method;
}

/* An RSA-PSS key may be for one hash alone (RFC 4055 section 3.1). */
static bool
pss_hash_fits(const EVP_PKEY *key, const struct sign_row *r)
{
	char only[64];
	EVP_MD *md;
	bool fits;

	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_RSA_DIGEST,
	    only, sizeof(only), NULL) != 1)
		return true;
	md = EVP_MD_fetch(NULL, r->md, NULL);
	fits = md != NULL && EVP_MD_is_a(md, only);
	EVP_MD_free(md);
	return fits;
}

/* The key can do what the row says. */
static bool
key_fits(const EVP_PKEY *key, const struct sign_row *r)
{
	static const char *const names[] = { [KIND_RSA] = "RSA",
		[KIND_PSS] = "RSA", [KIND_ECDSA] = "EC",
		[KIND_ED25519] = "ED25519", [KIND_ED448] = "ED448" };

	if (r->kind == KIND_PSS && EVP_PKEY_is_a(key, "RSA-PSS"))
		return pss_hash_fits(key, r);
	return EVP_PKEY_is_a(key, names[r->kind]) &&
	    (r->bits == 0 || EVP_PKEY_get_bits(key) == r->bits);
}

/* The hash as strong as the curve, where the peer has it. */
static bool
is_better(const EVP_PKEY *key, const struct sign_row *r)
{
	int bits = EVP_PKEY_get_bits(key);

	if (r->kind != KIND_ECDSA)
		return false;
	return bits == 384 ? r->hash == 3 : bits == 521 && r->hash == 4;
}

const struct sign_row *
sign_choose(const EVP_PKEY *key, uint16_t hashes, bool pss, char *why)
{
	const struct sign_row *r, *best = NULL, *classic = NULL;
	char text[64];
	size_t i;

	for (i = 0; i < NROWS; i++) {
		r = &rows[i];
		if (!key_fits(key, r) || r->weak)
			continue;
		if (r->method != SIGN_DIGITAL) {
			if (classic == NULL)
				classic = r;
		} else if ((hashes & SIGN_HASH(r->hash)) == 0) {
			continue;
		} else if (best == NULL || is_better(key, r) ||
		    (pss && r->kind == KIND_PSS && best->kind != KIND_PSS)) {
			best = r;
		}
	}
	if (best == NULL)
		best = classic;
	if (best == NULL)
		snprintf(why, SIGN_WHY_MAX, "our key (%s) cannot sign for a "
		    "peer that announces %s", key_text(key, text,
		    sizeof(text)), hashes == 0 ? "no signature hash "
		    "algorithms" : "other signature hash algorithms");
	return best;
}

/* Up to here they cost less than handing them to a thread. */
bool
sign_is_slow(const EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "EC"))
		return EVP_PKEY_get_bits(key) > 256;
	return !EVP_PKEY_is_a(key, "ED25519");
}

static int
set_pss(EVP_PKEY_CTX *ctx)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1
	    ? 0 : -1;
}

/* r | s of RFC 4754 section 7 from the DER of X9.62. */
static int
raw_from_der(const struct sign_row *r, const uint8_t *der, size_t len,
    struct buf *out)
{
	size_t half = ((size_t)r->bits + 7) / 8;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t *p = sig != NULL ? buf_space(out, 2 * half) : NULL;
	int rc = -1;

	if (p != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), p,
	    (int)half) == (int)half && BN_bn2binpad(ECDSA_SIG_get0_s(sig),
	    p + half, (int)half) == (int)half)
		rc = 0;
	ECDSA_SIG_free(sig);
	return rc;
}

/* The other way; *der is to be freed.  -1: not of that length. */
static int
der_from_raw(const struct sign_row *r, const struct part *raw, uint8_t **der)
{
	size_t half = ((size_t)r->bits + 7) / 8;
	const uint8_t *p = raw->p;
	BIGNUM *a = NULL, *b = NULL;
	ECDSA_SIG *sig;
	int n = -1;

	*der = NULL;
	if (raw->len != 2 * half || (sig = ECDSA_SIG_new()) == NULL)
		return -1;
	a = BN_bin2bn(p, (int)half, NULL);
	b = BN_bin2bn(p + half, (int)half, NULL);
	if (a == NULL || b == NULL || ECDSA_SIG_set0(sig, a, b) != 1) {
		BN_free(a);
		BN_free(b);
	} else
		n = i2d_ECDSA_SIG(sig, der);
	ECDSA_SIG_free(sig);
	return n;
}

static void
put_alg(const struct sign_row *r, struct buf *out)
{
	if (r->method != SIGN_DIGITAL)
		return;
	buf_u8(out, (uint8_t)r->derlen);
	buf_put(out, r->der, r->derlen);
}

int
sign_make(const struct sign_row *r, EVP_PKEY *key, const struct part *octets,
    struct buf *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t sig[SIGN_MAX];
	EVP_PKEY_CTX *ctx;
	size_t len = sizeof(sig);
	int rc = -1;

	if (md == NULL || EVP_DigestSignInit_ex(md, &ctx, r->md, NULL, NULL,
	    key, NULL) != 1 || (r->kind == KIND_PSS && set_pss(ctx) == -1) ||
	    EVP_DigestSign(md, sig, &len, octets->p, octets->len) != 1)
		goto out;
	put_alg(r, out);
	if (r->bits != 0) {
		if (raw_from_der(r, sig, len, out) == -1)
			goto out;
	} else
		buf_put(out, sig, len);
	rc = buf_error(out);
out:
	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return rc;
}

/* Verification */

static int
fail(char *why, const char *text)
{
	snprintf(why, SIGN_WHY_MAX, "%s", text);
	return -1;
}

static int
check(const struct sign_row *r, EVP_PKEY *key, const struct part *octets,
    const uint8_t *sig, size_t len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	int rc = -1;

	if (md != NULL && EVP_DigestVerifyInit_ex(md, &ctx, r->md,
	    decode_ctx(), NULL, key, NULL) == 1 &&
	    (r->kind != KIND_PSS || set_pss(ctx) == 0) &&
	    EVP_DigestVerify(md, sig, len, octets->p, octets->len) == 1)
		rc = 0;
	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return rc;
}

/* DigestInfo up to the hash, RFC 8017 section 9.2. */
#define INFO_SHA2(n, total, hash)					\
	{ 0x30, total, 0x30, 0x0d, OID_SHA2(n), NULL_DER, 0x04, hash }
static const struct {
	enum hash_id hash;
	uint8_t number;
	uint8_t len;
	uint8_t der[19];
} infos[] = {
	{ HASH_SHA1, 1, 15, { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
	    0x03, 0x02, 0x1a, NULL_DER, 0x04, 0x14 } },
	{ HASH_SHA256, 2, 19, INFO_SHA2(0x01, 0x31, 0x20) },
	{ HASH_SHA384, 3, 19, INFO_SHA2(0x02, 0x41, 0x30) },
	{ HASH_SHA512, 4, 19, INFO_SHA2(0x03, 0x51, 0x40) },
};

/*
 * The hash of method 1 stands in the signature alone, so the padding is
 * opened and the rest must be, to the last byte, one of four DigestInfos of
 * the octets.
 */
static int
rsa_opens(EVP_PKEY *key, const struct part *auth, const struct part *octets,
    uint8_t *number)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(decode_ctx(), key,
	    NULL);
	uint8_t info[SIGN_MAX], hash[64];
	size_t i, n = sizeof(info), hlen;
	int rc = -1;

	if (ctx == NULL || EVP_PKEY_verify_recover_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    auth->len != (size_t)EVP_PKEY_get_size(key) ||
	    EVP_PKEY_verify_recover(ctx, info, &n, auth->p, auth->len) != 1)
		goto out;
	for (i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		hlen = hash_len(infos[i].hash);
		if (n != infos[i].len + hlen ||
		    memcmp(info, infos[i].der, infos[i].len) != 0)
			continue;
		if (hash_parts(infos[i].hash, octets, 1, hash) == 0 &&
		    memcmp(info + infos[i].len, hash, hlen) == 0)
			rc = 0;
		*number = infos[i].number;
		break;
	}
out:
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return rc;
}

static int
verify_rsa(const struct part *auth, EVP_PKEY *key, const struct part *octets,
    const struct sign_row **row, char *why)
{
	uint8_t number = 0;
	size_t i;

	if (!EVP_PKEY_is_a(key, "RSA"))
		return fail(why, "an RSA signature, but the peer's key is "
		    "none of RSA (or for RSASSA-PSS alone)");
	if (rsa_opens(key, auth, octets, &number) == -1)
		return fail(why, "the RSA signature does not verify");
	for (i = 0; i < NROWS; i++)
		if (rows[i].method == SIGN_RSA && rows[i].hash == number)
			*row = &rows[i];
	return 0;
}

static int
verify_ecdsa(const struct sign_row *r, const struct part *auth, EVP_PKEY *key,
    const struct part *octets, char *why)
{
	uint8_t *der;
	int n, rc;

	if (!key_fits(key, r))
		return fail(why, "an ECDSA signature that is not of the curve "
		    "of the peer's key");
	if ((n = der_from_raw(r, auth, &der)) <= 0)
		return fail(why, "an ECDSA signature of a wrong length");
	rc = check(r, key, octets, der, (size_t)n);
	OPENSSL_free(der);
	return rc == 0 ? 0 : fail(why, "the ECDSA signature does not verify");
}

static const struct sign_row *
row_by_der(const uint8_t *der, size_t len)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (rows[i].derlen == len && len > 0 &&
		    memcmp(rows[i].der, der, len) == 0)
			return &rows[i];
	return NULL;
}

/* RFC 7427 section 3: length, AlgorithmIdentifier, signature. */
static int
verify_digital(const struct part *auth, EVP_PKEY *key,
    const struct part *octets, bool allow_weak, const struct sign_row **row,
    char *why)
{
	const struct sign_row *r;
	const uint8_t *der;
	struct cur c;
	uint8_t len;

	cur_init(&c, auth->p, auth->len);
	if (cur_u8(&c, &len) == -1 || cur_ref(&c, &der, len) == -1)
		return fail(why, "a digital signature that is cut off");
	if ((r = row_by_der(der, len)) == NULL)
		return fail(why, "a digital signature with an unknown "
		    "AlgorithmIdentifier");
	*row = r;
	if (r->weak && !allow_weak) {
		snprintf(why, SIGN_WHY_MAX, "%s is weak", r->name);
		return -1;
	}
	if (!key_fits(key, r)) {
		snprintf(why, SIGN_WHY_MAX, "%s does not go with the peer's "
		    "key", r->name);
		return -1;
	}
	if (check(r, key, octets, c.p, cur_left(&c)) == 0)
		return 0;
	snprintf(why, SIGN_WHY_MAX, "the signature (%s) does not verify",
	    r->name);
	return -1;
}

int
sign_verify(uint8_t method, const struct part *auth, EVP_PKEY *key,
    const struct part *octets, bool allow_weak, const struct sign_row **row,
    char *why)
{
	size_t i;

	*row = NULL;
	if (auth->len == 0 || auth->len > SIGN_MAX)
		return fail(why, "a signature of an impossible length");
	if (method == SIGN_DIGITAL)
		return verify_digital(auth, key, octets, allow_weak, row, why);
	if (method == SIGN_RSA)
		return verify_rsa(auth, key, octets, row, why);
	for (i = 0; i < NROWS; i++)
		if (rows[i].method == method) {
			*row = &rows[i];
			return verify_ecdsa(&rows[i], auth, key, octets, why);
		}
	return fail(why, "no signature");
}
