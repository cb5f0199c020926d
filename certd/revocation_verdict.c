/* What CRLs and OCSP say of a certificate and of a chain. */
#include "certd/revocation_int.h"

#include "certd/cert.h"
#include "certd/crl.h"
#include "certd/ocsp.h"

#include "lib/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT		80	/* of a subject in a reason */
#define URLS_MAX	4	/* of one certificate and kind */

void
revocation_say(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, REVOCATION_WHY, fmt, ap);
	va_end(ap);
}

/* CRLs */

bool
revocation_crl_is_of(struct revocation *rev, struct crl *c, X509 *issuer,
    const uint8_t id[ISSUER_ID_LEN], const char **why)
{
	if (c->known) {
		*why = "a CRL of another issuer";
		return memcmp(c->issuer, id, ISSUER_ID_LEN) == 0;
	}
	if (crl_fits(c->x, issuer, rev->conf.allow_weak, why) == -1)
		return false;
	memcpy(c->issuer, id, ISSUER_ID_LEN);
	c->known = true;
	return true;
}

/* A stale CRL still knows whom it revokes. */
static enum verdict
crl_verdict(X509_CRL *crl, X509 *cert, time_t now, const char *from,
    char *why)
{
	enum crl_says says = crl_lookup(crl, cert);
	time_t until;

	if (says == CRL_REVOKED) {
		revocation_say(why, "revoked by the CRL %s", from);
		return REVOKED;
	}
	if (says == CRL_NOTHING)
		revocation_say(why, "the CRL %s is not about such "
		    "certificates", from);
	else if (!crl_fresh(crl, now, &until))
		revocation_say(why, "the CRL %s is not current", from);
	else {
		revocation_say(why, "not in the CRL %s", from);
		return GOOD;
	}
	return NOTHING;
}

static enum verdict
local_verdict(struct revocation *rev, X509 *cert, X509 *issuer,
    const uint8_t id[ISSUER_ID_LEN], time_t now, char *why)
{
	enum verdict best = NOTHING, v;
	char text[REVOCATION_WHY];
	const char *no;
	size_t i;

	for (i = 0; i < rev->nlocal; i++) {
		if (!revocation_crl_is_of(rev, &rev->local[i], issuer, id, &no))
			continue;
		v = crl_verdict(rev->local[i].x, cert, now, "that is here",
		    text);
		if (v == REVOKED || best != GOOD)
			snprintf(why, REVOCATION_WHY, "%s", text);
		if (v == REVOKED)
			return v;
		if (v == GOOD)
			best = v;
	}
	return best;
}

/* Fetching */

void
revocation_failed(struct source *s, time_t now, const char *fmt, ...)
{
	va_list ap;

	s->fetching = 0;
	s->retry = now + RETRY_S;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	log_info(LOG_T_CERTIFICATE, "%s: %s", s->url, s->why);
}

enum verdict
revocation_fetch(struct revocation *rev, struct source *s, time_t now)
{
	uint8_t *body = NULL;
	int n = 0, rc;

	if (s->fetching != 0)
		return WAIT;
	if (now < s->retry)
		return NOTHING;
	if (s->cert != NULL) {
		OCSP_REQUEST_free(s->question);
		s->question = ocsp_question(s->cert, s->issuer);
		n = s->question == NULL ? 0 :
		    i2d_OCSP_REQUEST(s->question, &body);
		if (n <= 0) {
			revocation_failed(s, now, "%s", "out of memory");
			return NOTHING;
		}
	}
	if (++rev->next_id == 0)
		rev->next_id++;
	s->fetching = rev->next_id;
	rc = rev->ops->fetch(rev->arg, s->fetching, s->url, body, (size_t)n);
	OPENSSL_free(body);
	if (rc == -1) {
		revocation_failed(s, now, "%s", "there is no fetchd");
		return NOTHING;
	}
	return WAIT;
}

static enum verdict
ocsp_held(const struct source *s, time_t now, char *why)
{
	const char *who = s->url[0] != '\0' ? s->url : "sent by the peer";

	if (s->says == OCSP_NOTHING || now > s->until)
		return NOTHING;
	revocation_say(why, "%s OCSP (%s)", s->says == OCSP_GOOD ? "good by" :
	    "revoked by", who);
	return s->says == OCSP_GOOD ? GOOD : REVOKED;
}

static enum verdict
ocsp_verdict(struct revocation *rev, X509 *cert, X509 *issuer, time_t now,
    const char *url, char *why)
{
	struct source *s = source_get(rev->sources, url, cert, issuer, true);
	enum verdict v;

	if (s == NULL) {
		revocation_say(why, "too much is being fetched");
		return NOTHING;
	}
	s->used = now;
	if ((v = ocsp_held(s, now, why)) != NOTHING)
		return v;
	if ((v = revocation_fetch(rev, s, now)) == NOTHING)
		revocation_say(why, "OCSP: %s", s->why);
	return v;
}

