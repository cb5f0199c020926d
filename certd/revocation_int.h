/* The inside of revocation*.c. */
#ifndef CERTD_REVOCATION_INT_H
#define CERTD_REVOCATION_INT_H

#include "certd/revocation.h"
#include "certd/source.h"
#include "certd/trust.h"
#include "certd/watch.h"

#define ISSUERS_MAX	256	/* remembered for CRLs that come later */
#define RETRY_S		60	/* after a failure */

enum verdict { GOOD, REVOKED, NOTHING, WAIT };

struct check;
struct wanted;

struct issuer {
	uint8_t id[ISSUER_ID_LEN];
	X509 *x;
};

struct revocation {
	struct event_base *base;
	const struct revocation_ops *ops;
	void *arg;
	struct revocation_conf conf;
	struct sources *sources;
	struct watches *watches;
	struct crl *local;	/* of files and our own CAs */
	size_t nlocal;
	struct issuer issuers[ISSUERS_MAX];
	size_t issuers_at;
	struct trust *trust;	/* a reference: CAs that are known anyway */
	struct wanted *wanted;	/* NULL: nothing yet */
	struct check *checks;
	size_t nchecks;
	uint32_t next_id;
	struct event *tick;
	void (*revoked)(void *arg, const uint8_t fp[32]);
	void *revoked_arg;
	void (*expired)(void *arg, const uint8_t fp[32]);
	void *expired_arg;
	void (*issuer)(void *arg, X509 *);
	void *issuer_arg;
};

/* Writes a reason, of REVOCATION_WHY bytes at most. */
void revocation_say(char *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The source gave nothing, and why; it is asked again after a while. */
void revocation_failed(struct source *, time_t now, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * What the whole chain comes to.  last: nobody waits any longer.  why is of
 * the certificate that decides.
 */
enum verdict revocation_verdict(struct revocation *, STACK_OF(X509) *chain,
    time_t now, bool last, char *why);
/* The CRL was found to be this issuer's, before or now. */
bool revocation_crl_is_of(struct revocation *, struct crl *, X509 *issuer,
    const uint8_t id[ISSUER_ID_LEN], const char **why);
/* WAIT, or NOTHING with the source's why. */
enum verdict revocation_fetch(struct revocation *, struct source *,
    time_t now);
/* A watch_fn; arg is the struct revocation. */
void revocation_tell(void *arg, const uint8_t fp[CERT_FP_LEN]);
/* A CA by its id, borrowed; NULL: not here. */
X509 *revocation_issuer(const struct revocation *,
    const uint8_t id[ISSUER_ID_LEN]);

/*
 * revocation_want.c: where those say to ask who logged in with a certd
 * before.  CRLs and answers are fetched once the CA is known that they are to
 * be of; from then on they are kept fresh as all others.
 */
void wanted_add(struct revocation *, const struct watched *);
void wanted_run(struct revocation *, time_t now);
void wanted_free(struct wanted *);
/* Lets go of the local CRLs and their CAs. */
void revocation_drop(struct revocation *);

#endif
