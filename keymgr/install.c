#include "keymgr/install.h"

#include "keymgr/count.h"
#include "keymgr/limits.h"
#include "lib/l2tppair.h"
#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGED_MORE_S	2	/* clocks are read in whole seconds */
#define REMOVE_BATCH	256	/* children removed with one batch */

static void
refused(struct km *km, unsigned worker, const char *what, const char *why)
{
	static struct log_limit limit = { .burst = 20, .interval_ms = 1000 };

	km->n.refused++;
	log_limited(&limit, mono_now(), LOG_T_IPSEC | LOG_T_WARNING,
	    "refused %s of ikepd %u: %s", what, worker, why);
}

/* Transport mode SAs that are for L2TP, at either end, and nothing else. */
static bool
is_l2tp(const struct sad_child *c)
{
	const struct selector *s = c->flow->sel;
	size_t i;

	for (i = 0; c->transport && i < c->flow->nsel; i++, s++)
		if (s->proto != IPPROTO_UDP ||
		    ((s->lport != L2TPPAIR_PORT || s->lmask != UINT16_MAX) &&
		    (s->rport != L2TPPAIR_PORT || s->rmask != UINT16_MAX)))
			return false;
	return c->transport;
}

_Static_assert((int)CONF_DF_CLEAR == (int)BK_DF_CLEAR &&
    (int)CONF_DF_INHERIT == (int)BK_DF_INHERIT &&
    (int)CONF_DF_SET == (int)BK_DF_SET, "the same numbers");

void
install_sa(const struct sad_child *c, bool inbound, struct bk_sa *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->src = inbound ? c->remote : c->local;
	sa->dst = inbound ? c->local : c->remote;
	sa->spi = inbound ? c->spi_in : c->spi_out;
	sa->reqid = c->flow->reqid;
	sa->pair = inbound ? 0 : c->spi_in;
	sa->inbound = inbound;
	sa->transport = c->transport;
	sa->encap = c->encap;
	sa->esn = c->esn;
	sa->l2tp = is_l2tp(c);
	sa->df = c->df;
	sa->window = c->window;
	sa->hard_s = c->hard_s;
	sa->limits = c->limits;
	sa->aged_s = inbound ? 0 : c->aged_s;
	sa->encr = c->encr;
	sa->integ = c->integ;
}

/*
 * The soft lifetime is kept here, by a clock nobody can set, and only the
 * hard one in the kernel, which measures by the wall clock: with both there,
 * a clock that jumps ahead would end the SA at the moment it should be
 * replaced.
 */
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
	c->replaces = r->replaces;
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
	c->df = (enum bk_df)ok->policy->df;
	c->window = q->window;
	c->hard_s = q->lifetime_s;
	c->soft_s = (uint32_t)limits_soft(c->hard_s);
	limits_set(&c->limits, q, c->encr, c->esn);
	c->added = c->polled = mono_now();
	c->installing = true;
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
	c->serial = ++km->serial;
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

/* A child on its way, which may be removed meanwhile. */
struct coming {
	struct km *km;
	uint32_t spi_in;
	uint64_t serial;
	bool adopted;
	install_end end;
	void *arg;
};

static struct sad_child *
child_again(const struct km *km, uint32_t spi_in, uint64_t serial)
{
	struct sad_child *c = sad_get(&km->sad, spi_in);

	return c == NULL || c->serial != serial ? NULL : c;
}

/* Policies first, so that no packet meets one whose SA is gone. */
static void
take_back(struct km *km, struct sad_child *c, const struct batch *b)
{
	struct batch back;
	size_t i;

	km->n.failed++;
	child_forget(km, c);
	batch_init(&back);
	spd_sync(km->spd, &back);
	for (i = 0; i < b->n; i++)
		if (b->ops[i].kind == BK_SA_ADD && b->ops[i].error == 0)
			batch_sa_del(&back, &b->ops[i].sa.dst.addr,
			    b->ops[i].sa.spi);
	back.what = "what was installed of a child SA cannot be taken back";
	spd_run(km->spd, &back, &km->bk, batch_log, NULL);
}

static void
child_came(struct coming *o, struct sad_child *c)
{
	c->installing = false;
	if (o->adopted)
		o->km->n.adopted++;
	else
		o->km->n.installed++;
	log_child(o->km, c, o->adopted ? "adopted" : "installed");
	o->end(o->arg, true, "");
}

static void
came(void *arg, const struct batch *b, int rc, const char *why)
{
	struct coming *o = arg;
	struct sad_child *c = child_again(o->km, o->spi_in, o->serial);

	if (c != NULL && rc == 0) {
		child_came(o, c);
	} else if (c != NULL) {
		take_back(o->km, c, b);
		log_error(LOG_T_IPSEC, "child SA 0x%08x could not be "
		    "installed: %s", o->spi_in, why);
		o->end(o->arg, false, why);
	} else
		o->end(o->arg, false, "removed before it was installed");
	free(o);
}

