#include "sallyportd/ifconf.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#define WAIT_S	5

struct set_msg {
	struct nlmsghdr h;
	struct ifinfomsg ifi;
	uint8_t attrs[256];
};
_Static_assert(IFCONF_MAX * (NLA_HDRLEN + sizeof(uint32_t)) +
    3 * NLA_HDRLEN <= sizeof(((struct set_msg *)0)->attrs), "all fit");

/* Opens an attribute; how long it is says attr_end. */
static struct nlattr *
attr_begin(struct set_msg *m, uint16_t type)
{
	struct nlattr *a = (void *)((uint8_t *)m + NLMSG_ALIGN(m->h.nlmsg_len));

	a->nla_type = type;
	m->h.nlmsg_len = NLMSG_ALIGN(m->h.nlmsg_len) + NLA_HDRLEN;
	return a;
}

static void
attr_end(struct set_msg *m, struct nlattr *a)
{
	a->nla_len = (uint16_t)((uint8_t *)m + m->h.nlmsg_len - (uint8_t *)a);
}

static void
attr(struct set_msg *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr *a = attr_begin(m, type);

	memcpy(a + 1, data, len);
	m->h.nlmsg_len += (uint32_t)len;
	attr_end(m, a);
}

static int
send_set(const struct set_msg *m)
{
	struct timeval wait = { .tv_sec = WAIT_S };
	uint8_t answer[1024];
	struct nlmsgerr e;
	ssize_t n;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	n = send(fd, m, m->h.nlmsg_len, 0);
	if (n != -1)
		n = recv(fd, answer, sizeof(answer), 0);
	e.error = n == -1 ? -errno : -EPROTO;
	if (n >= (ssize_t)(NLMSG_HDRLEN + sizeof(e)))
		memcpy(&e, answer + NLMSG_HDRLEN, sizeof(e));
	close(fd);
	return -e.error;
}

/* A message to the interface, open within the settings of a family. */
static int
begin(struct set_msg *m, const char *name, uint16_t family,
    struct nlattr *open[2])
{
	unsigned index = if_nametoindex(name);

	if (index == 0)
		return errno;
	memset(m, 0, sizeof(*m));
	m->h.nlmsg_type = RTM_SETLINK;
	m->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m->h.nlmsg_len = NLMSG_LENGTH(sizeof(m->ifi));
	m->ifi.ifi_index = (int)index;
	open[0] = attr_begin(m, IFLA_AF_SPEC);
	open[1] = attr_begin(m, family);
	return 0;
}

static int
end(struct set_msg *m, struct nlattr *open[2])
{
	attr_end(m, open[1]);
	attr_end(m, open[0]);
	return send_set(m);
}

int
ifconf_ipv4(const char *name, const struct ifconf_ipv4 *c, size_t n)
{
	struct nlattr *open[2], *conf;
	struct set_msg m;
	int e;
	size_t i;

	if (n > IFCONF_MAX)
		return EINVAL;
	if ((e = begin(&m, name, AF_INET, open)) != 0)
		return e;
	conf = attr_begin(&m, IFLA_INET_CONF);
	for (i = 0; i < n; i++)
		attr(&m, c[i].which, &c[i].value, sizeof(c[i].value));
	attr_end(&m, conf);
	return end(&m, open);
}

int
ifconf_no_link_local(const char *name)
{
	const uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
	struct nlattr *open[2];
	struct set_msg m;
	int e;

	if ((e = begin(&m, name, AF_INET6, open)) != 0)
		return e;
	attr(&m, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	return end(&m, open);
}
