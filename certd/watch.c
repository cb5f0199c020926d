#include "certd/watch.h"

#include "certd/crl.h"

#include "lib/hash.h"

#include <openssl/evp.h>

#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

#define SERIAL_MAX	24	/* 20 by RFC 5280 4.1.2.2 */

struct watched {
	uint8_t issuer[ISSUER_ID_LEN];
	uint8_t serial[SERIAL_MAX];
	int len;
};

struct watch {
	uint8_t fp[32];
	time_t until;		/* the first of the chain to expire; 0: none */
	size_t n;
	struct watched certs[];
};

struct watches {
	struct hash by_fp;
	struct watch *ring[WATCH_MAX];
	size_t at;
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
watches_new(void)
{
	struct watches *ws = calloc(1, sizeof(*ws));
	uint64_t seed = 0;

	if (ws == NULL || getrandom(&seed, sizeof(seed), 0) == -1) {
		free(ws);
		return NULL;
	}
	hash_init(&ws->by_fp, seed);
	return ws;
}

void
watches_free(struct watches *ws)
{
	size_t i;

	if (ws == NULL)
		return;
	for (i = 0; i < WATCH_MAX; i++)
		free(ws->ring[i]);
	hash_free(&ws->by_fp);
	free(ws);
}

static void
forget(struct watches *ws, size_t i)
{
	struct watch *w = ws->ring[i];

	if (w == NULL)
		return;
	(void)hash_del(&ws->by_fp, fp_key(w->fp));
	free(w);
	ws->ring[i] = NULL;
}

static int
serial_set(struct watched *w, const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);

	w->len = ASN1_STRING_length(serial);
	if (w->len > SERIAL_MAX)
		return -1;
	memcpy(w->serial, ASN1_STRING_get0_data(serial), (size_t)w->len);
	return 0;
}

static int
watched_set(struct watched *w, X509 *cert, X509 *issuer)
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

int
watch_add(struct watches *ws, STACK_OF(X509) *chain, const uint8_t fp[32])
{
	size_t n = (size_t)sk_X509_num(chain), i;
	struct watch *w;

	if (n < 1 || hash_get(&ws->by_fp, fp_key(fp)) != NULL)
		return 0;
	n = n - 1 > WATCH_CERTS_MAX ? WATCH_CERTS_MAX : n - 1;
	if ((w = calloc(1, sizeof(*w) + n * sizeof(w->certs[0]))) == NULL)
		return -1;
	memcpy(w->fp, fp, sizeof(w->fp));
	w->until = expires(chain);
	for (i = 0; i < n; i++)
		if (watched_set(&w->certs[w->n], sk_X509_value(chain, (int)i),
		    sk_X509_value(chain, (int)i + 1)) == 0)
			w->n++;
	forget(ws, ws->at);
	if (hash_set(&ws->by_fp, fp_key(fp), w) == -1) {
		free(w);
		return -1;
	}
	ws->ring[ws->at] = w;
	ws->at = (ws->at + 1) % WATCH_MAX;
	return 0;
}

static bool
has_entry(const struct watch *w, const uint8_t issuer[ISSUER_ID_LEN],
    X509_CRL *crl, ASN1_INTEGER *serial)
{
	X509_REVOKED *rev;
	size_t i;

	for (i = 0; i < w->n; i++)
		if (memcmp(w->certs[i].issuer, issuer, ISSUER_ID_LEN) == 0 &&
		    ASN1_STRING_set(serial, w->certs[i].serial,
		    w->certs[i].len) == 1 &&
		    X509_CRL_get0_by_serial(crl, &rev, serial) == 1)
			return true;
	return false;
}

void
watch_sweep(struct watches *ws, const uint8_t issuer[ISSUER_ID_LEN],
    X509_CRL *crl, void (*fn)(void *arg, const uint8_t fp[32]), void *arg)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	uint8_t fp[32];
	size_t i;

	for (i = 0; i < WATCH_MAX && serial != NULL; i++) {
		if (ws->ring[i] == NULL ||
		    !has_entry(ws->ring[i], issuer, crl, serial))
			continue;
		memcpy(fp, ws->ring[i]->fp, sizeof(fp));
		forget(ws, i);
		fn(arg, fp);
	}
	ASN1_INTEGER_free(serial);
}

static bool
has_cert(const struct watch *w, const struct watched *c)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->certs[i].len == c->len &&
		    memcmp(w->certs[i].serial, c->serial, (size_t)c->len) ==
		    0 && memcmp(w->certs[i].issuer, c->issuer,
		    ISSUER_ID_LEN) == 0)
			return true;
	return false;
}

void
watch_revoked(struct watches *ws, const uint8_t issuer[ISSUER_ID_LEN],
    X509 *cert, void (*fn)(void *arg, const uint8_t fp[32]), void *arg)
{
	struct watched c = { .len = 0 };
	uint8_t fp[32];
	size_t i;

	if (serial_set(&c, cert) == -1)
		return;
	memcpy(c.issuer, issuer, sizeof(c.issuer));
	for (i = 0; i < WATCH_MAX; i++) {
		if (ws->ring[i] == NULL || !has_cert(ws->ring[i], &c))
			continue;
		memcpy(fp, ws->ring[i]->fp, sizeof(fp));
		forget(ws, i);
		fn(arg, fp);
	}
}

void
watch_expired(struct watches *ws, time_t now,
    void (*fn)(void *arg, const uint8_t fp[32]), void *arg)
{
	const struct watch *w;
	uint8_t fp[32];
	size_t i;

	for (i = 0; i < WATCH_MAX; i++) {
		w = ws->ring[i];
		if (w == NULL || w->until == 0 || now <= w->until)
			continue;
		memcpy(fp, w->fp, sizeof(fp));
		forget(ws, i);
		fn(arg, fp);
	}
}

size_t
watch_count(const struct watches *ws)
{
	return hash_count(&ws->by_fp);
}
