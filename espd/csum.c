#include "espd/csum.h"

#include <netinet/in.h>
#include <string.h>

/* Two accumulators of 32-bit halves: no carry can be lost in 64 kB. */
uint64_t
csum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	uint64_t w[4], a = 0, b = 0, last = 0;

	for (; n >= sizeof(w); n -= sizeof(w), p += sizeof(w)) {
		memcpy(w, p, sizeof(w));
		a += (w[0] & UINT32_MAX) + (w[1] & UINT32_MAX);
		b += (w[0] >> 32) + (w[1] >> 32);
		a += (w[2] & UINT32_MAX) + (w[3] & UINT32_MAX);
		b += (w[2] >> 32) + (w[3] >> 32);
	}
	for (; n >= sizeof(last); n -= sizeof(last), p += sizeof(last)) {
		memcpy(&last, p, sizeof(last));
		a += last & UINT32_MAX;
		b += last >> 32;
	}
	last = 0;
	memcpy(&last, p, n);
	return sum + a + b + (last & UINT32_MAX) + (last >> 32);
}

uint64_t
csum_add16(uint64_t sum, uint16_t host)
{
	return sum + htons(host);
}

static uint16_t
fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

void
csum_put(uint8_t *p, uint64_t sum)
{
	uint16_t v = (uint16_t)~fold(sum);

	memcpy(p, &v, sizeof(v));
}

void
csum_put_partial(uint8_t *p, uint64_t sum)
{
	uint16_t v = fold(sum);

	memcpy(p, &v, sizeof(v));
}

bool
csum_ok(uint64_t sum)
{
	return fold(sum) == UINT16_MAX;
}

/* RFC 1624: HC' = ~(~HC + ~m + m'). */
void
csum_fix(uint8_t *p, uint16_t old, uint16_t new)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	csum_put(p, (uint64_t)(uint16_t)~v + (uint16_t)~htons(old) +
	    htons(new));
}

void
csum_ipv4(uint8_t *ip)
{
	memset(ip + 10, 0, 2);
	csum_put(ip + 10, csum_add(0, ip, (size_t)(ip[0] & 0x0f) * 4));
}

uint64_t
csum_pseudo(const uint8_t *ip, uint8_t proto, size_t len)
{
	uint64_t sum;

	if (ip[0] >> 4 == 4)
		sum = csum_add(0, ip + 12, 8);
	else
		sum = csum_add(0, ip + 8, 32);
	sum = csum_add16(sum, proto);
	return csum_add16(sum, (uint16_t)len);
}
