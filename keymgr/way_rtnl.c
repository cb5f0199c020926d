#include "keymgr/way_rtnl.h"

#include "keymgr/backend.h"
#include "keymgr/link.h"
#include "lib/esptun.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_S		10
#define METRIC_TUN	10
#define METRIC_FORBID	20
#define FLUSH_MAX	4096

struct way_nl {
	struct nl_sock *sk;
	uint32_t ifindex;
};

static int
error_of(int rc)
{
	switch (-rc) {
	case 0:
		return 0;
	case NLE_EXIST:
		return EEXIST;
	case NLE_OBJ_NOTFOUND:
	case NLE_NOADDR:
		return ENOENT;
	case NLE_NOMEM:
		return ENOMEM;
	case NLE_AGAIN:
		return ETIMEDOUT;
	case NLE_PERM:
		return EPERM;
	default:
		return rc > 0 ? 0 : EINVAL;
	}
}

/* Frees the message. */
static int
request(struct way_nl *w, struct nl_msg *m)
{
	return m == NULL ? ENOMEM : error_of(nl_send_sync(w->sk, m));
}

static struct nl_msg *
message(int type, int flags, void *fixed, size_t len)
{
	struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (m == NULL || nlmsg_append(m, fixed, len, NLMSG_ALIGNTO) == 0)
		return m;
	nlmsg_free(m);
	return NULL;
}

/* The few attributes of a request always fit in a message. */
static void
put(struct nl_msg *m, int type, const void *data, size_t len)
{
	if (nla_put(m, type, (int)len, data) < 0)
		abort();
}

static void
put_u32(struct nl_msg *m, int type, uint32_t v)
{
	put(m, type, &v, sizeof(v));
}

static void
put_port(struct nl_msg *m, int type, uint16_t port)
{
	struct fib_rule_port_range r = { port, port };

	if (port != 0)
		put(m, type, &r, sizeof(r));
}

static struct fib_rule_hdr
rule_header(const struct way_rule *r)
{
	static const uint8_t acts[] = {
		[WAY_TABLE] = FR_ACT_TO_TBL,
		[WAY_SKIP] = FR_ACT_GOTO,
		[WAY_DROP] = FR_ACT_BLACKHOLE,
		[WAY_NOTHING] = FR_ACT_NOP,
	};
	struct fib_rule_hdr h = { .family = r->local.addr.family,
		.action = acts[r->act] };

	if (r->mark == 0 && r->act != WAY_NOTHING) {
		h.src_len = r->unbound ? addr_bits(&r->local.addr) :
		    r->local.bits;
		h.dst_len = r->remote.bits;
	}
	/* IPv6 finds a source address and looks whether it fits. */
	if (r->unbound && h.family == AF_INET6) {
		h.src_len = r->local.bits;
		h.flags = FIB_RULE_FIND_SADDR;
	}
	return h;
}

static struct nl_msg *
rule_msg(const struct way_rule *r, int type, int flags)
{
	struct fib_rule_hdr h = rule_header(r);
	struct addr none = { .family = h.family };
	bool zero = r->unbound && h.family == AF_INET;
	size_t len = addr_len(&none);
	uint8_t proto = LINK_PROTO;
	struct nl_msg *m;

	if ((m = message(type, flags, &h, sizeof(h))) == NULL)
		return NULL;
	put_u32(m, FRA_PRIORITY, r->pref);
	put(m, FRA_PROTOCOL, &proto, sizeof(proto));
	if (h.src_len > 0)
		put(m, FRA_SRC, zero ? none.b : r->local.addr.b, len);
	if (h.dst_len > 0)
		put(m, FRA_DST, r->remote.addr.b, len);
	if (r->act == WAY_TABLE)
		put_u32(m, FRA_TABLE, r->table);
	if (r->act == WAY_SKIP)
		put_u32(m, FRA_GOTO, WAY_END);
	if (r->mark != 0)
		put_u32(m, FRA_FWMARK, r->mark);
	if (r->proto != 0)
		put(m, FRA_IP_PROTO, &r->proto, 1);
	put_port(m, FRA_SPORT_RANGE, r->lport);
	put_port(m, FRA_DPORT_RANGE, r->rport);
	return m;
}

int
way_nl_rule(struct way_nl *w, const struct way_rule *r, bool add)
{
	int e = request(w, rule_msg(r, add ? RTM_NEWRULE : RTM_DELRULE,
	    add ? NLM_F_CREATE | NLM_F_EXCL : 0));

	return e == (add ? EEXIST : ENOENT) ? 0 : e;
}

