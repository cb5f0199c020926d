/*
 * What the operator may see.
 */
#include "ikepd/child.h"
#include "ikepd/core.h"
#include "ikepd/report.h"

#include <stddef.h>

static uint64_t
seconds_since(const struct engine *e, int64_t us)
{
	return us == 0 ? 0 :
	    mono_seconds(mono_sub(eng_now(e), (struct mono){ us }));
}

void
engine_show(struct engine *e, void (*fn)(void *, const struct ike_show *),
    void *arg)
{
	struct ike_sa *sa;
	size_t at = 0;

	while ((sa = hash_next(&e->by_spi, &at)) != NULL) {
		struct ike_show s = {
			.peer = sa->k->peer,
			.identity = sa->k->identity,
			.spi_own = sa->k->spi_own,
			.spi_peer = sa->k->spi_peer,
			.side = sa->k->initiator ? SIDE_INITIATOR :
			    SIDE_RESPONDER,
			.peer_name = report_peer(e, sa),
			.state = sa_state_name(sa->state),
			.path = sa->k->path,
			.id_own = sa_id_own(sa),
			.id_peer = sa_id_peer(sa),
			.natt_self = sa->k->natt_self,
			.natt_peer = sa->k->natt_peer,
			.uptime_s = seconds_since(e, sa->k->established_us),
			.last_seen_s = seconds_since(e, sa->last_seen.us),
			.ph2_total = sa->nchildren,
			.rx_packets = sa->rx_packets,
			.rx_bytes = sa->rx_bytes,
			.tx_packets = sa->tx_packets,
			.tx_bytes = sa->tx_bytes,
		};

		if (sa->state == SA_CLOSED)
			continue;
		s.id_own_type = s.id_own.len > 0 ? s.id_own.p[0] : 0;
		s.id_peer_type = s.id_peer.len > 0 ? s.id_peer.p[0] : 0;
		sa_suite(sa, s.suite, sizeof(s.suite));
		fn(arg, &s);
	}
}

void
engine_show_children(struct engine *e, uint64_t spi_own,
    void (*fn)(void *, const struct child_show *), void *arg)
{
	struct ike_sa *sa = store_get(e, spi_own);
	struct child *c;

	for (c = sa == NULL ? NULL : sa->children; c != NULL; c = c->next) {
		struct child_show s = {
			.rekeying = c->rekeying,
			.dying = c->state > CHILD_LIVE,
			.age_s = seconds_since(e, c->made_us),
		};

		if (c->state == CHILD_ADDING)
			continue;
		child_describe(e, c, &s.req);
		fn(arg, &s);
	}
}

void
engine_stats(const struct engine *e, struct engine_stats *st)
{
	*st = e->st;
	st->ike_now = hash_count(&e->by_spi);
	st->half_open_now = e->half_open;
	st->children_now = hash_count(&e->children);
}

#define FIELD(name, member)						\
	{ name, offsetof(struct engine_stats, member) }
static const struct {
	const char *name;
	size_t off;
} fields[] = {
	FIELD("rx-packets", rx_packets),
	FIELD("tx-packets", tx_packets),
	FIELD("rx-malformed", rx_malformed),
	FIELD("rx-unknown-spi", rx_unknown_spi),
	FIELD("rx-integrity-errors", rx_bad_sk),
	FIELD("rx-bad-message-id", rx_bad_msgid),
	FIELD("rx-retransmitted", rx_retransmitted),
	FIELD("tx-retransmitted", tx_retransmitted),
	FIELD("rx-fragments", rx_fragments),
	FIELD("tx-fragments", tx_fragments),
	FIELD("rx-reassembled", rx_reassembled),
	FIELD("rx-fragments-dropped", rx_fragments_dropped),
	FIELD("cookies-sent", cookies_sent),
	FIELD("cookies-bad", cookies_bad),
	FIELD("half-open-refused", half_open_refused),
	FIELD("ph1-started", init_started),
	FIELD("ph1-failed", init_failed),
	FIELD("established-initiator", established_initiator),
	FIELD("established-responder", established_responder),
	FIELD("authentication-failed", auth_failed),
	FIELD("no-proposal-chosen", no_proposal),
	FIELD("timed-out", timed_out),
	FIELD("ph2-established", children_made),
	FIELD("ph2-failed", children_failed),
	FIELD("ph2-rekeyed", children_rekeyed),
	FIELD("ph1-rekeyed", ike_rekeyed),
	FIELD("ph1-deleted", ike_deleted),
	FIELD("ph1-now", ike_now),
	FIELD("half-open-now", half_open_now),
	FIELD("ph2-now", children_now),
};

const char *
engine_stats_field(const struct engine_stats *st, unsigned i,
    uint64_t *value)
{
	if (i >= sizeof(fields) / sizeof(fields[0]))
		return NULL;
	*value = *(const uint64_t *)((const char *)st + fields[i].off);
	return fields[i].name;
}
