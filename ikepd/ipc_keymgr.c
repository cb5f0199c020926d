/* The edge to keymgr: SPIs, child SAs, and what the kernel reports. */
#include "ikepd/ikepd.h"

#include "lib/hash.h"
#include "lib/log.h"
#include "lib/proto/ikekm.h"
#include "lib/proto/proto.h"
#include "ikepd/pending.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define SPI_POOL_LOW	128	/* a burst of handshakes drains it */
#define SPI_POOL_MAX	256

/* Kinds of questions */
enum { ASKED_ADD, ASKED_ADOPT, ASKED_STAT, ASKED_COUNTERS };

struct counters_req {
	TAILQ_ENTRY(counters_req) entry;
	counters_each each;
	counters_done done;
	void *arg;
};
TAILQ_HEAD(counters_list, counters_req);

struct ipc_keymgr {
	struct ikepd *ikepd;
	struct edge *edge;
	bool ready;		/* it has read the kernel */
	bool spi_asked;
	uint32_t next_id;
	struct pending asked;
	struct pending lost;
	struct event *lost_ev;
	struct counters_list counters;	/* in the order asked */
	struct hash taken;	/* SPIs that may come back: value is ik */
	unsigned nspis;
	uint32_t spis[SPI_POOL_MAX];
};

static void spi_refill(struct ipc_keymgr *);

static uint32_t
send_asked(struct ipc_keymgr *ik, uint16_t type, uint32_t key, int kind,
    const struct buf *body)
{
	struct pending_item item = { .key = key, .kind = kind };

	if (++ik->next_id == 0)
		ik->next_id = 1;
	item.id = ik->next_id;
	if (ik->edge == NULL ||
	    edge_send(ik->edge, type, item.id, -1, body) == -1 ||
	    pending_add(&ik->asked, &item) == -1) {
		if (pending_add(&ik->lost, &item) == 0)
			event_active(ik->lost_ev, EV_TIMEOUT, 0);
		return 0;
	}
	return item.id;
}

static void
counters_finish(struct ipc_keymgr *ik)
{
	struct counters_req *c = TAILQ_FIRST(&ik->counters);

	if (c == NULL)
		return;
	TAILQ_REMOVE(&ik->counters, c, entry);
	c->done(c->arg);
	free(c);
}

static void
answer_lost(struct ipc_keymgr *ik, const struct pending_item *item)
{
	struct engine *e = ik->ikepd->engine;

	switch (item->kind) {
	case ASKED_ADD:
		engine_child_done(e, item->key, false, "keymgr is not there");
		break;
	case ASKED_ADOPT:
		/* The keymgr after the next will be told again. */
		break;
	case ASKED_STAT:
		engine_stat_done(e, item->key, UINT32_MAX);
		break;
	case ASKED_COUNTERS:
		counters_finish(ik);
		break;
	}
}

static void
lost_tell(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_keymgr *ik = arg;
	struct pending_item item;

	(void)fd;
	(void)what;
	while (pending_pop(&ik->lost, &item))
		answer_lost(ik, &item);
	ikepd_rearm(ik->ikepd);
}

static int
spis_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *ik = arg;
	bool any = cur_left(&m->body) > 0;
	uint32_t spi;

	ik->spi_asked = false;
	while (cur_left(&m->body) > 0) {
		if (cur_u32(&m->body, &spi) == -1) {
			*why = "length is not a multiple of an SPI's";
			return -1;
		}
		if (spi > 255 && ik->nspis < SPI_POOL_MAX)
			ik->spis[ik->nspis++] = spi;
	}
	if (any)
		spi_refill(ik);
	ikepd_begin(ik->ikepd);
	return 0;
}

static int
result_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *ik = arg;
	struct engine *e = ik->ikepd->engine;
	struct pending_item item;
	struct km_result r;

	if (km_result_get(&m->body, &r, why) == -1)
		return -1;
	if (!pending_take(&ik->asked, m->id, &item) ||
	    (item.key != r.spi_in && (r.ok || r.spi_in != 0))) {
		*why = "answer to a request that was not made";
		return -1;
	}
	if (item.kind == ASKED_ADD)
		engine_child_done(e, item.key, r.ok, r.reason);
	else if (!r.ok)
		engine_child_gone(e, item.key);
	ikepd_rearm(ik->ikepd);
	return 0;
}

static struct ts
ts_of(const struct km_ts *k)
{
	return (struct ts){ .proto = k->proto, .port_lo = k->port_lo,
		.port_hi = k->port_hi, .lo = k->lo, .hi = k->hi };
}

