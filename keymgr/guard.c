#include "keymgr/guard.h"

#include "lib/dnsname.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
child_req_free(struct child_req *r)
{
	secret_free(&r->encr_in);
	secret_free(&r->encr_out);
	secret_free(&r->integ_in);
	secret_free(&r->integ_out);
}

static int refuse(char *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static int
refuse(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, GUARD_WHY_LEN, fmt, ap);
	va_end(ap);
	return -1;
}

static int
check_spis(const struct guard *g, const struct child_req *r, bool adopt,
    char *why)
{
	enum spi_state state = spi_state(g->spi, r->spi_in);

	if (SPI_WORKER(r->spi_in) != r->worker)
		return refuse(why, "SPI 0x%08x is not this worker's",
		    r->spi_in);
	if (state == SPI_USED)
		return refuse(why, "SPI 0x%08x is in use", r->spi_in);
	if (!adopt && state != SPI_GIVEN)
		return refuse(why, "SPI 0x%08x was not given out", r->spi_in);
	if (adopt && state != SPI_TAKEN)
		return refuse(why, "no SA 0x%08x was found", r->spi_in);
	if (r->spi_out < SPI_MIN)
		return refuse(why, "outbound SPI %u is reserved", r->spi_out);
	if (sad_get_out(g->sad, r->spi_out, &r->remote.addr) != NULL)
		return refuse(why, "outbound SPI 0x%08x is in use",
		    r->spi_out);
	if (g->sad->count[r->worker] >= SAD_CHILDREN_MAX)
		return refuse(why, "too many child SAs of this worker");
	return 0;
}

/*
 * The template's policies are for peers with an identity that has
 * generate-policy and its group; a static one for its own peer.
 */
static int
check_template(const struct guard *g, const struct km_policy *p,
    uint32_t peer, uint32_t identity, char *why)
{
	const struct km_identity *i = km_conf_identity(g->conf, identity);

	if (i == NULL || !i->usable)
		return refuse(why, "no usable identity %u", identity);
	if (i->peer != peer)
		return refuse(why, "identity %u is not of peer %u", identity,
		    peer);
	if (!i->generate)
		return refuse(why, "identity %u has generate-policy=no",
		    identity);
	if (i->group == 0 || i->group != p->group)
		return refuse(why, "template %u is not of the group of "
		    "identity %u", p->index, identity);
	return 0;
}

static int
check_policy(const struct guard *g, uint32_t policy, uint32_t peer,
    uint32_t identity, const struct km_policy **out,
    const struct km_peer **outpeer, char *why)
{
	const struct km_policy *p = km_conf_policy(g->conf, policy);
	const struct km_peer *q = km_conf_peer(g->conf, peer);

	if (p == NULL)
		return refuse(why, "there is no policy %u", policy);
	if (!p->usable)
		return refuse(why, "policy %u may not be used: %s", p->index,
		    p->why);
	if (p->action != CONF_ACTION_ENCRYPT)
		return refuse(why, "policy %u does not encrypt", p->index);
	if (q == NULL)
		return refuse(why, "there is no peer %u", peer);
	if (!q->usable)
		return refuse(why, "peer %s may not be used", q->name);
	*out = p;
	*outpeer = q;
	if (p->template)
		return check_template(g, p, peer, identity, why);
	if (p->peer != q)
		return refuse(why, "policy %u is not of peer %s", p->index,
		    q->name);
	return 0;
}

static int
check_outer(const struct km_peer *q, const struct endpoint *local,
    const struct endpoint *remote, bool encap, char *why)
{
	char a[ADDR_STRLEN];

	if (local->addr.family == AF_UNSPEC ||
	    local->addr.family != remote->addr.family)
		return refuse(why, "outer addresses of different families");
	if (addr_is_any(&local->addr) || addr_is_any(&remote->addr))
		return refuse(why, "outer address missing");
	if (!km_peer_fits(q, &remote->addr))
		return refuse(why, "address %s is not of peer %s",
		    addr_fmt(&remote->addr, a, sizeof(a)), q->name);
	if (q->local.family != AF_UNSPEC &&
	    !addr_equal(&q->local, &local->addr))
		return refuse(why, "address %s is not the local-address of "
		    "peer %s", addr_fmt(&local->addr, a, sizeof(a)), q->name);
	if (encap && (local->port == 0 || remote->port == 0))
		return refuse(why, "UDP encapsulation without ports");
	return 0;
}

