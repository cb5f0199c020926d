#include "certd/revocation.h"

#include "certd/cert.h"
#include "certd/crl.h"
#include "certd/ocsp.h"
#include "certd/revocation_int.h"

#include "lib/log.h"

#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAPLED_MAX	8
#define STAPLED_LEN_MAX	(16u << 10)
#define CHECKS_MAX	4096	/* at a time */
#define REFRESH_S	3600	/* a CRL is fetched anew so often */
#define HOLD_MAX_S	86400	/* an OCSP answer is kept so long */
#define TICK_S		60

struct check {
	struct revocation *rev;
	struct check *next;
	STACK_OF(X509) *chain;	/* references */
	uint8_t fp[32];
	time_t now;
	struct event *timer;
	revocation_cb cb;
	void *arg;
};

/* Checks */

/* The answer: whether the login goes on. */
static bool
conclude(struct revocation *rev, enum verdict v, char *why)
{
	char text[REVOCATION_WHY];

	if (v == GOOD) {
		log_info(LOG_T_CERTIFICATE, "not revoked: %s", why);
		return true;
	}
	/* ikepd's last line of a login says why it was refused. */
	if (v == REVOKED)
		return false;
	if (!rev->conf.strict) {
		log_info(LOG_T_CERTIFICATE, "not known whether it was "
		    "revoked, let in: %s", why);
		return true;
	}
	snprintf(text, sizeof(text), "%s", why);
	revocation_say(why, "refused (strict), nothing says that it "
	    "was not revoked: %.140s", text);
	return false;
}

static void
check_free(struct check *c)
{
	struct check **pp;

	for (pp = &c->rev->checks; *pp != NULL; pp = &(*pp)->next)
		if (*pp == c) {
			*pp = c->next;
			c->rev->nchecks--;
			break;
		}
	sk_X509_pop_free(c->chain, X509_free);
	if (c->timer != NULL)
		event_free(c->timer);
	free(c);
}

static void
watch_chain(struct revocation *rev, STACK_OF(X509) *chain,
    const uint8_t fp[32])
{
	struct watched w;

	watch_of(chain, fp, &w);
	if (watch_add(rev->watches, &w) == -1)
		log_error(LOG_T_CERTIFICATE, "no memory to watch a "
		    "certificate");
}

/* Tries to come to an end; true when it has, and c is gone. */
static bool
check_run(struct check *c, bool last)
{
	struct revocation *rev = c->rev;
	char why[REVOCATION_WHY];
	revocation_cb cb = c->cb;
	void *arg = c->arg;
	enum verdict v;
	bool good;

	v = revocation_verdict(rev, c->chain, c->now, last, why);
	if (v == WAIT)
		return false;
	good = conclude(rev, v, why);
	if (good)
		watch_chain(rev, c->chain, c->fp);
	check_free(c);
	cb(arg, good, why);
	return true;
}

static void
on_check_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)check_run(arg, true);
}

static void
run_checks(struct revocation *rev)
{
	struct check *c, *next;

	for (c = rev->checks; c != NULL; c = next) {
		next = c->next;
		(void)check_run(c, false);
	}
}

static bool
issuer_known(const struct revocation *rev, const uint8_t id[ISSUER_ID_LEN])
{
	size_t k;

	for (k = 0; k < ISSUERS_MAX; k++)
		if (rev->issuers[k].x != NULL &&
		    memcmp(rev->issuers[k].id, id, ISSUER_ID_LEN) == 0)
			return true;
	return false;
}

static void
issuer_set(struct issuer *is, X509 *x, const uint8_t id[ISSUER_ID_LEN])
{
	X509_free(is->x);
	X509_up_ref(x);
	is->x = x;
	memcpy(is->id, id, ISSUER_ID_LEN);
}

/* So that a local CRL that comes later can be verified. */
static void
remember_issuers(struct revocation *rev, STACK_OF(X509) *chain)
{
	uint8_t id[ISSUER_ID_LEN];
	int i, n = sk_X509_num(chain);
	X509 *x;

	for (i = 1; i < n; i++) {
		x = sk_X509_value(chain, i);
		if (issuer_id(x, id) == -1)
			return;
		if (issuer_known(rev, id))
			continue;
		issuer_set(&rev->issuers[rev->issuers_at], x, id);
		rev->issuers_at = (rev->issuers_at + 1) % ISSUERS_MAX;
		/* The anchor is ours. */
		if (i < n - 1 && rev->issuer != NULL)
			rev->issuer(rev->issuer_arg, x);
	}
}

