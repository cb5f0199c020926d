#include "ikepd/v2/cp.h"
#include "ikepd/wire/body.h"
#include "lib/dnsname.h"

#include <string.h>

enum cp_type {
	IP4_ADDRESS = 1,
	IP4_NETMASK = 2,
	IP4_DNS = 3,
	APPLICATION_VERSION = 7,
	IP6_ADDRESS = 8,
	IP6_DNS = 10,
	IP4_SUBNET = 13,
	IP6_SUBNET = 15,
	DNS_DOMAIN = 25,	/* RFC 8598 */
	UNITY_SPLIT_DNS = 28675,
	UNITY_SPLIT_INCLUDE = 28676,
};

#define UNITY_NET_LEN	14	/* address, mask, protocol, ports */

static const char our_name[] = "Sallyport";

/* Reading */

static bool
addr_of(struct addr *a, int family, struct cur c)
{
	memset(a, 0, sizeof(*a));
	if (cur_copy(&c, a->b, family == AF_INET ? 4 : 16) == -1) {
		memset(a, 0, sizeof(*a));
		return false;
	}
	a->family = (uint8_t)family;
	return true;
}

/* A netmask in four bytes as a length; -1: it has gaps. */
static int
mask_len(struct cur *c)
{
	uint32_t mask;

	if (cur_u32(c, &mask) == -1 || (~mask & (~mask + 1)) != 0)
		return -1;
	return mask == 0 ? 0 : 32 - __builtin_ctz(mask);
}

static bool
read_cp(const struct inmsg *in, uint8_t type, struct cp_body *cp)
{
	const struct payload *p = payload_get(&in->pl, PL_CP);

	return p != NULL && cp_parse(cp, p->body, NULL) == 0 &&
	    cp->type == type;
}

void
cp_read_request(const struct inmsg *in, struct cp_ask *ask)
{
	struct cp_body cp;
	unsigned i;

	memset(ask, 0, sizeof(*ask));
	if (!read_cp(in, CP_REQUEST, &cp))
		return;
	for (i = 0; i < cp.n; i++) {
		const struct cp_attr *a = &cp.attrs[i];

		switch (a->type) {
		case IP4_ADDRESS:
			if (!ask->want4)
				(void)addr_of(&ask->addr4, AF_INET, a->value);
			ask->want4 = true;
			break;
		case IP6_ADDRESS:
			if (!ask->want6)
				(void)addr_of(&ask->addr6, AF_INET6,
				    a->value);
			ask->want6 = true;
			break;
		case DNS_DOMAIN:
			ask->names = true;
			break;
		case UNITY_SPLIT_DNS:
			ask->split_names = true;
			break;
		case UNITY_SPLIT_INCLUDE:
			ask->split = true;
			break;
		case APPLICATION_VERSION:
			ask->version = true;
			break;
		}
	}
	/* 0.0.0.0 and :: stand for any. */
	if (addr_is_any(&ask->addr4))
		ask->addr4.family = AF_UNSPEC;
	if (addr_is_any(&ask->addr6))
		ask->addr6.family = AF_UNSPEC;
}

static void
add_split(struct cfg *cfg, const struct addr *a, int bits)
{
	struct prefix p = { *a, (uint8_t)bits };
	unsigned i;

	if (bits < 0 || bits > addr_bits(a) || cfg->nsplit == CFG_SPLIT_MAX)
		return;
	prefix_mask(&p);
	for (i = 0; i < cfg->nsplit; i++)
		if (prefix_equal(&cfg->split[i], &p))
			return;
	cfg->split[cfg->nsplit++] = p;
}

static void
read_split4(struct cfg *cfg, struct cur c)
{
	struct addr a;

	if (!addr_of(&a, AF_INET, c))
		return;
	(void)cur_skip(&c, 4);
	add_split(cfg, &a, mask_len(&c));
}

static void
read_split6(struct cfg *cfg, struct cur c)
{
	struct addr a;
	uint8_t bits;

	if (addr_of(&a, AF_INET6, c) && cur_skip(&c, 16) == 0 &&
	    cur_u8(&c, &bits) == 0)
		add_split(cfg, &a, bits);
}

