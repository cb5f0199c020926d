#include "keymgr/way_rtnl.h"

#include "keymgr/backend.h"
#include "keymgr/link.h"
#include "keymgr/way_nl.h"
#include "lib/esptun.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRIC_TUN	10
#define METRIC_FORBID	20
#define METRIC_BOUND	30
/* Names a nexthop that leads nowhere. */
#define NOWHERE_ID	0x53616c79u

/* Rules */

static void
put_ports(struct nl_msg *m, int type, const struct way_ports *p)
{
	struct fib_rule_port_range r = { p->lo, p->hi };

	if (p->lo != 0)
		way_nl_put(m, type, &r, sizeof(r));
}

static const char *const iif[] = {
	[WAY_ANYWHERE] = NULL, [WAY_LOOPBACK] = "lo",
	[WAY_DEVICE] = ESPTUN_NAME,
};

static void
put_prefix(struct nl_msg *m, int type, const struct prefix *p, uint8_t bits)
{
	if (bits > 0)
		way_nl_put(m, type, p->addr.b, addr_len(&p->addr));
}

static struct nl_msg *
rule_msg(const struct way_rule *r, int type, int flags)
{
	static const uint8_t acts[] = {
		[WAY_TABLE] = FR_ACT_TO_TBL,
		[WAY_SKIP] = FR_ACT_GOTO,
		[WAY_DROP] = FR_ACT_BLACKHOLE,
		[WAY_NOTHING] = FR_ACT_NOP,
	};
	struct prefix none = { { .family = r->src.addr.family },
		addr_bits(&r->src.addr) };
	const struct prefix *src = r->unbound ? &none : &r->src;
	struct fib_rule_hdr h = { .family = r->src.addr.family,
		.action = acts[r->act], .src_len = src->bits,
		.dst_len = r->dst.bits };
	uint8_t proto = LINK_PROTO;
	struct nl_msg *m;

	if ((m = way_nl_msg(type, flags, &h, sizeof(h))) == NULL)
		return NULL;
	way_nl_put_u32(m, FRA_PRIORITY, r->pref);
	way_nl_put(m, FRA_PROTOCOL, &proto, sizeof(proto));
	put_prefix(m, FRA_SRC, src, h.src_len);
	put_prefix(m, FRA_DST, &r->dst, h.dst_len);
	if (r->act == WAY_TABLE)
		way_nl_put_u32(m, FRA_TABLE, r->to);
	if (r->act == WAY_SKIP)
		way_nl_put_u32(m, FRA_GOTO, r->to);
	if (r->mark != 0)
		way_nl_put_u32(m, FRA_FWMARK, r->mark);
	if (iif[r->from] != NULL)
		way_nl_put(m, FRA_IIFNAME, iif[r->from],
		    strlen(iif[r->from]) + 1);
	if (r->proto != 0)
		way_nl_put(m, FRA_IP_PROTO, &r->proto, 1);
	put_ports(m, FRA_SPORT_RANGE, &r->sport);
	put_ports(m, FRA_DPORT_RANGE, &r->dport);
	return m;
}

int
way_nl_rule(struct way_nl *w, const struct way_rule *r, bool add)
{
	return way_nl_queue(w, rule_msg(r, add ? RTM_NEWRULE : RTM_DELRULE,
	    add ? NLM_F_CREATE | NLM_F_EXCL : 0), add);
}

/* Routes */

enum hop { HOP_TUN, HOP_FORBID, HOP_BOUND, HOP_THROW };

static const uint8_t hop_type[] = {
	[HOP_TUN] = RTN_UNICAST, [HOP_FORBID] = RTN_PROHIBIT,
	[HOP_BOUND] = RTN_UNICAST, [HOP_THROW] = RTN_THROW,
};

static const uint32_t hop_metric[] = {
	[HOP_TUN] = METRIC_TUN, [HOP_FORBID] = METRIC_FORBID,
	[HOP_BOUND] = METRIC_BOUND, [HOP_THROW] = METRIC_FORBID,
};

static struct nl_msg *
route_msg(const struct way_nl *w, const struct way_route *r, enum hop hop,
    bool add)
{
	bool v4 = r->dst.addr.family == AF_INET;
	struct rtmsg h = { .rtm_family = r->dst.addr.family,
		.rtm_dst_len = r->dst.bits, .rtm_protocol = LINK_PROTO,
		.rtm_type = hop_type[hop],
		.rtm_scope = !add ? RT_SCOPE_NOWHERE : hop == HOP_TUN && v4 ?
		    RT_SCOPE_LINK : RT_SCOPE_UNIVERSE };
	struct {
		struct nlattr h;
		uint32_t v;
	} mtu = { { sizeof(mtu), RTAX_MTU }, r->mtu };
	struct nl_msg *m = way_nl_msg(add ? RTM_NEWROUTE : RTM_DELROUTE,
	    add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &h, sizeof(h));

	if (m == NULL)
		return NULL;
	way_nl_put_u32(m, RTA_TABLE, r->table);
	way_nl_put(m, RTA_DST, r->dst.addr.b, addr_len(&r->dst.addr));
	way_nl_put_u32(m, RTA_PRIORITY, hop_metric[hop]);
	if (hop == HOP_TUN)
		way_nl_put_u32(m, RTA_OIF, w->ifindex);
	if (hop == HOP_BOUND)
		way_nl_put_u32(m, RTA_NH_ID, NOWHERE_ID);
	if (hop == HOP_TUN && add && r->mtu != 0)
		way_nl_put(m, RTA_METRICS, &mtu, sizeof(mtu));
	if (hop == HOP_TUN && add && r->src.family != AF_UNSPEC)
		way_nl_put(m, RTA_PREFSRC, r->src.b, addr_len(&r->src));
	return m;
}

