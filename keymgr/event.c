#include "keymgr/event.h"

#include "keymgr/install.h"
#include "lib/log.h"
#include "lib/worker.h"

#include <string.h>

unsigned
event_worker(const struct km *km, const struct km_peer *peer)
{
	return worker_of_peer(peer->any ? NULL : &peer->address, peer->id,
	    km->workers);
}

static bool
has_ports(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_UDPLITE:
		return true;
	default:
		return false;
	}
}

/* The packet's selector as RFC 7296 2.9 wants it first in TSi and TSr. */
static void
packet_ts(const struct selector *s, bool local, struct tsel *t)
{
	uint16_t port = local ? s->lport : s->rport;

	tsel_from_prefix(t, local ? &s->local : &s->remote, s->proto, 0);
	if (sel_icmp(s->proto))
		port = (uint16_t)(s->lport << 8 | (s->rport & 0xff));
	else if (!has_ports(s->proto))
		return;
	t->port_lo = t->port_hi = port;
}

/*
 * Who moves the packets reads what outsiders wrote and may lie: it can ask
 * for no more than a policy has.
 */
static bool
refused(struct km *km, const char *what, const char *why)
{
	static struct log_limit limit = { .burst = 3, .interval_ms = 60000 };

	km->n.refused++;
	log_limited(&limit, mono_now(), LOG_T_IPSEC | LOG_T_WARNING,
	    "refused %s: %s", what, why);
	return true;
}

static bool
acquire_bad(struct km *km, const struct flow *f, const struct selector *sel)
{
	size_t i;

	for (i = 0; i < f->nsel; i++)
		if (sel_covers(&f->sel[i], sel))
			return false;
	return refused(km, "to ask for an SA", "the packet is not what the "
	    "policy is about");
}

static bool
mapping_bad(struct km *km, const struct sad_child *c,
    const struct endpoint *to)
{
	if (to->port != 0 && to->addr.family == c->remote.addr.family &&
	    !addr_is_any(&to->addr))
		return false;
	return refused(km, "a peer's new address", "nobody can have it");
}

void
event_acquire(void *arg, uint32_t reqid, const struct selector *sel)
{
	struct km *km = arg;
	struct flow *f = spd_by_reqid(km->spd, reqid);
	const struct km_policy *p;
	struct acquire a;
	char s[SEL_STRLEN];

	if (f == NULL)
		return;		/* not ours */
	p = f->sp->conf;
	/* The kernel asks for optional templates too. */
	if (p->level == CONF_LEVEL_USE || p->peer == NULL ||
	    acquire_bad(km, f, sel))
		return;
	memset(&a, 0, sizeof(a));
	a.policy = p->id;
	a.peer = p->peer->id;
	packet_ts(sel, true, &a.local);
	packet_ts(sel, false, &a.remote);
	km->n.acquired++;
	log_debug(LOG_T_IPSEC, "packet %s waits for peer %s",
	    sel_fmt(sel, s, sizeof(s)), p->peer->name);
	km->out.acquire(km->out.arg, event_worker(km, p->peer), &a);
}

/* With one of the pair gone the other is of no use. */
void
event_expire(void *arg, uint32_t spi, const struct addr *dst, bool hard)
{
	struct km *km = arg;
	struct sad_child *c = sad_find(&km->sad, spi, dst);

	if (c == NULL)
		return;
	if (hard) {
		km->n.expired++;
		log_info(LOG_T_IPSEC, "child SA 0x%08x expired", c->spi_in);
		install_remove(km, c, true);
	} else if (!c->softened) {
		c->softened = true;
		km->out.expire(km->out.arg, SPI_WORKER(c->spi_in), c->spi_in,
		    false);
	}
}

/*
 * This is repeated with packets until the SA is moved.  ikepd may have said
 * so already and found no keymgr: then the child was adopted as being there.
 */
void
event_mapping(void *arg, uint32_t spi, const struct endpoint *remote)
{
	struct km *km = arg;
	struct sad_child *c = sad_get(&km->sad, spi);

	if (c == NULL || !c->encap)
		return;
	if (endpoint_equal(&c->remote, remote)) {
		install_settle(km, c);
		return;
	}
	if (endpoint_equal(&c->mapped, remote) || mapping_bad(km, c, remote))
		return;
	c->mapped = *remote;
	km->out.mapping(km->out.arg, SPI_WORKER(c->spi_in), c, remote);
}
