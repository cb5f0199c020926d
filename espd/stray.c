#include "espd/stray.h"

#include "espd/csum.h"
#include "espd/wire.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#define IP4_LEN		20
#define IP6_LEN		40
#define UDP_LEN		8
#define TTL		64

/* The kernel fills in id and checksum. */
static size_t
put_ip4(uint8_t *ip, const struct esp_dgram *d, size_t len)
{
	ip[0] = 0x45;
	ip[1] = d->tos;
	put16(ip + 2, (uint16_t)(IP4_LEN + len));
	ip[8] = TTL;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, d->src.addr.b, 4);
	memcpy(ip + 16, d->dst.addr.b, 4);
	return IP4_LEN;
}

static size_t
put_ip6(uint8_t *ip, const struct esp_dgram *d, size_t len)
{
	put32(ip, UINT32_C(6) << 28 | (uint32_t)d->tos << 20);
	put16(ip + 4, (uint16_t)len);
	ip[6] = IPPROTO_UDP;
	ip[7] = TTL;
	memcpy(ip + 8, d->src.addr.b, 16);
	memcpy(ip + 24, d->dst.addr.b, 16);
	return IP6_LEN;
}

static size_t
put_headers(uint8_t *p, const struct esp_dgram *d, const uint8_t *data,
    size_t len)
{
	bool v6 = d->dst.addr.family == AF_INET6;
	size_t n = (v6 ? put_ip6 : put_ip4)(p, d, UDP_LEN + len);
	uint8_t *udp = p + n;
	uint64_t sum;

	put16(udp, d->src.port);
	put16(udp + 2, d->dst.port);
	put16(udp + 4, (uint16_t)(UDP_LEN + len));
	sum = csum_pseudo(p, IPPROTO_UDP, UDP_LEN + len);
	csum_put(udp + 6, csum_add(csum_add(sum, udp, UDP_LEN), data, len));
	if (get16(udp + 6) == 0)
		put16(udp + 6, UINT16_MAX);
	return n + UDP_LEN;
}

int
stray_send(int fd, const struct esp_dgram *d, const uint8_t *data, size_t len)
{
	struct endpoint to = { .addr = d->dst.addr };
	uint8_t head[IP6_LEN + UDP_LEN] = { 0 };
	struct sockaddr_storage ss;
	struct iovec v[2] = { { head, 0 }, { (void *)(uintptr_t)data, len } };
	struct msghdr m = { .msg_name = &ss, .msg_iov = v, .msg_iovlen = 2 };

	if (d->src.addr.family != d->dst.addr.family)
		return -1;
	v[0].iov_len = put_headers(head, d, data, len);
	m.msg_namelen = endpoint_to_sockaddr(&to, &ss);
	return sendmsg(fd, &m, MSG_DONTWAIT) == -1 ? -1 : 0;
}
