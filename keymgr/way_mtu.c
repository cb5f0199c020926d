/* What a path takes, as far as this machine knows, and the device's MTU. */
#include "keymgr/way_priv.h"

#include "keymgr/way_nl.h"
#include "lib/esptun.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>

struct found {
	uint32_t ifindex, mtu;
};

static uint32_t
get_u32(const struct nlattr *a)
{
	return a == NULL || nla_len(a) < 4 ? 0 : nla_get_u32(a);
}

static void
on_route(void *arg, struct nlmsghdr *h)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct found *f = arg;

	if (h->nlmsg_type == RTM_NEWROUTE &&
	    nlmsg_parse(h, sizeof(struct rtmsg), tb, RTA_MAX, NULL) == 0)
		f->ifindex = get_u32(tb[RTA_OIF]);
}

static void
on_link(void *arg, struct nlmsghdr *h)
{
	struct nlattr *tb[IFLA_MAX + 1];
	struct found *f = arg;

	if (h->nlmsg_type == RTM_NEWLINK &&
	    nlmsg_parse(h, sizeof(struct ifinfomsg), tb, IFLA_MAX, NULL) == 0)
		f->mtu = get_u32(tb[IFLA_MTU]);
}

uint32_t
way_nl_path_mtu(struct way_nl *w, const struct addr *local,
    const struct addr *remote)
{
	struct rtmsg rtm = { .rtm_family = remote->family,
		.rtm_dst_len = addr_bits(remote),
		.rtm_src_len = addr_bits(local) };
	struct ifinfomsg ifi = { 0 };
	struct found f = { 0 };
	struct nl_msg *m;

	m = way_nl_msg(RTM_GETROUTE, NLM_F_ACK, &rtm, sizeof(rtm));
	if (m == NULL)
		return 0;
	way_nl_put(m, RTA_DST, remote->b, addr_len(remote));
	if (addr_len(local) > 0)
		way_nl_put(m, RTA_SRC, local->b, addr_len(local));
	way_nl_put_u32(m, RTA_MARK, ESPTUN_MARK);
	way_nl_dump(w, m, on_route, &f);
	if (f.ifindex == 0)
		return 0;
	ifi.ifi_index = (int)f.ifindex;
	way_nl_dump(w, way_nl_msg(RTM_GETLINK, NLM_F_ACK, &ifi, sizeof(ifi)),
	    on_link, &f);
	return f.mtu;
}

int
way_nl_mtu(struct way_nl *w, uint32_t mtu)
{
	struct ifinfomsg h = { .ifi_index = (int)w->ifindex };
	struct nl_msg *m = way_nl_msg(RTM_NEWLINK, 0, &h, sizeof(h));
	int e, before = way_nl_sync(w);

	if (m != NULL)
		way_nl_put_u32(m, IFLA_MTU, mtu);
	e = way_nl_queue(w, m, true);
	if (e == 0)
		e = way_nl_sync(w);
	w->error = before;
	return e;
}