static enum verdict
fetched_crl_verdict(struct revocation *rev, X509 *cert, X509 *issuer,
    time_t now, const char *url, char *why)
{
	struct source *s = source_get(rev->sources, url, NULL, issuer, true);
	enum verdict v = NOTHING;
	char from[96];

	if (s == NULL) {
		revocation_say(why, "too much is being fetched");
		return NOTHING;
	}
	if (s->crl.x != NULL) {
		snprintf(from, sizeof(from), "of %.90s", url);
		v = crl_verdict(s->crl.x, cert, now, from, why);
		if (v != NOTHING)
			return v;
		/* A newer one may help, but not at every login. */
		if (now < s->refresh && s->fetching == 0)
			return NOTHING;
	}
	if ((v = revocation_fetch(rev, s, now)) == NOTHING)
		revocation_say(why, "CRL: %s", s->why);
	return v;
}

typedef enum verdict (*ask_fn)(struct revocation *, X509 *cert, X509 *issuer,
    time_t now, const char *url, char *why);

/* The first of the URLs that has something to say. */
static enum verdict
ask_urls(struct revocation *rev, X509 *cert, X509 *issuer, time_t now,
    size_t (*urls)(X509 *, char **, size_t), ask_fn ask, char *why)
{
	enum verdict v = NOTHING;
	char *url[URLS_MAX];
	size_t i, n = urls(cert, url, URLS_MAX);

	for (i = 0; i < n && v == NOTHING; i++)
		v = ask(rev, cert, issuer, now, url[i], why);
	for (i = 0; i < n; i++)
		free(url[i]);
	return v;
}

/*
 * What has been learnt from one source is not undone by another, least of
 * all by an older answer that the peer sends along.
 */
static bool
known_revoked(struct revocation *rev, X509 *cert, X509 *issuer, time_t now,
    char *why)
{
	char *url[URLS_MAX], from[96], text[REVOCATION_WHY];
	enum verdict v = NOTHING;
	struct source *s;
	size_t i, n;

	n = rev->conf.ocsp_use ? ocsp_urls(cert, url, URLS_MAX) : 0;
	for (i = 0; i < n; i++) {
		s = source_get(rev->sources, url[i], cert, issuer, false);
		if (s != NULL && v != REVOKED)
			v = ocsp_held(s, now, text);
		free(url[i]);
	}
	n = v != REVOKED && rev->conf.crl_use && rev->conf.crl_download ?
	    crl_urls(cert, url, URLS_MAX) : 0;
	for (i = 0; i < n; i++) {
		s = source_get(rev->sources, url[i], NULL, issuer, false);
		snprintf(from, sizeof(from), "of %.90s", url[i]);
		if (s != NULL && s->crl.x != NULL && v != REVOKED)
			v = crl_verdict(s->crl.x, cert, now, from, text);
		free(url[i]);
	}
	if (v == REVOKED)
		revocation_say(why, "%s", text);
	return v == REVOKED;
}

static enum verdict
cert_verdict(struct revocation *rev, X509 *cert, X509 *issuer, time_t now,
    char *why)
{
	uint8_t id[ISSUER_ID_LEN];
	enum verdict v = NOTHING;
	struct source *s;

	revocation_say(why, "it names no place to ask, and no CRL of its "
	    "issuer is here");
	if (issuer_id(issuer, id) == -1) {
		revocation_say(why, "out of memory");
		return NOTHING;
	}
	if (rev->conf.crl_use)
		v = local_verdict(rev, cert, issuer, id, now, why);
	if (v != REVOKED && known_revoked(rev, cert, issuer, now, why))
		return REVOKED;
	if (v == NOTHING && rev->conf.ocsp_use && (s = source_get(
	    rev->sources, "", cert, issuer, false)) != NULL)
		v = ocsp_held(s, now, why);
	if (v == NOTHING && rev->conf.ocsp_use)
		v = ask_urls(rev, cert, issuer, now, ocsp_urls, ocsp_verdict,
		    why);
	if (v == NOTHING && rev->conf.crl_use && rev->conf.crl_download)
		v = ask_urls(rev, cert, issuer, now, crl_urls,
		    fetched_crl_verdict, why);
	return v;
}

enum verdict
revocation_verdict(struct revocation *rev, STACK_OF(X509) *chain, time_t now,
    bool last, char *why)
{
	enum verdict v, worst = GOOD;
	char text[REVOCATION_WHY], name[SUBJECT];
	X509 *leaf = sk_X509_value(chain, 0);
	int i, n = sk_X509_num(chain) - 1;

	revocation_say(why, "it is trusted itself");
	if (n == 0 && !cert_is_self_issued(leaf) && !cert_is_ca(leaf)) {
		revocation_say(why, "certificate \"%s\": its CA's "
		    "certificate is not here to verify a CRL with",
		    cert_subject(leaf, name, sizeof(name)));
		return NOTHING;
	}
	for (i = 0; i < n; i++) {
		v = cert_verdict(rev, sk_X509_value(chain, i),
		    sk_X509_value(chain, i + 1), now, text);
		if (v == WAIT && last) {
			v = NOTHING;
			revocation_say(text, "no answer within %u ms",
			    rev->conf.wait_ms);
		}
		if (i == 0 || v == REVOKED || (v != GOOD && worst == GOOD))
			revocation_say(why, "certificate \"%s\": %.100s",
			    cert_subject(sk_X509_value(chain, i), name,
			    sizeof(name)), text);
		if (v == REVOKED)
			return v;
		if (v != GOOD && worst != WAIT)
			worst = v;
	}
	return worst;
}
