#include "certd/verify.h"

#include "certd/decode.h"
#include "certd/keycheck.h"

#include "lib/log.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>

#define SUBJECT	100	/* of a subject in a reason */

static int
fail(char *why, const char *text)
{
	snprintf(why, VERIFY_WHY_MAX, "%s", text);
	return -1;
}

/* Reading */

static int
read_cert(struct shown *s, const struct part *data, char *why)
{
	X509 *x = decode_cert(data);
	char subject[SUBJECT];

	if (x == NULL)
		return fail(why, "a certificate that cannot be read");
	/* Looks at the extensions once, before threads do. */
	(void)X509_check_purpose(x, -1, 0);
	if (s->key == NULL) {
		s->leaf = x;
		if ((s->key = X509_get_pubkey(x)) == NULL) {
			snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\" "
			    "has a key that cannot be read (damaged, not on "
			    "its curve, or of an unknown kind)",
			    cert_subject(x, subject, sizeof(subject)));
			return -1;
		}
		return cert_fp(x, s->fp) == 0 ? 0 : fail(why,
		    "out of memory");
	}
	if (sk_X509_push(s->others, x) <= 0) {
		X509_free(x);
		return fail(why, "out of memory");
	}
	return 0;
}

static int
read_raw_key(struct shown *s, const struct part *data, char *why)
{
	if (s->key != NULL)
		return 0;
	if ((s->key = decode_pubkey(data)) == NULL)
		return fail(why, "a raw public key that cannot be read "
		    "(damaged, not on its curve, or of an unknown kind)");
	if (EVP_Digest(data->p, data->len, s->fp, NULL, EVP_sha256(),
	    NULL) != 1)
		return fail(why, "out of memory");
	return 0;
}

int
shown_read(struct shown *s, const struct cert_payload *payloads, size_t n,
    char *why)
{
	bool by_url = false;
	size_t i;
	int rc = 0;

	memset(s, 0, sizeof(*s));
	if ((s->others = sk_X509_new_null()) == NULL)
		return fail(why, "out of memory");
	for (i = 0; i < n && i < VERIFY_CERTS_MAX && rc == 0; i++) {
		switch (payloads[i].encoding) {
		case CERTENC_X509:
			rc = read_cert(s, &payloads[i].data, why);
			break;
		case CERTENC_RAW_KEY:
			rc = read_raw_key(s, &payloads[i].data, why);
			break;
		case CERTENC_OCSP:
			s->ocsp[s->nocsp++] = payloads[i].data;
			break;
		case CERTENC_HASH_URL:
		case CERTENC_HASH_URL_BUNDLE:
			by_url = true;
			break;
		default:
			break;
		}
	}
	ERR_clear_error();
	/* We never said HTTP_CERT_LOOKUP_SUPPORTED (RFC 7296 section 3.6). */
	if (rc == 0 && s->key == NULL && by_url)
		return fail(why, "the peer sent its certificate as a hash and "
		    "URL; it must send the certificate itself");
	if (rc == 0 && by_url)
		log_info(LOG_T_CERTIFICATE, "what the peer sent as a hash and "
		    "URL is passed over");
	return rc;
}

int
shown_from_cert(struct shown *s, const struct cert *c)
{
	memset(s, 0, sizeof(*s));
	if ((s->others = X509_chain_up_ref(c->others)) == NULL)
		return -1;
	if (c->leaf != NULL && X509_up_ref(c->leaf) == 1)
		s->leaf = c->leaf;
	if (EVP_PKEY_up_ref(c->pub) == 1)
		s->key = c->pub;
	memcpy(s->fp, c->fp, sizeof(s->fp));
	return 0;
}

void
shown_free(struct shown *s)
{
	X509_free(s->leaf);
	sk_X509_pop_free(s->others, X509_free);
	EVP_PKEY_free(s->key);
	memset(s, 0, sizeof(*s));
}

/* The leaf */

static void
time_text(const ASN1_TIME *t, char *dst, size_t size)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1 ||
	    strftime(dst, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(dst, size, "an unreadable date");
}

