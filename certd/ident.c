#include "certd/ident.h"

#include "lib/hash.h"

#include <openssl/x509.h>

#include <sys/random.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ident {
	const struct conf_obj *o;
	uint32_t peer;
	unsigned kind;
	struct ident *next;	/* same key in by_remote or by_cert */
	struct ident *sibling;	/* of one peer, in order */
};

struct idents {
	unsigned refs;
	struct conf *conf;
	struct ident *all;
	size_t n;
	struct hash by_id;
	struct hash by_peer;	/* the first of each peer, then sibling */
	struct hash by_remote;	/* peer and remote ID, then next */
	struct hash by_cert;	/* match-by=certificate: peer and name */
};

/* Of the canonical form, in which ikeid_equal() compares; 0: unreadable. */
static uint64_t
dn_hash(const struct ikeid *id)
{
	const uint8_t *p = id->data;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, id->len);
	uint64_t h;

	if (name == NULL)
		return 0;
	h = X509_NAME_hash_ex(name, NULL, NULL, NULL);
	X509_NAME_free(name);
	return h;
}

/*
 * A key under which equal IDs (ikeid_equal) meet: names without regard to
 * case, distinguished names in canonical form.
 */
static uint64_t
remote_key(const struct idents *is, uint32_t peer, const struct ikeid *id)
{
	uint8_t folded[IKEID_MAX];
	uint64_t h = hash_mix(is->by_remote.seed, peer);
	size_t i;

	if (ikeid_is_open(id))
		return hash_mix(h, IKEID_AUTO);
	h = hash_mix(h, id->type);
	if (id->type == IKEID_DN)
		return hash_mix(h, dn_hash(id));
	for (i = 0; i < id->len; i++)
		folded[i] = (uint8_t)tolower(id->data[i]);
	return hash_bytes(folded, id->len, h);
}

static const struct ikeid *
remote_id(const struct ident *i)
{
	return conf_id(i->o, CONF_IDENTITY_REMOTE_ID);
}

static bool
same_remote(const struct ident *a, uint32_t peer, const struct ikeid *id)
{
	const struct ikeid *mine = remote_id(a);

	if (a->peer != peer)
		return false;
	if (ikeid_is_open(mine) || ikeid_is_open(id))
		return ikeid_is_open(mine) && ikeid_is_open(id);
	return ikeid_equal(mine, id);
}

unsigned
ident_kind(const struct conf_obj *o)
{
	const struct secret *s;

	switch (conf_num(o, CONF_IDENTITY_AUTH_METHOD)) {
	case CONF_AUTH_PSK:
		s = conf_secret(o, CONF_IDENTITY_SECRET);
		return s != NULL && s->len > 0 ? IDENT_PSK : 0;
	case CONF_AUTH_DIGITAL_SIGNATURE:
		return IDENT_CERT;
	default:
		return 0;
	}
}

static bool
is_by_cert(const struct ident *i)
{
	return i->kind == IDENT_CERT && conf_num(i->o,
	    CONF_IDENTITY_MATCH_BY) == CONF_MATCH_CERTIFICATE;
}

static uint64_t
cert_key(const struct idents *is, uint32_t peer, const char *name)
{
	return hash_bytes(name, strlen(name),
	    hash_mix(is->by_cert.seed, peer));
}

/* Called from the last to the first, so that chains are in order. */
static int
ident_index(struct idents *is, struct ident *i)
{
	struct hash *h = is_by_cert(i) ? &is->by_cert : &is->by_remote;
	uint64_t key;

	key = h == &is->by_remote ? remote_key(is, i->peer, remote_id(i)) :
	    cert_key(is, i->peer, conf_str(i->o,
	    CONF_IDENTITY_REMOTE_CERTIFICATE));
	i->next = hash_get(h, key);
	i->sibling = hash_get(&is->by_peer, i->peer);
	if (hash_set(h, key, i) == -1 ||
	    hash_set(&is->by_peer, i->peer, i) == -1 ||
	    hash_set(&is->by_id, i->o->id, i) == -1)
		return -1;
	return 0;
}

static int
idents_fill(struct idents *is)
{
	const struct conf_obj *o;
	size_t k;

	is->all = calloc(conf_count(is->conf, CONF_IDENTITY) + 1,
	    sizeof(*is->all));
	if (is->all == NULL)
		return -1;
	CONF_FOREACH(is->conf, CONF_IDENTITY, o) {
		if ((o->flags & (CONF_F_DISABLED | CONF_F_INVALID)) != 0 ||
		    ident_kind(o) == 0)
			continue;
		is->all[is->n].o = o;
		is->all[is->n].kind = ident_kind(o);
		is->all[is->n].peer = conf_ref_id(o, CONF_IDENTITY_PEER);
		is->n++;
	}
	for (k = is->n; k > 0; k--)
		if (ident_index(is, &is->all[k - 1]) == -1)
			return -1;
	return 0;
}