/* Runs the batch that installs a child. */
static void
child_run(struct km *km, struct sad_child *c, struct batch *b, bool adopted,
    install_end end, void *arg)
{
	struct coming *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		batch_free(b);
		child_forget(km, c);
		end(arg, false, "out of memory");
		return;
	}
	*o = (struct coming){ .km = km, .spi_in = c->spi_in,
		.serial = c->serial, .adopted = adopted, .end = end,
		.arg = arg };
	spd_sync(km->spd, b);
	spd_run(km->spd, b, &km->bk, came, o);
}

void
install_add(struct km *km, const struct child_req *r, install_end end,
    void *arg)
{
	struct guard g = km_guard(km);
	char why[GUARD_WHY_LEN];
	struct guarded ok;
	struct sad_child *c;
	struct bk_sa in, out;
	struct batch b;

	if (guard_child(&g, r, false, &ok, why) == -1) {
		refused(km, r->worker, "a child SA", why);
		goto bad;
	}
	if ((c = child_new(r, &ok)) == NULL) {
		snprintf(why, sizeof(why), "out of memory");
		goto bad;
	}
	c->aged_s = aged(km, r);
	if (child_record(km, c, &ok, 0, why) == -1)
		goto bad;
	install_sa(c, true, &in);
	in.encr_key = &r->encr_in;
	in.integ_key = &r->integ_in;
	install_sa(c, false, &out);
	out.encr_key = &r->encr_out;
	out.integ_key = &r->integ_out;
	batch_init(&b);
	batch_sa_add(&b, &in);
	batch_sa_add(&b, &out);
	child_run(km, c, &b, false, end, arg);
	return;
bad:
	end(arg, false, why);
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

/* -1: why; they are not those of an earlier keymgr. */
static int
found_pair(struct km *km, const struct child_req *r,
    const struct found_sa **in, const struct found_sa **out, char *why)
{
	*in = reconcile_sa(&km->rec, r->spi_in, &r->local.addr);
	*out = reconcile_sa(&km->rec, r->spi_out, &r->remote.addr);
	if (*in != NULL && *out != NULL && (*in)->reqid == (*out)->reqid &&
	    addr_equal(&(*in)->src, &r->remote.addr) &&
	    addr_equal(&(*out)->src, &r->local.addr))
		return 0;
	snprintf(why, GUARD_WHY_LEN, "its SAs are not in the kernel");
	return -1;
}

void
install_adopt(struct km *km, const struct child_req *r, install_end end,
    void *arg)
{
	struct guard g = km_guard(km);
	const struct found_sa *in, *out;
	char why[GUARD_WHY_LEN];
	struct guarded ok;
	struct sad_child *c;
	struct batch b;

	if (guard_child(&g, r, true, &ok, why) == -1 ||
	    found_pair(km, r, &in, &out, why) == -1) {
		refused(km, r->worker, "to adopt a child SA", why);
		goto bad;
	}
	if ((c = child_new(r, &ok)) == NULL) {
		snprintf(why, sizeof(why), "out of memory");
		goto bad;
	}
	c->adopted = true;
	child_age(c, in->add_time);
	if (in->add_time > out->add_time)
		c->aged_s = (uint32_t)(in->add_time - out->add_time);
	if (child_record(km, c, &ok, in->reqid, why) == -1)
		goto bad;
	batch_init(&b);
	child_run(km, c, &b, true, end, arg);
	return;
bad:
	end(arg, false, why);
}

/*
 * The children leave the records and the SAs the kernel; policies first, so
 * that no packet meets a policy whose SA is gone.
 */
static void
remove_many(struct km *km, struct sad_child **c, size_t n, bool tell)
{
	struct addr local[REMOVE_BATCH], remote[REMOVE_BATCH];
	uint32_t in[REMOVE_BATCH], out[REMOVE_BATCH];
	struct batch b;
	size_t i;

	batch_init(&b);
	for (i = 0; i < n; i++) {
		in[i] = c[i]->spi_in;
		out[i] = c[i]->spi_out;
		local[i] = c[i]->local.addr;
		remote[i] = c[i]->remote.addr;
		overlap_end(&km->overlap, &km->spi, c[i], &b);
		count_child(km, c[i]);
		child_forget(km, c[i]);
		if (tell)
			km->out.expire(km->out.arg, SPI_WORKER(in[i]), in[i],
			    true);
	}
	spd_sync(km->spd, &b);
	for (i = 0; i < n; i++) {
		batch_sa_del(&b, &local[i], in[i]);
		batch_sa_del(&b, &remote[i], out[i]);
	}
	b.what = "child SAs could not be removed";
	spd_run(km->spd, &b, &km->bk, batch_log, NULL);
}

/* Its inbound SA takes packets for a moment more. */
static void
remove_replaced(struct km *km, struct sad_child *c)
{
	const struct sad_child was = *c;
	struct batch b;

	count_child(km, c);
	child_forget(km, c);
	batch_init(&b);
	spd_sync(km->spd, &b);
	if (overlap_add(&km->overlap, &km->spi, &was) == -1)
		batch_sa_del(&b, &was.local.addr, was.spi_in);
	batch_sa_del(&b, &was.remote.addr, was.spi_out);
	b.what = "a replaced child SA could not be removed";
	spd_run(km->spd, &b, &km->bk, batch_log, NULL);
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

/* RFC 7296 2.8.1: of two that both sides made at once one is too many. */
static bool
is_replaced(const struct sad_child *c)
{
	const struct sad_child *o;

	LIST_FOREACH(o, &c->flow->children, in_flow)
		if (o->peer == c->peer && (o->replaces == c->spi_in ||
		    (o != c && c->replaces != 0 &&
		    o->replaces == c->replaces)))
			return true;
	return false;
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
		refused(km, worker, "to delete", why);
		return;
	}
	log_child(km, c, "removed");
	if (is_replaced(c))
		remove_replaced(km, c);
	else
		remove_many(km, &c, 1, false);
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

/* A child on its way to other endpoints. */
struct moving {
	struct km *km;
	uint32_t spi_in, spi_out;
	uint64_t serial;
	struct addr local, remote;	/* the old ones */
};

/* One of its SAs may have moved and the other not: both names go. */
static void
not_moved(struct moving *o, struct sad_child *c, const char *why)
{
	struct batch b;

	log_error(LOG_T_IPSEC, "child SA 0x%08x could not be moved and ends: "
	    "%s", o->spi_in, why);
	install_remove(o->km, c, true);
	batch_init(&b);
	batch_sa_del(&b, &o->local, o->spi_in);
	batch_sa_del(&b, &o->remote, o->spi_out);
	batch_run(&b, &o->km->bk, NULL, NULL);
}

static void
moved(void *arg, const struct batch *b, int rc, const char *why)
{
	struct moving *o = arg;
	struct sad_child *c = child_again(o->km, o->spi_in, o->serial);

	(void)b;
	if (c != NULL && rc == 0)
		log_child(o->km, c, "moved");
	else if (c != NULL)
		not_moved(o, c, why);
	free(o);
}

/* The records go ahead of the SAs. */
static int
child_move(struct km *km, struct sad_child *c, const struct endpoint *local,
    const struct endpoint *remote)
{
	struct moving *o = calloc(1, sizeof(*o));
	struct bk_sa in, out;
	struct batch b;

	if (o == NULL)
		return -1;
	*o = (struct moving){ .km = km, .spi_in = c->spi_in,
		.spi_out = c->spi_out, .serial = c->serial,
		.local = c->local.addr, .remote = c->remote.addr };
	install_sa(c, true, &in);
	install_sa(c, false, &out);
	in.hard_s = out.hard_s = hard_left(c);
	out.aged_s = 0;
	if (sad_move(&km->sad, c, local, remote) == -1) {
		free(o);
		return -1;
	}
	c->adopted = false;
	batch_init(&b);
	batch_sa_move(&b, &in, remote, local);
	batch_sa_move(&b, &out, local, remote);
	spd_touch(km->spd, c->flow);
	spd_sync(km->spd, &b);
	spd_run(km->spd, &b, &km->bk, moved, o);
	return 0;
}

static void
move_or_end(struct km *km, struct sad_child *c, const struct endpoint *local,
    const struct endpoint *remote)
{
	if (child_move(km, c, local, remote) == 0)
		return;
	log_error(LOG_T_IPSEC, "child SA 0x%08x could not be moved and ends: "
	    "out of memory, or there is such an SA", c->spi_in);
	install_remove(km, c, true);
}

void
install_path(struct km *km, unsigned worker, uint32_t spi_in,
    const struct endpoint *local, const struct endpoint *remote)
{
	struct guard g = km_guard(km);
	struct sad_child *c;
	char why[GUARD_WHY_LEN];

	c = guard_own(&g, worker, spi_in, why);
	if (c == NULL || guard_path(&g, c, local, remote, why) == -1) {
		refused(km, worker, "to move a child SA", why);
		return;
	}
	if (endpoint_equal(&c->local, local) &&
	    endpoint_equal(&c->remote, remote))
		return;
	move_or_end(km, c, local, remote);
}

void
install_settle(struct km *km, struct sad_child *c)
{
	const struct endpoint local = c->local, remote = c->remote;

	if (c->adopted && !c->installing)
		move_or_end(km, c, &local, &remote);
}