static struct km_ts
km_ts_of(const struct ts *t)
{
	return (struct km_ts){ .proto = t->proto, .port_lo = t->port_lo,
		.port_hi = t->port_hi, .lo = t->lo, .hi = t->hi };
}

static int
acquire_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *ik = arg;
	struct km_acquire k;
	struct acquire a;

	if (km_acquire_get(&m->body, &k, why) == -1)
		return -1;
	a = (struct acquire){ .policy = k.policy, .peer = k.peer,
		.local = ts_of(&k.local), .remote = ts_of(&k.remote) };
	engine_acquire(ik->ikepd->engine, &a);
	ikepd_rearm(ik->ikepd);
	return 0;
}

static int
expire_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *ik = arg;
	uint32_t spi;
	uint8_t hard;

	if (cur_u32(&m->body, &spi) == -1 || cur_u8(&m->body, &hard) == -1 ||
	    hard > 1) {
		*why = "malformed expire";
		return -1;
	}
	engine_expire(ik->ikepd->engine, spi, hard == 1);
	ikepd_rearm(ik->ikepd);
	return 0;
}

static int
mapping_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *ik = arg;
	struct km_path p;

	if (km_path_get(&m->body, &p, why) == -1)
		return -1;
	engine_mapping(ik->ikepd->engine, p.spi_in, &p.remote);
	ikepd_rearm(ik->ikepd);
	return 0;
}

static int
stat_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *ik = arg;
	const struct pending_item *item = pending_find(&ik->asked, m->id);
	struct child_counters n;
	struct counters_req *c;
	struct km_stat s;

	if (km_stat_get(&m->body, &s, why) == -1)
		return -1;
	if (item == NULL) {
		*why = "answer to a request that was not made";
		return -1;
	}
	n = (struct child_counters){ s.in_bytes, s.in_packets, s.out_bytes,
		s.out_packets };
	if (item->kind == ASKED_STAT)
		engine_stat_done(ik->ikepd->engine, s.spi_in, s.in_idle);
	else if ((c = TAILQ_FIRST(&ik->counters)) != NULL)
		c->each(c->arg, s.spi_in, &n);
	ikepd_rearm(ik->ikepd);
	return 0;
}

static int
stat_end_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *ik = arg;
	struct pending_item item;

	if (!pending_take(&ik->asked, m->id, &item)) {
		*why = "answer to a request that was not made";
		return -1;
	}
	if (item.kind == ASKED_COUNTERS)
		counters_finish(ik);
	return 0;
}

static int
ready_recv(void *arg, struct imsg *m, const char **why)
{
	struct ipc_keymgr *ik = arg;

	(void)m;
	(void)why;
	ik->ready = true;
	engine_resync(ik->ikepd->engine);
	(void)edge_send(ik->edge, IKEKM_ADOPT_DONE, 0, -1, NULL);
	spi_refill(ik);
	ikepd_rearm(ik->ikepd);
	return 0;
}

static const struct permit keymgr_permits[] = {
	{ IKEKM_SPIS, "SPIs", 0, 4 * KM_SPI_BATCH, 0, spis_recv },
	{ IKEKM_CHILD_RESULT, "child result", 1, KM_RESULT_LEN_MAX, 0,
	    result_recv },
	{ IKEKM_ACQUIRE, "acquire", 1, KM_ACQUIRE_LEN_MAX, 0, acquire_recv },
	{ IKEKM_EXPIRE, "expire", 5, 5, 0, expire_recv },
	{ IKEKM_MAPPING, "mapping", 1, KM_PATH_LEN_MAX, 0, mapping_recv },
	{ IKEKM_STAT, "counters", KM_STAT_LEN, KM_STAT_LEN, 0, stat_recv },
	{ IKEKM_STAT_END, "end of counters", 0, 0, 0, stat_end_recv },
	{ IKEKM_READY, "ready", 0, 0, 0, ready_recv },
};

static void
keymgr_down(void *arg, const char *why)
{
	struct ipc_keymgr *ik = arg;
	struct pending_item item;

	log_warn(LOG_T_SYSTEM, "keymgr is gone: %s", why);
	edge_free(ik->edge);
	ik->edge = NULL;
	ik->ready = false;
	ik->spi_asked = false;
	/* The next keymgr will not know these. */
	ik->nspis = 0;
	hash_free(&ik->taken);
	while (pending_pop(&ik->asked, &item))
		if (pending_add(&ik->lost, &item) == -1)
			break;
	event_active(ik->lost_ev, EV_TIMEOUT, 0);
}

