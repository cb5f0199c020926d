#include "certd/revocation_int.h"

#include "lib/log.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

#define CRLS_MAX	256	/* of different CAs and URLs */
#define ANSWERS_MAX	SOURCES_MAX
#define TICK_MAX	64	/* asked in one tick */

struct want {
	struct watched_cert cert;	/* a CRL: its issuer alone */
	bool ocsp_too;		/* a CRL; an answer can be had instead */
	char *url;
};

struct want_list {
	struct want *v;
	size_t n, max;
	size_t at;		/* where the next tick goes on */
};

struct wanted {
	struct want_list crls, answers;
	bool said;
};

static struct wanted *
wanted_of(struct revocation *rev)
{
	if (rev->wanted == NULL &&
	    (rev->wanted = calloc(1, sizeof(*rev->wanted))) != NULL) {
		rev->wanted->crls.max = CRLS_MAX;
		rev->wanted->answers.max = ANSWERS_MAX;
	}
	return rev->wanted;
}

static void
full(struct wanted *ws)
{
	if (!ws->said)
		log_warn(LOG_T_CERTIFICATE, "more places to ask about those "
		    "who are online than can be remembered: some are asked "
		    "again only when their users log in");
	ws->said = true;
}

static void
add(struct wanted *ws, struct want_list *l, const struct watched_cert *cert,
    bool ocsp_too, const char *url)
{
	struct want *v;

	if (l->n == l->max) {
		full(ws);
		return;
	}
	/* By doubling: it has a power of two when it is full. */
	if ((l->n & (l->n - 1)) == 0) {
		v = reallocarray(l->v, l->n == 0 ? 1 : 2 * l->n, sizeof(*v));
		if (v == NULL)
			return;
		l->v = v;
	}
	v = &l->v[l->n];
	*v = (struct want){ *cert, ocsp_too, strdup(url) };
	if (v->url != NULL)
		l->n++;
}

static bool
has_crl(const struct want_list *l, const struct watched_cert *cert,
    bool ocsp_too, const char *url)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (memcmp(l->v[i].cert.issuer, cert->issuer,
		    ISSUER_ID_LEN) == 0 && l->v[i].ocsp_too == ocsp_too &&
		    strcmp(l->v[i].url, url) == 0)
			return true;
	return false;
}

void
wanted_add(struct revocation *rev, const struct watched *w)
{
	bool ocsp_too = w->ocsp[0] != '\0';
	struct wanted *ws;

	if (w->n == 0 || (ws = wanted_of(rev)) == NULL)
		return;
	if (ocsp_too)
		add(ws, &ws->answers, &w->certs[0], false, w->ocsp);
	if (w->crl[0] != '\0' &&
	    !has_crl(&ws->crls, &w->certs[0], ocsp_too, w->crl))
		add(ws, &ws->crls, &w->certs[0], ocsp_too, w->crl);
}

/* What OCSP needs of a certificate (RFC 6960 section 4.1.1).  NULL: no
 * memory. */
static X509 *
cert_of(const struct watched_cert *c, X509 *issuer)
{
	X509 *x = X509_new();

	if (x == NULL || ASN1_STRING_set(X509_get_serialNumber(x), c->serial,
	    c->len) != 1 || X509_set_issuer_name(x,
	    X509_get_subject_name(issuer)) != 1) {
		X509_free(x);
		return NULL;
	}
	return x;
}

/* True: it is here.  False: later again. */
static bool
get_crl(struct revocation *rev, const struct want *w, X509 *issuer,
    time_t now)
{
	struct source *s;

	if (!rev->conf.crl_use || !rev->conf.crl_download ||
	    (w->ocsp_too && rev->conf.ocsp_use))
		return false;
	s = source_get(rev->sources, w->url, NULL, issuer, true);
	if (s != NULL && s->crl.x == NULL)
		(void)revocation_fetch(rev, s, now);
	return s != NULL && s->crl.x != NULL;
}

static bool
get_answer(struct revocation *rev, const struct want *w, X509 *issuer,
    time_t now)
{
	struct source *s;
	X509 *x;

	if (!rev->conf.ocsp_use || (x = cert_of(&w->cert, issuer)) == NULL)
		return false;
	s = source_get(rev->sources, w->url, x, issuer, true);
	X509_free(x);
	if (s == NULL)
		return false;
	s->used = now;
	if (s->says == OCSP_NOTHING)
		(void)revocation_fetch(rev, s, now);
	return s->says != OCSP_NOTHING;
}

static void
run(struct revocation *rev, struct want_list *l, time_t now,
    bool (*get)(struct revocation *, const struct want *, X509 *, time_t))
{
	size_t left = l->n;
	unsigned asked = 0;
	struct want *w;
	X509 *issuer;

	for (; left > 0 && asked < TICK_MAX; left--) {
		if (l->at >= l->n)
			l->at = 0;
		w = &l->v[l->at];
		issuer = revocation_issuer(rev, w->cert.issuer);
		asked += issuer != NULL;
		if (issuer != NULL && get(rev, w, issuer, now)) {
			free(w->url);
			*w = l->v[--l->n];
		} else
			l->at++;
	}
}

void
wanted_run(struct revocation *rev, time_t now)
{
	if (rev->wanted == NULL)
		return;
	run(rev, &rev->wanted->crls, now, get_crl);
	run(rev, &rev->wanted->answers, now, get_answer);
	ERR_clear_error();
}

static void
list_free(struct want_list *l)
{
	while (l->n > 0)
		free(l->v[--l->n].url);
	free(l->v);
}

void
wanted_free(struct wanted *ws)
{
	if (ws == NULL)
		return;
	list_free(&ws->crls);
	list_free(&ws->answers);
	free(ws);
}