struct idents *
idents_new(struct conf *conf)
{
	struct idents *is;
	uint64_t seed = 0;

	if ((is = calloc(1, sizeof(*is))) == NULL) {
		conf_free(conf);
		return NULL;
	}
	is->conf = conf;
	is->refs = 1;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = 0;
	hash_init(&is->by_id, seed);
	hash_init(&is->by_peer, seed);
	hash_init(&is->by_remote, seed);
	hash_init(&is->by_cert, seed);
	if (idents_fill(is) == -1)
		idents_unref(&is);
	return is;
}

struct idents *
idents_ref(struct idents *is)
{
	is->refs++;
	return is;
}

void
idents_unref(struct idents **isp)
{
	struct idents *is = *isp;

	*isp = NULL;
	if (is == NULL || --is->refs > 0)
		return;
	hash_free(&is->by_id);
	hash_free(&is->by_peer);
	hash_free(&is->by_remote);
	hash_free(&is->by_cert);
	free(is->all);
	conf_free(is->conf);
	free(is);
}

const struct conf_obj *
ident_by_id(const struct idents *is, uint32_t peer, uint32_t id)
{
	const struct ident *i = hash_get(&is->by_id, id);

	return i != NULL && i->peer == peer ? i->o : NULL;
}

static size_t
add_remote(const struct idents *is, uint32_t peer, unsigned kinds,
    const struct ikeid *id, const struct conf_obj **out, size_t max)
{
	const struct ident *i;
	size_t n = 0;

	i = hash_get(&is->by_remote, remote_key(is, peer, id));
	for (; i != NULL && n < max; i = i->next)
		if ((i->kind & kinds) != 0 && same_remote(i, peer, id))
			out[n++] = i->o;
	return n;
}

static size_t
add_siblings(const struct idents *is, uint32_t peer, unsigned kinds,
    bool open, const struct conf_obj **out, size_t max)
{
	const struct ident *i = hash_get(&is->by_peer, peer);
	size_t n = 0;

	for (; i != NULL && n < max; i = i->sibling)
		if ((i->kind & kinds) != 0 &&
		    ikeid_is_open(remote_id(i)) == open)
			out[n++] = i->o;
	return n;
}

size_t
ident_candidates(const struct idents *is, uint32_t peer, unsigned kinds,
    const struct ikeid *remote, const struct conf_obj **out, size_t max)
{
	const struct ikeid open = { .type = IKEID_AUTO };
	size_t n;

	if (remote == NULL) {
		n = add_siblings(is, peer, kinds, false, out, max);
		return n + add_siblings(is, peer, kinds, true, out + n,
		    max - n);
	}
	if ((n = add_remote(is, peer, kinds, remote, out, max)) > 0)
		return n;
	return add_remote(is, peer, kinds, &open, out, max);
}

size_t
ident_by_cert(const struct idents *is, uint32_t peer, const char *name,
    const struct conf_obj **out, size_t max)
{
	const struct ident *i = hash_get(&is->by_cert,
	    cert_key(is, peer, name));
	size_t n = 0;

	for (; i != NULL && n < max; i = i->next)
		if (i->peer == peer && strcmp(name, conf_str(i->o,
		    CONF_IDENTITY_REMOTE_CERTIFICATE)) == 0)
			out[n++] = i->o;
	return n;
}

const char *
ident_list(const struct idents *is, uint32_t peer, char *dst, size_t size)
{
	const struct ident *i = hash_get(&is->by_peer, peer);
	char text[IKEID_STRLEN];
	size_t len = 0;

	snprintf(dst, size, "%s", i == NULL ? "none" : "");
	for (; i != NULL && len < size; i = i->sibling)
		len += (size_t)snprintf(dst + len, size - len, "%s%s",
		    len > 0 ? ", " : "",
		    ikeid_fmt(remote_id(i), text, sizeof(text)));
	return dst;
}

size_t
ident_count(const struct idents *is, unsigned kinds)
{
	size_t i, n = 0;

	for (i = 0; i < is->n; i++)
		n += (is->all[i].kind & kinds) != 0;
	return n;
}
