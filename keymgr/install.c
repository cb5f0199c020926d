#include "keymgr/install.h"

#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGED_MORE_S	2	/* clocks are read in whole seconds */
#define REMOVE_BATCH	256	/* children removed with one batch */

static int
refused(struct km *km, unsigned worker, const char *what, const char *why)
{
	static struct log_limit limit = { .burst = 20, .interval_ms = 1000 };

	km->n.refused++;
	log_limited(&limit, mono_now(), LOG_T_IPSEC | LOG_T_WARNING,
	    "refused %s of ikepd %u: %s", what, worker, why);
	return -1;
}

void
install_sa(const struct sad_child *c, bool inbound, struct bk_sa *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->src = inbound ? c->remote : c->local;
	sa->dst = inbound ? c->local : c->remote;
	sa->spi = inbound ? c->spi_in : c->spi_out;
	sa->reqid = c->flow->reqid;
	sa->inbound = inbound;
	sa->transport = c->transport;
	sa->encap = c->encap;
	sa->esn = c->esn;
	sa->window = c->window;
	sa->hard_s = c->hard_s;
	sa->aged_s = inbound ? 0 : c->aged_s;
	sa->encr = c->encr;
	sa->integ = c->integ;
}

/*
 * The soft lifetime is kept here, by a clock nobody can set, and only the
 * hard one in the kernel, which measures by the wall clock: with both there,
 * a clock that jumps ahead would end the SA at the moment it should be
 * replaced.  80 % of the hard one less up to 5 %, so that the tunnels of a
 * gateway are not all replaced at once.
 */
static uint32_t
soft_lifetime(uint32_t hard)
{
	return (uint32_t)((uint64_t)hard * 80 / 100) -
	    arc4random_uniform(hard / 20 + 1);
}

static struct sad_child *
child_new(const struct child_req *r, const struct guarded *ok)
{
	const struct km_proposal *q = ok->policy->proposal;
	struct sad_child *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->peer = r->peer;
	c->policy = r->policy;
	c->identity = r->identity;
	c->ike_spi = r->ike_spi;
	c->spi_in = r->spi_in;
	c->spi_out = r->spi_out;
	c->local = r->local;
	c->remote = r->remote;
	c->encr = ok->encr;
	c->integ = ok->integ;
	c->pfs_group = r->pfs_group;
	c->initiator = r->initiator;
	c->transport = r->transport;
	c->encap = r->encap;
	c->esn = r->esn;
	c->window = q->window;
	c->hard_s = q->lifetime_s;
	c->soft_s = soft_lifetime(c->hard_s);
	c->added = c->polled = mono_now();
	return c;
}

/* Takes a child that never stood, or stands no longer, out of the records. */
static void
child_forget(struct km *km, struct sad_child *c)
{
	timer_clear(&km->timers, &c->soft);
	spd_detach(km->spd, c);
	sad_del(&km->sad, c);
	(void)spi_set(&km->spi, c->spi_in, SPI_UNKNOWN);
	free(c);
}

static int
child_record(struct km *km, struct sad_child *c, const struct guarded *ok,
    uint32_t reqid, char *why)
{
	struct flow *f;
	const char *text;

	f = spd_flow(km->spd, c->policy, ok->sel, ok->nsel, reqid, &text);
	if (f == NULL) {
		snprintf(why, GUARD_WHY_LEN, "%s", text);
		free(c);
		return -1;
	}
	if (sad_add(&km->sad, c) == -1) {
		snprintf(why, GUARD_WHY_LEN, "out of memory");
		spd_flow_drop(km->spd, f);
		free(c);
		return -1;
	}
	spd_attach(km->spd, f, c);
	if (spi_set(&km->spi, c->spi_in, SPI_USED) == -1 ||
	    (c->hard_s != 0 && timer_set(&km->timers, &c->soft,
	    mono_add(c->added, MONO_S(c->soft_s))) == -1)) {
		snprintf(why, GUARD_WHY_LEN, "out of memory");
		child_forget(km, c);
		return -1;
	}
	return 0;
}