void
revocation_add_issuer(struct revocation *rev, X509 *x)
{
	uint8_t id[ISSUER_ID_LEN];
	const char *why;
	size_t i, k;

	if (!cert_is_ca(x) || issuer_id(x, id) == -1 || issuer_known(rev, id))
		return;
	for (k = 0; k < ISSUERS_MAX && rev->issuers[k].x != NULL; k++)
		;
	if (k == ISSUERS_MAX)
		return;
	issuer_set(&rev->issuers[k], x, id);
	for (i = 0; i < rev->nlocal; i++)
		(void)revocation_crl_is_of(rev, &rev->local[i], x, id, &why);
	if (rev->issuer != NULL)
		rev->issuer(rev->issuer_arg, x);
	ERR_clear_error();
}

void
revocation_tell_issuers(struct revocation *rev)
{
	size_t i;

	for (i = 0; i < ISSUERS_MAX && rev->issuer != NULL; i++)
		if (rev->issuers[i].x != NULL &&
		    !cert_is_self_issued(rev->issuers[i].x))
			rev->issuer(rev->issuer_arg, rev->issuers[i].x);
}

void
revocation_on_issuer(struct revocation *rev, void (*fn)(void *arg, X509 *),
    void *arg)
{
	rev->issuer = fn;
	rev->issuer_arg = arg;
}

void
revocation_tell(void *arg, const uint8_t fp[32])
{
	struct revocation *rev = arg;

	if (rev->revoked != NULL)
		rev->revoked(rev->revoked_arg, fp);
}

/* Whoever is here with it has to go. */
static void
cut_revoked(struct revocation *rev, X509 *cert, X509 *issuer)
{
	uint8_t id[ISSUER_ID_LEN];

	if (issuer_id(issuer, id) == 0)
		watch_revoked(rev->watches, id, cert, revocation_tell, rev);
}

/* An answer is kept for the certificate that it is about. */
static void
take_stapled(struct revocation *rev, STACK_OF(X509) *chain,
    const struct part *p, time_t now)
{
	const char *why = NULL;
	enum ocsp_says says;
	struct source *s;
	X509 *cert, *issuer;
	time_t until;
	int i;

	if (p->len == 0 || p->len > STAPLED_LEN_MAX)
		return;
	for (i = 0; i + 1 < sk_X509_num(chain); i++) {
		cert = sk_X509_value(chain, i);
		issuer = sk_X509_value(chain, i + 1);
		says = ocsp_answer(p->p, p->len, NULL, cert, issuer, now,
		    &until, &why);
		if (says == OCSP_NOTHING)
			continue;
		s = source_get(rev->sources, "", cert, issuer, true);
		/* An older one may still hold. */
		if (s != NULL && (s->says != OCSP_REVOKED ||
		    says == OCSP_REVOKED || now > s->until)) {
			s->says = says;
			s->until = until;
		}
		if (says == OCSP_REVOKED)
			cut_revoked(rev, cert, issuer);
		return;
	}
	log_info(LOG_T_CERTIFICATE, "the OCSP answer that the peer sent is "
	    "of no use: %s", why != NULL ? why : "nothing to check");
}

static struct check *
check_new(struct revocation *rev, STACK_OF(X509) *chain,
    const uint8_t fp[32], time_t now, revocation_cb cb, void *arg)
{
	struct timeval tv = { rev->conf.wait_ms / 1000,
	    rev->conf.wait_ms % 1000 * 1000 };
	struct check *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->rev = rev;
	c->now = now;
	c->cb = cb;
	c->arg = arg;
	memcpy(c->fp, fp, sizeof(c->fp));
	c->chain = X509_chain_up_ref(chain);
	c->timer = evtimer_new(rev->base, on_check_timer, c);
	if (c->chain == NULL || c->timer == NULL ||
	    event_add(c->timer, &tv) == -1) {
		check_free(c);
		return NULL;
	}
	c->next = rev->checks;
	rev->checks = c;
	rev->nchecks++;
	return c;
}

int
revocation_check(struct revocation *rev, STACK_OF(X509) *chain,
    const uint8_t fp[32], const struct part *ocsp, size_t nocsp, time_t now,
    revocation_cb cb, void *arg)
{
	struct check *c;
	size_t i;

	if ((c = check_new(rev, chain, fp, now, cb, arg)) == NULL)
		return -1;
	remember_issuers(rev, chain);
	for (i = 0; i < nocsp && i < STAPLED_MAX && rev->conf.ocsp_use; i++)
		take_stapled(rev, chain, &ocsp[i], now);
	(void)check_run(c, rev->nchecks > CHECKS_MAX);
	return 0;
}

/* Answers */