struct ipc_keymgr *
ipc_keymgr_new(struct ikepd *ikepd)
{
	struct ipc_keymgr *ik = calloc(1, sizeof(*ik));

	if (ik == NULL)
		return NULL;
	ik->ikepd = ikepd;
	TAILQ_INIT(&ik->counters);
	hash_init(&ik->taken, 0);
	ik->lost_ev = event_new(ikepd->base, -1, 0, lost_tell, ik);
	if (ik->lost_ev == NULL) {
		free(ik);
		return NULL;
	}
	return ik;
}

void
ipc_keymgr_free(struct ipc_keymgr *ik)
{
	struct counters_req *c;

	if (ik == NULL)
		return;
	edge_free(ik->edge);
	event_free(ik->lost_ev);
	while ((c = TAILQ_FIRST(&ik->counters)) != NULL) {
		TAILQ_REMOVE(&ik->counters, c, entry);
		free(c);
	}
	hash_free(&ik->taken);
	pending_free(&ik->asked);
	pending_free(&ik->lost);
	free(ik);
}

void
ipc_keymgr_up(struct ipc_keymgr *ik, int fd)
{
	if (ik->edge != NULL)
		keymgr_down(ik, "replaced");
	ik->edge = edge_new(ik->ikepd->base, fd, "keymgr", EDGE_REFUSE,
	    keymgr_permits, sizeof(keymgr_permits) / sizeof(keymgr_permits[0]),
	    keymgr_down, ik, EDGE_QUEUE_MAX);
	if (ik->edge == NULL)
		log_error(LOG_T_SYSTEM, "no memory for the edge to keymgr");
}

static int
key_copy(struct secret *dst, const struct blob *src)
{
	return src->len == 0 ? 0 : secret_set(dst, src->p, src->len);
}

static int
child_fill(struct km_child *k, const struct child_req *r)
{
	uint8_t i;

	*k = (struct km_child){ .peer = r->peer, .policy = r->policy,
		.identity = r->identity, .ike_spi = r->ike_spi,
		.replaces = r->replaces, .initiator = r->initiator,
		.transport = r->transport, .encap = r->encap, .esn = r->esn,
		.local = r->local, .remote = r->remote,
		.spi_in = r->spi_in, .spi_out = r->spi_out,
		.encr = r->encr, .encr_bits = r->encr_bits,
		.integ = r->integ, .pfs_group = r->pfs_group };
	if (r->nlocal > KM_TS_MAX || r->nremote > KM_TS_MAX)
		return -1;
	k->nlocal = r->nlocal;
	k->nremote = r->nremote;
	for (i = 0; i < r->nlocal; i++)
		k->ts_local[i] = km_ts_of(&r->local_ts[i]);
	for (i = 0; i < r->nremote; i++)
		k->ts_remote[i] = km_ts_of(&r->remote_ts[i]);
	if (key_copy(&k->encr_in, &r->encr_in) == -1 ||
	    key_copy(&k->encr_out, &r->encr_out) == -1 ||
	    key_copy(&k->integ_in, &r->integ_in) == -1 ||
	    key_copy(&k->integ_out, &r->integ_out) == -1)
		return -1;
	return 0;
}

/* An empty body, when something failed, is refused by keymgr by name. */
static void
child_send(struct ipc_keymgr *ik, uint16_t type, int kind,
    const struct child_req *r)
{
	struct km_child k;
	struct buf b;

	buf_init(&b, KM_CHILD_LEN_MAX);
	if (child_fill(&k, r) == 0)
		km_child_put(&b, &k);
	km_child_free(&k);
	(void)send_asked(ik, type, r->spi_in, kind, &b);
	buf_free(&b);
}

void
ipc_keymgr_child_add(struct ipc_keymgr *ik, const struct child_req *r)
{
	(void)hash_del(&ik->taken, r->spi_in);
	child_send(ik, IKEKM_CHILD_ADD, ASKED_ADD, r);
}

void
ipc_keymgr_child_adopt(struct ipc_keymgr *ik, const struct child_req *r)
{
	if (ik->ready)
		child_send(ik, IKEKM_CHILD_ADOPT, ASKED_ADOPT, r);
}

void
ipc_keymgr_child_del(struct ipc_keymgr *ik, uint32_t spi_in)
{
	struct buf b;

	buf_init(&b, 4);
	buf_u32(&b, spi_in);
	(void)edge_send(ik->edge, IKEKM_CHILD_DEL, 0, -1, &b);
	buf_free(&b);
}