/* Runs a batch for one child; on failure the child is forgotten. */
static int
child_run(struct km *km, struct sad_child *c, struct batch *b, char *why)
{
	char text[BK_WHY_LEN];
	int rc;

	spd_sync(km->spd, b);
	rc = batch_run(b, &km->bk, true, text);
	spd_commit(km->spd, b);
	batch_free(b);
	if (rc == 0)
		return 0;
	km->n.failed++;
	snprintf(why, GUARD_WHY_LEN, "%s", text);
	child_forget(km, c);
	/* The kernel was brought back to what it was; so are the records. */
	batch_init(b);
	spd_sync(km->spd, b);
	(void)batch_run(b, &km->bk, false, text);
	spd_commit(km->spd, b);
	batch_free(b);
	return -1;
}

static void
log_child(const struct km *km, const struct sad_child *c, const char *what)
{
	const struct km_peer *q = km_conf_peer(km->conf, c->peer);
	char l[ENDPOINT_STRLEN], r[ENDPOINT_STRLEN], s[SEL_STRLEN];

	log_info(LOG_T_IPSEC, "%s child SA of %s 0x%08x/0x%08x %s - %s%s: "
	    "%s%s", what, q == NULL ? "?" : q->name, c->spi_in, c->spi_out,
	    c->encap ? endpoint_fmt(&c->local, l, sizeof(l)) :
	    addr_fmt(&c->local.addr, l, sizeof(l)),
	    c->encap ? endpoint_fmt(&c->remote, r, sizeof(r)) :
	    addr_fmt(&c->remote.addr, r, sizeof(r)),
	    c->transport ? " transport" : "",
	    sel_fmt(&c->flow->sel[0], s, sizeof(s)),
	    c->flow->nsel > 1 ? " ..." : "");
}

/*
 * RFC 7296 2.8: who answers a rekeying sends on the old SA until the other
 * side, which has perhaps not read the answer yet, deletes it.  Until then
 * the old SA is to be the younger one.
 */
static uint32_t
aged(const struct km *km, const struct child_req *r)
{
	const struct sad_child *old = r->initiator || r->replaces == 0 ? NULL :
	    sad_get(&km->sad, r->replaces);
	uint64_t s;

	if (old == NULL)
		return 0;
	s = mono_seconds(mono_sub(mono_now(), old->added)) + old->aged_s +
	    AGED_MORE_S;
	return s > UINT32_MAX / 2 ? 0 : (uint32_t)s;
}

int
install_add(struct km *km, const struct child_req *r,
    char why[GUARD_WHY_LEN])
{
	struct guard g = km_guard(km);
	struct guarded ok;
	struct sad_child *c;
	struct bk_sa in, out;
	struct batch b;

	if (guard_child(&g, r, false, &ok, why) == -1)
		return refused(km, r->worker, "a child SA", why);
	if ((c = child_new(r, &ok)) == NULL) {
		snprintf(why, GUARD_WHY_LEN, "out of memory");
		return -1;
	}
	c->aged_s = aged(km, r);
	if (child_record(km, c, &ok, 0, why) == -1)
		return -1;
	install_sa(c, true, &in);
	in.encr_key = &r->encr_in;
	in.integ_key = &r->integ_in;
	install_sa(c, false, &out);
	out.encr_key = &r->encr_out;
	out.integ_key = &r->integ_out;
	batch_init(&b);
	batch_sa_add(&b, &in);
	batch_sa_add(&b, &out);
	if (child_run(km, c, &b, why) == -1) {
		log_error(LOG_T_IPSEC, "child SA 0x%08x could not be "
		    "installed: %s", r->spi_in, why);
		return -1;
	}
	km->n.installed++;
	log_child(km, c, "installed");
	return 0;
}

/*
 * How old it is says the kernel by the wall clock; this once there is no
 * better way to know.
 */