static void
have_crl(struct revocation *rev, struct source *s, const uint8_t *data,
    size_t len, time_t now)
{
	const uint8_t *p = data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)len);
	const char *why = "no CRL";
	struct crl got = { .x = crl };
	uint8_t id[ISSUER_ID_LEN];

	if (crl == NULL || p != data + len || issuer_id(s->issuer, id) == -1 ||
	    !revocation_crl_is_of(rev, &got, s->issuer, id, &why)) {
		X509_CRL_free(crl);
		revocation_failed(s, now, "not used: %s", why);
		return;
	}
	if (s->crl.x != NULL && ASN1_TIME_compare(
	    X509_CRL_get0_lastUpdate(crl),
	    X509_CRL_get0_lastUpdate(s->crl.x)) < 0) {
		X509_CRL_free(crl);
		revocation_failed(s, now, "it is older than the one before");
		return;
	}
	s->refresh = now + REFRESH_S;
	source_set_crl(rev->sources, s, crl, len);
	s->crl.known = true;
	memcpy(s->crl.issuer, id, sizeof(id));
	log_debug(LOG_T_CERTIFICATE, "%s: fetched, %zu bytes", s->url, len);
	watch_sweep(rev->watches, id, crl, revocation_tell, rev);
}

static void
have_ocsp(struct revocation *rev, struct source *s, const uint8_t *data,
    size_t len, time_t now)
{
	const char *why = NULL;
	time_t until = 0;

	s->says = ocsp_answer(data, len, s->question, s->cert, s->issuer, now,
	    &until, &why);
	if (s->says == OCSP_NOTHING) {
		revocation_failed(s, now, "not used: %s", why);
		return;
	}
	s->until = until > now + HOLD_MAX_S ? now + HOLD_MAX_S : until;
	if (s->until < now + RETRY_S)
		s->until = now + RETRY_S;	/* the skew's benefit */
	if (s->says == OCSP_REVOKED)
		cut_revoked(rev, s->cert, s->issuer);
}

void
revocation_fetched(struct revocation *rev, uint32_t id, const char *reason,
    const uint8_t *data, size_t len)
{
	struct source *s = source_by_fetch(rev->sources, id);
	time_t now = rev->ops->now(rev->arg);

	if (s == NULL)
		return;
	s->fetching = 0;
	if (reason != NULL)
		revocation_failed(s, now, "%s", reason);
	else if (s->cert != NULL)
		have_ocsp(rev, s, data, len, now);
	else
		have_crl(rev, s, data, len, now);
	ERR_clear_error();
	run_checks(rev);
}

void
revocation_fetch_lost(struct revocation *rev, const char *reason)
{
	time_t now = rev->ops->now(rev->arg);
	struct source *s;
	size_t at = 0;

	while ((s = source_next(rev->sources, &at)) != NULL)
		if (s->fetching != 0)
			revocation_failed(s, now, "%s", reason);
	run_checks(rev);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	revocation_tick(arg);
}

/* From outside */

struct revocation *
revocation_new(struct event_base *base, const struct revocation_ops *ops,
    void *arg)
{
	struct timeval tv = { TICK_S, 0 };
	struct revocation *rev;

	if ((rev = calloc(1, sizeof(*rev))) == NULL)
		return NULL;
	rev->base = base;
	rev->ops = ops;
	rev->arg = arg;
	rev->conf = (struct revocation_conf){ .crl_use = true,
	    .crl_download = true, .ocsp_use = true, .wait_ms = 5000 };
	rev->sources = sources_new();
	rev->watches = watches_new(WATCH_MAX);
	rev->tick = event_new(base, -1, EV_PERSIST, on_tick, rev);
	if (rev->sources == NULL || rev->watches == NULL ||
	    rev->tick == NULL || event_add(rev->tick, &tv) == -1) {
		revocation_free(rev);
		return NULL;
	}
	return rev;
}

void
revocation_free(struct revocation *rev)
{
	size_t i;

	if (rev == NULL)
		return;
	while (rev->checks != NULL)
		check_free(rev->checks);
	for (i = 0; i < ISSUERS_MAX; i++)
		X509_free(rev->issuers[i].x);
	revocation_drop(rev);
	sources_free(rev->sources);
	watches_free(rev->watches);
	if (rev->tick != NULL)
		event_free(rev->tick);
	free(rev);
}

void
revocation_set_conf(struct revocation *rev, const struct revocation_conf *c)
{
	rev->conf = *c;
}

void
revocation_on_revoked(struct revocation *rev,
    void (*fn)(void *arg, const uint8_t fp[32]), void *arg)
{
	rev->revoked = fn;
	rev->revoked_arg = arg;
}

void
revocation_on_expired(struct revocation *rev,
    void (*fn)(void *arg, const uint8_t fp[32]), void *arg)
{
	rev->expired = fn;
	rev->expired_arg = arg;
}