/* Which certificate, and when it was or will be good. */
static void
time_why(const X509 *x, bool expired, char *why)
{
	char subject[SUBJECT], when[40];

	time_text(expired ? X509_get0_notAfter(x) : X509_get0_notBefore(x),
	    when, sizeof(when));
	snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\" %s %s",
	    cert_subject(x, subject, sizeof(subject)),
	    expired ? "expired on" : "is not valid before", when);
}

static bool
time_ok(const X509 *x, time_t now, char *why)
{
	int from = X509_cmp_time(X509_get0_notBefore(x), &now);
	int until = X509_cmp_time(X509_get0_notAfter(x), &now);

	if (from < 0 && until > 0)
		return true;
	/* 0: a date that cannot be read */
	time_why(x, until <= 0, why);
	return false;
}

/* Purposes of which one must be there if any is named; last the one that
 * makes nobody a gateway. */
static const char *const purposes[] = {
	"2.5.29.37.0",		/* any */
	"1.3.6.1.5.5.7.3.1",	/* serverAuth */
	"1.3.6.1.5.5.7.3.17",	/* ipsecIKE, RFC 4945 */
	"1.3.6.1.5.5.8.2.2",	/* iKEIntermediate */
	"1.3.6.1.5.5.7.3.2",	/* clientAuth */
};
#define NPURPOSES	(sizeof(purposes) / sizeof(purposes[0]))

/* One of the first n of these is among the certificate's. */
static bool
has_purpose(const X509 *x, size_t n)
{
	EXTENDED_KEY_USAGE *eku;
	char oid[64];
	bool ok = false;
	size_t k;
	int i;

	eku = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	for (i = 0; i < sk_ASN1_OBJECT_num(eku) && !ok; i++) {
		if (OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(eku,
		    i), 1) <= 0)
			continue;
		for (k = 0; k < n; k++)
			ok |= strcmp(oid, purposes[k]) == 0;
	}
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	return ok;
}

bool
verify_is_client(X509 *x)
{
	return (X509_get_extension_flags(x) & EXFLAG_XKUSAGE) != 0 &&
	    !has_purpose(x, NPURPOSES - 1);
}

bool
verify_leaf(const X509 *x, bool allow_weak, time_t now, char *why)
{
	X509 *w = (X509 *)(uintptr_t)x;	/* OpenSSL fills its caches */
	uint32_t flags = X509_get_extension_flags(w);
	char subject[SUBJECT], text[120];
	const EVP_PKEY *key = X509_get0_pubkey(x);
	const char *wrong = NULL;

	if (key == NULL || !key_check(key, allow_weak, text, sizeof(text)))
		wrong = key == NULL ? "has a key of an unknown kind" : text;
	else if (flags & EXFLAG_INVALID)
		wrong = "has malformed extensions";
	else if ((flags & EXFLAG_KUSAGE) && (X509_get_key_usage(w) &
	    (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		wrong = "is not for signatures (keyUsage)";
	else if ((flags & EXFLAG_XKUSAGE) && !has_purpose(x, NPURPOSES))
		wrong = "is not for IKE (extendedKeyUsage has none of "
		    "serverAuth, clientAuth, ipsecIKE, any)";
	if (wrong == NULL)
		return time_ok(x, now, why);
	snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\" %s%s",
	    cert_subject(x, subject, sizeof(subject)),
	    wrong == text ? "has " : "", wrong);
	return false;
}

/* The chain */

static void
issuer_why(const X509 *x, const char *text, char *why)
{
	char subject[SUBJECT];

	snprintf(why, VERIFY_WHY_MAX, "%s \"%s\"", text,
	    cert_name_text(X509_get_issuer_name(x), subject,
	    sizeof(subject)));
}

static void
chain_why(X509_STORE_CTX *ctx, char *why)
{
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	int err = X509_STORE_CTX_get_error(ctx);
	char subject[SUBJECT];

	if (x == NULL) {
		(void)fail(why, X509_verify_cert_error_string(err));
		return;
	}
	switch (err) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		issuer_why(x, "no trusted CA (an intermediate certificate is "
		    "missing, or the CA is not imported):", why);
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		issuer_why(x, "the chain ends at a root that is not trusted:",
		    why);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		issuer_why(x, "a self-signed certificate that is not "
		    "imported:", why);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		time_why(x, err == X509_V_ERR_CERT_HAS_EXPIRED, why);
		break;
	case X509_V_ERR_CA_MD_TOO_WEAK:
		snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\" is signed "
		    "with a weak hash", cert_subject(x, subject,
		    sizeof(subject)));
		break;
	default:
		snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\": %s",
		    cert_subject(x, subject, sizeof(subject)),
		    X509_verify_cert_error_string(err));
	}
}

