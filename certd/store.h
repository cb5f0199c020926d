/*
 * The certificates that are there, by name, and the CAs we trust.
 *
 * Files declared in the configuration come from sallyportd as descriptors: a
 * set of files under one name is taken as a whole or not at all, so that a
 * file half written, or a certificate without its new key, leaves what was
 * there (with one line in the log).
 */
#ifndef CERTD_STORE_H
#define CERTD_STORE_H

#include "certd/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* NULL: no memory. */
struct store *store_new(void);
void store_free(struct store *);

/*
 * Declares the names and files of a configuration (CONF_CERTIFICATE
 * objects); conf must live until the next call or store_free().  What is no
 * longer declared goes away.
 */
void store_conf(struct store *, const struct conf *);
/* The file of that object; takes ownership of fd.  -1: it could not be
 * opened, as sallyportd has logged. */
void store_file(struct store *, uint32_t obj, int fd);
/*
 * All files of each name touched since the last call are here: parses them
 * and swaps what fits.  True: something changed.
 */
bool store_files_end(struct store *);
/*
 * A certificate that is not declared in the configuration (made by the
 * operator's commands).  Takes the caller's reference.  Replaces one of the
 * same name, unless that one is declared in the configuration: -1.
 */
int store_put(struct store *, struct cert *);
/* -1: no such name, or declared in the configuration. */
int store_del(struct store *, const char *name);

/* Borrowed until the loop's next turn; NULL: none of that name. */
struct cert *store_get(const struct store *, const char *name);
/* Those with that fingerprint (a certificate may have several names).
 * Returns how many, at most max. */
size_t store_by_fp(const struct store *, const uint8_t fp[CERT_FP_LEN],
    struct cert **out, size_t max);
/* Walks them in order of their names: *at starts at 0.  NULL: the end. */
struct cert *store_next(const struct store *, size_t *at);
/* The current anchors, borrowed. */
struct trust *store_trust(const struct store *);
/* Called after every change of the store, from the call that made it. */
void store_on_change(struct store *, void (*fn)(void *), void *arg);

#endif
