/*
 * The certificates that the operator's commands make: kept as files in
 * certd's own directory, one for each name, and put into the store.  Keys
 * are made here and leave only by pki_export().
 */
#ifndef CERTD_PKI_H
#define CERTD_PKI_H

#include "certd/store.h"
#include "certd/template.h"

#include <time.h>

struct pki;

#define PKI_HOST_MAX	128	/* ca-crl-host, with NUL */

/* Keeps both; dir is where the files are.  NULL: no memory. */
struct pki *pki_new(struct store *, const char *dir);
void pki_free(struct pki *);
/* Reads what is there; damaged files are logged and left. */
void pki_open(struct pki *, time_t now);
/* CRLs of our own CAs that are about to expire are made anew; to be called
 * every hour or so. */
void pki_tick(struct pki *, time_t now);

/* All of these: -1, why (CERT_WHY_MAX bytes) is one line. */

/* A template under a name that is free. */
int pki_add(struct pki *, const char *name, const struct template *,
    char *why);
/*
 * Turns a template into a certificate, signed by ca (NULL or "": a CA of its
 * own, whose CRL clients find at crl_host).  In two steps, since making the
 * key takes long: begin checks and gives the template back; end has the key
 * (not taken).
 */
int pki_sign_begin(struct pki *, const char *name, const char *ca,
    const char *crl_host, struct template *, char *why);
int pki_sign_end(struct pki *, const char *name, const char *ca,
    const char *crl_host, EVP_PKEY *key, time_t now, char *why);
/* A file's content, under a name; replaces one of that name. */
int pki_import(struct pki *, const char *name, const uint8_t *data,
    size_t len, const struct secret *passphrase, bool trusted, char *why);
/* Puts it into its CA's CRL, which must be a CA made here. */
int pki_revoke(struct pki *, const char *name, time_t now, char *why);
/* A certificate or a template; not one of the configuration's. */
int pki_remove(struct pki *, const char *name, char *why);

enum pki_form {
	PKI_PEM,		/* .crt, and .key with a passphrase */
	PKI_PKCS12,		/* AES-256, SHA-256 */
	PKI_PKCS12_LEGACY,	/* 3DES, SHA-1: for old Windows and Apple */
	PKI_CRL,		/* of a CA, DER */
};
/* Calls fn for each file with a name to write it under. */
int pki_export(struct pki *, const char *name, enum pki_form,
    const char *passphrase, void (*fn)(void *arg, const char *file,
    const uint8_t *data, size_t len), void *arg, char *why);

/* Walks the templates; *at starts at 0.  NULL: the end. */
const struct template *pki_template_next(const struct pki *, size_t *at,
    const char **name);
/* Whether a CRL that is here has the certificate. */
bool pki_revoked(const struct store *, X509 *);
/* Letters, digits and ._@+-, not first a dot; so never a path. */
bool pki_name_ok(const char *name);

#endif
