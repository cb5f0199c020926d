#include "keymgr/ipc_ikepd.h"

#include "keymgr/install.h"
#include "lib/edge.h"
#include "lib/log.h"
#include "lib/proto/ikekm.h"
#include "lib/proto/proto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct worker {
	struct ipc_ikepd *ipc;
	unsigned n;
	struct edge *edge;
	unsigned life;		/* how many of that number there were */
};

struct ipc_ikepd {
	struct event_base *base;
	struct km *km;
	struct walks *walks;
	struct worker worker[SPI_WORKERS];
};

static int
spi_get_recv(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	uint32_t spis[KM_SPI_BATCH];
	static struct log_limit limit = { .burst = 3, .interval_ms = 60000 };
	unsigned n, i;
	struct buf b;
	uint16_t want;

	if (cur_u16(&m->body, &want) == -1 || want > KM_SPI_BATCH) {
		*why = "asks for too many SPIs";
		return -1;
	}
	n = spi_give(&w->ipc->km->spi, w->n, spis, want);
	if (n < want) {
		w->ipc->km->n.refused++;
		log_limited(&limit, mono_now(), LOG_T_IPSEC | LOG_T_WARNING,
		    "ikepd %u has %u unused SPIs already", w->n,
		    w->ipc->km->spi.given[w->n]);
	}
	buf_init(&b, 4 * KM_SPI_BATCH);
	for (i = 0; i < n; i++)
		buf_u32(&b, spis[i]);
	(void)edge_send(w->edge, IKEKM_SPIS, m->id, -1, &b);
	buf_free(&b);
	return 0;
}

static struct tsel
tsel_of(const struct km_ts *k)
{
	return (struct tsel){ .proto = k->proto, .port_lo = k->port_lo,
		.port_hi = k->port_hi, .lo = k->lo, .hi = k->hi };
}

static struct km_ts
km_ts_of(const struct tsel *t)
{
	return (struct km_ts){ .proto = t->proto, .port_lo = t->port_lo,
		.port_hi = t->port_hi, .lo = t->lo, .hi = t->hi };
}

_Static_assert(TSEL_MAX >= KM_TS_MAX, "all selectors of a message fit");
_Static_assert(GUARD_WHY_LEN == sizeof(((struct km_result *)0)->reason),
    "a reason fits the answer");

/* Moves the keys. */
static void
req_of(struct child_req *r, unsigned worker, struct km_child *k)
{
	size_t i;

	*r = (struct child_req){ .worker = worker, .peer = k->peer,
		.policy = k->policy, .identity = k->identity,
		.ike_spi = k->ike_spi, .replaces = k->replaces,
		.initiator = k->initiator, .transport = k->transport,
		.encap = k->encap, .esn = k->esn, .local = k->local,
		.remote = k->remote, .spi_in = k->spi_in,
		.spi_out = k->spi_out, .encr = k->encr,
		.encr_bits = k->encr_bits, .integ = k->integ,
		.pfs_group = k->pfs_group, .nlocal = k->nlocal,
		.nremote = k->nremote };
	secret_move(&r->encr_in, &k->encr_in);
	secret_move(&r->encr_out, &k->encr_out);
	secret_move(&r->integ_in, &k->integ_in);
	secret_move(&r->integ_out, &k->integ_out);
	for (i = 0; i < r->nlocal; i++)
		r->local_ts[i] = tsel_of(&k->ts_local[i]);
	for (i = 0; i < r->nremote; i++)
		r->remote_ts[i] = tsel_of(&k->ts_remote[i]);
}

/* Who is waiting for how a request ends. */
struct asker {
	struct worker *w;
	unsigned life;
	uint32_t id, spi_in;
};

static void
result_send(struct worker *w, uint32_t id, uint32_t spi_in, bool ok,
    const char *why)
{
	struct km_result res = { .ok = ok, .spi_in = spi_in };
	struct buf b;

	snprintf(res.reason, sizeof(res.reason), "%s", why);
	buf_init(&b, KM_RESULT_LEN_MAX);
	km_result_put(&b, &res);
	(void)edge_send(w->edge, IKEKM_CHILD_RESULT, id, -1, &b);
	buf_free(&b);
}

static void
ended(void *arg, bool ok, const char *why)
{
	struct asker *a = arg;

	if (a->w->edge != NULL && a->w->life == a->life)
		result_send(a->w, a->id, a->spi_in, ok, why);
	free(a);
}

/* Who asks is not left waiting for what could not be read. */
static int
child_recv(struct worker *w, struct imsg *m, const char **why,
    void (*fn)(struct km *, const struct child_req *, install_end, void *))
{
	struct asker *a = calloc(1, sizeof(*a));
	struct child_req r;
	struct km_child k;

	*why = "out of memory";
	if (a == NULL || km_child_get(&m->body, &k, why) == -1) {
		free(a);
		result_send(w, m->id, 0, false, *why);
		return -1;
	}
	req_of(&r, w->n, &k);
	km_child_free(&k);
	*a = (struct asker){ .w = w, .life = w->life, .id = m->id,
		.spi_in = r.spi_in };
	fn(w->ipc->km, &r, ended, a);
	child_req_free(&r);
	return 0;
}

