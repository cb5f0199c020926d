/* Answers to the operator: active peers, kill, counters. */
#include "ikepd/ikepd.h"

#include "lib/hash.h"
#include "lib/ikeid.h"
#include "lib/proto/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A question for the active peers, while keymgr is asked for the counters
 * of their SAs; they are kept by inbound SPI until the rows are written.
 */
struct peers_show {
	struct ikepd *ikepd;
	struct show_req *req;
	struct hash by_spi;	/* inbound SPI -> struct child_counters */
};

struct peer_row {
	struct peers_show *show;
	struct child_counters sum;
	uint64_t spi_own;
};

static void
counters_keep(void *arg, uint32_t spi_in, const struct child_counters *n)
{
	struct peers_show *ps = arg;
	struct child_counters *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return;
	*copy = *n;
	free(hash_del(&ps->by_spi, spi_in));
	if (hash_set(&ps->by_spi, spi_in, copy) == -1)
		free(copy);
}

static void
counters_sum(void *arg, const struct child_show *c)
{
	struct peer_row *row = arg;
	const struct child_counters *n;

	n = hash_get(&row->show->by_spi, c->req.spi_in);
	if (n == NULL)
		return;
	row->sum.in_bytes += n->in_bytes;
	row->sum.in_packets += n->in_packets;
	row->sum.out_bytes += n->out_bytes;
	row->sum.out_packets += n->out_packets;
}

static void
field_id(struct show_req *req, const char *name, const struct blob *body)
{
	char text[IKEID_STRLEN];
	const char *why;
	struct ikeid id;
	struct cur c;

	cur_init(&c, body->p, body->len);
	if (body->len > 0 && ikeid_get_body(&id, &c, &why) == 0)
		show_field(req, name, "%s", ikeid_fmt(&id, text, sizeof(text)));
}

static void
field_span(struct show_req *req, const char *name, uint64_t s)
{
	char text[MONO_STRLEN];

	show_field(req, name, "%s", mono_seconds_fmt(s, text, sizeof(text)));
}

static void
row_peer(void *arg, const struct ike_show *s)
{
	struct peers_show *ps = arg;
	struct peer_row row = { .show = ps, .spi_own = s->spi_own };
	struct show_req *req = ps->req;
	char local[ADDR_STRLEN], remote[ADDR_STRLEN];

	engine_show_children(ps->ikepd->engine, s->spi_own, counters_sum,
	    &row);
	if (s->natt_peer)
		show_field(req, "flags", "N");
	show_field(req, "peer", "%s", s->peer_name);
	field_id(req, "id", &s->id_peer);
	show_field(req, "local-address", "%s",
	    addr_fmt(&s->path.local.addr, local, sizeof(local)));
	show_field(req, "remote-address", "%s",
	    addr_fmt(&s->path.remote.addr, remote, sizeof(remote)));
	if (s->path.natt)
		show_field(req, "port", "%u", s->path.remote.port);
	show_field(req, "state", "%s", s->state);
	show_field(req, "side", "%s",
	    s->side == SIDE_INITIATOR ? "initiator" : "responder");
	show_field(req, "responder", "%s",
	    s->side == SIDE_INITIATOR ? "no" : "yes");
	field_span(req, "uptime", s->uptime_s);
	field_span(req, "last-seen", s->last_seen_s);
	show_field(req, "natt-peer", "%s", s->natt_peer ? "yes" : "no");
	show_field(req, "natt-self", "%s", s->natt_self ? "yes" : "no");
	show_field(req, "ph2-total", "%u", s->ph2_total);
	show_field(req, "suite", "%s", s->suite);
	show_field(req, "rx-bytes", "%" PRIu64, row.sum.in_bytes);
	show_field(req, "rx-packets", "%" PRIu64, row.sum.in_packets);
	show_field(req, "tx-bytes", "%" PRIu64, row.sum.out_bytes);
	show_field(req, "tx-packets", "%" PRIu64, row.sum.out_packets);
	show_field(req, "spi", "%016" PRIx64 "/%016" PRIx64, s->spi_own,
	    s->spi_peer);
	show_row(req);
}

static void
peers_write(void *arg)
{
	struct peers_show *ps = arg;
	size_t at = 0;
	void *n;

	engine_show(ps->ikepd->engine, row_peer, ps);
	show_end(ps->req, NULL);
	while ((n = hash_next(&ps->by_spi, &at)) != NULL)
		free(n);
	hash_free(&ps->by_spi);
	free(ps);
}

