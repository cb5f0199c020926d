#include "informd/dhcp.h"

#include <string.h>

enum { BOOTREQUEST = 1, BOOTREPLY = 2 };
enum { DHCPACK = 5, DHCPINFORM = 8 };

#define MAGIC		0x63825363
#define UDP_IP_LEN	28
#define MAX_SIZE_LEAST	576	/* RFC 2132 9.10: of the IP datagram */
#define OPT_DATA_MAX	255

enum dhcp_opt {
	OPT_PAD = 0,
	OPT_DNS = 6,
	OPT_DOMAIN = 15,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_PARAMETERS = 55,
	OPT_MAX_SIZE = 57,
	OPT_ROUTES = 121,
	OPT_MS_ROUTES = 249,
	OPT_END = 255,
};

static unsigned
want_of(uint8_t opt)
{
	switch (opt) {
	case OPT_DNS:
		return DHCP_WANT_DNS;
	case OPT_DOMAIN:
		return DHCP_WANT_DOMAIN;
	case OPT_ROUTES:
		return DHCP_WANT_ROUTES;
	case OPT_MS_ROUTES:
		return DHCP_WANT_MS_ROUTES;
	default:
		return 0;
	}
}

static int
header_get(struct cur *c, struct dhcp_inform *d)
{
	uint8_t op, hops;
	uint16_t secs;
	uint32_t yiaddr, siaddr, giaddr, magic;
	uint8_t ciaddr[4];

	if (cur_u8(c, &op) == -1 || op != BOOTREQUEST ||
	    cur_u8(c, &d->htype) == -1 || cur_u8(c, &d->hlen) == -1 ||
	    d->hlen > DHCP_CHADDR || cur_u8(c, &hops) == -1 ||
	    cur_u32(c, &d->xid) == -1 || cur_u16(c, &secs) == -1 ||
	    cur_u16(c, &d->flags) == -1 || cur_copy(c, ciaddr, 4) == -1 ||
	    cur_u32(c, &yiaddr) == -1 || cur_u32(c, &siaddr) == -1 ||
	    cur_u32(c, &giaddr) == -1 || giaddr != 0 ||
	    cur_copy(c, d->chaddr, DHCP_CHADDR) == -1 ||
	    cur_skip(c, 64 + 128) == -1 ||	/* sname, file */
	    cur_u32(c, &magic) == -1 || magic != MAGIC)
		return -1;
	return addr_from_bytes(&d->ciaddr, ciaddr, sizeof(ciaddr));
}

static int
option_get(struct dhcp_inform *d, uint8_t opt, const uint8_t *p, uint8_t len,
    uint8_t *type)
{
	uint8_t i;
	unsigned max;

	switch (opt) {
	case OPT_TYPE:
		if (len != 1 || *type != 0)
			return -1;
		*type = p[0];
		break;
	case OPT_PARAMETERS:
		for (i = 0; i < len; i++)
			d->want |= want_of(p[i]);
		break;
	case OPT_MAX_SIZE:
		if (len != 2)
			return -1;
		max = (unsigned)(p[0] << 8 | p[1]);
		if (max < MAX_SIZE_LEAST)
			max = MAX_SIZE_LEAST;
		if (max > DHCP_LEN_MAX + UDP_IP_LEN)
			max = DHCP_LEN_MAX + UDP_IP_LEN;
		d->max = (uint16_t)(max - UDP_IP_LEN);
		break;
	default:
		break;
	}
	return 0;
}

/* Options in the fields of names (overload, 52) say nothing we ask for. */
static int
options_get(struct cur *c, struct dhcp_inform *d, uint8_t *type)
{
	bool listed = false;
	const uint8_t *p;
	uint8_t opt, len;

	while (cur_u8(c, &opt) == 0 && opt != OPT_END) {
		if (opt == OPT_PAD)
			continue;
		if (cur_u8(c, &len) == -1 || cur_ref(c, &p, len) == -1 ||
		    option_get(d, opt, p, len, type) == -1)
			return -1;
		listed |= opt == OPT_PARAMETERS;
	}
	if (!listed)
		d->want = DHCP_WANT_ALL;
	return 0;
}