static int
add_recv(void *arg, struct imsg *m, const char **why)
{
	return child_recv(arg, m, why, install_add);
}

static int
adopt_recv(void *arg, struct imsg *m, const char **why)
{
	return child_recv(arg, m, why, install_adopt);
}

static int
del_recv(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	uint32_t spi;

	if (cur_u32(&m->body, &spi) == -1) {
		*why = "malformed";
		return -1;
	}
	install_del(w->ipc->km, w->n, spi);
	return 0;
}

static int
done_recv(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;

	(void)m;
	(void)why;
	reconcile_done(w->ipc->km, w->n);
	return 0;
}

static int
path_recv(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct km_path p;

	if (km_path_get(&m->body, &p, why) == -1)
		return -1;
	install_path(w->ipc->km, w->n, p.spi_in, &p.local, &p.remote);
	return 0;
}

_Static_assert(LINK_NETS >= KM_VIP_NETS && LINK_DNS >= KM_VIP_DNS &&
    sizeof(((struct link_req *)0)->names) ==
    sizeof(((struct km_vip *)0)->names), "all of a message fits");

static int
vip_set_recv(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	char text[GUARD_WHY_LEN];
	struct link_req r;
	struct km_vip v;

	if (km_vip_get(&m->body, &v, why) == -1)
		return -1;
	r = (struct link_req){ .worker = w->n, .vip = v.vip, .peer = v.peer,
		.identity = v.identity, .local = v.local, .remote = v.remote,
		.addr4 = v.addr4, .addr6 = v.addr6, .nnets = v.nnets,
		.ndns = v.ndns, .nnames = v.nnames };
	memcpy(r.net, v.net, v.nnets * sizeof(v.net[0]));
	memcpy(r.dns, v.dns, v.ndns * sizeof(v.dns[0]));
	memcpy(r.names, v.names, v.nnames * sizeof(v.names[0]));
	(void)km_vip_set(w->ipc->km, &r, text);
	return 0;
}

static int
vip_del_recv(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	uint32_t vip;

	if (cur_u32(&m->body, &vip) == -1) {
		*why = "malformed";
		return -1;
	}
	link_del(&w->ipc->km->link, w->n, vip);
	return 0;
}

static void
stat_send(struct worker *w, uint32_t id, struct sad_child *c)
{
	const struct backend *bk = &w->ipc->km->bk;
	struct bk_sa_state in, out;
	struct km_stat s = { .spi_in = c->spi_in };
	struct buf b;

	if (bk->ops->sa_get(bk->ctx, &c->local.addr, c->spi_in, &in) == -1)
		return;
	s.in_bytes = in.bytes;
	s.in_packets = in.packets;
	s.in_idle = sad_idle(c, in.packets, in.last_used,
	    (uint64_t)time(NULL), mono_now());
	bk_sa_state_free(&in);
	if (bk->ops->sa_get(bk->ctx, &c->remote.addr, c->spi_out,
	    &out) == 0) {
		s.out_bytes = out.bytes;
		s.out_packets = out.packets;
		bk_sa_state_free(&out);
	}
	buf_init(&b, KM_STAT_LEN);
	km_stat_put(&b, &s);
	(void)edge_send(w->edge, IKEKM_STAT, id, -1, &b);
	buf_free(&b);
}

/* All of a worker; the edge may be another one when it is done. */
struct stat_all {
	struct worker *w;
	unsigned life;
	uint32_t id;
};

static void
stat_each(void *arg, struct sad_child *c)
{
	struct stat_all *s = arg;

	if (s->w->life == s->life)
		stat_send(s->w, s->id, c);
}

static void
stat_end(void *arg)
{
	struct stat_all *s = arg;

	if (s->w->life == s->life)
		(void)edge_send(s->w->edge, IKEKM_STAT_END, s->id, -1, NULL);
	free(s);
}

static int
stat_all(struct worker *w, uint32_t id)
{
	struct stat_all *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -1;
	s->w = w;
	s->life = w->life;
	s->id = id;
	if (walk_start(w->ipc->walks, w->n, stat_each, stat_end, s) == 0)
		return 0;
	free(s);
	return -1;
}

static int
stat_recv(void *arg, struct imsg *m, const char **why)
{
	struct worker *w = arg;
	struct guard g = km_guard(w->ipc->km);
	char text[GUARD_WHY_LEN];
	struct sad_child *c;
	uint32_t spi;

	if (cur_u32(&m->body, &spi) == -1) {
		*why = "malformed";
		return -1;
	}
	if (spi == 0 && stat_all(w, m->id) == 0)
		return 0;
	/* One that is gone, or another's, has no counters. */
	c = spi == 0 ? NULL : guard_own(&g, w->n, spi, text);
	if (c != NULL)
		stat_send(w, m->id, c);
	(void)edge_send(w->edge, IKEKM_STAT_END, m->id, -1, NULL);
	return 0;
}