static void
show_peers(struct ikepd *ikepd, struct show_req *req)
{
	struct peers_show *ps = calloc(1, sizeof(*ps));

	if (ps == NULL || (ps->req = show_keep(req)) == NULL) {
		free(ps);
		show_end(req, "out of memory");
		return;
	}
	ps->ikepd = ikepd;
	hash_init(&ps->by_spi, 0);
	ipc_keymgr_counters(ikepd->keymgr, counters_keep, peers_write, ps);
}

/* Fields that kill-connections can choose by. */
struct kill_row {
	const struct show_filter *filter;
	const struct ike_show *s;
	uint64_t *spis;
	size_t n, cap;
	char value[IKEID_STRLEN];
};

static const char *
kill_field(void *arg, const char *name)
{
	struct kill_row *k = arg;
	const struct ike_show *s = k->s;
	struct ikeid id;
	const char *why;
	struct cur c;

	if (strcmp(name, "peer") == 0)
		return s->peer_name;
	if (strcmp(name, "state") == 0)
		return s->state;
	if (strcmp(name, "side") == 0)
		return s->side == SIDE_INITIATOR ? "initiator" : "responder";
	if (strcmp(name, "remote-address") == 0)
		return addr_fmt(&s->path.remote.addr, k->value,
		    sizeof(k->value));
	if (strcmp(name, "local-address") == 0)
		return addr_fmt(&s->path.local.addr, k->value,
		    sizeof(k->value));
	if (strcmp(name, "id") != 0 || s->id_peer.len == 0)
		return NULL;
	cur_init(&c, s->id_peer.p, s->id_peer.len);
	if (ikeid_get_body(&id, &c, &why) == -1)
		return NULL;
	return ikeid_fmt(&id, k->value, sizeof(k->value));
}

static void
kill_collect(void *arg, const struct ike_show *s)
{
	struct kill_row *k = arg;
	uint64_t *spis;

	k->s = s;
	if (!show_filter_match(k->filter, kill_field, k))
		return;
	if (k->n == k->cap) {
		k->cap = k->cap == 0 ? 64 : k->cap * 2;
		spis = reallocarray(k->spis, k->cap, sizeof(*spis));
		if (spis == NULL) {
			k->cap = k->n;
			return;
		}
		k->spis = spis;
	}
	k->spis[k->n++] = s->spi_own;
}

static void
show_kill(struct ikepd *ikepd, struct show_req *req)
{
	struct kill_row k = { 0 };
	struct show_filter *filter;
	char err[1024];
	size_t i, killed = 0;

	if (show_filter_check(req, err, sizeof(err)) == -1 ||
	    (filter = show_filter_new(req->args, req->nargs, err,
	    sizeof(err))) == NULL) {
		show_end(req, err);
		return;
	}
	k.filter = filter;
	engine_show(ikepd->engine, kill_collect, &k);
	for (i = 0; i < k.n; i++)
		killed += engine_kill(ikepd->engine, NULL, k.spis[i]);
	ikepd_rearm(ikepd);
	free(k.spis);
	show_filter_free(filter);
	show_field(req, "killed", "%zu", killed);
	show_row(req);
	show_end(req, NULL);
}

static void
show_counters(struct ikepd *ikepd, struct show_req *req)
{
	struct engine_stats stats;
	const char *name;
	uint64_t value;
	unsigned i;

	engine_stats(ikepd->engine, &stats);
	for (i = 0; (name = engine_stats_field(&stats, i, &value)) != NULL; i++)
		show_field(req, name, "%" PRIu64, value);
	show_row(req);
	show_end(req, NULL);
}

void
ikepd_show(struct child *child, struct show_req *req)
{
	static void (*const answer[SHOW_WHAT_MAX])(struct ikepd *,
	    struct show_req *) = {
		[SHOW_ACTIVE_PEERS] = show_peers,
		[SHOW_KILL_CONNECTIONS] = show_kill,
		[SHOW_IKE_STATISTICS] = show_counters,
	};

	if (req->what >= SHOW_WHAT_MAX || answer[req->what] == NULL)
		show_end(req, "ikepd does not know that");
	else
		answer[req->what](child_data(child), req);
}