static void
read_unity(struct cfg *cfg, struct cur c)
{
	struct cur net;

	while (cur_sub(&c, &net, UNITY_NET_LEN) == 0)
		read_split4(cfg, net);
}

static void
read_name(struct cfg *cfg, struct cur c)
{
	size_t n = cur_left(&c);
	char *name = cfg->names[cfg->nnames];

	if (cfg->nnames == CFG_NAMES_MAX || n == 0 || n >= CFG_NAME_LEN ||
	    memchr(c.p, '\0', n) != NULL)
		return;
	memcpy(name, c.p, n);
	name[n] = '\0';
	/* It ends up in others' files: names and nothing else. */
	if (dnsname_ok(name))
		cfg->nnames++;
}

static void
read_ip4(struct cfg *cfg, struct cur c)
{
	if (cfg->addr4.family != AF_UNSPEC ||
	    !addr_of(&cfg->addr4, AF_INET, c))
		return;
	if (cfg->prefix4 == 0)
		cfg->prefix4 = 32;
}

static void
read_ip6(struct cfg *cfg, struct cur c)
{
	if (cfg->addr6.family != AF_UNSPEC ||
	    !addr_of(&cfg->addr6, AF_INET6, c))
		return;
	(void)cur_skip(&c, 16);
	if (cur_u8(&c, &cfg->prefix6) == -1 || cfg->prefix6 > 128)
		cfg->prefix6 = 128;
}

static void
read_mask(struct cfg *cfg, struct cur c)
{
	int bits = mask_len(&c);

	if (bits > 0)
		cfg->prefix4 = (uint8_t)bits;
}

static void
read_dns(struct cfg *cfg, int family, struct cur c)
{
	if (cfg->ndns < CFG_DNS_MAX &&
	    addr_of(&cfg->dns[cfg->ndns], family, c))
		cfg->ndns++;
}

static void
read_dns4(struct cfg *cfg, struct cur c)
{
	read_dns(cfg, AF_INET, c);
}

static void
read_dns6(struct cfg *cfg, struct cur c)
{
	read_dns(cfg, AF_INET6, c);
}

static const struct {
	uint16_t type;
	void (*read)(struct cfg *, struct cur);
} readers[] = {
	{ IP4_ADDRESS, read_ip4 },
	{ IP4_NETMASK, read_mask },
	{ IP4_DNS, read_dns4 },
	{ IP6_ADDRESS, read_ip6 },
	{ IP6_DNS, read_dns6 },
	{ IP4_SUBNET, read_split4 },
	{ IP6_SUBNET, read_split6 },
	{ DNS_DOMAIN, read_name },
	{ UNITY_SPLIT_INCLUDE, read_unity },
};

bool
cp_read_reply(const struct inmsg *in, struct cfg *cfg)
{
	struct cp_body cp;
	unsigned i, j;

	memset(cfg, 0, sizeof(*cfg));
	if (!read_cp(in, CP_REPLY, &cp))
		return false;
	for (i = 0; i < cp.n; i++)
		for (j = 0; j < sizeof(readers) / sizeof(readers[0]); j++)
			if (readers[j].type == cp.attrs[i].type)
				readers[j].read(cfg, cp.attrs[i].value);
	if (addr_is_any(&cfg->addr4))
		memset(&cfg->addr4, 0, sizeof(cfg->addr4));
	if (addr_is_any(&cfg->addr6))
		memset(&cfg->addr6, 0, sizeof(cfg->addr6));
	return true;
}

/* Writing */

static void
put_attr(struct outmsg *m, uint16_t type, const void *value, size_t len)
{
	cp_put_attr(&m->b, type, value, len);
}

static void
put_mask(uint8_t out[4], unsigned bits)
{
	uint32_t mask = bits == 0 ? 0 : ~(uint32_t)0 << (32 - bits);

	out[0] = (uint8_t)(mask >> 24);
	out[1] = (uint8_t)(mask >> 16);
	out[2] = (uint8_t)(mask >> 8);
	out[3] = (uint8_t)mask;
}