static struct nl_msg *
route_msg(const struct way_nl *w, const struct way_route *r, bool tun,
    bool add)
{
	struct rtmsg h = { .rtm_family = r->remote.addr.family,
		.rtm_dst_len = r->remote.bits, .rtm_protocol = LINK_PROTO,
		.rtm_type = tun ? RTN_UNICAST : RTN_PROHIBIT,
		.rtm_scope = !add ? RT_SCOPE_NOWHERE : tun &&
		    r->remote.addr.family == AF_INET ? RT_SCOPE_LINK :
		    RT_SCOPE_UNIVERSE };
	struct nl_msg *m = message(add ? RTM_NEWROUTE : RTM_DELROUTE,
	    add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &h, sizeof(h));

	if (m == NULL)
		return NULL;
	put_u32(m, RTA_TABLE, r->table);
	put(m, RTA_DST, r->remote.addr.b, addr_len(&r->remote.addr));
	put_u32(m, RTA_PRIORITY, tun ? METRIC_TUN : METRIC_FORBID);
	if (tun)
		put_u32(m, RTA_OIF, w->ifindex);
	if (tun && add && r->src.family != AF_UNSPEC)
		put(m, RTA_PREFSRC, r->src.b, addr_len(&r->src));
	return m;
}

int
way_nl_route(struct way_nl *w, const struct way_route *r, bool add)
{
	int e;

	if (!add) {
		(void)request(w, route_msg(w, r, true, false));
		(void)request(w, route_msg(w, r, false, false));
		return 0;
	}
	if ((e = request(w, route_msg(w, r, false, true))) != 0)
		return e;
	e = request(w, route_msg(w, r, true, true));
	if (e != 0)
		(void)request(w, route_msg(w, r, false, false));
	return e;
}

/* Dumps */

struct dump {
	struct way_nl *w;
	void (*fn)(void *, const struct way_rule *);
	void *arg;
	uint32_t table;
	struct nl_msg *del[FLUSH_MAX];
	size_t n;
};

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

static uint16_t
get_port(const struct nlattr *a)
{
	struct fib_rule_port_range r;

	if (a == NULL || nla_len(a) < (int)sizeof(r))
		return 0;
	memcpy(&r, nla_data(a), sizeof(r));
	return r.start;
}

static uint32_t
get_u32(const struct nlattr *a)
{
	return a == NULL || nla_len(a) < 4 ? 0 : nla_get_u32(a);
}

static int
on_rule(struct nl_msg *m, void *arg)
{
	static const enum way_act acts[] = {
		[FR_ACT_TO_TBL] = WAY_TABLE, [FR_ACT_GOTO] = WAY_SKIP,
		[FR_ACT_NOP] = WAY_NOTHING, [FR_ACT_BLACKHOLE] = WAY_DROP,
	};
	struct nlattr *tb[FRA_MAX + 1];
	const struct fib_rule_hdr *h = nlmsg_data(nlmsg_hdr(m));
	const struct dump *d = arg;
	struct way_rule r = { 0 };

	if (nlmsg_hdr(m)->nlmsg_type != RTM_NEWRULE ||
	    nlmsg_parse(nlmsg_hdr(m), sizeof(*h), tb, FRA_MAX, NULL) < 0 ||
	    tb[FRA_PROTOCOL] == NULL ||
	    nla_get_u8(tb[FRA_PROTOCOL]) != LINK_PROTO ||
	    h->action >= sizeof(acts) / sizeof(acts[0]))
		return NL_OK;
	r.act = acts[h->action];
	r.pref = get_u32(tb[FRA_PRIORITY]);
	r.table = get_u32(tb[FRA_TABLE]);
	r.mark = get_u32(tb[FRA_FWMARK]);
	get_prefix(&r.local, tb[FRA_SRC], h->family, h->src_len);
	get_prefix(&r.remote, tb[FRA_DST], h->family, h->dst_len);
	r.unbound = (h->flags & FIB_RULE_FIND_SADDR) != 0 ||
	    (h->family == AF_INET && h->src_len == 32 &&
	    addr_is_any(&r.local.addr));
	if (tb[FRA_IP_PROTO] != NULL)
		r.proto = nla_get_u8(tb[FRA_IP_PROTO]);
	r.lport = get_port(tb[FRA_SPORT_RANGE]);
	r.rport = get_port(tb[FRA_DPORT_RANGE]);
	d->fn(d->arg, &r);
	return NL_OK;
}

