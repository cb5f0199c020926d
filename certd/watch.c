#include "certd/watch.h"

#include "certd/crl.h"
#include "certd/ocsp.h"

#include "lib/hash.h"
#include "lib/log.h"

#include <openssl/evp.h>

#include <sys/queue.h>
#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

struct watch {
	TAILQ_ENTRY(watch) entry;
	uint8_t fp[CERT_FP_LEN];
	time_t until;
	size_t n;
	struct watched_cert certs[];
};

#define FULL_MS	60000	/* so often it is said that somebody is forgotten */

TAILQ_HEAD(watch_list, watch);

struct watches {
	struct hash by_fp;
	struct watch_list list;		/* the latest login last */
	size_t max;
	struct log_limit full;
};

int
issuer_id(X509 *issuer, uint8_t id[ISSUER_ID_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *key = NULL, *name = NULL;
	int nkey, nname, rc = -1;

	nkey = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &key);
	nname = i2d_X509_NAME(X509_get_subject_name(issuer), &name);
	if (ctx != NULL && nkey > 0 && nname > 0 &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, key, (size_t)nkey) == 1 &&
	    EVP_DigestUpdate(ctx, name, (size_t)nname) == 1 &&
	    EVP_DigestFinal_ex(ctx, id, NULL) == 1)
		rc = 0;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(key);
	OPENSSL_free(name);
	return rc;
}

static uint64_t
fp_key(const uint8_t fp[32])
{
	uint64_t k;

	memcpy(&k, fp, sizeof(k));
	return k;
}

struct watches *
watches_new(size_t max)
{
	struct watches *ws = calloc(1, sizeof(*ws));
	uint64_t seed = 0;

	if (ws == NULL || getrandom(&seed, sizeof(seed), 0) == -1) {
		free(ws);
		return NULL;
	}
	hash_init(&ws->by_fp, seed);
	TAILQ_INIT(&ws->list);
	ws->max = max;
	ws->full.burst = 1;
	ws->full.interval_ms = FULL_MS;
	return ws;
}

static void
forget(struct watches *ws, struct watch *w)
{
	(void)hash_del(&ws->by_fp, fp_key(w->fp));
	TAILQ_REMOVE(&ws->list, w, entry);
	free(w);
}

void
watches_free(struct watches *ws)
{
	struct watch *w;

	if (ws == NULL)
		return;
	while ((w = TAILQ_FIRST(&ws->list)) != NULL)
		forget(ws, w);
	hash_free(&ws->by_fp);
	free(ws);
}

static int
serial_set(struct watched_cert *w, const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	int len = ASN1_STRING_length(serial);

	if (len > WATCHED_SERIAL_MAX)
		return -1;
	w->len = (uint8_t)len;
	memcpy(w->serial, ASN1_STRING_get0_data(serial), (size_t)len);
	return 0;
}

static int
watched_set(struct watched_cert *w, X509 *cert, X509 *issuer)
{
	return serial_set(w, cert) == -1 ? -1 : issuer_id(issuer, w->issuer);
}

/* The anchor is trusted for its own sake, unless it is alone. */
static time_t
expires(STACK_OF(X509) *chain)
{
	int i, n = sk_X509_num(chain);
	time_t first = 0, t;

	for (i = 0; i < n && (i == 0 || i < n - 1); i++)
		if (asn1_time(X509_get0_notAfter(sk_X509_value(chain, i)),
		    &t) == 0 && (first == 0 || t < first))
			first = t;
	return first;
}

static void
first_url(X509 *leaf, size_t (*urls)(X509 *, char **, size_t),
    char dst[WATCHED_URL_MAX])
{
	char *url;

	if (urls(leaf, &url, 1) == 0)
		return;
	if (strlen(url) < WATCHED_URL_MAX)
		memcpy(dst, url, strlen(url) + 1);
	free(url);
}

void
watch_of(STACK_OF(X509) *chain, const uint8_t fp[CERT_FP_LEN],
    struct watched *w)
{
	int i, n = sk_X509_num(chain) - 1;

	memset(w, 0, sizeof(*w));
	memcpy(w->fp, fp, sizeof(w->fp));
	w->until = expires(chain);
	for (i = 0; i < n && i < WATCHED_CERTS_MAX; i++)
		if (watched_set(&w->certs[w->n], sk_X509_value(chain, i),
		    sk_X509_value(chain, i + 1)) == 0)
			w->n++;
	if (n < 1)
		return;
	first_url(sk_X509_value(chain, 0), ocsp_urls, w->ocsp);
	first_url(sk_X509_value(chain, 0), crl_urls, w->crl);
}