static void
child_age(struct sad_child *c, uint64_t add_time)
{
	uint64_t wall = (uint64_t)time(NULL), age;

	age = add_time == 0 || add_time > wall ? 0 : wall - add_time;
	if (c->hard_s != 0 && age > c->hard_s)
		age = c->hard_s;
	c->added.us -= MONO_S(age).us;
}

int
install_adopt(struct km *km, const struct child_req *r,
    char why[GUARD_WHY_LEN])
{
	struct guard g = km_guard(km);
	const struct found_sa *in, *out;
	struct guarded ok;
	struct sad_child *c;
	struct batch b;

	if (guard_child(&g, r, true, &ok, why) == -1)
		return refused(km, r->worker, "to adopt a child SA", why);
	in = reconcile_sa(&km->rec, r->spi_in, &r->local.addr);
	out = reconcile_sa(&km->rec, r->spi_out, &r->remote.addr);
	if (in == NULL || out == NULL || in->reqid != out->reqid ||
	    !addr_equal(&in->src, &r->remote.addr) ||
	    !addr_equal(&out->src, &r->local.addr)) {
		snprintf(why, GUARD_WHY_LEN, "its SAs are not in the kernel");
		return refused(km, r->worker, "to adopt a child SA", why);
	}
	if ((c = child_new(r, &ok)) == NULL) {
		snprintf(why, GUARD_WHY_LEN, "out of memory");
		return -1;
	}
	child_age(c, in->add_time);
	if (in->add_time > out->add_time)
		c->aged_s = (uint32_t)(in->add_time - out->add_time);
	if (child_record(km, c, &ok, in->reqid, why) == -1)
		return -1;
	batch_init(&b);
	if (child_run(km, c, &b, why) == -1)
		return -1;
	km->n.adopted++;
	log_child(km, c, "adopted");
	return 0;
}

/* The children leave the records and the SAs the kernel; policies first, so
 * that no packet meets a policy whose SA is gone. */
static void
remove_many(struct km *km, struct sad_child **c, size_t n, bool tell)
{
	struct addr local[REMOVE_BATCH], remote[REMOVE_BATCH];
	uint32_t in[REMOVE_BATCH], out[REMOVE_BATCH];
	struct batch b;
	char why[BK_WHY_LEN];
	size_t i;

	for (i = 0; i < n; i++) {
		in[i] = c[i]->spi_in;
		out[i] = c[i]->spi_out;
		local[i] = c[i]->local.addr;
		remote[i] = c[i]->remote.addr;
		child_forget(km, c[i]);
		if (tell)
			km->out.expire(km->out.arg, SPI_WORKER(in[i]), in[i],
			    true);
	}
	batch_init(&b);
	spd_sync(km->spd, &b);
	for (i = 0; i < n; i++) {
		batch_sa_del(&b, &local[i], in[i]);
		batch_sa_del(&b, &remote[i], out[i]);
	}
	if (batch_run(&b, &km->bk, false, why) == -1)
		log_error(LOG_T_IPSEC, "child SAs could not be removed: %s",
		    why);
	spd_commit(km->spd, &b);
	batch_free(&b);
}

void
install_remove(struct km *km, struct sad_child *c, bool tell)
{
	remove_many(km, &c, 1, tell);
}

static size_t
remove_worker_if(struct km *km, unsigned worker,
    bool (*cond)(void *, const struct sad_child *), void *arg, bool tell)
{
	struct sad_child *c, *next, *some[REMOVE_BATCH];
	size_t n = 0, total = 0;

	for (c = LIST_FIRST(&km->sad.worker[worker]); c != NULL; c = next) {
		next = LIST_NEXT(c, in_worker);
		if (cond != NULL && !cond(arg, c))
			continue;
		total++;
		some[n++] = c;
		if (n == REMOVE_BATCH) {
			remove_many(km, some, n, tell);
			n = 0;
		}
	}
	if (n > 0)
		remove_many(km, some, n, tell);
	return total;
}