void
ipc_keymgr_child_path(struct ipc_keymgr *ik, uint32_t spi_in,
    const struct endpoint *local, const struct endpoint *remote)
{
	struct km_path p = { .spi_in = spi_in, .local = *local,
		.remote = *remote };
	struct buf b;

	buf_init(&b, KM_PATH_LEN_MAX);
	km_path_put(&b, &p);
	(void)edge_send(ik->edge, IKEKM_PATH, 0, -1, &b);
	buf_free(&b);
}

_Static_assert(KM_VIP_NETS >= CFG_SPLIT_MAX && KM_VIP_DNS >= CFG_DNS_MAX,
    "keymgr has room for what a peer may give us");

/* One that is not ready gets all of them when it is. */
void
ipc_keymgr_vip_up(struct ipc_keymgr *ik, const struct vip_req *r)
{
	const struct cfg *c = r->cfg;
	struct km_vip v = { .vip = r->vip, .peer = r->peer,
		.identity = r->identity, .local = r->local,
		.remote = r->remote, .addr4 = c->addr4, .addr6 = c->addr6,
		.prefix4 = c->addr4.family == AF_UNSPEC ? 0 : c->prefix4,
		.prefix6 = c->addr6.family == AF_UNSPEC ? 0 : c->prefix6,
		.nnets = (uint8_t)c->nsplit, .ndns = (uint8_t)c->ndns,
		.nnames = (uint8_t)c->nnames };
	struct buf b;

	_Static_assert(sizeof(v.names) == sizeof(c->names), "all names fit");

	if (!ik->ready)
		return;
	memcpy(v.net, c->split, c->nsplit * sizeof(v.net[0]));
	memcpy(v.dns, c->dns, c->ndns * sizeof(v.dns[0]));
	memcpy(v.names, c->names, c->nnames * sizeof(v.names[0]));
	buf_init(&b, KM_VIP_LEN_MAX);
	km_vip_put(&b, &v);
	if (buf_error(&b) == -1 ||
	    edge_send(ik->edge, IKEKM_VIP_SET, 0, -1, &b) == -1)
		log_error(LOG_T_SYSTEM, "keymgr takes no more messages; our "
		    "address is not set");
	buf_free(&b);
}

void
ipc_keymgr_vip_down(struct ipc_keymgr *ik, uint32_t vip)
{
	struct buf b;

	buf_init(&b, 4);
	buf_u32(&b, vip);
	(void)edge_send(ik->edge, IKEKM_VIP_DEL, 0, -1, &b);
	buf_free(&b);
}

static void
spi_refill(struct ipc_keymgr *ik)
{
	struct buf b;

	if (!ik->ready || ik->spi_asked || ik->nspis >= SPI_POOL_LOW)
		return;
	buf_init(&b, 2);
	buf_u16(&b, KM_SPI_BATCH);
	if (edge_send(ik->edge, IKEKM_SPI_GET, 0, -1, &b) == 0)
		ik->spi_asked = true;
	buf_free(&b);
}

uint32_t
ipc_keymgr_spi_get(struct ipc_keymgr *ik)
{
	uint32_t spi = ik->nspis > 0 ? ik->spis[--ik->nspis] : 0;

	if (spi != 0)
		(void)hash_set(&ik->taken, spi, ik);
	spi_refill(ik);
	return spi;
}

bool
ipc_keymgr_has_spis(const struct ipc_keymgr *ik)
{
	return ik->nspis > 0;
}

void
ipc_keymgr_spi_put(struct ipc_keymgr *ik, uint32_t spi)
{
	/* What a keymgr before this one gave, this one would refuse. */
	if (hash_del(&ik->taken, spi) != NULL && ik->nspis < SPI_POOL_MAX)
		ik->spis[ik->nspis++] = spi;
}

void
ipc_keymgr_stat_get(struct ipc_keymgr *ik, uint32_t spi_in)
{
	struct buf b;

	buf_init(&b, 4);
	buf_u32(&b, spi_in);
	(void)send_asked(ik, IKEKM_STAT_GET, spi_in, ASKED_STAT, &b);
	buf_free(&b);
}

void
ipc_keymgr_counters(struct ipc_keymgr *ik, counters_each each,
    counters_done done, void *arg)
{
	struct counters_req *c = calloc(1, sizeof(*c));
	struct buf b;

	if (c == NULL) {
		done(arg);
		return;
	}
	c->each = each;
	c->done = done;
	c->arg = arg;
	TAILQ_INSERT_TAIL(&ik->counters, c, entry);
	buf_init(&b, 4);
	buf_u32(&b, 0);
	(void)send_asked(ik, IKEKM_STAT_GET, 0, ASKED_COUNTERS, &b);
	buf_free(&b);
}