static const struct permit ikepd_permits[] = {
	{ IKEKM_SPI_GET, "SPI request", 2, 2, 0, spi_get_recv },
	{ IKEKM_CHILD_ADD, "child SA", 1, KM_CHILD_LEN_MAX, 0, add_recv },
	{ IKEKM_CHILD_DEL, "child SA deletion", 4, 4, 0, del_recv },
	{ IKEKM_CHILD_ADOPT, "child SA to adopt", 1, KM_CHILD_LEN_MAX, 0,
	    adopt_recv },
	{ IKEKM_ADOPT_DONE, "end of adoption", 0, 0, 0, done_recv },
	{ IKEKM_STAT_GET, "question for counters", 4, 4, 0, stat_recv },
	{ IKEKM_PATH, "new path", 1, KM_PATH_LEN_MAX, 0, path_recv },
	{ IKEKM_VIP_SET, "addresses given to us", 1, KM_VIP_LEN_MAX, 0,
	    vip_set_recv },
	{ IKEKM_VIP_DEL, "end of addresses", 4, 4, 0, vip_del_recv },
};

static void
worker_down(void *arg, const char *why)
{
	struct worker *w = arg;

	/* One that has ended did so in order, or the supervisor says. */
	log_msg(LOG_T_SYSTEM | (why == edge_closed ? LOG_T_DEBUG :
	    LOG_T_WARNING), "ikepd %u is gone: %s", w->n, why);
	edge_free(w->edge);
	w->edge = NULL;
	w->life++;
	install_worker_gone(w->ipc->km, w->n);
}

struct ipc_ikepd *
ipc_ikepd_new(struct event_base *base, struct km *km, struct walks *walks)
{
	struct ipc_ikepd *ipc = calloc(1, sizeof(*ipc));
	unsigned i;

	if (ipc == NULL)
		return NULL;
	ipc->base = base;
	ipc->km = km;
	ipc->walks = walks;
	for (i = 0; i < SPI_WORKERS; i++) {
		ipc->worker[i].ipc = ipc;
		ipc->worker[i].n = i;
	}
	return ipc;
}

void
ipc_ikepd_free(struct ipc_ikepd *ipc)
{
	unsigned i;

	if (ipc == NULL)
		return;
	for (i = 0; i < SPI_WORKERS; i++)
		edge_free(ipc->worker[i].edge);
	free(ipc);
}

void
ipc_ikepd_up(struct ipc_ikepd *ipc, unsigned n, int fd)
{
	struct worker *w = &ipc->worker[n % SPI_WORKERS];
	char name[16];

	if (w->edge != NULL)
		worker_down(w, "replaced");
	snprintf(name, sizeof(name), "ikepd %u", w->n);
	w->edge = edge_new(ipc->base, fd, name, EDGE_REFUSE, ikepd_permits,
	    sizeof(ikepd_permits) / sizeof(ikepd_permits[0]), worker_down, w,
	    EDGE_QUEUE_MAX);
	if (w->edge == NULL) {
		log_error(LOG_T_SYSTEM, "no memory for the edge to %s", name);
		return;
	}
	(void)edge_send(w->edge, IKEKM_READY, 0, -1, NULL);
}

static void
out_acquire(void *arg, unsigned worker, const struct acquire *a)
{
	struct ipc_ikepd *ipc = arg;
	struct km_acquire k = { .policy = a->policy, .peer = a->peer,
		.local = km_ts_of(&a->local), .remote = km_ts_of(&a->remote) };
	struct buf b;

	buf_init(&b, KM_ACQUIRE_LEN_MAX);
	km_acquire_put(&b, &k);
	(void)edge_send(ipc->worker[worker].edge, IKEKM_ACQUIRE, 0, -1, &b);
	buf_free(&b);
}

static void
out_expire(void *arg, unsigned worker, uint32_t spi_in, bool hard)
{
	struct ipc_ikepd *ipc = arg;
	struct buf b;

	buf_init(&b, 5);
	buf_u32(&b, spi_in);
	buf_u8(&b, hard);
	(void)edge_send(ipc->worker[worker].edge, IKEKM_EXPIRE, 0, -1, &b);
	buf_free(&b);
}

static void
out_mapping(void *arg, unsigned worker, const struct sad_child *c,
    const struct endpoint *remote)
{
	struct ipc_ikepd *ipc = arg;
	struct km_path p = { .spi_in = c->spi_in, .local = c->local,
		.remote = *remote };
	struct buf b;

	buf_init(&b, KM_PATH_LEN_MAX);
	km_path_put(&b, &p);
	(void)edge_send(ipc->worker[worker].edge, IKEKM_MAPPING, 0, -1, &b);
	buf_free(&b);
}

void
ipc_ikepd_out(struct ipc_ikepd *ipc, struct km_out *out)
{
	out->acquire = out_acquire;
	out->expire = out_expire;
	out->mapping = out_mapping;
	out->arg = ipc;
}
