/* What the control thread calls. */
#include "espd/esp.h"

#include "espd/core.h"
#include "lib/esptun.h"

#include <openssl/rand.h>

#include <stdlib.h>

static void
thread_free(struct esp_thread *t)
{
	if (t == NULL)
		return;
	ivpool_free(t->iv);
	gro_free(t->gro);
	hand_free(t->hand);
	secret_wipe(t->scratch, sizeof(t->scratch));
	free(t);
}

static struct esp_thread *
thread_new(struct esp *e, unsigned id)
{
	struct esp_thread *t;
	size_t size = (sizeof(*t) + 63) / 64 * 64;

	if ((t = aligned_alloc(64, size)) == NULL)
		return NULL;
	memset(t, 0, size);
	t->esp = e;
	t->id = id;
	t->arg = e->conf.arg == NULL ? NULL : e->conf.arg[id];
	t->run.send = e->conf.io.send;
	t->run.arg = t->arg;
	t->iv = ivpool_new();
	t->gro = gro_new(e->conf.uso, e->conf.io.inject, t->arg);
	if (e->conf.threads > 1)
		t->hand = hand_new();
	if (t->iv == NULL || t->gro == NULL ||
	    (t->hand == NULL && e->conf.threads > 1)) {
		thread_free(t);
		return NULL;
	}
	return t;
}

static int
threads_new(struct esp *e)
{
	for (unsigned i = 0; i < e->conf.threads; i++)
		if ((e->thread[i] = thread_new(e, i)) == NULL)
			return -1;
	e->conf.arg = NULL;
	return 0;
}

struct esp *
esp_new(const struct esp_conf *conf, const char **why)
{
	struct esp *e;

	if (conf->threads == 0 || conf->threads > ESP_THREADS_MAX) {
		*why = "number of threads out of range";
		return NULL;
	}
	*why = "no memory";
	if ((e = aligned_alloc(64, sizeof(*e))) == NULL)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->conf = *conf;
	epoch_init(&e->epoch);
	if (RAND_bytes((void *)&e->seed, sizeof(e->seed)) != 1 ||
	    spd_init(&e->spd, &e->epoch, e->seed) == -1) {
		free(e);
		return NULL;
	}
	sad_init(&e->sad, &e->epoch, e->seed);
	if (threads_new(e) == -1) {
		esp_free(e);
		return NULL;
	}
	return e;
}

void
esp_free(struct esp *e)
{
	if (e == NULL)
		return;
	for (unsigned i = 0; i < e->conf.threads; i++)
		thread_free(e->thread[i]);
	sad_free(&e->sad);
	spd_free(&e->spd);
	epoch_end(&e->epoch);
	free(e);
}

struct esp_thread *
esp_thread(struct esp *e, unsigned thread)
{
	return e->thread[thread];
}

unsigned
esp_thread_of(const struct esp *e, uint32_t spi)
{
	return (spi >> ESPTUN_SPI_SHIFT) % e->conf.threads;
}

unsigned
esp_reclaim(struct esp *e)
{
	return epoch_reclaim(&e->epoch);
}

/* What threads remember of policies and routes no longer holds. */
static void
changed(struct esp *e)
{
	epoch_next(&e->epoch);
	epoch_reclaim(&e->epoch);
}

const char *
esp_unfit(const struct alg *encr, const struct alg *integ)
{
	const char *why = NULL;

	return crypt_usable(encr, integ, &why) ? NULL : why;
}

/* L2TP's go out through the first thread, see esp_out_local(). */
static unsigned
owner(const struct esp *e, const struct esp_sa *c)
{
	if (c->inbound)
		return esp_thread_of(e, c->spi);
	return c->local ? 0 : esp_thread_of(e, c->pair != 0 ? c->pair :
	    c->spi);
}

int
esp_sa_add(struct esp *e, const struct esp_sa *conf, struct mono now,
    const char **why)
{
	struct esp_sa c = *conf;
	struct sa *s;

	c.local = c.local && c.transport && e->conf.io.local != NULL;
	s = sa_new(&c, owner(e, &c), ++e->sad.path_id, now, why);
	if (s == NULL)
		return -1;
	if (sad_add(&e->sad, s, why) == -1) {
		sa_free(s);
		return -1;
	}
	changed(e);
	return 0;
}