/* Deletions are gathered: the dump must have ended first. */
static int
on_route(struct nl_msg *m, void *arg)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct rtmsg h;
	struct dump *d = arg;
	struct nl_msg *del;

	if (nlmsg_hdr(m)->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(nlmsg_hdr(m), sizeof(h), tb, RTA_MAX, NULL) < 0 ||
	    d->n == FLUSH_MAX)
		return NL_OK;
	memcpy(&h, nlmsg_data(nlmsg_hdr(m)), sizeof(h));
	if (h.rtm_protocol != LINK_PROTO ||
	    get_u32(tb[RTA_TABLE]) != d->table)
		return NL_OK;
	h.rtm_scope = RT_SCOPE_NOWHERE;
	if ((del = message(RTM_DELROUTE, 0, &h, sizeof(h))) == NULL)
		return NL_OK;
	put_u32(del, RTA_TABLE, d->table);
	put_u32(del, RTA_PRIORITY, get_u32(tb[RTA_PRIORITY]));
	if (tb[RTA_DST] != NULL)
		put(del, RTA_DST, nla_data(tb[RTA_DST]),
		    (size_t)nla_len(tb[RTA_DST]));
	d->del[d->n++] = del;
	return NL_OK;
}

static int
on_end(struct nl_msg *m, void *arg)
{
	(void)m;
	*(bool *)arg = true;
	return NL_STOP;
}

static void
dump(struct way_nl *w, struct nl_msg *m, nl_recvmsg_msg_cb_t fn,
    struct dump *d)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	bool done = false;
	int rc = 0;

	if (cb == NULL || m == NULL) {
		nl_cb_put(cb);
		nlmsg_free(m);
		return;
	}
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, fn, d);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &done);
	rc = nl_send_auto(w->sk, m);
	nlmsg_free(m);
	while (rc >= 0 && !done)
		rc = nl_recvmsgs(w->sk, cb);
	nl_cb_put(cb);
}

void
way_nl_rules(struct way_nl *w, void (*fn)(void *, const struct way_rule *),
    void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct dump d = { .w = w, .fn = fn, .arg = arg };
	struct fib_rule_hdr h = { 0 };
	size_t i;

	for (i = 0; i < sizeof(families); i++) {
		h.family = families[i];
		dump(w, message(RTM_GETRULE, NLM_F_DUMP, &h, sizeof(h)),
		    on_rule, &d);
	}
}

void
way_nl_flush(struct way_nl *w, uint32_t table, uint8_t family)
{
	struct rtmsg h = { .rtm_family = family };
	struct dump *d;
	size_t i;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return;
	d->table = table;
	do {
		d->n = 0;
		dump(w, message(RTM_GETROUTE, NLM_F_DUMP, &h, sizeof(h)),
		    on_route, d);
		for (i = 0; i < d->n; i++)
			(void)request(w, d->del[i]);
	} while (d->n == FLUSH_MAX);
	free(d);
}

/* Opening */

static int
device_up(struct way_nl *w)
{
	struct ifinfomsg h = { .ifi_index = (int)w->ifindex,
		.ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct nl_msg *m = message(RTM_NEWLINK, 0, &h, sizeof(h));

	if (m != NULL)
		put_u32(m, IFLA_MTU, ESPTUN_MTU);
	return request(w, m);
}

void
way_nl_close(struct way_nl *w)
{
	if (w == NULL)
		return;
	nl_socket_free(w->sk);
	free(w);
}

struct way_nl *
way_nl_look(char *why)
{
	static const struct timeval wait = { WAIT_S, 0 };
	struct way_nl *w = calloc(1, sizeof(*w));
	int e;

	snprintf(why, BK_WHY_LEN, "out of memory");
	if (w == NULL || (w->sk = nl_socket_alloc()) == NULL)
		goto bad;
	if ((e = nl_connect(w->sk, NETLINK_ROUTE)) < 0) {
		snprintf(why, BK_WHY_LEN, "netlink socket for routes: %s",
		    nl_geterror(e));
		goto bad;
	}
	(void)setsockopt(nl_socket_get_fd(w->sk), SOL_SOCKET, SO_RCVTIMEO,
	    &wait, sizeof(wait));
	return w;
 bad:
	way_nl_close(w);
	return NULL;
}

struct way_nl *
way_nl_open(char *why)
{
	struct way_nl *w = way_nl_look(why);
	int e;

	if (w == NULL)
		return NULL;
	w->ifindex = if_nametoindex(ESPTUN_NAME);
	if (w->ifindex == 0) {
		snprintf(why, BK_WHY_LEN, "no device %s", ESPTUN_NAME);
		goto bad;
	}
	if ((e = device_up(w)) != 0) {
		snprintf(why, BK_WHY_LEN, "device %s: %s", ESPTUN_NAME,
		    strerror(e));
		goto bad;
	}
	return w;
 bad:
	way_nl_close(w);
	return NULL;
}
