#include "tests/unit/sess_util.h"

#include "tests/unit/conf_util.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void *
grow(void *list, size_t n, size_t size)
{
	if ((n & (n + 1)) != 0)	/* 1, 3, 7 ... are room for one more */
		return list;
	list = realloc(list, (2 * n + 1) * size);
	ck_assert_ptr_nonnull(list);
	return list;
}

static void
on_grant(void *arg, unsigned worker, uint32_t req,
    const struct session_grant *g)
{
	struct witness *w = arg;

	w->grants = grow(w->grants, w->ngrants, sizeof(*w->grants));
	w->grants[w->ngrants++] = (struct said){ worker, req, *g };
}

static int
on_kill(void *arg, const struct session *s, const char *why)
{
	struct witness *w = arg;

	ck_assert_ptr_nonnull(why);
	w->kills = grow(w->kills, w->nkills, sizeof(*w->kills));
	w->kills[w->nkills++] = (struct killed){ s->worker, s->spi };
	return 0;
}

static void
on_remember(void *arg, const struct addr *a, uint64_t user)
{
	struct witness *w = arg;

	w->kept = grow(w->kept, w->nkept, sizeof(*w->kept));
	w->kept[w->nkept++] = (struct kept){ *a, user };
}

static void
on_lease(void *arg, const struct session *s, unsigned family, bool on)
{
	struct witness *w = arg;

	ck_assert_int_ne(s->addr[family].family, AF_UNSPEC);
	w->leased += on ? 1 : -1;
	ck_assert_int_ge(w->leased, 0);
}

const struct session_ops witness_ops = { .grant = on_grant, .kill = on_kill,
	.remember = on_remember, .lease = on_lease };

void
witness_free(struct witness *w)
{
	free(w->grants);
	free(w->kills);
	free(w->kept);
	memset(w, 0, sizeof(*w));
}

void
sess_conf(struct sessions *ss, const char *script)
{
	ck_assert_int_eq(sessions_conf(ss, load_ok(script), 3), 0);
}

struct sessions *
sess_new(struct witness *w, const char *script)
{
	struct sessions *ss = sessions_new(&witness_ops, w, 99);

	ck_assert_ptr_nonnull(ss);
	sess_conf(ss, script);
	return ss;
}

uint32_t
sess_ident(const struct sessions *ss, unsigned i)
{
	const struct conf_obj *o;

	o = conf_first(sessions_config(ss)->conf, CONF_IDENTITY);
	while (i-- > 0)
		o = o->next;
	return o->id;
}

struct session_peer
sess_peer(uint64_t spi, uint32_t identity, const char *user)
{
	static uint8_t id[64];
	struct session_peer p = {
		.spi = spi,
		.identity = identity,
		.want = { true, true },
		.remote = { .port = 500 },
		.id = id,
		.id_len = 4 + strlen(user),
	};

	ck_assert_int_eq(addr_parse(&p.remote.addr, "198.51.100.1"), 0);
	memset(id, 0, 4);
	id[0] = 11;
	memcpy(id + 4, user, strlen(user));
	return p;
}

struct count {
	const struct sessions *ss;
	size_t in_pools;
};

static void
count_one(void *arg, struct session *s)
{
	struct count *c = arg;
	const char *name;
	unsigned f;

	for (f = 0; f < 2; f++) {
		if (s->addr[f].family == AF_UNSPEC)
			continue;
		ck_assert_ptr_eq(session_by_addr(c->ss, &s->addr[f]), s);
		c->in_pools += config_pool_of(sessions_config(c->ss),
		    &s->addr[f], &name) != NULL;
	}
}

static void
used_is_held(void *arg, const struct addr *a, uint64_t user, bool used)
{
	const struct sessions *ss = arg;
	struct session *s = session_by_addr(ss, a);

	ck_assert_int_eq(used, s != NULL);
	if (used)
		ck_assert_uint_eq(user, s->user);
}

void
sess_check(const struct sessions *ss)
{
	const struct config *c = sessions_config(ss);
	struct sessions *arg = (struct sessions *)(uintptr_t)ss;
	struct count n = { .ss = ss };
	size_t i, used = 0;
	unsigned f;

	sessions_each(ss, count_one, &n);
	for (i = 0; i < c->npools; i++)
		for (f = 0; f < 2; f++)
			if (c->pools[i].half[f] != NULL) {
				used += apool_used(c->pools[i].half[f]);
				apool_each(c->pools[i].half[f], used_is_held,
				    arg);
			}
	ck_assert_uint_eq(used, n.in_pools);
}
