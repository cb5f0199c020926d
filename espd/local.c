#include "espd/local.h"

#include "espd/csum.h"
#include "espd/pkt.h"
#include "espd/vnet.h"
#include "espd/wire.h"

#include <netinet/in.h>
#include <string.h>

#define UDP_LEN		8
#define TTL		64

static void
ipv4(uint8_t *ip, const struct l2tppair *to, size_t len)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, (uint16_t)(20 + len));
	ip[8] = TTL;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, to->local.b, 4);
	memcpy(ip + 16, to->remote.addr.b, 4);
	csum_ipv4(ip);
}

static void
ipv6(uint8_t *ip, const struct l2tppair *to, size_t len)
{
	memset(ip, 0, 8);
	ip[0] = 0x60;
	put16(ip + 4, (uint16_t)len);
	ip[6] = IPPROTO_UDP;
	ip[7] = TTL;
	memcpy(ip + 8, to->local.b, 16);
	memcpy(ip + 24, to->remote.addr.b, 16);
}

size_t
local_write(const struct l2tppair *to, uint8_t *p, size_t len,
    uint8_t **packet)
{
	bool four = to->remote.addr.family == AF_INET;
	uint16_t at = four ? 20 : 40;
	struct vnet v = { .flags = VNET_NEEDS_CSUM, .csum_start = at,
		.csum_offset = 6 };
	uint8_t *udp = p - UDP_LEN, *ip = udp - at;

	len += UDP_LEN;
	if (len + at > PKT_MAX)
		return 0;
	if (four)
		ipv4(ip, to, len);
	else
		ipv6(ip, to, len);
	put16(udp, to->our_port);
	put16(udp + 2, to->peer_port);
	put16(udp + 4, (uint16_t)len);
	csum_put_partial(udp + 6, csum_pseudo(ip, IPPROTO_UDP, len));
	memcpy(ip - sizeof(v), &v, sizeof(v));
	*packet = ip - sizeof(v);
	return sizeof(v) + at + len;
}
