#include "espd/sa.h"

#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>

#define IP4_LEN		20
#define IP6_LEN		40
#define UDP_LEN		8
#define TRAILER		2	/* pad length and next header */
#define SPI_MIN		256	/* RFC 4303 section 2.1 */
#define MTU_MIN		576
#define MTU_MAX		65535

static struct path *
path_new(const struct endpoint *src, const struct endpoint *dst, bool encap,
    uint64_t id)
{
	struct path *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->src = *src;
	p->dst = *dst;
	p->encap = encap;
	p->id = id;
	return p;
}

static void
path_release(struct epoch_item *i)
{
	free((struct path *)(void *)i);
}

static bool
key_fits(const struct alg *a, const struct secret *key)
{
	size_t len = key == NULL ? 0 : key->len;

	return len == (a == NULL ? 0 : a->key_len);
}

static const char *
conf_bad(const struct esp_sa *c)
{
	const char *why = NULL;

	if (c->spi < SPI_MIN)
		return "reserved SPI";
	if (c->src.addr.family != c->dst.addr.family ||
	    addr_len(&c->dst.addr) == 0)
		return "outer addresses of different families";
	if (c->window > REPLAY_MAX)
		return "replay window larger than 4096";
	if (!c->inbound && (c->mtu < MTU_MIN || c->mtu > MTU_MAX))
		return "path MTU out of range";
	if (!crypt_usable(c->encr, c->integ, &why))
		return why;
	if (!key_fits(c->encr, c->encr_key) ||
	    !key_fits(c->integ, c->integ_key))
		return "key of wrong length";
	return NULL;
}

static int
make_crypt(struct sa *s, const struct esp_sa *c)
{
	struct crypt_conf cc = { .encr = c->encr, .integ = c->integ,
		.encr_key = c->encr_key == NULL ? NULL : c->encr_key->data,
		.esn = c->esn,
		.integ_key = c->integ_key == NULL ? NULL : c->integ_key->data,
		.seal = !c->inbound };

	s->crypt = crypt_new(&cc);
	return s->crypt == NULL ? -1 : 0;
}

static void
sa_init(struct sa *s, const struct esp_sa *c, struct mono now)
{
	s->conf = *c;
	s->conf.encr_key = s->conf.integ_key = NULL;
	s->added = now;
	s->iv_len = c->encr->iv_len;
	s->icv_len = (uint8_t)crypt_icv_len(c->encr, c->integ);
	s->align = c->encr->block < 4 ? 4 : c->encr->block;
	atomic_init(&s->own.used, INT64_MAX);
	s->map_next = INT64_MIN;
	for (unsigned i = 0; i < TOLD_KINDS; i++)
		atomic_init(&s->tell_next[i], INT64_MIN);
	s->live = c->live != NULL ? c->live : &s->own;
	atomic_init(&s->mtu, c->mtu);
}

static int
make_replay(struct sa *s, const struct esp_sa *c)
{
	if (!c->inbound)
		return 0;
	if ((s->replay = calloc(1, replay_size(c->window))) == NULL)
		return -1;
	replay_init(s->replay, c->window, c->esn);
	replay_resume(s->replay, atomic_load(&s->live->seq));
	return 0;
}

struct sa *
sa_new(const struct esp_sa *c, unsigned owner, uint64_t path_id,
    struct mono now, const char **why)
{
	size_t size = sizeof(struct sa);
	struct sa *s;

	if ((*why = conf_bad(c)) != NULL)
		return NULL;
	*why = "no memory";
	size = (size + 63) / 64 * 64;
	if ((s = aligned_alloc(64, size)) == NULL)
		return NULL;
	memset(s, 0, size);
	sa_init(s, c, now);
	s->owner = owner;
	atomic_init(&s->path,
	    path_new(&c->src, &c->dst, c->encap, path_id));
	if (atomic_load(&s->path) == NULL || make_replay(s, c) == -1 ||
	    make_crypt(s, c) == -1) {
		sa_free(s);
		return NULL;
	}
	return s;
}

void
sa_free(struct sa *s)
{
	if (s == NULL)
		return;
	crypt_free(s->crypt);
	free(s->replay);
	free(atomic_load(&s->path));
	free(s);
}

static void
sa_release(struct epoch_item *i)
{
	sa_free((struct sa *)(void *)((char *)i - offsetof(struct sa, item)));
}

void
sa_retire(struct sa *s, struct epoch *e)
{
	epoch_retire(e, &s->item, sa_release);
}

