/*
 * The files of certd's own directory: NAME.pem is some lines "word=value"
 * and PEM behind them, NAME.template such lines alone.
 */
#ifndef CERTD_PKIFILE_H
#define CERTD_PKIFILE_H

#include "certd/pki.h"

#include "lib/buf.h"

struct pki_head {
	bool trusted;
	char crl_host[PKI_HOST_MAX];
};

/* Calls fn for each file; the content is wiped afterwards.  What cannot be
 * read is logged. */
void pkifile_each(const char *dir, void (*fn)(void *arg, const char *name,
    bool is_template, const uint8_t *data, size_t len), void *arg);
/* The lines of a NAME.pem; what is not there is trusted, and "". */
void pkifile_head(struct pki_head *, const uint8_t *data, size_t len);
int pkifile_put_head(BIO *, const struct pki_head *);
/* -1: something is too long. */
int pkifile_template(struct template *, const uint8_t *data, size_t len);
void pkifile_put_template(struct buf *, const struct template *);
/* In place of what was there, as a whole or not at all.  -1: why. */
int pkifile_write(const char *dir, const char *name, bool is_template,
    const uint8_t *data, size_t len, char *why);
void pkifile_remove(const char *dir, const char *name, bool is_template);

#endif