int
esp_sa_del(struct esp *e, const struct addr *dst, uint32_t spi)
{
	struct sa *s = sad_get(&e->sad, dst, spi);

	if (s == NULL)
		return -1;
	sad_del(&e->sad, s);
	changed(e);
	return 0;
}

int
esp_sa_get(const struct esp *e, const struct addr *dst, uint32_t spi,
    struct esp_sa_state *st)
{
	const struct sa *s = sad_get(&e->sad, dst, spi);

	if (s == NULL)
		return -1;
	sa_state(s, st);
	return 0;
}

void
esp_sa_each(const struct esp *e,
    void (*fn)(void *, const struct esp_sa_state *), void *arg)
{
	struct esp_sa_state st;
	const struct sa *s;
	size_t at = 0;

	while ((s = sad_next(&e->sad, &at)) != NULL) {
		sa_state(s, &st);
		fn(arg, &st);
	}
}

int
esp_sa_move(struct esp *e, const struct addr *dst, uint32_t spi,
    const struct endpoint *src, const struct endpoint *newdst, bool encap,
    const char **why)
{
	struct sa *s = sad_get(&e->sad, dst, spi);
	int rv;

	*why = "no such SA";
	if (s == NULL)
		return -1;
	rv = sad_move(&e->sad, s, src, newdst, encap, why);
	epoch_reclaim(&e->epoch);
	return rv;
}

int
esp_sa_mtu(struct esp *e, const struct addr *dst, uint32_t spi, uint32_t mtu)
{
	struct sa *s = sad_get(&e->sad, dst, spi);

	if (s == NULL)
		return -1;
	atomic_store(&s->mtu, sa_mtu_bound(mtu));
	return 0;
}

int
esp_sa_inner_mtu(const struct esp *e, const struct addr *dst, uint32_t spi)
{
	const struct sa *s = sad_get(&e->sad, dst, spi);

	if (s == NULL || s->conf.inbound)
		return -1;
	return (int)sa_inner_mtu(s, atomic_load(&s->path));
}

int
esp_policy_set(struct esp *e, const struct sel *sel,
    const struct policy_body *body, const char **why)
{
	int rv = spd_set(&e->spd, sel, body, why);

	changed(e);
	return rv;
}

int
esp_policy_del(struct esp *e, const struct sel *sel)
{
	int rv = spd_del(&e->spd, sel);

	changed(e);
	return rv;
}

void
esp_policy_each(const struct esp *e,
    void (*fn)(void *, const struct policy *), void *arg)
{
	spd_each(&e->spd, fn, arg);
}

void
esp_stats(const struct esp *e,
    void (*fn)(void *, const char *name, uint64_t value), void *arg)
{
	uint64_t sum;

	for (enum stat what = STAT_NONE + 1; what < STAT_COUNT; what++) {
		sum = 0;
		for (unsigned i = 0; i < e->conf.threads; i++)
			sum += atomic_load_explicit(
			    &e->thread[i]->stats.n[what],
			    memory_order_relaxed);
		fn(arg, stat_name(what), sum);
	}
}

static void
tell(const struct esp_news *to, const struct event_msg *m)
{
	struct sel sel;

	switch (m->kind) {
	case EVENT_ACQUIRE:
		sel_exact(&sel, &m->flow);
		to->acquire(to->arg, m->reqid, &sel);
		break;
	case EVENT_SOFT:
	case EVENT_HARD:
		to->expire(to->arg, m->spi, &m->dst, m->kind == EVENT_HARD);
		break;
	case EVENT_MAPPING:
		to->mapping(to->arg, m->spi, &m->remote);
		break;
	}
}

void
esp_events(struct esp *e, const struct esp_news *to)
{
	struct event_msg m;
	bool lost = false;

	/* What comes meanwhile has woken us again. */
	for (unsigned i = 0; i < e->conf.threads; i++) {
		for (unsigned n = 0; n < EVENT_RING &&
		    event_get(&e->thread[i]->events, &m); n++)
			tell(to, &m);
		lost |= event_lost(&e->thread[i]->events);
	}
	if (lost)
		to->lost(to->arg);
}