static int
check_inside(const struct tsel *t, const struct tsel *allowed, size_t n,
    const char *side, char *why)
{
	char s[2 * ADDR_STRLEN + 24];
	size_t i;

	if (t->lo.family == AF_UNSPEC || t->lo.family != t->hi.family ||
	    addr_cmp(&t->lo, &t->hi) > 0)
		return refuse(why, "malformed %s selector", side);
	if (t->proto == 0 && (t->port_lo != 0 || t->port_hi != UINT16_MAX))
		return refuse(why, "%s selector has ports and no protocol",
		    side);
	for (i = 0; i < n; i++)
		if (tsel_covers(&allowed[i], t))
			return 0;
	return refuse(why, "%s selector %s is outside the policy", side,
	    tsel_fmt(t, s, sizeof(s)));
}

static int
check_host(const struct tsel *t, const struct addr *a, const char *side,
    char *why)
{
	char s[2 * ADDR_STRLEN + 24];

	if (!tsel_is_host(t, a))
		return refuse(why, "%s selector %s in transport mode is not "
		    "the outer address", side, tsel_fmt(t, s, sizeof(s)));
	return 0;
}

static int
check_selectors(const struct child_req *r, struct guarded *out, char *why)
{
	const struct km_policy *p = out->policy;
	const char *text;
	size_t i;
	int n;

	if (r->nlocal == 0 || r->nlocal > TSEL_MAX || r->nremote == 0 ||
	    r->nremote > TSEL_MAX)
		return refuse(why, "no selectors or too many");
	for (i = 0; i < r->nlocal; i++)
		if (check_inside(&r->local_ts[i], p->local, p->nlocal,
		    "local", why) == -1 ||
		    (r->transport && check_host(&r->local_ts[i],
		    &r->local.addr, "local", why) == -1))
			return -1;
	for (i = 0; i < r->nremote; i++)
		if (check_inside(&r->remote_ts[i], p->remote, p->nremote,
		    "remote", why) == -1 ||
		    (r->transport && check_host(&r->remote_ts[i],
		    &r->remote.addr, "remote", why) == -1))
			return -1;
	n = sel_product(r->local_ts, r->nlocal, r->remote_ts, r->nremote,
	    out->sel, &text);
	if (n == -1)
		return refuse(why, "%s", text);
	out->nsel = (size_t)n;
	return 0;
}

/*
 * Where mode-config gives addresses, a policy made from a template is for
 * those alone: of the user who has them from us, or ours that we have from
 * the peer.
 */
static int
check_given(const struct guard *g, unsigned worker,
    const struct km_identity *i, const struct addr *lo,
    const struct addr *hi, bool remote, char *why)
{
	char a[ADDR_STRLEN];

	if (remote ? !i->gives : !i->asks)
		return 0;
	if (addr_equal(lo, hi) && (remote ?
	    leases_has(g->leases, worker, i->id, lo) :
	    link_has(g->link, worker, i->id, lo)))
		return 0;
	return refuse(why, "%s%s is not an address that %s",
	    addr_fmt(lo, a, sizeof(a)), addr_equal(lo, hi) ? "" :
	    " and more", remote ? "this user was given" : "was given to us");
}

static int
check_addresses(const struct guard *g, const struct child_req *r,
    const struct km_policy *p, char *why)
{
	const struct km_identity *i;
	size_t n;

	if (!p->template)
		return 0;
	i = km_conf_identity(g->conf, r->identity);
	for (n = 0; n < r->nremote; n++)
		if (check_given(g, r->worker, i, &r->remote_ts[n].lo,
		    &r->remote_ts[n].hi, true, why) == -1)
			return -1;
	for (n = 0; n < r->nlocal; n++)
		if (check_given(g, r->worker, i, &r->local_ts[n].lo,
		    &r->local_ts[n].hi, false, why) == -1)
			return -1;
	return 0;
}

bool
guard_leased(const struct guard *g, const struct sad_child *c,
    const struct selector *sel, size_t n, char why[GUARD_WHY_LEN])
{
	const struct km_policy *p = km_conf_policy(g->conf, c->policy);
	const struct km_identity *i = km_conf_identity(g->conf, c->identity);
	const struct prefix *r;
	struct addr all = { 0 };

	if (p == NULL || !p->template || i == NULL)
		return true;
	while (n-- > 0) {
		r = &sel[n].remote;
		if (check_given(g, SPI_WORKER(c->spi_in), i, &r->addr,
		    r->bits == addr_bits(&r->addr) ? &r->addr : &all, true,
		    why) == -1)
			return false;
	}
	return true;
}

static bool
listed(const struct alg *a, const struct alg *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i] == a)
			return true;
	return false;
}

