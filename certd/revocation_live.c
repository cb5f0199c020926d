/* Those who are online: looked at when there is news, and as time passes. */
#include "certd/revocation_int.h"

#include "certd/crl.h"

#include "lib/log.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

#define OCSP_TICK_MAX	64	/* asked again in one tick */
#define OCSP_KEEP_S	(30 * 86400)	/* so long after the last login */

/* A CRL of which there may be a newer one. */
static bool
crl_is_old(const struct revocation *rev, const struct source *s, time_t now)
{
	time_t until;

	return rev->conf.crl_use && rev->conf.crl_download &&
	    s->crl.x != NULL && (now >= s->refresh ||
	    !crl_fresh(s->crl.x, now, &until));
}

/* An answer that was good; the peer's own cannot be had again. */
static bool
ocsp_is_old(const struct revocation *rev, const struct source *s, time_t now)
{
	return rev->conf.ocsp_use && s->cert != NULL && s->url[0] != '\0' &&
	    s->says == OCSP_GOOD && now > s->until &&
	    now < s->used + OCSP_KEEP_S;
}

/* As long as somebody may be online with a certificate of theirs, CRLs and
 * OCSP answers are kept fresh. */
void
revocation_tick(struct revocation *rev)
{
	time_t now = rev->ops->now(rev->arg);
	unsigned asked = 0;
	struct source *s;
	size_t at = 0;

	if (rev->conf.strict && rev->expired != NULL)
		watch_expired(rev->watches, now, rev->expired,
		    rev->expired_arg);
	if (watch_count(rev->watches) == 0)
		return;
	wanted_run(rev, now);
	while ((s = source_next(rev->sources, &at)) != NULL)
		if (crl_is_old(rev, s, now))
			(void)revocation_fetch(rev, s, now);
		else if (asked < OCSP_TICK_MAX && ocsp_is_old(rev, s, now)) {
			asked++;
			(void)revocation_fetch(rev, s, now);
		}
}

static void
local_drop(struct revocation *rev)
{
	while (rev->nlocal > 0)
		X509_CRL_free(rev->local[--rev->nlocal].x);
	free(rev->local);
	rev->local = NULL;
}

static X509 *
find_ca(STACK_OF(X509) *cas, const uint8_t id[ISSUER_ID_LEN])
{
	uint8_t this[ISSUER_ID_LEN];
	X509 *x;
	int i;

	for (i = 0; i < sk_X509_num(cas); i++) {
		x = sk_X509_value(cas, i);
		if (issuer_id(x, this) == 0 &&
		    memcmp(this, id, sizeof(this)) == 0)
			return x;
	}
	return NULL;
}

X509 *
revocation_issuer(const struct revocation *rev,
    const uint8_t id[ISSUER_ID_LEN])
{
	X509 *x = NULL;
	size_t i;

	for (i = 0; i < ISSUERS_MAX; i++)
		if (rev->issuers[i].x != NULL &&
		    memcmp(rev->issuers[i].id, id, ISSUER_ID_LEN) == 0)
			return rev->issuers[i].x;
	if (rev->trust != NULL &&
	    (x = find_ca(rev->trust->anchors, id)) == NULL)
		x = find_ca(rev->trust->between, id);
	return x;
}

static void
sweep_issuer(struct revocation *rev, struct crl *c, X509 *issuer,
    const uint8_t id[ISSUER_ID_LEN])
{
	const char *why;

	if (revocation_crl_is_of(rev, c, issuer, id, &why))
		watch_sweep(rev->watches, c->issuer, c->x, revocation_tell,
		    rev);
}

static void
sweep_cas(struct revocation *rev, struct crl *c, STACK_OF(X509) *cas)
{
	uint8_t id[ISSUER_ID_LEN];
	int i;

	for (i = 0; i < sk_X509_num(cas); i++)
		if (issuer_id(sk_X509_value(cas, i), id) == 0)
			sweep_issuer(rev, c, sk_X509_value(cas, i), id);
}

/* Whom does it revoke that is here? */
static void
sweep_local(struct revocation *rev, struct crl *c)
{
	size_t i;

	if (rev->trust != NULL) {
		sweep_cas(rev, c, rev->trust->anchors);
		sweep_cas(rev, c, rev->trust->between);
	}
	for (i = 0; i < ISSUERS_MAX; i++)
		if (rev->issuers[i].x != NULL)
			sweep_issuer(rev, c, rev->issuers[i].x,
			    rev->issuers[i].id);
	ERR_clear_error();
}

void
revocation_set_crls(struct revocation *rev, STACK_OF(X509_CRL) *crls,
    struct trust *trust)
{
	int i, n = sk_X509_CRL_num(crls);

	trust_unref(&rev->trust);
	rev->trust = trust == NULL ? NULL : trust_ref(trust);
	local_drop(rev);
	if (n <= 0)
		return;
	if ((rev->local = calloc((size_t)n, sizeof(rev->local[0]))) == NULL) {
		log_error(LOG_T_CERTIFICATE, "no memory for the CRLs");
		return;
	}
	for (i = 0; i < n; i++) {
		rev->local[i].x = sk_X509_CRL_value(crls, i);
		X509_CRL_up_ref(rev->local[i].x);
		rev->nlocal++;
	}
	for (i = 0; i < n && rev->conf.crl_use; i++)
		sweep_local(rev, &rev->local[i]);
}

static bool
is_in(const struct revocation *rev, const struct watched *w,
    const struct crl *c)
{
	return rev->conf.crl_use && c->x != NULL && c->known &&
	    watch_in_crl(w, c->issuer, c->x);
}

void
revocation_restore(struct revocation *rev, const struct watched *w)
{
	struct source *s;
	size_t i, at = 0;

	for (i = 0; i < rev->nlocal; i++)
		if (is_in(rev, w, &rev->local[i])) {
			revocation_tell(rev, w->fp);
			return;
		}
	while ((s = source_next(rev->sources, &at)) != NULL)
		if (is_in(rev, w, &s->crl)) {
			revocation_tell(rev, w->fp);
			return;
		}
	if (watch_restore(rev->watches, w) == 0)
		wanted_add(rev, w);
}

void
revocation_drop(struct revocation *rev)
{
	local_drop(rev);
	trust_unref(&rev->trust);
	wanted_free(rev->wanted);
}
