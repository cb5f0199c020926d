#include "espd/icmp.h"

#include "espd/csum.h"
#include "espd/wire.h"

#include <netinet/in.h>

#define TTL		64
#define IP4_QUOTE	548	/* 576 bytes with both headers: RFC 1812 */
#define ICMP_UNREACH	3
#define UNREACH_FRAG	4
#define ICMP6_TOO_BIG	2

/* The address of one host, as sender and receiver of an answer. */
static bool
one_host(const uint8_t *addr, uint8_t version)
{
	static const uint8_t none[16];

	if (version == 4)
		return addr[0] != 0 && addr[0] < 0xe0;
	return addr[0] != 0xff && memcmp(addr, none, sizeof(none)) != 0;
}

/* Not errors, redirects and what is not known to be a question. */
static bool
answerable(const struct pkt *k)
{
	const uint8_t *type = k->p + k->l4;
	size_t n = k->version == 4 ? 4 : 16;
	const uint8_t *src = k->p + (k->version == 4 ? 12 : 8);

	if (k->opaque || !one_host(src, k->version) ||
	    !one_host(src + n, k->version))
		return false;
	if (k->version == 4)
		return k->proto != IPPROTO_ICMP || (k->len > k->l4 &&
		    (*type == 0 || *type == 8));
	return k->proto != IPPROTO_ICMPV6 ||
	    (k->len > k->l4 && *type >= 128);
}

static size_t
too_big4(const struct pkt *k, size_t mtu, uint8_t *d)
{
	size_t quote = k->len < IP4_QUOTE ? k->len : IP4_QUOTE;

	memset(d, 0, 28);
	d[0] = 0x45;
	d[1] = 0xc0;		/* RFC 1812 section 4.3.2.5 */
	put16(d + 2, (uint16_t)(28 + quote));
	d[8] = TTL;
	d[9] = IPPROTO_ICMP;
	memcpy(d + 12, k->p + 16, 4);
	memcpy(d + 16, k->p + 12, 4);
	csum_ipv4(d);
	d[20] = ICMP_UNREACH;
	d[21] = UNREACH_FRAG;
	put16(d + 26, (uint16_t)mtu);
	memcpy(d + 28, k->p, quote);
	csum_put(d + 22, csum_add(0, d + 20, 8 + quote));
	return 28 + quote;
}

static size_t
too_big6(const struct pkt *k, size_t mtu, uint8_t *d)
{
	size_t quote = ICMP_LEN_MAX - 48;

	if (k->len < quote)
		quote = k->len;
	memset(d, 0, 48);
	d[0] = 0x60;
	put16(d + 4, (uint16_t)(8 + quote));
	d[6] = IPPROTO_ICMPV6;
	d[7] = TTL;
	memcpy(d + 8, k->p + 24, 16);
	memcpy(d + 24, k->p + 8, 16);
	d[40] = ICMP6_TOO_BIG;
	put32(d + 44, (uint32_t)mtu);
	memcpy(d + 48, k->p, quote);
	csum_put(d + 42, csum_add(csum_pseudo(d, IPPROTO_ICMPV6, 8 + quote),
	    d + 40, 8 + quote));
	return 48 + quote;
}

size_t
icmp_too_big(const struct pkt *k, size_t mtu, uint8_t *dst)
{
	if (!answerable(k))
		return 0;
	return k->version == 4 ? too_big4(k, mtu, dst) : too_big6(k, mtu, dst);
}