size_t
install_remove_if(struct km *km,
    bool (*cond)(void *, const struct sad_child *), void *arg, bool tell)
{
	size_t total = 0;
	unsigned w;

	for (w = 0; w < SPI_WORKERS; w++)
		total += remove_worker_if(km, w, cond, arg, tell);
	return total;
}

static bool
of_worker(void *arg, unsigned worker, uint32_t peer, uint32_t identity)
{
	(void)peer;
	(void)identity;
	return worker == *(const unsigned *)arg;
}

void
install_worker_gone(struct km *km, unsigned worker)
{
	size_t n = remove_worker_if(km, worker, NULL, NULL, false);

	link_del_if(&km->link, of_worker, &worker);
	spi_forget(&km->spi, worker);
	if (n > 0)
		log_warn(LOG_T_IPSEC, "%zu child SAs of ikepd %u removed", n,
		    worker);
}

void
install_del(struct km *km, unsigned worker, uint32_t spi_in)
{
	struct guard g = km_guard(km);
	struct sad_child *c;
	char why[GUARD_WHY_LEN];

	if (spi_state(&km->spi, spi_in) == SPI_GIVEN &&
	    SPI_WORKER(spi_in) == worker) {
		(void)spi_set(&km->spi, spi_in, SPI_UNKNOWN);
		return;
	}
	/* One that expired meanwhile is not there any more: no offence. */
	if (SPI_WORKER(spi_in) == worker &&
	    sad_get(&km->sad, spi_in) == NULL)
		return;
	c = guard_own(&g, worker, spi_in, why);
	if (c == NULL) {
		(void)refused(km, worker, "to delete", why);
		return;
	}
	log_child(km, c, "removed");
	install_remove(km, c, false);
}

/* Seconds left of the lifetime, at least 1; 0: there is no limit. */
static uint32_t
hard_left(const struct sad_child *c)
{
	uint64_t age = mono_seconds(mono_sub(mono_now(), c->added));

	if (c->hard_s == 0)
		return 0;
	return age >= c->hard_s ? 1 : c->hard_s - (uint32_t)age;
}

void
install_path(struct km *km, unsigned worker, uint32_t spi_in,
    const struct endpoint *local, const struct endpoint *remote)
{
	struct guard g = km_guard(km);
	struct sad_child *c;
	struct bk_sa sa;
	struct batch b;
	char why[GUARD_WHY_LEN];

	c = guard_own(&g, worker, spi_in, why);
	if (c == NULL || guard_path(&g, c, local, remote, why) == -1) {
		(void)refused(km, worker, "to move a child SA", why);
		return;
	}
	if (endpoint_equal(&c->local, local) &&
	    endpoint_equal(&c->remote, remote))
		return;
	install_sa(c, true, &sa);
	sa.hard_s = hard_left(c);
	if (km->bk.ops->sa_move(km->bk.ctx, &sa, remote, local, why) == -1)
		goto bad;
	install_sa(c, false, &sa);
	sa.hard_s = hard_left(c);
	sa.aged_s = 0;
	if (km->bk.ops->sa_move(km->bk.ctx, &sa, local, remote, why) == -1)
		goto bad;
	if (sad_move(&km->sad, c, local, remote) == -1) {
		snprintf(why, sizeof(why), "out of memory");
		goto bad;
	}
	spd_touch(km->spd, c->flow);
	batch_init(&b);
	spd_sync(km->spd, &b);
	if (batch_run(&b, &km->bk, false, why) == -1)
		log_error(LOG_T_IPSEC, "policies of child SA 0x%08x could "
		    "not be moved: %s", spi_in, why);
	spd_commit(km->spd, &b);
	batch_free(&b);
	log_child(km, c, "moved");
	return;
 bad:
	log_error(LOG_T_IPSEC, "child SA 0x%08x could not be moved and ends: "
	    "%s", spi_in, why);
	install_remove(km, c, true);
}
