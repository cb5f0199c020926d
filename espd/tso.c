#include "espd/tso.h"

#include "espd/csum.h"
#include "espd/wire.h"

#include <netinet/in.h>

#define TCP_FIN		0x01
#define TCP_PSH		0x08
#define TCP_CWR		0x80
#define TCP_CSUM	16
#define UDP_CSUM	6

static int
plan_whole(struct tso *t)
{
	const struct vnet *v = &t->v;
	size_t start = v->csum_start;

	t->n = 1;
	if (!(v->flags & VNET_NEEDS_CSUM))
		return 0;
	return start + v->csum_offset + 2 <= t->pkt->len &&
	    start >= t->pkt->l4 ? 0 : -1;
}

static bool
type_fits(const struct tso *t)
{
	const struct pkt *k = t->pkt;

	switch (t->v.gso_type & ~VNET_GSO_ECN) {
	case VNET_GSO_TCP4:
		return k->version == 4 && k->proto == IPPROTO_TCP;
	case VNET_GSO_TCP6:
		return k->version == 6 && k->proto == IPPROTO_TCP;
	case VNET_GSO_UDP:
		return k->proto == IPPROTO_UDP;
	}
	return false;
}

int
tso_plan(struct tso *t, const struct vnet *v, const struct pkt *k)
{
	size_t l4 = pkt_l4_len(k);

	memset(t, 0, sizeof(*t));
	t->pkt = k;
	t->v = *v;
	if (v->gso_type == VNET_GSO_NONE)
		return plan_whole(t);
	if (!type_fits(t) || l4 == 0 || v->gso_size == 0)
		return -1;
	t->hdr = k->l4 + l4;
	t->size = v->gso_size;
	if (k->len == t->hdr)
		return -1;
	t->n = (unsigned)((k->len - t->hdr + t->size - 1) / t->size);
	return 0;
}

size_t
tso_len(const struct tso *t, unsigned i)
{
	if (t->n == 1)
		return t->pkt->len;
	if (i + 1 < t->n)
		return t->hdr + t->size;
	return t->pkt->len - i * t->size;
}

/* A sum of 0 means "none" to UDP (RFC 768), so it is sent as all ones. */
static void
put_csum(uint8_t *at, uint64_t sum, uint8_t proto)
{
	csum_put(at, sum);
	if (proto == IPPROTO_UDP && at[0] == 0 && at[1] == 0)
		at[0] = at[1] = 0xff;
}

/* The pseudo-header's sum stands where the checksum goes. */
static void
write_whole(const struct tso *t, uint8_t *dst)
{
	const struct pkt *k = t->pkt;
	size_t start = t->v.csum_start;

	memcpy(dst, k->p, k->len);
	if (t->v.flags & VNET_NEEDS_CSUM)
		put_csum(dst + start + t->v.csum_offset,
		    csum_add(0, dst + start, k->len - start), k->proto);
}

/* Each packet is a datagram of its own: length and, in IPv4, id. */
static void
fix_ip(const struct tso *t, unsigned i, uint8_t *ip, size_t len)
{
	if (t->pkt->version == 6) {
		put16(ip + 4, (uint16_t)(len - 40));
		return;
	}
	put16(ip + 2, (uint16_t)len);
	put16(ip + 4, (uint16_t)(get16(ip + 4) + i));
	csum_ipv4(ip);
}

/* FIN and PSH belong to the last packet, CWR to the first. */
static void
fix_tcp(const struct tso *t, unsigned i, uint8_t *tcp)
{
	put32(tcp + 4, get32(tcp + 4) + (uint32_t)(i * t->size));
	if (i + 1 < t->n)
		tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
	if (i > 0)
		tcp[13] &= (uint8_t)~TCP_CWR;
}

void
tso_write(const struct tso *t, unsigned i, uint8_t *dst)
{
	const struct pkt *k = t->pkt;
	size_t len = tso_len(t, i), l4 = len - k->l4;
	uint8_t *h = dst + k->l4, *sum;

	if (t->v.gso_type == VNET_GSO_NONE) {
		write_whole(t, dst);
		return;
	}
	memcpy(dst, k->p, t->hdr);
	memcpy(dst + t->hdr, k->p + t->hdr + i * t->size, len - t->hdr);
	fix_ip(t, i, dst, len);
	if (k->proto == IPPROTO_TCP) {
		fix_tcp(t, i, h);
		sum = h + TCP_CSUM;
	} else {
		put16(h + 4, (uint16_t)l4);
		sum = h + UDP_CSUM;
	}
	memset(sum, 0, 2);
	put_csum(sum, csum_add(csum_pseudo(dst, k->proto, l4), h, l4),
	    k->proto);
}