/* There must be room. */
static int
insert(struct watches *ws, const struct watched *from)
{
	struct watch *w = hash_get(&ws->by_fp, fp_key(from->fp));

	if (w != NULL)
		forget(ws, w);
	w = calloc(1, sizeof(*w) + from->n * sizeof(w->certs[0]));
	if (w == NULL)
		return -1;
	memcpy(w->fp, from->fp, sizeof(w->fp));
	w->until = from->until;
	w->n = from->n;
	memcpy(w->certs, from->certs, w->n * sizeof(w->certs[0]));
	if (hash_set(&ws->by_fp, fp_key(w->fp), w) == -1) {
		free(w);
		return -1;
	}
	TAILQ_INSERT_TAIL(&ws->list, w, entry);
	return 0;
}

static bool
has_room(struct watches *ws, const struct watched *w, const char *what)
{
	if (hash_count(&ws->by_fp) < ws->max ||
	    hash_get(&ws->by_fp, fp_key(w->fp)) != NULL)
		return true;
	log_limited(&ws->full, mono_now(), LOG_T_CERTIFICATE | LOG_T_WARNING,
	    "%zu certificates are watched, and no more can be: %s, whose "
	    "sessions a later revocation does not end", ws->max, what);
	return false;
}

int
watch_add(struct watches *ws, const struct watched *w)
{
	if (!has_room(ws, w, "the one whose login is longest ago is not any "
	    "more"))
		forget(ws, TAILQ_FIRST(&ws->list));
	return insert(ws, w);
}

int
watch_restore(struct watches *ws, const struct watched *w)
{
	if (hash_get(&ws->by_fp, fp_key(w->fp)) != NULL)
		return 0;
	return has_room(ws, w, "one of before the start is not") ?
	    insert(ws, w) : -1;
}

static bool
in_crl(const struct watched_cert *certs, size_t n,
    const uint8_t issuer[ISSUER_ID_LEN], X509_CRL *crl, ASN1_INTEGER *serial)
{
	X509_REVOKED *rev;
	size_t i;

	for (i = 0; i < n; i++)
		if (memcmp(certs[i].issuer, issuer, ISSUER_ID_LEN) == 0 &&
		    ASN1_STRING_set(serial, certs[i].serial,
		    certs[i].len) == 1 &&
		    X509_CRL_get0_by_serial(crl, &rev, serial) == 1)
			return true;
	return false;
}

bool
watch_in_crl(const struct watched *w, const uint8_t issuer[ISSUER_ID_LEN],
    X509_CRL *crl)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	bool there = serial != NULL &&
	    in_crl(w->certs, w->n, issuer, crl, serial);

	ASN1_INTEGER_free(serial);
	return there;
}

static void
end(struct watches *ws, struct watch *w, watch_fn fn, void *arg)
{
	uint8_t fp[CERT_FP_LEN];

	memcpy(fp, w->fp, sizeof(fp));
	forget(ws, w);
	fn(arg, fp);
}

void
watch_sweep(struct watches *ws, const uint8_t issuer[ISSUER_ID_LEN],
    X509_CRL *crl, watch_fn fn, void *arg)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	struct watch *w, *next;

	for (w = TAILQ_FIRST(&ws->list); w != NULL && serial != NULL;
	    w = next) {
		next = TAILQ_NEXT(w, entry);
		if (in_crl(w->certs, w->n, issuer, crl, serial))
			end(ws, w, fn, arg);
	}
	ASN1_INTEGER_free(serial);
}

static bool
has_cert(const struct watch *w, const struct watched_cert *c)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->certs[i].len == c->len &&
		    memcmp(w->certs[i].serial, c->serial, c->len) == 0 &&
		    memcmp(w->certs[i].issuer, c->issuer, ISSUER_ID_LEN) == 0)
			return true;
	return false;
}

void
watch_revoked(struct watches *ws, const uint8_t issuer[ISSUER_ID_LEN],
    X509 *cert, watch_fn fn, void *arg)
{
	struct watched_cert c = { .len = 0 };
	struct watch *w, *next;

	if (serial_set(&c, cert) == -1)
		return;
	memcpy(c.issuer, issuer, sizeof(c.issuer));
	for (w = TAILQ_FIRST(&ws->list); w != NULL; w = next) {
		next = TAILQ_NEXT(w, entry);
		if (has_cert(w, &c))
			end(ws, w, fn, arg);
	}
}

void
watch_expired(struct watches *ws, time_t now, watch_fn fn, void *arg)
{
	struct watch *w, *next;

	for (w = TAILQ_FIRST(&ws->list); w != NULL; w = next) {
		next = TAILQ_NEXT(w, entry);
		if (w->until != 0 && now > w->until)
			end(ws, w, fn, arg);
	}
}

size_t
watch_count(const struct watches *ws)
{
	return hash_count(&ws->by_fp);
}
