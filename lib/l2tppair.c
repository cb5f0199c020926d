#include "lib/l2tppair.h"

#include <string.h>

/* Family 4 or 6, three ports, nothing, reqid, SPI, two addresses. */
enum {
	AT_FAMILY = 0,
	AT_REMOTE_PORT = 2,
	AT_PEER_PORT = 4,
	AT_OUR_PORT = 6,
	AT_REQID = 8,
	AT_SPI = 12,
	AT_REMOTE = 16,
	AT_LOCAL = 32,
};

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void
l2tppair_put(uint8_t dst[L2TPPAIR_HDR], const struct l2tppair *h)
{
	memset(dst, 0, L2TPPAIR_HDR);
	dst[AT_FAMILY] = h->remote.addr.family == AF_INET6 ? 6 : 4;
	put16(dst + AT_REMOTE_PORT, h->remote.port);
	put16(dst + AT_PEER_PORT, h->peer_port);
	put16(dst + AT_OUR_PORT, h->our_port);
	put32(dst + AT_REQID, h->reqid);
	put32(dst + AT_SPI, h->spi);
	memcpy(dst + AT_REMOTE, h->remote.addr.b, addr_len(&h->remote.addr));
	memcpy(dst + AT_LOCAL, h->local.b, addr_len(&h->local));
}

int
l2tppair_get(const uint8_t src[L2TPPAIR_HDR], struct l2tppair *h)
{
	uint8_t family = src[AT_FAMILY];

	memset(h, 0, sizeof(*h));
	if ((family != 4 && family != 6) || src[1] != 0)
		return -1;
	h->remote.addr.family = h->local.family =
	    family == 4 ? AF_INET : AF_INET6;
	h->remote.port = get16(src + AT_REMOTE_PORT);
	h->peer_port = get16(src + AT_PEER_PORT);
	h->our_port = get16(src + AT_OUR_PORT);
	h->reqid = get32(src + AT_REQID);
	h->spi = get32(src + AT_SPI);
	memcpy(h->remote.addr.b, src + AT_REMOTE, addr_len(&h->local));
	memcpy(h->local.b, src + AT_LOCAL, addr_len(&h->local));
	return 0;
}
