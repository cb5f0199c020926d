#include "certd/store.h"

#include "certd/verify.h"

#include "lib/hash.h"
#include "lib/log.h"

#include <sys/random.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A declared file; its content is here between its arrival and the end of
 * the delivery. */
struct decl {
	uint32_t obj;
	const char *path;		/* of the configuration */
	const struct secret *passphrase;
	struct secret content;
	bool here;
};

/* A name. */
struct slot {
	char name[CONF_NAMELEN];
	struct decl *decls;	/* none: made by a command */
	size_t ndecls;
	bool trusted;
	bool touched;		/* a file of it was delivered */
	struct cert *cert;	/* NULL: nothing fit so far */
	struct slot *fp_next;	/* same fingerprint */
};

struct store {
	struct slot **slots;	/* by name */
	size_t n, cap;
	struct hash by_obj;	/* struct slot, by number of an object */
	struct hash by_fp;
	bool allow_weak;
	struct trust *trust;
	void (*changed)(void *);
	void *changed_arg;
};

static void
decls_drop(struct slot *s)
{
	size_t i;

	for (i = 0; i < s->ndecls; i++)
		secret_free(&s->decls[i].content);
	free(s->decls);
	s->decls = NULL;
	s->ndecls = 0;
	s->touched = false;
}

static void
slot_free(struct slot *s)
{
	decls_drop(s);
	cert_unref(&s->cert);
	free(s);
}

static uint64_t
fp_key(const struct store *st, const uint8_t fp[CERT_FP_LEN])
{
	return hash_bytes(fp, CERT_FP_LEN, st->by_fp.seed);
}

