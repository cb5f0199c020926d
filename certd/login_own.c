/* We authenticate by a signature. */
#include "certd/login_job.h"

#include <openssl/x509v3.h>

#include <string.h>

#define OCTETS_MAX	(64 * 1024)
#define CERTS_LEN_MAX	(64 * 1024)

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
		login_refuse(j, LOGIN_NO_IDENTITY, "the key of certificate %s "
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

/*
 * The leaf and its intermediates, as far as we have them; not the root,
 * which whoever trusts it has (RFC 7296 section 3.6).
 */
static void
add_chain(struct login_job *j)
{
	const struct trust *t = store_trust(j->env->store);
	size_t left = CERTS_LEN_MAX;
	X509 *x = j->own->leaf, *issuer;
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
		if (!add_payload(j, CERTENC_X509, der, n, &left) ||
		    cert_is_self_issued(x))
			return;
		issuer = issuer_among(j->own->others, x);
		if (issuer == NULL)
			issuer = issuer_among(t->between, x);
		if (issuer == NULL)
			issuer = issuer_among(t->anchors, x);
		if (issuer == NULL || cert_is_self_issued(issuer))
			return;
		x = issuer;
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
		login_refuse(j, LOGIN_NO_IDENTITY, "our certificate %s %s",
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