static int
check_suite(const struct child_req *r, struct guarded *out, char *why)
{
	const struct km_proposal *q = out->policy->proposal;
	const char *text;

	out->encr = suite_by_id(SUITE_ENCR, r->encr, r->encr_bits);
	if (out->encr == NULL || out->encr->kernel == NULL ||
	    !listed(out->encr, q->encr, q->nencr))
		return refuse(why, "encryption %u (%u bits) is not in "
		    "proposal %s", r->encr, r->encr_bits, q->name);
	out->integ = NULL;
	if (r->integ != 0) {
		out->integ = suite_by_id(SUITE_INTEG, r->integ, 0);
		if (out->integ == NULL || out->integ->kernel == NULL ||
		    !listed(out->integ, q->integ, q->ninteg))
			return refuse(why, "integrity %u is not in proposal "
			    "%s", r->integ, q->name);
	}
	if (!suite_pair_ok(out->encr, out->integ, ALG_PHASE2, &text))
		return refuse(why, "%s", text);
	if (r->esn ? q->esn == CONF_ESN_NO : q->esn == CONF_ESN_YES)
		return refuse(why, "%s extended sequence numbers is not in "
		    "proposal %s", r->esn ? "use of" : "lack of", q->name);
	return 0;
}

static int
check_keys(const struct child_req *r, const struct guarded *g, bool adopt,
    char *why)
{
	size_t encr = adopt ? 0 : g->encr->key_len;
	size_t integ = adopt || g->integ == NULL ? 0 : g->integ->key_len;

	if (r->encr_in.len != encr || r->encr_out.len != encr)
		return refuse(why, "encryption keys of %zu and %zu bytes "
		    "instead of %zu", r->encr_in.len, r->encr_out.len, encr);
	if (r->integ_in.len != integ || r->integ_out.len != integ)
		return refuse(why, "integrity keys of %zu and %zu bytes "
		    "instead of %zu", r->integ_in.len, r->integ_out.len,
		    integ);
	return 0;
}

/* One that is gone by now, because it expired or was deleted while the new
 * one was negotiated, is no reason to refuse. */
static int
check_replaces(const struct guard *g, const struct child_req *r, char *why)
{
	const struct sad_child *c;

	if (r->replaces == 0)
		return 0;
	if (SPI_WORKER(r->replaces) != r->worker)
		return refuse(why, "replaces 0x%08x, which is not this "
		    "worker's", r->replaces);
	c = sad_get(g->sad, r->replaces);
	if (c != NULL && (c->policy != r->policy || c->peer != r->peer))
		return refuse(why, "replaces 0x%08x, which is of another "
		    "policy", r->replaces);
	return 0;
}

int
guard_child(const struct guard *g, const struct child_req *r, bool adopt,
    struct guarded *out, char why[GUARD_WHY_LEN])
{
	if (r->worker >= SPI_WORKERS)
		return refuse(why, "there is no worker %u", r->worker);
	if (check_spis(g, r, adopt, why) == -1 ||
	    check_policy(g, r->policy, r->peer, r->identity, &out->policy,
	    &out->peer, why) == -1)
		return -1;
	if (!out->policy->template &&
	    r->transport != out->policy->transport)
		return refuse(why, "policy %u is for %s mode",
		    out->policy->index,
		    out->policy->transport ? "transport" : "tunnel");
	if (check_outer(out->peer, &r->local, &r->remote, r->encap,
	    why) == -1 ||
	    check_selectors(r, out, why) == -1 ||
	    (!adopt && check_addresses(g, r, out->policy, why) == -1) ||
	    check_suite(r, out, why) == -1 ||
	    check_keys(r, out, adopt, why) == -1)
		return -1;
	return adopt ? 0 : check_replaces(g, r, why);
}

struct sad_child *
guard_own(const struct guard *g, unsigned worker, uint32_t spi_in,
    char why[GUARD_WHY_LEN])
{
	struct sad_child *c;

	if (SPI_WORKER(spi_in) != worker) {
		(void)refuse(why, "SA 0x%08x is not this worker's", spi_in);
		return NULL;
	}
	if ((c = sad_get(g->sad, spi_in)) == NULL)
		(void)refuse(why, "there is no SA 0x%08x", spi_in);
	return c;
}

