#include "certd/source.h"

#include "lib/hash.h"

#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

#define CRL_BYTES_MAX	(32u << 20)

struct sources {
	struct hash by_key;
	struct source *v[SOURCES_MAX];
	size_t at;		/* the next to give way */
	size_t crl_bytes;
};

static uint64_t
key64(const uint8_t key[32])
{
	uint64_t k;

	memcpy(&k, key, sizeof(k));
	return k;
}

struct sources *
sources_new(void)
{
	struct sources *ss = calloc(1, sizeof(*ss));
	uint64_t seed = 0;

	if (ss == NULL || getrandom(&seed, sizeof(seed), 0) == -1) {
		free(ss);
		return NULL;
	}
	hash_init(&ss->by_key, seed);
	return ss;
}

static void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	free(s->url);
	X509_free(s->cert);
	X509_free(s->issuer);
	X509_CRL_free(s->crl.x);
	OCSP_REQUEST_free(s->question);
	free(s);
}

void
sources_free(struct sources *ss)
{
	size_t i;

	if (ss == NULL)
		return;
	for (i = 0; i < SOURCES_MAX; i++)
		source_free(ss->v[i]);
	hash_free(&ss->by_key);
	free(ss);
}

/* Issuer, serial number (OCSP) and URL. */
static int
make_key(const char *url, X509 *cert, X509 *issuer, uint8_t key[32])
{
	const ASN1_INTEGER *serial;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t id[ISSUER_ID_LEN], kind = cert != NULL;
	int rc = -1;

	if (ctx == NULL || issuer_id(issuer, id) == -1 ||
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, &kind, 1) != 1 ||
	    EVP_DigestUpdate(ctx, id, sizeof(id)) != 1 ||
	    EVP_DigestUpdate(ctx, url, strlen(url) + 1) != 1)
		goto out;
	if (cert != NULL) {
		serial = X509_get0_serialNumber(cert);
		if (EVP_DigestUpdate(ctx, ASN1_STRING_get0_data(serial),
		    (size_t)ASN1_STRING_length(serial)) != 1)
			goto out;
	}
	if (EVP_DigestFinal_ex(ctx, key, NULL) == 1)
		rc = 0;
out:
	EVP_MD_CTX_free(ctx);
	return rc;
}

static void
give_way(struct sources *ss, size_t i)
{
	struct source *s = ss->v[i];

	if (s == NULL)
		return;
	ss->crl_bytes -= s->crl_len;
	(void)hash_del(&ss->by_key, key64(s->key));
	source_free(s);
	ss->v[i] = NULL;
}

/* A place whose source is not waited for; SOURCES_MAX: none. */
static size_t
find_place(struct sources *ss)
{
	size_t i, k;

	for (i = 0; i < SOURCES_MAX; i++) {
		k = (ss->at + i) % SOURCES_MAX;
		if (ss->v[k] == NULL || ss->v[k]->fetching == 0) {
			ss->at = (k + 1) % SOURCES_MAX;
			return k;
		}
	}
	return SOURCES_MAX;
}

struct source *
source_get(struct sources *ss, const char *url, X509 *cert, X509 *issuer,
    bool make)
{
	uint8_t key[32];
	struct source *s;
	size_t i;

	if (strlen(url) > SOURCE_URL_MAX ||
	    make_key(url, cert, issuer, key) == -1)
		return NULL;
	s = hash_get(&ss->by_key, key64(key));
	if (s != NULL)
		return memcmp(s->key, key, sizeof(key)) == 0 ? s : NULL;
	if (!make || (i = find_place(ss)) == SOURCES_MAX ||
	    (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	give_way(ss, i);
	memcpy(s->key, key, sizeof(key));
	s->says = OCSP_NOTHING;
	X509_up_ref(issuer);
	s->issuer = issuer;
	if (cert != NULL) {
		X509_up_ref(cert);
		s->cert = cert;
	}
	if ((s->url = strdup(url)) == NULL ||
	    hash_set(&ss->by_key, key64(key), s) == -1) {
		source_free(s);
		return NULL;
	}
	return ss->v[i] = s;
}

struct source *
source_next(struct sources *ss, size_t *at)
{
	while (*at < SOURCES_MAX)
		if (ss->v[(*at)++] != NULL)
			return ss->v[*at - 1];
	return NULL;
}

struct source *
source_by_fetch(struct sources *ss, uint32_t id)
{
	struct source *s;
	size_t at = 0;

	while ((s = source_next(ss, &at)) != NULL)
		if (id != 0 && s->fetching == id)
			return s;
	return NULL;
}

void
source_set_crl(struct sources *ss, struct source *s, X509_CRL *crl,
    size_t len)
{
	size_t i;

	ss->crl_bytes -= s->crl_len;
	X509_CRL_free(s->crl.x);
	s->crl = (struct crl){ .x = crl };
	s->crl_len = len;
	ss->crl_bytes += len;
	for (i = 0; i < SOURCES_MAX && ss->crl_bytes > CRL_BYTES_MAX; i++)
		if (ss->v[i] != NULL && ss->v[i] != s &&
		    ss->v[i]->crl_len > 0 && ss->v[i]->fetching == 0)
			give_way(ss, i);
}
