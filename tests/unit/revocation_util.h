/*
 * A PKI made on the spot, a struct revocation over it, and a fetcher that is
 * played: for the tests of revocation.
 */
#ifndef TESTS_UNIT_REVOCATION_UTIL_H
#define TESTS_UNIT_REVOCATION_UTIL_H

#include "certd/crl.h"
#include "certd/ocsp.h"
#include "certd/revocation.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NOW	((time_t)1800000000)
#define CRL_URL	"http://ca.example/ca.crl"
#define OCSP_URL "http://ocsp.example/"

extern struct event_base *base;
extern struct revocation *rev;
extern const struct revocation_ops ops;
extern time_t clock_now;
extern EVP_PKEY *ca_key, *other_key, *resp_key;
/* other has the CA's name and another key; resp is the CA's OCSP responder,
 * norights has its key and no right to answer; leaf says where to ask, plain
 * does not. */
extern X509 *ca, *other, *resp, *norights, *leaf, *plain;
extern uint8_t fp[32];		/* whoever is checked */
extern struct trust *known;	/* CAs of ours; NULL: none */

struct crl_want {
	EVP_PKEY *key;
	X509 *issuer;
	long revoked;		/* serial, 0: none */
	time_t from, next;	/* relative to NOW; next 0: none */
	const char *idp;	/* extension or NULL */
	bool delta;
	const EVP_MD *md;	/* NULL: SHA-256 */
};

struct ocsp_want {
	X509 *signer;
	EVP_PKEY *key;
	int status;
	time_t from, next;
	OCSP_REQUEST *q;	/* copies its nonce */
	X509 *about;
};

/* DER to be freed by the caller; its length. */
size_t make_ocsp(const struct ocsp_want *w, uint8_t **der);

/* What the fetcher was asked for, in order. */
#define ASKED_MAX 16
struct asked {
	uint32_t id;
	char url[128];
	OCSP_REQUEST *q;	/* NULL: a CRL */
};
extern struct asked asked[ASKED_MAX];
extern unsigned nasked;
extern bool no_fetcher;		/* it takes no question */

struct revocation_conf conf_of(bool crl, bool download, bool ocsp,
    bool strict);
void setup(void);
void teardown(void);

struct outcome {
	int calls;
	bool good;
	char why[256];
};

/* A revocation_cb; arg is a struct outcome. */
void on_outcome(void *arg, bool good, const char *why);
/* Asks about cert, which the CA has signed; ocsp: what the peer sent. */
void check_start(struct outcome *o, X509 *cert, const struct part *ocsp);
/* It was answered so, once, and the reason has that part. */
void expect(const struct outcome *o, bool good, const char *part);
/* The i-th question is answered. */
void answer_crl(unsigned i, const struct crl_want *w);
void answer_ocsp(unsigned i, struct ocsp_want w);
/* The CRL from a file; NULL: there is none. */
void local_crl(const struct crl_want *w);

#endif