int
dhcp_inform_get(const uint8_t *data, size_t len, struct dhcp_inform *d,
    const char **why)
{
	uint8_t type = 0, first;
	struct cur c;

	memset(d, 0, sizeof(*d));
	d->max = DHCP_LEN_DEFAULT;
	cur_init(&c, data, len);
	*why = "malformed message";
	if (header_get(&c, d) == -1 || options_get(&c, d, &type) == -1)
		return -1;
	*why = "not a DHCPINFORM";
	if (type != DHCPINFORM)
		return -1;
	*why = "not an address of one host";
	first = d->ciaddr.b[0];
	return first == 0 || first == 127 || first >= 224 ? -1 : 0;
}

/* An option longer than its length byte says comes in pieces, which the
 * client joins (RFC 3396).  All of it, or nothing. */
static void
option_put(struct buf *b, size_t limit, uint8_t opt, const uint8_t *p,
    size_t len)
{
	size_t pieces = (len + OPT_DATA_MAX - 1) / OPT_DATA_MAX, n;

	if (len == 0 || b->len + len + 2 * pieces + 1 > limit)
		return;
	for (; len > 0; p += n, len -= n) {
		n = len < OPT_DATA_MAX ? len : OPT_DATA_MAX;
		buf_u8(b, opt);
		buf_u8(b, (uint8_t)n);
		buf_put(b, p, n);
	}
}

/*
 * Classless routes: length, the bytes of the net that count, the router.
 * Router 0.0.0.0 says that the net is on the link (RFC 3442), which is the
 * tunnel.
 */
static size_t
routes_encode(const struct dhcp_told *t, uint8_t *out)
{
	size_t n = 0, bytes, i;

	for (i = 0; i < t->nroutes && i < DHCP_ROUTES; i++) {
		bytes = (t->route[i].bits + 7u) / 8;
		out[n++] = t->route[i].bits;
		memcpy(out + n, t->route[i].addr.b, bytes);
		n += bytes;
		memset(out + n, 0, 4);
		n += 4;
	}
	return n;
}

static void
header_put(struct buf *b, const struct dhcp_inform *d)
{
	buf_u8(b, BOOTREPLY);
	buf_u8(b, d->htype);
	buf_u8(b, d->hlen);
	buf_u8(b, 0);		/* hops */
	buf_u32(b, d->xid);
	buf_u16(b, 0);		/* secs */
	buf_u16(b, d->flags);
	buf_put(b, d->ciaddr.b, 4);
	buf_zero(b, 12);	/* yiaddr: no lease; siaddr, giaddr */
	buf_put(b, d->chaddr, DHCP_CHADDR);
	buf_zero(b, 64 + 128);	/* sname, file */
	buf_u32(b, MAGIC);
}

static size_t
dns_encode(const struct dhcp_told *t, uint8_t *out)
{
	size_t i;

	for (i = 0; i < t->ndns && i < DHCP_DNS; i++)
		memcpy(out + 4 * i, t->dns[i].b, 4);
	return 4 * i;
}

void
dhcp_ack_put(struct buf *b, const struct dhcp_inform *d,
    const struct dhcp_told *t)
{
	static const uint8_t ack = DHCPACK;
	uint8_t routes[DHCP_ROUTES * 9], dns[DHCP_DNS * 4];
	size_t limit = b->len + d->max, nroutes, ndns;

	nroutes = routes_encode(t, routes);
	ndns = dns_encode(t, dns);
	header_put(b, d);
	option_put(b, limit, OPT_TYPE, &ack, 1);
	option_put(b, limit, OPT_SERVER, t->server.b, 4);
	if (d->want & DHCP_WANT_DNS)
		option_put(b, limit, OPT_DNS, dns, ndns);
	if (d->want & DHCP_WANT_DOMAIN)
		option_put(b, limit, OPT_DOMAIN,
		    (const uint8_t *)t->domain, strlen(t->domain));
	if (d->want & DHCP_WANT_MS_ROUTES)
		option_put(b, limit, OPT_MS_ROUTES, routes, nroutes);
	if (d->want & DHCP_WANT_ROUTES)
		option_put(b, limit, OPT_ROUTES, routes, nroutes);
	buf_u8(b, OPT_END);
}