/* What OpenSSL leaves to us: CAs that say so, and sound keys. */
static bool
issuers_ok(STACK_OF(X509) *chain, bool allow_weak, char *why)
{
	char subject[SUBJECT], text[120];
	X509 *x;
	int i;

	for (i = 1; i < sk_X509_num(chain); i++) {
		x = sk_X509_value(chain, i);
		if (!cert_is_ca(x)) {
			snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\" "
			    "issued another, but is no CA's",
			    cert_subject(x, subject, sizeof(subject)));
			return false;
		}
		if (X509_get0_pubkey(x) == NULL ||
		    !key_check(X509_get0_pubkey(x), allow_weak, text,
		    sizeof(text))) {
			snprintf(why, VERIFY_WHY_MAX, "certificate \"%s\" has "
			    "%s", cert_subject(x, subject, sizeof(subject)),
			    text);
			return false;
		}
	}
	return true;
}

static void
set_rules(X509_STORE_CTX *ctx, const struct trust *t, time_t now)
{
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

	(void)X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_depth(p, VERIFY_DEPTH_MAX);
	X509_VERIFY_PARAM_set_time(p, now);
	/* 2: 112 bits, that is no SHA-1 and RSA of 2048 bits at least. */
	X509_VERIFY_PARAM_set_auth_level(p, t->allow_weak ? 0 : 2);
}

/* What may stand between the leaf and an anchor: theirs, then ours. */
static STACK_OF(X509) *
candidates(const struct trust *t, STACK_OF(X509) *others)
{
	STACK_OF(X509) *all = sk_X509_dup(others);
	int i;

	for (i = 0; all != NULL && i < sk_X509_num(t->between); i++)
		if (sk_X509_push(all, sk_X509_value(t->between, i)) <= 0) {
			sk_X509_free(all);
			return NULL;
		}
	return all;
}

STACK_OF(X509) *
verify_chain(const struct trust *t, X509 *leaf, STACK_OF(X509) *others,
    time_t now, char *why)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *all = candidates(t, others), *chain = NULL;

	if (ctx == NULL || all == NULL ||
	    X509_STORE_CTX_init(ctx, t->xs, leaf, all) != 1) {
		(void)fail(why, "out of memory");
		goto out;
	}
	set_rules(ctx, t, now);
	if (X509_verify_cert(ctx) != 1) {
		chain_why(ctx, why);
		goto out;
	}
	chain = X509_STORE_CTX_get1_chain(ctx);
	if (chain == NULL) {
		(void)fail(why, "out of memory");
	} else if (!issuers_ok(chain, t->allow_weak, why)) {
		sk_X509_pop_free(chain, X509_free);
		chain = NULL;
	}
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_free(all);
	ERR_clear_error();
	return chain;
}

static X509 *
signer_among(STACK_OF(X509) *sk, X509 *x)
{
	X509 *ca;
	int i;

	for (i = 0; i < sk_X509_num(sk); i++) {
		ca = sk_X509_value(sk, i);
		if (X509_check_issued(ca, x) == X509_V_OK &&
		    X509_verify(x, X509_get0_pubkey(ca)) == 1)
			return ca;
	}
	return NULL;
}

STACK_OF(X509) *
verify_pinned_chain(const struct trust *t, X509 *leaf)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *ca = signer_among(t->anchors, leaf);

	if (ca == NULL)
		ca = signer_among(t->between, leaf);
	ERR_clear_error();
	if (chain == NULL || X509_add_cert(chain, leaf,
	    X509_ADD_FLAG_UP_REF) != 1 || (ca != NULL && X509_add_cert(chain,
	    ca, X509_ADD_FLAG_UP_REF) != 1)) {
		sk_X509_pop_free(chain, X509_free);
		return NULL;
	}
	return chain;
}