static int
hop(struct way_nl *w, const struct way_route *r, enum hop hop, bool add)
{
	return way_nl_queue(w, route_msg(w, r, hop, add), add);
}

/*
 * A packet of IPv6 whose socket is bound to another device passes by routes
 * that are not through that, even such as forbid; but not by one to a
 * nexthop that leads nowhere.
 */
static int
forbid(struct way_nl *w, const struct way_route *r, bool add)
{
	int e = hop(w, r, HOP_FORBID, add);

	if (e == 0 && w->nowhere && r->dst.addr.family == AF_INET6)
		e = hop(w, r, HOP_BOUND, add);
	return e;
}

int
way_nl_route(struct way_nl *w, const struct way_route *r, bool add)
{
	int e;

	if (r->kind == WAY_THROW)
		return hop(w, r, HOP_THROW, add);
	if (r->kind == WAY_SOURCE)
		return hop(w, r, HOP_TUN, add);
	if (r->kind == WAY_FORBID)
		return forbid(w, r, add);
	if (!add) {
		(void)hop(w, r, HOP_TUN, false);
		return forbid(w, r, false);
	}
	e = forbid(w, r, true);
	return e == 0 ? hop(w, r, HOP_TUN, true) : e;
}

/* Reading */

static void
get_prefix(struct prefix *p, const struct nlattr *a, uint8_t family,
    uint8_t bits)
{
	memset(p, 0, sizeof(*p));
	if (a == NULL || addr_from_bytes(&p->addr, nla_data(a),
	    (size_t)nla_len(a)) == -1)
		p->addr.family = family;
	else
		p->bits = bits;
}

static void
get_ports(struct way_ports *p, const struct nlattr *a)
{
	struct fib_rule_port_range r;

	if (a == NULL || nla_len(a) < (int)sizeof(r))
		return;
	memcpy(&r, nla_data(a), sizeof(r));
	p->lo = r.start;
	p->hi = r.end;
}

static uint32_t
get_u32(const struct nlattr *a)
{
	return a == NULL || nla_len(a) < 4 ? 0 : nla_get_u32(a);
}

static enum way_from
get_from(const struct nlattr *a)
{
	size_t i;

	for (i = 1; a != NULL && i < sizeof(iif) / sizeof(iif[0]); i++)
		if (nla_strcmp(a, iif[i]) == 0)
			return (enum way_from)i;
	return WAY_ANYWHERE;
}

struct rules {
	void (*fn)(void *, const struct way_rule *);
	void *arg;
};

static void
on_rule(void *arg, struct nlmsghdr *h)
{
	static const enum way_act acts[] = {
		[FR_ACT_TO_TBL] = WAY_TABLE, [FR_ACT_GOTO] = WAY_SKIP,
		[FR_ACT_NOP] = WAY_NOTHING, [FR_ACT_BLACKHOLE] = WAY_DROP,
	};
	struct nlattr *tb[FRA_MAX + 1];
	const struct fib_rule_hdr *f = nlmsg_data(h);
	const struct rules *d = arg;
	struct way_rule r = { 0 };

	if (h->nlmsg_type != RTM_NEWRULE ||
	    nlmsg_parse(h, sizeof(*f), tb, FRA_MAX, NULL) < 0 ||
	    tb[FRA_PROTOCOL] == NULL ||
	    nla_get_u8(tb[FRA_PROTOCOL]) != LINK_PROTO ||
	    f->action >= sizeof(acts) / sizeof(acts[0]))
		return;
	r.act = acts[f->action];
	r.pref = get_u32(tb[FRA_PRIORITY]);
	r.to = r.act == WAY_TABLE ? get_u32(tb[FRA_TABLE]) :
	    get_u32(tb[FRA_GOTO]);
	r.mark = get_u32(tb[FRA_FWMARK]);
	r.from = get_from(tb[FRA_IIFNAME]);
	get_prefix(&r.src, tb[FRA_SRC], f->family, f->src_len);
	get_prefix(&r.dst, tb[FRA_DST], f->family, f->dst_len);
	r.unbound = f->family == AF_INET && f->src_len == 32 &&
	    addr_is_any(&r.src.addr);
	if (tb[FRA_IP_PROTO] != NULL)
		r.proto = nla_get_u8(tb[FRA_IP_PROTO]);
	get_ports(&r.sport, tb[FRA_SPORT_RANGE]);
	get_ports(&r.dport, tb[FRA_DPORT_RANGE]);
	d->fn(d->arg, &r);
}