int
guard_path(const struct guard *g, const struct sad_child *c,
    const struct endpoint *local, const struct endpoint *remote,
    char why[GUARD_WHY_LEN])
{
	const struct km_peer *q = km_conf_peer(g->conf, c->peer);
	const struct sad_child *other;

	if (q == NULL || !q->usable)
		return refuse(why, "its peer may not be used");
	if (c->transport && (!addr_equal(&local->addr, &c->local.addr) ||
	    !addr_equal(&remote->addr, &c->remote.addr)))
		return refuse(why, "a transport mode SA keeps its addresses");
	if (local->addr.family != c->local.addr.family)
		return refuse(why, "address of another family");
	other = sad_get_out(g->sad, c->spi_out, &remote->addr);
	if (other != NULL && other != c)
		return refuse(why, "outbound SPI 0x%08x is in use there",
		    c->spi_out);
	return check_outer(q, local, remote, c->encap, why);
}

static void
tsel_from_ports(struct tsel *t, const struct prefix *a, uint8_t proto,
    uint16_t port, uint16_t mask)
{
	tsel_from_prefix(t, a, proto, 0);
	if (sel_icmp(proto))
		return;	/* a policy has no ports with these */
	t->port_lo = port & mask;
	t->port_hi = (uint16_t)(t->port_lo | (uint16_t)~mask);
}

int
guard_standing(const struct guard *g, const struct sad_child *c,
    const struct selector *sel, size_t n, char why[GUARD_WHY_LEN])
{
	const struct km_policy *p;
	const struct km_peer *q;
	struct tsel t;
	size_t i;

	if (check_policy(g, c->policy, c->peer, c->identity, &p, &q,
	    why) == -1 ||
	    check_outer(q, &c->local, &c->remote, c->encap, why) == -1)
		return -1;
	if (!p->template && c->transport != p->transport)
		return refuse(why, "policy %u is for %s mode now", p->index,
		    p->transport ? "transport" : "tunnel");
	for (i = 0; i < n; i++) {
		tsel_from_ports(&t, &sel[i].local, sel[i].proto,
		    sel[i].lport, sel[i].lmask);
		if (check_inside(&t, p->local, p->nlocal, "local", why) == -1)
			return -1;
		tsel_from_ports(&t, &sel[i].remote, sel[i].proto,
		    sel[i].rport, sel[i].rmask);
		if (check_inside(&t, p->remote, p->nremote, "remote",
		    why) == -1)
			return -1;
	}
	return 0;
}

bool
guard_vip_standing(const struct guard *g, uint32_t peer, uint32_t identity)
{
	const struct km_peer *q = km_conf_peer(g->conf, peer);
	const struct km_identity *i = km_conf_identity(g->conf, identity);

	return q != NULL && q->usable && i != NULL && i->usable &&
	    i->peer == peer && i->asks;
}

/* An address that a host can have: of no group, of no loopback, not a
 * link's own. */
static bool
is_unicast(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->b[0] != 0 && a->b[0] != 127 && a->b[0] < 224 &&
		    !(a->b[0] == 169 && a->b[1] == 254);
	return a->b[0] != 0xff && !(a->b[0] == 0xfe && a->b[1] >= 0x80) &&
	    (a->b[0] & 0xe0) != 0;
}

int
guard_vip(const struct guard *g, const struct link_req *r, size_t have,
    char why[GUARD_WHY_LEN])
{
	const struct addr *const given[] = { &r->addr4, &r->addr6 };
	const struct endpoint local = { .addr = r->local };
	const struct endpoint remote = { .addr = r->remote };
	char a[ADDR_STRLEN];
	unsigned n = 0;
	size_t i;

	if (!guard_vip_standing(g, r->peer, r->identity))
		return refuse(why, "identity %u of peer %u has no "
		    "mode-config that asks for addresses", r->identity,
		    r->peer);
	if (check_outer(km_conf_peer(g->conf, r->peer), &local, &remote,
	    false, why) == -1)
		return -1;
	if (have >= LINK_VIPS)
		return refuse(why, "too many addresses of this worker");
	for (i = 0; i < 2; i++) {
		if (given[i]->family == AF_UNSPEC)
			continue;
		if (given[i]->family != (i == 0 ? AF_INET : AF_INET6) ||
		    !is_unicast(given[i]))
			return refuse(why, "%s is not an address that we can "
			    "have", addr_fmt(given[i], a, sizeof(a)));
		n++;
	}
	if (n == 0 || r->nnets > LINK_NETS)
		return refuse(why, "no address, or too many nets");
	if (r->ndns > LINK_DNS || r->nnames > LINK_NAMES)
		return refuse(why, "too many name servers or domains");
	for (i = 0; i < r->ndns; i++)
		if (!is_unicast(&r->dns[i]))
			return refuse(why, "%s is no name server's address",
			    addr_fmt(&r->dns[i], a, sizeof(a)));
	for (i = 0; i < r->nnames; i++)
		if (!dnsname_ok(r->names[i]))
			return refuse(why, "a domain that is no name");
	return 0;
}
