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

/* Takes ownership of conf, also when there is no memory (NULL). */
struct idents *idents_new(struct conf *);
/* Wipes the secrets.  NULL is allowed. */
void idents_free(struct idents *);

/* An identity of that number, if it is one of that peer; else NULL. */
const struct conf_obj *ident_by_id(const struct idents *, uint32_t peer,
    uint32_t id);
/*
 * The identities of a peer that admit a remote ID, in the order in which
 * they are to be tried: the ones with this very remote-id, or, when there is
 * none, the open ones (auto, ignore); in the order of the configuration.
 * remote NULL: nothing is known of the peer's ID (we initiate): all of them,
 * those with a remote-id before the open ones.  Returns how many, at most
 * max.
 */
size_t ident_candidates(const struct idents *, uint32_t peer,
    const struct ikeid *remote, const struct conf_obj **out, size_t max);
/* Our ID under an identity: my-id, or for auto our address. */
void ident_my_id(const struct conf_obj *, const struct addr *local,
    struct ikeid *id);
/* "fqdn:a, fqdn:b, ..." of a peer, for a reason; cut to size.  Returns dst. */
const char *ident_list(const struct idents *, uint32_t peer, char *dst,
    size_t size);
size_t ident_count(const struct idents *);

#endif