static void
put_net(struct outmsg *m, const struct prefix *p)
{
	uint8_t v[17];

	if (p->addr.family == AF_INET) {
		memcpy(v, p->addr.b, 4);
		put_mask(v + 4, p->bits);
		put_attr(m, IP4_SUBNET, v, 8);
	} else {
		memcpy(v, p->addr.b, 16);
		v[16] = p->bits;
		put_attr(m, IP6_SUBNET, v, 17);
	}
}

static void
put_unity(struct outmsg *m, const struct cfg *cfg)
{
	uint8_t v[CFG_SPLIT_MAX * UNITY_NET_LEN] = { 0 };
	size_t len = 0;
	unsigned i;

	for (i = 0; i < cfg->nsplit; i++) {
		if (cfg->split[i].addr.family != AF_INET)
			continue;
		memcpy(v + len, cfg->split[i].addr.b, 4);
		put_mask(v + len + 4, cfg->split[i].bits);
		len += UNITY_NET_LEN;
	}
	if (len > 0)
		put_attr(m, UNITY_SPLIT_INCLUDE, v, len);
}

/* All names in one, with commas between. */
static void
put_unity_names(struct outmsg *m, const struct cfg *cfg)
{
	char v[CFG_NAMES_MAX * CFG_NAME_LEN];
	size_t len = 0, n;
	unsigned i;

	for (i = 0; i < cfg->nnames; i++) {
		n = strlen(cfg->names[i]);
		if (i > 0)
			v[len++] = ',';
		memcpy(v + len, cfg->names[i], n);
		len += n;
	}
	if (len > 0)
		put_attr(m, UNITY_SPLIT_DNS, v, len);
}

static void
put_addresses(struct outmsg *m, const struct cfg *cfg)
{
	uint8_t v[17];

	if (cfg->addr4.family != AF_UNSPEC) {
		put_attr(m, IP4_ADDRESS, cfg->addr4.b, 4);
		put_mask(v, cfg->prefix4);
		put_attr(m, IP4_NETMASK, v, 4);
	}
	if (cfg->addr6.family != AF_UNSPEC) {
		memcpy(v, cfg->addr6.b, 16);
		v[16] = cfg->prefix6;
		put_attr(m, IP6_ADDRESS, v, 17);
	}
}

/* What goes through the tunnel can only be of a family with an address. */
static bool
reaches(const struct cfg *cfg, const struct addr *a)
{
	return (a->family == AF_INET ? cfg->addr4 : cfg->addr6).family !=
	    AF_UNSPEC;
}

void
cp_put_reply(struct outmsg *m, const struct cp_ask *ask,
    const struct cfg *cfg)
{
	unsigned i;

	msg_payload(&m->w, PL_CP);
	cp_put(&m->b, CP_REPLY);
	put_addresses(m, cfg);
	for (i = 0; i < cfg->ndns; i++)
		if (reaches(cfg, &cfg->dns[i]))
			put_attr(m, cfg->dns[i].family == AF_INET ? IP4_DNS :
			    IP6_DNS, cfg->dns[i].b,
			    addr_bits(&cfg->dns[i]) / 8);
	for (i = 0; i < cfg->nsplit; i++)
		if (reaches(cfg, &cfg->split[i].addr))
			put_net(m, &cfg->split[i]);
	if (ask->split)
		put_unity(m, cfg);
	if (ask->split_names)
		put_unity_names(m, cfg);
	if (ask->names)
		for (i = 0; i < cfg->nnames; i++)
			put_attr(m, DNS_DOMAIN, cfg->names[i],
			    strlen(cfg->names[i]));
	if (ask->version)
		put_attr(m, APPLICATION_VERSION, our_name,
		    sizeof(our_name) - 1);
}

void
cp_put_request(struct outmsg *m)
{
	static const uint16_t types[] = {
		IP4_ADDRESS, IP4_NETMASK, IP4_DNS, IP4_SUBNET, IP6_ADDRESS,
		IP6_DNS, DNS_DOMAIN, UNITY_SPLIT_INCLUDE,
	};
	size_t i;

	msg_payload(&m->w, PL_CP);
	cp_put(&m->b, CP_REQUEST);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		put_attr(m, types[i], NULL, 0);
}
