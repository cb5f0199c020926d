/* keymgr and sessiond, played: they record what they are told. */
#include "tests/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

static struct addr
next_addr(struct sim_node *n, struct addr *pool)
{
	struct addr a = *pool;
	size_t last = addr_len(pool);
	unsigned i;

	for (i = 0; last > 0 && i < SIM_SESSIONS; i++)
		if (n->session[i].used && (addr_equal(&n->session[i].addr4,
		    &a) || addr_equal(&n->session[i].addr6, &a))) {
			a.b[last - 1]++;
			i = (unsigned)-1;
		}
	return a;
}

static struct sim_session *
session_find(struct sim_node *n, uint64_t spi)
{
	unsigned i;

	for (i = 0; i < SIM_SESSIONS; i++)
		if (n->session[i].used && n->session[i].spi == spi)
			return &n->session[i];
	return NULL;
}

static struct sim_session *
session_record(struct sim_node *n, const struct session_req *r)
{
	struct sim_session *x = n->session;

	if (session_find(n, r->ike_spi) != NULL)
		abort();	/* one of a kind */
	while (x->used)
		if (++x == n->session + SIM_SESSIONS)
			abort();
	*x = (struct sim_session){ .used = true, .spi = r->ike_spi,
		.identity = r->identity, .age_s = r->age_s };
	memcpy(x->fp, r->fp, sizeof(x->fp));
	return x;
}

static void
op_session_open(void *ctx, const struct session_req *r)
{
	struct sim_node *n = ctx;
	struct sim *s = n->sim;
	struct sim_session *x;
	struct sim_event *ev;

	if (sim_chance(s, n->help.session_lost))
		return;
	ev = sim_event_new(s, EV_SESSION, n->idx, sim_below(s,
	    n->help.delay_max + 1));
	ev->num = r->req;
	ev->session = calloc(1, sizeof(*ev->session));
	if (ev->session == NULL)
		abort();
	ev->session->reason = "";
	if (n->help.session_refused != NULL) {
		ev->session->status = SESSION_REFUSED;
		ev->session->reason = n->help.session_refused;
		return;
	}
	if (sim_chance(s, n->help.session_unavailable)) {
		ev->session->status = SESSION_UNAVAILABLE;
		ev->session->reason = "sessiond is not there";
		return;
	}
	x = session_record(n, r);
	n->contacts += r->contact;
	if (!n->config)
		return;
	ev->session->config = true;
	ev->session->cfg = n->pool;
	x->addr4 = ev->session->cfg.addr4 = r->want4 ?
	    next_addr(n, &n->pool.addr4) : (struct addr){ 0 };
	x->addr6 = ev->session->cfg.addr6 = r->want6 ?
	    next_addr(n, &n->pool.addr6) : (struct addr){ 0 };
	if (x->addr4.family == AF_UNSPEC && x->addr6.family == AF_UNSPEC)
		ev->session->reason = "the pool is empty";
}

static void
op_session_close(void *ctx, const struct session_req *r)
{
	struct sim_session *x = session_find(ctx, r->ike_spi);

	if (x != NULL)
		x->used = false;
}

static void
op_session_move(void *ctx, uint64_t from, uint64_t to,
    const struct endpoint *remote)
{
	struct sim_session *x = session_find(ctx, from);
	struct sim_node *n = ctx;

	(void)remote;
	n->moves++;
	if (x != NULL)
		x->spi = to;
}

static void
op_watch(void *ctx, const struct blob *b)
{
	struct sim_node *n = ctx;

	if (b->len != AUTH_FP_LEN)
		abort();
	memcpy(n->watch, b->p, b->len);
	n->watches++;
}

static void
op_session_sync(void *ctx, const struct session_req *r)
{
	struct sim_session *x = session_record(ctx, r);
	struct sim_node *n = ctx;

	n->syncs++;
	x->addr4 = r->addr4;
	x->addr6 = r->addr6;
}

static void
op_vip_up(void *ctx, const struct vip_req *r)
{
	struct sim_node *n = ctx;

	if (r->vip == 0 || r->identity != 50 || r->peer != 20)
		abort();
	n->vip_ups++;
	n->vip_handle = r->vip;
	n->vip = *r->cfg;
}

static void
op_peer_silent(void *ctx, uint32_t peer)
{
	struct sim_node *n = ctx;

	n->silent++;
	n->silent_peer = peer;
}

static void
op_vip_down(void *ctx, uint32_t vip)
{
	struct sim_node *n = ctx;

	n->vip_downs++;
	if (n->vip_handle == vip)
		n->vip_handle = 0;
}

