/*
 * The identities of the configuration, found by peer and remote ID.
 */
#ifndef CERTD_IDENT_H
#define CERTD_IDENT_H

#include "lib/conf/conf.h"

#include <stddef.h>
#include <stdint.h>

struct idents;

/*
 * At most so many identities are tried for one login: those that tell their
 * peers apart by nothing but the secret.
 */
#define IDENT_TRY_MAX	64

/* By what an identity authenticates; a mask of these selects. */
#define IDENT_PSK	0x01	/* a shared secret that is there */
#define IDENT_CERT	0x02	/* digital signatures */
#define IDENT_ANY	(IDENT_PSK | IDENT_CERT)

/*
 * Takes ownership of conf, also when there is no memory (NULL).  One
 * reference is the caller's.
 */
struct idents *idents_new(struct conf *);
struct idents *idents_ref(struct idents *);
/* The last one wipes the secrets.  *NULL is allowed. */
void idents_unref(struct idents **);
/* IDENT_PSK or IDENT_CERT. */
unsigned ident_kind(const struct conf_obj *);

/* An identity of that number, if it is one of that peer; else NULL. */
const struct conf_obj *ident_by_id(const struct idents *, uint32_t peer,
    uint32_t id);
/*
 * The identities of a peer, of those kinds, that admit a remote ID, in the
 * order in which they are to be tried: the ones with this very remote-id,
 * or, when there is none, the open ones (auto, ignore); in the order of the
 * configuration.  Those with match-by=certificate are not among them.
 * remote NULL: nothing is known of the peer's ID (we initiate): all of them,
 * those with a remote-id before the open ones.  Returns how many, at most
 * max.
 */
size_t ident_candidates(const struct idents *, uint32_t peer, unsigned kinds,
    const struct ikeid *remote, const struct conf_obj **out, size_t max);
/* Those of a peer with match-by=certificate and that remote-certificate. */
size_t ident_by_cert(const struct idents *, uint32_t peer, const char *name,
    const struct conf_obj **out, size_t max);
/* "fqdn:a, fqdn:b, ..." of a peer, for a reason; cut to size.  Returns dst. */
const char *ident_list(const struct idents *, uint32_t peer, char *dst,
    size_t size);
/* How many there are of those kinds. */
size_t ident_count(const struct idents *, unsigned kinds);

#endif
