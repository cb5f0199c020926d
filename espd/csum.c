#include "espd/csum.h"

#include <netinet/in.h>
#include <string.h>

/* Two 64-bit lanes; every CPU here has registers for that. */
typedef uint64_t lanes __attribute__((vector_size(16)));

/* Whole blocks: sums of 32-bit halves, which cannot overflow in 64 kB. */
static uint64_t
add_blocks(const uint8_t *p, size_t blocks)
{
	const lanes low = { UINT32_MAX, UINT32_MAX };
	lanes a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 }, v[2];

	for (; blocks > 0; blocks--, p += sizeof(v)) {
		memcpy(v, p, sizeof(v));
		a += v[0] & low;
		b += v[0] >> 32;
		c += v[1] & low;
		d += v[1] >> 32;
	}
	a += b + c + d;
	return a[0] + a[1];
}

uint64_t
csum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	size_t blocks = n / (2 * sizeof(lanes));
	uint64_t w;

	sum += add_blocks(p, blocks);
	p += blocks * 2 * sizeof(lanes);
	n -= blocks * 2 * sizeof(lanes);
	for (; n >= sizeof(w); n -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		sum += (w & UINT32_MAX) + (w >> 32);
	}
	if (n > 0) {
		w = 0;
		memcpy(&w, p, n);
		sum += (w & UINT32_MAX) + (w >> 32);
	}
	return sum;
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