/* Where the name is, or would be. */
static size_t
slot_at(const struct store *st, const char *name, bool *found)
{
	size_t lo = 0, hi = st->n, mid;
	int r;

	*found = false;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		r = strcmp(st->slots[mid]->name, name);
		if (r == 0) {
			*found = true;
			return mid;
		}
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct slot *
slot_find(const struct store *st, const char *name)
{
	bool found;
	size_t i = slot_at(st, name, &found);

	return found ? st->slots[i] : NULL;
}

/* The slot of a name, made when there is none.  NULL: no memory. */
static struct slot *
slot_make(struct store *st, const char *name)
{
	struct slot **slots, *s;
	bool found;
	size_t i = slot_at(st, name, &found), cap;

	if (found)
		return st->slots[i];
	if (st->n == st->cap) {
		cap = st->cap == 0 ? 16 : 2 * st->cap;
		slots = reallocarray(st->slots, cap, sizeof(*slots));
		if (slots == NULL)
			return NULL;
		st->slots = slots;
		st->cap = cap;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	snprintf(s->name, sizeof(s->name), "%s", name);
	memmove(&st->slots[i + 1], &st->slots[i],
	    (st->n - i) * sizeof(*st->slots));
	st->slots[i] = s;
	st->n++;
	return s;
}

/* The anchors and the index of fingerprints, from what is there. */
static int
rebuild(struct store *st)
{
	struct trust *t = trust_new(st->allow_weak);
	struct slot *s;
	uint64_t key;
	size_t i;

	hash_free(&st->by_fp);
	hash_init(&st->by_fp, st->by_fp.seed);
	for (i = st->n; t != NULL && i > 0; i--) {
		s = st->slots[i - 1];
		if (s->cert == NULL)
			continue;
		key = fp_key(st, s->cert->fp);
		s->fp_next = hash_get(&st->by_fp, key);
		if (hash_set(&st->by_fp, key, s) == -1 ||
		    trust_add(t, s->cert) == -1)
			trust_unref(&t);
	}
	if (t == NULL) {
		log_error(LOG_T_CERTIFICATE, "no memory for the certificates");
		return -1;
	}
	trust_unref(&st->trust);
	st->trust = t;
	if (st->changed != NULL)
		st->changed(st->changed_arg);
	return 0;
}

struct store *
store_new(void)
{
	struct store *st = calloc(1, sizeof(*st));
	uint64_t seed = 0;

	if (st == NULL)
		return NULL;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = 0;
	hash_init(&st->by_obj, 0);
	hash_init(&st->by_fp, seed);
	if (rebuild(st) == -1) {
		store_free(st);
		return NULL;
	}
	return st;
}

void
store_free(struct store *st)
{
	size_t i;

	if (st == NULL)
		return;
	for (i = 0; i < st->n; i++)
		slot_free(st->slots[i]);
	free(st->slots);
	hash_free(&st->by_obj);
	hash_free(&st->by_fp);
	trust_unref(&st->trust);
	free(st);
}

/* What is declared */

static int
declare(struct store *st, const struct conf_obj *o)
{
	struct slot *s = slot_make(st, conf_str(o, CONF_CERTIFICATE_NAME));
	struct decl *d;

	if (s == NULL)
		return -1;
	if (s->ndecls == CERT_FILES_MAX) {
		log_error(LOG_T_CERTIFICATE, "certificate %s: more than %d "
		    "files", s->name, CERT_FILES_MAX);
		return 0;
	}
	d = reallocarray(s->decls, s->ndecls + 1, sizeof(*d));
	if (d == NULL)
		return -1;
	s->decls = d;
	d = &s->decls[s->ndecls++];
	memset(d, 0, sizeof(*d));
	d->obj = o->id;
	d->path = conf_str(o, CONF_CERTIFICATE_FILE_NAME);
	d->passphrase = conf_secret(o, CONF_CERTIFICATE_PASSPHRASE);
	s->trusted = conf_bool(o, CONF_CERTIFICATE_TRUSTED) &&
	    (s->ndecls == 1 || s->trusted);
	return hash_set(&st->by_obj, o->id, s);
}

/* Names that were declared and are not any more. */
static bool
sweep(struct store *st)
{
	struct slot *s;
	size_t i, k;
	bool gone = false;

	for (i = k = 0; i < st->n; i++) {
		s = st->slots[i];
		if (s->ndecls > 0 || (s->cert != NULL && !s->cert->declared)) {
			st->slots[k++] = s;
			continue;
		}
		gone |= s->cert != NULL;
		slot_free(s);
	}
	st->n = k;
	return gone;
}

void
store_conf(struct store *st, const struct conf *conf)
{
	const struct conf_obj *o, *settings;
	bool weak;
	size_t i;

	settings = conf_single(conf, CONF_SETTINGS);
	weak = settings != NULL &&
	    conf_bool(settings, CONF_SETTINGS_ALLOW_WEAK);
	for (i = 0; i < st->n; i++)
		decls_drop(st->slots[i]);
	hash_free(&st->by_obj);
	CONF_FOREACH(conf, CONF_CERTIFICATE, o)
		if ((o->flags & CONF_F_DISABLED) == 0 && declare(st, o) == -1)
			log_error(LOG_T_CERTIFICATE, "no memory for the "
			    "certificates");
	if (sweep(st) || weak != st->allow_weak) {
		st->allow_weak = weak;
		(void)rebuild(st);
	}
}

/* Files */

static struct decl *
decl_of(struct slot *s, uint32_t obj)
{
	size_t i;

	for (i = 0; i < s->ndecls; i++)
		if (s->decls[i].obj == obj)
			return &s->decls[i];
	return NULL;
}

/* Reads fd to its end.  -1: errno says why. */
static int
slurp(int fd, struct secret *content)
{
	struct secret all = { NULL, 0 };
	size_t len = 0;
	ssize_t n = 0;
	int rc = -1;

	if (secret_alloc(&all, CERT_FILE_MAX + 1) == -1)
		return -1;
	while (len < all.len &&
	    (n = read(fd, all.data + len, all.len - len)) > 0)
		len += (size_t)n;
	if (n == -1)
		goto out;
	/* One byte more than is allowed makes the loader complain. */
	if (len == 0)
		secret_free(content);
	else if (secret_set(content, all.data, len) == -1)
		goto out;
	rc = 0;
out:
	secret_free(&all);
	return rc;
}

void
store_file(struct store *st, uint32_t obj, int fd)
{
	struct slot *s = hash_get(&st->by_obj, obj);
	struct decl *d = s != NULL ? decl_of(s, obj) : NULL;

	if (d != NULL) {
		s->touched = true;
		d->here = fd != -1;
		if (fd != -1 && slurp(fd, &d->content) == -1) {
			log_warn(LOG_T_CERTIFICATE, "certificate %s: %s "
			    "cannot be read: %s", s->name, d->path,
			    strerror(errno));
			d->here = false;
		}
	}
	if (fd != -1)
		close(fd);
}

static bool
same_stack(const STACK_OF(X509) *a, const STACK_OF(X509) *b)
{
	int i;

	if (sk_X509_num(a) != sk_X509_num(b))
		return false;
	for (i = 0; i < sk_X509_num(a); i++)
		if (X509_cmp(sk_X509_value(a, i), sk_X509_value(b, i)) != 0)
			return false;
	return true;
}

static bool
same_crls(const STACK_OF(X509_CRL) *a, const STACK_OF(X509_CRL) *b)
{
	int i, n = a != NULL ? sk_X509_CRL_num(a) : 0;

	if (n != (b != NULL ? sk_X509_CRL_num(b) : 0))
		return false;
	for (i = 0; i < n; i++)
		if (X509_CRL_match(sk_X509_CRL_value(a, i),
		    sk_X509_CRL_value(b, i)) != 0)
			return false;
	return true;
}

static bool
same_cert(const struct cert *a, const struct cert *b)
{
	return a != NULL && memcmp(a->fp, b->fp, CERT_FP_LEN) == 0 &&
	    (a->key == NULL) == (b->key == NULL) &&
	    a->trusted == b->trusted && same_stack(a->others, b->others) &&
	    same_crls(a->crls, b->crls);
}

static void
log_loaded(const struct slot *s, bool again, bool allow_weak)
{
	const struct cert *c = s->cert;
	char subject[200], until[32] = "", why[VERIFY_WHY_MAX];
	struct tm tm;

	if (c->leaf == NULL) {
		log_info(LOG_T_CERTIFICATE, "certificate %s: a bare %s key%s",
		    s->name, c->key != NULL ? "private" : "public",
		    again ? ", another than before" : "");
		return;
	}
	if (ASN1_TIME_to_tm(X509_get0_notAfter(c->leaf), &tm) == 1)
		strftime(until, sizeof(until), "%Y-%m-%d %H:%M", &tm);
	log_info(LOG_T_CERTIFICATE, "certificate %s%s: %s, until %s, %s "
	    "private key", s->name, again ? " was renewed" : "",
	    cert_subject(c->leaf, subject, sizeof(subject)), until,
	    c->key != NULL ? "with its" : "without a");
	if (c->key != NULL && !cert_is_ca(c->leaf) &&
	    !verify_leaf(c->leaf, allow_weak, time(NULL), why))
		log_warn(LOG_T_CERTIFICATE, "certificate %s: peers will "
		    "refuse it: %s", s->name, why);
}

/* True: there is something new. */
static bool
slot_settle(const struct store *st, struct slot *s)
{
	struct cert_file files[CERT_FILES_MAX];
	const char *kept = s->cert != NULL ? "; what was there before is kept" :
	    "";
	struct cert *c, *old = s->cert;
	char why[CERT_WHY_MAX];
	size_t i;

	for (i = 0; i < s->ndecls; i++) {
		if (!s->decls[i].here) {
			log_warn(LOG_T_CERTIFICATE, "certificate %s: %s is "
			    "not there%s", s->name, s->decls[i].path, kept);
			return false;
		}
		files[i].path = s->decls[i].path;
		files[i].data = s->decls[i].content.data;
		files[i].len = s->decls[i].content.len;
		files[i].passphrase = s->decls[i].passphrase;
	}
	c = cert_load(s->name, files, s->ndecls, s->trusted, why);
	if (c == NULL) {
		log_warn(LOG_T_CERTIFICATE, "certificate %s: %s%s", s->name,
		    why, kept);
		return false;
	}
	c->declared = true;
	if (same_cert(old, c)) {
		cert_unref(&c);
		return false;
	}
	s->cert = c;
	log_loaded(s, old != NULL, st->allow_weak);
	cert_unref(&old);
	return true;
}

bool
store_files_end(struct store *st)
{
	struct slot *s;
	bool changed = false;
	size_t i, k;

	for (i = 0; i < st->n; i++) {
		s = st->slots[i];
		if (!s->touched)
			continue;
		s->touched = false;
		changed |= slot_settle(st, s);
		for (k = 0; k < s->ndecls; k++) {
			secret_free(&s->decls[k].content);
			s->decls[k].here = false;
		}
	}
	return changed && rebuild(st) == 0;
}

/* What commands make */

int
store_put(struct store *st, struct cert *c)
{
	struct slot *s = slot_make(st, c->name);

	if (s == NULL || s->ndecls > 0)
		return -1;
	cert_unref(&s->cert);
	s->cert = c;
	c->declared = false;
	return rebuild(st);
}

int
store_del(struct store *st, const char *name)
{
	bool found;
	size_t i = slot_at(st, name, &found);

	if (!found || st->slots[i]->ndecls > 0)
		return -1;
	slot_free(st->slots[i]);
	st->n--;
	memmove(&st->slots[i], &st->slots[i + 1],
	    (st->n - i) * sizeof(*st->slots));
	return rebuild(st);
}

struct cert *
store_get(const struct store *st, const char *name)
{
	struct slot *s = slot_find(st, name);

	return s != NULL ? s->cert : NULL;
}

size_t
store_by_fp(const struct store *st, const uint8_t fp[CERT_FP_LEN],
    struct cert **out, size_t max)
{
	const struct slot *s = hash_get(&st->by_fp, fp_key(st, fp));
	size_t n = 0;

	for (; s != NULL && n < max; s = s->fp_next)
		if (memcmp(s->cert->fp, fp, CERT_FP_LEN) == 0)
			out[n++] = s->cert;
	return n;
}

struct cert *
store_next(const struct store *st, size_t *at)
{
	while (*at < st->n)
		if (st->slots[(*at)++]->cert != NULL)
			return st->slots[*at - 1]->cert;
	return NULL;
}

struct trust *
store_trust(const struct store *st)
{
	return st->trust;
}

void
store_on_change(struct store *st, void (*fn)(void *), void *arg)
{
	st->changed = fn;
	st->changed_arg = arg;
}