int
sa_set_path(struct sa *s, struct epoch *e, const struct endpoint *src,
    const struct endpoint *dst, bool encap, uint64_t path_id)
{
	struct path *new = path_new(src, dst, encap, path_id), *old;

	if (new == NULL)
		return -1;
	old = atomic_exchange(&s->path, new);
	epoch_retire(e, &old->item, path_release);
	return 0;
}

void
sa_state(const struct sa *s, struct esp_sa_state *st)
{
	const struct path *p = atomic_load(&s->path);

	memset(st, 0, sizeof(*st));
	st->sa = s->conf;
	st->sa.src = p->src;
	st->sa.dst = p->dst;
	st->sa.mtu = atomic_load(&s->mtu);
	st->bytes = atomic_load(&s->live->bytes);
	st->packets = atomic_load(&s->live->packets);
	st->seq = atomic_load(&s->live->seq);
	st->added = s->added;
	st->used.us = atomic_load(&s->live->used);
	st->errors_replay = atomic_load(&s->live->errors_replay);
	st->errors_integ = atomic_load(&s->live->errors_integ);
}

/* RFC 4303 section 2.4: padded to the cipher's block, and to four bytes. */
size_t
sa_packed(const struct sa *s, size_t n)
{
	size_t mask = s->align - 1u;

	return CRYPT_HDR + s->iv_len + ((n + TRAILER + mask) & ~mask) +
	    s->icv_len;
}

size_t
sa_fit(const struct sa *s, size_t room)
{
	size_t rest = (size_t)CRYPT_HDR + s->iv_len + s->icv_len;

	if (room < rest + s->align)
		return 0;
	return ((room - rest) & ~(s->align - (size_t)1)) - TRAILER;
}

uint32_t
sa_mtu_bound(uint32_t mtu)
{
	if (mtu < MTU_MIN)
		return MTU_MIN;
	return mtu > MTU_MAX ? MTU_MAX : mtu;
}

/* In transport mode the inner packet's header is the outer one. */
size_t
sa_inner_mtu(const struct sa *s, const struct path *p)
{
	size_t ip = p->dst.addr.family == AF_INET ? IP4_LEN : IP6_LEN;
	size_t n = sa_fit(s, atomic_load_explicit(&s->mtu,
	    memory_order_relaxed) - ip - (p->encap ? UDP_LEN : 0));

	return s->conf.transport ? n + ip : n;
}

static bool
crossed(uint64_t limit, uint64_t before, uint64_t n)
{
	return limit != 0 && before + n >= limit;
}

/* Inbound, one thread alone writes. */
static uint64_t
add(const struct sa *s, _Atomic uint64_t *to, uint64_t n)
{
	uint64_t was;

	if (!s->conf.inbound)
		return atomic_fetch_add_explicit(to, n, memory_order_relaxed);
	was = atomic_load_explicit(to, memory_order_relaxed);
	atomic_store_explicit(to, was + n, memory_order_relaxed);
	return was;
}

unsigned
sa_count(struct sa *s, uint64_t n, uint64_t bytes, struct mono now,
    bool *dead)
{
	const struct esp_limits *l = &s->conf.limits;
	struct esp_live *v = s->live;
	uint64_t b, p;
	unsigned bits = 0;

	p = add(s, &v->packets, n);
	b = add(s, &v->bytes, bytes);
	if (atomic_load_explicit(&v->used, memory_order_relaxed) != now.us)
		atomic_store_explicit(&v->used, now.us, memory_order_relaxed);
	*dead = crossed(l->hard_bytes, b, 0) || crossed(l->hard_packets, p, 0);
	if (crossed(l->soft_bytes, b, bytes) ||
	    crossed(l->soft_packets, p, n))
		bits |= TOLD_SOFT;
	if (crossed(l->hard_bytes, b, bytes) ||
	    crossed(l->hard_packets, p, n))
		bits |= TOLD_HARD;
	return bits == 0 ? 0 : sa_tell(s, bits, now);
}

unsigned
sa_tell(struct sa *s, unsigned bits, struct mono now)
{
	unsigned i, due = 0;
	int64_t next;

	for (i = 0; i < TOLD_KINDS; i++) {
		next = atomic_load_explicit(&s->tell_next[i],
		    memory_order_relaxed);
		if ((bits & 1u << i) != 0 && now.us >= next &&
		    atomic_compare_exchange_strong(&s->tell_next[i], &next,
		    now.us + TELL_US))
			due |= 1u << i;
	}
	return due;
}
