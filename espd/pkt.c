#include "espd/pkt.h"

#include "espd/csum.h"
#include "espd/wire.h"

#include <netinet/in.h>

#define IP4_LEN		20
#define IP6_LEN		40
#define IP4_DF		0x4000
#define IP4_MF		0x2000
#define IP4_OFF		0x1fff
#define EXT_MAX		8

static int
parse4(struct pkt *k, size_t len)
{
	const uint8_t *p = k->p;
	uint16_t off;

	if (len < IP4_LEN)
		return -1;
	k->l4 = (uint16_t)((p[0] & 0x0f) * 4);
	k->len = get16(p + 2);
	if (k->l4 < IP4_LEN || k->len < k->l4 || k->len > len)
		return -1;
	off = get16(p + 6);
	k->tos = p[1];
	k->proto = p[9];
	k->df = (off & IP4_DF) != 0;
	k->frag = (off & (IP4_MF | IP4_OFF)) != 0;
	k->opaque = (off & IP4_OFF) != 0;
	k->id = get16(p + 4);
	return 0;
}

/* The header at l4 is an extension; steps over it.  1: it is not one. */
static int
step6(struct pkt *k)
{
	const uint8_t *e = k->p + k->l4;
	size_t left = k->len - k->l4, n;

	switch (k->proto) {
	case IPPROTO_FRAGMENT:
		n = 8;
		break;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		n = left < 2 ? 8 : ((size_t)e[1] + 1) * 8;
		break;
	default:
		return 1;
	}
	if (left < n)
		return -1;
	if (k->proto == IPPROTO_FRAGMENT) {
		k->frag = true;
		k->opaque = (get16(e + 2) & 0xfff8) != 0;
		k->id = get32(e + 4);
	}
	k->ext = true;
	k->proto = e[0];
	k->l4 = (uint16_t)(k->l4 + n);
	return 0;
}

static int
parse6(struct pkt *k, size_t len)
{
	const uint8_t *p = k->p;
	int rv = 0;

	if (len < IP6_LEN)
		return -1;
	k->len = (size_t)get16(p + 4) + IP6_LEN;
	if (k->len > len || k->len > PKT_MAX)
		return -1;
	k->tos = (uint8_t)(get16(p) >> 4);
	k->proto = p[6];
	k->l4 = IP6_LEN;
	k->df = true;
	for (int i = 0; i < EXT_MAX && rv == 0; i++) {
		/* Behind a later fragment's header anything may stand. */
		if (k->opaque)
			return 0;
		rv = step6(k);
	}
	return rv == 1 ? 0 : -1;
}

int
pkt_parse(struct pkt *k, uint8_t *p, size_t len)
{
	memset(k, 0, sizeof(*k));
	k->p = p;
	if (len == 0)
		return -1;
	k->version = p[0] >> 4;
	if (k->version == 4)
		return parse4(k, len);
	return k->version == 6 ? parse6(k, len) : -1;
}

/* The first four bytes of the upper layer, if it has ports at all.  Those
 * of a header cut short are as unknown as a later fragment's. */
static void
flow_ports(const struct pkt *k, bool inbound, struct flow *f)
{
	const uint8_t *h = k->p + k->l4;

	f->opaque = k->opaque || k->len - k->l4 < 4;
	if (f->opaque)
		return;
	switch (k->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		f->lport = h[0];
		f->rport = h[1];
		break;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		f->lport = get16(inbound ? h + 2 : h);
		f->rport = get16(inbound ? h : h + 2);
		break;
	}
}

void
pkt_flow(const struct pkt *k, bool inbound, struct flow *f)
{
	size_t n = k->version == 4 ? 4 : 16;
	const uint8_t *src = k->p + (k->version == 4 ? 12 : 8);

	memset(f, 0, sizeof(*f));
	memcpy(inbound ? f->remote : f->local, src, n);
	memcpy(inbound ? f->local : f->remote, src + n, n);
	f->version = k->version;
	f->proto = k->proto;
	flow_ports(k, inbound, f);
}

size_t
pkt_l4_len(const struct pkt *k)
{
	size_t left = k->len - k->l4, n = 0;

	if (k->frag)
		return 0;
	if (k->proto == IPPROTO_UDP)
		n = 8;
	else if (k->proto == IPPROTO_TCP && left >= 20) {
		n = (size_t)(k->p[k->l4 + 12] >> 4) * 4;
		if (n < 20)
			return 0;
	}
	return n <= left ? n : 0;
}

void
pkt_set_tos(struct pkt *k, uint8_t tos)
{
	uint16_t old = get16(k->p);

	if (tos == k->tos)
		return;
	k->tos = tos;
	if (k->version == 6) {
		put16(k->p, (uint16_t)((old & 0xf00f) | tos << 4));
		return;
	}
	k->p[1] = tos;
	csum_fix(k->p + 10, old, get16(k->p));
}