static struct sim_child *
child_find(struct sim_node *n, uint32_t spi_in)
{
	unsigned i;

	for (i = 0; i < SIM_CHILDREN; i++)
		if (n->child[i].used && n->child[i].r.spi_in == spi_in)
			return &n->child[i];
	return NULL;
}

static void
copy_key(uint8_t *dst, struct blob *b)
{
	if (b->len > SIM_KEY_MAX)
		abort();
	if (b->len > 0)
		memcpy(dst, b->p, b->len);
	b->p = dst;
}

static struct sim_child *
child_record(struct sim_node *n, const struct child_req *r)
{
	struct sim_child *c = n->child;

	while (c->used)
		if (++c == n->child + SIM_CHILDREN)
			abort();
	memset(c, 0, sizeof(*c));
	c->used = true;
	c->r = *r;
	copy_key(c->encr_in, &c->r.encr_in);
	copy_key(c->encr_out, &c->r.encr_out);
	copy_key(c->integ_in, &c->r.integ_in);
	copy_key(c->integ_out, &c->r.integ_out);
	c->local.n = r->nlocal;
	memcpy(c->local.ts, r->local_ts, r->nlocal * sizeof(struct ts));
	c->remote.n = r->nremote;
	memcpy(c->remote.ts, r->remote_ts, r->nremote * sizeof(struct ts));
	c->r.local_ts = c->local.ts;
	c->r.remote_ts = c->remote.ts;
	return c;
}

static void
op_child_add(void *ctx, const struct child_req *r)
{
	struct sim_node *n = ctx;
	struct sim *s = n->sim;
	struct sim_event *ev;

	n->adds++;
	if (child_find(n, r->spi_in) != NULL)
		abort();	/* an SPI must not be used twice */
	(void)child_record(n, r);
	if (sim_chance(s, n->help.child_lost))
		return;
	ev = sim_event_new(s, EV_CHILD, n->idx, sim_below(s,
	    n->help.delay_max + 1));
	ev->num = r->spi_in;
	ev->ok = !sim_chance(s, n->help.child_fails);
}

static void
op_child_adopt(void *ctx, const struct child_req *r)
{
	struct sim_node *n = ctx;

	n->adopts++;
	child_record(n, r)->installed = true;
}

static void
op_child_del(void *ctx, uint32_t spi_in)
{
	struct sim_node *n = ctx;
	struct sim_child *c = child_find(n, spi_in);

	n->dels++;
	if (c != NULL)
		c->used = false;
}

static void
op_child_path(void *ctx, uint32_t spi_in, const struct endpoint *local,
    const struct endpoint *remote)
{
	struct sim_node *n = ctx;
	struct sim_child *c = child_find(n, spi_in);

	n->paths++;
	if (c == NULL)
		return;
	c->r.local = *local;
	c->r.remote = *remote;
}

static uint32_t
op_spi_get(void *ctx)
{
	struct sim_node *n = ctx;

	return n->no_spi ? 0 : n->next_spi++;
}

static void
op_spi_put(void *ctx, uint32_t spi)
{
	struct sim_node *n = ctx;

	if (child_find(n, spi) != NULL)
		abort();	/* one in use cannot go back */
}

static void
op_stat_get(void *ctx, uint32_t spi_in)
{
	struct sim_node *n = ctx;
	struct sim_event *ev = sim_event_new(n->sim, EV_STAT, n->idx,
	    sim_below(n->sim, n->help.delay_max + 1));

	ev->num = spi_in;
	ev->idle = n->idle_s;
}

void
sim_child_answer(struct sim_node *n, const struct sim_event *ev)
{
	struct sim_child *c = child_find(n, ev->num);

	if (c != NULL) {
		c->installed = ev->ok;
		if (!ev->ok)
			c->used = false;
	}
	engine_child_done(n->engine, ev->num, ev->ok, "refused by the test");
}

void
sim_help_ops(struct engine_ops *ops)
{
	ops->child_add = op_child_add;
	ops->child_adopt = op_child_adopt;
	ops->child_del = op_child_del;
	ops->child_path = op_child_path;
	ops->spi_get = op_spi_get;
	ops->spi_put = op_spi_put;
	ops->session_open = op_session_open;
	ops->session_close = op_session_close;
	ops->session_move = op_session_move;
	ops->session_sync = op_session_sync;
	ops->watch = op_watch;
	ops->vip_up = op_vip_up;
	ops->vip_down = op_vip_down;
	ops->peer_silent = op_peer_silent;
	ops->stat_get = op_stat_get;
}
