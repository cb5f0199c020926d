#include "certd/trust.h"

#include <openssl/x509v3.h>

#include <stdlib.h>

struct trust *
trust_new(bool allow_weak)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->refs = 1;
	t->allow_weak = allow_weak;
	t->xs = X509_STORE_new();
	t->anchors = sk_X509_new_null();
	t->between = sk_X509_new_null();
	if (t->xs == NULL || t->anchors == NULL || t->between == NULL)
		trust_unref(&t);
	return t;
}

struct trust *
trust_ref(struct trust *t)
{
	t->refs++;
	return t;
}

void
trust_unref(struct trust **tp)
{
	struct trust *t = *tp;

	*tp = NULL;
	if (t == NULL || --t->refs > 0)
		return;
	X509_STORE_free(t->xs);
	sk_X509_pop_free(t->anchors, X509_free);
	sk_X509_pop_free(t->between, X509_free);
	free(t);
}

static int
push(STACK_OF(X509) *sk, X509 *x)
{
	if (X509_up_ref(x) != 1)
		return -1;
	if (sk_X509_push(sk, x) > 0)
		return 0;
	X509_free(x);
	return -1;
}

/*
 * A self-signed CA is an anchor wherever it came from.  Another CA is one
 * when it was imported for its own sake: without a private key, and not as
 * the chain of somebody's certificate.
 */
static bool
is_anchor(const struct cert *c, X509 *x)
{
	if (!c->trusted || !cert_is_ca(x))
		return false;
	if (X509_get_extension_flags(x) & EXFLAG_SS)
		return true;
	return c->key == NULL && c->leaf != NULL && cert_is_ca(c->leaf);
}

static int
add_one(struct trust *t, const struct cert *c, X509 *x)
{
	if (!cert_is_ca(x))
		return 0;
	if (!is_anchor(c, x))
		return push(t->between, x);
	return X509_STORE_add_cert(t->xs, x) == 1 ? push(t->anchors, x) : -1;
}

int
trust_add(struct trust *t, const struct cert *c)
{
	int i;

	if (c->leaf != NULL && add_one(t, c, c->leaf) == -1)
		return -1;
	for (i = 0; i < sk_X509_num(c->others); i++)
		if (add_one(t, c, sk_X509_value(c->others, i)) == -1)
			return -1;
	return 0;
}