void
way_nl_rules(struct way_nl *w, void (*fn)(void *, const struct way_rule *),
    void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct rules d = { fn, arg };
	struct fib_rule_hdr h = { 0 };
	size_t i;

	for (i = 0; i < sizeof(families); i++) {
		h.family = families[i];
		way_nl_dump(w, way_nl_msg(RTM_GETRULE, NLM_F_DUMP, &h,
		    sizeof(h)), on_rule, &d);
	}
}

/* Deletions are gathered: the dump must have ended first. */
struct sift {
	bool (*fn)(void *, const struct way_route *);
	void *arg;
	struct way_route *gone;
	size_t n, room;
};

static void
gone(struct sift *s, const struct way_route *r)
{
	struct way_route *more;

	if (s->n == s->room) {
		s->room = s->room == 0 ? 64 : s->room * 2;
		more = reallocarray(s->gone, s->room, sizeof(*more));
		if (more == NULL)
			return;
		s->gone = more;
	}
	s->gone[s->n++] = *r;
}

/* Of those to one destination the one that forbids stands for all. */
static void
on_route(void *arg, struct nlmsghdr *h)
{
	struct way_route r = { .kind = WAY_TUNNEL };
	struct nlattr *tb[RTA_MAX + 1];
	struct sift *s = arg;
	struct rtmsg f;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(h, sizeof(f), tb, RTA_MAX, NULL) < 0)
		return;
	memcpy(&f, nlmsg_data(h), sizeof(f));
	if (f.rtm_protocol != LINK_PROTO ||
	    (f.rtm_type != RTN_PROHIBIT && f.rtm_type != RTN_THROW))
		return;
	if (f.rtm_type == RTN_THROW)
		r.kind = WAY_THROW;
	r.table = get_u32(tb[RTA_TABLE]);
	get_prefix(&r.dst, tb[RTA_DST], f.rtm_family, f.rtm_dst_len);
	if (r.table >> 24 != WAY_TABLES >> 24 &&
	    r.table != WAY_UNSOURCED_TABLE)
		return;
	if (s->fn(s->arg, &r))
		gone(s, &r);
}

void
way_nl_sift(struct way_nl *w, bool (*fn)(void *, const struct way_route *),
    void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct sift s = { .fn = fn, .arg = arg };
	struct rtmsg h = { 0 };
	size_t i;

	for (i = 0; i < sizeof(families); i++) {
		h.rtm_family = families[i];
		way_nl_dump(w, way_nl_msg(RTM_GETROUTE, NLM_F_DUMP, &h,
		    sizeof(h)), on_route, &s);
	}
	for (i = 0; i < s.n; i++)
		(void)way_nl_route(w, &s.gone[i], false);
	free(s.gone);
}

/* The device and what else there is one of */

static int
device_up(struct way_nl *w)
{
	struct ifinfomsg h = { .ifi_index = (int)w->ifindex,
		.ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	int e = way_nl_queue(w, way_nl_msg(RTM_NEWLINK, 0, &h, sizeof(h)),
	    true);

	return e == 0 ? way_nl_sync(w) : e;
}

void
way_nl_nowhere(struct way_nl *w, bool add)
{
	struct nhmsg h = { .nh_family = add ? AF_INET6 : AF_UNSPEC,
		.nh_protocol = add ? LINK_PROTO : 0 };
	struct nl_msg *m = way_nl_msg(add ? RTM_NEWNEXTHOP : RTM_DELNEXTHOP,
	    add ? NLM_F_CREATE | NLM_F_EXCL : 0, &h, sizeof(h));
	int e, before = way_nl_sync(w);

	if (m == NULL)
		return;
	way_nl_put_u32(m, NHA_ID, NOWHERE_ID);
	if (add)
		way_nl_put(m, NHA_BLACKHOLE, NULL, 0);
	e = way_nl_queue(w, m, add);
	w->nowhere = e == 0 && way_nl_sync(w) == 0 && add;
	w->error = before;
}

struct way_nl *
way_nl_open(char *why)
{
	struct way_nl *w = way_nl_look(why);
	int e;

	if (w == NULL)
		return NULL;
	w->watch_fd = way_nl_watch();
	w->ifindex = if_nametoindex(ESPTUN_NAME);
	if (w->ifindex == 0) {
		snprintf(why, BK_WHY_LEN, "no device %s", ESPTUN_NAME);
	} else if ((e = device_up(w)) != 0) {
		snprintf(why, BK_WHY_LEN, "device %s: %s", ESPTUN_NAME,
		    strerror(e));
	} else {
		/* That was ourselves. */
		if (w->watch_fd != -1)
			(void)way_nl_news(w);
		return w;
	}
	way_nl_close(w);
	return NULL;
}
