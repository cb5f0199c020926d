/* We authenticate by a signature. */
#include "certd/login_job.h"

#include <openssl/x509v3.h>

#include <string.h>

#define OCTETS_MAX	(64 * 1024)
#define CERTS_LEN_MAX	(56 * 1024)	/* as ikecd.h has it */

/* In a thread: only what the job holds. */
static void
sign_run(void *arg)
{
	struct login_job *j = arg;
	struct part octets = { j->octets.data, j->octets.len };

	j->sign_rc = sign_make(j->row, j->own->key, &octets, &j->auth);
}

static void
sign_done(void *arg)
{
	struct login_job *j = arg;

	if (j->sign_rc == -1 || j->auth.len > sizeof(j->a.auth)) {
		login_refuse(j, LOGIN_NO_KEY, "the key of certificate %s "
		    "cannot sign (%s)", j->own->name, sign_name(j->row));
	} else {
		memcpy(j->a.auth, j->auth.data, j->auth.len);
		j->a.auth_len = j->auth.len;
		j->a.method = sign_method(j->row);
	}
	login_finish(j);
}

/* der is taken.  False: there is no room. */
static bool
add_payload(struct login_job *j, uint8_t encoding, uint8_t *der, int len,
    size_t *left)
{
	struct cert_payload *p;

	if (len <= 0 || j->a.ncerts == VERIFY_CERTS_MAX ||
	    (size_t)len > *left) {
		OPENSSL_free(der);
		return false;
	}
	p = &j->a.certs[j->a.ncerts];
	j->ders[j->a.ncerts++] = der;
	p->encoding = encoding;
	p->data = (struct part){ der, (size_t)len };
	*left -= (size_t)len;
	return true;
}

static X509 *
issuer_among(STACK_OF(X509) *sk, X509 *x)
{
	int i;

	for (i = 0; i < sk_X509_num(sk); i++)
		if (X509_check_issued(sk_X509_value(sk, i), x) == X509_V_OK)
			return sk_X509_value(sk, i);
	return NULL;
}

/* From what we have; NULL: nothing more, or x signed itself. */
static X509 *
issuer_of(const struct login_job *j, const struct cert *own, X509 *x)
{
	const struct trust *t = store_trust(j->env->store);
	X509 *issuer;

	if (cert_is_self_issued(x))
		return NULL;
	if ((issuer = issuer_among(own->others, x)) == NULL &&
	    (issuer = issuer_among(t->between, x)) == NULL)
		issuer = issuer_among(t->anchors, x);
	return issuer;
}

/* Is this key in the peer's CERTREQ (RFC 7296 section 3.7)? */
static bool
is_asked_for(const struct part *certreq, const X509 *ca)
{
	const uint8_t *p = certreq->p;
	uint8_t hash[CERT_HASH_LEN];
	size_t at;

	if (cert_spki_hash(ca, hash) == -1)
		return false;
	for (at = 0; at + CERT_HASH_LEN <= certreq->len; at += CERT_HASH_LEN)
		if (memcmp(p + at, hash, CERT_HASH_LEN) == 0)
			return true;
	return false;
}

unsigned
login_own_rank(const struct login_job *j, const struct cert *own)
{
	const struct part *certreq = &j->l->certreq;
	char why[SIGN_WHY_MAX];
	unsigned rank = 0;
	X509 *x = own->leaf;
	int depth;

	if (sign_choose(own->key, j->l->hashes, false, why) != NULL)
		rank = 2;
	if (certreq->len == 0)
		return rank + 1;
	for (depth = 0; x != NULL && depth <= VERIFY_DEPTH_MAX; depth++) {
		if (is_asked_for(certreq, x))
			return rank + 1;
		x = issuer_of(j, own, x);
	}
	return rank;
}

/*
 * The leaf and its intermediates, as far as we have them; not the root,
 * which whoever trusts it has (RFC 7296 section 3.6).
 */
static void
add_chain(struct login_job *j)
{
	size_t left = CERTS_LEN_MAX;
	X509 *x = j->own->leaf;
	uint8_t *der = NULL;
	int n, depth;

	if (x == NULL) {
		n = i2d_PUBKEY(j->own->pub, &der);
		(void)add_payload(j, CERTENC_RAW_KEY, der, n, &left);
		return;
	}
	for (depth = 0; depth <= VERIFY_DEPTH_MAX; depth++) {
		der = NULL;
		n = i2d_X509(x, &der);
		if (!add_payload(j, CERTENC_X509, der, n, &left))
			return;
		x = issuer_of(j, j->own, x);
		if (x == NULL || cert_is_self_issued(x))
			return;
	}
}

static int
own_octets(struct login_job *j)
{
	struct part body;
	struct buf b;
	int rc;

	buf_init(&b, IKEID_MAX + 4);
	ikeid_put_body(&b, &j->a.id_own);
	body = (struct part){ b.data, b.len };
	buf_free(&j->octets);
	buf_init(&j->octets, OCTETS_MAX);
	rc = buf_error(&b) == -1 ? -1 : auth_octets(&j->l->parts, AUTH_OWN,
	    &body, &j->octets);
	buf_free(&b);
	return rc;
}

void
login_make_cert(struct login_job *j, const struct conf_obj *o)
{
	const char *name = conf_str(o, CONF_IDENTITY_CERTIFICATE);
	char why[SIGN_WHY_MAX];
	struct cert *own;

	own = j->env->store != NULL ? store_get(j->env->store, name) : NULL;
	if (own == NULL || own->key == NULL) {
		login_refuse(j, LOGIN_NO_KEY, "our certificate %s %s",
		    name, own == NULL ? "is not there" :
		    "has no private key");
		login_finish(j);
		return;
	}
	j->own = cert_ref(own);
	j->row = sign_choose(own->key, j->l->hashes,
	    j->used != NULL && sign_is_pss(j->used), why);
	if (j->row == NULL) {
		login_refuse(j, LOGIN_BAD_METHOD, "%s", why);
		login_finish(j);
		return;
	}
	if (own_octets(j) == -1) {
		login_refuse(j, LOGIN_BAD_REQUEST, "AUTH cannot be computed");
		login_finish(j);
		return;
	}
	add_chain(j);
	if (sign_is_slow(own->key)) {
		login_run(j, sign_run, sign_done);
	} else {
		sign_run(j);
		sign_done(j);
	}
}
